"""Every kind of change that a finding names is applied, and the check passes; a little less is not enough."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, Point, Polygon

from checks.scenes import gable, moved, one, scene
from checks.test_more_controls import control, rooms, storeyed
from lots import box_mesh, building, limit, rule
from zonebox import checks
from zonebox.checks import as_built
from zonebox.checks.uses import moved_along, ring_at
from zonebox.geometry import profile, solids
from zonebox.geometry.mesh import Mesh
from zonebox.model import (
    Access,
    Building,
    BuildTo,
    ControlLine,
    Cure,
    Finding,
    Kind,
    Parking,
    Scene,
    Space,
    Spacing,
    State,
    Uses,
    ViewCorridor,
)
from zonebox.model.building import AreaSource
from zonebox.model.finding import Action
from zonebox.words import LANGUAGES, word

LOT = shapely.box(0, 0, 60, 40)
CAP = limit(Kind.HEIGHT, 60)
HOUSE = box_mesh((10, 10, 0), (40, 30, 12))


@dataclass(frozen=True)
class Trial:
    """A scene that breaks one control, and how the named change is applied to it."""

    made: Scene
    check: str
    apply: Callable[[Scene, Finding, Cure], Scene]
    less: float = 0.02
    """The change less this is not enough."""


def with_design(made: Scene, design: Building) -> Scene:
    return replace(made, designs=(design, *made.designs[1:]))


def shifted(made: Scene, _: Finding, cure: Cure) -> Scene:
    """Move the design: down, up, or away."""
    way = {"lower": (0, 0, -1), "raise": (0, 0, 1), "raise_foundation": (0, 0, 1)}.get(
        cure.action, (*(cure.direction or (0, 0)), 0))
    return with_design(made, moved(made.designs[0], cure.amount * np.array(way, dtype=np.float64)))


def cut(made: Scene, shape: Polygon) -> Scene:
    """Leave of the design only what stands on a shape."""
    left = solids.solid_of(made.designs[0].mesh) ^ solids.prism(shape, -50, 100)
    return with_design(made, replace(building(solids.mesh_of(left)), storeys=made.designs[0].storeys))


def less_footprint(made: Scene, _: Finding, cure: Cure) -> Scene:
    """Take a strip of so many square metres off the eastern side."""
    (x0, y0, _), (x1, y1, _) = made.designs[0].mesh.bounds.tolist()
    return cut(made, shapely.box(x0, y0, x1 - cure.amount / (y1 - y0), y1))


def more_footprint(made: Scene, _: Finding, cure: Cure) -> Scene:
    (x0, y0, z0), (x1, y1, z1) = made.designs[0].mesh.bounds.tolist()
    return with_design(made, one(box_mesh((x0, y0, z0), (x1 + cure.amount / (y1 - y0), y1, z1))))


def off_strip(made: Scene, _: Finding, cure: Cure) -> Scene:
    """Take the strip off the southern side, where the no-build ground and the neighbour's land lie."""
    (x0, y0, _), (x1, y1, _) = made.designs[0].mesh.bounds.tolist()
    return cut(made, shapely.box(x0, y0 + cure.amount / (x1 - x0), x1, y1))


def less_volume(made: Scene, broken: Finding, _: Cure) -> Scene:
    assert broken.part is not None
    left = solids.solid_of(made.designs[0].mesh) - solids.solid_of(broken.part)
    return with_design(made, one(solids.mesh_of(left)))


def floor(made: Scene, _: Finding, cure: Cure) -> Scene:
    """Change the floor area of the first storey."""
    first, *others = made.designs[0].storeys
    sign = 1.0 if cure.action == "add_floor_area" else -1.0
    areas = tuple(replace(a, value_m2=a.value_m2 + sign * cure.amount) for a in first.areas)
    return with_design(made, replace(made.designs[0], storeys=(replace(first, areas=areas), *others)))


def green(made: Scene, _: Finding, cure: Cure) -> Scene:
    """Change the area of the first green space."""
    first, *others = made.designs[0].spaces
    sign = 1.0 if cure.action == "add_green" else -1.0
    grown = replace(first, area_m2=(first.area_m2 or 0.0) + sign * cure.amount)
    return with_design(made, replace(made.designs[0], spaces=(grown, *others)))


