"""What a picture of a scene has to show, and the named views that show it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.errors import InputError
from zonebox.model import Finding, Report, Scene
from zonebox.viewer import camera, violations
from zonebox.viewer.drawable import Layer

WHOLE_BLOCK_RATIO: Final = 2.0
"""The block of ground is framed whole where its plan area is below this many times that of the parcels."""


def view(
    name: str, scene: Scene, report: Report | None, *, points: NDArray[np.float64], aspect: float,
    insets: camera.Insets,
) -> camera.View:
    """Make a view by name: ``overview``, ``plan``, one of `camera.OBLIQUES`, or ``finding:<id>``.

    Raises
    ------
    InputError
        No such view.
    """
    if name == "overview":
        return camera.overview(points, aspect, insets)
    if name == "plan":
        return camera.plan(points, aspect, insets)
    if name in camera.OBLIQUES:
        return camera.oblique(name, points, aspect, insets)
    finding = next((f for f in (report.findings if report else ()) if f"finding:{f.id}" == name), None)
    if finding is None:
        raise InputError("view", got=f'"{name}"', want=f"overview, plan, {', '.join(camera.OBLIQUES)} or finding:<id>",
                         then="the ids stand in report.json")
    place, where = violations.place_of(scene, finding), finding.where
    ends = [] if where.point is None or where.foot is None else [where.point, where.foot]
    middle = points.mean(0)
    seen = np.array([middle if place is None else place, *ends])
    return camera.at_finding(name, seen, _middle_of(scene, finding, middle), aspect, insets)


def framed_points(scene: Scene, layers: Sequence[Layer] = ()) -> NDArray[np.float64]:
    """Gather what a picture is about (n, 3): parcels on the ground, envelopes, designs; else whatever there is.

    A block of ground that is hardly larger than the parcels is shown whole.
    """
    ground = [e.ground_m for e in scene.envelopes]
    level = float(np.median(ground)) if ground else None
    boxes = [e.solid.bounds for e in scene.envelopes if len(e.solid)]
    boxes += [d.mesh.bounds for d in scene.designs if len(d.mesh)]
    if level is None:
        level = float(min((box[0, 2] for box in boxes), default=_terrain_level(scene)))
    points = [camera.corners(boxes)]
    xy = shapely.get_coordinates([parcel.shape for parcel in scene.plan.parcels])
    points.append(np.column_stack([xy, np.full(len(xy), level)]))
    every = np.concatenate(points)
    block = next((layer.surfaces[0].mesh.bounds for layer in layers if layer.name == "terrain"), None)
    if block is not None and len(every):
        needed = _plan_area(np.stack([every.min(0), every.max(0)]))
        if _plan_area(block) < WHOLE_BLOCK_RATIO * needed:
            every = np.concatenate([every, camera.corners([block])])
    if not len(every):
        every = camera.corners([b.mesh.bounds for b in scene.context if len(b.mesh)])
    if not len(every) and scene.terrain is not None and len(scene.terrain.mesh):
        every = camera.corners([scene.terrain.mesh.bounds])
    return every if len(every) else camera.corners([[[-50.0, -50.0, 0.0], [50.0, 50.0, 0.0]]])


def _plan_area(bounds: NDArray[np.float64]) -> float:
    low, high = bounds
    return float((high[0] - low[0]) * (high[1] - low[1]))


def _terrain_level(scene: Scene) -> float:
    if scene.terrain is None or not len(scene.terrain.mesh):
        return 0.0
    return float(np.median(scene.terrain.mesh.vertices[:, 2]))


def _middle_of(scene: Scene, finding: Finding, otherwise: NDArray[np.float64]) -> NDArray[np.float64]:
    """Middle (x, y) of the design a finding is about, else of its parcel, else of everything."""
    design = next((d for d in scene.designs if d.id == finding.design and len(d.mesh)), None)
    if design is not None:
        return np.asarray(design.mesh.bounds.mean(0)[:2])
    parcel = scene.plan.parcel(finding.parcel)
    return otherwise[:2] if parcel is None else np.array(parcel.shape.centroid.coords[0][:2])
