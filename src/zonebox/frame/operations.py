"""PROJ's operations: exact or refused, because it answers 0 m or infinity for a grid it does not have."""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import pyproj
import pyproj.transformer
from numpy.typing import ArrayLike, NDArray
from pyproj.exceptions import ProjError

from zonebox.errors import FrameError
from zonebox.frame.references import is_ellipsoidal, known_crs, parsed, parts_of

Points = NDArray[np.float64]

_ITRF_ALIGNED: Final = (
    "World Geodetic System 1984", "China 2000", "China Geodetic", "Japanese Geodetic Datum 2011",
    "Geocentric Datum of Australia", "Korea 2000", "Geocentric datum of Korea", "European Terrestrial",
    "New Zealand Geodetic",
)
"""Datums realised in the ITRF: they agree with WGS 84 to about a metre or better, and PROJ often has no operation."""


def ecef(geographic: ArrayLike) -> Points:
    """EPSG:4978 metres of WGS 84 longitude, latitude (degrees), ellipsoidal height (m): (n, 3) -> (n, 3)."""
    p = np.asarray(geographic, dtype=np.float64)
    transformer = exact("EPSG:4979", "EPSG:4978", "globe")
    return np.stack(applied(transformer.transform, p[..., 0], p[..., 1], p[..., 2]), axis=-1)


def from_ecef(points: ArrayLike) -> Points:
    """WGS 84 longitude, latitude (degrees) and ellipsoidal height (m) of EPSG:4978 points (n, 3)."""
    p = np.asarray(points, dtype=np.float64)
    transformer = exact("EPSG:4978", "EPSG:4979", "globe")
    return np.stack(applied(transformer.transform, p[..., 0], p[..., 1], p[..., 2]), axis=-1)


def lon_lat_of(points: ArrayLike, crs: str, *, where: str = "input") -> Points:
    """Longitude and latitude (degrees, WGS 84, to a metre or so) of points (n, 2) in any CRS.

    Raises
    ------
    FrameError
        Unknown CRS; coordinates outside it.
    """
    p = np.asarray(points, dtype=np.float64)
    horizontal = parts_of(known_crs(crs, where=where))[0]
    return np.stack(applied(roughly(horizontal).transform, p[..., 0], p[..., 1]), axis=-1)


def in_area_of_use(crs: str, bounds: ArrayLike) -> bool:
    """Whether a box (minx, miny, maxx, maxy) may lie in the area a CRS is made for; true where that is unknown.

    Plane systems are given two degrees of slack: cities use the zone of their centre beyond its edge.

    >>> in_area_of_use("EPSG:28992", [85000, 447000, 86000, 448000]), in_area_of_use("EPSG:28992", [447000, 85000,
    ... 448000, 86000])
    (True, False)
    """
    found = parsed(crs).sub_crs_list[0] if parsed(crs).is_compound else parsed(crs)
    area = found.area_of_use
    if area is None or area.west > area.east:
        return True
    minx, miny, maxx, maxy = np.asarray(bounds, dtype=np.float64)
    x, y = np.array([minx, maxx, maxx, minx]), np.array([miny, miny, maxy, maxy])
    lon, lat = (x, y) if found.is_geographic else applied(roughly(found.to_wkt()).transform, x, y)
    slack = 0.0 if found.is_geographic else 2.0
    inside = ((area.west - slack <= lon) & (lon <= area.east + slack)
              & (area.south - slack <= lat) & (lat <= area.north + slack))
    return bool(inside.all())


def applied(operation: Callable[..., tuple[Points, ...]], *columns: Points) -> tuple[Points, ...]:
    """Run a PROJ operation on columns; a lone point goes twice, because pyproj would take its column for a number."""
    if columns[0].ndim and columns[0].size == 1:
        doubled = operation(*(np.repeat(column.reshape(1), 2) for column in columns))
        return tuple(np.asarray(answer)[:1].reshape(columns[0].shape) for answer in doubled)
    return operation(*columns)


def exact(source: str, target: str, where: str) -> pyproj.Transformer:
    """Exact operation between two CRS; plane ones on datums realised in the ITRF may be taken as one datum.

    Raises
    ------
    FrameError
        PROJ knows none, or lacks its grids.
    """
    found = _searched(source, target, pyproj.datadir.get_data_dir())
    if isinstance(found, pyproj.Transformer):
        return found
    names, remedy = found
    raise FrameError(where, got=f"no exact operation {names}", want="a PROJ operation with its grids", then=remedy)


