"""The JSON of a tileset: the root, and one external tileset with its style for each layer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

import zonebox
from zonebox.compression import NONE
from zonebox.frame import HeightShift
from zonebox.model import Scene
from zonebox_converters.tiles.glb import Json
from zonebox_converters.tiles.metadata import Schema
from zonebox_converters.tiles.packing import declared
from zonebox_converters.tiles.place import Matrix
from zonebox_converters.tiles.regions import region_of
from zonebox_converters.tiles.store import Folder
from zonebox_converters.tiles.style import style
from zonebox_converters.tiles.tiling import ERROR_STEP, PROMISES, Tile, box12, joined, tile_json

ROOT: Final = "tileset.json"
STYLE: Final = "style.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerResult:
    """What was written of one layer; ``files`` and ``size_bytes`` count its tileset.json, style, subtrees and contents.

    ``implicit`` says how its tiles are found: by a rule, or each by its own entry.
    """

    name: str
    path: Path
    features: int
    triangles: int
    files: int
    size_bytes: int
    implicit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Written:
    """Contents of one layer on disk: its tile tree, triangles drawn, files and bytes, what is wrong with them.

    ``implicit`` is the ``implicitTiling`` object of its root, ``beside`` are files that are no contents.
    """

    name: str
    features: int
    schema: Schema
    statistics: Json
    tile: Tile
    triangles: int
    files: tuple[str, ...]
    size_bytes: int
    problems: tuple[str, ...]
    refine: str = "REPLACE"
    implicit: Json | None = None
    beside: tuple[str, ...] = ()


def generator() -> str:
    """Name and version that stand in what is written."""
    return f"zonebox {zonebox.__version__}"


def write_tilesets(scene: Scene, shift: HeightShift, matrix: Matrix, written: Sequence[Written],
                    folder: Folder, version: str, compression: str = NONE,
                    volumes: str = "box") -> tuple[LayerResult, ...]:
    """Write each layer's tileset and the root over them.

    With ``volumes`` "region" the root, the tiles of the layers in it and the roots of explicit layers have regions; an
    implicit layer's root keeps the box that its squares are parts of. Every layer hangs on a tile with the geometric
    error of the whole scene: a small layer must not vanish before the scene does. That error goes in steps, so that a
    building that makes the scene larger does not change the files of all layers.
    """
    tiles = tuple(w.tile for w in written)
    box = joined(matrix, tiles)
    error = _stepped(max([float(np.linalg.norm(box[1] - box[0])), *(ERROR_STEP * tile.error_m for tile in tiles)]))
    most = ERROR_STEP * error
    asset = {"version": version, "generator": generator(),
             "extras": {"vertical": "ellipsoidal", **_origin(scene, shift), "promises": PROMISES.declared(),
                        **declared(compression)}}
    results, children = [], []
    for w in written:
        name = w.name
        root = tile_json(w.tile, np.eye(4), refine=w.refine)
        if w.implicit is not None:
            root["implicitTiling"] = w.implicit
        elif volumes == "region":
            root["boundingVolume"] = {"region": region_of([w.tile])}
        said = _old_terms(w) if version == "1.0" else {"schema": w.schema.declared(), "statistics": w.statistics}
        data, look = _dump({"asset": asset, **said, "geometricError": error, "root": root}), _dump(style(w.schema))
        folder.put(f"{name}/{ROOT}", data)
        folder.put(f"{name}/{STYLE}", look)
        children.append({"boundingVolume": _volume((w.tile,), matrix, volumes), "geometricError": error,
                         "content": {"uri": f"{name}/{ROOT}"}})
        results.append(LayerResult(name=name, path=folder.root / name / ROOT, features=w.features,
                                   triangles=w.triangles, implicit=w.implicit is not None,
                                   files=len(w.files) + len(w.beside) + 2,
                                   size_bytes=w.size_bytes + len(data) + len(look)))
    root = {"boundingVolume": _volume(tiles, matrix, volumes), "geometricError": most, "refine": "ADD"}
    if children:
        root["children"] = children
    said = _metadata(scene, shift) if version != "1.0" else {}
    folder.put(ROOT, _dump({"asset": asset, **said, "geometricError": most, "root": root}))
    return tuple(results)


def _stepped(error_m: float) -> float:
    """Round an error up to a power of two.

    >>> _stepped(700.0), _stepped(512.0), _stepped(0.3)
    (1024.0, 512.0, 0.5)
    """
    return float(2.0 ** np.ceil(np.log2(error_m)))


def _volume(tiles: tuple[Tile, ...], matrix: Matrix, volumes: str) -> Json:
    """Bounding volume around tiles, in EPSG:4978: a box turned as the scene, or a region."""
    if volumes == "region" and tiles:
        return {"region": region_of(tiles)}
    return {"box": box12(joined(matrix, tiles), matrix)}


def _old_terms(written: Written) -> Json:
    """Say of a layer what 1.0 has words for, the ranges of its numbers, and the rest in ``extras``."""
    properties = written.statistics["classes"][written.schema.id].get("properties", {})
    ranges = {name: {"minimum": said["min"], "maximum": said["max"]} for name, said in properties.items()
              if "min" in said}
    declared = written.schema.declared()["classes"][written.schema.id]
    extras = {"class": written.schema.id, "name": declared["name"], "description": declared["description"],
              "declared": declared["properties"]}
    return {**({"properties": ranges} if ranges else {}), "extras": extras}


def _origin(scene: Scene, shift: HeightShift) -> Json:
    """Say what heights were before they became ellipsoidal, and the shift at the scene's origin."""
    return {"sourceCrs": scene.frame.crs, "sourceVerticalDatum": f"{scene.frame.vertical} {scene.frame.vertical_label}",
            "verticalShift_m": round(shift.shift_m, 4), "verticalShiftBy": shift.operation,
            "verticalShiftSource": shift.source}


_SCENE_TEXTS: Final = {
    "title": ("Title", "场景名称"),
    "vertical": ("Kind of heights", "高程类型：椭球高"),
    "sourceCrs": ("Coordinate reference system of the source", "源坐标参照系"),
    "sourceVerticalDatum": ("Vertical datum of the source", "源高程基准"),
    "verticalShiftBy": ("Operation that shifted heights", "高程转换方法"),
    "verticalShiftSource": ("Source of the shift", "高程转换依据"),
}


def _metadata(scene: Scene, shift: HeightShift) -> Json:
    """Describe the tileset itself, as schema and values (3D Tiles 1.1, 7.8)."""
    properties: Json = {key: {"name": name, "description": zh, "type": "STRING", "required": True}
                        for key, (name, zh) in _SCENE_TEXTS.items()}
    properties["verticalShift_m"] = {
        "name": "Ellipsoidal height minus source height at the origin", "description": "原点处椭球高与源高程之差",
        "type": "SCALAR", "componentType": "FLOAT64", "required": True, "extras": {"unit": "m"}}
    schema = {"id": "zonebox_scene", "version": "1",
              "classes": {"scene": {"name": "Scene", "description": "场景", "properties": properties}}}
    values = {"title": scene.title, "vertical": "ellipsoidal", **_origin(scene, shift)}
    return {"schema": schema, "metadata": {"class": "scene", "properties": values}}


def _dump(document: Json) -> bytes:
    return (json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n").encode()
