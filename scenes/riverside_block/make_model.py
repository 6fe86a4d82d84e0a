"""Write IFC4 models: a thin layer over ifcopenshell's API that counts in metres whatever the file's unit is.

Bodies are extrusions; windows, openings, columns and balconies share one mapped shape each, so files stay small.
GlobalIds are derived from names and the header carries fixed words: the same model gives the same bytes.
"""

from __future__ import annotations

import math
import uuid
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import ifcopenshell
import ifcopenshell.api.aggregate as api_aggregate
import ifcopenshell.api.context as api_context
import ifcopenshell.api.feature as api_feature
import ifcopenshell.api.georeference as api_georeference
import ifcopenshell.api.project as api_project
import ifcopenshell.api.pset as api_pset
import ifcopenshell.api.root as api_root
import ifcopenshell.api.spatial as api_spatial
import ifcopenshell.api.style as api_style
import ifcopenshell.api.type as api_type
import ifcopenshell.api.unit as api_unit
import ifcopenshell.guid

if TYPE_CHECKING:
    from pathlib import Path

Point = tuple[float, float]
Entity = Any  # ifcopenshell.entity_instance: its attributes are not known to a type checker
NAMESPACE = uuid.UUID("5b0f3c3e-6f0e-5b5e-9d7a-2f1c1d0a7e11")
DATE = "2026-01-01T00:00:00+00:00"
RGB = tuple[float, float, float]


class Style(NamedTuple):
    """A surface colour; opacity 1 is solid."""

    name: str
    rgb: RGB
    opacity: float = 1.0


class Georeference(NamedTuple):
    """Where a model's origin lies: grid position, design ground, turn from grid north, and latitude, longitude."""

    easting: float
    northing: float
    height_m: float
    turn_deg: float
    latitude: float
    longitude: float


class Shape(NamedTuple):
    """A type and the shape its occurrences share; ``opening`` is the shape of the hole it fills, if it fills one."""

    type: Entity
    item: Entity
    opening: Entity | None = None


