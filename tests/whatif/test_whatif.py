"""A change answers what a run of the changed scene would say, and can be taken back, kept and written down."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import lots
from converters.envelopes import kinds
from converters.envelopes.kinds import KINDS
from whatif import site
from zonebox import checks
from zonebox.errors import InputError
from zonebox.geometry.mesh import area_m2
from zonebox.geometry.profile import Profile, proportional, recession
from zonebox.model import Control, EdgeRole, Finding, Kind, Plan, Report, Scene, State
from zonebox.whatif import Change, Limit, Move, Setback, WhatIf, moved
from zonebox_converters.envelopes import build, build_one
from zonebox_converters.envelopes.again import Again


@pytest.fixture(scope="module")
def start() -> Scene:
    return site.scene()


@pytest.fixture(scope="module")
def fine() -> Scene:
    """Enough triangles that they are looked at by groups."""
    return site.scene(cells=10)


def tried(scene: Scene) -> WhatIf:
    return WhatIf(scene, checks.run(scene))


def said(report: Report) -> list[tuple[object, ...]]:
    """What findings say, to a tenth of a millimetre."""
    def number(value: float | None) -> float | None:
        return None if value is None else round(value, 4)

    return [(f.id, f.check, f.state, f.parcel, f.design, number(f.value), number(f.limit), number(f.margin), f.elements,
             f.cure, f.reason, None if f.part is None else round(area_m2(f.part), 3),
             [(s.storey, number(s.value), number(s.limit)) for s in f.storeys]) for f in report.findings]


def of(report: Report, name: str) -> Finding:
    return next(f for f in report.findings if f.id == name)


CHANGES: tuple[Change, ...] = (
    Limit(control="A/height", value=20.5), Limit(control="A/height", value=12.0), Limit(control="A/far", value=0.2),
    Limit(control="A/coverage", value=0.1), Setback(control="A/setback", distance_m=9.0),
    Setback(control="A/setback", distance_m=0.0), Setback(control="A/step", distance_m=14.0),
    Move(design="tower", east_m=-9.0, north_m=2.5, up_m=-1.25, turn_deg=17.0), Limit(control="B/height", value=3.0),
)


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_change_says_what_a_full_run_says(start: Scene, change: Change) -> None:
    """The oracle is the whole scene, built and checked anew; every finding and every envelope must agree."""
    now = tried(start).apply(change)
    scene, report = site.full(now.scene)
    assert said(now.report) == said(report)
    for mine, theirs in zip(now.scene.envelopes, scene.envelopes, strict=True):
        assert mine.volume_m3 == pytest.approx(theirs.volume_m3, abs=1e-6)
        assert mine.capacity is not None
        assert theirs.capacity is not None
        assert mine.capacity.storeys == theirs.capacity.storeys
        assert mine.capacity.binding == theirs.capacity.binding
        assert mine.capacity.plates_m2 == pytest.approx(theirs.capacity.plates_m2)
        assert mine.capacity.far_max == pytest.approx(theirs.capacity.far_max)
        assert mine.ground_m == pytest.approx(theirs.ground_m, abs=1e-9)


@settings(max_examples=5, deadline=None)
@given(moves=st.lists(st.builds(
    Move, design=st.just("tower"), east_m=st.floats(-30.0, 60.0), north_m=st.floats(-30.0, 30.0),
    up_m=st.sampled_from([0.0, -3.2, 1.7]), turn_deg=st.sampled_from([0.0, 30.0, 211.3])), min_size=1, max_size=2),
       setback=st.floats(0.0, 12.0), height=st.floats(6.0, 40.0))
def test_any_changes_one_after_the_other_say_what_a_full_run_says(
    fine: Scene, moves: list[Move], setback: float, height: float
) -> None:
    """Whatever is kept from one change to the next, the answer is the one of the whole scene built and checked anew."""
    desk = tried(fine)
    changes: tuple[Change, ...] = (*moves, Setback(control="A/setback", distance_m=setback),
                                   Limit(control="A/height", value=height))
    for change in changes:
        now = desk.apply(change)
    assert said(now.report) == said(site.full(now.scene)[1])
    while desk.can_undo:
        desk.undo()
    assert said(desk.now.report) == said(desk.start.report)


def neighbours() -> Scene:
    """Two lots with a tower each, sunlight spacing between them, and a river that cuts the second."""
    from zonebox.model import ControlLine, Spacing

    scene = site.scene()
    rules = tuple(Control(id=f"{lot}/spacing", parcel=lot, kind=Kind.SPACING, authority=site.RULES,
                          demand=Spacing(coefficient=2.5, least_m=9.0)) for lot in "AB")
    river = ControlLine(kind="blue line", name="brook", shape=shapely.box(100, 50, 120, 90))
    second = replace(site.tower(84.0, 30.0, scene.envelopes[1].ground_m, cells=4, parcel="B", side=16.0), id="second")
    plan = replace(scene.plan, controls=(*scene.plan.controls, *rules), lines=(river,))
    return replace(scene, plan=plan, designs=(*scene.designs, second))


@pytest.mark.parametrize("change", [
    Move(design="tower", east_m=14.0), Move(design="tower", up_m=-30.0), Move(design="tower", north_m=400.0),
    Move(design="tower", east_m=55.0, turn_deg=30.0), Move(design="second", east_m=-70.0), *CHANGES,
], ids=str)
def test_what_stands_next_door_counts_as_in_a_full_run(change: Change) -> None:
    """Spacing is asked of both towers, whichever moves; whose land is covered is looked up in the whole plan."""
    now = tried(neighbours()).apply(change)
    assert said(now.report) == said(site.full(now.scene)[1])


def test_a_moved_neighbour_turns_the_verdict_of_the_one_that_stays() -> None:
    desk = tried(neighbours())
    first = of(desk.now.report, "second/B/spacing/tower")
    near = of(desk.apply(Move(design="tower", east_m=8.0)).report, "second/B/spacing/tower")
    assert first.value is not None
    assert near.value == pytest.approx(first.value - 8.0)
    assert said(desk.undo().report) == said(desk.start.report)


def test_a_lower_cap_moves_a_setback_by_class(start: Scene) -> None:
    """The classes above the cap go, and with them what the other control asks for: it is checked again as well."""
    from zonebox.model import SetbackTable

    table = SetbackTable(road_widths=(math.inf,), heights=(10, 20, math.inf), distances_m=((2.0, 4.0, 6.0),))
    rule = Control(id="A/class", parcel="A", kind=Kind.SETBACK_CLASS, authority=site.RULES, table=table)
    scene, report = site.full(replace(start, plan=replace(start.plan, controls=(*start.plan.controls, rule))))
    desk = WhatIf(scene, report)
    for value in (30.0, 9.0, 15.0):
        now = desk.apply(Limit(control="A/height", value=value))
        assert said(now.report) == said(site.full(now.scene)[1])


@pytest.mark.parametrize("form", range(4))
@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_built_again_as_it_is_built(name: str, form: int) -> None:
    """Each kind of control on convex, crooked, holed and divided lots over a slope, against the way a run builds."""
    lot = replace(lots.parcel(kinds.lot(form), None), id="P")
    front = tuple(replace(e, road_width_m=6.0, role=EdgeRole.FRONT if e.index == 0 else EdgeRole.SIDE)
                  for e in lot.edges)
    lot, ground = replace(lot, edges=front), kinds.ground((0.03, -0.02))
    again = Again(lot, ground, ground.index)
    for strictness in (0.2, 0.9):
        rules = (KINDS[name](strictness), kinds.CAP)
        mine, theirs = again.build(rules), build_one(lot, rules, ground.index, terrain=ground)
        assert mine is not None
        assert theirs is not None
        assert mine.volume_m3 == pytest.approx(theirs.volume_m3, rel=1e-9, abs=1e-4)
        assert mine.footprint_m2 == pytest.approx(theirs.footprint_m2, rel=1e-9, abs=1e-4)
        assert mine.top_m == pytest.approx(theirs.top_m, abs=1e-6)
        if mine.removed_m3:                                 # where planes cut, who took what is left open
            assert dict(mine.removed_m3) == pytest.approx(dict(theirs.removed_m3), abs=1e-3)


def test_a_ratio_leaves_the_body_alone(start: Scene) -> None:
    desk = tried(start)
    for change in (Limit(control="A/far", value=0.4), Limit(control="A/coverage", value=0.2)):
        assert desk.apply(change).scene.envelopes[0].solid is start.envelopes[0].solid


def test_a_mended_body_that_is_turned_is_found_as_in_a_full_run(start: Scene) -> None:
    """An open tower is closed again, or sampled, where it stands: what a run says of it is said here."""
    mesh = start.designs[0].mesh
    for missing in (4, 40):
        gap = mesh.part(np.arange(len(mesh)) >= missing)
        scene = replace(start, designs=(replace(start.designs[0], mesh=gap, solid=None, triangle_element=np.zeros(
            len(gap), dtype=np.int32), triangle_color=np.full((len(gap), 4), 200, dtype=np.uint8)),))
        desk = tried(scene)
        for change in (Move(design="tower", east_m=3.0), Move(design="tower", turn_deg=25.0)):
            now = desk.apply(change)
            assert said(now.report) == said(site.full(now.scene)[1])


def test_earthworks_are_told_to_be_of_another_place(start: Scene) -> None:
    told = Finding(id="earthwork/tower", check="earthwork", state=State.PASS, parcel="A", design="tower", control=None,
                   value=12.0, unit="m³")
    report = Report(findings=tuple(sorted((*checks.run(start).findings, told), key=lambda f: f.id)))
    desk = WhatIf(start, report)
    assert of(desk.apply(Move(design="tower", up_m=1.0)).report, "earthwork/tower").state is State.NOT_CHECKED
    assert of(desk.apply(Move(design="tower")).report, "earthwork/tower") == told


def test_many_changes_add_up(start: Scene) -> None:
    desk = tried(start)
    for change in CHANGES:
        desk.apply(change)
    assert said(desk.now.report) == said(site.full(desk.now.scene)[1])
    assert len(desk.now.changes) == len({str(c).split("value")[0].split("distance")[0] for c in CHANGES})


def test_heights_in_closed_form(start: Scene) -> None:
    """A box 20 m high under a limit of 18 m fails by 2 m; lowered by 2 m, or under 20 m, it just passes."""
    desk = tried(start)
    name = "tower/A/height"
    assert of(desk.now.report, name).margin == pytest.approx(-2.0)
    lowered = of(desk.apply(Move(design="tower", up_m=-2.0)).report, name)
    assert lowered.state is State.PASS
    assert lowered.margin == pytest.approx(0.0, abs=1e-9)
    desk.undo()
    raised = of(desk.apply(Limit(control="A/height", value=20.0)).report, name)
    assert raised.state is State.PASS
    assert raised.margin == pytest.approx(0.0, abs=1e-9)


def test_setbacks_in_closed_form(start: Scene) -> None:
    """Every edge of the touched lot asks for the new distance, its envelope shrinks, and the neighbour's stays."""
    desk = tried(start)
    shapes = start.envelopes[0]
    report = desk.apply(Setback(control="A/setback", distance_m=7.5)).report
    found = [f for f in report.findings if f.control is not None and f.control.id == "A/setback"]
    assert {f.limit for f in found} == {7.5}
    assert desk.now.scene.envelopes[0].volume_m3 < shapes.volume_m3
    assert desk.now.scene.envelopes[1] is start.envelopes[1], "the neighbour is not touched"


