"""A handful of files -> a commented scene.toml: what was recognised is filled in, every open question is marked.

Nothing is guessed: a line that only the user can write stands as a comment that starts with ``# ?``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from zonebox.errors import FrameError, InputError
from zonebox.frame import Frame, crs_label, is_geographic, lon_lat_of, metric_crs_at, parts_of, unit_m
from zonebox.inspection import inspect
from zonebox.model import FileInfo, FileKind

_ONE: Final = (FileKind.PARCELS, FileKind.ROADS, FileKind.LINES)
"""A scene has one source of each of these."""

_INDICATORS: Final = ("far", "coverage", "height", "green")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The text of a scene file, and the questions it leaves open, one sentence each."""

    text: str
    questions: tuple[str, ...]


@dataclass(slots=True)
class _Page:
    """Lines that are written, and questions that came up on the way."""

    folder: Path
    lines: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)

    def add(self, *lines: str) -> None:
        self.lines += lines

    def ask(self, question: str, line: str) -> None:
        """Leave a line for the user to complete."""
        self.questions.append(question)
        self.lines += [f"# ? {question}", f"# {line}"]

    def path(self, source: str) -> str:
        """Name a file relative to the scene's folder, where it can be."""
        if "://" in source:
            return _quoted(source)
        head, colon, layer = (source, "", "") if Path(source).exists() else source.rpartition(":")
        whole = Path(head).resolve()
        try:
            name = Path(os.path.relpath(whole, self.folder.resolve())).as_posix()
        except ValueError:                                   # another drive
            name = whole.as_posix()
        return _quoted(name + colon + layer)


def draft(folder: Path, sources: Sequence[str], *, crs: str = "", title: str = "") -> Draft:
    """Write the text of a scene file in ``folder`` from files of any kind.

    Parameters
    ----------
    folder : Path
        Where the scene file will stand; paths are written relative to it.
    sources : sequence of str
        Files in any order; what they are is found out.
    crs : str
        The scene's CRS, where the user knows it already.
    title : str
        Title of the scene; the folder's name without one.

    Raises
    ------
    InputError
        A file that cannot be read; no parcels among them, or more than one layer of them.
    """
    infos = [inspect(source) for source in sources]
    page = _Page(folder)
    parcels = _the_one(infos, FileKind.PARCELS)
    _scene(page, infos, parcels, crs, title or folder.resolve().name)
    _plan(page, infos, parcels)
    _terrain(page, infos)
    _buildings(page, infos)
    page.add("# [outputs]                        # beside what a run writes in any case",
             '# database = "postgresql://user@host/database"    # envelopes and findings into PostGIS',
             '# envelopes = ["envelopes.gpkg", "envelopes.dxf"]', "")
    _left_over(page, infos)
    return Draft(text="\n".join(page.lines) + "\n", questions=tuple(page.questions))


def _the_one(infos: Iterable[FileInfo], kind: FileKind) -> FileInfo:
    found = [info for info in infos if info.kind is kind]
    if len(found) != 1:
        names = ", ".join(info.source for info in found) or "none"
        raise InputError("scene.toml", got=f"{len(found)} layers of {kind} ({names})", want="exactly one",
                         then="name the layer with the parcel numbers and indicators: zonebox new DIR --parcels FILE")
    return found[0]


def _scene(page: _Page, infos: Sequence[FileInfo], parcels: FileInfo, crs: str, title: str) -> None:
    page.add("# Written by zonebox new. Lines that start with “# ?” are questions that only you can answer.", "",
             "[scene]", f"title = {_quoted(title)}")
    horizontal, why = (parts_of(crs)[0], "as given") if crs else _horizontal(infos, parcels)
    vertical, source = (parts_of(crs)[1], "as given") if crs and parts_of(crs)[1] else _vertical(infos)
    whole = _joined(horizontal, vertical)
    if horizontal and vertical:
        page.add(f"crs = {_quoted(whole)}", f"# {crs_label(horizontal)}: {why}; {crs_label(vertical)}: {source}")
        _shift(page, whole, parcels)
    elif horizontal:
        page.ask("Which datum are the heights above? No file says it. Add its code to the horizontal one",
                 f'crs = "{horizontal}+5737"      # e.g. 5737 Yellow Sea 1985, 5709 NAP, 5703 NAVD88, 7837 DHHN2016')
    else:
        page.ask(f"In which CRS is the scene? {why}", 'crs = "EPSG:horizontal+vertical"')
    page.add("")


