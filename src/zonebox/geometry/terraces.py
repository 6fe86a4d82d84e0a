"""Stacks of tiers as closed surfaces, as machine code: walls, and the outlines of terraces, floors and tops.

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


@inner
def _sides(starts: Whole, high: Whole, upper_starts: Whole, head: Whole, to: Whole, following: Whole) -> None:
    """List the sides between a tier's top rings and the next tier's floor, by corner, the last one first.

    Sides that both have cancel.
    """
    sides = 0
    for r in range(len(starts) - 1):
        for i in range(starts[r], starts[r + 1]):
            to[sides], following[sides] = (i + 1 if i + 1 < starts[r + 1] else starts[r]), head[i]
            head[i] = sides
            sides += 1
    for r in range(len(upper_starts) - 1):
        for j in range(upper_starts[r], upper_starts[r + 1]):
            a, b = high[j], high[j + 1 if j + 1 < upper_starts[r + 1] else upper_starts[r]]
            before, side = -1, head[a]
            while side >= 0 and to[side] != b:
                before, side = side, following[side]
            if side >= 0 and before >= 0:
                following[before] = following[side]
            elif side >= 0:
                head[a] = following[side]
            else:
                to[sides], following[sides] = a, head[b]
                head[b] = sides
                sides += 1


@compiled
def _outlines(
    starts: Whole, high: Whole, upper_starts: Whole, number: int, room: int, ids: Whole, loop_ends: Whole, at: int,
    loops: int,
) -> tuple[int, int]:
    """Outlines of what lies between a tier's top rings and the next tier's floor; the next free places, or −1, −1."""
    head = np.full(room, -1, np.int64)
    to, following = np.empty(2 * room, np.int64), np.empty(2 * room, np.int64)
    _sides(starts, high, upper_starts, head, to, following)
    for start in range(room):
        while head[start] >= 0:
            corner, ended = start, False
            while not ended:
                side = head[corner]
                if side < 0:
                    return -1, -1
                head[corner] = following[side]
                ids[at] = number + corner
                at += 1
                corner = to[side]
                ended = corner == start
            loop_ends[loops] = at
            loops += 1
    return at, loops


@compiled
def lay_stacks(
    corners: Floats, ring_start: Whole, tier_ring: Whole, bottom: Floats, top: Floats, first: Whole
) -> tuple[Floats, NDArray[np.int32], Whole, Whole, Whole, Whole]:
    """Lay the stacks of many lots: corners, walls, and outlines that are still to be triangulated.

    Parameters
    ----------
    corners, ring_start : (n, 2) float64, (rings + 1,) int64
        Rings, the inside on their left.
    tier_ring : (tiers + 1,) int64
        First ring of each tier; each tier lies within the one below, empty ones are a lot's last.
    bottom, top : (tiers,) float64
        Elevations; each tier starts where the one below ends.
    first : (lots + 1,) int64
        First tier of each lot.

    Returns
    -------
    vertices, walls : (v, 3) float64, (w, 3) int32
        The first vertices of a lot are its floor's; walls count from the lot's own first vertex.
    outlines, loop_ends, loop_tier : (k,), (loops,), (loops,) int64
        Corners of the terraces' and tops' outlines, counted likewise, where each outline ends, and its tier.
    ends : (lots, 3) int64, flattened
        Number of vertices, walls and outlines after each lot. A lot that cannot be laid adds none.
    """
    lots = len(first) - 1
    room = 0
    for lot in range(lots):
        of_lot = ring_start[tier_ring[first[lot + 1]]] - ring_start[tier_ring[first[lot]]]
        room += (first[lot + 1] - first[lot]) * (2 * of_lot + 1) + of_lot
    vertices, walls = np.empty((2 * room, 3)), np.empty((4 * room, 3), np.int32)
    ids, loop_ends, loop_tier = np.empty(3 * room, np.int64), np.empty(3 * room, np.int64), np.empty(3 * room, np.int64)
    ends = np.empty((lots, 3), np.int64)
    nv, nw, ni, nl = 0, 0, 0, 0
    for lot in range(lots):
        was = nv, nw, ni, nl
        base = nv
        k = first[lot]
        a, b = tier_ring[k], tier_ring[k + 1]
        lower, starts = corners[ring_start[a]:ring_start[b]], ring_start[a:b + 1] - ring_start[a]
        for i in range(len(lower)):
            _put(vertices, nv, lower[i, 0], lower[i, 1], bottom[k])
            nv += 1
        low, count = np.arange(len(lower)), len(lower)
        while len(lower) > 0:
            upper, upper_starts = np.empty((0, 2)), np.zeros(1, np.int64)
            if k + 1 < first[lot + 1] and tier_ring[k + 2] > tier_ring[k + 1]:
                a, b = tier_ring[k + 1], tier_ring[k + 2]           # either takes in the other's corners on its sides
                upper, upper_starts, _, _ = laid(corners[ring_start[a]:ring_start[b]],
                                                 ring_start[a:b + 1] - ring_start[a], lower)
            ring, ring_starts, high, sides = laid(lower, starts, upper)
            size = len(ring)
            for i in range(size):
                _put(vertices, nv, ring[i, 0], ring[i, 1], top[k])
                nv += 1
            for j in range(len(upper)):
                if high[j] < 0:
                    high[j] = size
                    _put(vertices, nv, upper[j, 0], upper[j, 1], top[k])
                    size, nv = size + 1, nv + 1
            for w in range(len(sides)):
                for c in range(3):
                    corner = sides[w, c]
                    walls[nw, c] = low[corner] if corner < len(lower) else count + corner - len(lower)
                nw += 1
            begun = nl
            ni, nl = _outlines(ring_starts, high, upper_starts, count, size, ids, loop_ends, ni, nl)
            if ni < 0:
                nv, nw, ni, nl = was
                break
            loop_tier[begun:nl] = k
            low, count = count + high, count + size
            lower, starts = upper, upper_starts
            k += 1
        ends[lot, 0], ends[lot, 1], ends[lot, 2] = nv - base, nw, nl
    counted = np.cumsum(ends[:, 0])
    ends[:, 0] = counted
    return (vertices[:nv].copy(), walls[:nw].copy(), ids[:ni].copy(), loop_ends[:nl].copy(), loop_tier[:nl].copy(),
            ends.ravel())
