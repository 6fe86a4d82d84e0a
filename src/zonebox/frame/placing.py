"""Whether coordinates can be in the CRS they are said to be in: axis order, zone numbers, likely candidates (E3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zonebox.errors import FrameError
from zonebox.frame import crs_label, gauss_kruger, in_area_of_use, is_geographic, known_crs
from zonebox.frame.local_system import LOCAL

Bounds = tuple[float, float, float, float]

_NORTHING = (1.5e6, 6.5e6)
_EASTING = (1e5, 9e5)
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """How to read coordinates: in ``crs``, after their axes are swapped or a zone number is put before eastings."""

    crs: str
    swapped: bool = False
    east_shift_m: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether coordinates can be read as they stand."""
        return not self.swapped and self.east_shift_m == 0.0

    def apply(self, points: ArrayLike) -> NDArray[np.float64]:
        """Bring points (n, 2 or 3) as delivered to x, y in ``crs``."""
        p = np.array(points, dtype=np.float64)
        if self.swapped:
            p[..., [0, 1]] = p[..., [1, 0]]
        p[..., 0] += self.east_shift_m
        return p

    def apply_bounds(self, bounds: ArrayLike) -> Bounds:
        """Bring a bounding box (minx, miny, maxx, maxy) along."""
        low, high = self.apply(np.reshape(np.asarray(bounds, dtype=np.float64), (2, 2))).tolist()
        return low[0], low[1], high[0], high[1]


def placed(stated: str | None, bounds: ArrayLike, *, where: str, key: str) -> Placement:
    """Settle how coordinates are read; what is put right is told.

    Parameters
    ----------
    stated : str or None
        CRS of the file or of the user.
    bounds : (4,) float64
        minx, miny, maxx, maxy as delivered.
    where, key : str
        The layer, and the scene's key for its CRS, for messages.

    Raises
    ------
    FrameError
        No CRS, with likely candidates; an unknown one; one that the coordinates cannot be in.
    """
    box = np.asarray(bounds, dtype=np.float64)
    spread = f"x {box[0]:.1f} to {box[2]:.1f}, y {box[1]:.1f} to {box[3]:.1f}"
    likely = likely_crs(box)
    if not stated:
        raise FrameError(where, got=f"no CRS (no .prj or CRS record), {spread}", want="the CRS of these coordinates",
                         then=f"set {key}; they look like {likely}")
    crs = known_crs(stated, where=where)
    if crs == LOCAL:
        return Placement(crs=crs)
    if is_geographic(crs) and np.abs(box).max() > 361:
        raise FrameError(where, got=f"{crs} in degrees with {spread}", want="the CRS of these coordinates",
                         then=f"set {key}; they look like {likely}")
    zoned = _by_zone(crs, box, where, spread, key)
    if zoned is not None:
        return zoned
    swapped = box[[1, 0, 3, 2]]
    if not in_area_of_use(crs, box) and in_area_of_use(crs, swapped):
        order = "latitude before longitude" if is_geographic(crs) else "northing before easting"
        said = f"{where}: coordinates stand {order}; they are swapped to fit {crs_label(crs)}"
        return Placement(crs=crs, swapped=True, notes=(said,))
    if not in_area_of_use(crs, box):
        said = f"{where}: {spread} lie outside the area in which {crs_label(crs)} is used; they look like {likely}"
        return Placement(crs=crs, notes=(said,))
    return Placement(crs=crs)


