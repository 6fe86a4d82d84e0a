"""A cloud too large for memory as a quadtree in which every point stands once: coarse tiles first, finer ones add.

Points go through files of one square each, so that no more than a square is held at a time. In each, level after level
takes the point nearest to the middle of every voxel, and the voxels halve. How far the points that are still to come
lie from those that stand for them is measured: the geometric error of the tile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

SQUARE_M: Final = 128.0
"""Side of the squares that points are sorted into on disk: two million points at 120 a square metre."""

POINTS_PER_TILE: Final = 50_000
"""No tile has more, and a tile that would have no more is not divided."""

_VOXELS: Final = 128
"""Across a tile: what is drawn of it is a point every 128th of its side."""

_FINEST_M: Final = 1e-3
_RECORD: Final = np.dtype([("xyz", "<f8", 3), ("kind", "u1"), ("strength", "<u2")])

Records = NDArray[np.void]
Floats = NDArray[np.float64]


class Scan(NamedTuple):
    """Points (n, 3) in the frame, the ASPRS class of each (n,) and how strong its echo was (n,)."""

    points: Floats
    kinds: NDArray[np.uint8]
    strength: NDArray[np.uint16]


class Node(NamedTuple):
    """A square of a quadtree: its level, 0 for the whole, and its column and row there."""

    level: int
    column: int
    row: int

    @property
    def above(self) -> Node:
        """The square it is a quarter of."""
        return Node(self.level - 1, self.column // 2, self.row // 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """The square of level 0, metres in the frame, and the level whose squares are those on disk."""

    low: tuple[float, float]
    side_m: float

    @property
    def disk_level(self) -> int:
        """Level of the squares on disk."""
        return int(self.side_m / SQUARE_M).bit_length() - 1

    def middle(self, node: Node) -> tuple[float, float]:
        """Middle of a square."""
        side = self.side_m / 2**node.level
        return self.low[0] + (node.column + 0.5) * side, self.low[1] + (node.row + 0.5) * side

    def voxel_m(self, level: int) -> float:
        """Side of the voxels of a level; one is never larger than a square on disk."""
        return min(self.side_m / _VOXELS, SQUARE_M) / 2.0**level


class Squares:
    """Points sorted into files, one a square.

    Parameters
    ----------
    folder : Path
        For the files; they are the caller's to remove.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: set[tuple[int, int]] = set()
        self.count = 0

    def fill(self, scans: Iterable[Scan]) -> None:
        """Append all points to the files of their squares."""
        for scan in scans:
            records = np.empty(len(scan.points), dtype=_RECORD)
            records["xyz"], records["kind"], records["strength"] = scan
            place = np.floor(scan.points[:, :2] / SQUARE_M).astype(np.int64)
            order = np.lexsort((place[:, 1], place[:, 0]))
            place, records = place[order], records[order]
            starts = np.flatnonzero(np.any(np.diff(place, axis=0, prepend=place[:1] - 1) != 0, axis=1))
            for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(records)], strict=True):
                square = (int(place[start, 0]), int(place[start, 1]))
                self._known.add(square)
                with self._path(square).open("ab") as file:
                    file.write(records[start:end].tobytes())
            self.count += len(records)

    def extent(self) -> Extent:
        """Square of a power of two around all points."""
        places = np.array(sorted(self._known))
        low = places.min(0)
        across = int((places.max(0) - low).max()) + 1
        side = SQUARE_M * (1 << (across - 1).bit_length())
        return Extent(low=(float(low[0] * SQUARE_M), float(low[1] * SQUARE_M)), side_m=side)

    def read(self) -> Iterator[tuple[tuple[int, int], Records]]:
        """Every square and its points, in a fixed order."""
        for square in sorted(self._known):
            yield square, np.frombuffer(self._path(square).read_bytes(), dtype=_RECORD)

    def _path(self, square: tuple[int, int]) -> Path:
        return self._folder / f"{square[0]}_{square[1]}.points"


class Share(NamedTuple):
    """What a tile shows: its square, its points, and how far off are those that finer tiles add, metres."""

    node: Node
    points: Records
    error_m: float


