"""How near a design comes to the edges of its lot, at every height and on every storey (domain D3)."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.checks.cures import enough, shifted
from zonebox.checks.findings import measured, not_checked, up
from zonebox.checks.sentences import NOTHING, listed, role, say
from zonebox.checks.subject import SOUPS_KEPT, Subject
from zonebox.checks.tops import parapet_top
from zonebox.geometry.clearance import Clearance, edge_clearance
from zonebox.geometry.clearances import Pile, edge_rooms
from zonebox.geometry.edgewise import edge_ground
from zonebox.geometry.profile import Profile, fixed
from zonebox.geometry.soup import Soup
from zonebox.model import Control, Cure, EdgeConstraint, Finding, Kind, Projection, StoreyMargin, Where

EDGE_KINDS = (Kind.SETBACK, Kind.SETBACK_CLASS, Kind.PROPORTIONAL, Kind.PROFILE, Kind.RECESSION, Kind.ROAD_SLANT,
              Kind.NORTH_SLANT)

PLANES = (Kind.RECESSION, Kind.ROAD_SLANT, Kind.NORTH_SLANT)
"""Rules that people read as a height over a place rather than a distance at a height."""

STOREYS_MOST = 400
"""More storeys than this are not told one by one."""


def check_setbacks(subject: Subject) -> Iterator[Finding]:
    """Check every edge rule of the parcel: one finding per rule and run of edges."""
    for control in subject.active:
        if control.line is not None:
            continue
        if control.kind in EDGE_KINDS:
            yield from _check(subject, control)
        elif control.kind is Kind.UNDERGROUND:
            yield from _check_underground(subject, control)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Allowed:
    """A piece of the design and the rule it keeps: the rule itself, or the one that lets it project."""

    soup: Soup
    rule: EdgeConstraint
    projection: Projection | None = None


def _check(subject: Subject, control: Control) -> Iterator[Finding]:
    envelope = subject.envelope
    if envelope is None:
        yield not_checked(subject, control, check=control.kind.value, unit="m", reason=say("ground_unknown"))
        return
    rules = [of_its_class(subject, rule) for rule in envelope.edge_constraints if rule.control == control.id]
    chains: dict[int, list[EdgeConstraint]] = {}
    for rule in rules:
        chains.setdefault(subject.parcel.edges[rule.edge].chain, []).append(rule)
    if not rules and (control.edges.roles or control.edges.indices):
        return                                          # the rule speaks of edges this lot does not have
    storeys = _storeys(subject)
    for rules_of_chain in chains.values():
        run = Run(subject=subject, control=control, rules=tuple(rules_of_chain))
        found, margins = _all_at_once(run, storeys) if run.plain else (
            run.clearances(subject.soup), _by_storey(run, storeys))
        if found:
            clear, rule = min(found, key=lambda pair: pair[0].margin_m)
            broken = [c.part for c, _ in found if c.margin_m < 0.0]
            if len(broken) > 1 and clear.margin_m < 0.0:
                clear = replace(clear, part=functools.reduce(Soup.joined, broken))
            yield _finding(run, rule, clear, margins)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Storeys:
    """The storeys of a design, lowest first: name and triangles of each; in the pile the whole design is the last."""

    parts: tuple[tuple[str, Soup], ...]
    pile: Pile


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """A control on one run of edges, and the design it is held against."""

    subject: Subject
    control: Control
    rules: tuple[EdgeConstraint, ...]

    @property
    def plain(self) -> bool:
        """Whether nothing may project and the rules hold everywhere, so that no design is cut for them."""
        return not self.control.projections and all(rule.zone is None for rule in self.rules)

    def clearances(self, soup: Soup) -> list[tuple[Clearance, EdgeConstraint]]:
        """Tightest place of each piece of a soup against each rule."""
        return [(clear, part.rule) for rule in self.rules for part in pieces(self.subject, self.control, rule, soup)
                if (clear := _clearance(self.subject, part.soup, part.rule)) is not None]

    def lacking(self, soup: Soup) -> float:
        """Return what the tightest place of a soup lacks, metres; negative where there is room."""
        return max((-clear.margin_m for clear, _ in self.clearances(soup)), default=-math.inf)


def _clearance(subject: Subject, soup: Soup, rule: EdgeConstraint) -> Clearance | None:
    assert subject.envelope is not None
    return edge_clearance(soup, subject.envelope.boundary, subject.envelope.shape, rule) if len(soup) else None


def pieces(subject: Subject, control: Control, rule: EdgeConstraint, whole: Soup) -> Iterator[Allowed]:
    """Cut a design into what must keep a rule and what may project into its setback (domain D3).

    An element that may project keeps the whole distance up to the height that stays clear, and above it the distance
    less what it may project. Where the rule holds in a part of the lot only, the rest of the design is left out.
    """
    if rule.zone is not None:
        whole = whole.over(rule.zone)
    left = np.ones(len(whole), dtype=np.bool_)
    for projection in control.projections:
        own = left & projecting(subject, projection)[whole.origin]
        left &= ~own
        if not own.any():
            continue
        assert subject.envelope is not None
        clear_at = subject.envelope.ground_m + projection.clear_m
        part = whole.where(own)
        yield Allowed(soup=part.below([0.0, 0.0, 1.0], clear_at), rule=rule)
        yield Allowed(soup=part.above([0.0, 0.0, 1.0], clear_at), projection=projection,
                      rule=replace(rule, profile=lessened(rule.profile, projection.depth_m)))
    yield Allowed(soup=whole if left.all() else whole.where(left), rule=rule)


def projecting(subject: Subject, projection: Projection) -> NDArray[np.bool_]:
    """Whether each triangle of a design belongs to an element that may project, by class or by words of its name."""
    words = [w.casefold() for w in projection.what]
    named = np.array([any(e.ifc_class.casefold() == w or w in e.name.casefold() or w in e.properties.get(
        "PredefinedType", "").casefold() for w in words) for e in subject.design.elements], dtype=np.bool_)
    return np.asarray(named[subject.design.triangle_element])


def lessened(profile: Profile, depth_m: float) -> Profile:
    """Profile of the distance less a depth, never below nothing.

    >>> lessened(fixed(5.0), 1.5).points, lessened(fixed(1.0), 1.5).points
    (((0.0, 3.5),), ((0.0, 0.0),))
    >>> from zonebox.geometry.profile import proportional
    >>> lessened(proportional(0.5, 3.0), 4.0).distance_at([6, 8, 10]).tolist()
    [0.0, 0.0, 1.0]
    """
    points: list[tuple[float, float]] = []
    for (h0, s0), (h1, s1) in pairwise([*profile.points, (math.inf, math.inf)]):
        points.append((h0, max(s0 - depth_m, 0.0)))
        if math.isfinite(h1) and (s0 - depth_m) * (s1 - depth_m) < 0.0:
            points.append((h0 + (depth_m - s0) / (s1 - s0) * (h1 - h0), 0.0))
    last_h, last_s = profile.points[-1]
    if profile.slope > 0.0 and last_s < depth_m:
        points.append((last_h + (depth_m - last_s) / profile.slope, 0.0))
    return Profile(points=tuple(points), slope=profile.slope, from_below=profile.from_below)


def _storeys(subject: Subject) -> Storeys:
    """Cut a design into its storeys, lowest first, once for all rules."""
    known = subject.site.storey_soups
    key = id(subject.design), subject.ground_m
    if key not in known:
        while len(known) >= SOUPS_KEPT:
            del known[next(iter(known))]
        parts = _cut_by_storey(subject)
        known[key] = Storeys(parts=tuple(parts), pile=Pile([*(part for _, part in parts), subject.soup]))
    found: Storeys = known[key]
    return found


def _cut_by_storey(subject: Subject) -> list[tuple[str, Soup]]:
    """Cut a design from each floor to the next one's."""
    storeys = sorted(subject.storeys_above_ground(), key=lambda s: s.elevation_m)
    if not storeys or len(storeys) > STOREYS_MOST:
        return []
    up_wards = [0.0, 0.0, 1.0]
    floors = [-math.inf, *(s.elevation_m for s in storeys[1:]), math.inf]
    found = []
    z = subject.soup.corners[:, :, 2]
    bottom = np.minimum(np.minimum(z[:, 0], z[:, 1]), z[:, 2])
    top = np.maximum(np.maximum(z[:, 0], z[:, 1]), z[:, 2])
    for storey, (low, high) in zip(storeys, pairwise(floors), strict=True):
        part = subject.soup.where((top > low) & (bottom < high))
        if low > -math.inf:
            part = part.above(up_wards, low + tolerance.SNAP_M)      # not the wall that ends at this floor
        if high < math.inf:
            part = part.below(up_wards, high - tolerance.SNAP_M)         # nor the soffit of the next
        found.append((storey.name or storey.id, part))
    return found


