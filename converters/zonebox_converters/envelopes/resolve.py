"""Controls -> constraints: which edges a control acts on, and the elevations and ceilings that it means.

One function a kind, listed in `_KINDS`; kinds that limit areas and ratios (far, coverage, green) or the least height
cut nothing and are missing there on purpose.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import shapely
from shapely.geometry import MultiPolygon, Polygon

from zonebox.geometry import limits
from zonebox.geometry.boundary import Boundary
from zonebox.geometry.lifted import LiftedGround, around
from zonebox.geometry.mesh import Mesh
from zonebox.geometry.overhang import NEVER_M, Overhang, level
from zonebox.geometry.profile import Profile, fixed, tiers
from zonebox.model import (
    CapConstraint,
    CeilingConstraint,
    Control,
    Datum,
    EdgeConstraint,
    FresnelLink,
    Kind,
    ObstacleSurfaces,
    Parcel,
    SolarFence,
    ViewCorridor,
)
from zonebox_converters.envelopes.grounds import Grounds
from zonebox_converters.envelopes.selecting import facing_north, selected

LINE_STEP_M: Final = 0.25
"""Height step in which a sloping setback from a drawn line is followed, on the strict side."""

CLASSES_UP_TO_M: Final = 250.0
"""Height up to which classes of total height are followed where the plan sets no height limit."""


@dataclass(slots=True, kw_only=True)
class Constraints:
    """A parcel's controls at work, and one sentence for each that could not be set to work."""

    edges: list[EdgeConstraint] = field(default_factory=list)
    caps: list[CapConstraint] = field(default_factory=list)
    ceilings: list[CeilingConstraint] = field(default_factory=list)
    underground: list[EdgeConstraint] = field(default_factory=list)
    floor_m: float | None = None
    unresolved: list[str] = field(default_factory=list)
    superseded: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lot:
    """What resolving a control needs to know about its parcel."""

    parcel: Parcel
    boundary: Boundary
    grounds: Grounds
    terrain: Mesh | None
    convergence_deg: float

    @property
    def shape(self) -> Polygon | MultiPolygon:
        """The parcel's outline."""
        return self.parcel.shape


def resolve(lot: Lot, controls: tuple[Control, ...]) -> Constraints:
    """Turn a parcel's controls into constraints, in the order of their ids, so that the result is reproducible.

    A control that another one supersedes is listed and limits nothing (domain C10).
    """
    found = Constraints()
    for control in sorted(controls, key=lambda c: (c.kind is Kind.SETBACK_CLASS, c.id)):
        if control.superseded_by:
            found.superseded.append(control.id)
        elif (handler := _KINDS.get(control.kind)) is not None:
            handler(lot, control, found)
    return found


def _level_ground(lot: Lot, control: Control, found: Constraints) -> float | None:
    ground = lot.grounds.reference(control.datum)
    if ground is None:
        found.unresolved.append(f"{control.id}: the {control.datum.value} of parcel {lot.parcel.id} is not known")
    return ground


def _height(lot: Lot, control: Control, found: Constraints) -> None:
    assert control.limit is not None, f"{control.id}: a height control carries its limit"
    rise = control.limit
    if control.kind is Kind.STOREYS:
        assert control.storey_height_m is not None, f"{control.id}: storeys need their height"
        rise = control.limit * control.storey_height_m
    if control.datum is Datum.TERRAIN_FOLLOWING:
        if lot.terrain is None:
            found.unresolved.append(f"{control.id}: there is no terrain to follow on parcel {lot.parcel.id}")
            return
        near = around(lot.terrain, lot.shape)
        found.ceilings.append(CeilingConstraint(control=control.id, ceilings=(LiftedGround(ground=near, lift_m=rise),)))
        return
    ground = 0.0 if control.kind is Kind.HEIGHT_ABSOLUTE else _level_ground(lot, control, found)
    if ground is None:
        return
    relative = None if control.kind is Kind.HEIGHT_ABSOLUTE else ground
    zone = _zone(lot, control)
    if zone is None:
        found.caps.append(CapConstraint(control=control.id, top_m=ground + rise, ground_m=relative))
    elif not zone.is_empty:
        found.ceilings.append(CeilingConstraint(control=control.id, ceilings=(level(zone, ground + rise, "zone"),),
                                                ground_m=relative))


def _zone(lot: Lot, control: Control) -> Polygon | MultiPolygon | None:
    """Find the part of the lot in which a control holds; None for all of it."""
    if control.zone is None:
        return None
    parts = [p for p in shapely.get_parts(control.zone.intersection(lot.shape)) if p.geom_type == "Polygon"]
    inside = MultiPolygon(parts)
    return None if inside.area >= lot.shape.area * (1.0 - 1e-9) else inside


