"""A parcel's controls at work: what cuts its envelope, and what resolving them needs to know of the lot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from zonebox.geometry.boundary import Boundary
from zonebox.geometry.mesh import Mesh
from zonebox.model import CapConstraint, CeilingConstraint, Control, EdgeConstraint, Parcel
from zonebox_converters.envelopes.grounds import Grounds

CLASSES_UP_TO_M: Final = 250.0
"""Height up to which classes of total height are followed where the plan sets no height limit."""


@dataclass(slots=True, kw_only=True)
class Constraints:
    """A parcel's controls at work, and one sentence for each that could not be, or that cuts nothing."""

    edges: list[EdgeConstraint] = field(default_factory=list)
    caps: list[CapConstraint] = field(default_factory=list)
    ceilings: list[CeilingConstraint] = field(default_factory=list)
    underground: list[EdgeConstraint] = field(default_factory=list)
    floor_m: float | None = None
    unresolved: list[str] = field(default_factory=list)
    superseded: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lot:
    """What resolving a control needs to know about its parcel."""

    parcel: Parcel
    boundary: Boundary
    grounds: Grounds
    terrain: Mesh | None
    convergence_deg: float

    @property
    def shape(self) -> Polygon | MultiPolygon:
        """The parcel's outline."""
        return self.parcel.shape


def level_ground(lot: Lot, control: Control, found: Constraints) -> float | None:
    """Elevation of a control's level ground reference; where it is not known that is told."""
    ground = lot.grounds.reference(control.datum)
    if ground is None:
        found.unresolved.append(f"{control.id}: the {control.datum.value} of parcel {lot.parcel.id} is not known")
    return ground


def zone_in(lot: Lot, control: Control) -> Polygon | MultiPolygon | None:
    """Find the part of the lot in which a control holds; None for all of it."""
    if control.zone is None:
        return None
    inside = polygons(control.zone.intersection(lot.shape))
    return None if inside.area >= lot.shape.area * (1.0 - 1e-9) else inside


def polygons(shape: BaseGeometry) -> MultiPolygon:
    """Return the parts of a shape that have an area."""
    return MultiPolygon([part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"])