def _horizontal(infos: Sequence[FileInfo], parcels: FileInfo) -> tuple[str, str]:
    """Take the first projected, metric reference, that of the parcels before others; else a zone around the site."""
    for info in (parcels, *infos):
        code = parts_of(info.crs)[0] if info.crs and info.kind is not FileKind.TILESET else ""
        if code and not is_geographic(code) and unit_m(code) == 1.0:
            return code, f"from {Path(info.source).name}"
    if parcels.crs and parcels.extent:
        low_x, low_y, high_x, high_y = parcels.extent
        lon, lat = lon_lat_of([[(low_x + high_x) / 2, (low_y + high_y) / 2]], parcels.crs, where=parcels.source)[0]
        code = metric_crs_at(float(lon), float(lat))
        unit = "in degrees" if is_geographic(parts_of(parcels.crs)[0]) else "not in metres"
        return code, f"the zone of the site, because the parcels are {unit}"
    return "", " ".join(o for o in parcels.oddities if "CRS" in o)


def _vertical(infos: Sequence[FileInfo]) -> tuple[str, str]:
    order = (FileKind.IFC, FileKind.POINTS, FileKind.RASTER, FileKind.CITY_MODEL, FileKind.PARCELS)
    for kind in order:
        for info in infos:
            code = parts_of(info.crs)[1] if info.kind is kind and info.crs else ""
            if code:
                return code, f"from {Path(info.source).name}"
    return "", ""


def _joined(horizontal: str, vertical: str) -> str:
    if horizontal.startswith("EPSG:") and vertical.startswith("EPSG:"):
        return f"{horizontal}+{vertical.removeprefix('EPSG:')}"
    return horizontal or vertical


def _shift(page: _Page, crs: str, parcels: FileInfo) -> None:
    """Ask for the geoid where PROJ has no grid for it here."""
    middle = (0.0, 0.0)
    if parcels.extent and parcels.crs and parts_of(parcels.crs)[0] == parts_of(crs)[0]:
        middle = ((parcels.extent[0] + parcels.extent[2]) / 2, (parcels.extent[1] + parcels.extent[3]) / 2)
    try:
        Frame.near(crs, middle).height_shift((0.0, 0.0, 0.0))
    except FrameError as problem:
        page.ask(f"How high is this datum above the ellipsoid at the site? {problem.then or problem.want}",
                 'vertical_shift_m = 0.0          # height + this = height above the ellipsoid')
        page.add('# vertical_shift_source = "who says so"')


def _plan(page: _Page, infos: Sequence[FileInfo], parcels: FileInfo) -> None:
    page.add("[plan]", f"parcels = {page.path(parcels.source)}      # {dict(parcels.rows).get('features', '')}")
    if not parcels.crs:
        page.ask(f"In which CRS are the parcels? {_about_crs(parcels)}", 'crs = "EPSG:…"')
    for kind in (FileKind.ROADS, FileKind.LINES):
        found = [info for info in infos if info.kind is kind]
        if found:
            page.add(f"{kind} = {page.path(found[0].source)}")
        for info in found[1:]:
            page.ask(f"{Path(info.source).name} looks like {kind} too; only one source is read",
                     f"{kind} = {page.path(info.source)}")
    if not any(info.kind is FileKind.ROADS for info in infos):
        page.ask("Where are the streets? Without them every parcel edge is taken for a side", 'roads = "roads.gpkg"')
    _table(page, infos)
    rules = [page.path(info.source) for info in infos if info.kind is FileKind.RULES]
    if rules:
        page.add(f"rules = [{', '.join(rules)}]")
    else:
        page.ask("Which setbacks and planes hold? The parcel table seldom says", 'rules = ["rules.toml"]')
    _fields(page, parcels, [info for info in infos if info.kind is FileKind.TABLE])