@functools.lru_cache(maxsize=64)
def _searched(source: str, target: str, grid_folders: str) -> pyproj.Transformer | tuple[str, str]:
    """Operation between two CRS, else their names and a remedy: a search in vain takes PROJ longest of all.

    The grid folders only key the cache.
    """
    del grid_folders
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)     # a missing grid is told as an error, by name
            return pyproj.Transformer.from_crs(source, target, always_xy=True, only_best=True, allow_ballpark=False)
    except ProjError:
        if all(_aligned(pyproj.CRS.from_user_input(c)) for c in (source, target)):
            return pyproj.Transformer.from_crs(source, target, always_xy=True)
        names = " -> ".join(str(pyproj.CRS.from_user_input(c).name) for c in (source, target))
        return names, grid_hint(source, target, instead(pyproj.CRS.from_user_input(source)))


@functools.lru_cache(maxsize=16)
def globe_by_grid(crs: str, grid_folders: tuple[str, ...]) -> pyproj.Transformer:
    """Scene CRS to WGS 84 with ellipsoidal heights, by grid; the grid folders only key the cache."""
    del grid_folders
    source = parsed(crs)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)     # a missing grid is told as an error, by name
            return pyproj.Transformer.from_crs(source, "EPSG:4979", always_xy=True, only_best=True,
                                               allow_ballpark=False)
    except ProjError:
        raise no_geoid(crs) from None


@functools.lru_cache(maxsize=16)
def globe_by_constant(horizontal: str) -> pyproj.Transformer:
    """Projected coordinates to WGS 84 longitude and latitude; heights pass through unchanged."""
    return exact(horizontal, "EPSG:4326", "scene.crs")


@functools.lru_cache(maxsize=16)
def roughly(horizontal: str) -> pyproj.Transformer:
    """Projected coordinates to WGS 84 longitude and latitude by the best operation at hand, grid or none."""
    source = pyproj.CRS.from_user_input(horizontal)
    try:
        return pyproj.Transformer.from_crs(source, "EPSG:4326", always_xy=True, allow_ballpark=False)
    except ProjError:
        return pyproj.Transformer.from_crs(source, source.geodetic_crs, always_xy=True)


def described(source: str, point: tuple[float, float, float]) -> tuple[str, float | None]:
    """Describe the operation that PROJ chose at a point: its name, and accuracy in metres where it has one."""
    transformer = pyproj.Transformer.from_crs(source, "EPSG:4979", always_xy=True, only_best=True, allow_ballpark=False)
    transformer.transform(*point)
    used = transformer.get_last_used_operation()
    return str(used.description), float(used.accuracy) if used.accuracy >= 0 else None


def no_geoid(crs: str) -> FrameError:
    """Say that no grid leads from the heights of a CRS to the ellipsoid."""
    source = parsed(crs)
    vertical = source.sub_crs_list[1]
    return FrameError("scene.crs", got=f"heights in {vertical.name} and no grid that leads to ellipsoidal heights",
                      want="the geoid of this datum", then=grid_hint(source.to_wkt(), "EPSG:4979",
                                                                      "state scene.vertical_shift_m with its source"))


def grid_hint(source: str, target: str, otherwise: str, at: tuple[float, float] | None = None) -> str:
    """Say which grids the best operation lacks at a place (longitude, latitude), and how to get them."""
    here = None if at is None else pyproj.transformer.AreaOfInterest(at[0], at[1], at[0], at[1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        group = pyproj.transformer.TransformerGroup(source, target, always_xy=True, area_of_interest=here)
    lacking = [[grid.short_name for grid in operation.grids if not grid.available]
               for operation in group.unavailable_operations]
    missing = next((sorted(set(names)) for names in lacking if names), [])
    if missing:
        return (f"get the grid {' and '.join(missing)} (PROJ-data: projsync --file {missing[0]}), put it into a folder "
                f"named by scene.grids, or {otherwise}")
    return otherwise


def use_grids(folders: tuple[str, ...]) -> None:
    """Let PROJ look into these folders; it keeps one search path for the process, so a folder is added once."""
    known = pyproj.datadir.get_data_dir().split(os.pathsep)
    for folder in folders:
        if folder not in known and Path(folder).is_dir():
            pyproj.datadir.append_data_dir(folder)


def _aligned(crs: pyproj.CRS) -> bool:
    """Whether a CRS of two axes stands on a datum that agrees with WGS 84 to about a metre or better."""
    geodetic = crs.geodetic_crs
    datum = str(geodetic.datum.name) if geodetic is not None and geodetic.datum else ""
    return len(crs.axis_info) == 2 and datum.startswith(_ITRF_ALIGNED)


def instead(source: pyproj.CRS) -> str:
    """Say what a user can do without a grid."""
    if is_ellipsoidal(source):
        return "state scene.vertical_shift_m with its source"
    return "give the data in the scene's CRS"
