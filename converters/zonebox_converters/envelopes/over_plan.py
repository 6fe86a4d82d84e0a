"""Controls over parts of the plan -> ceilings: heights and their zones, no-build ground, drawn lines, surfaces."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import shapely
from shapely.geometry.base import BaseGeometry

from zonebox.geometry import limits
from zonebox.geometry.aerodrome import QUARTER
from zonebox.geometry.lifted import HigherOf, LiftedGround, around
from zonebox.geometry.overhang import NEVER_M, Overhang, level
from zonebox.geometry.profile import Profile
from zonebox.model import (
    CapConstraint,
    CeilingConstraint,
    Control,
    Datum,
    FresnelLink,
    Kind,
    ObstacleSurfaces,
    SolarFence,
    ViewCorridor,
)
from zonebox.tolerance import AREA_M2
from zonebox_converters.envelopes.constraints import (
    CLASSES_UP_TO_M,
    Constraints,
    Lot,
    level_ground,
    polygons,
    zone_in,
)
from zonebox_converters.envelopes.flight import aerodrome_ceilings

LINE_STEP_M: Final = 0.25
"""Height step in which a sloping setback from a drawn line is followed, on the strict side."""


def height(lot: Lot, control: Control, found: Constraints) -> None:
    """Cap a lot, or the zone of it where the control holds, above its ground reference."""
    assert control.limit is not None, f"{control.id}: a height control carries its limit"
    rise = control.limit
    if control.kind is Kind.STOREYS:
        assert control.storey_height_m is not None, f"{control.id}: storeys need their height"
        rise = control.limit * control.storey_height_m
    if control.datum is Datum.TERRAIN_FOLLOWING:
        if lot.terrain is None:
            found.unresolved.append(f"{control.id}: there is no terrain to follow on parcel {lot.parcel.id}")
            return
        zone = zone_in(lot, control)
        if zone is None or not zone.is_empty:
            over = LiftedGround(ground=around(lot.terrain, lot.shape), lift_m=rise, plan=zone)
            found.ceilings.append(CeilingConstraint(control=control.id, ceilings=(over,)))
        return
    ground = 0.0 if control.kind is Kind.HEIGHT_ABSOLUTE else level_ground(lot, control, found)
    if ground is None:
        return
    relative = None if control.kind is Kind.HEIGHT_ABSOLUTE else ground
    zone = zone_in(lot, control)
    if zone is None:
        found.caps.append(CapConstraint(control=control.id, top_m=ground + rise, ground_m=relative))
    elif not zone.is_empty:
        found.ceilings.append(CeilingConstraint(control=control.id, ceilings=(level(zone, ground + rise, "zone"),),
                                                ground_m=relative))


def no_build(lot: Lot, control: Control, found: Constraints) -> None:
    """Forbid every height over the zone of a control."""
    zone = zone_in(lot, control)
    plan = lot.shape if zone is None else zone
    if not plan.is_empty:
        found.ceilings.append(CeilingConstraint(control=control.id, ceilings=(level(plan, NEVER_M, "no-build"),)))


def from_line(lot: Lot, control: Control, profile: Profile, found: Constraints) -> None:
    """Follow a setback from a drawn line in steps of height, each at the next step's distance."""
    assert control.line is not None
    fixed_rule = len(profile.points) == 1 and profile.slope == 0.0 and profile.from_below
    ground = 0.0 if fixed_rule else level_ground(lot, control, found)
    if ground is None:
        return
    top = max((cap.top_m for cap in found.caps), default=ground + CLASSES_UP_TO_M) - ground
    zone = zone_in(lot, control)
    ceilings = []
    for height, distance in _steps(profile, top):
        ring = _within(control.line, distance)
        start = NEVER_M if height <= 0.0 and profile.from_below else ground + height
        if zone is not None:
            ring = polygons(ring.intersection(zone))
        if distance > 0.0 and ring.intersects(lot.shape):
            ceilings.append(level(ring, start, "drawn line"))
    if ceilings:
        found.ceilings.append(CeilingConstraint(control=control.id, ceilings=tuple(ceilings), ground_m=ground))


