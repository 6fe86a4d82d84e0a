"""From a scene file to a scene: plan, ground, context, designs and envelopes, each through its own reader."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from shapely.geometry import MultiPolygon, Polygon

from zonebox import inputs, scenefile
from zonebox.errors import InputError
from zonebox.frame import Frame
from zonebox.model import Authority, Building, Finding, Plan, Scene, Terrain
from zonebox.scenefile import SceneFile, TerrainPart
from zonebox.stopwatch import Progress, Stopwatch

BLUE_LINE: Final = "蓝线"
"""Kind of the plan's lines that stands for water."""


def load(scene_path: Path, *, cache: Path | None = None, workers: int = 2, watch: Stopwatch | None = None,
         designs: bool = True, memory_mb: int | None = None) -> Scene:
    """Read everything a scene names, its designs only if asked for, and build its envelopes.

    ``memory_mb`` is the memory for point clouds, instead of what the scene says.

    Raises
    ------
    InputError
        A file, field or value that cannot be used, in one sentence.
    """
    from zonebox_converters import zoning

    watch = watch or Stopwatch()
    spec = scenefile.read(scene_path)
    with watch.step("plan"):
        frame, plan = _plan(spec)
        frame.height_shift((0.0, 0.0, 0.0))         # a missing geoid is said now, not after minutes of reading
    with watch.step("terrain") as progress:
        terrain = _terrain(spec, frame, plan, cache, progress, memory_mb)
    with watch.step("context"):
        context, demolished = _context(spec, frame)
    with watch.step("designs") as progress:
        buildings = _designs(spec, frame, cache, workers, progress) if designs else ()
    with watch.step("envelopes") as progress:
        from zonebox_converters import envelopes

        boxes = envelopes.build(plan, terrain, progress, frame=frame)
    scene = Scene(name=spec.name, title=spec.title, title_zh=spec.title_zh, frame=frame, plan=plan, terrain=terrain,
                  context=context, demolished=demolished, designs=buildings, envelopes=boxes,
                  sources=inputs.sources(spec), entries=inputs.entries(spec, frame))
    scene = replace(scene, disagreements=zoning.suspected_places(scene))
    with watch.step("pads"):
        return graded(scene)


def graded(scene: Scene) -> Scene:
    """Grade the ground for the designs; the rules go on being measured on the ground as it is."""
    from zonebox_converters import lidar

    surface, pads = lidar.graded(scene)
    return replace(scene, graded=surface, pads=pads)


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
        area_rule=part.area_rule, where=part.where, within=part.within or None,
        table=part.table or None, table_on=part.table_on, zones=part.zones or None,
        edges=part.edges or None, drawing_unit=part.drawing_unit,
        height_unit=part.height_unit, storey_height_m=part.storey_height_m,
        design_ground_m=part.design_ground_m, code_system=part.code_system,
    )
    low_e, low_n, high_e, high_n = zoning.extent(wanted, spec.crs, grid_folders=spec.grids,
                                                local_system=spec.local)
    frame = Frame.near(
        spec.crs, ((low_e + high_e) / 2.0, (low_n + high_n) / 2.0), vertical_shift_m=spec.vertical_shift_m,
        vertical_shift_source=spec.vertical_shift_source, grid_folders=spec.grids, local_system=spec.local,
    )
    return frame, zoning.read(wanted, frame)


def _terrain(
    spec: SceneFile, frame: Frame, plan: Plan, cache: Path | None, progress: Progress, memory_mb: int | None
) -> Terrain | None:
    if spec.terrain is None:
        return None
    from zonebox import tolerance
    from zonebox_converters import lidar

    part = spec.terrain
    most = part.max_error_m or tolerance.TERRAIN_M
    stated = memory_mb or part.memory_mb
    memory = {} if stated is None else {"memory_mb": stated}
    read, sources = (lidar.read_dem, part.dem) if part.dem else (lidar.read, part.points)
    made = read(sources, frame, crs=part.crs or None, cache=cache, progress=progress, max_error_m=most, **memory)
    return lidar.flattened(made, _water(part, frame, plan))


def _water(part: TerrainPart, frame: Frame, plan: Plan) -> tuple[Polygon | MultiPolygon, ...]:
    """Outlines of water: of a file, or the plan's blue lines."""
    from zonebox_converters import lidar

    if part.water != "plan":
        return lidar.read_outlines(*scenefile.split_layer(part.water), frame, part.crs or None) if part.water else ()
    shapes = [line.shape for line in plan.lines if line.kind == BLUE_LINE]
    return tuple(s for s in shapes if isinstance(s, Polygon | MultiPolygon))


def as_built(
    spec: SceneFile, scene: Scene, workers: int, watch: Stopwatch
) -> tuple[Scene, tuple[Finding, ...]]:
    """Hold a survey of what stands against the envelopes, the designs, an older survey and the city model."""
    part = spec.as_built
    if part is None:
        return scene, ()
    from zonebox.checks import epochs, surveyed
    from zonebox.checks.as_built import SurveyError, check_as_built
    from zonebox_converters import lidar

    stated = {"obs_m": part.sigma_obs_m, "datum_m": part.sigma_datum_m, "limit_m": part.sigma_limit_m}
    error = SurveyError(**{name: value for name, value in stated.items() if value is not None})
    tops, roofs = epochs.TopSurface(), surveyed.RoofSurvey(scene.context)
    with watch.step("as_built") as progress:
        points = partial(lidar.points, frame=scene.frame, crs=part.crs or None, classes=part.classes,
                         progress=progress)
        survey = tops.tapped(points(part.points))
        if scene.context and part.classes == (6,):
            survey = roofs.tapped(survey)
        found = [*check_as_built(scene, survey, error=error, workers=workers), *epochs.progress(scene, tops)]
        if part.before:
            older = epochs.TopSurface()
            for piece in points(part.before):
                older.add(piece)
            found += epochs.changes(scene, older, tops, error=error)
    return surveyed.applied(scene, roofs.roofs()), tuple(found)


def _context(spec: SceneFile, frame: Frame) -> tuple[tuple[Building, ...], tuple[Building, ...]]:
    """Read what stands: what stays, and what is demolished."""
    from zonebox_converters import citymodel

    parts = [citymodel.read(c.source, frame, crs=c.crs or None, lod=c.lod or None) for c in spec.context]
    known = {building.id for part in parts for building in part}
    for gone in (name for c in spec.context for name in c.demolished if name not in known):
        raise InputError("context.demolished", got=f'"{gone}"', want="the id of a building of the context",
                         then="check the ids of the city model")
    every = [(building, building.id in c.demolished) for c, part in zip(spec.context, parts, strict=True)
             for building in part]
    return tuple(b for b, gone in every if not gone), tuple(b for b, gone in every if gone)


def _designs(
    spec: SceneFile, frame: Frame, cache: Path | None, workers: int, progress: Progress
) -> tuple[Building, ...]:
    from zonebox.whatif import Move, moved
    from zonebox_converters import ifc

    buildings = [
        ifc.read(
            d.source, frame, id=d.id, parcel=d.parcel, variant=d.variant, cache=cache, workers=workers,
            progress=progress, placement=None if d.placement is None else ifc.Placement(**d.placement),
        )
        for d in spec.designs
    ]
    return tuple(building if d.moved is None else moved(building, Move(design=d.id, **d.moved))
                 for d, building in zip(spec.designs, buildings, strict=True))
