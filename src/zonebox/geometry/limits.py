"""View corridors, radio links and protected sunlight as overhangs (domain A12, A15, B10, C11).

Points and results are in the frame, metres. Each function states its formula's source.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from zonebox.errors import GeometryError
from zonebox.geometry.overhang import Overhang, has_extent, under_points

Point3 = tuple[float, float, float]

EARTH_BULGE = 12.75
"""Earth bulge of a link in metres: d1 · d2 / (12.75 · k), kilometres (domain A15)."""

REFRACTION_K = 4.0 / 3.0
STATIONS_PER_KM = 20

TUBE_SAGITTA_M = 0.01
"""How far the facets of a tube stand off it at most (domain C2)."""

CHORD_M = 1e-3
"""By how much a tube is lowered, so that the chords between its stations do not hang above it."""


def view_corridor(eye: Sequence[Point3], target: Sequence[Point3], margin_m: float = 0.0) -> list[Overhang]:
    """Everything above the lines of sight from an eye (point or segment) to each neighbouring pair of target points.

    With a single target point the corridor is the triangle from an eye segment to it, or the strip along the line of
    sight that a margin makes. Pairs that lie in line with the eye add nothing to their neighbours.

    Raises
    ------
    GeometryError
        All lines of sight lie over one line, and there is no margin.

    Examples
    --------
    >>> (one,) = view_corridor([(0, 0, 11.6)], [(1000, 0, 60.0)], margin_m=10)
    >>> one.limit_at(np.array([[400.0, 9.9], [400.0, 10.1]])).round(6).tolist()
    [30.96, inf]
    """
    spans: list[tuple[Point3, ...]] = list(pairwise(target)) or [(target[0],)]
    found = []
    for span in spans:
        points = _widened(np.array([*eye, *span], dtype=np.float64), len(eye), margin_m)
        if has_extent(points):
            found.append(under_points(points, "view corridor"))
    if not found:
        raise GeometryError("a view corridor whose eye and target lie over one line needs a margin")
    return found


def _widened(points: NDArray[np.float64], eyes: int, margin: float) -> NDArray[np.float64]:
    """Points of a corridor and, where it has a margin, each of them moved to both sides of the line of sight."""
    if margin <= 0.0:
        return points
    along = points[eyes:, :2].mean(0) - points[:eyes, :2].mean(0)
    aside = np.array([-along[1], along[0], 0.0]) * (margin / max(float(np.hypot(*along)), 1e-12))
    return np.concatenate([points + aside, points - aside])


def fresnel_radius_m(d1_km: float, d2_km: float, frequency_ghz: float) -> float:
    """Radius of the first Fresnel zone: 17.32 √(d1 d2 / (f D)) (domain A15, F20).

    >>> round(fresnel_radius_m(5, 15, 6), 3)
    13.693
    """
    return 17.32 * math.sqrt(d1_km * d2_km / (frequency_ghz * (d1_km + d2_km)))


def fresnel_link(ends: tuple[Point3, Point3], frequency_ghz: float, share: float) -> list[Overhang]:
    """Forbid building into the tube round a radio link, and whatever would have to pass through it from below.

    The tube hangs between two stations under the ray less the earth's bulge; a building that reaches into it comes from
    below, so everything above its lower side is forbidden over its width.
    """
    a, b = (np.asarray(p, dtype=np.float64) for p in ends)
    span = float(np.linalg.norm(b[:2] - a[:2]))
    along = (b[:2] - a[:2]) / span
    across = np.array([-along[1], along[0]])
    count = max(64, math.ceil(span / 1000.0 * STATIONS_PER_KM))
    share_along = (1.0 - np.cos(np.linspace(0.0, math.pi, count + 1))) / 2.0    # denser where the tube opens
    d1, d2 = share_along * span / 1000.0, (1.0 - share_along) * span / 1000.0
    radius = share * 17.32 * np.sqrt(d1 * d2 / (frequency_ghz * span / 1000.0))
    axis = a[2] + (b[2] - a[2]) * share_along - d1 * d2 / (EARTH_BULGE * REFRACTION_K) - CHORD_M
    # half a turn of tangents, the lowest of them level, so that under the axis the limit is the tube's own
    half = math.acos(1.0 / (1.0 + TUBE_SAGITTA_M / max(float(radius.max()), TUBE_SAGITTA_M)))
    steps = 2 * math.ceil(math.pi / (4.0 * half)) + 1
    half = math.pi / (2.0 * steps)
    ring = math.pi + half * np.arange(0.0, 2.0 * steps + 1.0, 2.0)
    grow = 1.0 / math.cos(half)                          # circumscribed
    surfaces = []
    for k in range(count):
        points = []
        for i in (k, k + 1):
            foot = a[:2] + share_along[i] * span * along
            reach = radius[i] * grow
            points += [[*(foot + reach * math.cos(t) * across), axis[i] + reach * math.sin(t)] for t in ring]
        surfaces.append(under_points(points, "radio link"))
    return surfaces


def solar_fence(
    edges: Sequence[tuple[Point3, Point3]], fence_m: float, suns: Sequence[Point3], reach_m: float
) -> list[Overhang]:
    """Everything that would throw its shadow over a fence on protected edges, for each direction to the sun.

    Parameters
    ----------
    edges : sequence of segments
        Ground at the protected edges.
    suns : sequence of unit vectors
        Towards the sun; those below the horizon or along an edge cast nothing over it.
    reach_m : float
        How far from the edges a building can stand.
    """
    surfaces = []
    for p, q in edges:
        base = np.array([p, q], dtype=np.float64) + np.array([0.0, 0.0, fence_m])
        for sun in suns:
            flat = math.hypot(sun[0], sun[1])
            run = base[1, :2] - base[0, :2]
            if sun[2] <= 0.0 or flat <= 1e-9 or abs(run[0] * sun[1] - run[1] * sun[0]) <= 1e-9 * flat:
                continue
            far = base + np.asarray(sun) * (reach_m / flat)
            surfaces.append(under_points(np.concatenate([base, far]), "protected sunlight"))
    return surfaces


def nearest_of(surfaces: Sequence[Overhang], xy: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Lowest of several ceilings over points (n, 2), and its number; inf and 0 where none reaches."""
    if not surfaces:
        return np.full(len(xy), np.inf), np.zeros(len(xy), dtype=np.intp)
    rows = np.stack([s.limit_at(xy) for s in surfaces])
    return rows.min(0), rows.argmin(0)
