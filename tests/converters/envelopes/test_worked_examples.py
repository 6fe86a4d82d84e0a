"""Envelopes with closed-form answers, and half-space intersection as an independent oracle."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull, HalfspaceIntersection
from shapely.geometry import Polygon

from lots import envelope, limit, rule
from zonebox.geometry import profile, solids
from zonebox.geometry.boundary import boundary
from zonebox.geometry.mesh import is_closed
from zonebox.geometry.profile import Profile
from zonebox.model import Control, ControlEnvelope, Kind

LOT_50_40 = shapely.box(0, 0, 50, 40)
L_LOT = Polygon([(0, 0), (40, 0), (40, 20), (20, 20), (20, 40), (0, 40)])


def f1_setbacks() -> list[Control]:
    return [rule("front", profile.fixed(5), "front"), rule("rear", profile.fixed(4), "rear"),
            rule("side", profile.fixed(3), "side")]


def test_f1_box() -> None:
    e = envelope(LOT_50_40, *f1_setbacks(), limit(Kind.HEIGHT, 24), ground=12.0)
    assert e.footprint_m2 == pytest.approx(1364, rel=1e-9)
    assert e.volume_m3 == pytest.approx(32736, rel=1e-9)
    assert e.top_m == pytest.approx(36.0)


def test_f3_front_stepback() -> None:
    front = rule("front", profile.tiers(((0.0, 5.0), (12.0, 11.0))), "front")
    e = envelope(LOT_50_40, front, *f1_setbacks()[1:], limit(Kind.HEIGHT, 36))
    assert e.volume_m3 == pytest.approx(42768, rel=1e-9)


def test_f4_recession_planes_with_and_without_cap() -> None:
    planes = rule("plane", profile.recession(2.5, 45), kind=Kind.RECESSION)
    lot = shapely.box(0, 0, 20, 20)
    capped = envelope(lot, planes, limit(Kind.HEIGHT, 8))
    assert capped.volume_m3 == pytest.approx(2.5 * 400 + (20**3 - 9**3) / 6, rel=1e-9)
    top = solids.outlines(solids.solid_of(capped.solid), 8 - 1e-9)
    assert sum(Polygon(r).area for r in top) == pytest.approx(81.0, rel=1e-6)
    free = envelope(lot, planes)
    assert free.volume_m3 == pytest.approx(1000 + 8000 / 6, rel=1e-9)
    assert free.top_m == pytest.approx(12.5, abs=1e-6)


def test_f5_proportional() -> None:
    e = envelope(shapely.box(0, 0, 30, 30), rule("far-off", profile.proportional(0.4, 3), kind=Kind.PROPORTIONAL),
                 limit(Kind.HEIGHT, 15))
    assert e.volume_m3 == pytest.approx(7650, rel=1e-9)


def test_f7_sky_exposure_plane_in_feet() -> None:
    plane = Profile(points=((85.0, 0.0), (85.0, 20.0), (139.0, 20.0)), slope=1 / 2.7, from_below=False)
    e = envelope(shapely.box(0, 0, 100, 100), rule("sky", plane, "front"), limit(Kind.HEIGHT, 300))
    assert e.volume_m3 == pytest.approx(2_089_981.4814814814, rel=1e-9)


def test_f10_rescode_is_concave_and_convex() -> None:
    p = Profile(points=((0.0, 1.0), (3.6, 1.0), (6.9, 1.99)), slope=1.0)
    assert p.distance_at([3.6, 5, 6.9, 9]).tolist() == pytest.approx([1.0, 1.42, 1.99, 4.09])
    e = envelope(shapely.box(0, 0, 30, 20), rule("b17", p, "front"), limit(Kind.HEIGHT, 9))
    taken = 30 * (1.0 * 3.6 + (1.0 + 1.99) / 2 * 3.3 + (1.99 + 4.09) / 2 * 2.1)
    assert e.volume_m3 == pytest.approx(30 * 20 * 9 - taken, rel=1e-9)


def test_f22_reflex_corner_is_true_distance() -> None:
    e = envelope(L_LOT, rule("all", profile.fixed(3)), limit(Kind.HEIGHT, 10))
    assert e.footprint_m2 == pytest.approx(756 + 9 - 9 * math.pi / 4, rel=1e-6)
    assert e.footprint_m2 <= 756 + 9 - 9 * math.pi / 4           # never more than the rule allows


def test_f22_hole() -> None:
    lot = Polygon([(0, 0), (60, 0), (60, 60), (0, 60)], [[(20, 20), (40, 20), (40, 40), (20, 40)]])
    e = envelope(lot, rule("inner", profile.fixed(5), "interior"), limit(Kind.HEIGHT, 10),
                 rule("outer", profile.fixed(3), "front", "rear", "side"))
    assert e.footprint_m2 == pytest.approx(2037.460184, rel=1e-6)


def test_f23_narrow_lot_is_empty_and_says_why() -> None:
    e = envelope(shapely.box(0, 0, 12, 5), rule("long", profile.fixed(3), "front", "rear"), limit(Kind.HEIGHT, 10))
    assert e.empty is not None
    assert e.empty.width_needed_m == pytest.approx(6.0)
    assert e.volume_m3 == 0.0
    assert len(e.solid) == 0
    assert "5.00 m apart and together require 6.00 m" in e.empty.reason
    assert np.isneginf(e.limit_at([[6.0, 2.5]])[0]).all()


def test_a_ceiling_below_the_ground_is_empty_by_height() -> None:
    e = envelope(LOT_50_40, limit(Kind.HEIGHT_ABSOLUTE, 49.0), ground=50.0)
    assert e.empty is not None
    assert "1.00 m below the ground" in e.empty.reason


def test_the_lower_of_relative_and_absolute_ceiling_governs() -> None:
    e = envelope(LOT_50_40, limit(Kind.HEIGHT, 60), limit(Kind.HEIGHT_ABSOLUTE, 99.0), ground=50.0)
    assert e.top_m == pytest.approx(99.0)
    assert e.volume_m3 == pytest.approx(2000 * 49)


def test_each_face_remembers_its_control_and_each_loss_is_attributed() -> None:
    e = envelope(LOT_50_40, *f1_setbacks(), limit(Kind.HEIGHT, 24))
    assert {e.face_names[i] for i in e.face_control} == {"", "P/front", "P/rear", "P/side", "P/height"}
    assert sum(e.removed_m3.values()) == pytest.approx(2000 * 24 - 32736)
    up = e.solid.corners[e.face_control == e.face_names.index("P/height")]
    assert (up[:, :, 2] == 24.0).all()


def test_the_order_of_controls_does_not_matter() -> None:
    controls = [*f1_setbacks(), limit(Kind.HEIGHT, 24), rule("plane", profile.recession(10, 50), kind=Kind.RECESSION)]
    one, two = envelope(LOT_50_40, *controls), envelope(LOT_50_40, *reversed(controls))
    assert np.array_equal(one.solid.vertices, two.solid.vertices)
    assert one.removed_m3 == two.removed_m3


def convex_lot(seed: int) -> Polygon:
    rng = np.random.default_rng(seed)
    points = rng.uniform(-30, 30, (int(rng.integers(5, 14)), 2))
    return Polygon(points[ConvexHull(points).vertices])


def halfspace_volume(lot: Polygon, rules: dict[int, tuple[float, float]], cap: float) -> float:
    """Volume above 0 under planes d >= a + b·z for each edge, by scipy's half-space intersection."""
    b = boundary(lot)
    rows = [[0.0, 0.0, 1.0, -cap], [0.0, 0.0, -1.0, 0.0]]
    for i in range(len(b)):
        a, slope = rules.get(i, (0.0, 0.0))
        n = b.inward[i]
        rows.append([-n[0], -n[1], slope, float(n @ b.start[i]) + a])
        rows.append([-n[0], -n[1], 0.0, float(n @ b.start[i])])
    halfspaces = np.array(rows)
    from scipy.optimize import linprog

    norms = np.linalg.norm(halfspaces[:, :3], axis=1)
    best = linprog([0, 0, 0, -1.0], A_ub=np.c_[halfspaces[:, :3], norms], b_ub=-halfspaces[:, 3],
                   bounds=[(None, None)] * 3 + [(0, None)])
    if best.status != 0 or best.x is None or best.x[3] < 1e-6:
        return 0.0
    return float(ConvexHull(HalfspaceIntersection(halfspaces, best.x[:3]).intersections).volume)


