"""Stacks of convex tiers as closed surfaces, as machine code: walls, terraces between tiers, floor and top.

Each tier lies within the one below. Where their sides run along each other the lower wall takes the upper one's
corners as its own, so that every side of a triangle meets exactly one other.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.compiled import compiled, inner

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

TOUCH_M: Final = 1e-7
"""A corner this close to a side, or to a corner, of the tier below lies on it."""


@inner
def _put(vertices: Floats, at: int, x: float, y: float, z: float) -> None:
    vertices[at, 0], vertices[at, 1], vertices[at, 2] = x, y, z


@inner
def _join(triangles: NDArray[np.int32], at: int, a: int, b: int, c: int) -> int:
    """Write a triangle and return the place of the next."""
    triangles[at, 0], triangles[at, 1], triangles[at, 2] = a, b, c
    return at + 1


@inner
def _sees(upper: Floats, n: int, at: int, x: float, y: float) -> bool:
    """Whether a point lies outside the side of a ring of n corners that starts at a corner."""
    ahead = at + 1 if at + 1 < n else 0
    dx, dy = upper[ahead, 0] - upper[at, 0], upper[ahead, 1] - upper[at, 1]
    aside = dx * (y - upper[at, 1]) - dy * (x - upper[at, 0])
    return bool(aside < -2.0 * TOUCH_M * math.sqrt(dx * dx + dy * dy))


@inner
def _on_side(
    lower: Floats, i: int, e: int, upper: Floats, q: int, corner: int, high: Whole, share: Floats, on: Whole
) -> int:
    """Find the corners of the upper ring on one side of the lower, in order; those at its start get its number."""
    x0, y0 = lower[i, 0], lower[i, 1]
    dx, dy = lower[e, 0] - x0, lower[e, 1] - y0
    length = math.sqrt(dx * dx + dy * dy)
    found = 0
    for j in range(q):
        px, py = upper[j, 0] - x0, upper[j, 1] - y0
        if abs(px) < TOUCH_M and abs(py) < TOUCH_M:
            high[j] = corner
            continue
        along, aside = (px * dx + py * dy) / length, (px * dy - py * dx) / length
        if abs(aside) < TOUCH_M < along < length - TOUCH_M:
            at = found
            while at > 0 and share[at - 1] > along:
                share[at], on[at] = share[at - 1], on[at - 1]
                at -= 1
            share[at], on[at] = along, j
            found += 1
    return found


@inner
def _ring(
    lower: Floats, n: int, upper: Floats, q: int, z: float, vertices: Floats, nv: int, start: int, ring: Floats,
    ring_id: Whole, ring_of: Whole, high: Whole, share: Floats, on: Whole,
) -> tuple[int, int]:
    """Lay a tier's top ring, the next tier's corners on it taken in; returns its size and the next free vertex.

    ``ring_of`` is the number of the tier's own corner, −1 for those taken in; ``high`` (q,) the vertices of the next
    tier's floor.
    """
    size = 0
    for j in range(q):
        high[j] = -1
    for i in range(n):
        e = i + 1 if i + 1 < n else 0
        _put(vertices, nv, lower[i, 0], lower[i, 1], z)
        ring[size, 0], ring[size, 1], ring_of[size], ring_id[size] = lower[i, 0], lower[i, 1], i, nv - start
        size, nv = size + 1, nv + 1
        for f in range(_on_side(lower, i, e, upper, q, int(ring_id[size - 1]), high, share, on)):
            j = on[f]
            _put(vertices, nv, upper[j, 0], upper[j, 1], z)
            ring[size, 0], ring[size, 1], ring_of[size], ring_id[size] = upper[j, 0], upper[j, 1], -1, nv - start
            high[j] = nv - start
            size, nv = size + 1, nv + 1
    for j in range(q):
        if high[j] < 0:
            _put(vertices, nv, upper[j, 0], upper[j, 1], z)
            high[j] = nv - start
            nv += 1
    return size, nv


@inner
def _walls(
    triangles: NDArray[np.int32], nt: int, low: Whole, ring_id: Whole, ring_of: Whole, size: int
) -> int:
    """Join a tier's floor ring and its top ring: from each lower corner a fan over what lies above its side."""
    side = 0
    for s in range(size):
        e = s + 1 if s + 1 < size else 0
        if ring_of[s] >= 0:
            side = ring_of[s]
        nt = _join(triangles, nt, low[side], ring_id[e], ring_id[s])
        if ring_of[e] >= 0:
            nt = _join(triangles, nt, low[side], low[ring_of[e]], ring_id[e])
    return nt


@inner
def _first_seen(upper: Floats, q: int, high: Whole, x: float, y: float, number: int) -> int:
    """Last corner, counter-clockwise, of the upper ring that a corner of the lower sees; −1 where there is none."""
    for j in range(q):
        if high[j] == number:
            return j
    for j in range(q):
        if _sees(upper, q, j - 1 if j > 0 else q - 1, x, y) and not _sees(upper, q, j, x, y):
            return j
    return -1


