"""Surfaces that limit from outside the lot, as a pack states them (scene CRS) and as they stand in the frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np

from zonebox.frame import Frame
from zonebox.geometry.overhang import has_extent
from zonebox.model import (
    Approach,
    Basin,
    EdgeRole,
    EdgeSelector,
    FresnelLink,
    ObstacleSurfaces,
    OuterHorizontal,
    Parcel,
    SolarFence,
    Surface,
    TakeOffClimb,
    ViewCorridor,
)
from zonebox_converters.zoning.pack_table import PackTable
from zonebox_converters.zoning.shipped import parameters
from zonebox_converters.zoning.sun import declination_deg, sun_vector

Place = tuple[float, float, float]
Segment = tuple[Place, Place]

_BASIN: Final = ("inner_horizontal", "conical", "transitional_slope", "strip_half_width_m", "approach")
_APART: Final = ("take_off", "outer_horizontal")
KEYS: Final = {
    "view_corridor": ("eye", "target", "margin_m"),
    "obstacle": ("thresholds", "aerodrome_m", "surfaces", *_BASIN, *_APART),
    "fresnel": ("ends", "frequency_ghz", "share"),
    "solar": ("protect", "fence_m", "day", "declination_deg", "hours", "step_min", "latitude_deg"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SolarRule:
    """Which edges the sun must reach, and when.

    ``segments`` are places in the scene's CRS; ``edges`` select boundary edges of ``parcels`` (empty: of the parcel the
    rule holds on), on a ground of ``ground_m``, or the parcel's design ground. ``hours`` are true solar time.
    """

    segments: tuple[Segment, ...]
    edges: EdgeSelector
    parcels: tuple[str, ...]
    ground_m: float | None
    fence_m: float
    declination: float
    hours: tuple[float, ...]
    latitude: float | None


def read_surface(rule: PackTable, kind: str) -> Surface | SolarRule:
    """Read the surface of a view corridor, obstacle, Fresnel or solar rule, in scene coordinates."""
    if kind == "view_corridor":
        eye, target = rule.places("eye", least=1, most=2), rule.places("target", least=1)
        margin = rule.number("margin_m", "distance", 0.0)
        if margin <= 0.0 and not has_extent([*eye, *target]):
            got = "one eye and one target" if len(eye) == len(target) == 1 else "eye and target over one line"
            raise rule.refuse("target", got=got, want="a segment across the line of sight on one side at least, or "
                              f"{rule.text.spelled('margin_m')}", then="a line is no corridor")
        if eye[0][:2] in {place[:2] for place in target}:
            raise rule.refuse("target", got="a target where the eye is", want="two places")
        return ViewCorridor(eye=eye, target=target, margin_m=margin)
    if kind == "fresnel":
        one, other = rule.places("ends", least=2, most=2)
        return FresnelLink(ends=(one, other), frequency_ghz=rule.number("frequency_ghz", "frequency"),
                           share=rule.number("share", "share", 0.6))
    return _obstacle(rule) if kind == "obstacle" else _solar(rule)


def in_frame(surface: Surface, frame: Frame) -> Surface:
    """Bring a surface from the scene's CRS into the frame.

    >>> frame = Frame(crs="EPSG:7415", origin=(85000.0, 448000.0))
    >>> in_frame(FresnelLink(ends=((85010, 448020, 30), (86000, 448000, 40)), frequency_ghz=6), frame).ends
    ((10.0, 20.0, 30.0), (1000.0, 0.0, 40.0))
    """
    if isinstance(surface, ViewCorridor):
        return replace(surface, eye=_local(surface.eye, frame), target=_local(surface.target, frame))
    if isinstance(surface, ObstacleSurfaces):
        one, other = _local(surface.thresholds, frame)
        return replace(surface, thresholds=(one, other))
    if isinstance(surface, FresnelLink):
        one, other = _local(surface.ends, frame)
        return replace(surface, ends=(one, other))
    return replace(surface, edges=_segments(surface.edges, frame))


def solar_fence(
    rule: SolarRule, parcel: Parcel, protected: Sequence[tuple[Parcel, Sequence[int]]], frame: Frame
) -> SolarFence | None:
    """Make the fence of a parcel from a rule; None where the ground at a protected edge is not known.

    Parameters
    ----------
    parcel : Parcel
        Whose envelope the fence limits.
    protected : sequence
        Parcels with the numbers of their protected edges.
    """
    edges = list(_segments(rule.segments, frame))
    for lot, numbers in protected:
        ground = rule.ground_m if rule.ground_m is not None else lot.design_ground_m
        if ground is None:
            return None
        line = lot.boundary
        edges += [((*_xy(line.start[k]), ground), (*_xy(line.end[k]), ground)) for k in numbers]
    centre = np.array(parcel.shape.centroid.coords[0])
    latitude = rule.latitude if rule.latitude is not None else float(frame.lon_lat([centre])[0, 1])
    convergence = frame.convergence_deg(centre)
    suns = [sun_vector(latitude, rule.declination, hour, convergence_deg=convergence) for hour in rule.hours]
    return SolarFence(edges=tuple(edges), fence_m=rule.fence_m, suns=tuple(sun for sun in suns if sun[2] > 0.0))


def _obstacle(rule: PackTable) -> ObstacleSurfaces:
    """Read runway and surfaces; what the rule does not say comes from the parameters it names in ``surfaces``."""
    named = rule.text_of("surfaces")
    table = replace(rule, values={**(parameters(named, rule) if named else {}), **rule.values}) if named else rule
    one, other = rule.places("thresholds", least=2, most=2)
    if one[:2] == other[:2]:
        raise rule.refuse("thresholds", got="both thresholds in one place", want="the two ends of a runway")
    level = rule.number("aerodrome_m", "level")
    has = [key for key in (*_BASIN, *_APART) if key in table]
    if not has:
        raise rule.refuse("kind", got="no surface", want=f"{', '.join(_BASIN)}; or {' or '.join(_APART)}",
                          then='or name a group of them, surfaces = "pack:icao.code4.example#precision"')
    return ObstacleSurfaces(
        thresholds=(one, other), aerodrome_m=level, basin=_basin(table) if set(has) - set(_APART) else None,
        take_off=_take_off(table) if "take_off" in table else None,
        outer=_outer(table) if "outer_horizontal" in table else None)


def _basin(table: PackTable) -> Basin:
    inner = table.table("inner_horizontal", ("height_m", "radius_m"))
    conical = table.table("conical", ("slope", "height_m"))
    approach = table.table("approach", ("from_threshold_m", "inner_width_m", "divergence", "sections"))
    return Basin(
        inner_horizontal_height_m=inner.number("height_m", "height"),
        inner_horizontal_radius_m=inner.number("radius_m", "distance"),
        conical_slope=conical.number("slope", "ratio"), conical_height_m=conical.number("height_m", "height"),
        transitional_slope=table.number("transitional_slope", "ratio"),
        strip_half_width_m=table.number("strip_half_width_m", "distance"),
        approach=Approach(
            from_threshold_m=approach.number("from_threshold_m", "distance"),
            inner_width_m=approach.number("inner_width_m", "distance"),
            divergence=approach.number("divergence", "slope"),
            sections=tuple((length, slope) for length, slope in approach.rows("sections", ("distance", "slope")))))


def _take_off(table: PackTable) -> TakeOffClimb:
    climb = table.table("take_off", ("from_end_m", "inner_width_m", "divergence", "final_width_m", "length_m", "slope"))
    return TakeOffClimb(
        from_end_m=climb.number("from_end_m", "distance"), inner_width_m=climb.number("inner_width_m", "distance"),
        divergence=climb.number("divergence", "slope"), final_width_m=climb.number("final_width_m", "distance"),
        length_m=climb.number("length_m", "distance"), slope=climb.number("slope", "slope"))


def _outer(table: PackTable) -> OuterHorizontal:
    outer = table.table("outer_horizontal", ("height_m", "above_ground_m", "radius_m"))
    return OuterHorizontal(height_m=outer.number("height_m", "height"), radius_m=outer.number("radius_m", "distance"),
                           above_ground_m=outer.number("above_ground_m", "distance"))


def _solar(rule: PackTable) -> SolarRule:
    protect = rule.table("protect", ("segments", "role", "index", "parcels", "ground_m"))
    segments = protect.values.get("segments", [])
    named = protect.words("role") or protect.values.get("index")
    if bool(segments) == bool(named):
        raise rule.refuse("protect", got="both segments and edges" if named else "no protected edge",
                          want="segments = [[[E, N, H], [E, N, H]], ...], or role or index of parcel edges")
    if not isinstance(segments, list):
        raise rule.refuse("protect", got=f"segments = {segments!r}", want="[[[E, N, H], [E, N, H]], ...]")
    lines = [replace(protect, values={"segments": pair}).places("segments", least=2, most=2) for pair in segments]
    hours = rule.numbers("hours", "hour")
    if "step_min" in rule:
        if len(hours) != 2:
            raise rule.refuse("hours", got=f"hours = {hours}", want="[from, to] beside step_min")
        steps = max(round((hours[1] - hours[0]) * 60.0 / rule.number("step_min", "minutes")), 1)
        hours = [float(hour) for hour in np.linspace(hours[0], hours[1], steps + 1)]
    return SolarRule(
        segments=tuple((a, b) for a, b in lines), edges=read_edges(protect), parcels=protect.words("parcels"),
        ground_m=protect.optional("ground_m", "level"), fence_m=rule.number("fence_m", "distance", 0.0),
        declination=_declination(rule), hours=tuple(hours), latitude=rule.optional("latitude_deg", "latitude"))


def read_edges(table: PackTable) -> EdgeSelector:
    """Read roles, edge numbers and compass sector of an edge selector."""
    roles = table.words("role")
    for role in roles:
        replace(table, values={"role": role}).choice("role", tuple(EdgeRole))
    indices = table.values.get("index", [])
    if not isinstance(indices, list) or not all(type(i) is int and i >= 0 for i in indices):
        raise table.refuse("index", got=f"index = {indices!r}", want="a list of edge numbers, from 0")
    sector = None
    if "sector_deg" in table:
        low, high = [*table.numbers("sector_deg", "bearing"), -1.0, -1.0][:2]
        if len(table.values["sector_deg"]) != 2 or low % 360.0 == high % 360.0:
            raise table.refuse("sector_deg", got=f"sector_deg = {table.values['sector_deg']}",
                               want="two true bearings, clockwise, e.g. [315, 45] for north")
        sector = (low, high)
    return EdgeSelector(roles=roles, indices=tuple(indices), sector_deg=sector)


def _declination(rule: PackTable) -> float:
    if ("day" in rule) == ("declination_deg" in rule):
        raise rule.refuse("kind", got="both day and declination_deg" if "day" in rule else "no day", want="one of them",
                          then='day = "01-20" (month-day), or declination_deg')
    if "declination_deg" in rule:
        return rule.number("declination_deg", "declination")
    try:
        day = date.fromisoformat(f"2001-{rule.text_of('day')}")
    except ValueError:
        raise rule.refuse("day", got=f'day = "{rule.text_of("day")}"', want='month and day, e.g. "01-20"') from None
    return declination_deg(day.month, day.day)


def _local(places: Sequence[Place], frame: Frame) -> tuple[Place, ...]:
    return tuple((float(x), float(y), float(z)) for x, y, z in frame.local(np.asarray(places, dtype=np.float64)))


def _segments(edges: Sequence[Segment], frame: Frame) -> tuple[Segment, ...]:
    return tuple((a, b) for a, b in (_local(edge, frame) for edge in edges))


def _xy(point: np.ndarray) -> tuple[float, float]:
    return float(point[0]), float(point[1])
