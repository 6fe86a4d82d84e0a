"""The order of points as machine code: places in whole millimetres, neighbours kept together, and the convex hull."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.compiled import compiled

Whole = NDArray[np.int64]
Numbers = NDArray[np.int32]
Floats = NDArray[np.float64]


BESIDE: Final = 16
"""Neighbours in the list that are looked at, on either side."""

MOST: Final = 4
"""All but one of so many are most."""


@compiled
def millimetres(points: Floats, per_metre: float) -> tuple[Whole, Whole]:
    """Plan of points (n, 3) in whole millimetres from their lower left corner: x (n,) and y (n,)."""
    x, y = np.empty(len(points), np.int64), np.empty(len(points), np.int64)
    for k in range(len(points)):
        x[k], y[k] = np.int64(np.rint(points[k, 0] * per_metre)), np.int64(np.rint(points[k, 1] * per_metre))
    if len(x):
        x -= x.min()
        y -= y.min()
    return x, y


@compiled
def z_order(x: Whole, y: Whole) -> Whole:
    """One number for each place, both columns from 0 to 2³¹, that keeps neighbours together (Morton 1966)."""
    key = np.empty(len(x), np.int64)
    for k in range(len(x)):
        both = np.int64(0)
        for axis in range(2):
            bits = x[k] if axis == 0 else y[k]
            bits = (bits | bits << 16) & 0x0000FFFF0000FFFF
            bits = (bits | bits << 8) & 0x00FF00FF00FF00FF
            bits = (bits | bits << 4) & 0x0F0F0F0F0F0F0F0F
            bits = (bits | bits << 2) & 0x3333333333333333
            bits = (bits | bits << 1) & 0x5555555555555555
            both |= bits << axis
        key[k] = both
    return key


@compiled
def beyond_octagon(x: Whole, y: Whole) -> Whole:
    """List the points that do not lie inside the octagon of the outermost: all corners of the hull are among them."""
    n, ring = len(x), np.zeros(9, np.int64)
    for k in range(n):
        for at, (east, north) in enumerate(((1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1))):
            if east * x[k] + north * y[k] > east * x[ring[at]] + north * y[ring[at]]:
                ring[at] = k
    ring[8] = ring[0]
    found, count = np.empty(n, np.int64), 0
    for k in range(n):
        for at in range(8):
            a, b = ring[at], ring[at + 1]
            if (x[b] - x[a]) * (y[k] - y[a]) <= (y[b] - y[a]) * (x[k] - x[a]):
                found[count] = k
                count += 1
                break
    return found[:count].copy()


@compiled
def left_turns(x: Whole, y: Whole, along: Whole) -> Whole:
    """Half of a hull: the points, along a direction, at which one turns left."""
    kept, count = np.empty(len(along), np.int64), 0
    for k in along:
        while count > 1:
            a, b = kept[count - 2], kept[count - 1]
            if (x[b] - x[a]) * (y[k] - y[a]) - (y[b] - y[a]) * (x[k] - x[a]) > 0:
                break
            count -= 1
        kept[count] = k
        count += 1
    return kept[:count].copy()


@compiled
def sorted_by(column: int, rows: Numbers, count: int) -> Numbers:
    """Sort rows of vertex numbers below ``count`` by one column; those that are alike in it keep their order."""
    begin = np.zeros(count + 1, np.int64)
    for row in rows:
        begin[row[column] + 1] += 1
    begin = np.cumsum(begin)
    made = np.empty_like(rows)
    for row in rows:
        made[begin[row[column]]] = row
        begin[row[column]] += 1
    return made


@compiled
def renumbered(corner: Numbers, count: int) -> tuple[Whole, Numbers]:
    """Leave the points out that no triangle uses: the others (k,), and the triangles (m, 3) between those.

    ``count`` is that of the points. Each triangle starts at its lowest corner, and they are sorted by their first
    and second one.
    """
    number = np.zeros(count, np.int64)
    for t in range(len(corner)):
        for i in range(3):
            number[corner[t, i]] = 1
    used = np.flatnonzero(number)
    for k in range(len(used)):
        number[used[k]] = k
    turned = np.empty((len(corner), 3), np.int32)
    for t in range(len(corner)):
        a, b, c = number[corner[t, 0]], number[corner[t, 1]], number[corner[t, 2]]
        while a > b or a > c:
            a, b, c = b, c, a
        turned[t, 0], turned[t, 1], turned[t, 2] = a, b, c
    return used, sorted_by(0, sorted_by(1, turned, len(used)), len(used))


@compiled
def standing_off(z: Floats, off: float) -> Whole:
    """Find the heights (n,) that most of those beside them in the list, on either side, are far above or below of."""
    n, found, count = len(z), np.empty(len(z), np.int64), 0
    for k in range(n):
        if 0 < k < n - 1 and abs(z[k] - z[k - 1]) <= off and abs(z[k] - z[k + 1]) <= off:
            continue
        for reach in (3, BESIDE):
            first, last = max(k - reach, 0), min(k + reach + 1, n)
            above = below = 0
            for j in range(first, last):
                above += z[k] - z[j] > off
                below += z[j] - z[k] > off
            if MOST * max(above, below) < (MOST - 1) * (last - first - 1):
                break
        else:
            found[count] = k
            count += 1
    return found[:count].copy()


@compiled
def nearest_to(points: Floats, suspects: Floats, wanted: int) -> Whole:
    """Find the points (n, 3) nearest in plan to each suspect (k, 3) -> (k, wanted), by looking at all of them."""
    found = np.zeros((len(suspects), wanted), np.int64)
    for s in range(len(suspects)):
        away = np.full(wanted, np.inf)
        for k in range(len(points)):
            d = (points[k, 0] - suspects[s, 0]) ** 2 + (points[k, 1] - suspects[s, 1]) ** 2
            if d < away[wanted - 1]:
                at = wanted - 1
                while at > 0 and away[at - 1] > d:
                    away[at], found[s, at] = away[at - 1], found[s, at - 1]
                    at -= 1
                away[at], found[s, at] = d, k
    return found