@inner
def _terrace(
    triangles: NDArray[np.int32], nt: int, ring: Floats, ring_id: Whole, size: int, upper: Floats, q: int, high: Whole
) -> int:
    """Join a tier's top ring and the ring within it that the next tier stands on; −1 where that fails.

    Going round both rings, the inner one goes on as long as the outer corner sees its next side: of two nested convex
    rings these triangles cover what lies between.
    """
    at = _first_seen(upper, q, high, ring[0, 0], ring[0, 1], int(ring_id[0]))
    if at < 0:
        return -1
    out, outer_left, inner_left = 0, size, q
    while outer_left > 0 or inner_left > 0:
        following, ahead = (out + 1 if out + 1 < size else 0), (at + 1 if at + 1 < q else 0)
        if inner_left > 0 and ring_id[out] == high[ahead]:
            at, inner_left = ahead, inner_left - 1
        elif inner_left > 0 and ring_id[out] != high[at] and _sees(upper, q, at, ring[out, 0], ring[out, 1]):
            nt = _join(triangles, nt, high[ahead], high[at], ring_id[out])
            at, inner_left = ahead, inner_left - 1
        elif outer_left > 0:
            if ring_id[out] != high[at] and ring_id[following] != high[at]:
                nt = _join(triangles, nt, ring_id[out], ring_id[following], high[at])
            out, outer_left = following, outer_left - 1
        else:
            return -1
    return nt


@compiled
def stacks(
    corners: Floats, count: Whole, bottom: Floats, top: Floats, first: Whole, vertices: Floats,
    triangles: NDArray[np.int32], ends: Whole,
) -> None:
    """Write the surface of each lot's stack of tiers.

    Parameters
    ----------
    corners, count : (tiers, m, 2) float64, (tiers,) int64
        Counter-clockwise rings, of which the first ``count`` corners count; 0 where a tier is empty.
    bottom, top : (tiers,) float64
        Elevations; each tier starts where the one below ends.
    first : (lots + 1,) int64
        First tier of each lot.
    vertices, triangles : (3 k, 3) float64, (8 k, 3) int32
        Written to, with k the number of all corners; triangles count from the lot's own first vertex.
    ends : (lots, 2) int64
        Number of vertices and triangles after each lot; written to. A lot whose tiers cannot be joined adds none.
    """
    room = 4 * corners.shape[1] + 4
    ring, share = np.empty((room, 2)), np.empty(room)
    ring_id, ring_of, on = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    low, high = np.empty(room, np.int64), np.empty(room, np.int64)
    nv, nt = 0, 0
    for lot in range(len(first) - 1):
        start, start_t = nv, nt
        for k in range(first[lot], first[lot + 1]):
            n = count[k]
            q = count[k + 1] if k + 1 < first[lot + 1] else 0
            if n == 0:
                break
            if k == first[lot]:
                for i in range(n):
                    _put(vertices, nv + i, corners[k, i, 0], corners[k, i, 1], bottom[k])
                    low[i] = i
                nv += n
                for i in range(1, n - 1):
                    nt = _join(triangles, nt, low[0], low[i + 1], low[i])
            upper = corners[k + 1] if q > 0 else corners[k]
            size, nv = _ring(corners[k], n, upper, q, top[k], vertices, nv, start, ring, ring_id, ring_of, high, share,
                             on)
            nt = _walls(triangles, nt, low, ring_id, ring_of, size)
            if q == 0:
                for i in range(1, size - 1):
                    nt = _join(triangles, nt, ring_id[0], ring_id[i], ring_id[i + 1])
                break
            nt = _terrace(triangles, nt, ring, ring_id, size, upper, q, high)
            if nt < 0:
                nv, nt = start, start_t
                break
            for j in range(q):
                low[j] = high[j]
        ends[lot, 0], ends[lot, 1] = nv, nt


@compiled
def laid(
    lower: Floats, lower_starts: Whole, upper: Floats
) -> tuple[Floats, Whole, Whole, NDArray[np.int32]]:
    """Lay any tier's top rings, the next tier's corners on them taken in, and join them to its floor.

    Parameters
    ----------
    lower, lower_starts : (n, 2) float64, (rings + 1,) int64
        Rings of the tier, the inside on their left.
    upper : (q, 2) float64
        Corners of all rings of the next tier.

    Returns
    -------
    ring, starts : (m, 2) float64, (rings + 1,) int64
        Top rings.
    high : (q,) int64
        Their corner that each corner of the next tier is; −1 where it is none.
    walls : (k, 3) int32
        Triangles over corners: floor corners 0 … n − 1, then top corners.
    """
    n, q = len(lower), len(upper)
    room = n + q + 1
    ring, share = np.empty((room, 2)), np.empty(room)
    ring_of, on, high = np.empty(room, np.int64), np.empty(room, np.int64), np.full(q, -1, np.int64)
    ring_id, low = np.arange(room) + n, np.arange(room)
    starts = np.zeros(len(lower_starts), np.int64)
    walls = np.empty((4 * room, 3), np.int32)
    size, nt = 0, 0
    for r in range(len(lower_starts) - 1):
        first, count = lower_starts[r], lower_starts[r + 1] - lower_starts[r]
        for i in range(count):
            e = i + 1 if i + 1 < count else 0
            ring[size, 0], ring[size, 1], ring_of[size] = lower[first + i, 0], lower[first + i, 1], i
            size += 1
            for f in range(_on_side(lower[first:], i, e, upper, q, size - 1, high, share, on)):
                if high[on[f]] < 0 and size < room:
                    ring[size, 0], ring[size, 1], ring_of[size] = upper[on[f], 0], upper[on[f], 1], -1
                    high[on[f]] = size
                    size += 1
        starts[r + 1] = size
        nt = _walls(walls, nt, low[first:], ring_id[starts[r]:], ring_of[starts[r]:], size - starts[r])
    return ring[:size].copy(), starts, high, walls[:nt].copy()
