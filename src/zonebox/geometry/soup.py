"""Triangle soups: corners (m, 3, 3) with a number that says where each triangle came from.

Verdicts are taken on soups, because a soup needs no closed mesh: real models are open, dirty and inside out, and a
triangle that stands in forbidden space stands there all the same.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry import MultiPolygon, Polygon

from zonebox import tolerance
from zonebox.geometry.culling import Groups, grouped
from zonebox.geometry.mesh import Mesh


@dataclass(frozen=True, kw_only=True, eq=False)
class Soup:
    """Loose triangles: ``corners`` (m, 3, 3) metres, ``origin`` (m,) the triangle each was cut from."""

    corners: NDArray[np.float64]
    origin: NDArray[np.intp]

    @classmethod
    def of(cls, mesh: Mesh) -> Soup:
        """Take a mesh apart."""
        return cls(corners=mesh.corners, origin=np.arange(len(mesh)))

    def __len__(self) -> int:
        """Count the triangles."""
        return len(self.corners)

    def where(self, keep: NDArray[np.bool_]) -> Soup:
        """Return the triangles under a mask."""
        return Soup(corners=self.corners[keep], origin=self.origin[keep])

    def picked(self, numbers: NDArray[np.intp]) -> Soup:
        """Return the triangles of some numbers, in that order."""
        return Soup(corners=self.corners[numbers], origin=self.origin[numbers])

    @functools.cached_property
    def groups(self) -> Groups:
        """The triangles by place, found once; there must be some."""
        return grouped(self.corners)

    def mesh(self) -> Mesh:
        """Return the triangles as a mesh, without welding."""
        numbers = np.arange(3 * len(self), dtype=np.int32).reshape(-1, 3)
        return Mesh(vertices=self.corners.reshape(-1, 3), triangles=numbers)

    def joined(self, other: Soup) -> Soup:
        """Return both soups together."""
        return Soup(corners=np.concatenate([self.corners, other.corners]),
                    origin=np.concatenate([self.origin, other.origin]))

    def quartered(self) -> Soup:
        """Return each triangle cut into four at the middles of its sides."""
        a, b, c = (self.corners[:, k] for k in range(3))
        ab, bc, ca = (a + b) / 2.0, (b + c) / 2.0, (c + a) / 2.0
        pieces = [np.stack(p, 1) for p in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))]
        return Soup(corners=np.concatenate(pieces), origin=np.tile(self.origin, 4))

    def below(self, normal: ArrayLike, offset: float) -> Soup:
        """Return what lies in the half-space ``normal · p <= offset``; a triangle across its border is cut.

        Examples
        --------
        >>> one = Soup(corners=np.array([[[0.0, 0, 0], [2, 0, 0], [0, 2, 0]]]), origin=np.zeros(1, dtype=np.intp))
        >>> half = one.below([1, 0, 0], 1.0)
        >>> len(half), float(half.corners[:, :, 0].max())
        (2, 1.0)
        >>> len(one.below([1, 0, 0], -1.0))
        0
        """
        n = np.asarray(normal, dtype=np.float64)
        flat = self.corners.reshape(-1, 3) @ n - offset
        if flat.max(initial=-np.inf) < tolerance.SPLIT_M:
            return self
        if flat.min(initial=np.inf) >= tolerance.SPLIT_M:
            return Soup(corners=self.corners[:0], origin=self.origin[:0])
        flat[np.abs(flat) < tolerance.SPLIT_M] = 0.0
        signed = flat.reshape(-1, 3)
        inside = signed <= 0.0
        count = inside[:, 0].astype(np.int8) + inside[:, 1] + inside[:, 2]      # a sum over so short an axis is slow
        whole = count == 3
        kept = [self.corners[whole]]
        origins = [self.origin[whole]]
        for inner in (1, 2):
            chosen = count == inner
            if not chosen.any():
                continue
            corners, s = self.corners[chosen], signed[chosen]
            lone = np.argmax(inside[chosen] if inner == 1 else ~inside[chosen], axis=1)
            rows = np.arange(len(corners))
            a, b, c = (corners[rows, (lone + k) % 3] for k in range(3))
            sa, sb, sc = (s[rows, (lone + k) % 3] for k in range(3))
            ab = a + (b - a) * (sa / (sa - sb))[:, None]
            ac = a + (c - a) * (sa / (sa - sc))[:, None]
            pieces = [np.stack([a, ab, ac], 1)] if inner == 1 else [np.stack([ab, b, c], 1), np.stack([ab, c, ac], 1)]
            kept += pieces
            origins += [self.origin[chosen]] * len(pieces)
        return Soup(corners=np.concatenate(kept), origin=np.concatenate(origins))

    def above(self, normal: ArrayLike, offset: float) -> Soup:
        """Return what lies in the half-space ``normal · p >= offset``."""
        return self.below(-np.asarray(normal, dtype=np.float64), -offset)

    def over(self, plan: Polygon | MultiPolygon) -> Soup:
        """Return what lies over a part of the plan; triangles across its border are cut.

        Examples
        --------
        >>> one = Soup(corners=np.array([[[0.0, 0, 5], [4, 0, 5], [0, 4, 5]]]), origin=np.zeros(1, dtype=np.intp))
        >>> part = one.over(shapely.box(1, 1, 9, 9))
        >>> part.corners[:, :, :2].reshape(-1, 2).min(0).tolist(), float(part.corners[:, :, 0].max())
        ([1.0, 1.0], 3.0)
        """
        found = self.where(np.zeros(len(self), dtype=np.bool_))
        for piece in shapely.get_parts(shapely.constrained_delaunay_triangles(plan)):
            ring = shapely.get_coordinates(shapely.orient_polygons(piece))
            part = self
            for (ax, ay), (bx, by) in pairwise(ring):
                inward = [ay - by, bx - ax, 0.0]
                part = part.above(inward, inward[0] * ax + inward[1] * ay)
            found = found.joined(part)
        return found


def nearest_on_sides(
    corners: NDArray[np.float64], point: ArrayLike, slope: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Least value of |p − point| (in plan) − slope · z over the sides of triangles.

    Along a segment the function is convex and its least value has a closed form; over a whole triangle the least value
    lies on its border, because the function is homogeneous about a point of its axis.

    Parameters
    ----------
    corners : (m, 3, 3) float64
        Triangles.
    point : (2,)
        Plan position of the vertical axis.
    slope : float
        How fast the required distance grows with height.

    Returns
    -------
    value : (m,) float64
        The least value per triangle.
    place : (m, 3) float64
        Where it is taken.
    """
    axis = np.asarray(point, dtype=np.float64)
    a = corners.reshape(-1, 3)
    b = np.roll(corners, -1, axis=1).reshape(-1, 3)

    def value(share: NDArray[np.float64]) -> NDArray[np.float64]:
        p = a + (b - a) * share[:, None]
        return np.asarray(np.hypot(*(p[:, :2] - axis).T) - slope * p[:, 2])

    candidates = np.stack([_turning_point(a[:, :2] - axis, b - a, slope), np.zeros(len(a)), np.ones(len(a))])
    values = np.stack([value(c) for c in candidates])
    best = values.argmin(0)
    share = candidates[best, np.arange(len(a))]
    per_side = values.min(0).reshape(-1, 3)
    side = per_side.argmin(1)
    places = (a + (b - a) * share[:, None]).reshape(-1, 3, 3)
    rows = np.arange(len(side))
    return per_side[rows, side], places[rows, side]


