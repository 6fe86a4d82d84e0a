"""Spacing, build-to lines, green, parking, entrances, uses, lower bounds, projections and storeys: closed forms."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, Point

from checks.scenes import found, moved, one, only, scene
from lots import AUTHORITY, box_mesh, limit, parcel, rule
from zonebox import checks
from zonebox.geometry import profile
from zonebox.geometry.mesh import Mesh, merged
from zonebox.model import (
    Access,
    Building,
    BuildTo,
    Control,
    ControlLine,
    EdgeSelector,
    Element,
    FloorArea,
    GeoreferenceNote,
    Kind,
    Parking,
    Projection,
    Scene,
    Space,
    Spacing,
    State,
    Storey,
    Uses,
)
from zonebox.model.building import AreaSource

FIELD = shapely.box(-200, -200, 200, 200)
LOT = shapely.box(0, 0, 60, 40)
CAP = limit(Kind.HEIGHT, 60)


def control(kind: Kind, **fields: object) -> Control:
    return Control(id=f"P/{kind.value}", parcel="P", kind=kind, authority=AUTHORITY, **fields)  # type: ignore[arg-type]


def spun(mesh: Mesh, degrees: float) -> Mesh:
    """Turn clockwise, as bearings count."""
    a = -math.radians(degrees)
    turn = np.array([[math.cos(a), -math.sin(a), 0], [math.sin(a), math.cos(a), 0], [0, 0, 1]])
    return Mesh(vertices=mesh.vertices @ turn.T, triangles=mesh.triangles)


@pytest.mark.parametrize(("turn", "step", "needed"), [(0.0, 0.0, 51.0), (20.0, 0.0, 45.9), (0.0, -2.0, 47.6)])
def test_f26_spacing(turn: float, step: float, needed: float) -> None:
    """A slab 30 m high to the south; turned 20°; standing 2 m lower than the ground of the shaded one."""
    frame = scene(FIELD, []).frame
    level = turn - frame.convergence_deg(np.zeros(2))       # bearings are true
    north = one(spun(box_mesh((-30, 25, 0), (30, 37, 30)), level), "north")
    south = one(spun(box_mesh((-30, -37, step), (30, -25, 30 + step)), level), "south", parcel="")
    rule26 = control(Kind.SPACING, demand=Spacing(coefficient=1.7))
    made = scene(FIELD, [north], rule26, CAP, context=[south])
    f = only(made, "spacing")
    assert f.limit == pytest.approx(needed, abs=1e-6)
    assert f.value == pytest.approx(50.0, abs=1e-3)        # outlines of context are snapped to a millimetre
    assert f.state is (State.FAIL if needed > 50 else State.PASS)
    if f.cure is not None:
        assert f.cure.amount == pytest.approx(1.0, abs=2e-3)
        away = f.cure.amount * np.array([*f.cure.direction, 0.0])       # type: ignore[misc]
        assert only(scene(FIELD, [moved(north, away)], rule26, CAP, context=[south]), "spacing").state is State.PASS


def test_fire_distance_depends_on_who_is_high_and_designs_of_other_variants_do_not_count() -> None:
    rule_fire = control(Kind.SPACING, demand=Spacing(fire_m=((6.0, 9.0), (9.0, 13.0))))
    low, high = box_mesh((0, 0, 0), (20, 20, 20)), box_mesh((30.5, 0, 0), (50, 20, 40))
    made = scene(FIELD, [one(low, "a"), one(high, "b"), one(high, "c", variant="B")], rule_fire, CAP)
    made = replace(made, designs=(replace(made.designs[0], variant="A"), *made.designs[1:]))
    by_id = found(made)
    assert by_id["a/P/spacing/b"].limit == 9.0
    assert by_id["a/P/spacing/b"].value == pytest.approx(10.5)
    assert "a/P/spacing/c" not in by_id
    two_high = scene(FIELD, [one(high.moved([-30.5, 0, 0]), "a"), one(high, "b")], rule_fire, CAP)
    assert found(two_high)["a/P/spacing/b"].limit == 13.0
    assert found(two_high)["a/P/spacing/b"].value == pytest.approx(11.0)
    assert found(two_high)["a/P/spacing/b"].state is State.FAIL


def test_f24_build_to_ratio_with_open_stretches() -> None:
    facades = merged([box_mesh((5, 0.2, 0), (35, 12, 12)), box_mesh((40, 0.4, 0), (52, 12, 12))])
    line = LineString([(0, 0), (60, 0)])
    for least, state in ((0.7, State.PASS), (0.75, State.FAIL)):
        made = scene(LOT, [one(facades)], control(Kind.BUILD_TO, limit=least, line=line, demand=BuildTo()), CAP)
        f = only(made, "build_to")
        assert f.value == pytest.approx(0.70)
        assert f.state is state
        assert "35.0–40.0 m" in f.reason
    assert f.cure is not None
    assert f.cure.amount == pytest.approx(3.0)


def test_build_to_counts_only_its_height_window_and_tolerance_and_edges_serve_as_lines() -> None:
    steps = merged([box_mesh((0, 3.0, 0), (20, 12, 12)), box_mesh((20, 3.0, 6), (50, 12, 12)),
                    box_mesh((50, 4.2, 0), (60, 12, 12))])
    demand = BuildTo(offset_m=3.0, high_m=6.0, tol_m=1.0)
    front = control(Kind.BUILD_TO, limit=0.5, demand=demand, edges=EdgeSelector(roles=("front",)))
    assert only(scene(LOT, [one(steps)], front, CAP), "build_to").value == pytest.approx(20 / 60)


def storeyed(mesh: Mesh, sources: dict[AreaSource, float], storeys: int = 8) -> Building:
    levels = [Storey(id=f"s{i}", name=f"L{i}", elevation_m=3.0 * i, height_m=3.0, areas=tuple(
        FloorArea(source=s, value_m2=v) for s, v in sources.items())) for i in range(storeys)]
    return one(mesh, storeys=tuple(levels))


def test_far_is_marginal_where_its_sources_differ_unless_all_of_them_break_it() -> None:
    box = box_mesh((5, 5, 0), (45, 30, 24))                                         # site 2400
    apart = storeyed(box, {AreaSource.QUANTITY: 1000.0, AreaSource.SECTION: 880.0})  # 3.33 or 2.93
    for bound, state in ((3.5, State.MARGINAL), (3.0, State.MARGINAL), (2.9, State.FAIL)):
        f = only(scene(LOT, [apart], limit(Kind.FAR, bound), CAP), "far")
        assert f.state is state, bound
        assert "differ by 12%" in f.reason
        assert f.uncertainty is not None
    below = storeyed(box, {AreaSource.QUANTITY: 880.0, AreaSource.SECTION: 1000.0})
    f = only(scene(LOT, [below], limit(Kind.FAR, 3.0), CAP), "far")
    assert f.state is State.MARGINAL
    assert f.uncertainty == pytest.approx(0.40)
    close = storeyed(box, {AreaSource.QUANTITY: 1000.0, AreaSource.SECTION: 981.0})     # 1.9 % apart: no doubt
    assert only(scene(LOT, [close], limit(Kind.FAR, 3.5), CAP), "far").state is State.PASS


def test_lower_bounds() -> None:
    design = storeyed(box_mesh((5, 5, 0), (45, 30, 24)), {AreaSource.QUANTITY: 1000.0})
    by_id = found(scene(LOT, [design], limit(Kind.FAR_MIN, 3.5), limit(Kind.COVERAGE_MIN, 0.5), CAP))
    far, coverage = by_id["design/P/far_min"], by_id["design/P/coverage_min"]
    assert far.state is State.FAIL
    assert far.value == pytest.approx(3.33)
    assert far.cure is not None
    assert far.cure.amount == pytest.approx(400.0, abs=0.11)
    assert coverage.state is State.FAIL
    assert coverage.cure is not None
    assert coverage.cure.amount == pytest.approx(200.0, abs=0.11)


def test_green_from_spaces_elements_and_the_plan() -> None:
    box = box_mesh((5, 5, 0), (25, 25, 9))
    spaces = tuple(Space(id=f"g{i}", name="", use=use, storey="", area_m2=a) for i, (use, a) in enumerate(
        [("绿地", 500.0), ("Green area", 200.0), ("Kindergarten", 900.0)]))
    f = only(scene(LOT, [one(box, spaces=spaces)], limit(Kind.GREEN, 0.3), CAP), "green")
    assert f.value == pytest.approx(700 / 2400)
    assert f.state is State.FAIL
    assert f.cure is not None
    assert f.cure.amount == pytest.approx(20.0, abs=0.11)
    drawn = ControlLine(kind="绿地", name="", shape=shapely.box(30, 0, 60, 40))
    assert only(scene(LOT, [one(box)], limit(Kind.GREEN, 0.3), CAP, lines=[drawn]), "green").value == pytest.approx(0.5)
    most = only(scene(LOT, [one(box)], limit(Kind.GREEN_MAX, 0.2), CAP, lines=[drawn]), "green_max")
    assert (most.state, most.cure and most.cure.action) == (State.FAIL, "remove_green")


def rooms(*named: tuple[str, float]) -> tuple[Space, ...]:
    return tuple(Space(id=f"r{i}", name="", use=use, storey="", area_m2=a) for i, (use, a) in enumerate(named))


def test_parking_places_by_use() -> None:
    places = rooms(*[("停车位", 12.5)] * 13, ("办公", 1030.0), ("商业", 450.0))
    demand = Parking(rates=((("办公",), 0.8), (("商业",), 1.2)))
    f = only(scene(LOT, [one(box_mesh((5, 5, 0), (25, 25, 9)), spaces=places)], control(
        Kind.PARKING, demand=demand), CAP), "parking")
    assert f.limit == 14                                # 8.24 + 5.4 = 13.64
    assert (f.value, f.state) == (13, State.FAIL)
    assert f.cure is not None
    assert f.cure.amount == 1


def test_uses_that_are_not_permitted_and_shares() -> None:
    spaces = rooms(("住宅", 800.0), ("商业", 150.0), ("工业", 50.0), ("", 20.0))
    use = control(Kind.USE, demand=Uses(permitted=("住宅", "商业"), most=((("商业",), 0.10),)))
    by_id = found(scene(LOT, [one(box_mesh((5, 5, 0), (25, 25, 9)), spaces=spaces)], use, CAP))
    assert by_id["design/P/use"].value == pytest.approx(50.0)
    assert by_id["design/P/use"].elements == ("r2",)
    assert by_id["design/P/use"].state is State.FAIL
    share = by_id["design/P/use/share-0"]
    assert share.value == pytest.approx(0.15)
    assert share.state is State.FAIL
    assert share.cure is not None
    assert share.cure.amount == pytest.approx(50.0)


def test_entrances_keep_away_along_the_boundary() -> None:
    gate = ControlLine(kind="出入口", name="东门", shape=Point(60, 10))
    keep = control(Kind.ACCESS, limit=70.0, line=Point(0, 0), demand=Access())
    f = only(scene(LOT, [one(box_mesh((5, 5, 0), (25, 25, 9)))], keep, CAP, lines=[gate]), "access")
    assert f.value == pytest.approx(70.0)      # 60 + 10 round the corner
    assert f.state is State.PASS
    closed = control(Kind.ACCESS, line=LineString([(60, 0), (60, 40)]), demand=Access())
    wide = ControlLine(kind="出入口", name="", shape=LineString([(60, 4), (60, 12)]))
    f = only(scene(LOT, [one(box_mesh((5, 5, 0), (25, 25, 9)))], closed, CAP, lines=[wide]), "access")
    assert f.value == pytest.approx(8.0)
    assert f.state is State.FAIL


def balconies(depth: float, bottom: float) -> Building:
    """A house 5 m from the front, with a balcony before it."""
    house, balcony = box_mesh((10, 5, 0), (50, 30, 12)), box_mesh((20, 5 - depth, bottom), (30, 5, bottom + 0.3))
    mesh = merged([house, balcony])
    owner = np.repeat([0, 1], [len(house), len(balcony)]).astype(np.int32)
    from zonebox.geometry import solids

    solid = solids.mesh_of(solids.solid_of(house) + solids.solid_of(balcony.moved([0, 1e-3, 0])))
    return replace(one(mesh), elements=(Element(id="W", ifc_class="IfcWall"), Element(
        id="B", ifc_class="IfcSlab", name="Balcony 1")), triangle_element=owner, solid=solid)


@pytest.mark.parametrize(("depth", "bottom", "state", "value"), [
    (1.2, 4.0, State.PASS, None), (1.8, 4.0, State.FAIL, 3.2), (1.2, 2.0, State.FAIL, 3.8)])
def test_projections(depth: float, bottom: float, state: State, value: float | None) -> None:
    """1.5 m may project 3 m over the ground."""
    front = replace(rule("front", profile.fixed(5.0), "front"), projections=(
        Projection(what=("balcony",), depth_m=1.5, clear_m=3.0),))
    made = scene(LOT, [balconies(depth, bottom)], front, CAP)
    f = only(made, "setback")
    assert f.state is state
    if value is not None:
        assert f.value == pytest.approx(value)
        assert f.elements == ("B",)
    assert found(made)["design/P/envelope"].state is state


def test_every_storey_tells_its_tightest_place() -> None:
    mesh = merged([box_mesh((10, 6, 0), (50, 30, 6)), box_mesh((10, 4, 6), (50, 30, 9))])
    levels = tuple(Storey(id=f"s{i}", name=f"{i + 1}F", elevation_m=3.0 * i, height_m=3.0) for i in range(3))
    f = only(scene(LOT, [one(mesh, storeys=levels)], rule("front", profile.fixed(5.0), "front"), CAP), "setback")
    assert [s.storey for s in f.storeys] == ["1F", "2F", "3F"]
    assert [s.value for s in f.storeys] == pytest.approx([6.0, 6.0, 4.0])
    assert [s.margin for s in f.storeys] == pytest.approx([1.0, 1.0, -1.0])
    assert f.margin == pytest.approx(-1.0)


def test_depth_below_the_ground() -> None:
    dig = control(Kind.UNDERGROUND, limit=-9.0)
    f = found(scene(LOT, [one(box_mesh((10, 10, -10.5), (50, 30, 8)))], dig, CAP))["design/P/underground/depth"]
    assert f.value == pytest.approx(-10.5)
    assert f.margin == pytest.approx(-1.5)
    assert f.state is State.FAIL


def test_gates_say_whose_land_it_is() -> None:
    design = one(box_mesh((50, 10, 0), (70, 30, 9)))
    neighbour = replace(parcel(shapely.box(60, 0, 100, 40)), id="Q")
    made = scene(LOT, [design], CAP)
    made = replace(made, plan=replace(made.plan, parcels=(*made.plan.parcels, neighbour)))
    f = found(made)["design/P/parcel"]
    assert f.state is State.FAIL
    assert f.value == pytest.approx(200.0)
    assert "50.0%" in f.reason
    assert "Q" in f.reason
    inside = scene(LOT, [one(box_mesh((10, 10, 0), (20, 20, 9)))], CAP)
    assert not [k for k in found(inside) if k.endswith(("/parcel", "/georeference", "/solid"))]


def test_gates_of_place() -> None:
    floating = found(scene(LOT, [one(box_mesh((10, 10, 20), (30, 30, 29)))], CAP))["design/P/georeference"]
    assert floating.state is State.FAIL
    away = found(scene(LOT, [one(box_mesh((9010, 10, 0), (9030, 30, 9)))], CAP))
    assert away["design/P/georeference"].value == pytest.approx(8950.0)
    notes = (GeoreferenceNote(kind="map_conversion", text="", used=True),
             GeoreferenceNote(kind="epset", text="", used=False, conflict_m=37.5))
    doubt = found(scene(LOT, [one(box_mesh((10, 10, 0), (30, 30, 9)), georeference=notes)], CAP))
    assert doubt["design/P/georeference"].state is State.MARGINAL
    assert "37.5 m" in doubt["design/P/georeference"].reason


def plan_of(shape: shapely.Polygon, *controls: Control, lines: tuple[ControlLine, ...] = ()) -> Scene:
    return scene(shape, [], *controls, lines=lines)


def test_conflicts_of_a_plan_before_any_design() -> None:
    f30 = found(plan_of(LOT, limit(Kind.HEIGHT, 24), limit(Kind.FAR, 3.0), limit(Kind.COVERAGE, 0.25)))["plan/P/far"]
    assert "36 m would hold it" in f30.reason
    assert f30.value == pytest.approx(2.0)
    upside = found(plan_of(LOT, limit(Kind.HEIGHT, 24), limit(Kind.HEIGHT_MIN, 30)))["plan/P/range-height"]
    assert upside.state is State.FAIL
    assert upside.margin == pytest.approx(-6.0)
    zone = control(Kind.NO_BUILD, zone=shapely.box(0, 0, 60, 10))
    part = found(plan_of(LOT, CAP, zone))["plan/P/no_build"]
    assert part.state is State.MARGINAL
    assert part.value == pytest.approx(600.0)
    assert "test plan" in part.reason
    river = ControlLine(kind="蓝线", name="Old River", shape=shapely.box(50, -10, 70, 50))
    cut = found(plan_of(LOT, CAP, lines=(river,)))["plan/P/line-0"]
    assert cut.check == "no_build_line"
    assert "Old River" in cut.reason


def test_chinese_findings_are_wholly_chinese() -> None:
    made = scene(
        LOT, [storeyed(box_mesh((5, 1, 0), (45, 30, 24)), {AreaSource.QUANTITY: 1000.0, AreaSource.SECTION: 1100.0})],
        limit(Kind.HEIGHT, 20), limit(Kind.FAR, 2.0), limit(Kind.COVERAGE, 0.3), limit(Kind.GREEN, 0.3),
        rule("front", profile.fixed(5.0), "front"),
        rule("plane", profile.recession(3, 45), "rear", kind=Kind.RECESSION),
        control(Kind.NO_BUILD, zone=shapely.box(0, 0, 60, 10)), control(Kind.SPACING, demand=Spacing(least_m=6)),
        control(Kind.BUILD_TO, limit=0.9, line=LineString([(0, 1), (60, 1)])), control(Kind.PARKING, limit=3),
        control(Kind.USE, demand=Uses(permitted=("住宅",))), control(Kind.ACCESS, limit=70, line=Point(0, 0)))
    for f in checks.run(made).findings:
        assert f.said("en") == f.reason != ""
        words = f.said("zh").replace("P/", "").replace("test plan", "").replace("entrance", "").replace("u95", "")
        assert not [c for c in words if c.isascii() and c.isalpha()], (f.id, f.said("zh"))
