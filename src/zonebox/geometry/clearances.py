"""The least room between several soups, such as the storeys of a design, and a rule on an edge: all looked at together.

The same geometry as `zonebox.geometry.clearance.edge_clearance`, without the parts that break the rule.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon

from zonebox import tolerance
from zonebox.geometry.boundary import Boundary
from zonebox.geometry.clearance import CLOSE_M, Plane, bounds_round, is_fixed, slabs, split_at_lot, zones
from zonebox.geometry.culling import WORTH, Groups, grouped
from zonebox.geometry.edgewise import EdgeRule, edge_distance, edge_ground
from zonebox.geometry.soup import Soup, nearest_on_sides

Floats = NDArray[np.float64]
Whole = NDArray[np.intp]

SAMPLE: Final = 1_024
"""How many corners are tried for bounds on the least margins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The tightest place of a soup: what there is, what the rule wants there, where, and the foot on the edge."""

    distance_m: float
    required_m: float
    point: tuple[float, float, float]
    foot: tuple[float, float, float]

    @property
    def margin_m(self) -> float:
        """Room left, negative where the rule is broken."""
        return self.distance_m - self.required_m


class Pile:
    """Several soups together, each triangle with the number of its soup as its origin, for any number of rules."""

    def __init__(self, soups: Sequence[Soup]) -> None:
        self._count = len(soups)
        self._soup = Soup(corners=np.concatenate([np.zeros((0, 3, 3)), *(soup.corners for soup in soups)]),
                          origin=np.repeat(np.arange(len(soups)), [len(soup) for soup in soups]))

    def __len__(self) -> int:
        """Count the soups."""
        return self._count

    @functools.cached_property
    def _groups(self) -> Groups:
        return grouped(self._soup.corners, self._soup.origin, self._count)

    def near(self, lot: Boundary, rule: EdgeRule) -> Soup:
        """Drop triangles that cannot be the tightest of their own soup, whole groups first."""
        soup = self._soup
        if len(soup) >= WORTH:
            soup = soup.picked(self._groups.near(lot, rule))
        return _near(soup, self._count, lot, rule)


def edge_rooms(
    pile: Pile, lot: Boundary, shape: Polygon | MultiPolygon, rule: EdgeRule
) -> list[Room | None]:
    """Find where each soup comes closest to breaking a rule on an edge; None where the edge has no say over it.

    Examples
    --------
    >>> edge_rooms(Pile([]), None, None, None)
    []
    """
    if not len(pile):
        return []
    found = np.full((len(pile), 8), np.inf)                            # margin, distance, required, x, y, z, foot x, y
    for slab, plane, slope, offset in slabs(pile.near(lot, rule), lot, rule):
        for piece, kind, corner in zones(slab, lot, rule.edge, rule.corner):
            rows, owner = (_round(piece, found[:, 0], corner, plane, slope, offset) if kind is None
                           else _straight(piece, lot, shape, rule.edge, plane, slope, offset))
            order = np.lexsort((rows[:, 0], owner))
            first = order[np.flatnonzero(np.diff(owner[order], prepend=-1))]
            better = rows[first, 0] < found[owner[first], 0]
            found[owner[first[better]]] = rows[first[better]]
    return [Room(distance_m=row[1], required_m=row[2], point=(row[3], row[4], row[5]), foot=(row[6], row[7], row[5]))
            if np.isfinite(row[0]) else None for row in found.tolist()]


def _near(soup: Soup, count: int, lot: Boundary, rule: EdgeRule) -> Soup:
    """Drop the triangles that cannot be the tightest of their own soup, which some corner of it bounds from above."""
    flat, inward = soup.corners.reshape(-1, 3), lot.inward[rule.edge]
    line = flat[:, 0] * inward[0] + flat[:, 1] * inward[1] - float(lot.start[rule.edge] @ inward)
    least = np.minimum(np.minimum(line[0::3], line[1::3]), line[2::3])
    if is_fixed(rule):
        required = np.broadcast_to(rule.profile.points[0][1], len(flat))
    else:
        required = rule.profile.distance_at(flat[:, 2] - edge_ground(flat[:, :2], lot, rule.edge, rule.ground_m))
    least = least - np.maximum(np.maximum(required[0::3], required[1::3]), required[2::3])
    few = np.flatnonzero(least <= _lowest(least, soup.origin, count)[soup.origin] + CLOSE_M)
    few = few[::max(1, len(few) // SAMPLE)]
    counted = edge_distance(flat[3 * few, :2], lot, rule.edge, rule.corner)
    margin = np.where(np.isfinite(counted) & (counted >= 0.0), counted - required[3 * few], np.inf)
    most = np.maximum(_lowest(margin, soup.origin[few], count), 0.0)
    return soup.where(least <= most[soup.origin] + tolerance.SNAP_M)


def _lowest(values: Floats, owner: Whole, count: int) -> Floats:
    """Lowest value (count,) of each owner; inf of one that has none."""
    lowest = np.full(count, np.inf)
    np.minimum.at(lowest, owner, values)
    return lowest


def _straight(
    soup: Soup, lot: Boundary, shape: Polygon | MultiPolygon, edge: int, plane: Plane, slope: float, offset: float
) -> tuple[Floats, Whole]:
    """Margins against the edge's line at the corners of pieces: rows as in `edge_rooms`, and whose each is."""
    soup = split_at_lot(soup, lot, shape, edge)
    corners = soup.corners.reshape(-1, 3)
    distance = (corners[:, :2] - lot.start[edge]) @ lot.inward[edge]
    required = slope * (corners[:, 2] - corners[:, :2] @ plane[:2] - plane[2]) + offset
    margin = distance - required
    behind = distance < -tolerance.SPLIT_M
    if behind.any():                                   # another arm of the lot lies behind this edge: not its affair
        margin[behind & shapely.intersects_xy(shape, corners[:, :2])] = np.inf
    foot = corners[:, :2] - distance[:, None] * lot.inward[edge]
    return np.column_stack([margin, distance, required, corners, foot]), np.repeat(soup.origin, 3)


def _round(
    soup: Soup, known: Floats, corner: Floats, plane: Plane, slope: float, offset: float
) -> tuple[Floats, Whole]:
    """Margins against a reflex corner, one a triangle: rows as in `edge_rooms`, and whose each is.

    Triangles that cannot be tighter than what is ``known`` (count,) of their soup are left out.
    """
    level = float(corner @ plane[:2] + plane[2])       # round a corner the corner's ground holds
    at_corner, least = bounds_round(soup, corner, slope)
    most = np.minimum(_lowest(at_corner, soup.origin, len(known)), known - slope * level + offset)
    soup = soup.where(least <= most[soup.origin] + tolerance.SNAP_M)
    if not len(soup):
        return np.zeros((0, 8)), soup.origin
    values, places = nearest_on_sides(soup.corners, corner, slope)
    distance = np.hypot(places[:, 0] - corner[0], places[:, 1] - corner[1])
    required = slope * (places[:, 2] - level) + offset
    feet = np.broadcast_to(corner, (len(places), 2))
    return np.column_stack([values + slope * level - offset, distance, required, places, feet]), soup.origin
