"""The verifier on metadata (schemas, property tables, feature ids), and on vertices that are moved on the way."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from zonebox_converters.tiles import verify
from zonebox_converters.tiles.glbcheck import check_glb, read_glb
from zonebox_converters.tiles.schemas import check_schema

Json = dict[str, Any]

CLASS: Json = {"properties": {
    "name": {"type": "STRING", "default": ""},
    "height": {"type": "SCALAR", "componentType": "FLOAT32", "min": 0.0, "max": 9.0, "noData": -1.0},
    "share": {"type": "SCALAR", "componentType": "UINT8", "normalized": True, "max": 0.5},
    "state": {"type": "ENUM", "enumType": "state"},
}}
SCHEMA: Json = {"id": "made", "classes": {"thing": CLASS},
                "enums": {"state": {"valueType": "UINT8", "values": [{"name": "on", "value": 1},
                                                                     {"name": "off", "value": 0}]}}}


def glb(arrays: Mapping[str, NDArray[Any]], **columns: bytes) -> tuple[Json, bytearray]:
    """A triangle with these attributes and a table of two rows."""
    document: Json = {
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}],
        "extensionsUsed": ["EXT_mesh_features", "EXT_structural_metadata"], "bufferViews": [], "accessors": []}
    binary = bytearray()

    def view(data: bytes) -> int:
        binary.extend(b"\0" * (-len(binary) % 8))
        document["bufferViews"].append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(data)})
        binary.extend(data)
        return len(document["bufferViews"]) - 1

    attributes = {}
    for name, array in arrays.items():
        attributes[name] = len(document["accessors"])
        entry: Json = {"bufferView": view(array.tobytes()), "count": len(array),
                       "componentType": {"<f4": 5126, "|u1": 5121}[array.dtype.str],
                       "type": "VEC3" if array.ndim == 2 else "SCALAR"}
        if name == "POSITION":
            entry |= {"min": array.min(0).tolist(), "max": array.max(0).tolist()}
        document["accessors"].append(entry)
    placed = {name: attributes.pop(name) for name in ("TRANSLATION", "SCALE") if name in attributes}
    if placed:
        document["extensionsUsed"].append("EXT_mesh_gpu_instancing")
        document["nodes"][0]["extensions"] = {"EXT_mesh_gpu_instancing": {"attributes": placed}}
    feature: Json = {"featureCount": 2, "attribute": 0, "propertyTable": 0}
    document["meshes"] = [{"primitives": [{"attributes": attributes, "extensions": {
        "EXT_mesh_features": {"featureIds": [feature]}}}]}]
    told: Json = {name: {"values": view(data)} for name, data in columns.items() if name != "offsets"}
    if "offsets" in columns:
        told["name"]["stringOffsets"] = view(columns["offsets"])
    document["extensions"] = {"EXT_structural_metadata": {
        "schema": json.loads(json.dumps(SCHEMA)),
        "propertyTables": [{"class": "thing", "count": 2, "properties": told}]}}
    return document, binary


def packed(document: Json, binary: bytearray) -> bytes:
    binary += b"\0" * (-len(binary) % 4)
    whole = {**document, "buffers": [{"byteLength": len(binary)}]}
    text = json.dumps(whole).encode()
    text += b" " * (-len(text) % 4)
    body = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + bytes(binary)
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


TRIANGLE: dict[str, NDArray[Any]] = {
    "POSITION": np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], dtype="<f4"),
    "_FEATURE_ID_0": np.array([0, 1, 1], dtype="u1")}
COLUMNS = {"name": "a名".encode(), "offsets": np.array([0, 1, 4], "<u4").tobytes(),
           "height": np.array([3.0, -1.0], "<f4").tobytes(), "share": bytes([0, 127]), "state": bytes([0, 1])}


def told(document: Json, binary: bytearray) -> str:
    read, wrong = read_glb(packed(document, binary))
    assert read is not None, wrong
    check_glb(read)
    return "\n".join(read.problems)


def test_a_table_that_keeps_its_schema_passes() -> None:
    assert told(*glb(TRIANGLE, **COLUMNS)) == ""


@pytest.mark.parametrize(("column", "data", "text"), [
    ("height", np.array([3.0, 9.5], "<f4").tobytes(), "height: 9.5 is past the declared max of 9.0"),
    ("height", np.array([-0.5, 1.0], "<f4").tobytes(), "height: -0.5 is past the declared min of 0.0"),
    ("height", bytes(12), "height: 12 bytes are not those of 2 values of 4"),
    ("share", bytes([0, 128]), "share: 0.501961 is past the declared max of 0.5"),
    ("state", bytes([0, 7]), "state: 7 is no value of state"),
    ("name", "a名!".encode(), "stringOffsets end at 4, but its values have 5 bytes"),
])
def test_values_that_break_their_schema_are_found(column: str, data: bytes, text: str) -> None:
    assert text in told(*glb(TRIANGLE, **{**COLUMNS, column: data}))


def test_bounds_of_the_column_itself_are_held() -> None:
    document, binary = glb(TRIANGLE, **COLUMNS)
    columns = document["extensions"]["EXT_structural_metadata"]["propertyTables"][0]["properties"]
    columns["height"]["max"] = 2.0
    assert "height: 3 is past the declared max of 2.0" in told(document, binary)


@pytest.mark.parametrize(("change", "text"), [
    ({"featureCount": 0}, "featureCount is 0"),
    ({"label": "two words"}, "label 'two words'"),
    ({"nullFeatureId": -1}, "nullFeatureId -1 is no whole number"),
    ({"propertyTable": 1}, "propertyTable 1 does not exist"),
    ({"attribute": 3}, "attribute _FEATURE_ID_3 is missing"),
    ({"featureCount": 3}, "3 features but its property table has 2 rows"),
])
def test_feature_ids_that_are_misdescribed_are_found(change: Json, text: str) -> None:
    document, binary = glb(TRIANGLE, **COLUMNS)
    document["meshes"][0]["primitives"][0]["extensions"]["EXT_mesh_features"]["featureIds"][0] |= change
    assert text in told(document, binary)


def test_without_a_table_ids_need_not_follow_one_another() -> None:
    ids = np.array([0, 1, 200], dtype="u1")
    document, binary = glb({**TRIANGLE, "_FEATURE_ID_0": ids}, **COLUMNS)
    feature = document["meshes"][0]["primitives"][0]["extensions"]["EXT_mesh_features"]["featureIds"][0]
    assert "lies outside" in told(document, binary)
    del feature["propertyTable"]
    assert "3 features have ids, but featureCount says 2" in told(document, binary)
    feature["nullFeatureId"] = 1
    assert told(document, binary) == ""


def test_schema_and_its_address_exclude_each_other() -> None:
    document, binary = glb(TRIANGLE, **COLUMNS)
    document["extensions"]["EXT_structural_metadata"]["schemaUri"] = "schema.json"
    assert "not just one of schema and schemaUri" in told(document, binary)


NUMBER: Json = {"type": "SCALAR", "componentType": "INT16"}
TEXT: Json = {"type": "STRING"}


@pytest.mark.parametrize(("prop", "text"), [
    ({**TEXT, "componentType": "UINT8"}, "/componentType: may not stand beside STRING"),
    ({**NUMBER, "enumType": "state"}, "/enumType: may not stand beside SCALAR"),
    ({**NUMBER, "array": "yes"}, "/array: is no boolean"), ({**NUMBER, "array": True, "count": 1}, "/count: got 1"),
    ({**NUMBER, "count": 2}, "/count: may stand beside array only"),
    ({**TEXT, "required": True, "default": "a"}, "/default: may not stand beside required"),
    ({**TEXT, "noData": 4}, "/noData: 4 is no value"), ({"type": "BOOLEAN", "noData": True}, "beside BOOLEAN"),
    ({**TEXT, "array": True, "count": 2, "noData": ["a"]}, "/noData: ['a'] is no value"),
    ({**NUMBER, "noData": 40_000}, "/noData: 40000 is no value"), ({**NUMBER, "noData": 0.5}, "0.5 is no value"),
    ({"type": "ENUM", "enumType": "state", "noData": "gone"}, "/noData: 'gone' is no value"),
    ({**TEXT, "max": 4}, "/max: may stand beside numbers"),
    ({**NUMBER, "array": True, "min": 4}, "/min: may stand beside numbers and arrays of a fixed length only"),
    ({**NUMBER, "scale": 2.0}, "/scale: may stand beside floating point and normalized"),
    ({"type": "VEC2", "componentType": "FLOAT32", "offset": [1.0]}, "/offset: has not the shape"),
    ({"type": "SCALAR", "componentType": "FLOAT32", "normalized": True}, "/normalized: may stand beside integers"),
    ({**NUMBER, "semantic": "TILE_GEOMETRIC_ERROR"}, "asks for SCALAR of FLOAT32 or FLOAT64"),
    ({**TEXT, "name": 4}, "/name: is no string"), ({**TEXT, "semantic": 4}, "/semantic: is no string"),
])
def test_properties_against_the_rules_are_found(prop: Json, text: str) -> None:
    schema = {**SCHEMA, "classes": {"thing": {"properties": {"it": prop}}}}
    assert text in "\n".join(f"{place}: {said}" for place, said in check_schema(schema))


@pytest.mark.parametrize(("change", "text"), [
    ({"id": "no name"}, "/id: got 'no name'"), ({"classes": {"2nd": {}}}, "/classes: got '2nd'"),
    ({"classes": {"a": {"properties": {}}}}, "/properties: is no object or an empty one"),
    ({"classes": {"a": {"properties": {"高": TEXT}}}}, "/properties: got '高'"),
    ({"classes": {"a": {"properties": {"b": {**TEXT, "semantic": "ID"}, "c": {**TEXT, "semantic": "ID"}}}}},
     "ID is that of b too"),
    ({"enums": {"a": {"valueType": "FLOAT32", "values": [{"name": "b", "value": 1}]}}}, "/valueType: got 'FLOAT32'"),
    ({"enums": {"a": {"valueType": "UINT8", "values": [{"name": "b", "value": 256}]}}}, "got 256, want one of UINT8"),
    ({"enums": {"a": {"values": [{"name": "b", "value": 1, "description": 5}]}}}, "/description: is no string"),
])
def test_schemas_against_the_rules_are_found(change: Json, text: str) -> None:
    assert text in "\n".join(f"{place}: {said}" for place, said in check_schema({**SCHEMA, **change}))


def tileset(folder: Path, name: str, half: float, center: tuple[float, float, float], data: bytes) -> list[str]:
    """Problems of a tileset with one content in a cube."""
    (folder / name).write_bytes(data)
    volume = {"box": [*center, half, 0, 0, 0, half, 0, 0, 0, half]}
    (folder / "tileset.json").write_text(json.dumps({
        "asset": {"version": "1.1"}, "geometricError": 9,
        "root": {"boundingVolume": volume, "geometricError": 0, "refine": "ADD", "content": {"uri": name}}}))
    return [problem.text for problem in verify(folder)]


def test_instances_stand_where_their_attributes_put_them(tmp_path: Path) -> None:
    """Three copies, twice as large, 10 m apart along glTF's x: within 0..22, 0..2 up."""
    moved = np.array([[0, 0, 0], [10, 0, 0], [20, 0, 0]], dtype="<f4")
    arrays = {**TRIANGLE, "TRANSLATION": moved, "SCALE": np.full((3, 3), 2, dtype="<f4")}
    data = packed(*glb(arrays, **COLUMNS))
    assert tileset(tmp_path, "a.glb", 11.0, (11.0, 0.0, 1.0), data) == []
    assert tileset(tmp_path, "a.glb", 10.0, (10.0, 0.0, 1.0), data) == ["a vertex lies 2.000 m out of the tile's box"]


