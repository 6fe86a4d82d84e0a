"""Geometries and placements of a file -> one mesh in the frame, with the element and the colour of each triangle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.mesh import Mesh
from zonebox_converters.ifc import colours
from zonebox_converters.ifc.facts import Part
from zonebox_converters.ifc.georeference import Pose
from zonebox_converters.ifc.kernel import Shapes

THREADS: Final = 2
"""Of memory that is written for the first time two write more than one."""

BATCHES: Final = 32

TOGETHER: Final = 300_000
"""So many vertices are placed at a time: what is held beside the mesh itself stays small."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """Mesh of everything that is seen; ``element`` (m,) and ``color`` (m, 4) of each triangle."""

    mesh: Mesh
    element: NDArray[np.int32]
    color: NDArray[np.uint8]


def placed(parts: Sequence[Part], shapes: Shapes, pose: Pose) -> Seen:
    """Place the shapes of parts, geometry by geometry, the repeats of one in the order of the parts."""
    numbers = np.fromiter((part.number for part in parts), dtype=np.int64, count=len(parts))
    _, index, rows = np.intersect1d(numbers, shapes.arrays["product"], assume_unique=True, return_indices=True)
    given = np.argsort(index)
    index, rows = index[given], rows[given]
    order = np.argsort(shapes.arrays["geometry"][rows], kind="stable")
    index, rows = index[order], rows[order]
    geometry, paint = shapes.arrays["geometry"][rows], _paint(parts)[index]
    turn, shift = _affine(shapes.arrays["matrix"][rows], pose)
    vertices_in, triangles_in = (np.diff(shapes.arrays[name])[geometry] for name in ("vertex_start", "triangle_start"))
    vertex_at, triangle_at = _starts(vertices_in), _starts(triangles_in)
    vertices = np.empty((int(vertex_at[-1]), 3))
    triangles = np.empty((int(triangle_at[-1]), 3), dtype=np.int32)
    color = np.empty(len(triangles), dtype=np.uint32)           # four bytes at a time

    def place(some: tuple[int, int, int]) -> None:
        which, first, end = some
        mesh, own = shapes.geometry(which)
        count = end - first
        spots = vertices[vertex_at[first]:vertex_at[end]].reshape(count, -1, 3)
        np.matmul(mesh.vertices, turn[first:end].transpose(0, 2, 1), out=spots)
        spots += shift[first:end, None]
        here = slice(triangle_at[first], triangle_at[end])
        corners = triangles[here].reshape(count, -1, 3)
        np.add(mesh.triangles, vertex_at[first:end].astype(np.int32)[:, None, None], out=corners)
        mirrored = np.linalg.det(turn[first:end]) < 0
        corners[mirrored] = corners[mirrored][:, :, ::-1]
        painted = color[here].reshape(count, -1)
        painted[:] = own.view(np.uint32)[:, 0]
        painted[:, own[:, 3] == 0] = paint[first:end]

    def place_all(some: Sequence[tuple[int, int, int]]) -> None:
        for job in some:
            place(job)

    with ThreadPoolExecutor(THREADS) as crew:           # each has its own part of the arrays; numpy lets others work
        jobs = list(_together(geometry, vertices_in))
        list(crew.map(place_all, (jobs[start::BATCHES] for start in range(BATCHES))))
    vertices.flags.writeable = triangles.flags.writeable = False        # as they are: a mesh copies what may change
    return Seen(mesh=Mesh(vertices=vertices, triangles=triangles), color=color.view(np.uint8).reshape(-1, 4),
                element=np.repeat(index.astype(np.int32), triangles_in))


def _affine(matrix: NDArray[np.float64], pose: Pose) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Turn (k, 3, 3) and shift (k, 3) from a geometry's own coordinates into the frame, in one step."""
    return pose.linear @ matrix[:, :3, :3], pose.apply(matrix[:, :3, 3])


def _paint(parts: Sequence[Part]) -> NDArray[np.uint32]:
    """RGBA (n, 1) of parts whose file gives no colour, as one number each."""
    classes = sorted({part.ifc_class for part in parts})
    number = {name: k for k, name in enumerate(classes)}
    paint = np.array([colours.of_class(name) for name in classes], dtype=np.uint8).reshape(-1, 4).view(np.uint32)
    return paint[[number[part.ifc_class] for part in parts]]


def _starts(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(counts)])


def _together(geometry: NDArray[np.int32], counts: NDArray[np.int64]) -> Iterator[tuple[int, int, int]]:
    """Yield each geometry with the first and the end of its places, not more at a time than are placed together."""
    kinds, first = np.unique(geometry, return_index=True)
    for which, start, stop in zip(kinds.tolist(), first.tolist(), [*first[1:].tolist(), len(geometry)], strict=True):
        step = max(1, TOGETHER // max(1, int(counts[start])))
        for k in range(start, stop, step):
            yield which, k, min(k + step, stop)
