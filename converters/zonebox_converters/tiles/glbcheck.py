"""What must hold in a binary glTF for its arrays and metadata tables to be read safely, and where its vertices are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox_converters.tiles import draco
from zonebox_converters.tiles.glb import Json, bounds
from zonebox_converters.tiles.glbread import PARTS, Glb, read_glb, read_gltf

__all__ = ["Glb", "check_glb", "read_glb", "read_gltf"]

_SIZES: Final = {"INT8": 1, "UINT8": 1, "INT16": 2, "UINT16": 2, "INT32": 4, "UINT32": 4, "INT64": 8, "UINT64": 8,
                 "FLOAT32": 4, "FLOAT64": 8}


def check_glb(glb: Glb) -> list[NDArray[np.float64]]:
    """Check primitives and property tables, and return every mesh's vertices (n, 3), y up, nodes applied."""
    if "asset" not in glb.document:
        glb.problems.append("asset is missing")
    tables = _check_tables(glb)
    placed: list[NDArray[np.float64]] = []
    positions: dict[int, list[NDArray[np.float64]]] = {}
    for number, mesh in enumerate(glb.document.get("meshes", [])):
        seen: set[int] = set()
        found = [_check_primitive(glb, p, f"meshes[{number}].primitives[{k}]", tables, seen)
                 for k, p in enumerate(mesh.get("primitives", []))]
        positions[number] = [p for p in found if p is not None]
    for mesh_number, matrix in _mesh_nodes(glb.document):
        still = np.array_equal(matrix, np.eye(4))
        placed += [p if still else p @ matrix[:3, :3].T + matrix[:3, 3] for p in positions.get(mesh_number, [])]
    return placed


def _check_primitive(glb: Glb, primitive: Json, place: str, tables: list[int],
                     seen: set[int]) -> NDArray[np.float64] | None:
    """Check a primitive and give its vertices; None where it has none, or they were ``seen`` in its mesh before.

    Faces and lines share their vertices, so what is true of these need not be found twice; a mesh's own are.
    """
    attributes = primitive.get("attributes", {})
    if "POSITION" not in attributes:
        return None
    packed = draco.NAME in primitive.get("extensions", {})
    if packed:
        glb.unpack_draco(primitive, place)
    stored = glb.accessor(attributes["POSITION"])
    if stored is None or stored.shape[1] != 3:
        return None
    accessors = glb.document["accessors"]
    for name, index in attributes.items():
        if not 0 <= index < len(accessors):
            glb.problems.append(f"{place}: {name} has no accessor")
        elif glb.document["accessors"][index].get("count") != len(stored):
            glb.problems.append(f"{place}: {name} has another count than POSITION")
    if "indices" in primitive:
        indices = glb.accessor(primitive["indices"])
        if indices is not None and int(indices.max()) >= len(stored):
            glb.problems.append(f"{place}: an index points past the last vertex")
    _check_feature_ids(glb, primitive, place, tables)
    if attributes["POSITION"] in seen and not packed:
        return None
    seen.add(attributes["POSITION"])
    accessor = accessors[attributes["POSITION"]]
    _check_bounds(glb, accessor, bounds(stored), place)
    points = stored.astype(np.float64)
    return np.maximum(points / np.iinfo(stored.dtype).max, -1.0) if accessor.get("normalized") else points


def _check_bounds(glb: Glb, accessor: Json, found: NDArray[Any], place: str) -> None:
    """Compare an accessor's lowest and highest values with those found (2, k)."""
    stated = accessor.get("min"), accessor.get("max")
    if None in stated or not np.allclose(np.array(stated, dtype=np.float64), found, rtol=1e-6, atol=1e-6):
        glb.problems.append(f"{place}: min and max of POSITION are not those of its values")
    if not np.isfinite(found).all():
        glb.problems.append(f"{place}: POSITION is not finite")


def _check_feature_ids(glb: Glb, primitive: Json, place: str, tables: list[int]) -> None:
    for entry in primitive.get("extensions", {}).get("EXT_mesh_features", {}).get("featureIds", []):
        count, table = entry.get("featureCount", 0), entry.get("propertyTable")
        if table is not None and not 0 <= table < len(tables):
            glb.problems.append(f"{place}: propertyTable {table} does not exist")
        elif table is not None and count > tables[table]:
            glb.problems.append(f"{place}: {count} features but property table {table} has {tables[table]} rows")
        if "attribute" not in entry:
            continue
        name = f"_FEATURE_ID_{entry['attribute']}"
        if name not in primitive["attributes"]:
            glb.problems.append(f"{place}: attribute {name} is missing")
            continue
        ids = glb.accessor(primitive["attributes"][name])
        if ids is None:
            continue
        ids = ids[ids != entry["nullFeatureId"]] if "nullFeatureId" in entry else ids
        bound = count if table is None or not 0 <= table < len(tables) else min(count, tables[table])
        if ids.size and (ids.min() < 0 or ids.max() >= bound):
            glb.problems.append(f"{place}: a feature id lies outside 0..{bound - 1}")


