"""Front, side, rear, street: what lies beyond each edge of a lot, with the reason and how sure it is (domain C1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.model import Edge, EdgeRole
from zonebox_converters.zoning.chains import number_chains
from zonebox_converters.zoning.contact import PIECE_M, STREET_SHARE, Contacts, contacts, split_points, widths_across
from zonebox_converters.zoning.edge_table import EdgeTable, Floats, Ints, Mask, edge_table
from zonebox_converters.zoning.streets import Streets

Shapes = NDArray[np.object_]

_OPPOSITE: Final = float(np.cos(np.radians(135.0)))
"""Normals further apart than 135 degrees: the far side of a lot."""
_SAME_WAY: Final = 0.5
"""Normals within 60 degrees look onto the same street."""
_CHAMFER_M: Final = 20.0
"""Longest corner cut or rounding between two streets."""
_ACROSS: Final = float(np.cos(np.radians(45.0)))
"""Streets whose normals differ by more than 45 degrees meet at a corner."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labels:
    """Edges of every lot with their roles.

    ``shapes`` have a vertex more wherever a street begins in the middle of an edge; ``origin`` tells for those lots
    which edge of the lot as drawn each edge is a piece of; ``notes`` are sentences by row.
    """

    shapes: Shapes
    edges: list[tuple[Edge, ...]]
    origin: dict[int, tuple[int, ...]] = field(default_factory=dict)
    notes: dict[int, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Chains:
    """Chains of all lots as columns."""

    part: Ints
    hole: Mask
    length: Floats
    normal: Floats
    before: Ints
    after: Ints
    share: Floats
    street: Ints
    width: Floats


@dataclass(slots=True)
class _Verdict:
    """Role of a chain, why, and how sure (0-1)."""

    role: EdgeRole
    reason: str
    confidence: float


def label_edges(shapes: Shapes, streets: Streets | None, *, main_roads: Sequence[str] = ()) -> Labels:
    """Label the edges of lots.

    Parameters
    ----------
    shapes : (n,) object
        Clean lots, oriented.
    streets : Streets or None
        Without them every edge is ``side`` with confidence 0.
    main_roads : sequence of str
        For each lot the name of the road that it declares as its main one, "" where it declares none.
    """
    table = edge_table(shapes)
    chain = number_chains(table)
    if streets is None:
        verdicts = {c: _Verdict(EdgeRole.SIDE, "no road layer, so no street is known", 0.0) for c in np.unique(chain)}
        for c in np.unique(chain[table.hole]):
            verdicts[c] = _Verdict(EdgeRole.INTERIOR, "boundary of a hole", 1.0)
        return Labels(shapes=shapes, edges=_edges(table, chain, verdicts, None, None))
    touching = contacts(table, streets)
    splits = split_points(table, chain, touching, streets)
    labels = _label(table, chain, touching, streets, main_roads or [""] * len(shapes), shapes)
    return _relabel_split(labels, table, splits, streets, main_roads) if splits else labels


def _label(
    table: EdgeTable, chain: Ints, touching: Contacts, streets: Streets, main_roads: Sequence[str], shapes: Shapes
) -> Labels:
    chains = _measure(table, chain, touching, streets)
    verdicts: dict[int, _Verdict] = {}
    notes: dict[int, list[str]] = defaultdict(list)
    opening = np.flatnonzero(np.concatenate([[True], chains.part[1:] != chains.part[:-1]]))
    parcel_of_part = np.zeros(int(table.part.max()) + 1, dtype=np.intp)
    parcel_of_part[table.part] = table.parcel
    for first, last in zip(opening, [*opening[1:], len(chains.part)], strict=True):
        row = int(parcel_of_part[chains.part[first]])
        said = _judge_part(range(int(first), int(last)), chains, streets, main_roads[row], verdicts)
        if said:
            notes[row].append(said)
    return Labels(shapes=shapes, edges=_edges(table, chain, verdicts, chains, streets), notes=dict(notes))


def _measure(table: EdgeTable, chain: Ints, touching: Contacts, streets: Streets) -> _Chains:
    """Add the edges up to chains: length, mean normal, neighbours, share that faces a street and which street."""
    count = int(chain.max()) + 1
    length = _sum(chain, table.length, count)
    weighted = table.outward * table.length[:, None]
    normal = np.stack([_sum(chain, weighted[:, k], count) for k in (0, 1)], axis=1)
    normal = normal / np.maximum(np.hypot(*normal.T), 1e-12)[:, None]
    part, hole = np.zeros(count, dtype=np.intp), np.zeros(count, dtype=bool)
    part[chain], hole[chain] = table.part, table.hole
    before, after = np.arange(count), np.arange(count)
    opens, closes = chain[table.before] != chain, chain[table.after] != chain
    before[chain[opens]] = chain[table.before][opens]
    after[chain[closes]] = chain[table.after][closes]
    share = np.clip(_sum(chain[touching.edge], touching.length, count) / length, 0.0, 1.0)
    street = np.full(count, -1, dtype=np.intp)
    keys = streets.keys[touching.street]
    base = int(keys.max()) + 1 if len(keys) else 1
    pairs, inverse = np.unique(chain[touching.edge] * base + keys, return_inverse=True)
    faced = _sum(inverse, touching.length, len(pairs))
    order = np.argsort(faced, kind="stable")
    example = np.zeros(len(pairs), dtype=np.intp)
    example[inverse] = touching.street
    street[pairs[order] // base] = example[order]          # the longest contact is written last
    width = np.where(street >= 0, streets.widths[street], np.nan)
    unknown = (share >= STREET_SHARE) & ~(width > 0)
    if unknown.any():
        longest = np.zeros(count, dtype=np.intp)
        order = np.argsort(table.length, kind="stable")
        longest[chain[order]] = order
        rows = longest[unknown]
        middle = (table.start[rows] + table.end[rows]) / 2
        width[unknown] = widths_across(middle, table.outward[rows], streets)
    return _Chains(part=part, hole=hole, length=length, normal=normal, before=before, after=after, share=share,
                   street=street, width=width)


def _sum(groups: Ints, values: Floats, count: int) -> Floats:
    return np.asarray(np.bincount(groups, weights=values, minlength=count), dtype=np.float64)


def _judge_part(
    rows: Sequence[int], chains: _Chains, streets: Streets, main_road: str, verdicts: dict[int, _Verdict]
) -> str:
    """Judge the chains of one part of a lot; return a sentence where something is odd."""
    outer = [c for c in rows if not chains.hole[c]]
    for c in rows:
        sure = 0.9 - 0.8 * float(chains.share[c])
        verdicts[c] = _Verdict(EdgeRole.SIDE, "no street beyond it, not opposite the front", sure)
        if chains.hole[c]:
            verdicts[c] = _Verdict(EdgeRole.INTERIOR, "boundary of a hole", 1.0)
    facing = [c for c in outer if chains.share[c] >= STREET_SHARE]
    if not facing:
        for c in outer:
            verdicts[c] = _Verdict(EdgeRole.SIDE, "no street beyond any edge of the lot", 0.5)
        return "no street touches the lot: every edge is a side"
    corners = [c for c in facing if _is_corner_cut(c, set(facing), chains)]
    candidates = [c for c in facing if c not in corners and chains.length[c] >= PIECE_M] or facing
    main, why, sure = _main_front(candidates, chains, streets, main_road)
    fronts = set()
    for c in facing:
        along = float(chains.normal[c] @ chains.normal[main])
        if c in corners:
            verdicts[c] = _street(c, EdgeRole.STREET, "corner cut between two streets", 1.0, chains, streets)
        elif c == main or _continues(c, main, along, chains, streets):
            verdicts[c] = _street(c, EdgeRole.FRONT, why, sure, chains, streets)
            fronts.add(c)
        elif along <= _OPPOSITE:
            verdicts[c] = _street(c, EdgeRole.FRONT, "opposite the other front: a through lot", sure, chains, streets)
            fronts.add(c)
        else:
            verdicts[c] = _street(c, EdgeRole.STREET_SIDE, "a street beside the front", sure, chains, streets)
    return _judge_rear(outer, set(facing), fronts, main, chains, verdicts)


def _judge_rear(
    outer: list[int], facing: set[int], fronts: set[int], main: int, chains: _Chains, verdicts: dict[int, _Verdict]
) -> str:
    """Mark the chains opposite the front that share no corner with it; say so where there are none."""
    rear = [
        c for c in outer
        if c not in facing and float(chains.normal[c] @ chains.normal[main]) <= _OPPOSITE
        and not fronts & {int(chains.before[c]), int(chains.after[c])}
    ]
    for c in rear:
        verdicts[c] = _Verdict(EdgeRole.REAR, "opposite the front", 0.9 - 0.8 * float(chains.share[c]))
    through = any(float(chains.normal[c] @ chains.normal[main]) <= _OPPOSITE for c in facing)
    return "" if rear or through else "no edge lies opposite the front: the lot has no rear"


def _main_front(
    candidates: list[int], chains: _Chains, streets: Streets, main_road: str
) -> tuple[int, str, float]:
    """Choose the main front: declared, else on a primary road, else on the widest, else the shortest frontage.

    Where the road layer states no widths they are measured across, to the metre.
    """
    if len(candidates) == 1:
        return candidates[0], "the only street", 0.95
    frontage = {c: _frontage(c, candidates, chains, streets) for c in candidates}

    def rank(c: int) -> tuple[bool, bool, int, float, int]:
        street = chains.street[c]
        declared = bool(main_road) and streets.names[street].casefold() == main_road.casefold()
        return not declared, not bool(streets.primary[street]), -round(float(chains.width[c])), round(frontage[c], 1), c

    best = min(candidates, key=rank)
    others = [rank(c) for c in candidates if streets.keys[chains.street[c]] != streets.keys[chains.street[best]]]
    reasons = (("the main road of the lot as declared", 1.0), ("on a primary road", 0.95),
               ("the widest street", 0.9), ("the shortest of its street frontages", 0.6))
    for position, (why, sure) in enumerate(reasons):
        if others and all(rank(best)[position] < other[position] for other in others):
            return best, why, sure
    return best, "the shortest of its street frontages" if others else "the only street", 0.6 if others else 0.9


def _frontage(c: int, candidates: list[int], chains: _Chains, streets: Streets) -> float:
    """Length of all chains that look onto the same street the same way."""
    return sum(float(chains.length[k]) for k in candidates
               if k == c or _continues(k, c, float(chains.normal[k] @ chains.normal[c]), chains, streets))


def _continues(c: int, main: int, along: float, chains: _Chains, streets: Streets) -> bool:
    one, other = (int(chains.street[k]) for k in (c, main))
    if streets.keys[one] == streets.keys[other]:
        return along >= _SAME_WAY
    return not streets.names[one] and not streets.names[other] and along >= _ACROSS


def _is_corner_cut(c: int, facing: set[int], chains: _Chains) -> bool:
    """Whether a chain is the short cut or rounding of the corner between two streets."""
    before, after = int(chains.before[c]), int(chains.after[c])
    return (
        before != after and before in facing and after in facing and chains.length[c] <= _CHAMFER_M
        and chains.length[c] < min(chains.length[before], chains.length[after])
        and float(chains.normal[before] @ chains.normal[after]) < _ACROSS
    )


def _street(c: int, role: EdgeRole, why: str, sure: float, chains: _Chains, streets: Streets) -> _Verdict:
    street = int(chains.street[c])
    width = streets.widths[street]
    wide = f" ({width:.3g} m wide)" if np.isfinite(width) else f" (measured {chains.width[c]:.0f} m across)"
    share = float(chains.share[c])
    return _Verdict(role, f"faces {streets.words[street]}{wide} along {share:.0%} of it; {why}", sure * share)


def _edges(
    table: EdgeTable, chain: Ints, verdicts: dict[int, _Verdict], chains: _Chains | None, streets: Streets | None
) -> list[tuple[Edge, ...]]:
    """Make the `Edge` values of every lot."""
    opening = np.searchsorted(table.parcel, np.arange(int(table.parcel.max()) + 2))
    said = {c: (v.role, v.reason, round(max(v.confidence, 0.0), 2), *_road(c, v, chains, streets))
            for c, v in verdicts.items()}
    numbers = chain.tolist()
    result = []
    for first, last in zip(opening[:-1].tolist(), opening[1:].tolist(), strict=True):
        local: dict[int, int] = {}
        made = []
        for index, c in enumerate(numbers[first:last]):
            role, reason, confidence, road, width = said[c]
            made.append(Edge(index=index, role=role, chain=local.setdefault(c, len(local)), reason=reason,
                             confidence=confidence, road=road, road_width_m=width))
        result.append(tuple(made))
    return result


def _road(c: int, verdict: _Verdict, chains: _Chains | None, streets: Streets | None) -> tuple[str, float | None]:
    faces = verdict.role in {EdgeRole.FRONT, EdgeRole.STREET, EdgeRole.STREET_SIDE}
    if chains is None or streets is None or not faces:
        return "", None
    street = int(chains.street[c])
    width = float(streets.widths[street])
    return streets.names[street], round(width, 2) if np.isfinite(width) else None


def _relabel_split(
    labels: Labels, table: EdgeTable, splits: dict[int, Floats], streets: Streets, main_roads: Sequence[str]
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
    roads = [main_roads[row] for row in rows] if main_roads else [""] * len(rows)
    relabelled = _label(again, chain, contacts(again, streets), streets, roads, shapes[rows])
    edges, notes = list(labels.edges), dict(labels.notes)
    for k, row in enumerate(rows.tolist()):
        edges[row] = relabelled.edges[k]
        notes[row] = [*relabelled.notes.get(k, []), "an edge is split where a street begins beside it"]
    return replace(labels, shapes=shapes, edges=edges, origin=origin, notes=notes)


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
