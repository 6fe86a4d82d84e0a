"""Whether a design stays inside its control envelope: the solid of what sticks out (domain D4).

Where a design is a closed solid, or could be mended into one, the difference of two solids says it exactly. Where it is
not, its surface is held against every limit, triangle by triangle, and the volume outside is sampled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.checks.ceilings import followed
from zonebox.checks.findings import up
from zonebox.checks.heights import measure_of
from zonebox.checks.sampling import Samples
from zonebox.checks.sentences import NOTHING, Said, listed, say, together
from zonebox.checks.setbacks import pieces, projecting
from zonebox.checks.subject import Subject
from zonebox.checks.tops import top_of
from zonebox.geometry import solids
from zonebox.geometry.clearance import edge_clearance
from zonebox.geometry.mesh import Mesh, triangle_normals
from zonebox.geometry.overhang import NEVER_M
from zonebox.model import Control, ControlEnvelope, Cure, Finding, State, Where
from zonebox.model.finding import judge


def check_containment(subject: Subject) -> Iterator[Finding]:
    """Subtract the envelope from the design; what is left, where it is and who took the space there."""
    envelope = subject.envelope
    if envelope is None:
        yield _finding(subject, State.NOT_CHECKED, reason=say("no_envelope"))
    elif not len(subject.soup):
        yield _finding(subject, State.NOT_CHECKED, reason=say("no_geometry"))
    elif subject.body.solid is not None:
        yield _by_solid(subject, envelope, subject.body.solid)
    else:
        yield _by_surface(subject, envelope)


def _finding(
    subject: Subject, state: State, *, reason: Said, control: Control | None = None, unit: str = "m³",
    value: float | None = None, tol: float | None = None, uncertainty: float | None = None, where: Where | None = None,
    elements: tuple[str, ...] = (), cure: Cure | None = None, part: Mesh | None = None,
) -> Finding:
    bare = value is None
    return Finding(
        id=subject.finding_id(subject.parcel.id, "envelope"), check="containment", state=state,
        parcel=subject.parcel.id, design=subject.design.id, control=control, value=value, limit=None if bare else 0.0,
        margin=None if value is None else (0.0 if state is State.PASS else -value), tolerance=tol,
        uncertainty=uncertainty, unit=unit, where=where or Where(), elements=elements, cure=cure, reason=reason.en,
        reason_zh=reason.zh, part=part)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """Up to where a design counts towards the height, and the controls whose ceilings then hold."""

    top_m: float | None
    note: Said


def _counted(subject: Subject, envelope: ControlEnvelope) -> _Counted:
    """Leave out what stands on a roof and does not count, where the control's own measure keeps the height."""
    highest = float(subject.soup.corners[:, :, 2].max())
    kept, strict = [], np.inf
    for cap in envelope.caps:
        control = next((c for c in subject.controls if c.id == cap.control), None)
        measure = "highest" if control is None else measure_of(control)
        if measure != "highest" and highest > cap.top_m and (
                top_of(subject, measure).z <= cap.top_m + tolerance.NOISE):
            kept.append(cap.top_m)
        else:
            strict = min(strict, cap.top_m)
    if not kept or highest > strict:
        return _Counted(top_m=None, note=NOTHING)
    return _Counted(top_m=min(kept), note=say("not_counted", level=min(kept)))


def _by_solid(subject: Subject, envelope: ControlEnvelope, massing: solids.Solid) -> Finding:
    """Exact: difference of two closed solids, above the ground."""
    body = massing
    if float(massing.bounding_box()[2]) < envelope.ground_m:
        body = massing.trim_by_plane((0.0, 0.0, 1.0), envelope.ground_m)
    counted = _counted(subject, envelope)
    if counted.top_m is not None:
        body = body.trim_by_plane((0.0, 0.0, -1.0), -counted.top_m)
    room = solids.solid_of(envelope.solid) if len(envelope.solid) else solids.prism(envelope.shape, 0.0, 0.0)
    outside = (body - room).as_original() if room.is_empty() else body.as_original() - room.as_original()
    mesh, origin = solids.mesh_with_origin(outside)
    whole = float(body.volume())
    contact = 0.0 if room.is_empty() else _contact_area(mesh, origin)
    outside, let = _without_projections(subject, envelope, outside)
    if let:
        mesh = solids.mesh_of(outside)
    volume = float(outside.volume())
    tol = contact * tolerance.PLAN_M
    inside = volume <= max(tol, tolerance.VOLUME_M3)
    depth, place, control = (0.0, Where(), None) if inside else _deepest(subject, envelope, mesh)
    share = NOTHING if inside or whole <= 0.0 else say("outside_share", share=volume / whole, depth=depth)
    return _finding(
        subject, State.PASS if inside else State.FAIL, control=control, value=volume, tol=tol, where=place,
        elements=() if inside else _elements_outside(subject, envelope),
        cure=None if inside else Cure(action="remove_volume", amount=up(volume, 0.1), unit="m³"),
        reason=listed([together(say("outside", whole=whole), share), counted.note, let, subject.body.note]),
        part=None if inside else mesh)


