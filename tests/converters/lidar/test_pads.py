"""Pads for designs: no ground through a floor, no gap at a wall, and volumes of closed form."""

from __future__ import annotations

from dataclasses import astuple, replace
from typing import cast

import numpy as np
import pytest
import shapely
from shapely.geometry import Polygon, box

from converters.lidar.clouds import FRAME
from zonebox.checks.earthworks import earthworks
from zonebox.geometry.mesh import Mesh
from zonebox.geometry.solids import mesh_of, prism
from zonebox.model import Building, Element, Parcel, Plan, Report, Scene, Terrain
from zonebox.report.records import report_record
from zonebox_converters import lidar

LOT = box(20, 20, 60, 50)
HOUSE = Polygon([(28, 28), (48, 28), (48, 36), (38, 36), (38, 42), (28, 42)])


def building(name: str, shape: Polygon, bottom: float, top: float, *, ground: float | None = None, parcel: str = "P",
             variant: str = "") -> Building:
    mesh = mesh_of(prism(shape, bottom, top))
    return Building(id=name, name=name, source="test", parcel=parcel, variant=variant, mesh=mesh, solid=mesh,
                    elements=(Element(id=name, ifc_class="IfcBuilding"),), ground_m=ground,
                    triangle_element=np.zeros(len(mesh), dtype=np.int32),
                    triangle_color=np.zeros((len(mesh), 4), dtype=np.uint8))


def scene(*designs: Building, slope: float = 0.0, context: tuple[Building, ...] = (),
          demolished: tuple[Building, ...] = (), ground: float | None = None, lump: bool = False) -> Scene:
    """Make a lot of 40 × 30 on the plane z = 10 + slope · x, with a lump of 5 m at (70, 60) on request."""
    x, y = (k.ravel() for k in np.meshgrid(np.arange(0, 91, 5.0), np.arange(0, 81, 5.0)))
    z = 10 + slope * x + np.where(lump & (np.hypot(x - 70, y - 60) < 4), 5.0, 0.0)
    from scipy.spatial import Delaunay

    mesh = Mesh(vertices=np.column_stack([x, y, z]), triangles=Delaunay(np.column_stack([x, y])).simplices)
    terrain = Terrain(mesh=mesh, source="test", max_error_m=0.0, rms_error_m=0.0, ground_points=len(x))
    plan = Plan(source="test", parcels=(Parcel(id="P", shape=LOT, design_ground_m=ground),), controls=())
    return Scene(name="t", title="t", frame=FRAME, plan=plan, terrain=terrain, context=context, designs=designs,
                 envelopes=(), demolished=demolished)


def inside(shape: Polygon, count: int = 400) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    x0, y0, x1, y1 = shape.bounds
    xy = np.random.default_rng(0).uniform((x0, y0), (x1, y1), (count, 2))
    return np.asarray(xy[shapely.contains_xy(shape, xy)])


def test_ground_meets_the_walls_and_pierces_no_floor() -> None:
    made, (pad,) = lidar.graded(scene(building("A", HOUSE, 9.0, 30.0, ground=11.0), slope=0.05))
    assert made is not None
    assert made.height_at(inside(HOUSE.buffer(-0.02))) == pytest.approx(9.0)       # under the basement's floor
    wall = shapely.get_coordinates(shapely.segmentize(HOUSE.boundary, 0.5))
    assert made.height_at(wall) == pytest.approx(11.0, abs=1e-6)                    # the ground ends at the wall
    apron = shapely.get_coordinates(HOUSE.buffer(0.9, join_style="mitre").segmentize(0.5))
    assert made.height_at(apron) == pytest.approx(11.0)
    assert pad.level_m == 11.0
    assert pad.excavation_m3 == pytest.approx(2.0 * HOUSE.area, rel=0.01)


def test_neighbours_keep_their_ground() -> None:
    site = scene(building("A", HOUSE, 11.0, 30.0, ground=11.5), slope=0.05)
    made, _ = lidar.graded(site)
    assert made is not None
    assert site.terrain is not None
    around = inside(box(0, 0, 90, 80), 3000)
    around = around[~shapely.contains_xy(LOT.buffer(0.001), around)]
    np.testing.assert_allclose(made.height_at(around), site.terrain.height_at(around), atol=1e-6)
    assert site.terrain.height_at([[30, 30]]) == pytest.approx([11.5])              # what rules are measured on


