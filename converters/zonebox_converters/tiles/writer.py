"""Scene -> 3D Tiles: one root, one external tileset per layer, checked before anyone is told it is done."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zonebox.compression import NONE
from zonebox.errors import InputError, ZoneboxError
from zonebox.frame import Frame, HeightShift
from zonebox.model import Report, Scene
from zonebox_converters.tiles.content import Part
from zonebox_converters.tiles.cutting import Cutter, anchors, distinct, loads
from zonebox_converters.tiles.detail import Coarse, coarsened
from zonebox_converters.tiles.glb import Json
from zonebox_converters.tiles.jobs import Done, Job
from zonebox_converters.tiles.layers import ORDER, Layer, layers, triangle_count
from zonebox_converters.tiles.metadata import Schema
from zonebox_converters.tiles.packing import check_compression
from zonebox_converters.tiles.place import Matrix, tile_matrix
from zonebox_converters.tiles.pointlayer import NAME as POINTCLOUD
from zonebox_converters.tiles.pointlayer import write_points
from zonebox_converters.tiles.scatter import Scan
from zonebox_converters.tiles.statistics import statistics
from zonebox_converters.tiles.store import Folder
from zonebox_converters.tiles.tilesets import ROOT, STYLE, LayerResult, Written, generator, write_tilesets
from zonebox_converters.tiles.tiling import (
    TRIANGLES_PER_TILE,
    Cell,
    Tile,
    bare,
    grow,
    quadtree,
)
from zonebox_converters.tiles.verifier import verify
from zonebox_converters.tiles.workers import perform_all

Progress = Callable[[str, int, int], None]
"""Told (layer, tiles done, tiles in all) after each tile."""

VERSIONS: Final = ("1.1", "1.0")

TRIANGLES_WORTH_WORKERS: Final = 400_000
"""Below, one process is done before others have started."""

MOST_WORKERS: Final = 4
"""More do not help: one process cuts the parts for all of them."""


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
    points: Iterable[Scan] | None = None,
    compression: str = NONE,
    scheduler: str | None = None,
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
        Of 3D Tiles: 1.1, contents are GLB with EXT_structural_metadata; 1.0, they are b3dm with batch tables.
    force : bool
        Replace files of the same name that zonebox did not write.
    workers : int or None
        Processes that make contents; None for as many as pay, by the size of the scene. The bytes are the same.
    points : iterable of Scan, optional
        Laser scan of the scene in its frame, piece by piece: a layer of its own.
    compression : str
        One of `packing.COMPRESSIONS`; what a client must know to read it stands in the tileset's ``extras``.
    scheduler : str, optional
        Address of a Dask cluster's scheduler: its workers make the contents. The bytes are the same.

    Raises
    ------
    InputError
        A version that is not written; a compression that is unknown, not installed or not for the version; a cluster
        that cannot be reached or goes away.
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
    check_compression(compression, version)
    shift = scene.frame.height_shift((0.0, 0.0))
    matrix = tile_matrix(scene.frame, 0.0, 0.0)
    names = [name for name in ORDER if name != POINTCLOUD or points is not None]
    folder = Folder(out, [ROOT, *(f"{name}/{file}" for name in names for file in (ROOT, STYLE))], force=force)
    helpers = _helpers(workers, triangle_count(scene, report))
    written = _write_contents(layers(scene, report), scene.frame, matrix, folder, version, helpers,
                              progress, compression, scheduler)
    if points is not None and (cloud := write_points(points, scene.frame, folder, version,
                                                          compression)) is not None:
        written.append(cloud)
    results = write_tilesets(scene, shift, matrix, written, folder, version, compression)
    folder.close()
    problems = [text for w in written for text in w.problems]
    problems += map(str, verify(out, trusted=[out / name for w in written for name in w.files]))
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
    """What must be remembered of a layer while its contents are made; its cells have no rows any more.

    ``errors`` are the measured errors of the coarse contents, by the names of their cells.
    """

    name: str
    features: int
    schema: Schema
    statistics: Json
    tree: Cell
    cells: tuple[Cell, ...]
    errors: dict[str, float]


def _write_contents(made: Iterator[Layer], frame: Frame, matrix: Matrix, folder: Folder, version: str,
                    workers: int, progress: Progress | None, compression: str,
                    scheduler: str | None) -> list[Written]:
    """Write the tiles of all layers; a layer of which nothing can be drawn falls out."""
    plans: dict[str, _Plan] = {}
    steps: dict[str, Iterator[int]] = {}

    def jobs() -> Iterator[Job]:
        for layer in made:
            tree = quadtree(anchors(layer, TRIANGLES_PER_TILE), loads(layer))
            drawn, coarse = coarsened(layer, tree)
            known = bare(tree)
            cells = (*known.leaves(), *(cell for cell in known.inner() if cell.name in coarse))
            plans[layer.name] = _Plan(name=layer.name, features=len(distinct(layer.feature)[0]), tree=known,
                                      cells=cells, schema=layer.table.schema, statistics=statistics(layer.table),
                                      errors={name: found.error_m for name, found in coarse.items()})
            steps[layer.name] = itertools.count(1)
            folder.plan(_uri(layer.name, cell, version) for cell in cells)
            yield from _jobs(layer, tree, drawn, coarse, frame, matrix, folder.root, version, compression)

    def told(job: Job) -> None:
        if progress is not None:
            progress(job.layer, next(steps[job.layer]), len(plans[job.layer].cells))

    results = iter(perform_all(jobs(), workers=workers, told=told, scheduler=scheduler))
    written = [_assembled(plan, list(itertools.islice(results, len(plan.cells))), frame, matrix, folder,
                          version)
               for plan in plans.values()]
    return [w for w in written if w is not None]


def _jobs(layer: Layer, tree: Cell, drawn: Layer, coarse: Mapping[str, Coarse], frame: Frame, matrix: Matrix,
          root: Path, version: str, compression: str) -> Iterator[Job]:
    """Cut a layer into the parts of its cells: first the full ones, then the coarse ones from ``drawn``."""

    def job(cell: Cell, part: Part) -> Job:
        return Job(layer=layer.name, part=part, path=root / _uri(layer.name, cell, version), generator=generator(),
                   version=version, compression=compression)

    cutter = Cutter(layer, frame, matrix)
    for cell in tree.leaves():
        yield job(cell, cutter.part(cell.rows, _matrix(cell, frame, matrix)))
    if drawn is not layer:
        cutter = Cutter(drawn, frame, matrix)
    for cell in tree.inner():
        if cell.name in coarse:
            left = coarse[cell.name]
            yield job(cell, cutter.cut(left.triangles, left.feature, left.color, _matrix(cell, frame, matrix)))


def _assembled(plan: _Plan, results: Sequence[Done | None], frame: Frame, matrix: Matrix,
               folder: Folder, version: str) -> Written | None:
    """Join what became of a layer's cells into its tree of tiles."""
    drawn = [(cell, done) for cell, done in zip(plan.cells, results, strict=True) if done is not None]
    tiles: dict[str, Tile] = {}
    for cell, done in drawn:
        folder.keep(_uri(plan.name, cell, version), rewritten=done.rewritten)
        tiles[cell.name] = Tile(matrix=_matrix(cell, frame, matrix), box=done.box, uri=_file(cell, version),
                                error_m=plan.errors.get(cell.name, 0.0))
    tile = grow(plan.tree, matrix, lambda cell: tiles.get(cell.name))
    if tile is None:
        return None
    return Written(name=plan.name, features=plan.features, schema=plan.schema, statistics=plan.statistics, tile=tile,
                    triangles=sum(done.triangles for cell, done in drawn if cell.name not in plan.errors),
                    files=tuple(_uri(plan.name, cell, version) for cell, _ in drawn),
                    size_bytes=sum(done.size for _, done in drawn),
                    problems=tuple(f"{_uri(plan.name, cell, version)}: {text}" for cell, done in drawn
                                   for text in done.problems))


def _matrix(cell: Cell, frame: Frame, matrix: Matrix) -> Matrix:
    return matrix if cell.center is None else tile_matrix(frame, *cell.center)


def _file(cell: Cell, version: str) -> str:
    return f"{cell.name}.{'b3dm' if version == '1.0' else 'glb'}"


def _uri(layer: str, cell: Cell, version: str) -> str:
    return f"{layer}/{_file(cell, version)}"
