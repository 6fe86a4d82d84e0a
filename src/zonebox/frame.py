"""Where things are: one metric frame per scene, and the two crossings of its border.

Everything inside zonebox lives in one `Frame`: x = grid east, y = grid north, z = up, metres, with a whole-kilometre
origin taken off the plan coordinates and heights left in the scene's declared vertical datum. Coordinates are
transformed on entry (`Frame.enter`) and when tiles leave for the globe (`Frame.to_ecef`). This is the only module that
knows PROJ.

PROJ answers 0 m for a geoid grid it does not have and says nothing; so every operation here is made with
``only_best=True, allow_ballpark=False``, and a height that cannot be brought over is refused with a remedy.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyproj
from numpy.typing import ArrayLike, NDArray
from pyproj.exceptions import CRSError, ProjError

from zonebox.errors import FrameError

Points = NDArray[np.float64]

ORIGIN_STEP_M: Final = 1000.0
"""The origin is rounded to this, so that editing a parcel does not move the frame of the whole scene."""

AUTHORITIES: Final = ("EPSG:", "ESRI:", "OGC:", "IAU", "NKG:")
"""A CRS name that begins otherwise is WKT."""

_ITRF_ALIGNED: Final = (
    "World Geodetic System 1984", "China 2000", "China Geodetic", "Japanese Geodetic Datum 2011",
    "Geocentric Datum of Australia", "Korea 2000", "Geocentric datum of Korea", "European Terrestrial",
    "New Zealand Geodetic",
)
"""Datums realised in the ITRF: they agree with WGS 84 to about a metre or better, and PROJ often has no operation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeightShift:
    """How heights of the scene become ellipsoidal heights, for the record of a run."""

    operation: str
    shift_m: float
    at: tuple[float, float]
    accuracy_m: float | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The metric frame of a scene.

    Parameters
    ----------
    crs : str
        Horizontal and vertical reference as one PROJ name, e.g. ``EPSG:7415`` or ``EPSG:4548+5737``.
    origin : (float, float)
        Easting and northing of the frame's (0, 0), metres in ``crs``.
    vertical_shift_m : float or None
        Ellipsoidal height minus datum height at the site, where the user states it instead of a grid.
    vertical_shift_source : str
        Who says so.
    grid_folders : tuple of str
        Folders with PROJ grids (geoid models, datum shifts).

    Examples
    --------
    >>> frame = Frame.near("EPSG:7415", (84975.2, 447519.2))
    >>> frame.origin
    (85000.0, 448000.0)
    >>> frame.local([[84975.2, 447519.2, 1.2]]).round(1).tolist()
    [[-24.8, -480.8, 1.2]]
    """

    crs: str
    origin: tuple[float, float]
    vertical_shift_m: float | None = None
    vertical_shift_source: str = ""
    grid_folders: tuple[str, ...] = ()

    @classmethod
    def near(
        cls,
        crs: str,
        point: tuple[float, float],
        *,
        where: str = "scene.crs",
        vertical_shift_m: float | None = None,
        vertical_shift_source: str = "",
        grid_folders: Iterable[str | Path] = (),
    ) -> Frame:
        """Make the frame whose origin is the whole kilometre nearest to ``point`` (easting, northing in ``crs``).

        Raises
        ------
        FrameError
            Unknown CRS; no vertical datum; not projected; not in metres.
        """
        check_scene_crs(crs, where=where)
        east, north = (round(value / ORIGIN_STEP_M) * ORIGIN_STEP_M for value in point)
        folders = tuple(str(Path(folder).resolve()) for folder in grid_folders)
        return cls(crs=crs, origin=(east, north), vertical_shift_m=vertical_shift_m,
                   vertical_shift_source=vertical_shift_source, grid_folders=folders)

    @property
    def horizontal(self) -> str:
        """Authority code of the horizontal CRS, e.g. ``EPSG:28992``."""
        return _name(_crs(self.crs).sub_crs_list[0])

    @property
    def vertical(self) -> str:
        """Authority code of the vertical CRS, e.g. ``EPSG:5709``."""
        return _name(_crs(self.crs).sub_crs_list[1])

    @property
    def vertical_label(self) -> str:
        """Name of the vertical datum as people write it, e.g. ``NAP height``."""
        return str(_crs(self.crs).sub_crs_list[1].name)

    @property
    def horizontal_label(self) -> str:
        """Name of the horizontal CRS."""
        return str(_crs(self.crs).sub_crs_list[0].name)

    def local(self, points: ArrayLike) -> Points:
        """Take the origin off points (n, 2 or 3) given in the scene's CRS."""
        p = np.array(points, dtype=np.float64)
        p[..., 0] -= self.origin[0]
        p[..., 1] -= self.origin[1]
        return p

    def world(self, points: ArrayLike) -> Points:
        """Put the origin back on points (n, 2 or 3): eastings, northings (and heights) in the scene's CRS."""
        p = np.array(points, dtype=np.float64)
        p[..., 0] += self.origin[0]
        p[..., 1] += self.origin[1]
        return p

    def enter(self, points: ArrayLike, crs: str, *, where: str = "input") -> Points:
        """Bring points (n, 2 or 3) of another CRS into the frame.

        A source CRS without a vertical part leaves heights as they are: the reader that calls this has said in which
        datum they stand. With a vertical part, heights are transformed, by grid or not at all.

        Raises
        ------
        FrameError
            Unknown CRS; no exact operation (a grid is missing, or the datums are unrelated).
        """
        p = np.array(points, dtype=np.float64)
        source = _checked_crs(crs, where)
        target = _crs(self.crs)
        heights = p.shape[-1] == 3 and (source.is_compound or len(source.axis_info) == 3)
        goal = target if heights else target.sub_crs_list[0]
        start = source if heights or not source.is_compound else source.sub_crs_list[0]
        if start.equals(goal, ignore_axis_order=True):
            return self.local(p)
        _use_grids(self.grid_folders)
        transformer = _transformer(start.to_wkt(), goal.to_wkt(), where)
        columns = _applied(transformer.transform, *(p[..., i] for i in range(3 if heights else 2)))
        for i, column in enumerate(columns):
            p[..., i] = column
        if not np.isfinite(p).all():
            raise FrameError(where, got=f"coordinates outside the area of use of {_name(source)}",
                             want=f"coordinates that reach {self.crs}", then="check the file's CRS and its axis order")
        return self.local(p)

    def to_geographic(self, points: ArrayLike) -> Points:
        """Longitude, latitude (degrees) and ellipsoidal height (m) of frame points (n, 3), per point, on WGS 84."""
        p = self.world(points)
        transformer, shift = self._to_globe()
        lon, lat, height = _applied(transformer.transform, p[..., 0], p[..., 1], p[..., 2] + shift)
        return np.stack([lon, lat, height], axis=-1)

    def to_ecef(self, points: ArrayLike) -> Points:
        """Earth-centred, earth-fixed coordinates (EPSG:4978, metres) of frame points (n, 3).

        Grid convergence, scale and geoid height are applied at each point: a projected grid is no tangent plane.
        """
        return ecef(self.to_geographic(points))

    def height_shift(self, point: ArrayLike) -> HeightShift:
        """Describe how heights leave the scene's datum at a frame point (x, y)."""
        x, y = np.asarray(point, dtype=np.float64)[:2]
        lon, lat, height = self.to_geographic([[x, y, 0.0]])[0]
        if self.vertical_shift_m is not None:
            return HeightShift(operation="constant stated in the scene", shift_m=float(height), at=(lon, lat),
                               accuracy_m=None, source=self.vertical_shift_source or "not stated")
        operation, accuracy = _describe(_crs(self.crs).to_wkt(), (*self.world([[x, y]])[0], 0.0))
        return HeightShift(operation=operation, shift_m=float(height), at=(lon, lat), accuracy_m=accuracy,
                           source="PROJ grid")

    def convergence_deg(self, point: ArrayLike) -> float:
        """Grid convergence at a frame point (x, y): grid bearing = true bearing − convergence (domain C8)."""
        x, y = np.asarray(point, dtype=np.float64)[:2]
        east, north = self.world([[x, y]])[0]
        projection = pyproj.Proj(_crs(self.crs).sub_crs_list[0])
        lon, lat = projection(east, north, inverse=True)
        return float(projection.get_factors(lon, lat).meridian_convergence)

    def from_geographic(self, lon_lat: ArrayLike) -> Points:
        """Frame x, y of WGS 84 longitudes and latitudes (n, 2) in degrees, good to a metre or so without any grid."""
        p = np.asarray(lon_lat, dtype=np.float64)
        to_plane = functools.partial(self._rough().transform, direction="INVERSE")
        return self.local(np.stack(_applied(to_plane, p[..., 0], p[..., 1]), axis=-1))

    def lon_lat(self, points: ArrayLike) -> Points:
        """WGS 84 longitudes and latitudes of frame points (n, 2) in degrees, the inverse of `from_geographic`."""
        p = self.world(np.asarray(points, dtype=np.float64)[..., :2])
        return np.stack(_applied(self._rough().transform, p[..., 0], p[..., 1]), axis=-1)

    def _rough(self) -> pyproj.Transformer:
        _use_grids(self.grid_folders)
        return _rough_transformer(_crs(self.crs).sub_crs_list[0].to_wkt())

    def _to_globe(self) -> tuple[pyproj.Transformer, float]:
        """Choose the transformer from scene CRS to WGS 84, and the constant to add to heights before it."""
        _use_grids(self.grid_folders)
        if self.vertical_shift_m is None:
            return _geoid_transformer(self.crs, self.grid_folders), 0.0
        return _plane_transformer(_crs(self.crs).sub_crs_list[0].to_wkt()), float(self.vertical_shift_m)


