"""Every other format, read back by a program that is not ours."""

from __future__ import annotations

import csv
import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import shapely

from conftest import unavailable
from zonebox.errors import InputError, OutputExistsError
from zonebox.geometry.mesh import Mesh, volume_m3
from zonebox.model import Scene
from zonebox_converters import exchange
from zonebox_converters.citymodel import document
from zonebox_converters.exchange.sheets import footprint


def written(scene: Scene, folder: Path, ending: str) -> Path:
    return exchange.write(scene, folder / f"envelopes{ending}")


@pytest.mark.parametrize("ending", exchange.FORMATS)
def test_the_same_scene_gives_the_same_bytes(ending: str, scene: Scene, tmp_path: Path) -> None:
    path = written(scene, tmp_path, ending)
    before, stamp = path.read_bytes(), path.stat().st_mtime_ns
    written(scene, tmp_path, ending)
    assert path.stat().st_mtime_ns == stamp
    path.unlink()
    assert written(scene, tmp_path, ending).read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", exchange.FORMATS)
def test_a_scene_without_envelopes_gives_an_empty_file(ending: str, scene: Scene, tmp_path: Path) -> None:
    from dataclasses import replace

    assert written(replace(scene, envelopes=(), terrain=None), tmp_path, ending).stat().st_size > 0


def test_footprints_have_the_area_that_the_envelope_states(scene: Scene) -> None:
    for envelope in scene.envelopes:
        assert footprint(envelope).area == pytest.approx(envelope.footprint_m2, rel=1e-9, abs=1e-9)


ROWS = ["甲-01", "A-02", "A-03", "A-04"]


