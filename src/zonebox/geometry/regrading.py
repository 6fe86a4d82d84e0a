"""Level ground cut into a triangulated surface.

A terrace is a polygon within the one around it, at one height; between two borders the ground is ruled. All lines that
meet are cut at the same points of a fine grid (snap rounding, Hobby 1999), so that no gap opens between what stays and
what is new.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from zonebox.geometry.mesh import Mesh
from zonebox.geometry.planview import Area
from zonebox.geometry.tin import TinIndex, tin_index

Floats = NDArray[np.float64]

GRID_M: Final = 1e-4
"""Every corner in and around a terrace lies on this grid; a tenth of the finest input."""

INSET_M: Final = 0.01
"""A border keeps this far from the one around it: the run of a step, for a surface has one height over each point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terrace:
    """Ground within a border, and its height along the border, metres; None leaves the border at the old height."""

    shape: Area
    level_m: float | None


def terraced(mesh: Mesh, terraces: Sequence[Terrace]) -> Mesh:
    """Cut terraces into a surface.

    Parameters
    ----------
    mesh : Mesh
        Triangles that do not overlap in plan and meet edge to edge.
    terraces : sequence of Terrace
        From the outermost, whose border lies at the old height, to the innermost. Each is kept `INSET_M` inside the one
        before; what lies outside the surface is left out.

    Returns
    -------
    Mesh
        Upward-facing triangles over the same plan. The last terrace is level; without a second one, the ground in the
        first is bridged from its border.
    """
    index = tin_index(mesh)
    flat = index.corners[:, :, :2]
    shapes = _nested([t.shape for t in terraces], flat)
    if shapes[0].is_empty:
        return mesh
    near, crossing = _meeting(flat, shapes[0])
    if not len(crossing):
        return mesh
    kept, hole = _faces(flat[crossing], shapes[0])
    heights = _Heights.of(mesh.vertices[np.unique(mesh.triangles[near])])
    for terrace, shape in zip(terraces[1:], shapes[1:], strict=True):
        heights.add(shapely.get_coordinates(shape), terrace.level_m, index)
    pieces = [_triangles(kept)]
    for around, rest in zip([hole, *shapes[1:]], [*shapes[1:], Polygon()], strict=True):
        pieces.append(_triangles(shapely.get_parts(_without(around, rest))))
    untouched = np.ones(len(mesh), dtype=np.bool_)
    untouched[near] = False
    return sewn(mesh.part(untouched), heights.lift(np.concatenate(pieces), index))


def sewn(rest: Mesh, soup: Floats) -> Mesh:
    """Put triangles (m, 3, 3) back into the surface they were taken from: corners at one place of the grid are one."""
    corners = np.concatenate([rest.corners, soup]).reshape(-1, 3)
    grid = np.rint(corners[:, :2] / GRID_M).astype(np.int64)
    _, first, number = np.unique(grid, axis=0, return_index=True, return_inverse=True)
    triangles = number.reshape(-1, 3).astype(np.int32)
    distinct = ((triangles[:, 0] != triangles[:, 1]) & (triangles[:, 1] != triangles[:, 2])
                & (triangles[:, 2] != triangles[:, 0]))
    return Mesh(vertices=corners[first], triangles=triangles[distinct])


@dataclass(slots=True)
class _Heights:
    """Heights of corners by their place on the grid; the old surface answers for places not listed."""

    table: dict[tuple[int, int], float]

    @classmethod
    def of(cls, vertices: Floats) -> _Heights:
        return cls(dict(zip(_keys(vertices[:, :2]), vertices[:, 2].tolist(), strict=True)))

    def add(self, places: Floats, level: float | None, index: TinIndex) -> None:
        z = index.height_at(places).tolist() if level is None else [level] * len(places)
        self.table.update(zip(_keys(places), z, strict=True))

    def lift(self, corners: Floats, index: TinIndex) -> Floats:
        """Give triangles (m, 3, 2) their heights -> (m, 3, 3)."""
        places = corners.reshape(-1, 2)
        known = np.array([self.table.get(key, np.nan) for key in _keys(places)], dtype=np.float64)
        free = np.isnan(known)
        known[free] = index.height_at(places[free])
        lost = np.isnan(known)                                          # on the hull, a grain of the grid outside
        if lost.any():
            from scipy.spatial import KDTree

            have = index.corners.reshape(-1, 3)
            known[lost] = have[KDTree(have[:, :2]).query(places[lost])[1], 2]
        return np.concatenate([corners, known.reshape(-1, 3, 1)], axis=2)