def test_floor_area_in_closed_form(start: Scene) -> None:
    desk = tried(start)
    far = of(desk.now.report, "tower/A/far")
    assert far.value == pytest.approx(5 * site.SIDE_M**2 / site.twelve().area, abs=0.005)
    desk.apply(Limit(control="A/far", value=0.3))
    capacity = desk.now.scene.envelopes[0].capacity
    assert capacity is not None
    assert capacity.floor_area_m2 == pytest.approx(0.3 * site.twelve().area)
    assert desk.now.totals("A").floor_area_m2 == pytest.approx(0.3 * site.twelve().area)


def test_undo_redo_keep_and_switch(start: Scene) -> None:
    desk = tried(start)
    first = said(desk.now.report)
    assert not desk.can_undo
    low = desk.apply(Limit(control="A/height", value=12.0))
    high = desk.apply(Limit(control="A/height", value=30.0), continued=True)
    desk.keep("higher")
    desk.apply(Move(design="tower", east_m=80.0))
    assert said(desk.undo().report) == said(high.report)
    assert said(desk.undo().report) == first, "a slider that is drawn is one change"
    assert said(desk.redo().report) == said(high.report) != said(low.report)
    assert said(desk.switch("").report) == first
    assert desk.switch("higher").changes == {("control", "A/height"): Limit(control="A/height", value=30.0)}
    assert said(desk.apply(Move(design="tower", up_m=-1.0)).report) == said(site.full(desk.now.scene)[1])


