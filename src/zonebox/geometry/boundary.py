"""The boundary of a lot as arrays: every edge of every ring, with its neighbours and its corners.

The interior lies to the left of every directed edge, of holes too (domain §0).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon

from zonebox.geometry.mesh import frozen


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Boundary:
    """Directed boundary edges of a polygon.

    Parameters
    ----------
    start, end : (n, 2) float64
        Edge ends, metres.
    before, after : (n,) intp
        Number of the edge that ends at ``start`` / begins at ``end``.
    ring : (n,) intp
        Which ring the edge belongs to, counted over all parts.
    hole : (n,) bool
        Whether that ring is a hole.
    """

    start: NDArray[np.float64]
    end: NDArray[np.float64]
    before: NDArray[np.intp]
    after: NDArray[np.intp]
    ring: NDArray[np.intp]
    hole: NDArray[np.bool_]

    def __len__(self) -> int:
        """Count the edges."""
        return len(self.start)

    @property
    def length(self) -> NDArray[np.float64]:
        """Edge lengths (n,)."""
        return np.asarray(np.linalg.norm(self.end - self.start, axis=1))

    @property
    def tangent(self) -> NDArray[np.float64]:
        """Unit directions (n, 2) along the edges."""
        return np.asarray((self.end - self.start) / self.length[:, None])

    @property
    def inward(self) -> NDArray[np.float64]:
        """Unit normals (n, 2) into the lot."""
        t = self.tangent
        return np.stack([-t[:, 1], t[:, 0]], axis=1)

    @property
    def turn_deg(self) -> NDArray[np.float64]:
        """Left turn (n,) at the end of each edge, in degrees: positive where the corner is convex."""
        t, u = self.tangent, self.tangent[self.after]
        return np.asarray(np.degrees(np.arctan2(t[:, 0] * u[:, 1] - t[:, 1] * u[:, 0], (t * u).sum(1))))


def boundary(shape: Polygon | MultiPolygon) -> Boundary:
    """Cut a polygon into its directed edges: shells counter-clockwise, holes clockwise, in part and ring order.

    Examples
    --------
    >>> b = boundary(shapely.box(0, 0, 2, 1))
    >>> len(b), b.length.tolist(), b.turn_deg.tolist()
    (4, [1.0, 2.0, 1.0, 2.0], [90.0, 90.0, 90.0, 90.0])
    >>> len(boundary(Polygon()))
    0
    """
    oriented = shapely.orient_polygons(shape)
    starts: list[NDArray[np.float64]] = []
    ends: list[NDArray[np.float64]] = []
    before: list[NDArray[np.intp]] = []
    after: list[NDArray[np.intp]] = []
    ring: list[NDArray[np.intp]] = []
    hole: list[NDArray[np.bool_]] = []
    count = total = 0
    for part in getattr(oriented, "geoms", [oriented]):
        if part.is_empty:
            continue
        for position, loop in enumerate([part.exterior, *part.interiors]):
            xy = np.asarray(loop.coords)[:, :2]
            n = len(xy) - 1
            numbers = np.arange(n) + total
            starts.append(xy[:-1])
            ends.append(xy[1:])
            before.append(np.roll(numbers, 1))
            after.append(np.roll(numbers, -1))
            ring.append(np.full(n, count))
            hole.append(np.full(n, position > 0))
            count, total = count + 1, total + n
    if not starts:
        none = np.zeros((0, 2))
        whole = np.zeros(0, dtype=np.intp)
        return Boundary(start=none, end=none, before=whole, after=whole, ring=whole, hole=np.zeros(0, dtype=bool))
    return Boundary(
        start=frozen(np.concatenate(starts)),
        end=frozen(np.concatenate(ends)),
        before=frozen(np.concatenate(before).astype(np.intp)),
        after=frozen(np.concatenate(after).astype(np.intp)),
        ring=frozen(np.concatenate(ring).astype(np.intp)),
        hole=frozen(np.concatenate(hole)),
    )
