"""What was tried is written down as rules that say the same: in any unit, over any levels, from any folder."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from shapely.affinity import translate
from shapely.geometry import Polygon, box, mapping

from conftest import REPOSITORY
from whatif import site
from zonebox import loading, scenefile
from zonebox.checks import run
from zonebox.errors import InputError
from zonebox.geometry.mesh import Mesh
from zonebox.model import Control, Scene
from zonebox.whatif import Limit, Move, Setback, WhatIf, moved
from zonebox.whatif.changes import BOUNDS
from zonebox.whatif.export import export
from zonebox.whatif.moving import joined

EAST, NORTH = 500_000.0, 4_400_000.0
FOOT_M = 0.3048
METRES = """
[pack]
id = "m"
document = "Metres"
status = "example"
units = "m"
[[rule]]
id = "street"
kind = "setback"
clause = "1"
distance_m = 5.0
[[rule]]
id = "low"
kind = "height"
clause = "2"
limit_m = 18.0
"""
FEET = """
[pack]
id = "ft"
document = "Feet"
status = "example"
units = "ft"
[[rule]]
id = "one-side"
kind = "setback"
level = "overlay"
mode = "replace"
clause = "3"
edges = { index = [0] }
distance_ft = 10
[[rule]]
id = "cap"
kind = "height"
level = "overlay"
mode = "replace"
clause = "4"
limit_ft = 40
[[rule]]
id = "steps"
kind = "setback"
clause = "5"
edges = { index = [2] }
tiers = [ { from_ft = 0, distance_ft = 20 }, { from_ft = 30, distance_ft = 30 } ]
"""


def written(folder: Path, *lots: tuple[str, Polygon], designs: str = "") -> Path:
    """Write a scene of lots without ground, with two packs of one file name in two folders."""
    folder.mkdir(parents=True)
    rows = [{"type": "Feature", "properties": {"parcel_id": name, "far": 2.0},
             "geometry": mapping(translate(shape, EAST, NORTH))} for name, shape in lots]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4548"}}
    (folder / "地块 plan.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "crs": crs, "features": rows}), encoding="utf-8")
    for name, text in (("a", METRES), ("b", FEET)):
        (folder / name).mkdir()
        (folder / name / "rules.toml").write_text(text, encoding="utf-8")
    (folder / "site.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "crs": crs, "features": [{
            "type": "Feature", "properties": {},
            "geometry": mapping(box(EAST - 10, NORTH - 10, EAST + 500, NORTH + 500))}]}), encoding="utf-8")
    (folder / "scene.toml").write_text(f"""[scene]
