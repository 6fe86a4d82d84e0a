"""How near a design comes to the edges of its lot, at every height (domain D3)."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from zonebox import tolerance
from zonebox.checks.findings import measured, not_checked, up
from zonebox.checks.subject import Subject
from zonebox.geometry.clearance import Clearance, edge_clearance
from zonebox.geometry.edgewise import edge_ground
from zonebox.geometry.soup import Soup
from zonebox.model import Control, Cure, EdgeConstraint, Finding, Kind, Where

EDGE_KINDS = (Kind.SETBACK, Kind.PROPORTIONAL, Kind.RECESSION)


def check_setbacks(subject: Subject) -> Iterator[Finding]:
    """Check every edge rule of the parcel: one finding per rule and run of edges."""
    for control in subject.controls:
        if control.kind in EDGE_KINDS:
            yield from _check(subject, control)


def _check(subject: Subject, control: Control) -> Iterator[Finding]:
    envelope = subject.envelope
    if envelope is None:
        yield not_checked(subject, control, check=control.kind.value, unit="m",
                          reason="the ground of the parcel is not known")
        return
    rules = [rule for rule in envelope.edge_constraints if rule.control == control.id]
    chains: dict[int, list[EdgeConstraint]] = {}
    for rule in rules:
        chains.setdefault(subject.parcel.edges[rule.edge].chain, []).append(rule)
    if not rules and (control.edges.roles or control.edges.indices):
        return                                          # the rule speaks of edges this lot does not have
    for rules_of_chain in chains.values():
        lot = envelope.boundary
        found = [(edge_clearance(subject.soup, lot, envelope.shape, rule), rule) for rule in rules_of_chain]
        tight = [(clear, rule) for clear, rule in found if clear is not None]
        if tight:
            clear, rule = min(tight, key=lambda pair: pair[0].margin_m)
            yield _finding(subject, control, rule, clear)


def _finding(subject: Subject, control: Control, rule: EdgeConstraint, clear: Clearance) -> Finding:
    envelope = subject.envelope
    assert envelope is not None
    if control.kind is Kind.RECESSION:
        under = _under_plane(subject, control, rule, clear)
        if under is not None:
            return under
    margin = clear.margin_m
    inward = envelope.boundary.inward[rule.edge]
    part = _offending(subject, clear) if margin < 0.0 else None
    role = subject.parcel.edges[rule.edge].role.value
    z = clear.point[2]
    return measured(
        subject, control, check=control.kind.value, value=clear.distance_m, limit=clear.required_m, margin=margin,
        tol=tolerance.PLAN_M, unit="m", suffix=f"edge-{rule.edge}",
        reason=f"distance to edge {rule.edge} ({role}) at {z - envelope.ground_m:.2f} m above the ground",
        where=Where(point=clear.point, edge=rule.edge, storey=subject.storey_at(z), foot=clear.foot),
        elements=() if part is None else subject.elements_of(part.origin),
        cure=Cure(action="move", amount=up(-margin), unit="m", direction=(float(inward[0]), float(inward[1]))),
        part=None if part is None else part.mesh(),
    )


def _under_plane(subject: Subject, control: Control, rule: EdgeConstraint, clear: Clearance) -> Finding | None:
    """Say the same in heights, as people read an inclined plane; None where no height at this distance is allowed."""
    limit = float(rule.profile.limit_at(max(clear.distance_m, 0.0)))
    if not math.isfinite(limit):
        return None
    ground = _ground_under(subject, rule, clear)
    x, y, z = clear.point
    value = z - ground
    part = _offending(subject, clear) if value > limit else None
    role = subject.parcel.edges[rule.edge].role.value
    return measured(
        subject, control, check=control.kind.value, value=value, limit=limit, margin=limit - value,
        tol=tolerance.HEIGHT_M, unit="m", suffix=f"edge-{rule.edge}",
        reason=f"height {clear.distance_m:.2f} m inside edge {rule.edge} ({role}), against the plane rising from it",
        where=Where(point=clear.point, edge=rule.edge, storey=subject.storey_at(z), foot=(x, y, ground + limit)),
        elements=() if part is None else subject.elements_of(part.origin),
        cure=Cure(action="lower", amount=up(value - limit), unit="m"), part=None if part is None else part.mesh(),
    )


def _ground_under(subject: Subject, rule: EdgeConstraint, clear: Clearance) -> float:
    assert subject.envelope is not None
    place = np.array([clear.point[:2]])
    return float(edge_ground(place, subject.envelope.boundary, rule.edge, rule.ground_m)[0])


def _offending(subject: Subject, clear: Clearance) -> Soup:
    """Take the triangles that break the rule."""
    return subject.soup.where(np.isin(subject.soup.origin, clear.breaking))
