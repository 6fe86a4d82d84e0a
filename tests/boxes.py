"""Box buildings of extruded walls and slabs in any unit, turned and shifted inside the file as offices do it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import ifcopenshell
import ifcopenshell.guid

UNITS_M = {"metre": 1.0, "millimetre": 0.001, "foot": 0.3048, "us survey foot": 1200.0 / 3937.0}
Point = tuple[float, ...]


class Box:
    """Three storeys of 10 m × 8 m × 3 m: walls 0.3 m, slabs 0.2 m; 720 m³ with its rooms.

    ``turn_deg`` turns the building's placement; ``shift`` moves the site's placement, or, with ``baked`` "geometry",
    the position of every extrusion, or, with "profile", the points of every profile.
    """

    def __init__(self, *, unit: str = "metre", turn_deg: float = 0.0, shift: Point = (0.0, 0.0, 0.0),
                 baked: str = "placement") -> None:
        self.model: Any = ifcopenshell.file(schema="IFC4")
        self.unit_m, self.shift, self.baked = UNITS_M[unit], shift, baked
        f = self.model
        metre = f.createIfcSIUnit(None, "LENGTHUNIT", None, "METRE")
        length = metre
        if unit == "millimetre":
            length = f.createIfcSIUnit(None, "LENGTHUNIT", "MILLI", "METRE")
        elif unit != "metre":
            factor = f.createIfcMeasureWithUnit(f.create_entity("IfcLengthMeasure", self.unit_m), metre)
            length = f.createIfcConversionBasedUnit(f.createIfcDimensionalExponents(1, 0, 0, 0, 0, 0, 0), "LENGTHUNIT",
                                                    unit, factor)
        self.context = f.createIfcGeometricRepresentationContext(None, "Model", 3, 1e-5, self.axes((0.0, 0.0, 0.0)))
        project = f.createIfcProject(self.guid(), Name="box", RepresentationContexts=[self.context],
                                     UnitsInContext=f.createIfcUnitAssignment([length]))
        moved = shift if baked == "placement" else (0.0, 0.0, 0.0)
        site = f.createIfcSite(self.guid(), Name="site", ObjectPlacement=self.place(None, moved))
        self.building = f.createIfcBuilding(self.guid(), Name="box",
                                            ObjectPlacement=self.place(site, (0.0, 0.0, 0.0), turn_deg))
        f.createIfcRelAggregates(self.guid(), RelatingObject=project, RelatedObjects=[site])
        f.createIfcRelAggregates(self.guid(), RelatingObject=site, RelatedObjects=[self.building])
        self.walls: list[Any] = []
        storeys = [self.storey(level) for level in range(3)]
        f.createIfcRelAggregates(self.guid(), RelatingObject=self.building, RelatedObjects=storeys)

    def storey(self, level: int) -> Any:
        """One storey with its slab and walls, the highest with a roof."""
        f = self.model
        made = f.createIfcBuildingStorey(self.guid(), Name=f"storey {level}", Elevation=3.0 * level / self.unit_m,
                                         ObjectPlacement=self.place(self.building, (0.0, 0.0, 3.0 * level)))
        top = 2.8 if level == 2 else 3.0
        slabs = [self.part("IfcSlab", made, (0.0, 0.0, 10.0, 8.0), 0.0, 0.2)]
        if level == 2:
            slabs.append(self.part("IfcSlab", made, (0.0, 0.0, 10.0, 8.0), 2.8, 3.0))
        sides = ((0.0, 0.0, 10.0, 0.3), (0.0, 7.7, 10.0, 8.0), (0.0, 0.3, 0.3, 7.7), (9.7, 0.3, 10.0, 7.7))
        walls = [self.part("IfcWall", made, side, 0.2, top) for side in sides]
        self.walls += walls
        f.createIfcRelContainedInSpatialStructure(self.guid(), RelatedElements=[*slabs, *walls], RelatingStructure=made)
        return made

    def part(self, ifc_class: str, parent: Any, plan: Point, low: float, high: float) -> Any:
        """An extruded rectangle (x0, y0, x1, y1) between two heights."""
        return self.model.create_entity(
            ifc_class, GlobalId=self.guid(), Name=ifc_class, ObjectPlacement=self.place(parent, (0.0, 0.0, 0.0)),
            Representation=self.body(plan, low, high))

    def body(self, plan: Point, low: float, high: float) -> Any:
        """Shape of an extruded rectangle."""
        f, (x0, y0, x1, y1) = self.model, plan
        dx, dy, dz = self.shift if self.baked != "placement" else (0.0, 0.0, 0.0)
        px, py = (dx, dy) if self.baked == "profile" else (0.0, 0.0)
        ring = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
        profile = f.createIfcArbitraryClosedProfileDef(
            "AREA", None, f.createIfcPolyline([self.point((x + px, y + py)) for x, y in ring]))
        solid = f.createIfcExtrudedAreaSolid(profile, self.axes((dx - px, dy - py, dz + low)),
                                             f.createIfcDirection((0.0, 0.0, 1.0)), (high - low) / self.unit_m)
        return f.createIfcProductDefinitionShape(None, None, [
            f.createIfcShapeRepresentation(self.context, "Body", "SweptSolid", [solid])])

    def opening(self, wall: Any, plan: Point, low: float, high: float) -> None:
        """Cut a hole without a window into a wall."""
        hole = self.part("IfcOpeningElement", wall, plan, low, high)
        self.model.createIfcRelVoidsElement(self.guid(), RelatingBuildingElement=wall, RelatedOpeningElement=hole)

    def converted(self, east: float, north: float, height: float) -> Box:
        """Add a map conversion in metres to the Dutch grid."""
        f = self.model
        crs = f.createIfcProjectedCRS(Name="EPSG:28992", VerticalDatum="NAP",
                                      MapUnit=f.createIfcSIUnit(None, "LENGTHUNIT", None, "METRE"))
        f.createIfcMapConversion(self.context, crs, east, north, height, 1.0, 0.0, self.unit_m)
        return self

    def write(self, path: Path) -> Path:
        """Write the file."""
        self.model.write(str(path))
        return path

    def guid(self) -> str:
        return str(ifcopenshell.guid.new())

    def point(self, at: Point) -> Any:
        return self.model.createIfcCartesianPoint([value / self.unit_m for value in at])

    def axes(self, at: Point, turn_deg: float = 0.0) -> Any:
        f = self.model
        if not turn_deg:
            return f.createIfcAxis2Placement3D(self.point(at), None, None)
        along = (math.cos(math.radians(turn_deg)), math.sin(math.radians(turn_deg)), 0.0)
        return f.createIfcAxis2Placement3D(self.point(at), f.createIfcDirection((0.0, 0.0, 1.0)),
                                           f.createIfcDirection(along))

    def place(self, parent: Any, at: Point, turn_deg: float = 0.0) -> Any:
        return self.model.createIfcLocalPlacement(parent and parent.ObjectPlacement, self.axes(at, turn_deg))
