"""What is wrong with a plan before anything is designed (domain G3).

Empty envelopes, floor area ratios that no envelope can hold, densities that leave no ground for the green they ask for,
lower bounds above upper ones, absolute ceilings that take back what a relative height promised, and lines that cut a
parcel. Each names the document that governs. What cannot be built at all, or asks for two things that exclude each
other, FAILs; what only promises more than it gives is for the plan's authors to settle and MARGINAL.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from typing import Final

import numpy as np
import shapely

from zonebox import tolerance
from zonebox.checks.sentences import NOTHING, Said, known, say, together
from zonebox.checks.subject import Site
from zonebox.model import Control, ControlEnvelope, ControlLine, Finding, Kind, Parcel, Scene, State, Where

RANGES: Final = ((Kind.HEIGHT_MIN, Kind.HEIGHT, "m"), (Kind.FAR_MIN, Kind.FAR, ""),
                 (Kind.COVERAGE_MIN, Kind.COVERAGE, ""), (Kind.GREEN, Kind.GREEN_MAX, ""))
"""Lower and upper bound of one quantity, and its unit."""

NO_BUILD_LINES: Final = ("蓝线", "紫线", "绿线", "黄线", "永久基本农田", "生态保护红线", "blue line", "purple line",
                         "green line", "yellow line", "no-build")
"""Types of plan lines inside which nothing may stand (四线, 三区三线; domain A7, A19)."""


def check_plan(scene: Scene) -> Iterator[Finding]:
    """Report every parcel whose controls contradict each other or leave nothing."""
    site = Site(scene)
    built = {parcel.id for parcel in map(site.parcel_of, scene.designs) if parcel is not None}
    yield from check_parcels(site, scene.plan.parcels, built)
    yield from _disagreeing(scene)


def check_parcels(site: Site, parcels: Sequence[Parcel], built: Collection[str]) -> Iterator[Finding]:
    """Report those of some parcels whose controls contradict each other; designs stand on the parcels of ``built``."""
    for parcel in parcels:
        controls = [c for c in site.controls.get(parcel.id, ()) if not c.superseded_by]
        envelope = site.envelopes.get(parcel.id)
        if envelope is not None:
            if envelope.empty is not None:
                yield _empty(controls, envelope)
            else:
                yield from _far_out_of_reach(parcel, envelope, controls)
                yield from _lower_ceiling(parcel, envelope, controls)
        elif parcel.buildable:
            yield from _unknown_ceilings(parcel, controls)
        if controls:
            yield from _no_ground_left(parcel, envelope, controls)
            yield from _upside_down(parcel, envelope, controls)
            if parcel.id not in built:                  # else the check of the design says it
                yield from _no_build_inside(parcel, envelope, controls)
    yield from _lines_inside(site, parcels)


def _disagreeing(scene: Scene) -> Iterator[Finding]:
    """Report files that lie apart by the offset of a web map: what is measured between them cannot be trusted (E3)."""
    for number, pair in enumerate((*scene.plan.disagreements, *scene.disagreements)):
        (one, other), (east, north) = pair.layers, pair.offset_m
        reason = say("plan.disagree", one=one, other=other, now=pair.now, then=pair.then, moved=pair.moved,
                     datum=pair.datum, east=east, north=north)
        apart = math.hypot(east, north)
        yield Finding(id=f"plan/layers/{number}", check="layers_disagree", state=State.MARGINAL, parcel="", design="",
                      control=None, value=apart, limit=0.0, margin=-apart, unit="m", reason=reason.en,
                      reason_zh=reason.zh, where=Where(point=(*pair.at, 0.0)))


def _least(controls: list[Control], kind: Kind) -> Control | None:
    stated = [c for c in controls if c.kind is kind and c.limit is not None]
    return min(stated, key=lambda c: (c.limit or 0.0, c.id), default=None)


def _most(controls: list[Control], kind: Kind) -> Control | None:
    stated = [c for c in controls if c.kind is kind and c.limit]
    return max(stated, key=lambda c: (c.limit or 0.0, c.id), default=None)


def _far_out_of_reach(parcel: Parcel, envelope: ControlEnvelope, controls: list[Control]) -> Iterator[Finding]:
    """Report a floor area ratio that the envelope, storey by storey, cannot hold (F30)."""
    capacity = envelope.capacity
    for kind, suffix in ((Kind.FAR, "far"), (Kind.FAR_MIN, "far_min")):
        far = _least(controls, kind) if kind is Kind.FAR else _most(controls, kind)
        if far is None or far.limit is None or capacity is None or (
                capacity.far_max >= far.limit * (1.0 - tolerance.RATIO)):
            continue
        coverage = _least(controls, Kind.COVERAGE)
        needed = NOTHING
        if coverage is not None and coverage.limit and capacity.binding in ("height", "coverage"):
            storeys = math.ceil(far.limit / coverage.limit - tolerance.RATIO)
            needed = say("plan.far_needs", height=storeys * capacity.storey_height_m)
        reason = say("plan.far", far=far.limit, held=capacity.far_max, height=capacity.storey_height_m,
                     binding=known(f"binding.{capacity.binding}", "binding.envelope"))
        yield _conflict(parcel, envelope, far, "far_infeasible", value=capacity.far_max, limit=far.limit,
                        reason=together(reason, needed), suffix=suffix,
                        state=State.FAIL if kind is Kind.FAR_MIN else State.MARGINAL)


def _no_ground_left(parcel: Parcel, envelope: ControlEnvelope | None, controls: list[Control]) -> Iterator[Finding]:
    """Report density and green ratio that together want more than the parcel has."""
    coverage, green = _least(controls, Kind.COVERAGE), _most(controls, Kind.GREEN)
    if coverage is None or green is None or coverage.limit is None or green.limit is None:
        return
    total = coverage.limit + green.limit
    if total > 1.0 + tolerance.RATIO:
        yield _conflict(parcel, envelope, green, "contradiction", value=total, limit=1.0, suffix="ground",
                        reason=say("plan.ground", density=coverage.limit, green=green.limit))


def _upside_down(parcel: Parcel, envelope: ControlEnvelope | None, controls: list[Control]) -> Iterator[Finding]:
    """Report a lower bound above the upper one."""
    for lower, upper, unit in RANGES:
        least, most = _most(controls, lower), _least(controls, upper)
        if least is None or most is None or least.limit is None or most.limit is None:
            continue
        if least.limit > most.limit + tolerance.NOISE and least.datum is most.datum:
            yield _conflict(parcel, envelope, least, "contradiction", value=least.limit, limit=most.limit, unit=unit,
                            suffix=f"range-{upper.value}", state=State.FAIL,
                            reason=say("plan.range", least=least.limit, most=most.limit, doc=most.authority.doc))


def _lower_ceiling(parcel: Parcel, envelope: ControlEnvelope, controls: list[Control]) -> Iterator[Finding]:
    """Report an absolute ceiling below the relative one: which authority governs, and the metres it takes."""
    relative = [cap for cap in envelope.caps if cap.ground_m is not None]
    absolute = [(cap.top_m, cap.control) for cap in envelope.caps if cap.ground_m is None]
    kinds = {c.id: c.kind for c in controls}
    for ceiling in envelope.ceilings:                       # aerodrome surfaces and the like, at their lowest
        if kinds.get(ceiling.control) in (Kind.OBSTACLE, Kind.VIEW_CORRIDOR, Kind.FRESNEL, Kind.HEIGHT_ABSOLUTE):
            corners = shapely.get_coordinates(envelope.shape)
            inside = np.concatenate([corners, [envelope.shape.representative_point().coords[0]]])
            level = float(ceiling.limit_at(inside).min())
            if math.isfinite(level):
                absolute.append((level, ceiling.control))
    if not relative or not absolute:
        return
    promised, (level, name) = min(relative, key=lambda c: c.top_m), min(absolute)
    lost = promised.top_m - level
    control = next((c for c in controls if c.id == name), None)
    if lost <= tolerance.HEIGHT_M or control is None:
        return
    yield _conflict(
        parcel, envelope, control, "contradiction", value=promised.top_m, limit=level, unit="m", suffix="ceiling",
        reason=say("plan.ceiling", doc=control.authority.doc, level=level, lost=lost, other=promised.control))


def _unknown_ceilings(parcel: Parcel, controls: list[Control]) -> Iterator[Finding]:
    """Say that an absolute ceiling cannot be held against a relative one, for want of the ground."""
    relative, absolute = _least(controls, Kind.HEIGHT), _least(controls, Kind.HEIGHT_ABSOLUTE)
    if relative is None or absolute is None:
        return
    middle = parcel.shape.representative_point()
    reason = say("plan.ceiling_unknown", doc=absolute.authority.doc, level=absolute.limit, other=relative.id)
    yield Finding(id=f"plan/{parcel.id}/ceiling", check="contradiction", state=State.NOT_CHECKED, parcel=parcel.id,
                  design="", control=absolute, limit=absolute.limit, unit="m", reason=reason.en, reason_zh=reason.zh,
                  where=Where(point=(middle.x, middle.y, absolute.limit or 0.0)))


def _no_build_inside(parcel: Parcel, envelope: ControlEnvelope | None, controls: list[Control]) -> Iterator[Finding]:
    """Report no-build ground that takes a part of a parcel, and who says so."""
    for control in controls:
        if control.kind is not Kind.NO_BUILD or control.zone is None:
            continue
        part = control.zone.intersection(parcel.shape)
        area = float(part.area)
        if area > tolerance.AREA_M2 and area < parcel.shape.area - tolerance.AREA_M2:
            yield _conflict(
                parcel, envelope, control, "no_build_line", value=area, limit=0.0, unit="m²", place=part,
                suffix=control.id.removeprefix(f"{parcel.id}/"),
                reason=say("plan.no_build", area=area, share=area / parcel.shape.area, doc=control.authority.doc))


def _lines_inside(site: Site, parcels: Sequence[Parcel]) -> Iterator[Finding]:
    """Report no-build lines of the plan that cut a parcel of which no control speaks."""
    wanted = {w.casefold() for w in NO_BUILD_LINES}
    lines = site.scene.plan.lines
    if not any(line.kind.casefold() in wanted for line in lines):
        return
    pairs = site.line_tree.query(np.array([p.shape for p in parcels], dtype=object), predicate="intersects")
    for k, number in sorted(zip(*pairs.tolist(), strict=True), key=lambda pair: (pair[1], pair[0])):
        parcel, line = parcels[k], lines[number]
        if parcel.buildable and line.kind.casefold() in wanted:
            finding = _uncontrolled(site, parcel, line, number)
            if finding is not None:
                yield finding


def _uncontrolled(site: Site, parcel: Parcel, line: ControlLine, number: int) -> Finding | None:
    inner = parcel.shape.buffer(-tolerance.PLAN_M)
    part = line.shape.intersection(inner)
    flat = shapely.get_dimensions(line.shape) == 2
    size = float(part.area if flat else part.length)
    if size <= tolerance.AREA_M2:
        return None
    for control in site.controls.get(parcel.id, ()):
        for said in (control.zone, control.line):
            if said is not None and said.buffer(tolerance.PLAN_M).intersects(part):
                return None
    return _conflict(parcel, site.envelopes.get(parcel.id), None, "no_build_line", value=size, limit=0.0,
                     unit="m²" if flat else "m", suffix=f"line-{number}", place=part,
                     reason=say("plan.no_build_line", kind=line.kind, name=line.name,
                                size=say("size.area" if flat else "size.length", size=size)))


def _conflict(
    parcel: Parcel, envelope: ControlEnvelope | None, control: Control | None, check: str, *, value: float,
    limit: float, reason: Said, suffix: str, unit: str = "", state: State = State.MARGINAL,
    place: shapely.Geometry | None = None,
) -> Finding:
    """Write down a contradiction of the plan."""
    middle = (parcel.shape if place is None else place).representative_point()
    ground = parcel.design_ground_m or 0.0 if envelope is None else envelope.ground_m
    return Finding(
        id=f"plan/{parcel.id}/{suffix}", check=check, state=state, parcel=parcel.id, design="",
        control=control, value=value, limit=limit, margin=-abs(value - limit), unit=unit, reason=reason.en,
        reason_zh=reason.zh, where=Where(point=(middle.x, middle.y, ground)))


def _empty(controls: list[Control], envelope: ControlEnvelope) -> Finding:
    assert envelope.empty is not None
    why = envelope.empty
    control = next((c for c in controls if c.id in why.controls), None)
    middle = envelope.shape.representative_point()
    gap = None
    if why.width_needed_m is not None and len(why.edges) == 2:
        lot = envelope.boundary
        ends = [lot.start[why.edges[1]], lot.end[why.edges[1]]] - lot.start[why.edges[0]]
        gap = float((ends @ lot.inward[why.edges[0]]).mean())
    margin = None if gap is None or why.width_needed_m is None else gap - why.width_needed_m
    if gap is not None:
        cause = say("plan.empty_width", one=why.edges[0], other=why.edges[1], width=gap, needed=why.width_needed_m)
    elif any(cap.control in why.controls for cap in envelope.caps):
        cause = say("plan.empty_cap", ground=envelope.ground_m)
    else:
        cause = say("plan.empty_all")
    return Finding(
        id=f"plan/{envelope.parcel}/envelope", check="envelope_empty", state=State.FAIL, parcel=envelope.parcel,
        design="", control=control, value=gap, limit=why.width_needed_m, margin=margin,
        unit="" if gap is None else "m", where=Where(point=(middle.x, middle.y, envelope.ground_m),
                                                     edge=why.edges[0] if why.edges else None),
        reason=f"nothing can be built on this parcel: {why.reason}", reason_zh=say("plan.empty", why=cause).zh,
    )