def ecef(geographic: ArrayLike) -> Points:
    """EPSG:4978 metres of WGS 84 longitude, latitude (degrees), ellipsoidal height (m): (n, 3) -> (n, 3)."""
    p = np.asarray(geographic, dtype=np.float64)
    transformer = _transformer("EPSG:4979", "EPSG:4978", "globe")
    return np.stack(_applied(transformer.transform, p[..., 0], p[..., 1], p[..., 2]), axis=-1)


def from_ecef(points: ArrayLike) -> Points:
    """WGS 84 longitude, latitude (degrees) and ellipsoidal height (m) of EPSG:4978 points (n, 3)."""
    p = np.asarray(points, dtype=np.float64)
    transformer = _transformer("EPSG:4978", "EPSG:4979", "globe")
    return np.stack(_applied(transformer.transform, p[..., 0], p[..., 1], p[..., 2]), axis=-1)


def check_scene_crs(crs: str, *, where: str) -> None:
    """Refuse a scene CRS that is unknown, flat, geographic or not in metres.

    Raises
    ------
    FrameError
        One sentence with the remedy.
    """
    found = _checked_crs(crs, where)
    if not found.is_compound:
        hint = f'write e.g. crs = "{_name(found)}+5737" (1985 国家高程基准) or "{_name(found)}+5709" (NAP)'
        raise FrameError(where, got=f"{_name(found)} ({found.name}) without a vertical datum",
                         want="a horizontal and a vertical reference", then=hint)
    horizontal, vertical = found.sub_crs_list
    if not horizontal.is_projected:
        raise FrameError(where, got=f"{_name(horizontal)} in degrees", want="a projected CRS in metres",
                         then="choose the zone of your site, e.g. EPSG:4548 or a UTM zone")
    units = {axis.unit_name for axis in (*horizontal.axis_info, *vertical.axis_info)}
    if units != {"metre"}:
        raise FrameError(where, got=f"{crs} in {', '.join(sorted(units))}", want="metres in plan and height",
                         then="give the scene a metric CRS; files in feet are converted on entry")


