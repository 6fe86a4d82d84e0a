"""Envelopes of a whole city as mesh buffers, ready for tiling."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.collector import without_collector
from zonebox.geometry.mesh import Mesh
from zonebox.geometry.tiering import Stacks
from zonebox.model import Control, Parcel
from zonebox_converters.envelopes.building import CHUNK, Built, exactly, tasks_of
from zonebox_converters.envelopes.faces import attribute
from zonebox_converters.envelopes.plain import PlainLots, Reading, Task
from zonebox_converters.envelopes.sharing import shared
from zonebox_converters.envelopes.tiered import raise_all

MANY: Final = 10_000
"""From so many parcels on a second process pays for its start."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Envelopes:
    """Mesh buffers of many envelopes, in the order of the parcels given.

    Envelope i has vertices ``vertex_start[i]:vertex_start[i + 1]`` and triangles likewise, counted from its own first
    vertex; an empty one has none. ``face_control`` (triangles,) numbers into ``controls``; the lot itself is ``""``.
    """

    parcels: tuple[str, ...]
    vertices: NDArray[np.float64]
    triangles: NDArray[np.int32]
    face_control: NDArray[np.int32]
    controls: tuple[str, ...]
    vertex_start: NDArray[np.int64]
    triangle_start: NDArray[np.int64]
    ground_m: NDArray[np.float64]
    top_m: NDArray[np.float64]
    footprint_m2: NDArray[np.float64]
    volume_m3: NDArray[np.float64]

    def mesh(self, row: int) -> Mesh:
        """Return one envelope."""
        return Mesh(vertices=self.vertices[self.vertex_start[row]:self.vertex_start[row + 1]],
                    triangles=self.triangles[self.triangle_start[row]:self.triangle_start[row + 1]])


def build_many(
    parcels: Sequence[Parcel], controls: Mapping[str, Sequence[Control]],
    progress: Callable[[int, int], None] | None = None, *, workers: int | None = None,
) -> Envelopes:
    """Build the envelopes of many parcels whose design ground is stated.

    Parameters
    ----------
    parcels : sequence of Parcel
        With ``design_ground_m``; parcels without it come out empty, for their caps have nothing to stand on.
    controls : mapping
        Parcel number -> its controls.
    workers : int, optional
        Processes that share the work; by default two where the parcels are many.
    """
    size = CHUNK // 2
    chunks = [parcels[start:start + size] for start in range(0, len(parcels), size)]
    counted = [0]

    def told(number: int) -> None:
        counted[0] += len(chunks[number])
        if progress is not None:
            progress(counted[0], len(parcels))

    def prepared(chunk: Sequence[Parcel]) -> Work:
        return work_of([(parcel, tuple(controls.get(parcel.id, ()))) for parcel in chunk])

    helped = workers if workers is not None else (2 if len(parcels) >= MANY else 1)
    with without_collector():
        return _joined(shared(chunks, prepared, gathered, workers=helped, told=told))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Work:
    """A chunk whose controls are at work: plain lots as columns, the others as tasks, each with its row.

    ``ground_m`` is NaN for parcels that no ground is known for: they are in neither.
    """

    parcels: tuple[str, ...]
    ground_m: NDArray[np.float64]
    plain: PlainLots
    plain_row: NDArray[np.int64]
    other: tuple[tuple[int, Task], ...]


def work_of(lots: Sequence[tuple[Parcel, tuple[Control, ...]]]) -> Work:
    """Set the controls of a chunk to work."""
    tasks, easy = tasks_of(lots, None), Reading()
    rows, other = [], []
    for row, task in enumerate(tasks):
        if task is None:
            continue
        if easy.add(task):
            rows.append(row)
        else:
            other.append((row, task))
    return Work(parcels=tuple(p.id for p, _ in lots), plain=easy.lots(), plain_row=np.array(rows, dtype=np.int64),
                ground_m=np.array([np.nan if task is None else task.ground for task in tasks]), other=tuple(other))


