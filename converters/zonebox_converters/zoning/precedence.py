"""Which rule replaces which: zone, overlay, parcel, and rules that name what they override (domain C10, G1).

Nothing is dropped: a replaced control stays in the plan with ``superseded_by``. Where a rule covers a parcel only in
part, or only some of the edges, what it replaces goes on holding on the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from zonebox.errors import InputError
from zonebox.frame import Frame
from zonebox.geometry.profile import Profile
from zonebox.model import Control, EdgeSelector, Kind, Parcel
from zonebox.tolerance import AREA_M2
from zonebox_converters.zoning.fields import suggest
from zonebox_converters.zoning.kinds import BOUNDS
from zonebox_converters.zoning.rules import Rule
from zonebox_converters.zoning.zones import Site, chosen_edges, polygonal

_ON_EDGES: Final = frozenset({Kind.SETBACK, Kind.SETBACK_CLASS, Kind.PROPORTIONAL, Kind.PROFILE, Kind.RECESSION,
                              Kind.ROAD_SLANT, Kind.NORTH_SLANT, Kind.UNDERGROUND})


@dataclass(slots=True, kw_only=True)
class Held:
    """A control with the rule it comes from; None for the parcel table."""

    rule: Rule | None
    control: Control


def settle(
    made: Sequence[tuple[Rule | None, Sequence[Control]]], rules: Sequence[Rule], parcels: Mapping[str, Parcel],
    site: Site,
) -> list[Control]:
    """Mark what is superseded.

    Parameters
    ----------
    made : sequence of (rule, controls)
        All controls of a plan, by the rule they come from; None for the parcel table.
    rules : sequence of Rule
        All rules in force.

    Raises
    ------
    InputError
        A rule overrides one that does not exist, or itself by way of others; a mode that cannot compare two rules.
    """
    acting = [rule for rule in rules if rule.overrides or rule.mode != "add"]
    if not acting:
        return [control for _, controls in made for control in controls]
    _check_overrides(acting, rules, site.ended)
    held = [Held(rule=rule, control=control) for rule, controls in made for control in controls]
    touched = {h.control.parcel for h in held if h.rule is not None and (h.rule.overrides or h.rule.mode != "add")}
    on_parcel: dict[str, list[int]] = defaultdict(list)
    for position, h in enumerate(held):
        if h.control.parcel in touched:
            on_parcel[h.control.parcel].append(position)
    pieces: dict[int, list[Control]] = {}
    for name, positions in on_parcel.items():
        lot = _Lot(parcels[name], site.frame, [(held[p].rule, [held[p].control]) for p in positions])
        lot.settle()
        pieces.update(zip(positions, (found for _, found in lot.entries), strict=True))
    return [c for position, h in enumerate(held) for c in pieces.get(position, (h.control,))]


class _Lot:
    """The controls of one parcel: each entry is a rule with the pieces its control has fallen into."""

    def __init__(
        self, parcel: Parcel, frame: Frame, entries: list[tuple[Rule | None, list[Control]]]
    ) -> None:
        self.parcel, self.frame, self.entries = parcel, frame, entries

    def settle(self) -> None:
        """Let the acting rules act, lower levels first."""
        acting = [k for k, (rule, _) in enumerate(self.entries)
                  if rule is not None and (rule.overrides or rule.mode != "add")]
        for k in sorted(acting, key=lambda k: (_level(self.entries[k][0]), k)):
            rule, pieces = self.entries[k]
            assert rule is not None
            winner = pieces[0]
            for other in range(len(self.entries)):
                if other != k and self._named(rule, other):
                    self._supersede(other, winner, by_edges=False)
            if rule.mode != "add":
                for other in range(len(self.entries)):
                    if other != k and self._lower(rule, other):
                        self._weigh(rule, k, other)

    def _named(self, rule: Rule, other: int) -> bool:
        """Tell whether a rule overrides an entry: by the id of its rule, or of an indicator of the parcel table."""
        theirs, pieces = self.entries[other]
        name = theirs.id if theirs is not None else pieces[0].id.removeprefix(f"{self.parcel.id}/")
        return name in rule.overrides

    def _lower(self, rule: Rule, other: int) -> bool:
        theirs, pieces = self.entries[other]
        return theirs is not None and theirs.level < rule.level and pieces[0].kind is rule.kind

    def _weigh(self, rule: Rule, k: int, other: int) -> None:
        """Compare two rules of one kind as the mode says, and mark the one that gives way."""
        mine, theirs = self.entries[k][1][0], self.entries[other][1][0]
        if theirs.superseded_by or mine.superseded_by:
            return
        keeps = "mine" if rule.mode == "replace" else _choose(rule, mine, theirs)
        if keeps == "mine":
            self._supersede(other, mine, by_edges=True)
        elif keeps == "theirs":
            self._supersede(k, theirs, by_edges=True)

    def _supersede(self, entry: int, winner: Control, *, by_edges: bool) -> None:
        """Replace the active pieces of an entry where a winner holds."""
        rule, pieces = self.entries[entry]
        result: list[Control] = []
        for piece in pieces:
            if piece.superseded_by:
                result.append(piece)
                continue
            free, taken = self._split(piece, winner, by_edges=by_edges)
            result += free
            if taken is not None:
                result.append(replace(taken, superseded_by=winner.id,
                                      id=f"{piece.id}@{winner.id.rpartition('/')[2]}" if free else piece.id))
        self.entries[entry] = (rule, result)

    def _split(self, piece: Control, winner: Control, *, by_edges: bool) -> tuple[list[Control], Control | None]:
        """Divide a control into pieces that stay free and one that a winner takes over."""
        free: list[Control] = []
        inner = piece
        if by_edges and piece.kind in _ON_EDGES and piece.line is None and winner.line is None:
            mine = chosen_edges(self.parcel, piece.edges, self.frame)
            common = mine & chosen_edges(self.parcel, winner.edges, self.frame)
            if not common:
                return [piece], None
            if common != mine:
                free.append(replace(piece, edges=EdgeSelector(indices=tuple(sorted(mine - common)))))
                inner = replace(piece, edges=EdgeSelector(indices=tuple(sorted(common))))
        if winner.zone is None:
            return free, inner
        ground = self.parcel.shape if inner.zone is None else inner.zone
        inside, outside = _parts(ground, winner.zone)
        if inside is None:
            return [piece], None
        if outside is not None:
            free.append(replace(inner, zone=outside, id=f"{piece.id}#rest" if free else piece.id))
        return free, replace(inner, zone=inside)


def _parts(ground: BaseGeometry, zone: BaseGeometry) -> tuple[BaseGeometry | None, BaseGeometry | None]:
    """Parts of a ground inside and outside a zone; None where smaller than 1 m²."""
    parts = (polygonal(shapely.intersection(ground, zone)), polygonal(shapely.difference(ground, zone)))
    inside, outside = (part if part.area >= min(AREA_M2, 0.5 * ground.area) else None for part in parts)
    return inside, outside


def _level(rule: Rule | None) -> int:
    return -1 if rule is None else rule.level


def _choose(rule: Rule, mine: Control, theirs: Control) -> str:
    """Tell which control a mode keeps: ``mine``, ``theirs`` or ``both``."""
    least = rule.mode == "min"
    level = all(c.profile is not None and len(c.profile.points) == 1 and not c.profile.slope and c.profile.from_below
                for c in (mine, theirs))
    if ((mine.datum, mine.measure) != (theirs.datum, theirs.measure) and mine.kind in BOUNDS) or (
            mine.datum != theirs.datum and not level):
        raise InputError(rule.where, got=f'mode = "{rule.mode}" against {theirs.id} with another datum or measure',
                         want="one datum and measure for both", then='write mode = "replace"')
    if mine.limit is not None and theirs.limit is not None and mine.kind in BOUNDS:
        return "mine" if (mine.limit <= theirs.limit) == least else "theirs"
    if mine.profile is None or theirs.profile is None:
        raise InputError(rule.where, got=f'mode = "{rule.mode}" on a {mine.kind} rule',
                         want="a kind with a number or a distance over height", then='write mode = "replace"')
    order = _compare(mine.profile, theirs.profile)
    if order is None and least:
        raise InputError(rule.where, got=f'mode = "min" against {theirs.id}, whose distances cross its own',
                         want="distances of which one is always the smaller", then='write mode = "replace"')
    if order is None:
        return "both"
    return "mine" if (order <= 0) == least else "theirs"


def _compare(one: Profile, other: Profile) -> int | None:
    """Order two profiles: -1 where one never asks for more than the other, 1 the other way round, None: they cross.

    >>> from zonebox.geometry.profile import fixed, proportional
    >>> _compare(fixed(3), fixed(5)), _compare(fixed(5), fixed(3)), _compare(fixed(5), proportional(0.4, 3))
    (-1, 1, None)
    """
    bends = sorted({*one.heights, *other.heights})
    heights = np.array([bends[0] - 1.0, *bends, *(b - 1e-9 for b in bends), bends[-1] + 1e4, bends[-1] + 2e4])
    gap = one.distance_at(heights) - other.distance_at(heights)
    if (gap <= 1e-9).all():
        return -1
    return 1 if (gap >= -1e-9).all() else None


def _check_overrides(acting: Iterable[Rule], rules: Sequence[Rule], ended: Sequence[str]) -> None:
    """Refuse overrides of rules that do not exist, and circles."""
    overrides = {rule.id: rule.overrides for rule in rules}
    names = {*overrides, *ended, *Kind}
    for rule in acting:
        for name in rule.overrides:
            if name not in names:
                raise InputError(rule.where, got=f'overrides "{name}", which no pack has', want="the id of a rule",
                                 then=suggest(name, names))
        seen: set[str] = set()
        ahead = list(rule.overrides)
        while ahead:
            name = ahead.pop()
            if name == rule.id:
                raise InputError(rule.where, got=f'overrides that lead back to "{rule.id}"',
                                 want="rules that do not replace each other")
            if name not in seen:
                seen.add(name)
                ahead += overrides.get(name, ())
