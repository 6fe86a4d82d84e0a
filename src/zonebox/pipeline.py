"""From a scene file to checked envelopes, a picture, a report and 3D Tiles: the data flow in one place.

parcels ── zoning ──► Plan ─────┐
laz ────── lidar ───► Terrain ──┴─ envelopes ─► ControlEnvelope ─┐
ifc ────── ifc ─────► Building ──────────────────────────────────┼─► Scene ─► checks, tiles, viewer, report
cityjson ─ citymodel► Building (context) ────────────────────────┘
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zonebox import checks, scenefile
from zonebox.errors import InputError, OutputExistsError, RenderError
from zonebox.frame import Frame
from zonebox.model import Authority, Building, Finding, Plan, Report, Scene, Source, Terrain
from zonebox.report import provenance, records
from zonebox.scenefile import SceneFile
from zonebox.stopwatch import Progress, Stopwatch
from zonebox.words import Language

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


def load(scene_path: Path, *, cache: Path | None = None, workers: int = 2, watch: Stopwatch | None = None) -> Scene:
    """Read everything a scene names and build its envelopes.

    Raises
    ------
    InputError
        A file, field or value that cannot be used, in one sentence.
    """
    watch = watch or Stopwatch()
    spec = scenefile.read(scene_path)
    with watch.step("plan"):
        frame, plan = _plan(spec)
        frame.height_shift((0.0, 0.0, 0.0))         # a missing geoid is said now, not after minutes of reading
    with watch.step("terrain") as progress:
        terrain = _terrain(spec, frame, cache, progress)
    with watch.step("context"):
        context = _context(spec, frame)
    with watch.step("designs") as progress:
        designs = _designs(spec, frame, cache, workers, progress)
    with watch.step("envelopes") as progress:
        from zonebox_converters import envelopes

        boxes = envelopes.build(plan, terrain, progress, frame=frame)
    return Scene(name=spec.name, title=spec.title, title_zh=spec.title_zh, frame=frame, plan=plan, terrain=terrain,
                 context=context, designs=designs, envelopes=boxes, sources=_sources(spec))


def checked(
    scene_path: Path, out: Path | None = None, *, workers: int = 2, variant: str = "", force: bool = False,
    watch: Stopwatch | None = None,
) -> tuple[Scene, Report]:
    """Build the scene and check it; nothing is written but the cache in the output folder."""
    watch = watch or Stopwatch()
    folder = claim(output_folder(scene_path, out), force=force)
    scene = load(scene_path, cache=folder / "cache", workers=workers, watch=watch)
    if variant:
        scene = scene.variant(variant)
    with watch.step("checks") as progress:
        report = checks.run(scene, progress)
    standing = _as_built(scenefile.read(scene_path), scene, workers, watch)
    if standing:
        report = Report(findings=tuple(sorted((*report.findings, *standing), key=lambda f: f.id)))
    return scene, report


def run(
    scene_path: Path, out: Path | None = None, *, workers: int = 2, lang: Language = "en", force: bool = False,
    watch: Stopwatch | None = None,
) -> RunResult:
    """Do everything: build the scene, check it, write the review pack, envelopes and tiles, take the picture.

    Raises
    ------
    InputError
        Bad input, in one sentence; nothing already written is touched.
    OutputExistsError
        The output folder holds files of these names that no run of zonebox wrote.
    """
    watch = watch or Stopwatch()
    scene, report = checked(scene_path, out, workers=workers, force=force, watch=watch)
    folder = output_folder(scene_path, out)
    outputs = _review(scene, report, folder, lang, watch)
    outputs["envelopes"] = _envelopes_file(scene, folder, watch)
    outputs["tiles"] = _tiles(scene, report, folder, watch, force=force)
    remarks = []
    with watch.step("picture"):
        try:
            outputs["picture"] = picture(scene, report, folder / "scene.png", lang=lang)
        except RenderError as error:
            remarks.append(str(error))
    outputs["run"] = provenance.write_run(scene, watch.laps, folder / "run.json")
    return RunResult(scene=scene, report=report, outputs=outputs, remarks=tuple(remarks))


def review(
    scene_path: Path, out: Path | None = None, *, workers: int = 2, lang: Language = "en", force: bool = False,
    watch: Stopwatch | None = None,
) -> RunResult:
    """Build and check the scene and write what a reviewer needs: page, map layers, sheets, BCF topics."""
    watch = watch or Stopwatch()
    scene, report = checked(scene_path, out, workers=workers, force=force, watch=watch)
    folder = output_folder(scene_path, out)
    outputs = _review(scene, report, folder, lang, watch)
    outputs["run"] = provenance.write_run(scene, watch.laps, folder / "run.json")
    return RunResult(scene=scene, report=report, outputs=outputs, remarks=())


def check(
    scene_path: Path, out: Path | None = None, *, workers: int = 2, force: bool = False, watch: Stopwatch | None = None
) -> RunResult:
    """Build and check the scene and write the report."""
    watch = watch or Stopwatch()
    scene, report = checked(scene_path, out, workers=workers, force=force, watch=watch)
    folder = output_folder(scene_path, out)
    outputs = {"report": records.write_report(scene, report, folder / "report.json"),
               "run": provenance.write_run(scene, watch.laps, folder / "run.json")}
    return RunResult(scene=scene, report=report, outputs=outputs, remarks=())


def export_tiles(
    scene_path: Path, out: Path | None = None, *, workers: int = 2, force: bool = False, watch: Stopwatch | None = None
) -> RunResult:
    """Build and check the scene and write its 3D Tiles."""
    watch = watch or Stopwatch()
    scene, report = checked(scene_path, out, workers=workers, force=force, watch=watch)
    folder = output_folder(scene_path, out)
    outputs = {"tiles": _tiles(scene, report, folder, watch, force=force),
               "run": provenance.write_run(scene, watch.laps, folder / "run.json")}
    return RunResult(scene=scene, report=report, outputs=outputs, remarks=())


def _review(scene: Scene, report: Report, folder: Path, lang: Language, watch: Stopwatch) -> dict[str, Path]:
    from zonebox.report.writing import write_all

    with watch.step("report") as progress:
        return write_all(scene, report, folder, lang=lang, progress=progress)


def _envelopes_file(scene: Scene, folder: Path, watch: Stopwatch) -> Path:
    from zonebox_converters import exchange

    with watch.step("envelopes_file"):
        return exchange.write(scene, folder / "envelopes.ifc", force=True)          # the folder was claimed


def _tiles(scene: Scene, report: Report, folder: Path, watch: Stopwatch, *, force: bool) -> Path:
    from zonebox_converters import tiles

    with watch.step("tiles") as progress:
        return tiles.write(scene, report, folder / "tiles", force=force,
                           progress=lambda _layer, done, total: progress(done, total)).root


def picture(scene: Scene, report: Report, path: Path, *, lang: Language = "en") -> Path:
    """Draw the scene into a PNG; RenderError where the machine cannot draw."""
    from zonebox import viewer

    return viewer.screenshot(scene, report, path, lang=lang)


def window(scene: Scene, report: Report, *, lang: Language = "en") -> None:
    """Open the viewer's window; RenderError where there is no screen."""
    from zonebox import viewer

    viewer.show(scene, report, lang=lang)


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


