"""Setbacks in plan: the strip that a fixed distance from an edge forbids, as a polygon."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon

from zonebox import tolerance
from zonebox.geometry.boundary import Boundary


def inset(shape: Polygon | MultiPolygon, lot: Boundary, distances: Mapping[int, float]) -> Polygon | MultiPolygon:
    """Take the strips of edges at their distances off a lot; the same set as `edgewise.edge_distance` forbids.

    Examples
    --------
    >>> from zonebox.geometry.boundary import boundary
    >>> lot = shapely.box(0, 0, 50, 40)
    >>> inset(lot, boundary(lot), {e: 3.0 for e in range(4)}).area
    1496.0
    """
    strips = [strip for edge, s in distances.items() if s > 0.0 for strip in edge_strips(lot, edge, s)]
    if not strips:
        return shape
    left = shapely.get_parts(shape.difference(shapely.union_all(strips)))
    return MultiPolygon([part for part in left if part.geom_type == "Polygon"])


def edge_strips(lot: Boundary, edge: int, distance: float) -> list[Polygon]:
    """Return the trapezoid beside an edge and the sectors round its reflex corners (circumscribed)."""
    length, t, n = float(lot.length[edge]), lot.tangent[edge], lot.inward[edge]
    turns = float(lot.turn_deg[lot.before[edge]]), float(lot.turn_deg[edge])
    before, after = (_run(turn, distance) for turn in turns)
    a, b = lot.start[edge], lot.end[edge]
    out = -tolerance.SNAP_M * n                        # a hair beyond the boundary, so that no film is left on it
    beside = [a + out, b + out, a + (length + after) * t + distance * n, a - before * t + distance * n]
    found = [Polygon(beside)]
    if turns[0] < 0.0:
        found.append(_sector(a, n, -t, distance, min(90.0 - turns[0], 180.0)))
    if turns[1] < 0.0:
        found.append(_sector(b, n, t, distance, min(90.0 - turns[1], 180.0)))
    return found


def _run(turn_deg: float, distance: float) -> float:
    return distance / math.tan(math.radians(max(turn_deg, 0.5))) if 0.0 <= turn_deg < 90.0 else 0.0


def _sector(
    corner: NDArray[np.float64], start: NDArray[np.float64], towards: NDArray[np.float64], radius: float,
    span_deg: float,
) -> Polygon:
    total = math.radians(span_deg)
    steps = max(1, math.ceil(total / (2.0 * math.acos(1.0 / (1.0 + tolerance.ARC_SAGITTA_M / radius)))))
    half = total / steps / 2.0
    angles = np.concatenate([[0.0], (np.arange(steps) * 2 + 1) * half, [total]])
    reach = radius * np.concatenate([[1.0], np.full(steps, 1.0 / math.cos(half)), [1.0]])
    arc = corner + reach[:, None] * (np.cos(angles)[:, None] * start + np.sin(angles)[:, None] * towards)
    return Polygon([corner, *arc])
