"""Scene -> 3D Tiles: one root, one external tileset per layer, checked before anyone is told it is done."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

import zonebox
from zonebox.errors import InputError, ZoneboxError
from zonebox.frame import Frame, HeightShift
from zonebox.model import Report, Scene
from zonebox_converters.tiles.content import anchors
from zonebox_converters.tiles.glb import Json
from zonebox_converters.tiles.jobs import Done, Job, part_of
from zonebox_converters.tiles.layers import Layer, layers
from zonebox_converters.tiles.place import Matrix, tile_matrix
from zonebox_converters.tiles.store import Folder
from zonebox_converters.tiles.surface import vertex_normals
from zonebox_converters.tiles.tiling import (
    TRIANGLES_PER_TILE,
    Cell,
    Tile,
    box12,
    grow,
    joined,
    leaf,
    quadtree,
    tile_json,
)
from zonebox_converters.tiles.verify import verify
from zonebox_converters.tiles.workers import perform_all

Progress = Callable[[str, int, int], None]
"""Told (layer, tiles done, tiles in all) after each tile."""

VERSIONS: Final = ("1.1",)
ROOT: Final = "tileset.json"

TRIANGLES_WORTH_WORKERS: Final = 400_000
"""Below, one process is done before others have started."""

MOST_WORKERS: Final = 4
"""More do not help: one process cuts the parts for all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerResult:
    """What was written of one layer; ``files`` and ``size_bytes`` count its tileset.json and its contents."""

    name: str
    path: Path
    features: int
    triangles: int
    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TilesResult:
    """What was written: the root tileset, its layers, how many files changed on disk, and the height shift applied."""

    root: Path
    layers: tuple[LayerResult, ...]
    rewritten: int
    height_shift: HeightShift

    @property
    def size_bytes(self) -> int:
        """Bytes of all layers."""
        return sum(layer.size_bytes for layer in self.layers)


def write(
    scene: Scene,
    report: Report,
    out: Path,
    *,
    version: str = "1.1",
    force: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
) -> TilesResult:
    """Write a scene and its findings as 3D Tiles into a folder.

    The same scene gives the same bytes; a file that would not change is not touched; files that zonebox did not write
    are left alone.

    Parameters
    ----------
    scene, report
        What to write; heights in the scene's vertical datum, shifted per vertex to the ellipsoid.
    out : Path
        Folder of the root ``tileset.json``.
    version : str
        Of 3D Tiles.
    force : bool
        Replace files of the same name that zonebox did not write.
    workers : int or None
        Processes that make contents; None for as many as pay, by the size of the scene. The bytes are the same.

    Raises
    ------
    InputError
        A version that is not written.
    OutputExistsError
        A file that zonebox did not write stands in the way.
    FrameError
        Heights cannot be brought to the ellipsoid.

    Notes
    -----
    Source: OGC 22-025r4 (3D Tiles 1.1), glTF 2.0 with EXT_mesh_features and EXT_structural_metadata.
    """
    if version not in VERSIONS:
        raise InputError("--version", got=f'"{version}"', want=" or ".join(VERSIONS), then="leave the option out")
    shift = scene.frame.height_shift((0.0, 0.0))
    matrix = tile_matrix(scene.frame, 0.0, 0.0)
    made = layers(scene, report)
    cells = [quadtree(anchors(layer, TRIANGLES_PER_TILE)) for layer in made]
    named = [_uri(layer, cell) for layer, tree in zip(made, cells, strict=True) for cell in tree.leaves()]
    folder = Folder(out, [ROOT, *(f"{layer.name}/{ROOT}" for layer in made), *named], force=force)
    helpers = _helpers(workers, sum(len(layer.mesh) for layer in made))
    plans = [_Plan(layer=layer, tree=tree, leaves=tuple(tree.leaves()))
             for layer, tree in zip(made, cells, strict=True)]
    written = _write_contents(plans, scene.frame, matrix, folder, helpers, progress)
    results = _write_tilesets(scene, shift, matrix, written, folder)
    folder.close()
    problems = [text for w in written for text in w.problems]
    problems += map(str, verify(out, trusted=[out / name for name in named]))
    if problems:
        raise ZoneboxError(f"{problems[0]} ({len(problems)} problems in all): the tiles written are not sound; "
                           "please report this with the scene")
    return TilesResult(root=out / ROOT, layers=results, rewritten=folder.written, height_shift=shift)


def _helpers(workers: int | None, triangles: int) -> int:
    """Choose the number of processes to make contents with; starting them costs more than a small scene."""
    if workers is not None:
        return workers
    return min(MOST_WORKERS, os.cpu_count() or 1) if triangles >= TRIANGLES_WORTH_WORKERS else 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Plan:
    """A layer and the cells that its triangles went to."""

    layer: Layer
    tree: Cell
    leaves: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Written:
    """Contents of one layer on disk: its tile tree, triangles drawn, bytes of each file, what is wrong with them."""

    layer: Layer
    tile: Tile
    triangles: int
    sizes: tuple[int, ...]
    problems: tuple[str, ...]


