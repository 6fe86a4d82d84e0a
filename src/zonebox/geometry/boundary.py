"""The boundary of a lot as arrays: every edge of every ring, with its neighbours and its corners.

The interior lies to the left of every directed edge, of holes too (domain §0).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry import MultiPolygon, Polygon

from zonebox import tolerance
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
    _known: dict[str, NDArray[np.float64]] = field(default_factory=dict, init=False, repr=False)
    """What was worked out before: rules ask for it edge by edge."""

    def __len__(self) -> int:
        """Count the edges."""
        return len(self.start)

    def moved(self, offset: ArrayLike) -> Boundary:
        """Return the boundary shifted by (dx, dy)."""
        shift = np.asarray(offset, dtype=np.float64)
        made = Boundary(start=frozen(self.start + shift), end=frozen(self.end + shift), before=self.before,
                        after=self.after, ring=self.ring, hole=self.hole)
        made._known.update(self._known)
        return made

    @property
    def length(self) -> NDArray[np.float64]:
        """Edge lengths (n,)."""
        if "length" not in self._known:
            self._known["length"] = frozen(np.asarray(np.linalg.norm(self.end - self.start, axis=1)))
        return self._known["length"]

    @property
    def tangent(self) -> NDArray[np.float64]:
        """Unit directions (n, 2) along the edges."""
        if "tangent" not in self._known:
            self._known["tangent"] = frozen(np.asarray((self.end - self.start) / self.length[:, None]))
        return self._known["tangent"]

    @property
    def inward(self) -> NDArray[np.float64]:
        """Unit normals (n, 2) into the lot."""
        if "inward" not in self._known:
            t = self.tangent
            self._known["inward"] = frozen(np.stack([-t[:, 1], t[:, 0]], axis=1))
        return self._known["inward"]

    @property
    def turn_deg(self) -> NDArray[np.float64]:
        """Left turn (n,) at the end of each edge, in degrees: positive where the corner is convex.

        A corner that turns left by less than `tolerance.STRAIGHT_DEG` counts as straight; it is given as a hair below
        0, as straight ones are that rounding bends inward, so that rules do not depend on how a lot lies.
        """
        if "turn_deg" not in self._known:
            t, u = self.tangent, self.tangent[self.after]
            turn = np.degrees(np.arctan2(t[:, 0] * u[:, 1] - t[:, 1] * u[:, 0], (t * u).sum(1)))
            straight = (turn >= 0.0) & (turn < tolerance.STRAIGHT_DEG)
            self._known["turn_deg"] = frozen(np.where(straight, -1e-9, turn))
        return self._known["turn_deg"]


def boundaries(shapes: Sequence[Polygon | MultiPolygon]) -> list[Boundary]:
    """Cut many polygons into their directed edges, as `boundary` does; those of one ring all at once.

    >>> many = boundaries([shapely.box(0, 0, 2, 1), shapely.box(5, 5, 6, 7)])
    >>> many[1].length.tolist() == boundary(shapely.box(5, 5, 6, 7)).length.tolist()
    True
    """
    listed = np.empty(len(shapes), dtype=object)
    listed[:] = shapes
    single = ((shapely.get_type_id(listed) == 3) & (shapely.get_num_interior_rings(listed) == 0)
              & ~shapely.is_empty(listed) & ~shapely.has_z(listed))
    rows = np.flatnonzero(single)
    if not len(rows):
        return [boundary(shape) for shape in shapes]
    xy, owner = shapely.get_coordinates(listed[rows], return_index=True)
    starts = np.searchsorted(owner, np.arange(len(rows) + 1))
    within = owner[1:] == owner[:-1]
    near = xy - xy[starts[:-1]][owner]
    cross = np.where(within, near[:-1, 0] * near[1:, 1] - near[:-1, 1] * near[1:, 0], 0.0)
    turned = np.add.reduceat(cross, starts[:-1]) < 0.0
    shared: dict[int, tuple[NDArray[np.intp], ...]] = {}
    found: list[Boundary | None] = [None] * len(shapes)
    for row, first, last, clockwise in zip(rows.tolist(), starts[:-1].tolist(), starts[1:].tolist(), turned.tolist(),
                                           strict=True):
        if clockwise:
            continue                                    # rare: plans hold shells counter-clockwise
        n = last - first - 1
        if n not in shared:
            numbers = np.arange(n)
            shared[n] = tuple(frozen(a) for a in (np.roll(numbers, 1), np.roll(numbers, -1), np.zeros(n, np.intp)))
        before, after, ring = shared[n]
        found[row] = Boundary(start=frozen(xy[first:last - 1]), end=frozen(xy[first + 1:last]), before=before,
                              after=after, ring=ring, hole=frozen(ring.astype(bool)))
    return [boundary(shape) if made is None else made for shape, made in zip(shapes, found, strict=True)]


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
