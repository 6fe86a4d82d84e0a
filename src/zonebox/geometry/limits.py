"""View corridors, aerodromes, radio links and protected sunlight as overhangs (domain A12, A15, B10, B13, C11).

Points and results are in the frame, metres. Each function states its formula's source.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import LineString, Polygon

from zonebox.geometry.overhang import Overhang, cone, level, under_points

Point3 = tuple[float, float, float]

EARTH_BULGE = 12.75
"""Earth bulge of a link in metres: d1 · d2 / (12.75 · k), kilometres (domain A15)."""

REFRACTION_K = 4.0 / 3.0
STATIONS_PER_KM = 20

TUBE_SAGITTA_M = 0.01
"""How far the facets of a tube stand off it at most (domain C2)."""

CHORD_M = 1e-3
"""By how much a tube is lowered, so that the chords between its stations do not hang above it."""


def view_corridor(eye: Sequence[Point3], target: Sequence[Point3]) -> list[Overhang]:
    """Everything above the lines of sight from an eye (point or segment) to each neighbouring pair of target points.

    With a single target point the corridor is the triangle from an eye segment to it; one eye point and one target
    point make no corridor.
    """
    spans: list[tuple[Point3, ...]] = list(pairwise(target)) or [(target[0],)]
    return [under_points([*eye, *span], "view corridor") for span in spans]


def obstacle_surfaces(
    *,
    thresholds: tuple[Point3, Point3],
    aerodrome_m: float,
    inner_height_m: float,
    inner_radius_m: float,
    conical_slope: float,
    conical_height_m: float,
    transitional_slope: float,
    strip_half_width_m: float,
    approach: tuple[float, float, float, Sequence[tuple[float, float]]],
) -> list[Overhang]:
    """Inner horizontal, conical, approach and transitional surfaces of one runway (ICAO Annex 14; domain B13, C11).

    Parameters
    ----------
    approach : (from threshold m, inner width m, divergence, ((length m, slope), ...))
    """
    a, b = (np.asarray(p, dtype=np.float64) for p in thresholds)
    inner = aerodrome_m + inner_height_m
    runway = LineString([a[:2], b[:2]])
    disc = runway.buffer(inner_radius_m, quad_segs=64)
    conical = _conical(a, b, disc, inner, inner_radius_m, conical_slope, conical_height_m)
    found = [level(disc, inner, "inner horizontal"), *conical]
    for end, other in ((a, b), (b, a)):
        out = (end[:2] - other[:2]) / np.linalg.norm(end[:2] - other[:2])
        found += _approach(end, out, approach, transitional_slope, inner)
    return [*found, *_strip_sides(a, b, strip_half_width_m, transitional_slope, inner, approach[0])]


def _conical(
    a: NDArray[np.float64], b: NDArray[np.float64], disc: Polygon, inner: float, radius: float, slope: float,
    height: float,
) -> list[Overhang]:
    """Cone round each runway end, and plane wings beside the straight sides between them."""
    reach = height / slope
    ring = LineString([a[:2], b[:2]]).buffer(radius + reach, quad_segs=64).difference(disc)
    along = (b[:2] - a[:2]) / np.linalg.norm(b[:2] - a[:2])
    across = np.array([-along[1], along[0]])
    far = 10.0 * (radius + reach)
    surfaces = []
    for end, out in ((a, -along), (b, along)):
        half = Polygon([end[:2] + far * across, end[:2] + far * (across + out), end[:2] + far * (out - across),
                        end[:2] - far * across])
        surfaces.append(cone((float(end[0]), float(end[1])), inner, slope, ring.intersection(half), radius, "conical"))
    for side in (across, -across):
        wing = Polygon([a[:2], a[:2] + far * side, b[:2] + far * side, b[:2]])
        c = inner - slope * (radius + float(side @ a[:2]))
        surfaces.append(Overhang(plan=ring.intersection(wing), planes=np.array([[*(slope * side), c]]), name="conical"))
    return surfaces


def _approach(
    threshold: NDArray[np.float64], out: NDArray[np.float64],
    approach: tuple[float, float, float, Sequence[tuple[float, float]]], transitional: float, inner: float,
) -> list[Overhang]:
    """Approach trapezoids, and the transitional surfaces that rise from their sides up to the inner horizontal."""
    start, width, divergence, sections = approach
    across = np.array([-out[1], out[0]])

    def place(x: float, y: float) -> NDArray[np.float64]:
        return np.asarray(threshold[:2] + (start + x) * out + y * across)

    surfaces: list[Overhang] = []
    x, z = 0.0, float(threshold[2])
    for length, slope in sections:
        near, far = width / 2.0 + divergence * x, width / 2.0 + divergence * (x + length)
        plan = Polygon([place(x, -near), place(x + length, -far), place(x + length, far), place(x, near)])
        gradient = slope * out
        c = z - slope * x - float(gradient @ place(0.0, 0.0))
        surfaces.append(Overhang(plan=plan, planes=np.array([[*gradient, c]]), name="approach"))
        surfaces += [_beside(place, side * across, out, (x, near, z), (length, slope, divergence), transitional, inner)
                     for side in (1.0, -1.0) if z < inner]
        x, z = x + length, z + slope * length
    return surfaces


def _beside(
    place: object, side: NDArray[np.float64], out: NDArray[np.float64], start: tuple[float, float, float],
    run: tuple[float, float, float], transitional: float, inner: float,
) -> Overhang:
    """Transitional surface beside one approach section: z = edge height + slope × distance beyond the edge."""
    x, half, z = start
    length, slope, divergence = run
    length = min(length, (inner - z) / slope) if slope > 0.0 else length
    origin = place(0.0, 0.0)                                                       # type: ignore[operator]
    corners = []
    for at in (x, x + length):
        edge, height = half + divergence * (at - x), z + slope * (at - x)
        rise = (inner - height) / transitional
        corners.append((origin + at * out + edge * side, origin + at * out + (edge + rise) * side))
    (p, q), (r, s) = corners
    gradient = (slope - transitional * divergence) * out + transitional * side
    c = z - float(gradient @ p)
    plan = Polygon([p, q, s, r]) if not np.allclose(r, s) else Polygon([p, q, r])
    return Overhang(plan=plan.convex_hull, planes=np.array([[*gradient, c]]), name="transitional")


def _strip_sides(
    a: NDArray[np.float64], b: NDArray[np.float64], half_width: float, slope: float, inner: float, beyond: float
) -> list[Overhang]:
    """Transitional surfaces along the runway strip, between the inner edges of both approaches."""
    along = (b[:2] - a[:2]) / np.linalg.norm(b[:2] - a[:2])
    across = np.array([-along[1], along[0]])
    p, q = a[:2] - beyond * along, b[:2] + beyond * along
    grade = (b[2] - a[2]) / np.linalg.norm(q - p)
    surfaces = []
    for side in (across, -across):
        plan = Polygon([p + half_width * side, q + half_width * side,
                        q + (half_width + (inner - b[2]) / slope) * side,
                        p + (half_width + (inner - a[2]) / slope) * side])
        gradient = slope * side + grade * along
        c = float(a[2]) - float(gradient @ (p + half_width * side))
        surfaces.append(Overhang(plan=plan, planes=np.array([[*gradient, c]]), name="transitional"))
    return surfaces


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
