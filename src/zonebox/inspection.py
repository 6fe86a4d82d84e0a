"""Any file a scene can be made of -> what it is and what was understood: which reader describes which file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

from zonebox.errors import InputError
from zonebox.model import FileInfo, FileKind
from zonebox.scenefile import split_layer

_POINTS: Final = (".las", ".laz", ".copc.laz")
_RASTERS: Final = (".tif", ".tiff", ".asc")
_IFC: Final = (".ifc", ".ifczip", ".ifcxml")
_TABLES: Final = (".xlsx", ".xlsm", ".xls", ".csv", ".tsv")
_HEAD_BYTES: Final = 4096


def inspect(source: str) -> FileInfo:
    """Describe one file, folder, ``file:layer`` or database URL.

    Raises
    ------
    InputError
        It does not exist, or no reader knows it.
    """
    path = Path(source)
    if "://" not in source and split_layer(source)[0].casefold().endswith(_TABLES):
        return _table(source)
    if "://" in source or not path.exists():
        return _vector(source)                     # which knows of databases and layers, and says what is missing
    name = path.name.casefold()
    for endings, reader in ((_POINTS, _points), (_RASTERS, _raster), (_IFC, _ifc)):
        if name.endswith(endings):
            return reader(path)
    if path.is_dir():
        return _folder(path)
    return _by_words(path, source)


def _by_words(path: Path, source: str) -> FileInfo:
    """Describe a file whose ending alone does not tell its reader."""
    name = path.name.casefold()
    if name.endswith(".toml"):
        return _rules(path)
    return _json(path) if name.endswith((".json", ".jsonl")) else _vector(source)


def _folder(path: Path) -> FileInfo:
    if (path / "tileset.json").is_file():
        return _tileset(path)
    if any(p.suffix.casefold() in (".las", ".laz") for p in path.iterdir()):
        return _points(path)
    if path.suffix.casefold() == ".gdb":
        return _vector(str(path))
    raise InputError(path, got="a folder without a tileset or point clouds", want="a file, or a folder of one of these",
                     then="name the files themselves")


def _json(path: Path) -> FileInfo:
    """Tell city models, tilesets and GeoJSON apart by their first words, the whole file only where they do not tell."""
    with path.open(encoding="utf-8-sig", errors="replace") as stream:
        head = stream.read(_HEAD_BYTES).replace(" ", "").replace("\n", "")
    if '"type":"CityJSON' in head or path.name.casefold().endswith((".city.json", ".jsonl")):
        return _city_model(path)
    if '"asset":{' in head and ('"geometricError"' in head or '"root"' in head):
        return _tileset(path)
    if '"FeatureCollection"' in head:
        return _vector(str(path))
    try:
        keys = set(json.loads(path.read_text(encoding="utf-8-sig")))
    except (json.JSONDecodeError, UnicodeDecodeError, TypeError):
        return _vector(str(path))
    known: dict[frozenset[str], Callable[[Path], FileInfo]] = {
        frozenset({"CityObjects"}): _city_model, frozenset({"asset", "root"}): _tileset}
    return next((reader(path) for marks, reader in known.items() if marks <= keys), None) or _vector(str(path))


def _vector(source: str) -> FileInfo:
    from zonebox_converters.zoning.about import about

    return about(source)


def _table(source: str) -> FileInfo:
    from zonebox_converters.zoning.about import about_table

    return about_table(source)


def _rules(path: Path) -> FileInfo:
    from zonebox_converters.zoning.rules import read_packs

    if path.name == "scene.toml":
        raise InputError(path, got="a scene", want="one of the files it names", then=f"or run it: zonebox run {path}")
    pack = read_packs((path,))
    said = {" ".join(filter(None, (a.doc, a.version, a.status))) for a in (rule.authority for rule in pack.rules)}
    rows = [("document", "; ".join(sorted(said))),
            ("rules", f"{len(pack.rules)}: " + ", ".join(sorted({rule.kind for rule in pack.rules})))]
    return FileInfo(source=str(path), kind=FileKind.RULES, rows=tuple(rows), oddities=tuple(pack.notes))


def _ifc(path: Path) -> FileInfo:
    from zonebox_converters.ifc.about import about

    return about(path)


def _points(path: Path) -> FileInfo:
    from zonebox_converters.lidar.about import about

    return about(path)


def _raster(path: Path) -> FileInfo:
    from zonebox_converters.lidar.about import about_raster

    return about_raster(path)


def _city_model(path: Path) -> FileInfo:
    from zonebox_converters.citymodel.about import about

    return about(path)


def _tileset(path: Path) -> FileInfo:
    from zonebox_converters.tiles.about import about

    return about(path)