def known_crs(text: str, *, where: str) -> str:
    """Return an authority code (or WKT, where there is none) for anything PROJ understands, OGC URNs included.

    Raises
    ------
    FrameError
        PROJ does not know it.
    """
    return _name(_checked_crs(text, where))


def has_vertical(crs: str) -> bool:
    """Whether a CRS name says what its heights mean."""
    found = _crs(crs)
    return found.is_compound or found.is_vertical or len(found.axis_info) == 3


def is_geographic(crs: str) -> bool:
    """Whether the horizontal part of a CRS is in degrees."""
    found = _crs(crs)
    return bool((found.sub_crs_list[0] if found.is_compound else found).is_geographic)


def unit_m(crs: str) -> float:
    """Metres in the unit of a CRS's eastings and northings; radians in that of a geographic one."""
    found = _crs(crs)
    return float((found.sub_crs_list[0] if found.is_compound else found).axis_info[0].unit_conversion_factor)


def crs_label(crs: str) -> str:
    """Name of a CRS as people write it, with its code."""
    found = _crs(crs)
    name = _name(found)
    return f"{name} {found.name}" if name.startswith(tuple(AUTHORITIES)) else str(found.name)


def same_horizontal(one: str, other: str) -> bool:
    """Whether two CRS names have the same horizontal part, vertical parts and axis order aside."""
    a, b = ((c.sub_crs_list[0] if c.is_compound else c) for c in (_crs(one), _crs(other)))
    return bool(a.equals(b, ignore_axis_order=True))


def _applied(operation: Callable[..., tuple[Points, ...]], *columns: Points) -> tuple[Points, ...]:
    """Run a PROJ operation on columns; a lone point goes twice, because pyproj would take its column for a number."""
    if columns[0].ndim and columns[0].size == 1:
        doubled = operation(*(np.repeat(column.reshape(1), 2) for column in columns))
        return tuple(np.asarray(answer)[:1].reshape(columns[0].shape) for answer in doubled)
    return operation(*columns)


@functools.lru_cache(maxsize=64)
def _crs(text: str) -> pyproj.CRS:
    name = text.strip()
    urn = re.fullmatch(r"(?:urn:ogc:def:crs:|https?://www\.opengis\.net/def/crs/)(\w+)[:/][\w.]*[:/](\w+)", name)
    return pyproj.CRS.from_user_input(f"{urn[1]}:{urn[2]}" if urn else text)


