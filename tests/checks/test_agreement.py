"""Checks agree with each other, cures that are applied pass, and many at once are the same as one by one."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon

from bench.bench_checks import city
from checks.scenes import found, gable, moved, one, scene
from lots import box_mesh, envelope, limit, rule
from zonebox import checks
from zonebox.checks.containment import worst_of_surface
from zonebox.checks.many import check_many
from zonebox.checks.subject import Site
from zonebox.geometry import profile
from zonebox.geometry.boundary import boundary
from zonebox.geometry.mesh import Mesh
from zonebox.model import Building, Control, Finding, Kind, State

L_LOT = Polygon([(0, 0), (60, 0), (60, 30), (30, 30), (30, 60), (0, 60)])
PROFILES = [profile.fixed(3.0), profile.proportional(0.4, 3.0), profile.recession(4.0, 45.0),
            profile.tiers(((0.0, 2.0), (9.0, 5.0)))]


def turned(mesh: Mesh, angle: float, x: float, y: float) -> Mesh:
    c, s = math.cos(angle), math.sin(angle)
    v = mesh.vertices
    return Mesh(vertices=np.stack([v[:, 0] * c - v[:, 1] * s + x, v[:, 0] * s + v[:, 1] * c + y, v[:, 2]], axis=1),
                triangles=mesh.triangles)


@settings(max_examples=40)
@given(kind=st.sampled_from(["box", "gable"]), angle=st.floats(0, math.pi), x=st.floats(6, 40), y=st.floats(6, 40),
       width=st.floats(4, 14), depth=st.floats(4, 14), eave=st.floats(3, 9), rise=st.floats(1, 6),
       which=st.integers(0, 3))
def test_setbacks_containment_and_surface_agree(
    kind: str, angle: float, x: float, y: float, width: float, depth: float, eave: float, rise: float, which: int
) -> None:
    flat = box_mesh((-width / 2, -depth / 2, 0), (width / 2, depth / 2, eave + rise))
    roof = gable(-width / 2, -depth / 2, width / 2, depth / 2, eave, eave + rise)
    mesh = turned(flat if kind == "box" else roof, angle, x, y)
    controls = [rule(f"r{i}", PROFILES[(which + i) % 4], indices=(i,)) for i in range(6)] + [
        limit(Kind.HEIGHT, 12.0, measure="highest")]
    made = scene(L_LOT, [one(mesh)], *controls)
    by_id = found(made)
    outside = by_id["design/P/envelope"].value or 0.0
    margins = [f.margin for f in by_id.values() if f.margin is not None and f.check in (
        "setback", "height", "recession", "proportional")]
    on_lot = shapely.contains_properly(L_LOT, shapely.MultiPoint(mesh.vertices[:, :2]).convex_hull)
    if on_lot and min(margins) > 1e-3:
        assert outside < 1e-6
    if on_lot and outside > 0.05:
        assert min(margins) < 0.0
    subject = Site(made).subject(made.designs[0])
    assert subject is not None
    assert subject.envelope is not None
    worst = worst_of_surface(subject, subject.envelope)
    assert (worst.depth_m > 1e-3) == (min(margins) < -1e-3 or not on_lot)


REFLEX = tuple(np.flatnonzero(np.isclose(boundary(L_LOT).end, [30, 30]).all(1)).tolist())
CURABLE = {
    "height": ([limit(Kind.HEIGHT, 7.3)], box_mesh((5, 5, 0), (20, 20, 9.5678))),
    "setback at an edge": ([rule("s", profile.fixed(6.4), "side")], box_mesh((5.123, 8, 0), (20, 20, 9))),
    "proportional": ([rule("s", profile.proportional(0.45, 3.0), "front", kind=Kind.PROPORTIONAL)],
                     box_mesh((8, 3.2, 0), (20, 20, 11))),
    "recession": ([rule("s", profile.recession(3, 50), "front", kind=Kind.RECESSION)], gable(8, 3.2, 22, 20, 9, 13)),
    "reflex corner": ([rule("s", profile.fixed(6.0), indices=REFLEX)], turned(
        box_mesh((-4, -4, 0), (4, 4, 9)), 0.9, 24, 23)),
    "tiers": ([rule("s", profile.tiers(((0.0, 3.0), (6.0, 8.0))), "front")], box_mesh((8, 4, 0), (20, 20, 9))),
}


@pytest.mark.parametrize("name", CURABLE)
def test_the_cure_is_enough_and_a_little_less_is_not(name: str) -> None:
    controls, mesh = CURABLE[name]
    made = scene(L_LOT, [one(mesh)], *controls)
    broken = [f for f in checks.run(made).findings if f.state in (State.FAIL, State.MARGINAL) and f.cure
              and f.check != "containment"]
    assert broken, name
    for f in broken:
        assert f.cure is not None
        step = np.array([0.0, 0.0, -1.0] if f.cure.action == "lower" else [*(f.cure.direction or (0, 0)), 0.0])
        after = found(replace(made, designs=(moved(made.designs[0], f.cure.amount * step),)))
        assert after[f.id].state is State.PASS, (f.id, f.cure, after[f.id].margin)
        less = found(replace(made, designs=(moved(made.designs[0], (f.cure.amount - 0.01) * step),)))
        assert less[f.id].state is not State.PASS, (f.id, f.cure)


def test_removing_what_is_outside_passes() -> None:
    from zonebox.geometry import solids

    made = scene(L_LOT, [one(box_mesh((1, 1, 0), (20, 20, 14)))], rule("s", profile.fixed(4.0)),
                 limit(Kind.HEIGHT, 12))
    broken = found(made)["design/P/envelope"]
    assert broken.part is not None
    left = solids.mesh_of(solids.solid_of(made.designs[0].mesh) - solids.solid_of(broken.part))
    assert found(replace(made, designs=(one(left),)))["design/P/envelope"].state is State.PASS


def numbers(f: Finding) -> tuple[object, ...]:
    """What two findings must share."""
    cure = None if f.cure is None else (f.cure.action, f.cure.unit, f.cure.amount)
    return f.id, f.check, f.state, f.parcel, f.design, f.control, f.unit, f.where.edge, f.elements, cure


def test_many_at_once_are_the_same_as_one_by_one() -> None:
    made = city(60)
    odd = [turned(box_mesh((-6, -4, 9), (6, 4, 18)), 0.3, 20, 15),              # reaches below the ground
           gable(8, 8, 30, 20, 15, 21, bottom=10.0), box_mesh((-2, 5, 10), (20, 20, 20))]
    extra = tuple(one(m.moved([45.0 * (k % 8), 35.0 * (k // 8), 0]), f"odd{k}", parcel=f"L{k}")
                  for k, m in enumerate(odd))
    made = replace(made, designs=(*made.designs, *extra))
    shapes = {p.id: p for p in made.plan.parcels}
    boxes = []
    for name, lot in shapes.items():
        own = [c for c in made.plan.controls if c.parcel == name]
        from zonebox_converters.envelopes import build_one

        box = build_one(lot, tuple(own), None)
        assert box is not None
        boxes.append(box)
    singly = {f.id: f for f in checks.run(replace(made, envelopes=tuple(boxes))).findings
              if f.check in ("height", "setback", "coverage") and f.design}
    together = {f.id: f for f in check_many(made)}
    assert together.keys() == singly.keys()
    for key, f in together.items():
        other = singly[key]
        assert numbers(f) == numbers(other)
        assert [f.value, f.limit, f.margin, f.tolerance] == pytest.approx(
            [other.value, other.limit, other.margin, other.tolerance], abs=1e-6)
        if f.where.point is not None and f.where.foot is not None and f.check == "setback":
            assert math.dist(f.where.point, f.where.foot) == pytest.approx(abs(other.value or 0.0), abs=1e-6)
    assert {f.state for f in together.values()} >= {State.PASS, State.FAIL}


def test_nothing_can_be_said_of_a_design_that_stands_nowhere() -> None:
    lost: Building = one(box_mesh((5, 5, 0), (9, 9, 9)), "lost", parcel="Z")
    f = found(scene(L_LOT, [lost], limit(Kind.HEIGHT, 9)))["lost/parcel"]
    assert f.state is State.NOT_CHECKED
    assert "Z" in f.reason
    assert "Z" in f.said("zh")


def test_an_unknown_ground_is_told() -> None:
    controls: tuple[Control, ...] = (limit(Kind.HEIGHT, 9), limit(Kind.COVERAGE, 0.5))
    made = replace(scene(L_LOT, [one(box_mesh((5, 5, 0), (9, 9, 9)))], *controls), envelopes=())
    assert {f.state for f in checks.run(made).findings} == {State.NOT_CHECKED}
    assert envelope(L_LOT, *controls).ground_m == 0.0
