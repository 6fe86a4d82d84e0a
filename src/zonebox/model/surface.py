"""Limits that come from elsewhere than the lot: view corridors, aerodromes, radio links, protected sunlight.

All coordinates are in the frame, metres. What solid each forbids is told in `zonebox.geometry.limits`.
"""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewCorridor:
    """Everything above the lines of sight from an eye (a point or a segment) to a target (points of its outline).

    ``target`` holds the lowest points that must stay visible; the corridor is ``margin_m`` wider on both sides than
    the lines of sight (domain A12).
    """

    eye: tuple[Point, ...]
    target: tuple[Point, ...]
    margin_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Approach:
    """An approach surface: inner edge and divergence, then (length, slope) sections outward."""

    from_threshold_m: float
    inner_width_m: float
    divergence: float
    sections: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Basin:
    """Inner horizontal, conical, approach and transitional surfaces, which make one hollow round a runway.

    Heights of inner horizontal and conical count above the aerodrome.
    """

    inner_horizontal_height_m: float
    inner_horizontal_radius_m: float
    conical_slope: float
    conical_height_m: float
    transitional_slope: float
    strip_half_width_m: float
    approach: Approach


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOffClimb:
    """A plane that rises from beyond each end of the runway, widening up to a final width."""

    from_end_m: float
    inner_width_m: float
    divergence: float
    final_width_m: float
    length_m: float
    slope: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OuterHorizontal:
    """What rises above a height over the aerodrome and above a height over its own ground, within a distance."""

    height_m: float
    above_ground_m: float
    radius_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ObstacleSurfaces:
    """Obstacle limitation surfaces of one runway (ICAO Annex 14 Vol I ch. 4; domain B13), those that a rule names.

    ``thresholds`` are both runway ends, ``aerodrome_m`` the elevation that horizontal surfaces count from.
    """

    thresholds: tuple[Point, Point]
    aerodrome_m: float
    basin: Basin | None = None
    take_off: TakeOffClimb | None = None
    outer: OuterHorizontal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FresnelLink:
    """A radio link between two antennas, of which ``share`` of the first Fresnel zone is kept clear."""

    ends: tuple[Point, Point]
    frequency_ghz: float
    share: float = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class SolarFence:
    """Protected edges, at a height over their ground, and the unit vectors towards the sun that must reach them.

    ``edges`` are segments ((x, y, z), (x, y, z)) with z the ground; the fence stands ``fence_m`` on it.
    """

    edges: tuple[tuple[Point, Point], ...]
    fence_m: float
    suns: tuple[Point, ...]


Surface = ViewCorridor | ObstacleSurfaces | FresnelLink | SolarFence
