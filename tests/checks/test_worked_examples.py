"""Worked examples of the planning rules, as findings: what a reviewer reads, in the figures that the rules give."""

from __future__ import annotations

from dataclasses import replace

import pytest
import shapely

from lots import AUTHORITY, box_mesh, building, envelope, limit, parcel, rule
from zonebox import checks
from zonebox.frame import Frame
from zonebox.geometry import profile
from zonebox.geometry.mesh import merged
from zonebox.model import Building, Control, Finding, FloorArea, Kind, Plan, Scene, State, Storey, ViewCorridor
from zonebox.model.building import AreaSource
from zonebox_converters.envelopes import build_one

SQUARE = shapely.box(0, 0, 30, 30)
PLATES = (24.0, 24.0, 22.8)
"""Sides of F6's first three storeys: 576, 576 and 519.84 m²."""


def findings(shape: shapely.Polygon, design: Building | None, *controls: Control) -> tuple[Finding, ...]:
    """Check a design on a lot of level ground."""
    scene = Scene(
        name="test", title="test", frame=Frame.near("EPSG:7415", (85000, 447000)), terrain=None, context=(),
        plan=Plan(source="by hand", parcels=(parcel(shape),), controls=controls),
        designs=() if design is None else (design,), envelopes=(envelope(shape, *controls),))
    return checks.run(scene).findings


def stepped(fourth_m2: float) -> Building:
    """Three storeys that fill F6's envelope, and part of a fourth."""
    sides = [(side, side) for side in PLATES] + [(12.0, fourth_m2 / 12.0)]
    boxes = [box_mesh((15 - a / 2, 15 - b / 2, 3.0 * k), (15 + a / 2, 15 + b / 2, 3.0 * k + 3.0))
             for k, (a, b) in enumerate(sides)]
    storeys = tuple(Storey(id=f"s{k}", name=f"{k}", elevation_m=3.0 * k, height_m=3.0,
                           areas=(FloorArea(source=AreaSource.QUANTITY, value_m2=a * b),))
                    for k, (a, b) in enumerate(sides))
    return replace(building(merged(boxes)), storeys=storeys)


def f6_controls(far: float) -> tuple[Control, ...]:
    """F5's lot of 900 m²: a proportional setback on all sides, a cap, storeys of 3 m."""
    return (rule("inset", profile.proportional(0.4, 3.0)), limit(Kind.HEIGHT, 15.0), limit(Kind.FAR, far))


@pytest.mark.parametrize(("fourth", "state"), [(128.16, State.PASS), (150.0, State.FAIL)])
def test_f6_a_ratio_of_two_is_three_full_storeys_and_128_of_the_fourth(fourth: float, state: State) -> None:
    found = {f.check: f for f in findings(SQUARE, stepped(fourth), *f6_controls(2.0))}
    assert found["far"].state is state
    assert found["far"].value == pytest.approx((1671.84 + fourth) / 900.0, abs=5e-3)
    assert found["containment"].state is State.PASS
    if state is State.FAIL:
        assert found["far"].cure is not None
        assert found["far"].cure.amount == pytest.approx(1671.84 + fourth - 1800.0, abs=0.5)


def test_f6_more_than_fits_is_a_contradiction_of_the_plan() -> None:
    made = build_one(parcel(SQUARE), f6_controls(3.0), None)
    assert made is not None
    assert made.capacity is not None
    assert made.capacity.far_max == pytest.approx(2.68, abs=1e-6)
    told = [f for f in findings(SQUARE, None, *f6_controls(3.0)) if f.check == "far_infeasible"]
    assert any("2.68" in f.reason for f in told)


@pytest.mark.parametrize(("target", "allowed"), [(60.0, 30.96), (30.0, 18.96)])
def test_f19_a_building_in_a_view_corridor(target: float, allowed: float) -> None:
    view = Control(id="P/view", parcel="P", kind=Kind.VIEW_CORRIDOR, authority=AUTHORITY, surface=ViewCorridor(
        eye=((0, -5, 11.6), (0, 5, 11.6)), target=((1000, -20, target), (1000, 20, target))))
    lot = shapely.box(390, -15, 420, 15)
    for top, state in ((allowed - 0.001, State.PASS), (allowed + 0.3, State.FAIL)):
        found = [f for f in findings(lot, building(box_mesh((400, -3, 0), (410, 3, top))), view,
                                     limit(Kind.HEIGHT, 100.0)) if f.check == "view_corridor"]
        assert [f.state for f in found] == [state]
        assert found[0].margin == pytest.approx(allowed - top, abs=2e-3)


def test_f30_indicators_that_cannot_all_be_used() -> None:
    lot = shapely.box(0, 0, 50, 40)
    told = [f for f in findings(lot, None, limit(Kind.FAR, 3.0), limit(Kind.COVERAGE, 0.25), limit(Kind.HEIGHT, 24.0))
            if f.check == "far_infeasible"]
    assert any("2.00" in f.reason and "36" in f.reason for f in told), [f.reason for f in told]
