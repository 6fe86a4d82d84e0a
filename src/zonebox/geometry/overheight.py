"""Which of many points stand above the limits of their lots, as machine code.

The limit is that of `edgewise.height_limit`, computed point by point: level caps and profiles at the distance from each
edge. Lots are found through a grid of cells that knows which of them lie wholly inside.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.geometry.compiled import compiled, inner

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

RULE_COLUMNS: Final = 20
"""Start x, y; tangent x, y; inward x, y; length; turn and inward x, y of the neighbour before and after; corner code;
ground at start and end; first and last row of the profile; its slope; 1 where it holds from below."""

PARALLEL: Final = 0
RADIAL: Final = 1
MITRE: Final = 2


@inner
def distance_to(rules: Floats, r: int, x: float, y: float) -> float:
    """Distance of a point to an edge as its rule means it (`edgewise.edge_distance`)."""
    dx, dy = x - rules[r, 0], y - rules[r, 1]
    along, inside = dx * rules[r, 2] + dy * rules[r, 3], dx * rules[r, 4] + dy * rules[r, 5]
    if 0.0 <= along <= rules[r, 6]:
        return float(inside)
    at = 7 if along < 0.0 else 10
    if along > rules[r, 6]:
        dx, dy = dx - rules[r, 6] * rules[r, 2], dy - rules[r, 6] * rules[r, 3]
    turn, nx, ny = rules[r, at], rules[r, at + 1], rules[r, at + 2]
    on_lot_side = dx * nx + dy * ny >= 0.0
    if turn < -tolerance.STRAIGHT_DEG and rules[r, 13] == MITRE:
        return float(inside) if dx * (rules[r, 4] - nx) + dy * (rules[r, 5] - ny) >= 0.0 else math.inf
    if turn < 0.0 or (turn < 90.0 and rules[r, 13] == RADIAL):
        return math.hypot(dx, dy) if on_lot_side or turn < -90.0 else math.inf
    if turn < 90.0 and on_lot_side and inside >= 0.0:
        return float(inside)
    return math.inf


@inner
def ground_at(rules: Floats, r: int, x: float, y: float) -> float:
    """Elevation of an edge rule's zero height at a point (`edgewise.edge_ground`)."""
    share = ((x - rules[r, 0]) * rules[r, 2] + (y - rules[r, 1]) * rules[r, 3]) / rules[r, 6]
    if rules[r, 7] < 0.0:
        share = max(share, 0.0)
    if rules[r, 10] < 0.0:
        share = min(share, 1.0)
    return float(rules[r, 14] + (rules[r, 15] - rules[r, 14]) * share)


@inner
def height_at(rules: Floats, r: int, profiles: Floats, d: float) -> float:
    """Height from which a point at distance d is forbidden (`Profile.limit_at`)."""
    first, last = int(rules[r, 16]), int(rules[r, 17])
    if d < profiles[first, 1]:
        return -math.inf if rules[r, 19] > 0.0 else float(profiles[first, 0])
    for k in range(first, last):
        h0, s0, h1, s1 = profiles[k, 0], profiles[k, 1], profiles[k + 1, 0], profiles[k + 1, 1]
        if d < max(s0, s1):
            rise = min(max((d - s0) / (s1 - s0), 0.0), 1.0) if s1 > s0 else 0.0
            return float(h0 + rise * (h1 - h0))
    if rules[r, 18] > 0.0:
        return float(profiles[last, 0] + max(d - profiles[last, 1], 0.0) / rules[r, 18])
    return math.inf


@inner
def within(edges: Floats, first: int, last: int, x: float, y: float) -> bool:
    """Whether a point lies in the lot whose boundary edges are these rows (x0, y0, x1, y1)."""
    odd = False
    for k in range(first, last):
        x0, y0, x1, y1 = edges[k, 0], edges[k, 1], edges[k, 2], edges[k, 3]
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
            odd = not odd
    return odd


@compiled
def standing_above(
    points: Floats, grid: Floats, columns: int, starts: Whole, lists: Whole, edges: Floats, edge_starts: Whole,
    levels: Floats, rules: Floats, rule_starts: Whole, profiles: Floats, tested: Whole,
) -> tuple[Whole, Whole, Floats, Whole]:
    """Find the points that stand above the limit of a lot.

    Parameters
    ----------
    points : (n, 3) float64
        The survey.
    grid : (3,) float64
        Lower left corner and step of the grid.
    starts, lists : (cells + 1,), (k,) int64
        For each cell, row by row, twice the number of each lot it touches, plus one where it lies inside the lot.
    edges, edge_starts : (k, 4) float64, (lots + 1,) int64
        Boundaries.
    levels : (lots, 2) float64
        Lowest cap, and a level below which nothing counts.
    rules, rule_starts : (k, 20) float64, (lots + 1,) int64
        Edge rules.
    profiles : (k, 2) float64
        Rows (height, distance).
    tested : (lots,) int64
        Counts points over each lot; added to.

    Returns
    -------
    which, lot : (k,) int64
        Point and lot.
    limit : (k,) float64
        Its limit there; −inf where nothing may stand.
    rule : (k,) int64
        −1 for the cap, else the rule's number in the lot.
    """
    room, count = 1024, 0
    which, lots, ruling = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    limits = np.empty(room)
    rows = (len(starts) - 1) // columns
    for k in range(len(points)):
        x, y, z = points[k, 0], points[k, 1], points[k, 2]
        column, row = (x - grid[0]) / grid[2], (y - grid[1]) / grid[2]
        if not (0.0 <= column < columns and 0.0 <= row < rows):
            continue
        cell = int(row) * columns + int(column)
        for at in range(starts[cell], starts[cell + 1]):
            lot = lists[at] >> 1
            if not lists[at] & 1 and not within(edges, edge_starts[lot], edge_starts[lot + 1], x, y):
                continue
            tested[lot] += 1
            if z <= levels[lot, 1]:
                continue
            limit, ruler = levels[lot, 0], -1
            for r in range(rule_starts[lot], rule_starts[lot + 1]):
                d = distance_to(rules, r, x, y) + tolerance.SPLIT_M
                if d < 0.0:                                             # another arm of the lot, behind this edge
                    d = math.inf
                here = ground_at(rules, r, x, y) + height_at(rules, r, profiles, d)
                if here < limit:
                    limit, ruler = here, r - rule_starts[lot]
            if z > limit:
                if count == room:
                    room *= 2
                    which, lots = np.append(which, which), np.append(lots, lots)
                    ruling, limits = np.append(ruling, ruling), np.append(limits, limits)
                which[count], lots[count], limits[count], ruling[count] = k, lot, limit, ruler
                count += 1
    return which[:count].copy(), lots[:count].copy(), limits[:count].copy(), ruling[:count].copy()
