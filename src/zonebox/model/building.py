"""A building, designed or standing: meshes with identity, storeys, and floor areas by the source they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from zonebox.frame import Entry
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
class GrossFloorArea:
    """Gross floor area of a building by one edition of the area rules (domain A3), m².

    ``rule`` names the edition. Each storey counts with the weight of its height, at its best source; ``low_m2`` and
    ``high_m2`` are what the smallest and the largest source of each storey above ground would give.
    """

    rule: str
    above_m2: float
    below_m2: float
    low_m2: float
    high_m2: float

    @property
    def spread(self) -> float:
        """How far the sources differ, relative to the area above ground.

        >>> GrossFloorArea(rule="", above_m2=100.0, below_m2=0.0, low_m2=98.0, high_m2=103.0).spread
        0.05
        """
        return (self.high_m2 - self.low_m2) / self.above_m2 if self.above_m2 > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Roof:
    """Heights of a building's roof, elevations in the scene's datum (domain A5).

    ``eave_m`` and ``ridge_m`` are those of its slopes; ``flat_m`` its main flat roof, ``parapet_m`` the top of what
    runs round that one. None where the building has no such part; ``top_m`` is its highest point.
    """

    top_m: float
    eave_m: float | None = None
    ridge_m: float | None = None
    flat_m: float | None = None
    parapet_m: float | None = None


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

    ``properties`` holds property sets flattened to ``Set.Property`` -> text, and ``Material`` -> names.
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
    solid_bound_m : float
        How far the solid's surface may lie from the building's; 0 where it is exact.
    storeys, spaces : tuple
        From the model; empty for context buildings.
    gross_areas : tuple of GrossFloorArea
        One for each edition of the area rules; empty where no storey has an area.
    roof : Roof or None
        Heights of the roof, measured on the solid.
    ground_m : float or None
        Elevation of the outdoor ground the design states.
    georeference : tuple of GeoreferenceNote
        Every placement statement found and which one governed.
    attributes : mapping
        Building-level attributes for export.
    notes : tuple of str
        What was skipped, repaired or assumed, one sentence each.
    entry : Entry or None
        How its file came into the frame.
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
    solid_bound_m: float = 0.0
    storeys: tuple[Storey, ...] = ()
    spaces: tuple[Space, ...] = ()
    gross_areas: tuple[GrossFloorArea, ...] = ()
    roof: Roof | None = None
    ground_m: float | None = None
    georeference: tuple[GeoreferenceNote, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    entry: Entry | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "triangle_element", frozen(np.asarray(self.triangle_element, dtype=np.int32)))
        object.__setattr__(self, "triangle_color", frozen(np.asarray(self.triangle_color, dtype=np.uint8)))

    @property
    def checked(self) -> Mesh:
        """What is held against envelopes: the solid where it is exact, else the surface as it is."""
        return self.mesh if self.solid is None or self.solid_bound_m else self.solid

    @property
    def storey_names(self) -> dict[str, str]:
        """Storey id -> name."""
        return {storey.id: storey.name for storey in self.storeys}
