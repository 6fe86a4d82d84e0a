"""Write the LiDAR: a made-up airborne survey of the block before anything new is built.

Points come from nearly regular scan lines with a little scatter, class by class, sorted in space, on a centimetre
grid, so that 400,000 of them pack into about a megabyte.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING

import laspy
import numpy as np
import shapely
from laspy import LasData, LasHeader, LazBackend
from laspy.vlrs.known import WktCoordinateSystemVlr
from make_plan import roads, water
from make_site import WATER_LEVEL_M, Array, House, extent, ground_m, houses, lots

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

UNCLASSIFIED, GROUND, LOW_PLANT, TREE, BUILDING, NOISE, WATER, HIGH_NOISE = 1, 2, 3, 5, 6, 7, 9, 18
SPACING_M = 0.66
# the axes are spelled out: without them PROJ takes this system for a 6-degree zone
WKT = (
    'COMPD_CS["CGCS2000 / 3-degree Gauss-Kruger CM 117E + Yellow Sea 1985 height",'
    'PROJCS["CGCS2000 / 3-degree Gauss-Kruger CM 117E",GEOGCS["China Geodetic Coordinate System 2000",'
    'DATUM["China_2000",SPHEROID["CGCS2000",6378137,298.257222101,AUTHORITY["EPSG","1024"]],AUTHORITY["EPSG","1043"]],'
    'PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],'
    'AUTHORITY["EPSG","4490"]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],'
    'PARAMETER["central_meridian",117],PARAMETER["scale_factor",1],PARAMETER["false_easting",500000],'
    'PARAMETER["false_northing",0],UNIT["metre",1,AUTHORITY["EPSG","9001"]],AXIS["Northing",NORTH],AXIS["Easting",EAST],'
    'AUTHORITY["EPSG","4548"]],VERT_CS["Yellow Sea 1985 height",VERT_DATUM["Yellow Sea 1985",2005,AUTHORITY["EPSG",'
    '"5137"]],UNIT["metre",1,AUTHORITY["EPSG","9001"]],AXIS["Gravity-related height",UP],AUTHORITY["EPSG","5737"]]]'
)


class Dice:
    """Random numbers that stay the same on every machine: the raw stream of PCG64, made uniform by hand."""

    def __init__(self, seed: int) -> None:
        self._bits = np.random.PCG64(seed)

    def uniform(self, low: float, high: float, count: int) -> Array:
        """Return uniform numbers."""
        raw = self._bits.random_raw(count) >> np.uint64(11)
        return np.asarray(low + (high - low) * raw.astype(np.float64) / 2.0**53, dtype=np.float64)

    def scatter(self, spread: float, count: int) -> Array:
        """Return bell-shaped errors of a standard deviation: the sum of four uniform ones."""
        total = sum(self.uniform(-1, 1, count) for _ in range(4))
        return np.asarray(total * spread / (4 / 3) ** 0.5, dtype=np.float64)


class Cloud:
    """Points and classes gathered so far."""

    def __init__(self) -> None:
        self.points: list[Array] = []
        self.classes: list[tuple[int, int]] = []

    def add(self, xy: Array, z: Array, code: int) -> None:
        """Add points of one class."""
        self.points.append(np.column_stack([xy, z]))
        self.classes.append((code, len(xy)))

    def sorted(self) -> tuple[Array, NDArray[np.uint8]]:
        """Return all points and classes, in strips of a scan line each, back and forth."""
        points = np.vstack(self.points)
        codes = np.concatenate([np.full(count, code, dtype=np.uint8) for code, count in self.classes])
        strip = np.floor(points[:, 1] / SPACING_M).astype(np.int64)
        along = np.where(strip % 2 == 0, points[:, 0], -points[:, 0])
        order = np.lexsort((points[:, 2], along, strip))
        return points[order], codes[order]


def _grid(dice: Dice, spacing: float) -> Array:
    """Return scan points over the block, (n, 2)."""
    e0, n0, e1, n1 = extent().bounds
    mesh = np.meshgrid(np.arange(e0, e1, spacing), np.arange(n0, n1, spacing))
    xy = np.column_stack([mesh[0].ravel(), mesh[1].ravel()])
    xy = xy + np.column_stack([dice.scatter(0.06, len(xy)), dice.scatter(0.03, len(xy))])
    inside: NDArray[np.bool_] = shapely.contains_xy(extent(), xy[:, 0], xy[:, 1])
    return np.asarray(xy[inside], dtype=np.float64)


def _trees(dice: Dice) -> list[tuple[float, float, float, float]]:
    """Return trees as (easting, northing, crown radius, height): rows along the streets, a grove in the park."""
    built = shapely.union_all([shapely.Polygon(h.outline) for h in houses()])
    cleared = shapely.union_all([r.polygon for r in lots() if r.number in ("A-05", "B-07")])
    rows = [r.polygon.buffer(-2.2).exterior for r in lots() if r.number != "A-04" and r.polygon.area > 3000]
    spots = [p for row in rows for p in row.segmentize(8.0).coords if len(p) > 0]
    park = next(r for r in lots() if r.number == "B-04").polygon
    e0, n0, e1, n1 = park.bounds
    spots += list(zip(dice.uniform(e0, e1, 170), dice.uniform(n0, n1, 170), strict=True))
    radius, height = dice.uniform(1.8, 3.4, len(spots)), dice.uniform(6.0, 11.0, len(spots))
    forbidden = built.union(cleared).buffer(3.6)
    keep = dice.uniform(0, 1, len(spots)) < 0.6
    out = []
    for (e, n), r, h, kept in zip(spots, radius, height, keep, strict=True):
        if kept and not shapely.contains_xy(forbidden, e, n) and shapely.contains_xy(extent(), e, n):
            out.append((float(e), float(n), float(r), float(h)))
    return out


def _roof_m(house: House, xy: Array) -> Array:
    """Return the height of a house's roof over plan points: flat, or pitched along its long middle line."""
    base = house.base_m
    if house.ridge_m is None:
        return np.full(len(xy), base + house.height_m)
    (a, b, c, d) = (np.array(p) for p in house.outline)
    middle = shapely.LineString([(a + d) / 2, (b + c) / 2])
    half = float(np.hypot(*(d - a))) / 2
    rise = 1 - np.clip(shapely.distance(shapely.points(xy), middle) / half, 0, 1)
    return np.asarray(base + house.height_m + rise * (house.ridge_m - house.height_m), dtype=np.float64)


