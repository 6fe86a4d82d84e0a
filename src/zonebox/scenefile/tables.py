"""The tables of a scene file as values: checked, with every path resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from zonebox.frame.local_system import LocalSystem


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPart:
    """The ``[plan]`` table; paths are resolved.

    ``crs = "local"`` reads coordinates through ``[scene.local]``; ``area_rule`` names the edition by which floor area
    counts, ``GB/T 50353-2013`` or ``GB 55031-2022``.
    """

    parcels: str
    crs: str = ""
    rules: tuple[Path, ...] = ()
    roads: str = ""
    lines: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    authority: Mapping[str, str] = field(default_factory=dict)
    decimal: str = "."
    on: str = ""
    area_rule: str = ""
    where: str = ""
    within: str = ""
    table: str = ""
    table_on: str = ""
    zones: str = ""
    edges: str = ""
    drawing_unit: str = ""
    height_unit: str = ""
    storey_height_m: float | None = None
    design_ground_m: float | None = None
    code_system: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TerrainPart:
    """The ``[terrain]`` table: points or elevation rasters."""

    points: tuple[Path, ...] = ()
    dem: tuple[Path, ...] = ()
    crs: str = ""
    max_error_m: float | None = None
    memory_mb: int | None = None
    water: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsBuiltPart:
    """The ``[as_built]`` table: a survey of what stands, with its standard errors in metres."""

    points: tuple[Path, ...]
    before: tuple[Path, ...] = ()
    crs: str = ""
    classes: tuple[int, ...] = (6,)
    sigma_obs_m: float | None = None
    sigma_datum_m: float | None = None
    sigma_limit_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextPart:
    """One ``[[context]]`` table."""

    source: Path
    crs: str = ""
    lod: str = ""
    demolished: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignPart:
    """One ``[[design]]`` table."""

    id: str
    source: Path
    parcel: str = ""
    variant: str = ""
    placement: Mapping[str, float] | None = None
    moved: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputsPart:
    """The ``[outputs]`` table: what ``run`` and ``check`` write beside their own files.

    ``database`` is the URL of a PostGIS database that takes envelopes and findings; ``envelopes`` are files in the
    output folder, each of the format it ends in.
    """

    database: str = ""
    envelopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TilesPart:
    """The ``[tiles]`` table: ``compress`` is ``none``, ``quantise``, ``meshopt`` or ``draco``.

    ``implicit``: layers of separate features are implicit quadtrees. ``volumes`` of the roots are ``box`` or
    ``region``. ``scheduler`` is the address of a Dask cluster that makes the contents, "" for none. ``properties``
    of design elements (``Set.Property``, or ``Material``) become columns of their metadata.
    """

    compress: str = "none"
    implicit: bool = False
    volumes: str = "box"
    scheduler: str = ""
    properties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneFile:
    """A scene as its author wrote it, checked and with every path resolved.

    ``local`` is the city system of ``[scene.local]``: ``control_points = [[x, y, E, N], ...]`` with ``method``
    (``helmert`` or ``affine``) and ``max_residual_m``, or ``helmert = { dx, dy, rotation_deg, scale }``, or
    ``affine = [a, b, c, d, e, f]``; E and N stand in the scene's horizontal CRS, x is east and y is north.
    """

    path: Path
    name: str
    title: str
    title_zh: str
    crs: str
    vertical_shift_m: float | None
    vertical_shift_source: str
    grids: tuple[Path, ...]
    local: LocalSystem | None
    plan: PlanPart
    terrain: TerrainPart | None
    as_built: AsBuiltPart | None
    context: tuple[ContextPart, ...]
    designs: tuple[DesignPart, ...]
    outputs: OutputsPart = OutputsPart()
    tiles: TilesPart = TilesPart()

    @property
    def files(self) -> tuple[Path, ...]:
        """Every input file, the scene file first, in the order in which the scene names them."""
        plan = [self.plan.parcels, self.plan.roads, self.plan.lines, self.plan.within, self.plan.table,
                self.plan.zones, self.plan.edges]
        vectors = [Path(split_layer(text)[0]) for text in plan if text and "://" not in text]
        terrain = [*self.terrain.points, *self.terrain.dem] if self.terrain else []
        water = self.terrain.water if self.terrain else ""
        terrain += [Path(split_layer(water)[0])] if water not in {"", "plan"} else []
        terrain += (*self.as_built.points, *self.as_built.before) if self.as_built else ()
        others = [*self.plan.rules, *terrain, *(c.source for c in self.context), *(d.source for d in self.designs)]
        return tuple(dict.fromkeys([self.path, *vectors, *others]))


def split_layer(source: str) -> tuple[str, str]:
    """Cut ``file:layer`` into file and layer; a drive letter or URL scheme is no layer mark.

    >>> split_layer("plan.gpkg:parcels"), split_layer("C:/plan.gpkg")
    (('plan.gpkg', 'parcels'), ('C:/plan.gpkg', ''))
    """
    head, mark, layer = source.rpartition(":")
    if not mark or len(head) < 2 or "/" in layer or "\\" in layer:
        return source, ""
    return head, layer
