"""Many lots with their limits, laid out for compiled loops over the points of a survey."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon

from zonebox.geometry.boundary import Boundary, boundary
from zonebox.geometry.edgewise import Corner, EdgeRule

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

STEP_LEAST_M: Final = 2.0
CELLS_MOST: Final = 1_000_000

CORNER_CODES: Final = {Corner.PARALLEL: 0, Corner.RADIAL: 1, Corner.MITRE: 2}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lot:
    """A lot and what limits heights over it.

    ``floor_m`` is the elevation below which nothing counts; ``cap_m`` inf where there is no level cap.
    """

    shape: Polygon | MultiPolygon
    cap_m: float
    floor_m: float
    edge_rules: tuple[EdgeRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Above:
    """Points that stand above a limit: row in the cloud, lot, limit, and the edge rule that sets it (−1: the cap)."""

    point: Whole
    lot: Whole
    limit_m: Floats
    rule: Whole


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LotGrid:
    """Lots as arrays, made by `lot_grid`; see `overheight.standing_above` for their layout."""

    corner: Floats
    columns: int
    starts: Whole
    lists: Whole
    edges: Floats
    edge_starts: Whole
    levels: Floats
    rules: Floats
    rule_starts: Whole
    profiles: Floats

    def above(self, points: Floats) -> tuple[Above, Whole]:
        """Find the points (n, 3) above the limit of a lot, and count the points over each lot."""
        from zonebox.geometry.overheight import standing_above

        tested = np.zeros(len(self.levels), dtype=np.int64)
        which, lot, limit, rule = standing_above(
            np.ascontiguousarray(points), self.corner, self.columns, self.starts, self.lists, self.edges,
            self.edge_starts, self.levels, self.rules, self.rule_starts, self.profiles, tested)
        return Above(point=which, lot=lot, limit_m=limit, rule=rule), tested


def lot_grid(lots: Sequence[Lot]) -> LotGrid:
    """Lay lots out for `LotGrid.above`; at least one.

    Examples
    --------
    >>> lot = Lot(shape=shapely.box(0, 0, 10, 10), cap_m=12.0, floor_m=0.0, edge_rules=())
    >>> above, tested = lot_grid([lot]).above(np.array([[5.0, 5, 13], [5, 5, 12], [11, 5, 99]]))
    >>> above.point.tolist(), above.limit_m.tolist(), tested.tolist()
    ([0], [12.0], [2])
    """
    shapes = np.array([lot.shape for lot in lots], dtype=object)
    low = shapely.total_bounds(shapes)[:2]
    extent = shapely.total_bounds(shapes)[2:] - low
    step = max(STEP_LEAST_M, math.sqrt(float(extent.prod()) / CELLS_MOST))
    columns, rows = (int(size // step) + 1 for size in extent)
    pairs = [_cells(shape, k, low, step, columns) for k, shape in enumerate(shapes)]
    cell, entry = (np.concatenate(column) for column in zip(*pairs, strict=True))
    order = np.argsort(cell, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=columns * rows))])
    boundaries = [boundary(lot.shape) for lot in lots]
    rules, profiles = _rules(lots, boundaries)
    return LotGrid(
        corner=np.array([*low, step]), columns=columns, starts=starts.astype(np.int64), lists=entry[order],
        edges=np.concatenate([np.hstack([b.start, b.end]) for b in boundaries]),
        edge_starts=_offsets([len(b) for b in boundaries]),
        levels=np.array([[lot.cap_m, lot.floor_m] for lot in lots]), rules=rules,
        rule_starts=_offsets([len(lot.edge_rules) for lot in lots]), profiles=profiles)


def _offsets(counts: Sequence[int]) -> Whole:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _cells(shape: Polygon | MultiPolygon, lot: int, low: Floats, step: float, columns: int) -> tuple[Whole, Whole]:
    """Cells a lot touches, and twice its number, plus one where the cell lies inside it."""
    (c0, r0), (c1, r1) = ((np.array(corner) - low) // step for corner in (shape.bounds[:2], shape.bounds[2:]))
    row, column = (k.ravel() for k in np.mgrid[int(r0):int(r1) + 1, int(c0):int(c1) + 1])
    x, y = low[0] + column * step, low[1] + row * step
    slack = 1e-6                                                        # of a metre: rounding never loses a point
    boxes = shapely.box(x - slack, y - slack, x + step + slack, y + step + slack)
    shapely.prepare(shape)
    touched = shapely.intersects(shape, boxes)
    inside = shapely.contains_properly(shape, boxes[touched])
    return (row * columns + column)[touched].astype(np.int64), 2 * lot + inside.astype(np.int64)


def _rules(lots: Sequence[Lot], boundaries: Sequence[Boundary]) -> tuple[Floats, Floats]:
    """Edge rules as rows, and the points of their profiles."""
    from zonebox.geometry.overheight import RULE_COLUMNS

    rows: list[list[float]] = []
    points: list[tuple[float, float]] = []
    for lot, edges in zip(lots, boundaries, strict=True):
        if not lot.edge_rules:
            continue
        tangent, inward, length, turn = edges.tangent, edges.inward, edges.length, edges.turn_deg
        for rule in lot.edge_rules:
            e, before, after = rule.edge, int(edges.before[rule.edge]), int(edges.after[rule.edge])
            first = len(points)
            points.extend(rule.profile.points)
            rows.append([*edges.start[e], *tangent[e], *inward[e], length[e], turn[before], *inward[before], turn[e],
                         *inward[after], CORNER_CODES[rule.corner], *rule.ground_m, first, len(points) - 1,
                         rule.profile.slope, float(rule.profile.from_below)])
    return (np.array(rows, dtype=np.float64).reshape(-1, RULE_COLUMNS),
            np.array(points, dtype=np.float64).reshape(-1, 2))
