"""City models to buildings: boxes of known volume, and the grammar of the format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from converters.citymodel.models import CUBE, FRAME, URN, box_vertices, model, solid, surfaces, write
from zonebox.errors import FrameError, InputError
from zonebox.geometry.mesh import area_m2, is_closed, volume_m3
from zonebox_converters import citymodel

if TYPE_CHECKING:
    from pathlib import Path

    from zonebox.model.building import Building


def read_one(path: Path, document: dict[str, Any], **options: Any) -> Building:
    (building,) = citymodel.read(write(path / "m.city.json", document), FRAME, **options)
    return building


def house(*geometry: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "Building", "geometry": list(geometry), **more}


def test_a_box_has_its_volume_ground_and_place(tmp_path: Path) -> None:
    attributes = {"name": "Toren", "year": 1931, "tags": ["a", "b"], "gone": None}
    building = read_one(tmp_path, model({"b1": house(solid(CUBE), attributes=attributes)}, box_vertices(z=1.5)))
    assert building.solid is not None
    assert volume_m3(building.solid) == pytest.approx(480.0)
    assert area_m2(building.mesh) == pytest.approx(2 * (80 + 60 + 48))
    np.testing.assert_allclose(building.mesh.bounds, [[0, 0, 1.5], [10, 8, 7.5]], atol=1e-9)
    assert building.ground_m == 1.5
    assert (building.id, building.name, building.source) == ("b1", "Toren", "m.city.json")
    assert building.attributes == {"name": "Toren", "year": "1931", "tags": '["a", "b"]'}
    assert [(e.id, e.ifc_class, e.properties) for e in building.elements] == [("b1", "Building", building.attributes)]
    assert building.triangle_element.tolist() == [0] * 12
    assert building.triangle_color.shape == (12, 4)


@pytest.mark.parametrize("crs", [
    URN, "EPSG:7415", "https://www.opengis.net/def/crs/EPSG/0/7415", "http://www.opengis.net/def/crs/EPSG/0/7415",
    "urn:ogc:def:crs,crs:EPSG::28992,crs:EPSG::5709", "EPSG:28992+5709",
])
@pytest.mark.parametrize("version", ["1.0", "1.1", "2.0", "2.0.1"])
def test_any_form_of_reference_and_any_version(tmp_path: Path, crs: str, version: str) -> None:
    lod: Any = 1 if version == "1.0" else "1"
    building = read_one(tmp_path, model({"b": house({**solid(CUBE), "lod": lod})}, box_vertices(), crs=crs,
                                        version=version))
    assert volume_m3(building.mesh) == pytest.approx(480.0)


def test_transform_gives_the_same_as_plain_coordinates(tmp_path: Path) -> None:
    whole = [[round((x - 85000) * 1000), round((y - 447000) * 1000), round(z * 1000)] for x, y, z in box_vertices()]
    transform = {"scale": [0.001] * 3, "translate": [85000.0, 447000.0, 0.0]}
    building = read_one(tmp_path, model({"b": house(solid(CUBE))}, whole, transform=transform))
    np.testing.assert_allclose(building.mesh.bounds, [[0, 0, 0], [10, 8, 6]], atol=1e-9)


def test_all_kinds_of_surfaces_and_solids(tmp_path: Path) -> None:
    flat = {"lod": "1", "boundaries": surfaces(CUBE)}
    nested = {"lod": "1", "boundaries": [[surfaces(CUBE)]]}
    kinds = [solid(CUBE), {"type": "MultiSurface", **flat}, {"type": "CompositeSurface", **flat},
             {"type": "MultiSolid", **nested}, {"type": "CompositeSolid", **nested}]
    objects = {f"b{k}": house(geometry) for k, geometry in enumerate(kinds)}
    buildings = citymodel.read(write(tmp_path / "m.json", model(objects, box_vertices())), FRAME)
    assert [volume_m3(b.solid) for b in buildings if b.solid] == pytest.approx([480.0] * 5)


def test_inside_out_is_turned_outward(tmp_path: Path) -> None:
    building = read_one(tmp_path, model({"b": house(solid([face[::-1] for face in CUBE]))}, box_vertices()))
    assert building.solid is not None
    assert volume_m3(building.solid) == volume_m3(building.mesh) == pytest.approx(480.0)


def test_holes_and_notches_are_cut_exactly(tmp_path: Path) -> None:
    """A court in an L: 10 × 10 less a 4 × 4 corner less a 2 × 2 court, 3 high, on a steep plane and on the level."""
    outer = [(0, 0), (10, 0), (10, 6), (6, 6), (6, 10), (0, 10)]
    court = [(2, 2), (2, 4), (4, 4), (4, 2)]
    for lift in (lambda u, v: (u, v, 3.0), lambda u, v: (0.001 * u, v, u + 1.0), lambda u, v: (u, 2.0, v)):
        corners = [[85000 + x, 447000 + y, z] for x, y, z in (lift(u, v) for u, v in outer + court)]
        ring = [list(range(6)), list(range(6, 10))]
        building = read_one(tmp_path, model({"b": house({"type": "MultiSurface", "lod": "2", "boundaries": [ring]})},
                                            corners))
        assert area_m2(building.mesh) == pytest.approx(80.0, rel=1e-5)
        assert len(building.mesh) == 10                                 # corners + 2 × holes − 2
        assert building.solid is None
        assert building.solid_note.startswith("the surfaces leave gaps")


def test_parts_belong_to_their_building(tmp_path: Path) -> None:
    corners = [*box_vertices(), *box_vertices(x=10.0, size=(4.0, 8.0, 3.0)), *box_vertices(x=3.0, z=6.0,
                                                                                       size=(1.0, 1.0, 1.0))]
    objects = {
        "wing": {"type": "BuildingPart", "parents": ["b"], "geometry": [solid(CUBE, start=8)]},
        "street": {"type": "Road", "geometry": []},
        "b": house(children=["wing", "core"], attributes={"name": "House"}),
        "core": {"type": "BuildingPart", "parents": ["b"], "geometry": [solid(CUBE)], "attributes": {"use": "school"}},
        "chimney": {"type": "BuildingInstallation", "parents": ["core"], "geometry": [solid(CUBE, start=16)]},
    }
    building = read_one(tmp_path, model(objects, corners))
    assert building.id == "b"
    assert [(e.id, e.ifc_class) for e in building.elements] == [
        ("wing", "BuildingPart"), ("core", "BuildingPart"), ("chimney", "BuildingInstallation")]
    assert building.elements[1].properties == {"use": "school"}
    assert building.solid is not None
    assert volume_m3(building.solid) == pytest.approx(480 + 96 + 1)
    assert building.solid_note == "3 closed parts side by side"
    assert [volume_m3(building.mesh.part(building.triangle_element == k)) for k in range(3)] == pytest.approx(
        [96, 480, 1])
    assert building.notes == ("m.city.json: left out 1 Road",)


def test_a_part_without_building_stands_alone_and_says_so(tmp_path: Path) -> None:
    part = {"type": "BuildingPart", "parents": ["nowhere"], "geometry": [solid(CUBE)]}
    assert read_one(tmp_path, model({"p": part}, box_vertices())).notes == (
        "m.city.json: 1 building parts name no building of the file and stand alone",)


def test_highest_level_of_detail_or_the_one_asked_for(tmp_path: Path) -> None:
    corners = [*box_vertices(), *box_vertices(size=(10.0, 8.0, 5.0)), *box_vertices(size=(10.0, 8.0, 4.0))]
    footprint = {"type": "MultiSurface", "lod": "0", "boundaries": surfaces(CUBE[1:2])}
    levels = (footprint, solid(CUBE, "2.2", 8), solid(CUBE, "1.2", 16), solid(CUBE, "1.3"))
    document = model({"b": house(*levels)}, corners)
    assert volume_m3(read_one(tmp_path, document).mesh) == pytest.approx(400)
    assert volume_m3(read_one(tmp_path, document, lod="1.2").mesh) == pytest.approx(320)
    assert volume_m3(read_one(tmp_path, document, lod="1").mesh) == pytest.approx(480)
    assert len(read_one(tmp_path, document, lod="0").mesh) == 2
    with pytest.raises(InputError) as caught:
        read_one(tmp_path, document, lod="3")
    assert str(caught.value) == ("m.city.json#lod: got no surface or solid of lod 3, only lod 0, 1.2, 1.3, 2.2, "
                                 "want a level that is there; set lod to one of these, or leave it out")


def test_roofs_walls_and_floors_have_their_colors(tmp_path: Path) -> None:
    plain = read_one(tmp_path, model({"b": house(solid(CUBE))}, box_vertices()))
    said = {"surfaces": [{"type": "WallSurface"}, {"type": "RoofSurface"}], "values": [[None, 1, 0, 0, 0, 1]]}
    told = read_one(tmp_path, model({"b": house(solid(CUBE, semantics=said))}, box_vertices()))
    floor, roof, wall = (plain.triangle_color[k].tolist() for k in (0, 2, 4))
    assert len({tuple(c) for c in (floor, roof, wall)}) == 3
    assert plain.triangle_color[::2].tolist() == [floor, roof, wall, wall, wall, wall]
    assert told.triangle_color[::2].tolist() == [floor, roof, wall, wall, wall, roof]


def test_crs_of_the_scene_fills_in_or_contradicts(tmp_path: Path) -> None:
    nowhere = model({"b": house(solid(CUBE))}, box_vertices(), crs=None)
    assert read_one(tmp_path, nowhere, crs="EPSG:7415").notes == ()
    (note,) = read_one(tmp_path, nowhere, crs="EPSG:28992").notes
    assert note == ("m.city.json: EPSG:28992 Amersfoort / RD New says nothing about heights; "
                    "they are taken as NAP height, the scene's datum")
    with pytest.raises(FrameError, match=r"got EPSG:28991 .* in the file and EPSG:7415 .* in the scene, .* m apart"):
        read_one(tmp_path, model({"b": house(solid(CUBE))}, box_vertices(), crs="EPSG:28991"), crs="EPSG:7415")


def test_features_line_by_line(tmp_path: Path) -> None:
    head = {"type": "CityJSON", "version": "2.0", "metadata": {"referenceSystem": URN}, "CityObjects": {},
            "vertices": [], "transform": {"scale": [1, 1, 1], "translate": [0, 0, 0]}}
    features = [{"type": "CityJSONFeature", "id": f"b{k}", "CityObjects": {f"b{k}": house(solid(CUBE))},
                 "vertices": box_vertices(x=20.0 * k)} for k in range(3)]
    file = tmp_path / "m.city.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in (head, *features)) + "\n\n", encoding="utf-8")
    buildings = citymodel.read(file, FRAME)
    assert [b.id for b in buildings] == ["b0", "b1", "b2"]
    assert [b.mesh.bounds[0, 0] for b in buildings] == pytest.approx([0, 20, 40])


def test_a_building_far_below_its_neighbours_says_so(tmp_path: Path) -> None:
    depth = [0.0, 0.3, -15.0, 0.1, 0.2, 0.0]
    corners = [v for k, z in enumerate(depth) for v in box_vertices(x=12.0 * k, z=z)]
    objects = {f"b{k}": house(solid(CUBE, start=8 * k)) for k in range(6)}
    buildings = citymodel.read(write(tmp_path / "m.json", model(objects, corners)), FRAME)
    assert [len(b.notes) for b in buildings] == [0, 0, 1, 0, 0, 0]
    assert buildings[2].notes == ("its lowest point, -15.0 m, is 15.1 m below that of its neighbours",)


def test_surfaces_without_area_are_passed_over(tmp_path: Path) -> None:
    faces = [*CUBE, [0, 1, 0], [0, 1], [2, 2, 2, 2]]
    building = read_one(tmp_path, model({"b": house(solid(faces))}, box_vertices()))
    assert len(building.mesh) == 12
    assert building.solid is not None
    assert is_closed(building.solid.triangles, len(building.solid.vertices))
