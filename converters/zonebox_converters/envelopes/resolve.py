"""Controls -> constraints: which edges a control acts on, and the elevations its heights mean."""

from __future__ import annotations

from dataclasses import dataclass

from zonebox.geometry.boundary import Boundary
from zonebox.model import CapConstraint, Control, EdgeConstraint, EdgeSelector, Kind, Parcel
from zonebox_converters.envelopes.grounds import Grounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    """A parcel's controls at work, and one sentence for each that could not be set to work."""

    edges: tuple[EdgeConstraint, ...]
    caps: tuple[CapConstraint, ...]
    unresolved: tuple[str, ...]


def resolve(parcel: Parcel, lot: Boundary, controls: tuple[Control, ...], grounds: Grounds) -> Constraints:
    """Turn a parcel's controls into constraints, in the order of their ids, so that the result is reproducible."""
    edges: list[EdgeConstraint] = []
    caps: list[CapConstraint] = []
    unresolved: list[str] = []
    for control in sorted(controls, key=lambda c: c.id):
        if control.kind in (Kind.HEIGHT, Kind.HEIGHT_ABSOLUTE):
            cap = _cap(control, grounds)
            if cap is None:
                unresolved.append(f"{control.id}: the {control.datum.value} of parcel {parcel.id} is not known")
            else:
                caps.append(cap)
        elif control.profile is not None:
            found, missing = _on_edges(parcel, lot, control, grounds)
            edges += found
            unresolved += missing
    return Constraints(edges=tuple(edges), caps=tuple(caps), unresolved=tuple(unresolved))


def selected(parcel: Parcel, selector: EdgeSelector) -> list[int]:
    """Edge numbers that a selector names; every edge where it names none."""
    if not selector.roles and not selector.indices:
        return [edge.index for edge in parcel.edges]
    return [e.index for e in parcel.edges if e.role.value in selector.roles or e.index in selector.indices]


def _cap(control: Control, grounds: Grounds) -> CapConstraint | None:
    assert control.limit is not None, f"{control.id}: a height control carries its limit"
    if control.kind is Kind.HEIGHT_ABSOLUTE:
        return CapConstraint(control=control.id, top_m=control.limit)
    ground = grounds.reference(control.datum)
    return None if ground is None else CapConstraint(control=control.id, top_m=ground + control.limit, ground_m=ground)


def _on_edges(
    parcel: Parcel, lot: Boundary, control: Control, grounds: Grounds
) -> tuple[list[EdgeConstraint], list[str]]:
    assert control.profile is not None
    profile = control.profile
    level = profile.from_below and len(profile.points) == 1 and profile.slope == 0.0
    found, missing = [], []
    for edge in selected(parcel, control.edges):
        ground = (0.0, 0.0) if level else grounds.along(control.datum, lot, edge)
        if ground is None:
            missing.append(f"{control.id}: the {control.datum.value} at edge {edge} of parcel {parcel.id} is not known")
        else:
            found.append(EdgeConstraint(control=control.id, edge=edge, profile=profile, ground_m=ground))
    return found, missing