def _all_at_once(
    run: Run, storeys: Storeys
) -> tuple[list[tuple[Clearance, EdgeConstraint]], tuple[StoreyMargin, ...]]:
    """Measure a design and each of its storeys together; what breaks a rule is cut out where it is broken."""
    envelope, whole = run.subject.envelope, run.subject.soup
    assert envelope is not None
    lot, shape = envelope.boundary, envelope.shape
    rooms = [edge_rooms(storeys.pile, lot, shape, rule) for rule in run.rules]
    found = []
    for rule, (*_, room) in zip(run.rules, rooms, strict=True):
        if room is not None:
            clear = _clearance(run.subject, whole, rule) if room.margin_m < 0.0 else Clearance(
                distance_m=room.distance_m, required_m=room.required_m, point=room.point, foot=room.foot,
                part=whole.picked(np.zeros(0, dtype=np.intp)))
            assert clear is not None, "there is room for it or not"
            found.append((clear, rule))
    margins = []
    for (name, _), own in zip(storeys.parts, list(zip(*rooms, strict=True))[:-1], strict=True):
        there = [room for room in own if room is not None]
        if there:
            tight = min(there, key=lambda r: r.margin_m)
            margins.append(StoreyMargin(storey=name, value=tight.distance_m, limit=tight.required_m,
                                        point=tight.point))
    return found, tuple(margins)


