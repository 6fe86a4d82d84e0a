"""What a design houses, how many parking places it has, and where its site is entered (domain D12, D13, A17, A18)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.checks.cures import enough
from zonebox.checks.findings import measured, not_checked, up
from zonebox.checks.sentences import NOTHING, Said, listed, say, together
from zonebox.checks.subject import Shape, Subject
from zonebox.model import Access, Control, ControlLine, Cure, Finding, Kind, Parking, Uses, Where
from zonebox.model.area_rule import names

AT_BOUNDARY_M: Final = 2.0
"""An entrance this near to the boundary of a parcel belongs to it."""

NAMED: Final = 5
"""How many uses a finding names."""


def check_uses(subject: Subject) -> Iterator[Finding]:
    """Check uses, parking places and entrances."""
    for control in subject.active:
        if control.kind is Kind.USE and isinstance(control.demand, Uses):
            yield from _uses(subject, control, control.demand)
        elif control.kind is Kind.PARKING:
            yield _parking(subject, control, control.demand if isinstance(control.demand, Parking) else Parking())
        elif control.kind is Kind.ACCESS:
            yield from _access(subject, control, control.demand if isinstance(control.demand, Access) else Access())


def floor_by_use(subject: Subject) -> dict[str, float]:
    """Floor area of the model's spaces by the use they name, m²; "" for those that name none."""
    area: dict[str, float] = {}
    for space in subject.design.spaces:
        if space.area_m2 is not None:
            area[space.use] = area.get(space.use, 0.0) + space.area_m2
    return area


def _uses(subject: Subject, control: Control, rule: Uses) -> Iterator[Finding]:
    """Sum the floor area of uses that are not permitted, and the shares of those that are limited."""
    area = floor_by_use(subject)
    named = {use: a for use, a in area.items() if use}
    whole = sum(named.values())
    if whole <= 0.0:
        yield not_checked(subject, control, check="use", reason=say("use_unknown"), unit="m²")
        return
    unnamed = say("use_unnamed", area=area[""]) if area.get("", 0.0) > tolerance.AREA_M2 else NOTHING
    if rule.permitted:
        wrong = {use: a for use, a in named.items() if not _is(rule.permitted, use)}
        outside = sum(wrong.values())
        listed_uses = ", ".join(sorted(wrong, key=lambda u: -wrong[u])[:NAMED])
        reason = say("use", area=outside, whole=whole, names=listed_uses) if wrong else say("use_fine", whole=whole)
        yield measured(
            subject, control, check="use", value=outside, limit=0.0, margin=-outside, tol=tolerance.AREA_M2, unit="m²",
            reason=together(reason, unnamed),
            elements=tuple(sorted(s.id for s in subject.design.spaces if s.use in wrong)),
            cure=Cure(action="change_use", amount=up(outside, 0.1), unit="m²"))
    for k, (words, share) in enumerate(rule.most):
        own = sum(a for use, a in named.items() if _is(words, use))
        yield measured(
            subject, control, check="use", value=own / whole, limit=share, margin=share - own / whole,
            tol=max(tolerance.AREA_M2 / whole, tolerance.RATIO), unit="", suffix=f"share-{k}",
            reason=together(say("use_share", name=words[0], share=own / whole), unnamed),
            cure=Cure(action="change_use", amount=up(max(own - share * whole, 0.0), 0.1), unit="m²"))


def _is(words: tuple[str, ...], use: str) -> bool:
    """Whether a use is meant by words, or by the first digits of a land-use code."""
    return names(words, use) or any(w.isdigit() and use.strip().startswith(w) for w in words)


