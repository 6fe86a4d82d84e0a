"""Openings cut by the solid kernel against the thorough kernel of the library, and against volumes by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ifcopenshell
import ifcopenshell.geom
import numpy as np
import pytest

from zonebox.geometry.mesh import Mesh, area_m2, volume_m3
from zonebox.geometry.nearness import hausdorff_m
from zonebox_converters.ifc import worker
from zonebox_converters.ifc.closed import closed_parts
from zonebox_converters.ifc.facts import seen
from zonebox_converters.ifc.light import THOROUGH, Light
from zonebox_converters.ifc.openings import OVER_M, Openings

WALL_M3 = 4.0 * 0.3 * 3.0


class _Kept:
    """Takes shapes as a batch does, and keeps them."""

    def __init__(self) -> None:
        self.geometries: dict[str, Mapping[str, np.ndarray]] = {}
        self.products: dict[int, tuple[str, np.ndarray]] = {}

    def geometry(self, key: str, make: Callable[[], Mapping[str, np.ndarray]]) -> None:
        self.geometries.setdefault(key, make())

    def product(self, number: int, key: str, matrix: np.ndarray) -> None:
        self.products[number] = key, matrix


def _cut(model: Any, products: list[Any]) -> dict[int, tuple[Mesh, np.ndarray, np.ndarray]]:
    """Mesh, placement and colours of every product that is cut here."""
    kept: Any = _Kept()
    worker._Shaping(model, None, {}, kept).cut(Openings(model, Light(model)), [p.id() for p in products])  # type: ignore[arg-type]
    return {number: (Mesh(vertices=kept.geometries[key]["vertices"], triangles=kept.geometries[key]["triangles"]),
                     matrix, kept.geometries[key]["colors"]) for number, (key, matrix) in kept.products.items()}


def _agrees(model: Any, number: int, mesh: Mesh, matrix: np.ndarray, colors: np.ndarray, within_m: float) -> None:
    """The thorough kernel makes the same of it."""
    shape = ifcopenshell.geom.create_shape(worker.geometry_settings(), model.by_id(number), geometry_library=THOROUGH)
    body, place = worker._placed(shape)
    sure = Mesh(vertices=body["vertices"], triangles=body["triangles"])
    np.testing.assert_allclose(matrix, place, atol=1e-9)
    np.testing.assert_allclose(mesh.bounds, sure.bounds, atol=1e-6)
    assert volume_m3(mesh) == pytest.approx(abs(volume_m3(sure)), rel=1e-5)
    assert area_m2(mesh) == pytest.approx(area_m2(sure), rel=1e-5)
    assert hausdorff_m(mesh.corners, sure.corners) < within_m
    assert (colors == body["colors"][0]).all()
    parts = closed_parts({"vertices": mesh.vertices, "vertex_start": np.array([0, len(mesh.vertices)]),
                          "triangles": mesh.triangles, "triangle_start": np.array([0, len(mesh)])})
    assert parts.lost_m2 == pytest.approx(0.0)


@pytest.mark.parametrize(("name", "least"), [("Duplex_A_20110907_georeferenced.ifc", 26), ("LargeBuilding.ifc", 10),
                                             ("SimpleWall.ifc", 1)])
def test_real_walls_are_cut_as_the_thorough_kernel_cuts_them(name: str, least: int, shared_data: Path) -> None:
    model = ifcopenshell.open(str(shared_data / "ifc" / name))
    made = _cut(model, list(seen(model)))
    assert len(made) >= least
    for number, shape in made.items():
        _agrees(model, number, *shape, within_m=2 * OVER_M)


def _wall(model: Any, holes: list[tuple[float, float, float, float, float, float]]) -> Any:
    """A wall of 4 × 0.3 × 3 m, turned and shifted, with box openings (x, y, z, length, width, height) in it."""
    context = model.create_entity("IfcGeometricRepresentationContext", None, "Model", 3, 1e-5,
                                  _axes(model, (0.0, 0.0, 0.0)))
    metre = model.create_entity("IfcSIUnit", None, "LENGTHUNIT", None, "METRE")
    unit = model.create_entity("IfcUnitAssignment", [metre])
    model.create_entity("IfcProject", ifcopenshell.guid.new(), None, "p", None, None, None, None, [context], unit)
    site = model.create_entity("IfcLocalPlacement", None, _axes(model, (7.0, -3.0, 2.0), (0.6, 0.8, 0.0)))
    wall = model.create_entity("IfcWall", ifcopenshell.guid.new(), None, "wall", None, None, site,
                               _body(model, context, (0.0, 0.0, 0.0, 4.0, 0.3, 3.0)))
    for box in holes:
        place = model.create_entity("IfcLocalPlacement", site, _axes(model, (0.0, 0.0, 0.0)))
        hole = model.create_entity("IfcOpeningElement", ifcopenshell.guid.new(), None, "hole", None, None, place,
                                   _body(model, context, box))
        model.create_entity("IfcRelVoidsElement", ifcopenshell.guid.new(), None, None, None, wall, hole)
    return wall


def _axes(model: Any, at: tuple[float, float, float], x: tuple[float, float, float] = (1.0, 0.0, 0.0)) -> Any:
    return model.create_entity("IfcAxis2Placement3D", model.create_entity("IfcCartesianPoint", at),
                               model.create_entity("IfcDirection", (0.0, 0.0, 1.0)),
                               model.create_entity("IfcDirection", x))


def _body(model: Any, context: Any, box: tuple[float, float, float, float, float, float]) -> Any:
    x, y, z, length, width, height = box
    point = model.create_entity("IfcCartesianPoint", (length / 2, width / 2))
    middle = model.create_entity("IfcAxis2Placement2D", point)
    profile = model.create_entity("IfcRectangleProfileDef", "AREA", None, middle, length, width)
    solid = model.create_entity("IfcExtrudedAreaSolid", profile, _axes(model, (x, y, z)),
                                model.create_entity("IfcDirection", (0.0, 0.0, 1.0)), height)
    shape = model.create_entity("IfcShapeRepresentation", context, "Body", "SweptSolid", [solid])
    return model.create_entity("IfcProductDefinitionShape", None, None, [shape])


@pytest.mark.parametrize(("holes", "lost_m3"), [
    pytest.param([(1.0, 0.0, 1.0, 1.2, 0.3, 1.5)], 1.2 * 0.3 * 1.5, id="as thick as the wall"),
    pytest.param([(1.0, -0.1, 0.0, 0.9, 0.5, 2.1)], 0.9 * 0.3 * 2.1, id="a door at its foot"),
    pytest.param([(1.0, 0.0, 1.0, 1.0, 0.1, 1.0)], 0.1, id="a niche"),
    pytest.param([(1.0, 0.0, 1.0, 1.0, 0.3, 1.0), (1.5, 0.0, 1.0, 1.0, 0.3, 1.0)], 0.45, id="two that overlap"),
    pytest.param([(1.0, 0.0, 1.0, 0.5, 0.3, 1.0), (1.5, 0.0, 1.0, 0.5, 0.3, 1.0)], 0.3, id="two that touch"),
    pytest.param([(3.0, 0.0, 0.0, 2.0, 0.3, 3.0)], 0.9, id="the end of the wall"),
    pytest.param([(9.0, 0.0, 0.0, 1.0, 0.3, 1.0)], 0.0, id="beside the wall"),
    pytest.param([(1.5, 0.0, 0.0, 1.0, 0.3, 3.0)], 0.9, id="two walls are left"),
])
def test_openings_take_what_they_hold(holes: list[tuple[float, float, float, float, float, float]],
                                      lost_m3: float) -> None:
    model = ifcopenshell.file(schema="IFC4")
    wall = _wall(model, holes)
    (mesh, matrix, colors), = _cut(model, [wall]).values()
    assert volume_m3(mesh) == pytest.approx(WALL_M3 - lost_m3, abs=1e-9)
    _agrees(model, wall.id(), mesh, matrix, colors, within_m=1e-9)


def test_nothing_left_and_round_holes_are_left_to_the_thorough_kernel() -> None:
    gone = ifcopenshell.file(schema="IFC4")
    assert not _cut(gone, [_wall(gone, [(-1.0, -1.0, -1.0, 9.0, 9.0, 9.0)])])
    round_hole = ifcopenshell.file(schema="IFC4")
    wall = _wall(round_hole, [(1.0, 0.0, 1.0, 1.0, 0.3, 1.0)])
    solid = round_hole.by_type("IfcOpeningElement")[0].Representation.Representations[0].Items[0]
    solid.SweptArea = round_hole.create_entity("IfcCircleProfileDef", "AREA", None, solid.SweptArea.Position, 0.4)
    assert not _cut(round_hole, [wall])


def test_parts_of_a_wall_with_openings_are_left_to_the_thorough_kernel() -> None:
    """What is cut out of a wall is cut out of the layers that it is made of, too."""
    model = ifcopenshell.file(schema="IFC4")
    wall = _wall(model, [(1.0, 0.0, 1.0, 1.0, 0.3, 1.0)])
    layer = model.create_entity("IfcBuildingElementPart", ifcopenshell.guid.new(), None, "layer", None, None,
                                wall.ObjectPlacement, wall.Representation)
    model.create_entity("IfcRelAggregates", ifcopenshell.guid.new(), None, None, None, wall, [layer])
    own = _body(model, model.by_type("IfcGeometricRepresentationContext")[0], (2.0, 0.0, 1.0, 1.0, 0.3, 1.0))
    hole = model.create_entity("IfcOpeningElement", ifcopenshell.guid.new(), None, "hole", None, None,
                               wall.ObjectPlacement, own)
    model.create_entity("IfcRelVoidsElement", ifcopenshell.guid.new(), None, None, None, layer, hole)
    assert not _cut(model, [layer])
