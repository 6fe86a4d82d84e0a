"""A plan: parcels with the roles of their edges, and the controls that bind them (INSPIRE `SpatialPlan`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from zonebox.frame import Entry
from zonebox.geometry.boundary import Boundary, boundary
from zonebox.model.control import Control


class EdgeRole(StrEnum):
    """What lies beyond a parcel edge (domain C1)."""

    FRONT = "front"
    STREET = "street"
    STREET_SIDE = "street_side"
    SIDE = "side"
    REAR = "rear"
    INTERIOR = "interior"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One edge of a parcel, in the order of `Parcel.boundary`.

    ``chain`` numbers the run of nearly collinear edges it belongs to; ``reason`` and ``confidence`` (0–1) say how its
    role was found; ``road`` and ``road_width_m`` name the street beyond it, where there is one.
    """

    index: int
    role: EdgeRole
    chain: int
    reason: str
    confidence: float
    road: str = ""
    road_width_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parcel:
    """One lot.

    Parameters
    ----------
    id : str
        Parcel number 地块编号.
    shape : Polygon or MultiPolygon
        In the frame, metres; shells counter-clockwise.
    edges : tuple of Edge
        One per edge of ``boundary``.
    land_use, land_use_name : str
        Code and name of the use 用地性质, as the plan writes them.
    buildable : bool
        Whether the use admits buildings at all.
    area_declared_m2 : float or None
        The area the plan states; it governs ratios (domain A2).
    design_ground_m : float or None
        Elevation of the outdoor design ground, where the plan states it.
    attributes : mapping
        Every other field of the source, as text, for display and export.
    notes : tuple of str
        What was repaired or assumed on reading, one sentence each.
    """

    id: str
    shape: Polygon | MultiPolygon
    edges: tuple[Edge, ...] = ()
    land_use: str = ""
    land_use_name: str = ""
    buildable: bool = True
    area_declared_m2: float | None = None
    design_ground_m: float | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def boundary(self) -> Boundary:
        """Directed edges of the lot."""
        return boundary(self.shape)

    @property
    def area_m2(self) -> float:
        """Area that ratios are taken against: the declared one, else the drawn one (domain A2)."""
        return float(self.shape.area) if self.area_declared_m2 is None else self.area_declared_m2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ControlLine:
    """A typed line or zone of the plan: 蓝线 river, 紫线 heritage, 绿线 green, or a control zone."""

    kind: str
    name: str
    shape: BaseGeometry


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """Two layers that fit only after a web map's offset is taken off one of them (domain E3); nothing is moved.

    Parameters
    ----------
    layers : (str, str)
        Both, as files name them.
    moved : str
        The one of them that fits once ``datum``, GCJ-02 or BD-09, is taken off it.
    offset_m : (float, float)
        By how much it is off, east and north.
    now, then : str
        How badly the two fit as they are, and how well they would.
    at : (float, float)
        The middle of the parcels, in the frame.
    """

    layers: tuple[str, str]
    moved: str
    datum: str
    offset_m: tuple[float, float]
    now: str
    then: str
    at: tuple[float, float]

    def __str__(self) -> str:
        """Say it in a sentence."""
        one, other = self.layers
        return (f"{one} and {other} disagree ({self.now}), and fit ({self.then}) if {self.moved} is in {self.datum}: "
                f"an offset of {self.offset_m[0]:+.0f} m east, {self.offset_m[1]:+.0f} m north; nothing is moved, ask "
                f"for {self.moved} in its own datum")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """Parcels, the controls on them, and the streets and lines around them.

    ``understood`` is what the reader recognised, as (concept, field or reason) rows for the user to see; ``entries``
    how each of its layers came into the frame; ``disagreements`` which of them seem to stand in different datums.
    """

    source: str
    parcels: tuple[Parcel, ...]
    controls: tuple[Control, ...]
    roads: tuple[ControlLine, ...] = ()
    lines: tuple[ControlLine, ...] = ()
    understood: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    entries: tuple[tuple[str, Entry], ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    _controls_of: dict[str, tuple[Control, ...]] = field(default_factory=dict, init=False, repr=False)
    """Controls by parcel number, filled when first asked for."""
    _parcel_of: dict[str, Parcel] = field(default_factory=dict, init=False, repr=False)
    """Parcels by number, filled when first asked for."""

    def parcel(self, parcel_id: str) -> Parcel | None:
        """Find a parcel by its number."""
        if not self._parcel_of:
            self._parcel_of.update((p.id, p) for p in reversed(self.parcels))       # of two, the first
        return self._parcel_of.get(parcel_id)

    def controls_of(self, parcel_id: str) -> tuple[Control, ...]:
        """List the controls on a parcel, in plan order."""
        if not self._controls_of and self.controls:
            found: dict[str, list[Control]] = {}
            for control in self.controls:
                found.setdefault(control.parcel, []).append(control)
            self._controls_of.update((name, tuple(controls)) for name, controls in found.items())
        return self._controls_of.get(parcel_id, ())