class Model:
    """An IFC4 file under construction. Lengths are given in metres."""

    def __init__(self, name: str, unit_m: float, where: Georeference) -> None:
        """Start a project with one site and one building at a place."""
        self.name = name
        self.per_m = round(1 / unit_m)
        self.file: Entity = api_project.create_file(version="IFC4")
        self.styles: dict[Style, Entity] = {}
        self.contained: dict[Entity, list[Entity]] = defaultdict(list)
        self.typed: dict[Entity, list[Entity]] = defaultdict(list)
        self.project: Entity = api_root.create_entity(self.file, ifc_class="IfcProject", name=name)
        prefix = "MILLI" if self.per_m == 1000 else None
        units = [api_unit.add_si_unit(self.file, unit_type="LENGTHUNIT", prefix=prefix)]
        units += [
            api_unit.add_si_unit(self.file, unit_type=kind) for kind in ("AREAUNIT", "VOLUMEUNIT", "PLANEANGLEUNIT")
        ]
        api_unit.assign_unit(self.file, units=units)
        self.model_context: Entity = api_context.add_context(self.file, context_type="Model")
        self.body: Entity = api_context.add_context(
            self.file,
            context_type="Model",
            context_identifier="Body",
            target_view="MODEL_VIEW",
            parent=self.model_context,
        )
        self._axes: dict[tuple[float, float, float], Entity] = {}
        self._georeference(where)
        self._spatial(where)

    def _georeference(self, where: Georeference) -> None:
        """Say where the model's origin and axes lie on the map."""
        c, s = math.cos(math.radians(where.turn_deg)), math.sin(math.radians(where.turn_deg))
        api_georeference.add_georeferencing(self.file)
        api_georeference.edit_georeferencing(
            self.file,
            coordinate_operation={
                "Eastings": where.easting,
                "Northings": where.northing,
                "OrthogonalHeight": where.height_m,
                "XAxisAbscissa": round(c, 12),
                "XAxisOrdinate": round(s, 12),
                "Scale": 1 / self.per_m,
            },
            projected_crs={
                "Name": "EPSG:4548",
                "Description": "CGCS2000 / 3-degree Gauss-Kruger CM 117E",
                "GeodeticDatum": "EPSG:1043",
                "VerticalDatum": "EPSG:5737",
            },
        )
        metre = self.file.create_entity("IfcSIUnit", UnitType="LENGTHUNIT", Name="METRE")
        self.file.by_type("IfcProjectedCRS")[0].MapUnit = metre
        convergence = (where.longitude - 117.0) * math.sin(math.radians(where.latitude))
        north = math.radians(where.turn_deg - convergence)
        ratios = [round(math.sin(north), 9), round(math.cos(north), 9)]
        self.model_context.TrueNorth = self.file.create_entity("IfcDirection", DirectionRatios=ratios)

    def _spatial(self, where: Georeference) -> None:
        """Add site and building."""
        self.site: Entity = api_root.create_entity(self.file, ifc_class="IfcSite", name=f"{self.name}: site")
        self.building: Entity = api_root.create_entity(self.file, ifc_class="IfcBuilding", name=self.name)
        self.site.RefLatitude = _degrees(where.latitude)
        self.site.RefLongitude = _degrees(where.longitude)
        self.site.RefElevation = self.length(where.height_m)
        self.building.ElevationOfRefHeight = self.length(where.height_m)
        self.site.ObjectPlacement = self.placement(None, (0.0, 0.0, 0.0))
        self.building.ObjectPlacement = self.placement(self.site, (0.0, 0.0, 0.0))
        api_aggregate.assign_object(self.file, products=[self.site], relating_object=self.project)
        api_aggregate.assign_object(self.file, products=[self.building], relating_object=self.site)

    # -- geometry ---------------------------------------------------------------------------------------------

    def length(self, metres: float) -> float:
        """Return a length in the file's unit, to a tenth of a millimetre."""
        return round(metres * self.per_m, 4 if self.per_m == 1 else 1)

    def _point(self, xyz: tuple[float, ...]) -> Entity:
        return self.file.create_entity("IfcCartesianPoint", Coordinates=[self.length(v) for v in xyz])

    def _direction(self, xyz: tuple[float, float, float]) -> Entity:
        if xyz not in self._axes:
            self._axes[xyz] = self.file.create_entity("IfcDirection", DirectionRatios=xyz)
        return self._axes[xyz]

    def placement(self, parent: Entity | None, at: tuple[float, float, float], along: Point = (1.0, 0.0)) -> Entity:
        """Return a placement relative to a parent's, with its x axis along a plan direction."""
        axes: dict[str, Entity] = {}
        if along != (1.0, 0.0):
            axes = {"Axis": self._direction((0.0, 0.0, 1.0)), "RefDirection": self._direction((*along, 0.0))}
        axis = self.file.create_entity("IfcAxis2Placement3D", Location=self._point(at), **axes)
        frame = None if parent is None else parent.ObjectPlacement
        return self.file.create_entity("IfcLocalPlacement", PlacementRelTo=frame, RelativePlacement=axis)

    def _curve(self, points: list[Point]) -> Entity:
        coords = [[self.length(x), self.length(y)] for x, y in [*points, points[0]]]
        array = self.file.create_entity("IfcCartesianPointList2D", CoordList=coords)
        return self.file.create_entity("IfcIndexedPolyCurve", Points=array, SelfIntersect=False)

    def prism(
        self,
        outline: list[Point],
        depth_m: float,
        style: Style,
        *,
        holes: list[list[Point]] | None = None,
        z_m: float = 0.0,
        upright_y_m: float | None = None,
    ) -> Entity:
        """Return an extrusion with a colour.

        The outline lies in plan and rises from z_m; with ``upright_y_m`` it is drawn in (x, z) instead and runs
        from that y toward smaller y, which is outward for a wall.
        """
        kind = "IfcArbitraryProfileDefWithVoids" if holes else "IfcArbitraryClosedProfileDef"
        profile = self.file.create_entity(kind, ProfileType="AREA", OuterCurve=self._curve(outline))
        if holes:
            profile.InnerCurves = [self._curve(hole) for hole in holes]
        if upright_y_m is None:
            position = self.file.create_entity("IfcAxis2Placement3D", Location=self._point((0.0, 0.0, z_m)))
        else:
            position = self.file.create_entity(
                "IfcAxis2Placement3D",
                Location=self._point((0.0, upright_y_m, z_m)),
                Axis=self._direction((0.0, -1.0, 0.0)),
                RefDirection=self._direction((1.0, 0.0, 0.0)),
            )
        solid = self.file.create_entity(
            "IfcExtrudedAreaSolid",
            SweptArea=profile,
            Position=position,
            ExtrudedDirection=self._direction((0.0, 0.0, 1.0)),
            Depth=self.length(depth_m),
        )
        self.file.create_entity("IfcStyledItem", Item=solid, Styles=[self._style(style)])
        return solid

    def _style(self, style: Style) -> Entity:
        if style not in self.styles:
            red, green, blue = style.rgb
            entity = api_style.add_style(self.file, name=style.name)
            colour = {"Name": None, "Red": red, "Green": green, "Blue": blue}
            attributes = {"SurfaceColour": colour, "Transparency": round(1 - style.opacity, 3)}
            attributes["ReflectanceMethod"] = "NOTDEFINED"
            api_style.add_surface_style(
                self.file, style=entity, ifc_class="IfcSurfaceStyleRendering", attributes=attributes
            )
            self.styles[style] = entity
        return self.styles[style]

    def _representation(self, items: list[Entity], kind: str = "SweptSolid") -> Entity:
        return self.file.create_entity(
            "IfcShapeRepresentation",
            ContextOfItems=self.body,
            RepresentationIdentifier="Body",
            RepresentationType=kind,
            Items=items,
        )

    def _mapped(self, items: list[Entity]) -> tuple[Entity, Entity]:
        """Return a representation map of some solids and the item that uses it in place."""
        origin = self.file.create_entity("IfcAxis2Placement3D", Location=self._point((0.0, 0.0, 0.0)))
        shape = self.file.create_entity(
            "IfcRepresentationMap", MappingOrigin=origin, MappedRepresentation=self._representation(items)
        )
        target = self.file.create_entity(
            "IfcCartesianTransformationOperator3D", LocalOrigin=self._point((0.0, 0.0, 0.0)), Scale=1.0
        )
        item = self.file.create_entity("IfcMappedItem", MappingSource=shape, MappingTarget=target)
        return shape, item

    # -- things -----------------------------------------------------------------------------------------------

    def shape(
        self, ifc_class: str, name: str, solids: list[Entity], *, opening: Entity | None = None, kind: str | None = None
    ) -> Shape:
        """Add a type whose occurrences share some solids, and the solid of the hole they fill."""
        entity = api_root.create_entity(self.file, ifc_class=f"{ifc_class}Type", predefined_type=kind, name=name)
        if ifc_class == "IfcWindow":
            entity.PartitioningType = "NOTDEFINED"
        if ifc_class == "IfcDoor":
            entity.OperationType = "NOTDEFINED"
        shape, item = self._mapped(solids)
        entity.RepresentationMaps = [shape]
        return Shape(entity, item, None if opening is None else self._mapped([opening])[1])

    def storey(self, name: str, elevation_m: float, floor_area_m2: float, height_m: float) -> Entity:
        """Add a storey with its elevation and base quantities."""
        storey = api_root.create_entity(self.file, ifc_class="IfcBuildingStorey", name=name)
        storey.Elevation = self.length(elevation_m)
        storey.ObjectPlacement = self.placement(self.building, (0.0, 0.0, elevation_m))
        self.quantities(
            storey,
            "Qto_BuildingStoreyBaseQuantities",
            {"GrossFloorArea": floor_area_m2, "GrossHeight": self.length(height_m)},
        )
        return storey

    def add(
        self,
        ifc_class: str,
        name: str,
        storey: Entity,
        body: list[Entity] | Shape,
        at: tuple[float, float, float] = (0.0, 0.0, 0.0),
        *,
        along: Point = (1.0, 0.0),
        kind: str | None = None,
        parent: Entity | None = None,
    ) -> Entity:
        """Add an element to a storey, from solids of its own or from a shared shape."""
        element = api_root.create_entity(self.file, ifc_class=ifc_class, predefined_type=kind, name=name)
        element.ObjectPlacement = self.placement(parent or storey, at, along)
        if isinstance(body, Shape):
            self.typed[body.type].append(element)
            representation = self._representation([body.item], "MappedRepresentation")
        else:
            representation = self._representation(body)
        element.Representation = self.file.create_entity("IfcProductDefinitionShape", Representations=[representation])
        self.contained[storey].append(element)
        return element

    def fill(self, wall: Entity, storey: Entity, shape: Shape, name: str, at: tuple[float, float, float]) -> None:
        """Cut a wall at a place along it and fill the hole with a window or door of a shared shape."""
        opening = api_root.create_entity(self.file, ifc_class="IfcOpeningElement", predefined_type="OPENING", name=name)
        opening.ObjectPlacement = self.placement(wall, at)
        hole = self._representation([shape.opening], "MappedRepresentation")
        opening.Representation = self.file.create_entity("IfcProductDefinitionShape", Representations=[hole])
        api_feature.add_feature(self.file, feature=opening, element=wall)
        ifc_class = shape.type.is_a().removesuffix("Type")
        filling = self.add(ifc_class, name, storey, shape, parent=opening)
        api_feature.add_filling(self.file, opening=opening, element=filling)

    def space(self, name: str, storey: Entity, outline: list[Point], height_m: float, area_m2: float) -> None:
        """Add the space of a storey, with its gross floor area."""
        space = api_root.create_entity(self.file, ifc_class="IfcSpace", predefined_type="INTERNAL", name=name)
        space.ObjectPlacement = self.placement(storey, (0.0, 0.0, 0.0))
        solid = self.prism(outline, height_m, Style("Space", (0.8, 0.85, 0.9), 0.15))
        representation = self._representation([solid])
        space.Representation = self.file.create_entity("IfcProductDefinitionShape", Representations=[representation])
        api_aggregate.assign_object(self.file, products=[space], relating_object=storey)
        values = {"GrossFloorArea": area_m2, "Height": self.length(height_m)}
        self.quantities(space, "Qto_SpaceBaseQuantities", values)

    def quantities(self, product: Entity, name: str, values: dict[str, float]) -> None:
        """Add a quantity set; areas in square metres, lengths in the file's unit."""
        qto = api_pset.add_qto(self.file, product=product, name=name)
        api_pset.edit_qto(self.file, qto=qto, properties=dict(values))

    def properties(self, product: Entity, name: str, values: dict[str, Any]) -> None:
        """Add a property set."""
        pset = api_pset.add_pset(self.file, product=product, name=name)
        api_pset.edit_pset(self.file, pset=pset, properties=values)

    # -- the file ---------------------------------------------------------------------------------------------

    def write(self, path: Path) -> None:
        """Relate everything to its storey and type, name it, and write the file."""
        storeys = sorted(self.file.by_type("IfcBuildingStorey"), key=lambda s: float(s.Elevation))
        api_aggregate.assign_object(self.file, products=storeys, relating_object=self.building)
        for storey, elements in self.contained.items():
            api_spatial.assign_container(self.file, products=elements, relating_structure=storey)
        for kind, elements in self.typed.items():
            api_type.assign_type(
                self.file, related_objects=elements, relating_type=kind, should_map_representations=False
            )
        self._name_and_sort()
        header = self.file.header
        header.file_description.description = ("ViewDefinition[DesignTransferView]",)
        header.file_name.name = path.name
        header.file_name.time_stamp = DATE
        header.file_name.author = ("zonebox example scene",)
        header.file_name.organization = ("fictional",)
        header.file_name.preprocessor_version = "IfcOpenShell"
        header.file_name.originating_system = "riverside_block/make.py"
        header.file_name.authorization = "none"
        path.write_bytes(str(self.file.to_string()).encode())

    def _name_and_sort(self) -> None:
        """Give every root a GlobalId made from class, name and count, and every relation its members in order."""
        seen: Counter[tuple[str, str]] = Counter()
        for root in sorted(self.file.by_type("IfcRoot"), key=lambda e: int(e.id())):
            key = (root.is_a(), root.Name or "")
            seen[key] += 1
            words = f"{self.name}|{key[0]}|{key[1]}|{seen[key]}"
            root.GlobalId = ifcopenshell.guid.compress(uuid.uuid5(NAMESPACE, words).hex)
            for attribute in ("RelatedObjects", "RelatedElements"):
                members = getattr(root, attribute, None)
                if members:
                    setattr(root, attribute, sorted(members, key=lambda e: int(e.id())))


def _degrees(value: float) -> tuple[int, int, int, int]:
    """Return an angle as degrees, minutes, seconds and millionths, to a thousandth of a second."""
    thousandths = round(value * 3_600_000)
    seconds, rest = divmod(thousandths, 1000)
    return seconds // 3600, seconds // 60 % 60, seconds % 60, rest * 1000


def inset(outline: list[Point], by_m: float) -> list[Point]:
    """Move every side of a counter-clockwise outline inward (outward if negative), corners mitred."""
    out: list[Point] = []
    for i, (x, y) in enumerate(outline):
        (x0, y0), (x1, y1) = outline[i - 1], outline[(i + 1) % len(outline)]
        a, b = math.hypot(x - x0, y - y0), math.hypot(x1 - x, y1 - y)
        n, m = ((y0 - y) / a, (x - x0) / a), ((y - y1) / b, (x1 - x) / b)
        k = by_m / (1 + n[0] * m[0] + n[1] * m[1])
        out.append((round(x + k * (n[0] + m[0]), 6), round(y + k * (n[1] + m[1]), 6)))
    return out
