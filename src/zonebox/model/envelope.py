"""The control envelope 控规盒子: the space over a parcel that its controls leave to build in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from shapely.geometry import MultiPolygon, Polygon

from zonebox.geometry.boundary import Boundary
from zonebox.geometry.edgewise import height_limit
from zonebox.geometry.mesh import Mesh, frozen
from zonebox.geometry.profile import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeConstraint:
    """A control at work on one edge: its profile, standing on a ground that may slope along the edge.

    ``ground_m`` holds the elevation of the profile's zero height at the start and the end of the edge.
    """

    control: str
    edge: int
    profile: Profile
    ground_m: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class CapConstraint:
    """A control at work as a level ceiling at elevation ``top_m``, measured from ``ground_m`` where it is relative."""

    control: str
    top_m: float
    ground_m: float | None = None


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
    removed_m3: Mapping[str, float] = field(default_factory=dict)
    empty: Emptiness | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "face_control", frozen(np.asarray(self.face_control, dtype=np.int32)))

    def limit_at(self, xy: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
        """Highest allowed elevation over points (n, 2), and which constraint sets it.

        Returns
        -------
        limit : (n,) float64
            Elevation in the scene's datum; −inf where a setback forbids every height or the point is off the lot.
        controlling : (n,) int32
            Index into ``(*caps, *edge_constraints)``; −1 off the lot.

        Notes
        -----
        No mesh is involved: caps and profiles are evaluated at the point's distance from each edge.
        """
        return height_limit(
            np.asarray(xy, dtype=np.float64).reshape(-1, 2),
            shape=self.shape,
            boundary=self.boundary,
            caps=tuple(cap.top_m for cap in self.caps),
            edge_rules=tuple((e.edge, e.profile, e.ground_m) for e in self.edge_constraints),
        )