def gathered(work: Work) -> Envelopes:
    """Cut a chunk and lay its envelopes end to end."""
    names: dict[str, int] = {name: k for k, name in enumerate(work.plain.names)}
    stacks, faces, volume, footprint = _plain(work)
    cuts = {row: made for row, task in work.other
            if not (made := Built(task=task, cut=exactly(task))).is_empty}
    for row, made in cuts.items():
        volume[row], footprint[row] = made.cut.volume_m3, made.cut.footprint_m2
    whole = stacks.replaced({row: made.cut.solid for row, made in cuts.items()})
    face_control = np.zeros(len(whole.triangles), dtype=np.int32)
    plain = np.ones(len(whole.triangles), dtype=np.bool_)
    for row, made in cuts.items():
        table = np.array([names.setdefault(name, len(names)) for name in made.cut.face_names], dtype=np.int32)
        own = slice(whole.triangle_start[row], whole.triangle_start[row + 1])
        face_control[own], plain[own] = table[made.cut.face_control], False
    face_control[plain] = faces
    return Envelopes(
        parcels=work.parcels, vertices=whole.vertices, triangles=whole.triangles, face_control=face_control,
        controls=tuple(names), vertex_start=whole.vertex_start, triangle_start=whole.triangle_start,
        ground_m=work.ground_m, top_m=_tops(whole, work.ground_m), footprint_m2=footprint, volume_m3=volume)


Columns = tuple[Stacks, NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]]


def _plain(work: Work) -> Columns:
    """Cut the plain lots: solids in the scene, controls of faces, volumes, footprints; rows of others are empty."""
    rows, count = work.plain_row, len(work.parcels)
    volume, footprint = np.zeros(count), np.zeros(count)
    if not len(rows):
        none = np.zeros(count + 1, dtype=np.int64)
        empty = Stacks(vertices=np.zeros((0, 3)), triangles=np.zeros((0, 3), np.int32), vertex_start=none,
                       triangle_start=none)
        return empty, np.zeros(0, dtype=np.int32), volume, footprint
    made = raise_all(work.plain, account=False)
    kept = made.volume_m3 >= tolerance.VOLUME_M3
    solid = made.solids.replaced({int(k): Mesh.empty() for k in np.flatnonzero(~kept)})
    faces = attribute(work.plain, solid)
    volume[rows], footprint[rows] = np.where(kept, made.volume_m3, 0.0), np.where(kept, made.footprint_m2, 0.0)
    vertex, triangle = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    vertex[rows], triangle[rows] = np.diff(solid.vertex_start), np.diff(solid.triangle_start)
    vertices = solid.vertices.copy()
    vertices[:, :2] += np.repeat(work.plain.middle, vertex[rows], axis=0)
    return Stacks(vertices=vertices, triangles=solid.triangles, vertex_start=np.concatenate([[0], np.cumsum(vertex)]),
                  triangle_start=np.concatenate([[0], np.cumsum(triangle)])), faces, volume, footprint


def _tops(stacks: Stacks, ground: NDArray[np.float64]) -> NDArray[np.float64]:
    """Highest elevation of each solid; the ground where there is none."""
    top = ground.copy()
    some = np.flatnonzero(np.diff(stacks.vertex_start))
    if len(some):
        top[some] = np.maximum.reduceat(stacks.vertices[:, 2], stacks.vertex_start[some])
    return top


def _joined(pieces: Sequence[Envelopes]) -> Envelopes:
    """Put chunks together, with one list of controls."""
    numbers: dict[str, int] = {"": 0}
    faces = [np.array([numbers.setdefault(name, len(numbers)) for name in piece.controls], dtype=np.int32)
             [piece.face_control] for piece in pieces]
    starts: dict[str, NDArray[np.int64]] = {}
    for name in ("vertex_start", "triangle_start"):
        each = [np.diff(getattr(piece, name)) for piece in pieces]
        starts[name] = np.cumsum(np.concatenate([np.zeros(1, dtype=np.int64), *each]))

    def column(name: str, none: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.concatenate([none, *(getattr(piece, name) for piece in pieces)])

    one = np.zeros(0)
    return Envelopes(
        parcels=tuple(i for piece in pieces for i in piece.parcels), vertices=column("vertices", np.zeros((0, 3))),
        triangles=np.concatenate([np.zeros((0, 3), dtype=np.int32), *(piece.triangles for piece in pieces)]),
        face_control=np.concatenate([np.zeros(0, dtype=np.int32), *faces]), controls=tuple(numbers),
        vertex_start=starts["vertex_start"], triangle_start=starts["triangle_start"], ground_m=column("ground_m", one),
        top_m=column("top_m", one), footprint_m2=column("footprint_m2", one), volume_m3=column("volume_m3", one))
