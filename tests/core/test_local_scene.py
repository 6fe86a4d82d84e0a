"""A scene in a local city system: `[scene.local]` from file to frame, and what run.json says of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import shapely

from converters.zoning.plans import layer
from zonebox import loading, scenefile
from zonebox.errors import InputError
from zonebox.report import provenance

SCENE = """[scene]
title = "Local"
crs = "EPSG:4548+5737"
vertical_shift_m = -4.0
vertical_shift_source = "survey"
local = {local}
[plan]
parcels = "lots.geojson"
crs = "local"
area_rule = "GB 55031-2022"
"""
POINTS = "{ control_points = [[0, 0, 511000, 4057000], [900, 0, 511900, 4057000], [0, 900, 511000, 4057900.03]] }"


def written(folder: Path, local: str) -> Path:
    lot = shapely.affinity.translate(shapely.box(100, 100, 120, 130), -511000.0, -4057000.0)
    layer(folder / "lots.geojson", [lot], [{"parcel": "L1", "FAR": 2.0, "design_ground": 5.0, "HEIGHT": 12}])
    (folder / "scene.toml").write_text(SCENE.replace("{local}", local), encoding="utf-8")
    return folder / "scene.toml"


def test_lots_in_a_local_system(tmp_path: Path) -> None:
    scene = loading.load(written(tmp_path, POINTS))
    corner = scene.frame.world(shapely.get_coordinates(scene.plan.parcels[0].shape)).min(axis=0)
    assert corner == pytest.approx([511100, 4057100], abs=0.02)
    assert "from 3 control points, residuals 1: " in dict(scene.plan.understood)["local system"]
    rule = next(c for c in scene.plan.controls if c.kind == "far").area_rule
    assert rule is not None
    assert rule.edition == "GB 55031-2022"
    run = json.loads(provenance.write_run(scene, (), tmp_path / "run.json").read_text(encoding="utf-8"))
    (source,) = run["sources"]
    assert (source["name"], source["crs"]) == ("lots.geojson", "local")
    assert "residuals" in source["operation"]
    assert 0 < source["accuracy_m"] < 0.03


@pytest.mark.parametrize(("local", "said"), [
    ("{ control_points = [[0, 0, 1, 1]] }", "1 control points, want 2 or more"),
    ("{ points = [] }", 'the unknown key "points"'), ('{ helmert = "x" }', "want a table"),
])
def test_bad_local_systems_name_the_scene(tmp_path: Path, local: str, said: str) -> None:
    with pytest.raises(InputError, match=r"scene\.toml") as caught:
        scenefile.read(written(tmp_path, local))
    assert said in str(caught.value)
