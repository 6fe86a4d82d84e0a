"""What can be drawn, as plain values: surfaces, lines and labels, gathered in named layers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.mesh import Mesh
from zonebox.viewer.palette import Rgb

Colors = NDArray[np.uint8]
Segments = NDArray[np.float64]


class Material(StrEnum):
    """How a surface takes the light."""

    GROUND = "ground"
    MATTE = "matte"
    GLASS = "glass"
    SIGNAL = "signal"
    """Nearly the same colour from every side: what must be seen."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surface:
    """Triangles with a colour each.

    Parameters
    ----------
    mesh : Mesh
        In the frame.
    colors : (m, 4) uint8
        RGBA per triangle.
    subjects : tuple of str
        What the triangles stand for, as ``kind:id``: ``parcel:A-05``, ``element:tower/<GlobalId>``, ``finding:…``.
    triangle_subject : (m,) int32
        Index into ``subjects`` for each triangle, so that a picked triangle can be named.
    texture : (h, w, 3) uint8 or None
        Picture laid over ``texture_box`` (x0, y0, x1, y1) from above, first row in the north.
    """

    mesh: Mesh
    colors: Colors
    material: Material = Material.MATTE
    subjects: tuple[str, ...] = ()
    triangle_subject: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    texture: Colors | None = None
    texture_box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lines:
    """Straight pieces (k, 2, 3) with a colour (k, 4) each, of one width in pixels."""

    segments: Segments
    colors: Colors
    width_px: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Callout:
    """A note on a place: drawn beside it, connected by a line, never over another note.

    ``dimension`` are the ends of a dimension line; ``rank`` orders the notes, lowest first, when room is short.
    """

    subject: str
    anchor: tuple[float, float, float]
    lines: tuple[str, ...]
    color: Rgb
    rank: float
    dimension: tuple[tuple[float, float, float], tuple[float, float, float]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A short name written at the first of its places that is in sight and free, else left out."""

    subject: str
    anchors: tuple[tuple[float, float, float], ...]
    text: str
    color: Rgb


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A row of the legend: a filled or hatched box, or a line where ``line`` is set; a heading without a colour."""

    text: str
    color: Rgb | None = None
    edge: Rgb | None = None
    alpha: float = 1.0
    line: bool = False
    hatched: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layer:
    """Drawables that are shown and hidden together; ``name`` is stable, ``title`` is for people."""

    name: str
    title: str
    surfaces: tuple[Surface, ...] = ()
    lines: tuple[Lines, ...] = ()
    callouts: tuple[Callout, ...] = ()
    tags: tuple[Tag, ...] = ()
    keys: tuple[Key, ...] = ()


def rgba(color: Rgb, alpha: float = 1.0) -> Colors:
    """Make the RGBA row (4,) of a colour and an opacity 0–1."""
    return np.array([*color, round(255 * alpha)], dtype=np.uint8)


def uniform(color: Rgb, count: int, alpha: float = 1.0) -> Colors:
    """Repeat one RGBA ``count`` times (count, 4)."""
    return np.tile(rgba(color, alpha), (count, 1))
