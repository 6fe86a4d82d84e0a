"""A scene file whose one design breaks a rule of every kind: lots, lines, a road, rules and two IFC models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import shapely

EAST, NORTH = 85000.0, 447500.0
"""South-west corner of the lot in RD New; it is 60 m × 40 m on a ground of 1 m NAP, with a street to the south."""
GROUND = 1.0
FLOORS = 8
FLOOR_M = 3.75
DEEP_M = 6.0
HOUSE = (2.0, 2.0, 50.0, 30.0)
"""The design: west, south, east, north of the lot's corner."""

SCENE = """
[scene]
title = "Every rule"
title_zh = "各类规则"
crs = "EPSG:7415"
vertical_shift_m = 43.0
vertical_shift_source = "by hand"

[plan]
parcels = "parcels.geojson"
rules = ["rules.toml"]
roads = "roads.geojson"
lines = "lines.geojson"

[plan.authority]
document = "Plan of every rule"
version = "3"

[[design]]
id = "house"
source = "house.ifc"
parcel = "A-1"

[[design]]
id = "neighbour"
source = "neighbour.ifc"
parcel = "A-2"
"""

RULES: dict[str, str] = {
    "setback": "edges = { index = [0] }\ndistance_m = 5",
    "setback_class": ("edges = { index = [0] }\nclasses = { low = 10 }\nlookup = { road_width_m = [[10, inf]], "
                      'class = ["low", "high"], distance_m = [[3, 8]] }'),
    "proportional": "edges = { index = [1] }\nratio = 0.4\nmin_m = 3",
    "profile": "edges = { index = [2] }\npoints_m = [[0, 1.0], [10, 12.0]]",
    "sky_exposure": 'edges = { index = [0] }\nh0_m = 12\nrise = 2.7\ninitial_setback_m = 3\ndatum = "design_ground"',
    "recession": "edges = { index = [3] }\nh0_m = 12.5\nangle_deg = 60",
    "road_slant": "edges = { index = [0] }\nslope = 1.25\napplicable_m = 40",
    "north_slant": "slope = 1.25\nbase_m = 10",
    "underground": "edges = { index = [0] }\ndistance_m = 3\nz_min_m = -3",
    "height": "limit_m = 24", "height_abs": "limit_m = 29.5", "height_min": "limit_m = 40",
    "storeys": "limit = 6\nstorey_height_m = 3.6",
    "far": "max = 2.5", "far_min": "min = 9", "coverage": "max = 0.35", "coverage_min": "min = 0.9",
    "green": "min = 0.3", "green_max": "max = 0.02",
    "no_build": 'zone = ["紫线"]',
    "view_corridor": f"eye = [[{EAST - 200}, {NORTH + 20}, 2.6]]\n"
                     f"target = [[{EAST + 400}, {NORTH}, 40], [{EAST + 400}, {NORTH + 40}, 40]]",
    "obstacle": f'surfaces = "pack:icao.code4.example#precision"\nthresholds = [[{EAST - 4000}, {NORTH}, 0], '
                f"[{EAST - 1000}, {NORTH}, 0]]\naerodrome_m = 0.0",
    "fresnel": f"ends = [[{EAST - 5000}, {NORTH + 20}, 30], [{EAST + 5000}, {NORTH + 20}, 30]]\nfrequency_ghz = 6",
    "solar": f"protect = {{ segments = [[[{EAST}, {NORTH + 45}, 1], [{EAST + 60}, {NORTH + 45}, 1]]] }}\n"
             'day = "12-22"\nhours = [11, 13]\nstep_min = 60',
    "build_to": 'from_line = ["贴线"]\nmin = 0.9\nto_m = 12',
    "spacing": "min_m = 20",
    "parking": 'rates = [{ use = ["office"], per_100_m2 = 1.0 }]',
    "access": 'from_line = ["交叉口"]\ndistance_m = 70',
    "use": 'permitted = ["dwelling"]\nmost = [{ use = ["office"], share = 0.1 }]',
}
"""Kind -> what its rule says beside what every rule says."""


def write(folder: Path) -> Path:
    """Write the scene into a folder."""
    (folder / "scene.toml").write_text(SCENE, encoding="utf-8")
    pack = ['[pack]\nid = "test"\ndocument = "Book of rules"\nversion = "7"\nstatus = "confirmed"\nunits = "m"\n']
    pack += [f'[[rule]]\nid = "{kind}"\ntitle = "{kind}"\nkind = "{kind}"\nclause = "§ {n}"\n'
             f'severity = "{"guidance" if n % 5 == 0 else "mandatory"}"\napplies = {{ parcels = ["A-1"] }}\n{said}\n'
             for n, (kind, said) in enumerate(RULES.items(), start=1)]
    (folder / "rules.toml").write_text("\n".join(pack), encoding="utf-8")
    lots = [(lot(0, 0, 60, 40), {"parcel": "A-1", "design_ground": GROUND}),
            (lot(60, 0, 100, 40), {"parcel": "A-2", "design_ground": GROUND})]
    _features(folder / "parcels.geojson", lots)
    _features(folder / "roads.geojson", [(lot(-20, -20, 120, 0), {"name": "Street", "width": 20.0})])
    _features(folder / "lines.geojson", [
        (lot(40, 20, 60, 40), {"kind": "紫线", "name": "Old Gate"}),
        (line((0, 2), (60, 2)), {"kind": "贴线", "name": "front"}),
        (point(10, 0), {"kind": "出入口", "name": "gate"}),
        (point(0, 0), {"kind": "交叉口", "name": "crossing"})])
    model(HOUSE, floors=FLOORS, deep=DEEP_M).write(str(folder / "house.ifc"))
    model((62.0, 5.0, 80.0, 25.0), floors=2, deep=0.0, rooms=False).write(str(folder / "neighbour.ifc"))
    return folder / "scene.toml"


