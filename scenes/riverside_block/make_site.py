"""The ground of the riverside block: two turned street grids, the land, the parcels and what stands there.

The block is drawn in metres on a *west grid* (turned 6 degrees from grid north) whose part beyond Ferry Lane
bends to an *east grid* (turned 2 degrees). ``west`` and ``east`` carry drawing points to EPSG:4548.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon

Array = NDArray[np.float64]
Point = tuple[float, float]

ORIGIN: Point = (512_000.0, 4_057_000.0)
WEST_TURN_DEG = 6.0
EAST_TURN_DEG = 2.0
BEND: Point = (108.0, 26.0)
WATER_LEVEL_M = 17.2
WATER_EDGE: tuple[Point, ...] = ((-262, -134), (-120, -130), (0, -132), (108, -137), (190, -146), (275, -152))
GRADED_PARCELS = ("A-05", "B-07")


def _turn(point: Point, degrees: float, about: Point) -> Point:
    """Rotate a point counter-clockwise."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    dx, dy = point[0] - about[0], point[1] - about[1]
    return about[0] + c * dx - s * dy, about[1] + s * dx + c * dy


def west(x: float, y: float) -> Point:
    """Carry a west-grid point to easting and northing, to the millimetre."""
    dx, dy = _turn((x, y), WEST_TURN_DEG, (0.0, 0.0))
    return round(ORIGIN[0] + dx, 3), round(ORIGIN[1] + dy, 3)


def east(x: float, y: float) -> Point:
    """Carry an east-grid point to easting and northing, to the millimetre."""
    return west(*_turn((x, y), EAST_TURN_DEG - WEST_TURN_DEG, BEND))


def to_west(xy: Array) -> Array:
    """Carry eastings and northings back to the west grid; (n, 2) metres."""
    angle = math.radians(WEST_TURN_DEG)
    c, s = math.cos(angle), math.sin(angle)
    d = xy - np.array(ORIGIN)
    return np.column_stack([c * d[:, 0] + s * d[:, 1], -s * d[:, 0] + c * d[:, 1]])


def ferry_lane(y: float) -> Point:
    """Return the point of Ferry Lane's western red line at west-grid ordinate y."""
    angle = math.radians(WEST_TURN_DEG - EAST_TURN_DEG)
    c, s = math.cos(angle), math.sin(angle)
    t = (y - BEND[1] - 8 * s) / c
    return west(BEND[0] - 8 * c + s * t, y)


def box_west(x0: float, y0: float, x1: float, y1: float) -> list[Point]:
    """Return the corners of a west-grid rectangle from its south-west, counter-clockwise."""
    return [west(x0, y0), west(x1, y0), west(x1, y1), west(x0, y1)]


def box_east(x0: float, y0: float, x1: float, y1: float) -> list[Point]:
    """Return the corners of an east-grid rectangle from its south-west, counter-clockwise."""
    return [east(x0, y0), east(x1, y0), east(x1, y1), east(x0, y1)]


def extent() -> Polygon:
    """Return the outline of everything drawn."""
    corners = [west(-252, -190), west(245.3, -190), east(260, 180), east(108, 180), west(108, 180), west(-252, 180)]
    return Polygon(corners)


class Lot(NamedTuple):
    """One parcel: number, land code and name, outline, indicators as the table prints them, remark.

    ``None`` is a blank cell; 0 and 9999 are the table's two other ways of saying "no control".
    """

    number: str
    code: str
    name: str
    outline: list[Point]
    far: float | None
    coverage_pct: float | None
    height_m: float | None
    green_pct: float | None
    parking: int | None
    remark: str

    @property
    def polygon(self) -> Polygon:
        """The outline as a polygon, counter-clockwise."""
        return Polygon(self.outline)


def _lots_north() -> list[Lot]:
    """Return the parcels between Tingtao Avenue and Liuyin Street, west to east."""
    ell = [west(-160, 34), west(-60, 34), west(-60, 92), west(-104, 92), west(-104, 140), west(-160, 140)]
    corner = [west(-104, 92), west(-60, 92), west(-60, 134), west(-66, 140), west(-104, 140)]
    parking = [west(50, 34), ferry_lane(34), ferry_lane(133), west(101, 140), west(50, 140)]
    homes, office, shops = "二类城镇住宅用地", "商务金融用地", "商业用地"
    cap = "机场净空控制，限高52.6米（1985国家高程基准）"
    return [
        Lot("A-01", "070102", homes, box_west(-236, 34, -160, 140), 2.0, 28, 36, 35, 160, ""),
        Lot("A-02", "070102", homes, ell, 1.8, 28, 27, 35, 130, ""),
        Lot("A-03", "0901", shops, corner, 2.5, 50, 24, 20, 40, "街角切角6米"),
        Lot("A-04", "0901", shops, box_west(-36, 34, -27, 140), 1.2, 40, 12, 10, 0, "道路拓宽后余留的窄长地块"),
        Lot("A-05", "0902", office, box_west(-27, 34, 50, 140), 2.5, 50, 55, 20, 200, "商业裙房与办公塔楼"),
        Lot("A-06", "120803", "社会停车场用地", parking, 9999, 60, 15, 5, 260, "停车楼"),
        Lot("A-07", "0902", office, box_east(116, 34, 176, 140), 2.8, 45, 36, 20, 150, cap),
        Lot("A-08", "070102", homes, box_east(176, 34, 244, 140), 2.2, 25, 54, None, 140, ""),
    ]