def _checked_crs(text: str, where: str) -> pyproj.CRS:
    try:
        return _crs(text)
    except CRSError:
        raise FrameError(where, got=f'"{text[:80]}"', want="a CRS that PROJ knows",
                         then='write an EPSG code such as "EPSG:4548+5737"') from None


def _name(crs: pyproj.CRS) -> str:
    authority = crs.to_authority(min_confidence=100)
    if authority:
        return ":".join(authority)
    if crs.is_compound:
        parts = [part.to_authority() for part in crs.sub_crs_list]
        if all(parts):
            return f"{parts[0][0]}:{parts[0][1]}+{parts[1][1]}"
    return str(crs.to_wkt())


@functools.lru_cache(maxsize=64)
def _transformer(source: str, target: str, where: str) -> pyproj.Transformer:
    """Exact operation between two CRS; plane ones on datums realised in the ITRF may be taken as one datum."""
    try:
        return pyproj.Transformer.from_crs(source, target, always_xy=True, only_best=True, allow_ballpark=False)
    except ProjError:
        if all(_aligned(pyproj.CRS.from_user_input(c)) for c in (source, target)):
            return pyproj.Transformer.from_crs(source, target, always_xy=True)
        names = " -> ".join(str(pyproj.CRS.from_user_input(c).name) for c in (source, target))
        raise FrameError(where, got=f"no exact operation {names}", want="a PROJ operation with its grids",
                         then=_grid_hint(source, target, "give the data in the scene's CRS")) from None


def _aligned(crs: pyproj.CRS) -> bool:
    """Whether a CRS of two axes stands on a datum that agrees with WGS 84 to about a metre or better."""
    geodetic = crs.geodetic_crs
    datum = str(geodetic.datum.name) if geodetic is not None and geodetic.datum else ""
    return len(crs.axis_info) == 2 and datum.startswith(_ITRF_ALIGNED)


def _grid_hint(source: str, target: str, otherwise: str) -> str:
    group = pyproj.transformer.TransformerGroup(source, target, always_xy=True)
    missing = sorted({grid.short_name for operation in group.unavailable_operations for grid in operation.grids})
    if missing:
        return (f"put the grid {' or '.join(missing[:3])} (PROJ-data) into a folder named by scene.grids, "
                f"or {otherwise}")
    return otherwise


@functools.lru_cache(maxsize=16)
def _geoid_transformer(crs: str, grid_folders: tuple[str, ...]) -> pyproj.Transformer:
    """Scene CRS to WGS 84 with ellipsoidal heights, by grid; the grid folders only key the cache."""
    del grid_folders
    source = _crs(crs)
    try:
        return pyproj.Transformer.from_crs(source, "EPSG:4979", always_xy=True, only_best=True, allow_ballpark=False)
    except ProjError:
        vertical = source.sub_crs_list[1]
        raise FrameError("scene.crs", got=f"heights in {vertical.name} and no grid that leads to ellipsoidal heights",
                         want="the geoid of this datum", then=_grid_hint(source.to_wkt(), "EPSG:4979",
                                         "state scene.vertical_shift_m with its source")) from None


@functools.lru_cache(maxsize=16)
def _plane_transformer(horizontal: str) -> pyproj.Transformer:
    """Projected coordinates to WGS 84 longitude and latitude; heights pass through unchanged."""
    return _transformer(horizontal, "EPSG:4326", "scene.crs")


@functools.lru_cache(maxsize=16)
def _rough_transformer(horizontal: str) -> pyproj.Transformer:
    """Projected coordinates to WGS 84 longitude and latitude by the best operation at hand, grid or none."""
    source = pyproj.CRS.from_user_input(horizontal)
    try:
        return pyproj.Transformer.from_crs(source, "EPSG:4326", always_xy=True, allow_ballpark=False)
    except ProjError:
        return pyproj.Transformer.from_crs(source, source.geodetic_crs, always_xy=True)


def _describe(source: str, point: tuple[float, float, float]) -> tuple[str, float | None]:
    transformer = pyproj.Transformer.from_crs(source, "EPSG:4979", always_xy=True, only_best=True, allow_ballpark=False)
    transformer.transform(*point)
    used = transformer.get_last_used_operation()
    return str(used.description), float(used.accuracy) if used.accuracy >= 0 else None


def _use_grids(folders: tuple[str, ...]) -> None:
    """Let PROJ look into these folders; it keeps one search path for the process, so a folder is added once."""
    known = pyproj.datadir.get_data_dir().split(";" if ";" in pyproj.datadir.get_data_dir() else ":")
    for folder in folders:
        if folder not in known and Path(folder).is_dir():
            pyproj.datadir.append_data_dir(folder)
