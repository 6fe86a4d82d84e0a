"""Surfaces already made, found again by what they were made from."""

from __future__ import annotations

import hashlib
import json
import zipfile
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import numpy as np

import zonebox
from zonebox.frame import Entry
from zonebox.geometry.mesh import Mesh
from zonebox.model.terrain import Terrain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from zonebox.frame import Frame

LAYOUT: Final = 4
"""Counts up whenever the same input gives another surface, or the file another layout."""


def entry(folder: Path, sources: Sequence[Path], frame: Frame, **settings: object) -> Path:
    """Name the file that holds the surface of these bytes, names, frame, settings and version."""
    digest = hashlib.sha256()
    facts = [LAYOUT, zonebox.__version__, repr(frame), sorted(settings.items())]
    digest.update(json.dumps(facts, default=str).encode())
    for source in sources:
        with source.open("rb") as file:
            digest.update(json.dumps([source.name, hashlib.file_digest(file, "sha256").hexdigest()]).encode())
    return folder / f"terrain-{digest.hexdigest()[:32]}.npz"


def load(path: Path) -> Terrain | None:
    """Read a surface back; None where there is none or the file is damaged."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            vertices, triangles = held["vertices"], held["triangles"]
            facts = json.loads(str(held["facts"]))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    if len(triangles) and not 0 <= triangles.min() <= triangles.max() < len(vertices):
        return None
    entries = tuple((name, Entry(**how)) for name, how in facts.pop("entries"))
    return Terrain(mesh=Mesh(vertices=vertices, triangles=triangles), notes=tuple(facts.pop("notes")), entries=entries,
                   **facts)


def store(path: Path, terrain: Terrain) -> None:
    """Write a surface, all of it or nothing; a folder that cannot be written to is no reason to stop."""
    facts = {"source": terrain.source, "max_error_m": terrain.max_error_m, "rms_error_m": terrain.rms_error_m,
             "ground_points": terrain.ground_points, "notes": terrain.notes,
             "entries": [[name, asdict(how)] for name, how in terrain.entries]}
    draft = path.with_suffix(".part.npz")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(draft, vertices=terrain.mesh.vertices, triangles=terrain.mesh.triangles,
                 facts=np.array(json.dumps(facts)))
        draft.replace(path)
