"""Limits that come from elsewhere than the lot: view corridors, aerodromes, radio links, protected sunlight.

All coordinates are in the frame, metres. What solid each forbids is told in `zonebox.geometry.limits`.
"""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewCorridor:
    """Everything above the lines of sight from an eye (a point or a segment) to a target (points of its outline).

    ``target`` holds the lowest points that must stay visible.
    """

    eye: tuple[Point, ...]
    target: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approach:
    """An approach or take-off surface: inner edge and divergence, then (length, slope) sections outward."""

    from_threshold_m: float
    inner_width_m: float
    divergence: float
    sections: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObstacleSurfaces:
    """Obstacle limitation surfaces of one runway (ICAO Annex 14 Vol I ch. 4; domain B13).

    ``thresholds`` are both runway ends; heights of inner horizontal and conical count above ``aerodrome_m``.
    """

    thresholds: tuple[Point, Point]
    aerodrome_m: float
    inner_horizontal_height_m: float
    inner_horizontal_radius_m: float
    conical_slope: float
    conical_height_m: float
    transitional_slope: float
    strip_half_width_m: float
    approach: Approach


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
