"""Many convex polygons at once: clipped by half-planes and raised to stacks of prisms, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.geometry.mesh import Mesh

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(slots=True, kw_only=True, eq=False)
class Polygons:
    """Convex polygons, counter-clockwise: ``corners`` (n, m, 2) of which the first ``count`` (n,) of a row count."""

    corners: Floats
    count: Ints

    def clipped(self, rows: Ints, normal: Floats, offset: Floats) -> None:
        """Cut some rows (k,) in place to the half-planes ``normal · p >= offset``, with normals (k, 2), offsets (k,).

        Notes
        -----
        Sutherland and Hodgman's algorithm (1974), all rows at once: each corner may stay, and each side that crosses
        the line adds a corner.
        """
        width = self.corners.shape[1]
        p, used = self.corners[rows], self.count[rows]
        valid = np.arange(width) < used[:, None]
        after = np.where(np.arange(width) + 1 < used[:, None], np.arange(width) + 1, 0)
        q = np.take_along_axis(p, after[:, :, None], axis=1)
        s = np.einsum("nmk,nk->nm", p, normal) - offset[:, None]
        s[np.abs(s) < tolerance.SPLIT_M] = 0.0
        t = np.take_along_axis(s, after, axis=1)
        stays = valid & (s >= 0.0)
        crosses = valid & (s * t < 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(crosses, s / (s - t), 0.0)
        both = np.empty((len(p), 2 * width, 2))
        both[:, 0::2], both[:, 1::2] = p, p + (q - p) * share[:, :, None]
        keep = np.empty((len(p), 2 * width), dtype=bool)
        keep[:, 0::2], keep[:, 1::2] = stays, crosses
        count = keep.sum(1)
        count[count < 3] = 0
        most = int(count.max(initial=0))
        if most > width:
            grown = np.zeros((len(self.corners), most, 2))
            grown[:, :width] = self.corners
            self.corners, width = grown, most
        order = np.argsort(~keep, axis=1, kind="stable")[:, :width]
        packed = np.take_along_axis(both, order[:, :, None], axis=1)
        self.corners[rows, : packed.shape[1]] = packed
        self.count[rows] = count

    def copy(self) -> Polygons:
        """Return polygons that can be clipped apart from these."""
        return Polygons(corners=self.corners.copy(), count=self.count.copy())

    def some(self, rows: slice) -> Polygons:
        """Return a few rows."""
        return Polygons(corners=self.corners[rows], count=self.count[rows])

    @property
    def area_m2(self) -> Floats:
        """Areas (n,)."""
        valid = np.arange(self.corners.shape[1]) < self.count[:, None]
        p = np.where(valid[:, :, None], self.corners, self.corners[:, :1])
        q = np.roll(p, -1, axis=1)
        return np.asarray(0.5 * (p[:, :, 0] * q[:, :, 1] - p[:, :, 1] * q[:, :, 0]).sum(1))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stacks:
    """Closed meshes laid end to end: stack i has vertices and triangles between its starts; triangles count from 0."""

    vertices: Floats
    triangles: NDArray[np.int32]
    vertex_start: Ints
    triangle_start: Ints

    def mesh(self, row: int) -> Mesh:
        """Return one stack; no triangles where it has no tiers."""
        return Mesh(vertices=self.vertices[self.vertex_start[row]:self.vertex_start[row + 1]],
                    triangles=self.triangles[self.triangle_start[row]:self.triangle_start[row + 1]])


def stacked(polygons: Polygons, bottom: Floats, top: Floats, first: Ints) -> Stacks:
    """Raise polygons between heights (n,), (n,) and stack those of each lot, from row ``first[i]`` on, into a solid.

    Each polygon must lie within the one below it. Stacks that rounding keeps from being joined come out empty.
    """
    from zonebox.geometry.terraces import stacks

    corners = int(polygons.count.sum())
    vertices, triangles = np.empty((3 * corners, 3)), np.empty((8 * corners, 3), dtype=np.int32)
    ends = np.zeros((len(first) - 1, 2), dtype=np.int64)
    stacks(np.ascontiguousarray(polygons.corners), np.ascontiguousarray(polygons.count, dtype=np.int64), bottom, top,
           np.ascontiguousarray(first, dtype=np.int64), vertices, triangles, ends)
    starts = np.concatenate([np.zeros((1, 2), dtype=np.int64), ends])
    return Stacks(vertices=vertices[:starts[-1, 0]], triangles=triangles[:starts[-1, 1]], vertex_start=starts[:, 0],
                  triangle_start=starts[:, 1])
