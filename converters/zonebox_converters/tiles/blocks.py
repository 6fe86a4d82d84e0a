"""Buildings from afar: a feature with many triangles as a block, its footprint drawn up to its roof.

A block keeps the feature's row, so that whoever points at it is told the same. How far it is from the full geometry is
measured, and a block that does not save half of the triangles is not made.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.mesh import Mesh
from zonebox_converters.tiles.layers import Layer

WORTH_TRIANGLES: Final = 24
"""Two boxes' worth: a feature with fewer is drawn as it is from any distance."""

LARGEST_TRIANGLES: Final = 2_000_000
"""A feature with more keeps its triangles: to outline and measure it would take longer than to write it."""

_JOINED_AT_ONCE: Final = 1_024
"""Triangles of a plan joined in one sweep, which takes more than twice as long for twice as many."""

_JOINED_M: Final = 0.01
"""Corners closer than this to the outline of such a part are left out before the parts are joined."""

FOOTPRINT_M: Final = 0.5
"""A footprint is simplified by this much, ..."""

HOLE_M2: Final = 25.0
"""... and courtyards smaller than this are closed."""

_FEATURES_AT_ONCE: Final = 8_192
"""Measured at a time: the corners of a whole city are half a gigabyte."""

_LEAST_M2: Final = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Blocks:
    """A layer drawn coarsely, and what that costs.

    Parameters
    ----------
    layer : Layer
        The same features, ordered by feature, with blocks in place of those that are worth it.
    starts : (f + 1,) int64
        Where the triangles of each feature begin in it.
    error_m : (f,) float64
        Hausdorff distance of what stands for a feature to the feature; 0 where that is itself.
    size_m : (f,) float64
        Diagonal of its bounding box: the error of not drawing it at all.
    """

    layer: Layer
    starts: NDArray[np.int64]
    error_m: NDArray[np.float64]
    size_m: NDArray[np.float64]


def blocks(layer: Layer) -> Blocks:
    """Put a block in the place of every feature of a layer that has many triangles."""
    layer = _ordered(layer)
    counts = np.bincount(layer.feature, minlength=len(layer.table))
    starts = np.concatenate([[0], np.cumsum(counts)])
    triangles = layer.mesh.triangles
    error = np.zeros(len(counts))
    made: dict[int, Mesh] = {}
    for number in np.flatnonzero((counts > WORTH_TRIANGLES) & (counts <= LARGEST_TRIANGLES)).tolist():
        corners = layer.mesh.vertices[triangles[starts[number]:starts[number + 1]]]
        block = block_of(corners)
        if 2 * len(block) <= len(corners) and len(block):
            from zonebox.geometry.nearness import hausdorff_m

            made[number], error[number] = block, hausdorff_m(corners, block.corners)
    size = _sizes(layer.mesh.vertices, triangles, starts)
    coarse, begins = _replaced(layer, starts, made)
    return Blocks(layer=coarse, starts=begins, error_m=error, size_m=size)


def _ordered(layer: Layer) -> Layer:
    """Sort the triangles of a layer by feature; the layer itself where they are, as most layers come."""
    if not np.any(layer.feature[1:] < layer.feature[:-1]):
        return layer
    order = np.argsort(layer.feature, kind="stable")
    return replace(layer, mesh=Mesh(vertices=layer.mesh.vertices, triangles=layer.mesh.triangles[order]),
                   feature=layer.feature[order], color=layer.color[order])