def _lots_south() -> list[Lot]:
    """Return the parcels between Liuyin Street and Riverside Street, west to east."""
    park = [west(-36, -96), ferry_lane(-96), ferry_lane(-40), west(-36, -40)]
    shops = [west(60, -40), ferry_lane(-40), ferry_lane(18), west(60, 18)]
    homes, note = "二类城镇住宅用地", "位于建设控制地带，见紫线图则"
    return [
        Lot("B-01", "080403", "中小学用地", box_west(-236, -96, -130, 18), 0.9, 30, 24, 35, 30, "36班小学"),
        Lot("B-02", "070102", homes, box_west(-130, -96, -60, 18), 1.9, 30, 30, 35, 110, ""),
        Lot("B-03", "1504", "文物古迹用地", box_west(-36, -40, 22, 18), 0.6, 40, 9, 30, None, "渡口会馆，文物保护单位"),
        Lot("B-04", "1401", "公园绿地", park, 0, 0, 0, 75, None, ""),
        Lot("B-05", "1403", "广场用地", box_west(22, -40, 60, 18), 0, 0, 0, 30, None, "会馆广场"),
        Lot("B-06", "0901", "商业用地", shops, 1.5, 45, 18, 25, 30, note),
        Lot("B-07", "070102/0901", "住宅商业混合用地", box_east(116, -96, 192, 18), 2.2, 40, 60, 30, 170, "底层商业"),
        Lot("B-08", "070102", homes, box_east(192, -96, 244, 18), 2.0, 28, 45, 35, 80, ""),
    ]


def lots() -> list[Lot]:
    """Return all parcels, in the order of their numbers."""
    return _lots_north() + _lots_south()


def _natural(p: Array) -> Array:
    """Return the height of the land before any grading at west-grid points (n, 2)."""
    x, y = p[:, 0], p[:, 1]
    land = 19.3 + 2.9 * (y + 112) / 292 + 1.5 * (252 - x) / 512
    land = land + 0.12 * np.sin(x / 47) * np.cos(y / 61)
    shore = y - np.interp(x, [q[0] for q in WATER_EDGE], [q[1] for q in WATER_EDGE])
    bank = WATER_LEVEL_M + np.clip(shore, -3.0, None) * 0.28
    return np.asarray(np.minimum(land, bank), dtype=np.float64)


def design_ground_m(lot: Lot) -> float:
    """Return a parcel's design ground: the mean natural height over it, to 0.05 m."""
    outline = lot.polygon
    e0, n0, e1, n1 = outline.bounds
    grid = np.array(np.meshgrid(np.arange(e0, e1, 2.0), np.arange(n0, n1, 2.0))).reshape(2, -1).T
    inside = grid[shapely.contains_xy(outline, grid[:, 0], grid[:, 1])]
    return round(float(_natural(to_west(inside)).mean()) * 20) / 20


def ground_m(xy: Array) -> Array:
    """Return the bare ground at eastings and northings (n, 2): land, bank, and the two cleared building sites.

    The sites with a design were cleared and levelled to their design ground, with a 6 m ramp along the boundary.
    """
    z = _natural(to_west(xy))
    for lot in lots():
        if lot.number not in GRADED_PARCELS:
            continue
        points = shapely.points(xy)
        inside = shapely.contains_xy(lot.polygon, xy[:, 0], xy[:, 1])
        ramp = np.clip(shapely.distance(points, lot.polygon.exterior) / 6.0, 0, 1) * inside
        z = z + ramp * (design_ground_m(lot) - z)
    return z


class House(NamedTuple):
    """One existing building: name, corners, storeys, eave height above its ground, ridge height if pitched."""

    id: str
    name: str
    outline: list[Point]
    storeys: int
    height_m: float
    ridge_m: float | None = None

    @property
    def base_m(self) -> float:
        """The ground it stands on: the mean of its corners, to the centimetre."""
        return round(float(ground_m(np.array(self.outline)).mean()), 2)


def houses() -> list[House]:
    """Return the existing buildings; every name and number is invented."""
    school = [west(-226, -72), west(-176, -72), west(-176, -58), west(-212, -58), west(-212, -16), west(-226, -16)]
    return [
        House("existing-01", "柳荫里1号楼", box_west(-226, 118, -172, 131), 7, 21.6),
        House("existing-02", "柳荫里2号楼", box_west(-226, 82, -172, 95), 7, 21.6),
        House("existing-03", "柳荫里3号楼", box_west(-226, 46, -172, 59), 6, 18.6),
        House("existing-04", "柳荫里5号楼", box_west(-150, 104, -116, 117), 9, 27.0),
        House("existing-05", "柳荫里6号楼", box_west(-146, 50, -76, 63), 6, 18.4),
        House("existing-06", "听涛商场", box_west(-96, 102, -68, 128), 4, 17.2),
        House("existing-07", "岗亭", box_west(56, 40, 64, 46), 1, 3.6),
        House("existing-08", "东塘写字楼", box_east(126, 60, 158, 90), 6, 23.4),
        House("existing-09", "东塘苑1号楼", box_east(184, 112, 234, 125), 11, 33.6),
        House("existing-10", "东塘苑2号楼", box_east(184, 64, 234, 77), 11, 33.6),
        House("existing-11", "滨河小学", school, 4, 15.6),
        House("existing-12", "滨河小学体育馆", box_west(-164, -30, -138, 8), 1, 12.0),
        House("existing-13", "渡口会馆", box_west(-24, -20, 10, -4), 1, 5.4, 8.6),
        House("existing-14", "东塘苑5号楼", box_east(202, -2, 236, 10), 6, 18.6),
        House("existing-15", "东塘苑6号楼", box_east(202, -44, 236, -32), 6, 18.6),
    ]
