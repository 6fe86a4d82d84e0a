"""Every kind of control against the closed forms of the codes it comes from."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, Polygon

from lots import AUTHORITY, envelope, limit, parcel, rule
from zonebox.geometry import profile, solids
from zonebox.geometry.edgewise import Corner
from zonebox.geometry.limits import nearest_of, obstacle_surfaces
from zonebox.geometry.mesh import Mesh, volume_m3
from zonebox.model import (
    Approach,
    Control,
    ControlEnvelope,
    Datum,
    EdgeSelector,
    FresnelLink,
    Kind,
    ObstacleSurfaces,
    Parcel,
    SetbackTable,
    Slant,
    SolarFence,
    Terrain,
    ViewCorridor,
)
from zonebox_converters.envelopes import build_one

LOT_50_40 = shapely.box(0, 0, 50, 40)
HANGZHOU = SetbackTable(
    road_widths=(20, 40, math.inf), heights=(10, 24, math.inf), distances_m=((3, 5, 5), (5, 8, 8), (8, 10, 10)),
    multipliers=((2, ((50, 1.0), (75, 1.2), (100, 1.4), (200, 1.6), (math.inf, 1.8))),))
CODE_4 = {"inner_horizontal_height_m": 45.0, "inner_horizontal_radius_m": 4000.0, "conical_slope": 0.05,
          "conical_height_m": 100.0, "transitional_slope": 0.143, "strip_half_width_m": 140.0}
APPROACH = Approach(from_threshold_m=60.0, inner_width_m=280.0, divergence=0.15,
                    sections=((3000.0, 0.02), (3600.0, 0.025), (8400.0, 0.0)))


def control(kind: Kind, **values: object) -> Control:
    return Control(id=f"P/{kind.value}", parcel="P", kind=kind, authority=AUTHORITY, **values)  # type: ignore[arg-type]


def with_roads(shape: Polygon, width: float, *controls: Control, ground: float = 0.0) -> ControlEnvelope:
    plain = parcel(shape, ground)
    edges = tuple(type(e)(index=e.index, role=e.role, chain=e.chain, reason="", confidence=1.0,
                          road_width_m=width if e.role == "front" else None) for e in plain.edges)
    made = build_one(Parcel(id="P", shape=shape, edges=edges, design_ground_m=ground), controls, None)
    assert made is not None
    return made


def test_f2_coverage_and_height_bind_before_far() -> None:
    e = envelope(LOT_50_40, rule("front", profile.fixed(5), "front"), rule("rear", profile.fixed(4), "rear"),
                 rule("side", profile.fixed(3), "side"), limit(Kind.HEIGHT, 24), limit(Kind.FAR, 2.5),
                 limit(Kind.COVERAGE, 0.30))
    assert e.capacity is not None
    assert (e.capacity.storeys, e.capacity.binding) == (8, "height")
    assert e.capacity.floor_area_m2 == pytest.approx(4800.0)
    assert e.capacity.far == pytest.approx(2.40)


def test_f6_storeys_in_a_tapering_envelope() -> None:
    tapering = rule("p", profile.proportional(0.4, 3), kind=Kind.PROPORTIONAL)
    e = envelope(shapely.box(0, 0, 30, 30), tapering, limit(Kind.HEIGHT, 15))
    assert e.capacity is not None
    assert e.capacity.plates_m2 == pytest.approx((576.0, 576.0, 519.84, 416.16, 324.0), rel=1e-3)
    assert e.capacity.far_max == pytest.approx(2.68, rel=1e-3)
    assert 3 * sum(e.capacity.plates_m2) <= e.volume_m3
    limited = envelope(shapely.box(0, 0, 30, 30), tapering, limit(Kind.HEIGHT, 15), limit(Kind.FAR, 2.0)).capacity
    assert limited is not None
    assert (limited.storeys, limited.binding) == (4, "far")
    assert limited.plates_m2[3] == pytest.approx(128.16, rel=2e-3)
    assert limited.floor_area_m2 == pytest.approx(1800.0)


@pytest.mark.parametrize(("own", "volume", "limits"), [
    (0.0, 5150.0, {0: 7.5, 5: 13.75, 10: 20.0, 14: 25.0}), (2.0, 5550.0, {2: 12.5, 10: 22.5, 12: 25.0}),
])
def test_f8_road_slant_gains_by_setting_back(own: float, volume: float, limits: dict[float, float]) -> None:
    slant = control(Kind.ROAD_SLANT, slant=Slant(slope=1.25, own_setback_m=own, applicable_m=20.0),
                    edges=EdgeSelector(roles=("front",)))
    e = with_roads(shapely.box(0, 0, 20, 15), 6.0, slant, limit(Kind.HEIGHT, 30))
    assert e.volume_m3 == pytest.approx(volume, rel=1e-9)
    at = e.limit_at([[10.0, y - (1e-7 if y in (12, 14) else 0.0)] for y in limits])[0]
    assert at.tolist() == pytest.approx(list(limits.values()), abs=1e-5)


def test_a_slant_without_a_road_width_is_told_not_guessed() -> None:
    e = envelope(shapely.box(0, 0, 20, 15), control(Kind.ROAD_SLANT, slant=Slant(slope=1.25)), limit(Kind.HEIGHT, 30))
    assert any("has no width" in note for note in e.notes)


@pytest.mark.parametrize("turn", [0.0, 20.0, -35.0])
def test_north_slant_measures_due_true_north(turn: float) -> None:
    lot = shapely.affinity.rotate(shapely.box(-10, -10, 10, 10), turn, origin=(0, 0))
    e = envelope(lot, control(Kind.NORTH_SLANT, slant=Slant(slope=1.25, base_m=5.0)), limit(Kind.HEIGHT, 40))
    for point in ([0.0, 0.0], [1.0, -3.0], [-2.0, 2.0]):
        ray = LineString([point, [point[0], point[1] + 100.0]]).intersection(lot)
        assert e.limit_at([point])[0][0] == pytest.approx(5.0 + 1.25 * ray.length, abs=1e-6)


def test_compass_sectors_follow_true_north() -> None:
    chosen = control(Kind.SETBACK, profile=profile.fixed(4.0), edges=EdgeSelector(sector_deg=(315.0, 45.0)))
    made = build_one(parcel(LOT_50_40), (chosen, limit(Kind.HEIGHT, 10)), None)
    turned = build_one(parcel(LOT_50_40), (chosen, limit(Kind.HEIGHT, 10)), None, convergence_deg=-50.0)
    assert made is not None
    assert turned is not None
    assert made.footprint_m2 == pytest.approx(50 * 36)       # the northern edge
    assert turned.footprint_m2 == pytest.approx(46 * 40)     # the eastern edge now bears 40 degrees


def test_f25_f33_setbacks_by_class_of_total_height() -> None:
    assert [HANGZHOU.distance_m(30, h) for h in (9, 20, 30, 60, 90, 150)] == pytest.approx([5, 8, 8, 9.6, 11.2, 12.8])
    by_class = control(Kind.SETBACK_CLASS, table=HANGZHOU, edges=EdgeSelector(roles=("front",)))
    e = with_roads(shapely.box(0, 0, 40, 60), 30.0, by_class, limit(Kind.HEIGHT, 100))
    assert e.volume_m3 == pytest.approx(204_400.0, rel=1e-9)
    assert max(c.volume_m3 for c in e.family) == pytest.approx(195_200.0, rel=1e-9)
    assert [c.height_m for c in e.family] == [10, 24, 50, 75, 100]
    sliced = with_roads(shapely.box(0, 0, 40, 60), 30.0, limit(Kind.HEIGHT, 100), rule(
        "slice", profile.tiers(((0.0, 5.0), (10.0, 8.0), (50.0, 9.6), (75.0, 11.2))), "front"))
    assert sliced.volume_m3 == pytest.approx(e.volume_m3)
    assert sliced.family == ()


def sloped_ground(shape: Polygon, slope: float) -> Terrain:
    x0, y0, x1, y1 = shape.buffer(20.0).bounds
    xs, ys = np.meshgrid(np.linspace(x0, x1, 9), np.linspace(y0, y1, 8))
    v = np.c_[xs.ravel(), ys.ravel(), slope * xs.ravel()]
    from scipy.spatial import Delaunay

    return Terrain(mesh=Mesh(vertices=v, triangles=Delaunay(v[:, :2]).simplices.astype(np.int32)), source="plane",
                   max_error_m=0.0, rms_error_m=0.0, ground_points=len(v))


def test_f27_flat_and_terrain_following_caps_on_a_slope() -> None:
    setbacks = (rule("front", profile.fixed(5), "front"), rule("rear", profile.fixed(4), "rear"),
                rule("side", profile.fixed(3), "side"))
    ground = sloped_ground(LOT_50_40, 0.1)
    flat_cap = Control(id="P/cap", parcel="P", kind=Kind.HEIGHT, limit=24.0, datum=Datum.AVERAGE, authority=AUTHORITY)
    following = Control(id="P/cap", parcel="P", kind=Kind.HEIGHT, limit=24.0, datum=Datum.TERRAIN_FOLLOWING,
                        authority=AUTHORITY)
    flat = build_one(parcel(LOT_50_40, None), (*setbacks, flat_cap), ground.index, terrain=ground)
    lifted = build_one(parcel(LOT_50_40, None), (*setbacks, following), ground.index, terrain=ground)
    assert flat is not None
    assert lifted is not None
    assert flat.top_m == pytest.approx(26.5)
    assert [26.5 - 0.1 * x for x in (3, 47)] == pytest.approx([26.2, 21.8])
    places = np.array([[3.0, 20.0], [25.0, 20.0], [47.0, 20.0]])
    assert flat.limit_at(places)[0].tolist() == pytest.approx([26.5] * 3)
    assert lifted.limit_at(places)[0].tolist() == pytest.approx([24.3, 26.5, 28.7])
    under = solids.prism(LOT_50_40, -50.0, 2.5)
    for e in (flat, lifted):                                 # the volume over the true ground: 24 m on 1364 m2
        body = solids.solid_of(e.solid)
        wedge = solids.mesh_of(body - under)
        assert volume_m3(wedge) == pytest.approx(24 * 1364, rel=1e-6)


@pytest.mark.parametrize(("datum", "top"), [
    (Datum.LOWEST, 10.0), (Datum.HIGHEST, 15.0), (Datum.AVERAGE, 12.5), (Datum.DESIGN_GROUND, 12.5), (Datum.CURB, 12.5),
])
def test_each_ground_reference(datum: Datum, top: float) -> None:
    ground = sloped_ground(LOT_50_40, 0.1)
    cap = Control(id="P/cap", parcel="P", kind=Kind.HEIGHT, limit=10.0, datum=datum, authority=AUTHORITY)
    made = build_one(parcel(LOT_50_40, None), (cap,), ground.index, terrain=ground)
    assert made is not None
    assert made.caps[0].top_m == pytest.approx(top)


def test_a_plane_on_sloping_boundary_ground_slopes_with_it() -> None:
    ground = sloped_ground(LOT_50_40, 0.1)
    plane = rule("plane", profile.recession(2.5, 45), "front", kind=Kind.RECESSION, datum=Datum.BOUNDARY_GROUND)
    made = build_one(parcel(LOT_50_40, None), (plane, limit(Kind.HEIGHT_ABSOLUTE, 60.0)), ground.index, terrain=ground)
    assert made is not None
    assert made.limit_at([[10.0, 4.0], [40.0, 4.0]])[0].tolist() == pytest.approx([7.5, 10.5])


def test_without_terrain_a_terrain_rule_is_told_not_taken_as_zero() -> None:
    following = Control(id="P/cap", parcel="P", kind=Kind.HEIGHT, limit=24.0, datum=Datum.TERRAIN_FOLLOWING,
                        authority=AUTHORITY)
    assert any("no terrain" in note for note in envelope(LOT_50_40, following).notes)
    assert build_one(parcel(LOT_50_40, None), (limit(Kind.HEIGHT, 24),), None) is None


def test_storeys_times_their_height() -> None:
    e = envelope(LOT_50_40, control(Kind.STOREYS, limit=6.0, storey_height_m=3.3), ground=5.0)
    assert e.top_m == pytest.approx(5.0 + 19.8)


def test_a_height_zone_cuts_the_parcel() -> None:
    low = control(Kind.HEIGHT, limit=9.0, zone=shapely.box(-10, -10, 20, 100))
    e = envelope(LOT_50_40, low, limit(Kind.HEIGHT_ABSOLUTE, 24.0))
    assert e.volume_m3 == pytest.approx(20 * 40 * 9 + 30 * 40 * 24)
    assert e.limit_at([[10.0, 20.0], [30.0, 20.0]])[0].tolist() == [9.0, 24.0]


def test_no_build_ground_and_setbacks_from_drawn_lines() -> None:
    river = shapely.box(40, -10, 60, 60)
    e = envelope(LOT_50_40, control(Kind.NO_BUILD, zone=river), limit(Kind.HEIGHT, 10))
    assert e.volume_m3 == pytest.approx(40 * 40 * 10)
    assert np.isneginf(e.limit_at([[45.0, 20.0]])[0][0])
    line = LineString([(60, -100), (60, 100)])
    tiered = control(Kind.SETBACK, profile=profile.tiers(((0.0, 15.0), (6.0, 25.0))), line=line)
    e = envelope(LOT_50_40, tiered, limit(Kind.HEIGHT, 10))
    assert e.volume_m3 == pytest.approx(45 * 40 * 6 + 35 * 40 * 4, rel=1e-4)
    assert e.volume_m3 <= 45 * 40 * 6 + 35 * 40 * 4


def test_underground_envelope_narrows_with_depth() -> None:
    dig = control(Kind.UNDERGROUND, profile=profile.proportional(0.7, 3.0), limit=-10.0)
    e = envelope(LOT_50_40, dig, limit(Kind.HEIGHT, 10))
    assert e.underground is not None
    knee = 3.0 / 0.7

    def prismatoid(a: float, b: float, h: float) -> float:
        low, middle, high = ((50 - 2 * s) * (40 - 2 * s) for s in (a, (a + b) / 2, b))
        return h / 6 * (low + 4 * middle + high)

    expected = (50 - 6) * (40 - 6) * knee + prismatoid(3.0, 7.0, 10.0 - knee)
    assert volume_m3(e.underground) == pytest.approx(expected, rel=1e-9)
    assert e.underground.bounds[:, 2].tolist() == pytest.approx([-10.0, 0.0])
    assert e.volume_m3 == pytest.approx(2000 * 10)


def test_corner_treatments_of_the_l_lot() -> None:
    lot = Polygon([(0, 0), (40, 0), (40, 20), (20, 20), (20, 40), (0, 40)])
    areas = {}
    for corner in Corner:
        keep = control(Kind.SETBACK, profile=profile.fixed(3.0), corner=corner)
        areas[corner] = envelope(lot, keep, limit(Kind.HEIGHT, 10)).footprint_m2
    assert areas[Corner.MITRE] == pytest.approx(756.0, rel=1e-6)
    assert areas[Corner.PARALLEL] == pytest.approx(757.931417, rel=1e-6)
    assert areas[Corner.RADIAL] == pytest.approx(757.931417, rel=1e-6)


def test_an_obtuse_corner_parallel_runs_on_and_radial_rounds() -> None:
    lot = Polygon([(0, 0), (30, 0), (45, 20), (45, 40), (0, 40)])
    areas = {}
    for corner in (Corner.PARALLEL, Corner.RADIAL):
        keep = control(Kind.SETBACK, profile=profile.fixed(8.0), corner=corner, edges=EdgeSelector(roles=("front",)))
        areas[corner] = envelope(lot, keep, limit(Kind.HEIGHT, 10)).footprint_m2
    assert areas[Corner.PARALLEL] == pytest.approx(lot.intersection(shapely.box(-1, 8, 99, 99)).area, rel=1e-9)
    front = LineString([(0, 0), (30, 0)])
    assert areas[Corner.RADIAL] == pytest.approx(lot.difference(front.buffer(8.0, quad_segs=512)).area, rel=1e-5)
    assert areas[Corner.RADIAL] > areas[Corner.PARALLEL]


def code_4(aerodrome: float = 0.0, at: tuple[float, float] = (0.0, 0.0)) -> ObstacleSurfaces:
    x, y = at
    return ObstacleSurfaces(thresholds=((x, y, aerodrome), (x - 3000.0, y, aerodrome)), aerodrome_m=aerodrome,
                            approach=APPROACH, **CODE_4)


def test_f11_f34_obstacle_limitation_surfaces() -> None:
    s = code_4()
    surfaces = obstacle_surfaces(
        thresholds=s.thresholds, aerodrome_m=0.0, inner_height_m=45.0, inner_radius_m=4000.0, conical_slope=0.05,
        conical_height_m=100.0, transitional_slope=0.143, strip_half_width_m=140.0,
        approach=(60.0, 280.0, 0.15, APPROACH.sections))
    abeam = nearest_of(surfaces, np.array([[-1500.0, r] for r in (3000, 4000, 5000, 5500, 6000, 6500)]))[0]
    assert abeam.tolist() == pytest.approx([45, 45, 95, 120, 145, math.inf])
    approach = [a for a in surfaces if a.name == "approach"]
    ahead = nearest_of(approach, np.array([[x + 1e-6, 0.0] for x in (60, 1060, 2060, 3060, 4060, 6660, 10000)]))[0]
    assert ahead.tolist() == pytest.approx([0, 20, 40, 60, 85, 150, 150], abs=1e-5)
    beside = nearest_of(surfaces, np.array([[1060.0, 400.0], [1060.0, -400.0], [1060.0, 289.9], [1060.0, 464.9]]))[0]
    assert beside.tolist() == pytest.approx([35.73, 35.73, 20.0, 45.0], abs=1e-2)
    strip = nearest_of(surfaces, np.array([[-1000.0, 300.0]]))[0]
    assert strip[0] == pytest.approx(22.88)


def test_the_cone_is_never_above_the_true_one() -> None:
    s = code_4()
    surfaces = obstacle_surfaces(
        thresholds=s.thresholds, aerodrome_m=0.0, inner_height_m=45.0, inner_radius_m=4000.0, conical_slope=0.05,
        conical_height_m=100.0, transitional_slope=0.143, strip_half_width_m=140.0,
        approach=(60.0, 280.0, 0.15, APPROACH.sections))
    cones = [c for c in surfaces if c.name == "conical"]
    angle, r = np.linspace(-1.5, 1.5, 400), np.linspace(4010, 5990, 400)
    points = np.c_[r * np.cos(angle), r * np.sin(angle)]
    true = 45.0 + 0.05 * (r - 4000.0)
    found = nearest_of(cones, points)[0]
    assert (found <= true + 1e-9).all()
    assert (true - found).max() < 0.05


def test_g3_an_aerodrome_takes_what_a_plan_promised() -> None:
    # r = 5000 m, ground 50.0, aerodrome 4.0 -> absolute 99.0: 49 m usable of the 60 m promised
    lot = shapely.box(-1510, 4990, -1490, 5000)
    e = envelope(lot, limit(Kind.HEIGHT, 60), control(Kind.OBSTACLE, surface=code_4(4.0)), ground=50.0)
    at = e.limit_at([[-1500.0, 4999.999]])[0][0]
    assert at == pytest.approx(99.0, abs=0.01)
    assert at - 50.0 - 60.0 == pytest.approx(-11.0, abs=0.01)
    assert e.removed_m3["P/obstacle"] == pytest.approx(20 * 10 * (11.0 + 0.05 * 5.0), rel=1e-3)


def test_f19_view_corridor() -> None:
    lot = shapely.box(390, -10, 400, 10)
    for target, expected in ((60.0, 30.96), (30.0, 18.96)):
        view = ViewCorridor(eye=((0, -5, 11.6), (0, 5, 11.6)), target=((1000, -20, target), (1000, 20, target)))
        e = envelope(lot, control(Kind.VIEW_CORRIDOR, surface=view), limit(Kind.HEIGHT, 100))
        assert e.limit_at([[400.0, 0.0]])[0][0] == pytest.approx(expected)


def test_f20_radio_link_keeps_its_tube_clear_on_the_strict_side() -> None:
    lot = shapely.box(4990, -3, 5010, 3)
    link = FresnelLink(ends=((0, 0, 100.0), (20000, 0, 100.0)), frequency_ghz=6.0)
    e = envelope(lot, control(Kind.FRESNEL, surface=link), limit(Kind.HEIGHT, 120))
    exact = 100.0 - 4.412 - 8.216
    assert exact - 0.15 <= e.limit_at([[5000.0, 0.0]])[0][0] <= exact


def test_f35_solar_envelope_at_noon() -> None:
    lot = shapely.box(0, 0, 20, 30)
    for altitude, at_20 in ((26.66, 10.0415), (29.9, 11.5005)):
        a = math.radians(altitude)
        fence = SolarFence(edges=(((0.0, 30.0, 0.0), (20.0, 30.0, 0.0)),), fence_m=0.0,
                           suns=((0.0, -math.cos(a), math.sin(a)),))
        e = envelope(lot, control(Kind.SOLAR, surface=fence), limit(Kind.HEIGHT, 50))
        assert e.limit_at([[10.0, 10.0]])[0][0] == pytest.approx(at_20, abs=1e-4)
        assert e.volume_m3 == pytest.approx(9000 * math.tan(a), rel=1e-6)


def test_f30_a_plan_that_contradicts_itself() -> None:
    e = envelope(shapely.box(0, 0, 50, 40), limit(Kind.HEIGHT, 24), limit(Kind.FAR, 3.0), limit(Kind.COVERAGE, 0.25))
    assert e.capacity is not None
    assert e.capacity.far_max == pytest.approx(2.0)
    assert e.capacity.binding == "height"


def test_a_superseded_control_is_listed_and_cuts_nothing() -> None:
    old = Control(id="P/old", parcel="P", kind=Kind.HEIGHT, limit=9.0, authority=AUTHORITY, superseded_by="P/new")
    new = Control(id="P/new", parcel="P", kind=Kind.HEIGHT, limit=24.0, authority=AUTHORITY, overrides=("old",))
    e = envelope(LOT_50_40, old, new)
    assert e.top_m == pytest.approx(24.0)
    assert e.superseded == ("P/old",)
