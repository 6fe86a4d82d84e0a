"""Controls -> constraints: which edges a control acts on, and the elevations and ceilings that it means.

One function a kind, listed in `_KINDS`; kinds that limit areas and ratios (far, coverage, green) or the least height
cut nothing and are missing there on purpose.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from zonebox.geometry.profile import Profile, fixed, tiers
from zonebox.model import CeilingConstraint, Control, EdgeConstraint, Kind
from zonebox_converters.envelopes.constraints import CLASSES_UP_TO_M, Constraints, Lot, level_ground, zone_in
from zonebox_converters.envelopes.over_plan import from_line, height, no_build, surface_over, tell_of_gaps
from zonebox_converters.envelopes.selecting import facing_north, selected

__all__ = ["Constraints", "Lot", "resolve", "union_of_classes"]


def resolve(lot: Lot, controls: tuple[Control, ...]) -> Constraints:
    """Turn a parcel's controls into constraints, in the order of their ids, so that the result is reproducible.

    A control that another one supersedes is listed and limits nothing (domain C10).
    """
    found = Constraints()
    for control in sorted(controls, key=lambda c: (c.kind is Kind.SETBACK_CLASS, c.id)):
        if control.superseded_by:
            found.superseded.append(control.id)
        elif (handler := _KINDS.get(control.kind)) is not None:
            handler(lot, control, found)
    tell_of_gaps(lot, found)
    return found


def _on_edges(lot: Lot, control: Control, found: Constraints) -> None:
    assert control.profile is not None, f"{control.id}: an edge rule carries its profile"
    if control.line is not None:
        from_line(lot, control, control.profile, found)
        return
    edges = selected(lot.parcel, lot.boundary, control.edges, lot.convergence_deg)
    if control.zone is None and _is_fixed(control.profile):             # most rules of most plans
        found.edges.extend([EdgeConstraint(control=control.id, edge=edge, profile=control.profile, ground_m=(0.0, 0.0),
                                           corner=control.corner) for edge in edges])
        return
    for edge in edges:
        _add_edge(lot, control, edge, control.profile, found)
    _tell_of_part(control, found)


def _is_fixed(profile: Profile) -> bool:
    """Whether a rule keeps one distance at every height, and so needs no ground to stand on."""
    return profile.from_below and len(profile.points) == 1 and profile.slope == 0.0


def _tell_of_part(control: Control, found: Constraints) -> None:
    """Enter a control whose edge rules hold over a part of the lot only among those that do; it forbids no more."""
    if any(rule.control == control.id and rule.zone is not None for rule in found.edges):
        found.ceilings.append(CeilingConstraint(control=control.id, ceilings=()))


def _add_edge(
    lot: Lot, control: Control, edge: int, profile: Profile, found: Constraints,
    classes: tuple[tuple[float, float], ...] = (),
) -> None:
    """Stand a profile on its ground at an edge, in the zone where it holds; a fixed distance needs no ground."""
    zone = zone_in(lot, control)
    if zone is not None and zone.is_empty:
        return
    ground = (0.0, 0.0) if _is_fixed(profile) else lot.grounds.along(control.datum, lot.boundary, edge)
    if ground is None:
        found.unresolved.append(
            f"{control.id}: the {control.datum.value} at edge {edge} of parcel {lot.parcel.id} is not known")
        return
    found.edges.append(EdgeConstraint(control=control.id, edge=edge, profile=profile, ground_m=ground,
                                      corner=control.corner, classes=classes, zone=zone))


def _road_slant(lot: Lot, control: Control, found: Constraints) -> None:
    """Z ≤ m (W + s_b + d) out to the applicable distance; its relief holds where the own setback is kept (B5)."""
    assert control.slant is not None
    slant = control.slant
    for edge in selected(lot.parcel, lot.boundary, control.edges, lot.convergence_deg):
        width = lot.parcel.edges[edge].road_width_m
        if width is None:
            found.unresolved.append(f"{control.id}: the road beyond edge {edge} of parcel {lot.parcel.id} has no width")
            continue
        own = slant.own_setback_m
        foot = slant.base_m + slant.slope * (width + 2.0 * own)
        reach = slant.applicable_m - width - own
        points = [(0.0, own), (foot, own)] if own > 0.0 else [(foot, 0.0)]
        if reach <= own:
            if own > 0.0:
                _add_edge(lot, control, edge, fixed(own), found)
            continue
        if math.isfinite(reach):
            points.append((slant.base_m + slant.slope * (width + own + reach), reach))
        slope = 0.0 if math.isfinite(reach) else 1.0 / slant.slope
        _add_edge(lot, control, edge, Profile(points=tuple(points), slope=slope, from_below=own > 0.0), found)
    _tell_of_part(control, found)


def _north_slant(lot: Lot, control: Control, found: Constraints) -> None:
    """Z ≤ base + m d_N with d_N due true north: on an edge turned by α it rises m / cos α per metre of distance."""
    assert control.slant is not None
    for edge, cosine in facing_north(lot.parcel, lot.boundary, control.edges, lot.convergence_deg):
        rise = control.slant.slope / cosine
        profile = Profile(points=((control.slant.base_m, 0.0),), slope=1.0 / rise, from_below=False)
        _add_edge(lot, control, edge, profile, found)
    _tell_of_part(control, found)


def _setback_class(lot: Lot, control: Control, found: Constraints) -> None:
    """Setbacks by total height: cut with what the union over the classes forbids (domain C4)."""
    assert control.table is not None
    ground = level_ground(lot, control, found)
    if ground is None:
        return
    top = min((cap.top_m for cap in found.caps), default=ground + CLASSES_UP_TO_M) - ground
    if top <= 0.0:
        return
    for edge in selected(lot.parcel, lot.boundary, control.edges, lot.convergence_deg):
        width = lot.parcel.edges[edge].road_width_m
        if width is None and len(control.table.road_widths) > 1:
            found.unresolved.append(f"{control.id}: the road beyond edge {edge} of parcel {lot.parcel.id} has no width")
            continue
        classes = control.table.classes(width or 0.0, up_to=top)
        _add_edge(lot, control, edge, union_of_classes(classes), found, classes)
    _tell_of_part(control, found)


def union_of_classes(classes: tuple[tuple[float, float], ...]) -> Profile:
    """Profile of what every class forbids: at each height the least distance of the classes that reach it.

    >>> union_of_classes(((10.0, 5.0), (24.0, 8.0))).points
    ((0.0, 5.0), (10.0, 5.0), (10.0, 8.0))
    """
    steps, low = [], 0.0
    for k, (top, _) in enumerate(classes):
        steps.append((low, min(distance for _, distance in classes[k:])))
        low = top
    return tiers(tuple(steps))


def _underground(lot: Lot, control: Control, found: Constraints) -> None:
    if control.limit is not None:
        found.floor_m = control.limit if found.floor_m is None else max(found.floor_m, control.limit)
    if control.profile is None:
        return
    ground = level_ground(lot, control, found)
    if ground is None:
        return
    for edge in selected(lot.parcel, lot.boundary, control.edges, lot.convergence_deg):
        found.underground.append(EdgeConstraint(control=control.id, edge=edge, profile=control.profile,
                                                ground_m=(ground, ground), corner=control.corner,
                                                zone=zone_in(lot, control)))


_KINDS: Final[dict[Kind, Callable[[Lot, Control, Constraints], None]]] = {
    Kind.SETBACK: _on_edges,
    Kind.PROPORTIONAL: _on_edges,
    Kind.PROFILE: _on_edges,
    Kind.RECESSION: _on_edges,
    Kind.SETBACK_CLASS: _setback_class,
    Kind.ROAD_SLANT: _road_slant,
    Kind.NORTH_SLANT: _north_slant,
    Kind.UNDERGROUND: _underground,
    Kind.HEIGHT: height,
    Kind.HEIGHT_ABSOLUTE: height,
    Kind.STOREYS: height,
    Kind.NO_BUILD: no_build,
    Kind.VIEW_CORRIDOR: surface_over,
    Kind.OBSTACLE: surface_over,
    Kind.FRESNEL: surface_over,
    Kind.SOLAR: surface_over,
}


def shapes(kind: Kind) -> bool:
    """Tell whether controls of a kind limit the envelope's body, and not only areas, ratios or the least height."""
    return kind in _KINDS