def _by_storey(run: Run, storeys: Storeys) -> tuple[StoreyMargin, ...]:
    """Measure every storey by itself."""
    found = []
    for name, part in storeys.parts:
        clear = run.clearances(part)
        if clear:
            worst = min((c for c, _ in clear), key=lambda c: c.margin_m)
            found.append(StoreyMargin(storey=name, value=worst.distance_m, limit=worst.required_m, point=worst.point))
    return tuple(found)


def of_its_class(subject: Subject, rule: EdgeConstraint) -> EdgeConstraint:
    """Hold a building against the setback of its own height class, at every height (domain A7a, C4)."""
    if not rule.classes or subject.ground_m is None or not len(subject.soup):
        return rule
    height = parapet_top(subject).z - subject.ground_m
    distance = next((d for bound, d in rule.classes if height <= bound + tolerance.HEIGHT_M), rule.classes[-1][1])
    return replace(rule, profile=fixed(distance))


def _check_underground(subject: Subject, control: Control) -> Iterator[Finding]:
    """Check what lies below the ground: the same measure, upside down; and how deep it reaches."""
    envelope = subject.envelope
    if envelope is None:
        yield not_checked(subject, control, check="underground", unit="m", reason=say("ground_unknown"))
        return
    buried = Soup.of(subject.design.mesh).below([0.0, 0.0, 1.0], envelope.ground_m)
    if control.limit is not None:
        yield _deepest(subject, control, buried)
    if control.profile is None:
        return
    flip = np.array([1.0, 1.0, -1.0])
    upside = Soup(corners=buried.corners * flip + np.array([0.0, 0.0, envelope.ground_m]), origin=buried.origin)
    chosen = control.edges
    for edge in subject.parcel.edges:
        if (chosen.roles or chosen.indices) and edge.role.value not in chosen.roles and (
                edge.index not in chosen.indices):
            continue
        rule = EdgeConstraint(control=control.id, edge=edge.index, profile=control.profile, ground_m=(0.0, 0.0))
        clear = _clearance(subject, upside, rule)
        if clear is not None:
            x, y, depth = clear.point
            turned = Soup(corners=(clear.part.corners - np.array([0.0, 0.0, envelope.ground_m])) * flip,
                          origin=clear.part.origin)
            real = replace(clear, point=(x, y, envelope.ground_m - depth), part=turned,
                           foot=(*clear.foot[:2], envelope.ground_m - depth))
            run = Run(subject=subject, control=control, rules=(rule,))
            yield _finding(run, rule, real, (), upside)


def _deepest(subject: Subject, control: Control, buried: Soup) -> Finding:
    """Hold the lowest point against the lowest elevation that the plan allows."""
    assert control.limit is not None
    corners = (buried if len(buried) else subject.soup).corners.reshape(-1, 3)
    if not len(corners):
        return not_checked(subject, control, check="underground", unit="m", reason=say("no_geometry"), suffix="depth")
    x, y, z = (float(v) for v in corners[corners[:, 2].argmin()])
    under = buried.below([0.0, 0.0, 1.0], control.limit)
    return measured(
        subject, control, check="underground", value=z, limit=control.limit, margin=z - control.limit,
        tol=tolerance.HEIGHT_M, unit="m", suffix="depth", reason=say("lowest"),
        where=Where(point=(x, y, z), storey=subject.storey_at(z), foot=(x, y, control.limit)),
        elements=subject.elements_of(under.origin), part=under.mesh(),
        cure=Cure(action="raise_foundation", amount=up(control.limit - z), unit="m"))


