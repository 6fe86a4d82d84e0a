"""Rules and indicators meet parcels: the controls of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from zonebox.errors import InputError
from zonebox.model import Control, EdgeRole, EdgeSelector, Kind, Parcel, SolarFence
from zonebox_converters.zoning.fields import suggest
from zonebox_converters.zoning.landuse import main_class
from zonebox_converters.zoning.limits import SolarRule, in_frame, solar_fence
from zonebox_converters.zoning.precedence import settle
from zonebox_converters.zoning.rules import Rule, ids_of
from zonebox_converters.zoning.stamping import stamp
from zonebox_converters.zoning.zones import Site, chosen_edges, covered, named_shapes, whole

LINE_REACH_M = 50.0
"""Build-to lines and stretches without access farther than this from a parcel are another parcel's."""

_NAMED = 6
"""How many parcels a note names before it only counts."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Place:
    """A parcel on which a rule holds: all of it (``zone`` None) or a part; ``line`` is what a setback keeps from."""

    parcel: Parcel
    zone: BaseGeometry | None = None
    line: BaseGeometry | None = None


def apply_rules(
    rules: Sequence[Rule], parcels: Sequence[Parcel], site: Site, stated: Sequence[Control] = ()
) -> tuple[list[Control], list[str]]:
    """Make the controls of rule packs.

    Parameters
    ----------
    rules : sequence of Rule
        From all packs, those in force.
    parcels : sequence of Parcel
        The plan's.
    site : Site
        Frame, typed lines, and what reading found out about the lots.
    stated : sequence of Control
        From the parcel table; rules may override them.

    Returns
    -------
    controls : list of Control
        Stated ones, then by rule and parcel; edge selectors stay symbolic. Replaced ones stay, with ``superseded_by``.
    notes : list of str
        Rules that act on nothing or only in part.

    Raises
    ------
    InputError
        One id in two packs; a rule for a parcel, an edge or a rule that does not exist; rules that replace each other.
    """
    known = {parcel.id: parcel for parcel in parcels}
    ids_of(rules)
    made: list[tuple[Rule | None, Sequence[Control]]] = [(None, stated)]
    notes: list[str] = []
    for rule in rules:
        for name in (*rule.applies.parcels, *rule.applies.except_parcels):
            if name not in known:
                raise InputError(rule.where, got=f'the parcel "{name}", which the plan does not have',
                                 want="a parcel number of the plan", then=suggest(name, known))
        places, said = _places(rule, parcels, site)
        controls, more = _controls(rule, places, known, site)
        made.append((rule, controls))
        notes += [*said, *more]
    return settle(made, rules, known, site), notes


def holds_on(rule: Rule, parcel: Parcel) -> bool:
    """Tell whether a rule speaks of a parcel: named, or buildable and of the land use (by prefix)."""
    applies = rule.applies
    if parcel.id in applies.except_parcels:
        return False
    if not applies.land_use and not applies.parcels:
        return parcel.buildable
    return (parcel.id in applies.parcels if applies.parcels else parcel.buildable) and _has_use(rule, parcel)


def some(names: Sequence[str]) -> str:
    """Name a few parcels and count the rest.

    >>> some(["A", "B"]), some(list("ABCDEFGH"))
    ('A, B', 'A, B, C, D, E, F and 2 more')
    """
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _has_use(rule: Rule, parcel: Parcel) -> bool:
    prefixes = rule.applies.land_use
    if not prefixes:
        return True
    use = main_class(parcel.land_use).casefold()
    return any(use.startswith(prefix.casefold()) for prefix in prefixes)


def _places(rule: Rule, parcels: Sequence[Parcel], site: Site) -> tuple[list[_Place], list[str]]:
    """Find the parcels on which a rule holds, and the part of each."""
    chosen = [parcel for parcel in parcels if holds_on(rule, parcel)]
    places = [_Place(parcel=parcel) for parcel in chosen]
    words = rule.applies.zone or rule.terms.from_line
    if chosen and words:
        shapes = named_shapes(words, site.lines)
        if not len(shapes):
            have = some(sorted({line.kind for line in site.lines})) or "none"
            return [], [f"{rule.where}: the plan has no line or zone {' or '.join(words)} (it has {have})"]
        places = _within(rule, chosen, shapes) if rule.applies.zone else places
        if rule.terms.from_line:
            places = _near(rule, places, named_shapes(rule.terms.from_line, site.lines))
    return places, [] if places else [f"{rule.where}: holds on no parcel of this plan"]


def _within(rule: Rule, chosen: list[Parcel], shapes: np.ndarray) -> list[_Place]:
    """Keep the parts of parcels inside zones; the rest of a parcel stays free of the rule."""
    parts = covered(shapes, chosen, buffer_m=rule.terms.buffer_m)
    ground = rule.kind is Kind.NO_BUILD
    return [_Place(parcel=chosen[row], zone=None if whole(part, chosen[row]) and not ground else part)
            for row, part in parts.items()]


def _near(rule: Rule, places: list[_Place], shapes: np.ndarray) -> list[_Place]:
    """Give each parcel the drawn lines that a setback can reach into it from; leave out parcels beyond reach."""
    profile = rule.terms.profile
    # an entrance or a facade stands at the boundary at most, a setback reaches into the lot
    reach = max(s for _, s in profile.points) if profile is not None else (rule.terms.limit or 0.0) + LINE_REACH_M
    tree = shapely.STRtree(shapes)
    found = []
    for place in places:
        near = np.sort(tree.query(place.parcel.shape, predicate="dwithin", distance=reach))
        if len(near):
            line = shapes[near[0]] if len(near) == 1 else shapely.union_all(shapes[near])
            found.append(replace(place, line=line))
    return found


def _controls(
    rule: Rule, places: Sequence[_Place], known: dict[str, Parcel], site: Site
) -> tuple[list[Control], list[str]]:
    """Make the controls of one rule."""
    if not places:
        return [], []
    template = _template(rule, site)
    copy = stamp(template)
    plain = not rule.edges.indices and not rule.no_stem and not isinstance(rule.terms.surface, SolarRule)
    controls, dark = [], []
    for place in places:
        parcel = place.parcel
        control = copy(f"{parcel.id}/{rule.id}", parcel.id, template.limit, rule.source)
        if place.zone is not None or place.line is not None:
            control = replace(control, zone=place.zone, line=place.line)
        if not plain:
            control = replace(control, edges=_edges(rule, parcel, site))
        if isinstance(rule.terms.surface, SolarRule):
            fence = _fence(rule, rule.terms.surface, parcel, known, site)
            if fence is None:
                dark.append(parcel.id)
                continue
            control = replace(control, surface=fence)
        controls.append(control)
    notes = [f"{rule.where}: not applied on {some(dark)}, as the ground at the protected edges is not known"
             ] if dark else []
    if rule.edges.roles and template.line is None and not rule.terms.from_line:
        rears, said = _behind(rule, places, template, site)
        controls += rears
        notes += said
    return controls, notes + _narrow_roads(rule, places, site)


def _template(rule: Rule, site: Site) -> Control:
    terms = rule.terms
    surface = None if terms.surface is None or isinstance(terms.surface, SolarRule) else in_frame(terms.surface,
                                                                                                  site.frame)
    return Control(
        id="", parcel="", kind=rule.kind, limit=terms.limit, storey_height_m=terms.storey_height_m,
        area_rule=terms.area_rule, profile=terms.profile, table=terms.table, slant=terms.slant, surface=surface,
        edges=rule.edges, corner=terms.corner, datum=terms.datum, measure=terms.measure, demand=terms.demand,
        projections=terms.projections, effect=terms.effect, severity=rule.severity,
        overrides=rule.overrides, authority=rule.authority, source=rule.source)


def _edges(rule: Rule, parcel: Parcel, site: Site) -> EdgeSelector:
    """Turn edge numbers as drawn into those of the lot as split, and leave out a stem where that is wanted."""
    selector, origin = rule.edges, site.origin.get(parcel.id)
    drawn = max(origin) + 1 if origin else len(parcel.edges)
    if selector.indices and max(selector.indices) >= drawn:
        raise InputError(rule.where, got=f"edge {max(selector.indices)} of parcel {parcel.id}",
                         want=f"edges 0 to {drawn - 1}", then="edges are counted from 0, counter-clockwise")
    if selector.indices and origin:
        pieces = tuple(k for k, source in enumerate(origin) if source in selector.indices)
        selector = replace(selector, indices=pieces)
    stem = set(site.stems.get(parcel.id, ())) if rule.no_stem else set()
    if stem:
        left = chosen_edges(parcel, selector, site.frame) - stem
        selector = EdgeSelector(indices=tuple(sorted(left)))
    return selector


def _fence(rule: Rule, solar: SolarRule, parcel: Parcel, known: dict[str, Parcel], site: Site) -> SolarFence | None:
    """Fence on the protected edges: of named parcels, else of the parcel itself."""
    if solar.segments:
        return solar_fence(solar, parcel, [], site.frame)
    for name in solar.parcels:
        if name not in known:
            raise InputError(rule.where, got=f'the parcel "{name}", which the plan does not have',
                             want="a parcel number of the plan", then=suggest(name, known))
    lots = [known[name] for name in solar.parcels] or [parcel]
    chosen = [(lot, sorted(chosen_edges(lot, solar.edges, site.frame))) for lot in lots]
    return solar_fence(solar, parcel, chosen, site.frame)


def _behind(
    rule: Rule, places: Sequence[_Place], template: Control, site: Site
) -> tuple[list[Control], list[str]]:
    """Let rear rules of lots without a rear edge count from a virtual rear; say where a rule finds no edge."""
    roles = set(rule.edges.roles)
    kinds = {id(p.parcel.edges): p.parcel.edges for p in places}        # lots of a kind share their edges
    with_one = {key for key, edges in kinds.items() if any(edge.role in roles for edge in edges)}
    without = [] if rule.edges.indices else [p for p in places if id(p.parcel.edges) not in with_one]
    made, bare = [], [p.parcel.id for p in without]
    if EdgeRole.REAR in roles and rule.kind is Kind.SETBACK:
        lacking = [p for p in places if p.parcel.id in site.rears]
        made = [replace(template, id=f"{p.parcel.id}/{rule.id}@virtual-rear", parcel=p.parcel.id, zone=p.zone,
                        edges=EdgeSelector(), line=site.rears[p.parcel.id]) for p in lacking]
        bare = [name for name in bare if name not in site.rears]
    notes = [f"{rule.where}: no {' or '.join(rule.edges.roles)} edge on {some(bare)}"] if bare else []
    if made:
        notes.append(f"{rule.where}: kept from a virtual rear on {some([c.parcel for c in made])}")
    return made, notes


def _narrow_roads(rule: Rule, places: Sequence[_Place], site: Site) -> list[str]:
    """Say where a lookup table is silent: on roads narrower than its first interval."""
    least = rule.terms.table_from_m
    if not least:
        return []
    narrow = [p.parcel.id for p in places
              if any(e.road_width_m is not None and e.road_width_m <= least
                     and e.index in chosen_edges(p.parcel, rule.edges, site.frame) for e in p.parcel.edges)]
    return [f"{rule.where}: says nothing about roads up to {least:g} m wide: {some(narrow)}"] if narrow else []
