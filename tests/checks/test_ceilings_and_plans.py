"""Checks against ceilings over parts of the plan, and plans that contradict themselves."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import shapely
from shapely.geometry import LineString

from checks.scenes import scene
from checks.test_against_closed_forms import check
from lots import AUTHORITY, box_mesh, building, limit, rule
from zonebox import checks
from zonebox.geometry import profile
from zonebox.model import Control, EdgeSelector, Finding, Kind, SetbackTable, State, ViewCorridor

LOT = shapely.box(0, 0, 50, 40)


def control(kind: Kind, **values: object) -> Control:
    return Control(id=f"P/{kind.value}", parcel="P", kind=kind, authority=AUTHORITY, **values)  # type: ignore[arg-type]


def only(found: dict[str, Finding], check_name: str) -> Finding:
    (one,) = [f for f in found.values() if f.check == check_name]
    return one


def test_a_height_zone_is_checked_only_under_it() -> None:
    low = control(Kind.HEIGHT, limit=9.0, zone=shapely.box(-1, -1, 20, 41))
    tall = building(box_mesh((25, 10, 0), (40, 30, 20)))
    assert check(LOT, tall, low, limit(Kind.HEIGHT_ABSOLUTE, 24)).get("design/P/height") is not None
    assert only(check(LOT, tall, low, limit(Kind.HEIGHT_ABSOLUTE, 24)), "height").state is State.NOT_CHECKED
    across = check(LOT, building(box_mesh((15, 10, 0), (40, 30, 20))), low, limit(Kind.HEIGHT_ABSOLUTE, 24))
    f = only(across, "height")
    assert f.state is State.FAIL
    assert f.margin == pytest.approx(-11.0)


def test_view_corridor_penetration_is_found_between_corners() -> None:
    view = ViewCorridor(eye=((-100, 20, 10.0), (-100, 20.001, 10.0)), target=((150, 0, 10.0), (150, 40, 10.0)))
    f = only(check(LOT, building(box_mesh((10, 5, 0), (40, 35, 12))), control(Kind.VIEW_CORRIDOR, surface=view),
                   limit(Kind.HEIGHT, 30)), "view_corridor")
    assert f.state is State.FAIL
    assert f.margin == pytest.approx(-2.0, abs=1e-6)
    free = only(check(LOT, building(box_mesh((10, 5, 0), (40, 35, 9))), control(Kind.VIEW_CORRIDOR, surface=view),
                      limit(Kind.HEIGHT, 30)), "view_corridor")
    assert free.state is State.PASS
    assert free.margin == pytest.approx(1.0)


def test_no_build_ground_counts_square_metres() -> None:
    river = shapely.box(40, 0, 60, 40)
    f = only(check(LOT, building(box_mesh((30, 10, 0), (43, 20, 6))), control(Kind.NO_BUILD, zone=river),
                   limit(Kind.HEIGHT, 30)), "no_build")
    assert f.state is State.FAIL
    assert f.value == pytest.approx(30.0)


def test_setback_from_a_drawn_line_by_tiers() -> None:
    line = LineString([(60, -100), (60, 100)])
    keep = control(Kind.SETBACK, profile=profile.tiers(((0.0, 15.0), (6.0, 25.0))), line=line)
    low = only(check(LOT, building(box_mesh((10, 10, 0), (44, 20, 6))), keep, limit(Kind.HEIGHT, 30)), "setback")
    assert low.state is State.PASS
    assert [low.value, low.limit] == pytest.approx([16.0, 15.0])
    high = only(check(LOT, building(box_mesh((10, 10, 0), (44, 20, 9))), keep, limit(Kind.HEIGHT, 30)), "setback")
    assert high.state is State.FAIL
    assert [high.value, high.limit] == pytest.approx([16.0, 25.0])
    assert high.cure is not None
    assert high.cure.direction == pytest.approx((-1.0, 0.0))


@pytest.mark.parametrize(("top", "needed"), [(9.0, 5.0), (20.0, 8.0), (60.0, 9.6), (90.0, 11.2)])
def test_a_building_keeps_the_setback_of_its_own_class_at_every_height(top: float, needed: float) -> None:
    table = SetbackTable(
        road_widths=(math.inf,), heights=(10, 24, math.inf), distances_m=((5, 8, 8),),
        multipliers=((2, ((50, 1.0), (75, 1.2), (100, 1.4), (math.inf, 1.6))),))
    by_class = control(Kind.SETBACK_CLASS, table=table, edges=EdgeSelector(roles=("front",)))
    found = check(LOT, building(box_mesh((10, 9.0, 0), (40, 30, top))), by_class, limit(Kind.HEIGHT, 100))
    f = only(found, "setback_class")
    assert f.limit == pytest.approx(needed)
    assert f.margin == pytest.approx(9.0 - needed)


def test_underground_parts_keep_their_own_distance() -> None:
    dig = control(Kind.UNDERGROUND, profile=profile.proportional(0.7, 3.0))
    found = check(LOT, building(box_mesh((6, 10, -10), (40, 30, 8))), dig, limit(Kind.HEIGHT, 30))
    worst = min((f for f in found.values() if f.check == "underground"), key=lambda f: f.margin or 0.0)
    assert worst.margin == pytest.approx(6.0 - 7.0)
    assert worst.where.point is not None
    assert worst.where.point[2] == pytest.approx(-10.0)


def test_least_height() -> None:
    f = only(check(LOT, building(box_mesh((6, 10, 0), (40, 30, 8))), limit(Kind.HEIGHT_MIN, 10),
                   limit(Kind.HEIGHT, 30)), "height_min")
    assert f.state is State.FAIL
    assert f.margin == pytest.approx(-2.0)


def test_f30_a_far_that_no_envelope_can_hold() -> None:
    found = check(LOT, None, limit(Kind.HEIGHT, 24), limit(Kind.FAR, 3.0), limit(Kind.COVERAGE, 0.25))
    f = found["plan/P/far"]
    assert f.check == "far_infeasible"
    assert [f.value, f.limit] == pytest.approx([2.0, 3.0])
    fine = check(LOT, None, limit(Kind.HEIGHT, 36), limit(Kind.FAR, 3.0), limit(Kind.COVERAGE, 0.25))
    assert "plan/P/far" not in fine


def test_g3_an_absolute_ceiling_below_the_relative_one_names_the_lost_metres() -> None:
    found = check(LOT, None, limit(Kind.HEIGHT, 60), limit(Kind.HEIGHT_ABSOLUTE, 99.0), ground=50.0)
    f = found["plan/P/ceiling"]
    assert f.margin == pytest.approx(-11.0)
    assert "11.00 m below" in f.reason


def test_density_and_green_that_exceed_the_parcel() -> None:
    found = check(LOT, None, limit(Kind.COVERAGE, 0.7), limit(Kind.GREEN, 0.35), limit(Kind.HEIGHT, 30))
    assert found["plan/P/ground"].value == pytest.approx(1.05)


def test_a_superseded_control_is_not_checked_at_all() -> None:
    old = Control(id="P/old", parcel="P", kind=Kind.HEIGHT, limit=9.0, authority=AUTHORITY, superseded_by="P/new")
    new = Control(id="P/new", parcel="P", kind=Kind.HEIGHT, limit=24.0, authority=AUTHORITY)
    gone = Control(id="P/set", parcel="P", kind=Kind.SETBACK, profile=profile.fixed(30.0), authority=AUTHORITY,
                   superseded_by="P/new")
    found = check(LOT, building(box_mesh((10, 10, 0), (40, 30, 20))), old, new, gone,
                  rule("side", profile.fixed(1.0), "side"))
    assert {f.control.id for f in found.values() if f.control} == {"P/new", "P/side"}


def test_no_build_ground_is_told_once_by_the_plan_or_by_the_design() -> None:
    zone = control(Kind.NO_BUILD, zone=shapely.box(0, 0, 50, 8))
    empty = scene(LOT, [], zone, limit(Kind.HEIGHT, 12))
    assert [f.id for f in checks.run(empty).findings] == ["plan/P/no_build"]
    for claim in ("P", ""):
        made = replace(empty, designs=(replace(building(box_mesh((5, 5, 0), (20, 20, 9))), parcel=claim),))
        assert [f.id for f in checks.run(made).findings if "no_build" in f.id] == ["design/P/no_build"]