def _buildings(cloud: Cloud, dice: Dice, xy: Array) -> None:
    """Add roofs, parapet-free, and some points down the walls."""
    for house in houses():
        outline = shapely.Polygon(house.outline)
        roof = xy[shapely.contains_xy(outline.buffer(-0.1), xy[:, 0], xy[:, 1])]
        cloud.add(roof, _roof_m(house, roof) + dice.scatter(0.03, len(roof)), BUILDING)
        count = int(outline.length * house.height_m * 0.25)
        at = shapely.line_interpolate_point(outline.exterior, dice.uniform(0, outline.length, count))
        wall = shapely.get_coordinates(at) + np.column_stack([dice.scatter(0.03, count), dice.scatter(0.03, count)])
        cloud.add(wall, house.base_m + house.height_m * dice.uniform(0.1, 0.98, count), BUILDING)


def _plants(cloud: Cloud, dice: Dice, trees: list[tuple[float, float, float, float]]) -> None:
    """Add tree crowns as the upper halves of balls, and low bushes in the park."""
    for e, n, radius, height in trees:
        count = int(radius * radius * 5)
        away, turn = np.sqrt(dice.uniform(0, 1, count)), dice.uniform(0, 2 * np.pi, count)
        xy = np.column_stack([e + radius * away * np.cos(turn), n + radius * away * np.sin(turn)])
        dome = np.sqrt(1 - away**2) * dice.uniform(0.55, 1.0, count)
        foot = float(ground_m(np.array([[e, n]]))[0])
        cloud.add(xy, foot + height - radius + radius * dome, TREE)
    park = next(r for r in lots() if r.number == "B-04").polygon.buffer(-3)
    e0, n0, e1, n1 = park.bounds
    xy = np.column_stack([dice.uniform(e0, e1, 2600), dice.uniform(n0, n1, 2600)])
    xy = xy[shapely.contains_xy(park, xy[:, 0], xy[:, 1])]
    cloud.add(xy, ground_m(xy) + dice.uniform(0.3, 0.9, len(xy)), LOW_PLANT)


