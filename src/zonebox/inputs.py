"""The files that a scene is made from, each with its hash: those it names, and those that belong to them unnamed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from zonebox.frame import Entry, Frame
from zonebox.model import Source
from zonebox.scenefile import SceneFile, split_layer

BESIDE: Final = (".dbf", ".shx", ".prj", ".cpg", ".gpkg-wal", ".sqlite-wal", ".tfw", ".aux.xml")
"""Endings of files that belong to an input without being named: the limits of a shapefile stand in its .dbf."""
_TOLD: Final = (".dbf", ".prj", ".cpg", ".tfw")
"""Those of them that a record of a run names: what they hold changes what was read."""


def beside(path: Path) -> Iterator[Path]:
    """Give the files that belong to an input and are there."""
    yield from (other for other in (path.with_suffix(ending) for ending in BESIDE) if other != path and other.is_file())


def sources(spec: SceneFile) -> tuple[Source, ...]:
    """Name and hash every input, in the scene's order; what belongs to one comes after it."""
    named = [path for path in spec.files if path.exists()]
    every = [path for one in named for path in (one, *(p for p in beside(one) if p.suffix in _TOLD))]
    return tuple(Source(name=path.name, sha256=digest(path)) for path in dict.fromkeys(every))


def entries(spec: SceneFile, frame: Frame) -> tuple[tuple[str, Entry], ...]:
    """Tell how the surveys of what stands, and the outlines of water, come into the frame."""
    from zonebox_converters import lidar

    found: tuple[tuple[str, Entry], ...] = ()
    if spec.terrain is not None and spec.terrain.water not in {"", "plan"}:
        found += lidar.outlines_entry(*split_layer(spec.terrain.water), frame, spec.terrain.crs or None)
    if spec.as_built is not None:
        found += lidar.entries((*spec.as_built.points, *spec.as_built.before), frame, spec.as_built.crs or None)
    return found


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes; of a folder (a FileGDB, a folder of tiles) over the names and hashes of its files.

    Locks that reading a FileGDB leaves do not count.
    """
    if path.is_file():
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    lines = [f"{digest(p)} {p.relative_to(path).as_posix()}\n" for p in sorted(path.rglob("*"))
             if p.is_file() and p.suffix != ".lock"]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