def test_csv_has_one_row_a_parcel(scene: Scene, tmp_path: Path) -> None:
    with written(scene, tmp_path, ".csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["parcel"] for row in rows] == ROWS
    assert list(rows[0]) == ["parcel", "volume_m3", "footprint_m2", "base_m", "top_m", "far_max", "empty", "binding"]
    assert float(rows[0]["volume_m3"]) == pytest.approx(scene.envelopes[0].volume_m3, abs=1e-5)
    room = scene.envelopes[0].capacity
    assert room is not None
    assert float(rows[0]["far_max"]) == pytest.approx(room.far_max, abs=1e-5)
    assert (rows[0]["empty"], rows[0]["binding"]) == ("", room.binding)
    assert "apart" in rows[2]["empty"]
    assert rows[3]["empty"] == "land use 1401 admits no buildings"
    assert (rows[3]["base_m"], rows[3]["top_m"]) == ("", "")


def test_json_states_its_references(scene: Scene, tmp_path: Path) -> None:
    content = json.loads(written(scene, tmp_path, ".json").read_text(encoding="utf-8"))
    assert content["crs"] == {"horizontal": "EPSG:4548", "vertical": "EPSG:5737"}
    assert [row["parcel"] for row in content["envelopes"]] == ROWS
    assert content["envelopes"][3]["far_max"] is None
    assert content["envelopes"][0]["top_m"] == pytest.approx(66.0)


def test_geopackage_holds_the_footprints_in_the_scene_crs(scene: Scene, tmp_path: Path) -> None:
    import pyogrio

    path = written(scene, tmp_path, ".gpkg")
    meta, _, wkb, data = pyogrio.raw.read(path)
    assert meta["crs"] == "EPSG:4548"
    assert list(meta["fields"]) == list(exchange.COLUMNS)
    assert data[0].tolist() == ROWS
    shapes = shapely.from_wkb(wkb)
    assert shapes[0].area == pytest.approx(scene.envelopes[0].footprint_m2)
    assert shapes[0].bounds[0] > 512000
    assert [shape is None for shape in shapes] == [False, False, True, True]
    assert np.isnan(data[5]).tolist() == [False, False, True, True]
    assert "EPSG:5737" in pyogrio.read_info(path)["layer_metadata"]["DESCRIPTION"]


def test_glb_is_in_place_and_keeps_its_volume(scene: Scene, tmp_path: Path) -> None:
    import trimesh

    path = written(scene, tmp_path, ".glb")
    loaded = trimesh.load_scene(path)
    assert loaded.metadata["crs"] == "EPSG:4548"
    assert loaded.metadata["vertical_datum"] == "EPSG:5737"
    assert loaded.metadata["origin"] == [512000.0, 4057000.0, 0.0]
    for envelope in scene.envelopes[:2]:
        transform, name = loaded.graph[envelope.parcel]
        mesh = loaded.geometry[name].copy()
        mesh.apply_transform(transform)
        x, up, south = mesh.vertices.T
        back = np.stack([x, -south, up], -1)
        np.testing.assert_allclose([back.min(0), back.max(0)], envelope.solid.bounds, atol=1e-4)
        assert mesh.volume == pytest.approx(volume_m3(envelope.solid), rel=1e-5)
        assert mesh.visual.material.alphaMode == "BLEND"
        assert loaded.geometry[name].metadata["controls"]


def test_glb_passes_the_validator(scene: Scene, tmp_path: Path, repository: Path) -> None:
    import shutil
    import subprocess

    node, script = shutil.which("node"), repository / "tests" / "browser" / "validate_gltf.mjs"
    if node is None or not (repository / "tests" / "browser" / "node_modules").is_dir():
        unavailable("no glTF validator", "apt-get install nodejs; npm install --prefix tests/browser")
    assert node is not None
    done = subprocess.run([node, str(script), str(written(scene, tmp_path, ".glb"))], capture_output=True, text=True,
                          check=False, cwd=script.parent)
    row, = json.loads(done.stdout)
    assert (row["errors"], row["warnings"]) == (0, 0), row


def test_glb_floats_are_near_zero(scene: Scene, tmp_path: Path) -> None:
    data = written(scene, tmp_path, ".glb").read_bytes()
    tree = json.loads(data[20:20 + struct.unpack("<I", data[12:16])[0]])
    assert tree["asset"]["generator"].startswith("zonebox")
    assert all(abs(value) < 200 for a in tree["accessors"] if a["type"] == "VEC3" for value in (*a["min"], *a["max"]))


def test_obj_states_its_origin_and_keeps_its_volume(scene: Scene, tmp_path: Path) -> None:
    import trimesh

    path = written(scene, tmp_path, ".obj")
    head = path.read_text(encoding="utf-8").splitlines()[:2]
    assert "add E 512000.000 N 4057000.000 to x and y" in head[1]
    assert "EPSG:5737" in head[1]
    loaded = trimesh.load_scene(path, split_objects=True, group_material=False)
    assert sum(mesh.volume for mesh in loaded.geometry.values()) == pytest.approx(
        sum(volume_m3(envelope.solid) for envelope in scene.envelopes), rel=1e-6)


def test_dxf_faces_stand_on_the_layers_of_their_controls(scene: Scene, tmp_path: Path) -> None:
    import ezdxf

    document_ = ezdxf.readfile(written(scene, tmp_path, ".dxf"))
    assert document_.audit().errors == []
    assert document_.units == 6
    properties = dict(document_.header.custom_vars.properties)
    assert "EPSG:4548" in properties["Coordinates"]
    faces = document_.modelspace().query("3DFACE")
    assert {face.dxf.layer for face in faces} == {
        "ENVELOPE-LOT", "ENVELOPE-street", "ENVELOPE-stepback", "ENVELOPE-height", "ENVELOPE-boundary", "ENVELOPE-sky"}
    for envelope in scene.envelopes[:2]:
        mine = [f for f in faces if f.get_xdata("ZONEBOX")[0].value == envelope.parcel]
        assert len(mine) == len(envelope.solid)
        corners = np.array([[f.dxf.vtx0, f.dxf.vtx1, f.dxf.vtx2] for f in mine]) - (512000.0, 4057000.0, 0.0)
        soup = Mesh(vertices=corners.reshape(-1, 3), triangles=np.arange(3 * len(mine)).reshape(-1, 3))
        assert volume_m3(soup) == pytest.approx(volume_m3(envelope.solid), rel=1e-6)
    assert len(document_.modelspace().query("LWPOLYLINE")) == 3


def test_dxf_hides_the_edges_inside_a_flat_face(scene: Scene, tmp_path: Path) -> None:
    import ezdxf

    faces = ezdxf.readfile(written(scene, tmp_path, ".dxf")).modelspace().query('3DFACE[layer=="ENVELOPE-height"]')
    square = [f for f in faces if f.get_xdata("ZONEBOX")[0].value == "甲-01"]
    drawn = sum(not (f.dxf.invisible_edges & bit) for f in square for bit in (1, 2, 8))
    assert drawn == 4


# cjio replaces the float of the json module for the whole process: it stays in a process of its own
CJIO = """
import json, sys
from cjio import cityjson
with open(sys.argv[1], encoding="utf-8") as stream:
    read = cityjson.reader(file=stream)
print(json.dumps({"version": read.get_version(), "epsg": read.get_epsg(),
                  "objects": read.number_city_objects_level1(), "box": [float(v) for v in read.update_bbox()]}))
"""


def test_cityjson_is_read_by_others_and_keeps_its_volume(scene: Scene, tmp_path: Path) -> None:
    path = written(scene, tmp_path, ".city.json")
    seen = json.loads(subprocess.run([sys.executable, "-c", CJIO, str(path)], check=True, capture_output=True).stdout)
    assert (seen["version"], seen["epsg"], seen["objects"]) == ("2.0", 4548, 3)
    objects = json.loads(path.read_text(encoding="utf-8"))["CityObjects"]
    assert objects["envelope-A-02"]["type"] == "GenericCityObject"
    box = np.array(seen["box"]).reshape(2, 3)
    own = scene.frame.world(np.stack([e.solid.bounds for e in scene.envelopes[:2]]))
    np.testing.assert_allclose(box, [own[:, 0].min(0), own[:, 1].max(0)], atol=1e-5)
    read = document.opened(path)
    assert read.crs is not None
    vertices, notes, entry = document.enter(read, scene.frame, None)
    assert entry is not None
    assert entry.accuracy_m == 0.0
    assert "Yellow Sea 1985" in notes[0]
    for envelope in scene.envelopes[:2]:
        solid = objects[f"envelope-{envelope.parcel}"]["geometry"][0]
        assert solid["type"] == "Solid"
        mesh = Mesh(vertices=vertices, triangles=np.array(solid["boundaries"]).reshape(-1, 3))
        assert volume_m3(mesh.part(np.arange(len(mesh)))) == pytest.approx(volume_m3(envelope.solid), rel=1e-6)


def test_a_foreign_file_is_left_alone(scene: Scene, tmp_path: Path) -> None:
    path = tmp_path / "envelopes.csv"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(OutputExistsError, match="--force"):
        exchange.write(scene, path)
    assert path.read_text(encoding="utf-8") == "mine"
    exchange.write(scene, path, force=True)
    exchange.write(scene, path)


@pytest.mark.parametrize(("name", "schema", "words"), [
    ("envelopes.dwg", "IFC4", r'"\.dwg", want one of'), ("missing/envelopes.ifc", "IFC4", "does not exist"),
    ("envelopes.ifc", "IFC2X3", '"IFC2X3", want IFC4X3_ADD2 or IFC4'),
])
def test_a_bad_target_is_one_sentence(name: str, schema: str, words: str, scene: Scene, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words):
        exchange.write(scene, tmp_path / name, schema=schema)


def test_the_verb_writes_and_prints(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from zonebox import loading
    from zonebox.cli import group

    monkeypatch.setattr(loading, "load", lambda *_args, **_named: scene)
    source, target = tmp_path / "block", tmp_path / "envelopes.ifc"
    source.mkdir()
    done = CliRunner().invoke(group, ["envelopes", str(source), "-o", str(target), "--schema", "IFC4", "-q"])
    assert (done.exit_code, done.stdout.strip()) == (0, str(target)), done.output
    assert b"FILE_SCHEMA(('IFC4'))" in target.read_bytes()
    table = CliRunner().invoke(group, ["envelopes", str(source), "-o", str(tmp_path / "e.glb"), "--json", "-q"])
    assert [row["parcel"] for row in json.loads(table.stdout)] == ROWS
    assert CliRunner().invoke(group, ["envelopes", str(source)]).exit_code == 2


def test_a_place_without_room_for_files_is_one_sentence_before_the_work(monkeypatch: pytest.MonkeyPatch,
                                                                        tmp_path: Path) -> None:
    def full(**where: object) -> None:
        raise OSError(28, "No space left on device", str(where["dir"]))

    monkeypatch.setattr("zonebox_converters.exchange.writing.tempfile.TemporaryFile", full)
    with pytest.raises(InputError, match=r"in which no file can be made \(no space left on device\)"):
        exchange.check_target(tmp_path / "envelopes.ifc")
    assert not list(tmp_path.iterdir())


def test_a_disk_that_fills_up_while_writing_is_one_sentence(scene: Scene, monkeypatch: pytest.MonkeyPatch,
                                                            tmp_path: Path) -> None:
    def full(path: Path, data: bytes) -> Path:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("zonebox_converters.exchange.writing.write_bytes", full)
    with pytest.raises(InputError, match=r"in which no file can be made \(permission denied\)"):
        written(scene, tmp_path, ".obj")