def test_a_design_that_claims_no_parcel_is_checked_where_it_comes_to_stand() -> None:
    desk = tried(site.scene(parcel=""))
    assert {f.parcel for f in desk.now.report.findings if f.design} == {"A"}
    there = desk.apply(Move(design="tower", east_m=80.0))
    assert {f.parcel for f in there.report.findings if f.design} == {"B"}
    assert there.touched == ("A", "B")
    assert said(there.report) == said(site.full(there.scene)[1])
    nowhere = desk.apply(Move(design="tower", north_m=5000.0))
    assert [f.check for f in nowhere.report.findings if f.design] == ["parcel"]
    assert said(nowhere.report) == said(site.full(nowhere.scene)[1])
    assert said(desk.apply(Move(design="tower")).report) == said(desk.start.report)


@pytest.mark.parametrize("change", [
    Limit(control="A/nothing", value=1.0), Limit(control="A/height", value=-1.0),
    Limit(control="A/coverage", value=1.2), Limit(control="A/height", value=float("nan")),
    Limit(control="A/setback", value=3.0),
    Setback(control="A/height", distance_m=3.0), Setback(control="A/setback", distance_m=-0.1),
    Move(design="nobody"), Move(design="tower", east_m=float("inf")),
], ids=str)
def test_an_impossible_change_is_one_sentence_and_changes_nothing(start: Scene, change: Change) -> None:
    desk = tried(start)
    with pytest.raises(InputError):
        desk.apply(change)
    assert desk.now is desk.start
    assert not desk.can_undo


