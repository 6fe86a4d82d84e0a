"""Write the plan: parcels (shapefile), roads and control lines (GeoJSON)."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from facts import HERITAGE_PARCEL, ODD_RING_PARCEL
from make_site import WATER_EDGE, Point, design_ground_m, east, extent, ferry_lane, lots, west
from pyogrio.raw import write
from shapely import Polygon

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

PRJ = (
    'PROJCS["CGCS2000_3_Degree_GK_CM_117E",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",'
    'SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],'
    'PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],'
    'PARAMETER["Central_Meridian",117.0],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],'
    'UNIT["Meter",1.0]]'
)
GEOJSON_CRS = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4548"}}


def _turn_ring(path: Path, index: int) -> None:
    """Reverse the only ring of one record in place.

    Shapefile rings run clockwise and GDAL makes them so; other programs write them the other way round, which a
    reader has to survive. A record is an 8-byte header, 44 bytes of type, box and counts, one part index, points.
    """
    data = bytearray(path.read_bytes())
    at = 100
    for _ in range(index):
        at += 8 + 2 * struct.unpack_from(">i", data, at + 4)[0]
    count = struct.unpack_from("<i", data, at + 48)[0]
    points = np.frombuffer(data, "<f8", 2 * count, at + 56).reshape(-1, 2)
    data[at + 56 : at + 56 + 16 * count] = points[::-1].tobytes()
    path.write_bytes(data)


def _numbers(values: list[float | None]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return a column of numbers and the mask of its blank cells."""
    return np.array([0.0 if v is None else float(v) for v in values]), np.array([v is None for v in values])


def write_parcels(path: Path) -> None:
    """Write the parcel table; areas in hectares, JZMD and LDL in percent, heights in metres."""
    rows = lots()
    words = {
        "DKBH": [r.number for r in rows],
        "YDDM": [r.code for r in rows],
        "YDMC": [r.name for r in rows],
    }
    numbers: dict[str, list[float | None]] = {
        "MJ": [round(r.polygon.area / 1e4, 4) for r in rows],
        "RJL": [r.far for r in rows],
        "JZMD": [r.coverage_pct for r in rows],
        "JZGD": [r.height_m for r in rows],
        "LDL": [r.green_pct for r in rows],
        "JDCW": [None if r.parking is None else float(r.parking) for r in rows],
        "SJDM": [design_ground_m(r) for r in rows],
    }
    data: list[NDArray[Any]] = [np.array(v, dtype=object) for v in words.values()]
    masks: list[NDArray[np.bool_] | None] = [None for _ in words]
    for column in numbers.values():
        values, blank = _numbers(column)
        data.append(values)
        masks.append(blank)
    data.append(np.array([r.remark or None for r in rows], dtype=object))
    masks.append(np.array([not r.remark for r in rows]))
    write(
        path,
        np.array([shapely.to_wkb(r.polygon) for r in rows], dtype=object),
        field_data=data,
        fields=np.array([*words, *numbers, "BZ"], dtype=object),
        field_mask=masks,
        driver="ESRI Shapefile",
        geometry_type="Polygon",
        crs="EPSG:4548",
        encoding="UTF-8",
        layer_options={"DBF_DATE_LAST_UPDATE": "2026-01-01", "RESIZE": "YES"},
    )
    _turn_ring(path, [r.number for r in rows].index(ODD_RING_PARCEL))
    path.with_suffix(".prj").write_bytes(PRJ.encode("ascii"))


def _strip(line: list[Point], far: list[Point]) -> Polygon:
    """Return the area between a line and a far line drawn in the same direction."""
    return Polygon([*line, *reversed(far)])


def _bent(y: float, x0: float = -300.0, x1: float = 320.0) -> list[Point]:
    """Return the line that runs at ordinate y on both grids, west to east."""
    return [west(x0, y), ferry_lane(y), east(116, y), east(x1, y)]