title = "Packs of 2 units"
crs = "EPSG:4548+5737"
vertical_shift_m = -6.64
vertical_shift_source = "test"
[plan]
parcels = "地块 plan.geojson"
within = "site.geojson"
rules = ["a/rules.toml", "b/rules.toml"]
design_ground_m = 10.0
[plan.authority]
document = "Plan"
{designs}""", encoding="utf-8")
    return folder / "scene.toml"


def opened(path: Path) -> Scene:
    return loading.load(path, cache=path.parent / "cache")


def _said(control: Control) -> tuple[object, ...]:
    """What a control says, whatever its rule is called."""
    bound = None if control.limit is None else round(control.limit, 6)
    points = None if control.profile is None else tuple(
        (round(h, 6), round(s, 6)) for h, s in control.profile.points)
    return control.kind, bound, points, control.edges.indices, control.datum, control.measure


LOT = box(0.0, 0.0, 60.0, 50.0)
ID = "B 1/2"


@pytest.mark.parametrize("change", [
    Limit(control=f"{ID}/cap", value=15.5), Setback(control=f"{ID}/one-side", distance_m=7.0),
    Setback(control=f"{ID}/steps", distance_m=9.0), Setback(control=f"{ID}/street", distance_m=2.0),
    Limit(control=f"{ID}/far", value=0.0),
], ids=str)
def test_a_changed_rule_is_written_so_that_a_run_finds_the_same(
    tmp_path: Path, change: Limit | Setback
) -> None:
    """Feet, an overlay that replaces a rule of a lower level or takes an edge of it, an indicator of the table."""
    path = written(tmp_path / "here", (ID, LOT), ("B-1-2", box(80.0, 0.0, 140.0, 50.0)))
    scene = opened(path)
    trial = WhatIf(scene, run(scene)).apply(change)
    again = opened(export(trial, scenefile.read(path), tmp_path / "另 一 个" / "出 图.toml")[0])
    for name in (ID, "B-1-2"):
        one, two = ({_said(c) for c in plan.controls_of(name) if not c.superseded_by}
                    for plan in (trial.scene.plan, again.plan))
        assert one == two
    for mine, theirs in zip(trial.scene.envelopes, again.envelopes, strict=True):
        assert mine.parcel == theirs.parcel
        assert mine.volume_m3 == pytest.approx(theirs.volume_m3, rel=1e-9)
        assert mine.volume_m3 > 100.0


def test_a_divided_rule_keeps_its_own_edges_in_closed_form(tmp_path: Path) -> None:
    """60 × 50 m, the overlay asks 10 ft of edge 0, the tried rule 2 m of the others, 12.192 m high up to the cap."""
    path = written(tmp_path / "here", (ID, LOT), ("B-1-2", box(80.0, 0.0, 140.0, 50.0)))
    scene = opened(path)
    desk = WhatIf(scene, run(scene))
    desk.apply(Setback(control=f"{ID}/steps", distance_m=0.0))
    trial = desk.apply(Setback(control=f"{ID}/street", distance_m=2.0))
    again = opened(export(trial, scenefile.read(path), tmp_path / "there" / "scene.toml")[0])
    outline = scene.plan.parcels[0].boundary.start
    edge = np.linalg.norm(np.roll(outline, -1, axis=0)[0] - outline[0])
    along = 60.0 if edge == pytest.approx(60.0) else 50.0
    first = (along - 4.0) * (110.0 - along - 2.0 - 10 * FOOT_M)                     # up to the step at 30 ft
    upper = (along - 4.0) * (110.0 - along - 10 * FOOT_M - 10 * FOOT_M)             # edge 2 keeps 10 ft above
    volume = first * 30 * FOOT_M + upper * 10 * FOOT_M
    for one in (trial.scene, again):
        found = one.envelope(ID)
        assert found is not None
        assert found.volume_m3 == pytest.approx(volume, rel=1e-6)


def test_two_parcels_whose_numbers_are_written_alike_have_two_rules(tmp_path: Path) -> None:
    path = written(tmp_path / "here", (ID, LOT), ("B-1-2", box(80.0, 0.0, 140.0, 50.0)))
    scene = opened(path)
    desk = WhatIf(scene, run(scene))
    desk.apply(Limit(control=f"{ID}/cap", value=9.0))
    trial = desk.apply(Limit(control="B-1-2/cap", value=6.0))
    again = opened(export(trial, scenefile.read(path), tmp_path / "there" / "scene.toml")[0])
    assert [e.top_m - e.ground_m for e in again.envelopes] == pytest.approx([9.0, 6.0])


def test_an_exported_scene_is_changed_and_exported_again(tmp_path: Path) -> None:
    """The second pack has the name of the first, in another folder; the rule it changes is one of the first pack."""
    path = written(tmp_path / "0", (ID, LOT), ("B-1-2", box(80.0, 0.0, 140.0, 50.0)))
    for turn, value in enumerate((9.0, 7.0, 5.0), 1):
        scene = opened(path)
        name = next(c.id for c in scene.plan.controls_of(ID) if c.kind == "height" and not c.superseded_by)
        trial = WhatIf(scene, run(scene)).apply(Limit(control=name, value=value))
        path = export(trial, scenefile.read(path), tmp_path / str(turn) / "scene.toml")[0]
        envelope = opened(path).envelope(ID)
        assert envelope is not None
        assert envelope.top_m - envelope.ground_m == pytest.approx(value)


@pytest.mark.parametrize(("kind", "value"), [("height", 0.0), ("far", 101.0)])
def test_what_no_rule_can_say_is_not_tried(tmp_path: Path, kind: str, value: float) -> None:
    scene = site.scene()
    with pytest.raises(InputError, match="a limit from"):
        WhatIf(scene, run(scene)).apply(Limit(control=f"A/{kind}", value=value))
    assert BOUNDS[next(c.kind for c in scene.plan.controls if c.id == f"A/{kind}")][0] <= 0.01


@pytest.mark.parametrize(("first", "then"), [
    (Move(design="tower", turn_deg=30.0), Move(design="tower", turn_deg=-75.0, east_m=2.0)),
    (Move(design="tower", east_m=3.0, north_m=-1.0, up_m=0.5, turn_deg=17.0),
     Move(design="tower", east_m=-4.0, north_m=8.0, up_m=1.25, turn_deg=40.0)),
], ids=str)
def test_two_moves_are_one(first: Move, then: Move) -> None:
    """What the file moves and the desk moves again: the oracle is one after the other; an odd shape, not a box."""
    tower = site.tower(12.0, 18.0, 10.0)
    tower = replace(tower, mesh=Mesh(vertices=tower.mesh.vertices + np.column_stack(
        [tower.mesh.vertices[:, 1] ** 2 / 40.0, np.zeros((len(tower.mesh.vertices), 2))]),
        triangles=tower.mesh.triangles))
    both = moved(moved(tower, first), then)
    assert np.allclose(moved(tower, joined(first, then, both)).mesh.vertices, both.mesh.vertices, atol=1e-9)


def test_an_export_says_both_moves(tmp_path: Path) -> None:
    """A design that the scene file has moved, moved again: written as one move, every other path found again."""
    path = written(tmp_path / "here", (ID, LOT), designs=f"""[[design]]
id = "house"
source = "{(REPOSITORY / 'scenes' / 'riverside_block' / 'harbour_house.ifc').as_posix()}"
placement = {{ easting = {EAST + 30.0}, northing = {NORTH + 25.0}, elevation = 10.0, rotation_deg = 0.0 }}
moved = {{ east_m = 1.5, turn_deg = 30.0 }}
""")
    scene = opened(path)
    trial = WhatIf(scene, run(scene)).apply(Move(design="house", north_m=2.0, turn_deg=-12.0))
    again = opened(export(trial, scenefile.read(path), tmp_path / "there" / "scene.toml")[0])
    assert np.allclose(again.designs[0].mesh.vertices, trial.scene.designs[0].mesh.vertices, atol=1e-6)
