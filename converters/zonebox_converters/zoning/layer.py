"""A layer in memory, whatever it was read from, and how its reference system is settled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.errors import InputError
from zonebox.frame import Entry, Frame, known_crs
from zonebox.frame.placing import placed

Shapes = NDArray[np.object_]
Bounds = tuple[float, float, float, float]

_GEOMETRY: Final = "at least one feature"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EdgeMarks:
    """Lines that say what the lot edges along them are: the lot's row (m,), the line (m,), its edge role."""

    rows: NDArray[np.intp]
    lines: Shapes
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layer:
    """One vector layer in memory.

    ``name`` is how messages call it, ``crs`` where its coordinates stand ("" until that is settled), ``shapes`` (n,)
    shapely geometries (None where a feature has none), ``columns`` the fields in file order, ``notes`` what the
    file's driver complained about and what its reader decided; ``marks`` what the file calls the edges of its lots.
    """

    name: str
    crs: str
    shapes: Shapes
    columns: dict[str, NDArray[Any]]
    fids: NDArray[np.int64]
    notes: tuple[str, ...] = ()
    marks: EdgeMarks | None = None

    def __len__(self) -> int:
        """Count the features."""
        return len(self.shapes)

    def entry(self, frame: Frame) -> tuple[str, Entry]:
        """Say how the layer comes into the frame, at the middle of it."""
        middle = np.reshape(shapely.total_bounds(self.shapes), (2, 2)).mean(axis=0)
        return self.name, frame.entry(self.crs, middle, where=self.name)

    def in_frame(self, frame: Frame) -> Shapes:
        """Shapes in the frame, without their Z."""
        return to_frame(self.shapes, self.crs, frame, where=self.name)


def texts(cells: list[Any]) -> NDArray[np.object_]:
    """Cells as a column of objects.

    >>> texts(["a", None]).tolist()
    ['a', None]
    """
    column = np.empty(len(cells), dtype=object)
    column[:] = cells
    return column


def settled(layer: Layer, *, crs: str | None, override: bool, concept: str) -> Layer:
    """Give a layer that was just read its reference system: its own, or the one that the user states.

    Raises
    ------
    InputError
        A layer without features.
    FrameError
        No CRS, or one that contradicts the coordinates.
    """
    if not len(layer) or all(shape is None for shape in layer.shapes):
        got = "a layer without features" if not len(layer) else "a table without geometry"
        raise InputError(layer.name, got=got, want=_GEOMETRY, then=f"check {concept} in the scene")
    stated = crs if crs and (override or not layer.crs) else layer.crs
    place = placed(stated, shapely.total_bounds(layer.shapes), where=layer.name, key=crs_key(concept))
    chosen, notes = place.crs, [*layer.notes, *place.notes]
    shapes = layer.shapes if place.plain else shapely.transform(layer.shapes, place.apply)
    if crs and override and layer.crs and chosen != known_crs(layer.crs, where=layer.name):
        own = known_crs(layer.crs, where=layer.name)[:60]
        notes.append(f"{layer.name}: read as {crs}, as the scene says, not as {own}")
    marks = layer.marks
    if marks is not None and not place.plain:
        marks = replace(marks, lines=np.asarray(shapely.transform(marks.lines, place.apply)))
    return replace(layer, crs=chosen, shapes=np.asarray(shapes), notes=tuple(notes), marks=marks)


def to_frame(shapes: Shapes, crs: str, frame: Frame, *, where: str) -> Shapes:
    """Bring all shapes into the frame in one transformation; Z is dropped."""
    flat = shapely.force_2d(shapes)
    moved = frame.enter(shapely.get_coordinates(flat), crs, where=where)
    return np.asarray(shapely.set_coordinates(flat, moved))


def settled_crs(stated: str | None, bounds: NDArray[np.float64], name: str, *, concept: str = "plan.parcels") -> str:
    """Normalise a CRS, and refuse one that is missing or that the coordinates cannot be in; see `placed`."""
    return placed(stated, bounds, where=name, key=crs_key(concept)).crs


def crs_key(concept: str) -> str:
    """Key of the scene that states the CRS of a source; roads and lines share the plan's if their files are silent."""
    return f"{concept.partition('.')[0]}.crs"
