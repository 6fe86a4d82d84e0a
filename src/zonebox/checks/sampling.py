"""Volumes of meshes that are no solids, by rays: what lies between entering and leaving, with its standard error.

Rays run parallel to one axis through the cells of a grid, one at a random place in each cell. Where a ray does not
leave as often as it enters, or passes through a hole and meets nothing, the mesh is open there and the volume on it
unknown. Rays along the three axes bound the volume from both sides.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.geometry.mesh import Mesh, components

RAYS_PER_SIDE: Final = 96
"""Rays along each side of the grid."""

COVERAGE: Final = 1.96
"""Standard deviations of a 95 % interval."""

PIECES: Final = 24
"""Parts into which a ray's way through the box of a mesh is cut, for asking where it is."""

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Samples:
    """Pieces of rays inside a body: middle (k, 3), volume each stands for (k,), its ray (k,).

    ``low_m3`` and ``high_m3`` bound the volume where the mesh is open.
    """

    points: Floats
    weights: Floats
    ray: Whole
    side: int
    low_m3: float
    high_m3: float

    @property
    def volume_m3(self) -> float:
        """The volume, or the middle of what it may be."""
        return (self.low_m3 + self.high_m3) / 2.0

    @property
    def u95_m3(self) -> float:
        """Uncertainty of the volume at 95 %."""
        return self._error(self.weights) + (self.high_m3 - self.low_m3) / 2.0

    def within(self, keep: NDArray[np.bool_]) -> tuple[float, float]:
        """Volume of the pieces under a mask, and its uncertainty at 95 %, m³."""
        chosen = self.weights * keep
        found = float(self.weights.sum())
        return float(chosen.sum()), self._error(chosen) + max(self.high_m3 - found, found - self.low_m3, 0.0)

    def _error(self, chosen: Floats) -> float:
        """Error of one ray a cell, told by how much neighbouring rays differ."""
        per_ray = np.bincount(self.ray, weights=chosen, minlength=self.side**2).reshape(self.side, self.side)
        spread = (np.diff(per_ray, axis=0) ** 2).sum() / 4.0 + (np.diff(per_ray, axis=1) ** 2).sum() / 4.0
        return COVERAGE * math.sqrt(float(spread))


def samples(mesh: Mesh, *, oriented: bool, joint: bool = False, side: int = RAYS_PER_SIDE,
            holes: Sequence[Floats] = ()) -> Samples:
    """Send rays along the axis on which the mesh closes best.

    Parameters
    ----------
    mesh : Mesh
        Triangles.
    oriented : bool
        Whether neighbouring triangles agree where outside is: then a point is inside where the faces wind round it,
        else where a ray has crossed an odd number of them.
    joint : bool
        Whether the parts are taken together, so that a part that looks inward is a cave; else each stands for itself.
    side : int
        Rays along each side of the grid.
    holes : sequence of (k, 3) float64
        Vertices of the rims that are open: a ray through one that meets nothing at all is not known to be outside.
    """
    low, high = mesh.bounds
    label = np.zeros(len(mesh), dtype=np.int32) if joint else components(mesh)
    found: list[tuple[float, Samples]] = []
    for axis in (2, 0, 1):
        across = [k for k in range(3) if k != axis]
        ray, z, sign, part, places = _crossings(mesh, label, axis, across, low, high, side)
        start, end, which, loose = _spans(ray, z, sign, part, oriented=oriented)
        loose += _unseen(holes, places, ray, across)
        cell, extent = float(np.prod(high[across] - low[across])) / side**2, float(high[axis] - low[axis])
        found.append((loose * extent * cell, _pieces(
            np.stack([start, end], axis=1), places, which, cell, axis, loose * extent * cell, side, extent)))
        if joint:                                       # closed: every axis says the same
            break
    best = min(found, key=lambda pair: pair[0])[1]
    bottom, top = max(s.low_m3 for _, s in found), min(s.high_m3 for _, s in found)
    slack = max(s.u95_m3 - (s.high_m3 - s.low_m3) / 2.0 for _, s in found)
    if bottom > top + 2.0 * slack:                      # the axes contradict each other
        bottom, top = min(s.low_m3 for _, s in found), max(s.high_m3 for _, s in found)
    return replace(best, low_m3=min(bottom, top), high_m3=max(bottom, top))


def _unseen(holes: Sequence[Floats], places: Floats, ray: Whole, across: list[int]) -> int:
    """Count the rays that pass through a hole and meet nothing."""
    free = np.ones(len(places), dtype=np.bool_)
    free[ray] = False
    through = np.zeros(len(places), dtype=np.bool_)
    for rim in holes:
        hull = shapely.convex_hull(shapely.multipoints(rim[:, across]))
        through[free] |= shapely.intersects_xy(hull, places[free])
    return int(through.sum())


