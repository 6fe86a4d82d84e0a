"""Terraces cut into surfaces: no gap, no overlap, heights and volumes against closed forms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial import Delaunay
from shapely.affinity import rotate
from shapely.geometry import Polygon, box

from zonebox.geometry.earthwork import earth_moved
from zonebox.geometry.mesh import Mesh
from zonebox.geometry.regrading import INSET_M, Terrace, terraced
from zonebox.geometry.tin import tin_index

Floats = NDArray[np.float64]
L = 60.0
ALL = box(0, 0, L, L)
GROUND = Mesh(vertices=np.array([[0, 0, 0], [L, 0, 0], [L, L, 0], [0, L, 0]]),
              triangles=np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32))


def surface(height: Callable[[Floats], Floats], count: int = 400, seed: int = 0) -> Mesh:
    """Make a surface on irregular triangles over 60 × 60, corners on the millimetre."""
    inner = np.random.default_rng(seed).uniform(0, L, (count, 2))
    xy = np.round(np.concatenate([[[0, 0], [L, 0], [L, L], [0, L]], inner]), 3)
    return Mesh(vertices=np.column_stack([xy, height(xy)]), triangles=Delaunay(xy).simplices)


def assert_sound(mesh: Mesh) -> None:
    """Check that triangles look up, meet edge to edge, and cover the square once."""
    flat = mesh.corners[:, :, :2]
    u, v = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    doubled = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    assert (doubled > 0).all()
    assert doubled.sum() / 2 == pytest.approx(L * L, abs=1e-6)
    t = mesh.triangles
    _, seen = np.unique(np.sort(np.concatenate([t[:, :2], t[:, 1:], t[:, ::2]]), axis=1), axis=0, return_counts=True)
    ends = np.count_nonzero(seen == 1)
    assert set(seen.tolist()) <= {1, 2}
    border = shapely.union_all(shapely.polygons(flat), grid_size=1e-4).exterior
    assert border.length == pytest.approx(4 * L, abs=1e-3)
    assert ends <= len(mesh.vertices)


def volume(mesh: Mesh) -> float:
    """Integrate the height over the plan, prism by prism."""
    c = mesh.corners
    u, v = c[:, 1, :2] - c[:, 0, :2], c[:, 2, :2] - c[:, 0, :2]
    return float(((u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]) / 2 * c[:, :, 2].mean(1)).sum())


def wavy(xy: Floats) -> Floats:
    return np.asarray(0.1 * xy[:, 0] + 0.3 * np.sin(xy[:, 1] / 3))


def test_step_on_level_ground_is_a_prism() -> None:
    made = terraced(GROUND, [Terrace(shape=box(20, 20, 40, 35), level_m=None),
                             Terrace(shape=box(20, 20, 40, 35), level_m=2.0)])
    assert_sound(made)
    earth = earth_moved(GROUND, made, ALL)
    assert earth.cut_m3 == 0.0
    assert earth.fill_m3 == pytest.approx(2.0 * 20 * 15, rel=2 * INSET_M)
    assert tin_index(made).height_at([[30.0, 30.0], [19.9, 30.0], [41.0, 30.0]]) == pytest.approx([2.0, 0.0, 0.0])


@pytest.mark.parametrize("turn", [0.0, 17.3, 45.0])
def test_bank_on_level_ground_is_a_frustum(turn: float) -> None:
    inner, outer = (rotate(box(30 - r, 30 - r, 30 + r, 30 + r), turn) for r in (5, 7))
    triangle = Mesh(vertices=np.array([[-300.0, -200, 0], [400, -200, 0], [30, 500, 0]]),
                    triangles=np.array([[0, 1, 2]], dtype=np.int32))
    made = terraced(triangle, [Terrace(shape=outer, level_m=None), Terrace(shape=inner, level_m=1.0)])
    assert earth_moved(triangle, made, outer).fill_m3 == pytest.approx((100 + 196 + 140) / 3, rel=1e-4)


def test_pad_half_in_half_out_of_a_slope_balances() -> None:
    slope = surface(lambda xy: np.asarray(0.2 * xy[:, 0]))
    pad = box(20, 20, 40, 40)
    made = terraced(slope, [Terrace(shape=pad.buffer(INSET_M, join_style="mitre"), level_m=None),
                            Terrace(shape=pad, level_m=6.0)])
    assert_sound(made)
    earth = earth_moved(slope, made, ALL)
    wedge = 0.2 * 10 * 10 / 2 * 20                                      # a triangle of 10 × 2 m, 20 m long
    assert earth.cut_m3 == pytest.approx(wedge, rel=3e-3)
    assert earth.fill_m3 == pytest.approx(wedge, rel=3e-3)


@settings(max_examples=25)
@given(st.floats(0, 90), st.floats(-2, 8), st.integers(0, 5))
def test_fill_less_cut_is_the_change_of_volume(turn: float, level: float, seed: int) -> None:
    ground = surface(wavy, seed=seed)
    outer = rotate(Polygon([(15, 15), (45, 15), (45, 30), (30, 30), (30, 45), (15, 45)]), turn)
    made = terraced(ground, [Terrace(shape=outer, level_m=None), Terrace(shape=outer.buffer(-2), level_m=level),
                             Terrace(shape=outer.buffer(-4), level_m=level - 3)])
    assert_sound(made)
    earth = earth_moved(ground, made, outer)
    assert earth.fill_m3 - earth.cut_m3 == pytest.approx(volume(made) - volume(ground), abs=0.02)
    heights = tin_index(made).height_at(shapely.get_coordinates(outer.buffer(-4.02)))
    np.testing.assert_allclose(heights, level - 3, atol=1e-9)


def test_outside_nothing_moves_and_the_border_keeps_its_height() -> None:
    ground = surface(wavy)
    pad = rotate(box(22, 22, 37, 33), 30)
    made = terraced(ground, [Terrace(shape=pad, level_m=None), Terrace(shape=pad, level_m=9.0)])
    xy = np.random.default_rng(5).uniform(0, L, (4000, 2))
    xy = xy[~shapely.contains_xy(pad.buffer(0.001), xy)]
    np.testing.assert_allclose(tin_index(made).height_at(xy), tin_index(ground).height_at(xy), atol=1e-3)


def test_bridge_takes_away_what_stands_in_it() -> None:
    bump = surface(lambda xy: np.asarray(np.where(np.hypot(*(xy - 30).T) < 8, 6.0, 0.05 * xy[:, 1])), count=2000)
    made = terraced(bump, [Terrace(shape=shapely.Point(30, 30).buffer(11), level_m=None)])
    assert_sound(made)
    xy = np.random.default_rng(2).uniform(20, 40, (500, 2))
    np.testing.assert_allclose(tin_index(made).height_at(xy), 0.05 * xy[:, 1], atol=0.02)


def test_holes_parts_and_what_reaches_beyond_the_surface() -> None:
    ground = surface(wavy)
    ring = box(10, 10, 30, 30).difference(box(17, 17, 23, 23))
    both = shapely.MultiPolygon([ring, box(50, 50, 80, 80)])
    made = terraced(ground, [Terrace(shape=both, level_m=None), Terrace(shape=both, level_m=-1.0)])
    assert_sound(made)
    heights = tin_index(made).height_at([[12.0, 12.0], [20.0, 20.0], [55.0, 55.0], [59.999, 59.999]])
    np.testing.assert_allclose(heights[[0, 2]], -1.0)
    assert heights[1] == pytest.approx(tin_index(ground).height_at([[20, 20]])[0])
    assert heights[3] > 0.0                                             # the rim of the surface stays


def test_nothing_to_cut() -> None:
    ground = surface(wavy)
    assert terraced(ground, [Terrace(shape=box(100, 100, 110, 110), level_m=None)]) is ground
    assert terraced(ground, [Terrace(shape=Polygon(), level_m=None)]) is ground
    nothing = earth_moved(ground, Mesh.empty(), ALL)
    assert (nothing.cut_m3, nothing.fill_m3) == (0.0, 0.0)