def _check_tables(glb: Glb) -> list[int]:
    """Check the property tables and return how many rows each says it has."""
    extension = glb.document.get("extensions", {}).get("EXT_structural_metadata", {})
    schema = extension.get("schema", {})
    counts = []
    for number, table in enumerate(extension.get("propertyTables", [])):
        count, place = int(table.get("count", 0)), f"propertyTables[{number}]"
        counts.append(count)
        declared = schema.get("classes", {}).get(table.get("class"), {}).get("properties", {})
        if schema and table.get("class") not in schema.get("classes", {}):
            glb.problems.append(f"{place}: class {table.get('class')} is not in the schema")
            continue
        for name, column in table.get("properties", {}).items():
            if name in declared:
                _check_column(glb, column, declared[name], schema, count, f"{place}.{name}")
            elif schema:
                glb.problems.append(f"{place}.{name}: is not in the schema")
        glb.problems += [f"{place}.{name}: is required and missing" for name, p in declared.items()
                         if p.get("required") and name not in table.get("properties", {})]
    return counts


def _check_column(glb: Glb, column: Json, declared: Json, schema: Json, count: int, place: str) -> None:
    values = glb.view(column.get("values"))
    if values is None:
        return
    elements: int | None = count * int(declared.get("count", 1))
    if declared.get("array") and "count" not in declared:
        elements = _check_offsets(glb, column, "arrayOffsets", count, None, place)
    if elements is None:
        return
    if declared["type"] == "STRING":
        _check_offsets(glb, column, "stringOffsets", elements, len(values), place)
    elif declared["type"] == "BOOLEAN":
        if len(values) != -(-elements // 8):
            glb.problems.append(f"{place}: {len(values)} bytes are not {elements} booleans")
    else:
        width = _width(declared, schema)
        if width and len(values) != elements * width:
            glb.problems.append(f"{place}: {len(values)} bytes are not {elements} values of {width}")


def _width(declared: Json, schema: Json) -> int:
    if declared["type"] == "ENUM":
        return _SIZES.get(schema.get("enums", {}).get(declared.get("enumType"), {}).get("valueType", "UINT16"), 0)
    return _SIZES.get(declared.get("componentType", ""), 0) * PARTS.get(declared["type"], 0)


def _check_offsets(glb: Glb, column: Json, key: str, count: int, length: int | None, place: str) -> int | None:
    """Check ``count`` + 1 rising offsets that end at ``length``, and return the last."""
    width = _SIZES.get(column.get(f"{key[:-1]}Type", "UINT32"), 4)
    data = glb.view(column.get(key))
    if data is None or len(data) != (count + 1) * width:
        glb.problems.append(f"{place}: {key} are not {count + 1} numbers")
        return None
    offsets = np.frombuffer(data, dtype=f"<u{width}", count=count + 1).astype(np.int64)
    if offsets[0] != 0 or (np.diff(offsets) < 0).any() or (length is not None and offsets[-1] != length):
        glb.problems.append(f"{place}: {key} fall, or do not end where the values do")
        return None
    return int(offsets[-1])


def _mesh_nodes(document: Json) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Mesh numbers with the matrices of the nodes that show them, for the default scene."""
    nodes = document.get("nodes", [])
    scenes = document.get("scenes", [])
    roots = scenes[document.get("scene", 0)].get("nodes", []) if scenes else []
    stack = [(number, np.eye(4), 0) for number in reversed(roots)]
    while stack:
        number, above, depth = stack.pop()
        if not 0 <= number < len(nodes) or depth > len(nodes):
            continue
        matrix = above @ _node_matrix(nodes[number])
        if "mesh" in nodes[number]:
            yield nodes[number]["mesh"], matrix
        stack += [(child, matrix, depth + 1) for child in nodes[number].get("children", [])]


def _node_matrix(node: Json) -> NDArray[np.float64]:
    if "matrix" in node:
        return np.array(node["matrix"], dtype=np.float64).reshape(4, 4).T
    x, y, z, w = node.get("rotation", (0.0, 0.0, 0.0, 1.0))
    turned = np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ])
    matrix = np.eye(4)
    matrix[:3, :3] = turned * np.array(node.get("scale", (1.0, 1.0, 1.0)))
    matrix[:3, 3] = node.get("translation", (0.0, 0.0, 0.0))
    return matrix
