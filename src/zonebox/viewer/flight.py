"""The way of a camera from one view to another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from zonebox.viewer.camera import View

STEPS: Final = 8


def flight(start: View, end: View, steps: int = STEPS) -> Iterator[View]:
    """Yield views from one to another, slow at both ends; between a perspective and a flat one it is a jump."""
    if (start.half_height_m is None) != (end.half_height_m is None):
        yield end
        return
    for step in range(1, steps + 1):
        share = step / steps
        share = share * share * (3.0 - 2.0 * share)
        yield end if step == steps else _between(start, end, share)


def _between(start: View, end: View, share: float) -> View:
    def mixed(a: Sequence[float], b: Sequence[float]) -> tuple[float, float, float]:
        x, y, z = (float(v) for v in np.array(a) + (np.array(b) - a) * share)
        return x, y, z

    half = None
    if start.half_height_m is not None and end.half_height_m is not None:
        half = start.half_height_m + (end.half_height_m - start.half_height_m) * share
    view = replace(end, position=mixed(start.position, end.position),
                   focal_point=mixed(start.focal_point, end.focal_point), half_height_m=half)
    return replace(view, up=end.up if half is not None else _upright(view))


def _upright(view: View) -> tuple[float, float, float]:
    forward = np.subtract(view.focal_point, view.position)
    forward /= np.linalg.norm(forward)
    up = np.array([0.0, 0.0, 1.0]) - forward[2] * forward
    x, y, z = (float(v) for v in up / np.linalg.norm(up))
    return x, y, z
