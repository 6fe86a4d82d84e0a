"""Surfaces of an aerodrome against formulas written down a second time, in runway coordinates (domain B13, C11)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from lots import AUTHORITY, box_mesh, building, envelope, limit, parcel
from zonebox.geometry import solids
from zonebox.geometry.aerodrome import obstacle_surfaces, take_off_climb
from zonebox.geometry.limits import nearest_of
from zonebox.geometry.mesh import Mesh
from zonebox.geometry.overhang import Overhang
from zonebox.model import (
    Approach,
    Basin,
    Control,
    ControlEnvelope,
    Kind,
    ObstacleSurfaces,
    OuterHorizontal,
    TakeOffClimb,
    Terrain,
)
from zonebox_converters.envelopes import build_one

Floats = NDArray[np.float64]
RUNWAY_M = 3000.0
APPROACH = Approach(from_threshold_m=60.0, inner_width_m=280.0, divergence=0.15,
                    sections=((3000.0, 0.02), (3600.0, 0.025), (8400.0, 0.0)))
CODE_4 = Basin(inner_horizontal_height_m=45.0, inner_horizontal_radius_m=4000.0, conical_slope=0.05,
               conical_height_m=100.0, transitional_slope=0.143, strip_half_width_m=140.0, approach=APPROACH)
CLIMB = TakeOffClimb(from_end_m=60.0, inner_width_m=180.0, divergence=0.125, final_width_m=1800.0, length_m=15000.0,
                     slope=0.02)
OUTER = OuterHorizontal(height_m=150.0, above_ground_m=30.0, radius_m=15000.0)


def runway(level: float = 0.0, *, basin: Basin | None = CODE_4, take_off: TakeOffClimb | None = None,
           outer: OuterHorizontal | None = None) -> ObstacleSurfaces:
    """A runway from (0, 0) westwards."""
    return ObstacleSurfaces(thresholds=((0.0, 0.0, level), (-RUNWAY_M, 0.0, level)), aerodrome_m=level, basin=basin,
                            take_off=take_off, outer=outer)


def control(surface: ObstacleSurfaces, *, effect: str = "prohibit", name: str = "obstacle") -> Control:
    return Control(id=f"P/{name}", parcel="P", kind=Kind.OBSTACLE, authority=AUTHORITY, surface=surface, effect=effect)


def basin_surfaces(ends: Sequence[tuple[float, float, float]]) -> list[Overhang]:
    return obstacle_surfaces(
        thresholds=(ends[0], ends[1]), aerodrome_m=0.0, inner_height_m=45.0, inner_radius_m=4000.0, conical_slope=0.05,
        conical_height_m=100.0, transitional_slope=0.143, strip_half_width_m=140.0,
        approach=(60.0, 280.0, 0.15, APPROACH.sections))


SURFACES = basin_surfaces(((0.0, 0.0, 0.0), (-RUNWAY_M, 0.0, 0.0)))


def by_formula(x: Floats, y: Floats) -> Floats:
    """Lowest surface of a code 4 runway on [-3000, 0] at level 0: from the table of domain B13 and C11, by hand."""
    far = np.hypot(np.maximum(np.maximum(x, -RUNWAY_M - x), 0.0), y)          # distance from the runway's line
    limit = np.where(far <= 4000.0, 45.0, np.where(far <= 6000.0, 45.0 + (far - 4000.0) / 20.0, np.inf))
    out = np.maximum(x, -RUNWAY_M - x) - 60.0                                # beyond the inner edge of the nearer end
    aside = np.abs(y)
    centre = np.where(out <= 3000.0, out / 50.0, np.where(out <= 6600.0, 60.0 + (out - 3000.0) / 40.0, 150.0))
    in_approach = (out >= 0.0) & (out <= 15000.0) & (aside <= 140.0 + 0.15 * out)
    limit = np.minimum(limit, np.where(in_approach, centre, np.inf))
    beside = np.where(out >= 0.0, out / 50.0 + 0.143 * (aside - 140.0 - 0.15 * out), 0.143 * (aside - 140.0))
    here = (aside >= 140.0 + 0.15 * np.maximum(out, 0.0)) & (beside <= 45.0) & (out <= 2250.0)
    return np.asarray(np.minimum(limit, np.where(here, beside, np.inf)))


def test_f11_f34_the_tabulated_places() -> None:
    abeam = nearest_of(SURFACES, np.array([[-1500.0, r] for r in (3000, 4000, 5000, 5500, 6000, 6500)]))[0]
    assert abeam.tolist() == pytest.approx([45, 45, 95, 120, 145, math.inf])
    approach = [a for a in SURFACES if a.name == "approach"]
    ahead = nearest_of(approach, np.array([[x + 1e-9, 0.0] for x in (60, 1060, 2060, 3060, 4060, 6660, 10000)]))[0]
    assert ahead.tolist() == pytest.approx([0, 20, 40, 60, 85, 150, 150], abs=1e-8)
    half = [[1060.0, 290.0 - 1e-9], [1060.0, 290.0 + 1e-3]]                     # half the width 1000 m out
    assert np.isfinite(nearest_of(approach, np.array(half))[0]).tolist() == [True, False]
    places = [[1060.0, 400.0], [1060.0, -400.0], [1060.0, 289.9], [1060.0, 290.0 + 25.0 / 0.143], [-1000.0, 300.0]]
    found = nearest_of(SURFACES, np.array(places))[0]
    assert found.tolist() == pytest.approx([35.73, 35.73, 20.0, 45.0, 22.88], rel=1e-9)


def test_every_place_round_a_runway() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.uniform(-20000.0, 17000.0, 60000), rng.uniform(-7000.0, 7000.0, 60000)
    x[:20000], y[:20000] = rng.uniform(-6000.0, 3000.0, 20000), rng.uniform(-700.0, 700.0, 20000)
    wanted, found = by_formula(x, y), nearest_of(SURFACES, np.c_[x, y])[0]
    both = np.isfinite(wanted)
    assert (np.isfinite(found) | ~both).all()                                   # never no limit where there is one
    assert (found[both] <= wanted[both] + 1e-9).all()                           # and never above it
    assert (wanted[both] - found[both]).max() < 0.0015                          # facets of the cone hang no lower
    # a hair of ground beyond the outer rim, where circles are drawn as polygons round them
    far = np.hypot(np.maximum(np.maximum(x, -RUNWAY_M - x), 0.0), y)
    assert (np.isfinite(found) & ~both & (far > 6001.0)).sum() == 0


def test_a_turned_and_raised_runway_is_the_same_one() -> None:
    turn, shift = np.radians(33.0), np.array([500.0, -200.0])
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    points = np.random.default_rng(2).uniform(-5000.0, 5000.0, (3000, 2))
    (ax, ay), (bx, by) = np.array([[0.0, 0.0], [-RUNWAY_M, 0.0]]) @ matrix + shift
    turned = basin_surfaces(((ax, ay, 0.0), (bx, by, 0.0)))
    there, here = (nearest_of(s, p)[0] for s, p in ((turned, points @ matrix + shift), (SURFACES, points)))
    np.testing.assert_allclose(there, here, atol=2e-3)                          # facets of the cone lie elsewhere


def climb_by_formula(x: Floats, y: Floats) -> Floats:
    """Both take-off climbs: 180 m wide 60 m out, 12.5 % to each side up to 1800 m, 2 % over 15 km (domain B13)."""
    out = np.maximum(x, -RUNWAY_M - x) - 60.0
    inside = (out >= 0.0) & (out <= 15000.0) & (np.abs(y) <= np.minimum(90.0 + out / 8.0, 900.0))
    return np.where(inside, out / 50.0, np.inf)


def test_take_off_climb() -> None:
    climbs = take_off_climb(((0.0, 0.0, 0.0), (-RUNWAY_M, 0.0, 0.0)), from_end_m=60.0, inner_width_m=180.0,
                            divergence=0.125, final_width_m=1800.0, length_m=15000.0, slope=0.02)
    rng = np.random.default_rng(3)
    x, y = rng.uniform(-19000.0, 16000.0, 40000), rng.uniform(-1200.0, 1200.0, 40000)
    wanted, found = climb_by_formula(x, y), nearest_of(climbs, np.c_[x, y])[0]
    np.testing.assert_allclose(found, wanted, atol=1e-9)
    assert 0.2 < np.isfinite(wanted).mean() < 0.9


def test_a_climb_that_ends_before_it_is_widest_stays_narrower() -> None:
    climb = take_off_climb(((0.0, 0.0, 0.0), (-900.0, 0.0, 0.0)), from_end_m=30.0, inner_width_m=60.0, divergence=0.1,
                           final_width_m=380.0, length_m=1000.0, slope=0.05)[0]        # code 1 would be 1600 m long
    width = climb.plan.intersection(shapely.LineString([(1030.0 - 1e-6, -999), (1030.0 - 1e-6, 999)])).length
    assert width == pytest.approx(260.0, abs=1e-5)


def test_climb_and_approach_limit_together() -> None:
    # 6660 m out the approach lies at 150 m above the threshold, the climb at 132 m
    lot = shapely.box(6655.0, -10.0, 6665.0, 10.0)
    alone = envelope(lot, control(runway(4.0)), limit(Kind.HEIGHT, 400))
    both = envelope(lot, control(runway(4.0, take_off=CLIMB)), limit(Kind.HEIGHT, 400))
    assert alone.limit_at([[6660.0, 0.0]])[0][0] == pytest.approx(154.0)
    assert both.limit_at([[6660.0, 0.0]])[0][0] == pytest.approx(136.0)
    assert both.volume_m3 == pytest.approx(200.0 * 136.0)


def hilly(shape: shapely.Polygon, low: float, high: float) -> Terrain:
    """Ground that rises eastwards over a lot from one elevation to another."""
    x0, y0, x1, y1 = shape.bounds
    corners = [(x0 - 9, y0 - 9, low), (x1 + 9, y0 - 9, high), (x1 + 9, y1 + 9, high), (x0 - 9, y1 + 9, low)]
    rise = (high - low) / (x1 - x0)
    vertices = np.array([(x, y, low + rise * (x - x0)) for x, y, _ in corners])
    return Terrain(mesh=Mesh(vertices=vertices, triangles=np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32)),
                   source="plane", max_error_m=0.0, rms_error_m=0.0, ground_points=4)


@pytest.mark.parametrize(("ground", "top"), [(20.0, 154.0), (124.0, 154.0), (140.0, 170.0)])
def test_outer_horizontal_over_level_ground(ground: float, top: float) -> None:
    """An obstacle rises above 150 m over the aerodrome, here at 4 m, and above 30 m over its own ground."""
    lot = shapely.box(9000.0, 3000.0, 9020.0, 3020.0)
    e = envelope(lot, control(runway(4.0, basin=None, outer=OUTER)), limit(Kind.HEIGHT_ABSOLUTE, 500.0), ground=ground)
    assert e.top_m == pytest.approx(top)
    assert e.volume_m3 == pytest.approx(400.0 * (top - ground))
    gone = envelope(shapely.box(15100.0, 0.0, 15120.0, 20.0), control(runway(4.0, basin=None, outer=OUTER)),
                    limit(Kind.HEIGHT_ABSOLUTE, 500.0))
    assert gone.ceilings == ()


def test_outer_horizontal_on_a_hillside() -> None:
    """Ground from 100 to 140 m: 154 m governs up to where the ground stands at 124 m, then 30 m over the ground."""
    lot = shapely.box(9000.0, 3000.0, 9040.0, 3020.0)
    ground = hilly(lot, 100.0, 140.0)
    e = build_one(parcel(lot, None), (control(runway(4.0, basin=None, outer=OUTER)),
                                      limit(Kind.HEIGHT_ABSOLUTE, 500.0)), ground.index, terrain=ground)
    assert e is not None
    at = e.limit_at([[9000.0 + s, 3010.0] for s in (1.0, 23.9, 24.1, 30.0, 39.0)])[0]
    assert at.tolist() == pytest.approx([154.0, 154.0, 154.1, 160.0, 169.0])
    body = solids.solid_of(e.solid)
    for z, reach in ((153.0, 0.0), (160.0, 30.0), (169.0, 39.0)):
        assert body.slice(z).area() == pytest.approx(20.0 * (40.0 - reach), rel=1e-9)


def test_several_runways_leave_what_all_of_them_do() -> None:
    one = runway(4.0)
    across = ObstacleSurfaces(thresholds=((-1500.0, -1500.0, 6.0), (-1500.0, 1500.0, 6.0)), aerodrome_m=6.0,
                              basin=CODE_4)
    lot = shapely.box(-1400.0, 350.0, -1300.0, 450.0)
    places = np.random.default_rng(4).uniform([-1400.0, 350.0], [-1300.0, 450.0], (500, 2))
    apart = [envelope(lot, control(s), limit(Kind.HEIGHT, 99.0)).limit_at(places)[0] for s in (one, across)]
    both = envelope(lot, control(one), control(across, name="second"), limit(Kind.HEIGHT, 99.0))
    np.testing.assert_allclose(both.limit_at(places)[0], np.minimum(*apart))
    assert {"P/obstacle", "P/second"} <= set(both.face_names)


def test_g3_an_aerodrome_takes_what_a_plan_promised() -> None:
    # r = 5000 m, ground 50.0, aerodrome 4.0 -> absolute 99.0: 49 m usable of the 60 m promised
    lot = shapely.box(-1510, 4990, -1490, 5000)
    e = envelope(lot, limit(Kind.HEIGHT, 60), control(runway(4.0)), ground=50.0)
    at = e.limit_at([[-1500.0, 5000.0]])[0][0]
    assert at == pytest.approx(99.0, rel=1e-9)
    assert e.removed_m3["P/obstacle"] == pytest.approx(20 * 10 * (11.0 + 0.05 * 5.0), rel=1e-6)


def to_study(*more: Control) -> ControlEnvelope:
    lot = shapely.box(-1510, 4990, -1490, 5000)
    return envelope(lot, limit(Kind.HEIGHT, 60), control(runway(4.0), effect="trigger_study"), *more, ground=50.0)


def test_a_surface_to_study_takes_nothing() -> None:
    e = to_study()
    assert e.volume_m3 == pytest.approx(200 * 60)
    assert e.limit_at([[-1500.0, 5000.0]])[0][0] == pytest.approx(110.0)
    assert e.ceilings == ()
    assert [c.control for c in e.studies] == ["P/obstacle"]
    assert e.studies[0].limit_at(np.array([[-1500.0, 5000.0]]))[0] == pytest.approx(99.0)
    assert "P/obstacle" not in e.removed_m3
    cut = to_study(control(runway(4.0), name="also"))
    assert [c.control for c in cut.ceilings] == ["P/also"]
    assert cut.volume_m3 == pytest.approx(200 * (60 - 11.25))


def test_what_rises_above_a_surface_to_study_is_reported() -> None:
    from checks.test_against_closed_forms import check
    from zonebox.model import State

    lot = shapely.box(-1510, 4990, -1490, 5000)
    rules = (limit(Kind.HEIGHT, 60), control(runway(-46.0), effect="trigger_study"))    # 48.5 to 49 m over the lot
    tall = check(lot, building(box_mesh((-1505, 4992, 0), (-1495, 4998, 55))), *rules)
    (found,) = [f for f in tall.values() if f.check == "obstacle"]
    assert found.state is State.MARGINAL
    assert found.margin == pytest.approx(48.6 - 55.0, abs=1e-6)
    assert "for its authority to study" in found.reason
    assert all(f.state is State.PASS for f in tall.values() if f.check in {"height", "containment"})
    low = check(lot, building(box_mesh((-1505, 4992, 0), (-1495, 4998, 40))), *rules)
    assert [f.state for f in low.values() if f.check == "obstacle"] == [State.PASS]
