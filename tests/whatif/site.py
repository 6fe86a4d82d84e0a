"""Two lots and a tower in closed form: a lot of twelve edges, a box of any number of triangles, sloping ground."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from shapely.geometry import Polygon, box

import lots
from zonebox import checks
from zonebox.frame import Frame
from zonebox.geometry.mesh import Mesh
from zonebox.geometry.profile import fixed, tiers
from zonebox.model import (
    Authority,
    Building,
    Control,
    EdgeSelector,
    Element,
    FloorArea,
    Kind,
    Plan,
    Report,
    Scene,
    Storey,
    Terrain,
)
from zonebox.model.building import AreaSource
from zonebox_converters import envelopes

LIMIT_M, TOP_M, SETBACK_M = 18.0, 20.0, 5.0
SIDE_M = 24.0
NEXT = box(80, 0, 140, 60)
RULES = Authority(doc="Site", clause="1")


def twelve() -> Polygon:
    """A cross-like lot of twelve edges."""
    return Polygon([(0, 0), (40, 0), (40, 8), (60, 8), (60, 52), (40, 52), (40, 60), (0, 60), (0, 52), (-6, 52),
                    (-6, 8), (0, 8)])


def controls(parcel: str) -> tuple[Control, ...]:
    def one(kind: Kind, **said: object) -> Control:
        return Control(id=f"{parcel}/{kind.value}", parcel=parcel, kind=kind, authority=RULES, **said)   # type: ignore[arg-type]

    return (
        one(Kind.HEIGHT, limit=LIMIT_M), one(Kind.FAR, limit=1.0), one(Kind.COVERAGE, limit=0.4),
        one(Kind.SETBACK, profile=fixed(SETBACK_M)),
        Control(id=f"{parcel}/step", parcel=parcel, kind=Kind.SETBACK, authority=RULES,
                profile=tiers(((0.0, 3.0), (9.0, 8.0))), edges=EdgeSelector(indices=(0, 1))),
    )


def tower(x: float, y: float, ground: float, *, cells: int = 10, parcel: str = "A", side: float = SIDE_M) -> Building:
    """A box with 12 × cells² triangles, 20 m high, as mesh and as solid, with five storeys."""
    t = np.linspace(0.0, 1.0, cells + 1)
    u, v = (g.ravel() for g in np.meshgrid(t, t, indexing="ij"))
    n = np.arange((cells + 1) ** 2).reshape(cells + 1, cells + 1)
    a, b, c, d = (k.ravel() for k in (n[:-1, :-1], n[1:, :-1], n[1:, 1:], n[:-1, 1:]))
    quads = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    one, zero = np.ones_like(u), np.zeros_like(u)
    sides = [np.stack(s, 1) for s in ((v, u, zero), (u, v, one), (u, zero, v), (v, one, u), (zero, v, u), (one, u, v))]
    points = np.concatenate(sides)
    faces = np.concatenate([quads + k * len(u) for k in range(6)])
    unique, number = np.unique(points.round(9), axis=0, return_inverse=True)
    mesh = Mesh(vertices=unique * (side, side, TOP_M) + (x, y, ground),
                triangles=number.reshape(-1)[faces].astype(np.int32))
    levels = tuple(Storey(id=f"s{k}", name=f"Level {k}", elevation_m=ground + 4.0 * k, height_m=4.0,
                          areas=(FloorArea(source=AreaSource.QUANTITY, value_m2=side * side),)) for k in range(5))
    return Building(id="tower", name="Tower", source="drawn", parcel=parcel, mesh=mesh, solid=mesh, storeys=levels,
                    elements=(Element(id="box", ifc_class="IfcWall"),),
                    triangle_element=np.zeros(len(mesh), dtype=np.int32),
                    triangle_color=np.full((len(mesh), 4), 200, dtype=np.uint8))


def terrain(slope: float = 0.01) -> Terrain:
    x, y = np.meshgrid(np.arange(-100.0, 260.0, 5.0), np.arange(-100.0, 160.0, 5.0))
    n = np.arange(x.size).reshape(x.shape)
    a, b, c, d = (k.ravel() for k in (n[:-1, :-1], n[:-1, 1:], n[1:, 1:], n[1:, :-1]))
    mesh = Mesh(vertices=np.column_stack([x.ravel(), y.ravel(), 10.0 + slope * x.ravel()]),
                triangles=np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]).astype(np.int32))
    return Terrain(mesh=mesh, source="drawn", max_error_m=0.0, rms_error_m=0.0, ground_points=x.size)


def scene(*, cells: int = 6, parcel: str = "A") -> Scene:
    """Build the site with its envelopes."""
    shapes = {"A": twelve(), "B": NEXT}
    parcels = tuple(replace(lots.parcel(shape, None), id=name) for name, shape in shapes.items())
    plan = Plan(source="drawn", parcels=parcels, controls=(*controls("A"), *controls("B")))
    frame = Frame(crs="EPSG:4548+5737", origin=(500000.0, 4400000.0))
    ground = terrain()
    bare = Scene(name="site", title="Site", frame=frame, plan=plan, terrain=ground, context=(), designs=(),
                 envelopes=envelopes.build(plan, ground, frame=frame))
    level = bare.envelopes[0].ground_m
    return replace(bare, designs=(tower(12.0, 18.0, level, cells=cells, parcel=parcel),))


def full(one: Scene) -> tuple[Scene, Report]:
    """Build and check a whole scene anew: what a run does."""
    fresh = replace(one, envelopes=envelopes.build(one.plan, one.terrain, frame=one.frame))
    return fresh, checks.run(fresh)
