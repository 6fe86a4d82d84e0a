"""The riverside block is what its facts.py says, and make.py writes it again byte by byte."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tomllib
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import ifcopenshell
import ifcopenshell.geom
import ifcopenshell.util.unit
import laspy
import numpy as np
import pyogrio.raw
import pytest
import shapely
import shapely.geometry

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray

SCENE = Path(__file__).parents[2] / "scenes" / "riverside_block"


def _facts() -> ModuleType:
    spec = importlib.util.spec_from_file_location("riverside_facts", SCENE / "facts.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


facts = _facts()

MADE = (
    "parcels.shp",
    "parcels.shx",
    "parcels.dbf",
    "parcels.prj",
    "parcels.cpg",
    "roads.geojson",
    "control_lines.geojson",
    "ground.laz",
    "existing.city.json",
    "harbour_house.ifc",
    "ferry_terrace.ifc",
)
MAX_SCENE_BYTES = 4_500_000
MAX_IFC_BYTES = 1_200_000
PARCEL_COUNT = 16
HOUSE_COUNT = 15
GROUND_POINTS_AT_LEAST = 300_000
CLASSES = {1, 2, 3, 5, 6, 7, 9, 18}
MM = 0.002
DESIGNS = [facts.HARBOUR, facts.FERRY]
BY_ID = [design.id for design in DESIGNS]


class Mesh(NamedTuple):
    """An element's mesh in the design's own metres."""

    ifc_class: str
    name: str
    vertices: NDArray[np.float64]
    faces: NDArray[np.int64]


@cache
def parcels() -> dict[str, dict[str, Any]]:
    meta, _, shapes, columns = pyogrio.raw.read(SCENE / "parcels.shp")
    rows = [dict(zip(meta["fields"], values, strict=True)) for values in zip(*columns, strict=True)]
    return {row["DKBH"]: row | {"polygon": shapely.from_wkb(shape)} for row, shape in zip(rows, shapes, strict=True)}


@cache
def model(file: str) -> Any:
    return ifcopenshell.open(SCENE / file)


@cache
def meshes(file: str) -> tuple[Mesh, ...]:
    ifc = model(file)
    settings = ifcopenshell.geom.settings()
    settings.set("use-world-coords", True)
    openings = ifc.by_type("IfcOpeningElement")
    kernel = "hybrid-cgal-simple-opencascade"
    out = []
    for shape in ifcopenshell.geom.iterate(settings, ifc, exclude=openings, geometry_library=kernel):
        element = ifc.by_guid(shape.guid)
        vertices = np.frombuffer(shape.geometry.verts_buffer, "f8").reshape(-1, 3).copy()
        faces = np.frombuffer(shape.geometry.faces_buffer, "i4").reshape(-1, 3).astype(np.int64)
        out.append(Mesh(element.is_a(), element.Name, vertices, faces))
    return tuple(out)


def solids(file: str) -> NDArray[np.float64]:
    """All vertices of a design except its spaces'."""
    return np.vstack([mesh.vertices for mesh in meshes(file) if mesh.ifc_class != "IfcSpace"])


