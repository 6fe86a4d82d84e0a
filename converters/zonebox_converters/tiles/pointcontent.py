"""Points of one tile: as glTF with a class and a strength for each, or for 1.0 as pnts with a batch table.

Source: OGC 22-025r4, 3D Tiles 1.1, chapter 10.5 (point cloud, as in 1.0); EXT_structural_metadata, property attributes.
"""

from __future__ import annotations

import json
import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox.compression import DRACO, MESHOPT, NONE, QUANTISE
from zonebox_converters.tiles.content import Z_TO_Y, Content, box_of, tell_positions
from zonebox_converters.tiles.glb import POINTS, GlbBuilder, Json, bounds
from zonebox_converters.tiles.metadata import Property, Schema
from zonebox_converters.tiles.packing import Placed, placed

SCHEMA: Final = Schema(id="point", name="Point of a laser scan", zh="激光点云", properties=(
    Property(id="classification", kind="UINT8", name="Class (ASPRS LAS 1.4)", zh="点类别（ASPRS LAS 1.4）"),
    Property(id="intensity", kind="UINT16", name="Strength of the echo, as recorded", zh="回波强度（原始值）"),
))

ATTRIBUTES: Final = {"classification": "_CLASSIFICATION", "intensity": "_INTENSITY"}

_COLORS: Final = {2: (151, 140, 118), 3: (140, 170, 96), 4: (104, 150, 80), 5: (70, 124, 66), 6: (206, 120, 92),
                  9: (86, 140, 190), 10: (120, 110, 130), 11: (110, 112, 118), 17: (170, 150, 170), 26: (190, 160, 120)}
_OTHER: Final = (176, 178, 182)


def colors(kinds: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colour (n, 3), sRGB, of points by their class."""
    palette = np.tile(np.array(_OTHER, dtype=np.uint8), (256, 1))
    for kind, color in _COLORS.items():
        palette[kind] = color
    return np.asarray(palette[kinds])


def color_of(kind: int) -> str:
    """Colour of a class as a style writes it."""
    return "#" + "".join(f"{part:02x}" for part in _COLORS.get(kind, _OTHER))


def told_classes() -> tuple[int, ...]:
    """Classes with a colour of their own."""
    return tuple(_COLORS)


def points_content(local: NDArray[np.float64], kinds: NDArray[np.uint8], strength: NDArray[np.uint16], *,
                   generator: str, version: str, compression: str = NONE) -> Content:
    """Write points (n, 3), given in the tile's frame, with their classes (n,) and strengths (n,)."""
    if version == "1.0":
        box = bounds(local.astype(np.float32)).astype(np.float64)
        return Content(data=_pnts(local, kinds, strength), box=box, triangles=0)
    given = local @ Z_TO_Y
    positions = placed(given, QUANTISE if compression == DRACO else compression)    # Draco in glTF is for triangles
    data = _glb(positions, kinds, strength, generator, compression)
    return Content(data=data, box=box_of(positions), triangles=0, bound_m=positions.error_m,
                   moved_m=positions.moved_m(given) if positions.exponent is not None else 0.0)


def _glb(positions: Placed, kinds: NDArray[np.uint8], strength: NDArray[np.uint16], generator: str,
         compression: str) -> bytes:
    glb = GlbBuilder(meshopt=compression == MESHOPT)
    linear = np.round(((colors(kinds) / 255.0) ** 2.2) * 255.0).astype(np.uint8)
    floats = positions.stored.dtype.kind == "f"
    if not floats:
        glb.need("KHR_mesh_quantization")
    attributes = {"POSITION": glb.attribute(positions.stored, bounded=True,
                                            exponent=positions.exponent if floats else None),
                  "COLOR_0": glb.attribute(linear, normalized=True),
                  ATTRIBUTES["classification"]: glb.attribute(kinds), ATTRIBUTES["intensity"]: glb.attribute(strength)}
    said: Json = {"schema": SCHEMA.declared(), "propertyAttributes": [
        {"class": SCHEMA.id, "properties": {name: {"attribute": place} for name, place in ATTRIBUTES.items()}}]}
    document: Json = {
        "asset": {"version": "2.0", "generator": generator},
        "extensionsUsed": ["EXT_structural_metadata", "KHR_materials_unlit"],
        "extensions": {"EXT_structural_metadata": said},
        "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": attributes, "mode": POINTS, "material": 0,
                                    "extensions": {"EXT_structural_metadata": {"propertyAttributes": [0]}}}]}],
        "materials": [{"pbrMetallicRoughness": {"metallicFactor": 0.0}, "extensions": {"KHR_materials_unlit": {}}}],
    }
    tell_positions(document, positions)
    return glb.finish(document)


def _pnts(local: NDArray[np.float64], kinds: NDArray[np.uint8], strength: NDArray[np.uint16]) -> bytes:
    positions, shades = local.astype("<f4").tobytes(), colors(kinds).tobytes()
    values = strength.astype("<u2").tobytes() + kinds.tobytes()
    features: Json = {"POINTS_LENGTH": len(local), "POSITION": {"byteOffset": 0},
                      "RGB": {"byteOffset": len(positions)}}
    batch: Json = {"intensity": {"byteOffset": 0, "componentType": "UNSIGNED_SHORT", "type": "SCALAR"},
                   "classification": {"byteOffset": 2 * len(local), "componentType": "UNSIGNED_BYTE",
                                      "type": "SCALAR"}}
    parts = [_padded(json.dumps(features).encode(), b" ", 28), _padded(positions + shades, b"\0"),
             _padded(json.dumps(batch).encode(), b" "), _padded(values, b"\0")]
    body = b"".join(parts)
    return struct.pack("<4sIIIIII", b"pnts", 1, 28 + len(body), *map(len, parts)) + body


def _padded(data: bytes, filler: bytes, start: int = 0) -> bytes:
    return data + filler * (-(start + len(data)) % 8)