def _without_projections(
    subject: Subject, envelope: ControlEnvelope, outside: solids.Solid
) -> tuple[solids.Solid, Said]:
    """Take off the elements that may project into a setback and keep what is asked of them."""
    import manifold3d

    hulls = []
    for control in subject.active:
        rules = [r for r in envelope.edge_constraints if r.control == control.id]
        for projection in control.projections if rules and outside.volume() > tolerance.VOLUME_M3 else ():
            own = subject.soup.where(projecting(subject, projection)[subject.soup.origin])
            part = own.above([0.0, 0.0, 1.0], envelope.ground_m + projection.clear_m)
            kept = all((clear := edge_clearance(p.soup, envelope.boundary, envelope.shape, p.rule)) is None
                       or clear.margin_m >= -tolerance.PLAN_M
                       for rule in rules for p in pieces(subject, control, rule, own) if len(p.soup))
            if kept and len(part):
                numbers = subject.design.triangle_element[part.origin]
                hulls += [manifold3d.Manifold.hull_points(part.corners[numbers == k].reshape(-1, 3))
                          for k in np.unique(numbers)]
    if not hulls:
        return outside, NOTHING
    left = outside - solids.united(hulls)
    taken = float(outside.volume() - left.volume())
    return left, say("let_project", volume=taken) if taken > tolerance.VOLUME_M3 else NOTHING