def _turning_point(
    start: NDArray[np.float64], along: NDArray[np.float64], slope: float
) -> NDArray[np.float64]:
    """Share (n,) of segments, 0–1, where |p| (in plan) − slope · z is least.

    Measured along the segment in plan from the foot of the perpendicular, with h its length, the function is
    √(h² + τ²) − k·τ, k = slope · rise per metre. For |k| < 1 it turns at τ = k·h / √(1 − k²); else it only falls or
    rises and an end is least.

    Parameters
    ----------
    start : (n, 2) float64
        Plan position of the segments' starts, from the axis.
    along : (n, 3) float64
        From start to end.
    """
    length = np.hypot(along[:, 0], along[:, 1])
    flat = length > 0.0
    safe = np.where(flat, length, 1.0)
    unit = along[:, :2] / safe[:, None]
    foot = -(start * unit).sum(1)
    off = np.abs(start[:, 0] * unit[:, 1] - start[:, 1] * unit[:, 0])
    k = slope * along[:, 2] / safe
    turns = flat & (np.abs(k) < 1.0)
    shift = np.where(turns, k, 0.0) * off / np.sqrt(1.0 - np.where(turns, k, 0.0) ** 2)
    return np.where(turns, np.clip((foot + shift) / safe, 0.0, 1.0), 0.0)
