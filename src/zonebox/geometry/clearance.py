"""The least room between a soup of triangles and a rule on an edge: exact, at every height."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon

from zonebox import tolerance
from zonebox.geometry.boundary import Boundary
from zonebox.geometry.culling import WORTH
from zonebox.geometry.edgewise import Corner, EdgeRule, edge_distance, edge_ground
from zonebox.geometry.profile import Profile
from zonebox.geometry.soup import Soup, nearest_on_sides


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clearance:
    """The tightest place against a rule on an edge.

    ``distance_m`` is what there is, ``required_m`` what the rule wants at that height; ``point`` (x, y, z) lies on the
    building, ``foot`` on the edge; ``part`` is what breaks the rule, cut off at the limit
    (whole triangles where the limit is round).
    """

    distance_m: float
    required_m: float
    point: tuple[float, float, float]
    foot: tuple[float, float, float]
    part: Soup

    @property
    def margin_m(self) -> float:
        """Room left, negative where the rule is broken."""
        return self.distance_m - self.required_m


SAMPLE: Final = 64
CLOSE_M: Final = 0.5
"""How many corners are tried first for a bound on the least margin, and how near to the nearest to the edge's line."""


def edge_clearance(
    soup: Soup, lot: Boundary, shape: Polygon | MultiPolygon, rule: EdgeRule
) -> Clearance | None:
    """Find where a soup comes closest to breaking a rule on an edge; None where the edge has no say over it.

    The soup is cut where the profile bends and where the meaning of "distance" changes (beside the edge, past an
    obtuse corner, round a reflex corner); within each piece the margin is linear, or convex, so its least value is
    found at a corner or on a side (domain D3).
    """
    best: Clearance | None = None
    parts: list[Soup] = []
    edge = rule.edge
    for slab, zero, slope, offset in slabs(_near(soup, lot, rule), lot, rule):
        for piece, distance, gradient_axis in zones(slab, lot, edge, rule.corner):
            known = np.inf if best is None else best.margin_m
            found = (_round_corner(piece, gradient_axis, zero, slope, offset, known) if distance is None
                     else _linear(piece, lot, shape, edge, zero, slope, offset))
            if found is None:
                continue
            parts.append(found.part)
            if best is None or found.margin_m < best.margin_m:
                best = found
    return None if best is None else replace(best, part=functools.reduce(Soup.joined, parts))


def is_fixed(rule: EdgeRule) -> bool:
    """Whether a rule asks for one distance at every height."""
    return rule.profile.from_below and len(rule.profile.points) == 1 and rule.profile.slope == 0.0


def _near(soup: Soup, lot: Boundary, rule: EdgeRule) -> Soup:
    """Drop the triangles that can neither be the tightest nor break the rule.

    The distance to the edge's line is never more than the distance that counts, and some corner beside the edge bounds
    the least margin from above.
    """
    if len(soup) >= WORTH:
        soup = soup.picked(soup.groups.near(lot, rule))
    if len(soup) < 64:
        return soup
    flat = soup.corners.reshape(-1, 3)
    inward = lot.inward[rule.edge]
    line = flat[:, 0] * inward[0] + flat[:, 1] * inward[1] - float(lot.start[rule.edge] @ inward)
    required = np.full(len(flat), rule.profile.points[0][1]) if is_fixed(rule) else rule.profile.distance_at(
        flat[:, 2] - edge_ground(flat[:, :2], lot, rule.edge, rule.ground_m))
    gap = line - required
    most = np.inf
    for few in (np.flatnonzero(gap <= float(gap.min()) + CLOSE_M)[:SAMPLE], np.arange(len(gap))):
        if np.isinf(most):                              # any corner gives a bound, the nearest a good one
            counted = edge_distance(flat[few, :2], lot, rule.edge, rule.corner)
            certain = (counted - required[few])[np.isfinite(counted) & (counted >= 0.0)]
            most = max(float(certain.min(initial=np.inf)), 0.0)
    if not np.isfinite(most):
        return soup
    a, b, c = line[0::3], line[1::3], line[2::3]
    u, v, w = required[0::3], required[1::3], required[2::3]
    least = np.minimum(np.minimum(a, b), c) - np.maximum(np.maximum(u, v), w)
    return soup.where(least <= most + tolerance.SNAP_M)


Plane = NDArray[np.float64]


