"""Many simple designs and their lots as arrays: which are upright convex blocks on convex lots, and their measures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.model import Building, Parcel

TRIANGLES_MOST: Final = 64
"""A block with more triangles is not simple."""

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]


def may_be_block(design: Building) -> bool:
    """Whether a design is one closed element without storeys, of few triangles."""
    mesh = design.mesh
    return (len(design.elements) == 1 and not design.storeys and 0 < len(mesh) <= TRIANGLES_MOST
            and design.solid is not None and (design.solid is mesh or (
                np.array_equal(design.solid.triangles, mesh.triangles)
                and np.array_equal(design.solid.vertices, mesh.vertices))))


class Blocks:
    """Many designs and their lots as arrays: which are upright convex blocks on convex lots, and their measures.

    ``low``, ``high`` and ``area`` are elevations and plan area (n,); ``peak`` (n, 3) the highest corner. The distances
    of block k to the edges of its lot stand in ``distance[first[k]:first[k + 1]]``, the nearest corners in ``nearest``;
    ``inside`` (n,) is the least of them.
    """

    def __init__(self, designs: Sequence[Building], parcels: Sequence[Parcel]) -> None:
        self.simple: Flags = np.zeros(len(designs), dtype=np.bool_)
        if not designs:
            return
        meshes = [d.mesh for d in designs]
        counts = np.array([len(m.vertices) for m in meshes])
        sizes = np.array([len(m) for m in meshes])
        self.vertices = np.concatenate([m.vertices for m in meshes])
        self.starts = np.concatenate([[0], np.cumsum(counts)])
        triangles = np.concatenate([m.triangles for m in meshes]).astype(np.int64)
        owner = np.repeat(np.arange(len(meshes)), sizes)
        triangles += self.starts[owner][:, None]
        self.ground = np.array([p.design_ground_m for p in parcels], dtype=np.float64)
        z = self.vertices[:, 2]
        self.low = np.minimum.reduceat(z, self.starts[:-1])
        self.high = np.maximum.reduceat(z, self.starts[:-1])
        self.peak = self.vertices[_first(z >= self.high[np.repeat(np.arange(len(meshes)), counts)] - 0.0,
                                         self.starts)]
        upright = self._measure(triangles, owner, sizes, counts)
        holds = self._distances(parcels, counts)
        near = self.vertices[self.nearest]
        self.inside = np.minimum.reduceat(self.distance, self.first[:-1])
        self.rows: list[list[float]] = np.column_stack([self.distance, near, self.inward]).tolist()
        """For each edge of each lot: distance, nearest corner (x, y, z), inward normal (x, y)."""
        self.levels = list(zip(self.first.tolist(), self.ground.tolist(), self.high.tolist(), strict=False))
        self.simple = upright & holds & (self.low >= self.ground - tolerance.SPLIT_M)

    def _measure(self, triangles: Whole, owner: Whole, sizes: Whole, counts: Whole) -> Flags:
        """Whether each mesh is closed, convex and upright; its plan area from its volume."""
        n = len(sizes)
        corners = self.vertices[triangles]
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        length = np.linalg.norm(normal, axis=1)
        good = length > 0.0
        unit = normal / np.where(good, length, 1.0)[:, None]
        lean = np.abs(unit[:, 2])
        good &= (lean < 1e-9) | (lean > 1.0 - 1e-9)
        first = np.concatenate([[0], np.cumsum(sizes)])[:-1]
        middle = np.add.reduceat(self.vertices, self.starts[:-1]) / counts[:, None]
        local = corners - middle[owner][:, None, :]
        volume = np.add.reduceat((local[:, 0] * np.cross(local[:, 1], local[:, 2])).sum(1), first) / 6.0
        self.area = volume / np.maximum(self.high - self.low, tolerance.SPLIT_M)
        fine = np.logical_and.reduceat(good, first) & (volume > tolerance.VOLUME_M3)
        fine &= self._closed(triangles, owner, n)
        # convex: no vertex of a block lies before one of its faces
        pair = np.repeat(np.arange(len(triangles)), counts[owner])
        within = np.arange(len(pair)) - np.repeat(np.cumsum(counts[owner]) - counts[owner], counts[owner])
        vertex = self.starts[owner[pair]] + within
        before = ((self.vertices[vertex] - corners[pair, 0]) * unit[pair]).sum(1) > tolerance.WELD_M
        fine[np.unique(owner[pair[before]])] = False
        return np.asarray(fine)

    def _closed(self, triangles: Whole, owner: Whole, n: int) -> Flags:
        """Whether every directed edge of a mesh occurs once and its reverse once."""
        count = np.int64(len(self.vertices))
        edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
        forward = np.sort(edges[:, 0] * count + edges[:, 1])
        backward = np.sort(edges[:, 1] * count + edges[:, 0])
        closed = np.ones(n, dtype=np.bool_)
        at = np.searchsorted(self.starts, forward // count, side="right") - 1
        twice = np.append(False, forward[1:] == forward[:-1])
        closed[at[twice]] = False
        if len(forward) == len(backward) and not np.array_equal(forward, backward):
            found = np.searchsorted(backward, forward).clip(max=len(backward) - 1)
            closed[at[backward[found] != forward]] = False
        del owner
        return closed

    def _distances(self, parcels: Sequence[Parcel], counts: Whole) -> Flags:
        """Distance of every block to every edge of its lot; whether lots are convex and hold their blocks."""
        shapes = shapely.orient_polygons(np.array([p.shape for p in parcels], dtype=object))
        xy, ring = shapely.get_coordinates(shapes, return_index=True)
        rings = np.bincount(ring, minlength=len(parcels))
        first = np.concatenate([[0], np.cumsum(rings)])[:-1]
        last = first + rings - 1
        keep = np.ones(len(xy), dtype=np.bool_)
        keep[last] = False                              # the first corner again
        start, end = xy[keep], xy[np.flatnonzero(keep) + 1]
        lot, edges = ring[keep], rings - 1
        self.first = np.concatenate([[0], np.cumsum(edges)])
        run = end - start
        length = np.linalg.norm(run, axis=1)
        self.inward = np.stack([-run[:, 1], run[:, 0]], axis=1) / np.where(length > 0.0, length, 1.0)[:, None]
        after = np.arange(len(start)) + 1
        after[self.first[1:] - 1] = self.first[:-1]
        turn = run[:, 0] * run[after, 1] - run[:, 1] * run[after, 0]
        fine = np.logical_and.reduceat((turn > -tolerance.NOISE * length) & (length > 0.0), self.first[:-1])
        size = counts[lot]                              # pairs: every corner of the block against every edge
        group = np.concatenate([[0], np.cumsum(size)])
        pair = np.repeat(np.arange(len(start)), size)
        vertex = self.starts[lot[pair]] + np.arange(len(pair)) - group[pair]
        distance = ((self.vertices[vertex, :2] - start[pair]) * self.inward[pair]).sum(1)
        self.distance = np.minimum.reduceat(distance, group[:-1])
        self.nearest = vertex[_first(distance <= self.distance[pair] + tolerance.SPLIT_M, group)]
        fine &= np.logical_and.reduceat(self.distance >= 0.0, self.first[:-1])
        fine &= np.array([len(p.edges) for p in parcels]) == edges
        return np.asarray(fine)


def _first(hit: Flags, starts: Whole) -> Whole:
    """Find the number of the first hit in each group; every group has one."""
    hits = np.flatnonzero(hit)
    return hits[np.searchsorted(hits, starts[:-1])]
