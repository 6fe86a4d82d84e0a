"""Stacks of tiers of any plan, holes and parts included, as closed surfaces: those of many lots at once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import manifold3d
import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.column import APART_M, Rings
from zonebox.geometry.mesh import Mesh

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

TOUCH_M: Final = 1e-7
"""Outlines that cross by less than this touch."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stacks:
    """Meshes laid end to end: lot i has vertices and triangles between its starts; triangles count from its first.

    ``vertices`` (v, 3), ``triangles`` (t, 3); ``vertex_start``, ``triangle_start`` (lots + 1,).
    """

    vertices: Floats
    triangles: NDArray[np.int32]
    vertex_start: Whole
    triangle_start: Whole

    def __len__(self) -> int:
        """Count the lots."""
        return len(self.vertex_start) - 1

    def mesh(self, lot: int) -> Mesh:
        """Return one lot's mesh; no triangles where it has none."""
        return Mesh(vertices=self.vertices[self.vertex_start[lot]:self.vertex_start[lot + 1]],
                    triangles=self.triangles[self.triangle_start[lot]:self.triangle_start[lot + 1]])

    @property
    def owner(self) -> Whole:
        """Lot of each triangle (t,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.triangle_start))

    @property
    def corners(self) -> Floats:
        """Corners of all triangles (t, 3, 3)."""
        shift = np.repeat(self.vertex_start[:-1], np.diff(self.triangle_start))
        return np.asarray(self.vertices[self.triangles + shift[:, None]])

    def closed(self) -> NDArray[np.bool_]:
        """Whether each lot's mesh (lots,) is closed: every side of a triangle runs once there and once back."""
        shift = np.repeat(self.vertex_start[:-1], np.diff(self.triangle_start))
        t = self.triangles.astype(np.int64) + shift[:, None]
        a, b = t.ravel(), t[:, [1, 2, 0]].ravel()
        size = max(1, len(self.vertices))
        there, back = np.sort(a * size + b), np.sort(b * size + a)
        twice = there[1:][there[1:] == there[:-1]]
        odd = np.concatenate([twice, there[there != back]]) // size
        whole = np.ones(len(self), dtype=np.bool_)
        whole[np.searchsorted(self.vertex_start, odd, side="right") - 1] = False
        return whole

    def replaced(self, meshes: dict[int, Mesh]) -> Stacks:
        """Put other meshes in the place of some lots'."""
        if not meshes:
            return self
        vertices, triangles = [], []
        vertex_count, triangle_count = np.diff(self.vertex_start), np.diff(self.triangle_start)
        begun = 0
        for lot in [*sorted(meshes), len(self)]:
            vertices.append(self.vertices[self.vertex_start[begun]:self.vertex_start[lot]])
            triangles.append(self.triangles[self.triangle_start[begun]:self.triangle_start[lot]])
            if lot < len(self):
                vertices.append(meshes[lot].vertices)
                triangles.append(meshes[lot].triangles)
                vertex_count[lot], triangle_count[lot] = len(meshes[lot].vertices), len(meshes[lot])
            begun = lot + 1
        return Stacks(vertices=np.concatenate(vertices), triangles=np.concatenate(triangles),
                      vertex_start=_starts(vertex_count), triangle_start=_starts(triangle_count))


