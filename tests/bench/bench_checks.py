"""Checks of a city and of one large model: `python tests/bench/bench_checks.py [BLOCKS] [TRIANGLES] [PARCELS]`.

The city is as many turned box buildings as lots, held against height, setback and coverage; a twentieth of it goes
through `checks.run` as well, with envelopes, containment and the offending pieces. The large model is a building of
that many triangles that claims no parcel of 20: it is found on one of them and held against all of its controls
(height, setback, inclined plane, coverage, containment, gates); then it is held against each of the 20.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import shapely

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lots import AUTHORITY, limit, parcel, rule
from zonebox import checks
from zonebox.checks.against import check_against
from zonebox.checks.many import check_many
from zonebox.frame import Frame
from zonebox.geometry import profile
from zonebox.geometry.mesh import Mesh
from zonebox.model import Building, Control, EdgeSelector, Element, Kind, Parcel, Plan, Scene, State
from zonebox.stopwatch import peak_memory_mb
from zonebox_converters.envelopes import build, build_one

BOX = np.array([[x, y, z] for z in (0, 1) for y in (0, 1) for x in (0, 1)], dtype=np.float64)
FACES = np.array([[0, 2, 1], [1, 2, 3], [4, 5, 6], [5, 7, 6], [0, 1, 4], [1, 5, 4], [2, 6, 3], [3, 6, 7], [0, 4, 2],
                  [2, 4, 6], [1, 3, 5], [3, 7, 5]], dtype=np.int32)


def city(count: int) -> Scene:
    """Lots in rows, each with a turned box on it; about one in eight breaks something."""
    rng = np.random.default_rng(5)
    parcels, controls, designs = [], [], []
    columns = int(np.ceil(np.sqrt(count)))
    first = parcel(shapely.box(0, 0, 40, 30), ground=10.0)
    front, side = profile.tiers(((0.0, 5.0), (12.0, 7.0))), profile.fixed(3.0)
    size = np.stack([rng.uniform(8, 26, count), rng.uniform(8, 16, count), rng.uniform(6, 25.5, count)], axis=1)
    angle = rng.uniform(-0.15, 0.15, count)
    for i in range(count):
        x, y = (i % columns) * 45.0, (i // columns) * 35.0
        name = f"L{i}"
        parcels.append(Parcel(id=name, shape=shapely.box(x, y, x + 40, y + 30), edges=first.edges,
                              design_ground_m=10.0))
        controls += [
            Control(id=f"{name}/height", parcel=name, kind=Kind.HEIGHT, limit=24.0, authority=AUTHORITY),
            Control(id=f"{name}/front", parcel=name, kind=Kind.SETBACK, profile=front, authority=AUTHORITY,
                    edges=EdgeSelector(roles=("front",))),
            Control(id=f"{name}/sides", parcel=name, kind=Kind.SETBACK, profile=side, authority=AUTHORITY,
                    edges=EdgeSelector(roles=("side", "rear"))),
            Control(id=f"{name}/coverage", parcel=name, kind=Kind.COVERAGE, limit=0.3, authority=AUTHORITY)]
        corners = (BOX - [0.5, 0.5, 0.0]) * size[i]
        c, s = np.cos(angle[i]), np.sin(angle[i])
        mesh = Mesh(vertices=corners @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) + [x + 20, y + 15.5, 10.0],
                    triangles=FACES)
        designs.append(Building(
            id=f"d{i}", name="", source="", parcel=name, mesh=mesh, solid=mesh, elements=(Element(id=f"e{i}",
                                                                                              ifc_class="IfcSlab"),),
            triangle_element=np.zeros(12, dtype=np.int32), triangle_color=np.zeros((12, 4), dtype=np.uint8)))
    return Scene(name="city", title="", frame=Frame.near("EPSG:7415", (85000, 447000)),
                 plan=Plan(source="", parcels=tuple(parcels), controls=tuple(controls)), terrain=None, context=(),
                 designs=tuple(designs), envelopes=())


def large(triangles: int, parcels: int) -> Scene:
    """One building of many triangles, a drum that narrows upward, on a plan of some parcels; it claims none."""
    sides = max(int(np.sqrt(triangles / 2)), 8)
    rings = max(triangles // (2 * sides), 2)
    angle = np.arange(sides) * (2 * np.pi / sides)
    z = np.linspace(0.0, 25.0, rings)
    radius = 12.0 - 3.0 * (z / 25.0) ** 2
    body = np.stack([radius[:, None] * np.cos(angle), radius[:, None] * np.sin(angle),
                     np.repeat(z[:, None], sides, axis=1)], axis=-1).reshape(-1, 3)
    low, high = len(body), len(body) + 1
    k, j = np.meshgrid(np.arange(rings - 1), np.arange(sides), indexing="ij")
    a, b = (k * sides + j).ravel(), (k * sides + (j + 1) % sides).ravel()
    walls = np.concatenate([np.stack([a, b, b + sides], 1), np.stack([a, b + sides, a + sides], 1)])
    s = np.arange(sides)
    top = (rings - 1) * sides
    floor = np.stack([np.full(sides, low), (s + 1) % sides, s], 1)
    roof = np.stack([np.full(sides, high), top + s, top + (s + 1) % sides], 1)
    mesh = Mesh(vertices=np.concatenate([body, [[0, 0, 0], [0, 0, 25.0]]]) + np.array([20.0, 15, 0]),
                triangles=np.concatenate([walls, floor, roof]).astype(np.int32))
    own = (limit(Kind.HEIGHT, 24.0), rule("all", profile.fixed(4.0)), limit(Kind.COVERAGE, 0.3),
           rule("plane", profile.recession(12, 60), "front", kind=Kind.RECESSION))
    lots: list[Parcel] = []
    controls: list[Control] = []
    boxes = []
    for k in range(parcels):
        lot = replace(parcel(shapely.box(40 * k, 0, 40 * k + 40, 30)), id=f"P{k}")
        mine = tuple(replace(c, id=f"P{k}/{c.id.partition('/')[2]}", parcel=lot.id) for c in own)
        lots.append(lot)
        controls += mine
        boxes.append(build_one(lot, mine, None))
    design = Building(
        id="large", name="", source="", mesh=mesh, solid=mesh, elements=(Element(id="E", ifc_class=""),),
        triangle_element=np.zeros(len(mesh), dtype=np.int32),
        triangle_color=np.zeros((len(mesh), 4), dtype=np.uint8))
    return Scene(name="large", title="", frame=Frame.near("EPSG:7415", (85000, 447000)),
                 plan=Plan(source="", parcels=tuple(lots), controls=tuple(controls)), terrain=None, context=(),
                 designs=(design,), envelopes=tuple(b for b in boxes if b is not None))


def main(blocks: int, triangles: int, parcels: int) -> None:
    """Print what each takes."""
    made = city(blocks)
    wall, busy = time.perf_counter(), sum(os.times()[:2])
    found = check_many(made)
    print(f"{blocks:,} blocks: {len(found):,} findings, {sum(f.state is State.FAIL for f in found):,} fail, "
          f"{time.perf_counter() - wall:.1f} s, {sum(os.times()[:2]) - busy:.1f} s of processor, "
          f"{peak_memory_mb():.0f} MB")
    del found, made
    some = city(max(blocks // 20, 1))
    some = replace(some, envelopes=build(some.plan, None))
    busy = sum(os.times()[:2])
    report = checks.run(some)
    print(f"{len(some.designs):,} blocks in a whole run: {len(report.findings):,} findings, "
          f"{sum(os.times()[:2]) - busy:.1f} s of processor")
    scene = large(triangles, parcels)
    checks.run(scene)
    wall, busy = time.perf_counter(), sum(os.times()[:2])
    report = checks.run(scene)
    print(f"{len(scene.designs[0].mesh):,} triangles: {len(report.findings)} findings, "
          f"{time.perf_counter() - wall:.2f} s, {sum(os.times()[:2]) - busy:.2f} s of processor")
    wall, busy = time.perf_counter(), sum(os.times()[:2])
    every = check_against(scene, scene.designs[0])
    print(f"against {len(scene.envelopes)} parcels: {len(every)} findings, {time.perf_counter() - wall:.2f} s, "
          f"{sum(os.times()[:2]) - busy:.2f} s of processor")


if __name__ == "__main__":
    given = [int(a) for a in sys.argv[1:]]
    main(*given, *[100_000, 100_000, 20][len(given):])