def _corridors() -> list[tuple[str, str, str, float, Polygon]]:
    """Return (name, English name, class, red-line width, generous corridor) of each street, senior first."""
    ways = {
        "dock": Polygon([west(-67, -100), west(-35, -100), west(-35, 145), west(-67, 145)]),
        "school": Polygon([west(-260, -100), west(-235, -100), west(-235, 145), west(-260, 145)]),
        "ferry": Polygon([east(90, -100), east(117, -100), east(117, 145), east(90, 145)]),
        "east": Polygon([east(243, -100), east(270, -100), east(270, 145), east(243, 145)]),
    }
    return [
        ("听涛大道", "Tingtao Avenue", "主干路", 40.0, _strip(_bent(140), _bent(230))),
        ("滨河路", "Riverside Street", "支路", 16.0, _strip(_bent(-112), _bent(-96))),
        ("柳荫街", "Liuyin Street", "支路", 16.0, _strip(_bent(18), _bent(34))),
        ("码头街", "Dock Street", "次干路", 24.0, ways["dock"]),
        ("学堂路", "School Lane", "支路", 16.0, ways["school"]),
        ("渡口路", "Ferry Lane", "支路", 16.0, ways["ferry"]),
        ("东塘路", "Dongtang Road", "支路", 16.0, ways["east"]),
    ]


def roads() -> list[tuple[dict[str, Any], BaseGeometry]]:
    """Return (properties, area between red lines) of each street: what the parcels leave north of the river."""
    river_side = _strip([west(-300, -240), west(320, -240)], [west(-300, -112), ferry_lane(-112), east(320, -112)])
    free = extent().difference(shapely.union_all([r.polygon for r in lots()])).difference(river_side)
    out: list[tuple[dict[str, Any], BaseGeometry]] = []
    for name, english, kind, width, corridor in _corridors():
        parts = shapely.get_parts(shapely.set_precision(free.intersection(corridor), 0.001))
        area = shapely.union_all([part for part in parts if part.area > 1.0])
        free = free.difference(corridor)
        out.append(({"name": name, "name_en": english, "class": kind, "width_m": width}, area))
    return out


def water() -> Polygon:
    """Return the river surface."""
    return _strip([west(-262, -200), west(275, -200)], [west(*p) for p in WATER_EDGE]).intersection(extent())


def control_lines() -> list[tuple[dict[str, Any], BaseGeometry]]:
    """Return (properties, area) of the control lines: river, protected building and its surroundings, park."""
    blue = _strip([west(-262, -200), west(275, -200)], [west(x, y + 10) for x, y in WATER_EDGE]).intersection(extent())
    zone = Polygon([west(-36, -52), ferry_lane(-52), ferry_lane(26), west(-36, 26)])
    park = next(r for r in lots() if r.number == "B-04").polygon
    rows = [
        ("LAN", "蓝线", "滨河蓝线", "Blue line: river and 10 m protection strip", "", blue),
        ("ZI", "紫线", "渡口会馆保护范围", "Purple line: protected building", HERITAGE_PARCEL, None),
        ("JKDD", "建设控制地带", "渡口会馆建设控制地带", "Construction control zone", "限高12米", zone),
        ("LV", "绿线", "滨河公园绿线", "Green line: park", "B-04", park),
    ]
    purple = Polygon([west(-30, -26), west(16, -26), west(16, 2), west(-30, 2)])
    return [
        ({"LXDM": code, "type": kind, "LXMC": name, "name_en": english, "BZ": note}, purple if area is None else area)
        for code, kind, name, english, note, area in rows
    ]


def write_features(path: Path, name: str, rows: list[tuple[dict[str, Any], BaseGeometry]]) -> None:
    """Write features as GeoJSON in EPSG:4548, millimetres, one feature a line."""
    lines = []
    for properties, area in rows:
        geometry = json.loads(shapely.to_geojson(shapely.set_precision(area, 0.001)))
        for part in geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]:
            part[:] = [[[round(v, 3) for v in p] for p in ring] for ring in part]
        feature = {"type": "Feature", "properties": properties, "geometry": geometry}
        lines.append(json.dumps(feature, ensure_ascii=False))
    head = f'{{"type": "FeatureCollection", "name": "{name}", "crs": {json.dumps(GEOJSON_CRS)}, "features": [\n'
    path.write_bytes((head + ",\n".join(lines) + "\n]}\n").encode())
