"""Cutting a layer into the parts of its tiles: which triangle goes where, and what a part takes along."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox.frame import Frame
from zonebox_converters.tiles.content import Part
from zonebox_converters.tiles.layers import Layer
from zonebox_converters.tiles.place import Matrix
from zonebox_converters.tiles.surface import vertex_normals
from zonebox_converters.tiles.tiling import Runs

FREE_TEXT: Final = 200
TEXT_PER_TRIANGLE: Final = 100
"""A feature's texts beyond the first characters weigh as a triangle for so many: texts fill tiles as triangles do."""

AT_ONCE: Final = 1 << 18
"""Triangles of a city that are looked at together: some megabytes."""


def runs(layer: Layer, limit: int) -> Runs:
    """Triangles of a layer by the point that finds their tile: a feature's middle; their own where it is large."""
    count = np.bincount(layer.feature, minlength=len(layer.table))
    new = np.ones(len(layer.feature), dtype=np.bool_)
    np.not_equal(layer.feature[1:], layer.feature[:-1], out=new[1:])
    if count.max() > limit:
        new |= (count > limit)[layer.feature]
    starts = np.flatnonzero(new)
    owner = layer.feature[starts]
    large = np.flatnonzero(count[owner] > limit)
    point = np.empty((len(starts), 2))
    for k in range(2):          # one after the other: of a city each is a third of a gigabyte while it is made
        middle = _middles(np.ascontiguousarray(layer.mesh.vertices[:, k]), layer.mesh.triangles)
        point[:, k] = (np.bincount(layer.feature, middle, minlength=len(count)) / np.maximum(count, 1))[owner]
        point[large, k] = middle[starts[large]]
    return Runs(np.append(starts, len(layer.feature)), point, loads(layer))


def _middles(column: NDArray[np.float64], triangles: NDArray[np.int32]) -> NDArray[np.float64]:
    """Mean (m,) of a coordinate (n,) over the corners of triangles (m, 3), some of them at a time."""
    middle = np.empty(len(triangles))
    for start in range(0, len(triangles), AT_ONCE):
        a, b, c = triangles[start:start + AT_ONCE].T
        middle[start:start + AT_ONCE] = (column[a] + column[b] + column[c]) / 3.0
    return middle


def loads(layer: Layer) -> NDArray[np.float64]:
    """Share (m,) of a tile that each triangle takes: itself, and of its feature's texts what exceeds the usual."""
    count = np.bincount(layer.feature, minlength=len(layer.table))
    extra = np.maximum(layer.table.text_sizes() - FREE_TEXT, 0) / TEXT_PER_TRIANGLE
    if not extra.any():
        return np.broadcast_to(np.float64(1.0), len(layer.feature))
    return np.asarray((1.0 + extra / np.maximum(count, 1))[layer.feature])


class Cutter:
    """Cuts the triangles of a layer into parts and brings each part to the globe.

    Only a smooth layer crosses as a whole, because its normals at a tile's rim lean on the neighbours.
    """

    def __init__(self, layer: Layer, frame: Frame, matrix: Matrix) -> None:
        self._layer, self._frame = layer, frame
        vertices, triangles = layer.mesh.vertices, layer.mesh.triangles
        self._ecef = frame.to_ecef(vertices) if layer.look.smooth else None
        self._normals = None if self._ecef is None else vertex_normals(self._ecef - matrix[:3, 3], triangles)
        self._seen = np.zeros(len(vertices), dtype=np.bool_)
        self._number = np.empty(len(vertices), dtype=np.int32)

    def part(self, rows: NDArray[np.integer[Any]], matrix: Matrix,
             shift: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Part:
        """Cut the triangles ``rows`` out, for the tile whose frame is ``matrix``; ``shift`` as in `Part`."""
        layer = self._layer
        return self.cut(layer.mesh.triangles[rows], layer.feature[rows], layer.color[rows], matrix, shift)

    def cut(self, triangles: NDArray[np.int32], owner: NDArray[np.int64], color: NDArray[np.uint8],
            matrix: Matrix, shift: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Part:
        """Cut triangles (k, 3) out that need not be the layer's own, only between its vertices."""
        layer = self._layer
        used = self._used(triangles)
        points = self._frame.to_ecef(layer.mesh.vertices[used]) if self._ecef is None else self._ecef[used]
        features, feature = distinct(owner)
        return Part(points=points, normals=None if self._normals is None else self._normals[used], matrix=matrix,
                    triangles=self._number[triangles], feature=feature.astype(np.int32), color=color,
                    table=layer.table.take(features), look=layer.look, shift=shift)

    def _used(self, triangles: NDArray[np.int32]) -> NDArray[np.intp]:
        """Give the vertices that triangles use, and number them from 0 on; marking is faster than sorting."""
        low, high = int(triangles.min()), int(triangles.max()) + 1
        self._seen[triangles] = True
        used = np.flatnonzero(self._seen[low:high]) + low
        self._seen[used] = False
        self._number[used] = np.arange(len(used), dtype=np.int32)
        return used


def distinct(numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the distinct numbers (k,) in ascending order, and the place of each number (m,) among them.

    Examples
    --------
    >>> [part.tolist() for part in distinct(np.array([7, 7, 9]))], distinct(np.array([], dtype=int))[0].tolist()
    ([[7, 9], [0, 0, 1]], [])
    """
    new = np.diff(numbers, prepend=numbers[:1] - 1)
    if np.any(new < 0):
        values, place = np.unique(numbers, return_inverse=True)
        return values, place.astype(np.int64)
    return numbers[new != 0], np.cumsum(new != 0) - 1