def slabs(
    soup: Soup, lot: Boundary, rule: EdgeRule
) -> list[tuple[Soup, Plane, float, float]]:
    """Cut by height where the profile bends: (piece, ground plane, slope, offset), required = slope · h + offset.

    The ground plane (gx, gy, g0) gives the elevation of the profile's zero height; it slopes along the edge.
    """
    edge, profile, ground = rule.edge, rule.profile, rule.ground_m
    rise = (ground[1] - ground[0]) / lot.length[edge]
    tangent = lot.tangent[edge]
    plane = np.array([*(rise * tangent), ground[0] - rise * float(tangent @ lot.start[edge])])
    normal = np.array([-plane[0], -plane[1], 1.0])
    heights = profile.heights
    bounds = [-np.inf, *heights, np.inf]
    slabs = []
    for low, high in pairwise(bounds):
        if low == -np.inf and not profile.from_below:
            continue
        piece = soup
        if low > -np.inf:
            over = (soup.corners.reshape(-1, 3) @ normal - plane[2]).reshape(-1, 3)
            high_enough = (over > low + tolerance.SNAP_M)
            keep = high_enough[:, 0] | high_enough[:, 1] | high_enough[:, 2]
            piece = (piece if keep.all() else piece.where(keep)).above(normal, plane[2] + low)
        if high < np.inf:
            piece = piece.below(normal, plane[2] + high)
        slope, offset = _line(profile, low, high)
        if len(piece):
            slabs.append((piece, plane, slope, offset))
    return slabs


def _line(profile: Profile, low: float, high: float) -> tuple[float, float]:
    """Slope and offset of the required distance between two neighbouring bends."""
    points = profile.points
    if low == -np.inf:
        return 0.0, points[0][1]
    start = [s for h, s in points if h == low][-1]
    if high == np.inf:
        return profile.slope, start - profile.slope * low
    end = next(s for h, s in points if h == high)
    slope = (end - start) / (high - low)
    return slope, start - slope * low


def zones(
    soup: Soup, lot: Boundary, edge: int, corner_rule: Corner
) -> list[tuple[Soup, str | None, NDArray[np.float64]]]:
    """Pieces in which distance means one thing: ``"line"`` (to the edge's line) or None (to the corner given)."""
    t = np.array([*lot.tangent[edge], 0.0])
    n = np.array([*lot.inward[edge], 0.0])
    start, end = lot.start[edge], lot.end[edge]
    at_start, at_end = float(lot.tangent[edge] @ start), float(lot.tangent[edge] @ end)
    along = soup.corners.reshape(-1, 3) @ t
    if along.min(initial=np.inf) > at_start + tolerance.SPLIT_M and (
            along.max(initial=-np.inf) < at_end - tolerance.SPLIT_M):
        return [(soup, "line", start)] if len(soup) else []          # nothing stands past either corner
    beside = soup.above(t, at_start).below(t, at_end)
    zones: list[tuple[Soup, str | None, NDArray[np.float64]]] = [(beside, "line", start)]
    for corner, neighbour, turn, side, border in (
        (start, int(lot.before[edge]), float(lot.turn_deg[lot.before[edge]]), -1.0, at_start),
        (end, int(lot.after[edge]), float(lot.turn_deg[edge]), 1.0, at_end),
    ):
        if turn >= 90.0:
            continue
        beyond = soup.above(side * t, side * border)
        inward = np.array([*lot.inward[neighbour], 0.0])
        if turn < -tolerance.STRAIGHT_DEG and corner_rule is Corner.MITRE:
            half = n - inward
            zones.append((beyond.above(half, float(half[:2] @ corner)), "line", start))
            continue
        if turn > -90.0:
            beyond = beyond.above(inward, float(inward[:2] @ corner))
        if turn < 0.0 or corner_rule is Corner.RADIAL:
            zones.append((beyond, None, corner))
        else:
            zones.append((beyond.above(n, float(n[:2] @ start)), "line", start))
    return [zone for zone in zones if len(zone[0])]


