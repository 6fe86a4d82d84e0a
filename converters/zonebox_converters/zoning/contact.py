"""Where parcel edges meet streets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.tolerance import SNAP_M
from zonebox_converters.zoning.edge_table import EdgeTable, Floats, Ints
from zonebox_converters.zoning.streets import Streets

_PROBES_M: Final = (0.5, 1.5)
"""Outward distances at which a street is looked for: the middles of a 1 m gap tolerance and of the metre beyond."""
STREET_SHARE: Final = 0.5
"""A chain faces a street when this share of its length does (domain C1.2)."""
PIECE_M: Final = 3.0
"""Shortest piece an edge is split into where a street begins beside it, and shortest front (domain C1.2)."""
_GAP_M: Final = 1.0
"""Strips of street nearer to each other than this are one street: kerbs, and the gap to the lot."""
_SQUARE_M: Final = 12.0
"""Side of the squares in which streets are looked for first: less than a lot is deep."""
_REACHES: Final = 5
"""Bits for the power of two, metres, that half an edge is shorter than."""
_ACROSS_M: Final = 60.0
"""How far across a street is looked."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contacts:
    """Pairs of edge and street, with the length (m) along which they face each other."""

    edge: Ints
    street: Ints
    length: Floats


def contacts(table: EdgeTable, streets: Streets) -> Contacts:
    """Find the streets beyond each outer edge, by probes parallel to it."""
    tree = shapely.STRtree(streets.shapes)
    shapely.prepare(streets.shapes)
    outer = np.flatnonzero(~table.hole & (table.length > 0))
    outer = outer[_near(table.start[outer], table.end[outer], tree)]
    edges, found, lengths = [], [], []
    for distance in _PROBES_M:
        probes = _probes(table, outer, distance)
        probe, street = tree.query(probes, predicate="intersects")
        edges.append(outer[probe])
        found.append(street)
        lengths.append(_length_within(probes[probe], streets.shapes[street]))
    pair = np.concatenate(edges) * len(streets.shapes) + np.concatenate(found)
    pairs, inverse = np.unique(pair, return_inverse=True)
    length = np.zeros(len(pairs))
    np.maximum.at(length, inverse, np.concatenate(lengths))
    return Contacts(edge=pairs // len(streets.shapes), street=pairs % len(streets.shapes), length=length)


def split_points(table: EdgeTable, chain: Ints, touching: Contacts, streets: Streets) -> dict[int, Floats]:
    """Places (k, 2) to split edges at, where a street runs along less than half of a chain but along a piece of it."""
    count = int(chain.max()) + 1 if len(chain) else 0
    whole = np.bincount(chain, weights=table.length, minlength=count)
    faced = np.bincount(chain[touching.edge], weights=touching.length, minlength=count)
    partly = (faced >= PIECE_M) & (faced < STREET_SHARE * whole) & (whole - faced >= PIECE_M)
    wanted = partly[chain[touching.edge]] & (touching.length >= PIECE_M)
    found: dict[int, Floats] = {}
    for row in np.unique(touching.edge[wanted]):
        ends = _interval_ends(table, int(row), streets.shapes[touching.street[touching.edge == row]])
        ends = ends[(ends >= PIECE_M) & (ends <= table.length[row] - PIECE_M)]
        if ends.size:
            found[int(row)] = table.start[row] + ends[:, None] * table.tangent[row]
    return found


def widths_across(origin: Floats, outward: Floats, streets: Streets) -> Floats:
    """Measure how wide the street is beyond points (n, 2) on the boundary, straight across; 0 where there is none.

    >>> road = shapely.box(-50, 0.3, 50, 9.3)
    >>> here = Streets(shapes=np.array([road]), names=[""], words=[""], widths=np.full(1, np.nan),
    ...                stated=np.zeros(1, bool), ranks=np.zeros(1, np.intp),
    ...                primary=np.zeros(1, bool), keys=np.zeros(1, np.intp), fields={}, notes=())
    >>> widths_across(np.zeros((1, 2)), np.array([[0.0, 1.0]]), here).round(1).tolist()
    [9.0]
    """
    rays = shapely.linestrings(np.stack([origin, origin + _ACROSS_M * outward], axis=1))
    ray, street = shapely.STRtree(streets.shapes).query(rays, predicate="intersects")
    pieces, pair = shapely.get_parts(shapely.intersection(rays[ray], streets.shapes[street]), return_index=True)
    ends, piece = shapely.get_coordinates(pieces, return_index=True)
    along = ((ends - origin[ray[pair[piece]]]) * outward[ray[pair[piece]]]).sum(axis=1)
    low, high = np.full(len(pieces), np.inf), np.full(len(pieces), -np.inf)
    np.minimum.at(low, piece, along)
    np.maximum.at(high, piece, along)
    reached, begun = np.zeros(len(origin)), np.zeros(len(origin))
    for k in np.lexsort((low, ray[pair])):
        row = ray[pair[k]]
        if reached[row] == 0.0:
            begun[row] = low[k]
        if low[k] <= reached[row] + _GAP_M:
            reached[row] = max(reached[row], high[k])
    return np.where(reached > 0, reached - begun, 0.0)


def _near(start: Floats, end: Floats, tree: shapely.STRtree) -> NDArray[np.bool_]:
    """Tell which segments (n, 2) may have a street within the reach of a probe.

    Most edges of a plan lie between lots. Asked for are squares, wider by what segments with their middle in them
    reach, in powers of two: far fewer than there are edges, and none of those beside a street is missed.
    """
    square = np.floor((start + end) / (2.0 * _SQUARE_M)).astype(np.int64)
    reach = np.ceil(np.log2(np.maximum(np.hypot(*(end - start).T) / 2.0, 1.0))).astype(np.int64)
    first = square.min(axis=0, initial=0)
    rows = int(square[:, 1].max(initial=0)) - int(first[1]) + 1
    keys = (((square[:, 0] - first[0]) * rows + square[:, 1] - first[1]) << _REACHES) + reach
    _, example, which = np.unique(keys, return_index=True, return_inverse=True)
    wider = 2.0 ** reach[example] + _PROBES_M[-1] + SNAP_M
    low = square[example] * _SQUARE_M
    boxes = shapely.box(*(low - wider[:, None]).T, *(low + _SQUARE_M + wider[:, None]).T)
    has = np.zeros(len(example), dtype=bool)
    has[tree.query(boxes, predicate="intersects")[0]] = True
    return np.asarray(has[which])


def _probes(table: EdgeTable, rows: Ints, distance: float) -> NDArray[np.object_]:
    """Draw lines parallel to edges, a hair shorter, so that they do not touch what begins at the edges' ends."""
    shift = distance * table.outward[rows]
    hair = np.minimum(SNAP_M, table.length[rows] / 4)[:, None] * table.tangent[rows]
    ends = np.stack([table.start[rows] + shift + hair, table.end[rows] + shift - hair], axis=1)
    return np.asarray(shapely.linestrings(ends))


def _length_within(probes: NDArray[np.object_], areas: NDArray[np.object_]) -> Floats:
    """Length of each probe inside its area; most lie inside as a whole, which is quick to tell."""
    length = np.asarray(shapely.length(probes))
    partly = ~shapely.covers(areas, probes)
    length[partly] = shapely.length(shapely.intersection(probes[partly], areas[partly]))
    return length


def _interval_ends(table: EdgeTable, row: int, beyond: NDArray[np.object_]) -> Floats:
    """Distances along an edge at which streets begin and end; gaps and pieces below `PIECE_M` do not count."""
    street = shapely.union_all(beyond)
    pieces: list[tuple[float, float]] = []
    for distance in _PROBES_M:
        probe = _probes(table, np.array([row]), distance)[0]
        for part in shapely.get_parts(shapely.intersection(probe, street)):
            if part.is_empty:
                continue
            along = (shapely.get_coordinates(part) - table.start[row]) @ table.tangent[row]
            pieces.append((float(along.min()), float(along.max())))
    merged: list[list[float]] = []
    for low, high in sorted(pieces):
        if merged and low - merged[-1][1] < PIECE_M:
            merged[-1][1] = max(merged[-1][1], high)
        else:
            merged.append([low, high])
    return np.array([end for piece in merged if piece[1] - piece[0] >= PIECE_M for end in piece])
