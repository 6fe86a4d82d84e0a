"""What is drawn of a cell while those under it are not: real levels of detail, with an error that was measured.

Ground is simplified without cracks (`simplify`); everything else is drawn as blocks (`blocks`), the largest features
first, up to a number of triangles. A level depends on nothing but what lies in its cell, so a feature that changes
changes the cells on its own way to the root.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.mesh import Mesh
from zonebox_converters.tiles.blocks import Blocks, blocks
from zonebox_converters.tiles.cutting import AT_ONCE, loads
from zonebox_converters.tiles.layers import Layer
from zonebox_converters.tiles.tiling import TRIANGLES_PER_TILE, Cell

COARSE_TRIANGLES: Final = 10_000
"""A coarse tile is simplified to this many: a first view costs a third of a full tile each."""

_SHARE: Final = COARSE_TRIANGLES // 4
"""A feature that needs more of them even as a block is left out, for it would leave no room for others."""

_EDGE_SAMPLES: Final = np.arange(1, 8) / 8.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Coarse:
    """Triangles (k, 3) in place of a cell's, in rows of the vertices of `Details.layer`, and how far off they are."""

    triangles: NDArray[np.int32]
    feature: NDArray[np.int64]
    color: NDArray[np.uint8]
    error_m: float


class Details(Protocol):
    """Gives the coarse content of inner cells, asked for from the leaves up."""

    layer: Layer

    def of(self, cell: Cell, rows: NDArray[np.int32]) -> Coarse | None:
        """Content of a cell that stands for the layer's triangles ``rows``; None where it would save nothing."""
        ...


def coarsened(layer: Layer, tree: Cell) -> tuple[Layer, dict[str, Coarse]]:
    """Make the coarse contents of the inner cells of a layer, by name, and the layer whose vertices they use."""
    if not tree.children:
        return layer, {}
    made: Details = _Ground(layer) if layer.look.smooth else _City(layer)
    found = ((cell.name, made.of(cell, _rows_of(cell))) for cell in tree.inner())
    return made.layer, {name: coarse for name, coarse in found if coarse is not None}


class _Ground:
    """A surface: a cell's triangles are made from what its children show, and measured against the full surface."""

    def __init__(self, layer: Layer) -> None:
        from zonebox.geometry.tin import tin_index

        self.layer = layer
        self._full = tin_index(layer.mesh)
        self._shown: dict[str, NDArray[np.int32]] = {}

    def of(self, cell: Cell, rows: NDArray[np.int32]) -> Coarse | None:
        from zonebox_converters.tiles.simplify import simplified

        given = [self._shown.pop(child.name) if child.name in self._shown else
                 self.layer.mesh.triangles[_rows_of(child)] for child in cell.children]
        before = np.concatenate(given) if given else self.layer.mesh.triangles[rows]
        left = simplified(self.layer.mesh.vertices, before, min(COARSE_TRIANGLES, len(before) // 4))
        self._shown[cell.name] = left
        if 2 * len(left) > len(before) or len(left) > TRIANGLES_PER_TILE:
            return None
        owner = np.full(len(left), self.layer.feature[rows[0]])
        return Coarse(triangles=left, feature=owner, color=self.layer.color[np.full(len(left), rows[0])],
                      error_m=self._error_m(left, rows))

    def _error_m(self, left: NDArray[np.int32], rows: NDArray[np.int32]) -> float:
        """Largest vertical distance, never below Hausdorff's: at full vertices and along coarse edges."""
        from zonebox.geometry.tin import tin_index

        vertices = self.layer.mesh.vertices
        full = vertices[np.unique(self.layer.mesh.triangles[rows])]
        off = np.abs(tin_index(Mesh(vertices=vertices, triangles=left)).height_at(full[:, :2]) - full[:, 2])
        ends = np.unique(np.sort(np.concatenate([left[:, [0, 1]], left[:, [1, 2]], left[:, [2, 0]]]), axis=1), axis=0)
        start, end = vertices[ends[:, 0], None], vertices[ends[:, 1], None]
        along = (start + _EDGE_SAMPLES[:, None] * (end - start)).reshape(-1, 3)
        over = np.abs(self._full.height_at(along[:, :2]) - along[:, 2])
        return float(max(np.nanmax(off, initial=0.0), np.nanmax(over, initial=0.0)))


class _City:
    """Separate things: blocks, the largest first."""

    def __init__(self, layer: Layer) -> None:
        self._blocks: Blocks = blocks(layer)
        self._feature = layer.feature
        self._full = np.bincount(layer.feature, minlength=len(layer.table))
        self.layer = self._blocks.layer
        self._seen = np.zeros(len(layer.table), dtype=np.bool_)
        self._number = np.empty(len(layer.table), dtype=np.int64)
        self._load = np.bincount(self.layer.feature, loads(self.layer), minlength=len(layer.table))

    def of(self, cell: Cell, rows: NDArray[np.int32]) -> Coarse | None:  # noqa: ARG002 - grounds need the cell
        known = self._blocks
        present, here = self._present(rows)
        whole = present[(here == self._full[present]) & (self._load[present] <= _SHARE)]
        order = whole[np.lexsort((whole, -known.size_m[whole]))]
        chosen = np.sort(order[np.cumsum(self._load[order]) <= COARSE_TRIANGLES])
        begins, counts = known.starts[chosen], known.starts[chosen + 1] - known.starts[chosen]
        left = int(counts.sum())
        if not left or 2 * left > len(rows):
            return None
        absent = np.setdiff1d(present, chosen, assume_unique=True)
        error = max(known.error_m[chosen].max(), known.size_m[absent].max(initial=0.0))
        at = np.arange(left) + np.repeat(begins - np.cumsum(counts) + counts, counts)
        return Coarse(triangles=self.layer.mesh.triangles[at], feature=self.layer.feature[at],
                      color=self.layer.color[at], error_m=float(error))

    def _present(self, rows: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Features of some triangles in ascending order, and how many triangles of each: no pass over all features.

        A cell may hold a city: its triangles are looked at some at a time.
        """
        parts = [rows[start:start + AT_ONCE] for start in range(0, len(rows), AT_ONCE)]
        low, high = len(self._seen), 0
        for part in parts:
            feature = self._feature[part]
            low, high = min(low, int(feature.min())), max(high, int(feature.max()) + 1)
            self._seen[feature] = True
        present = np.flatnonzero(self._seen[low:high]) + low
        self._seen[present] = False
        self._number[present] = np.arange(len(present))
        here = np.zeros(len(present), dtype=np.int64)
        for part in parts:
            here += np.bincount(self._number[self._feature[part]], minlength=len(present))
        return present, here


def _rows_of(cell: Cell) -> NDArray[np.int32]:
    return np.concatenate([leaf.rows for leaf in cell.leaves()])