def _linear(
    soup: Soup, lot: Boundary, shape: Polygon | MultiPolygon, edge: int, plane: Plane, slope: float, offset: float
) -> Clearance | None:
    """Least margin against the edge's line: at a corner of a piece."""
    soup = split_at_lot(soup, lot, shape, edge)
    corners = soup.corners.reshape(-1, 3)
    distance = (corners[:, :2] - lot.start[edge]) @ lot.inward[edge]
    height = corners[:, 2] - corners[:, :2] @ plane[:2] - plane[2]
    required = slope * height + offset
    margin = distance - required
    behind = distance < -tolerance.SPLIT_M
    if behind.any():                                   # another arm of the lot lies behind this edge: not its affair
        margin[behind & shapely.intersects_xy(shape, corners[:, :2])] = np.inf
    k = int(margin.argmin())
    if not np.isfinite(margin[k]):
        return None
    broken = soup.where((margin.reshape(-1, 3) < -tolerance.SNAP_M).any(1))
    outward = np.array([*(lot.inward[edge] + slope * plane[:2]), -slope])
    at_limit = float(lot.inward[edge] @ lot.start[edge]) - slope * float(plane[2]) + offset
    x, y, z = (float(v) for v in corners[k])
    foot = corners[k, :2] - distance[k] * lot.inward[edge]
    return Clearance(distance_m=float(distance[k]), required_m=float(required[k]), point=(x, y, z),
                     foot=(float(foot[0]), float(foot[1]), z), part=broken.below(outward, at_limit))


def split_at_lot(soup: Soup, lot: Boundary, shape: Polygon | MultiPolygon, edge: int) -> Soup:
    """Quarter the triangles behind the edge that stand half in another arm of the lot, until little is mixed.

    Only how far such a design reaches beyond the boundary depends on this, to 1/64 of a triangle; that it reaches
    beyond it does not.
    """
    arms = _behind(lot, edge)
    if arms is None:
        return soup
    normal = np.array([*lot.inward[edge], 0.0])
    at_edge = float(normal[:2] @ lot.start[edge])
    behind = soup.below(normal, at_edge)
    if not len(behind):
        return soup
    ahead = soup.above(normal, at_edge)
    low, high = arms
    for _ in range(6):
        flat = behind.corners[:, :, :2]
        mixed = ((flat.max(1) >= low) & (flat.min(1) <= high)).all(1)
        near = np.flatnonzero(mixed)
        inside = shapely.intersects_xy(shape, flat[near].reshape(-1, 2)).reshape(-1, 3)
        mixed[near] = inside.any(1) & ~shapely.contains(shape, shapely.polygons(flat[near]))
        if not mixed.any():
            break
        behind = behind.where(~mixed).joined(behind.where(mixed).quartered())
    return ahead.joined(behind)


def _behind(lot: Boundary, edge: int) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Box round what of a lot may lie behind the line of one of its edges; None where nothing does."""
    inside = (lot.start - lot.start[edge]) @ lot.inward[edge]
    if float(inside.min()) >= -tolerance.SNAP_M:
        return None
    return lot.start.min(0), lot.start.max(0)


def _near_corner(soup: Soup, corner: NDArray[np.float64], slope: float, limit: float, known: float) -> Soup:
    """Drop the triangles that can be neither nearer to a corner's axis than what is known nor within its limit."""
    if len(soup) < 16:
        return soup
    at_corner, least = bounds_round(soup, corner, slope)
    return soup.where(least <= max(min(float(at_corner.min()), known), limit) + tolerance.SNAP_M)


def bounds_round(
    soup: Soup, corner: NDArray[np.float64], slope: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bound |p − corner| − slope · z over each triangle: what it is at the first of its corners, and never less than.

    It falls by at most 1 + |slope| a metre, and no place of a triangle is farther from a corner than the others are.
    """
    a, b, c = (soup.corners[:, k] for k in range(3))
    at_first = np.hypot(a[:, 0] - corner[0], a[:, 1] - corner[1]) - slope * a[:, 2]
    reach = np.sqrt(np.maximum(*(np.einsum("ij,ij->i", side, side) for side in (b - a, c - a))))
    return at_first, at_first - reach * (1.0 + abs(slope))


def _round_corner(
    soup: Soup, corner: NDArray[np.float64], plane: Plane, slope: float, offset: float, known: float
) -> Clearance | None:
    """Least margin against a reflex corner: on a side of a piece; None where it can only be more than a known one."""
    level = float(corner @ plane[:2] + plane[2])       # round a corner the corner's ground holds
    limit = offset - slope * level
    soup = _near_corner(soup, corner, slope, limit, known + limit)
    if not len(soup):
        return None
    values, places = nearest_on_sides(soup.corners, corner, slope)
    k = int(values.argmin())
    broken = soup.where(values + slope * level - offset < -tolerance.SNAP_M)
    x, y, z = (float(v) for v in places[k])
    distance = float(np.hypot(x - corner[0], y - corner[1]))
    return Clearance(distance_m=distance, required_m=slope * (z - level) + offset, point=(x, y, z),
                     foot=(float(corner[0]), float(corner[1]), z), part=broken)
