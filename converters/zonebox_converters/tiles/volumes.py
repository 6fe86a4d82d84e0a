"""Bounding volumes of 3D Tiles as something to ask: where is your surface, and how far outside is this point."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

LENGTHS: Final = {"box": 12, "region": 6, "sphere": 4}
"""Kinds of volume and how many numbers each has."""

_EARTH_M: Final = 6_378_137.0
_FLAT: Final = 1e-12

_PARALLEL: Final = 1e-6

LARGEST: Final = 1e30
"""Numbers beyond it, in metres, would overflow in a distance under nested transforms."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Volume:
    """A bounding volume standing on the globe.

    Parameters
    ----------
    kind : str
        ``box``, ``region`` or ``sphere``.
    numbers : (12,), (6,) or (4,) float64
        As the specification orders them.
    matrix : (4, 4) float64
        From the volume's frame to EPSG:4978; regions do not use it.
    """

    kind: str
    numbers: NDArray[np.float64]
    matrix: NDArray[np.float64]

    def surface(self) -> Points:
        """Points (n, 3) in EPSG:4978 that the volume reaches: corners, poles, or a grid over a region."""
        if self.kind == "region":
            from zonebox.frame import ecef  # pyproj is slow to load, and zonebox's own tiles have boxes

            west, south, east, north, low, high = self.numbers
            east += 2 * np.pi if east < west else 0.0
            steps = np.linspace(0.0, 1.0, 3)
            grid = np.array([(west + u * (east - west), south + v * (north - south), h)
                             for u, v, h in itertools.product(steps, steps, (low, high))])
            return ecef(np.column_stack([np.degrees(grid[:, :2]), grid[:, 2]]))
        center = self.numbers[:3]
        if self.kind == "sphere":
            local = center + self.numbers[3] * np.concatenate([np.eye(3), -np.eye(3)])
        else:
            signs = np.array(list(itertools.product((-1.0, 1.0), repeat=3)))
            local = center + signs @ self.numbers[3:].reshape(3, 3)
        return _applied(self.matrix, local)

    def outside_m(self, points: Points) -> NDArray[np.float64]:
        """How far (n,) points of EPSG:4978 lie outside, metres; 0 inside."""
        if self.kind == "region":
            return self._outside_region(points)
        center = _applied(self.matrix, self.numbers[None, :3])[0]
        if self.kind == "sphere":
            radius = self.numbers[3] * np.linalg.norm(self.matrix[:3, :3], axis=0).max()
            return np.asarray(np.maximum(np.linalg.norm(points - center, axis=1) - radius, 0.0))
        axes, half = _basis(self.matrix[:3, :3] @ self.numbers[3:].reshape(3, 3).T)
        along = np.abs(_inverse(axes) @ (points - center).T) - half[:, None]
        return np.asarray(np.maximum(along.max(axis=0), 0.0))

    def _outside_region(self, points: Points) -> NDArray[np.float64]:
        from zonebox.frame import from_ecef

        west, south, east, north, low, high = self.numbers
        geographic = from_ecef(points)
        lon, lat = np.radians(geographic[:, 0]), np.radians(geographic[:, 1])
        width = (east - west) % (2 * np.pi) or (2 * np.pi if east != west else 0.0)
        past = (lon - west) % (2 * np.pi) - width
        beyond = np.where(past > 0, np.minimum(past, 2 * np.pi - width - past), 0.0)
        excess = np.stack([
            beyond * _EARTH_M * np.cos(lat),
            np.maximum(south - lat, lat - north) * _EARTH_M,
            np.maximum(low - geographic[:, 2], geographic[:, 2] - high),
        ])
        return np.asarray(np.maximum(excess, 0.0).max(axis=0))

    def cell(self, level: int, place: tuple[int, ...]) -> Volume:
        """Volume of the implicit tile at a level and place under this one: (x, y) of a quadtree, or (x, y, z).

        Source: OGC 22-025r4, 3D Tiles 1.1, 7.9.3 (subdivision rules).
        """
        share = 0.5**level
        if self.kind == "region":
            west, south, east, north, low, high = self.numbers
            east += 2 * np.pi if east < west else 0.0
            lows, highs = np.array([west, south, low]), np.array([east, north, high])
            for axis, number in enumerate(place):
                step = (highs[axis] - lows[axis]) * share
                lows[axis] += number * step
                highs[axis] = lows[axis] + step
            turned = np.where(np.array([lows[0], highs[0]]) > np.pi, -2 * np.pi, 0.0)
            numbers = np.array([lows[0] + turned[0], lows[1], highs[0] + turned[1], highs[1], lows[2], highs[2]])
        else:
            center, axes = self.numbers[:3].copy(), self.numbers[3:].reshape(3, 3).copy()
            for axis, number in enumerate(place):
                center += axes[axis] * ((2 * number + 1) * share - 1)
                axes[axis] *= share
            numbers = np.concatenate([center, axes.reshape(-1)])
        return Volume(kind=self.kind, numbers=numbers, matrix=self.matrix)

    @property
    def size_m(self) -> float:
        """Largest distance from its middle to its surface."""
        reached = self.surface()
        return float(np.linalg.norm(reached - reached.mean(0), axis=1).max())


