"""Property sets of a design reach the tiles: those that the scene names, as columns that clients read."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import shapely
from click.testing import CliRunner
from py3dtiles.tileset.content import B3dm

from boxes import Box
from converters.tiles import readback, samples
from zonebox.cli import group
from zonebox.model import Report, Scene
from zonebox_converters.tiles import verify, write

NAMES = ("Material", "Pset_WallCommon.FireRating", "构造.厚度", "name")
IDS = ("Material", "Pset_WallCommon_FireRating", "property", "name_2")


def walled() -> tuple[Scene, Report]:
    """The block, with properties on the walls of its tower."""
    scene, report = samples.block(samples.shandong())
    tower = scene.designs[0]
    said = {"Material": "砖; Air, still", "Pset_WallCommon.FireRating": "EI 90", "name": "<b>own</b>"}
    elements = tuple(replace(e, properties=said) if e.ifc_class == "IfcWall" else e for e in tower.elements)
    return replace(scene, designs=(replace(tower, elements=elements), *scene.designs[1:])), report


@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_properties_become_columns(version: str, tmp_path: Path) -> None:
    scene, report = walled()
    result = write(scene, report, tmp_path, version=version, properties=NAMES)
    assert verify(tmp_path) == []
    if version == "1.1":
        table: Any = next(tile.tables[0] for tile in readback.read_tiles(tmp_path / "tileset.json")
                          if tile.path.parent.name == "design")
        schema = json.loads((tmp_path / "design" / "tileset.json").read_text(encoding="utf-8"))["schema"]
        declared = schema["classes"]["element"]["properties"]
        assert [declared[column]["name"] for column in IDS] == list(NAMES)
    else:
        table = B3dm.from_file(tmp_path / "design" / "all.b3dm").body.batch_table.header.data
    walls = [row for row, kind in enumerate(table["ifcClass"]) if kind == "IfcWall"]
    assert len(walls) == 3
    for column, text in zip(IDS, ("砖; Air, still", "EI 90", "", "<b>own</b>"), strict=True):
        assert [table[column][row] for row in walls] == [text] * 3
        assert {table[column][row] for row in range(len(table["ifcClass"])) if row not in walls} == {""}
    (note,) = result.notes
    assert note == 'tiles: no element of a design has the property "构造.厚度" that [tiles] properties asks for'


SCENE = """[scene]
title = "Named properties"
crs = "EPSG:28992+5709"
vertical_shift_m = 43.0
vertical_shift_source = "test"
[plan]
parcels = "parcels.geojson"
design_ground_m = 0.0
[plan.authority]
document = "Plan"
[[design]]
id = "box"
source = "box.ifc"
placement = {{ easting = 85010.0, northing = 447010.0, elevation = 0.0, rotation_deg = 0.0 }}
[tiles]
properties = {}
"""


def written(folder: Path, properties: str) -> Path:
    """Write a scene of one lot and one building of brick."""
    box = Box()
    brick = box.model.createIfcMaterial("Brick, red")
    box.model.createIfcRelAssociatesMaterial(box.guid(), RelatedObjects=box.walls, RelatingMaterial=brick)
    box.model.write(str(folder / "box.ifc"))
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}}
    lot = {"type": "Feature", "properties": {"parcel_id": "A", "height": 12.0},
           "geometry": shapely.geometry.mapping(shapely.box(85000, 447000, 85040, 447030))}
    (folder / "parcels.geojson").write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": [lot]}))
    scene = folder / "scene.toml"
    scene.write_text(SCENE.format(properties), encoding="utf-8")
    return scene


def test_a_scene_names_them(tmp_path: Path) -> None:
    scene = written(tmp_path, '["Material"]')
    told = CliRunner().invoke(group, ["tiles", str(scene), "-q"])
    assert told.exit_code == 0, told.output
    table: Any = next(tile.tables[0] for tile in readback.read_tiles(tmp_path / "out" / "tiles" / "tileset.json")
                      if tile.path.parent.name == "design")
    assert dict(zip(table["ifcClass"], table["Material"], strict=True)) == {"IfcWall": "Brick, red", "IfcSlab": ""}


@pytest.mark.parametrize("properties", ['["Material", "Material"]', '[""]', "[3]"])
def test_names_that_are_none_are_refused(properties: str, tmp_path: Path) -> None:
    scene = written(tmp_path, properties)
    told = CliRunner().invoke(group, ["tiles", str(scene)])
    assert told.exit_code != 0
    assert "names of properties, each once" in str(told.exception)
    assert not (tmp_path / "out").exists()
