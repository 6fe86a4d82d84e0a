"""Questions to a triangulated surface that has one height over each point: height, mean and range.

The surface is any set of triangles that do not overlap in plan: a Delaunay triangulation, one with pads cut into it, or
several pieces side by side. Triangles that stand upright have no plan area and answer nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from zonebox import tolerance

if TYPE_CHECKING:
    from shapely.geometry import LineString, MultiPolygon, Polygon

    from zonebox.geometry.mesh import Mesh

CELLS_PER_TRIANGLE: Final = 4.0
"""Density of the lookup grid: fewer cells mean longer lists, more cells more memory."""

CELLS_MAX: Final = 1 << 24
MANY: Final = 100_000
"""From so many points on they are located by machine code, which takes a moment to load."""

AT_ONCE: Final = 65_536
"""Triangles entered into the grid at a time: their pairs with rows and cells take a kilobyte each."""

COVERED_RATIO: Final = 0.5
"""A polygon of which the surface covers less than this has no mean."""

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TinIndex:
    """A surface with a grid over it that knows which triangles reach into each cell; made by `tin_index`.

    Parameters
    ----------
    corners : (m, 3, 3) float64
        Triangle corners, turned counter-clockwise in plan.
    low : (2,) float64
        Lower left of the grid, metres.
    step_m : float
        Size of a cell.
    shape : (int, int)
        Columns and rows of the grid.
    starts : (columns × rows + 1,) intp
        Where the list of each cell begins in ``lists``, row by row.
    lists : (k,) int32
        Triangle numbers, rising within a cell.
    """

    corners: Floats
    low: Floats
    step_m: float
    shape: tuple[int, int]
    starts: Indices
    lists: NDArray[np.int32]
    _last: list[tuple[Polygon | MultiPolygon, tuple[Indices, NDArray[np.object_], Floats]]] = field(
        default_factory=list, init=False, repr=False)
    """The polygon asked about last and its pieces: a parcel is asked for its mean and its range."""

    def triangle_at(self, xy: ArrayLike) -> Indices:
        """Triangle over each point (n, 2) -> (n,); −1 outside. On a shared edge or corner, the lowest number."""
        return self._locate(np.asarray(xy, dtype=np.float64).reshape(-1, 2))

    def height_at(self, xy: ArrayLike) -> Floats:
        """Height over each point (n, 2) -> (n,), metres, linear within a triangle; NaN outside.

        Examples
        --------
        >>> from zonebox.geometry.mesh import Mesh
        >>> ramp = Mesh(vertices=[[0, 0, 0], [4, 0, 0], [0, 4, 2]], triangles=[[0, 1, 2]])
        >>> tin_index(ramp).height_at([[1, 1], [0, 4], [9, 9]]).tolist()
        [0.5, 2.0, nan]
        >>> tin_index(Mesh.empty()).height_at([[0, 0]]).tolist()
        [nan]
        """
        points = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
        triangle = self._locate(points)
        height = np.full(len(points), np.nan)
        hit = triangle >= 0
        height[hit] = self.height_in(triangle[hit], points[hit])
        return height

    def height_in(self, triangle: Indices, xy: ArrayLike) -> Floats:
        """Height (n,) over points (n, 2) whose triangle (n,) is known from `triangle_at`, metres."""
        points = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
        if len(points) >= MANY:
            from zonebox.geometry.locating import heights

            return np.asarray(heights(self.corners, triangle, np.ascontiguousarray(points)))
        return _heights_in(self.corners[triangle], points)

    def slope_at(self, xy: ArrayLike) -> Floats:
        """Gradient (dz/dx, dz/dy) of the surface over points (n, 2) -> (n, 2); NaN outside.

        It is that of the triangle over the point; on a shared edge, of the one with the lower number.

        Examples
        --------
        >>> from zonebox.geometry.mesh import Mesh
        >>> ramp = Mesh(vertices=[[0, 0, 0], [4, 0, 0], [0, 4, 2]], triangles=[[0, 1, 2]])
        >>> tin_index(ramp).slope_at([[1, 1], [9, 9]]).tolist()
        [[0.0, 0.5], [nan, nan]]
        """
        points = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
        triangle = self._locate(points)
        slope = np.full((len(points), 2), np.nan)
        hit = triangle >= 0
        own = self.corners[triangle[hit]]
        u, v = own[:, 1] - own[:, 0], own[:, 2] - own[:, 0]
        slope[hit, 0] = (u[:, 2] * v[:, 1] - v[:, 2] * u[:, 1]) / _cross(u, v)
        slope[hit, 1] = (v[:, 2] * u[:, 0] - u[:, 2] * v[:, 0]) / _cross(u, v)
        return slope

    def profile(self, line: LineString) -> Floats:
        """Cut the surface along a line -> (n, 2): distance from its start and height, metres.

        The points are the corners of the line and the places where it crosses an edge of a triangle, so that the
        heights between them are linear; where the surface ends, the height is NaN.
        """
        corners = shapely.get_coordinates(line)
        box = shapely.box(*line.bounds)
        low, high = self.corners[:, :, :2].min(1), self.corners[:, :, :2].max(1)
        x0, y0, x1, y1 = box.bounds
        near = (low[:, 0] <= x1) & (high[:, 0] >= x0) & (low[:, 1] <= y1) & (high[:, 1] >= y0)
        sides = shapely.linestrings(self.corners[near][:, [0, 1, 2, 0], :2])
        met = shapely.get_coordinates(shapely.intersection(sides, line))
        along = shapely.line_locate_point(line, shapely.points(np.concatenate([corners, met])))
        along[len(corners) - 1] = line.length                           # of a ring that ends where it starts
        along = np.unique(np.round(along / tolerance.SPLIT_M)) * tolerance.SPLIT_M
        along = np.minimum(along[np.diff(along, prepend=-1.0) > tolerance.SNAP_M / 10], line.length)
        places = shapely.get_coordinates(shapely.line_interpolate_point(line, along))
        return np.column_stack([along, self.height_at(places)])

    def mean_over(self, shape: Polygon | MultiPolygon) -> float:
        """Mean height over a polygon, exact for the triangles; NaN where less than half of it is covered.

        Triangles that cross the border are clipped; the mean of a linear height over a piece is its height at the
        piece's centroid.
        """
        triangle, pieces, areas = self._pieces(shape)
        if not _covered(areas, shape):
            return float("nan")
        centroids = shapely.get_coordinates(shapely.centroid(pieces))
        heights = _heights_in(self.corners[triangle], centroids)
        return float(heights @ areas / areas.sum())

    def range_over(self, shape: Polygon | MultiPolygon) -> tuple[float, float]:
        """Lowest and highest height over a polygon; (NaN, NaN) where less than half of it is covered."""
        triangle, pieces, areas = self._pieces(shape)
        if not _covered(areas, shape):
            return float("nan"), float("nan")
        points, owner = shapely.get_coordinates(pieces, return_index=True)
        heights = _heights_in(self.corners[triangle[owner]], points)
        return float(heights.min()), float(heights.max())

    def _locate(self, points: Floats) -> Indices:
        """Triangle over points (n, 2) -> (n,); −1 outside."""
        cell = self._cell_of(points)
        if len(points) >= MANY:
            from zonebox.geometry.locating import located

            return np.asarray(located(self.corners, self.starts, self.lists, cell, np.ascontiguousarray(points),
                                      tolerance.SPLIT_M))
        found = np.full(len(points), -1, dtype=np.intp)
        waiting = np.flatnonzero(cell >= 0)
        waiting = waiting[np.argsort(cell[waiting], kind="stable")]     # neighbours share triangles, and the cache
        cursor, end = self.starts[cell[waiting]], self.starts[cell[waiting] + 1]
        x, y = points[waiting].T
        more = np.flatnonzero(cursor < end)
        while len(more):
            waiting, cursor, end, x, y = waiting[more], cursor[more], end[more], x[more], y[more]
            candidate = self.lists[cursor]
            inside = _inside(self.corners, candidate, x, y)
            found[waiting[inside]] = candidate[inside]
            cursor += 1
            more = np.flatnonzero(~inside & (cursor < end))
        return found

    def _cell_of(self, points: Floats) -> Indices:
        """Cell number of points (n, 2); −1 off the grid and for NaN."""
        columns, rows = self.shape
        at = (points - self.low) / self.step_m
        within = (at >= 0.0).all(1) & (at[:, 0] < columns) & (at[:, 1] < rows)
        column, row = np.where(within[:, None], at, 0.0).astype(np.intp).T
        return np.where(within, row * columns + column, -1)

    def _pieces(self, shape: Polygon | MultiPolygon) -> tuple[Indices, NDArray[np.object_], Floats]:
        """Triangles that share area with a polygon: their numbers, the shared parts and the areas of these, m²."""
        known, found = self._last[0] if self._last else (None, None)
        if known is not shape or found is None:
            found = self._cut_with(shape)
            self._last[:] = [(shape, found)]
        return found

    def _cut_with(self, shape: Polygon | MultiPolygon) -> tuple[Indices, NDArray[np.object_], Floats]:
        nothing = np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.object_), np.zeros(0)
        if shape.is_empty or not len(self.corners):
            return nothing
        x0, y0, x1, y1 = shape.bounds
        low, high = self.corners[:, :, :2].min(1), self.corners[:, :, :2].max(1)
        near = np.flatnonzero((low[:, 0] <= x1) & (high[:, 0] >= x0) & (low[:, 1] <= y1) & (high[:, 1] >= y0))
        pieces = shapely.polygons(self.corners[near, :, :2])
        shapely.prepare(shape)
        touching = shapely.intersects(shape, pieces)
        near, pieces = near[touching], pieces[touching]
        crossing = ~shapely.contains_properly(shape, pieces)
        pieces[crossing] = shapely.intersection(pieces[crossing], shape)
        areas = shapely.area(pieces)
        shared = areas > 0.0
        return near[shared], pieces[shared], areas[shared]


def tin_index(mesh: Mesh) -> TinIndex:
    """Prepare a surface for questions; a third of a second for 100,000 triangles.

    Parameters
    ----------
    mesh : Mesh
        Triangles that do not overlap in plan, in either winding. The numbers that `TinIndex.triangle_at` returns are
        rows of ``mesh.triangles``.
    """
    corners = mesh.corners.copy()
    doubled = _cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    corners[doubled < 0.0] = corners[doubled < 0.0][:, ::-1]
    flat = np.flatnonzero(doubled != 0.0)
    if not len(flat):
        return TinIndex(corners=corners, low=np.zeros(2), step_m=1.0, shape=(0, 0),
                        starts=np.zeros(1, dtype=np.intp), lists=np.zeros(0, dtype=np.int32))
    low = corners[flat, :, :2].min((0, 1)) - tolerance.SNAP_M
    extent = corners[flat, :, :2].max((0, 1)) + tolerance.SNAP_M - low
    step = float(np.sqrt(extent.prod() / min(CELLS_PER_TRIANGLE * len(flat), CELLS_MAX)))
    step = max(step, float(extent.max()) / CELLS_MAX)
    columns, rows = (int(n) + 1 for n in extent / step)
    triangles, cells = [], []
    for first in range(0, len(flat), AT_ONCE):
        some = flat[first:first + AT_ONCE]
        triangle, within = _cells_under((corners[some, :, :2] - low) / step, columns, rows)
        triangles.append(some[triangle].astype(np.int32))
        cells.append(within.astype(np.int32))
    cell = np.concatenate(cells)
    order = np.argsort(cell, kind="stable")                             # pairs come with rising triangle numbers
    starts = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=columns * rows))])
    return TinIndex(corners=corners, low=low, step_m=step, shape=(columns, rows), starts=starts.astype(np.intp),
                    lists=np.concatenate(triangles)[order])


def _cells_under(corners: Floats, columns: int, rows: int) -> tuple[Indices, Indices]:
    """Pairs (triangle, cell) of every grid cell that triangles (m, 3, 2), in cell units, reach into.

    A triangle is cut into the rows it crosses, so that a long thin one enters the cells along it and not all those of
    its bounding box.
    """
    slack = 1e-3                                                        # of a cell: rounding never loses a triangle
    first = np.clip(np.floor(corners[:, :, 1].min(1) - slack), 0, rows - 1).astype(np.intp)
    last = np.clip(np.floor(corners[:, :, 1].max(1) + slack), 0, rows - 1).astype(np.intp)
    triangle, row = _expanded(first, last)
    left, right = np.full(len(row), np.inf), np.full(len(row), -np.inf)
    for a, b in ((0, 1), (1, 2), (2, 0)):
        start, run = corners[:, a], corners[:, b] - corners[:, a]
        level = np.abs(run[:, 1]) < slack                               # lies in one row, or on the line between two
        slope = run[:, 0] / np.where(level, 1.0, run[:, 1])
        y0, y1 = np.minimum(start[:, 1], corners[:, b, 1]), np.maximum(start[:, 1], corners[:, b, 1])
        enters, leaves = np.maximum(row - slack, y0[triangle]), np.minimum(row + 1 + slack, y1[triangle])
        x0, x1 = (start[triangle, 0] + slope[triangle] * (y - start[triangle, 1]) for y in (enters, leaves))
        if level.any():
            on = level[triangle]
            x0[on], x1[on] = start[triangle[on], 0], corners[triangle[on], b, 0]
        meets = enters <= leaves
        left = np.where(meets, np.minimum(left, np.minimum(x0, x1)), left)
        right = np.where(meets, np.maximum(right, np.maximum(x0, x1)), right)
    hit = left <= right
    triangle, row, left, right = triangle[hit], row[hit], left[hit], right[hit]
    from_column = np.clip(np.floor(left - slack), 0, columns - 1).astype(np.intp)
    to_column = np.clip(np.floor(right + slack), 0, columns - 1).astype(np.intp)
    pair, column = _expanded(from_column, to_column)
    return triangle[pair], row[pair] * columns + column


def _expanded(first: Indices, last: Indices) -> tuple[Indices, Indices]:
    """Owner and value of every whole number in the ranges first..last (n,), both ends included."""
    counts = last - first + 1
    owner = np.repeat(np.arange(len(first)), counts)
    offset = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    return owner, first[owner] + offset


def _cross(u: Floats, v: Floats) -> Floats:
    """Doubled area: the upward part of the cross product of vectors (n, 2 or 3)."""
    return np.asarray(u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0])


def _inside(corners: Floats, which: NDArray[np.int32], x: Floats, y: Floats) -> NDArray[np.bool_]:
    """Whether each point (x, y) lies in its counter-clockwise triangle ``corners[which]``, borders included."""
    own = corners[which, :, :2]
    inside = np.ones(len(which), dtype=np.bool_)
    for a, b in ((0, 1), (1, 2), (2, 0)):
        run_x, run_y = own[:, b, 0] - own[:, a, 0], own[:, b, 1] - own[:, a, 1]
        left = run_x * (y - own[:, a, 1]) - run_y * (x - own[:, a, 0])
        inside &= (left >= 0.0) | (left * left <= tolerance.SPLIT_M**2 * (run_x * run_x + run_y * run_y))
    return inside


def _heights_in(corners: Floats, points: Floats) -> Floats:
    """Height of points (n, 2) on the triangles (n, 3, 3) they are known to lie in; never outside the corners' range."""
    weights = np.stack([_cross(corners[:, b] - corners[:, a], points - corners[:, a, :2])
                        for a, b in ((1, 2), (2, 0), (0, 1))], axis=1)
    weights = np.maximum(weights, 0.0)
    return np.asarray((weights * corners[:, :, 2]).sum(1) / weights.sum(1))


def _covered(areas: Floats, shape: Polygon | MultiPolygon) -> bool:
    return bool(len(areas)) and float(areas.sum()) >= COVERED_RATIO * float(shape.area)