def _parking(subject: Subject, control: Control, rule: Parking) -> Finding:
    """Count the parking places of the model against those its floor area asks for."""
    design = subject.design
    areas: list[Said] = []
    required = control.limit
    if rule.rates:
        wanted = 0.0
        for use, area in sorted(floor_by_use(subject).items()):
            rate = next((r for words, r in rule.rates if not words or _is(words, use)), 0.0)
            if rate > 0.0 and not names(rule.places, use):
                wanted += area / 100.0 * rate
                areas.append(say("parking_rate", use=use or "–", area=area, rate=rate))
        if not areas:
            return not_checked(subject, control, check="parking", reason=say("no_use_area"))
        required = max(wanted, control.limit or 0.0)
    if required is None:
        return not_checked(subject, control, check="parking", reason=say("no_use_area"))
    places = [s for s in design.spaces if names(rule.places, s.use) or names(rule.places, s.name)]
    marked = [e for e in design.elements if names(rule.places, e.name)]
    stated = design.attributes.get("parking_places", "")
    count = float(stated) if stated.replace(".", "", 1).isdigit() else float(len(places) or len(marked))
    if count == 0.0 and not stated:
        return not_checked(subject, control, check="parking", reason=say("no_parking"))
    needed = float(np.ceil(required - tolerance.NOISE))     # half a place is none
    return measured(
        subject, control, check="parking", value=count, limit=needed, margin=count - needed, tol=0.0, unit="",
        reason=together(say("parking", count=count),
                        say("parking_needed", areas=listed(areas, (", ", "、"))) if areas else NOTHING),
        cure=Cure(action="add_parking", amount=max(needed - count, 0.0), unit=""))


def _access(subject: Subject, control: Control, rule: Access) -> Iterator[Finding]:
    """Hold the entrances of a parcel against the line that they keep from, along the boundary."""
    site = subject.site
    lines = site.scene.plan.lines
    shape = subject.parcel.shape
    near = site.line_tree.query(shape, predicate="dwithin", distance=AT_BOUNDARY_M)
    wanted = {w.casefold() for w in rule.entrances}
    entrances = [lines[k] for k in np.sort(near) if wanted & {lines[k].kind.casefold(), lines[k].name.casefold()}
                 and shapely.get_dimensions(lines[k].shape) < 2]
    if not entrances:
        yield not_checked(subject, control, check="access", unit="m",
                          reason=say("no_entrances", types=", ".join(rule.entrances)))
        return
    if control.line is None:
        yield not_checked(subject, control, check="access", unit="m", reason=say("no_line"))
        return
    for k, entrance in enumerate(entrances):
        yield _kept_away(subject, control, control.line, entrance, k)


def _kept_away(
    subject: Subject, control: Control, line: shapely.Geometry, entrance: ControlLine, number: int
) -> Finding:
    """Measure one entrance: its distance from the line, or its length on it where none is allowed there."""
    level = subject.ground_m or 0.0
    if control.limit is None:
        return _on_closed_stretch(subject, control, line, entrance, number)
    distance, here, there = along_boundary(subject.parcel.shape, entrance.shape, line)
    return measured(
        subject, control, check="access", value=distance, limit=control.limit, margin=distance - control.limit,
        tol=tolerance.PLAN_M, unit="m", suffix=f"entrance-{number}",
        reason=say("access", name=entrance.name or str(number)),
        where=Where(point=(*here, level), foot=(*there, level)),
        cure=_farther(subject.parcel.shape, entrance.shape, line, control.limit, distance))


def along_boundary(
    shape: Shape, entrance: shapely.Geometry, line: shapely.Geometry
) -> tuple[float, tuple[float, float], tuple[float, float]]:
    """Distance between an entrance and a line, and both its ends.

    Where both lie at the same ring of the boundary it is measured along it, the shorter way round; the rest of the
    way, from the boundary to a line that lies off it, is added straight.

    Examples
    --------
    >>> along_boundary(shapely.box(0, 0, 40, 30), shapely.Point(10, 0), shapely.Point(40, 0))[0]
    30.0
    >>> along_boundary(shapely.box(0, 0, 40, 30), shapely.Point(10, 0), shapely.Point(60, 0))[0]
    50.0
    """
    near = shapely.get_coordinates(shapely.shortest_line(entrance, line))
    here, there = shapely.Point(near[0]), shapely.Point(near[1])
    rings = [r for part in shapely.get_parts(shape) for r in (part.exterior, *part.interiors)]
    ring = min(rings, key=lambda r: r.distance(here))
    at, to = ring.project(here), ring.project(there)
    way = abs(at - to)
    way = min(way, ring.length - way)
    straight = float(here.distance(there))
    distance = max(way + float(ring.distance(there)), straight) if ring.distance(here) <= AT_BOUNDARY_M else straight
    return float(distance), (here.x, here.y), (there.x, there.y)


