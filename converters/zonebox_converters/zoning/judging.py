"""Which chain of a lot is front, street side, rear or side, for all lots at once (domain C1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from zonebox.model import EdgeRole
from zonebox_converters.zoning.contact import PIECE_M, STREET_SHARE, Contacts, widths_across
from zonebox_converters.zoning.edge_table import EdgeTable, Floats, Ints, Mask
from zonebox_converters.zoning.streets import Streets

_OPPOSITE: Final = float(np.cos(np.radians(135.0)))
"""Normals further apart than 135 degrees: the far side of a lot."""
_SAME_WAY: Final = 0.5
"""Normals within 60 degrees look onto the same street."""
_CHAMFER_M: Final = 20.0
"""Longest corner cut or rounding between two streets."""
_ACROSS: Final = float(np.cos(np.radians(45.0)))
"""Streets whose normals differ by more than 45 degrees meet at a corner."""
_CHOICES: Final = (("the main road of the lot as declared", 1.0), ("on a primary road", 0.95),
                   ("the street of its address", 0.9), ("the street of the highest class", 0.85),
                   ("the widest street", 0.9), ("by far the widest street as measured", 0.7),
                   ("the shortest of its street frontages", 0.6),
                   ("the only street", 0.95), ("the only street", 0.9))
"""Why a front was chosen, and how sure that is; all but the last two in the order in which they decide."""
_CRITERIA: Final = len(_CHOICES) - 2
_BY_FAR: Final = 1.5
"""Streets measured between lots differ by sidewalks and jogs; only one so much wider is a wider street."""
_NO_STREET: Final = "no street touches the lot: every edge is a side"
_NO_REAR: Final = "no edge lies opposite the front: the lot has no rear"
_HOLE: Final = "boundary of a hole"
_FRONT, _HOLES, _STREETLESS, _SIDE = 1, 4, 5, 7
"""Codes of verdicts: those that face a street come first."""
_SEEN: Final = {
    0: (EdgeRole.STREET, "corner cut between two streets"), _FRONT: (EdgeRole.FRONT, ""),
    2: (EdgeRole.FRONT, "opposite the other front: a through lot"),
    3: (EdgeRole.STREET_SIDE, "a street beside the front"),
}
_UNSEEN: Final = {
    _HOLES: (EdgeRole.INTERIOR, _HOLE), _STREETLESS: (EdgeRole.SIDE, "no street beyond any edge of the lot"),
    6: (EdgeRole.REAR, "opposite the front"), _SIDE: (EdgeRole.SIDE, "no street beyond it, not opposite the front"),
}


@dataclass(frozen=True, slots=True)
class RoadNames:
    """Roads that the parcel table names for each lot, "" where it names none: its main road, and its address's."""

    declared: Sequence[str] = ()
    address: Sequence[str] = ()

    def of(self, rows: Ints) -> RoadNames:
        """Take those of some lots."""
        return RoadNames(*([names[row] for row in rows.tolist()] if names else [] for names in
                           (self.declared, self.address)))

    def numbers(self, which: str, number: Mapping[str, int], parts: int) -> Ints:
        """Numbers of the declared or address roads by part; -2 where there is none or no such street."""
        names = getattr(self, which) or [""] * parts
        return np.array([number.get(name.casefold(), -2) if name else -2 for name in names], dtype=np.intp)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chains:
    """Chains of all lots as columns; ``part`` never falls."""

    part: Ints
    hole: Mask
    length: Floats
    normal: Floats
    before: Ints
    after: Ints
    share: Floats
    street: Ints
    width: Floats


