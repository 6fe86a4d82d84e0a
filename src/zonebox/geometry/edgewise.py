"""How far points are from the edges of a lot, in the sense in which rules on edges mean it.

One definition of distance serves the solids that are cut, the limit at a point and the checks, so that they cannot
disagree. Beside the edge it is the perpendicular distance; past a corner it is a choice of the rule, see `Corner`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon

from zonebox import tolerance
from zonebox.geometry.boundary import Boundary
from zonebox.geometry.profile import Profile

Array = NDArray[np.float64]


class Corner(StrEnum):
    """How an edge rule goes round a corner of the lot (domain C2)."""

    PARALLEL = "parallel"
    """The yard runs on parallel to its edge to the neighbouring edge's line; round a reflex corner true distance."""
    RADIAL = "radial"
    """True distance to the edge everywhere."""
    MITRE = "mitre"
    """Yards run on at reflex corners too, until they meet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeRule:
    """A profile at work on an edge; ``ground_m`` is the elevation of its zero height at both ends of the edge.

    ``zone`` is the part of the plan in which it holds; None: everywhere.
    """

    edge: int
    profile: Profile
    ground_m: tuple[float, float]
    corner: Corner = Corner.PARALLEL
    zone: Polygon | MultiPolygon | None = None


def edge_coordinates(xy: Array, lot: Boundary, edge: int) -> tuple[Array, Array]:
    """Distance along and distance into the lot (n,), (n,) of points (n, 2), from the start of an edge."""
    offset = xy - lot.start[edge]
    return offset @ lot.tangent[edge], offset @ lot.inward[edge]


def edge_distance(xy: Array, lot: Boundary, edge: int, corner: Corner = Corner.PARALLEL) -> Array:
    """Distance (n,) of points (n, 2) to an edge as its rules mean it; inf where the edge has no say.

    Points on the outer side of the edge get negative distances where they lie beside it.

    Examples
    --------
    >>> from zonebox.geometry.boundary import boundary
    >>> lot = boundary(shapely.box(0, 0, 10, 10))
    >>> south = int(np.argmin(lot.start[:, 1] + lot.end[:, 1]))
    >>> edge_distance(np.array([[5.0, 3.0], [5.0, -1.0]]), lot, south).tolist()
    [3.0, -1.0]
    """
    along, inside = edge_coordinates(xy, lot, edge)
    length = lot.length[edge]
    distance = np.where((along >= 0.0) & (along <= length), inside, np.inf)
    for beyond, point, neighbour, turn in (
        (along < 0.0, lot.start[edge], int(lot.before[edge]), float(lot.turn_deg[lot.before[edge]])),
        (along > length, lot.end[edge], int(lot.after[edge]), float(lot.turn_deg[edge])),
    ):
        if not beyond.any():
            continue
        offset = xy[beyond] - point
        on_lot_side = offset @ lot.inward[neighbour] >= 0.0
        if turn < -tolerance.STRAIGHT_DEG and corner is Corner.MITRE:
            nearer_half = offset @ (lot.inward[edge] - lot.inward[neighbour]) >= 0.0
            distance[beyond] = np.where(nearer_half, inside[beyond], np.inf)
        elif turn < 0.0 or (turn < 90.0 and corner is Corner.RADIAL):
            distance[beyond] = np.where(on_lot_side | (turn < -90.0), np.hypot(*offset.T), np.inf)
        elif turn < 90.0:
            distance[beyond] = np.where(on_lot_side & (inside[beyond] >= 0.0), inside[beyond], np.inf)
    return distance


def edge_ground(xy: Array, lot: Boundary, edge: int, ground: tuple[float, float]) -> Array:
    """Elevation (n,) of an edge rule's zero height at points (n, 2), linear along the edge.

    Where the yard runs on past a convex corner so does the slope; round a reflex corner the corner's ground holds.
    """
    if ground[0] == ground[1]:
        return np.full(len(xy), ground[0])
    along, _ = edge_coordinates(xy, lot, edge)
    share = along / lot.length[edge]
    if lot.turn_deg[lot.before[edge]] < 0.0:
        share = np.maximum(share, 0.0)
    if lot.turn_deg[edge] < 0.0:
        share = np.minimum(share, 1.0)
    return np.asarray(ground[0] + (ground[1] - ground[0]) * share)


def height_limit(
    xy: Array,
    *,
    shape: Polygon | MultiPolygon,
    boundary: Boundary,
    caps: Sequence[float],
    edge_rules: Sequence[EdgeRule],
) -> tuple[Array, NDArray[np.int32]]:
    """Highest allowed elevation (n,) over points (n, 2) and the number of the rule that sets it.

    Rules are numbered caps first, then edge rules; −1 and −inf off the lot; +inf and −1 where nothing limits. On a
    setback line itself building is allowed.
    """
    limit = np.full(len(xy), np.inf)
    rule = np.full(len(xy), -1, dtype=np.int32)
    for number, top in enumerate(caps):
        lower = top < limit
        limit[lower], rule[lower] = top, number
    for number, rule_here in enumerate(edge_rules, start=len(caps)):
        distance = edge_distance(xy, boundary, rule_here.edge, rule_here.corner) + tolerance.SPLIT_M
        distance = np.where(distance < 0.0, np.inf, distance)       # another arm of the lot, behind this edge
        if rule_here.zone is not None:
            distance = np.where(shapely.intersects_xy(rule_here.zone, xy), distance, np.inf)
        ground = edge_ground(xy, boundary, rule_here.edge, rule_here.ground_m)
        top_here = ground + rule_here.profile.limit_at(distance)
        lower = top_here < limit
        limit[lower], rule[lower] = top_here[lower], number
    outside = ~shapely.intersects_xy(shape, xy)
    limit[outside], rule[outside] = -np.inf, -1
    return limit, rule
