"""Shells turned outward, against bodies of known volume and against the geometry kernel itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zonebox.frame import Frame
from zonebox.geometry.mesh import Mesh, area_m2, is_closed, volume_m3
from zonebox_converters.ifc import Placement, read
from zonebox_converters.ifc.facts import HIDDEN
from zonebox_converters.ifc.orienting import outward

CUBE = np.array([[x, y, z] for x in (0.0, 1.0) for y in (0.0, 1.0) for z in (0.0, 1.0)])
FACES = np.array([[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1], [2, 3, 7], [2, 7, 6], [0, 2, 6],
                  [0, 6, 4], [1, 5, 7], [1, 7, 3]], dtype=np.int32)


@pytest.mark.parametrize("seed", range(8))
def test_any_mixture_of_turned_triangles_becomes_the_cubes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    turned = rng.random(24) < 0.5
    vertices = np.concatenate([CUBE, CUBE * 2.0 + 5.0])
    triangles = np.concatenate([FACES, FACES + 8]).astype(np.int32)
    mixed = np.where(turned[:, None], triangles[:, [0, 2, 1]], triangles)
    made = outward(vertices, mixed)
    assert is_closed(made, len(vertices))
    assert volume_m3(Mesh(vertices=vertices, triangles=made)) == pytest.approx(1.0 + 8.0)
    assert [set(row) for row in made.tolist()] == [set(row) for row in triangles.tolist()]


def test_open_shells_keep_their_side() -> None:
    assert np.array_equal(outward(CUBE, FACES[:4]), FACES[:4])
    mixed = np.concatenate([FACES[:1], FACES[1:2, [0, 2, 1]], FACES[4:6]]).astype(np.int32)
    made = outward(CUBE, mixed)
    assert np.array_equal(made, np.concatenate([FACES[:2], FACES[4:6]]))


def test_a_moebius_band_is_left_alone() -> None:
    """Five triangles round a strip with one twist; no way of turning them agrees."""
    band = np.array([[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 0], [4, 0, 1]], dtype=np.int32)
    assert np.array_equal(outward(np.random.default_rng(1).random((5, 3)), band), band)


@pytest.mark.data
@pytest.mark.parametrize("name", ["LargeBuilding.ifc", "TallBuilding.ifc", "SimpleWall.ifc"])
def test_real_files_against_the_bare_kernel(shared_data: Path, rd: Frame, name: str) -> None:
    """Every product that is seen, where the kernel's own world coordinates have it, with all of its surface."""
    import ifcopenshell
    import ifcopenshell.geom

    source = shared_data / "ifc" / name
    building = read(source, rd, id="b", placement=Placement(easting=84975, northing=447519, elevation=0))
    model = ifcopenshell.open(str(source))
    settings = ifcopenshell.geom.settings()
    settings.set("use-world-coords", True)
    shift = rd.local([[84975.0, 447519.0]])[0]
    checked = 0
    for number, element in enumerate(building.elements):
        thing = model.by_guid(element.id)
        assert not any(thing.is_a(kind) for kind in HIDDEN if kind not in {"IfcPositioningElement", "IfcLinearElement",
                       "IfcSpatialZone", "IfcGeographicElement", "IfcFeatureElementSubtraction"})
        if number % 6:
            continue
        geometry = ifcopenshell.geom.create_shape(settings, thing).geometry
        own = Mesh(vertices=np.array(geometry.verts).reshape(-1, 3),
                   triangles=np.array(geometry.faces, dtype=np.int32).reshape(-1, 3))
        seen = building.mesh.part(building.triangle_element == number)
        assert area_m2(seen) == pytest.approx(area_m2(own), rel=1e-6)
        np.testing.assert_allclose(seen.bounds - [*shift, 0.0], own.bounds, atol=1e-5)
        checked += 1
    assert checked
    assert building.solid is not None
    assert is_closed(building.solid.triangles, len(building.solid.vertices))
    assert (building.solid.bounds[1] <= building.mesh.bounds[1] + 1e-6).all()
