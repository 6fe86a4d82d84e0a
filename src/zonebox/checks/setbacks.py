"""How near a design comes to the edges of its lot, at every height (domain D3)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from zonebox import tolerance
from zonebox.checks.findings import measured, not_checked, up
from zonebox.checks.heights import parapet_top
from zonebox.checks.subject import Subject
from zonebox.geometry.clearance import Clearance, edge_clearance
from zonebox.geometry.edgewise import edge_ground
from zonebox.geometry.profile import fixed
from zonebox.geometry.soup import Soup
from zonebox.model import Control, Cure, EdgeConstraint, Finding, Kind, Where

EDGE_KINDS = (Kind.SETBACK, Kind.SETBACK_CLASS, Kind.PROPORTIONAL, Kind.PROFILE, Kind.RECESSION, Kind.ROAD_SLANT,
              Kind.NORTH_SLANT)

PLANES = (Kind.RECESSION, Kind.ROAD_SLANT, Kind.NORTH_SLANT)
"""Rules that people read as a height over a place rather than a distance at a height."""


def check_setbacks(subject: Subject) -> Iterator[Finding]:
    """Check every edge rule of the parcel: one finding per rule and run of edges."""
    for control in subject.controls:
        if control.superseded_by or control.line is not None:
            continue
        if control.kind in EDGE_KINDS:
            yield from _check(subject, control)
        elif control.kind is Kind.UNDERGROUND:
            yield from _check_underground(subject, control)


def _check(subject: Subject, control: Control) -> Iterator[Finding]:
    envelope = subject.envelope
    if envelope is None:
        yield not_checked(subject, control, check=control.kind.value, unit="m",
                          reason="the ground of the parcel is not known")
        return
    rules = [_of_its_class(subject, rule) for rule in envelope.edge_constraints if rule.control == control.id]
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


def _of_its_class(subject: Subject, rule: EdgeConstraint) -> EdgeConstraint:
    """Hold a building against the setback of its own height class, at every height (domain A7a, C4)."""
    if not rule.classes or subject.ground_m is None or not len(subject.soup):
        return rule
    height = parapet_top(subject).z - subject.ground_m
    distance = next((d for bound, d in rule.classes if height <= bound + tolerance.HEIGHT_M), rule.classes[-1][1])
    return replace(rule, profile=fixed(distance))


def _check_underground(subject: Subject, control: Control) -> Iterator[Finding]:
    """Check what lies below the ground: the same measure, upside down."""
    envelope = subject.envelope
    if envelope is None or control.profile is None:
        return
    buried = Soup.of(subject.design.mesh).below([0.0, 0.0, 1.0], envelope.ground_m)
    flip = np.array([1.0, 1.0, -1.0])
    upside = Soup(corners=buried.corners * flip + np.array([0.0, 0.0, envelope.ground_m]), origin=buried.origin)
    for edge in (e.index for e in subject.parcel.edges):
        if control.edges.roles and subject.parcel.edges[edge].role.value not in control.edges.roles:
            continue
        rule = EdgeConstraint(control=control.id, edge=edge, profile=control.profile, ground_m=(0.0, 0.0))
        clear = edge_clearance(upside, envelope.boundary, envelope.shape, rule) if len(upside) else None
        if clear is not None:
            x, y, depth = clear.point
            real = replace(clear, point=(x, y, envelope.ground_m - depth),
                           foot=(*clear.foot[:2], envelope.ground_m - depth))
            yield _finding(subject, control, rule, real)


def _finding(subject: Subject, control: Control, rule: EdgeConstraint, clear: Clearance) -> Finding:
    envelope = subject.envelope
    assert envelope is not None
    if control.kind in PLANES:
        under = _under_plane(subject, control, rule, clear)
        if under is not None:
            return under
    margin = clear.margin_m
    inward = envelope.boundary.inward[rule.edge]
    part = clear.part if margin < 0.0 else None
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
    part = clear.part if value > limit else None
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
