"""Rules and indicators meet parcels: the controls of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from zonebox.errors import InputError
from zonebox.model import Control, EdgeSelector, Parcel
from zonebox_converters.zoning.fields import suggest
from zonebox_converters.zoning.landuse import main_class
from zonebox_converters.zoning.rules import Rule

_NAMED = 6
"""How many parcels a note names before it only counts."""


def apply_rules(
    rules: Sequence[Rule], parcels: Sequence[Parcel], origin: Mapping[str, tuple[int, ...]]
) -> tuple[list[Control], list[str]]:
    """Make the controls of rule packs.

    Parameters
    ----------
    rules : sequence of Rule
        From all packs.
    parcels : sequence of Parcel
        The plan's.
    origin : mapping
        Parcel number -> for each edge the edge of the lot as drawn that it is a piece of, where edges were split.

    Returns
    -------
    controls : list of Control
        By rule, then by parcel; edge selectors stay symbolic.
    notes : list of str
        Rules that act on nothing.

    Raises
    ------
    InputError
        One id in two packs; a rule for a parcel or an edge that does not exist.
    """
    known = {parcel.id: parcel for parcel in parcels}
    by_id: dict[str, Rule] = {}
    controls: list[Control] = []
    notes: list[str] = []
    for rule in rules:
        if rule.id in by_id:
            raise InputError(rule.where, got=f'the rule id "{rule.id}" of {by_id[rule.id].where} again',
                             want="an id of its own")
        by_id[rule.id] = rule
        for name in (*rule.parcels, *rule.except_parcels):
            if name not in known:
                raise InputError(rule.where, got=f'the parcel "{name}", which the plan does not have',
                                 want="a parcel number of the plan", then=suggest(name, known))
        chosen = [parcel for parcel in parcels if holds_on(rule, parcel)]
        controls += [_control(rule, parcel, origin.get(parcel.id)) for parcel in chosen]
        notes += _idle(rule, chosen)
    return controls, notes


def holds_on(rule: Rule, parcel: Parcel) -> bool:
    """Tell whether a rule speaks of a parcel: named, or buildable and of the land use (by prefix)."""
    if parcel.id in rule.except_parcels:
        return False
    if rule.parcels:
        return parcel.id in rule.parcels and _has_use(rule, parcel)
    return parcel.buildable and _has_use(rule, parcel)


def some(names: Sequence[str]) -> str:
    """Name a few parcels and count the rest.

    >>> some(["A", "B"]), some(list("ABCDEFGH"))
    ('A, B', 'A, B, C, D, E, F and 2 more')
    """
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _has_use(rule: Rule, parcel: Parcel) -> bool:
    use = main_class(parcel.land_use).casefold()
    return not rule.land_use or any(use.startswith(prefix.casefold()) for prefix in rule.land_use)


def _control(rule: Rule, parcel: Parcel, origin: tuple[int, ...] | None) -> Control:
    selector = rule.edges
    drawn = max(origin) + 1 if origin else len(parcel.edges)
    if selector.indices and max(selector.indices) >= drawn:
        raise InputError(rule.where, got=f"edge {max(selector.indices)} of parcel {parcel.id}",
                         want=f"edges 0 to {drawn - 1}", then="edges are counted from 0, counter-clockwise")
    if selector.indices and origin:
        pieces = tuple(k for k, source in enumerate(origin) if source in selector.indices)
        selector = replace(selector, indices=pieces)
    return Control(
        id=f"{parcel.id}/{rule.id}", parcel=parcel.id, kind=rule.kind, limit=rule.limit, profile=rule.profile,
        edges=selector, datum=rule.datum, measure=rule.measure, severity=rule.severity, authority=rule.authority,
        source=rule.source,
    )


def _idle(rule: Rule, chosen: Sequence[Parcel]) -> list[str]:
    """Say where a rule finds nothing to act on."""
    if not chosen:
        return [f"{rule.where}: holds on no parcel of this plan"]
    without = [parcel.id for parcel in chosen if not _finds_edges(rule.edges, parcel)]
    return [f"{rule.where}: no {' or '.join(rule.edges.roles)} edge on {some(without)}"] if without else []


def _finds_edges(selector: EdgeSelector, parcel: Parcel) -> bool:
    return not selector.roles or bool(selector.indices) or any(edge.role in selector.roles for edge in parcel.edges)
