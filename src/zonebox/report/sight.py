"""A camera that sees a finding: from outside its building, past what stands in between."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox.model import Finding, Report, Scene
from zonebox.report import shapes
from zonebox.report.facts import broken
from zonebox.report.limits import shown_part

Array = NDArray[np.float64]

FIELD_DEG: Final = 60.0
"""Vertical opening; BCF 2.1 allows 45 to 60 degrees."""

ASPECT: Final = 1.6
LEAST_M: Final = 9.0
MOST_M: Final = 60.0
"""Least and largest radius around the worst place that the picture holds."""

TURNS_DEG: Final = (28.0, -28.0, 0.0, 60.0, -60.0, 100.0, -100.0, 150.0)
"""Directions that are tried, from square on; not square on comes first, because depth shows."""

PITCHES_DEG: Final = (22.0, 40.0, 65.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Camera:
    """A perspective camera in the frame: position (3,), unit direction (3,), up (3,), metres to what it is aimed at."""

    position: Array
    direction: Array
    up: Array
    distance: float = 1.0

    @property
    def field_deg(self) -> float:
        """Vertical opening."""
        return FIELD_DEG

    @property
    def focus(self) -> Array:
        """What the camera is aimed at (3,)."""
        return self.position + self.distance * self.direction

    def sees(self, point: Array) -> bool:
        """Whether a point lies inside the picture."""
        offset = point - self.position
        depth = float(offset @ self.direction)
        tall = depth * math.tan(math.radians(FIELD_DEG) / 2.0)
        right = np.cross(self.direction, self.up)
        return depth > 0.0 and abs(float(offset @ self.up)) <= tall and abs(float(offset @ right)) <= tall * ASPECT


NO_CAMERAS: Final[Mapping[str, Camera]] = {}


def cameras(scene: Scene, report: Report, *, most: int) -> dict[str, Camera]:
    """Choose cameras for the worst findings that fail or are marginal and have a place; finding id -> camera."""
    found = ((finding.id, camera_of(scene, finding)) for finding in broken(report)[:most])
    return {name: camera for name, camera in found if camera is not None}


def camera_of(scene: Scene, finding: Finding) -> Camera | None:
    """Choose the first direction from which most of the finding is not hidden; None where it has no place."""
    targets = _targets(scene, finding)
    if not len(targets):
        return None
    focus = targets[0]
    radius = float(np.clip(np.linalg.norm(targets - focus, axis=1).max() * 1.15, LEAST_M, MOST_M))
    heading = _outward(scene, finding, focus)
    if not finding.design:                                      # a place in glass, which hides nothing
        return _aimed(focus, radius, heading + TURNS_DEG[0], PITCHES_DEG[1])
    blockers = _blockers(scene, focus, radius)
    best: tuple[int, Camera] | None = None
    for pitch in PITCHES_DEG:
        for turn in TURNS_DEG:
            camera = _aimed(focus, radius, heading + turn, pitch)
            hidden = 0
            for target in targets[:4]:
                hidden += blockers.hide(camera.position, target)
                if best is not None and hidden >= best[0]:
                    break
            else:
                best = hidden, camera
            if hidden == 0:
                return camera
    assert best is not None
    return best[1]


def _targets(scene: Scene, finding: Finding) -> Array:
    """List what should be seen (n, 3), the most important first: worst point, its place on the limit, the part."""
    points: list[Array] = []
    where = finding.where
    points += [np.array(p) for p in (where.point, where.foot) if p is not None]
    part = shown_part(scene, finding).part
    if part is not None and len(part):
        low, high = part.bounds
        if not points:
            points.append((low + high) / 2.0)
        near = part.vertices[np.linalg.norm(part.vertices - points[0], axis=1).argsort()]
        points += list(near[:: max(len(near) // 4, 1)][:4])
    design = shapes.design_of(scene, finding)
    if not points and design is not None:
        low, high = design.mesh.bounds
        points += [np.array([*(low + high)[:2] / 2.0, high[2]]), low, high]
    if design is None:
        points += _of_parcel(scene, finding)
    return np.array(points).reshape(-1, 3)


def _of_parcel(scene: Scene, finding: Finding) -> list[Array]:
    """List what a finding about a plan is about: its envelope, from the top down, else the parcel on its ground."""
    parcel, envelope = scene.plan.parcel(finding.parcel), scene.envelope(finding.parcel)
    if parcel is None or envelope is None:
        return []
    x0, y0, x1, y1 = parcel.shape.bounds
    top = envelope.ground_m if not len(envelope.solid) else float(envelope.solid.bounds[1, 2])
    middle = np.array([(x0 + x1) / 2.0, (y0 + y1) / 2.0, top])
    return [middle, np.array([x0, y0, envelope.ground_m]), np.array([x1, y1, envelope.ground_m])]


def _outward(scene: Scene, finding: Finding, focus: Array) -> float:
    """Compass heading of the line of sight that looks at the place from outside its building, or its lot."""
    design, parcel = shapes.design_of(scene, finding), scene.plan.parcel(finding.parcel)
    centre = focus[:2]
    if design is not None:
        centre = design.mesh.bounds.mean(0)[:2]
    elif parcel is not None:
        centre = np.array(parcel.shape.centroid.coords[0])
    out = focus[:2] - centre
    return math.degrees(math.atan2(-out[0], -out[1])) if np.hypot(*out) > 1.0 else 338.0


def _aimed(focus: Array, radius: float, heading_deg: float, pitch_deg: float) -> Camera:
    """Stand so far off that a ball of the radius round the focus fills the picture's height."""
    heading, pitch = math.radians(heading_deg), math.radians(pitch_deg)
    level = np.array([math.sin(heading), math.cos(heading), 0.0])
    direction = level * math.cos(pitch) - np.array([0.0, 0.0, math.sin(pitch)])
    right = np.array([level[1], -level[0], 0.0])
    distance = radius / math.sin(math.radians(FIELD_DEG) / 2.0)
    return Camera(position=focus - distance * direction, direction=direction, up=np.cross(right, direction),
                  distance=distance)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Blockers:
    """Triangles (m, 3, 3) that could stand between, each in a ball: centre (m, 3) and radius (m,)."""

    corners: Array
    centre: Array
    radius: Array

    def hide(self, eye: Array, target: Array) -> bool:
        """Whether a triangle crosses the line from the eye to just before the target (Möller and Trumbore 1997)."""
        ray = target - eye
        length = float(np.linalg.norm(ray))
        offset = self.centre - eye
        along = offset @ (ray / length)
        aside = np.einsum("ij,ij->i", offset, offset) - along**2
        near = (aside <= self.radius**2) & (along >= -self.radius) & (along <= length + self.radius)
        a, u, v = (self.corners[near, 0], self.corners[near, 1] - self.corners[near, 0],
                   self.corners[near, 2] - self.corners[near, 0])
        p = np.cross(ray, v)
        det = (u * p).sum(1)
        flat = np.abs(det) < 1e-12
        det = np.where(flat, 1.0, det)
        s = eye - a
        q = np.cross(s, u)
        b1, b2, t = (s * p).sum(1) / det, (q @ ray) / det, (v * q).sum(1) / det
        short_of = 1.0 - 0.1 / length                   # the target's own surface does not hide it
        return bool((~flat & (b1 >= 0.0) & (b2 >= 0.0) & (b1 + b2 <= 1.0) & (t > 1e-6) & (t < short_of)).any())


def _blockers(scene: Scene, focus: Array, radius: float) -> _Blockers:
    """Gather ground and buildings as far as any camera may stand."""
    meshes = [b.mesh for b in (*scene.designs, *scene.context)]
    meshes += [scene.terrain.mesh] if scene.terrain is not None else []
    reach = 1.1 * radius / math.sin(math.radians(FIELD_DEG) / 2.0)
    kept = [mesh.corners for mesh in meshes if len(mesh)
            and (mesh.bounds[0] < focus + reach).all() and (mesh.bounds[1] > focus - reach).all()]
    corners = np.concatenate([np.zeros((0, 3, 3)), *kept])
    centre = corners.mean(1)
    ball = np.linalg.norm(corners - centre[:, None], axis=2).max(1, initial=0.0)
    near = np.linalg.norm(centre - focus, axis=1) < reach + ball
    return _Blockers(corners=corners[near], centre=centre[near], radius=ball[near])
