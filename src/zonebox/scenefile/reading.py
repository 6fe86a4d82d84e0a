"""Read a scene file: its keys, types and values are checked, its paths resolved, and what is wrong has a line."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from zonebox.compression import COMPRESSIONS, VOLUMES
from zonebox.errors import InputError
from zonebox.frame import check_scene_crs
from zonebox.frame.local_system import LocalSystem, local_system
from zonebox.scenefile.keys import KEYS, REQUIRED, WORDS
from zonebox.scenefile.tables import (
    AsBuiltPart,
    ContextPart,
    DesignPart,
    OutputsPart,
    PlanPart,
    SceneFile,
    TerrainPart,
    TilesPart,
    split_layer,
)

DATA_VARIABLE: Final = "ZONEBOX_DATA"
"""Environment variable with the folder of data that scenes do not carry themselves; it overrides `scene.data_root`."""


def read(scene: Path) -> SceneFile:
    """Read a scene given as a folder or as its `scene.toml`.

    Raises
    ------
    InputError
        Missing file, broken TOML, unknown or missing key, wrong type, or a named file that does not exist.
    FrameError
        The scene's CRS is unknown or has no vertical datum.
    """
    path = scene / "scene.toml" if scene.is_dir() else scene
    if not path.is_file():
        raise InputError(path, got="no such file", want="a scene folder or its scene.toml",
                         then="check the path, or try scenes/riverside_block")
    text = path.read_text(encoding="utf-8")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(path, got=f"broken TOML ({error})", want="key = value lines and [tables]",
                         then="mend that line") from None
    reader = _Reader(path=path.resolve(), text=text, root=_data_root(path, table))
    return reader.scene(table)


def _data_root(path: Path, table: Mapping[str, Any]) -> Path | None:
    stated = table.get("scene", {}).get("data_root", "") if isinstance(table.get("scene"), dict) else ""
    chosen = os.environ.get(DATA_VARIABLE) or stated
    return (path.resolve().parent / str(chosen)).resolve() if chosen else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """The file being read, for error places and relative paths."""

    path: Path
    text: str
    root: Path | None

    def scene(self, table: Mapping[str, Any]) -> SceneFile:
        self.check("", table)
        head = table["scene"]
        self.check("scene", head)
        check_scene_crs(head["crs"], where=self.place("scene.crs"))
        designs = tuple(self.design(d) for d in table.get("design", []))
        ids = [d.id for d in designs]
        if len(set(ids)) != len(ids):
            double = next(i for i in ids if ids.count(i) > 1)
            raise InputError(self.place("design.id"), got=f'two designs "{double}"', want="a different id for each")
        return SceneFile(
            path=self.path, name=self.path.parent.name, title=head["title"],
            title_zh=head.get("title_zh", head["title"]), crs=head["crs"],
            vertical_shift_m=head.get("vertical_shift_m"), vertical_shift_source=head.get("vertical_shift_source", ""),
            grids=tuple(self.folder(g, "scene.grids") for g in head.get("grids", [])),
            local=self.local_system(head), plan=self.plan(table["plan"]),
            terrain=self.terrain(table["terrain"]) if "terrain" in table else None,
            as_built=self.as_built(table["as_built"]) if "as_built" in table else None,
            context=tuple(self.one_context(c) for c in table.get("context", [])), designs=designs,
            outputs=self.outputs(table.get("outputs", {})), tiles=self.tiles(table.get("tiles", {})),
        )

    def tiles(self, part: Mapping[str, Any]) -> TilesPart:
        self.check("tiles", part)
        names = part.get("properties", [])
        if not all(isinstance(name, str) and name for name in names) or len(set(names)) < len(names):
            raise InputError(self.place("tiles.properties"), got=repr(names), want="names of properties, each once",
                             then='write for example properties = ["Material", "Pset_WallCommon.FireRating"]')
        given = TilesPart(**{**part, "properties": tuple(names)})
        for key, name, known in (("compress", given.compress, COMPRESSIONS), ("volumes", given.volumes, VOLUMES)):
            if name not in known:
                raise InputError(self.place(f"tiles.{key}"), got=f'"{name}"', want=", ".join(known),
                                 then="name one of them")
        return given

    def outputs(self, part: Mapping[str, Any]) -> OutputsPart:
        self.check("outputs", part)
        names = tuple(map(str, part.get("envelopes", ())))
        for name in names:
            if Path(name).name != name:
                raise InputError(self.place("outputs.envelopes"), got=f'"{name}"',
                                 want="the name of a file in the output folder", then=f'write "{Path(name).name}"')
        return OutputsPart(database=part.get("database", ""), envelopes=names)

    def local_system(self, head: Mapping[str, Any]) -> LocalSystem | None:
        """Read the local city system that ``crs = "local"`` stands for."""
        if "local" not in head:
            return None
        self.check("scene.local", head["local"])
        return local_system(head["local"], where=self.place("scene.local"))

    def plan(self, part: Mapping[str, Any]) -> PlanPart:
        self.check("plan", part)
        self.check("plan.authority", part.get("authority", {}))
        return PlanPart(
            parcels=self.vector(part["parcels"], "plan.parcels"), crs=part.get("crs", ""),
            rules=tuple(self.rules(r) for r in part.get("rules", [])), on=part.get("on", ""),
            roads=self.vector(part.get("roads", ""), "plan.roads"),
            lines=self.vector(part.get("lines", ""), "plan.lines"),
            fields=dict(part.get("fields", {})), authority=dict(part.get("authority", {})),
            decimal=part.get("decimal", "."), area_rule=part.get("area_rule", ""),
            **{key: self.vector(part.get(key, ""), f"plan.{key}") for key in ("within", "table", "zones", "edges")},
            **{key: part.get(key, "") for key in ("where", "table_on", "drawing_unit", "height_unit", "code_system")},
            storey_height_m=part.get("storey_height_m"), design_ground_m=part.get("design_ground_m"),
        )

    def rules(self, name: str) -> Path:
        """Find a rule pack: a file, or one that ships with zonebox, ``pack:<id>``."""
        if not name.startswith("pack:"):
            return self.file(name, "plan.rules")
        from zonebox_converters.zoning.shipped import pack_path

        return pack_path(name)

    def terrain(self, part: Mapping[str, Any]) -> TerrainPart:
        self.check("terrain", part)
        if ("points" in part) == ("dem" in part):
            got = "both points and dem" if "dem" in part else "neither points nor dem"
            raise InputError(self.place("terrain"), got=got, want="one of the two",
                             then='write points = ["ground.laz"] or dem = ["dtm.tif"]')
        return TerrainPart(
            points=tuple(self.file(p, "terrain.points") for p in part.get("points", ())),
            dem=tuple(self.file(p, "terrain.dem") for p in part.get("dem", ())),
            crs=part.get("crs", ""), max_error_m=part.get("max_error_m"), memory_mb=part.get("memory_mb"),
            water=self.vector(water, "terrain.water") if (water := part.get("water", "")) != "plan" else water)

    def as_built(self, part: Mapping[str, Any]) -> AsBuiltPart:
        self.check("as_built", part)
        numbers = {name: part[name] for name in ("sigma_obs_m", "sigma_datum_m", "sigma_limit_m") if name in part}
        return AsBuiltPart(points=tuple(self.file(p, "as_built.points") for p in part["points"]),
                           before=tuple(self.file(p, "as_built.before") for p in part.get("before", ())),
                           crs=part.get("crs", ""), classes=tuple(part.get("classes", (6,))), **numbers)

    def one_context(self, part: Mapping[str, Any]) -> ContextPart:
        self.check("context", part)
        return ContextPart(source=self.file(part["source"], "context.source"), crs=part.get("crs", ""),
                           lod=str(part.get("lod", "")), demolished=tuple(map(str, part.get("demolished", ()))))

    def design(self, part: Mapping[str, Any]) -> DesignPart:
        self.check("design", part)
        placement = part.get("placement")
        if placement is not None:
            self.check("design.placement", placement)
        moved = part.get("moved")
        if moved is not None:
            self.check("design.moved", moved)
        return DesignPart(id=part["id"], source=self.file(part["source"], f"design.{part['id']}.source"),
                          parcel=part.get("parcel", ""), variant=part.get("variant", ""), placement=placement,
                          moved=moved)

    def check(self, table: str, found: Mapping[str, Any]) -> None:
        known = KEYS[table]
        for key, value in found.items():
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                raise InputError(self.place(f"{table}.{key}".lstrip(".")), got=f'the unknown key "{key}"',
                                 want=f"one of {', '.join(known)}", then=f'did you mean "{near[0]}"?' if near else "")
            if not isinstance(value, known[key]) or (isinstance(value, bool) and known[key] is not bool):
                raise InputError(self.place(f"{table}.{key}".lstrip(".")), got=repr(value), want=WORDS[known[key]])
        for key in REQUIRED.get(table, ()):
            if key not in found:
                full = f"{table}.{key}".lstrip(".")
                raise InputError(self.place(table), got=f'no "{key}"', want=f"{WORDS[known[key]]} {full}",
                                 then="add it; scenes/riverside_block/scene.toml shows how")

    def place(self, dotted: str) -> str:
        """File, line and key; the line of the first mention of the key's last part."""
        last = re.escape(dotted.rpartition(".")[2])
        mention = rf"^[ \t]*(?:\[+[\w.]*)?{last}\b|[{{,][ \t]*{last}[ \t]*="
        found = re.search(mention, self.text, re.MULTILINE) if last else None
        line = f":{self.text.count(chr(10), 0, found.end()) + 1}" if found else ""
        return f"{self.path.parent.name}/{self.path.name}{line} {dotted}".rstrip()

    def vector(self, source: str, key: str) -> str:
        if not source or "://" in source:
            return source
        name, layer = split_layer(source)
        return str(self.file(name, key)) + (f":{layer}" if layer else "")

    def file(self, name: str, key: str) -> Path:
        return self._find(name, key, "file")

    def folder(self, name: str, key: str) -> Path:
        return self._find(name, key, "folder")

    def _find(self, name: str, key: str, what: str) -> Path:
        tried = [self.path.parent / name, *([self.root / name] if self.root else [])]
        for candidate in tried:
            if candidate.exists():
                return candidate.resolve()
        where = "beside the scene file" + (f" or under {self.root}" if self.root else "")
        readme = "; the scene's README says where to get its data" if (self.path.parent / "README.md").exists() else ""
        raise InputError(self.place(key), got=f'"{name}", which does not exist {where}', want=f"an existing {what}",
                         then=f"check the name, or set {DATA_VARIABLE} to the folder that holds it{readme}")
