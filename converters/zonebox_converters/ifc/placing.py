"""Geometries and placements of a file -> one mesh in the frame, with the element and the colour of each triangle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.mesh import Mesh
from zonebox_converters.ifc import colours
from zonebox_converters.ifc.facts import Part
from zonebox_converters.ifc.georeference import Pose
from zonebox_converters.ifc.kernel import Shapes

TOGETHER: Final = 300_000
"""So many vertices are placed at a time: what is held beside the mesh itself stays small."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """Mesh of everything that is seen; ``element`` (m,) and ``color`` (m, 4) of each triangle."""

    mesh: Mesh
    element: NDArray[np.int32]
    color: NDArray[np.uint8]


def placed(parts: Sequence[Part], shapes: Shapes, pose: Pose) -> Seen:
    """Place the shapes of parts, in the order of the parts; the repeats of a geometry are placed together."""
    row_of = {int(product): row for row, product in enumerate(shapes.arrays["product"])}
    shown = [(index, row_of[part.number]) for index, part in enumerate(parts) if part.number in row_of]
    index, rows = np.array(shown, dtype=np.int64).reshape(-1, 2).T
    classes = sorted({part.ifc_class for part in parts})
    number = {name: k for k, name in enumerate(classes)}
    paint = np.array([colours.of_class(name) for name in classes], dtype=np.uint8).reshape(-1, 4)
    paint_of = np.array([number[parts[k].ifc_class] for k in index.tolist()], dtype=np.int64)
    geometry, matrix = shapes.arrays["geometry"][rows], shapes.arrays["matrix"][rows]
    vertices_in, triangles_in = (np.diff(shapes.arrays[name])[geometry] for name in ("vertex_start", "triangle_start"))
    vertex_at, triangle_at = _starts(vertices_in), _starts(triangles_in)
    vertices = np.empty((int(vertices_in.sum()), 3))
    triangles = np.empty((int(triangles_in.sum()), 3), dtype=np.int32)
    color = np.empty((len(triangles), 4), dtype=np.uint8)
    for which, some in _together(geometry, vertices_in):
        mesh, own = shapes.geometry(which)
        turn, shift = matrix[some, :3, :3], matrix[some, :3, 3]
        spots = mesh.vertices @ turn.transpose(0, 2, 1) + shift[:, None]
        vertices[vertex_at[some][:, None] + np.arange(len(mesh.vertices))] = pose.apply(spots)
        corners = np.repeat(mesh.triangles[None], len(some), axis=0)
        mirrored = np.linalg.det(turn) < 0
        corners[mirrored] = corners[mirrored][:, :, ::-1]
        at = triangle_at[some][:, None] + np.arange(len(mesh.triangles))
        triangles[at] = corners + vertex_at[some].astype(np.int32)[:, None, None]
        color[at] = np.where(own[None, :, 3:] == 0, paint[paint_of[some]][:, None], own[None])
    vertices.flags.writeable = triangles.flags.writeable = False        # as they are: a mesh copies what may change
    return Seen(mesh=Mesh(vertices=vertices, triangles=triangles), color=color,
                element=np.repeat(index.astype(np.int32), triangles_in))


def _starts(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.cumsum(counts) - counts


def _together(geometry: NDArray[np.int32], counts: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Yield each geometry with the places (k,) that have it, not more at a time than are placed together."""
    order = np.argsort(geometry, kind="stable")
    kinds, first = np.unique(geometry[order], return_index=True)
    for which, places in zip(kinds.tolist(), np.split(order, first[1:]), strict=True):
        step = max(1, TOGETHER // max(1, int(counts[places[0]])))
        for k in range(0, len(places), step):
            yield which, places[k:k + step]
