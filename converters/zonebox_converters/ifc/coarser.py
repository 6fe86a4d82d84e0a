"""Fewer triangles for models that are too large to be united as they are, with the distance from the original measured.

Large models owe their size to what repeats: fittings, furniture, round columns. Each part is simplified once, however
often it is placed, and only where the result was measured to be near it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox.errors import GeometryError
from zonebox.geometry.mesh import Mesh
from zonebox.geometry.solids import mesh_of, solid_of
from zonebox_converters.ifc.closed import Closed

STEPS_M: Final = (0.01, 0.02, 0.05, 0.1)
"""How far surfaces may move, tried in this order until there are few enough triangles."""

LARGE: Final = 10_000
"""A part of more triangles is left as it is: to measure how far it moved would take longer than to unite it."""

EXCESS: Final = 1.5
"""The kernel's own measure is of planes; what moved farther than this many times as far is left as it was."""


def coarser(shapes: Closed, placed: NDArray[np.int64], most: int) -> tuple[Closed, float]:
    """Simplify parts until, placed, they have few enough triangles, or can be simplified no further.

    Parameters
    ----------
    shapes : Closed
        The parts.
    placed : (g,) int
        How often each geometry stands in the building.
    most : int
        Triangles wanted at most.

    Returns
    -------
    Closed
        The same parts, in the same order.
    float
        Farthest that a surface lies from where it was, metres (symmetric Hausdorff distance); 0 where none moved.
    """
    times = np.repeat(placed, np.diff(shapes.first))
    parts, off = list(shapes.parts), np.zeros(len(shapes.parts))
    for step in STEPS_M:
        if count(parts, times) <= most:
            break
        for k, part in enumerate(shapes.parts):
            if times[k] and len(part) <= LARGE:
                parts[k], off[k] = _nearly(part, parts[k], float(off[k]), step)
    return replace(shapes, parts=parts), float(off.max(initial=0.0))


def count(parts: Sequence[Mesh], times: NDArray[np.int64]) -> int:
    """Triangles of parts that are placed so many times."""
    return int(np.dot([len(part) for part in parts], times)) if len(parts) else 0


def _nearly(part: Mesh, so_far: Mesh, off_m: float, step_m: float) -> tuple[Mesh, float]:
    """Simplify a part by a step, or leave it as it is so far where it would go or move too far."""
    from zonebox.geometry.nearness import hausdorff_m  # here, as few buildings need it and its compiler loads long

    try:
        made = mesh_of(solid_of(part).simplify(step_m))
    except GeometryError:
        return so_far, off_m
    if not 0 < len(made) < len(so_far):
        return so_far, off_m
    moved = hausdorff_m(part.corners, made.corners)
    return (made, moved) if moved <= EXCESS * step_m else (so_far, off_m)
