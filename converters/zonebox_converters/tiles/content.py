"""One tile's triangles as a GLB: positions, normals, colours, feature ids, outlines and the property table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox.compression import MESHOPT, NONE
from zonebox_converters.tiles import metadata
from zonebox_converters.tiles.batched import BATCH_ID, b3dm
from zonebox_converters.tiles.glb import GlbBuilder, Json, bounds, y_up
from zonebox_converters.tiles.look import Look
from zonebox_converters.tiles.packing import Placed, placed
from zonebox_converters.tiles.place import Matrix, into
from zonebox_converters.tiles.surface import Drawn, creases, draw, face_normals, owned, vertex_normals, weld
from zonebox_converters.tiles.vertices import Column, Vertices

MOST_MATERIALS: Final = 32
"""With more colours than this a tile carries them on its vertices, so that it is not drawn in a hundred calls."""

LEAST_AREA_M2: Final = 1e-8
"""A triangle with less has no direction in float32 and is not drawn."""

_NOTHING_M: Final = 1e-9

Z_TO_Y: Final = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""Turns rows (n, 3), z up, into glTF's y up: (x, y, z) -> (x, z, -y)."""

FEATURE_ID: Final = "_FEATURE_ID_0"

LINE_SHADE: Final = 0.55
"""Lines have the colour of their faces, this much of its brightness, opaque."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Content:
    """A GLB, the box (2, 3) that bounds its positions exactly (tile frame, z up), and the triangles drawn.

    ``moved_m`` says how far compression moved the vertex that it moved furthest, ``bound_m`` how far it may.
    """

    data: bytes
    box: NDArray[np.float64]
    triangles: int
    moved_m: float = 0.0
    bound_m: float = 0.0

    def moved(self) -> list[str]:
        """Say where compression moved a vertex further than it may."""
        if self.moved_m <= self.bound_m + _NOTHING_M:
            return []
        return [f"a vertex was moved {1000 * self.moved_m:.3f} mm, where {1000 * self.bound_m:.3f} may be"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """Some triangles of a layer: all that a tile's content is made of.

    Parameters
    ----------
    points : (n, 3) float64
        Vertices in EPSG:4978.
    normals : (n, 3) float64 or None
        Their normals, where the layer is smooth.
    triangles : (k, 3) int32
        Rows of ``points``.
    feature : (k,) int32
        Row of ``table`` for each triangle.
    color : (k, 4) uint8
        sRGB and opacity of each triangle.
    matrix : (4, 4) float64
        The tile's frame.
    shift : tuple of float
        Point of that frame from which positions are counted, so that float32 keeps them; a node brings them back.
    """

    points: NDArray[np.float64]
    normals: NDArray[np.float64] | None
    triangles: NDArray[np.int32]
    feature: NDArray[np.int32]
    color: NDArray[np.uint8]
    table: metadata.Table
    look: Look
    matrix: Matrix
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)


def content(part: Part, *, generator: str, version: str = "1.1", compression: str = NONE) -> Content | None:
    """Write a part of a layer as a GLB, for version 1.0 in a b3dm; None where no triangle has an area."""
    look, matrix = part.look, part.matrix
    points, triangles = into(matrix, part.points) - part.shift, part.triangles.astype(np.int64)
    if not look.smooth:
        source, triangles, owner = owned(triangles, part.feature.astype(np.int64), len(points))
        points = points if source is None else points[source]
        first, place = weld(points.astype(np.float32), owner)
        points, triangles = points.take(first, axis=0), place.take(triangles)
    faces, keep = face_normals(points, triangles, least_area_m2=LEAST_AREA_M2)
    if not keep.any():
        return None
    every = bool(keep.all())
    triangles = triangles if every else triangles[keep]
    kept = (part.feature if every else part.feature[keep]).astype(np.int64)
    present = np.bincount(kept, minlength=len(part.table)) > 0
    features, feature = np.flatnonzero(present), (np.cumsum(present) - 1)[kept]
    palette, group, tint = _palette(part.color if every else part.color[keep])
    smooth = part.normals @ matrix[:3, :3] if part.normals is not None else None
    drawn = draw(triangles, faces if smooth is None else smooth, feature, tint, smooth=smooth is not None)
    if look.lift_m:
        points = points + look.lift_m * vertex_normals(points, triangles)
    edges = creases(triangles, faces) if look.outline or look.lines else None

    glb = GlbBuilder(meshopt=compression == MESHOPT)
    given = (points @ Z_TO_Y).take(drawn.source, axis=0)
    positions = placed(given, compression, one_grid=look.smooth)
    columns = _columns(drawn, len(features), palette if len(palette) > MOST_MATERIALS else None,
                       ids_named=BATCH_ID if version == "1.0" else FEATURE_ID)
    vertices = Vertices(glb, positions, y_up(drawn.normals), columns, compression=compression)
    looks = _materials(palette, look)
    primitives, materials = _primitives(vertices, drawn, looks, group, edges, look)
    document = _document(primitives, materials, generator)
    tell_positions(document, positions)
    _bring_back(document["nodes"][0], part.shift)
    table = part.table.take(features)
    if version == "1.0":
        used = document.pop("extensionsUsed")
        data = b3dm(glb.finish(document | ({"extensionsUsed": used} if used else {})), table)
    else:
        _tell(document, primitives, table, glb)
        data = glb.finish(document)
    return Content(data=data, box=box_of(positions) + part.shift, triangles=len(triangles), bound_m=positions.error_m,
                   moved_m=positions.moved_m(given) if positions.exponent is not None else 0.0)


def box_of(positions: Placed) -> NDArray[np.float64]:
    """Box (2, 3), z up, of what a client makes of positions."""
    low, high = bounds(positions.real)
    return np.array([[low[0], -high[2], low[1]], [high[0], -low[2], high[1]]])


def tell_positions(document: Json, positions: Placed) -> None:
    """Put into a document where its only mesh stands, and how far compression may have moved a vertex of it."""
    document["nodes"] = [{"mesh": 0, **positions.node}]
    if positions.exponent is not None:
        document["asset"]["extras"] = {"positionError_mm": round(1000.0 * positions.error_m, 3)}


def _bring_back(node: Json, shift: tuple[float, float, float]) -> None:
    """Move the only node of a document by what its positions (z up) were moved before."""
    if any(shift):
        moved = np.array(node.get("translation", (0.0, 0.0, 0.0))) + np.array(shift) @ Z_TO_Y
        node["translation"] = (moved + 0.0).tolist()


def _tell(document: Json, primitives: list[Json], table: metadata.Table, glb: GlbBuilder) -> None:
    """Put the features' ids and properties into a document (EXT_mesh_features, EXT_structural_metadata)."""
    for primitive in primitives:
        primitive.setdefault("extensions", {})["EXT_mesh_features"] = {
            "featureIds": [{"featureCount": len(table), "attribute": 0, "propertyTable": 0}]}
    document["extensions"] = {"EXT_structural_metadata": metadata.encode(table, glb)}
    document["extensionsUsed"] = sorted({*document["extensionsUsed"], "EXT_mesh_features", "EXT_structural_metadata"})


