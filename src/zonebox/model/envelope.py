"""The control envelope 控规盒子: the space over a parcel that its controls leave to build in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from shapely.geometry import MultiPolygon, Polygon

from zonebox.geometry.boundary import Boundary
from zonebox.geometry.edgewise import EdgeRule, height_limit
from zonebox.geometry.lifted import HigherOf, LiftedGround
from zonebox.geometry.mesh import Mesh, frozen
from zonebox.geometry.overhang import NEVER_M, Overhang


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeConstraint(EdgeRule):
    """A control at work on one edge: its profile, standing on a ground that may slope along the edge.

    ``classes`` holds (total height, distance) for a rule by height class: the profile is then the union of what any
    one class allows, and a building is checked against the class of its own height.
    """

    control: str
    classes: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CapConstraint:
    """A control at work as a level ceiling at elevation ``top_m``, measured from ``ground_m`` where it is relative."""

    control: str
    top_m: float
    ground_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CeilingConstraint:
    """A control at work as ceilings over parts of the plan: zones, lines, surfaces, the ground lifted.

    ``ground_m`` is the elevation that a relative limit counts from, where there is one. A ceiling ``to_study`` forbids
    nothing: what rises above it is for its authority to study (domain D10). Without ``ceilings`` it only says that the
    control's edge rules hold over a part of the lot.
    """

    control: str
    ceilings: tuple[Overhang | LiftedGround | HigherOf, ...]
    ground_m: float | None = None
    to_study: bool = False

    def limit_at(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Lowest of the ceilings over points (n, 2); inf where none reaches."""
        free = np.full(len(xy), np.inf)
        return np.asarray(np.min([free, *(c.limit_at(xy) for c in self.ceilings)], axis=0), dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassEnvelope:
    """What a building of one height class may fill: total height, setbacks as (edge, distance), volume (domain C4)."""

    height_m: float
    distances_m: tuple[tuple[int, float], ...]
    volume_m3: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """The largest stack of storeys that fits, and what stops it (domain C7).

    ``binding`` is ``far``, ``coverage``, ``height`` or ``envelope``, or ``none`` where nothing limits the stack;
    ``far_max`` is what the envelope could hold without the FAR limit, ``plates_m2`` the floors, the last one partial
    where FAR stops in it. Each storey counts ``weight`` times (domain A3): ``floor_area_m2``, ``far`` and ``far_max``
    are of counted area. ``weight_is_sure`` is unset where the weight hangs on a use that is not known: then it is the
    strictest.
    """

    storeys: int
    plates_m2: tuple[float, ...]
    floor_area_m2: float
    far: float
    far_max: float
    height_m: float
    storey_height_m: float
    binding: str
    weight: float = 1.0
    weight_is_sure: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Emptiness:
    """Why nothing can be built: a valid answer, not an error (domain C3)."""

    reason: str
    controls: tuple[str, ...]
    edges: tuple[int, ...] = ()
    from_m: float | None = None
    width_needed_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ControlEnvelope:
    """The solid left to a parcel by its controls.

    Parameters
    ----------
    parcel : str
        Parcel number.
    shape : Polygon or MultiPolygon
        The lot, in the frame.
    solid : Mesh
        Closed; no triangles where the envelope is empty.
    face_control : (m,) int32
        For each triangle the number in ``face_names`` of what made it.
    face_names : tuple of str
        Control ids; the lot itself is ``""``.
    edge_constraints, caps : tuple
        The controls resolved to edges and elevations: what the solid was cut with and what checks measure against.
    ground_m : float
        Elevation of the ground reference; ``ground_source`` says which.
    base_m, top_m : float
        Lowest and highest elevation of the solid. The solid starts below the ground so that sloping ground cuts it.
    footprint_m2 : float
        Plan area at the ground reference.
    volume_m3 : float
        Above the ground reference.
    removed_m3 : mapping
        Control id -> cubic metres it took, in order of application.
    ceilings : tuple
        Controls at work as ceilings over parts of the lot; those given that are only to study are kept in ``studies``.
    studies : tuple
        Ceilings that cut nothing, as breaking them is for an authority to study.
    family : tuple of ClassEnvelope
        Where setbacks depend on a building's total height: one envelope a class. The solid is then their union, which
        no single building can fill.
    underground : Mesh or None
        Closed solid below the ground reference, where the plan limits building there.
    superseded : tuple of str
        Controls that another one replaces: they cut nothing.
    capacity : Capacity or None
        The largest stack of storeys, where anything fits.
    empty : Emptiness or None
        Set where nothing is left.
    """

    parcel: str
    shape: Polygon | MultiPolygon
    boundary: Boundary
    solid: Mesh
    face_control: NDArray[np.int32]
    face_names: tuple[str, ...]
    edge_constraints: tuple[EdgeConstraint, ...]
    caps: tuple[CapConstraint, ...]
    ground_m: float
    ground_source: str
    base_m: float
    top_m: float
    footprint_m2: float
    volume_m3: float
    ceilings: tuple[CeilingConstraint, ...] = ()
    removed_m3: Mapping[str, float] = field(default_factory=dict)
    family: tuple[ClassEnvelope, ...] = ()
    underground: Mesh | None = None
    superseded: tuple[str, ...] = ()
    capacity: Capacity | None = None
    empty: Emptiness | None = None
    notes: tuple[str, ...] = ()
    studies: tuple[CeilingConstraint, ...] = ()

    def __post_init__(self) -> None:
        to_study = tuple(c for c in self.ceilings if c.to_study)
        if to_study:
            object.__setattr__(self, "studies", (*self.studies, *to_study))
            object.__setattr__(self, "ceilings", tuple(c for c in self.ceilings if not c.to_study))
        object.__setattr__(self, "face_control", frozen(np.asarray(self.face_control, dtype=np.int32)))

    def limit_at(self, xy: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
        """Highest allowed elevation over points (n, 2), and which constraint sets it.

        Returns
        -------
        limit : (n,) float64
            Elevation in the scene's datum; −inf where a setback forbids every height or the point is off the lot.
        controlling : (n,) int32
            Index into ``constraints``; −1 off the lot and where nothing limits.

        Notes
        -----
        No mesh is involved: ceilings and profiles are evaluated at the point.
        """
        points = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
        limit, number = height_limit(points, shape=self.shape, boundary=self.boundary,
                                     caps=tuple(cap.top_m for cap in self.caps), edge_rules=self.edge_constraints)
        for k, constraint in enumerate(self.ceilings, start=len(self.caps) + len(self.edge_constraints)):
            height = constraint.limit_at(points)
            lower = height < limit
            limit[lower], number[lower] = height[lower], k
        limit[limit <= NEVER_M] = -np.inf
        return limit, number

    @property
    def constraints(self) -> tuple[CapConstraint | EdgeConstraint | CeilingConstraint, ...]:
        """Everything that limits, in the order that `limit_at` numbers it: caps, edge rules, ceilings."""
        return (*self.caps, *self.edge_constraints, *self.ceilings)