def places(made: Scene, _: Finding, cure: Cure) -> Scene:
    more = tuple(Space(id=f"new{k}", name="", use="停车位", storey="", area_m2=12.5) for k in range(int(cure.amount)))
    return with_design(made, replace(made.designs[0], spaces=(*made.designs[0].spaces, *more)))


def other_use(made: Scene, broken: Finding, cure: Cure) -> Scene:
    """Give so much of the offending rooms to housing."""
    wrong = next(s for s in made.designs[0].spaces if s.use in ("工业", "商业") and (
        not broken.elements or s.id in broken.elements))
    rest = tuple(s for s in made.designs[0].spaces if s is not wrong)
    left = max((wrong.area_m2 or 0.0) - cure.amount, 0.0)
    split = (replace(wrong, area_m2=left), replace(wrong, id="new", use="住宅", area_m2=cure.amount))
    return with_design(made, replace(made.designs[0], spaces=(*rest, *split)))


def frontage(made: Scene, _: Finding, cure: Cure) -> Scene:
    (x0, y0, z0), (x1, y1, z1) = made.designs[0].mesh.bounds.tolist()
    return with_design(made, one(box_mesh((x0, y0, z0), (x1 + cure.amount, y1, z1))))


def entrance(made: Scene, broken: Finding, cure: Cure) -> Scene:
    """Move the entrance along the boundary, whichever way helps."""
    (line,) = made.plan.lines
    found = []
    for way in (1.0, -1.0):
        place = moved_along(ring_at(LOT, line.shape), line.shape, way * cure.amount)
        found.append(replace(made, plan=replace(made.plan, lines=(replace(line, shape=place),))))
    return max(found, key=lambda made: next(f.margin or 0.0 for f in checks.run(made).findings if f.id == broken.id))


GREENS = (Space(id="g", name="", use="绿地", storey="", area_m2=600.0),)
SHARES = rooms(("住宅", 800.0), ("商业", 150.0), ("工业", 50.0))
GATE = ControlLine(kind="出入口", name="E", shape=LineString([(60, 4), (60, 12)]))
SOUTH = one(box_mesh((-40, -37, 0), (90, -25, 33)), "south", parcel="")
FLOORS = storeyed(box_mesh((5, 5, 0), (45, 30, 24)), {AreaSource.QUANTITY: 1000.0})
SLOPE = ViewCorridor(eye=((-100.0, 20.0, 1.6),), target=((300.0, 0.0, 30.0), (300.0, 40.0, 30.0)))

