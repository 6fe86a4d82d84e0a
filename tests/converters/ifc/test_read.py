"""Buildings as they arrive in the frame, against closed forms."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely

from conftest import processor_seconds
from zonebox.frame import Frame
from zonebox.geometry.mesh import area_m2, is_closed, volume_m3
from zonebox.model import Building, Element
from zonebox.model.building import AreaSource
from zonebox_converters.ifc import Placement, read

House = Callable[..., Path]
Conversion = Callable[..., dict[str, float]]

WALLS_M3 = 2 * (2 * 10 * 0.3 * 2.8 + 2 * 7.4 * 0.3 * 2.8 - 1.0 * 0.3 * 2.1)
SLABS_M3 = 3 * 10 * 8 * 0.2


def _volume(building: Building, element: Element) -> float:
    chosen = building.triangle_element == building.elements.index(element)
    return volume_m3(building.mesh.part(chosen))


def _same(one: Building, other: Building) -> None:
    """Assert that two buildings are the same but for the order of corners."""
    assert [e.ifc_class for e in one.elements] == [e.ifc_class for e in other.elements]
    assert [e.name for e in one.elements] == [e.name for e in other.elements]
    assert np.allclose(one.mesh.bounds, other.mesh.bounds, atol=1e-6)
    assert [s.elevation_m for s in one.storeys] == pytest.approx([s.elevation_m for s in other.storeys])
    areas = [[[a.value_m2 for a in s.areas] for s in b.storeys] for b in (one, other)]
    assert np.allclose(areas[0], areas[1])
    assert one.solid is not None
    assert other.solid is not None
    assert volume_m3(one.solid) == pytest.approx(volume_m3(other.solid), rel=1e-6)


def test_house_against_closed_forms(house: House, rd: Frame, conversion: Conversion) -> None:
    building = read(house(conversion=conversion(0), terrain=0.6), rd, id="h", parcel="A-01", variant="B")
    assert (building.id, building.name, building.parcel, building.variant) == ("h", "House", "A-01", "B")
    assert len(building.elements) == 11
    assert {e.ifc_class for e in building.elements} == {"IfcWall", "IfcSlab"}
    total = {kind: sum(_volume(building, e) for e in building.elements if e.ifc_class == kind)
             for kind in ("IfcWall", "IfcSlab")}
    assert total["IfcWall"] == pytest.approx(WALLS_M3, rel=1e-6)
    assert total["IfcSlab"] == pytest.approx(SLABS_M3, rel=1e-6)
    low, high = rd.world(building.mesh.bounds)
    assert low == pytest.approx([84975, 447519, 1.0])
    assert high == pytest.approx([84985, 447527, 7.2])
    assert building.ground_m == pytest.approx(0.6)


def test_storeys_rooms_and_every_area(house: House, rd: Frame, conversion: Conversion) -> None:
    building = read(house(conversion=conversion(0)), rd, id="h")
    assert [(s.elevation_m, s.height_m) for s in building.storeys] == [(1.0, 3.0), (4.0, None)]
    for storey in building.storeys:
        areas = {a.source: a.value_m2 for a in storey.areas}
        assert areas[AreaSource.QUANTITY] == 80.0
        assert areas[AreaSource.SPACES] == pytest.approx(9.4 * 7.4)
        assert areas[AreaSource.SECTION] == pytest.approx(80.0, abs=0.01)
    assert [(s.name, s.use) for s in building.spaces] == [("office", "office")] * 2
    assert {e.storey for e in building.elements if e.ifc_class == "IfcWall"} == {s.id for s in building.storeys}


@pytest.mark.parametrize("rooms", [True, False])
def test_solid_is_closed_and_full(house: House, rd: Frame, conversion: Conversion, rooms: bool) -> None:
    """Doors stand open, so that only spaces, or the walls' outlines, can say what is inside."""
    building = read(house(conversion=conversion(0), rooms=rooms), rd, id="h")
    assert building.solid is not None
    assert is_closed(building.solid.triangles, len(building.solid.vertices))
    doors = 2 * 1.0 * 0.3 * 2.1
    allowed = 0.0 if rooms else 2 * 80 * 0.55  # at most one layer under each ceiling
    assert 10 * 8 * 6.2 - doors - allowed - 1e-6 <= volume_m3(building.solid) <= 10 * 8 * 6.2 + 1e-6
    assert "11 closed elements of 11" in building.solid_note
    assert np.allclose(building.solid.bounds, building.mesh.bounds, atol=1e-6)


@pytest.mark.parametrize("schema", ["IFC2X3", "IFC4", "IFC4X3"])
def test_millimetres_are_metres(house: House, rd: Frame, conversion: Conversion, schema: str) -> None:
    metres = read(house("m.ifc", schema=schema), rd, id="h", placement=Placement(
        easting=84975, northing=447519, elevation=1, rotation_deg=20))
    if schema == "IFC2X3":
        millimetres = read(house("mm.ifc", schema=schema, unit="MILLIMETERS"), rd, id="h", placement=Placement(
            easting=84975, northing=447519, elevation=1, rotation_deg=20))
    else:
        path = house("mm.ifc", schema=schema, unit="MILLIMETERS", conversion=conversion(20, scale=0.001))
        millimetres = read(path, rd, id="h")
    _same(metres, millimetres)