def test_volumes_of_a_level_site_raised_by_a_metre() -> None:
    _, (pad,) = lidar.graded(scene(building("A", HOUSE, 11.0, 30.0, ground=11.0)))
    top, base = 36 * 26, 40 * 30                                        # slopes of 1 : 2 inside the lot: 2 m wide
    assert pad.cut_m3 == pytest.approx(0.0, abs=1e-9)
    assert pad.area_m2 == pytest.approx(top, rel=1e-3)
    assert pad.fill_m3 == pytest.approx((base + top) / 2, rel=0.02)     # a prismoid, but for its corners


def test_cut_and_fill_balance_on_a_slope_at_its_middle() -> None:
    _, (pad,) = lidar.graded(scene(building("A", HOUSE, 11.0, 30.0, ground=12.0), slope=0.05))
    assert pad.cut_m3 == pytest.approx(pad.fill_m3, rel=0.03)
    assert 150 < pad.cut_m3 < 0.05 * 20 * 20 / 2 * 30                   # less than a wedge without slopes


def test_level_comes_from_the_design_then_the_parcel_then_the_ground() -> None:
    house = building("A", HOUSE, 9.0, 30.0)
    assert lidar.graded(scene(replace(house, ground_m=11.0), ground=10.5))[1][0].level_m == 11.0
    assert lidar.graded(scene(house, ground=10.5))[1][0].level_m == 10.5
    made, (pad,) = lidar.graded(scene(house))
    assert pad.level_m == pytest.approx(10.0)
    assert made is not None
    assert made.notes[0] == "A: no design ground is stated; its pad lies at 10.00 m, the mean ground under it"
    assert made.notes[1].startswith("A: pad of ")


def test_a_design_on_the_boundary_keeps_its_ground_at_the_wall() -> None:
    corner = box(20, 20, 35, 32)
    made, _ = lidar.graded(scene(building("A", corner, 10.8, 30.0, ground=11.0)))
    assert made is not None
    wall = shapely.get_coordinates(shapely.segmentize(corner.boundary, 0.5))
    assert made.height_at(wall) == pytest.approx(11.0, abs=1e-6)
    assert made.height_at(inside(corner.buffer(-0.05))) == pytest.approx(10.8)


def test_a_plinth_is_met_and_legs_are_named() -> None:
    made, _ = lidar.graded(scene(building("A", HOUSE, 11.3, 30.0, ground=11.0)))
    assert made is not None
    assert made.height_at(inside(HOUSE.buffer(-0.1))) == pytest.approx(11.3)
    legs, _ = lidar.graded(scene(building("A", HOUSE, 15.0, 30.0, ground=11.0)))
    assert legs is not None
    assert "A: stands 4.00 m above its design ground" in legs.notes


def test_what_stays_keeps_its_ground_and_what_is_in_the_way_is_named() -> None:
    shed, old = building("shed", box(51, 40, 57, 46), 10, 13), building("old", box(45, 30, 55, 34), 10, 16)
    made, _ = lidar.graded(scene(building("A", HOUSE, 12.0, 30.0, ground=12.0), context=(shed, old)))
    assert made is not None
    assert made.height_at(inside(box(51, 40, 57, 46).buffer(0.4))) == pytest.approx(10.0)
    assert ("old: 12 m² of it stand where the design stands; if it goes, list it in demolished of [[context]]"
            in made.notes)
    assert not any(note.startswith("shed") for note in made.notes)


def test_the_ground_closes_over_what_is_demolished() -> None:
    gone = building("gone", box(65, 55, 75, 65), 10, 20)
    made, pads = lidar.graded(scene(demolished=(gone,), lump=True))
    assert made is not None
    assert pads == ()
    assert made.height_at(inside(box(65, 55, 75, 65))) == pytest.approx(10.0)
    assert made.notes == ("gone: demolished; the ground under it is bridged",)


