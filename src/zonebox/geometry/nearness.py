"""How far one triangle mesh is from another: the Hausdorff distance, measured at points close together."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.compiled import compiled, inner

Corners = NDArray[np.float64]

APART_M: Final = 1.0
"""Sides of triangles are asked at points no farther apart than this, ..."""

MOST_STEPS: Final = 8
"""... unless they are so long that this many pieces of them are longer."""


def hausdorff_m(one: Corners, other: Corners) -> float:
    """Symmetric Hausdorff distance of two meshes (m, 3, 3) and (k, 3, 3), metres.

    It is taken at corners and at points in between, and so never above the true distance, and below it by no more than
    the distance of two such points: `APART_M`, or an eighth of a longer side.

    Examples
    --------
    >>> square = np.array([[[0, 0, 0], [4, 0, 0], [4, 4, 0]], [[0, 0, 0], [4, 4, 0], [0, 4, 0]]], dtype=float)
    >>> hausdorff_m(square, square + (0, 0, 3.0)), hausdorff_m(square, square[:1])
    (3.0, 2.8284271247461903)
    """
    a, b = np.ascontiguousarray(one), np.ascontiguousarray(other)
    return float(np.sqrt(max(_farthest(_sampled(a), b), _farthest(_sampled(b), a))))


def _sampled(corners: Corners) -> Corners:
    """Points on triangles: their corners, and the finer a grid between them the larger they are."""
    longest = np.sqrt(((corners - np.roll(corners, 1, axis=1)) ** 2).sum(axis=2).max(axis=1))
    points = [corners.reshape(-1, 3)]
    steps, least = 2, APART_M
    while steps <= MOST_STEPS:
        most = 2 * least if steps < MOST_STEPS else np.inf
        some = corners[(longest > least) & (longest <= most)]
        points.append((_grid(steps) @ some).reshape(-1, 3))
        steps, least = 2 * steps, 2 * least
    return np.concatenate(points)


def _grid(steps: int) -> Corners:
    """Barycentric weights (k, 3) of points that cut each side into ``steps``."""
    return np.array([(i, j, steps - i - j) for i in range(steps + 1) for j in range(steps + 1 - i)]) / steps


@inner
def _between(start: Corners, end: Corners) -> tuple[float, float, float]:
    return end[0] - start[0], end[1] - start[1], end[2] - start[2]


@inner
def _squared(point: Corners, corners: Corners) -> float:
    """Squared distance of a point (3,) to a triangle (3, 3): to its plane where it lies over it, else to a side."""
    ux, uy, uz = _between(corners[0], corners[1])
    vx, vy, vz = _between(corners[0], corners[2])
    nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    length = nx * nx + ny * ny + nz * nz
    inside = length > 0.0
    near = np.inf
    for i in range(3):
        ax, ay, az = _between(corners[i], corners[(i + 1) % 3])
        wx, wy, wz = _between(corners[i], point)
        over = ax * ax + ay * ay + az * az
        part = min(1.0, max(0.0, (wx * ax + wy * ay + wz * az) / over)) if over > 0.0 else 0.0
        near = min(near, (wx - part * ax) ** 2 + (wy - part * ay) ** 2 + (wz - part * az) ** 2)
        turn = nx * (ay * wz - az * wy) + ny * (az * wx - ax * wz) + nz * (ax * wy - ay * wx)
        inside = inside and turn >= 0.0
    if inside:
        wx, wy, wz = _between(corners[0], point)
        near = min(near, (wx * nx + wy * ny + wz * nz) ** 2 / length)
    return near


@compiled
def _farthest(points: Corners, corners: Corners) -> float:
    """Largest squared distance of points (n, 3) to the nearest of some triangles (m, 3, 3).

    A triangle whose ball is farther than what was found is passed over; a point that has something nearer than the
    worst so far is done with.
    """
    count = len(corners)
    middle = np.empty((count, 3))
    radius = np.empty(count)
    for t in range(count):
        reach = 0.0
        for k in range(3):
            middle[t, k] = (corners[t, 0, k] + corners[t, 1, k] + corners[t, 2, k]) / 3.0
        for i in range(3):
            x, y, z = _between(middle[t], corners[t, i])
            reach = max(reach, x * x + y * y + z * z)
        radius[t] = np.sqrt(reach)
    worst = 0.0
    first = 0
    for p in range(len(points)):
        near, root = np.inf, np.inf
        nearest = first
        for step in range(count):
            t = (first + step) % count              # where the point before was nearest
            x, y, z = _between(middle[t], points[p])
            if x * x + y * y + z * z >= (root + radius[t]) ** 2:
                continue
            found = _squared(points[p], corners[t])
            if found < near:
                near, root, nearest = found, np.sqrt(found), t
                if near <= worst:
                    break
        first = nearest
        worst = max(worst, near)
    return worst
