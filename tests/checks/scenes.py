"""One lot with designs on it, checked: the shortest way from controls to findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from shapely.geometry import Polygon

from lots import building, envelope, parcel
from zonebox import checks
from zonebox.frame import Frame
from zonebox.geometry.mesh import Mesh
from zonebox.model import Building, Control, ControlLine, Finding, Plan, Scene

FRAME = Frame.near("EPSG:7415", (85000, 447000))


def scene(
    shape: Polygon, designs: Sequence[Building], *controls: Control, ground: float = 0.0,
    context: Sequence[Building] = (), lines: Sequence[ControlLine] = (),
) -> Scene:
    """A plan of one lot."""
    lot = parcel(shape, ground)
    return Scene(name="test", title="test", frame=FRAME,
                 plan=Plan(source="by hand", parcels=(lot,), controls=controls, lines=tuple(lines)), terrain=None,
                 context=tuple(context), designs=tuple(designs), envelopes=(envelope(shape, *controls, ground=ground),))


def found(made: Scene) -> dict[str, Finding]:
    """Findings by id."""
    return {f.id: f for f in checks.run(made).findings}


def only(made: Scene, check: str) -> Finding:
    """The one finding of a check."""
    (one,) = [f for f in checks.run(made).findings if f.check == check]
    return one


def moved(design: Building, offset: ArrayLike) -> Building:
    """The design elsewhere."""
    shift = np.asarray(offset, dtype=np.float64)
    mesh = design.mesh.moved(shift)
    solid = mesh if design.solid is design.mesh else None if design.solid is None else design.solid.moved(shift)
    return replace(design, mesh=mesh, solid=solid,
                   storeys=tuple(replace(s, elevation_m=s.elevation_m + float(shift[2])) for s in design.storeys))


def gable(x0: float, y0: float, x1: float, y1: float, eave: float, ridge: float, bottom: float = 0.0) -> Mesh:
    """A house with a saddle roof, its ridge along x."""
    y = (y0 + y1) / 2.0
    vertices = [[x0, y0, bottom], [x1, y0, bottom], [x1, y1, bottom], [x0, y1, bottom],
                [x0, y0, eave], [x1, y0, eave], [x1, y1, eave], [x0, y1, eave], [x0, y, ridge], [x1, y, ridge]]
    triangles = [[0, 2, 1], [0, 3, 2], [0, 1, 5], [0, 5, 4], [1, 2, 6], [1, 6, 9], [1, 9, 5], [2, 3, 7], [2, 7, 6],
                 [3, 0, 4], [3, 4, 8], [3, 8, 7], [4, 5, 9], [4, 9, 8], [6, 7, 8], [6, 8, 9]]
    return Mesh(vertices=np.array(vertices, dtype=np.float64), triangles=np.array(triangles, dtype=np.int32))


def one(mesh: Mesh, name: str = "design", *, solid: bool = True, **fields: object) -> Building:
    """A design of one element."""
    return replace(building(mesh, solid=solid, name=name), **fields)  # type: ignore[arg-type]
