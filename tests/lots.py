"""Small parcels and controls made by hand, for tests of envelopes and checks."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry import Polygon

from zonebox.geometry.boundary import boundary
from zonebox.geometry.mesh import Mesh
from zonebox.geometry.profile import Profile
from zonebox.model import (
    Authority,
    Building,
    Control,
    ControlEnvelope,
    Datum,
    Edge,
    EdgeRole,
    EdgeSelector,
    Element,
    Kind,
    Parcel,
    Severity,
)
from zonebox_converters.envelopes import build_one

AUTHORITY = Authority(doc="test plan", clause="art. 1", version="1")
ROLES = {(0, 1): "front", (-1, 0): "side", (0, -1): "rear", (1, 0): "side"}


def parcel(shape: Polygon, ground: float | None = 0.0, roles: dict[int, str] | None = None) -> Parcel:
    """A parcel whose southern edges are its front, northern its rear, others its sides; holes are interior."""
    lot = boundary(shape)
    edges = []
    for i, inward in enumerate(lot.inward):
        south_north = (round(float(inward[0])), round(float(inward[1])))
        role = "interior" if lot.hole[i] else ROLES.get(south_north, "side")
        role = (roles or {}).get(i, role)
        edges.append(Edge(index=i, role=EdgeRole(role), chain=i, reason="by hand", confidence=1.0))
    return Parcel(id="P", shape=shape, edges=tuple(edges), design_ground_m=ground)


def rule(name: str, profile: Profile, *roles: str, kind: Kind = Kind.SETBACK, datum: Datum = Datum.DESIGN_GROUND,
         indices: tuple[int, ...] = ()) -> Control:
    """A control on edges."""
    return Control(id=f"P/{name}", parcel="P", kind=kind, profile=profile, datum=datum, authority=AUTHORITY,
                   edges=EdgeSelector(roles=roles, indices=indices))


def limit(kind: Kind, value: float, name: str | None = None, measure: str = "parapet") -> Control:
    """A control with a bound."""
    return Control(id=f"P/{name or kind.value}", parcel="P", kind=kind, limit=value, authority=AUTHORITY,
                   measure=measure, severity=Severity.MANDATORY)


def envelope(shape: Polygon, *controls: Control, ground: float = 0.0) -> ControlEnvelope:
    """The envelope of a lot on level ground."""
    made = build_one(parcel(shape, ground), controls, None)
    assert made is not None
    return made


def box_mesh(low: tuple[float, float, float], high: tuple[float, float, float]) -> Mesh:
    """A closed box."""
    from zonebox.geometry import solids

    solid = solids.prism(shapely.box(low[0], low[1], high[0], high[1]), low[2], high[2])
    return solids.mesh_of(solid)


def building(mesh: Mesh, *, solid: bool = True, name: str = "design") -> Building:
    """A design of one element."""
    return Building(
        id=name, name=name, source="by hand", parcel="P", mesh=mesh, elements=(Element(id="E1", ifc_class="IfcWall"),),
        triangle_element=np.zeros(len(mesh), dtype=np.int32),
        triangle_color=np.full((len(mesh), 4), 200, dtype=np.uint8), solid=mesh if solid else None,
    )
