"""Obstacle limitation surfaces of an aerodrome as overhangs (ICAO Annex 14 Vol I ch. 4; domain B13, C11).

Points and results are in the frame, metres.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from shapely.geometry import LineString, Polygon

from zonebox.geometry.overhang import Overhang, cone, level

Point3 = tuple[float, float, float]

QUARTER: Final = 64
"""Sides of a circle's polygon in a quarter turn; polygons lie round their circles, so that none is too small."""


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
    disc = within(thresholds, inner_radius_m)
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
    ring = within((a, b), radius + reach).difference(disc)
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


def within(ends: Sequence[ArrayLike], radius_m: float) -> Polygon:
    """Ground within a distance of a runway: circles about its ends, joined by tangents."""
    a, b = (np.asarray(p, dtype=np.float64)[:2] for p in ends)
    return LineString([a, b]).buffer(radius_m / math.cos(math.pi / (4 * QUARTER)), quad_segs=QUARTER)


def take_off_climb(
    ends: tuple[Point3, Point3], *, from_end_m: float, inner_width_m: float, divergence: float, final_width_m: float,
    length_m: float, slope: float,
) -> list[Overhang]:
    """Take-off climb surfaces beyond both ends of a runway: a plane that widens up to its final width.

    Examples
    --------
    >>> climbs = take_off_climb(((0, 0, 4.0), (-3000, 0, 4.0)), from_end_m=60, inner_width_m=180, divergence=0.125,
    ...                         final_width_m=1800, length_m=15000, slope=0.02)
    >>> climbs[0].limit_at(np.array([[6660.0, 0.0], [1060.0, 214.0], [1060.0, 216.0]])).round(9).tolist()
    [136.0, 24.0, inf]
    """
    surfaces = []
    half, most = inner_width_m / 2.0, max(final_width_m, inner_width_m) / 2.0
    widens = min((most - half) / divergence, length_m) if divergence > 0.0 else 0.0
    wide = half + divergence * widens
    for end, other in (ends, ends[::-1]):
        foot, back = np.asarray(end[:2], dtype=np.float64), np.asarray(other[:2], dtype=np.float64)
        out = (foot - back) / np.linalg.norm(foot - back)
        across = np.array([-out[1], out[0]])
        edge = foot + from_end_m * out
        corners = [edge + x * out + y * across
                   for x, y in ((0.0, -half), (widens, -wide), (length_m, -wide), (length_m, wide), (widens, wide),
                                (0.0, half))]
        plane = [*(slope * out), float(end[2]) - slope * float(out @ edge)]
        surfaces.append(Overhang(plan=Polygon(corners).convex_hull, planes=np.array([plane]), name="take-off climb"))
    return surfaces