def _within(line: BaseGeometry, distance: float) -> BaseGeometry:
    """Ground within a distance of a line: beside it exactly, round its corners a polygon that holds the whole arc."""
    corners = shapely.MultiPoint(shapely.get_coordinates(line))
    arcs = corners.buffer(distance / math.cos(math.pi / (4 * QUARTER)), quad_segs=QUARTER)
    return shapely.union_all([line.buffer(distance, quad_segs=QUARTER), arcs])


def _steps(profile: Profile, top: float) -> list[tuple[float, float]]:
    """Heights from which a larger distance holds: exact for tiers, `LINE_STEP_M` on the strict side for slopes."""
    if profile.slope == 0.0 and all(a[1] == b[1] or a[0] == b[0]
                                    for a, b in zip(profile.points, profile.points[1:], strict=False)):
        return [(h, s) for h, s in profile.points if s > 0.0]
    count = max(1, math.ceil(top / LINE_STEP_M))
    heights = [k * top / count for k in range(count)]
    return [(h, float(profile.distance_at(h + top / count))) for h in heights]


def surface_over(lot: Lot, control: Control, found: Constraints) -> None:
    """Set surfaces from outside the lot to work, those that are only to study apart (domain D10)."""
    surface = control.surface
    ceilings: Sequence[Overhang | LiftedGround | HigherOf] = ()
    if isinstance(surface, ViewCorridor):
        ceilings = limits.view_corridor(surface.eye, surface.target, surface.margin_m)
    elif isinstance(surface, FresnelLink):
        ceilings = limits.fresnel_link(surface.ends, surface.frequency_ghz, surface.share)
    elif isinstance(surface, SolarFence):
        low_x, low_y, high_x, high_y = lot.shape.bounds
        reach = max(lot.shape.distance(shapely.LineString([p[:2], q[:2]])) for p, q in surface.edges)
        ceilings = limits.solar_fence(surface.edges, surface.fence_m, surface.suns,
                                      reach + 2.0 * math.hypot(high_x - low_x, high_y - low_y))
    elif isinstance(surface, ObstacleSurfaces):
        ceilings = aerodrome_ceilings(surface, lot.shape, lot.terrain, lot.grounds)
    over = tuple(c.near(lot.shape) if isinstance(c, Overhang) else c for c in ceilings
                 if not isinstance(c, Overhang) or c.plan.intersects(lot.shape))
    zone = zone_in(lot, control)
    if zone is not None:
        over = tuple(replace(c, plan=part) for c in over if isinstance(c, Overhang)
                     and not (part := polygons(c.plan.intersection(zone))).is_empty)
    if not over:
        return
    made = CeilingConstraint(control=control.id, ceilings=over, to_study=control.effect == "trigger_study")
    found.ceilings.append(made)
    if made.to_study:
        lowest = float(made.limit_at(shapely.get_coordinates(lot.shape)).min())
        at = f"from {lowest:.2f} m up, " if math.isfinite(lowest) else ""
        found.unresolved.append(f"{control.id}: cuts nothing; {at}what rises above it is for its authority to study")


def tell_of_gaps(lot: Lot, found: Constraints) -> None:
    """Say where ceilings leave a part of a lot without any limit of height."""
    cutting = [c for held in found.ceilings if not held.to_study for c in held.ceilings]
    if found.caps or not found.ceilings:
        return
    plans = [c.plan for c in cutting if isinstance(c, Overhang)]
    plans += [c.plane.plan if isinstance(c, HigherOf) else c.plan or lot.shape for c in cutting
              if not isinstance(c, Overhang)]
    rest = lot.shape.difference(shapely.union_all(plans)).area
    if rest > AREA_M2:
        found.unresolved.append(f"no height limit on {rest:.0f} m² of parcel {lot.parcel.id}: the envelope ends there "
                                "where it is drawn to")
