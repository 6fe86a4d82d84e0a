"""A block drawn by hand: sloped ground, six parcels, a design that is too high and too near the street."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import LineString, Polygon, box

from zonebox.frame import Frame
from zonebox.geometry.boundary import boundary
from zonebox.geometry.mesh import Mesh, merged
from zonebox.geometry.solids import mesh_of, prism, united
from zonebox.model import (
    Authority,
    Building,
    Control,
    ControlEnvelope,
    ControlLine,
    Cure,
    Edge,
    EdgeRole,
    Element,
    Finding,
    Kind,
    Parcel,
    Plan,
    Report,
    Scene,
    Severity,
    State,
    Terrain,
    Where,
)

LIMIT_M = 24.0
EXCESS_M = 3.42
USES = {"A-01": ("R2", "二类居住用地"), "A-02": ("B1", "商业用地"), "A-03": ("A33", "中小学用地"),
        "B-01": ("R2", "二类居住用地"), "B-02": ("G1", "公园绿地"), "B-03": ("R2", "二类居住用地")}
HEIGHTS = {"A-01": 30.0, "A-02": LIMIT_M, "A-03": 18.0, "B-01": 45.0, "B-02": 6.0, "B-03": 36.0}


def ground(x: float, y: float) -> float:
    """Elevation of the slope: 4 m up to the north-east."""
    return float(6.0 + 0.012 * x + 0.016 * y)


def cuboid(x0: float, y0: float, z0: float, x1: float, y1: float, z1: float) -> Mesh:
    return mesh_of(prism(box(x0, y0, x1, y1), z0, z1))


def lots() -> dict[str, Polygon]:
    """Six lots in two rows, a street between the rows and round them; one lot is L-shaped."""
    shapes = {}
    for row, y0 in (("A", 0.0), ("B", 88.0)):
        for column, x0 in enumerate((0.0, 76.0, 152.0)):
            shapes[f"{row}-0{column + 1}"] = box(x0, y0, x0 + 72.0, y0 + 64.0)
    shapes["B-03"] = shapes["B-03"].difference(box(190.0, 118.0, 300.0, 300.0))
    return shapes


def parcel_of(name: str, shape: Polygon) -> Parcel:
    b = boundary(shape)
    edges = []
    for number, (start, end) in enumerate(zip(b.start, b.end, strict=True)):
        level = abs(end[1] - start[1]) < 1e-9
        south = level and end[0] > start[0]
        if level and (south == name.startswith("B") or not south):
            role = EdgeRole.FRONT if south == name.startswith("B") else EdgeRole.REAR
        else:
            role = EdgeRole.STREET if level else EdgeRole.SIDE
        edges.append(Edge(index=number, role=role, chain=number, reason="drawn", confidence=1.0))
    code, use = USES[name]
    return Parcel(id=name, shape=shape, edges=tuple(edges), land_use=code, land_use_name=use)


def envelope_of(name: str, shape: Polygon) -> ControlEnvelope:
    """A podium 5 m inside the lot and, above 15 m, a tower 9 m inside it."""
    middle = shape.centroid
    level = ground(middle.x, middle.y)
    height = HEIGHTS[name]
    solids = [prism(shape.buffer(-5.0, join_style="mitre"), level - 2.0, level + min(height, 15.0))]
    if height > 15.0:
        solids.append(prism(shape.buffer(-9.0, join_style="mitre"), level - 2.0, level + height))
    solid = united(solids)
    mesh = mesh_of(solid)
    return ControlEnvelope(
        parcel=name, shape=shape, boundary=boundary(shape), solid=mesh,
        face_control=np.zeros(len(mesh), dtype=np.int32), face_names=("",), edge_constraints=(), caps=(),
        ground_m=level, ground_source="middle of the lot",
        base_m=level - 2.0, top_m=level + height, footprint_m2=float(shape.area), volume_m3=float(solid.volume()),
    )


def terrain(step: float = 6.0) -> Terrain:
    x, y = np.meshgrid(np.arange(-180.0, 420.0, step), np.arange(-180.0, 360.0, step))
    z = 6.0 + 0.012 * x + 0.016 * y - 3.0 * np.exp(-((y + 62.0) ** 2) / 400.0)
    number = np.arange(x.size).reshape(x.shape)
    a, b, c, d = (n.ravel() for n in (number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]))
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    mesh = Mesh(vertices=np.column_stack([x.ravel(), y.ravel(), z.ravel()]), triangles=triangles.astype(np.int32))
    return Terrain(mesh=mesh, source="drawn", max_error_m=0.0, rms_error_m=0.0, ground_points=x.size)


def tower(level: float) -> Building:
    """Podium and tower on A-02 with slabs, window bands and a parapet; 27.42 m high."""
    top = level + LIMIT_M + EXCESS_M
    pieces: list[tuple[str, Mesh, tuple[int, int, int, int]]] = []
    concrete, wall, glass = (198, 190, 178, 255), (226, 220, 208, 255), (120, 160, 184, 150)

    def floor(number: int, x0: float, y0: float, x1: float, y1: float, z: float) -> None:
        pieces.append((f"slab-{number}", cuboid(x0, y0, z, x1, y1, z + 0.4), concrete))
        pieces.append((f"wall-{number}", cuboid(x0 + 0.3, y0 + 0.3, z + 0.4, x1 - 0.3, y1 - 0.3, z + 1.4), wall))
        pieces.append((f"glass-{number}", cuboid(x0 + 0.5, y0 + 0.5, z + 1.4, x1 - 0.5, y1 - 0.5, z + 3.0), glass))
        pieces.append((f"core-{number}", cuboid(x0 + 8, y0 + 8, z + 0.4, x1 - 8, y1 - 8, z + 3.0), concrete))

    for number in range(3):
        floor(number, 82.0, 2.6, 142.0, 52.0, level + 3.0 * number)
    for number in range(3, 8):
        floor(number, 92.0, 14.0, 128.0, 44.0, level + 3.0 * number + (0.42 if number > 3 else 0.0))
    pieces.append(("roof", cuboid(92.0, 14.0, level + 24.0 + 0.4, 128.0, 44.0, top), wall))
    meshes = [mesh for _, mesh, _ in pieces]
    counts = [len(mesh) for mesh in meshes]
    return Building(
        id="tower", name="Tower", source="drawn", parcel="A-02", mesh=merged(meshes),
        elements=tuple(Element(id=name, ifc_class="IfcBuildingElement") for name, _, _ in pieces),
        triangle_element=np.repeat(np.arange(len(pieces)), counts).astype(np.int32),
        triangle_color=np.repeat(np.array([color for _, _, color in pieces], dtype=np.uint8), counts, axis=0),
        solid=mesh_of(united([prism(box(82, 2.6, 142, 52), level, level + 9.0),
                              prism(box(92, 14, 128, 44), level, top)])),
    )


def neighbours() -> tuple[Building, ...]:
    spots = [(-44.0, 4.0, 15.0), (-44.0, 40.0, 9.0), (-40.0, 100.0, 21.0), (244.0, 10.0, 12.0), (250.0, 96.0, 18.0),
             (20.0, 176.0, 12.0), (96.0, 180.0, 9.0), (170.0, 176.0, 15.0)]
    out = []
    for number, (x, y, height) in enumerate(spots):
        z = ground(x, y)
        mesh = cuboid(x, y, z - 1.0, x + 26.0, y + 18.0, z + height)
        out.append(Building(id=f"old-{number}", name="", source="drawn", mesh=mesh,
                            elements=(Element(id=f"old-{number}", ifc_class="Building"),),
                            triangle_element=np.zeros(len(mesh), dtype=np.int32),
                            triangle_color=np.full((len(mesh), 4), 200, dtype=np.uint8)))
    return tuple(out)


def control(parcel: str, kind: Kind, clause: str, limit: float | None, *, guidance: bool = False) -> Control:
    return Control(id=f"{parcel}/{kind.value}", parcel=parcel, kind=kind, limit=limit,
                   severity=Severity.GUIDANCE if guidance else Severity.MANDATORY,
                   authority=Authority(doc="示例控规图则", clause=clause))


def findings(level: float) -> tuple[Finding, ...]:
    top = level + LIMIT_M + EXCESS_M
    height = control("A-02", Kind.HEIGHT, "表3-2", LIMIT_M)
    setback = control("A-02", Kind.SETBACK, "第4.2条", None)
    far = control("A-02", Kind.FAR, "表3-2", 2.0)
    return (
        Finding(id="A-02/far", check="far", state=State.FAIL, parcel="A-02", design="tower", control=far, value=2.31,
                limit=2.0, margin=-0.31),
        Finding(id="A-02/height", check="height", state=State.FAIL, parcel="A-02", design="tower", control=height,
                value=LIMIT_M + EXCESS_M, limit=LIMIT_M, margin=-EXCESS_M, unit="m",
                where=Where(point=(128.0, 14.0, top), foot=(128.0, 14.0, level + LIMIT_M)),
                part=cuboid(92.0, 14.0, level + LIMIT_M, 128.0, 44.0, top),
                cure=Cure(action="lower", amount=3.42, unit="m")),
        Finding(id="A-02/setback", check="setback", state=State.FAIL, parcel="A-02", design="tower", control=setback,
                value=2.6, limit=5.0, margin=-2.4, unit="m",
                where=Where(point=(110.0, 2.6, level + 5.0), foot=(110.0, 5.0, level + 5.0), edge=0),
                part=cuboid(82.0, 2.6, level, 142.0, 5.0, level + 9.0)),
        Finding(id="B-01/height", check="height", state=State.MARGINAL, parcel="B-01", design="", value=45.03,
                control=control("B-01", Kind.HEIGHT, "表3-2", 45.0), limit=45.0, margin=-0.03, unit="m"),
        Finding(id="B-03/green", check="green", state=State.NOT_CHECKED, parcel="B-03", design="",
                control=control("B-03", Kind.GREEN, "表3-2", 0.35), reason="no green area"),
        Finding(id="A-01/height", check="height", state=State.PASS, parcel="A-01", design="", value=20.0,
                control=control("A-01", Kind.HEIGHT, "表3-2", 30.0), limit=30.0, margin=10.0, unit="m"),
    )


def plan() -> Plan:
    roads = (ControlLine(kind="road", name="Quay Road", shape=LineString([(-200, 76), (440, 76)]).buffer(10.0)),
             ControlLine(kind="road", name="Mill Street", shape=LineString([(-12, -30), (-12, 360)]).buffer(5.0)))
    river = box(-200.0, -78.0, 440.0, -44.0)
    lines = (ControlLine(kind="blue", name="River", shape=LineString([(-200, -34), (440, -34)])),
             ControlLine(kind="river", name="River", shape=river))
    return Plan(source="drawn", parcels=tuple(parcel_of(n, s) for n, s in lots().items()), controls=(), roads=roads,
                lines=lines)


def scene() -> Scene:
    """Build the whole block."""
    level = block_level()
    return Scene(
        name="block", title="示例街坊 Example block", frame=Frame(crs="EPSG:4548+5737", origin=(0.0, 0.0)), plan=plan(),
        terrain=terrain(), context=neighbours(), designs=(tower(level),),
        envelopes=tuple(envelope_of(n, s) for n, s in lots().items()),
    )


def block_level() -> float:
    middle = lots()["A-02"].centroid
    return ground(middle.x, middle.y)


def report() -> Report:
    return Report(findings=tuple(sorted(findings(block_level()), key=lambda f: f.id)))


def only(one: Scene, name: str) -> Scene:
    """Keep one parcel of a scene."""
    return replace(one, plan=replace(one.plan, parcels=tuple(p for p in one.plan.parcels if p.id == name)),
                   envelopes=tuple(e for e in one.envelopes if e.parcel == name))


def is_signal_red(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Pixels in the red that is kept for violations."""
    r, g, b = (image[..., i].astype(int) for i in range(3))
    return np.asarray((r > 150) & (g < 70) & (b < 80))