def on_the_grid(design: Any, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Eastings and northings by the file's own map conversion."""
    conversion = model(design.file).by_type("IfcMapConversion")[0]
    a, b = conversion.XAxisAbscissa, conversion.XAxisOrdinate
    east = a * points[:, 0] - b * points[:, 1] + conversion.Eastings
    north = b * points[:, 0] + a * points[:, 1] + conversion.Northings
    return np.column_stack([east, north])


def distances_inside(design: Any, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance from each edge line of the parcel, south first, counter-clockwise: (n, edges)."""
    ring = shapely.get_coordinates(shapely.orient_polygons(parcels()[design.parcel]["polygon"]))
    xy, out = on_the_grid(design, points), []
    for start, end in pairwise(ring):
        along = (end - start) / np.hypot(*(end - start))
        offset = xy - start
        out.append(along[0] * offset[:, 1] - along[1] * offset[:, 0])
    return np.column_stack(out)


def test_make_writes_the_same_bytes_again(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(SCENE / "make.py"), str(tmp_path)], check=True)
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {*MADE, "scene.toml", "rules.toml"}
    assert [name for name in sorted(written) if (tmp_path / name).read_bytes() != (SCENE / name).read_bytes()] == []


def test_scene_is_small() -> None:
    assert sum(path.stat().st_size for path in SCENE.iterdir() if path.is_file()) <= MAX_SCENE_BYTES
    assert all((SCENE / design.file).stat().st_size <= MAX_IFC_BYTES for design in DESIGNS)


def test_scene_file_names_what_is_there() -> None:
    scene = tomllib.loads((SCENE / "scene.toml").read_text(encoding="utf-8"))
    assert scene["scene"]["crs"] == facts.CRS
    assert scene["scene"]["vertical_shift_m"] == facts.VERTICAL_SHIFT_M
    plan = scene["plan"]
    sources = [plan["parcels"], *plan["rules"], plan["roads"], plan["lines"], *scene["terrain"]["points"]]
    sources += [entry["source"] for entry in scene["context"] + scene["design"]]
    assert [name for name in sources if not (SCENE / name).exists()] == []
    assert [(d["id"], d["source"], d["parcel"]) for d in scene["design"]] == [(d.id, d.file, d.parcel) for d in DESIGNS]


def test_every_rule_says_what_where_and_by_which_clause() -> None:
    rules = tomllib.loads((SCENE / "rules.toml").read_text(encoding="utf-8"))
    assert rules["pack"]["status"] == "example"
    assert all({"id", "kind", "clause", "severity"} <= rule.keys() for rule in rules["rule"])
    assert len({rule["id"] for rule in rules["rule"]}) == len(rules["rule"])
    kinds = {rule["kind"] for rule in rules["rule"]}
    assert kinds == {"setback", "recession", "proportional", "height", "height_abs", "far", "coverage", "green"}
    named = {name for rule in rules["rule"] for name in rule.get("applies", {}).get("parcels", [])}
    assert named <= parcels().keys()


def test_parcel_table_has_its_traps() -> None:
    table = parcels()
    assert len(table) == PARCEL_COUNT
    assert all((table[p]["RJL"], table[p]["JZMD"], table[p]["JZGD"]) == (0, 0, 0) for p in facts.NO_CONTROL_PARCELS)
    assert table[facts.NO_FAR_LIMIT_PARCEL]["RJL"] == 9999
    assert np.isnan(table[facts.BLANK_GREEN_PARCEL]["LDL"])
    absolute = table[facts.ABSOLUTE_PARCEL]
    assert f"限高{facts.ABSOLUTE_LIMIT_M}米（1985国家高程基准）" in absolute["BZ"]
    assert absolute["SJDM"] + absolute["JZGD"] > facts.ABSOLUTE_LIMIT_M > absolute["SJDM"]
    capped = table[facts.HERITAGE_CAP_PARCEL]
    assert capped["JZGD"] > facts.HERITAGE_CAP_M


def test_parcel_areas_are_hectares_of_their_outlines() -> None:
    rows = parcels().values()
    assert all(row["polygon"].is_valid for row in rows)
    assert [row["MJ"] for row in rows] == [round(row["polygon"].area / 1e4, 4) for row in rows]


def test_one_ring_runs_the_other_way() -> None:
    turned = [name for name, row in parcels().items() if row["polygon"].exterior.is_ccw]
    assert turned == [facts.ODD_RING_PARCEL]


def test_outlines_have_an_l_shape_a_chamfer_and_a_narrow_lot() -> None:
    ell = parcels()[facts.L_PARCEL]["polygon"]
    assert ell.convex_hull.area - ell.area > 900
    chamfered = parcels()[facts.CHAMFERED_PARCEL]["polygon"]
    assert len(chamfered.exterior.coords) - 1 == 5
    narrow = parcels()[facts.NARROW_PARCEL]["polygon"]
    assert narrow.area / (narrow.length / 2 - facts.NARROW_WIDTH_M) == pytest.approx(facts.NARROW_WIDTH_M, abs=0.01)
    rules = tomllib.loads((SCENE / "rules.toml").read_text(encoding="utf-8"))["rule"]
    setback = {rule["id"]: rule["distance_m"] for rule in rules if "distance_m" in rule}
    assert setback["street-setback"] + setback["boundary-setback"] > facts.NARROW_WIDTH_M


def test_parcels_do_not_overlap_and_touch_the_streets() -> None:
    outlines = [row["polygon"] for row in parcels().values()]
    roads = json.loads((SCENE / "roads.geojson").read_text(encoding="utf-8"))["features"]
    streets = [shapely.geometry.shape(road["geometry"]) for road in roads]
    total = sum(p.area for p in outlines)
    assert shapely.union_all(outlines).area == pytest.approx(total, abs=1.0)
    assert shapely.union_all(streets).intersection(shapely.union_all(outlines)).area < 1.0
    facing = shapely.union_all(streets).buffer(0.01)
    assert all(p.exterior.intersection(facing).length > 20 for p in outlines)


def test_control_lines_are_typed_and_lie_where_they_should() -> None:
    rows = json.loads((SCENE / "control_lines.geojson").read_text(encoding="utf-8"))["features"]
    areas = {row["properties"]["type"]: shapely.geometry.shape(row["geometry"]) for row in rows}
    assert set(areas) == {"蓝线", "紫线", "建设控制地带", "绿线"}
    assert not any(areas["蓝线"].intersects(row["polygon"]) for row in parcels().values())
    assert parcels()[facts.HERITAGE_PARCEL]["polygon"].contains(areas["紫线"])
    assert areas["建设控制地带"].buffer(0.01).contains(parcels()[facts.HERITAGE_CAP_PARCEL]["polygon"])


def test_survey_says_its_crs_and_has_its_classes() -> None:
    las = laspy.read(SCENE / "ground.laz")
    crs = las.header.parse_crs()
    assert [part.to_epsg() for part in crs.sub_crs_list] == [4548, 5737]
    assert (str(las.header.version), las.header.point_format.id) == ("1.4", 6)
    codes, counts = np.unique(np.asarray(las.classification), return_counts=True)
    assert set(codes.tolist()) == CLASSES
    assert counts[codes == 2][0] > GROUND_POINTS_AT_LEAST


def test_survey_ground_meets_the_design_ground_of_the_cleared_sites() -> None:
    las = laspy.read(SCENE / "ground.laz")
    ground = np.asarray(las.classification) == 2
    x, y, z = np.asarray(las.x)[ground], np.asarray(las.y)[ground], np.asarray(las.z)[ground]
    for design in DESIGNS:
        row = parcels()[design.parcel]
        middle = shapely.contains_xy(row["polygon"].buffer(-8), x, y)
        assert float(np.median(z[middle])) == pytest.approx(row["SJDM"], abs=0.02)
    assert float(np.percentile(z, 2)) > 18.5
    assert 23.0 < float(z.max()) < 24.5


def test_existing_buildings_are_cityjson_in_whole_numbers() -> None:
    city = json.loads((SCENE / "existing.city.json").read_text(encoding="utf-8"))
    assert (city["type"], city["version"]) == ("CityJSON", "2.0")
    assert city["metadata"]["referenceSystem"].endswith("/EPSG/0/4548")
    assert all(isinstance(v, int) for vertex in city["vertices"] for v in vertex)
    lods = [o["geometry"][0]["lod"] for o in city["CityObjects"].values()]
    assert (len(lods), lods.count("2.0")) == (HOUSE_COUNT, 1)


def test_existing_buildings_are_closed_and_outward() -> None:
    city = json.loads((SCENE / "existing.city.json").read_text(encoding="utf-8"))
    points = np.array(city["vertices"]) * city["transform"]["scale"][0]
    for name, entry in city["CityObjects"].items():
        edges, volume = [], 0.0
        for (ring,) in entry["geometry"][0]["boundaries"][0]:
            edges += list(zip(ring, [*ring[1:], ring[0]], strict=True))
            fan = points[ring] - points[ring[0]]
            normal = sum(np.cross(fan[i], fan[i + 1]) for i in range(1, len(ring) - 1))
            volume += float(points[ring[0]] @ normal) / 6
        assert len(set(edges)) == len(edges), name
        assert {(b, a) for a, b in edges} == set(edges), name
        assert volume > 0, name


@pytest.mark.parametrize("design", DESIGNS, ids=BY_ID)
def test_design_says_where_it_stands(design: Any) -> None:
    ifc, row = model(design.file), parcels()[design.parcel]
    conversion = ifc.by_type("IfcMapConversion")[0]
    crs = conversion.TargetCRS
    assert (crs.Name, crs.VerticalDatum) == ("EPSG:4548", "EPSG:5737")
    assert conversion.OrthogonalHeight == row["SJDM"]
    assert conversion.Scale == design.unit_m == ifcopenshell.util.unit.calculate_unit_scale(ifc)
    turn = np.degrees(np.arctan2(conversion.XAxisOrdinate, conversion.XAxisAbscissa))
    assert turn == pytest.approx(design.turn_deg, abs=1e-6)
    site = ifc.by_type("IfcSite")[0]
    assert site.RefLatitude[:2] == (36, 38)
    assert site.RefLongitude[:2] == (117, 8)
    assert site.RefElevation * design.unit_m == pytest.approx(row["SJDM"])


@pytest.mark.parametrize("design", DESIGNS, ids=BY_ID)
def test_design_has_storeys_and_areas(design: Any) -> None:
    ifc = model(design.file)
    storeys = ifc.by_type("IfcBuildingStorey")
    assert len(storeys) == design.storeys + 1
    assert [s.Name for s in storeys if s.Name == "Roof"] == ["Roof"]
    areas = [q.AreaValue for q in ifc.by_type("IfcQuantityArea") if q.Name == "GrossFloorArea"]
    assert sum(areas) == pytest.approx(3 * design.floor_area_m2)  # by storey, by space, and of the building
    assert len(ifc.by_type("IfcSpace")) == design.storeys
    assert len(ifc.by_type("IfcRelFillsElement")) == len(ifc.by_type("IfcOpeningElement")) > 300


@pytest.mark.parametrize("design", DESIGNS, ids=BY_ID)
def test_design_has_unique_stable_identifiers(design: Any) -> None:
    ids = [root.GlobalId for root in model(design.file).by_type("IfcRoot")]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("design", DESIGNS, ids=BY_ID)
def test_every_element_is_a_closed_solid(design: Any) -> None:
    for mesh in meshes(design.file):
        pairs = np.concatenate([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]], mesh.faces[:, [2, 0]]])
        forward = {tuple(pair) for pair in pairs.tolist()}
        assert len(forward) == len(pairs) > 0, mesh.name
        assert {(b, a) for a, b in forward} == forward, mesh.name
        a, b, c = (mesh.vertices[mesh.faces[:, k]] - mesh.vertices[0] for k in range(3))
        assert np.einsum("ij,ij->", a, np.cross(b, c)) > 0, mesh.name


@pytest.mark.parametrize("design", DESIGNS, ids=BY_ID)
def test_design_reaches_its_heights(design: Any) -> None:
    parapets = [m.vertices[:, 2].max() for m in meshes(design.file) if m.name.startswith("Parapet")]
    assert max(parapets) == pytest.approx(design.parapet_top_m, abs=MM)
    assert solids(design.file)[:, 2].max() == pytest.approx(design.plant_top_m, abs=MM)


def test_harbour_house_keeps_every_control() -> None:
    design, limits, row = facts.HARBOUR, facts.HARBOUR_LIMITS, parcels()[facts.HARBOUR.parcel]
    assert {key: row[key] for key in limits} == limits
    site = row["MJ"] * 1e4
    assert design.floor_area_m2 / site < limits["RJL"]
    assert design.footprint_m2 / site < limits["JZMD"] / 100
    assert design.plant_top_m < limits["JZGD"]
    points = solids(design.file)
    south, east, north, west = distances_inside(design, points).T
    z = points[:, 2]
    assert south.min() > 6.0
    assert north.min() > 10.0
    assert min(east.min(), west.min()) > 4.0
    assert south[z > 24.0].min() > 10.0
    assert (z <= 18.0 + np.tan(np.radians(60)) * south).all()


def test_ferry_terrace_breaks_three_controls_and_keeps_the_others() -> None:
    design, limits, row = facts.FERRY, facts.FERRY_LIMITS, parcels()[facts.FERRY.parcel]
    assert {key: row[key] for key in limits} == limits
    site = row["MJ"] * 1e4
    assert round(design.floor_area_m2 / site, 1) > limits["RJL"]
    assert design.footprint_m2 / site < limits["JZMD"] / 100
    assert design.parapet_top_m - limits["JZGD"] == pytest.approx(facts.FERRY_HEIGHT_EXCESS_M)
    assert design.plant_top_m - limits["JZGD"] == pytest.approx(facts.FERRY_PLANT_EXCESS_M)
    points = solids(design.file)
    south, east, north, west = distances_inside(design, points).T
    z = points[:, 2]
    assert west.min() == pytest.approx(facts.FERRY_SETBACK_M, abs=MM)
    too_close = points[west < facts.FERRY_SETBACK_LIMIT_M - MM]
    assert (too_close[:, 1].min(), too_close[:, 1].max()) == pytest.approx((8.0, 18.0), abs=0.05)
    assert min(south.min(), north.min()) > 6.0
    assert south[z > 24.0].min() == pytest.approx(facts.FERRY_STEPBACK_M, abs=MM)
    assert min(north[z > 24.0].min(), west[z > 24.0].min()) > 10.0
    assert (east >= np.maximum(4.0, 0.3 * z)).all()
    assert (z <= 30.0 + np.tan(np.radians(60)) * west).all()


@pytest.mark.parametrize("design", DESIGNS, ids=BY_ID)
def test_roof_plant_is_less_than_a_quarter_of_the_roof(design: Any) -> None:
    plant = [m for m in meshes(design.file) if m.name == "Plant room roof" or m.name.startswith("Cooling unit")]
    area = sum(float(np.ptp(m.vertices[:, 0]) * np.ptp(m.vertices[:, 1])) for m in plant)
    (roof,) = [m for m in meshes(design.file) if m.name == "Roof slab"]
    assert len(plant) == 3
    assert area < 0.25 * float(np.ptp(roof.vertices[:, 0]) * np.ptp(roof.vertices[:, 1]))


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_readme_lists_every_parcel_as_the_table_has_it(name: str) -> None:
    text = (SCENE / name).read_text(encoding="utf-8")
    for number, row in parcels().items():
        (line,) = [line for line in text.splitlines() if line.startswith(f"| {number} | ")]
        cells = [cell.strip() for cell in line.split("|")[3:-1]]
        shown = [float(cell) if cell else None for cell in cells]
        values = [row[key] for key in ("MJ", "RJL", "JZMD", "JZGD", "LDL", "SJDM")]
        assert shown == [None if np.isnan(value) else value for value in values]
