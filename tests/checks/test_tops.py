"""Every way to measure the height of a building, against closed forms."""

from __future__ import annotations

import math

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.scenes import found, gable, one, scene
from lots import box_mesh, limit
from zonebox.geometry import solids
from zonebox.geometry.mesh import Mesh
from zonebox.model import Control, Kind, State

LOT = shapely.box(-30, -30, 70, 60)


def height(mesh: Mesh, measure: str, bound: float = 10.0, *, ground: float = 0.0) -> tuple[float, State]:
    f = found(scene(LOT, [one(mesh)], limit(Kind.HEIGHT, bound, measure=measure), ground=ground))["design/P/height"]
    assert f.value is not None
    return f.value, f.state


@pytest.mark.parametrize(("measure", "value"), [
    ("eave", 9.0), ("ridge", 12.0), ("mean_eave_ridge", 10.5), ("highest", 12.0), ("parapet", 12.0),
    ("quarter_rule", 11.25)])
def test_f32_a_saddle_roof_in_every_mode(measure: str, value: float) -> None:
    assert height(gable(0, 0, 20, 10, 9.0, 12.0), measure)[0] == pytest.approx(value, abs=1e-5)


@settings(max_examples=15)
@given(eave=st.floats(2, 12), rise=st.floats(0.8, 6), ground=st.floats(-20, 60), depth=st.floats(6, 14))
def test_modes_of_a_saddle_roof_on_any_ground(eave: float, rise: float, ground: float, depth: float) -> None:
    house = gable(0, 0, 20, depth, ground + eave, ground + eave + rise, bottom=ground)
    for measure, value in (("eave", eave), ("ridge", eave + rise), ("mean_eave_ridge", eave + rise / 2),
                           ("quarter_rule", eave + 0.75 * rise)):
        assert height(house, measure, ground=ground)[0] == pytest.approx(value, abs=1e-4)


@pytest.mark.parametrize(("share", "value"), [(0.24, 9.0), (0.25, 9.0), (0.26, 12.0)])
def test_quarter_rule_needs_no_storeys(share: float, value: float) -> None:
    side = math.sqrt(1000.0 * share)
    body = solids.prism(shapely.box(0, 0, 40, 25), 0, 9) + solids.prism(shapely.box(5, 1, 5 + side, 1 + side), 8, 12)
    measured, state = height(solids.mesh_of(body), "quarter_rule")
    assert measured == pytest.approx(value, abs=1e-5)
    assert state is (State.PASS if value < 10 else State.FAIL)


def test_of_several_roofs_the_one_that_gives_most_counts() -> None:
    low, high = gable(0, 0, 20, 10, 4.0, 9.0), gable(0, 20, 20, 30, 8.0, 9.5)
    both = solids.mesh_of(solids.solid_of(low) + solids.solid_of(high))
    assert height(both, "mean_eave_ridge")[0] == pytest.approx(8.75)
    assert height(both, "eave")[0] == pytest.approx(8.0)


def test_a_flat_roof_has_its_eaves_where_it_ends() -> None:
    assert height(box_mesh((0, 0, 0), (20, 10, 8.5)), "mean_eave_ridge")[0] == pytest.approx(8.5)


def test_an_elevation_counts_to_the_highest_point() -> None:
    mast = solids.prism(shapely.box(0, 0, 20, 20), 0, 9) + solids.prism(shapely.box(9, 9, 9.2, 9.2), 8, 15)
    control = Control(id="P/abs", parcel="P", kind=Kind.HEIGHT_ABSOLUTE, limit=14.0, measure="highest",
                      authority=limit(Kind.HEIGHT, 1).authority)
    f = found(scene(LOT, [one(solids.mesh_of(mast))], control, ground=0.0))["design/P/abs"]
    assert f.value == pytest.approx(15.0)
    assert f.state is State.FAIL


def test_plant_that_does_not_count_is_not_outside_the_envelope_either() -> None:
    body = solids.prism(shapely.box(0, 0, 40, 25), 0, 9) + solids.prism(shapely.box(5, 5, 15, 15), 8, 12)
    made = scene(LOT, [one(solids.mesh_of(body))], limit(Kind.HEIGHT, 10, measure="quarter_rule"))
    outside = found(made)["design/P/envelope"]
    assert outside.state is State.PASS
    assert "does not count" in outside.reason