Said = tuple[EdgeRole, str, float, str, float | None]
"""Role, reason and confidence of an edge, name and stated width of the street it faces."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Verdicts:
    """What is said of each chain: ``kind`` (n,) counts in ``said``, which holds each verdict once.

    ``front`` (parts,) is the main front's chain, −1 where none; ``notes`` are sentences by part; ``rearless`` parts
    have a front and neither a rear nor a second front.
    """

    kind: Ints
    said: list[Said]
    front: Ints
    notes: dict[int, str]
    rearless: Ints

    @property
    def is_front(self) -> Mask:
        """Which chains (n,) are fronts."""
        return np.array([role is EdgeRole.FRONT for role, *_ in self.said], dtype=bool)[self.kind]


def unjudged(hole: Mask) -> Verdicts:
    """Make every chain (n,) a side nobody is sure of, for want of streets."""
    side: Said = (EdgeRole.SIDE, "no road layer, so no street is known", 0.0, "", None)
    none = np.zeros(0, dtype=np.intp)
    return Verdicts(kind=hole.astype(np.intp), said=[side, (EdgeRole.INTERIOR, _HOLE, 1.0, "", None)], front=none,
                    notes={}, rearless=none)


def measure(table: EdgeTable, chain: Ints, touching: Contacts, streets: Streets) -> Chains:
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
    return Chains(part=part, hole=hole, length=length, normal=normal, before=before, after=after, share=share,
                  street=street, width=width)


def judge(chains: Chains, streets: Streets, named: RoadNames) -> Verdicts:
    """Give every chain its role.

    Parameters
    ----------
    chains : Chains
        Of all lots.
    streets : Streets
        Around them.
    named : RoadNames
        Of each part of a lot.
    """
    parts = int(chains.part.max()) + 1
    facing = ~chains.hole & (chains.share >= STREET_SHARE)
    corner = facing & _corner_cuts(chains, facing)
    candidate = facing & ~corner & (chains.length >= PIECE_M)
    lacking = np.bincount(chains.part[candidate], minlength=parts) == 0
    candidate |= facing & lacking[chains.part]
    front, choice = _main_fronts(np.flatnonzero(candidate), chains, streets, named, parts)
    main = front[chains.part]
    has = main >= 0
    along = np.where(has, (chains.normal * chains.normal[main]).sum(axis=1), 0.0)
    everyone = np.arange(len(main))
    same = facing & ~corner & ((everyone == main) | _continues(everyone, main, chains, streets))
    through = facing & ~corner & ~same & (along <= _OPPOSITE)
    fronts = same | through
    rear = (~chains.hole & ~facing & has & (along <= _OPPOSITE)
            & ~fronts[chains.before] & ~fronts[chains.after])
    rears = np.bincount(chains.part[rear], minlength=parts)
    behind = np.bincount(chains.part[facing & (along <= _OPPOSITE)], minlength=parts)
    rearless = (front >= 0) & (rears == 0) & (behind == 0)
    notes = {int(p): _NO_REAR for p in np.flatnonzero(rearless)}
    notes |= {int(p): _NO_STREET for p in np.flatnonzero(front < 0)}
    code = np.select([corner, same, through, facing, chains.hole, ~has, rear], range(_SIDE), _SIDE)
    kind, said = _worded(code, facing, choice[chains.part], chains, streets)
    return Verdicts(kind=kind, said=said, front=front, notes=notes, rearless=np.flatnonzero(rearless))


def _worded(code: Ints, facing: Mask, choice: Ints, chains: Chains, streets: Streets) -> tuple[Ints, list[Said]]:
    """Put verdicts into words, once for all chains of which the same is to be said."""
    share = np.rint(chains.share * 100.0)
    own = np.array([1.0, 0.0, 0.0, 1.0])[np.minimum(code, 3)]     # a corner cut, or a street beside, is itself sure
    chosen = np.array([how for _, how in _CHOICES])[choice]
    sure = np.where(facing, np.where(own > 0, own, chosen) * chains.share, 0.9 - 0.8 * chains.share)
    sure = np.select([code == _HOLES, code == _STREETLESS], [1.0, 0.5], sure)
    street = np.where(facing, chains.street, -1)
    across = np.where(facing & ~streets.stated[street], np.rint(chains.width), 0.0)
    keys = np.stack([code, np.where((code == _FRONT) & facing, choice, 0), np.where(facing, share, 0), across, street,
                     np.rint(sure * 100.0)], axis=1).astype(np.int64)
    low = keys.min(axis=0)
    packed = np.ravel_multi_index((keys - low).T, tuple((np.ptp(keys, axis=0) + 1).tolist()))
    _, example, kind = np.unique(packed, return_index=True, return_inverse=True)
    said = [_say(int(code[c]), int(choice[c]), float(share[c]), int(across[c]), int(street[c]),
                 round(float(np.rint(sure[c] * 100.0)) / 100.0, 2), streets) for c in example.tolist()]
    return kind, said


def _say(code: int, choice: int, share: float, across: int, street: int, sure: float, streets: Streets) -> Said:
    if street < 0:
        role, why = _UNSEEN[code]
        return role, why, max(sure, 0.0), "", None
    role, why = _SEEN[code]
    width = float(streets.widths[street])
    wide = f" ({width:.3g} m wide)" if streets.stated[street] else f" (measured {across} m across)"
    said = f"faces {streets.words[street]}{wide} along {share:.0f}% of it; {why or _CHOICES[choice][0]}"
    return role, said, max(sure, 0.0), streets.names[street], round(width, 2) if np.isfinite(width) else None


def _main_fronts(
    rows: Ints, chains: Chains, streets: Streets, named: RoadNames, parts: int
) -> tuple[Ints, Ints]:
    """Choose the main front of each part by the first criterion of `_CHOICES` that tells its streets apart.

    Widths decide where the road layer states all of them; measured ones only where one street is by far the widest.

    Returns
    -------
    front : (parts,)
        Chain; −1 where no chain faces a street.
    choice : (parts,)
        Number of the reason in `_CHOICES`.
    """
    part, street = chains.part[rows], chains.street[rows]
    rank = np.stack(_ranks(rows, chains, streets, named, parts))
    order = np.lexsort((rows, *rank[::-1], part))
    opens = np.concatenate([[True], part[order][1:] != part[order][:-1]]) if len(rows) else np.zeros(0, dtype=bool)
    best = order[opens]
    front, choice = np.full(parts, -1, dtype=np.intp), np.full(parts, _CRITERIA + 1, dtype=np.intp)
    front[part[best]] = rows[best]
    chosen = np.zeros(parts, dtype=np.intp)
    chosen[part[best]] = best
    mine = chosen[part]                                     # for each candidate the best of its part
    other = streets.keys[street] != streets.keys[street[mine]]
    behind = np.zeros((_CRITERIA, parts), dtype=bool)       # whether some other candidate is no worse by a criterion
    for k in range(_CRITERIA):
        behind[k, part[other & ~(rank[k][mine] < rank[k])]] = True
    contested = np.bincount(part[other], minlength=parts) > 0
    decides = np.where((~behind).any(axis=0), np.argmin(behind, axis=0), _CRITERIA - 1)
    choice[contested] = decides[contested]
    choice[np.bincount(part, minlength=parts) == 1] = _CRITERIA
    return front, choice


def _ranks(rows: Ints, chains: Chains, streets: Streets, named: RoadNames, parts: int) -> list[Floats]:
    """Rank candidates (sorted by part) by each criterion of `_CHOICES`: the lowest is the front."""
    part, street = chains.part[rows], chains.street[rows]
    number = {name.casefold(): k for k, name in enumerate(streets.names) if name}
    own = np.array([number[name.casefold()] if name else -1 for name in streets.names], dtype=np.intp)[street]
    width = np.round(chains.width[rows])
    widest = np.zeros(parts)
    np.maximum.at(widest, part, width)
    measured = np.zeros(parts, dtype=bool)
    np.logical_or.at(measured, part, ~streets.stated[street])
    return [
        (own != named.numbers("declared", number, parts)[part]).astype(np.float64),
        (~streets.primary[street]).astype(np.float64),
        (own != named.numbers("address", number, parts)[part]).astype(np.float64),
        -streets.ranks[street].astype(np.float64),
        np.where(measured[part], 0.0, -width),
        np.where(measured[part], (width * _BY_FAR < widest[part]).astype(np.float64), 0.0),
        np.round(_frontages(rows, chains, streets), 1),
    ]


def _frontages(rows: Ints, chains: Chains, streets: Streets) -> Floats:
    """For each candidate (sorted by part) the length of all that look onto the same street the same way."""
    if not len(rows):
        return np.zeros(0)
    part = chains.part[rows]
    first = np.searchsorted(part, part)
    size = np.searchsorted(part, part, side="right") - first
    one = np.repeat(np.arange(len(rows)), size)
    start = np.cumsum(size) - size
    other = first[one] + np.arange(len(one)) - start[one]
    together = (one == other) | _continues(rows[other], rows[one], chains, streets)
    return _sum(one, chains.length[rows[other]] * together, len(rows))


def _continues(c: Ints, main: Ints, chains: Chains, streets: Streets) -> Mask:
    """Tell whether chains go on along the street of others: one street, or nameless pieces in line."""
    along = (chains.normal[c] * chains.normal[main]).sum(axis=1)
    one, other = chains.street[c], chains.street[main]
    bare = np.array([not name for name in streets.names], dtype=bool)
    same = streets.keys[one] == streets.keys[other]
    return np.asarray(np.where(same, along >= _SAME_WAY, bare[one] & bare[other] & (along >= _ACROSS)))


def _corner_cuts(chains: Chains, facing: Mask) -> Mask:
    """Tell which chains are the short cut or rounding of the corner between two streets."""
    before, after = chains.before, chains.after
    neighbours = (chains.normal[before] * chains.normal[after]).sum(axis=1)
    return np.asarray((before != after) & facing[before] & facing[after] & (chains.length <= _CHAMFER_M)
                      & (chains.length < np.minimum(chains.length[before], chains.length[after]))
                      & (neighbours < _ACROSS))


def _sum(groups: Ints, values: Floats, count: int) -> Floats:
    return np.asarray(np.bincount(groups, weights=values, minlength=count), dtype=np.float64)