def test_turned_about_its_corner(house: House, rd: Frame, conversion: Conversion) -> None:
    building = read(house(conversion=conversion(35)), rd, id="h")
    footprint = shapely.MultiPoint(rd.world(building.mesh.vertices)[:, :2]).convex_hull
    c, s = math.cos(math.radians(35)), math.sin(math.radians(35))
    corners = [(84975 + c * x - s * y, 447519 + s * x + c * y) for x, y in ((0, 0), (10, 0), (10, 8), (0, 8))]
    assert footprint.symmetric_difference(shapely.Polygon(corners)).area < 1e-5


def test_coordinates_baked_into_placements(house: House, rd: Frame, conversion: Conversion) -> None:
    baked = read(house("baked.ifc", offset=(84975.0, 447519.0, 1.0)), rd, id="h")
    plain = read(house("plain.ifc", conversion=conversion(0)), rd, id="h")
    assert baked.georeference[0].kind == "baked"
    assert baked.georeference[0].used
    _same(baked, plain)


def test_zipped_file_is_the_same(house: House, rd: Frame, conversion: Conversion, tmp_path: Path) -> None:
    path = house(conversion=conversion(0))
    packed = tmp_path / "house.ifczip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(path, "folder/house.ifc")
    one, other = read(path, rd, id="h"), read(packed, rd, id="h")
    _same(one, other)
    assert [e.id for e in one.elements] == [e.id for e in other.elements]


@pytest.mark.parametrize(("refused", "schema"), [("IFC4X3", "IFC4X3"), ("IFC4X1", "IFC4X3"), ("IFC2X_FINAL", "IFC2X3"),
                                                 ("IFC4_ADD2", "IFC4")])
def test_refused_schema_names_are_read_and_said(
    house: House, rd: Frame, refused: str, schema: str
) -> None:
    path = house(schema=schema)
    readable = "IFC4X3_ADD2" if schema == "IFC4X3" else schema
    path.write_text(path.read_text().replace(f"FILE_SCHEMA(('{readable}'))", f"FILE_SCHEMA (('{refused}'))"))
    building = read(path, rd, id="h", placement=Placement(easting=84975, northing=447519, elevation=1))
    assert building.notes[0] == f"schema name {refused} is read as {readable}"
    assert len(building.elements) == 11


def test_cache_gives_the_same_and_is_fast(house: House, rd: Frame, conversion: Conversion, tmp_path: Path) -> None:
    path, cache = house(conversion=conversion(10)), tmp_path / "cache"
    calls: list[tuple[int, int]] = []
    start = processor_seconds()
    first = read(path, rd, id="h", cache=cache, progress=lambda *done: calls.append(done))
    middle = processor_seconds()
    again = read(path, rd, id="h", cache=cache)
    assert processor_seconds() - middle < (middle - start) / 10
    assert calls[-1] == (13, 13)
    assert again.elements == first.elements
    assert again.storeys == first.storeys
    assert again.spaces == first.spaces
    assert again.notes == first.notes
    assert again.georeference == first.georeference
    assert np.array_equal(again.mesh.vertices, first.mesh.vertices)
    assert np.array_equal(again.triangle_color, first.triangle_color)
    elsewhere = Frame.near("EPSG:7415", (90000, 447519))
    moved = read(path, elsewhere, id="h", cache=cache)
    assert np.allclose(elsewhere.world(moved.mesh.bounds), rd.world(first.mesh.bounds))
    assert len(list(cache.iterdir())) == 1
    next(cache.iterdir()).write_bytes(b"PK\x03\x04 not what it was")
    _same(read(path, rd, id="h", cache=cache), first)


@pytest.mark.data
def test_tower_of_delft(shared_data: Path, delft: Frame) -> None:
    source = shared_data / "site_delft" / "TallBuilding_delft_georef.ifc"
    building = read(source, delft, id="tower")
    assert building.mesh.bounds[1, 2] == pytest.approx(17.6, abs=0.001)
    footprint = shapely.MultiPoint(delft.world(building.mesh.vertices)[:, :2]).convex_hull
    assert footprint.area == pytest.approx(68, abs=1)
    assert [s.elevation_m for s in building.storeys] == pytest.approx([1.2, 5.2, 9.2, 13.2, 17.2])
    text = source.read_text(encoding="latin-1")
    assert all(f"'{element.id}'" in text for element in building.elements)
    used, boston = building.georeference
    assert (used.kind, used.used) == ("epset", True)
    assert (boston.kind, boston.used) == ("site_latlon", False)
    assert boston.conflict_m == pytest.approx(5_537_000, rel=0.01)
    assert "5,537 km" in boston.text
    assert building.solid is not None
    assert volume_m3(building.solid) == pytest.approx(8.2 * 8.2 * 16.55, rel=0.003)     # 1.05 m to 17.6 m; reveals
    sections = [a.value_m2 for s in building.storeys[:4] for a in s.areas if a.source is AreaSource.SECTION]
    assert sections == pytest.approx([8.2 * 8.2] * 4, abs=0.5)


@pytest.mark.data
def test_duplex_roof_terrace_is_no_floor(shared_data: Path) -> None:
    """A space modelled above the roof neither raises the solid nor counts as floor area."""
    frame = Frame.near("EPSG:9897", (76670, 77179))
    building = read(shared_data / "ifc" / "Duplex_A_20110907_georeferenced.ifc", frame, id="duplex")
    assert building.solid is not None
    assert building.solid.bounds[1, 2] <= building.mesh.bounds[1, 2] + 1e-6
    roof = building.storeys[-1]
    assert AreaSource.SPACES not in {a.source for a in roof.areas}
    assert any("lies under the sky" in note for note in building.notes)
    assert "195 closed elements of 215" in building.solid_note
    assert area_m2(building.mesh) > 0
