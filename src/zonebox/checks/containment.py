"""Whether a design stays inside its control envelope: the solid of what sticks out (domain D4)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.checks.findings import up
from zonebox.checks.subject import Subject
from zonebox.geometry import solids
from zonebox.geometry.mesh import Mesh, triangle_normals
from zonebox.geometry.overhang import NEVER_M
from zonebox.model import Control, ControlEnvelope, Cure, Finding, State, Where
from zonebox.model.finding import judge


def check_containment(subject: Subject) -> Iterator[Finding]:
    """Subtract the envelope from the design; what is left, where it is and who took the space there."""
    envelope = subject.envelope
    if envelope is None:
        yield _not_checked(subject, "the ground of the parcel is not known, so it has no envelope")
    elif subject.design.solid is None:
        yield _by_points(subject, envelope)
    else:
        yield _by_solid(subject, envelope, subject.design.solid)


def _not_checked(subject: Subject, reason: str) -> Finding:
    return Finding(
        id=subject.finding_id(subject.parcel.id, "envelope"), check="containment", state=State.NOT_CHECKED,
        parcel=subject.parcel.id, design=subject.design.id, control=None, unit="m³", reason=reason,
    )


def _by_solid(subject: Subject, envelope: ControlEnvelope, massing: Mesh) -> Finding:
    """Exact: difference of two closed solids, above the ground."""
    body = solids.solid_of(massing).trim_by_plane((0.0, 0.0, 1.0), envelope.ground_m)
    room = solids.solid_of(envelope.solid) if len(envelope.solid) else solids.prism(envelope.shape, 0.0, 0.0)
    outside = (body - room).as_original() if room.is_empty() else body.as_original() - room.as_original()
    mesh, origin = solids.mesh_with_origin(outside)
    volume, whole = float(outside.volume()), float(body.volume())
    contact = 0.0 if room.is_empty() else _contact_area(mesh, origin)
    tol = contact * tolerance.PLAN_M
    inside = volume <= max(tol, tolerance.VOLUME_M3)
    depth, place, control = (0.0, Where(), None) if inside else _deepest(subject, envelope, mesh)
    share = "" if inside else f", {volume / whole:.2%} of the design; deepest place {depth:.2f} m out"
    note = f" ({subject.design.solid_note})" if subject.design.solid_note else ""
    return Finding(
        id=subject.finding_id(subject.parcel.id, "envelope"), check="containment",
        state=State.PASS if inside else State.FAIL, parcel=subject.parcel.id, design=subject.design.id,
        control=control, value=volume, limit=0.0, margin=0.0 if inside else -volume, tolerance=tol, unit="m³",
        where=place, elements=() if inside else _elements_outside(subject, envelope),
        cure=None if inside else Cure(action="remove_volume", amount=up(volume, 0.1), unit="m³"),
        reason=f"volume outside the envelope, of {whole:.0f} m³{share}{note}", part=None if inside else mesh,
    )


def _contact_area(mesh: Mesh, origin: NDArray[np.int64]) -> float:
    """Area over which the outside part was cut off by the envelope: faces that did not come from the body."""
    if not len(mesh):
        return 0.0
    own = origin == origin.min()                        # the body was numbered first
    areas = np.linalg.norm(triangle_normals(mesh.corners), axis=1) / 2.0
    return float(areas[~own].sum())


def _by_points(subject: Subject, envelope: ControlEnvelope) -> Finding:
    """Without a closed solid: every corner against the limit; a verdict, but no volume."""
    mesh = subject.soup.mesh()
    depth, place, control = _deepest(subject, envelope, mesh)
    state = judge(-depth if depth > 0.0 else 0.0, tolerance.PLAN_M)
    broken = state is not State.PASS
    return Finding(
        id=subject.finding_id(subject.parcel.id, "envelope"), check="containment", state=state,
        parcel=subject.parcel.id, design=subject.design.id, control=control if broken else None,
        value=max(depth, 0.0), limit=0.0, margin=-max(depth, 0.0), tolerance=tolerance.PLAN_M, unit="m",
        where=place if broken else Where(), elements=_elements_outside(subject, envelope) if broken else (),
        reason=f"deepest corner outside the envelope; no volume: {subject.design.solid_note or 'an open model'}",
    )


def _violations(envelope: ControlEnvelope, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far points (n, 3) lie beyond each constraint (k, n), metres: caps vertically, edge rules horizontally."""
    from zonebox.geometry.edgewise import edge_distance, edge_ground

    rows = [points[:, 2] - cap.top_m for cap in envelope.caps]
    for rule in envelope.edge_constraints:
        distance = edge_distance(points[:, :2], envelope.boundary, rule.edge)
        height = points[:, 2] - edge_ground(points[:, :2], envelope.boundary, rule.edge, rule.ground_m)
        rows.append(np.where(np.isfinite(distance), rule.profile.distance_at(height) - distance, -np.inf))
    for ceiling in envelope.ceilings:
        limit = ceiling.limit_at(points[:, :2])
        rows.append(np.where(limit > NEVER_M, points[:, 2] - limit, -np.inf))
    return np.array(rows).reshape(len(rows), len(points))


def _deepest(subject: Subject, envelope: ControlEnvelope, mesh: Mesh) -> tuple[float, Where, Control | None]:
    """Find the point that violates one constraint most: by how much, where, and that constraint's control."""
    if not len(mesh):
        return 0.0, Where(), None
    points = mesh.vertices
    beyond = _violations(envelope, points)
    names = [constraint.control for constraint in envelope.constraints]
    if not names:
        return 0.0, Where(), None
    row, column = (int(n) for n in np.unravel_index(int(beyond.argmax()), beyond.shape))
    control = next((c for c in subject.controls if c.id == names[row]), None)
    x, y, z = (float(v) for v in points[column])
    depth = float(beyond[row, column])
    foot, edge = _on_limit(envelope, row, (x, y, z), depth)
    return depth, Where(point=(x, y, z), edge=edge, storey=subject.storey_at(z), foot=foot), control


def _on_limit(
    envelope: ControlEnvelope, row: int, point: tuple[float, float, float], depth: float
) -> tuple[tuple[float, float, float], int | None]:
    """Find the place on a constraint that a point lies ``depth`` beyond: straight below it, or into the lot."""
    x, y, z = point
    if row < len(envelope.caps):
        return (x, y, envelope.caps[row].top_m), None
    if row >= len(envelope.caps) + len(envelope.edge_constraints):
        return (x, y, z - depth), None
    edge = envelope.edge_constraints[row - len(envelope.caps)].edge
    inward = envelope.boundary.inward[edge]
    return (x + depth * float(inward[0]), y + depth * float(inward[1]), z), edge


def _elements_outside(subject: Subject, envelope: ControlEnvelope) -> tuple[str, ...]:
    """Elements with a corner above the limit or off the lot."""
    corners = subject.soup.corners
    flat = corners.reshape(-1, 3)
    limit, _ = envelope.limit_at(flat[:, :2])
    out = (flat[:, 2] > limit + tolerance.SNAP_M).reshape(-1, 3).any(1)
    return subject.elements_of(subject.soup.origin[out])
