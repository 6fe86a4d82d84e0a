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
    bends = np.bincount(table.ring, weights=np.abs(turn) * joined, minlength=rings) > COLLINEAR_DEG
    bends |= np.bincount(table.ring, weights=arc, minlength=rings) >= _ARC_CORNERS
    in_arc = _long_runs(table, arc, turn > 0)
    beside_arc = ~in_arc & (in_arc[table.before] | in_arc[table.after])
    joined = (joined & ~beside_arc) | in_arc
    for ring in _bulging(table, joined, in_arc, turn, bends):
        rows = slice(int(table.first[ring]), int(table.first[ring + 1]))
        joined[rows] = _cut_bulges(table.end[rows], joined[rows], in_arc[rows])
    return _numbered(table, joined)


def _bulging(table: EdgeTable, joined: Mask, in_arc: Mask, turn: Floats, bends: Mask) -> list[int]:
    """Rings, of those that bend, with a chain that may bulge: length L turning by D deviates at most L/2 tan(D/2)."""
    loose = joined & ~in_arc & bends[table.ring]
    chain = _numbered(table, joined)
    count = int(chain.max()) + 1 if len(chain) else 0
    length = np.bincount(chain, weights=table.length, minlength=count)
    drift = np.bincount(chain, weights=np.abs(turn) * loose, minlength=count)
    most = length / 2.0 * np.tan(np.radians(np.minimum(drift, 89.0)) / 2.0)
    wide = (most > COLLINEAR_SAGITTA_M)[chain]
    rows = np.flatnonzero(wide)
    wide[rows] &= ~_straight(table, chain, rows)[chain[rows]]
    return [int(ring) for ring in np.unique(table.ring[wide & loose])]


def _straight(table: EdgeTable, chain: Ints, rows: Ints) -> Mask:
    """Tell which chains, whose edges are these rows, never bulge, wherever they are cut.

    Where a chain keeps going forward along its chord and stays within half of `COLLINEAR_SAGITTA_M` of it, no point
    is farther than the whole of that from the chord of any piece that begins where the chain does.
    """
    count = int(chain.max()) + 1 if len(chain) else 0
    opens = rows[chain[table.before[rows]] != chain[rows]]
    closes = rows[chain[table.after[rows]] != chain[rows]]
    origin, chord = np.zeros((count, 2)), np.zeros((count, 2))
    origin[chain[opens]] = table.start[opens]
    chord[chain[closes]] = table.end[closes] - origin[chain[closes]]      # closed chains have none
    length = np.hypot(*chord.T)
    chord /= np.where(length > 0, length, 1.0)[:, None]
    along, offset = chord[chain[rows]], table.end[rows] - origin[chain[rows]]
    aside = np.abs(offset[:, 0] * along[:, 1] - offset[:, 1] * along[:, 0])
    forward = ((table.end[rows] - table.start[rows]) * along).sum(axis=1) > 0
    bends = ~forward | (aside > 0.499 * COLLINEAR_SAGITTA_M)
    return np.asarray(np.bincount(chain[rows], weights=bends, minlength=count) == 0)


def _cut_bulges(end: Floats, joined: Mask, in_arc: Mask) -> Mask:
    """Cut the chains of one ring where they bulge too much; arcs stay whole."""
    settled = joined.copy()
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


def _long_runs(table: EdgeTable, flag: Mask, sign: Mask) -> Mask:
    """Keep flags that stand in a run of at least `_ARC_CORNERS` of one sign round their ring."""
    kept = np.zeros(len(flag), dtype=bool)
    for side in (sign, ~sign):
        held = flag & side
        if not held.any():
            continue
        opens = held & ~held[table.before]
        run = np.cumsum(opens)
        base: Ints = run[table.first[:-1]] - opens[table.first[:-1]]      # runs opened before each ring
        last = run[table.first[1:] - 1]
        run = np.where(run > base[table.ring], run, last[table.ring])   # a run over the ring's first vertex
        size = np.bincount(run[held], minlength=int(run.max()) + 1)
        full = np.bincount(table.ring, weights=held, minlength=len(base)) == np.diff(table.first)
        kept |= held & ((size[run] >= _ARC_CORNERS) | full[table.ring])
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
    opener, closer = number[ring_starts], number[ring_ends]
    renamed = np.arange(int(number.max()) + 1 if len(number) else 0)
    renamed[opener[wraps]] = closer[wraps]
    target = renamed[number]
    return np.asarray(np.unique(target, return_inverse=True)[1])
