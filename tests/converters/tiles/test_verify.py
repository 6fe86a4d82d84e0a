"""The verifier finds planted defects, and judges tilesets that others made."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converters.tiles import samples
from zonebox.model import Report
from zonebox_converters.tiles import verify, write
from zonebox_converters.tiles.volumes import read_volume

Json = dict[str, Any]


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tileset whose context layer has several tiles."""
    out = tmp_path_factory.mktemp("pristine")
    grid = [(60.0 * i, 60.0 * j) for i in range(-30, 30) for j in range(-30, 30)]
    buildings = [samples.context_box(f"b{k}", samples.box(x, y, 0, 18, 18, 9)) for k, (x, y) in enumerate(grid)]
    write(samples.context_scene(samples.shandong(), buildings), Report(findings=()), out)
    assert verify(out) == []
    return out


@pytest.fixture
def sound(pristine: Path, tmp_path: Path) -> Path:
    """A copy of it to be broken."""
    return Path(shutil.copytree(pristine, tmp_path / "tiles"))


def edit_json(path: Path, change: Callable[[Json], object]) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def edit_glb(path: Path, change: Callable[[Json, bytearray], object]) -> None:
    """Change a GLB's JSON or its arrays and put it together again."""
    data = path.read_bytes()
    size = struct.unpack_from("<I", data, 12)[0]
    document, binary = json.loads(data[20:20 + size]), bytearray(data[28 + size:])
    change(document, binary)
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    body = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + bytes(binary)
    path.write_bytes(struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body)


def first_child(document: Json) -> Json:
    child: Json = document["root"]["children"][0]
    return child


def told(folder: Path) -> str:
    return "\n".join(map(str, verify(folder)))


def test_a_moved_child_is_found(sound: Path) -> None:
    def move(document: Json) -> None:
        first_child(document)["transform"][12] += 9000.0

    edit_json(sound / "context" / "tileset.json", move)
    assert "m out of the volume around it" in told(sound)


def test_a_shrunken_volume_is_found(sound: Path) -> None:
    def shrink(document: Json) -> None:
        tile = first_child(document)
        while "children" in tile:
            tile = tile["children"][0]
        tile["boundingVolume"]["box"][3] *= 0.999

    edit_json(sound / "context" / "tileset.json", shrink)
    assert "a vertex lies" in told(sound)


def test_a_missing_content_is_found(sound: Path) -> None:
    next((sound / "context").glob("*.glb")).unlink()
    assert "is missing" in told(sound)


def test_a_missing_layer_is_found(sound: Path) -> None:
    (sound / "context" / "tileset.json").unlink()
    assert "context/tileset.json is missing" in told(sound)


def test_a_child_with_a_larger_error_is_found(sound: Path) -> None:
    def enlarge(document: Json) -> None:
        first_child(document)["geometricError"] = 1e6

    edit_json(sound / "context" / "tileset.json", enlarge)
    assert "1000000.0 is larger than the parent's" in told(sound)


def set_count(document: Json, _: bytearray) -> None:
    document["extensions"]["EXT_structural_metadata"]["propertyTables"][0]["count"] += 1


def raise_feature(document: Json, binary: bytearray) -> None:
    accessor = document["accessors"][document["meshes"][0]["primitives"][0]["attributes"]["_FEATURE_ID_0"]]
    at = document["bufferViews"][accessor["bufferView"]]["byteOffset"]
    binary[at:at + 2] = struct.pack("<H", 60_000)


def raise_index(document: Json, binary: bytearray) -> None:
    accessor = document["accessors"][document["meshes"][0]["primitives"][0]["indices"]]
    at = document["bufferViews"][accessor["bufferView"]]["byteOffset"]
    binary[at:at + 2] = struct.pack("<H", 65_534)


def move_vertex(document: Json, binary: bytearray) -> None:
    accessor = document["accessors"][document["meshes"][0]["primitives"][0]["attributes"]["POSITION"]]
    at = document["bufferViews"][accessor["bufferView"]]["byteOffset"]
    binary[at:at + 4] = struct.pack("<f", 5000.0)


def cut_offsets(document: Json, binary: bytearray) -> None:
    column = document["extensions"]["EXT_structural_metadata"]["propertyTables"][0]["properties"]["name"]
    at = document["bufferViews"][column["stringOffsets"]]["byteOffset"]
    binary[at + 4:at + 8] = struct.pack("<I", 99_999_999)


def drop_feature_ids(document: Json, _: bytearray) -> None:
    del document["meshes"][0]["primitives"][0]["attributes"]["_FEATURE_ID_0"]


def drop_class(document: Json, _: bytearray) -> None:
    document["extensions"]["EXT_structural_metadata"]["schema"]["classes"] = {}


def cut_buffer(_: Json, binary: bytearray) -> None:
    del binary[-400:]


@pytest.mark.parametrize(("change", "text"), [
    (set_count, "stringOffsets are not"),
    (raise_feature, "a feature id lies outside"),
    (raise_index, "an index points past the last vertex"),
    (move_vertex, "min and max of POSITION"),
    (move_vertex, "m out of the tile's box"),
    (cut_offsets, "stringOffsets fall"),
    (drop_feature_ids, "attribute _FEATURE_ID_0 is missing"),
    (drop_class, "class building is not in the schema"),
    (cut_buffer, "reaches past its buffer"),
])
def test_a_broken_content_is_found(sound: Path, change: Callable[[Json, bytearray], object], text: str) -> None:
    edit_glb(next((sound / "context").glob("*.glb")), change)
    assert text in told(sound)


def test_a_cut_file_is_found(sound: Path) -> None:
    path = next((sound / "context").glob("*.glb"))
    path.write_bytes(path.read_bytes()[:-8])
    assert "but its header says" in told(sound)


@pytest.mark.parametrize("name", ["FeatureIdAttributeAndPropertyTable", "MetadataGranularities",
                                  "SparseImplicitQuadtree"])
def test_samples_of_others_pass(shared_data: Path, name: str) -> None:
    assert verify(shared_data / "tiles_3d" / name) == []


@pytest.mark.parametrize("given", [
    {"box": [0, 0, 0, 100, 0, 0, 0, 100, 0, 0, 0, 0]},
    {"sphere": [0, 0, 0, 100]},
])
def test_volumes_measure_distance(given: Json) -> None:
    volume, wrong = read_volume(given, np.eye(4))
    assert wrong == []
    assert volume is not None
    np.testing.assert_allclose(volume.outside_m(np.array([[0.0, 99, 0], [0, 103, 0]])), [0, 3])


def test_a_region_may_cross_the_antimeridian() -> None:
    from zonebox.frame import ecef

    volume, _ = read_volume({"region": [3.1, -0.1, -3.1, 0.1, 0, 100]}, np.eye(4))
    assert volume is not None
    inside, above, west = volume.outside_m(ecef([[179.9, 0, 50], [-179.9, 0, 130], [170.0, 0, 50]]))
    assert (inside, above) == pytest.approx((0.0, 30.0), abs=1e-6)
    assert west == pytest.approx((3.1 - np.radians(170)) * 6_378_137, rel=1e-6)
    assert volume.outside_m(volume.surface()).max() < 1e-6