def _no_build(lot: Lot, control: Control, found: Constraints) -> None:
    zone = _zone(lot, control)
    plan = lot.shape if zone is None else zone
    if not plan.is_empty:
        found.ceilings.append(CeilingConstraint(control=control.id, ceilings=(level(plan, NEVER_M, "no-build"),)))


def _on_edges(lot: Lot, control: Control, found: Constraints) -> None:
    assert control.profile is not None, f"{control.id}: an edge rule carries its profile"
    if control.line is not None:
        _from_line(lot, control, control.profile, found)
        return
    for edge in selected(lot.parcel, lot.boundary, control.edges, lot.convergence_deg):
        _add_edge(lot, control, edge, control.profile, found)


def _add_edge(
    lot: Lot, control: Control, edge: int, profile: Profile, found: Constraints,
    classes: tuple[tuple[float, float], ...] = (),
) -> None:
    """Stand a profile on its ground at an edge; a fixed distance needs no ground."""
    level_rule = profile.from_below and len(profile.points) == 1 and profile.slope == 0.0
    ground = (0.0, 0.0) if level_rule else lot.grounds.along(control.datum, lot.boundary, edge)
    if ground is None:
        found.unresolved.append(
            f"{control.id}: the {control.datum.value} at edge {edge} of parcel {lot.parcel.id} is not known")
        return
    found.edges.append(EdgeConstraint(control=control.id, edge=edge, profile=profile, ground_m=ground,
                                      corner=control.corner, classes=classes))


def _from_line(lot: Lot, control: Control, profile: Profile, found: Constraints) -> None:
    """Follow a setback from a drawn line in steps of height, each at the next step's distance."""
    assert control.line is not None
    fixed_rule = len(profile.points) == 1 and profile.slope == 0.0 and profile.from_below
    ground = 0.0 if fixed_rule else _level_ground(lot, control, found)
    if ground is None:
        return
    top = max((cap.top_m for cap in found.caps), default=ground + CLASSES_UP_TO_M) - ground
    ceilings = []
    for height, distance in _steps(profile, top):
        # circumscribed, so that the polygon of the arc never allows more than the arc
        ring = control.line.buffer(distance / math.cos(math.pi / 256.0), quad_segs=64)
        start = NEVER_M if height <= 0.0 and profile.from_below else ground + height
        if distance > 0.0 and ring.intersects(lot.shape):
            ceilings.append(level(ring, start, "drawn line"))
    if ceilings:
        found.ceilings.append(CeilingConstraint(control=control.id, ceilings=tuple(ceilings), ground_m=ground))


def _steps(profile: Profile, top: float) -> list[tuple[float, float]]:
    """Heights from which a larger distance holds: exact for tiers, `LINE_STEP_M` on the strict side for slopes."""
    if profile.slope == 0.0 and all(a[1] == b[1] or a[0] == b[0]
                                    for a, b in zip(profile.points, profile.points[1:], strict=False)):
        return [(h, s) for h, s in profile.points if s > 0.0]
    count = max(1, math.ceil(top / LINE_STEP_M))
    heights = [k * top / count for k in range(count)]
    return [(h, float(profile.distance_at(h + top / count))) for h in heights]


def _road_slant(lot: Lot, control: Control, found: Constraints) -> None:
    """Z ≤ m (W + s_b + d) out to the applicable distance; its relief holds where the own setback is kept (B5)."""
    assert control.slant is not None
    slant = control.slant
    for edge in selected(lot.parcel, lot.boundary, control.edges, lot.convergence_deg):
        width = lot.parcel.edges[edge].road_width_m
        if width is None:
            found.unresolved.append(f"{control.id}: the road beyond edge {edge} of parcel {lot.parcel.id} has no width")
            continue
        own = slant.own_setback_m
        foot = slant.base_m + slant.slope * (width + 2.0 * own)
        reach = slant.applicable_m - width - own
        points = [(0.0, own), (foot, own)] if own > 0.0 else [(foot, 0.0)]
        if reach <= own:
            if own > 0.0:
                _add_edge(lot, control, edge, fixed(own), found)
            continue
        if math.isfinite(reach):
            points.append((slant.base_m + slant.slope * (width + own + reach), reach))
        slope = 0.0 if math.isfinite(reach) else 1.0 / slant.slope
        _add_edge(lot, control, edge, Profile(points=tuple(points), slope=slope, from_below=own > 0.0), found)


def _north_slant(lot: Lot, control: Control, found: Constraints) -> None:
    """Z ≤ base + m d_N with d_N due true north: on an edge turned by α it rises m / cos α per metre of distance."""
    assert control.slant is not None
    for edge, cosine in facing_north(lot.parcel, lot.boundary, control.edges, lot.convergence_deg):
        rise = control.slant.slope / cosine
        profile = Profile(points=((control.slant.base_m, 0.0),), slope=1.0 / rise, from_below=False)
        _add_edge(lot, control, edge, profile, found)


