"""The quadtree that implicit tiling makes of a layer: squares that halve, and features that lie in them wholly.

An implicit tile's volume follows from its place, so nothing may reach out of it: a feature goes to the deepest square
that holds its box, and tiles add to each other. A square that is divided also shows the largest features of those
under it, up to a number of triangles: from afar there is something to see. Squares are counted in the layer's own flat
frame around the scene's origin and are a power of two metres wide, so a feature that is added moves nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox.frame import Frame
from zonebox_converters.tiles.cutting import loads
from zonebox_converters.tiles.layers import Layer
from zonebox_converters.tiles.place import Matrix, into
from zonebox_converters.tiles.tiling import SMALLEST_CELL_M, TRIANGLES_PER_TILE

LARGEST_HALF_M: Final = 32_768.0
"""Further from a square's middle float32 does not keep 1 mm."""

PAD_M: Final = 0.01
"""Around every feature: more than compression moves a vertex, or float32 rounds it."""

_EARLY_SHARE: Final = 3
"""Features shown early fill no more than this part of a tile: a first view costs a third of a full tile each."""

_TRIES: Final = 8
"""So often features are broken before a layer is given up."""

_INDIVISIBLE: Final = 2.0
"""A feature of no more triangles gains nothing by being broken."""

_CHUNK: Final = 1 << 18
"""Triangles that are brought to the globe at a time while boxes are measured: some 50 MB."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Square:
    """A square of a level, by column and row from the south-west, and the units that it shows itself."""

    level: int
    x: int
    y: int
    members: NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Squares:
    """A layer divided.

    Parameters
    ----------
    half_m : float
        Half the side of the root's square, whose middle is the frame's origin.
    squares : tuple of Square
        Those that show something, from the root down.
    error_m : float
        Geometric error of the root, halved at each level: at each level no less than the size of the largest feature
        that is missing there; 0 where there is but one level.
    """

    half_m: float
    squares: tuple[Square, ...]
    error_m: float
    units: Units

    @property
    def levels(self) -> int:
        """Levels of the tree."""
        return 1 + max(square.level for square in self.squares)

    def rows(self, square: Square) -> NDArray[np.intp]:
        """Triangles (k,) of the layer that a square shows."""
        return self.units.rows(square.members)


class Units:
    """What is never divided: features, numbered as they are, then the triangles of those that are ``broken`` (f,).

    Boxes ``low`` and ``high`` (u, 3) are in the frame of ``matrix`` with room around them; ``size_m`` (u,) is the
    diagonal of the whole feature, ``load`` (u,) the share of a tile.
    """

    def __init__(self, layer: Layer, frame: Frame, matrix: Matrix, broken: NDArray[np.bool_]) -> None:
        self.features = features = len(layer.table)
        large = np.flatnonzero(broken[layer.feature]) if broken.any() else np.empty(0, np.intp)
        unit = layer.feature
        if len(large):
            unit = unit.copy()
            unit[large] = features + np.arange(len(large))
        total = features + len(large)
        self.low, self.high = _boxes(layer, unit, total, frame, matrix)
        pad = PAD_M + layer.look.lift_m
        self.low -= pad
        self.high += pad
        self.size_m = np.linalg.norm(np.maximum(self.high - self.low, 0.0), axis=1)
        for feature in np.unique(layer.feature[large]).tolist():
            mine = unit[large[layer.feature[large] == feature]]
            self.size_m[mine] = np.linalg.norm(self.high[mine].max(0) - self.low[mine].min(0))
        self.load = np.bincount(unit, loads(layer), minlength=total)
        self._starts = np.concatenate([[0], np.cumsum(np.bincount(unit, minlength=total))])
        self._order = np.argsort(unit, kind="stable") if np.any(unit[1:] < unit[:-1]) else None
        self.shown = np.flatnonzero(np.diff(self._starts))

    def rows(self, members: NDArray[np.intp]) -> NDArray[np.intp]:
        """Triangles of some units, in the order of the units."""
        begins = self._starts[members]
        counts = self._starts[members + 1] - begins
        ends = np.cumsum(counts)
        at = np.arange(counts.sum()) + np.repeat(begins - ends + counts, counts)
        return np.asarray(at if self._order is None else self._order[at])


def _boxes(layer: Layer, unit: NDArray[np.int64], total: int, frame: Frame,
           matrix: Matrix) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lowest and highest corner (total, 3) of each unit; a chunk of triangles at a time, not the whole city."""
    low, high = np.full((total, 3), np.inf), np.full((total, 3), -np.inf)
    vertices = layer.mesh.vertices
    for start in range(0, len(unit), _CHUNK):
        triangles, owner = layer.mesh.triangles[start:start + _CHUNK], unit[start:start + _CHUNK]
        start_row, end_row = int(triangles.min()), int(triangles.max()) + 1
        seen = np.zeros(end_row - start_row, dtype=np.bool_)
        seen[triangles - start_row] = True
        local = into(matrix, frame.to_ecef(vertices[start_row:end_row][seen]))
        corners = local[(np.cumsum(seen) - 1)[triangles - start_row]]
        runs = np.concatenate([[0], np.flatnonzero(np.diff(owner)) + 1])
        np.minimum.at(low, owner[runs], np.minimum.reduceat(corners.min(axis=1), runs))
        np.maximum.at(high, owner[runs], np.maximum.reduceat(corners.max(axis=1), runs))
    return low, high