def _pieces(spans: Floats, places: Floats, which: Whole, cell: float, axis: int, open_m3: float, side: int,
            extent: float) -> Samples:
    """Cut spans into pieces of about equal length."""
    length = spans[:, 1] - spans[:, 0]
    count = np.maximum(np.ceil(length / (extent / PIECES)), 1).astype(np.int64)
    owner = np.repeat(np.arange(len(spans)), count)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    step = (length / count)[owner]
    points = np.empty((len(owner), 3))
    points[:, [k for k in range(3) if k != axis]] = places[which[owner]]
    points[:, axis] = spans[owner, 0] + (within + 0.5) * step
    return Samples(points=points, weights=step * cell, ray=which[owner], side=side,
                   low_m3=float(length.sum()) * cell, high_m3=float(length.sum()) * cell + open_m3)


def _crossings(
    mesh: Mesh, label: NDArray[np.int32], axis: int, across: list[int], low: Floats, high: Floats, side: int
) -> tuple[Whole, Floats, Whole, Whole, Floats]:
    """Find where rays meet triangles: ray, place along it, way it is crossed (±1), part; and the rays' places."""
    rng = np.random.default_rng(1)
    size = np.maximum(high[across] - low[across], 1e-12) / side
    row, column = (k.ravel() for k in np.mgrid[:side, :side])
    cells = np.stack([row, column], axis=1)
    places = low[across] + (cells + rng.uniform(0.02, 0.98, cells.shape)) * size
    corners = mesh.corners
    flat = corners[:, :, across]
    u, v = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    doubled = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    first = np.clip(np.floor((flat.min(1) - low[across]) / size), 0, side - 1).astype(np.int64)
    last = np.clip(np.floor((flat.max(1) - low[across]) / size), 0, side - 1).astype(np.int64)
    last[doubled == 0.0] = first[doubled == 0.0] - 1
    span = np.maximum(last - first + 1, 0)
    count = span[:, 0] * span[:, 1]
    owner = np.repeat(np.arange(len(corners)), count)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    ray = (first[owner, 0] + within // span[owner, 1]) * side + first[owner, 1] + within % span[owner, 1]
    offset = places[ray] - flat[owner, 0]
    one = (offset[:, 0] * v[owner, 1] - offset[:, 1] * v[owner, 0]) / doubled[owner]
    two = (u[owner, 0] * offset[:, 1] - u[owner, 1] * offset[:, 0]) / doubled[owner]
    hit = (one >= 0.0) & (two >= 0.0) & (one + two <= 1.0)
    owner, ray, one, two = owner[hit], ray[hit], one[hit], two[hit]
    z = corners[owner, 0, axis] + one * (corners[owner, 1, axis] - corners[owner, 0, axis]) + two * (
        corners[owner, 2, axis] - corners[owner, 0, axis])
    return ray, z, np.sign(doubled[owner]).astype(np.int64), label[owner].astype(np.int64), places


def _spans(
    ray: Whole, z: Floats, sign: Whole, part: Whole, *, oriented: bool
) -> tuple[Floats, Floats, Whole, int]:
    """Find the spans of rays inside: start, end, ray; and the number of rays on which a part does not close."""
    if not len(ray):
        return np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.int64), 0
    parts = int(part.max()) + 1
    order = np.lexsort((z, part, ray))
    ray, z, sign, group = ray[order], z[order], sign[order], (ray * parts + part)[order]
    first = np.flatnonzero(np.diff(group, prepend=-1) != 0)
    size = np.diff(np.append(first, len(group)))
    member = np.repeat(np.arange(len(first)), size)
    total = np.cumsum(sign)
    wound = total - (total[first] - sign[first])[member]
    crossed = np.arange(len(group)) - first[member] + 1
    ends = first + size - 1
    open_group = (wound[ends] != 0) if oriented else (size % 2 != 0)
    inside = ((wound != 0) if oriented else (crossed % 2 == 1)) & ~open_group[member]
    inside[ends] = False
    at = np.flatnonzero(inside)
    return (*_merged(z[at], z[at + 1], ray[at]), len(np.unique(ray[first[open_group]])))


def _merged(start: Floats, end: Floats, ray: Whole) -> tuple[Floats, Floats, Whole]:
    """Unite spans of several parts on the same ray."""
    if not len(start):
        return start, end, ray
    reach = float(end.max() - start.min()) + 1.0
    base = start.min()
    shifted = ray * reach
    order = np.lexsort((start, ray))
    s, e, r = (start - base + shifted)[order], (end - base + shifted)[order], ray[order]
    covered = np.maximum.accumulate(e)
    fresh = np.append(True, s[1:] > covered[:-1])
    begin = np.flatnonzero(fresh)
    stop = np.append(begin[1:], len(s)) - 1
    shift = base - r[begin] * reach
    return s[begin] + shift, covered[stop] + shift, r[begin]
