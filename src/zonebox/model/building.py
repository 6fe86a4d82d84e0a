"""A building, designed or standing: meshes with identity, storeys, and floor areas by the source they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.mesh import Mesh, frozen


class AreaSource(StrEnum):
    """How a floor area was obtained (domain D5), best first."""

    QUANTITY = "quantity"
    """Stated in the model (Qto GrossFloorArea)."""
    SPACES = "spaces"
    """Sum of the storey's spaces."""
    SECTION = "section"
    """Outline of the geometry cut one metre above the floor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorArea:
    """One measurement of a storey's gross floor area, m²."""

    source: AreaSource
    value_m2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Storey:
    """A storey: ``elevation_m`` in the scene's datum, ``height_m`` to the next one (None for the roof level)."""

    id: str
    name: str
    elevation_m: float
    height_m: float | None
    areas: tuple[FloorArea, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """A room: its use as the model names it, storey id, and floor area where known (m²)."""

    id: str
    name: str
    use: str
    storey: str
    area_m2: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element of a building: ``id`` is the IFC GlobalId, or the object's id in a city model.

    ``properties`` holds property sets flattened to ``Set.Property`` -> text.
    """

    id: str
    ifc_class: str
    name: str = ""
    storey: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class GeoreferenceNote:
    """One statement about where a model says it stands.

    ``kind`` is a stable word (``map_conversion``, ``epset``, ``site_latlon``, ``scene_placement``, …), ``used`` whether
    it decided the placement, ``text`` one sentence for the user, ``conflict_m`` how far it contradicts the one used.
    """

    kind: str
    text: str
    used: bool
    conflict_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Building:
    """A building in the frame.

    Parameters
    ----------
    id : str
        Design id of the scene, or object id of the city model.
    name : str
        For people.
    source : str
        File it was read from.
    parcel : str
        The parcel it claims, "" where it claims none.
    variant : str
        Scheme it belongs to, "" for all.
    mesh : Mesh
        Everything that is seen, in the frame.
    elements : tuple of Element
        What the triangles belong to.
    triangle_element : (m,) int32
        Index into ``elements`` for each triangle.
    triangle_color : (m, 4) uint8
        RGBA of each triangle; 255 is opaque.
    solid : Mesh or None
        Closed massing for volumes: union of the elements, enclosed voids filled. None where none could be made;
        ``solid_note`` then says why, else how it was made.
    storeys, spaces : tuple
        From the model; empty for context buildings.
    ground_m : float or None
        Elevation of the outdoor ground the design states.
    georeference : tuple of GeoreferenceNote
        Every placement statement found and which one governed.
    attributes : mapping
        Building-level attributes for export.
    notes : tuple of str
        What was skipped, repaired or assumed, one sentence each.
    """

    id: str
    name: str
    source: str
    parcel: str = ""
    variant: str = ""
    mesh: Mesh
    elements: tuple[Element, ...]
    triangle_element: NDArray[np.int32]
    triangle_color: NDArray[np.uint8]
    solid: Mesh | None = None
    solid_note: str = ""
    storeys: tuple[Storey, ...] = ()
    spaces: tuple[Space, ...] = ()
    ground_m: float | None = None
    georeference: tuple[GeoreferenceNote, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "triangle_element", frozen(np.asarray(self.triangle_element, dtype=np.int32)))
        object.__setattr__(self, "triangle_color", frozen(np.asarray(self.triangle_color, dtype=np.uint8)))

    @property
    def storey_names(self) -> dict[str, str]:
        """Storey id -> name."""
        return {storey.id: storey.name for storey in self.storeys}
