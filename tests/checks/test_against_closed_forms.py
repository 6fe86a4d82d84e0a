"""Checks of boxes whose answers are known, and agreement of the checks with each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon

from lots import box_mesh, building, envelope, limit, parcel, rule
from zonebox import checks
from zonebox.checks.ratios import half_up
from zonebox.frame import Frame
from zonebox.geometry import profile
from zonebox.geometry.clearance import edge_clearance
from zonebox.geometry.edgewise import EdgeRule
from zonebox.geometry.mesh import Mesh
from zonebox.geometry.soup import Soup
from zonebox.model import Building, Control, Finding, Kind, Plan, Scene, State, Storey
from zonebox.model.building import AreaSource, FloorArea
from zonebox.model.finding import judge

SQUARE = shapely.box(0, 0, 20, 20)


def check(shape: Polygon, design: Building | None, *controls: Control, ground: float = 0.0) -> dict[str, Finding]:
    lot = parcel(shape, ground)
    scene = Scene(
        name="test", title="test", frame=Frame.near("EPSG:7415", (85000, 447000)),
        plan=Plan(source="by hand", parcels=(lot,), controls=controls), terrain=None, context=(),
        designs=() if design is None else (design,), envelopes=(envelope(shape, *controls, ground=ground),),
    )
    return {f.id: f for f in checks.run(scene).findings}


def test_f29_box_in_recession_envelope() -> None:
    found = check(SQUARE, building(box_mesh((3, 3, 0), (17, 17, 10))), limit(Kind.HEIGHT, 8),
                  rule("plane", profile.recession(2.5, 45), kind=Kind.RECESSION))
    outside = found["design/P/envelope"]
    assert outside.state is State.FAIL
    assert outside.value == pytest.approx(392 + 196 * 2.5 - (14**3 - 9**3) / 6, rel=1e-6)
    height = found["design/P/height"]
    assert height.margin == pytest.approx(-2.0)
    assert height.cure is not None
    assert height.cure.amount == pytest.approx(2.0)
    south = found["design/P/plane/edge-" + str(next(e.index for e in parcel(SQUARE).edges if e.role == "front"))]
    assert south.margin == pytest.approx(-4.5)          # at d = 3, z = 10 the plane wants 7.5 m
    assert south.where.point is not None
    assert south.where.point[2] == pytest.approx(10.0)


def test_setback_is_measured_at_the_worst_point_with_both_ends_of_the_line() -> None:
    found = check(SQUARE, building(box_mesh((3, 2.37, 0), (17, 15, 9))), rule("front", profile.fixed(3), "front"),
                  limit(Kind.HEIGHT, 12))
    (setback,) = [f for f in found.values() if f.check == "setback"]
    assert setback.state is State.FAIL
    assert setback.value == pytest.approx(2.37)
    assert setback.limit == 3.0
    assert setback.cure is not None
    assert setback.cure.action == "move"
    assert setback.cure.amount == pytest.approx(0.63)
    assert setback.cure.direction == pytest.approx((0.0, 1.0))
    assert setback.where.point is not None
    assert setback.where.foot is not None
    assert math.dist(setback.where.point, setback.where.foot) == pytest.approx(2.37)
    assert setback.elements == ("E1",)
    assert found["design/P/height"].state is State.PASS


def test_a_podium_that_ends_at_the_tier_height_passes_and_a_hair_above_it_fails() -> None:
    steps = rule("steps", profile.tiers(((0.0, 3.0), (9.0, 8.0))), "front")
    for top, state in ((9.0, State.PASS), (9.2, State.FAIL)):
        found = check(SQUARE, building(box_mesh((5, 3, 0), (15, 15, top))), steps, limit(Kind.HEIGHT, 12))
        (setback,) = [f for f in found.values() if f.check == "setback"]
        assert setback.state is state, top
        assert setback.value == pytest.approx(3.0)


def test_a_cure_that_is_applied_passes() -> None:
    controls = (rule("front", profile.fixed(3), "front"), limit(Kind.HEIGHT, 8))
    mesh = box_mesh((4, 1.234567, 0), (16, 12, 9.87654))
    found = check(SQUARE, building(mesh), *controls)
    failing = [f for f in found.values() if f.state is State.FAIL and f.check != "containment"]
    assert {f.check for f in failing} == {"height", "setback"}
    for f in failing:
        assert f.cure is not None
        if f.cure.action == "move":
            assert f.cure.direction is not None
            mesh = mesh.moved([f.cure.amount * f.cure.direction[0], f.cure.amount * f.cure.direction[1], 0.0])
        else:
            mesh = mesh.moved([0.0, 0.0, -f.cure.amount])
    assert {f.state for f in check(SQUARE, building(mesh), *controls).values()} == {State.PASS}


def test_states_follow_margin_and_tolerance() -> None:
    front = rule("front", profile.fixed(3), "front")
    for y, state in ((3.0, State.PASS), (2.97, State.MARGINAL), (2.94, State.FAIL)):
        found = check(SQUARE, building(box_mesh((5, y, 0), (15, 15, 5))), front, limit(Kind.HEIGHT, 12))
        assert next(f for f in found.values() if f.check == "setback").state is state
    assert [judge(m, 0.219) for m in (0.0, -0.15, -0.32)] == [State.PASS, State.MARGINAL, State.FAIL]   # F31


def test_an_open_model_gets_a_verdict_and_a_sampled_volume() -> None:
    whole = box_mesh((3, 3, 0), (17, 17, 10))
    open_box = Mesh(vertices=whole.vertices, triangles=whole.triangles[2:])
    found = check(SQUARE, building(open_box, solid=False), limit(Kind.HEIGHT, 8, measure="highest"),
                  limit(Kind.COVERAGE, 0.3))
    assert found["design/P/height"].state is State.FAIL
    outside = found["design/P/envelope"]
    assert outside.state is State.FAIL
    assert outside.unit == "m³"
    assert outside.value == pytest.approx(14 * 14 * 2, rel=0.05)
    assert outside.uncertainty is not None
    assert "open edges" in outside.reason
    assert found["design/P/solid"].state is State.MARGINAL
    assert found["design/P/coverage"].state is State.MARGINAL          # 49 % seen from above, but it cannot be cut


def test_what_cannot_be_checked_says_what_is_missing() -> None:
    found = check(SQUARE, building(box_mesh((5, 5, 0), (15, 15, 5))), limit(Kind.GREEN, 0.35), limit(Kind.FAR, 2.0),
                  limit(Kind.HEIGHT, 12))
    assert found["design/P/green"].state is State.NOT_CHECKED
    assert "green" in found["design/P/green"].reason
    assert found["design/P/far"].state is State.NOT_CHECKED
    assert "storeys" in found["design/P/far"].reason


def storeyed(areas: list[float], mesh: Mesh, *, height: float = 3.0, roof: bool = True) -> Building:
    plain = building(mesh)
    storeys = [Storey(id=f"s{i}", name=f"L{i}", elevation_m=i * height, height_m=height,
                      areas=(FloorArea(source=AreaSource.QUANTITY, value_m2=a),)) for i, a in enumerate(areas)]
    if roof:
        storeys.append(Storey(id="roof", name="Roof", elevation_m=len(areas) * height, height_m=None))
    return Building(**{f: getattr(plain, f) for f in plain.__dataclass_fields__} | {"storeys": tuple(storeys)})


def test_floor_area_ratio_is_rounded_half_up_to_the_stated_decimals() -> None:
    design = storeyed([100.0] * 8, box_mesh((5, 5, 0), (15, 15, 24)))
    for bound, state in ((2.0, State.PASS), (1.99, State.FAIL)):
        f = check(SQUARE, design, limit(Kind.FAR, bound), limit(Kind.HEIGHT, 30))["design/P/far"]
        assert f.state is state
        assert f.value == pytest.approx(2.0)
    assert half_up(2.505, 2) == 2.51
    over = check(SQUARE, design, limit(Kind.FAR, 1.5), limit(Kind.HEIGHT, 30))["design/P/far"]
    assert over.cure is not None
    assert over.cure.amount == pytest.approx(200.0)


def test_coverage_is_the_outline_one_metre_above_ground() -> None:
    f = check(SQUARE, building(box_mesh((5, 5, 0), (15, 15, 24))), limit(Kind.COVERAGE, 0.24),
              limit(Kind.HEIGHT, 30))["design/P/coverage"]
    assert f.value == pytest.approx(0.25)
    assert f.state is State.FAIL
    assert f.cure is not None
    assert f.cure.amount == pytest.approx(4.0)


@pytest.mark.parametrize(("side", "counts"), [(math.sqrt(240.0), False), (math.sqrt(260.0), True)])
def test_f32_roof_plant_counts_from_a_quarter_of_the_roof(side: float, counts: bool) -> None:
    from zonebox.geometry import solids

    roof = shapely.box(0, 0, 40, 25)                    # 1000 m2
    plant = shapely.box(10, 4, 10 + side, 4 + side)
    body = solids.prism(roof, 0, 9) + solids.prism(plant, 8.9, 12)
    design = storeyed([1000.0] * 3, solids.mesh_of(body))
    f = check(shapely.box(-20, -20, 60, 45), design, limit(Kind.HEIGHT, 10))["design/P/height"]
    assert f.value == pytest.approx(12.0 if counts else 9.0)
    assert f.state is (State.FAIL if counts else State.PASS)


def test_a_parapet_counts_although_it_covers_little() -> None:
    from zonebox.geometry import solids

    ring = shapely.box(0, 0, 40, 25).difference(shapely.box(0.3, 0.3, 39.7, 24.7))
    body = solids.prism(shapely.box(0, 0, 40, 25), 0, 9) + solids.prism(ring, 8.9, 10.2)
    f = check(shapely.box(-20, -20, 60, 45), storeyed([1000.0] * 3, solids.mesh_of(body)), limit(Kind.HEIGHT, 10))
    assert f["design/P/height"].value == pytest.approx(10.2)


def test_an_empty_envelope_is_a_finding_of_the_plan() -> None:
    found = check(shapely.box(0, 0, 12, 5), None, rule("long", profile.fixed(3), "front", "rear"))
    f = found["plan/P/envelope"]
    assert f.state is State.FAIL
    assert f.value == pytest.approx(5)
    assert f.limit == pytest.approx(6)
    assert f.margin == pytest.approx(-1)


def turned_box(width: float, depth: float, height: float, angle: float, x: float, y: float) -> Mesh:
    c, s = math.cos(angle), math.sin(angle)
    mesh = box_mesh((-width / 2, -depth / 2, 0), (width / 2, depth / 2, height))
    v = mesh.vertices
    turned = np.stack([v[:, 0] * c - v[:, 1] * s + x, v[:, 0] * s + v[:, 1] * c + y, v[:, 2]], axis=1)
    return Mesh(vertices=turned, triangles=mesh.triangles)


L_LOT = Polygon([(0, 0), (40, 0), (40, 20), (20, 20), (20, 40), (0, 40)])


@settings(max_examples=60, deadline=None)
@given(x=st.floats(-5, 45), y=st.floats(-5, 45), angle=st.floats(0, math.pi), width=st.floats(2, 15),
       depth=st.floats(2, 15), height=st.floats(2, 20), seed=st.integers(0, 5))
def test_setbacks_and_containment_agree(
    x: float, y: float, angle: float, width: float, depth: float, height: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    kinds = [profile.fixed(3), profile.recession(3, 50), profile.proportional(0.3, 2),
             profile.tiers(((0.0, 2.0), (9.0, 5.0)))]
    controls = [rule(f"r{i}", kinds[int(rng.integers(4))], indices=(i,)) for i in range(6)] + [limit(Kind.HEIGHT, 15.0)]
    mesh = turned_box(width, depth, height, angle, x, y)
    found = check(L_LOT, building(mesh), *controls)
    outside = found["design/P/envelope"].value
    assert outside is not None
    margins = [f.margin for f in found.values() if f.check in ("setback", "height") and f.margin is not None]
    on_lot = shapely.contains_properly(L_LOT, shapely.MultiPoint(mesh.vertices[:, :2]).convex_hull)
    if min(margins) > 1e-3 and on_lot:
        assert outside < 1e-6
    if outside > 0.5 and on_lot:
        assert min(margins) < 0.0
    if not on_lot and not shapely.intersects(L_LOT.buffer(0.1), shapely.MultiPoint(mesh.vertices[:, :2]).convex_hull):
        assert outside == pytest.approx(width * depth * height, rel=1e-6)


@settings(max_examples=30, deadline=None)
@given(x=st.floats(21, 40), y=st.floats(21, 40), angle=st.floats(0, math.pi), slope=st.floats(0.0, 0.8))
def test_clearance_round_a_reflex_corner_is_the_least_distance(x: float, y: float, angle: float, slope: float) -> None:
    # brute force: sample the box densely and measure to the corner (20, 20)
    from zonebox.geometry.boundary import boundary

    lot = boundary(L_LOT)
    edge = next(i for i in range(len(lot)) if np.allclose(lot.end[i], [20, 20]))
    inner = shapely.box(0, 0, 20, 20)
    mesh = turned_box(6, 4, 10, angle, x - 14, y - 14)
    p = profile.Profile(points=((0.0, 1.0),), slope=slope)
    clear = edge_clearance(Soup.of(mesh), lot, L_LOT, EdgeRule(edge=edge, profile=p, ground_m=(0.0, 0.0)))
    corners = mesh.corners
    u, v = np.random.default_rng(1).random((2, 4000))
    flip = u + v > 1
    u[flip], v[flip] = 1 - u[flip], 1 - v[flip]
    points = (corners[:, None, 0] + u[None, :, None] * (corners[:, None, 1] - corners[:, None, 0])
              + v[None, :, None] * (corners[:, None, 2] - corners[:, None, 0])).reshape(-1, 3)
    from zonebox.geometry.edgewise import edge_distance

    distance = edge_distance(points[:, :2], lot, edge)
    behind = (distance < 0) & shapely.intersects_xy(L_LOT, points[:, :2])
    margin = np.where(behind, np.inf, distance - p.distance_at(points[:, 2]))
    assert inner.area == 400
    if np.isfinite(margin).any():
        assert clear is not None
        off_lot = distance[margin.argmin()] < 0         # how far beyond the boundary is only known to a fraction
        assert clear.margin_m <= margin.min() + (0.15 if off_lot else 1e-9)
        assert clear.margin_m == pytest.approx(margin.min(), abs=0.35)
