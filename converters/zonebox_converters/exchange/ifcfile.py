"""Envelopes as IFC: a georeferenced site with one spatial zone a parcel, and the ground round them.

Only entities are made here; no geometry kernel is loaded.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import shapely

from zonebox.geometry.mesh import Mesh
from zonebox.model import Scene
from zonebox_converters.exchange import ifcproperties
from zonebox_converters.exchange.sheets import COLOR, SYSTEM, Sheet, place_text, sheets

SCHEMAS: Final = ("IFC4X3_ADD2", "IFC4")

GROUND_COLOR: Final = (150, 146, 120, 255)

TERRAIN_MARGIN_M: Final = 10.0
"""The ground is kept this far round the parcels."""

TERRAIN_DIGITS: Final = 3
"""Decimals of the ground's coordinates, metres; the solids keep all of theirs."""

STAMP: Final = "1970-01-01T00:00:00"
"""A STEP header must carry a time; a fixed one keeps the bytes of a rerun the same."""

_NAMESPACE: Final = uuid.UUID("8c0f7a52-6f0f-5d6e-9a58-3f1f2f1c7d10")
_VIEWS: Final = {"IFC4X3_ADD2": "ViewDefinition [ReferenceView]", "IFC4": "ViewDefinition [ReferenceView_V1.2]"}


def encode(scene: Scene, *, schema: str = SCHEMAS[0]) -> bytes:
    """IFC file of the envelopes.

    Parameters
    ----------
    scene : Scene
        Its frame becomes the map conversion: coordinates in the file are those of the frame, near zero.
    schema : str
        One of `SCHEMAS`.

    Notes
    -----
    GlobalIds follow from the scene's name and the parcel, so that a later file updates an earlier one.
    """
    return _Writer(scene, schema).written()


