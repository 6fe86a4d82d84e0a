"""Every kind of control against the closed forms of the codes it comes from."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, Polygon

from lots import AUTHORITY, envelope, limit, parcel, rule
from zonebox.errors import GeometryError
from zonebox.geometry import profile, solids
from zonebox.geometry.edgewise import Corner
from zonebox.geometry.mesh import Mesh, volume_m3
from zonebox.model import (
    Control,
    ControlEnvelope,
    Datum,
    EdgeSelector,
    FresnelLink,
    Kind,
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
    assert e.capacity.plates_m2 == pytest.approx((576.0, 576.0, 519.84, 416.16, 324.0), rel=1e-6)
    assert e.capacity.far_max == pytest.approx(2.68, rel=1e-6)
    assert 3 * sum(e.capacity.plates_m2) <= e.volume_m3
    limited = envelope(shapely.box(0, 0, 30, 30), tapering, limit(Kind.HEIGHT, 15), limit(Kind.FAR, 2.0)).capacity
    assert limited is not None
    assert (limited.storeys, limited.binding) == (4, "far")
    assert limited.plates_m2[3] == pytest.approx(128.16, rel=1e-6)
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
    assert e.volume_m3 == pytest.approx(45 * 40 * 6 + 35 * 40 * 4, rel=1e-9)
    round_a_place = Control(id="P/r", parcel="P", kind=Kind.SETBACK, profile=profile.fixed(10.0), authority=AUTHORITY,
                            line=LineString([(25, 20), (25, 20.0001)]))
    e = envelope(LOT_50_40, round_a_place, limit(Kind.HEIGHT, 10))
    assert 0.0 <= 2000 - math.pi * 100 - 0.0001 * 20 - e.footprint_m2 < 0.02


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
    exact = 100.0 - 5 * 15 / (12.75 * 4 / 3) - 0.6 * 17.32 * math.sqrt(5 * 15 / (6 * 20))
    assert exact == pytest.approx(100.0 - 4.412 - 8.216, abs=1e-3)
    assert exact - 0.002 <= e.limit_at([[5000.0, 0.0]])[0][0] <= exact
    radius, axis = 0.6 * 17.32 * math.sqrt(5 * 15 / 120), 100.0 - 5 * 15 / 17.0
    y = np.linspace(-2.9, 2.9, 59)
    aside = axis - np.sqrt(radius**2 - y**2)
    below = aside - e.limit_at(np.c_[np.full(59, 5000.0), y])[0]
    assert (below >= 0.0).all()
    assert below.max() < 0.012                              # facets of the tube and chords between its stations


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


def test_edge_rules_of_a_zone_hold_in_the_zone_alone() -> None:
    """5 m all round in the west, 2 m in the east: (20 by 30 + 23 by 36) by 10 m."""
    west, east = shapely.box(-9, -9, 25, 60), shapely.box(25, -9, 90, 60)
    five = Control(id="P/a", parcel="P", kind=Kind.SETBACK, profile=profile.fixed(5.0), zone=west, authority=AUTHORITY)
    two = Control(id="P/b", parcel="P", kind=Kind.SETBACK, profile=profile.fixed(2.0), zone=east, authority=AUTHORITY)
    e = envelope(LOT_50_40, five, two, limit(Kind.HEIGHT, 10))
    assert e.volume_m3 == pytest.approx(14_280.0, rel=1e-9)
    at = e.limit_at([[4.0, 20.0], [6.0, 20.0], [20.0, 4.0], [30.0, 4.0], [30.0, 1.0], [49.0, 20.0]])[0]
    assert at.tolist() == [-math.inf, 10.0, -math.inf, 10.0, -math.inf, -math.inf]
    plane = Control(id="P/c", parcel="P", kind=Kind.RECESSION, profile=profile.recession(2.5, 45), zone=east,
                    authority=AUTHORITY, edges=EdgeSelector(roles=("front",)))
    e = envelope(LOT_50_40, plane, limit(Kind.HEIGHT, 10))
    assert e.volume_m3 == pytest.approx(20_000.0 - 25 * 7.5**2 / 2, rel=1e-9)


@pytest.mark.parametrize("kind", [Kind.ROAD_SLANT, Kind.NORTH_SLANT, Kind.SETBACK_CLASS])
def test_every_rule_on_edges_keeps_to_its_zone(kind: Kind) -> None:
    one_class = SetbackTable(road_widths=(math.inf,), heights=(math.inf,), distances_m=((4.0,),))
    said: dict[str, object] = {"table": one_class} if kind is Kind.SETBACK_CLASS else {
        "slant": Slant(slope=1.25, base_m=2.0)}
    zone = shapely.box(25, -9, 90, 60)
    whole, part = (with_roads(LOT_50_40, 6.0, control(kind, zone=where, **said), limit(Kind.HEIGHT, 30))
                   for where in (None, zone))
    west = part.limit_at([[10.0, 2.0], [10.0, 38.0]])[0]
    assert west.tolist() == [30.0, 30.0]
    places = np.random.default_rng(1).uniform([25.1, 0.1], [49.9, 39.9], (400, 2))
    np.testing.assert_allclose(part.limit_at(places)[0], whole.limit_at(places)[0])
    assert part.volume_m3 > whole.volume_m3


def test_underground_and_drawn_lines_keep_to_their_zone() -> None:
    zone = shapely.box(25, -9, 90, 60)
    dig = control(Kind.UNDERGROUND, profile=profile.fixed(3.0), limit=-10.0, zone=zone)
    e = envelope(LOT_50_40, dig, limit(Kind.HEIGHT, 10))
    assert e.underground is not None
    assert volume_m3(e.underground) == pytest.approx(10 * (25 * 40 + 22 * 34), rel=1e-9)
    line = control(Kind.SETBACK, profile=profile.fixed(6.0), line=LineString([(-99, 0), (99, 0)]), zone=zone)
    e = envelope(LOT_50_40, line, limit(Kind.HEIGHT, 10))
    assert e.volume_m3 == pytest.approx(10 * (25 * 40 + 25 * 34), rel=1e-9)


def test_a_terrain_following_cap_of_a_zone() -> None:
    ground = sloped_ground(LOT_50_40, 0.1)
    low = Control(id="P/low", parcel="P", kind=Kind.HEIGHT, limit=6.0, datum=Datum.TERRAIN_FOLLOWING,
                  zone=shapely.box(-9, -9, 20, 60), authority=AUTHORITY)
    e = build_one(parcel(LOT_50_40, None), (low, limit(Kind.HEIGHT_ABSOLUTE, 20.0)), ground.index, terrain=ground)
    assert e is not None
    assert e.limit_at([[10.0, 20.0], [30.0, 20.0]])[0].tolist() == pytest.approx([7.0, 20.0])
    body = solids.solid_of(e.solid)
    assert body.slice(10.0).area() == pytest.approx(30 * 40)
    assert body.slice(7.0).area() == pytest.approx(40 * 40)


@pytest.mark.parametrize(("eye", "target", "margin", "places", "limits"), [
    # one eye, one target, a margin: z_P + (z_T - z_P) |q-P| / |T-P| (domain A12), F19
    ([(0, 0, 11.6)], [(1000, 0, 60.0)], 10.0, [(400, 0), (400, 9.9), (400, 10.1)], [30.96, 30.96, math.inf]),
    ([(0, 0, 11.6)], [(1000, 0, 30.0)], 10.0, [(400, 0)], [18.96]),
    # one eye and two targets: a fan
    ([(0, 0, 11.6)], [(1000, -50, 60.0), (1000, 50, 60.0)], 0.0, [(400, 0), (400, 19.9), (400, 20.1)],
     [30.96, 30.96, math.inf]),
    # two eyes and one target
    ([(0, -50, 11.6), (0, 50, 11.6)], [(1000, 0, 60.0)], 0.0, [(400, 0), (400, 29.9), (400, 30.1)],
     [30.96, 30.96, math.inf]),
    # a part of the target that lies in line with the eye adds nothing
    ([(0, 0, 11.6)], [(900, 0, 60.0), (1000, 0, 60.0), (1000, 50, 60.0)], 0.0, [(400, 10)], [30.96]),
    # a level corridor of 20 m
    ([(380, -99, 12.0)], [(380, 99, 12.0)], 10.0, [(389, 0), (391, 0)], [12.0, math.inf]),
])
def test_corridors_of_points(eye: list[tuple[float, float, float]], target: list[tuple[float, float, float]],
                             margin: float, places: list[tuple[float, float]], limits: list[float]) -> None:
    lot = shapely.box(380, -60, 420, 60)
    view = ViewCorridor(eye=tuple(eye), target=tuple(target), margin_m=margin)
    e = envelope(lot, control(Kind.VIEW_CORRIDOR, surface=view), limit(Kind.HEIGHT, 100))
    wanted = [min(v, 100.0) for v in limits]
    assert e.limit_at(places)[0].tolist() == pytest.approx(wanted, rel=1e-9)
    body = solids.solid_of(e.solid)
    for (x, y), top in zip(places, wanted, strict=True):
        column = body ^ solids.prism(shapely.box(x - 0.01, y - 0.01, x + 0.01, y + 0.01), 0.0, 200.0)
        assert column.bounding_box()[5] == pytest.approx(top, abs=1e-3)


def test_a_corridor_without_width_is_one_sentence() -> None:
    view = ViewCorridor(eye=((0, 0, 11.6),), target=((1000, 0, 60.0),))
    with pytest.raises(GeometryError, match="a view corridor whose eye and target lie over one line needs a margin"):
        envelope(LOT_50_40, control(Kind.VIEW_CORRIDOR, surface=view), limit(Kind.HEIGHT, 100))


def test_no_build_ground_that_takes_all_is_the_reason() -> None:
    whole = control(Kind.NO_BUILD, zone=shapely.box(-9, -9, 99, 99))
    e = envelope(LOT_50_40, whole, limit(Kind.HEIGHT, 10))
    assert e.empty is not None
    assert e.empty.controls == ("P/no_build",)
    assert e.empty.reason == "nothing may stand on the ground: of 2000 m² P/no_build 2000 m²"
    most = control(Kind.NO_BUILD, zone=shapely.box(-9, -9, 99, 36))
    e = envelope(LOT_50_40, most, limit(Kind.HEIGHT, 10), rule("rear", profile.fixed(5.0), "rear"))
    assert e.empty is not None
    assert e.empty.controls == ("P/no_build", "P/rear")
    assert "of 2000 m² P/no_build 1800 m²; the setbacks take the rest" in e.empty.reason


def test_where_ceilings_leave_a_part_without_a_height_that_is_told() -> None:
    river = shapely.box(40, -10, 60, 60)
    e = envelope(LOT_50_40, control(Kind.NO_BUILD, zone=river))
    assert any("no height limit on 1600 m² of parcel P" in note for note in e.notes)
    assert not any("no height limit" in n for n in envelope(LOT_50_40, control(Kind.NO_BUILD, zone=river),
                                                            limit(Kind.HEIGHT, 9)).notes)


def test_rules_of_a_zone_among_many_lots() -> None:
    """Lots that are cut together keep to zones as one alone does."""
    from zonebox_converters.envelopes.bulk import build_many

    west = Control(id="P/a", parcel="P", kind=Kind.SETBACK, profile=profile.fixed(5.0), authority=AUTHORITY,
                   zone=shapely.box(-9, -9, 25, 60))
    lots = [Parcel(id=str(k), shape=LOT_50_40, edges=parcel(LOT_50_40).edges, design_ground_m=0.0) for k in range(80)]
    many = build_many(lots, {lot.id: [west, limit(Kind.HEIGHT, 10)] for lot in lots})
    np.testing.assert_allclose(many.volume_m3, 10 * (20 * 30 + 25 * 40), rtol=1e-9)


def test_a_design_is_held_to_the_rule_of_its_zone_alone() -> None:
    from checks.test_against_closed_forms import check
    from lots import box_mesh, building
    from zonebox.model import State

    west = Control(id="P/a", parcel="P", kind=Kind.SETBACK, profile=profile.fixed(5.0), authority=AUTHORITY,
                   zone=shapely.box(-9, -9, 25, 60), edges=EdgeSelector(roles=("front",)))
    cap = limit(Kind.HEIGHT, 10)
    east = check(LOT_50_40, building(box_mesh((26, 1, 0), (45, 30, 9))), west, cap)
    assert {f.state for f in east.values()} <= {State.PASS, State.NOT_CHECKED}
    across = check(LOT_50_40, building(box_mesh((20, 1, 0), (45, 30, 9))), west, cap)
    (broken,) = [f for f in across.values() if f.check == "setback"]
    assert broken.state is State.FAIL
    assert broken.margin == pytest.approx(-4.0)
    assert broken.where.point is not None
    assert broken.where.point[0] <= 25.0 + 1e-9
    assert across["design/P/envelope"].value == pytest.approx(5 * 4 * 9, rel=1e-6)
