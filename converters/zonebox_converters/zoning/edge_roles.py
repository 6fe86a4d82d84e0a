"""Front, side, rear, street: what lies beyond each edge of a lot, with the reason and how sure it is (domain C1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from zonebox.model import Edge
from zonebox_converters.zoning.chains import number_chains
from zonebox_converters.zoning.contact import Contacts, contacts, split_points
from zonebox_converters.zoning.edge_table import EdgeTable, Floats, Ints, edge_table
from zonebox_converters.zoning.judging import Chains, RoadNames, Said, Verdicts, judge, measure, unjudged
from zonebox_converters.zoning.oddlots import STEM_M, stem_edges, virtual_rear
from zonebox_converters.zoning.streets import Streets
from zonebox_converters.zoning.zones import Site

Shapes = NDArray[np.object_]

@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labels:
    """Edges of every lot with their roles.

    ``shapes`` have a vertex more wherever a street begins in the middle of an edge; ``origin`` tells for those lots
    which edge of the lot as drawn each edge is a piece of; ``rears`` are the tips behind virtual rears, ``stems`` the
    edges along the stems of flag lots, ``notes`` sentences, all by row.
    """

    shapes: Shapes
    edges: list[tuple[Edge, ...]]
    origin: dict[int, tuple[int, ...]] = field(default_factory=dict)
    rears: dict[int, Polygon] = field(default_factory=dict)
    stems: dict[int, tuple[int, ...]] = field(default_factory=dict)
    notes: dict[int, list[str]] = field(default_factory=dict)


def label_edges(
    shapes: Shapes, streets: Streets | None, *, named: RoadNames | None = None, table: EdgeTable | None = None
) -> Labels:
    """Label the edges of lots.

    Parameters
    ----------
    shapes : (n,) object
        Clean lots, oriented.
    streets : Streets or None
        Without them every edge is ``side`` with confidence 0.
    named : RoadNames or None
        Roads that the parcel table names for each lot.
    table : EdgeTable or None
        Edges of the lots, where they are known already.
    """
    table = edge_table(shapes) if table is None else table
    chain = number_chains(table)
    if streets is None:
        hole = np.zeros(int(chain.max()) + 1, dtype=bool)
        hole[chain] = table.hole
        return Labels(shapes=shapes, edges=_edges(table, chain, unjudged(hole)))
    touching = contacts(table, streets)
    splits = split_points(table, chain, touching, streets)
    named = named or RoadNames()
    labels = _label(table, chain, touching, streets, named, shapes)
    return _relabel_split(labels, table, splits, streets, named) if splits else labels


def site_of(labels: Labels, ids: Sequence[str], site: Site) -> Site:
    """Tell a site of split edges, virtual rears and stems by parcel number; lots with stated roles have neither."""
    said = {row for row in (*labels.rears, *labels.stems) if labels.edges[row][0].reason.startswith("stated")}
    return replace(site, origin={ids[row]: edges for row, edges in labels.origin.items()},
                   rears={ids[row]: tip for row, tip in labels.rears.items() if row not in said},
                   stems={ids[row]: edges for row, edges in labels.stems.items() if row not in said})


def _label(
    table: EdgeTable, chain: Ints, touching: Contacts, streets: Streets, named: RoadNames, shapes: Shapes
) -> Labels:
    chains = measure(table, chain, touching, streets)
    parcel = np.zeros(int(table.part.max()) + 1, dtype=np.intp)
    parcel[table.part] = table.parcel
    verdicts = judge(chains, streets, named.of(parcel))
    notes: dict[int, list[str]] = defaultdict(list)
    for part, sentence in sorted(verdicts.notes.items()):
        notes[int(parcel[part])].append(sentence)
    rears = _rears(shapes, parcel, chains, verdicts)
    for row in rears:
        notes[row].append(f"rear yards count from a line across the tip, {rears[row].area:.1f} m² behind it")
    stems = _stems(table, chain, chains, verdicts, parcel, shapes)
    for row, edges in stems.items():
        notes[row].append(f"a flag lot: {len(edges)} edges run along its stem, narrower than {STEM_M:g} m")
    return Labels(shapes=shapes, edges=_edges(table, chain, verdicts), rears=rears, stems=stems,
                  notes=dict(notes))


def _rears(shapes: Shapes, parcel: Ints, chains: Chains, verdicts: Verdicts) -> dict[int, Polygon]:
    """Tips of lots of one part that have a front and no rear."""
    found = {}
    for part in verdicts.rearless.tolist():
        row = int(parcel[part])
        lot = shapely.get_parts(shapes[row])
        tip = virtual_rear(lot[0], chains.normal[verdicts.front[part]]) if len(lot) == 1 else None
        if tip is not None:
            found[row] = tip
    return found


def _stems(
    table: EdgeTable, chain: Ints, chains: Chains, verdicts: Verdicts, parcel: Ints, shapes: Shapes
) -> dict[int, tuple[int, ...]]:
    """Edges along the stems of those lots whose front is narrower than a stem."""
    front = verdicts.front[verdicts.front >= 0]
    frontage = np.bincount(chains.part, weights=chains.length * verdicts.is_front)
    narrow = front[frontage[chains.part[front]] < STEM_M]
    if not len(narrow):
        return {}
    opening = np.searchsorted(table.part, np.arange(len(parcel) + 1))
    found: dict[int, tuple[int, ...]] = {}
    for c in narrow.tolist():
        part = int(chains.part[c])
        row = int(parcel[part])
        rows = np.arange(opening[part], opening[part + 1])
        rows = rows[~table.hole[rows]]
        lines = shapely.linestrings(np.stack([table.start[rows], table.end[rows]], axis=1))
        lots = shapely.get_parts(shapes[row])
        stem = stem_edges(lots[part - int(np.searchsorted(parcel, row))],
                          np.flatnonzero(chain[rows] == c).tolist(), lines)
        if stem:
            found[row] = (*found.get(row, ()), *(int(table.index[rows[k]]) for k in stem))
    return found


def _edges(table: EdgeTable, chain: Ints, verdicts: Verdicts) -> list[tuple[Edge, ...]]:
    """Make the `Edge` values of every lot; lots whose edges read alike share them."""
    count, said = len(verdicts.kind), verdicts.said
    first = np.unique(chain, return_index=True)[1]              # row on which each chain appears first
    order = np.empty(count, dtype=np.int64)
    order[np.argsort(first, kind="stable")] = np.arange(count)
    opening = np.searchsorted(table.parcel, np.arange(int(table.parcel.max()) + 2))
    opener = chain[opening[:-1]]
    keys = np.stack([verdicts.kind[chain], order[chain] - order[opener][table.parcel]], axis=1)
    made: dict[bytes, tuple[Edge, ...]] = {}
    result = []
    for start, stop in zip(opening[:-1].tolist(), opening[1:].tolist(), strict=True):
        key = keys[start:stop].tobytes()
        if key not in made:
            made[key] = tuple(_edge(k, local, said[n]) for k, (n, local) in enumerate(keys[start:stop].tolist()))
        result.append(made[key])
    return result


def _edge(index: int, chain: int, said: Said) -> Edge:
    role, reason, confidence, road, width = said
    return Edge(index=index, role=role, chain=chain, reason=reason, confidence=confidence, road=road,
                road_width_m=width)


def _relabel_split(
    labels: Labels, table: EdgeTable, splits: dict[int, Floats], streets: Streets, named: RoadNames
) -> Labels:
    """Insert the vertices where streets begin, and label those lots again."""
    rows = np.unique(table.parcel[list(splits)])
    shapes = np.array(labels.shapes, dtype=object)
    origin = dict(labels.origin)
    for row in rows:
        shapes[row], origin[int(row)] = _with_points(shapes[row], table, int(row), splits)
    again = edge_table(shapes[rows])
    inserted = {(float(x), float(y)) for points in splits.values() for x, y in points}
    breaks = np.array([(float(x), float(y)) in inserted for x, y in again.end], dtype=bool)
    chain = number_chains(again, breaks)
    relabelled = _label(again, chain, contacts(again, streets), streets, named.of(rows), shapes[rows])
    edges, notes = list(labels.edges), dict(labels.notes)
    rears = {row: tip for row, tip in labels.rears.items() if row not in set(rows.tolist())}
    stems = {row: stem for row, stem in labels.stems.items() if row not in set(rows.tolist())}
    for k, row in enumerate(rows.tolist()):
        rears |= {row: relabelled.rears[k]} if k in relabelled.rears else {}
        stems |= {row: relabelled.stems[k]} if k in relabelled.stems else {}
        edges[row] = relabelled.edges[k]
        notes[row] = [*relabelled.notes.get(k, []), "an edge is split where a street begins beside it"]
    return replace(labels, shapes=shapes, edges=edges, origin=origin, rears=rears, stems=stems, notes=notes)


def _with_points(
    shape: shapely.Polygon | shapely.MultiPolygon, table: EdgeTable, row: int, splits: dict[int, Floats]
) -> tuple[shapely.Polygon | shapely.MultiPolygon, tuple[int, ...]]:
    """Insert vertices into a lot; also tell for each new edge which old one it is a piece of."""
    rows = np.flatnonzero(table.parcel == row)
    origin: list[int] = []
    rings: list[list[Floats]] = []
    for ring in np.unique(table.ring[rows]):
        corners = []
        for k in rows[table.ring[rows] == ring]:
            more = splits.get(int(k), np.zeros((0, 2)))
            corners += [table.start[k][None], more]
            origin += [int(table.index[k])] * (1 + len(more))
        rings.append(np.concatenate(corners))
    parts, at = [], 0
    for part in getattr(shape, "geoms", [shape]):
        holes = len(part.interiors)
        parts.append(shapely.Polygon(rings[at], rings[at + 1:at + 1 + holes]))
        at += 1 + holes
    return (parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)), tuple(origin)