def _table(page: _Page, infos: Sequence[FileInfo]) -> None:
    found = [info for info in infos if info.kind is FileKind.TABLE]
    for info in found[:1]:
        page.add(f"table = {page.path(info.source)}      # {dict(info.rows).get('rows', '')}")
        if "joined by" not in dict(info.rows):
            page.ask(f"Which column of {Path(info.source).name} holds the parcel number?",
                     'table_on = "FIELD = heading"')
    for info in found[1:]:
        page.ask(f"{Path(info.source).name} is an indicator table too; only one is read",
                 f"table = {page.path(info.source)}")


def _fields(page: _Page, parcels: FileInfo, tables: Sequence[FileInfo]) -> None:
    known = [use for use in parcels.fields if use.concept]
    page.add("", "[plan.fields]                      # concept = \"FIELD\": only where recognition is wrong")
    page.add(*(f"# {use.concept} = {_quoted(use.name)}      # recognised, {use.filled} of {use.total} filled"
               for use in known))
    have = {use.concept for use in known}
    if "parcel" not in have:
        page.ask("Which field holds the parcel number?", f"parcel = {_quoted(_first_text(parcels))}")
    have |= {use.concept for table in tables for use in table.fields}
    missing = [concept for concept in _INDICATORS if concept not in have]
    others = [use.name for use in parcels.fields if not use.concept]
    if missing and others:
        page.ask(f"No field was recognised as {', '.join(missing)}; those left are {', '.join(others[:12])}",
                 f'{missing[0]} = "…"')
    page.add("", "# [plan.authority]                 # the document that makes the indicators binding",
             '# document = "…"', '# status = "example"', "")


def _terrain(page: _Page, infos: Sequence[FileInfo]) -> None:
    for key, kind in (("points", FileKind.POINTS), ("dem", FileKind.RASTER)):
        found = [info for info in infos if info.kind is kind]
        if not found:
            continue
        page.add("[terrain]", f"{key} = [{', '.join(page.path(info.source) for info in found)}]")
        if any(not info.heights for info in found):
            page.ask(f"In which CRS, heights included, are these {key}? {_about_crs(found[0])}",
                     'crs = "EPSG:horizontal+vertical"')
        page.add("")
        return
    page.add("# no terrain: heights are measured from the design ground of each parcel")
    if not any(use.concept == "design_ground" for info in infos for use in info.fields):
        page.ask("How high is the ground? Without a [terrain], or design_ground_m in [plan], no envelope stands",
                 'dem = ["ground.tif"]')
    page.add("")


def _buildings(page: _Page, infos: Sequence[FileInfo]) -> None:
    for info in infos:
        if info.kind is FileKind.CITY_MODEL:
            page.add("[[context]]", f"source = {page.path(info.source)}      # {dict(info.rows).get('objects', '')}")
            if not info.crs:
                page.ask("In which CRS is this city model?", 'crs = "EPSG:…"')
            page.add("")
    names: list[str] = []
    for info in infos:
        if info.kind is not FileKind.IFC:
            continue
        name = _slug(Path(info.source).stem, names)
        names.append(name)
        page.add("[[design]]", f"id = {_quoted(name)}", f"source = {page.path(info.source)}")
        page.add('# parcel = "…"                   # else the parcel that most of its footprint covers')
        if not info.crs:
            page.ask("Where does this building stand? Its file has no map conversion with a known CRS",
                     "placement = { easting = 0.0, northing = 0.0, elevation = 0.0, rotation_deg = 0.0 }")
        page.add("")


def _left_over(page: _Page, infos: Sequence[FileInfo]) -> None:
    for info in infos:
        if info.kind in (FileKind.VECTOR, FileKind.TILESET):
            page.questions.append(f"{info.source} is a {info.kind} and has no place in a scene as it stands")
            page.add(f"# ? {page.questions[-1]}")


def _about_crs(info: FileInfo) -> str:
    said = [oddity for oddity in info.oddities if "CRS" in oddity or "heights are above" in oddity]
    return said[0] if said else f"{Path(info.source).name} does not say what its heights are above"


def _first_text(parcels: FileInfo) -> str:
    texts = [use.name for use in parcels.fields if use.sample and not use.concept]
    return texts[0] if texts else "…"


def _slug(stem: str, taken: Sequence[str]) -> str:
    name = re.sub(r"[^\w]+", "-", stem.casefold()).strip("-_") or "design"
    number = 2
    while name in taken:
        name, number = f"{name.rsplit('-', 1)[0]}-{number}", number + 1
    return name


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