def divided(layer: Layer, frame: Frame, matrix: Matrix, *, limit: int = TRIANGLES_PER_TILE) -> Squares | None:
    """Divide a layer among squares of no more than ``limit`` triangles.

    Features with more are divided, and the largest of those that cross a line which too many cross. None where that is
    not enough, or where they reach too far for float32.
    """
    broken = np.bincount(layer.feature, minlength=len(layer.table)) > limit
    for _ in range(_TRIES):
        found = _tried(Units(layer, frame, matrix, broken), limit)
        if not isinstance(found, np.ndarray):
            return found
        if not len(found):
            return None
        broken[found] = True
    return None


def _tried(units: Units, limit: int) -> Squares | NDArray[np.intp] | None:
    """Divide units among squares; where too many cross a line, the features to be broken for that, if there are any."""
    shown = units.shown
    reach = float(max(np.abs(units.low[shown, :2]).max(), np.abs(units.high[shown, :2]).max()))
    half = SMALLEST_CELL_M
    while half < reach:
        half *= 2
    if half > LARGEST_HALF_M:
        return None
    squares: list[Square] = []
    error = 0.0
    for square in _split(units, half, limit):
        if (load := units.load[square.members]).sum() > limit and len(load) > 1:
            order: NDArray[np.intp] = square.members[np.argsort(-load, kind="stable")]
            order = order[(order < units.features) & (units.load[order] > _INDIVISIBLE)]
            most = 1 + int(np.searchsorted(np.cumsum(units.load[order]), load.sum() - limit / 2))
            return np.array(order[:most])
        if square.level:
            error = max(error, float(units.size_m[square.members].max()) * 2.0 ** (square.level - 1))
        squares.append(square)
    return Squares(half_m=half, squares=tuple(squares), error_m=error, units=units)


def _largest(units: Units, members: NDArray[np.intp], room: float) -> NDArray[np.intp]:
    """Choose the largest units that fit into the room left: from afar they are what is seen of all."""
    order: NDArray[np.intp] = members[np.lexsort((members, -units.size_m[members]))]
    return np.asarray(order[np.cumsum(units.load[order]) <= room])


def _split(units: Units, half: float, limit: int) -> Iterator[Square]:
    """Squares that show something, the root first; one shows more than ``limit`` where so much crosses its middle."""
    stack = [Square(level=0, x=0, y=0, members=units.shown)]
    while stack:
        square = stack.pop()
        members = square.members
        if units.load[members].sum() <= limit or len(members) == 1:
            yield square
            continue
        side = half * 2.0 ** -square.level        # of the four squares inside
        first = np.floor((units.low[members, :2] + half) / side).astype(np.int64)
        inside = (first == np.floor((units.high[members, :2] + half) / side).astype(np.int64)).all(axis=1)
        crossing = members[~inside]
        early = _largest(units, members[inside], limit // _EARLY_SHARE - float(units.load[crossing].sum()))
        yield Square(level=square.level, x=square.x, y=square.y, members=np.sort(np.concatenate([crossing, early])))
        inside &= ~np.isin(members, early, assume_unique=True)
        quarter = 2 * (first[:, 1] - 2 * square.y) + first[:, 0] - 2 * square.x
        for number in (3, 2, 1, 0):
            mine = members[inside & (quarter == number)]
            if len(mine):
                stack.append(Square(level=square.level + 1, x=2 * square.x + number % 2, y=2 * square.y + number // 2,
                                    members=mine))
