"""Questions to a surface, against closed forms and an independent interpolator."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import Delaunay
from shapely.affinity import translate
from shapely.geometry import MultiPolygon, Point, Polygon, box

from zonebox.geometry.mesh import Mesh, merged
from zonebox.geometry.tin import MANY, tin_index

if TYPE_CHECKING:
    from numpy.typing import NDArray

L_SHAPE = Polygon([(0, 0), (4, 0), (4, 2), (2, 2), (2, 4), (0, 4)])
SQUARE = Mesh(vertices=np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0.5, 0.5, 1]]),
              triangles=np.array([[0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]], dtype=np.int32))
"""A pyramid: height 1 − 2 max(|x − ½|, |y − ½|) over the unit square."""


def scattered(count: int, seed: int = 7, low: float = -1.0, high: float = 5.0) -> NDArray[np.float64]:
    """Random plan points (n, 2) with the corners of their square."""
    corners = [[low, low], [high, low], [high, high], [low, high]]
    return np.concatenate([corners, np.random.default_rng(seed).uniform(low, high, (count, 2))])


def ramp(count: int = 300) -> Mesh:
    """Make the plane z = 0.1 x on irregular triangles."""
    xy = scattered(count)
    return Mesh(vertices=np.column_stack([xy, 0.1 * xy[:, 0]]), triangles=Delaunay(xy).simplices)


def test_plane_has_its_height_everywhere() -> None:
    xy = scattered(1000, seed=1)
    np.testing.assert_allclose(tin_index(ramp()).height_at(xy), 0.1 * xy[:, 0], atol=1e-12)


def test_mean_of_a_plane_is_its_height_at_the_centroid() -> None:
    assert tin_index(ramp()).mean_over(L_SHAPE) == pytest.approx(0.1 * 5 / 3, abs=1e-12)


def test_range_of_a_plane_over_an_l_shape() -> None:
    assert tin_index(ramp()).range_over(L_SHAPE) == pytest.approx((0.0, 0.4), abs=1e-12)


def test_holes_and_parts_count_for_the_mean() -> None:
    ring = box(0, 0, 4, 4).difference(box(1, 1, 2, 3))                  # 16 at x = 2, less 2 at x = 1.5
    assert tin_index(ramp()).mean_over(ring) == pytest.approx(0.1 * (16 * 2 - 2 * 1.5) / 14, abs=1e-12)
    parts = MultiPolygon([box(0, 0, 1, 1), box(3, 0, 4, 3)])
    assert tin_index(ramp()).mean_over(parts) == pytest.approx(0.1 * (1 * 0.5 + 3 * 3.5) / 4, abs=1e-12)


@pytest.mark.parametrize("half", [0.5, 0.25, 0.1, 1e-3])
def test_mean_of_a_pyramid(half: float) -> None:
    shape = box(0.5 - half, 0.5 - half, 0.5 + half, 0.5 + half)
    index = tin_index(SQUARE)
    assert index.mean_over(shape) == pytest.approx(1 - 4 * half / 3, abs=1e-12)
    assert index.range_over(shape) == pytest.approx((1 - 2 * half, 1.0), abs=1e-12)


def test_mean_needs_half_of_the_polygon() -> None:
    index = tin_index(SQUARE)
    assert index.mean_over(box(0.0, 0.0, 1.9, 1.0)) == pytest.approx(1 / 3)
    assert math.isnan(index.mean_over(box(0.0, 0.0, 2.1, 1.0)))
    assert all(math.isnan(v) for v in index.range_over(box(0.0, 0.0, 2.1, 1.0)))
    assert math.isnan(index.mean_over(box(5, 5, 6, 6)))


def test_empty_surface_and_empty_polygon_answer_nan() -> None:
    empty = tin_index(Mesh.empty())
    assert np.isnan(empty.height_at([[0.0, 0.0]])).all()
    assert empty.triangle_at([[0.0, 0.0]]).tolist() == [-1]
    assert math.isnan(empty.mean_over(L_SHAPE))
    assert math.isnan(tin_index(SQUARE).mean_over(Polygon()))
    assert tin_index(SQUARE).height_at(np.zeros((0, 2))).shape == (0,)


def test_points_on_corners_and_edges_belong_to_the_lowest_triangle() -> None:
    index = tin_index(SQUARE)
    on = [[0.5, 0.5], [0.0, 0.0], [0.25, 0.25], [1.0, 0.5], [0.5, 0.0], [1.0, 1.0]]
    assert index.triangle_at(on).tolist() == [0, 0, 0, 1, 0, 1]
    assert index.height_at(on).tolist() == [1.0, 0.0, 0.5, 0.0, 0.0, 0.0]


def test_nothing_is_known_outside_or_at_no_place() -> None:
    out = [[-1e-6, 0.5], [0.5, 1 + 1e-6], [1e9, 1e9], [np.nan, 0.5], [np.inf, 0.5], [0.5, -np.inf]]
    assert np.isnan(tin_index(SQUARE).height_at(out)).all()


def test_winding_upright_triangles_and_gaps_do_no_harm() -> None:
    turned = Mesh(vertices=SQUARE.vertices, triangles=SQUARE.triangles[:, ::-1])
    wall = Mesh(vertices=np.array([[0.0, 0, 0], [1, 0, 0], [1, 0, 9]]), triangles=np.array([[0, 1, 2]], dtype=np.int32))
    both = tin_index(merged([wall, turned, SQUARE.moved((10.0, 0.0, 5.0))]))
    assert both.height_at([[0.5, 0.25], [10.5, 0.25], [5.0, 0.5]]).tolist()[:2] == [0.5, 5.5]
    assert both.triangle_at([[0.5, 0.25], [10.5, 0.25], [5.0, 0.5]]).tolist() == [1, 5, -1]
    assert np.isnan(tin_index(wall).height_at([[0.5, 0.0]])).all()


def test_agrees_with_another_interpolator_on_uneven_triangles() -> None:
    rng = np.random.default_rng(3)
    xy = np.concatenate([rng.normal(0, 0.01, (2000, 2)), rng.uniform(-500, 500, (2000, 2))])
    z = np.sin(xy[:, 0] / 50) * 10
    net = Delaunay(xy)
    ask = np.concatenate([rng.uniform(-510, 510, (20000, 2)), rng.normal(0, 0.01, (5000, 2)), xy])
    got = tin_index(Mesh(vertices=np.column_stack([xy, z]), triangles=net.simplices)).height_at(ask)
    want = LinearNDInterpolator(net, z)(ask)
    inside = ~np.isnan(want)
    np.testing.assert_allclose(got[inside], want[inside], atol=1e-6)
    assert np.isnan(got[~inside & (np.abs(ask) > 500).any(1)]).all()


def test_long_thin_triangles_are_found() -> None:
    count = 400
    left = np.column_stack([np.zeros(count + 1), np.arange(count + 1), np.zeros(count + 1)])
    right = left + np.array([1000.0, 1000.0, 10.0])
    k = np.arange(count)
    triangles = np.concatenate([np.column_stack([k, k + count + 1, k + 1]),
                                np.column_stack([k + 1, k + count + 1, k + count + 2])])
    index = tin_index(Mesh(vertices=np.concatenate([left, right]), triangles=triangles))
    t = np.random.default_rng(5).uniform(0, 1, (3000, 2))
    xy = np.column_stack([t[:, 0] * 1000, t[:, 0] * 1000 + t[:, 1] * count])
    np.testing.assert_allclose(index.height_at(xy), 10 * t[:, 0], atol=1e-9)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_moving_surface_and_question_together_changes_nothing(seed: int, dx: float, dy: float) -> None:
    xy = scattered(30, seed=seed)
    z = np.random.default_rng(seed).normal(size=len(xy))
    mesh = Mesh(vertices=np.column_stack([xy, z]), triangles=Delaunay(xy).simplices)
    circle = Point(2, 2).buffer(1.5)
    here, there = tin_index(mesh), tin_index(mesh.moved((dx, dy, 0.0)))
    assert there.mean_over(translate(circle, dx, dy)) == pytest.approx(here.mean_over(circle), abs=1e-6)
    low, high = here.range_over(circle)
    assert low <= here.mean_over(circle) <= high
    ask = np.random.default_rng(seed + 1).uniform(-1, 5, (50, 2))
    np.testing.assert_allclose(there.height_at(ask + np.array([dx, dy])), here.height_at(ask), atol=1e-6)


def test_many_points_have_the_same_answers_as_few() -> None:
    """Above a number of points machine code answers; a point's answer does not depend on how many are asked."""
    rng = np.random.default_rng(11)
    flat = np.concatenate([rng.uniform(0, 100, (400, 2)), [[0, 0], [100, 0], [0, 100], [100, 100]]])
    mesh = Mesh(vertices=np.column_stack([flat, rng.normal(0, 5, len(flat))]), triangles=Delaunay(flat).simplices)
    index = tin_index(mesh)
    ask = np.concatenate([rng.uniform(-5, 105, (MANY, 2)), flat, flat[mesh.triangles[:, :2]].mean(1), [[np.nan, 1.0]]])
    parts = np.array_split(ask, 7)
    np.testing.assert_array_equal(index.triangle_at(ask), np.concatenate([index.triangle_at(p) for p in parts]))
    np.testing.assert_allclose(index.height_at(ask), np.concatenate([index.height_at(p) for p in parts]), atol=1e-12)
    assert np.isnan(index.height_at(ask)).sum() > 1000
