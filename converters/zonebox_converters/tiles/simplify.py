"""Fewer triangles for the same ground: vertices fall into a neighbour, the rim and what is upright stay as they are.

A vertex that goes is one of the surface's own and none is moved, so two tiles that share a rim share every vertex of
it, however coarse either is: nothing gapes between them, and no skirts are needed. A collapse that would turn a
triangle over in plan is not made, so the surface keeps one height over each point.

Source: M. Garland, P. Heckbert, Surface Simplification Using Quadric Error Metrics (1997), with half-edge collapses.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.compiled import compiled

Points = NDArray[np.float64]
Triangles = NDArray[np.int32]

_FLAT_M2: Final = 1e-6
"""A triangle with less plan area stands upright: its corners stay."""

_PASSES: Final = 60
_SHARE: Final = 0.4
"""Of the collapses still possible, a pass makes the cheapest: dearer ones wait for the next, which knows more."""


def simplified(points: Points, triangles: Triangles, target: int) -> Triangles:
    """Leave out vertices of a surface (n, 3) until no more than ``target`` triangles are left, or none may go.

    Examples
    --------
    >>> axis = np.arange(5.0)
    >>> x, y = (a.ravel() for a in np.meshgrid(axis, axis))
    >>> k = (5 * np.arange(4)[:, None] + np.arange(4)).ravel()
    >>> square = np.concatenate([np.stack([k, k + 1, k + 6], 1), np.stack([k, k + 6, k + 5], 1)]).astype(np.int32)
    >>> len(simplified(np.stack([x, y, 0 * x], 1), square, 0))        # sixteen vertices lie on the rim
    14
    """
    used, local = np.unique(triangles, return_inverse=True)
    own = np.ascontiguousarray(points[used] - points[used].mean(0))
    left = local.reshape(-1, 3).astype(np.int32)
    stays = _fixed(own, left)
    quadric = _quadrics(own, left)
    for _ in range(_PASSES):
        surplus = len(left) - target
        if surplus <= 0:
            break
        starts, around = _fans(left, len(own))
        cost, into = _cheapest(own, left, starts, around, stays, quadric)
        order = np.flatnonzero(into >= 0)
        order = order[np.argsort(cost[order], kind="stable")]
        order = order[:max(1, int(len(order) * _SHARE))]
        gone = _collapse(own, left, starts, around, order, into, quadric, -(-surplus // 2))
        if not gone.any():
            break
        left = left[~gone]
    return used[left].astype(np.int32)


def _fixed(points: Points, triangles: Triangles) -> NDArray[np.bool_]:
    """Vertices (n,) on a rim, on an edge with more than two triangles, or of a triangle without plan area."""
    a, b = triangles.astype(np.int64).reshape(-1), np.roll(triangles, -1, axis=1).astype(np.int64).reshape(-1)
    code = np.minimum(a, b) * len(points) + np.maximum(a, b)
    _, place, count = np.unique(code, return_inverse=True, return_counts=True)
    rim = count[place] != 2
    stays = np.zeros(len(points), dtype=np.bool_)
    stays[a[rim]] = stays[b[rim]] = True
    corner = points[triangles, :2]
    u, v = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    stays[triangles[(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]) / 2 <= _FLAT_M2]] = True
    return stays


def _quadrics(points: Points, triangles: Triangles) -> Points:
    """Quadric (n, 10) of each vertex: the squared distances to the planes around it, weighted by their areas."""
    corner = points[triangles]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    area = np.linalg.norm(normal, axis=1) / 2
    normal /= np.maximum(2 * area, 1e-300)[:, None]
    plane = np.column_stack([normal, -np.einsum("ij,ij->i", normal, corner[:, 0])])
    products = np.stack([plane[:, i] * plane[:, j] for i in range(4) for j in range(i, 4)], axis=1) * area[:, None]
    flat = triangles.reshape(-1)
    spread = np.repeat(products, 3, axis=0)
    return np.stack([np.bincount(flat, spread[:, k], minlength=len(points)) for k in range(10)], axis=1)


@compiled
def _fans(triangles: Triangles, count: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Triangles around each vertex: where its list starts (n + 1,), and the lists (3 m,)."""
    starts = np.zeros(count + 1, dtype=np.int64)
    for v in triangles.reshape(-1):
        starts[v + 1] += 1
    starts = np.cumsum(starts)
    place = starts[:-1].copy()
    around = np.empty(3 * len(triangles), dtype=np.int32)
    for t in range(len(triangles)):
        for i in range(3):
            v = triangles[t, i]
            around[place[v]] = t
            place[v] += 1
    return starts, around


@compiled
def _cheapest(points: Points, triangles: Triangles, starts: NDArray[np.int64], around: NDArray[np.int32],
              stays: NDArray[np.bool_], quadric: Points) -> tuple[Points, NDArray[np.int32]]:
    """Cost (n,) of each vertex's cheapest collapse, and the neighbour (n,) it falls into; -1 for none."""
    count = len(stays)
    cost = np.full(count, np.inf)
    into = np.full(count, -1, dtype=np.int32)
    for v in range(count):
        if stays[v]:
            continue
        q = quadric[v]
        for k in range(starts[v], starts[v + 1]):
            t = around[k]
            u = triangles[t, 1]
            if triangles[t, 1] == v:
                u = triangles[t, 2]
            elif triangles[t, 2] == v:
                u = triangles[t, 0]
            x, y, z = points[u]
            found = (q[0] * x * x + q[4] * y * y + q[7] * z * z + q[9]
                     + 2 * (q[1] * x * y + q[2] * x * z + q[3] * x + q[5] * y * z + q[6] * y + q[8] * z))
            if found >= cost[v]:
                continue
            sound = True
            for j in range(starts[v], starts[v + 1]):
                s = around[j]
                a, b, c = triangles[s, 0], triangles[s, 1], triangles[s, 2]
                if u in (a, b, c):
                    continue
                a = u if a == v else a
                b = u if b == v else b
                c = u if c == v else c
                e, f = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1]
                g, h = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1]
                longest = max(e * e + f * f, g * g + h * h, (e - g) ** 2 + (f - h) ** 2)
                if e * h - f * g <= max(2e-6, 0.01 * longest):      # turned over, or a sliver
                    sound = False
                    break
            if sound:
                cost[v] = found
                into[v] = u
    return cost, into


@compiled
def _collapse(points: Points, triangles: Triangles, starts: NDArray[np.int64], around: NDArray[np.int32],
              order: NDArray[np.int64], into: NDArray[np.int32], quadric: Points,
              most: int) -> NDArray[np.bool_]:
    """Make up to ``most`` collapses, in order, that share no neighbourhood; say which triangles (m,) are gone."""
    gone = np.zeros(len(triangles), dtype=np.bool_)
    touched = np.zeros(len(points), dtype=np.bool_)
    made = 0
    for v in order:
        if made >= most:
            break
        free = True
        for k in range(starts[v], starts[v + 1]):
            for i in range(3):
                free = free and not touched[triangles[around[k], i]]
        if not free:
            continue
        u = into[v]
        for k in range(starts[v], starts[v + 1]):
            t = around[k]
            for i in range(3):
                touched[triangles[t, i]] = True
            for i in range(3):
                gone[t] = gone[t] or triangles[t, i] == u
            for i in range(3):
                if triangles[t, i] == v:
                    triangles[t, i] = u
        for i in range(10):
            quadric[u, i] += quadric[v, i]
        made += 1
    return gone
