"""The folder that tiles are written to: what zonebox wrote there it may replace, everything else it leaves alone."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from zonebox.errors import OutputExistsError

MANIFEST: Final = "zonebox-tiles.json"
"""Lists the files of a tileset that zonebox wrote, relative to it."""


class Folder:
    """An output folder under a manifest.

    The manifest names files before they are written, so an interrupted run leaves nothing that the next one would not
    know as its own; a file is written beside its place and moved there whole.

    Parameters
    ----------
    root : Path
        The folder; made where it is missing.
    planned : iterable of str
        Files that may be written, relative, with forward slashes.
    force : bool
        Replace files of the same name that zonebox did not write.

    Raises
    ------
    OutputExistsError
        A planned file is there and not zonebox's.
    """

    def __init__(self, root: Path, planned: Iterable[str], *, force: bool = False) -> None:
        self.root = root
        self.written = 0
        self._kept: set[str] = set()
        self._force = force
        self._planned: set[str] = set()
        self._before = _listed(root / MANIFEST)
        self.plan(planned)

    def plan(self, names: Iterable[str]) -> None:
        """Announce more files, before any of them is written."""
        more = set(names)
        foreign = sorted(name for name in more - self._before if (self.root / name).exists())
        if foreign and not self._force:
            raise OutputExistsError(f"{self.root / foreign[0]}: got a file that zonebox did not write, want a free "
                                    "place; choose another folder or pass --force")
        self._planned |= more
        self.root.mkdir(parents=True, exist_ok=True)
        self._list(self._planned | self._before)

    def put(self, name: str, data: bytes) -> None:
        """Write a planned file, unless these bytes are there already."""
        self.keep(name, rewritten=write_file(self.root / name, data))

    def keep(self, name: str, *, rewritten: bool) -> None:
        """Take note of a planned file that is in its place."""
        assert name in self._planned, name
        self._kept.add(name)
        self.written += rewritten

    def close(self) -> None:
        """Remove what an earlier run wrote and this one did not, and list what is there now."""
        for name in sorted(self._before - self._kept):
            path = self.root / name
            path.unlink(missing_ok=True)
            for folder in path.relative_to(self.root).parents[:-1]:
                above = self.root / folder
                if above.is_dir() and not any(above.iterdir()):
                    above.rmdir()
        self._list(self._kept)

    def _list(self, names: set[str]) -> None:
        text = json.dumps({"about": "files written by zonebox tiles; others in this folder are left alone",
                           "files": sorted(names)}, ensure_ascii=False, indent=1)
        write_file(self.root / MANIFEST, f"{text}\n".encode())


def _listed(manifest: Path) -> set[str]:
    """Files named by a manifest, those outside its folder left out; nothing where it is missing or not a manifest."""
    try:
        names = json.loads(manifest.read_text(encoding="utf-8"))["files"]
        return {name for name in names if not Path(name).is_absolute() and ".." not in Path(name).parts}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def write_file(path: Path, data: bytes) -> bool:
    """Write a file beside its place and move it there whole; False where these bytes are there already."""
    if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    beside.write_bytes(data)
    os.replace(beside, path)  # noqa: PTH105 - atomic on every platform
    return True
