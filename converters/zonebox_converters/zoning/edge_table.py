"""All edges of all parcels in one table of arrays, in the order of `zonebox.geometry.boundary`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Ints = NDArray[np.intp]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class EdgeTable:
    """Directed edges of many polygons, interior to the left.

    What follows from the corners is computed once: a city has two million edges.

    Parameters
    ----------
    start, end : (n, 2) float64
        Edge ends, metres.
    parcel, part, ring : (n,) intp
        Which polygon, which of all parts and which of all rings an edge belongs to.
    index : (n,) intp
        Number of the edge within its polygon.
    before, after : (n,) intp
        Rows of the neighbours in the ring.
    hole : (n,) bool
        Whether the ring is a hole.
    first : (r + 1,) intp
        Row of the first edge of each ring, and the number of edges.
    """

    start: Floats
    end: Floats
    parcel: Ints
    part: Ints
    ring: Ints
    index: Ints
    before: Ints
    after: Ints
    hole: Mask
    first: Ints

    def __len__(self) -> int:
        """Count the edges."""
        return len(self.start)

    def turned(self, rings: Mask) -> EdgeTable:
        """Give the table of the same polygons with some rings (r,) drawn the other way round."""
        there = self.first[self.ring] + self.first[self.ring + 1] - 1 - np.arange(len(self))    # mirrored in its ring
        flip = rings[self.ring]
        rows = np.where(flip, there, np.arange(len(self)))
        start = np.where(flip[:, None], self.end[rows], self.start)
        end = np.where(flip[:, None], self.start[rows], self.end)
        return replace(self, start=start, end=end)

    @cached_property
    def length(self) -> Floats:
        """Edge lengths (n,)."""
        return np.asarray(np.hypot(*(self.end - self.start).T))

    @cached_property
    def tangent(self) -> Floats:
        """Unit directions (n, 2); zero where an edge has no length."""
        return np.asarray((self.end - self.start) / np.where(self.length > 0, self.length, 1.0)[:, None])

    @cached_property
    def ring_area(self) -> Floats:
        """Areas (r,) of the rings, m²: below zero where the interior lies to the right of a shell."""
        x, y = (self.start - self.start[self.first[:-1]][self.ring]).T      # near 0, so that no digits are lost
        u, v = (self.end - self.start[self.first[:-1]][self.ring]).T
        return np.asarray(np.bincount(self.ring, weights=x * v - y * u, minlength=len(self.first) - 1) / 2.0)

    @cached_property
    def outward(self) -> Floats:
        """Unit normals (n, 2) out of the lot."""
        t = self.tangent
        return np.stack([t[:, 1], -t[:, 0]], axis=1)

    @cached_property
    def turn_deg(self) -> Floats:
        """Left turn (n,) at the end of each edge, degrees."""
        t = self.tangent
        u = t[self.after]
        return np.asarray(np.degrees(np.arctan2(t[:, 0] * u[:, 1] - t[:, 1] * u[:, 0], (t * u).sum(axis=1))))


def edge_table(shapes: NDArray[Any]) -> EdgeTable:
    """Cut polygons (n,), already oriented, into edges.

    Examples
    --------
    >>> table = edge_table(np.array([shapely.box(0, 0, 2, 1), shapely.box(2, 0, 3, 1)]))
    >>> len(table), table.parcel.tolist(), table.index.tolist()
    (8, [0, 0, 0, 0, 1, 1, 1, 1], [0, 1, 2, 3, 0, 1, 2, 3])
    """
    parts, parcel_of_part = shapely.get_parts(shapes, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    xy, ring_of_point = shapely.get_coordinates(rings, return_index=True)
    points = np.bincount(ring_of_point, minlength=len(rings))
    last = np.cumsum(points) - 1
    is_edge = np.ones(len(xy), dtype=bool)
    is_edge[last] = False
    rows = np.flatnonzero(is_edge)
    ring = ring_of_point[rows]
    count = points - 1
    first = np.concatenate([[0], np.cumsum(count)]).astype(np.intp)
    position = np.arange(len(rows)) - first[ring]
    parcel = parcel_of_part[part_of_ring][ring]
    opening = np.searchsorted(parcel, np.arange(len(shapes)))
    new_part = np.concatenate([[True], part_of_ring[1:] != part_of_ring[:-1]]) if len(rings) else np.zeros(0, bool)
    return EdgeTable(
        start=xy[rows], end=xy[rows + 1], parcel=parcel, part=part_of_ring[ring], ring=ring,
        index=np.arange(len(rows)) - opening[parcel],
        before=first[ring] + (position - 1) % count[ring], after=first[ring] + (position + 1) % count[ring],
        hole=~new_part[ring], first=first,
    )