class _Writer:
    """One file in the making."""

    def __init__(self, scene: Scene, schema: str) -> None:
        import ifcopenshell

        self.scene, self.schema = scene, schema
        self.model: Any = ifcopenshell.file(schema=schema)
        self.metre = self.model.createIfcSIUnit(None, "LENGTHUNIT", None, "METRE")
        self.properties: dict[tuple[str, ifcproperties.Value], Any] = {}
        self.body = self._contexts()
        self.origin = self._origin()
        self.site = self._site()
        every = sheets(scene)
        style = self._style("Control envelope", COLOR)
        zones = [self._zone(sheet, style) for sheet in every]
        if zones:
            self._relate("IfcRelAggregates", "zones", RelatingObject=self.site, RelatedObjects=zones)
        self._terrain(every)

    def written(self) -> bytes:
        header = self.model.header
        header.file_description.description = (_VIEWS[self.schema],)
        header.file_name.name = f"{self.scene.name}-envelopes.ifc"
        header.file_name.time_stamp = STAMP
        header.file_name.originating_system = SYSTEM
        return bytes(self.model.to_string().encode())

    def guid(self, *names: str) -> str:
        """GlobalId of a thing of this scene, the same in every run."""
        import ifcopenshell.guid

        return str(ifcopenshell.guid.compress(uuid.uuid5(_NAMESPACE, "/".join((self.scene.name, *names))).hex))

    def _contexts(self) -> Any:
        """Project, units, georeference; returns the subcontext of bodies."""
        f, frame = self.model, self.scene.frame
        units = f.createIfcUnitAssignment([
            self.metre, f.createIfcSIUnit(None, "AREAUNIT", None, "SQUARE_METRE"),
            f.createIfcSIUnit(None, "VOLUMEUNIT", None, "CUBIC_METRE"),
            f.createIfcSIUnit(None, "PLANEANGLEUNIT", None, "RADIAN"),
        ])
        gamma = math.radians(frame.convergence_deg((0.0, 0.0)))
        north = f.createIfcDirection((math.sin(-gamma), math.cos(gamma)))
        world = f.createIfcAxis2Placement3D(f.createIfcCartesianPoint((0.0, 0.0, 0.0)), None, None)
        context = f.createIfcGeometricRepresentationContext(None, "Model", 3, 1e-5, world, north)
        body = f.createIfcGeometricRepresentationSubContext("Body", "Model", None, None, None, None, context, None,
                                                            "MODEL_VIEW", None)
        crs = f.createIfcProjectedCRS(Name=_short(frame.horizontal, frame.horizontal_label),
                                      Description=place_text(self.scene, origin=False),
                                      VerticalDatum=_short(frame.vertical, frame.vertical_label), MapUnit=self.metre)
        if self.schema != "IFC4" and not frame.horizontal.startswith("EPSG:"):
            f.createIfcWellKnownText(frame.horizontal, crs)
        east, north_m = (float(value) for value in frame.origin)
        f.createIfcMapConversion(context, crs, east, north_m, 0.0, 1.0, 0.0, 1.0)
        self.project = f.createIfcProject(self.guid("project"), None, self.scene.title, None, None, None, None,
                                          [context], units)
        return body

    def _origin(self) -> Any:
        f = self.model
        return f.createIfcAxis2Placement3D(f.createIfcCartesianPoint((0.0, 0.0, 0.0)), None, None)

    def _site(self) -> Any:
        lon, lat = (float(value) for value in self.scene.frame.lon_lat([(0.0, 0.0)])[0])
        site = self.model.createIfcSite(
            self.guid("site"), None, self.scene.title, place_text(self.scene, origin=False), None,
            self.model.createIfcLocalPlacement(None, self.origin), None, None, "ELEMENT",
            _degrees(lat), _degrees(lon), 0.0)
        self._relate("IfcRelAggregates", "site", RelatingObject=self.project, RelatedObjects=[site])
        return site

    def _zone(self, sheet: Sheet, style: Any) -> Any:
        """Spatial zone of one parcel; without a body where nothing may be built."""
        f, envelope = self.model, sheet.envelope
        named = " ".join(filter(None, (sheet.parcel.land_use, sheet.parcel.land_use_name)))
        zone = f.createIfcSpatialZone(
            GlobalId=self.guid("zone", sheet.parcel.id), Name=sheet.parcel.id, Description=named or None,
            ObjectType="RESERVATION", LongName=f"Control envelope of {sheet.parcel.id}",
            ObjectPlacement=f.createIfcLocalPlacement(self.site.ObjectPlacement, self.origin),
            PredefinedType="USERDEFINED" if self.schema == "IFC4" else "RESERVATION")
        if len(envelope.solid):
            zone.Representation = self._shape(envelope.solid, style, closed=True)
        for name, values in ifcproperties.sets(sheet, self.scene).items():
            members = [self._property(key, value) for key, value in values.items()]
            made = f.createIfcPropertySet(self.guid("set", sheet.parcel.id, name), None, name, None, members)
            self._relate("IfcRelDefinesByProperties", f"{sheet.parcel.id}/{name}", RelatedObjects=[zone],
                         RelatingPropertyDefinition=made)
        return zone

    def _property(self, name: str, value: ifcproperties.Value) -> Any:
        """One property for all sets that say the same: clauses and limits repeat in every parcel of a zone."""
        known = self.properties.get((name, value))
        if known is None:
            kind, plain = value
            known = self.model.createIfcPropertySingleValue(name, None, self.model.create_entity(kind, plain), None)
            self.properties[name, value] = known
        return known

    def _terrain(self, every: Sequence[Sheet]) -> None:
        """Ground round the parcels, contained in the site."""
        if self.scene.terrain is None:
            return
        ground = _round_parcels(self.scene.terrain.mesh, [sheet.parcel.shape for sheet in every])
        if not len(ground):
            return
        vertices = np.round(ground.vertices, TERRAIN_DIGITS)
        shape = self._shape(Mesh(vertices=vertices, triangles=ground.triangles),
                            self._style("Ground", GROUND_COLOR), closed=False)
        element = self.model.createIfcGeographicElement(
            self.guid("terrain"), None, "Terrain",
            f"{self.scene.terrain.source}; within {self.scene.terrain.max_error_m:.3f} m of its ground points", None,
            self.model.createIfcLocalPlacement(self.site.ObjectPlacement, self.origin), shape, None, "TERRAIN")
        self._relate("IfcRelContainedInSpatialStructure", "terrain", RelatedElements=[element],
                     RelatingStructure=self.site)

    def _shape(self, mesh: Mesh, style: Any, *, closed: bool) -> Any:
        f = self.model
        points = f.createIfcCartesianPointList3D(mesh.vertices.tolist())
        faces = f.createIfcTriangulatedFaceSet(Coordinates=points, Closed=closed,
                                               CoordIndex=(mesh.triangles + 1).tolist())
        f.createIfcStyledItem(faces, [style], None)
        shape = f.createIfcShapeRepresentation(self.body, "Body", "Tessellation", [faces])
        return f.createIfcProductDefinitionShape(None, None, [shape])

    def _style(self, name: str, rgba: tuple[int, int, int, int]) -> Any:
        f = self.model
        color = f.createIfcColourRgb(None, *(round(part / 255.0, 4) for part in rgba[:3]))
        shading = f.createIfcSurfaceStyleShading(color, round(1.0 - rgba[3] / 255.0, 4))
        return f.createIfcSurfaceStyle(name, "BOTH", [shading])

    def _relate(self, ifc_class: str, name: str, **ends: Any) -> None:
        self.model.create_entity(ifc_class, GlobalId=self.guid(ifc_class, name), **ends)


def _round_parcels(ground: Mesh, parcels: Sequence[Any]) -> Mesh:
    """Triangles of the ground whose middle is near a parcel."""
    near = shapely.union_all([shape.buffer(TERRAIN_MARGIN_M, quad_segs=2) for shape in parcels])
    shapely.prepare(near)
    middle = ground.corners[:, :, :2].mean(1)
    return ground.part(shapely.contains_xy(near, middle[:, 0], middle[:, 1]))


def _short(code: str, label: str) -> str:
    """Take the authority code of a reference, or its name where it has none."""
    return code if len(code) <= 32 else label


def _degrees(angle: float) -> tuple[int, int, int, int]:
    """Degrees, minutes, seconds and millionths of a second, all of the angle's sign.

    Examples
    --------
    >>> _degrees(-36.5)
    (-36, -30, 0, 0)
    """
    sign = -1 if angle < 0 else 1
    whole, millionths = divmod(round(abs(angle) * 3600e6), 1_000_000)
    minutes, seconds = divmod(whole, 60)
    degrees, minutes = divmod(minutes, 60)
    return sign * degrees, sign * minutes, sign * seconds, sign * millionths
