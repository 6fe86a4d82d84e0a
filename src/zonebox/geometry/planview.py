"""Meshes as polygons in plan: seen from above, and cut at a height."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from zonebox import tolerance
from zonebox.geometry.mesh import Mesh

Area: TypeAlias = Polygon | MultiPolygon


def seen_from_above(mesh: Mesh) -> Area:
    """Union of all triangles in plan; upright ones add nothing.

    Examples
    --------
    >>> seen_from_above(Mesh(vertices=[[0, 0, 1], [2, 0, 1], [0, 2, 5]], triangles=[[0, 1, 2]])).area
    2.0
    >>> seen_from_above(Mesh.empty()).is_empty
    True
    """
    flat = mesh.corners[:, :, :2]
    u, v = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    area = np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
    triangles = shapely.polygons(flat[area > tolerance.SNAP_M**2])
    return polygons(shapely.union_all(triangles, grid_size=tolerance.SNAP_M))


def cut_at(solid: Mesh, z: float) -> Area:
    """Section of a closed mesh at a height, holes kept; empty above and below it."""
    from zonebox.geometry.solids import outlines, solid_of

    rings = [ring for ring in outlines(solid_of(solid), z) if len(ring) >= 3]
    left = [bool(shapely.is_ccw(shapely.linearrings(ring))) for ring in rings]
    shells, holes = ([Polygon(ring).buffer(0) for ring, ccw in zip(rings, left, strict=True) if ccw is kind]
                     for kind in (True, False))
    return polygons(shapely.difference(shapely.union_all(shells), shapely.union_all(holes)))


def polygons(shape: BaseGeometry) -> Area:
    """Keep the polygons of a shape."""
    parts = [p for p in shapely.get_parts(shape) if p.geom_type == "Polygon" and not p.is_empty]
    return MultiPolygon(parts) if len(parts) != 1 else parts[0]
