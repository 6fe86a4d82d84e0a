"""Small city models made on the spot."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from zonebox.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FRAME = Frame.near("EPSG:7415", (85000.0, 447000.0))
URN = "urn:ogc:def:crs:EPSG::7415"
CUBE = [[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]]
"""Floor, roof and four walls of `box_vertices`, seen from outside."""


def box_vertices(
    x: float = 0.0, y: float = 0.0, z: float = 0.0, size: tuple[float, float, float] = (10.0, 8.0, 6.0)
) -> list[list[float]]:
    """Eight corners of a box at (85000 + x, 447000 + y, z): the lower four counter-clockwise, then the upper."""
    w, d, h = size
    plan = [(0.0, 0.0), (w, 0.0), (w, d), (0.0, d)]
    return [[85000 + x + u, 447000 + y + v, z + t] for t in (0.0, h) for u, v in plan]


def surfaces(faces: list[list[int]], start: int = 0) -> list[list[list[int]]]:
    """Polygons without holes, their vertex numbers moved by ``start``."""
    return [[[k + start for k in face]] for face in faces]


def solid(faces: list[list[int]], lod: str = "1", start: int = 0, **more: Any) -> dict[str, Any]:
    """A Solid with one shell."""
    return {"type": "Solid", "lod": lod, "boundaries": [surfaces(faces, start)], **more}


def model(
    objects: dict[str, Any],
    vertices: Sequence[Sequence[float]],
    *,
    version: str = "2.0",
    crs: str | None = URN,
    **more: Any,
) -> dict[str, Any]:
    """A whole document."""
    metadata = {} if crs is None else {"referenceSystem": crs}
    return {"type": "CityJSON", "version": version, "metadata": metadata, "CityObjects": objects,
            "vertices": vertices, **more}


def write(path: Path, document: Any) -> Path:
    """Write a document as JSON."""
    path.write_text(json.dumps(document, indent=None, sort_keys=True), encoding="utf-8")
    return path