def test_variants_at_one_place_are_graded_for_the_first_until_one_is_chosen() -> None:
    two = scene(building("A", HOUSE, 11, 30, ground=11.0, variant="a"),
                building("B", HOUSE, 12, 30, ground=12.0, variant="b"))
    made, pads = lidar.graded(two)
    assert [pad.design for pad in pads] == ["A"]
    assert made is not None
    assert made.notes[0] == "the ground is graded for variant a, the first of a, b; choose another with --variant"
    assert [pad.design for pad in lidar.graded(two.variant("b"))[1]] == ["B"]


def test_two_designs_on_one_lot_both_meet_their_ground() -> None:
    east = box(50, 30, 58, 40)
    made, pads = lidar.graded(scene(building("A", HOUSE, 9.0, 30.0, ground=11.0),
                                    building("B", east, 9.5, 20.0, ground=11.5), slope=0.05))
    assert made is not None
    assert [pad.level_m for pad in pads] == [11.0, 11.5]
    for shape, floor, ground in ((HOUSE, 9.0, 11.0), (east, 9.5, 11.5)):
        assert made.height_at(inside(shape.buffer(-0.05))) == pytest.approx(floor)
        wall = shapely.get_coordinates(shapely.segmentize(shape.boundary, 0.5))
        assert made.height_at(wall) == pytest.approx(ground, abs=1e-6)


def test_a_design_that_claims_no_parcel_grades_the_one_it_covers() -> None:
    _, (named,) = lidar.graded(scene(building("A", HOUSE, 11.0, 30.0, ground=11.0)))
    _, (found,) = lidar.graded(scene(building("A", HOUSE, 11.0, 30.0, ground=11.0, parcel="")))
    assert found == named
    assert found.parcel == "P"


def test_designs_far_apart_are_graded_as_each_alone() -> None:
    one, other = box(20, 20, 26, 26), box(60, 55, 66, 61)
    first, second = (building(name, shape, 9.0, 20.0, ground=11.0, parcel="none")
                     for name, shape in (("A", one), ("B", other)))
    made, pads = lidar.graded(scene(first, second, slope=0.05))
    alone = [lidar.graded(scene(d, slope=0.05))[1][0] for d in (first, second)]
    np.testing.assert_allclose([astuple(p)[2:] for p in pads], [astuple(p)[2:] for p in alone], atol=1e-9)
    assert made is not None
    covered = shapely.area(shapely.polygons(made.mesh.corners[:, :, :2])).sum()
    assert covered == pytest.approx(90 * 80)


def test_the_report_says_what_earth_is_moved_in_closed_form() -> None:
    """A basement of 2 m in a site that is raised by a metre, less its slopes of 1 : 2 (a prismoid)."""
    site = scene(building("A", HOUSE, 9.0, 30.0, ground=11.0))
    _, pads = lidar.graded(site)
    site = replace(site, pads=pads)
    (found,) = earthworks(site)
    fill = (36 * 26 + 40 * 30 + 4 * 38 * 28) / 6
    assert (found.check, found.parcel, found.design, found.unit) == ("earthwork", "P", "A", "m³")
    assert found.value == pytest.approx(2.0 * HOUSE.area - fill, rel=0.02)
    assert found.where.point == pytest.approx((38.0, 35.0, 11.0))
    assert dict(found.figures) == {"area_m2": pads[0].area_m2, "cut_m3": 0.0, "fill_m3": pads[0].fill_m3,
                                   "excavation_m3": pads[0].excavation_m3}
    assert "fill 1,0" in found.reason
    assert "填方 1,0" in found.reason_zh
    (row,) = cast("list[dict[str, float]]", report_record(site, Report(findings=(found,)))["pads"])
    assert row["cut"] == 0.0
    assert row["fill"] == pytest.approx(fill, rel=2e-3)
    assert row["excavation"] == pytest.approx(2.0 * HOUSE.area, rel=0.01)
    assert row["area"] == pytest.approx(36 * 26, rel=1e-3)
    assert tuple(earthworks(replace(site, designs=()))) == ()


def test_nothing_to_grade() -> None:
    assert lidar.graded(scene()) == (None, ())
    assert lidar.graded(replace(scene(building("A", HOUSE, 9, 30, ground=11.0)), terrain=None)) == (None, ())
    above, pads = lidar.graded(scene(building("A", box(200, 200, 210, 210), 9, 30, ground=11.0, parcel="")))
    assert pads == ()
    assert above is not None
    assert above.notes == ("A: the terrain does not reach under it; no pad is cut",)