def shares(squares: Squares, extent: Extent) -> Iterator[Share]:
    """Deal out all points among tiles; tiles larger than a square on disk come last."""
    upper: dict[Node, list[Share]] = {}
    for square, records in squares.read():
        corner = [round(c - low / SQUARE_M) for c, low in zip(square, extent.low, strict=True)]
        for share in _dealt(records, extent, Node(extent.disk_level, corner[0], corner[1])):
            if share.node.level < extent.disk_level:
                upper.setdefault(share.node, []).append(share)
            else:
                yield share
    for node in sorted(upper):
        parts = upper.pop(node)
        yield Share(node, np.concatenate([p.points for p in parts]), max(p.error_m for p in parts))


def _dealt(records: Records, extent: Extent, square: Node) -> Iterator[Share]:
    """Deal out the points of one square on disk, from the coarsest level to the finest."""
    left = np.arange(len(records))
    place = records["xyz"] - np.array([*extent.low, 0.0])
    level = 0
    while len(left):
        size = extent.voxel_m(level)
        node, names = _nodes(place[left], extent, square, level)
        lone = np.bincount(node, minlength=len(names)) <= POINTS_PER_TILE
        lone &= level >= square.level
        if size < _FINEST_M:
            lone[:] = True
        taken = lone[node]
        quota = max(1, POINTS_PER_TILE >> 2 * max(0, square.level - level))
        chosen, off = _chosen(place[left], node, taken, size, quota)
        for number in np.flatnonzero(np.bincount(node[taken | chosen], minlength=len(names))).tolist():
            mine = node == number
            waiting = mine & ~taken & ~chosen
            yield Share(names[number], records[left[mine & ~waiting]], float(off[waiting].max(initial=0.0)))
        left = left[~(taken | chosen)]
        level += 1


def _nodes(place: Floats, extent: Extent, square: Node, level: int) -> tuple[NDArray[np.intp], list[Node]]:
    """Tell the number of the tile of each point (n,) at a level, and the tiles by number."""
    if level <= square.level:
        up = square.level - level
        return np.zeros(len(place), dtype=np.intp), [Node(level, square.column >> up, square.row >> up)]
    side = extent.side_m / 2**level
    cell = np.floor(place[:, :2] / side).astype(np.int64)
    names, number = np.unique(cell[:, 0] << 32 | cell[:, 1], return_inverse=True)
    return number.reshape(-1), [Node(level, int(name) >> 32, int(name) & 0xFFFFFFFF) for name in names]


def _chosen(place: Floats, node: NDArray[np.intp], taken: NDArray[np.bool_], size: float,
            quota: int) -> tuple[NDArray[np.bool_], Floats]:
    """Choose, of the points not ``taken``, the one nearest to the middle of each voxel; ``quota`` a tile at most.

    Returns
    -------
    chosen : (n,) bool
    off : (n,) float64
        Distance of each point to the one that stands for it, metres.
    """
    from scipy.spatial import cKDTree

    chosen, off = np.zeros(len(place), dtype=np.bool_), np.zeros(len(place))
    open_ = np.flatnonzero(~taken)
    if not len(open_):
        return chosen, off
    voxel = np.floor(place[open_] / size)
    far = ((place[open_] / size - voxel - 0.5) ** 2).sum(axis=1)
    code = voxel.astype(np.int64) & 0x1FFFFF
    code = code[:, 0] << 42 | code[:, 1] << 21 | code[:, 2]
    order = np.lexsort((far, code))
    new = np.diff(code[order], prepend=code[order[0]] - 1) != 0
    first, group = open_[order[new]], np.cumsum(new) - 1
    kept = _within(node[first], quota)
    chosen[first[kept]] = True
    stands = first[group]
    off[open_[order]] = np.linalg.norm(place[open_[order]] - place[stands], axis=1)
    orphan = open_[order][~kept[group]]
    if len(orphan):
        off[orphan] = cKDTree(place[chosen]).query(place[orphan])[0]
    return chosen, off


def _within(node: NDArray[np.intp], quota: int) -> NDArray[np.bool_]:
    """Keep ``quota`` entries (k,) of each tile, spread evenly over those in order of their voxels."""
    count = np.bincount(node)
    if count.max() <= quota:
        return np.ones(len(node), dtype=np.bool_)
    order = np.argsort(node, kind="stable")
    starts = np.cumsum(count) - count
    rank = np.empty(len(node), dtype=np.int64)
    rank[order] = np.arange(len(node)) - np.repeat(starts, count)
    most = np.minimum(count, quota)[node]
    total = count[node]
    return np.asarray((rank * most) // total != ((rank + 1) * most) // total)