@pytest.mark.parametrize("seed", range(12))
def test_convex_lots_agree_with_halfspace_intersection(seed: int) -> None:
    # one yard per edge that runs on to its neighbours' lines: on a convex lot that is an intersection of half-spaces,
    # except past acute corners, where the yard ends with its edge
    lot = convex_lot(seed)
    b = boundary(lot)
    rng = np.random.default_rng(seed + 100)
    slopes = {i: (0.5, float(rng.uniform(0.1, 0.5))) for i in range(len(b))}
    controls = [
        rule(f"r{i}", Profile(points=((0.0, a),), slope=s), indices=(i,), kind=Kind.PROPORTIONAL)
        for i, (a, s) in slopes.items()
    ]
    e = envelope(lot, *controls, limit(Kind.HEIGHT, 12.0))
    expected = halfspace_volume(lot, slopes, 12.0)
    if (b.turn_deg < 90).all():
        assert e.volume_m3 == pytest.approx(expected, rel=1e-6, abs=1e-3)
    else:
        assert e.volume_m3 >= expected - 1e-6 * lot.area


def star_lot(seed: int) -> Polygon:
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.random(9)) * 2 * math.pi
    radius = rng.uniform(15, 40, 9)
    return Polygon(np.c_[radius * np.cos(angle), radius * np.sin(angle)])


