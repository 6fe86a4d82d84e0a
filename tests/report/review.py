"""A small lot with a design that is too high and too near to an edge, made by hand, and its report."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import shapely

import lots
from zonebox import checks
from zonebox.frame import Frame
from zonebox.geometry.mesh import Mesh
from zonebox.geometry.profile import fixed
from zonebox.model import (
    Authority,
    Building,
    Control,
    ControlEnvelope,
    Element,
    Finding,
    Kind,
    Plan,
    Report,
    Scene,
    Severity,
    Source,
)
from zonebox_converters.envelopes import build_one

FRAME = Frame(crs="EPSG:4548+5737", origin=(512000.0, 4057000.0), vertical_shift_m=-6.64,
              vertical_shift_source="by hand")
GUIDS = ("0aB3$_dEf4gH5iJ6kL7mN8", "1aB3$_dEf4gH5iJ6kL7mN8")
GROUND = 10.0
HOSTILE = "</td><script>alert(1)</script>&\"'<b>"
"""Text that must never become part of a page."""


def controls() -> tuple[Control, ...]:
    """Height 12 m, 5 m from every edge, 40 % coverage as guidance, and a green ratio that nobody can check."""
    guidance = replace(lots.limit(Kind.COVERAGE, 0.40), severity=Severity.GUIDANCE)
    hostile = Authority(doc=HOSTILE, clause=HOSTILE, version="1")
    height = replace(lots.limit(Kind.HEIGHT, 12.0, measure="highest"), authority=hostile)
    return height, lots.rule("setback", fixed(5.0)), guidance, lots.limit(Kind.GREEN, 0.3)


def design() -> Building:
    """A box of two elements: 15.4 m high over the ground, 4 m from the western edge."""
    mesh = lots.box_mesh((4.0, 6.0, 9.0), (30.0, 24.0, 25.4))
    element = np.arange(len(mesh), dtype=np.int32) % 2
    return Building(
        id="house", name=HOSTILE, source="house.ifc", parcel="P", mesh=mesh, solid=mesh,
        elements=tuple(Element(id=guid, ifc_class="IfcWall", name=HOSTILE) for guid in GUIDS),
        triangle_element=element, triangle_color=np.full((len(mesh), 4), 200, dtype=np.uint8))


def moved(building: Building, offset: tuple[float, float, float]) -> Building:
    """The same building elsewhere."""
    def shift(mesh: Mesh) -> Mesh:
        return Mesh(vertices=mesh.vertices + np.array(offset), triangles=mesh.triangles)

    storeys = tuple(replace(s, elevation_m=s.elevation_m + offset[2]) for s in building.storeys)
    return replace(building, mesh=shift(building.mesh), storeys=storeys,
                   solid=None if building.solid is None else shift(building.solid))


@cache
def plan() -> tuple[Plan, tuple[ControlEnvelope, ...]]:
    """The lot and its neighbour, which has no design."""
    lot = lots.parcel(shapely.box(0, 0, 40, 30), ground=GROUND)
    neighbour = replace(lots.parcel(shapely.box(40, 0, 70, 30), ground=GROUND), id="Q", land_use_name=HOSTILE)
    rules = controls()
    other = replace(lots.limit(Kind.FAR, 2.5), id="Q/far", parcel="Q")
    boxes = (build_one(lot, rules, None), build_one(neighbour, (other,), None))
    return (Plan(source="by hand", parcels=(lot, neighbour), controls=(*rules, other)),
            tuple(box for box in boxes if box is not None))


def scene(building: Building | None = None) -> Scene:
    """The scene with one design."""
    drawn, boxes = plan()
    return Scene(name="hand", title=HOSTILE, title_zh="手工" + HOSTILE, frame=FRAME, plan=drawn, terrain=None,
                 context=(), designs=(building or design(),), envelopes=boxes,
                 sources=(Source(name=HOSTILE, sha256="0" * 64),))


@cache
def reviewed() -> tuple[Scene, Report]:
    """The scene and its report, checked once."""
    made = scene()
    return made, checks.run(made)


def finding(report: Report, end: str) -> Finding:
    """The finding whose id ends so."""
    return next(f for f in report.findings if f.id.endswith(end))