def test_a_center_of_older_contents_is_heeded(tmp_path: Path) -> None:
    document, binary = glb(TRIANGLE, **COLUMNS)
    document["extensions"]["CESIUM_RTC"] = {"center": [100.0, 200.0, 300.0]}
    assert told(document, binary) == "CESIUM_RTC is used and not declared in extensionsUsed"
    document["extensionsUsed"].append("CESIUM_RTC")
    assert tileset(tmp_path, "a.glb", 1.0, (100.0, 200.0, 300.0), packed(document, binary)) == []
    assert tileset(tmp_path, "a.glb", 1.0, (0.0, 0.0, 0.0), packed(document, binary)) != []


def pnts(features: Json, binary: bytes, *, batches: Json | None = None) -> bytes:
    texts = []
    start = 28
    for part in (features, batches):
        text = b"" if part is None else json.dumps(part).encode()
        text += b" " * (-(start + len(text)) % 8) if text else b""
        texts.append(text)
        start += len(text) + (len(binary) if part is features else 0)
    body = texts[0] + binary + texts[1]
    return struct.pack("<4s6I", b"pnts", 1, 28 + len(body), len(texts[0]), len(binary), len(texts[1]), 0) + body


def test_points_of_older_tilesets_are_held_in_their_volume(tmp_path: Path) -> None:
    center, points = [50.0, 0.0, 0.0], np.array([[-1, 0, 0], [1, 1, -1]], dtype="<f4").tobytes()
    data = pnts({"POINTS_LENGTH": 2, "RTC_CENTER": center, "POSITION": {"byteOffset": 0}}, points)
    assert tileset(tmp_path, "a.pnts", 1.0, (50.0, 0.0, 0.0), data) == []
    assert tileset(tmp_path, "a.pnts", 1.0, (51.0, 0.0, 0.0), data) == ["a vertex lies 1.000 m out of the tile's box"]
    steps = np.array([[0, 0, 0], [65535, 65535, 0]], dtype="<u2").tobytes() + bytes(4)
    data = pnts({"POINTS_LENGTH": 2, "POSITION_QUANTIZED": {"byteOffset": 0},
                 "QUANTIZED_VOLUME_OFFSET": [-4.0, -4.0, 0.0], "QUANTIZED_VOLUME_SCALE": [8.0, 8.0, 1.0]}, steps)
    assert tileset(tmp_path, "a.pnts", 4.0, (0.0, 0.0, 0.0), data) == []
    assert tileset(tmp_path, "a.pnts", 3.5, (0.0, 0.0, 0.0), data) == ["a vertex lies 0.500 m out of the tile's box"]


def test_points_in_a_stream_of_draco_are_left_alone(tmp_path: Path) -> None:
    """Their offsets mean nothing beside it."""
    packed_ones = {"3DTILES_draco_point_compression": {"properties": {"POSITION": 0}, "byteOffset": 0, "byteLength": 8}}
    data = pnts({"POINTS_LENGTH": 1000, "POSITION": {"byteOffset": 0}, "extensions": packed_ones}, bytes(8),
                batches={"heat": {"byteOffset": 0, "componentType": "FLOAT", "type": "SCALAR"},
                         "extensions": {"3DTILES_draco_point_compression": {"properties": {"heat": 1}}}})
    assert tileset(tmp_path, "a.pnts", 1.0, (0.0, 0.0, 0.0), data) == []
