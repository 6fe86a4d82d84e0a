"""The coarsest Delaunay surface that stays within a stated height of all its points.

Greedy insertion (Garland and Heckbert 1995, "Fast polygonal approximation of terrains"): start with the convex hull,
then put in the worst point of all, again and again, until none is too far off. Each triangle keeps the points over it,
so that a point is looked at only where triangles change; and the bulk of the surface is found on samples of the points
before all of them are looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.geometry.mesh import Mesh

Points = NDArray[np.float64]
Whole = NDArray[np.int64]

SAMPLE_LEAST: Final = 4096
"""The first sample holds about this many points."""

PER_METRE: Final = round(1.0 / tolerance.SNAP_M)


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
        At least three, not in one line, plan in whole millimetres and no two at one place (`ground.thinned`), heights
        finite; metres.
    max_error_m : float
        Largest vertical distance between a point and the surface.

    Returns
    -------
    Fit
        Upward-facing triangles that cover the convex hull of the points, and nothing beyond it. The same points give
        the same bytes, whatever their order.
    """
    from zonebox_converters.lidar import order
    from zonebox_converters.lidar.insertion import SAMPLE_STEP, refine

    key, x, y = places(points)
    if (key[1:] < key[:-1]).any():
        along = np.argsort(key)
        points, x, y = points[along], x[along], y[along]
    step = 1
    while len(points) // (step * SAMPLE_STEP) >= SAMPLE_LEAST:
        step *= SAMPLE_STEP
    corners, largest, squares = refine(x, y, np.ascontiguousarray(points[:, 2]), hull(x, y), max_error_m, step)
    used, triangles = order.renumbered(corners, len(points))
    return Fit(mesh=Mesh(vertices=points[used], triangles=triangles), max_error_m=largest,
               rms_error_m=float(np.sqrt(squares / len(points))))


def places(points: Points) -> tuple[Whole, Whole, Whole]:
    """Where points (n, 3) stand: a number (n,) that keeps neighbours together, and x (n,) and y (n,) in millimetres.

    >>> places(np.array([[0, 0, 9], [0.001, 0, 9], [0, 0.001, 9], [0.001, 0.001, 9], [0.002, 0, 9]]))[0].tolist()
    [0, 1, 2, 3, 4]
    """
    from zonebox_converters.lidar import order

    x, y = order.millimetres(np.ascontiguousarray(points, dtype=np.float64), float(PER_METRE))
    return order.z_order(x, y), x, y


def hull(x: Whole, y: Whole) -> Whole:
    """Corners of the convex hull of places, counter-clockwise, exact; points within its sides are left out.

    >>> hull(np.array([0, 2, 1, 4, 0, 2]), np.array([0, 0, 1, 0, 4, 2])).tolist()
    [0, 3, 4]
    """
    from zonebox_converters.lidar import order

    outer = order.beyond_octagon(x, y)
    outer = outer[np.lexsort((y[outer], x[outer]))]
    lower, upper = (order.left_turns(x, y, np.ascontiguousarray(along)) for along in (outer, outer[::-1]))
    return np.concatenate([lower[:-1], upper[:-1]])