def _finding(
    run: Run, rule: EdgeConstraint, clear: Clearance, storeys: tuple[StoreyMargin, ...], soup: Soup | None = None,
) -> Finding:
    subject, control = run.subject, run.control
    envelope = subject.envelope
    assert envelope is not None
    if control.kind in PLANES:
        under = _under_plane(run, rule, clear)
        if under is not None:
            return under
    margin = clear.margin_m
    part = clear.part if margin < 0.0 else None
    name = role(subject.parcel.edges[rule.edge].role.value)
    z = clear.point[2]
    allowed = [say("projections", count=len(_named(subject, p)), depth=p.depth_m) if _named(subject, p) else NOTHING
               for p in control.projections]
    return measured(
        subject, control, check=control.kind.value, value=clear.distance_m, limit=clear.required_m, margin=margin,
        tol=tolerance.PLAN_M, unit="m", suffix=f"edge-{rule.edge}",
        reason=listed([say("setback", edge=rule.edge, role=name, height=z - envelope.ground_m), *allowed]),
        where=Where(point=clear.point, edge=rule.edge, storey=subject.storey_at(z), foot=clear.foot),
        elements=() if part is None else subject.elements_of(part.origin),
        cure=_moved_away(run, rule, clear, subject.soup if soup is None else soup) if margin < 0.0 else None,
        part=None if part is None else part.mesh(), storeys=storeys,
    )


def _moved_away(run: Run, rule: EdgeConstraint, clear: Clearance, soup: Soup) -> Cure:
    """Find how far to move the design away from the edge, or from the corner that it stands round."""
    assert run.subject.envelope is not None
    inward = run.subject.envelope.boundary.inward[rule.edge]
    away = np.subtract(clear.point[:2], clear.foot[:2])
    length = float(np.hypot(*away))
    ways = [inward]
    if length > tolerance.SNAP_M and clear.distance_m > 0.0 and float(away @ inward) < (1.0 - 1e-9) * length:
        ways.append(away / length)                      # the foot is a corner
    best: tuple[float, NDArray[np.float64]] | None = None
    for way in ways:
        amount = enough(-clear.margin_m, lambda by, way=way: run.lacking(  # type: ignore[misc]
            shifted(soup, (by * way[0], by * way[1], 0.0))))
        if amount is not None and (best is None or amount < best[0]):
            best = amount, way
    amount, way = best if best is not None else (up(-clear.margin_m), inward)
    return Cure(action="move", amount=amount, unit="m", direction=(float(way[0]), float(way[1])))


def _named(subject: Subject, projection: Projection) -> tuple[str, ...]:
    """Ids of the elements that may project."""
    return subject.elements_of(np.flatnonzero(projecting(subject, projection)))


def _under_plane(run: Run, rule: EdgeConstraint, clear: Clearance) -> Finding | None:
    """Say the same in heights, as people read an inclined plane; None where no height at this distance is allowed."""
    subject, control = run.subject, run.control
    limit = float(rule.profile.limit_at(max(clear.distance_m, 0.0)))
    if not math.isfinite(limit):
        return None
    ground = _ground_under(subject, rule, clear)
    x, y, z = clear.point
    value = z - ground
    part = clear.part if value > limit else None
    name = role(subject.parcel.edges[rule.edge].role.value)
    lower = None if value <= limit else enough(value - limit, lambda by: run.lacking(
        shifted(subject.soup, (0.0, 0.0, -by)).above([0.0, 0.0, 1.0], subject.ground_m or 0.0)))
    cure = None
    if value > limit:
        cure = (_moved_away(run, rule, clear, subject.soup) if lower is None
                else Cure(action="lower", amount=lower, unit="m"))
    return measured(
        subject, control, check=control.kind.value, value=value, limit=limit, margin=limit - value,
        tol=tolerance.HEIGHT_M, unit="m", suffix=f"edge-{rule.edge}",
        reason=say("plane", distance=clear.distance_m, edge=rule.edge, role=name),
        where=Where(point=clear.point, edge=rule.edge, storey=subject.storey_at(z), foot=(x, y, ground + limit)),
        elements=() if part is None else subject.elements_of(part.origin), cure=cure,
        part=None if part is None else part.mesh(),
    )


def _ground_under(subject: Subject, rule: EdgeConstraint, clear: Clearance) -> float:
    assert subject.envelope is not None
    place = np.array([clear.point[:2]])
    return float(edge_ground(place, subject.envelope.boundary, rule.edge, rule.ground_m)[0])
