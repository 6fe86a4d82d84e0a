"""From where to look: views that frame given points exactly, as pure functions of the points.

A view frames its points inside the part of the picture that the insets (title, legend) leave free. For a perspective
camera of fixed direction that has a closed form: each side of the pyramid touches its outermost point.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Points = NDArray[np.float64]

ANGLE_DEG: Final = 28.0
"""Vertical opening of the camera: a short telephoto, so that uprights stay nearly upright."""

OVERVIEW_HEADING_DEG: Final = 338.0
"""The overview looks north-north-west: from the south, with the lit and the shaded side of everything in sight."""

OVERVIEW_PITCH_DEG: Final = 41.0
OBLIQUES: Final = {"south-west": 45.0, "south-east": 315.0, "north-east": 225.0, "north-west": 135.0}
"""Name by where the camera stands -> compass heading in which it looks."""

FINDING_PITCH_DEG: Final = 22.0
FINDING_LEAST_M: Final = 14.0
"""Least radius shown around a finding, so that its surroundings can be recognised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Insets:
    """Shares (0–1) of the picture's width and height that are kept free at its sides."""

    left: float = 0.03
    right: float = 0.03
    top: float = 0.03
    bottom: float = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A camera.

    Parameters
    ----------
    position, focal_point, up : (x, y, z)
        In the frame, metres; ``up`` is a unit vector at right angles to the line of sight.
    angle_deg : float
        Vertical opening of a perspective camera.
    half_height_m : float or None
        Half the height of the picture in metres: set for a parallel (plan) view.
    """

    name: str
    position: tuple[float, float, float]
    focal_point: tuple[float, float, float]
    up: tuple[float, float, float]
    angle_deg: float = ANGLE_DEG
    half_height_m: float | None = None

    def axes(self) -> tuple[Points, Points, Points]:
        """Find unit vectors to the right, upwards and forward, as the camera sees them."""
        forward = np.subtract(self.focal_point, self.position)
        forward = forward / np.linalg.norm(forward)
        right = np.cross(forward, self.up)
        right /= np.linalg.norm(right)
        return right, np.cross(right, forward), forward

    def project(self, points: ArrayLike, size: tuple[int, int]) -> tuple[Points, NDArray[np.float64]]:
        """Pixels (n, 2) from the lower left, and distance in front of the camera (n,), of points (n, 3)."""
        right, up, forward = self.axes()
        offset = np.asarray(points, dtype=np.float64).reshape(-1, 3) - self.position
        depth = offset @ forward
        plane = np.stack([offset @ right, offset @ up], axis=-1)
        return plane * self._pixels_per_m(depth, size[1])[:, None] + np.array(size) / 2, depth

    def pixels_per_m(self, point: ArrayLike, size: tuple[int, int]) -> float:
        """Scale of the picture at the distance of a point."""
        depth = (np.asarray(point, dtype=np.float64) - self.position) @ self.axes()[2]
        return float(self._pixels_per_m(np.atleast_1d(depth), size[1])[0])

    def moved(self, offset: ArrayLike) -> View:
        """Return the same view of a scene shifted by (dx, dy, dz)."""
        dx, dy, dz = (float(v) for v in np.asarray(offset, dtype=np.float64))
        position, focal_point = ((p[0] + dx, p[1] + dy, p[2] + dz) for p in (self.position, self.focal_point))
        return replace(self, position=position, focal_point=focal_point)

    def _pixels_per_m(self, depth: NDArray[np.float64], height: int) -> NDArray[np.float64]:
        if self.half_height_m is not None:
            return np.full(depth.shape, height / 2 / self.half_height_m)
        reach = np.where(np.abs(depth) > 1e-9, depth, 1e-9) * math.tan(math.radians(self.angle_deg) / 2)
        return np.asarray(height / 2 / reach)


def overview(points: Points, aspect: float, insets: Insets = Insets()) -> View:
    """Look at everything obliquely from the south."""
    return fit(points, name="overview", heading_deg=OVERVIEW_HEADING_DEG, pitch_deg=OVERVIEW_PITCH_DEG, aspect=aspect,
               insets=insets)


def plan(points: Points, aspect: float, insets: Insets = Insets()) -> View:
    """Look straight down with north up, without perspective."""
    low, high = points.min(0), points.max(0)
    tall = 2.0 / (2.0 * (1.0 - insets.top - insets.bottom))
    wide = 2.0 / (2.0 * (1.0 - insets.left - insets.right))
    half = max((high[1] - low[1]) / 2 * tall, (high[0] - low[0]) / 2 * wide / aspect, 1.0)
    x = (low[0] + high[0]) / 2 + (insets.right - insets.left) * half * aspect
    y = (low[1] + high[1]) / 2 + (insets.top - insets.bottom) * half
    z = float(high[2])
    return View(name="plan", position=(float(x), float(y), z + 4.0 * float(half)), focal_point=(float(x), float(y), z),
                up=(0.0, 1.0, 0.0), half_height_m=float(half))


def oblique(name: str, points: Points, aspect: float, insets: Insets = Insets()) -> View:
    """Look from one of the four corners (`OBLIQUES`)."""
    return fit(points, name=name, heading_deg=OBLIQUES[name], pitch_deg=OVERVIEW_PITCH_DEG, aspect=aspect,
               insets=insets)


def at_finding(
    name: str, points: Points, centre: ArrayLike, aspect: float, insets: Insets = Insets()
) -> View:
    """Look at a finding from outside its building or parcel, whose middle is ``centre`` (x, y).

    ``points`` are the place of the finding and, where it has one, the two ends of its dimension line. A level
    dimension is looked at from the side, so that its length shows.
    """
    middle = points.mean(0)
    level = points[-1, :2] - points[-2, :2] if len(points) > 1 else np.zeros(2)
    outward = middle[:2] - np.asarray(centre, dtype=np.float64)[:2]
    if np.linalg.norm(level) > 0.1:
        out = level / np.linalg.norm(level)
        out = out if out @ outward >= 0.0 else -out
        side = np.array([-out[1], out[0]])
        side = side if side[1] >= 0.0 else -side                                # looks north rather than south
        heading = math.degrees(math.atan2(*(0.85 * side - 0.5 * out)))
    elif np.linalg.norm(outward) < 1.0:
        heading = OVERVIEW_HEADING_DEG
    else:
        heading = math.degrees(math.atan2(-outward[0], -outward[1])) + 28.0     # not square on: depth shows
    radius = max(FINDING_LEAST_M, float(np.linalg.norm(points - middle, axis=1).max()) * 1.15)
    around = middle + radius * np.concatenate([np.eye(3), -np.eye(3)])
    return fit(around, name=name, heading_deg=heading, pitch_deg=FINDING_PITCH_DEG, aspect=aspect, insets=insets)


def fit(
    points: Points, *, name: str, heading_deg: float, pitch_deg: float, aspect: float, insets: Insets = Insets(),
    angle_deg: float = ANGLE_DEG,
) -> View:
    """Make the closest perspective view in a direction that has all points in the free part of the picture.

    Parameters
    ----------
    points : (n, 3)
        What must be seen; at least one.
    heading_deg, pitch_deg : float
        Compass direction of the line of sight, and how far it dips below the horizon (0 < pitch < 90).
    aspect : float
        Width / height of the picture.
    """
    right, up, forward = _axes(heading_deg, pitch_deg)
    tall = math.tan(math.radians(angle_deg) / 2)
    wide = tall * aspect
    x, y, z = points @ right, points @ up, points @ forward
    back_x = _apex(x, z, wide * (1 - 2 * insets.left), wide * (1 - 2 * insets.right))
    back_y = _apex(y, z, tall * (1 - 2 * insets.bottom), tall * (1 - 2 * insets.top))
    eye_z = min(back_x, back_y, float(z.min()) - 1.0)
    eye_x = _between(x, z, wide * (1 - 2 * insets.left), wide * (1 - 2 * insets.right), eye_z)
    eye_y = _between(y, z, tall * (1 - 2 * insets.bottom), tall * (1 - 2 * insets.top), eye_z)
    eye = eye_x * right + eye_y * up + eye_z * forward
    target = eye + forward * (float(np.median(z)) - eye_z)
    return View(name=name, position=_triple(eye), focal_point=_triple(target), up=_triple(up), angle_deg=angle_deg)


EYE_M: Final = 1.65
EYE_ANGLE_DEG: Final = 60.0


def eye_level(x: float, y: float, ground_m: float, *, heading_deg: float) -> View:
    """Stand on the ground and look level in a compass direction."""
    east, north = math.sin(math.radians(heading_deg)), math.cos(math.radians(heading_deg))
    z = ground_m + EYE_M
    return View(name="walk", position=(x, y, z), focal_point=(x + 20.0 * east, y + 20.0 * north, z),
                up=(0.0, 0.0, 1.0), angle_deg=EYE_ANGLE_DEG)


def orbit(middle: ArrayLike, distance_m: float, *, heading_deg: float, pitch_deg: float) -> View:
    """Look at a point from a distance, in a compass direction."""
    _, up, forward = _axes(heading_deg, pitch_deg)
    target = np.asarray(middle, dtype=np.float64)
    return View(name="orbit", position=_triple(target - distance_m * forward), focal_point=_triple(target),
                up=_triple(up))


def corners(bounds: Sequence[ArrayLike]) -> Points:
    """Corners (8 × n, 3) of boxes given as (low, high)."""
    if not len(bounds):
        return np.zeros((0, 3))
    boxes = np.asarray(bounds, dtype=np.float64).reshape(-1, 2, 3)
    pick = np.array([[(i >> k) & 1 for k in range(3)] for i in range(8)])
    return np.asarray(boxes[:, pick, np.arange(3)].reshape(-1, 3))


def _axes(heading_deg: float, pitch_deg: float) -> tuple[Points, Points, Points]:
    heading, pitch = math.radians(heading_deg), math.radians(pitch_deg)
    level = np.array([math.sin(heading), math.cos(heading), 0.0])
    forward = level * math.cos(pitch) - np.array([0.0, 0.0, math.sin(pitch)])
    right = np.array([level[1], -level[0], 0.0])
    return right, np.cross(right, forward), forward


def _apex(across: Points, along: Points, low: float, high: float) -> float:
    """Deepest place on the line of sight from which two sides of the pyramid still enclose all points."""
    return float(((across + low * along).min() - (across - high * along).max()) / (low + high))


def _between(across: Points, along: Points, low: float, high: float, eye: float) -> float:
    """Middle of the places across the line of sight that are possible at depth ``eye``."""
    least, most = (across - high * along).max() + high * eye, (across + low * along).min() - low * eye
    return float((least + most) / 2)


def _triple(vector: Points) -> tuple[float, float, float]:
    return float(vector[0]), float(vector[1]), float(vector[2])
