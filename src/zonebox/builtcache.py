"""Keep a built and checked scene, so that opening it again builds nothing.

An entry is named by the hash of everything it was made from: the bytes of every input, the files beside them that
belong to them, the elevation grids, the variant, and this version of zonebox. It is read back by a reader that knows
the classes of the model and no others, so that a file from a stranger can start nothing.
"""

from __future__ import annotations

import enum
import hashlib
import importlib
import importlib.util
import io
import os
import pickle
import tempfile
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, Final

import zonebox
from zonebox import inputs
from zonebox.model import Report, Scene
from zonebox.scenefile import SceneFile

LAYOUT: Final = 1
"""Raised whenever an entry means something else than before."""

KEPT: Final = 4
"""Entries kept in a folder; the oldest go."""

_OURS: Final = ("zonebox.model.", "zonebox.geometry.", "zonebox.frame")
_THEIRS: Final = {
    ("numpy", "dtype"), ("numpy", "ndarray"), ("numpy._core.numeric", "_frombuffer"),
    ("numpy._core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "scalar"), ("shapely.io", "from_wkb"),
    ("shapely", "from_wkb"), ("pathlib", "PosixPath"), ("pathlib", "WindowsPath"), ("pathlib", "Path"),
}
"""What an array, a shape and a path are made of."""


def entry(folder: Path, spec: SceneFile, variant: str = "") -> Path:
    """Path of the entry for a scene as its files are now."""
    digest = hashlib.sha256(repr((LAYOUT, zonebox.__version__, variant, spec)).encode())
    if any("://" in source for source in (spec.plan.parcels, spec.plan.roads, spec.plan.lines, spec.plan.zones,
                                               spec.plan.edges)):
        digest.update(os.urandom(16))           # what a database holds has no hash: such a scene is never known
    for path in _inputs(spec):
        digest.update(str(path).encode())
        with path.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    for name, size, changed in _code():
        digest.update(f"{name} {size} {changed}".encode())
    return folder / f"built-{digest.hexdigest()[:32]}.scene"


def load(path: Path) -> tuple[Scene, Report] | None:
    """Read an entry; None where there is none, or none that can be read."""
    try:
        with path.open("rb") as stream:
            scene, report = _Reader(stream).load()
    except (OSError, EOFError, pickle.UnpicklingError, ValueError, TypeError, AttributeError, ImportError, IndexError,
            KeyError, MemoryError):
        return None
    return (scene, report) if isinstance(scene, Scene) and isinstance(report, Report) else None


def store(path: Path, scene: Scene, report: Report) -> None:
    """Write an entry in one step, and drop the oldest of the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            pickle.dump((scene, report), stream, protocol=5)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    entries = sorted(path.parent.glob("built-*.scene"), key=lambda p: (p == path, p.stat().st_mtime_ns))
    for old in entries[:-KEPT]:
        old.unlink(missing_ok=True)


class _Reader(pickle.Unpickler):
    """Reads values of the model, arrays, shapes and paths, and refuses everything else."""

    def __init__(self, stream: io.BufferedReader) -> None:
        super().__init__(stream)

    def find_class(self, module_name: str, global_name: str) -> Any:
        """Look up what a value is made of."""
        if (module_name, global_name) in _THEIRS:
            return getattr(importlib.import_module(module_name), global_name)
        if module_name.startswith(_OURS) and "." not in global_name:
            found = getattr(importlib.import_module(module_name), global_name)
            if isinstance(found, type) and (is_dataclass(found) or issubclass(found, enum.Enum)):
                return found
        raise pickle.UnpicklingError(f"{module_name}.{global_name} is no part of a scene")


def _inputs(spec: SceneFile) -> Iterator[Path]:
    """Every file that a scene is made from."""
    for path in spec.files:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.is_file())
        elif path.is_file():
            yield path
            yield from inputs.beside(path)
    for folder in spec.grids:
        yield from sorted(p for p in folder.rglob("*") if p.is_file())


def _code() -> Iterator[tuple[str, int, int]]:
    """Size and date of this program's own files, which change between two versions of one number."""
    for package in ("zonebox", "zonebox_converters"):
        found = importlib.util.find_spec(package)
        for root in (found.submodule_search_locations or ()) if found is not None else ():
            for path in sorted(Path(root).rglob("*.py")):
                said = path.stat()
                yield path.relative_to(root).as_posix(), said.st_size, said.st_mtime_ns
