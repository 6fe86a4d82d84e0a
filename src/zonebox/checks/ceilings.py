"""Check designs against ceilings over parts of the plan: zones, surfaces, drawn lines, no-build ground (D2, D9–D11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.checks.findings import measured, not_checked, up
from zonebox.checks.sentences import NOTHING, Said, known, listed, say
from zonebox.checks.subject import Subject, top_view
from zonebox.geometry.overhang import NEVER_M, Overhang
from zonebox.geometry.soup import Soup
from zonebox.model import CeilingConstraint, Control, Cure, Finding, Kind, State, ViewCorridor, Where

FINEST_M = 1.0
"""Triangles under a curved ceiling are followed in pieces of this size (domain D2)."""

SIGHTS = 41
"""Places along an eye or a target between which sight lines are drawn."""

SURFACES = (Kind.HEIGHT, Kind.HEIGHT_ABSOLUTE, Kind.STOREYS, Kind.VIEW_CORRIDOR, Kind.OBSTACLE, Kind.FRESNEL,
            Kind.SOLAR)


def check_ceilings(subject: Subject) -> Iterator[Finding]:
    """Check every control that works as a ceiling over part of the plan."""
    if subject.envelope is None:
        return
    at_work = {c.control: c for c in subject.envelope.ceilings}
    for control in subject.active:
        ceiling = at_work.get(control.id)
        if ceiling is None:
            if control.kind in (Kind.VIEW_CORRIDOR, Kind.OBSTACLE, Kind.FRESNEL, Kind.SOLAR):
                yield _clear_of(subject, control)
        elif control.kind is Kind.NO_BUILD:
            yield _no_build(subject, control, ceiling)
        elif control.line is not None:
            yield _from_line(subject, control, ceiling)
        elif control.kind in SURFACES:
            yield _under(subject, control, ceiling)


def _clear_of(subject: Subject, control: Control) -> Finding:
    return not_checked(subject, control, check=control.kind.value, reason=say("surface_away"))


def _under(subject: Subject, control: Control, ceiling: CeilingConstraint) -> Finding:
    """Measure the least height between a design and a ceiling; the whole design counts, to its highest point."""
    soup = followed(subject.soup, ceiling)
    corners = soup.corners.reshape(-1, 3)
    limit = ceiling.limit_at(corners[:, :2]) if len(corners) else np.zeros(0)
    room = limit - corners[:, 2]
    if not np.isfinite(room).any():
        return not_checked(subject, control, check=control.kind.value, unit="m",
                           reason=say("under_nothing"))
    k = int(room.argmin())
    x, y, z = (float(v) for v in corners[k])
    margin, ground = float(room[k]), ceiling.ground_m or 0.0
    over = soup.where(room.reshape(-1, 3).min(1) < -tolerance.SNAP_M)
    name = next((c.name for c in ceiling.ceilings if c.limit_at(np.array([[x, y]]))[0] == limit[k]), "")
    said = [say("under", name=known(f"ceiling.{name}", "ceiling.other"))]
    if margin < 0.0 and isinstance(control.surface, ViewCorridor):
        said.append(_blocked(subject.soup.where(np.isin(subject.soup.origin, over.origin)), control.surface))
    if _to_study(control, margin):
        said.append(say("study"))
    finding = measured(
        subject, control, check=control.kind.value, value=z - ground, limit=float(limit[k]) - ground, margin=margin,
        tol=tolerance.HEIGHT_M, unit="m", reason=listed(said),
        where=Where(point=(x, y, z), storey=subject.storey_at(z), foot=(x, y, float(limit[k]))),
        elements=subject.elements_of(over.origin), cure=Cure(action="lower", amount=up(-margin), unit="m"),
        part=over.mesh(),
    )
    return replace(finding, state=State.MARGINAL) if finding.state is State.FAIL and _to_study(
        control, margin) else finding


def _to_study(control: Control, margin: float) -> bool:
    """Whether what breaks this control is not forbidden, but for its authority to study (domain D10)."""
    return control.effect == "trigger_study" and margin < 0.0


def _blocked(soup: Soup, view: ViewCorridor) -> Said:
    """Say how many sight lines from the eye to the target the design blocks, and how near the eye (domain D9)."""
    eyes, targets = _along(view.eye), _along(view.target)
    start = np.repeat(eyes, len(targets), axis=0)
    run = np.tile(targets, (len(eyes), 1)) - start
    first = np.full(len(start), np.inf)
    for a, b, c in soup.corners:
        u, v = b - a, c - a
        p = np.cross(run, v)
        det = p @ u
        ok = np.abs(det) > tolerance.SPLIT_M
        inverse = np.where(ok, 1.0 / np.where(ok, det, 1.0), 0.0)
        off = start - a
        one = (off * p).sum(1) * inverse
        q = np.cross(off, u)
        two, share = (run * q).sum(1) * inverse, q @ v * inverse
        hit = ok & (one >= 0.0) & (two >= 0.0) & (one + two <= 1.0) & (share > 0.0) & (share < 1.0)
        first = np.where(hit, np.minimum(first, share), first)
    blocked = np.isfinite(first)
    if not blocked.any():
        return NOTHING
    distance = float((first[blocked] * np.linalg.norm(run[blocked, :2], axis=1)).min())
    return say("corridor", share=float(blocked.mean()), distance=distance)


def _along(places: tuple[tuple[float, float, float], ...]) -> NDArray[np.float64]:
    """Places along a line through some points."""
    points = np.asarray(places, dtype=np.float64)
    if len(points) == 1:
        return points
    at = np.linspace(0.0, len(points) - 1.0, SIGHTS)
    return np.stack([np.interp(at, np.arange(len(points)), points[:, k]) for k in range(3)], axis=1)


def followed(soup: Soup, ceiling: CeilingConstraint) -> Soup:
    """Quarter the triangles that a ceiling may bend over until they are small enough to read it at their corners."""
    flat_ceiling = all(isinstance(c, Overhang) and len(c.planes) == 1 for c in ceiling.ceilings)
    if flat_ceiling and all(shapely.contains(c.plan, shapely.multipoints(soup.corners.reshape(-1, 3)[:, :2]))
                            for c in ceiling.ceilings if isinstance(c, Overhang)):
        return soup
    plans = shapely.union_all([c.plan for c in ceiling.ceilings if isinstance(c, Overhang)])
    for _ in range(7):
        flat = soup.corners[:, :, :2]
        size = np.linalg.norm(flat - np.roll(flat, 1, axis=1), axis=2).max(1)
        near = shapely.intersects(plans, shapely.convex_hull(shapely.multipoints(flat))) if not plans.is_empty else True
        coarse = (size > FINEST_M) & near
        if not coarse.any():
            break
        soup = soup.where(~coarse).joined(soup.where(coarse).quartered())
    return soup


def _no_build(subject: Subject, control: Control, ceiling: CeilingConstraint) -> Finding:
    """Measure the plan area that stands on ground where nothing may stand (domain D11)."""
    zone = shapely.union_all([c.plan for c in ceiling.ceilings if isinstance(c, Overhang)])
    outline = top_view(subject.soup)
    overlap = outline.intersection(zone)
    area = float(overlap.area)
    place = Where()
    if area > 0.0:
        point = overlap.representative_point()
        place = Where(point=(point.x, point.y, subject.ground_m or 0.0))
    corners = subject.soup.corners
    on_zone = shapely.intersects(zone, shapely.convex_hull(shapely.multipoints(corners[:, :, :2])))
    part = subject.soup.where(on_zone)
    return measured(
        subject, control, check=control.kind.value, value=area, limit=0.0, margin=-area, tol=tolerance.AREA_M2,
        unit="m²", reason=say("no_build"), where=place,
        elements=subject.elements_of(part.origin),
        cure=Cure(action="remove_footprint", amount=up(area, 0.1), unit="m²"), part=part.mesh(),
    )


def _from_line(subject: Subject, control: Control, ceiling: CeilingConstraint) -> Finding:
    """Measure the distance to a drawn line, height step by height step; the tightest counts."""
    assert control.profile is not None
    assert control.line is not None
    ground = ceiling.ground_m or 0.0
    tight: tuple[float, float, float, Soup] | None = None
    for surface in ceiling.ceilings:
        assert isinstance(surface, Overhang)
        start = float(surface.planes[0, 2])
        part = subject.soup if start <= NEVER_M else subject.soup.above([0.0, 0.0, 1.0], start + tolerance.SNAP_M)
        if not len(part):
            continue
        distance = float(shapely.distance(top_view(part), control.line))
        required = float(control.profile.distance_at(0.0 if start <= NEVER_M else start - ground))
        if tight is None or distance - required < tight[0]:
            tight = (distance - required, distance, required, part)
    if tight is None:
        return not_checked(subject, control, check="setback", reason=say("not_that_high"), unit="m")
    margin, distance, required, part = tight
    near, foot = shapely.shortest_line(top_view(part), control.line).coords
    z = float(part.corners[:, :, 2].max())
    near_line = shapely.distance(control.line, shapely.convex_hull(shapely.multipoints(part.corners[:, :, :2])))
    broken = part.where(near_line < required - tolerance.SNAP_M)
    away = np.asarray(near) - np.asarray(foot)
    length = float(np.hypot(*away))
    return measured(
        subject, control, check="setback", value=distance, limit=required, margin=margin, tol=tolerance.PLAN_M,
        unit="m", suffix="line", reason=say("line"),
        where=Where(point=(near[0], near[1], z), storey=subject.storey_at(z), foot=(foot[0], foot[1], z)),
        elements=subject.elements_of(broken.origin), part=broken.mesh(),
        cure=Cure(action="move", amount=up(-margin), unit="m",
                  direction=(float(away[0] / length), float(away[1] / length)) if length > 0 else None),
    )
