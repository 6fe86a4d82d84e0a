"""Opens the bodies of a stage: all before an upright plane, and designs above a storey."""

from __future__ import annotations

import numpy as np

from zonebox.model import Building, Scene
from zonebox.studio.tools import Cut
from zonebox.viewer.below import below
from zonebox.viewer.stage import Stage

UNDER_SLAB_M = 0.05
"""A storey is cut this far below its top, so that the next slab does not show through."""


def cut_open(stage: Stage, scene: Scene, cut: Cut) -> None:
    """Cut what a stage shows of a scene; a `Cut` of nothing makes it whole again."""
    found = storey_top(scene, cut.storey)
    stage.open(None if found is None else below(scene, stage.report, *found))
    middle = (stage.points.min(0) + stage.points.max(0)) / 2.0
    normal = {"north": np.array([0.0, 1.0, 0.0]), "east": np.array([1.0, 0.0, 0.0])}.get(cut.direction)
    stage.cut([] if normal is None else [(middle + cut.offset_m * normal, normal)])


def storey_top(scene: Scene, name: str) -> tuple[Building, float] | None:
    """Design of a storey, ``design/storey``, and height at which it is cut; None where the scene has no such storey."""
    for design in scene.designs:
        for storey in design.storeys:
            if f"{design.id}/{storey.id}" == name and storey.height_m is not None:
                return design, storey.elevation_m + storey.height_m - UNDER_SLAB_M
    return None
