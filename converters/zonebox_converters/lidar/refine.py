"""The coarsest Delaunay surface that stays within a stated height of all its points.

Greedy insertion (Garland and Heckbert 1995, "Fast polygonal approximation of terrains"): start with the hull and a few
points, then put in the worst point of each triangle, worst first, until none is too far off. Two things make it fast:
points are located again only where triangles changed, and the bulk of the surface is found on a sample of the points
before all of them are looked at, which also needs fewer triangles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.mesh import Mesh
from zonebox.geometry.tin import tin_index

if TYPE_CHECKING:
    import startinpy

Points = NDArray[np.float64]
Indices = NDArray[np.intp]

WORST_RATIO: Final = 0.5
"""In one round, only points off by more than this part of the worst are put in: fewer triangles, more rounds."""

SAMPLE_STEP: Final = 4
"""Each sample holds this many times the points of the one before ..."""

SAMPLE_LEAST: Final = 4096
"""... and the first about this many."""

POINTS_PER_SEED: Final = 1024
POINTS_PER_CELL: Final = 16
"""Cells of the row-by-row order that keeps neighbours together."""

SAME_PLACE_M: Final = 1e-9
"""The triangulator joins points closer than this; they were thinned to a millimetre before."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """A surface and how well it fits the points it was made from, metres."""

    mesh: Mesh
    max_error_m: float
    rms_error_m: float


def fitted(points: Points, max_error_m: float) -> Fit:
    """Lay a TIN within ``max_error_m`` of every point.

    Parameters
    ----------
    points : (n, 3) float64
        At least three, not in one line, no two at one place, heights finite; metres.
    max_error_m : float
        Largest vertical distance between a point and the surface.

    Returns
    -------
    Fit
        Upward-facing triangles that cover the convex hull of the points, and nothing beyond it. The same points give
        the same bytes, whatever their order.
    """
    import startinpy

    p = points[np.lexsort((points[:, 2], points[:, 1], points[:, 0]))]
    p = p[_by_neighbourhood(p[:, :2])]
    surface = startinpy.DT()
    surface.snap_tolerance = SAME_PLACE_M
    new = np.union1d(_hull(p[:, :2]), _one_per_cell(p[:, :2]))
    mesh, error = Mesh.empty(), np.zeros(len(p))
    for step in _sample_steps(len(p)):
        mesh, error = _refine(surface, p, np.arange(0, len(p), step), new, max_error_m)
        new = np.zeros(0, dtype=np.intp)
    return Fit(mesh=mesh, max_error_m=float(error.max()), rms_error_m=float(np.sqrt((error**2).mean())))


def _refine(
    surface: startinpy.DT, points: Points, sample: Indices, new: Indices, max_error_m: float
) -> tuple[Mesh, Points]:
    """Insert until the points of the sample fit; return the surface and the error of each point of the sample."""
    watched = points[sample]
    error = np.zeros(len(sample))
    owner = np.full(len(sample), -1, dtype=np.intp)
    inserted = np.zeros(len(sample), dtype=np.bool_)
    before = np.zeros((0, 3), dtype=np.int64)
    while True:
        if len(new):
            surface.insert(points[new])
        mesh, triangles = _snapshot(surface)
        owner, fresh = _survivors(before, triangles, owner)
        lost = np.flatnonzero(owner < 0)
        index = tin_index(Mesh(vertices=mesh.vertices, triangles=mesh.triangles[fresh]))
        found = index.triangle_at(watched[lost, :2])
        hit = found >= 0
        owner[lost[hit]] = fresh[found[hit]]
        owner[lost[~hit]] = -1
        error[lost[hit]] = np.abs(index.height_in(found[hit], watched[lost[hit], :2]) - watched[lost[hit], 2])
        error[lost[~hit]] = np.inf                                      # beyond the hull so far
        worst = _worst_per_triangle(owner, np.where(inserted, 0.0, error), max_error_m)
        if not len(worst):
            return mesh, error
        inserted[worst] = True
        new, before = sample[worst], triangles


def _worst_per_triangle(owner: Indices, error: Points, max_error_m: float) -> Indices:
    """Pick the worst point of each triangle (all points outside), if it is among the worst of all."""
    outside = np.flatnonzero(np.isinf(error))
    if len(outside):
        return outside
    bad = np.flatnonzero(error > max(max_error_m, WORST_RATIO * float(error.max(initial=0.0))))
    bad = bad[np.lexsort((bad, -error[bad], owner[bad]))]
    first = np.ones(len(bad), dtype=np.bool_)
    first[1:] = owner[bad[1:]] != owner[bad[:-1]]
    return np.sort(bad[first])


def _snapshot(surface: startinpy.DT) -> tuple[Mesh, NDArray[np.int64]]:
    """Take the triangulation out: each triangle starts at its lowest vertex, rows sorted."""
    t = surface.triangles.astype(np.int64) - 1                          # vertex 0 is the one at infinity
    turn = (t.argmin(1)[:, None] + np.arange(3)) % 3
    t = np.take_along_axis(t, turn, axis=1)
    t = t[np.lexsort((t[:, 1], t[:, 0]))]
    return Mesh(vertices=surface.points[1:], triangles=t.astype(np.int32)), t


def _survivors(before: NDArray[np.int64], now: NDArray[np.int64], owner: Indices) -> tuple[Indices, Indices]:
    """Renumber each point's triangle from one triangulation to the next; −1 where it is gone. And the new triangles.

    A triangle is known by its first edge, which has only one triangle on its left.
    """
    fresh = np.ones(len(now), dtype=np.bool_)
    if not len(before):
        return np.full(len(owner), -1, dtype=np.intp), np.flatnonzero(fresh)
    span = np.int64(now.max()) + 1
    key, old_key = now[:, 0] * span + now[:, 1], before[:, 0] * span + before[:, 1]
    at = np.minimum(np.searchsorted(key, old_key), len(key) - 1)
    alive = (key[at] == old_key) & (now[at, 2] == before[:, 2])
    fresh[at[alive]] = False
    renumbered = np.where(alive, at, -1)
    return np.where(owner >= 0, renumbered[owner], -1), np.flatnonzero(fresh)


def _sample_steps(count: int) -> list[int]:
    """Strides through the points, widest first, ending with every point.

    >>> _sample_steps(300_000)
    [64, 16, 4, 1]
    """
    steps = [1]
    while count // (steps[0] * SAMPLE_STEP) >= SAMPLE_LEAST:
        steps.insert(0, steps[0] * SAMPLE_STEP)
    return steps


def _hull(xy: Points) -> Indices:
    """Points on the convex hull; the few that rounding leaves out are caught as lying outside later."""
    from scipy.spatial import ConvexHull

    return np.asarray(ConvexHull(xy).vertices, dtype=np.intp)


def _cells(xy: Points, points_per_cell: int) -> NDArray[np.int64]:
    """Column and row (n, 2) in a grid with about this many points in a cell."""
    extent = np.ptp(xy, axis=0)
    size = float(np.sqrt(max(extent.prod(), extent.max() * 1e-3) * points_per_cell / len(xy)))
    return np.asarray(np.floor((xy - xy.min(0)) / size), dtype=np.int64)


def _one_per_cell(xy: Points) -> Indices:
    """Choose the first point of each cell of a coarse grid."""
    cell = _cells(xy, POINTS_PER_SEED)
    return np.asarray(np.unique(cell[:, 1] * (cell[:, 0].max() + 1) + cell[:, 0], return_index=True)[1])


def _by_neighbourhood(xy: Points) -> Indices:
    """Order points row by row through small cells, to and fro: the triangulator walks from one to the next."""
    column, row = _cells(xy, POINTS_PER_CELL).T
    width = column.max() + 1
    return np.argsort(row * width + np.where(row % 2, width - 1 - column, column), kind="stable")
