"""The tree of tiles: a quadtree over the scene whose cells do not move when the scene is edited.

Cells are squares of a power of two metres, counted from the frame's origin, so a feature that is added changes the
cells on its own way to the root and no other. Features stay whole: one goes where its middle lies. Volumes are boxes
along the axes of the tile's own frame, taken from the float32 positions that were written.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox_converters.tiles.glb import Json
from zonebox_converters.tiles.place import Matrix, out_of, relative
from zonebox_converters.tiles.promises import Promises

TRIANGLES_PER_TILE: Final = 30_000
"""A tile with more is split, where its features allow: about 2 MB of plain GLB, one frame's worth of decoding."""

MOST_BYTES: Final = 8 << 20
"""No tile's content is larger."""

PROMISES: Final = Promises(errors_decrease=True, most_triangles=TRIANGLES_PER_TILE, most_bytes=MOST_BYTES)
"""What every tileset written here keeps, and says so in its asset's ``extras`` that anyone can check it."""

LARGEST_CELL_M: Final = 4096.0
"""A tile's cell is never larger: float32 holds 0.25 mm at 4 km, so a vertex keeps 1 mm."""

SMALLEST_CELL_M: Final = 8.0
"""Cells are not split further; what is denser stays in one tile."""

WORTH_TRIANGLES: Final = 2_000
"""A layer of one cell with no more triangles is not worth a second, coarser file."""

WHOLE: Final = "all"
FAR: Final = "far"
"""Names of the only cell of a layer, and of the one over all others."""

ERROR_STEP: Final = 1.01
"""A tile's error is at least this many times its children's, ..."""

LEAST_ERROR_M: Final = 1e-3
"""... and at least this: what float32 leaves of a position."""

BOX_PAD_M: Final = 1e-3
"""Added around a box made of children's boxes: rounding between two tiles' frames must not push a child out."""