TRIALS: dict[str, Trial] = {
    "lower: height": Trial(scene(LOT, [one(HOUSE)], limit(Kind.HEIGHT, 10.3)), "height", shifted),
    "lower: storeys": Trial(scene(LOT, [one(HOUSE)], replace(limit(Kind.STOREYS, 3), storey_height_m=3.3)),
                            "storeys", shifted),
    "lower: elevation": Trial(scene(LOT, [one(HOUSE)], limit(Kind.HEIGHT_ABSOLUTE, 9.87)), "height_abs", shifted),
    "lower: zone": Trial(scene(LOT, [one(HOUSE)], CAP, replace(
        limit(Kind.HEIGHT, 8.0, "zone"), zone=shapely.box(0, 0, 20, 40))), "height", shifted),
    "lower: sight": Trial(scene(LOT, [one(HOUSE)], CAP, control(Kind.VIEW_CORRIDOR, surface=SLOPE)),
                          "view_corridor", shifted),
    "lower: plane": Trial(scene(LOT, [one(HOUSE)], CAP, rule(
        "plane", profile.recession(3, 30), "front", kind=Kind.RECESSION)), "recession", shifted),
    "raise": Trial(scene(LOT, [one(HOUSE)], limit(Kind.HEIGHT_MIN, 14.5), CAP), "height_min", shifted),
    "raise_foundation": Trial(scene(LOT, [one(box_mesh((10, 10, -9.7), (40, 30, 12)))], CAP, control(
        Kind.UNDERGROUND, limit=-8.0)), "underground", shifted),
    "move: edge": Trial(scene(LOT, [one(HOUSE)], CAP, rule("s", profile.fixed(12.34), "front")), "setback", shifted),
    "move: by height": Trial(scene(LOT, [one(gable(10, 4, 40, 20, 9, 14))], CAP, rule(
        "s", profile.proportional(0.5, 3.0), "front", kind=Kind.PROPORTIONAL)), "proportional", shifted),
    "move: line": Trial(scene(LOT, [one(HOUSE)], CAP, replace(
        rule("s", profile.fixed(6.0)), line=LineString([(-5, 8), (20, 3), (70, 8)]))), "setback", shifted),
    "move: bent line": Trial(scene(LOT, [one(HOUSE)], CAP, replace(
        rule("s", profile.fixed(6.0)), line=LineString([(20, 5), (48, 5), (48, 60)]))), "setback", shifted),
    "move: across a line": Trial(scene(LOT, [one(HOUSE)], CAP, replace(
        rule("s", profile.fixed(6.0)), line=LineString([(0, 27), (60, 25)]))), "setback", shifted),
    "move: underground": Trial(scene(LOT, [one(box_mesh((2, 10, -5), (40, 30, 12)))], CAP, control(
        Kind.UNDERGROUND, profile=profile.fixed(3.0))), "underground", shifted),
    "move: spacing": Trial(scene(LOT, [one(HOUSE)], CAP, control(Kind.SPACING, demand=Spacing(
        coefficient=1.1)), context=[SOUTH]), "spacing", shifted),
    "remove_floor_area": Trial(scene(LOT, [FLOORS], limit(Kind.FAR, 2.9), CAP), "far", floor, less=13.0),
    "add_floor_area": Trial(scene(LOT, [FLOORS], limit(Kind.FAR_MIN, 3.5), CAP), "far_min", floor, less=13.0),
    "remove_footprint: coverage": Trial(scene(LOT, [one(HOUSE)], limit(Kind.COVERAGE, 0.2), CAP), "coverage",
                                        less_footprint, less=0.2),
    "remove_footprint: no-build": Trial(scene(LOT, [one(HOUSE)], CAP, control(
        Kind.NO_BUILD, zone=shapely.box(0, 0, 60, 13))), "no_build", off_strip, less=0.2),
    "remove_footprint: parcel": Trial(scene(LOT, [one(HOUSE.moved([0, -12, 0]))], CAP), "parcel", off_strip, less=3.3),
    "add_footprint": Trial(scene(LOT, [one(HOUSE)], limit(Kind.COVERAGE_MIN, 0.3), CAP), "coverage_min",
                           more_footprint, less=0.2),
    "remove_volume": Trial(scene(LOT, [one(HOUSE)], limit(Kind.HEIGHT, 9.0), rule("s", profile.fixed(12.0))),
                           "containment", less_volume, less=0.0),
    "add_green": Trial(scene(LOT, [one(HOUSE, spaces=GREENS)], limit(Kind.GREEN, 0.3), CAP), "green", green, less=0.2),
    "remove_green": Trial(scene(LOT, [one(HOUSE, spaces=GREENS)], limit(Kind.GREEN_MAX, 0.2), CAP), "green_max", green,
                          less=0.2),
    "add_frontage": Trial(scene(LOT, [one(HOUSE)], CAP, control(Kind.BUILD_TO, limit=0.7, demand=BuildTo(),
                                                                line=LineString([(0, 10), (60, 10)]))), "build_to",
                          frontage),
    "add_parking": Trial(scene(LOT, [one(HOUSE, spaces=(*rooms(("停车位", 12.5), ("办公", 950.0)),))], CAP, control(
        Kind.PARKING, demand=Parking(rates=((("办公",), 0.8),)))), "parking", places, less=1.0),
    "change_use": Trial(scene(LOT, [one(HOUSE, spaces=SHARES)], CAP, control(Kind.USE, demand=Uses(
        permitted=("住宅", "商业")))), "use", other_use, less=0.2),
    "change_use: share": Trial(scene(LOT, [one(HOUSE, spaces=SHARES)], CAP, control(Kind.USE, demand=Uses(
        permitted=("住宅", "商业", "工业"), most=((("商业",), 0.10),)))), "use", other_use, less=0.2),
    "move_entrance: distance": Trial(scene(LOT, [one(HOUSE)], CAP, control(
        Kind.ACCESS, limit=70.0, line=Point(0, 0), demand=Access()), lines=[GATE]), "access", entrance),
    "move_entrance: closed stretch": Trial(scene(LOT, [one(HOUSE)], CAP, control(
        Kind.ACCESS, line=LineString([(60, -5), (60, 20)]), demand=Access()), lines=[GATE]), "access", entrance),
    "move_entrance: point": Trial(scene(LOT, [one(HOUSE)], CAP, control(
        Kind.ACCESS, line=LineString([(60, -5), (60, 20)]), demand=Access()),
        lines=[replace(GATE, shape=Point(60, 9))]), "access", entrance),
}


