"""Keep what an IFC file gave, by the hash of its bytes: a rerun with an unchanged file makes no geometry.

An entry holds the file's own coordinates, so that a moved placement or another scene uses it again. It is one .npz
without pickled objects; an entry that cannot be read is made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox import __version__
from zonebox.geometry.mesh import Mesh
from zonebox_converters.ifc import packing, sheets
from zonebox_converters.ifc.facts import Facts
from zonebox_converters.ifc.kernel import Shapes
from zonebox_converters.ifc.massing import Massing

LAYOUT: Final = 9
"""Raised whenever an entry means something else than before."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Content:
    """Everything a file gives, before it is placed."""

    facts: Facts
    shapes: Shapes
    massing: Massing


def entry(folder: Path, sha256: str, settings: Mapping[str, Any]) -> Path:
    """Path of the entry for a file's hash under some settings."""
    text = json.dumps([LAYOUT, __version__, sha256, settings], sort_keys=True)
    return folder / f"ifc-{hashlib.sha256(text.encode()).hexdigest()[:32]}.npz"


def load(path: Path) -> Content | None:
    """Read an entry; None where there is none, or none that can be read."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        said = json.loads(arrays.pop("said").tobytes())
        known = sheets.together(said["properties"], arrays.pop("properties").tobytes())
        vertices, triangles = arrays.pop("solid_vertices"), arrays.pop("solid_triangles")
        return Content(
            facts=packing.with_properties(said["facts"], known),
            shapes=Shapes(arrays=arrays, failures={int(k): v for k, v in said["failures"].items()}),
            massing=Massing(solid=Mesh(vertices=vertices, triangles=triangles) if len(triangles) else None,
                            note=said["note"], outlines=tuple((z, a) for z, a in said["outlines"]),
                            outdoor=tuple(said["outdoor"]), roof=said["roof"], dropped=tuple(said["dropped"]),
                            bound_m=said["bound_m"]),
        )
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None


def store(path: Path, content: Content) -> None:
    """Write an entry in one step, so that a reader never meets half of one."""
    facts = packing.pack(content.facts)
    names, properties = sheets.apart(facts.pop("properties"))
    said = {"facts": facts, "properties": names, "failures": content.shapes.failures,
            "note": content.massing.note, "outlines": content.massing.outlines,
            "outdoor": content.massing.outdoor, "roof": dict(content.massing.roof),
            "dropped": content.massing.dropped, "bound_m": content.massing.bound_m}
    solid = content.massing.solid or Mesh.empty()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            np.savez(stream, allow_pickle=False, said=_bytes(json.dumps(said).encode()),
                     properties=_bytes(properties), solid_vertices=solid.vertices, solid_triangles=solid.triangles,
                     **content.shapes.arrays)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _bytes(text: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(text, dtype=np.uint8)