def _setback_class(lot: Lot, control: Control, found: Constraints) -> None:
    """Setbacks by total height: cut with what the union over the classes forbids (domain C4)."""
    assert control.table is not None
    ground = _level_ground(lot, control, found)
    if ground is None:
        return
    top = min((cap.top_m for cap in found.caps), default=ground + CLASSES_UP_TO_M) - ground
    if top <= 0.0:
        return
    for edge in selected(lot.parcel, lot.boundary, control.edges, lot.convergence_deg):
        width = lot.parcel.edges[edge].road_width_m
        if width is None and len(control.table.road_widths) > 1:
            found.unresolved.append(f"{control.id}: the road beyond edge {edge} of parcel {lot.parcel.id} has no width")
            continue
        classes = control.table.classes(width or 0.0, up_to=top)
        _add_edge(lot, control, edge, union_of_classes(classes), found, classes)


def union_of_classes(classes: tuple[tuple[float, float], ...]) -> Profile:
    """Profile of what every class forbids: at each height the least distance of the classes that reach it.

    >>> union_of_classes(((10.0, 5.0), (24.0, 8.0))).points
    ((0.0, 5.0), (10.0, 5.0), (10.0, 8.0))
    """
    steps, low = [], 0.0
    for k, (height, _) in enumerate(classes):
        steps.append((low, min(distance for _, distance in classes[k:])))
        low = height
    return tiers(tuple(steps))


def _underground(lot: Lot, control: Control, found: Constraints) -> None:
    if control.limit is not None:
        found.floor_m = control.limit if found.floor_m is None else max(found.floor_m, control.limit)
    if control.profile is None:
        return
    ground = _level_ground(lot, control, found)
    if ground is None:
        return
    for edge in selected(lot.parcel, lot.boundary, control.edges, lot.convergence_deg):
        found.underground.append(EdgeConstraint(control=control.id, edge=edge, profile=control.profile,
                                                ground_m=(ground, ground), corner=control.corner))


def _surface(lot: Lot, control: Control, found: Constraints) -> None:
    surface = control.surface
    ceilings: list[Overhang] = []
    if isinstance(surface, ViewCorridor):
        ceilings = limits.view_corridor(surface.eye, surface.target)
    elif isinstance(surface, FresnelLink):
        ceilings = limits.fresnel_link(surface.ends, surface.frequency_ghz, surface.share)
    elif isinstance(surface, SolarFence):
        low_x, low_y, high_x, high_y = lot.shape.bounds
        reach = max(lot.shape.distance(shapely.LineString([p[:2], q[:2]])) for p, q in surface.edges)
        ceilings = limits.solar_fence(surface.edges, surface.fence_m, surface.suns,
                                      reach + 2.0 * math.hypot(high_x - low_x, high_y - low_y))
    elif isinstance(surface, ObstacleSurfaces):
        approach = surface.approach
        ceilings = limits.obstacle_surfaces(
            thresholds=surface.thresholds, aerodrome_m=surface.aerodrome_m,
            inner_height_m=surface.inner_horizontal_height_m, inner_radius_m=surface.inner_horizontal_radius_m,
            conical_slope=surface.conical_slope, conical_height_m=surface.conical_height_m,
            transitional_slope=surface.transitional_slope, strip_half_width_m=surface.strip_half_width_m,
            approach=(approach.from_threshold_m, approach.inner_width_m, approach.divergence, approach.sections))
    over = tuple(c for c in ceilings if c.plan.intersects(lot.shape))
    if over:
        found.ceilings.append(CeilingConstraint(control=control.id, ceilings=over))


_KINDS: Final[dict[Kind, Callable[[Lot, Control, Constraints], None]]] = {
    Kind.SETBACK: _on_edges,
    Kind.PROPORTIONAL: _on_edges,
    Kind.PROFILE: _on_edges,
    Kind.RECESSION: _on_edges,
    Kind.SETBACK_CLASS: _setback_class,
    Kind.ROAD_SLANT: _road_slant,
    Kind.NORTH_SLANT: _north_slant,
    Kind.UNDERGROUND: _underground,
    Kind.HEIGHT: _height,
    Kind.HEIGHT_ABSOLUTE: _height,
    Kind.STOREYS: _height,
    Kind.NO_BUILD: _no_build,
    Kind.VIEW_CORRIDOR: _surface,
    Kind.OBSTACLE: _surface,
    Kind.FRESNEL: _surface,
    Kind.SOLAR: _surface,
}