def _by_zone(crs: str, box: NDArray[np.float64], where: str, spread: str, key: str) -> Placement | None:
    """Settle Gauss-Krüger coordinates by the zone number before their eastings; None for other coordinates."""
    system = gauss_kruger(crs)
    if system is None:
        return None
    meridian, stated_zone = system
    swapped = _is_northing(box[0], box[2]) and (_is_easting(box[1], box[3]) or _zone(box[1], box[3]) > 0)
    low, high = (box[1], box[3]) if swapped else (box[0], box[2])
    drawn = _zone(low, high)
    if not drawn and not _is_easting(low, high):
        return None
    if drawn and meridian not in {3.0 * drawn, 6.0 * drawn - 3.0}:
        raise FrameError(where, got=f"eastings of zone {drawn} in {crs_label(crs)}, whose central meridian is "
                         f"{meridian:g}° ({spread})", want="one zone",
                         then=f"set {key}; they look like {likely_crs(box)}")
    shift = float((stated_zone - drawn) * _MILLION)
    notes = []
    if swapped:
        notes.append(f"{where}: coordinates stand northing before easting; they are swapped to fit {crs_label(crs)}")
    if shift > 0:
        notes.append(f"{where}: eastings have no zone number; they are taken for zone {stated_zone} of "
                     f"{crs_label(crs)}")
    if shift < 0:
        notes.append(f"{where}: eastings begin with the zone number {drawn}, which {crs_label(crs)} leaves out; it is "
                     "taken off")
    return Placement(crs=crs, swapped=swapped, east_shift_m=shift, notes=tuple(notes))


def _zone(low: float, high: float) -> int:
    """Zone number before eastings; 0 where there is none."""
    zone = int(low // _MILLION)
    return zone if 13 <= zone <= 45 and zone == int(high // _MILLION) else 0


def _is_easting(low: float, high: float) -> bool:
    return _EASTING[0] <= low <= high <= _EASTING[1]


def _is_northing(low: float, high: float) -> bool:
    return _NORTHING[0] <= low <= high <= _NORTHING[1]


def likely_crs(bounds: ArrayLike) -> str:  # noqa: PLR0911 (one answer for each kind of coordinates)
    """Say which reference systems coordinates look like (domain E3); never used without the user's word.

    >>> likely_crs([39500000.0, 3300000.0, 39501000.0, 3301000.0])
    'EPSG:4527 (CGCS2000 3-degree zone 39)'
    >>> likely_crs([3300000.0, 20500000.0, 3301000.0, 20501000.0])
    'EPSG:4498 (CGCS2000 6-degree zone 20) with northing before easting'
    """
    minx, miny, maxx, maxy = (float(v) for v in np.asarray(bounds))
    if -180 <= minx <= maxx <= 180 and -90 <= miny <= maxy <= 90:
        return "EPSG:4490 (CGCS2000, degrees) or EPSG:4326 (WGS 84, degrees)"
    if -90 <= minx <= maxx <= 90 and -180 <= miny <= maxy <= 180:
        return "EPSG:4490 or EPSG:4326 with latitude before longitude"
    if zone := _zone(minx, maxx):
        return _zone_name(zone)
    if _is_northing(minx, maxx) and (zone := _zone(miny, maxy)):
        return f"{_zone_name(zone)} with northing before easting"
    if 0 <= minx <= maxx <= 3e5 and 3e5 <= miny <= maxy <= 6.3e5:
        return "EPSG:28992 (Amersfoort / RD New)"
    if 2e6 <= miny <= 6e6 and 2e5 <= minx <= 8e5:
        return ("EPSG:4534 to EPSG:4554 (CGCS2000 3-degree, central meridian 75 to 135 degrees, e.g. EPSG:4548 for "
                "117) or a UTM zone (EPSG:326xx)")
    if 2e6 <= minx <= 6e6 and 2e5 <= miny <= 8e5:
        return "a CGCS2000 3-degree zone (EPSG:4534 to EPSG:4554) with northing before easting"
    return ('a local system, as the coordinates match no common one: state its parameters or control points in '
            f'[scene.local] and crs = "{LOCAL}"')


def _zone_name(zone: int) -> str:
    return (f"EPSG:{4488 + zone} (CGCS2000 3-degree zone {zone})" if zone >= 25 else
            f"EPSG:{4478 + zone} (CGCS2000 6-degree zone {zone})")