def stacked(rings: Rings, bottom: Floats, top: Floats, first: Whole) -> Stacks:
    """Raise the rings of each tier and join each tier with the one it stands on.

    Parameters
    ----------
    rings : Rings
        Of all tiers, their ``figure``; each tier lies within the one below, empty ones are a lot's last.
    bottom, top : (tiers,)
        Elevations; each tier starts where the one below ends.
    first : (lots + 1,)
        First tier of each lot.

    Examples
    --------
    >>> low, high = (np.array([(0.0, 0), (s, 0), (s, 2), (0, 2)]) for s in (2.0, 1.0))
    >>> two = Rings(corners=np.concatenate([low, high]), starts=np.array([0, 4, 8]), figure=np.array([0, 1]))
    >>> stack = stacked(two, np.array([0.0, 1.0]), np.array([1.0, 3.0]), np.array([0, 2]))
    >>> len(stack.vertices), len(stack.triangles), stack.closed().tolist()
    (14, 24, [True])
    """
    from zonebox.geometry.terraces import lay_stacks

    tiers = len(bottom)
    tier_ring = np.searchsorted(rings.figure, np.arange(tiers + 1))
    vertices, walls, ids, loop_ends, loop_tier, ends = lay_stacks(
        np.ascontiguousarray(rings.corners), rings.starts, tier_ring, bottom, top, first)
    vertex_start, wall_start, _ = np.concatenate([np.zeros((1, 3), dtype=np.int64), ends.reshape(-1, 3)]).T
    laid = np.diff(vertex_start) > 0
    lot_of_tier = np.repeat(np.arange(len(first) - 1), np.diff(first))
    floors = np.zeros(tiers, dtype=np.bool_)
    floors[first[:-1][laid]] = True
    floor = rings.some(floors[rings.figure])
    room = _rooms(rings, tiers)
    lot_of_floor = lot_of_tier[floor.figure]
    begun = floor.starts[np.searchsorted(lot_of_floor, lot_of_floor)]
    within = np.arange(len(floor.corners)) - np.repeat(begun, np.diff(floor.starts))
    low = _between(floor, room, lot_of_floor, within)
    loop_lot = lot_of_tier[loop_tier]
    loop_starts = np.concatenate([[0], loop_ends])
    places = vertices[ids + np.repeat(vertex_start[loop_lot], np.diff(loop_starts)), :2]
    caps = _between(Rings(corners=places, starts=loop_starts, figure=loop_tier), room, loop_lot, ids)
    wall_lot = np.repeat(np.arange(len(first) - 1), np.diff(wall_start))
    owner = np.concatenate([low[0], wall_lot, caps[0]])
    triangles = np.concatenate([low[1][:, ::-1], walls, caps[1]]).astype(np.int32)
    order = np.argsort(owner, kind="stable")
    return Stacks(vertices=vertices, triangles=triangles[order], vertex_start=vertex_start,
                  triangle_start=np.searchsorted(owner[order], np.arange(len(first))))


def _starts(count: Whole) -> Whole:
    return np.concatenate([[0], np.cumsum(count)])


def _rooms(rings: Rings, tiers: int) -> Floats:
    """How far up (tiers,) to move each tier so that no two lie over each other."""
    low, high = np.zeros(tiers), np.zeros(tiers)
    if len(rings.figure):
        np.minimum.at(low, rings.figure, np.minimum.reduceat(rings.corners[:, 1], rings.starts[:-1]))
        np.maximum.at(high, rings.figure, np.maximum.reduceat(rings.corners[:, 1], rings.starts[:-1]))
    low, high = np.floor(low), np.ceil(high) + APART_M
    return np.concatenate([[0.0], np.cumsum(high - low)[:-1]]) - low


def _between(rings: Rings, room: Floats, lot: Whole, numbers: Whole) -> tuple[Whole, Whole]:
    """Triangulate figures, each moved up by its room: lot of each triangle (k,), and its corners' numbers (k, 3)."""
    count = np.diff(rings.starts)
    of_corner = np.repeat(lot, count)
    alone = np.bincount(rings.figure, minlength=len(room))[rings.figure] == 1
    simple = alone & _is_convex(rings)
    fans = _fans(rings.starts[:-1][simple], count[simple])
    others = rings.some(~simple)
    if not len(others.figure):
        return of_corner[fans[:, 0]], numbers[fans]
    placed, bounds = others.corners.copy(), others.starts.tolist()
    placed[:, 1] += np.repeat(room[others.figure], np.diff(others.starts))
    made = manifold3d.triangulate([placed[a:b] for a, b in pairwise(bounds)], TOUCH_M)
    number = np.flatnonzero(np.repeat(~simple, count))
    t = np.concatenate([fans, number[np.asarray(made, dtype=np.int64).reshape(-1, 3)]])
    return of_corner[t[:, 0]], numbers[t]


def _is_convex(rings: Rings) -> NDArray[np.bool_]:
    """Whether every corner of a ring (rings,) turns left by more than rounding."""
    if not len(rings.figure):
        return np.zeros(0, dtype=np.bool_)
    along = rings.corners[rings.following] - rings.corners
    ahead = along[rings.following]
    turn = along[:, 0] * ahead[:, 1] - along[:, 1] * ahead[:, 0]
    return np.asarray(np.minimum.reduceat(turn, rings.starts[:-1]) > TOUCH_M)


def _fans(first: Whole, count: Whole) -> Whole:
    """Triangles (k, 3) of convex rings, from the first corner of each."""
    size = count - 2
    at = np.arange(int(size.sum())) - np.repeat(np.cumsum(size) - size, size)
    foot = np.repeat(first, size)
    return np.stack([foot, foot + at + 1, foot + at + 2], axis=1)