def broken_of(trial: Trial) -> tuple[Finding, Cure]:
    found = [f for f in checks.run(trial.made).findings if f.check == trial.check and f.state in (
        State.FAIL, State.MARGINAL)]
    assert len(found) == 1, [f.id for f in found]
    assert found[0].cure is not None
    return found[0], found[0].cure


def after(trial: Trial, broken: Finding, cure: Cure) -> State:
    """Verdict of the same check after a change; a gate that opens says nothing."""
    report = checks.run(trial.apply(trial.made, broken, cure))
    return next((f.state for f in report.findings if f.id == broken.id), State.PASS)


def test_every_kind_of_change_is_tried_and_has_its_words() -> None:
    assert {name.partition(":")[0] for name in TRIALS} == set(get_args(Action))
    for action in get_args(Action):
        for lang in LANGUAGES:
            assert "{amount}" in word(f"cure.{action}", lang)


def test_the_code_names_no_other_change() -> None:
    named = set()
    for path in Path(checks.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Cure":
                action = next(k.value for k in node.keywords if k.arg == "action")
                named |= {c.value for c in ast.walk(action) if isinstance(c, ast.Constant) and isinstance(c.value, str)}
    assert named == set(get_args(Action))


@pytest.mark.parametrize("name", TRIALS)
def test_the_change_is_enough_and_a_little_less_is_not(name: str) -> None:
    trial = TRIALS[name]
    broken, cure = broken_of(trial)
    assert cure.action == name.partition(":")[0]
    assert after(trial, broken, cure) is State.PASS, cure
    if trial.less:
        less = replace(cure, amount=cure.amount - trial.less)
        assert after(trial, broken, less) is not State.PASS, (cure, less)


@pytest.mark.parametrize("high", [0.4, 3.0])
def test_lowering_what_was_surveyed_passes(high: float) -> None:
    made = scene(LOT, [one(HOUSE)], limit(Kind.HEIGHT, 12.0))
    rng = np.random.default_rng(3)
    roof = np.column_stack([rng.uniform(10, 40, 9000), rng.uniform(10, 30, 9000), np.full(9000, 12.0)])
    roof[:, 2] += high * (roof[:, 0] > 30) + 0.2 * (roof[:, 1] > 25)
    (broken,) = as_built.check_as_built(made, [roof])
    assert broken.cure is not None
    roof[:, 2] -= broken.cure.amount
    (again,) = as_built.check_as_built(made, [roof])
    assert (broken.state, again.state) == (State.FAIL, State.PASS)


def test_an_entrance_at_a_point_does_not_pass_for_having_no_length() -> None:
    broken, cure = broken_of(TRIALS["move_entrance: point"])
    assert [broken.value, cure.amount] == [pytest.approx(11.0), pytest.approx(11.0)]
    assert broken.state is State.FAIL


def test_a_box_of_ten_thousand_triangles_is_cured_like_one_of_twelve() -> None:
    fine = solids.mesh_of(solids.solid_of(HOUSE).refine(28))
    made = scene(LOT, [one(Mesh(vertices=fine.vertices, triangles=fine.triangles))], CAP, rule(
        "s", profile.fixed(12.34), "front"))
    broken = next(f for f in checks.run(made).findings if f.check == "setback")
    assert broken.cure == broken_of(TRIALS["move: edge"])[1]
