"""Which neighbouring lots fit exactly, so that nothing needs to be measured between them."""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox_converters.zoning.edge_table import EdgeTable, Floats, Ints, Mask, edge_table

Shapes = NDArray[np.object_]
Hashes = NDArray[np.uint64]

_MIX: Final = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0xD6E8FEB86659FD93))
"""Odd numbers with well spread bits, to multiply coordinates and row numbers by."""
_TRIM: Final = 2.0
"""How much of an edge beside a shared corner is left out, as a multiple of the reach: 30° between edges is apart."""


def doubtful_pairs(shapes: Shapes, reach_m: float, *, table: EdgeTable | None = None) -> tuple[Ints, Ints]:
    """Pairs of lots (rows, higher rows) nearer than a reach, but those that fit beyond doubt.

    Lots fit where all they have in common are edges with the same two corners, and corners from which their other
    edges lead apart. Most lots of a plan do; that is told from corners alone. ``table`` has the lots' edges, where they
    are known already.

    Examples
    --------
    >>> lots = np.array([shapely.box(0, 0, 20, 30), shapely.box(20, 0, 40, 30), shapely.box(40.1, 0, 60, 30)])
    >>> [rows.tolist() for rows in doubtful_pairs(lots, 0.5)]
    [[1], [2]]
    """
    table = edge_table(shapes) if table is None else table
    corner = _point_hashes(table.start)
    loose = np.flatnonzero(~_shared(table, corner))
    low = np.minimum(table.start[loose], table.end[loose]) - reach_m
    high = np.maximum(table.start[loose], table.end[loose]) + reach_m
    edge, lot = shapely.STRtree(shapes).query(shapely.box(*low.T, *high.T))
    edge = loose[edge]
    beside = table.parcel[edge] != lot
    edge, lot = edge[beside], lot[beside]
    near = _comes_near(table, corner, edge, lot, shapes, reach_m)
    one, other = table.parcel[edge[near]], lot[near]
    pair = np.unique(np.minimum(one, other) * len(shapes) + np.maximum(one, other))
    return pair // len(shapes), pair % len(shapes)


def _comes_near(table: EdgeTable, corner: Hashes, edge: Ints, lot: Ints, shapes: Shapes, reach_m: float) -> Mask:
    """Tell which edges come near another lot, apart from a corner that they share with it."""
    corners = np.sort(corner + table.parcel.astype(np.uint64) * _MIX[2])
    start, end = table.start[edge], table.end[edge]
    length, along = table.length[edge], table.tangent[edge]
    cut = [np.where(_among(corners, hashes + lot.astype(np.uint64) * _MIX[2]), _TRIM * reach_m, 0.0)
           for hashes in (corner[edge], corner[table.after[edge]])]
    near = cut[0] + cut[1] >= length                           # too short to tell
    start, end = start + cut[0][:, None] * along, end - cut[1][:, None] * along
    bounds = shapely.bounds(shapes)[lot]
    meet = ((np.minimum(start, end) <= bounds[:, 2:] + reach_m)
            & (np.maximum(start, end) >= bounds[:, :2] - reach_m)).all(axis=1)
    asked = np.flatnonzero(meet & ~near)
    lines = shapely.linestrings(np.stack([start[asked], end[asked]], axis=1))
    near[asked] = shapely.dwithin(lines, shapes[lot[asked]], reach_m)
    return np.asarray(near)


def _shared(table: EdgeTable, corner: Hashes) -> Mask:
    """Tell which edges (n,) one other lot has the other way round, corner for corner."""
    hashes = corner + corner[table.after]
    order = np.argsort(hashes)                              # which of two comes first does not matter
    opens = np.concatenate([[True], hashes[order][1:] != hashes[order][:-1], [True]])
    pairs = np.flatnonzero(opens[:-2] & ~opens[1:-1] & opens[2:])
    one, other = order[pairs], order[pairs + 1]
    same = (table.start[one] == table.end[other]).all(axis=1) & (table.end[one] == table.start[other]).all(axis=1)
    shared = np.zeros(len(table), dtype=bool)
    shared[one[same]] = shared[other[same]] = True
    return shared


def _point_hashes(points: Floats) -> Hashes:
    """Numbers (n,) that are equal for equal points (n, 2)."""
    bits = (np.ascontiguousarray(points) + 0.0).view(np.uint64)      # -0.0 becomes 0.0
    return _mixed(_mixed(bits[:, 0]) * _MIX[0] + _mixed(bits[:, 1]))


def _mixed(bits: Hashes) -> Hashes:
    """Spread bits: those of round coordinates are zeros at the low end, which products alone would keep there."""
    for factor in _MIX[1:]:
        bits = (bits ^ bits >> np.uint64(32)) * factor
    return np.asarray(bits ^ bits >> np.uint64(29))


def _among(known: Hashes, asked: Hashes) -> Mask:
    """Tell which hashes are among sorted ones."""
    at = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    return np.asarray(known[at] == asked)
