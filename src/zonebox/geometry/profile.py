"""The cross-section of a rule: how far from an edge a building must stay, as a function of height.

A rule on an edge forbids, at height h above its datum, every point nearer to the edge than s(h). Fixed setbacks,
tiers, recession planes, proportional distances and sky exposure planes are all such step-linear functions, so one
`Profile` serves the solid that is subtracted, the limit at a point, and the check of a building (domain C2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zonebox.errors import GeometryError


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Required distance from an edge over height, piecewise linear, jumps allowed.

    Parameters
    ----------
    points : tuple of (h, s)
        Height above the rule's datum and required distance there, metres; h never falls. Two points of equal h are a
        jump. Below the first point the distance is the first point's where ``from_below`` is set, else nothing is
        forbidden.
    slope : float
        Growth of s per metre of height above the last point.
    from_below : bool
        Whether the first distance also holds below the first height.

    Examples
    --------
    >>> fixed(3.0).distance_at([0, 50]).tolist()
    [3.0, 3.0]
    >>> proportional(0.4, 3.0).distance_at([6, 7.5, 9]).round(3).tolist()
    [3.0, 3.0, 3.6]
    >>> recession(2.5, 45.0).limit_at([0.0, 5.5]).round(3).tolist()
    [2.5, 8.0]
    """

    points: tuple[tuple[float, float], ...]
    slope: float = 0.0
    from_below: bool = True

    def __post_init__(self) -> None:
        heights = [h for h, _ in self.points]
        if not self.points or heights != sorted(heights) or min(s for _, s in self.points) < 0:
            raise GeometryError(f"a profile needs rising heights and distances >= 0, got {self.points}")

    def distance_at(self, height: ArrayLike) -> NDArray[np.float64]:
        """Return the required distance s (m) at heights h above the datum; at a jump the larger side."""
        h = np.asarray(height, dtype=np.float64)
        if len(self.points) == 1 and self.slope == 0.0 and self.from_below:
            return np.where(np.isnan(h), h, self.points[0][1])
        ph, ps = (np.array(column) for column in zip(*self.points, strict=True))
        k = np.searchsorted(ph, h, side="right")            # points at or below h
        lower, upper = np.clip(k - 1, 0, None), np.clip(k, None, len(ph) - 1)
        span = np.where(ph[upper] > ph[lower], ph[upper] - ph[lower], 1.0)
        s = ps[lower] + (ps[upper] - ps[lower]) * (h - ph[lower]) / span
        s = np.where(k == len(ph), ps[-1] + self.slope * (h - ph[-1]), s)
        at_jump = (k > 0) & (h == ph[lower])
        highest = np.array([max(s for q, s in self.points if q == p) for p in ph])
        s = np.where(at_jump, np.maximum(s, highest[lower]), s)
        return np.where(k == 0, ps[0] if self.from_below else 0.0, s)

    def limit_at(self, distance: ArrayLike) -> NDArray[np.float64]:
        """Height (m above the datum) from which a point at this distance from the edge is forbidden; inf where never.

        The profile's distances never shrink with height in the rules this serves; where they do, the lowest
        forbidden height is returned.
        """
        d = np.asarray(distance, dtype=np.float64)
        limit = np.full(d.shape, math.inf)
        last_h, last_s = self.points[-1]
        if self.slope > 0:
            limit = last_h + np.maximum(d - last_s, 0.0) / self.slope
        for (h0, s0), (h1, s1) in reversed(list(zip(self.points[:-1], self.points[1:], strict=True))):
            rise = np.clip((d - s0) / (s1 - s0), 0.0, 1.0) if s1 > s0 else np.zeros(d.shape)
            limit = np.where(d < max(s0, s1), h0 + rise * (h1 - h0), limit)
        first_h, first_s = self.points[0]
        return np.where(d < first_s, -math.inf if self.from_below else first_h, limit)

    def section(self, bottom: float, top: float) -> NDArray[np.float64]:
        """Polygon (k, 2) of (d, h) of what is forbidden between two heights, on d >= 0, counter-clockwise.

        Empty (0, 2) where nothing is forbidden below ``top``.
        """
        start = bottom if self.from_below else max(bottom, self.points[0][0])
        if start >= top:
            return np.zeros((0, 2))
        inner = [(h, s) for h, s in self.points if start < h < top]
        first = [(start, float(self._just_above(start)))]
        last = [(top, float(self._just_below(top)))]
        curve = [(s, h) for h, s in (*first, *inner, *last)]
        if max(s for s, _ in curve) <= 0.0:
            return np.zeros((0, 2))
        return np.array([(0.0, start), *curve, (0.0, top)])

    @property
    def heights(self) -> tuple[float, ...]:
        """Heights at which the profile bends or jumps."""
        return tuple(sorted({h for h, _ in self.points}))

    def _just_above(self, h: float) -> float:
        later = [point for point in self.points if point[0] > h]
        at = [s for q, s in self.points if q == h]
        if at:
            return at[-1]
        return float(self.distance_at(h)) if later or h > self.points[-1][0] else self.points[0][1]

    def _just_below(self, h: float) -> float:
        at = [s for q, s in self.points if q == h]
        return at[0] if at else float(self.distance_at(h))


def fixed(distance_m: float) -> Profile:
    """Keep ``distance_m`` at every height."""
    return Profile(points=((0.0, distance_m),))


def tiers(steps: tuple[tuple[float, float], ...]) -> Profile:
    """Keep each distance from its height on: ((from_m, distance_m), ...); the larger governs where they cross.

    >>> tiers(((0.0, 5.0), (12.0, 11.0))).distance_at([11.9, 12.0]).tolist()
    [5.0, 11.0]
    """
    points: list[tuple[float, float]] = []
    reached = 0.0
    for height, distance in sorted(steps):
        if points:
            points.append((height, reached))
        reached = max(reached, distance)
        points.append((height, reached))
    return Profile(points=tuple(points), from_below=points[0][0] <= 0.0)


def recession(h0_m: float, angle_deg: float, min_distance_m: float = 0.0) -> Profile:
    """Stay under a plane that starts ``h0_m`` above the edge and rises inward at ``angle_deg`` to the horizontal."""
    if not 0.0 < angle_deg < 90.0:
        raise GeometryError(f"a recession plane rises between 0 and 90 degrees, got {angle_deg}")
    return _rising(h0_m, 1.0 / math.tan(math.radians(angle_deg)), min_distance_m)


def proportional(ratio: float, min_distance_m: float = 0.0) -> Profile:
    """Keep max(min, ratio × height): 0.4 H, at least 3 m, and the like."""
    if ratio <= 0.0:
        raise GeometryError(f"a proportional distance needs a ratio above 0, got {ratio}")
    return _rising(0.0, ratio, min_distance_m)


def _rising(h0: float, slope: float, least: float) -> Profile:
    """Distance slope × (h − h0) above h0, never below ``least``."""
    knee = h0 + least / slope
    if least <= 0.0:
        return Profile(points=((h0, 0.0),), slope=slope, from_below=False)
    return Profile(points=((knee, least),), slope=slope)
