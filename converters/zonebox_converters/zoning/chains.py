"""Boundary chains: runs of edges that a person would call one side of a lot (domain C1)."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox.tolerance import COLLINEAR_DEG, COLLINEAR_SAGITTA_M
from zonebox_converters.zoning.edge_table import EdgeTable, Floats, Ints, Mask

_ARC_EDGE_M: Final = 5.0
"""Longest edge of a drawn arc."""
_ARC_TURN_DEG: Final = (0.5, 30.0)
"""Turns between the edges of a drawn arc."""
_ARC_CORNERS: Final = 3
"""A drawn arc has at least so many corners in a row, all to one side: four edges."""


def number_chains(table: EdgeTable, breaks: Mask | None = None) -> Ints:
    """Tell every edge (n,) the number of its chain, counted over all polygons.

    Edges continue a chain where they turn less than `COLLINEAR_DEG` and the chain bulges less than
    `COLLINEAR_SAGITTA_M`; four or more short edges that keep turning to one side are one arc and one chain.

    Parameters
    ----------
    table : EdgeTable
        The edges.
    breaks : (n,) bool or None
        Edges after which a chain ends in any case.
    """
    turn = table.turn_deg
    joined = np.abs(turn) < COLLINEAR_DEG
    if breaks is not None:
        joined &= ~breaks
    short = np.maximum(table.length, table.length[table.after]) <= _ARC_EDGE_M
    arc = short & (np.abs(turn) > _ARC_TURN_DEG[0]) & (np.abs(turn) < _ARC_TURN_DEG[1])
    if breaks is not None:
        arc &= ~breaks
    rings = len(table.first) - 1
    drift = np.bincount(table.ring, weights=np.abs(turn) * joined, minlength=rings)
    corners = np.bincount(table.ring, weights=arc, minlength=rings)
    for ring in np.flatnonzero((drift > COLLINEAR_DEG) | (corners >= _ARC_CORNERS)):
        rows = slice(int(table.first[ring]), int(table.first[ring + 1]))
        joined[rows] = _settle_ring(table.end[rows], turn[rows], joined[rows], arc[rows])
    return _numbered(table, joined)


def _settle_ring(end: Floats, turn: Floats, joined: Mask, arc: Mask) -> Mask:
    """Decide the joints of one ring where chains bend: keep arcs whole, cut what bulges too much."""
    in_arc = _long_runs(arc, turn > 0)
    beside_arc = ~in_arc & (np.roll(in_arc, 1) | np.roll(in_arc, -1))
    settled = (joined & ~beside_arc) | in_arc
    n = len(end)
    if settled.all():
        return settled
    first = int(np.argmin(settled)) + 1                     # the edge after a break
    order = (np.arange(n) + first) % n
    chain = [end[order[0] - 1]]                             # corners of the chain so far
    for row in order:
        chain.append(end[row])
        if not settled[row]:
            chain = [end[row]]
        elif not in_arc[row] and _sagitta(np.array([*chain, end[(row + 1) % n]])) > COLLINEAR_SAGITTA_M:
            settled[row] = False
            chain = [end[row]]
    return settled


def _long_runs(flag: Mask, sign: Mask) -> Mask:
    """Keep flags that stand in a cyclic run of at least `_ARC_CORNERS` of one sign."""
    n = len(flag)
    kept = np.zeros(n, dtype=bool)
    for side in (sign, ~sign):
        held = flag & side
        if held.all():
            return np.ones(n, dtype=bool)
        start = int(np.argmin(held))
        run: list[int] = []
        for k in range(1, n + 1):
            row = (start + k) % n
            if held[row]:
                run.append(row)
                continue
            if len(run) >= _ARC_CORNERS:
                kept[run] = True
            run = []
    return kept


def _sagitta(points: NDArray[np.float64]) -> float:
    """Largest distance of points from the line through the first and the last."""
    chord = points[-1] - points[0]
    length = float(np.hypot(*chord))
    offset = points - points[0]
    if length == 0.0:
        return float(np.hypot(*offset.T).max())
    return float(np.abs(offset[:, 0] * chord[1] - offset[:, 1] * chord[0]).max() / length)


def _numbered(table: EdgeTable, joined: Mask) -> Ints:
    """Count chains along the rings; a chain that runs over a ring's first vertex keeps one number."""
    opens = ~joined[table.before]
    ring_starts = table.first[:-1]
    forced = opens.copy()
    forced[ring_starts] = True
    number = np.cumsum(forced) - 1
    ring_ends = table.first[1:] - 1
    wraps = ~opens[ring_starts] & (number[ring_ends] != number[ring_starts])
    target = number.copy()
    for ring in np.flatnonzero(wraps):
        rows = slice(int(ring_starts[ring]), int(ring_ends[ring]) + 1)
        block = target[rows]
        block[block == number[ring_starts[ring]]] = number[ring_ends[ring]]
    return np.asarray(np.unique(target, return_inverse=True)[1])
