"""Many convex polygons at once: clipped by half-planes and raised to prisms, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zonebox import tolerance

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

    @property
    def area_m2(self) -> Floats:
        """Areas (n,)."""
        valid = np.arange(self.corners.shape[1]) < self.count[:, None]
        p = np.where(valid[:, :, None], self.corners, self.corners[:, :1])
        q = np.roll(p, -1, axis=1)
        return np.asarray(0.5 * (p[:, :, 0] * q[:, :, 1] - p[:, :, 1] * q[:, :, 0]).sum(1))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prisms:
    """Closed meshes laid end to end: prism i has vertices and triangles between its starts; triangles count from 0."""

    vertices: Floats
    triangles: NDArray[np.int32]
    vertex_start: Ints
    triangle_start: Ints


def prisms(polygons: Polygons, bottom: Floats, top: Floats) -> Prisms:
    """Raise polygons to prisms between heights (n,), (n,); rows without corners give nothing.

    Returns closed meshes with outward faces: for c corners 2 c vertices (lower ring, upper ring) and 4 c − 4 triangles.
    """
    c = polygons.count
    n = len(c)
    vertex_start = np.concatenate([[0], np.cumsum(2 * c)])
    triangle_start = np.concatenate([[0], np.cumsum(np.where(c > 0, 4 * c - 4, 0))])
    row = np.repeat(np.arange(n), c)
    k = np.arange(len(row)) - np.repeat(np.cumsum(c) - c, c)
    flat = polygons.corners[row, k]
    vertices = np.empty((int(vertex_start[-1]), 3))
    low, high = vertex_start[row] + k, vertex_start[row] + c[row] + k
    vertices[low, :2], vertices[low, 2] = flat, bottom[row]
    vertices[high, :2], vertices[high, 2] = flat, top[row]
    following = np.where(k + 1 < c[row], k + 1, 0)
    triangles = np.empty((int(triangle_start[-1]), 3), dtype=np.int32)
    wall = triangle_start[row] + 2 * k
    triangles[wall] = np.stack([k, following, following + c[row]], 1)
    triangles[wall + 1] = np.stack([k, following + c[row], k + c[row]], 1)
    fan = k < c[row] - 2
    row_f, k_f = row[fan], k[fan]
    cap = triangle_start[row_f] + 2 * c[row_f] + 2 * k_f
    zero = np.zeros_like(k_f)
    triangles[cap] = np.stack([zero, k_f + 2, k_f + 1], 1)
    triangles[cap + 1] = np.stack([zero, k_f + 1, k_f + 2], 1) + c[row_f][:, None]
    return Prisms(vertices=vertices, triangles=triangles, vertex_start=vertex_start, triangle_start=triangle_start)
