"""The earth that is moved between two surfaces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

from zonebox.geometry.mesh import Mesh
from zonebox.geometry.planview import Area
from zonebox.geometry.regrading import Terrace, doubled
from zonebox.geometry.tin import tin_index

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Earth:
    """Volumes between an old surface and a new one, m³: taken away, and brought."""

    cut_m3: float
    fill_m3: float


def earth_moved(old: Mesh, new: Mesh, within: Area, level: Terrace | None = None) -> Earth:
    """Volumes between two surfaces over a polygon, exact for their triangles; none where one is missing.

    ``level`` names ground of the new surface that is known to be level, where one needs not look for its triangles.
    """
    one, two = (tin_index(mesh).corners for mesh in (old, new))
    one, two = one[_over(one, within)], two[_over(two, within)]
    flat = Earth(cut_m3=0.0, fill_m3=0.0)
    if level is not None and level.level_m is not None and not level.shape.is_empty:
        under = _inside(one, shapely.intersection(level.shape, within))
        flat = _between(level.level_m - one[under, :, 2], doubled(one[under]) / 2.0)
        one = one[~under]
    first, second = (shapely.polygons(c[:, :, :2]) for c in (one, two))
    if not len(first) or not len(second):
        return flat
    a, b = STRtree(second).query(first, predicate="intersects")
    shapely.prepare(within)
    across = ~shapely.contains_properly(within, second)
    second[across] = shapely.intersection(second[across], within)
    pieces, owner = shapely.get_parts(shapely.intersection(first[a], second[b]), return_index=True)
    solid = shapely.area(pieces) > 0.0
    corners, piece = _cut_up(pieces[solid])
    which = owner[solid][piece]
    rise = np.stack([_plane(two[b[which]], corners[:, k]) - _plane(one[a[which]], corners[:, k]) for k in range(3)], 1)
    rest = _between(rise, doubled(corners) / 2.0)
    return Earth(cut_m3=flat.cut_m3 + rest.cut_m3, fill_m3=flat.fill_m3 + rest.fill_m3)


def _over(corners: Floats, shape: Area) -> NDArray[np.intp]:
    shapely.prepare(shape)
    return np.flatnonzero(shapely.intersects(shape, shapely.polygons(corners[:, :, :2])))


def _inside(corners: Floats, shape: BaseGeometry) -> NDArray[np.bool_]:
    shapely.prepare(shape)
    return np.asarray(shapely.contains_properly(shape, shapely.polygons(corners[:, :, :2])))


def _between(rise: Floats, area: Floats) -> Earth:
    """Volumes under and over zero of triangles with a rise at each corner (n, 3) and an area (n,)."""
    return Earth(cut_m3=float((_above(-rise) * area).sum()), fill_m3=float((_above(rise) * area).sum()))


def _cut_up(pieces: NDArray[np.object_]) -> tuple[Floats, NDArray[np.intp]]:
    """Cut polygons into triangles (m, 3, 2), counter-clockwise, and say which polygon each is of (m,)."""
    parts, piece = shapely.get_parts(shapely.constrained_delaunay_triangles(pieces), return_index=True)
    flat = shapely.get_coordinates(parts).reshape(-1, 4, 2)[:, :3]
    return np.where((doubled(flat) < 0.0)[:, None, None], flat[:, ::-1], flat), piece


def _plane(triangle: Floats, places: Floats) -> Floats:
    """Height of the planes through triangles (n, 3, 3) at places (n, 2)."""
    u, v = triangle[:, 1] - triangle[:, 0], triangle[:, 2] - triangle[:, 0]
    d = places - triangle[:, 0, :2]
    area = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    s, t = (d[:, 0] * v[:, 1] - d[:, 1] * v[:, 0]) / area, (u[:, 0] * d[:, 1] - u[:, 1] * d[:, 0]) / area
    return np.asarray(triangle[:, 0, 2] + s * u[:, 2] + t * v[:, 2])


def _above(values: Floats) -> Floats:
    """Mean over a triangle of the positive part of a linear function, from its values at the corners (n, 3) -> (n,).

    With one corner above zero it is the pyramid a³ / 3 (a − b)(a − c); with two, the whole less the pyramid below.
    """
    low, middle, high = np.sort(values, axis=1).T
    with np.errstate(divide="ignore", invalid="ignore"):
        one = high**3 / (3.0 * (high - middle) * (high - low))
        below = (-low) ** 3 / (3.0 * (middle - low) * (high - low))
    mean = values.mean(1)
    return np.where(high <= 0.0, 0.0, np.where(low >= 0.0, mean, np.where(middle <= 0.0, one, mean + below)))
