"""One metric frame per scene, and the two crossings of its border."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyproj
from numpy.typing import ArrayLike, NDArray

from zonebox.errors import FrameError
from zonebox.frame.local_system import LOCAL, LocalSystem
from zonebox.frame.operations import (
    Points,
    applied,
    described,
    ecef,
    exact,
    globe_by_constant,
    globe_by_grid,
    grid_hint,
    instead,
    no_geoid,
    roughly,
    use_grids,
)
from zonebox.frame.references import check_scene_crs, checked, code_of, is_ellipsoidal, parsed, plane_of

ORIGIN_STEP_M: Final = 1000.0
"""The origin is rounded to this, so that editing a parcel does not move the frame of the whole scene."""

_SIDE_POINTS: Final = 9
"""Points along each side of a box that is brought to another CRS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeightShift:
    """How heights of the scene become ellipsoidal heights, for the record of a run."""

    operation: str
    shift_m: float
    at: tuple[float, float]
    accuracy_m: float | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """How data came into the frame: its CRS, PROJ's operation with its accuracy, and what its heights gained."""

    crs: str
    operation: str
    accuracy_m: float | None
    height_shift_m: float | None


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
    local_system : LocalSystem or None
        How plane coordinates of the local city system, CRS ``local``, come into ``crs``.

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
    local_system: LocalSystem | None = None

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
        local_system: LocalSystem | None = None,
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
                   vertical_shift_source=vertical_shift_source, grid_folders=folders, local_system=local_system)

    @property
    def horizontal(self) -> str:
        """Authority code of the horizontal CRS, e.g. ``EPSG:28992``."""
        return code_of(parsed(self.crs).sub_crs_list[0])

    @property
    def vertical(self) -> str:
        """Authority code of the vertical CRS, e.g. ``EPSG:5709``."""
        return code_of(parsed(self.crs).sub_crs_list[1])

    @property
    def vertical_label(self) -> str:
        """Name of the vertical datum as people write it, e.g. ``NAP height``."""
        return str(parsed(self.crs).sub_crs_list[1].name)

    @property
    def horizontal_label(self) -> str:
        """Name of the horizontal CRS."""
        return str(parsed(self.crs).sub_crs_list[0].name)

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
        datum they stand. With a vertical part, heights are transformed, by grid or not at all; ellipsoidal ones by the
        constant that the scene states, where it states one.

        Raises
        ------
        FrameError
            Unknown CRS; no exact operation (a grid is missing, or the datums are unrelated).
        """
        p = np.array(points, dtype=np.float64)
        if crs == LOCAL:
            return self.local(self._city(where).to_scene(p))
        if p.shape[-1] == 3 and self.vertical_shift_m is not None and is_ellipsoidal(checked(crs, where)):
            p[..., :2] = self.world(self.enter(p[..., :2], crs, where=where))
            p[..., 2] -= self.vertical_shift_m
            return self.local(p)
        source = checked(crs, where)
        target = parsed(self.crs)
        heights = p.shape[-1] == 3 and (source.is_compound or len(source.axis_info) == 3)
        goal = target if heights else target.sub_crs_list[0]
        start = source if heights else plane_of(source)
        if start.equals(goal, ignore_axis_order=True):
            return self.local(p)
        use_grids(self.grid_folders)
        transformer = exact(start.to_wkt(), goal.to_wkt(), where)
        columns = applied(transformer.transform, *(p[..., i] for i in range(3 if heights else 2)))
        for i, column in enumerate(columns):
            p[..., i] = column
        if not np.isfinite(p).all():
            otherwise = instead(source)
            hint = grid_hint(start.to_wkt(), goal.to_wkt(), otherwise, self._about(points, start))
            if heights and (hint != otherwise or self._reaches(points, crs, where)):
                raise FrameError(where, got=f"no exact operation {start.name} -> {goal.name} at this place",
                                 want="a PROJ operation with its grids", then=hint)
            raise FrameError(where, got=f"coordinates outside the area of use of {code_of(source)}",
                             want=f"coordinates that reach {self.crs}", then="check the file's CRS and its axis order")
        return self.local(p)

    def _reaches(self, points: ArrayLike, crs: str, where: str) -> bool:
        """Tell whether points come into the frame without their heights."""
        try:
            return bool(np.isfinite(self.enter(np.asarray(points, dtype=np.float64)[..., :2], crs, where=where)).all())
        except FrameError:
            return False

    @staticmethod
    def _about(points: ArrayLike, source: pyproj.CRS) -> tuple[float, float] | None:
        """Longitude and latitude of the middle of points, to choose among grids; None where they have none."""
        middle = np.asarray(points, dtype=np.float64).reshape(-1, np.asarray(points).shape[-1]).mean(axis=0)
        plane = plane_of(source)
        x, y = middle[:2].tolist() if plane.is_geographic else \
            roughly(plane.to_wkt()).transform(*middle[:2].tolist())
        return (x, y) if abs(x) <= 180.0 and abs(y) <= 90.0 else None

    def _city(self, where: str) -> LocalSystem:
        if self.local_system is None:
            raise FrameError(where, got=f'crs = "{LOCAL}"', want="the parameters of the local system",
                             then="add [scene.local] with helmert, affine or control_points to the scene")
        return self.local_system

    def entry(self, crs: str, point: ArrayLike, *, where: str = "input") -> Entry:
        """Describe how data in a CRS came into the frame: operation, accuracy, and what it adds to heights at a place.

        Parameters
        ----------
        point : (2,) or (3,)
            A place of the data, in ``crs``.

        Raises
        ------
        FrameError
            As `enter`.
        """
        p = np.zeros(3)
        p[:len(np.asarray(point))] = point
        moved = self.enter([p], crs, where=where)[0]
        if crs == LOCAL:
            city = self._city(where)
            return Entry(crs=LOCAL, operation=str(city), accuracy_m=city.worst_m or None, height_shift_m=None)
        source, target = checked(crs, where), parsed(self.crs)
        heights = source.is_compound or len(source.axis_info) == 3
        shift = round(float(moved[2] - p[2]), 4) if heights else None
        if heights and self.vertical_shift_m is not None and is_ellipsoidal(source):
            return Entry(crs=code_of(source), operation="constant stated in the scene", accuracy_m=None,
                         height_shift_m=shift)
        goal = target if heights else target.sub_crs_list[0]
        start = source if heights else plane_of(source)
        if start.equals(goal, ignore_axis_order=True):
            return Entry(crs=code_of(source), operation="none, as in the scene", accuracy_m=0.0, height_shift_m=shift)
        transformer = exact(start.to_wkt(), goal.to_wkt(), where)
        transformer.transform(*p[:3 if heights else 2])
        try:
            used = transformer.get_last_used_operation()
        except pyproj.exceptions.ProjError:        # one operation alone is no choice among several
            used = transformer
        return Entry(crs=code_of(source), operation=str(used.description), height_shift_m=shift,
                     accuracy_m=float(used.accuracy) if used.accuracy >= 0 else None)

    def leave(self, points: ArrayLike, crs: str, *, where: str = "output") -> Points:
        """Bring frame points (n, 2) to the horizontal part of another CRS, as `enter` the other way.

        Raises
        ------
        FrameError
            Unknown CRS; no exact operation.
        """
        p = self.world(points)[..., :2]
        target = checked(crs, where)
        target = target.sub_crs_list[0] if target.is_compound else target
        source = parsed(self.crs).sub_crs_list[0]
        if source.equals(target, ignore_axis_order=True):
            return p
        use_grids(self.grid_folders)
        transformer = exact(source.to_wkt(), target.to_wkt(), where)
        return np.stack(applied(transformer.transform, p[..., 0], p[..., 1]), axis=-1)

    def bounds_in(
        self, bounds: tuple[float, float, float, float], crs: str, *, where: str = "output"
    ) -> tuple[float, float, float, float]:
        """Bounding box in another CRS of a box of the frame; straight sides may bend, so points along them are moved.

        Raises
        ------
        FrameError
            As `leave`.
        """
        x, y = np.linspace(bounds[0], bounds[2], _SIDE_POINTS), np.linspace(bounds[1], bounds[3], _SIDE_POINTS)
        moved = self.leave(np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2), crs, where=where)
        (low_x, low_y), (high_x, high_y) = moved.min(axis=0), moved.max(axis=0)
        return float(low_x), float(low_y), float(high_x), float(high_y)

    def to_geographic(self, points: ArrayLike) -> Points:
        """Longitude, latitude (degrees) and ellipsoidal height (m) of frame points (n, 3), per point, on WGS 84."""
        p = self.world(points)
        transformer, shift = self._to_globe()
        lon, lat, height = applied(transformer.transform, p[..., 0], p[..., 1], p[..., 2] + shift)
        if np.isinf(height).any():          # PROJ's answer where the only operation at the place wants a missing grid
            raise no_geoid(self.crs)
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
        operation, accuracy = described(parsed(self.crs).to_wkt(), (*self.world([[x, y]])[0], 0.0))
        return HeightShift(operation=operation, shift_m=float(height), at=(lon, lat), accuracy_m=accuracy,
                           source="PROJ grid")

    def convergence_deg(self, point: ArrayLike) -> float:
        """Grid convergence at a frame point (x, y): grid bearing = true bearing − convergence (domain C8)."""
        return float(self.convergences_deg([np.asarray(point, dtype=np.float64)[:2]])[0])

    def convergences_deg(self, points: ArrayLike) -> NDArray[np.float64]:
        """Grid convergence (n,) at frame points (n, 2)."""
        world = self.world(np.asarray(points, dtype=np.float64))
        projection = pyproj.Proj(parsed(self.crs).sub_crs_list[0])
        lon, lat = applied(functools.partial(projection, inverse=True), world[:, 0], world[:, 1])
        return np.asarray(projection.get_factors(lon, lat).meridian_convergence, dtype=np.float64)

    def from_geographic(self, lon_lat: ArrayLike) -> Points:
        """Frame x, y of WGS 84 longitudes and latitudes (n, 2) in degrees, good to a metre or so without any grid."""
        p = np.asarray(lon_lat, dtype=np.float64)
        to_plane = functools.partial(self._rough().transform, direction="INVERSE")
        return self.local(np.stack(applied(to_plane, p[..., 0], p[..., 1]), axis=-1))

    def lon_lat(self, points: ArrayLike) -> Points:
        """WGS 84 longitudes and latitudes of frame points (n, 2) in degrees, the inverse of `from_geographic`."""
        p = self.world(np.asarray(points, dtype=np.float64)[..., :2])
        return np.stack(applied(self._rough().transform, p[..., 0], p[..., 1]), axis=-1)

    def _rough(self) -> pyproj.Transformer:
        use_grids(self.grid_folders)
        return roughly(parsed(self.crs).sub_crs_list[0].to_wkt())

    def _to_globe(self) -> tuple[pyproj.Transformer, float]:
        """Choose the transformer from scene CRS to WGS 84, and the constant to add to heights before it."""
        use_grids(self.grid_folders)
        if self.vertical_shift_m is None:
            return globe_by_grid(self.crs, self.grid_folders), 0.0
        return globe_by_constant(parsed(self.crs).sub_crs_list[0].to_wkt()), float(self.vertical_shift_m)
