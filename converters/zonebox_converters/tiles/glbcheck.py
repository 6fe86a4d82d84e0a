"""What must hold in a binary glTF for its arrays and metadata tables to be read safely, and where its vertices are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox_converters.tiles import draco
from zonebox_converters.tiles.glb import Json, bounds
from zonebox_converters.tiles.glbread import Glb, read_glb, read_gltf
from zonebox_converters.tiles.heads import used_below
from zonebox_converters.tiles.schemas import is_identifier
from zonebox_converters.tiles.tables import check_tables

__all__ = ["Glb", "check_glb", "read_glb", "read_gltf"]

INSTANCES: Final = "EXT_mesh_gpu_instancing"
METADATA: Final = "EXT_structural_metadata"

_HULL_WORTH: Final = 100
"""Of a mesh that is placed more often only the corners of its hull are looked at."""


def check_glb(glb: Glb) -> list[NDArray[np.float64]]:
    """Check primitives and property tables, and return every mesh's vertices (n, 3), y up, nodes applied."""
    if "asset" not in glb.document:
        glb.problems.append("asset is missing")
    named = {key: set(glb.document.get(key, [])) for key in ("extensionsUsed", "extensionsRequired")}
    glb.problems += [f"{name} is used and not declared in extensionsUsed"
                     for name in sorted((used_below(glb.document) | named["extensionsRequired"])
                                        - named["extensionsUsed"])]
    tables = check_tables(glb)
    placed: list[NDArray[np.float64]] = []
    positions: dict[int, list[NDArray[np.float64]]] = {}
    for number, mesh in enumerate(glb.document.get("meshes", [])):
        seen: set[int] = set()
        found = [_check_primitive(glb, p, f"meshes[{number}].primitives[{k}]", tables, seen)
                 for k, p in enumerate(mesh.get("primitives", []))]
        positions[number] = [p for p in found if p is not None]
    for node, matrix in _mesh_nodes(glb.document):
        points = positions.get(node["mesh"], [])
        told = node.get("extensions", {}).get(INSTANCES)
        if told is None:
            placed += [_moved(p, matrix) for p in points]
            continue
        instances = _instances(glb, told.get("attributes", {}))
        if len(instances) > _HULL_WORTH:
            points = [_corners(p) for p in points]
        placed += [_moved(p, matrix @ instance) for p in points for instance in instances]
    return placed


def _moved(points: NDArray[np.float64], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    still = np.array_equal(matrix, np.eye(4))
    return points if still else np.asarray(points @ matrix[:3, :3].T + matrix[:3, 3])


def _corners(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Vertices of the convex hull of points (n, 3); all of them where they lie in one plane."""
    from scipy.spatial import ConvexHull, QhullError

    try:
        return np.asarray(points[ConvexHull(points).vertices])
    except (QhullError, ValueError):
        return points


def _instances(glb: Glb, attributes: Json) -> NDArray[np.float64]:
    """Matrices (n, 4, 4) of the places at which a node shows its mesh."""
    columns = {name: glb.accessor(attributes[name]) for name in ("TRANSLATION", "ROTATION", "SCALE")
               if name in attributes}
    known = {name: column for name, column in columns.items() if column is not None}
    if len(known) < len(columns) or len({len(column) for column in known.values()}) > 1:
        glb.problems.append(f"{INSTANCES}: its attributes cannot be read, or are not of one count")
        return np.empty((0, 4, 4))
    matrices = [_node_matrix({name.lower(): _real(column)[k].tolist() for name, column in known.items()})
                for k in range(len(next(iter(known.values()), ())))]
    return np.array(matrices).reshape(-1, 4, 4)


def _real(column: NDArray[Any]) -> NDArray[np.float64]:
    """Numbers of a column; of integers, which are normalized there, what they stand for."""
    values = column.astype(np.float64)
    return values if column.dtype.kind == "f" else np.maximum(values / np.iinfo(column.dtype).max, -1.0)


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
    """Check EXT_mesh_features and what else a primitive says of metadata; ids in textures are not looked into."""
    extensions = primitive.get("extensions", {})
    if METADATA in extensions and METADATA not in glb.document.get("extensions", {}):
        glb.problems.append(f"{place}: has {METADATA}, which the glTF itself has not")
    for entry in extensions.get("EXT_mesh_features", {}).get("featureIds", []):
        count, table = entry.get("featureCount"), entry.get("propertyTable")
        if not _whole(count, 1):
            glb.problems.append(f"{place}: featureCount is {count!r}, want a whole number of at least 1")
            continue
        if "label" in entry and not is_identifier(entry["label"]):
            glb.problems.append(f"{place}: label {entry['label']!r} is not of letters, digits and _")
        if "nullFeatureId" in entry and not _whole(entry["nullFeatureId"], 0):
            glb.problems.append(f"{place}: nullFeatureId {entry['nullFeatureId']!r} is no whole number of at least 0")
            continue
        if table is not None and not (_whole(table, 0) and table < len(tables)):
            glb.problems.append(f"{place}: propertyTable {table!r} does not exist")
            table = None
        if "attribute" in entry:
            _check_ids(glb, primitive, entry, place, None if table is None else tables[table])


def _check_ids(glb: Glb, primitive: Json, entry: Json, place: str, rows: int | None) -> None:
    """Check the feature ids on vertices: so many as stated, and with a property table those of its ``rows``."""
    name, count = f"_FEATURE_ID_{entry['attribute']}", entry["featureCount"]
    if name not in primitive["attributes"]:
        glb.problems.append(f"{place}: attribute {name} is missing")
        return
    ids = glb.accessor(primitive["attributes"][name])
    if ids is None:
        return
    if ids.shape[1] != 1 or glb.document["accessors"][primitive["attributes"][name]].get("normalized"):
        glb.problems.append(f"{place}: {name} is no column of plain numbers")
        return
    ids = ids[ids != entry["nullFeatureId"]] if "nullFeatureId" in entry else ids
    if rows is not None and count > rows:
        glb.problems.append(f"{place}: {count} features but its property table has {rows} rows")
    if ids.size and (ids.min() < 0 or (rows is not None and ids.max() >= min(rows, count))):
        glb.problems.append(f"{place}: a feature id lies outside 0..{min(rows, count) - 1 if rows else 'all'}")
    elif rows is None and ids.size and len(np.unique(ids)) > count:
        glb.problems.append(f"{place}: {len(np.unique(ids))} features have ids, but featureCount says {count}")


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _mesh_nodes(document: Json) -> Iterator[tuple[Json, NDArray[np.float64]]]:
    """Nodes that show a mesh, with their matrices, for the default scene."""
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
            yield nodes[number], matrix
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
