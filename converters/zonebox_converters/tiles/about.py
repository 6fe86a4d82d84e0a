"""What a tileset holds, before anybody opens it in a globe."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from zonebox.errors import InputError
from zonebox.model import FileInfo, FileKind
from zonebox_converters.tiles.verifier import verify

_PROBLEMS: Final = 10


def about(source: Path) -> FileInfo:
    """Describe a tileset given by its folder or its JSON file, and say what is wrong with it.

    Raises
    ------
    InputError
        No JSON object with a root tile.
    """
    path = source / "tileset.json" if source.is_dir() else source
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
        root, asset = document["root"], document["asset"]
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as problem:
        raise InputError(source, got=f"no tileset ({type(problem).__name__})", want="a JSON object with asset and root",
                         then="name the folder with tileset.json") from None
    tiles, contents = _count(root)
    problems = verify(path)
    rows = [("version", str(asset.get("version", "none"))), ("tiles", f"{tiles:,} with {contents:,} contents"),
            ("geometric error", f"{document.get('geometricError', 'none')} m"),
            ("volume", ", ".join(root.get("boundingVolume", {"none": None})))]
    said = [str(problem) for problem in problems[:_PROBLEMS]]
    if len(problems) > _PROBLEMS:
        said.append(f"{len(problems) - _PROBLEMS:,} more problems: zonebox tiles --verify {source}")
    return FileInfo(source=str(source), kind=FileKind.TILESET, crs="EPSG:4978", crs_name="EPSG:4978 WGS 84 geocentric",
                    heights="the ellipsoid", rows=tuple(rows), oddities=tuple(said))


def _count(root: dict[str, Any]) -> tuple[int, int]:
    """Count tiles and contents of one file; tilesets it refers to count as contents."""
    tiles = contents = 0
    stack = [root]
    while stack:
        tile = stack.pop()
        tiles += 1
        contents += len(tile.get("contents", ())) or int("content" in tile)
        stack.extend(tile.get("children", ()))
    return tiles, contents
