"""A survey against envelopes: closed forms, noise that must not fail a building, and the uncertainty of domain F31."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from lots import envelope, limit, parcel, rule
from zonebox.checks.as_built import SurveyError, check_as_built
from zonebox.frame import Frame
from zonebox.geometry import profile
from zonebox.geometry.boundary import boundary
from zonebox.geometry.edgewise import Corner, EdgeRule, height_limit
from zonebox.geometry.lotgrid import Lot, lot_grid
from zonebox.model import Control, Finding, Kind, Plan, Scene, State

LOT = shapely.box(0, 0, 50, 30)
L_WITH_COURT = Polygon([(0, 0), (40, 0), (40, 20), (22, 20), (20, 40), (0, 42)], [[(5, 5), (5, 10), (10, 10), (10, 5)]])


def scene(*controls: Control, shape: Polygon = LOT, ground: float = 0.0, built: bool = True) -> Scene:
    lot = parcel(shape, ground)
    return Scene(name="test", title="test", frame=Frame.near("EPSG:7415", (85000, 447000)),
                 plan=Plan(source="by hand", parcels=(lot,), controls=controls), terrain=None, context=(), designs=(),
                 envelopes=(envelope(shape, *controls, ground=ground),) if built else ())


def roof(z: float, *, count: int = 10_000, sigma: float = 0.0, seed: int = 0) -> NDArray[np.float64]:
    """Points on a level roof of 20 m × 50 m."""
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.uniform(0, 50, count), rng.uniform(5, 25, count), rng.normal(z, sigma, count)])


def one(made: Scene, *pieces: NDArray[np.float64], error: SurveyError | None = None) -> Finding:
    (found,) = check_as_built(made, pieces, error=error)
    return found


def test_u95_of_f31() -> None:
    assert SurveyError(obs_m=0.10, datum_m=0.05).u95_m == pytest.approx(0.219, abs=5e-4)


@pytest.mark.parametrize(("top", "state"), [(45.32, State.FAIL), (45.15, State.MARGINAL), (45.00, State.PASS)])
def test_f31(top: float, state: State) -> None:
    found = one(scene(limit(Kind.HEIGHT, 45.0)), roof(top, count=200_000))
    assert found.state is state
    assert found.value == pytest.approx(max(top - 45.0, 0.0))
    assert found.uncertainty == pytest.approx(0.219, abs=5e-4)


@pytest.mark.parametrize("seed", range(10))
def test_g4_half_a_metre_too_high_is_found_and_five_centimetres_are_not_failed(seed: int) -> None:
    made = scene(limit(Kind.HEIGHT, 12.0))
    high = one(made, roof(12.5, sigma=0.1, seed=seed))
    assert high.state is State.FAIL
    assert high.control is not None
    assert high.control.id == "P/height"
    assert one(made, roof(12.05, sigma=0.1, seed=seed)).state is State.MARGINAL
    assert one(made, roof(11.4, sigma=0.1, seed=seed)).state is State.PASS


def test_place_area_height_and_points_of_a_box_too_high() -> None:
    x, y = (k.ravel() for k in np.meshgrid(np.arange(10, 14, 0.25) + 0.125, np.arange(10, 13, 0.25) + 0.125))
    tower = np.column_stack([x, y, np.full(len(x), 14.0)])
    tower[17, 2] = 14.6
    found = one(scene(limit(Kind.HEIGHT, 12.0)), roof(11.0), tower)
    assert found.state is State.FAIL
    assert found.value == pytest.approx(2.0 + 0.6 / 16)
    assert found.where.point == pytest.approx((*tower[17, :2], 14.6))
    assert found.where.foot == pytest.approx((*tower[17, :2], 12.0))
    assert "12 m² of survey above the envelope, 192 of 10,192 points, the highest 2.60 m" in found.reason
    assert dict(found.figures) == {"area_m2": 12.0, "highest_m": pytest.approx(2.6), "points_over": 192.0,
                                   "points": 10_192.0}
    assert "超出控规盒子" in found.reason_zh
    assert found.cure is not None
    assert found.cure.amount == pytest.approx(found.value, abs=1e-3)


def test_lone_points_are_named_and_not_judged() -> None:
    bird = np.array([[20.5, 15.5, 40.0]])
    found = one(scene(limit(Kind.HEIGHT, 12.0)), roof(10.0), bird)
    assert found.state is State.PASS
    assert "1 lone points, fewer than 4 in a cell and up to 28.00 m above, are not judged" in found.reason


def test_where_nothing_may_stand_the_excess_counts_from_the_ground() -> None:
    made = scene(rule("front", profile.fixed(10.0), "front"), limit(Kind.HEIGHT, 12.0), ground=2.0)
    shed = np.column_stack([np.linspace(20, 21, 40, endpoint=False), np.full(40, 3.5), np.full(40, 4.5)])
    found = one(made, shed)
    assert found.state is State.FAIL
    assert found.value == pytest.approx(2.5)
    assert found.control is not None
    assert found.control.id == "P/front"
    assert one(made, shed - np.array([0.0, 0.0, 2.5])).state is State.PASS


def test_how_the_survey_is_cut_into_pieces_leaves_no_trace() -> None:
    made = scene(limit(Kind.HEIGHT, 12.0), rule("plane", profile.recession(2.5, 45), kind=Kind.RECESSION))
    points = roof(12.3, sigma=0.1)
    whole = one(made, points)
    cut = one(made, *np.array_split(points, 77))
    assert (whole.state, whole.reason, whole.where) == (cut.state, cut.reason, cut.where)
    assert whole.value == pytest.approx(cut.value)


def test_ceilings_of_other_shapes_are_asked_too() -> None:
    zone = Control(id="P/zone", parcel="P", kind=Kind.HEIGHT, limit=6.0, zone=shapely.box(0, 0, 10, 30),
                   authority=limit(Kind.HEIGHT, 1.0).authority)
    made = scene(limit(Kind.HEIGHT, 12.0), zone)
    assert made.envelopes[0].ceilings
    found = one(made, roof(8.0))
    assert found.state is State.FAIL
    assert found.value == pytest.approx(2.0)
    assert found.control is not None
    assert found.control.id == "P/zone"


def test_nothing_to_check() -> None:
    made = scene(limit(Kind.HEIGHT, 12.0))
    assert one(made).state is State.NOT_CHECKED
    assert one(made, roof(20.0) + np.array([500.0, 0.0, 0.0])).reason == "no point of the survey lies over the parcel"
    assert one(scene(built=False), roof(20.0)).state is State.NOT_CHECKED


@pytest.mark.parametrize("corner", list(Corner))
def test_compiled_limit_is_the_limit(corner: Corner) -> None:
    rng = np.random.default_rng(1)
    edges = boundary(L_WITH_COURT)
    kinds = (profile.fixed(3), profile.recession(2.5, 45), profile.tiers(((0, 5), (12, 11))),
             profile.proportional(0.4, 3))
    rules = tuple(EdgeRule(edge=e, profile=kinds[e % 4], ground_m=(0.0, 1.5), corner=corner)
                  for e in range(len(edges)))
    points = np.column_stack([rng.uniform(-2, 44, (50_000, 2)), rng.uniform(-5, 20, 50_000)])
    want, _ = height_limit(points[:, :2], shape=L_WITH_COURT, boundary=edges, caps=(18.0,), edge_rules=rules)
    grid = lot_grid([Lot(shape=L_WITH_COURT, cap_m=18.0, floor_m=-9.0, edge_rules=rules)])
    above, tested = grid.above(points)
    inside = shapely.intersects_xy(L_WITH_COURT, points[:, :2])
    assert tested.tolist() == [inside.sum()]
    assert above.point.tolist() == np.flatnonzero((points[:, 2] > want) & inside).tolist()
    np.testing.assert_allclose(above.limit_m, want[above.point], atol=1e-9)