def _contact_area(mesh: Mesh, origin: NDArray[np.int64]) -> float:
    """Area over which the outside part was cut off by the envelope: faces that did not come from the body."""
    if not len(mesh):
        return 0.0
    own = origin == origin.min()                        # the body was numbered first
    areas = np.linalg.norm(triangle_normals(mesh.corners), axis=1) / 2.0
    return float(areas[~own].sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """The place of a surface that lies farthest beyond a limit: by how much, where, and whose limit it is."""

    depth_m: float
    where: Where
    control: Control | None


def worst_of_surface(subject: Subject, envelope: ControlEnvelope) -> Worst:
    """Hold the surface of a design against every limit of the envelope; no closed mesh is needed.

    Depth is vertical for ceilings, horizontal for edge rules and the boundary of the lot.
    """
    soup = subject.soup
    by_id = {c.id: c for c in subject.controls}
    corners = soup.corners.reshape(-1, 3)
    found: list[tuple[float, Where, str]] = []
    x, y, z = (float(v) for v in corners[corners[:, 2].argmax()])
    for cap in envelope.caps:
        control = by_id.get(cap.control)
        top = z if control is None else top_of(subject, measure_of(control)).z
        found.append((top - cap.top_m, Where(point=(x, y, z), storey=subject.storey_at(z), foot=(x, y, cap.top_m)),
                      cap.control))
    for rule in envelope.edge_constraints:
        for piece in pieces(subject, by_id[rule.control], rule, soup) if rule.control in by_id else ():
            clear = edge_clearance(piece.soup, envelope.boundary, envelope.shape, piece.rule) if len(
                piece.soup) else None
            if clear is not None:
                found.append((-clear.margin_m, Where(point=clear.point, edge=rule.edge, foot=clear.foot,
                                                     storey=subject.storey_at(clear.point[2])), rule.control))
    for ceiling in envelope.ceilings:
        fine = followed(soup, ceiling).corners.reshape(-1, 3)
        limit = ceiling.limit_at(fine[:, :2])
        over = np.where(np.isfinite(limit), fine[:, 2] - np.maximum(limit, envelope.ground_m), -np.inf)
        k = int(over.argmax())
        place = (float(fine[k, 0]), float(fine[k, 1]), float(fine[k, 2]))
        found.append((float(over[k]), Where(point=place, storey=subject.storey_at(place[2]),
                                            foot=(*place[:2], place[2] - float(over[k]))), ceiling.control))
    found.append(_off_the_lot(subject, envelope))
    depth, where, name = max(found, key=lambda row: row[0])
    return Worst(depth_m=depth, where=where, control=by_id.get(name))


def _off_the_lot(subject: Subject, envelope: ControlEnvelope) -> tuple[float, Where, str]:
    """How far the design reaches over the boundary of the lot."""
    corners = subject.soup.corners.reshape(-1, 3)
    off = ~shapely.intersects_xy(envelope.shape, corners[:, :2])
    if not off.any():
        return 0.0, Where(), ""
    places = shapely.points(corners[off, :2])
    distance = shapely.distance(envelope.shape, places)
    k = int(distance.argmax())
    x, y, z = (float(v) for v in corners[off][k])
    near = shapely.get_coordinates(shapely.shortest_line(envelope.shape, places[k]))[0]
    return float(distance[k]), Where(point=(x, y, z), storey=subject.storey_at(z),
                                     foot=(float(near[0]), float(near[1]), z)), ""


def _by_surface(subject: Subject, envelope: ControlEnvelope) -> Finding:
    """Without a closed solid: a verdict from the surface, and the volume outside by sampling, with its error.

    A design whose surface stands beyond a limit fails only where the sampled volume leaves no doubt; one that encloses
    nothing fails by its surface alone.
    """
    body = subject.body
    worst = worst_of_surface(subject, envelope)
    depth = max(worst.depth_m, 0.0)
    state = judge(-depth if depth > tolerance.NOISE else 0.0, tolerance.PLAN_M)
    broken = state is not State.PASS
    elements = _elements_outside(subject, envelope) if broken else ()
    reason = listed([say("by_surface", depth=depth), body.note])
    control = worst.control if broken else None
    where = worst.where if broken else Where()
    if body.samples is None:
        return _finding(subject, state, unit="m", control=control, value=depth, tol=tolerance.PLAN_M, where=where,
                        elements=elements, reason=reason)
    volume, u95 = _sampled_outside(envelope, body.samples)
    if state is State.FAIL and volume - u95 <= 0.0:
        state = State.MARGINAL
    value = volume if broken else 0.0
    return _finding(
        subject, state, control=control, value=value, tol=tolerance.VOLUME_M3, uncertainty=u95, where=where,
        elements=elements, reason=reason,
        cure=Cure(action="remove_volume", amount=up(value, 0.1), unit="m³") if broken else None,
        part=_surface_outside(subject, envelope) if broken else None)


def _sampled_outside(envelope: ControlEnvelope, samples: Samples) -> tuple[float, float]:
    """Volume of a sampled body above the ground and outside the envelope, and its uncertainty, m³."""
    points = samples.points
    limit, _ = envelope.limit_at(points[:, :2])
    return samples.within((points[:, 2] > limit) & (points[:, 2] > envelope.ground_m))


def _surface_outside(subject: Subject, envelope: ControlEnvelope) -> Mesh:
    """Triangles with a corner above the limit or off the lot."""
    return subject.soup.where(_beyond(subject, envelope)).mesh()


def _beyond(subject: Subject, envelope: ControlEnvelope) -> NDArray[np.bool_]:
    flat = subject.soup.corners.reshape(-1, 3)
    limit, _ = envelope.limit_at(flat[:, :2])
    return np.asarray((flat[:, 2] > limit + tolerance.SNAP_M).reshape(-1, 3).any(1))


def _violations(envelope: ControlEnvelope, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far points (n, 3) lie beyond each constraint (k, n), metres: caps vertically, edge rules horizontally."""
    from zonebox.geometry.edgewise import edge_distance, edge_ground

    rows = [points[:, 2] - cap.top_m for cap in envelope.caps]
    for rule in envelope.edge_constraints:
        distance = edge_distance(points[:, :2], envelope.boundary, rule.edge, rule.corner)
        height = points[:, 2] - edge_ground(points[:, :2], envelope.boundary, rule.edge, rule.ground_m)
        there = np.isfinite(distance) if rule.zone is None else np.isfinite(distance) & shapely.intersects_xy(
            rule.zone, points[:, :2])
        rows.append(np.where(there, rule.profile.distance_at(height) - distance, -np.inf))
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
    if len(subject.design.elements) == 1:
        return (subject.design.elements[0].id,)
    return subject.elements_of(subject.soup.origin[_beyond(subject, envelope)])
