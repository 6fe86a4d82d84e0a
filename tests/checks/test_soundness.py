"""Open, dirty, inside-out and self-crossing meshes: never a confident wrong verdict."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.scenes import found, one, scene
from lots import box_mesh, limit, rule
from zonebox.checks.soundness import CLOSED, NONE, REPAIRED, SAMPLED, body_of
from zonebox.geometry import profile, solids
from zonebox.geometry.mesh import Mesh, merged
from zonebox.model import Kind, State

BOX = box_mesh((3, 3, 0), (17, 17, 10))
LOT = shapely.box(0, 0, 20, 20)


def without(mesh: Mesh, *gone: int) -> Mesh:
    return mesh.part(np.setdiff1d(np.arange(len(mesh)), gone))


def turned(mesh: Mesh, *which: int) -> Mesh:
    t = mesh.triangles.copy()
    rows = list(which) if which else slice(None)
    t[rows] = t[rows][:, ::-1]
    return Mesh(vertices=mesh.vertices, triangles=t)


def bow_tie(height: float = 5.0) -> Mesh:
    """A prism whose outline crosses itself: two triangles of 25 m² each."""
    ring = np.array([[0, 0], [10, 10], [10, 0], [0, 10]], dtype=np.float64)
    vertices = np.concatenate([np.c_[ring, np.zeros(4)], np.c_[ring, np.full(4, height)]])
    walls = [t for i in range(4) for j in [(i + 1) % 4] for t in ([i, j, j + 4], [i, j + 4, i + 4])]
    return Mesh(vertices=vertices, triangles=np.array([[0, 2, 1], [0, 3, 2], [4, 5, 6], [4, 6, 7], *walls]))


def test_a_clean_box_is_closed() -> None:
    body = body_of(BOX)
    assert (body.state, body.note.en) == (CLOSED, "")
    assert body.volume_m3 == pytest.approx(1960)


@pytest.mark.parametrize("mesh", [turned(BOX), turned(BOX, 3, 7), Mesh(
    vertices=BOX.corners.reshape(-1, 3), triangles=np.arange(36).reshape(-1, 3)[:, ::-1])])
def test_faces_that_look_inward_are_turned(mesh: Mesh) -> None:
    body = body_of(mesh)
    assert body.state == REPAIRED
    assert body.volume_m3 == pytest.approx(1960)
    assert "look inward" in body.note.en


def test_a_missing_face_is_patched_where_it_is_flat() -> None:
    top = np.flatnonzero((BOX.corners[:, :, 2] > 9.99).all(1))
    body = body_of(without(BOX, *top.tolist()))
    assert body.state == REPAIRED
    assert body.volume_m3 == pytest.approx(1960)
    assert "4 open edges" in body.note.en


def test_parts_that_overlap_count_once_and_caves_do_not() -> None:
    overlapping = body_of(merged([BOX, BOX.moved([5, 5, 2])]))
    assert overlapping.volume_m3 == pytest.approx(2 * 1960 - 9 * 9 * 8)
    cave = body_of(merged([BOX, turned(box_mesh((5, 5, 2), (8, 8, 5)))]))
    assert cave.volume_m3 == pytest.approx(1960 - 27)


def test_a_self_crossing_prism_is_sampled_and_says_so() -> None:
    body = body_of(bow_tie())
    assert body.state == SAMPLED
    assert body.volume_m3 == pytest.approx(250, abs=2 * body.u95_m3)
    assert 0 < body.u95_m3 < 10
    assert "cross" in body.note.en


def test_holes_opposite_each_other_leave_the_volume_open() -> None:
    body = body_of(without(BOX, 0, 1, 2, 3, 4))
    assert body.state == SAMPLED
    assert body.volume_m3 - body.u95_m3 <= 1960 <= body.volume_m3 + body.u95_m3
    assert body.u95_m3 > 100


@pytest.mark.parametrize("mesh", [
    Mesh.empty(), Mesh(vertices=np.array([[0.0, 0, 0], [9, 0, 0], [0, 9, 0]]),
                        triangles=np.array([[0, 1, 2]], dtype=np.int32)),
    Mesh(vertices=np.random.default_rng(0).random((300, 3)), triangles=np.arange(300).reshape(-1, 3))])
def test_what_encloses_nothing(mesh: Mesh) -> None:
    assert body_of(mesh).state == NONE


@settings(max_examples=40)
@given(gone=st.sets(st.integers(0, 11), min_size=1, max_size=6), flip=st.sets(st.integers(0, 11), max_size=4),
       shift=st.floats(-6, 6))
def test_a_damaged_box_never_gets_a_confident_wrong_verdict(gone: set[int], flip: set[int], shift: float) -> None:
    """The truth is that of the whole box: what is certain about the damaged one must agree with it."""
    whole = BOX.moved([shift, 0, 0])
    damaged = without(turned(whole, *flip) if flip else whole, *gone)
    controls = (rule("all", profile.fixed(2.0)), limit(Kind.HEIGHT, 12, measure="highest"))
    truth = found(scene(LOT, [one(whole)], *controls))["design/P/envelope"]
    f = found(scene(LOT, [one(damaged, solid=False)], *controls))["design/P/envelope"]
    assert f.state in (truth.state, State.MARGINAL) or (f.state is State.PASS and not _shows(damaged, truth.value or 0))
    if f.state is State.FAIL:
        assert truth.state is State.FAIL
    if f.uncertainty is not None and f.value and truth.value and f.state is State.FAIL:
        assert abs(f.value - truth.value) <= f.uncertainty + 0.02 * 1960


def _shows(mesh: Mesh, outside: float) -> bool:
    """Whether any of the triangles left lies outside the envelope, 2 m inside the lot."""
    x = mesh.corners[:, :, 0]
    return outside > 0 and bool((x < 2 - 1e-6).any() or (x > 18 + 1e-6).any())


def test_an_inside_out_solid_does_not_pass_for_its_negative_volume() -> None:
    inside_out = turned(box_mesh((1, 3, 0), (17, 17, 10)))
    f = found(scene(LOT, [one(inside_out)], rule("all", profile.fixed(3.0)), limit(Kind.HEIGHT, 12)))
    assert f["design/P/envelope"].state is State.FAIL
    assert f["design/P/envelope"].value == pytest.approx(2 * 14 * 10)
    assert f["design/P/solid"].state is State.MARGINAL


def test_coverage_of_an_open_box_is_cut_from_its_triangles() -> None:
    roofless = without(BOX, *np.flatnonzero((BOX.corners[:, :, 2] > 9.99).all(1)).tolist())
    f = found(scene(LOT, [one(roofless, solid=False)], limit(Kind.COVERAGE, 0.5), limit(Kind.HEIGHT, 12)))
    assert f["design/P/coverage"].value == pytest.approx(0.49)
    assert f["design/P/coverage"].state is State.PASS


def test_the_section_of_a_self_crossing_prism_is_whole() -> None:
    f = found(scene(LOT, [one(bow_tie(), solid=False)], limit(Kind.COVERAGE, 0.2), limit(Kind.HEIGHT, 12)))
    assert f["design/P/coverage"].value == pytest.approx(50 / 400, abs=1e-3)


def test_many_overlapping_parts_are_one_solid() -> None:
    steps = merged([box_mesh((2 + k, 3, 0), (10 + k, 17, 4 + k)) for k in range(6)])
    exact = solids.united([solids.prism(shapely.box(2 + k, 3, 10 + k, 17), 0, 4 + k) for k in range(6)])
    assert body_of(steps).volume_m3 == pytest.approx(exact.volume())


def test_many_loose_boxes_are_a_solid() -> None:
    """What a model of single bricks or balconies is: none touches another, and the volume is that of all."""
    boxes = [box_mesh((2.0 * i, 2.0 * j, 3.0 * k), (2.0 * i + 1.5, 2.0 * j + 1.0, 3.0 * k + 2.0))
             for i in range(10) for j in range(10) for k in range(9)]
    body = body_of(merged(boxes))
    assert body.state == CLOSED
    assert body.volume_m3 == pytest.approx(900 * 3.0, rel=1e-9)
    assert body.u95_m3 == 0.0
