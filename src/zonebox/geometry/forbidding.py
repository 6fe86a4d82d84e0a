"""Which of a lot's rules forbids a point, as machine code: points and lots by the hundred thousand."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.compiled import compiled, inner

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@inner
def _required(heights: Floats, distances: Floats, first: int, last: int, slope: float, from_below: bool,
              h: float) -> float:
    """`Profile.distance_at` of the points ``first`` … ``last − 1``."""
    k = first
    while k < last and heights[k] <= h:
        k += 1
    if k == first:
        return float(distances[first]) if from_below else 0.0
    if last - first == 1 and slope == 0.0 and from_below:
        return float(distances[first])
    s = float(distances[k - 1])
    if k == last:
        s += slope * (h - heights[k - 1])
    elif heights[k] > heights[k - 1]:
        s += (distances[k] - distances[k - 1]) * (h - heights[k - 1]) / (heights[k] - heights[k - 1])
    at = k - 1
    while at >= first and heights[at] == h:                             # at a jump the larger side
        s = max(s, float(distances[at]))
        at -= 1
    return s


@inner
def _past(x: float, y: float, turn: float, nx: float, ny: float, inside: float) -> float:
    """Distance of a point past a corner, (x, y) from it, whose other edge has the inward normal (nx, ny)."""
    on_lot_side = x * nx + y * ny >= 0.0
    if turn < 0.0:
        return math.hypot(x, y) if on_lot_side or turn < -90.0 else math.inf
    return inside if on_lot_side and inside >= 0.0 and turn < 90.0 else math.inf


@compiled
def first_forbidding(
    points: Floats, lot: Whole, first: Whole, edge: Whole, ground: Floats, profile: Whole,
    start: Floats, tangent: Floats, inward: Floats, length: Floats, turn: Floats, before: Whole, after: Whole,
    profile_start: Whole, heights: Floats, distances: Floats, slope: Floats, from_below: NDArray[np.bool_],
) -> Whole:
    """Find for each point (n, 3) of a lot (n,) the first of the lot's rules that forbids it; −1 where none does.

    Parameters
    ----------
    first : (lots + 1,)
        First rule of each lot; ``edge``, ``ground`` (its elevation) and ``profile`` are of rules.
    start … after : (edges, …)
        As in `Boundary`, of all lots.
    profile_start, heights, distances, slope, from_below
        Points of the profiles laid end to end, and what `Profile` holds beside them.

    Notes
    -----
    Distances are those of `edgewise.edge_distance` with parallel corners.
    """
    found = np.full(len(points), -1, np.int64)
    for i in range(len(points)):
        for rule in range(first[lot[i]], first[lot[i] + 1]):
            e, p = edge[rule], profile[rule]
            x, y = points[i, 0] - start[e, 0], points[i, 1] - start[e, 1]
            along, inside = x * tangent[e, 0] + y * tangent[e, 1], x * inward[e, 0] + y * inward[e, 1]
            distance = inside
            if along > length[e]:
                n = after[e]
                distance = _past(x - length[e] * tangent[e, 0], y - length[e] * tangent[e, 1], turn[e],
                                 inward[n, 0], inward[n, 1], inside)
            elif along < 0.0:
                n = before[e]
                distance = _past(x, y, turn[n], inward[n, 0], inward[n, 1], inside)
            if distance >= 0.0 and distance < _required(heights, distances, profile_start[p], profile_start[p + 1],
                                                        slope[p], from_below[p], points[i, 2] - ground[rule]):
                found[i] = rule
                break
    return found