def _write_contents(plans: Sequence[_Plan], frame: Frame, matrix: Matrix, folder: Folder, workers: int,
                    progress: Progress | None) -> list[_Written]:
    """Write the tiles of all layers; a layer of which nothing can be drawn falls out."""
    count = {plan.layer.name: len(plan.leaves) for plan in plans}
    steps = {name: itertools.count(1) for name in count}

    def told(job: Job) -> None:
        if progress is not None:
            progress(job.layer, next(steps[job.layer]), count[job.layer])

    jobs = (job for plan in plans for job in _jobs(plan, frame, matrix, folder.root))
    results = iter(perform_all(jobs, workers=workers, told=told))
    written = [_assembled(plan, list(itertools.islice(results, len(plan.leaves))), frame, matrix, folder)
               for plan in plans]
    return [w for w in written if w is not None]


def _jobs(plan: _Plan, frame: Frame, matrix: Matrix, root: Path) -> Iterator[Job]:
    """Bring a layer's vertices to the globe and cut it into the parts of its cells."""
    layer = plan.layer
    ecef = frame.to_ecef(layer.mesh.vertices)
    normals = vertex_normals(ecef - matrix[:3, 3], layer.mesh.triangles) if layer.look.smooth else None
    for cell in plan.leaves:
        part = part_of(layer, cell.rows, ecef, normals, _matrix(cell, frame, matrix))
        yield Job(layer=layer.name, part=part, path=root / _uri(layer, cell), generator=generator())


def _assembled(plan: _Plan, results: Sequence[Done | None], frame: Frame, matrix: Matrix,
               folder: Folder) -> _Written | None:
    """Join what became of a layer's cells into its tree of tiles."""
    drawn = [(cell, done) for cell, done in zip(plan.leaves, results, strict=True) if done is not None]
    tiles: dict[str, Tile] = {}
    for cell, done in drawn:
        folder.keep(_uri(plan.layer, cell), rewritten=done.rewritten)
        tiles[cell.name] = leaf(_matrix(cell, frame, matrix), done.box, _file(cell))
    tile = grow(plan.tree, matrix, lambda cell: tiles.get(cell.name))
    if tile is None:
        return None
    return _Written(layer=plan.layer, tile=tile, triangles=sum(done.triangles for _, done in drawn),
                    sizes=tuple(done.size for _, done in drawn),
                    problems=tuple(f"{_uri(plan.layer, cell)}: {text}" for cell, done in drawn
                                   for text in done.problems))


def _matrix(cell: Cell, frame: Frame, matrix: Matrix) -> Matrix:
    return matrix if cell.center is None else tile_matrix(frame, *cell.center)


def generator() -> str:
    """Name and version that stand in what is written."""
    return f"zonebox {zonebox.__version__}"


def _file(cell: Cell) -> str:
    return f"{cell.name}.glb"


def _uri(layer: Layer, cell: Cell) -> str:
    return f"{layer.name}/{_file(cell)}"


def _write_tilesets(scene: Scene, shift: HeightShift, matrix: Matrix, written: Sequence[_Written],
                    folder: Folder) -> tuple[LayerResult, ...]:
    """Write each layer's tileset and the root over them.

    Every layer bears the geometric error of the whole scene: a small layer must not vanish before the scene does.
    """
    tiles = tuple(w.tile for w in written)
    box = joined(matrix, tiles)
    error = max([float(np.linalg.norm(box[1] - box[0])), *(tile.error_m for tile in tiles)])
    asset = {"version": "1.1", "generator": generator(), "extras": {"vertical": "ellipsoidal", **_origin(scene, shift)}}
    results, children = [], []
    for w in written:
        name = w.layer.name
        root = tile_json(w.tile, np.eye(4), refine="REPLACE")
        data = _dump({"asset": asset, "geometricError": error, "root": root})
        folder.put(f"{name}/{ROOT}", data)
        children.append({"boundingVolume": {"box": box12(joined(matrix, (w.tile,)), matrix)}, "geometricError": error,
                         "content": {"uri": f"{name}/{ROOT}"}})
        results.append(LayerResult(name=name, path=folder.root / name / ROOT, features=len(np.unique(w.layer.feature)),
                                   triangles=w.triangles, files=len(w.sizes) + 1,
                                   size_bytes=sum(w.sizes) + len(data)))
    root = {"boundingVolume": {"box": box12(joined(matrix, tiles), matrix)}, "geometricError": error, "refine": "ADD"}
    if children:
        root["children"] = children
    folder.put(ROOT, _dump({"asset": asset, **_metadata(scene, shift), "geometricError": error, "root": root}))
    return tuple(results)


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
