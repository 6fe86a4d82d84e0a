"""Which triangle lies under a point, for millions of points, as machine code."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.compiled import compiled

Floats = NDArray[np.float64]


@compiled
def located(
    corners: Floats, starts: NDArray[np.intp], lists: NDArray[np.int32], cells: NDArray[np.intp], points: Floats,
    slack: float,
) -> NDArray[np.intp]:
    """Find the first triangle of each point's cell that it lies in, borders and ``slack`` metres beyond included.

    Parameters
    ----------
    corners : (m, 3, 3) float64
        Triangles, counter-clockwise.
    starts, lists : (k + 1,), (j,)
        Triangles by cell: those of cell c are ``lists[starts[c]:starts[c + 1]]``.
    cells : (n,) intp
        Cell of each point, −1 off the grid.
    points : (n, 2) float64

    Returns
    -------
    (n,) intp
        −1 where there is none.
    """
    found = np.full(len(points), -1, np.intp)
    for k in range(len(points)):
        if cells[k] < 0:
            continue
        x, y = points[k, 0], points[k, 1]
        for at in range(starts[cells[k]], starts[cells[k] + 1]):
            t = lists[at]
            inside = True
            for a in range(3):
                b = a + 1 if a < 2 else 0
                run_x, run_y = corners[t, b, 0] - corners[t, a, 0], corners[t, b, 1] - corners[t, a, 1]
                left = run_x * (y - corners[t, a, 1]) - run_y * (x - corners[t, a, 0])
                if not (left >= 0.0 or left * left <= slack * slack * (run_x * run_x + run_y * run_y)):
                    inside = False
                    break
            if inside:
                found[k] = t
                break
    return found


@compiled
def heights(corners: Floats, triangle: NDArray[np.intp], points: Floats) -> Floats:
    """Height (n,) of points (n, 2) on the triangles they are known to lie in, never outside the corners' range."""
    made = np.empty(len(points))
    for k in range(len(points)):
        t, weighted, total = triangle[k], 0.0, 0.0
        for c in range(3):
            a, b = (c + 1) % 3, (c + 2) % 3
            run_x, run_y = corners[t, b, 0] - corners[t, a, 0], corners[t, b, 1] - corners[t, a, 1]
            weight = max(run_x * (points[k, 1] - corners[t, a, 1]) - run_y * (points[k, 0] - corners[t, a, 0]), 0.0)
            weighted += weight * corners[t, c, 2]
            total += weight
        made[k] = weighted / total
    return made