def lot(x0: float, y0: float, x1: float, y1: float) -> shapely.Geometry:
    """A rectangle; edge 0 runs along its south, then counter-clockwise."""
    return shapely.Polygon([(EAST + x, NORTH + y) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))])


def line(*places: tuple[float, float]) -> shapely.Geometry:
    return shapely.LineString([(EAST + x, NORTH + y) for x, y in places])


def point(x: float, y: float) -> shapely.Geometry:
    return shapely.Point(EAST + x, NORTH + y)


def _features(path: Path, rows: list[tuple[shapely.Geometry, dict[str, object]]]) -> None:
    path.write_text(json.dumps({
        "type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}},
        "features": [{"type": "Feature", "properties": values, "geometry": json.loads(shapely.to_geojson(shape))}
                     for shape, values in rows]}), encoding="utf-8")


def model(box: tuple[float, float, float, float], *, floors: int, deep: float, rooms: bool = True) -> Any:
    """Make a model of one closed block a storey, with rooms; the first block reaches below the ground."""
    import ifcopenshell.api.aggregate
    import ifcopenshell.api.context
    import ifcopenshell.api.georeference
    import ifcopenshell.api.project
    import ifcopenshell.api.pset
    import ifcopenshell.api.root
    import ifcopenshell.api.spatial
    import ifcopenshell.api.unit

    f: Any = ifcopenshell.api.project.create_file(version="IFC4")
    project = ifcopenshell.api.root.create_entity(f, ifc_class="IfcProject", name="project")
    ifcopenshell.api.unit.assign_unit(f, length={"is_metric": True, "raw": "METERS"})
    context = ifcopenshell.api.context.add_context(f, context_type="Model")
    body = ifcopenshell.api.context.add_context(f, context_type="Model", context_identifier="Body",
                                                target_view="MODEL_VIEW", parent=context)
    ifcopenshell.api.georeference.add_georeferencing(f)
    ifcopenshell.api.georeference.edit_georeferencing(
        f, projected_crs={"Name": "EPSG:28992", "VerticalDatum": "NAP"},
        coordinate_operation={"Eastings": EAST, "Northings": NORTH, "OrthogonalHeight": GROUND})

    def placed(parent: Any, at: tuple[float, float, float]) -> Any:
        axes = f.createIfcAxis2Placement3D(f.createIfcCartesianPoint(tuple(map(float, at))))
        return f.createIfcLocalPlacement(parent.ObjectPlacement if parent is not None else None, axes)

    def spatial(ifc_class: str, name: str, parent: Any, z: float = 0.0) -> Any:
        thing = ifcopenshell.api.root.create_entity(f, ifc_class=ifc_class, name=name)
        ifcopenshell.api.aggregate.assign_object(f, products=[thing], relating_object=parent)
        thing.ObjectPlacement = placed(parent if parent is not project else None, (0, 0, z))
        return thing

    def solid(thing: Any, parent: Any, at: tuple[float, float, float], size: tuple[float, float, float]) -> None:
        thing.ObjectPlacement = placed(parent, at)
        middle = f.createIfcAxis2Placement2D(f.createIfcCartesianPoint((size[0] / 2, size[1] / 2)))
        shape = f.createIfcExtrudedAreaSolid(
            f.createIfcRectangleProfileDef("AREA", None, middle, size[0], size[1]),
            f.createIfcAxis2Placement3D(f.createIfcCartesianPoint((0.0, 0.0, 0.0))),
            f.createIfcDirection((0.0, 0.0, 1.0)), size[2])
        thing.Representation = f.createIfcProductDefinitionShape(None, None, [
            f.createIfcShapeRepresentation(body, "Body", "SweptSolid", [shape])])

    site = spatial("IfcSite", "site", project)
    building = spatial("IfcBuilding", "building", site)
    x0, y0, x1, y1 = box
    for n in range(floors):
        storey = spatial("IfcBuildingStorey", f"{n + 1}F", building, FLOOR_M * n)
        storey.Elevation = FLOOR_M * n
        down = deep if n == 0 else 0.0
        block = ifcopenshell.api.root.create_entity(f, ifc_class="IfcBuildingElementProxy", name=f"block {n + 1}")
        ifcopenshell.api.spatial.assign_container(f, products=[block], relating_structure=storey)
        solid(block, storey, (x0, y0, -down), (x1 - x0, y1 - y0, FLOOR_M + down))
        areas = ifcopenshell.api.pset.add_qto(f, product=storey, name="Qto_BuildingStoreyBaseQuantities")
        ifcopenshell.api.pset.edit_qto(f, qto=areas, properties={"GrossFloorArea": (x1 - x0) * (y1 - y0)})
        if rooms:
            parts = [("绿地" if n == 0 else "parking", 0.0, 6.0), ("office", 6.0, x1 - x0 - 8.0)]
            for use, start, width in parts:
                room = ifcopenshell.api.root.create_entity(f, ifc_class="IfcSpace", name=f"{use} {n + 1}")
                room.LongName = use
                ifcopenshell.api.aggregate.assign_object(f, products=[room], relating_object=storey)
                solid(room, storey, (x0 + 1.0 + start, y0 + 1.0, 0.2), (width, y1 - y0 - 2.0, FLOOR_M - 0.4))
    return f