def test_a_superseded_control_names_the_one_that_governs(start: Scene) -> None:
    controls = tuple(replace(c, superseded_by="A/height") if c.id == "A/far" else c for c in start.plan.controls)
    desk = tried(replace(start, plan=replace(start.plan, controls=controls)))
    with pytest.raises(InputError, match="change A/height"):
        desk.apply(Limit(control="A/far", value=1.0))
    assert "A/far" in desk.apply(Limit(control="A/height", value=10.0)).notes[0]
    assert "A/far" not in [c.id for c in desk.adjustable("A")]


def test_a_move_is_rigid() -> None:
    one = site.tower(0.0, 0.0, 3.0)
    two = moved(one, Move(design="tower", east_m=3.0, north_m=4.0, up_m=-1.0, turn_deg=90.0))
    assert np.allclose(two.mesh.bounds.mean(0) - one.mesh.bounds.mean(0), (3.0, 4.0, -1.0))
    far = [np.linalg.norm(b.mesh.vertices - b.mesh.vertices[0], axis=1) for b in (one, two)]
    assert np.allclose(*far)
    turned = one.mesh.vertices - one.mesh.bounds.mean(0)
    assert np.allclose((two.mesh.vertices - two.mesh.bounds.mean(0))[:, 0], -turned[:, 1]), "anticlockwise"
    assert [s.elevation_m for s in two.storeys] == [s.elevation_m - 1.0 for s in one.storeys]


def test_a_survey_of_what_stands_is_said_to_be_stale(start: Scene) -> None:
    control: Control = start.plan.controls[0]
    survey = Finding(id="as-built/A", check="as_built", state=State.PASS, parcel="A", design="", control=control,
                     value=1.0, limit=18.0, margin=17.0)
    report = Report(findings=tuple(sorted((*checks.run(start).findings, survey), key=lambda f: f.id)))
    desk = WhatIf(start, report)
    assert of(desk.apply(Move(design="tower", up_m=1.0)).report, "as-built/A").state is State.PASS
    assert of(desk.apply(Limit(control="A/height", value=2.0)).report, "as-built/A").state is State.NOT_CHECKED
    assert of(desk.apply(Limit(control="A/height", value=site.LIMIT_M)).report, "as-built/A").state is State.PASS


def test_tiers_move_together() -> None:
    from zonebox.whatif.changes import shifted

    assert shifted(Profile(points=((0.0, 3.0), (9.0, 3.0), (9.0, 8.0))), 2.0).points == (
        (0.0, 5.0), (9.0, 5.0), (9.0, 10.0))