_CORNERS: Final = np.array(list(itertools.product((0, 1), repeat=3)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cell:
    """A square of the quadtree: either triangles (``rows``) or children, of which it may be a coarse picture.

    ``center`` is None for the whole layer, which has the scene's own frame.
    """

    name: str
    center: tuple[float, float] | None
    rows: NDArray[np.int32]
    children: tuple[Cell, ...] = ()

    def leaves(self) -> Iterator[Cell]:
        """Every cell with triangles of its own, in file order."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()

    def inner(self) -> Iterator[Cell]:
        """Every cell with children, the deepest first."""
        for child in self.children:
            yield from child.inner()
        if self.children:
            yield self


def bare(cell: Cell) -> Cell:
    """Return the tree without its triangles, which for a city weigh as much as the meshes."""
    return replace(cell, rows=cell.rows[:0].copy(), children=tuple(map(bare, cell.children)))


def quadtree(points: NDArray[np.float64], loads: NDArray[np.float64] | None = None, *,
             limit: int = TRIANGLES_PER_TILE, lone: int = WORTH_TRIANGLES) -> Cell:
    """Divide triangles among cells by the point (m, 2) that stands for each and its load (m,), 1 if not given.

    What fits one cell has a coarser cell over it if it is more than ``lone`` triangles. Triangles that stand at one
    place are dealt out in order of their rows, those of one point together while they fit.

    Examples
    --------
    >>> tree = quadtree(np.array([[10.0, 10.0], [200.0, 10.0], [-5.0, -5.0]]), limit=1)
    >>> [(leaf.name, leaf.rows.tolist()) for leaf in tree.leaves()]
    [('256_-1_-1', [2]), ('128_0_0', [0]), ('128_1_0', [1])]
    >>> [leaf.name for leaf in quadtree(np.zeros((5, 2)), limit=2).leaves()]
    ['8_0_0_0', '8_0_0_1', '8_0_0_2']
    """
    if not len(points):
        return Cell(name=WHOLE, center=None, rows=np.empty(0, dtype=np.int32))
    new = (points[1:, 0] != points[:-1, 0]) | (points[1:, 1] != points[:-1, 1])
    starts = np.concatenate([[0], np.flatnonzero(new) + 1, [len(points)]])
    loads = np.ones(len(points)) if loads is None else loads
    return quadtree_of(Runs(starts, points[starts[:-1]], loads), limit=limit, lone=lone)


def quadtree_of(runs: Runs, *, limit: int = TRIANGLES_PER_TILE, lone: int = WORTH_TRIANGLES) -> Cell:
    """Divide runs of triangles among cells, as `quadtree` does."""
    nothing = np.empty(0, dtype=np.int32)
    extent = max(float(np.ptp(runs.point[:, k])) for k in range(2))
    if runs.load.sum() <= limit and extent <= LARGEST_CELL_M:
        whole = Cell(name=WHOLE, center=None, rows=np.arange(len(runs), dtype=np.int32))
        return whole if len(runs) <= lone else Cell(name=FAR, center=None, rows=nothing, children=(whole,))
    size = SMALLEST_CELL_M
    while size < extent:
        size *= 2
    return Cell(name=FAR, center=None, rows=nothing, children=_split(runs, np.arange(len(runs.load)), size, limit))


class Runs:
    """Triangles that follow each other and stand at one place, as those of a feature do: they are divided as one.

    Run k has the triangles from ``starts[k]`` to ``starts[k + 1]`` (r + 1,) and stands at ``point[k]`` (r, 2);
    ``loads`` (m,) are those of the triangles.
    """

    def __init__(self, starts: NDArray[np.intp], point: NDArray[np.float64], loads: NDArray[np.float64]) -> None:
        self.starts, self.point, self.loads = starts, point, loads
        self.load = np.add.reduceat(loads, starts[:-1])

    def __len__(self) -> int:
        """Count the triangles."""
        return int(self.starts[-1])

    def rows(self, members: NDArray[np.intp]) -> NDArray[np.int32]:
        """Rows of the triangles of some runs, in their order."""
        begins = self.starts[members]
        counts = self.starts[members + 1] - begins
        ends = np.cumsum(counts)
        return np.asarray((np.arange(counts.sum()) + np.repeat(begins - ends + counts, counts)).astype(np.int32))


def _split(runs: Runs, members: NDArray[np.intp], size: float, limit: int) -> tuple[Cell, ...]:
    """Cells of one size that hold these runs, ordered by column and row, each divided as far as needed."""
    place = np.floor(runs.point[members] / size).astype(np.int64)
    code = (place[:, 0] << 32) + place[:, 1]
    order = np.argsort(code, kind="stable")
    place, members, code = place[order], members[order], code[order]
    starts = np.flatnonzero(code[1:] != code[:-1]) + 1
    cells = []
    for inside, (column, row) in zip(np.split(members, starts), place[np.concatenate([[0], starts])], strict=True):
        small = runs.load[inside].sum() <= limit and size <= LARGEST_CELL_M
        name = f"{size:.0f}_{column}_{row}"
        divided: tuple[Cell, ...] = ()
        if not small:
            divided = (_split(runs, inside, size / 2, limit) if size > SMALLEST_CELL_M
                       else _dealt(runs, inside, name, size, limit))
        if len(divided) == 1:
            cells.append(divided[0])
            continue
        cells.append(Cell(
            name=name,
            center=(float((column + 0.5) * size), float((row + 0.5) * size)),
            rows=runs.rows(inside if not divided else inside[:0]),
            children=divided,
        ))
    return tuple(cells)


def _dealt(runs: Runs, members: NDArray[np.intp], name: str, size: float, limit: int) -> tuple[Cell, ...]:
    """Deal the triangles of a cell that is not split further into cells of ``limit``, those of one point together."""
    rows, loads = runs.rows(members), runs.loads
    points = np.repeat(runs.point[members], runs.starts[members + 1] - runs.starts[members], axis=0)
    moved = np.any(np.diff(points, axis=0) != 0.0, axis=1)
    ends = np.append(np.flatnonzero(moved) + 1, len(rows))
    sums = np.concatenate([[0.0], np.cumsum(loads[rows])])
    cuts: list[int] = []
    start = last = 0
    for end in ends.tolist():
        if sums[end] - sums[start] > limit and last > start:
            start = last
            cuts.append(start)
        while sums[end] - sums[start] > limit and end - start > 1:
            start = max(start + 1, int(np.searchsorted(sums, sums[start] + limit, side="right")) - 1)
            cuts.append(start)
        last = end
    corner = np.floor(points[0] / size)
    center = (float((corner[0] + 0.5) * size), float((corner[1] + 0.5) * size))
    return tuple(Cell(name=f"{name}_{k}", center=center, rows=part) for k, part in enumerate(np.split(rows, cuts)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tile:
    """A tile as the tileset knows it.

    Parameters
    ----------
    matrix : (4, 4) float64
        From the tile's frame to EPSG:4978.
    box : (2, 3) float64
        Lowest and highest corner in the tile's frame, z up.
    error_m : float
        Geometric error: how far off the picture is where this tile is drawn and its children are not.
    uri : str
        Content, "" for none.
    """

    matrix: Matrix
    box: NDArray[np.float64]
    error_m: float
    uri: str = ""
    children: tuple[Tile, ...] = ()

    @property
    def diagonal_m(self) -> float:
        """Length of the box's diagonal: the error of drawing nothing at all."""
        return float(np.linalg.norm(self.box[1] - self.box[0]))

    def corners(self) -> NDArray[np.float64]:
        """Corners of the box (8, 3) in EPSG:4978."""
        return out_of(self.matrix, np.take_along_axis(self.box, _CORNERS, axis=0))


def parent(matrix: Matrix, children: tuple[Tile, ...], own: Tile | None = None) -> Tile:
    """Make the tile over children, with a coarse content of its ``own`` or none; its box holds theirs.

    Its error is that of its content as it was measured, without one that of not drawing the children; the error of a
    tile is always above its children's, so that no client waits for one that is no better.
    """
    box = joined(matrix, children)
    if own is not None:
        box = np.stack([np.minimum(box[0], own.box[0]), np.maximum(box[1], own.box[1])])
    error = float(np.linalg.norm(box[1] - box[0])) if own is None else own.error_m
    least = max(ERROR_STEP * max(c.error_m for c in children), LEAST_ERROR_M)
    return Tile(matrix=matrix, box=box, error_m=max(error, least), children=children, uri=own.uri if own else "")


def joined(matrix: Matrix, tiles: tuple[Tile, ...]) -> NDArray[np.float64]:
    """Box (2, 3) in the frame of ``matrix`` around the boxes of tiles that have frames of their own."""
    if not tiles:
        return np.array([[-0.5] * 3, [0.5] * 3])
    inner = np.concatenate([(t.corners() - matrix[:3, 3]) @ matrix[:3, :3] for t in tiles])
    return np.stack([inner.min(0) - BOX_PAD_M, inner.max(0) + BOX_PAD_M])


def grow(cell: Cell, matrix: Matrix, made: Callable[[Cell], Tile | None]) -> Tile | None:
    """Turn cells into tiles from the leaves up.

    ``made`` gives a cell's own content as a tile, or None; inner tiles without one have the layer's frame ``matrix``,
    and cells with nothing in or under them fall out.
    """
    own = made(cell)
    children = tuple(tile for tile in (grow(child, matrix, made) for child in cell.children) if tile is not None)
    if not children:
        return own if not cell.children else None
    if own is None and len(children) == 1:
        return children[0]
    return parent(matrix if own is None else own.matrix, children, own)


def tile_json(tile: Tile, within: Matrix, *, refine: str = "") -> Json:
    """Describe a tile and what is under it, seen from the frame its parent has (3D Tiles 1.1, 7.2)."""
    entry: Json = {"boundingVolume": {"box": box12(tile.box)}, "geometricError": tile.error_m}
    if refine:
        entry["refine"] = refine
    transform = relative(tile.matrix, within)
    if not np.array_equal(transform, np.eye(4)):
        entry["transform"] = [float(v) for v in transform.T.reshape(-1)]
    if tile.uri:
        entry["content"] = {"uri": tile.uri}
    if tile.children:
        entry["children"] = [tile_json(child, tile.matrix) for child in tile.children]
    return entry


def box12(box: NDArray[np.float64], matrix: Matrix | None = None) -> list[float]:
    """Twelve numbers of a box volume: centre and three half axes, turned by a rigid matrix where one is given."""
    center, half = box.mean(0), np.diag((box[1] - box[0]) / 2)
    if matrix is not None:
        center, half = out_of(matrix, center[None])[0], half @ matrix[:3, :3].T
    return [float(v) for v in (*center, *half.reshape(-1))]
