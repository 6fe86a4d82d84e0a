"""A layer as an explicit tree of tiles: every tile stands in the layer's tileset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from zonebox.compression import NONE
from zonebox_converters.tiles.cutting import Cutter, distinct, runs
from zonebox_converters.tiles.detail import Coarse, coarsened
from zonebox_converters.tiles.jobs import Done, Job
from zonebox_converters.tiles.layers import Layer
from zonebox_converters.tiles.place import Matrix, same_grid, tile_matrix
from zonebox_converters.tiles.plans import Plan, Target, Tree
from zonebox_converters.tiles.statistics import statistics
from zonebox_converters.tiles.tiling import TRIANGLES_PER_TILE, Cell, Tile, bare, grow, quadtree_of


def laid_out(layer: Layer, target: Target) -> tuple[Plan, Iterator[Job]]:
    """Divide a layer among cells, full ones and coarse ones over them, and give its plan and its jobs."""
    tree = quadtree_of(runs(layer, TRIANGLES_PER_TILE))
    drawn, coarse = coarsened(layer, tree)
    known = bare(tree)
    cells = (*known.leaves(), *(cell for cell in known.inner() if cell.name in coarse))
    plan = _Explicit(name=layer.name, features=len(distinct(layer.feature)[0]), schema=layer.table.schema,
                     statistics=statistics(layer.table), target=target, root=known, cells=cells,
                     one_grid=layer.look.smooth,
                     errors={name: found.error_m for name, found in coarse.items()})
    return plan, _jobs(layer, tree, drawn, coarse, target)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Explicit(Plan):
    """The tree of cells, which have no rows any more; ``errors`` are the measured ones of coarse cells, by name.

    ``one_grid``: as in `_matrix`.
    """

    one_grid: bool
    root: Cell
    cells: tuple[Cell, ...]
    errors: dict[str, float]

    @property
    def files(self) -> list[str]:
        return [_file(cell, self.target.version) for cell in self.cells]

    def full(self, number: int) -> bool:
        return self.cells[number].name not in self.errors

    def tree(self, results: Sequence[Done | None]) -> Tree | None:
        target = self.target
        tiles = {cell.name: Tile(matrix=_matrix(cell, target, one_grid=self.one_grid), box=done.box,
                                 uri=_file(cell, target.version), error_m=self.errors.get(cell.name, 0.0))
                 for cell, done in zip(self.cells, results, strict=True) if done is not None}
        tile = grow(self.root, target.matrix, lambda cell: tiles.get(cell.name))
        return None if tile is None else Tree(tile=tile, files={})


def _jobs(layer: Layer, tree: Cell, drawn: Layer, coarse: Mapping[str, Coarse], target: Target) -> Iterator[Job]:
    """Cut a layer into the parts of its cells: first the full ones, then the coarse ones from ``drawn``."""

    def uri(cell: Cell) -> str:
        return f"{layer.name}/{_file(cell, target.version)}"

    one_grid = layer.look.smooth
    cutter = Cutter(layer, target.frame, target.matrix)
    for cell in tree.leaves():
        yield target.job(layer.name, uri(cell), cutter.part(cell.rows, _matrix(cell, target, one_grid=one_grid)))
    if drawn is not layer:
        cutter = Cutter(drawn, target.frame, target.matrix)
    for cell in tree.inner():
        if cell.name in coarse:
            left = coarse[cell.name]
            yield target.job(layer.name, uri(cell), cutter.cut(left.triangles, left.feature, left.color,
                                                               _matrix(cell, target, one_grid=one_grid)))


def _matrix(cell: Cell, target: Target, *, one_grid: bool) -> Matrix:
    """Frame of a cell; where vertices are moved to a grid, and cells share some (``one_grid``), it is the grid's."""
    if cell.center is None:
        return target.matrix
    own = tile_matrix(target.frame, *cell.center)
    return same_grid(target.matrix, own[:3, 3]) if one_grid and target.compression != NONE else own


def _file(cell: Cell, version: str) -> str:
    return f"{cell.name}.{'b3dm' if version == '1.0' else 'glb'}"