@pytest.mark.data
def test_an_exported_trial_runs_to_the_same_findings(shared_data: Path, repository: Path, tmp_path: Path) -> None:
    """Delft with another height, another setback and the tower moved: written down, and run as any scene."""
    assert shared_data.is_dir()
    from zonebox import pipeline, scenefile
    from zonebox.whatif.export import export

    path = repository / "scenes" / "delft_courtyard"
    scene, report = pipeline.checked(path, tmp_path / "out")
    desk = WhatIf(scene, report)
    desk.apply(Limit(control="D-05/height", value=17.0))
    desk.apply(Setback(control="D-05/side-setback", distance_m=2.0))
    desk.apply(Setback(control="D-02/street-tiers", distance_m=2.5))
    desk.apply(Move(design="tower", east_m=-1.5, north_m=0.5, up_m=-0.25, turn_deg=3.0))
    files = export(desk.now, scenefile.read(path), tmp_path / "changed" / "scene.toml")
    assert [f.name for f in files] == ["scene.toml", "scene.rules.toml"]
    assert "a proposed tower" in files[0].read_text(encoding="utf-8").lower(), "the author's comments stay"
    again, second = pipeline.checked(files[0], tmp_path / "out")

    def numbers(one: Report) -> list[tuple[object, ...]]:
        return sorted((f.check, f.parcel, f.design, str(f.where.edge), f.state.value,
                       *(None if v is None else round(v, 3) for v in (f.value, f.limit, f.margin)))
                      for f in one.findings if f.check != "earthwork")

    assert numbers(second) == numbers(desk.now.report)
    assert [round(e.volume_m3, 3) for e in again.envelopes] == [round(e.volume_m3, 3) for e in desk.now.scene.envelopes]
    assert next(c for c in again.plan.controls if c.kind is Kind.HEIGHT and c.parcel == "D-05" and not c.superseded_by
                ).limit == 17.0


def test_planes_on_a_lot_with_arms_answer_as_a_run_does() -> None:
    """Where planes cut a trial is not asked who took what; body, capacity and findings are those of a run."""
    start = site.scene(cells=4)
    plan = replace(start.plan, controls=(*start.plan.controls, *(
        Control(id=f"A/{name}", parcel="A", kind=kind, authority=site.RULES, profile=profile)
        for name, kind, profile in (("rise", Kind.RECESSION, recession(6.0, 50.0)),
                                    ("share", Kind.PROPORTIONAL, proportional(0.4, 3.0))))))
    scene, report = site.full(replace(start, plan=plan))
    desk = WhatIf(scene, report)
    desk.apply(Limit(control="A/height", value=15.5))
    trial = desk.apply(Setback(control="A/setback", distance_m=4.0))
    again, found = site.full(trial.scene)
    for mine, theirs in zip(trial.scene.envelopes, again.envelopes, strict=True):
        assert mine.volume_m3 == pytest.approx(theirs.volume_m3, rel=1e-9)
        assert mine.solid.bounds == pytest.approx(theirs.solid.bounds, abs=1e-6)
        assert mine.capacity is not None
        assert theirs.capacity is not None
        assert mine.capacity.floor_area_m2 == pytest.approx(theirs.capacity.floor_area_m2, rel=1e-9)
    assert [(f.id, f.state) for f in trial.report.findings] == [(f.id, f.state) for f in found.findings]
    assert [f.value for f in trial.report.findings] == pytest.approx([f.value for f in found.findings], abs=1e-4)


@pytest.mark.parametrize("start_m", [6.5, 10.0, 40.0])
def test_a_plane_that_begins_above_the_top_takes_nothing_behind_its_edge(start_m: float) -> None:
    """An L of 1200 m² under 6 m, planes from ``start_m`` up along every edge: 7200 m³, arms behind a line too."""
    shape = shapely.Polygon([(0, 0), (40, 0), (40, 20), (20, 20), (20, 40), (0, 40)])
    lot = replace(lots.parcel(shape, 0.0), id="P")
    rules = (Control(id="P/h", parcel="P", kind=Kind.HEIGHT, authority=site.RULES, limit=6.0),
             Control(id="P/r", parcel="P", kind=Kind.RECESSION, authority=site.RULES, profile=recession(start_m, 45.0)))
    made = Again(lot, None, None).build(rules)
    assert made is not None
    assert made.volume_m3 == pytest.approx(7200.0, rel=1e-9)
    plan = Plan(source="drawn", parcels=tuple(replace(lot, id=f"P{k}") for k in range(60)), controls=tuple(
        replace(rule, id=f"P{k}/{rule.kind}", parcel=f"P{k}") for k in range(60) for rule in rules))
    assert [e.volume_m3 for e in build(plan, None)] == pytest.approx([7200.0] * 60, rel=1e-9)
