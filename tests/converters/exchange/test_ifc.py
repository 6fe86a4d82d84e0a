"""Envelopes as IFC: valid, in place, with the volumes they had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zonebox.geometry.mesh import Mesh, is_closed, volume_m3
from zonebox.model import Scene
from zonebox_converters import exchange
from zonebox_converters.ifc.georeference import place
from zonebox_converters.ifc.stated import stated


@pytest.fixture(scope="module", params=exchange.SCHEMAS)
def written(request: pytest.FixtureRequest, scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ifc") / "envelopes.ifc"
    return exchange.write(scene, path, schema=request.param)


@pytest.fixture(scope="module")
def model(written: Path) -> Any:
    import ifcopenshell

    return ifcopenshell.open(str(written))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the validator leaves a file open
def test_the_library_finds_nothing_wrong(model: Any) -> None:
    from ifcopenshell.validate import json_logger, validate

    log = json_logger()
    validate(model, log, express_rules=True)
    assert log.statements == []


def test_one_zone_a_parcel_and_no_body_where_nothing_may_stand(model: Any, scene: Scene) -> None:
    zones = {zone.Name: zone for zone in model.by_type("IfcSpatialZone")}
    assert list(zones) == [envelope.parcel for envelope in scene.envelopes] == ["甲-01", "A-02", "A-03"]
    for zone in zones.values():
        kind = ("USERDEFINED", "RESERVATION") if model.schema == "IFC4" else ("RESERVATION", "RESERVATION")
        assert (zone.PredefinedType, zone.ObjectType) == kind
        assert zone.Decomposes[0].RelatingObject.is_a("IfcSite")
    assert [zone.Representation is None for zone in zones.values()] == [False, False, True]


def _mesh(product: Any) -> tuple[Mesh, Any]:
    import ifcopenshell.geom

    geometry = ifcopenshell.geom.create_shape(ifcopenshell.geom.settings(), product).geometry
    vertices, triangles = np.array(geometry.verts).reshape(-1, 3), np.array(geometry.faces).reshape(-1, 3)
    return Mesh(vertices=vertices, triangles=triangles.astype(np.int32)), geometry


def test_solids_read_back_closed_with_their_volume_and_look(model: Any, scene: Scene) -> None:
    for zone in model.by_type("IfcSpatialZone"):
        if zone.Representation is None:
            continue
        faces = zone.Representation.Representations[0].Items[0]
        assert faces.Closed
        mesh, geometry = _mesh(zone)
        envelope = scene.envelope(zone.Name)
        assert envelope is not None
        assert is_closed(np.array(faces.CoordIndex) - 1, len(faces.Coordinates.CoordList))
        assert volume_m3(mesh) == pytest.approx(volume_m3(envelope.solid), rel=1e-6)
        np.testing.assert_allclose(mesh.bounds, envelope.solid.bounds, atol=1e-9)
        assert 0.3 < geometry.materials[0].transparency < 0.9


def test_it_lies_where_our_own_reader_puts_it(model: Any, scene: Scene) -> None:
    placed = place(stated(model, model.by_type("IfcSpatialZone"), 1.0), scene.frame)
    assert placed.notes[0].kind == "map_conversion"
    assert placed.notes[0].used
    assert all(note.conflict_m is None or note.conflict_m < 1e-3 for note in placed.notes), placed.notes
    for envelope in scene.envelopes[:2]:
        there = placed.pose.apply(envelope.solid.vertices)
        assert np.abs(there - envelope.solid.vertices).max() < 1e-3
    crs = model.by_type("IfcProjectedCRS")[0]
    assert (crs.Name, crs.VerticalDatum, crs.MapUnit.Name) == ("EPSG:4548", "EPSG:5737", "METRE")
    conversion = model.by_type("IfcMapConversion")[0]
    assert (conversion.Eastings, conversion.Northings, conversion.OrthogonalHeight) == (512000.0, 4057000.0, 0.0)


def test_another_reader_of_georeferences_agrees(model: Any, scene: Scene) -> None:
    from ifcopenshell.util.geolocation import auto_xyz2enh

    envelope = scene.envelopes[0]
    for x, y, z in envelope.solid.vertices[:8].tolist():
        np.testing.assert_allclose(auto_xyz2enh(model, x, y, z), scene.frame.world([[x, y, z]])[0], atol=1e-6)


def test_property_sets_name_every_control_with_clause_and_volume(model: Any, scene: Scene) -> None:
    from ifcopenshell.util.element import get_psets

    zone = model.by_type("IfcSpatialZone")[0]
    envelope = scene.envelopes[0]
    sets = get_psets(zone)
    site = {key: value for key, value in sets["Pset_SiteCommon"].items() if key != "id"}
    assert site == {"BuildableArea": pytest.approx(1080.0), "SiteCoverageRatio": 0.3, "FloorAreaRatio": 2.5,
                    "BuildingHeightLimit": pytest.approx(45.0), "TotalArea": pytest.approx(3600.0)}
    controls = sets["Zonebox_Controls"]
    for name in ("street", "stepback", "height", "far", "coverage", "green"):
        assert controls[f"{name}.Clause"] == "test plan art. 1 1 [example]"
    assert controls["street.Rule"] == "setback: distance 6 m at 0 m"
    assert controls["street.Removed"] == pytest.approx(envelope.removed_m3["甲-01/street"])
    assert controls["far.Limit"] == 2.5
    assert sets["Zonebox_ControlEnvelope"]["Volume"] == pytest.approx(envelope.volume_m3)
    empty = get_psets(model.by_type("IfcSpatialZone")[2])["Zonebox_ControlEnvelope"]
    assert empty["IsEmpty"] is True
    assert "apart" in empty["WhyEmpty"]


def test_the_ground_is_clipped_round_the_parcels(model: Any, scene: Scene) -> None:
    assert scene.terrain is not None
    element, = model.by_type("IfcGeographicElement")
    assert element.PredefinedType == "TERRAIN"
    assert element.ContainedInStructure[0].RelatingStructure.is_a("IfcSite")
    mesh, _ = _mesh(element)
    assert 0 < len(mesh) < len(scene.terrain.mesh) / 3
    heights = scene.terrain.height_at(mesh.vertices[:, :2])
    assert np.nanmax(np.abs(heights - mesh.vertices[:, 2])) < 2e-3
    inside = mesh.corners[:, :, :2].mean(1)
    assert inside[:, 0].max() < 189 + 15


def test_global_ids_are_stable_and_unique(model: Any, scene: Scene) -> None:
    from dataclasses import replace

    import ifcopenshell

    roots = [root.GlobalId for root in model.by_type("IfcRoot")]
    assert len(set(roots)) == len(roots)
    fewer = replace(scene, envelopes=scene.envelopes[1:])
    other = ifcopenshell.file.from_string(exchange.FORMATS[".ifc"](fewer).decode())
    before = {zone.Name: zone.GlobalId for zone in model.by_type("IfcSpatialZone")}
    after = {zone.Name: zone.GlobalId for zone in other.by_type("IfcSpatialZone")}
    assert after == {name: guid for name, guid in before.items() if name in after}
    assert len(after) == 2
