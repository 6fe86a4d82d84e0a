"""Two surveys, a building that rises, and roofs of a city model that the survey contradicts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon, box

from zonebox.checks.epochs import TopSurface, changes, progress
from zonebox.checks.surveyed import RoofSurvey, agreement, applied
from zonebox.frame import Frame
from zonebox.geometry.mesh import Mesh, merged, volume_m3
from zonebox.geometry.solids import mesh_of, prism
from zonebox.model import Building, Element, Parcel, Plan, Scene, State, Storey, Terrain

FRAME = Frame.near("EPSG:7415", (85000.0, 447000.0))
LOT = box(0, 0, 40, 30)
GROUND = Terrain(mesh=Mesh(vertices=np.array([[-50, -50, 2.0], [90, -50, 2], [90, 80, 2], [-50, 80, 2]]),
                           triangles=np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32)),
                 source="test", max_error_m=0.0, rms_error_m=0.0, ground_points=4)


def roof(shape: Polygon, z: float, *, density: float = 16.0, seed: int = 0, sigma: float = 0.03) -> NDArray[np.float64]:
    """Scan a level roof."""
    rng = np.random.default_rng(seed)
    x0, y0, x1, y1 = shape.bounds
    xy = rng.uniform((x0, y0), (x1, y1), (int(density * shape.envelope.area), 2))
    xy = xy[shapely.contains_xy(shape, xy)]
    return np.column_stack([xy, rng.normal(z, sigma, len(xy))])


def surface(*pieces: NDArray[np.float64]) -> TopSurface:
    made = TopSurface()
    for piece in pieces:
        made.add(piece)
    return made


def building(name: str, mesh: Mesh, storeys: tuple[Storey, ...] = ()) -> Building:
    return Building(id=name, name=name, source="test", parcel="P", mesh=mesh, solid=mesh, ground_m=2.0, storeys=storeys,
                    elements=(Element(id=name, ifc_class="IfcBuilding"),),
                    triangle_element=np.zeros(len(mesh), dtype=np.int32),
                    triangle_color=np.zeros((len(mesh), 4), dtype=np.uint8))


def scene(*designs: Building, context: tuple[Building, ...] = ()) -> Scene:
    plan = Plan(source="t", parcels=(Parcel(id="P", shape=LOT),), controls=())
    return Scene(name="t", title="t", frame=FRAME, plan=plan, terrain=GROUND, context=context,
                 designs=designs, envelopes=())


def test_a_bird_does_not_raise_a_roof_and_pieces_leave_no_trace() -> None:
    points = np.concatenate([roof(box(0, 0, 10, 10), 8.0), [[5.5, 5.5, 40.0]]])
    whole, cut = surface(points), surface(*np.array_split(points, 70))
    assert whole.tops()[1] == pytest.approx(8.0, abs=0.25)
    np.testing.assert_array_equal(whole.tops()[0], cut.tops()[0])
    np.testing.assert_allclose(whole.tops()[1], cut.tops()[1])
    assert TopSurface().tops()[0].shape == (0, 2)


def test_what_was_built_and_what_removed() -> None:
    before = surface(roof(box(2, 2, 12, 12), 8.0), roof(box(25, 20, 35, 28), 5.0, seed=1))
    after = surface(roof(box(2, 2, 12, 12), 8.1, seed=2), roof(box(20, 2, 36, 12), 14.0, seed=3))
    (found,) = changes(scene(), before, after)
    assert (found.check, found.parcel, found.state, found.unit) == ("change", "P", State.PASS, "m³")
    assert found.value == pytest.approx(160 * 12 - 80 * 3, rel=0.01)
    assert "built over 160 m², 1,9" in found.reason
    assert "removed over 80 m², 2" in found.reason
    assert "160 m²" in found.reason_zh


def test_nothing_changed() -> None:
    one, two = (surface(roof(box(2, 2, 12, 12), 8.0, seed=k)) for k in range(2))
    assert changes(scene(), one, two) == ()
    assert changes(scene(), TopSurface(), TopSurface()) == ()


def tower() -> Building:
    """Five storeys of 3 m on the ground at 2 m; the upper two cover half."""
    mesh = merged([mesh_of(prism(box(5, 5, 25, 15), 2.0, 11.0)), mesh_of(prism(box(5, 5, 15, 15), 11.0, 17.0))])
    storeys = tuple(Storey(id=str(k), name=f"{k + 1}F", elevation_m=2.0 + 3 * k, height_m=3.0) for k in range(5))
    cellar = Storey(id="-1", name="B1", elevation_m=-1.0, height_m=3.0)
    return building("T", mesh, (cellar, *storeys, Storey(id="r", name="Roof", elevation_m=17.0, height_m=None)))


@pytest.mark.parametrize(("points", "done"), [
    ([roof(box(5, 5, 25, 15), 2.3)], 0),
    ([roof(box(5, 5, 25, 15), 5.0)], 1),
    ([roof(box(5, 5, 25, 15), 8.0), roof(box(5, 5, 12, 15), 11.0)], 2),
    ([roof(box(5, 5, 25, 15), 11.0)], 3),
    ([roof(box(15, 5, 25, 15), 11.0), roof(box(5, 5, 15, 15), 17.0)], 5),
])
def test_storeys_that_stand(points: list[NDArray[np.float64]], done: int) -> None:
    (found,) = progress(scene(tower()), surface(*points))
    assert (found.check, found.design, found.state) == ("progress", "T", State.PASS)
    assert (found.value, found.limit) == (done, 5)
    assert f"{done} of 5 storeys stand" in found.reason


def test_a_storey_that_is_half_reached_is_said_to_be() -> None:
    (found,) = progress(scene(tower()), surface(roof(box(5, 5, 25, 15), 8.0), roof(box(5, 5, 12, 15), 11.0)))
    assert "2 of 5 storeys stand, up to 11.0" in found.reason
    assert "; 3F is reached over 35%" in found.reason


def test_a_survey_elsewhere_says_nothing_of_progress() -> None:
    (found,) = progress(scene(tower()), surface(roof(box(60, 60, 70, 70), 9.0)))
    assert found.state is State.NOT_CHECKED
    assert progress(scene(building("A", tower().mesh)), surface(roof(box(5, 5, 25, 15), 8.0))) == ()


def surveyed(context: tuple[Building, ...], *pieces: NDArray[np.float64]) -> RoofSurvey:
    made = RoofSurvey(context)
    for piece in pieces:
        made.add(piece)
    return made


def test_eave_and_ridge_of_a_gable() -> None:
    rng = np.random.default_rng(0)
    xy = rng.uniform((0, 0), (20, 10), (8000, 2))
    gable = np.column_stack([xy, 6.0 + 0.8 * (5 - np.abs(xy[:, 1] - 5))])
    (found,) = surveyed((building("G", mesh_of(prism(box(0, 0, 20, 10), 0.0, 9.0))),), gable).roofs().values()
    assert found.points == 8000
    assert found.ridge_m == pytest.approx(10.0, abs=0.15)
    assert found.eave_m == pytest.approx(6.0, abs=0.5)
    assert found.top_m == pytest.approx(6.0 + 0.8 * 5 * 0.9, abs=0.1)
    assert not found.wrong


def test_a_block_that_is_too_low_is_drawn_to_the_survey() -> None:
    low, right = (building(name, mesh_of(prism(shape, 0.0, 5.0))) for name, shape in
                  (("low", box(0, 0, 10, 10)), ("right", box(20, 0, 30, 10))))
    roofs = surveyed((low, right), roof(box(0, 0, 10, 10), 9.0), roof(box(20, 0, 30, 10), 5.0)).roofs()
    made = applied(scene(context=(low, right)), roofs).context
    assert made[0].mesh.bounds[:, 2].tolist() == pytest.approx([0.0, 9.0], abs=0.1)
    assert made[0].solid is not None
    assert volume_m3(made[0].solid) == pytest.approx(900.0, rel=0.01)
    assert made[0].roof is not None
    assert made[0].roof.top_m == pytest.approx(9.0, abs=0.1)
    assert made[1].mesh is right.mesh
    assert made[0].notes[0].startswith("roofs of the city model against the survey: 2 compared")
    assert made[0].notes[0].endswith("1 blocks are drawn to the survey")
    assert any(note.startswith("roof at 5.00 m in the city model, 9.0") for note in made[0].notes)


def test_outlines_without_height_and_roofs_without_points() -> None:
    flat = building("flat", Mesh(vertices=np.array([[0, 0, 0.0], [9, 0, 0], [9, 9, 0], [0, 9, 0]]),
                                 triangles=np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32)))
    far = replace(flat, id="far", mesh=flat.mesh.moved([100, 0, 0]))
    roofs = surveyed((flat, far), roof(box(0, 0, 9, 9), 7.0)).roofs()
    assert list(roofs) == ["flat"]
    assert roofs["flat"].model_m is None
    assert roofs["flat"].wrong
    made = applied(scene(context=(flat, far)), roofs).context
    assert made[0].roof is not None
    assert made[0].roof.eave_m == pytest.approx(7.0, abs=0.1)
    assert any("no height in the city model; the survey's is 7.0" in note for note in made[0].notes)
    assert made[1] is far
    assert agreement({}) == ""


@pytest.mark.data
def test_delft_p90_is_honest_and_p10_is_not(shared_data: Path) -> None:
    from zonebox_converters import citymodel, lidar

    folder = shared_data / "site_delft"
    frame = Frame.near("EPSG:7415", (84975.2, 447519.2))
    points = list(lidar.points([folder / f"ahn3_cropped_{k}.laz" for k in (1, 2)], frame, crs="EPSG:7415"))
    said = {}
    for name in ("delft_lod1_p90_cityjson10.json", "delft_lod1_p10_cityjson20.json"):
        roofs = surveyed(citymodel.read(folder / name, frame), *points).roofs()
        assert len(roofs) == 160
        off = float(np.median([roof.off_m for roof in roofs.values() if roof.off_m is not None]))
        said[name[11:14]] = (off, agreement(roofs))
    assert said["p90"][0] == pytest.approx(-0.05, abs=0.05)             # INDEX: within −0.05 m
    assert said["p90"][1].endswith("they agree")
    assert said["p10"][0] == pytest.approx(-4.7, abs=0.2)               # and 4.7 m lower
    assert said["p10"][1].endswith("the model's roofs are not where the survey sees them")