def _cars(cloud: Cloud, dice: Dice) -> None:
    """Add parked and moving cars and lamp posts on the streets, unclassified."""
    area = shapely.union_all([a for _, a in roads()]).buffer(-3)
    e0, n0, e1, n1 = area.bounds
    spots = np.column_stack([dice.uniform(e0, e1, 520), dice.uniform(n0, n1, 520)])
    spots = spots[shapely.contains_xy(area, spots[:, 0], spots[:, 1])]
    for k, (e, n) in enumerate(spots):
        post = k % 4 == 0
        count = 9 if post else 14
        size = (0.1, 0.1) if post else (2.1, 0.9)
        xy = np.column_stack([e + dice.uniform(-size[0], size[0], count), n + dice.uniform(-size[1], size[1], count)])
        top = dice.uniform(1.0, 8.0, count) if post else dice.uniform(1.1, 1.5, count)
        cloud.add(xy, ground_m(xy) + top, UNCLASSIFIED)


def _noise(cloud: Cloud, dice: Dice) -> None:
    """Add wild returns: below the ground (multipath) and high in the air (birds)."""
    e0, n0, e1, n1 = extent().buffer(-40).bounds
    for code, count, low, high in ((NOISE, 40, -6.0, -1.5), (HIGH_NOISE, 25, 70.0, 160.0)):
        xy = np.column_stack([dice.uniform(e0 + 30, e1 - 30, count), dice.uniform(n0 + 30, n1 - 30, count)])
        cloud.add(xy, ground_m(xy) + dice.uniform(low, high, count), code)


def survey() -> Cloud:
    """Return the whole cloud."""
    dice, cloud = Dice(20260101), Cloud()
    xy = _grid(dice, SPACING_M)
    built = shapely.union_all([shapely.Polygon(h.outline) for h in houses()])
    trees = _trees(dice)
    crowns = shapely.union_all([shapely.Point(e, n).buffer(r) for e, n, r, _ in trees])
    river = water()
    wet = shapely.contains_xy(river, xy[:, 0], xy[:, 1])
    covered = shapely.contains_xy(built.buffer(0.2), xy[:, 0], xy[:, 1])
    shaded = shapely.contains_xy(crowns, xy[:, 0], xy[:, 1]) & (dice.uniform(0, 1, len(xy)) < 0.55)
    bare = xy[~wet & ~covered & ~shaded]
    cloud.add(bare, ground_m(bare) + dice.scatter(0.03, len(bare)), GROUND)
    surface = xy[wet & (dice.uniform(0, 1, len(xy)) < 0.25)]
    cloud.add(surface, WATER_LEVEL_M + dice.scatter(0.02, len(surface)), WATER)
    _buildings(cloud, dice, xy)
    _plants(cloud, dice, trees)
    _cars(cloud, dice)
    _noise(cloud, dice)
    return cloud


def write_ground(path: Path) -> None:
    """Write the cloud as LAS 1.4, point format 6, compressed."""
    points, codes = survey().sorted()
    header = LasHeader(version="1.4", point_format=6)
    header.scales, header.offsets = np.full(3, 0.01), np.array([512_000.0, 4_057_000.0, 0.0])
    header.creation_date = dt.date(2026, 1, 1)
    header.uuid = uuid.UUID("7d0f8a4e-51a6-5c8e-8a52-0f2c6f6f3b01")
    header.system_identifier, header.generating_software = "made-up survey", "riverside_block/make.py"
    header.global_encoding.wkt = True
    header.vlrs.append(WktCoordinateSystemVlr(WKT))
    las = LasData(header)
    las.x, las.y, las.z = points.T
    las.classification = codes
    las.return_number[:], las.number_of_returns[:] = 1, 1
    las.point_source_id[:] = 1
    las.intensity = np.array([0, 90, 120, 60, 60, 60, 150, 5, 30], dtype=np.uint16)[np.minimum(codes, 8)]
    las.gps_time[:] = 400_000_000.0
    with laspy.open(path, mode="w", header=las.header, laz_backend=LazBackend.Lazrs, do_compress=True) as out:
        out.write_points(las.points)
