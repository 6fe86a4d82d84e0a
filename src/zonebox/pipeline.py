"""From a scene file to checked envelopes, a picture, a report and 3D Tiles: the data flow in one place.

parcels ── zoning ──► Plan ─────┐
laz ────── lidar ───► Terrain ──┴─ envelopes ─► ControlEnvelope ─┐
ifc ────── ifc ─────► Building ──────────────────────────────────┼─► Scene ─► checks, tiles, viewer, report
cityjson ─ citymodel► Building (context) ────────────────────────┘
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox import checks, delivery, loading, scenefile
from zonebox.checks.earthworks import earthworks
from zonebox.errors import InputError, OutputExistsError, RenderError
from zonebox.frame import Frame
from zonebox.model import Report, Scene
from zonebox.report import Camera, provenance, records
from zonebox.scenefile import SceneFile
from zonebox.stopwatch import Stopwatch
from zonebox.words import Language

if TYPE_CHECKING:
    from zonebox.viewer import Ability
    from zonebox_converters.tiles import TilesResult

SNAPSHOTS_MOST: Final = 60
"""So many findings, the worst, get a picture in space: each takes a second and half a megabyte."""

OUTPUTS: Final = ("report.json", "run.json", "scene.png", "tiles", "report.html", "findings.gpkg", "findings.xlsx",
                  "findings.bcfzip", "findings-2.1.bcfzip", "envelopes.ifc")
"""Everything a run writes into its output folder, beside its cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What a run made: the scene, its report, output name -> path, and sentences about what could not be made."""

    scene: Scene
    report: Report
    outputs: Mapping[str, Path]
    remarks: tuple[str, ...]
    delivered: Mapping[str, str] = field(default_factory=dict)
    """What the scene asks for under ``[outputs]``: its word -> what was written where."""


def checked(
    scene_path: Path, out: Path | None = None, *, workers: int = 2, variant: str = "", force: bool = False,
    watch: Stopwatch | None = None, memory_mb: int | None = None,
) -> tuple[Scene, Report]:
    """Build the scene and check it; nothing is written but the cache in the output folder."""
    from zonebox import builtcache

    watch = watch or Stopwatch()
    folder = claim(output_folder(scene_path, out), force=force)
    scene = loading.load(scene_path, cache=folder / "cache", workers=workers, watch=watch, memory_mb=memory_mb)
    if variant:
        scene = loading.graded(scene.variant(variant))
    spec = scenefile.read(scene_path)
    scene, standing = loading.as_built(spec, scene, workers, watch)
    with watch.step("checks") as progress:
        report = checks.run(scene, progress)
    told = (*standing, *earthworks(scene))
    if told:
        report = Report(findings=tuple(sorted((*report.findings, *told), key=lambda f: f.id)))
    builtcache.store(builtcache.entry(folder / "cache", spec, variant), scene, report)
    return scene, report


def opened(
    scene_path: Path, out: Path | None = None, *, workers: int = 2, variant: str = "", force: bool = False,
    watch: Stopwatch | None = None, memory_mb: int | None = None,
) -> tuple[Scene, Report]:
    """Return the scene as it was built last if nothing has changed since, else build and check it."""
    from zonebox import builtcache

    folder = claim(output_folder(scene_path, out), force=force)
    watch = watch or Stopwatch()
    with watch.step("opened"):
        known = builtcache.load(builtcache.entry(folder / "cache", scenefile.read(scene_path), variant))
    return known or checked(scene_path, out, workers=workers, variant=variant, force=force, watch=watch,
                            memory_mb=memory_mb)


def run(
    scene_path: Path, out: Path | None = None, *, workers: int = 2, lang: Language = "en", force: bool = False,
    watch: Stopwatch | None = None, memory_mb: int | None = None, scheduler: str | None = None,
) -> RunResult:
    """Do everything: build the scene, check it, write the review pack, envelopes and tiles, take the picture.

    ``scheduler``, the address of a Dask cluster that makes the tiles, is that of the scene file where None is given.

    Raises
    ------
    InputError
        Bad input, in one sentence; nothing already written is touched.
    OutputExistsError
        The output folder holds files of these names that no run of zonebox wrote.
    """
    watch = watch or Stopwatch()
    folder, wanted = output_folder(scene_path, out), scenefile.read(scene_path).outputs
    wish = scenefile.read(scene_path).tiles
    compression = _compression(wish.compress)
    cluster = _scheduler(wish.scheduler if scheduler is None else scheduler)
    delivery.check_targets(wanted, claim(folder, force=force), force=force)
    scene, report = opened(scene_path, out, workers=workers, force=force, watch=watch, memory_mb=memory_mb)
    outputs, remarks = _review(scene, report, folder, lang, watch)
    outputs["envelopes"] = _envelopes_file(scene, folder, watch)
    tiled = _tiles(scene, report, folder, watch, force=force, compression=compression, implicit=wish.implicit,
                   volumes=wish.volumes, scheduler=cluster, properties=wish.properties, workers=workers)
    outputs["tiles"] = tiled.root
    remarks += tiled.notes
    with watch.step("picture"):
        try:
            outputs["picture"] = picture(scene, report, folder / "scene.png", lang=lang)
        except RenderError as error:
            remarks.append(str(error))
    remarks = list(dict.fromkeys(remarks))
    delivered = delivery.deliver(wanted, scene, report, folder, force=force)
    outputs["run"] = provenance.write_run(scene, watch.laps, folder / "run.json")
    return RunResult(scene=scene, report=report, outputs=outputs, remarks=tuple(remarks), delivered=delivered)


def review(
    scene_path: Path, out: Path | None = None, *, workers: int = 2, lang: Language = "en", force: bool = False,
    watch: Stopwatch | None = None, memory_mb: int | None = None,
) -> RunResult:
    """Build and check the scene and write what a reviewer needs: page, map layers, sheets, BCF topics."""
    watch = watch or Stopwatch()
    scene, report = opened(scene_path, out, workers=workers, force=force, watch=watch, memory_mb=memory_mb)
    folder = output_folder(scene_path, out)
    outputs, remarks = _review(scene, report, folder, lang, watch)
    outputs["run"] = provenance.write_run(scene, watch.laps, folder / "run.json")
    return RunResult(scene=scene, report=report, outputs=outputs, remarks=tuple(remarks))


def check(
    scene_path: Path, out: Path | None = None, *, workers: int = 2, force: bool = False,
    watch: Stopwatch | None = None, memory_mb: int | None = None,
) -> RunResult:
    """Build and check the scene and write the report."""
    watch = watch or Stopwatch()
    folder, wanted = output_folder(scene_path, out), scenefile.read(scene_path).outputs
    delivery.check_targets(wanted, claim(folder, force=force), force=force)
    scene, report = checked(scene_path, out, workers=workers, force=force, watch=watch, memory_mb=memory_mb)
    delivered = delivery.deliver(wanted, scene, report, folder, force=force)
    outputs = {"report": records.write_report(scene, report, folder / "report.json"),
               "run": provenance.write_run(scene, watch.laps, folder / "run.json")}
    return RunResult(scene=scene, report=report, outputs=outputs, remarks=(), delivered=delivered)


def export_tiles(
    scene_path: Path, out: Path | None = None, *, workers: int = 2, force: bool = False,
    watch: Stopwatch | None = None, memory_mb: int | None = None, version: str = "1.1", points: bool = False,
    compression: str | None = None, scheduler: str | None = None, implicit: bool | None = None,
    volumes: str | None = None,
) -> RunResult:
    """Build and check the scene and write its 3D Tiles, with its laser scans as a layer if ``points`` is set.

    ``compression``, ``implicit``, ``scheduler`` (the address of a Dask cluster that makes the contents) and
    ``volumes`` (of the roots: boxes or regions) are those of the scene file where None is given.
    """
    watch = watch or Stopwatch()
    wish = scenefile.read(scene_path).tiles
    scheduler = _scheduler(wish.scheduler if scheduler is None else scheduler)
    compression = _compression(compression or wish.compress, version)
    implicit = _implicit(wish.implicit if implicit is None else implicit, version)
    scene, report = opened(scene_path, out, workers=workers, force=force, watch=watch, memory_mb=memory_mb)
    folder = output_folder(scene_path, out)
    clouds = _clouds(scenefile.read(scene_path), scene.frame) if points else None
    tiled = _tiles(scene, report, folder, watch, force=force, version=version, clouds=clouds, compression=compression,
                   scheduler=scheduler, implicit=implicit, volumes=volumes or wish.volumes,
                   properties=wish.properties, workers=workers)
    outputs = {"tiles": tiled.root, "run": provenance.write_run(scene, watch.laps, folder / "run.json")}
    return RunResult(scene=scene, report=report, outputs=outputs, remarks=tiled.notes)


def _clouds(spec: SceneFile, frame: Frame) -> Iterator[tuple[NDArray[Any], ...]]:
    """Stream the points of all laser scans that a scene names: of the ground, and of what was built.

    Raises
    ------
    InputError
        It names none.
    """
    from zonebox_converters import lidar

    parts = [part for part in (spec.terrain, spec.as_built) if part is not None and part.points]
    if not parts:
        raise InputError("--points", got="a scene without laser scans", want="points in [terrain] or [as_built]",
                         then="leave the option out")
    seen: dict[Path, str] = {}
    for part in parts:
        for path in part.points:
            seen.setdefault(path, part.crs)
    return chain.from_iterable(lidar.scans([path], frame, crs=crs or None) for path, crs in seen.items())


def _review(
    scene: Scene, report: Report, folder: Path, lang: Language, watch: Stopwatch
) -> tuple[dict[str, Path], list[str]]:
    """Write the review pack; where the machine cannot draw, without pictures in space, and say so."""
    from zonebox.report import cameras, write_all
    from zonebox.report.facts import broken

    remarks, pictures = [], {}
    with watch.step("report") as progress:
        seen = cameras(scene, report, most=SNAPSHOTS_MOST)
        if (count := len(broken(report))) > SNAPSHOTS_MOST:
            remarks.append(f"the worst {SNAPSHOTS_MOST} of {count} findings have pictures in space, the others plans")
        try:
            pictures = _snapshots(scene, report, seen, lang)
        except RenderError as error:
            remarks.append(str(error))
        return write_all(scene, report, folder, lang=lang, pictures=pictures, cameras=seen, progress=progress), remarks


def _snapshots(scene: Scene, report: Report, seen: Mapping[str, Camera], lang: Language) -> dict[str, bytes]:
    """Draw findings from the cameras that their BCF topics carry."""
    from zonebox import viewer

    views = {
        finding: viewer.View(name=f"finding:{finding}", angle_deg=camera.field_deg, up=_triple(camera.up),
                             position=_triple(camera.position), focal_point=_triple(camera.focus))
        for finding, camera in seen.items()
    }
    return viewer.snapshots(scene, report, views, lang=lang) if views else {}


def _triple(vector: NDArray[np.float64]) -> tuple[float, float, float]:
    return float(vector[0]), float(vector[1]), float(vector[2])


def _envelopes_file(scene: Scene, folder: Path, watch: Stopwatch) -> Path:
    from zonebox_converters import exchange

    with watch.step("envelopes_file"):
        return exchange.write(scene, folder / "envelopes.ifc", force=True)          # the folder was claimed


def _compression(name: str, version: str = "1.1") -> str:
    """Refuse a compression that cannot be written before the work is done, not after it."""
    from zonebox_converters.tiles.packing import check_compression

    check_compression(name, version)
    return name


def _scheduler(address: str) -> str | None:
    """Connect to a cluster once before the work is done, not after it; None where none is named."""
    if not address:
        return None
    from zonebox_converters import tiles

    tiles.check_scheduler(address)
    return address


def _implicit(asked: bool, version: str) -> bool:
    """Refuse implicit tiling of a version that has none before the work is done."""
    from zonebox_converters import tiles

    tiles.check_implicit(asked, version)
    return asked


def _tiles(
    scene: Scene, report: Report, folder: Path, watch: Stopwatch, *, force: bool, version: str = "1.1",
    clouds: Iterator[tuple[NDArray[Any], ...]] | None = None, compression: str = "none",
    scheduler: str | None = None, implicit: bool = False, volumes: str = "box", properties: Sequence[str] = (),
    workers: int = 2,
) -> TilesResult:
    from zonebox_converters import tiles

    scans = None if clouds is None else (tiles.Scan(*piece) for piece in clouds)
    with watch.step("tiles") as progress:
        return tiles.write(scene, report, folder / "tiles", force=force, version=version, points=scans,
                           compression=compression, scheduler=scheduler, implicit=implicit, volumes=volumes,
                           properties=properties, most_workers=workers,
                           progress=lambda _layer, done, total: progress(done, total))


def picture(
    scene: Scene, report: Report, path: Path, *, lang: Language = "en", ability: Ability | None = None
) -> Path:
    """Draw the scene into a PNG; RenderError where the machine cannot draw."""
    from zonebox import viewer

    return viewer.screenshot(scene, report, path, lang=lang, ability=ability)


def guard_picture(path: Path, *, force: bool) -> None:
    """Refuse to write a picture over a file that is none, or into a folder that does not exist."""
    if path.exists() and path.suffix.lower() != ".png" and not force:
        raise OutputExistsError(f"{path}: got an existing file that is no .png, want a new name; or use --force")
    if not path.resolve().parent.is_dir():
        raise InputError(path, got="a folder that does not exist", want="an existing folder for the picture",
                         then="make it first")


def output_folder(scene_path: Path, out: Path | None) -> Path:
    """Where a scene's outputs go: ``out``, else ``out/`` beside the scene file."""
    if out is not None:
        return out
    return (scene_path if scene_path.is_dir() else scene_path.parent) / "out"


def claim(folder: Path, *, force: bool = False) -> Path:
    """Make sure that an output folder is ours to write into, and make it.

    Raises
    ------
    OutputExistsError
        It holds files of our names and no `run.json` of ours.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputExistsError(f"{folder}: got a file, want a folder for the outputs; choose another -o")
    foreign = [name for name in OUTPUTS if (folder / name).exists()]
    if foreign and not force and not provenance.is_ours(folder):
        raise OutputExistsError(f"{folder}: got {', '.join(foreign)} that zonebox did not write, want an output folder "
                                "of its own; choose another -o, or overwrite with --force")
    folder.mkdir(parents=True, exist_ok=True)
    provenance.mark(folder)
    return folder