def _on_closed_stretch(
    subject: Subject, control: Control, line: shapely.Geometry, entrance: ControlLine, number: int
) -> Finding:
    """Measure the length of an entrance on a stretch without access; of one that is a point, how far it is on it."""
    shape = subject.parcel.shape
    ring = shape.boundary
    stretch = ring.intersection(shapely.buffer(line, AT_BOUNDARY_M, cap_style="flat"))
    flat = shapely.length(entrance.shape) > tolerance.SNAP_M
    own = (ring.intersection(shapely.buffer(entrance.shape, AT_BOUNDARY_M, cap_style="flat")) if flat
           else shapely.line_interpolate_point(ring_at(shape, entrance.shape),
                                               ring_at(shape, entrance.shape).project(entrance.shape.centroid)))
    off = _off_stretch(shape, own, stretch)
    length = float(own.intersection(stretch).length) if flat else off or 0.0
    middle = entrance.shape.centroid
    said = say("access_forbidden") if flat else say("access_on_closed", name=entrance.name or str(number))
    return measured(
        subject, control, check="access", value=length, limit=0.0, margin=-length, tol=tolerance.PLAN_M, unit="m",
        suffix=f"entrance-{number}", reason=said, where=Where(point=(middle.x, middle.y, subject.ground_m or 0.0)),
        cure=None if off is None else Cure(action="move_entrance", amount=up(off), unit="m"))


def _farther(shape: Shape, entrance: shapely.Geometry, line: shapely.Geometry, least: float, distance: float
             ) -> Cure | None:
    """Find how far an entrance moves along the boundary to keep its distance; None where it is nowhere far enough."""
    ring = ring_at(shape, entrance)
    amount = enough(least - distance, lambda by: least - max(
        along_boundary(shape, moved_along(ring, entrance, way * by), line)[0] for way in (1.0, -1.0)))
    return None if amount is None or amount > ring.length else Cure(action="move_entrance", amount=amount, unit="m")


def _off_stretch(shape: Shape, own: shapely.Geometry, stretch: shapely.Geometry) -> float | None:
    """Least way along the boundary that takes what an entrance holds of it off a stretch; None where there is none."""
    if own.is_empty or stretch.is_empty:
        return None
    ring = ring_at(shape, own)
    start, end = _span(ring, own)
    closed = sorted(_span(ring, part) for part in shapely.get_parts(shapely.line_merge(stretch)))
    ways = [0.0]
    for low, high in closed:
        ways += [(high - start) % ring.length, -((end - low) % ring.length)]
    free = [abs(by) for by in ways if all(_apart(start + by, end + by, low, high, ring.length) for low, high in closed)]
    return min(free, default=None)


def ring_at(shape: Shape, place: shapely.Geometry) -> shapely.LinearRing:
    """Ring of a boundary that a shape lies at."""
    rings = [r for part in shapely.get_parts(shape) for r in (part.exterior, *part.interiors)]
    return min(rings, key=lambda r: r.distance(place))


def _span(ring: shapely.LinearRing, part: shapely.Geometry) -> tuple[float, float]:
    """Stretch of a ring that a line along it covers, (from, to); ``to`` runs past the ring's length over its start."""
    at = np.sort([ring.project(shapely.Point(p)) for p in shapely.get_coordinates(part)])
    if len(at) == 1:
        return float(at[0]), float(at[0])
    gaps = np.diff(at, append=at[0] + ring.length)
    k = int(gaps.argmax())                              # what it does not cover is the widest gap
    start = float(at[(k + 1) % len(at)])
    return start, start + ring.length - float(gaps[k])


def _apart(start: float, end: float, low: float, high: float, length: float) -> bool:
    """Whether two stretches of a ring only touch."""
    gap = (start - high + tolerance.NOISE) % length
    return gap + (end - start) + (high - low) <= length + 2.0 * tolerance.NOISE


def moved_along(ring: shapely.LinearRing, entrance: shapely.Geometry, by: float) -> shapely.Geometry:
    """Move an entrance along a ring: every corner of it by the same way.

    >>> moved_along(shapely.box(0, 0, 40, 30, ccw=True).exterior, shapely.Point(40, 29), 3.0).wkt
    'POINT (38 30)'
    """
    def shift(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        at = shapely.line_locate_point(ring, shapely.points(xy)) + by
        return np.asarray(shapely.get_coordinates(shapely.line_interpolate_point(ring, at % ring.length)))

    return shapely.transform(entrance, shift)
