"""Envelopes of a whole city as mesh buffers, ready for tiling."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.mesh import Mesh
from zonebox.model import Control, Parcel
from zonebox_converters.envelopes.building import CHUNK, cut_chunk
from zonebox_converters.envelopes.sharing import shared

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
    chunks = [[(parcel, tuple(controls.get(parcel.id, ()))) for parcel in parcels[start:start + size]]
              for start in range(0, len(parcels), size)]
    counted = [0]

    def told(number: int) -> None:
        counted[0] += len(chunks[number])
        if progress is not None:
            progress(counted[0], len(parcels))

    helped = workers if workers is not None else (2 if len(parcels) >= MANY else 1)
    return _joined(shared(chunks, gathered, workers=helped, told=told))


Some = Sequence[tuple[Parcel, tuple[Control, ...]]]


def gathered(lots: Some) -> Envelopes:
    """Build the envelopes of a chunk and lay them end to end."""
    made = cut_chunk(lots, None, few=1, account=False)
    empty = Mesh.empty()
    solid = [empty if b is None or b.is_empty else b.cut.solid for b in made]
    numbers: dict[str, int] = {"": 0}
    faces = []
    for b, mesh in zip(made, solid, strict=True):
        if b is not None and len(mesh):
            table = np.array([numbers.setdefault(name, len(numbers)) for name in b.cut.face_names], dtype=np.int32)
            faces.append(table[b.cut.face_control])
    ground = np.array([np.nan if b is None else b.task.ground for b in made])
    return Envelopes(
        parcels=tuple(p.id for p, _ in lots),
        vertices=np.concatenate([np.zeros((0, 3)), *(m.vertices for m in solid)]),
        triangles=np.concatenate([np.zeros((0, 3), dtype=np.int32), *(m.triangles for m in solid)]),
        face_control=np.concatenate([np.zeros(0, dtype=np.int32), *faces]), controls=tuple(numbers),
        vertex_start=np.concatenate([[0], np.cumsum([len(m.vertices) for m in solid])]).astype(np.int64),
        triangle_start=np.concatenate([[0], np.cumsum([len(m) for m in solid])]).astype(np.int64),
        ground_m=ground,
        top_m=np.array([g if not len(m) else m.vertices[:, 2].max() for g, m in zip(ground, solid, strict=True)]),
        footprint_m2=np.array([0.0 if b is None or b.is_empty else b.cut.footprint_m2 for b in made]),
        volume_m3=np.array([0.0 if b is None or b.is_empty else b.cut.volume_m3 for b in made]))


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
