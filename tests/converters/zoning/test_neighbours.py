"""Neighbours that overlap or leave a gap: told with the area and both numbers, never moved (domain C9)."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import shapely

from converters.zoning.plans import box, plan
from zonebox_converters.zoning import matching, neighbours
from zonebox_converters.zoning.neighbours import GAP_M, mismatches


def told(*lots: shapely.Polygon) -> list[list[str]]:
    found = mismatches(np.array(lots), [f"L{n + 1}" for n in range(len(lots))], where="lots")
    return [found.by_row.get(row, []) for row in range(len(lots))]


def test_an_overlap_names_both_parcels_and_its_area(tmp_path: Path) -> None:
    lots = plan(tmp_path, [box(), box(x=19.6)]).parcels
    assert lots[0].notes == ("overlaps L2 by 12.00 m² (0.40 m wide on average)",)
    assert lots[1].notes == ("overlaps L1 by 12.00 m² (0.40 m wide on average)",)
    assert [lot.shape.area for lot in lots] == pytest.approx([600, 600])       # nothing is moved


def test_a_gap_names_both_parcels_and_its_area() -> None:
    assert told(box(), box(x=20.3)) == [["a gap of 9.00 m² to L2 (0.30 m wide on average)"],
                                        ["a gap of 9.00 m² to L1 (0.30 m wide on average)"]]


def test_a_wedge_between_lots_that_touch_at_one_end() -> None:
    wedge = shapely.Polygon([(20, 0), (40, 0), (40, 30), (20.4, 30)])
    assert told(box(), wedge)[0] == ["a gap of 6.00 m² to L2 (0.20 m wide on average)"]


@pytest.mark.parametrize("other", [
    box(x=20.0), box(x=20 + GAP_M + 0.1), box(x=20, y=30), box(x=500),
    shapely.Polygon([(20, 0), (40, 0), (40, 30), (20, 30), (20, 11), (20, 7)]),     # the same line with more corners
])
def test_neighbours_that_fit_say_nothing(other: shapely.Polygon) -> None:
    assert told(box(), other) == [[], []]


def test_a_lot_drawn_twice() -> None:
    assert told(box(), box())[0][0].startswith("overlaps L2 by 600.00 m²")


def test_survey_noise_is_one_sentence(tmp_path: Path) -> None:
    found = plan(tmp_path, [box(), box(x=20.03), box(x=-20.01)])
    assert [lot.notes for lot in found.parcels] == [(), (), ()]
    assert [n for n in found.notes if "share one boundary" in n] == [
        "lots.geojson: 2 pairs of neighbours do not share one boundary, by at most 0.05 m (L1 and L2: 0.030 m)"]


def drawn_by_hand(count: int) -> list[shapely.Polygon]:
    """Lots round random places: some fit corner by corner, some are off, shrunk, grown, on top of each other."""
    rng = np.random.default_rng(7)
    places = shapely.MultiPoint(rng.uniform(0.0, 300.0, (count, 2)))
    lots = []
    for k, cell in enumerate(shapely.get_parts(shapely.voronoi_polygons(places))):
        corners = shapely.get_coordinates(shapely.segmentize(cell, 8.0 if k % 3 else 100.0))[:-1]
        lot = shapely.Polygon(corners + rng.normal(0.0, rng.choice([0.0, 0.0, 0.005, 0.05, 0.3]), corners.shape))
        lot = lot if lot.is_valid else cell
        lots.append(lot.buffer((0.0, 0.2, -0.2)[k % 11 if k % 11 < 3 else 0]))
    return [*lots, lots[5], lots[9].centroid.buffer(4.0), lots[20].centroid.buffer(15.0)]


def test_lots_that_are_not_measured_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every pair of lots measured says what the doubtful ones say."""
    lots = shapely.orient_polygons(np.array(drawn_by_hand(150)))
    names = [str(k) for k in range(len(lots))]
    quick = mismatches(lots, names, where="lots")
    few = len(matching.doubtful_pairs(lots, GAP_M)[0])
    everyone = np.triu_indices(len(lots), 1)
    monkeypatch.setattr(neighbours, "doubtful_pairs", lambda shapes, reach_m, table: everyone)
    assert mismatches(lots, names, where="lots") == quick
    assert sum(map(len, quick.by_row.values())) > 100
    assert few < 0.05 * len(everyone[0])


def test_a_plan_that_fits_is_not_measured_whichever_way_it_lies() -> None:
    x, y = np.meshgrid(np.arange(20) * 20.0, np.arange(20) * 30.0)
    lots = shapely.box(x.ravel(), y.ravel(), x.ravel() + 20.0, y.ravel() + 30.0)
    turned = shapely.transform(lots, lambda xy: np.round(xy @ np.array([[0.8, 0.6], [-0.5, 0.9]]), 3))
    for shapes in (lots, shapely.orient_polygons(turned)):
        assert not len(matching.doubtful_pairs(shapes, GAP_M)[0])


def test_time_grows_with_the_lots_not_with_their_pairs() -> None:
    def seconds(n: int) -> float:
        x, y = np.meshgrid(np.arange(n) * 20.0, np.arange(n) * 30.0)
        lots = shapely.box(x.ravel(), y.ravel(), x.ravel() + 19.8, y.ravel() + 29.8)       # a gap all round
        start = time.process_time()
        found = mismatches(lots, [str(k) for k in range(n * n)], where="lots")
        assert len(found.by_row) == n * n
        return time.process_time() - start

    seconds(10)
    assert seconds(40) < 8.0 * seconds(20)      # four times the lots, four times the pairs next to each other


@pytest.mark.parametrize("inner", [(15.0, 15.0, 25.0, 25.0), (1.0, 1.0, 2.0, 39.0)])
def test_a_lot_inside_another_is_told(inner: tuple[float, float, float, float]) -> None:
    lots = np.array([shapely.box(0, 0, 40, 40), shapely.box(*inner), shapely.box(40, 0, 60, 40)])
    area = lots[1].area
    found = mismatches(lots, ["A", "B", "C"], where="lots").by_row
    assert found[0][0].startswith(f"overlaps B by {area:.2f} m²")
    assert found[1][0].startswith(f"overlaps A by {area:.2f} m²")
    assert 2 not in found


def test_a_lot_in_the_hole_of_another_fits() -> None:
    lots = np.array([shapely.box(0, 0, 40, 40) - shapely.box(15, 15, 25, 25), shapely.box(15, 15, 25, 25)])
    assert mismatches(lots, ["A", "B"], where="lots").by_row == {}