def block_of(corners: NDArray[np.float64]) -> Mesh:
    """Extrude the footprint of triangles (m, 3, 3) from the lowest to the highest of them; empty where it has none.

    Examples
    --------
    >>> roof = np.array([[[0, 0, 3], [8, 0, 3], [8, 6, 5]], [[0, 0, 3], [8, 6, 5], [0, 6, 5]]], dtype=float)
    >>> block_of(roof).bounds.tolist(), len(block_of(roof)), len(block_of(roof * (1, 0, 1)))
    ([[0.0, 0.0, 3.0], [8.0, 6.0, 5.0]], 12, 0)
    """
    from manifold3d import CrossSection, FillRule, Manifold, OpType

    from zonebox.geometry.solids import mesh_of

    low, high = corners[..., 2].min(), corners[..., 2].max()
    middle = corners[..., :2].mean((0, 1))
    plan = corners[:, :, :2] - middle
    u, v = plan[:, 1] - plan[:, 0], plan[:, 2] - plan[:, 0]
    doubled = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    plan[doubled < 0.0] = plan[doubled < 0.0][:, ::-1]
    plan = plan[np.abs(doubled) > 2 * _LEAST_M2]
    if len(plan) <= _JOINED_AT_ONCE:
        covered = CrossSection(list(plan), FillRule.Positive)
    else:
        pieces = (plan[at:at + _JOINED_AT_ONCE] for at in range(0, len(plan), _JOINED_AT_ONCE))
        covered = CrossSection.batch_boolean(
            [CrossSection(list(piece), FillRule.Positive).simplify(_JOINED_M) for piece in pieces], OpType.Add)
    covered = covered.simplify(FOOTPRINT_M)
    rings = [ring for ring in covered.to_polygons() if (area := _area(ring)) > _LEAST_M2 or area < -HOLE_M2]
    if not rings or high <= low:
        return Mesh.empty()
    solid = Manifold.extrude(CrossSection(rings, FillRule.Positive), float(high - low))
    return mesh_of(solid).moved((*middle, low))


def _area(ring: NDArray[np.float64]) -> float:
    """Area of a ring (k, 2), below 0 for one that runs clockwise: a hole."""
    x, y = np.asarray(ring, dtype=np.float64).T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def _sizes(vertices: NDArray[np.float64], triangles: NDArray[np.int32],
           starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Diagonal (f,) of the bounding box of each feature; 0 for one without triangles."""
    size = np.zeros(len(starts) - 1)
    full = np.flatnonzero(np.diff(starts))
    for axis in range(3):
        column = np.ascontiguousarray(vertices[:, axis])
        for first in range(0, len(full), _FEATURES_AT_ONCE):
            some = full[first:first + _FEATURES_AT_ONCE]
            begin, end = starts[some[0]], starts[some[-1] + 1]
            corners = column[triangles[begin:end].reshape(-1)]
            at = 3 * (starts[some] - begin)
            size[some] += (np.maximum.reduceat(corners, at) - np.minimum.reduceat(corners, at)) ** 2
    return np.sqrt(size)


def _replaced(layer: Layer, starts: NDArray[np.int64], made: dict[int, Mesh]) -> tuple[Layer, NDArray[np.int64]]:
    """Lay out features one after the other, blocks in the places of those that they stand for."""
    if not made:
        return layer, starts
    counts, feature, color, triangles = np.diff(starts), layer.feature, layer.color, layer.mesh.triangles
    blocked = np.zeros(len(counts), dtype=np.bool_)
    blocked[list(made)] = True
    stays = ~blocked[feature]
    added = np.concatenate([np.full(len(mesh), number) for number, mesh in made.items()])
    shift = np.cumsum([len(layer.mesh.vertices), *(len(mesh.vertices) for mesh in made.values())])[:-1]
    vertices = np.concatenate([layer.mesh.vertices, *(mesh.vertices for mesh in made.values())])
    fresh = np.concatenate([mesh.triangles + start for mesh, start in zip(made.values(), shift, strict=True)])
    owner = np.concatenate([feature[stays], added])
    order = np.argsort(owner, kind="stable")
    shade = np.concatenate([color[stays], _main_color(color, starts)[added]])
    coarse = Mesh(vertices=vertices, triangles=np.concatenate([triangles[stays], fresh]).astype(np.int32)[order])
    begins = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(counts)))])
    return replace(layer, mesh=coarse, feature=owner[order], color=shade[order]), begins


def _main_color(color: NDArray[np.uint8], starts: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Colour (f, 4) of the first triangle of each feature."""
    return np.asarray(color[np.minimum(starts[:-1], len(color) - 1)])
