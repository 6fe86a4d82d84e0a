"""A house that the tests write themselves, so that every length, area and volume is known."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zonebox.frame import Frame

House = Callable[..., Path]


@pytest.fixture(scope="session")
def delft(shared_data: Path) -> Frame:
    return Frame.near("EPSG:7415", (84975, 447519), grid_folders=[shared_data / "geoid"])


@pytest.fixture(scope="session")
def rd() -> Frame:
    """A frame that needs no grids."""
    return Frame.near("EPSG:7415", (84975, 447519))


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Write a two-storey house of 10 m × 8 m: walls 0.3 m, slabs 0.2 m, a hole for a door, a room on each floor."""

    def write(name: str = "house.ifc", **options: Any) -> Path:
        path = tmp_path / name
        _House(**options).model.write(str(path))
        return path

    return write


class _House:
    def __init__(
        self, *, schema: str = "IFC4", unit: str = "METERS", offset: tuple[float, float, float] = (0.0, 0.0, 0.0),
        conversion: dict[str, float] | None = None, crs: str = "EPSG:28992", datum: str = "NAP",
        terrain: float | None = None, rooms: bool = True,
    ) -> None:
        import ifcopenshell.api.context
        import ifcopenshell.api.georeference
        import ifcopenshell.api.project
        import ifcopenshell.api.root
        import ifcopenshell.api.unit

        self.model: Any = ifcopenshell.api.project.create_file(version=schema)
        if schema == "IFC2X3":  # every entity there needs an owner
            person = self.model.createIfcPerson(FamilyName="Test")
            self.model.createIfcPersonAndOrganization(person, self.model.createIfcOrganization(Name="Test"))
            self.model.createIfcApplication(self.model.by_type("IfcOrganization")[0], "1", "Test", "test")
        self.per_m = {"METERS": 1.0, "MILLIMETERS": 1000.0}[unit]
        project = ifcopenshell.api.root.create_entity(self.model, ifc_class="IfcProject", name="project")
        ifcopenshell.api.unit.assign_unit(self.model, length={"is_metric": True, "raw": unit})
        context = ifcopenshell.api.context.add_context(self.model, context_type="Model")
        self.body = ifcopenshell.api.context.add_context(
            self.model, context_type="Model", context_identifier="Body", target_view="MODEL_VIEW", parent=context)
        self.site = self._spatial("IfcSite", "site", project, offset)
        building = self._spatial("IfcBuilding", "House", self.site, (0, 0, 0))
        building.ElevationOfTerrain = None if terrain is None else terrain * self.per_m
        if conversion is not None:
            ifcopenshell.api.georeference.add_georeferencing(self.model)
            ifcopenshell.api.georeference.edit_georeferencing(
                self.model, projected_crs={"Name": crs, "VerticalDatum": datum}, coordinate_operation=conversion)
        for level in (0, 1):
            self._storey(building, level, rooms=rooms)
        self._box("IfcSlab", "roof", building, (0, 0, 6.0), (10, 8, 0.2))

    def _storey(self, building: Any, level: int, *, rooms: bool) -> None:
        import ifcopenshell.api.feature
        import ifcopenshell.api.pset

        storey = self._spatial("IfcBuildingStorey", f"floor {level}", building, (0, 0, 3.0 * level))
        storey.Elevation = 3.0 * level * self.per_m
        self._box("IfcSlab", "slab", storey, (0, 0, 0), (10, 8, 0.2))
        south = self._box("IfcWall", "south", storey, (0, 0, 0.2), (10, 0.3, 2.8))
        self._box("IfcWall", "north", storey, (0, 7.7, 0.2), (10, 0.3, 2.8))
        self._box("IfcWall", "west", storey, (0, 0.3, 0.2), (0.3, 7.4, 2.8))
        self._box("IfcWall", "east", storey, (9.7, 0.3, 0.2), (0.3, 7.4, 2.8))
        door = self._box("IfcOpeningElement", "door", None, (4, -0.1, 3.0 * level + 0.2), (1.0, 0.5, 2.1))
        ifcopenshell.api.feature.add_feature(self.model, feature=door, element=south)
        if rooms:
            room = self._box("IfcSpace", f"room {level}", storey, (0.3, 0.3, 0.2), (9.4, 7.4, 2.8), aggregate=True)
            room.LongName = "office"
            name = "Qto_BuildingStoreyBaseQuantities"
            areas = ifcopenshell.api.pset.add_qto(self.model, product=storey, name=name)
            ifcopenshell.api.pset.edit_qto(self.model, qto=areas, properties={"GrossFloorArea": 80.0})

    def _spatial(self, ifc_class: str, name: str, parent: Any, at: tuple[float, float, float]) -> Any:
        import ifcopenshell.api.aggregate
        import ifcopenshell.api.root

        thing = ifcopenshell.api.root.create_entity(self.model, ifc_class=ifc_class, name=name)
        ifcopenshell.api.aggregate.assign_object(self.model, products=[thing], relating_object=parent)
        thing.ObjectPlacement = self._placement(parent, at)
        return thing

    def _box(self, ifc_class: str, name: str, container: Any, at: tuple[float, float, float],
             size: tuple[float, float, float], *, aggregate: bool = False) -> Any:
        import ifcopenshell.api.aggregate
        import ifcopenshell.api.root
        import ifcopenshell.api.spatial

        f = self.model
        thing = ifcopenshell.api.root.create_entity(f, ifc_class=ifc_class, name=name)
        if container is not None:
            if aggregate:
                ifcopenshell.api.aggregate.assign_object(f, products=[thing], relating_object=container)
            else:
                ifcopenshell.api.spatial.assign_container(f, products=[thing], relating_structure=container)
        thing.ObjectPlacement = self._placement(container if container is not None else self.site, at)
        x, y, z = (value * self.per_m for value in size)
        middle = f.createIfcAxis2Placement2D(f.createIfcCartesianPoint((x / 2, y / 2)))
        profile = f.createIfcRectangleProfileDef("AREA", None, middle, x, y)
        origin = f.createIfcAxis2Placement3D(f.createIfcCartesianPoint((0.0, 0.0, 0.0)))
        solid = f.createIfcExtrudedAreaSolid(profile, origin, f.createIfcDirection((0.0, 0.0, 1.0)), z)
        shape = f.createIfcShapeRepresentation(self.body, "Body", "SweptSolid", [solid])
        thing.Representation = f.createIfcProductDefinitionShape(None, None, [shape])
        return thing

    def _placement(self, parent: Any, at: tuple[float, float, float]) -> Any:
        f = self.model
        point = f.createIfcCartesianPoint(tuple(float(value) * self.per_m for value in at))
        return f.createIfcLocalPlacement(getattr(parent, "ObjectPlacement", None), f.createIfcAxis2Placement3D(point))


def turned(degrees: float, scale: float = 1.0, height: float = 1.0) -> dict[str, float]:
    """Map conversion to a corner of Delft, turned anticlockwise."""
    angle = math.radians(degrees)
    return {"Eastings": 84975.0, "Northings": 447519.0, "OrthogonalHeight": height, "XAxisAbscissa": math.cos(angle),
            "XAxisOrdinate": math.sin(angle), "Scale": scale}


@pytest.fixture
def conversion() -> Callable[..., dict[str, float]]:
    return turned
