"""The envelopes of a real scene, laid over the buildings that were designed for it, by a reader that is not ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from zonebox import loading
from zonebox.geometry.mesh import Mesh, volume_m3
from zonebox.model import Scene
from zonebox_converters import exchange, ifc
from zonebox_converters.ifc.slabs import volumes_m3

BLOCK = Path(__file__).parents[3] / "scenes" / "riverside_block"


@pytest.fixture(scope="module")
def riverside(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """The scene without its designs: no IFC file is read for envelopes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ifc, "read", None)
        return loading.load(BLOCK, cache=tmp_path_factory.mktemp("cache"), designs=False)


@pytest.fixture(scope="module", params=exchange.SCHEMAS)
def written(request: pytest.FixtureRequest, riverside: Scene, tmp_path_factory: pytest.TempPathFactory) -> Any:
    import ifcopenshell

    path = exchange.write(riverside, tmp_path_factory.mktemp("ifc") / "envelopes.ifc", schema=request.param)
    return ifcopenshell.open(str(path))


def _on_the_map(model: Any, product: Any) -> Mesh:
    """Shape of a product in its map's coordinates, by the library's own geometry and georeferencing."""
    import ifcopenshell.geom
    from ifcopenshell.util.geolocation import auto_xyz2enh
    from ifcopenshell.util.unit import calculate_unit_scale

    settings = ifcopenshell.geom.settings()
    settings.set("use-world-coords", True)
    geometry = ifcopenshell.geom.create_shape(settings, product).geometry
    unit_m = float(calculate_unit_scale(model))
    points = np.array(geometry.verts).reshape(-1, 3) / unit_m
    world: NDArray[np.float64] = np.array([auto_xyz2enh(model, *point) for point in points.tolist()])
    return Mesh(vertices=world, triangles=np.array(geometry.faces, dtype=np.int32).reshape(-1, 3))


def _building(name: str) -> Mesh:
    import ifcopenshell

    model = ifcopenshell.open(str(BLOCK / name))
    walls = [_on_the_map(model, wall) for kind in ("IfcWall", "IfcSlab") for wall in model.by_type(kind)
             if wall.Representation]
    vertices = np.concatenate([wall.vertices for wall in walls])
    return Mesh(vertices=vertices, triangles=np.zeros((0, 3), dtype=np.int32))


@pytest.mark.parametrize(("name", "parcel"), [("harbour_house.ifc", "A-05"), ("ferry_terrace.ifc", "B-07")])
def test_envelopes_lie_on_the_buildings(written: Any, riverside: Scene, name: str, parcel: str) -> None:
    """In one CRS and datum: a building stands on its parcel, and its ground floor in the height of the envelope."""
    zone = next(zone for zone in written.by_type("IfcSpatialZone") if zone.Name == parcel)
    envelope, building = _on_the_map(written, zone), _building(name)
    hull = shapely.MultiPoint(building.vertices[:, :2]).convex_hull
    lot = next(p for p in riverside.plan.parcels if p.id == parcel)
    origin = riverside.frame.origin
    on_map = shapely.transform(lot.shape, lambda xy: xy + np.array(origin[:2]))
    assert on_map.buffer(1e-3).contains(hull)
    body = shapely.MultiPoint(envelope.vertices[:, :2]).convex_hull
    assert body.intersection(hull).area > 0.9 * hull.area
    low, high = envelope.bounds[:, 2]
    assert low - 1.0 < building.bounds[0, 2] < low + 2.0
    assert building.bounds[0, 2] < high


def test_harbour_house_stays_inside_its_envelope(written: Any) -> None:
    zone = next(zone for zone in written.by_type("IfcSpatialZone") if zone.Name == "A-05")
    envelope, building = _on_the_map(written, zone), _building("harbour_house.ifc")
    assert (building.bounds[1] <= envelope.bounds[1] + 1e-3).all()
    assert (building.bounds[0, :2] >= envelope.bounds[0, :2] - 1e-3).all()


def test_the_volumes_are_those_of_the_scene(written: Any, riverside: Scene) -> None:
    """Of the whole body, which starts below the ground, and of the part above the ground reference."""
    from ifcopenshell.util.element import get_psets

    for zone in written.by_type("IfcSpatialZone"):
        envelope = riverside.envelope(zone.Name)
        assert envelope is not None
        stated = get_psets(zone)["Zonebox_ControlEnvelope"]
        assert stated["Volume"] == pytest.approx(envelope.volume_m3)
        if zone.Representation is None:
            assert envelope.empty is not None
            continue
        body = _on_the_map(written, zone)
        held = volume_m3(body)
        assert held == pytest.approx(volume_m3(envelope.solid), rel=1e-6)
        assert held == pytest.approx(stated["SolidVolume"], rel=1e-6)
        above, = volumes_m3(body, [envelope.ground_m, envelope.top_m + 1.0])
        assert above == pytest.approx(stated["Volume"], rel=1e-6)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the validator leaves a file open
def test_the_library_finds_nothing_wrong(written: Any) -> None:
    from ifcopenshell.validate import json_logger, validate

    log = json_logger()
    validate(written, log, express_rules=True)
    assert log.statements == []
