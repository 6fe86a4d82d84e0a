"""Scene -> 3D Tiles: one root, one external tileset per layer, checked before anyone is told it is done."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zonebox.compression import NONE, VOLUMES
from zonebox.errors import InputError, ZoneboxError
from zonebox.frame import HeightShift
from zonebox.model import Report, Scene
from zonebox_converters.tiles import chosen
from zonebox_converters.tiles.explicit import laid_out as explicitly
from zonebox_converters.tiles.implicit import UNIFORM
from zonebox_converters.tiles.implicit import laid_out as implicitly
from zonebox_converters.tiles.jobs import Job, Task
from zonebox_converters.tiles.layers import ORDER, Layer, layers, triangle_count
from zonebox_converters.tiles.packing import check_compression
from zonebox_converters.tiles.place import tile_matrix
from zonebox_converters.tiles.plans import Plan, Target
from zonebox_converters.tiles.pointlayer import NAME as POINTCLOUD
from zonebox_converters.tiles.pointlayer import write_points
from zonebox_converters.tiles.scatter import Scan
from zonebox_converters.tiles.squares import LARGEST_HALF_M
from zonebox_converters.tiles.store import Folder
from zonebox_converters.tiles.tilesets import ROOT, STYLE, LayerResult, Written, write_tilesets
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
    """What was written: the root tileset, its layers, how many files changed on disk, and the height shift applied.

    ``notes`` are sentences about what was asked and could not be done.
    """

    root: Path
    layers: tuple[LayerResult, ...]
    rewritten: int
    height_shift: HeightShift
    notes: tuple[str, ...] = ()

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
    most_workers: int = MOST_WORKERS,
    progress: Progress | None = None,
    points: Iterable[Scan] | None = None,
    compression: str = NONE,
    scheduler: str | None = None,
    implicit: bool = False,
    volumes: str = "box",
    properties: Sequence[str] = (),
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
        Processes that make contents; None for as many as pay, by the size of the scene, and no more than
        ``most_workers``. The bytes are the same.
    points : iterable of Scan, optional
        Laser scan of the scene in its frame, piece by piece: a layer of its own.
    compression : str
        One of `packing.COMPRESSIONS`; what a client must know to read it stands in the tileset's ``extras``.
    scheduler : str, optional
        Address of a Dask cluster's scheduler: its workers make the contents. The bytes are the same.
    implicit : bool
        Layers of separate features as implicit quadtrees. One that cannot be divided so stays explicit, which its
        `LayerResult` and the result's notes say.
    volumes : str
        One of `VOLUMES`: of the root and the layers' roots. Tiles under them have boxes, which are tighter.
    properties : sequence of str
        Names of properties of design elements (``Pset_WallCommon.FireRating``, ``Material``) that become columns of
        their metadata; one that no element has is said in the result's notes.

    Raises
    ------
    InputError
        A version that is not written, or has no implicit tiling; a compression that is unknown, not installed or not
        for the version; a cluster that cannot be reached or goes away.
    OutputExistsError
        A file that zonebox did not write stands in the way.
    FrameError
        Heights cannot be brought to the ellipsoid.

    Notes
    -----
    Source: OGC 22-025r4 (3D Tiles 1.1), glTF 2.0 with EXT_mesh_features and EXT_structural_metadata.
    """
    _check_wishes(version, compression, volumes, implicit=implicit)
    shift = scene.frame.height_shift((0.0, 0.0))
    matrix = tile_matrix(scene.frame, 0.0, 0.0)
    names = [name for name in ORDER if name != POINTCLOUD or points is not None]
    folder = Folder(out, [ROOT, *(f"{name}/{file}" for name in names for file in (ROOT, STYLE))], force=force)
    helpers = _helpers(workers, most_workers, triangle_count(scene, report))
    target = Target(frame=scene.frame, matrix=matrix, root=folder.root, version=version, compression=compression)
    written = _write_contents(layers(scene, report, properties), target, folder, helpers, progress, scheduler,
                              implicit=implicit)
    if points is not None and (cloud := write_points(points, target, folder, workers=helpers,
                                                     scheduler=scheduler)) is not None:
        written.append(cloud)
    results = write_tilesets(scene, shift, matrix, written, folder, version, compression, volumes)
    folder.close()
    _check_written(out, written)
    return TilesResult(root=out / ROOT, layers=results, rewritten=folder.written, height_shift=shift,
                       notes=(*(_notes(results) if implicit else ()), *chosen.missing(scene.designs, properties)))


def _check_wishes(version: str, compression: str, volumes: str, *, implicit: bool) -> None:
    """Refuse what cannot be written before anything is."""
    if version not in VERSIONS:
        raise InputError("--version", got=f'"{version}"', want=" or ".join(VERSIONS), then="leave the option out")
    check_compression(compression, version)
    check_implicit(implicit, version)
    if volumes not in VOLUMES:
        raise InputError("--volumes", got=f'"{volumes}"', want=" or ".join(VOLUMES), then="leave the option out")


def _check_written(out: Path, written: list[Written]) -> None:
    """Look at the tileset as a whole; its contents were checked when they were made."""
    problems = [text for w in written for text in w.problems]
    problems += map(str, verify(out, trusted=[out / name for w in written for name in w.files]))
    if problems:
        raise ZoneboxError(f"{problems[0]} ({len(problems)} problems in all): the tiles written are not sound; "
                           "please report this with the scene")


def _notes(results: tuple[LayerResult, ...]) -> tuple[str, ...]:
    """Say which layers stayed explicit though implicit tiling was asked."""
    return tuple(f"tiles: {layer.name} is tiled explicitly, because too much of it crosses one line between implicit "
                 f"tiles, or it reaches further than {LARGEST_HALF_M / 1000:.0f} km from the scene's origin"
                 for layer in results if layer.name in UNIFORM and not layer.implicit)


def check_implicit(implicit: bool, version: str) -> None:
    """See to it that implicit tiling is not asked of a version that does not have it.

    Raises
    ------
    InputError
        It is.
    """
    if implicit and version == "1.0":
        raise InputError("--implicit", got="3D Tiles 1.0, which has no implicit tiling", want="3D Tiles 1.1",
                         then="leave one of the two options out")


def _helpers(workers: int | None, most: int, triangles: int) -> int:
    """Choose the number of processes to make contents with; starting them costs more than a small scene."""
    if workers is not None:
        return workers
    return min(most, os.cpu_count() or 1) if triangles >= TRIANGLES_WORTH_WORKERS else 1


def _write_contents(made: Iterator[Layer], target: Target, folder: Folder, workers: int, progress: Progress | None,
                    scheduler: str | None, *, implicit: bool) -> list[Written]:
    """Write the tiles of all layers; a layer of which nothing can be drawn falls out."""
    plans: dict[str, Plan] = {}
    steps: dict[str, Iterator[int]] = {}

    def jobs() -> Iterator[Job]:
        for layer in made:
            asked = implicitly(layer, target) if implicit and layer.name in UNIFORM else None
            plan, mine = asked or explicitly(layer, target)
            plans[layer.name] = plan
            steps[layer.name] = itertools.count(1)
            folder.plan(plan.uris())
            yield from mine
            del layer, asked, mine      # or two layers of a city are held at a time

    def told(job: Task) -> None:
        if progress is not None:
            progress(job.layer, next(steps[job.layer]), len(plans[job.layer].files))

    results = iter(perform_all(jobs(), workers=workers, told=told, scheduler=scheduler))
    written = [plan.written(list(itertools.islice(results, len(plan.files))), folder) for plan in plans.values()]
    return [w for w in written if w is not None]
