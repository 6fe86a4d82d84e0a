"""A second, independent reader: what a client would make of a tileset, with json, struct and numpy alone."""

from __future__ import annotations

import itertools
import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

COMPONENTS = {5120: "i1", 5121: "u1", 5122: "i2", 5123: "u2", 5125: "u4", 5126: "f4"}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
NUMBERS = {"FLOAT64": "f8", "FLOAT32": "f4", "UINT32": "u4", "UINT8": "u1"}


@dataclass
class Primitive:
    """Vertices in EPSG:4978 and what belongs to them."""

    mode: int
    points: NDArray[np.float64]
    normals: NDArray[np.float64] | None
    feature: NDArray[np.int64]
    indices: NDArray[np.int64]
    material: dict[str, Any]
    json: dict[str, Any]


@dataclass
class Tile:
    path: Path
    document: dict[str, Any]
    primitives: list[Primitive]
    tables: list[dict[str, list[Any]]]
    error_m: float = 0.0

    @property
    def full(self) -> bool:
        """Nothing finer hangs below."""
        return self.error_m == 0.0


def read_tiles(tileset: Path, matrix: NDArray[np.float64] | None = None, *, coarse: bool = False) -> list[Tile]:
    """Every content under a tileset, external tilesets followed; without those that others replace, unless asked."""
    document = json.loads(tileset.read_text(encoding="utf-8"))
    found: list[Tile] = []

    def visit(tile: dict[str, Any], outer: NDArray[np.float64]) -> None:
        m = outer @ np.array(tile.get("transform", np.eye(4).ravel())).reshape(4, 4, order="F")
        uri = tile.get("content", {}).get("uri")
        if uri:
            path = tileset.parent / uri
            if path.suffix == ".json":
                found.extend(read_tiles(path, m, coarse=coarse))
            elif coarse or not tile.get("children"):
                found.append(read_tile(path, m))
                found[-1].error_m = tile["geometricError"]
        for child in tile.get("children", []):
            visit(child, m)

    visit(document["root"], np.eye(4) if matrix is None else matrix)
    return found


def read_tile(path: Path, matrix: NDArray[np.float64]) -> Tile:
    data = path.read_bytes()
    magic, version, length = struct.unpack_from("<4sII", data)
    assert (magic, version, length) == (b"glTF", 2, len(data))
    size, kind = struct.unpack_from("<I4s", data, 12)
    assert kind == b"JSON"
    document = json.loads(data[20:20 + size])
    bin_size, bin_kind = struct.unpack_from("<I4s", data, 20 + size)
    assert bin_kind == b"BIN\0"
    binary = data[28 + size:28 + size + bin_size]
    assert len(binary) == bin_size == document["buffers"][0]["byteLength"]

    def view(index: int) -> bytes:
        v = document["bufferViews"][index]
        return binary[v["byteOffset"]:v["byteOffset"] + v["byteLength"]]

    def accessor(index: int) -> NDArray[Any]:
        a = document["accessors"][index]
        v, dtype, width = document["bufferViews"][a["bufferView"]], COMPONENTS[a["componentType"]], WIDTHS[a["type"]]
        row = np.dtype(dtype).itemsize * width
        raw, stride = view(a["bufferView"]), v.get("byteStride", row)
        rows = np.frombuffer(raw, "u1", a["count"] * stride).reshape(-1, stride)[:, :row]
        return np.ascontiguousarray(rows).view(dtype)

    primitives = []
    for p in document["meshes"][0]["primitives"]:
        at = p["attributes"]
        turn = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])
        points = accessor(at["POSITION"]).astype(np.float64) @ turn.T
        normals = accessor(at["NORMAL"]).astype(np.float64) @ turn.T @ matrix[:3, :3].T if "NORMAL" in at else None
        primitives.append(Primitive(
            mode=p["mode"], points=points @ matrix[:3, :3].T + matrix[:3, 3], normals=normals,
            feature=accessor(at["_FEATURE_ID_0"])[:, 0].astype(np.int64),
            indices=accessor(p["indices"])[:, 0].astype(np.int64),
            material=document["materials"][p["material"]], json=p))
    extension = document["extensions"]["EXT_structural_metadata"]
    tables = [read_table(table, extension["schema"], view) for table in extension["propertyTables"]]
    return Tile(path=path, document=document, primitives=primitives, tables=tables)


def read_table(table: dict[str, Any], schema: dict[str, Any], view: Any) -> dict[str, list[Any]]:
    """Columns as Python values; no data is None, an enum is its name, a column that is left out its default."""
    declared, n = schema["classes"][table["class"]]["properties"], table["count"]
    columns: dict[str, list[Any]] = {}
    for name, column in table["properties"].items():
        p, raw = declared[name], view(column["values"])
        if p["type"] == "STRING":
            offsets = np.frombuffer(view(column["stringOffsets"]), "<u4", n + 1)
            assert offsets[-1] == len(raw)          # so the validator of 3D Tiles wants it
            columns[name] = [raw[a:b].decode() for a, b in itertools.pairwise(offsets)]
            continue
        if p["type"] == "ENUM":
            enum = schema["enums"][p["enumType"]]
            names = {row["value"]: row["name"] for row in enum["values"]}
            values: list[Any] = [names[v] for v in np.frombuffer(raw, NUMBERS[enum["valueType"]], n).tolist()]
        else:
            values = np.frombuffer(raw, NUMBERS[p["componentType"]], n).tolist()
        columns[name] = [None if "noData" in p and v == p["noData"] else v for v in values]
    return {name: columns.get(name, [p.get("default")] * n) for name, p in declared.items()}


def by_name(tiles: list[Tile], layer: str) -> list[Tile]:
    return [tile for tile in tiles if tile.path.parent.name == layer]