def _plan(spec: SceneFile) -> tuple[Frame, Plan]:
    from zonebox_converters import zoning

    part = spec.plan
    said = part.authority
    authority = Authority(
        doc=said["document"], version=said.get("version", ""), status=said.get("status", "example"),
        valid_from=said.get("valid_from", ""), valid_to=said.get("valid_to", ""),
    ) if "document" in said else None
    wanted = zoning.PlanSpec(
        parcels=part.parcels, rules=part.rules, roads=part.roads or None, lines=part.lines or None,
        fields=part.fields, authority=authority, crs=part.crs or None, decimal=part.decimal, on=part.on,
    )
    low_e, low_n, high_e, high_n = zoning.extent(wanted, spec.crs, grid_folders=spec.grids)
    frame = Frame.near(
        spec.crs, ((low_e + high_e) / 2.0, (low_n + high_n) / 2.0), vertical_shift_m=spec.vertical_shift_m,
        vertical_shift_source=spec.vertical_shift_source, grid_folders=spec.grids,
    )
    return frame, zoning.read(wanted, frame)


def _terrain(spec: SceneFile, frame: Frame, cache: Path | None, progress: Progress) -> Terrain | None:
    if spec.terrain is None:
        return None
    from zonebox import tolerance
    from zonebox_converters import lidar

    part = spec.terrain
    most = part.max_error_m or tolerance.TERRAIN_M
    if part.dem:
        return lidar.read_dem(part.dem, frame, crs=part.crs or None, max_error_m=most)
    memory = {} if part.memory_mb is None else {"memory_mb": part.memory_mb}
    return lidar.read(part.points, frame, crs=part.crs or None, cache=cache, progress=progress, max_error_m=most,
                      **memory)


def _as_built(spec: SceneFile, scene: Scene, workers: int, watch: Stopwatch) -> tuple[Finding, ...]:
    """Hold a survey of what stands against the envelopes."""
    part = spec.as_built
    if part is None:
        return ()
    from zonebox.checks.as_built import SurveyError, check_as_built
    from zonebox_converters import lidar

    stated = {"obs_m": part.sigma_obs_m, "datum_m": part.sigma_datum_m, "limit_m": part.sigma_limit_m}
    error = SurveyError(**{name: value for name, value in stated.items() if value is not None})
    with watch.step("as_built") as progress:
        survey = lidar.points(part.points, scene.frame, crs=part.crs or None, classes=part.classes, progress=progress)
        return tuple(check_as_built(scene, survey, error=error, workers=workers))


def _context(spec: SceneFile, frame: Frame) -> tuple[Building, ...]:
    from zonebox_converters import citymodel

    parts = [citymodel.read(c.source, frame, crs=c.crs or None, lod=c.lod or None) for c in spec.context]
    return tuple(building for part in parts for building in part)


def _designs(
    spec: SceneFile, frame: Frame, cache: Path | None, workers: int, progress: Progress
) -> tuple[Building, ...]:
    from zonebox_converters import ifc

    return tuple(
        ifc.read(
            d.source, frame, id=d.id, parcel=d.parcel, variant=d.variant, cache=cache, workers=workers,
            progress=progress, placement=None if d.placement is None else ifc.Placement(**d.placement),
        )
        for d in spec.designs
    )


def _sources(spec: SceneFile) -> tuple[Source, ...]:
    """Name and SHA-256 of every input, in the scene's order; names relative to the scene where they can be."""
    rows = []
    for path in spec.files:
        if not path.is_file():
            continue
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        rows.append(Source(name=path.name, sha256=digest))
    return tuple(rows)