def _palette(colors: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """Colours (c, 4), the drawing group of each triangle (m,), and its colour (m,).

    One group a colour; where there are too many, one of opaque triangles and one of translucent.
    """
    packed = np.ascontiguousarray(colors).view(np.dtype("<u4")).reshape(-1)
    if packed.min() == packed.max():
        codes, tint = packed[:1], np.zeros(len(packed), dtype=np.int64)
    else:
        codes, tint = np.unique(packed, return_inverse=True)
    palette = codes.astype("<u4").view(np.uint8).reshape(-1, 4)
    tint = tint.astype(np.int64)
    group = tint if len(codes) <= MOST_MATERIALS else (palette[tint, 3] < 255).astype(np.int64)
    return palette, group, tint


def _columns(drawn: Drawn, features: int, palette: NDArray[np.uint8] | None, *, ids_named: str) -> dict[str, Column]:
    """Feature ids of the vertices, and their colours where a palette (c, 4) is given."""
    ids = drawn.feature.astype(np.uint16 if features <= 0xFFFF + 1 else np.float32)
    columns = {ids_named: Column(values=ids)}
    if palette is not None:
        linear = np.round(_linear(palette) * 0xFFFF).astype(np.uint16)
        columns["COLOR_0"] = Column(values=linear[drawn.color], normalized=True)
    return columns


def _linear(color: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Linear light (c, 4), 0–1, of sRGB colours; opacity is linear already (glTF 2.0, 3.9.2)."""
    c = color / 255.0
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    linear[:, 3] = c[:, 3]
    return np.asarray(linear)


def _materials(palette: NDArray[np.uint8], look: Look) -> list[tuple[Json, Json]]:
    """Face and line material of each drawing group."""
    if len(palette) > MOST_MATERIALS:
        palette = np.array([[255, 255, 255, 255], [255, 255, 255, 254]], dtype=np.uint8)
        factors = np.ones((2, 4))
    else:
        factors = np.round(_linear(palette), 6)
    made = []
    for color, factor in zip(palette, factors, strict=True):
        face: Json = {"pbrMetallicRoughness": {"baseColorFactor": factor.tolist(), "metallicFactor": 0.0,
                                               "roughnessFactor": 1.0}}
        if color[3] < 255:
            face["alphaMode"] = "BLEND"
        if look.double_sided:
            face["doubleSided"] = True
        shade = [*np.round(factor[:3] * LINE_SHADE, 6).tolist(), 1.0]
        line: Json = {"pbrMetallicRoughness": {"baseColorFactor": shade}, "extensions": {"KHR_materials_unlit": {}}}
        made.append((face, line))
    return made


def _primitives(
    vertices: Vertices,
    drawn: Drawn,
    looks: list[tuple[Json, Json]],
    group: NDArray[np.int64],
    edges: tuple[NDArray[np.bool_], NDArray[np.int64]] | None,
    look: Look,
) -> tuple[list[Json], list[Json]]:
    """Faces, and lines where they are asked for, of each drawing group, with the materials they need."""
    primitives: list[Json] = []
    materials: list[Json] = []
    flat = drawn.triangles.reshape(-1)
    for number in np.unique(group):
        face, line = looks[number]
        chosen = group == number
        triangles = drawn.triangles if chosen.all() else drawn.triangles[chosen]
        outline = None
        if edges is not None and look.outline:
            outline = _ends(triangles.reshape(-1), np.flatnonzero(edges[0] if chosen.all() else edges[0][chosen]))
        primitives.append({**vertices.faces(triangles, outline), "material": len(materials)})
        materials.append(face)
        if edges is None or look.outline:
            continue
        once = edges[1]
        ends = _ends(flat, once[chosen[once // 3]])
        if len(ends):
            primitives.append({**vertices.lines(ends), "material": len(materials)})
            materials.append(line)
    return primitives, materials


def _ends(corners: NDArray[np.int64], edges: NDArray[np.intp]) -> NDArray[np.int64]:
    """Vertices (k, 2) at the ends of edges, by their places among the corners of all triangles one after another."""
    return np.stack([corners[edges], corners[edges + np.where(edges % 3 == 2, -2, 1)]], axis=1)


def _document(primitives: list[Json], materials: list[Json], generator: str) -> Json:
    return {
        "asset": {"version": "2.0", "generator": generator},
        "extensionsUsed": sorted(_extensions(primitives) | _extensions(materials)),
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": primitives}],
        "materials": materials,
    }


def _extensions(objects: Iterable[Json]) -> set[str]:
    return {name for entry in objects for name in entry.get("extensions", {})}
