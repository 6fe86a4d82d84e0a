"""Lots as they are drawn, and what becomes of them (domain C9)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely
import shapely.affinity

from converters.zoning.plans import box, plan
from zonebox.errors import InputError
from zonebox.model import Parcel
from zonebox_converters.zoning.cleaning import clean
from zonebox_converters.zoning.edge_table import edge_table


def cleaned(folder: Path, shape: shapely.Polygon | shapely.MultiPolygon) -> Parcel:
    return plan(folder, [shape]).parcels[0]


def test_a_clean_lot_is_left_alone(tmp_path: Path) -> None:
    lot = cleaned(tmp_path, box())
    assert lot.notes == ()
    assert lot.shape.area == pytest.approx(600.0)
    assert len(lot.edges) == 4


def test_clockwise_lots_are_turned(tmp_path: Path) -> None:
    lot = cleaned(tmp_path, box().reverse())
    assert isinstance(lot.shape, shapely.Polygon)
    assert lot.shape.exterior.is_ccw
    assert lot.notes == ()


def test_duplicate_vertices_go(tmp_path: Path) -> None:
    lot = cleaned(tmp_path, shapely.Polygon([(0, 0), (20, 0), (20, 0), (20.0004, 0.0004), (20, 30), (0, 30)]))
    assert len(lot.edges) == 4
    assert lot.notes == ("2 duplicate vertices removed",)


def test_short_edges_go(tmp_path: Path) -> None:
    lot = cleaned(tmp_path, shapely.Polygon([(0, 0), (20, 0), (20.03, 0.02), (20, 30), (0, 30)]))
    assert len(lot.edges) == 4
    assert lot.notes == ("1 edge shorter than 0.05 m removed",)


def test_a_notch_of_20_cm_stays(tmp_path: Path) -> None:
    notch = [(0, 0), (10, 0), (10, 0.2), (10.2, 0.2), (10.2, 0), (20, 0), (20, 30), (0, 30)]
    lot = cleaned(tmp_path, shapely.Polygon(notch))
    assert len(lot.edges) == 8
    assert lot.shape.area == pytest.approx(600 - 0.04)


@pytest.mark.parametrize("spike", [
    [(10, 30), (10, 38), (10, 30)],            # out and back on itself
    [(10, 30), (10, 38), (9.98, 30)],          # out and back beside itself
    [(10, 30), (10, 22), (9.98, 30)],          # into the lot
])
def test_spikes_are_cut_off(tmp_path: Path, spike: list[tuple[float, float]]) -> None:
    lot = cleaned(tmp_path, shapely.Polygon([(0, 0), (20, 0), (20, 30), *spike, (0, 30)]))
    assert lot.shape.equals(box()) or lot.shape.symmetric_difference(box()).area < 0.2
    assert "1 spike cut off" in lot.notes[-1]
    assert lot.shape.bounds == pytest.approx((0, 0, 20, 30), abs=1e-6) or lot.shape.bounds[3] == pytest.approx(30)


def test_a_small_loop_is_repaired_and_told(tmp_path: Path) -> None:
    # two corners of the upper edge are swapped: a loop of 0.1 m2
    loop = shapely.Polygon([(0, 0), (20, 0), (20, 30), (10, 30), (10.4, 30.5), (10.4, 29.9), (10, 30.4), (0, 30)])
    lot = cleaned(tmp_path, loop)
    assert lot.shape.is_valid
    assert lot.shape.area == pytest.approx(600, rel=0.01)
    assert "crossed itself at E 511010" in lot.notes[-1]
    assert "left out" in lot.notes[-1]


def test_a_bow_tie_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"parcel=L1: got a boundary that crosses itself at E 511010.00 N 4057015.00"):
        cleaned(tmp_path, shapely.Polygon([(0, 0), (20, 0), (0, 30), (20, 30)]))


def test_heights_of_cad_polygons_are_dropped(tmp_path: Path) -> None:
    flat = plan(tmp_path, [shapely.force_3d(box(), 5.0)])
    assert not flat.parcels[0].shape.has_z
    assert any("heights (Z)" in note for note in flat.notes)


def test_parts_and_holes_stay(tmp_path: Path) -> None:
    holed = box().difference(shapely.box(5, 5, 10, 10))
    lot = cleaned(tmp_path, shapely.MultiPolygon([holed, box(x=50)]))
    assert isinstance(lot.shape, shapely.MultiPolygon)
    assert lot.shape.area == pytest.approx(600 - 25 + 600)
    assert [str(e.role) for e in lot.edges].count("interior") == 4
    assert len(lot.edges) == len(lot.boundary) == 12


def test_a_hole_that_touches_the_shell(tmp_path: Path) -> None:
    lot = cleaned(tmp_path, shapely.Polygon(box().exterior, [[(5, 0), (10, 5), (5, 10), (2, 5)]]))
    assert lot.shape.is_valid
    assert lot.shape.area == pytest.approx(600 - 40)


def test_features_that_are_no_areas_are_left_out_and_told(tmp_path: Path) -> None:
    both = plan(tmp_path, [box(), shapely.Point(0, 0)])
    assert [p.id for p in both.parcels] == ["L1"]
    assert any("1 of 2 features are no areas" in note for note in both.notes)


def test_a_hole_along_the_shell_is_repaired_and_told(tmp_path: Path) -> None:
    lot = cleaned(tmp_path, shapely.Polygon(box().exterior, [[(5, 0), (10, 0), (10, 5), (5, 5)]]))
    assert lot.shape.is_valid
    assert lot.shape.area == pytest.approx(600 - 25)
    assert "a hole met the outline at E 511005.00 N 4057000.00: repaired" in lot.notes[-1]


def test_a_sliver_lot_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="parcel=L1: got a parcel without area"):
        cleaned(tmp_path, shapely.Polygon([(0, 0), (20, 0), (20, 0.00001), (0, 0.00001)]))


@pytest.mark.parametrize("gap", [0.03, -0.03])
def test_neighbours_a_few_centimetres_off_keep_their_roles(tmp_path: Path, gap: float) -> None:
    street = (shapely.box(-100, -12, 100, 0), {"name": "South Street", "width_m": 12.0})
    found = plan(tmp_path, [box(), box(x=20 + gap)], roads=[street]).parcels
    assert [[str(e.role) for e in lot.edges] for lot in found] == [["front", "side", "rear", "side"]] * 2
    assert [lot.shape.area for lot in found] == pytest.approx([600, 600])
    assert [lot.notes for lot in found] == [(), ()]


def test_a_lot_cut_in_two_by_a_street(tmp_path: Path) -> None:
    street = (shapely.box(-100, -12, 100, 0), {"name": "South Street", "width_m": 12.0})
    lot = plan(tmp_path, [shapely.MultiPolygon([box(), box(y=-42)])], roads=[street]).parcels[0]
    assert lot.area_m2 == pytest.approx(1200)                                # its indicators are pooled
    fronts = [lot.boundary.start[e.index, 1] for e in lot.edges if e.role == "front"]
    assert sorted(fronts) == pytest.approx([-12, 0])


def test_a_ring_smaller_than_drafting_noise_does_not_stop_the_others() -> None:
    pin = shapely.Polygon([(5, 5), (5.02, 5), (5, 5.02)])
    lots = np.array([box(), shapely.Polygon(box(x=40).exterior, [shapely.affinity.translate(pin, 40).exterior]),
                     shapely.Polygon([(80, 0), (100, 0), (100.0001, 0), (100, 30), (80, 30)])])
    found = clean(lots, names=["A", "B", "C"], world=np.asarray, where="lots")
    assert shapely.is_valid(found.shapes).all()
    assert [len(shape.exterior.coords) for shape in found.shapes] == [5, 5, 5]
    assert found.notes == {2: ["1 duplicate vertex removed"]}


def test_the_table_of_edges_is_that_of_the_lots_as_cleaned() -> None:
    hole = box(40, 40) - box(10, 10, x=5, y=5)
    apart = shapely.MultiPolygon([box(), box(x=50).reverse()])
    drawn = np.array([hole.reverse(), box(), box(x=60).reverse(), apart, hole])
    for shapes in (drawn, np.array([*drawn, shapely.Polygon([(0, 0), (9, 0), (9, 0.01), (9, 9), (0, 9)])])):
        found = clean(shapes, names=[""] * len(shapes), world=np.asarray, where="lots")
        again = edge_table(found.shapes)
        assert shapely.is_ccw(shapely.get_exterior_ring(shapely.get_parts(found.shapes))).all()
        for name in ("start", "end", "parcel", "index", "before", "after", "hole", "first"):
            np.testing.assert_array_equal(getattr(found.table, name), getattr(again, name))