def random_controls(lot: Polygon, seed: int) -> list[Control]:
    rng = np.random.default_rng(seed)
    kinds = [profile.fixed(3), profile.recession(3, 50), profile.proportional(0.3, 2),
             profile.tiers(((0.0, 2.0), (9.0, 5.0)))]
    n = len(boundary(lot))
    return [rule(f"r{i}", kinds[int(rng.integers(4))], indices=(i,)) for i in range(n)] + [limit(Kind.HEIGHT, 20.0)]


def section_at(e: ControlEnvelope, z: float) -> Polygon:
    shape = Polygon()
    for ring in solids.outlines(solids.solid_of(e.solid), z):
        shape = shape.symmetric_difference(Polygon(ring).buffer(0))
    return shape


@pytest.mark.parametrize("seed", [s for s in range(30) if star_lot(s).is_valid and star_lot(s).area > 300])
def test_limit_at_agrees_with_the_solid_on_crooked_lots(seed: int) -> None:
    lot = star_lot(seed)
    e = envelope(lot, *random_controls(lot, seed))
    if e.empty is not None:
        pytest.fail("the lot should hold something")
    points = np.random.default_rng(seed).uniform(-40, 40, (4000, 2))
    limits, _ = e.limit_at(points)
    for z in (0.5, 4.0, 8.0, 12.0, 16.0):
        shape = section_at(e, z)
        wrong = shapely.contains_xy(shape, points) != (limits > z)
        if wrong.any():
            away = shapely.distance(shape.boundary, shapely.points(points[wrong]))
            assert away.max() < 1e-3


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 30), turn=st.floats(0, 360), east=st.floats(-900, 900), north=st.floats(-900, 900))
def test_an_envelope_moves_with_its_lot(seed: int, turn: float, east: float, north: float) -> None:
    lot = convex_lot(seed)
    moved = shapely.affinity.translate(shapely.affinity.rotate(lot, turn, origin=(0, 0)), east, north)
    start = boundary(lot).start[0]
    radians = math.radians(turn)
    goal = [start[0] * math.cos(radians) - start[1] * math.sin(radians) + east,
            start[0] * math.sin(radians) + start[1] * math.cos(radians) + north]
    shift = int(np.argmin(np.linalg.norm(boundary(moved).start - goal, axis=1)))
    n = len(boundary(lot))
    kinds = [profile.fixed(2), profile.recession(3, 50), profile.proportional(0.3, 2)]
    still = envelope(lot, *[rule(f"r{i}", kinds[i % 3], indices=(i,)) for i in range(n)], limit(Kind.HEIGHT, 20))
    gone = envelope(moved, *[rule(f"r{i}", kinds[i % 3], indices=((i + shift) % n,)) for i in range(n)],
                    limit(Kind.HEIGHT, 20))
    assert gone.volume_m3 == pytest.approx(still.volume_m3, rel=1e-6, abs=1e-4)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 29), less=st.floats(0.5, 6.0), more=st.floats(0.0, 4.0))
def test_a_larger_setback_never_grows_the_envelope(seed: int, less: float, more: float) -> None:
    lot = convex_lot(seed)
    small, large = (envelope(lot, rule("all", profile.fixed(s)), limit(Kind.HEIGHT, 12)) for s in (less, less + more))
    assert large.volume_m3 <= small.volume_m3 + 1e-6
    assert small.volume_m3 <= lot.area * 12 + 1e-6
    for e in (small, large):
        assert e.empty is not None or is_closed(e.solid.triangles, len(e.solid.vertices))
