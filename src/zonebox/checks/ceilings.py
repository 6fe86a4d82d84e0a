"""Check designs against ceilings over parts of the plan: zones, surfaces, drawn lines, no-build ground (D2, D9–D11)."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from zonebox import tolerance
from zonebox.checks.cures import enough
from zonebox.checks.findings import measured, not_checked, up
from zonebox.checks.sentences import NOTHING, Said, known, listed, say
from zonebox.checks.sightlines import blocked
from zonebox.checks.subject import Shape, Subject, top_view
from zonebox.geometry.overhang import NEVER_M, Overhang
from zonebox.geometry.soup import Soup
from zonebox.model import CeilingConstraint, Control, Cure, Finding, Kind, State, ViewCorridor, Where

FINEST_M = 1.0
"""Triangles under a curved ceiling are followed in pieces of this size (domain D2)."""

HALVINGS = 18
"""So often a triangle is halved at most: one of half a kilometre comes down to a metre."""

SURFACES = (Kind.HEIGHT, Kind.HEIGHT_ABSOLUTE, Kind.STOREYS, Kind.VIEW_CORRIDOR, Kind.OBSTACLE, Kind.FRESNEL,
            Kind.SOLAR)


def check_ceilings(subject: Subject) -> Iterator[Finding]:
    """Check every control that works as a ceiling over part of the plan."""
    if subject.envelope is None:
        return
    at_work = {c.control: c for c in (*subject.envelope.ceilings, *subject.envelope.studies)}
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
    over = _broken(subject.soup, soup, room.reshape(-1, 3).min(1) < -tolerance.SNAP_M)
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
    found = blocked(soup.corners, view)
    return NOTHING if found is None else say("corridor", share=found.share, distance=found.distance_m)


def followed(soup: Soup, ceiling: CeilingConstraint) -> Soup:
    """Halve the triangles that a ceiling may bend over until they are small enough to read it at their corners."""
    flat_ceiling = all(isinstance(c, Overhang) and len(c.planes) == 1 for c in ceiling.ceilings)
    if flat_ceiling and all(shapely.contains(c.plan, shapely.multipoints(soup.corners.reshape(-1, 3)[:, :2]))
                            for c in ceiling.ceilings if isinstance(c, Overhang)):
        return soup
    plans = shapely.union_all([c.plan for c in ceiling.ceilings if isinstance(c, Overhang)])
    for _ in range(HALVINGS):
        flat = soup.corners[:, :, :2]
        side = np.linalg.norm(flat - np.roll(flat, -1, axis=1), axis=2)
        coarse = side.max(1) > FINEST_M
        if not plans.is_empty:
            rows = np.flatnonzero(coarse)
            coarse[rows] = shapely.intersects(plans, shapely.convex_hull(shapely.multipoints(flat[rows])))
        if not coarse.any():
            break
        soup = soup.where(~coarse).joined(_halved(soup.where(coarse), side[coarse].argmax(1)))
    return soup


def _halved(soup: Soup, longest: NDArray[np.intp]) -> Soup:
    """Cut each triangle in two at the middle of one of its sides, the one after corner ``longest`` (m,)."""
    rows = np.arange(len(soup))
    a, b, c = (soup.corners[rows, (longest + k) % 3] for k in range(3))
    middle = (a + b) / 2.0
    return Soup(corners=np.concatenate([np.stack([a, middle, c], 1), np.stack([middle, b, c], 1)]),
                origin=np.tile(soup.origin, 2))


def _broken(whole: Soup, fine: Soup, over: NDArray[np.bool_]) -> Soup:
    """Return what of a soup breaks a ceiling: triangles all of whose pieces do, and else those pieces."""
    count = int(whole.origin.max(initial=-1)) + 1
    kept = np.bincount(fine.origin[~over], minlength=count)
    return whole.where(kept[whole.origin] == 0).joined(fine.where(over & (kept[fine.origin] > 0)))


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
    part = subject.soup.over(zone) if area > 0.0 else subject.soup.where(np.zeros(len(subject.soup), dtype=np.bool_))
    return measured(
        subject, control, check=control.kind.value, value=area, limit=0.0, margin=-area, tol=tolerance.AREA_M2,
        unit="m²", reason=say("no_build"), where=place,
        elements=subject.elements_of(part.origin),
        cure=Cure(action="remove_footprint", amount=up(area, 0.1), unit="m²"), part=part.mesh(),
    )


def _from_line(subject: Subject, control: Control, ceiling: CeilingConstraint) -> Finding:
    """Measure the distance to a drawn line, height step by height step; the tightest counts."""
    assert control.line is not None
    line, steps = control.line, _steps(control, ceiling)
    tight: tuple[float, float, float, Shape, Soup] | None = None
    for start, required in steps:
        part = subject.soup if start is None else subject.soup.above([0.0, 0.0, 1.0], start + tolerance.SNAP_M)
        if not len(part):
            continue
        outline = top_view(part)
        distance = float(outline.distance(line))
        if tight is None or distance - required < tight[0]:
            tight = (distance - required, distance, required, outline, part)
    if tight is None:
        return not_checked(subject, control, check="setback", reason=say("not_that_high"), unit="m")
    margin, distance, required, outline, part = tight
    near, foot = shapely.shortest_line(outline, line).coords
    z = float(part.corners[:, :, 2].max())
    near_line = shapely.distance(line, shapely.convex_hull(shapely.multipoints(part.corners[:, :, :2])))
    broken = part.where(near_line < required - tolerance.SNAP_M)
    if margin < 0.0:
        broken = broken.over(line.buffer(required, quad_segs=4))
    away = np.asarray(near) - np.asarray(foot)
    length = float(np.hypot(*away))
    return measured(
        subject, control, check="setback", value=distance, limit=required, margin=margin, tol=tolerance.PLAN_M,
        unit="m", suffix="line", reason=say("line"),
        where=Where(point=(near[0], near[1], z), storey=subject.storey_at(z), foot=(foot[0], foot[1], z)),
        elements=subject.elements_of(broken.origin), part=broken.mesh(),
        cure=None if margin >= 0.0 else _off_line(
            subject.soup, line, steps, [away / length] if length > 0.0 else _across(line, outline), -margin))


def _across(line: BaseGeometry, outline: Shape) -> list[NDArray[np.float64]]:
    """Both ways across a line that runs through an outline."""
    corners = shapely.get_coordinates(line.intersection(outline))
    chord = corners[-1] - corners[0]
    length = float(np.hypot(*chord))
    normal = np.array([-chord[1], chord[0]]) / length if length > 0.0 else np.array([1.0, 0.0])
    return [normal, -normal]


def _steps(control: Control, ceiling: CeilingConstraint) -> list[tuple[float | None, float]]:
    """Height steps of a distance from a drawn line: (elevation from which it holds, distance)."""
    assert control.profile is not None
    ground = ceiling.ground_m or 0.0
    steps: list[tuple[float | None, float]] = []
    for surface in ceiling.ceilings:
        assert isinstance(surface, Overhang)
        start = float(surface.planes[0, 2])
        never = start <= NEVER_M
        steps.append((None if never else start, float(control.profile.distance_at(0.0 if never else start - ground))))
    return steps


def _off_line(
    soup: Soup, line: BaseGeometry, steps: list[tuple[float | None, float]], ways: list[NDArray[np.float64]],
    short: float,
) -> Cure | None:
    """Find how far to move, the easiest of some ways; the rest of the line is kept off as well."""
    parts = [(soup if start is None else soup.above([0.0, 0.0, 1.0], start + tolerance.SNAP_M), required)
             for start, required in steps]
    outlines = [(top_view(part), required) for part, required in parts if len(part)]

    def lacking(way: NDArray[np.float64], by: float) -> float:
        # outlines are snapped anew where they stand then
        return tolerance.SNAP_M + max(
            required - float(shapely.affinity.translate(outline, by * way[0], by * way[1]).distance(line))
            for outline, required in outlines)

    tried = [(enough(short, functools.partial(lacking, way)), way) for way in ways]
    found = [(amount, way) for amount, way in tried if amount is not None]
    if not found:
        return None
    amount, way = min(found, key=lambda pair: pair[0])
    return Cure(action="move", amount=amount, unit="m", direction=(float(way[0]), float(way[1])))
