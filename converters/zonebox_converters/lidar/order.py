"""The order of points as machine code: places in whole millimetres, neighbours kept together, and the convex hull."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.compiled import compiled

Whole = NDArray[np.int64]
Floats = NDArray[np.float64]


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