def _keys(places: Floats) -> list[tuple[int, int]]:
    whole = np.rint(places / GRID_M).astype(np.int64)
    return list(zip(whole[:, 0].tolist(), whole[:, 1].tolist(), strict=True))


def _nested(shapes: Sequence[Area], flat: Floats) -> list[Area]:
    """Put borders on the grid, each a little inside the one before it, the first inside the surface."""
    x0, y0, x1, y1 = shapes[0].bounds if not shapes[0].is_empty else (0.0, 0.0, 0.0, 0.0)
    low, high = flat.min(1), flat.max(1)
    near = (low[:, 0] <= x1) & (high[:, 0] >= x0) & (low[:, 1] <= y1) & (high[:, 1] >= y0)
    around = shapely.coverage_union_all(shapely.polygons(flat[near]))
    made: list[Area] = []
    for shape in shapes:
        inside = around.buffer(-INSET_M, join_style="mitre") if not around.is_empty else around
        cut = shape if shapely.contains_properly(inside, shape) else _areas(shapely.intersection(shape, inside))
        around = _areas(shapely.set_precision(cut, GRID_M))
        made.append(around)
    return made


def _areas(shape: BaseGeometry) -> Area:
    """Keep what has an area."""
    parts = [p for p in shapely.get_parts(shape) if p.geom_type == "Polygon" and p.area > INSET_M**2]
    return MultiPolygon(parts) if len(parts) != 1 else parts[0]


def _faces(crossing: Floats, outer: Area) -> tuple[NDArray[np.object_], BaseGeometry]:
    """Cut the triangles (k, 3, 2) along a border: polygons of what lies outside it, and all of its inside as one."""
    sides = shapely.linestrings(crossing[:, [0, 1, 2, 0]])
    noded = shapely.union_all([*sides, outer.boundary], grid_size=GRID_M)
    faces = shapely.get_parts(shapely.polygonize([noded]))
    middle = shapely.point_on_surface(faces)
    inner = shapely.contains_properly(outer, middle)
    cut = shapely.coverage_union_all(shapely.polygons(crossing))
    shapely.prepare(cut)
    return faces[shapely.intersects(cut, middle) & ~inner], shapely.coverage_union_all(faces[inner])


def _without(shape: BaseGeometry, rest: Area) -> BaseGeometry:
    """Cut a hole: the borders do not touch, so that no corner is new."""
    return shape if rest.is_empty else shapely.difference(shape, rest)


def _meeting(flat: Floats, outer: Area) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Triangles that a border and its inside meet, and those of them that the border itself comes near to."""
    low, high = flat.min(1), flat.max(1)
    x0, y0, x1, y1 = outer.bounds
    slack = 10 * GRID_M
    box = np.flatnonzero((low[:, 0] <= x1 + slack) & (high[:, 0] >= x0 - slack)
                         & (low[:, 1] <= y1 + slack) & (high[:, 1] >= y0 - slack))
    triangles = shapely.polygons(flat[box])
    wide, edge = outer.buffer(slack), outer.boundary.buffer(slack)
    shapely.prepare(wide)
    shapely.prepare(edge)
    return box[shapely.intersects(wide, triangles)], box[shapely.intersects(edge, triangles)]


def _triangles(polygons: NDArray[np.object_]) -> Floats:
    """Triangulate polygons without new corners -> (m, 3, 2), counter-clockwise, Delaunay as far as borders allow."""
    parts = shapely.get_parts(shapely.constrained_delaunay_triangles(polygons))
    flat = shapely.get_coordinates(parts).reshape(-1, 4, 2)[:, :3]
    twice = doubled(flat)
    flat = np.where((twice < 0.0)[:, None, None], flat[:, ::-1], flat)
    return np.asarray(flat[twice != 0.0])


def doubled(corners: Floats) -> Floats:
    """Twice the area in plan of triangles (m, 3, 2 or 3), positive where counter-clockwise."""
    u, v = corners[:, 1, :2] - corners[:, 0, :2], corners[:, 2, :2] - corners[:, 0, :2]
    return np.asarray(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