def read_volume(given: object, matrix: NDArray[np.float64]) -> tuple[Volume | None, list[str]]:
    """Read a ``boundingVolume`` and say what is wrong with it; no volume where that prevents its use."""
    if not isinstance(given, Mapping):
        return None, ["boundingVolume is missing or no object"]
    kind = next((name for name in LENGTHS if name in given), "")
    if not kind:
        known = "extensions" in given
        return None, [] if known else ["boundingVolume has neither box, region nor sphere"]
    values = given[kind]
    if not finite_numbers(values, LENGTHS[kind]):
        return None, [f"boundingVolume.{kind} is not {LENGTHS[kind]} finite numbers"]
    volume = Volume(kind=kind, numbers=np.array(values, dtype=np.float64), matrix=matrix)
    wrong = _range_problem(volume)
    return (None, [wrong]) if wrong else (volume, [])


def _range_problem(volume: Volume) -> str:
    numbers = volume.numbers
    if volume.kind == "sphere" and numbers[3] < 0:
        return "boundingVolume.sphere has a negative radius"
    if volume.kind == "region":
        west, south, east, north, low, high = numbers
        slack = 1e-9
        if max(abs(west), abs(east)) > np.pi + slack or max(abs(south), abs(north)) > np.pi / 2 + slack:
            return "boundingVolume.region is not in radians"
        if south > north or low > high:
            return "boundingVolume.region has its lower bound above its upper"
    if volume.kind == "box":
        axes = numbers[3:].reshape(3, 3)
        length = np.linalg.norm(axes, axis=1)
        solid = axes[length > _FLAT] / length[length > _FLAT, None]
        if len(solid) > 1 and np.linalg.svd(solid, compute_uv=False)[-1] < _PARALLEL:
            return "boundingVolume.box has half axes that lie along one another or in one plane"
    return ""


def finite_numbers(values: Any, count: int) -> bool:
    """Whether a JSON value is an array of so many finite numbers."""
    return (isinstance(values, list) and len(values) == count
            and all(finite_number(v) for v in values))


def finite_number(value: object) -> TypeGuard[int | float]:
    """Whether a JSON value is a number that a transform or volume can hold.

    JSON bounds no number: one that overflows when it is squared would make a distance nothing at all.

    Examples
    --------
    >>> finite_number(3), finite_number(True), finite_number(float("nan")), finite_number(10**400)
    (True, False, False, False)
    """
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST


def _applied(matrix: NDArray[np.float64], points: Points) -> Points:
    return np.asarray(points @ matrix[:3, :3].T + matrix[:3, 3])


def _basis(columns: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return unit axes (3, 3) as columns and half lengths (3,) of a box; axes without length are filled in."""
    half = np.linalg.norm(columns, axis=0)
    solid = half > _FLAT
    axes = np.where(solid, columns / np.where(solid, half, 1.0), 0.0)
    if not solid.all():
        complement = np.linalg.svd(axes[:, solid] if solid.any() else np.zeros((3, 1)))[0][:, int(solid.sum()):]
        axes[:, ~solid] = complement
        half = np.where(solid, half, 0.0)
    return axes, half


def _inverse(axes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Invert (3, 3) unit axes; a transform that flattens space has only the nearest there is."""
    try:
        return np.asarray(np.linalg.inv(axes))
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.pinv(axes))
