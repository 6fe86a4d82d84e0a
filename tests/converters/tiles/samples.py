"""Small scenes made by hand, for the tests of the tiles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import shapely

from zonebox.frame import Frame
from zonebox.geometry.boundary import boundary
from zonebox.geometry.mesh import Mesh, merged
from zonebox.model import (
    Authority,
    Building,
    Control,
    ControlEnvelope,
    Cure,
    Element,
    Finding,
    Kind,
    Parcel,
    Plan,
    Report,
    Scene,
    State,
    Storey,
    Terrain,
)

BOX_TRIANGLES = np.array([
    [0, 2, 1], [0, 3, 2], [4, 5, 6], [4, 6, 7], [0, 1, 5], [0, 5, 4],
    [1, 2, 6], [1, 6, 5], [2, 3, 7], [2, 7, 6], [3, 0, 4], [3, 4, 7],
], dtype=np.int32)
BOX_TRIANGLES.flags.writeable = False       # all boxes share them


def box(x: float, y: float, z: float, dx: float, dy: float, dz: float) -> Mesh:
    """Closed box with its lowest corner at (x, y, z)."""
    base = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=np.float64) * (dx, dy) + (x, y)
    low, high = np.full((4, 1), z), np.full((4, 1), z + dz)
    return Mesh(vertices=np.concatenate([np.hstack([base, low]), np.hstack([base, high])]), triangles=BOX_TRIANGLES)


def delft(shared_data: Path) -> Frame:
    return Frame.near("EPSG:7415", (84975, 447519), grid_folders=[shared_data / "geoid"])


def shandong() -> Frame:
    return Frame.near("EPSG:4548+5737", (512000, 4057000), vertical_shift_m=-7.0, vertical_shift_source="test")


def context_box(ident: str, mesh: Mesh, **attributes: str) -> Building:
    return Building(id=ident, name=f"楼 {ident}", source="city.json", mesh=mesh,
                    elements=(Element(id=ident, ifc_class=""),),
                    triangle_element=np.zeros(len(mesh), dtype=np.int32),
                    triangle_color=np.full((len(mesh), 4), 200, dtype=np.uint8), attributes=attributes)


def tower(origin: tuple[float, float, float] = (20.0, 20.0, 2.0)) -> Building:
    """Two storeys of wall and slab under a translucent window band; the second wall breaks through its envelope."""
    x, y, z = origin
    parts: list[tuple[Element, Mesh, tuple[int, int, int, int]]] = []
    for level in range(3):
        floor = z + 4.0 * level
        storey = f"S{level}"
        parts.append((Element(id=f"0Slab{level:018d}", ifc_class="IfcSlab", name=f"楼板 {level}", storey=storey),
                      box(x, y, floor, 20, 15, 0.3), (170, 170, 172, 255)))
        parts.append((Element(id=f"0Wall{level:018d}", ifc_class="IfcWall", name=f"外墙 {level}", storey=storey),
                      box(x + 0.2, y + 0.2, floor + 0.3, 19.6, 14.6, 2.0), (224, 202, 170, 255)))
        parts.append((Element(id=f"0Pane{level:018d}", ifc_class="IfcWindow", name="窗带", storey=storey),
                      box(x + 0.4, y + 0.4, floor + 2.32, 19.2, 14.2, 1.66), (120, 170, 200, 110)))
    parts.append((Element(id="0Roof000000000000000000", ifc_class="IfcRoof", name="屋面", storey="S2"),
                  box(x, y, z + 12.0, 20, 15, 0.4), (150, 96, 84, 255)))
    counts = [len(mesh) for _, mesh, _ in parts]
    owner = np.repeat(np.arange(len(parts), dtype=np.int32), counts)
    colors = np.array([color for _, _, color in parts], dtype=np.uint8)[owner]
    storeys = tuple(Storey(id=f"S{k}", name=f"{k + 1}F", elevation_m=z + 4.0 * k, height_m=4.0) for k in range(3))
    return Building(id="tower", name="塔楼", source="tower.ifc", parcel="A-01", variant="甲",
                    mesh=merged([mesh for _, mesh, _ in parts]), elements=tuple(e for e, _, _ in parts),
                    triangle_element=owner, triangle_color=colors, storeys=storeys)


def terrain(half_m: float = 120.0, step_m: float = 10.0) -> Terrain:
    """Gently rolling ground around the origin."""
    n = int(2 * half_m / step_m) + 1
    axis = np.linspace(-half_m, half_m, n)
    x, y = (a.ravel() for a in np.meshgrid(axis, axis))
    z = 1.0 + 0.8 * np.sin(x / 40) + 0.6 * np.cos(y / 55)
    k = (np.arange(n - 1)[:, None] * n + np.arange(n - 1)).ravel()
    triangles = np.concatenate([np.stack([k, k + 1, k + n + 1], 1), np.stack([k, k + n + 1, k + n], 1)])
    return Terrain(mesh=Mesh(vertices=np.stack([x, y, z], 1), triangles=triangles), source="ground.laz",
                   max_error_m=0.09, rms_error_m=0.03, ground_points=12345)


def envelope(parcel: str, x: float, y: float, height_m: float, ground_m: float = 1.0) -> ControlEnvelope:
    shape = shapely.box(x, y, x + 40, y + 35)
    solid = box(x + 5, y + 5, ground_m - 2, 30, 25, height_m + 2)
    return ControlEnvelope(parcel=parcel, shape=shape, boundary=boundary(shape), solid=solid,
                           face_control=np.zeros(len(solid), dtype=np.int32), face_names=("",), edge_constraints=(),
                           caps=(), ground_m=ground_m, ground_source="test", base_m=ground_m - 2,
                           top_m=ground_m + height_m, footprint_m2=750.0, volume_m3=750.0 * height_m)


def height_control(parcel: str, limit: float) -> Control:
    return Control(id=f"{parcel}/height", parcel=parcel, kind=Kind.HEIGHT, limit=limit,
                   authority=Authority(doc="示例控规图则", clause="第三条"))


def empty_plan(parcels: Sequence[Parcel] = (), controls: Sequence[Control] = ()) -> Plan:
    return Plan(source="plan.gpkg", parcels=tuple(parcels), controls=tuple(controls))


def block(frame: Frame) -> tuple[Scene, Report]:
    """A block with everything: ground, neighbours, a tower that is too high, two envelopes, a finding."""
    building = tower()
    neighbours = tuple(
        context_box(f"B{i}{j}", box(-100 + 36.0 * i, -100 + 34.0 * j, 0.5, 18, 14, 6 + 3 * ((i * 7 + j * 5) % 4)),
                    storeys=str(2 + (i + j) % 3), 用途="住宅")
        for i in range(6) for j in range(6) if not (3 <= i <= 5 and 3 <= j <= 4))
    parcels = [Parcel(id="A-01", shape=shapely.box(10, 10, 50, 45), land_use="0701", land_use_name="城镇住宅用地"),
               Parcel(id="A-02", shape=shapely.box(60, 10, 100, 45), land_use="0901")]
    controls = [height_control("A-01", 10.0), height_control("A-02", 18.0)]
    fail = Finding(id="A-01/tower/height", check="height", state=State.FAIL, parcel="A-01", design="tower",
                   control=controls[0], value=13.4, limit=10.0, margin=-3.4, unit="m",
                   elements=("0Roof000000000000000000", "0Pane000000000000000002"),
                   cure=Cure(action="lower", amount=3.4, unit="m"), part=box(20, 20, 11.0, 20, 15, 3.4))
    passed = Finding(id="A-02//far", check="far", state=State.NOT_CHECKED, parcel="A-02", design="", control=None,
                     reason="no floor areas")
    scene = Scene(name="block", title="示例街区", frame=frame, plan=empty_plan(parcels, controls), terrain=terrain(),
                  context=neighbours, designs=(building,),
                  envelopes=(envelope("A-01", 10, 10, 10.0), envelope("A-02", 60, 10, 18.0)))
    return scene, Report(findings=(fail, passed))


def context_scene(frame: Frame, buildings: Sequence[Building]) -> Scene:
    return Scene(name="many", title="many", frame=frame, plan=empty_plan(), terrain=None, context=tuple(buildings),
                 designs=(), envelopes=())
