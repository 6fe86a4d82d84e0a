"""A block of four parcels on sloping ground, small enough to write every format many times."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from shapely.geometry import Polygon, box

from lots import limit, parcel, rule
from zonebox.frame import Frame
from zonebox.geometry.mesh import Mesh
from zonebox.geometry.profile import fixed, recession, tiers
from zonebox.model import Control, Kind, Parcel, Plan, Scene, Terrain
from zonebox_converters import envelopes

COURTYARD = Polygon([(10, 20), (70, 20), (70, 60), (40, 60), (40, 45), (10, 45)])


def _renamed(lot: Parcel, name: str, *controls: Control, use: str = "0701") -> tuple[Parcel, tuple[Control, ...]]:
    moved = tuple(replace(c, id=f"{name}/{c.id.partition('/')[2]}", parcel=name) for c in controls)
    return replace(lot, id=name, land_use=use, land_use_name="住宅", buildable=bool(controls)), moved


def _ground() -> Terrain:
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(-200.0, 401.0, 20.0), np.arange(-200.0, 301.0, 20.0)))
    width = 31
    corner = np.array([row * width + column for row in range(25) for column in range(width - 1)])
    triangles = np.concatenate([np.stack([corner, corner + 1, corner + width + 1], -1),
                                np.stack([corner, corner + width + 1, corner + width], -1)])
    mesh = Mesh(vertices=np.stack([x, y, 20.0 + 0.01 * x + 0.005 * y], -1), triangles=triangles.astype(np.int32))
    return Terrain(mesh=mesh, source="ground.laz", max_error_m=0.05, rms_error_m=0.02, ground_points=1000)


@pytest.fixture(scope="session")
def scene() -> Scene:
    """Parcel 甲-01 with tiers, A-02 a courtyard with a plane, A-03 too narrow, A-04 a park."""
    rows = [
        _renamed(parcel(box(100, 20, 160, 80), 21.0), "甲-01", rule("street", fixed(6.0), "front"),
                 rule("stepback", tiers(((0.0, 3.0), (24.0, 9.0))), "side", "rear"), limit(Kind.HEIGHT, 45.0),
                 limit(Kind.FAR, 2.5), limit(Kind.COVERAGE, 0.3), limit(Kind.GREEN, 0.35)),
        _renamed(parcel(COURTYARD, 20.6), "A-02", rule("boundary", fixed(4.0)),
                 rule("sky", recession(12.0, 60.0), "rear", kind=Kind.RECESSION), limit(Kind.HEIGHT, 30.0)),
        _renamed(parcel(box(180, 20, 189, 80), 22.0), "A-03", rule("boundary", fixed(5.0)), limit(Kind.HEIGHT, 12.0)),
        _renamed(parcel(box(10, 80, 70, 100), 21.0), "A-04", use="1401"),
    ]
    plan = Plan(source="parcels.gpkg", parcels=tuple(p for p, _ in rows),
                controls=tuple(c for _, controls in rows for c in controls))
    terrain = _ground()
    frame = Frame.near("EPSG:4548+5737", (512000, 4057000), vertical_shift_m=-6.6, vertical_shift_source="test")
    boxes = tuple(e for e in envelopes.build(plan, terrain) if e.parcel != "A-04")
    return Scene(name="block", title="Block 街坊", frame=frame, plan=plan, terrain=terrain, context=(), designs=(),
                 envelopes=boxes)
