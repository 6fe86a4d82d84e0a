"""Slope and profile of a surface, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial import Delaunay
from shapely.geometry import LineString, box

from zonebox.geometry.mesh import Mesh
from zonebox.geometry.tin import tin_index
from zonebox.model.terrain import Terrain

PYRAMID = Mesh(vertices=np.array([[0, 0, 0], [8, 0, 0], [8, 8, 0], [0, 8, 0], [4, 4, 3]]),
               triangles=np.array([[0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]], dtype=np.int32))
"""Base 8 × 8, height 3."""


def plane(a: float, b: float) -> Mesh:
    """Make z = 2 + a x + b y on irregular triangles over 10 × 10."""
    inner = np.random.default_rng(3).uniform(0, 10, (60, 2))
    xy = np.concatenate([[[0, 0], [10, 0], [10, 10], [0, 10]], inner])
    return Mesh(vertices=np.column_stack([xy, 2 + xy @ np.array([a, b])]), triangles=Delaunay(xy).simplices)


def terrain(mesh: Mesh) -> Terrain:
    return Terrain(mesh=mesh, source="test", max_error_m=0.0, rms_error_m=0.0, ground_points=len(mesh.vertices))


def profile_of(mesh: Mesh, *points: tuple[float, float]) -> NDArray[np.float64]:
    return tin_index(mesh).profile(LineString(points))


@given(st.floats(-3, 3), st.floats(-3, 3))
def test_slope_of_a_plane(a: float, b: float) -> None:
    xy = np.random.default_rng(0).uniform(0.1, 9.9, (50, 2))
    np.testing.assert_allclose(tin_index(plane(a, b)).slope_at(xy), np.tile([a, b], (50, 1)), atol=1e-6)


def test_slope_of_a_pyramid_is_three_in_four_towards_its_top() -> None:
    slope = tin_index(PYRAMID).slope_at([[4, 1], [7, 4], [4, 7], [1, 4], [9, 9]])
    np.testing.assert_allclose(slope[:4], np.array([[0, 0.75], [-0.75, 0], [0, -0.75], [0.75, 0]]))
    assert np.isnan(slope[4]).all()
    assert terrain(PYRAMID).slope_at([[4, 1], [20, 20]])[0] == pytest.approx(0.75)


def test_mean_over_a_pyramid_and_a_quarter_of_it() -> None:
    ground = terrain(PYRAMID)
    assert ground.mean_over(box(0, 0, 8, 8)) == pytest.approx(1.0)      # a third of its height
    assert ground.mean_over(box(0, 0, 4, 4)) == pytest.approx(1.0)
    assert ground.mean_over(box(2, 2, 6, 6)) == pytest.approx(1.5 + 0.5)    # a frustum and its tip: 1.5 + 1.5 / 3


def test_profile_through_the_top_of_a_pyramid() -> None:
    np.testing.assert_allclose(profile_of(PYRAMID, (0, 4), (8, 4)), [[0, 0], [4, 3], [8, 0]], atol=1e-9)


def test_profile_beside_the_top_breaks_where_it_crosses_the_ridges() -> None:
    want = np.array([[0, 0], [2, 1.5], [6, 1.5], [8, 0]])
    np.testing.assert_allclose(profile_of(PYRAMID, (0, 2), (8, 2)), want, atol=1e-9)


def test_profile_along_an_edge_round_a_corner_and_beyond_the_surface() -> None:
    want = np.array([[0, 0], [4 * 2**0.5, 3], [4 * 2**0.5 + 4, 0]])
    np.testing.assert_allclose(profile_of(PYRAMID, (0, 0), (4, 4), (8, 4)), want, atol=1e-9)
    beyond = terrain(PYRAMID).profile(LineString([(4, 4), (12, 4)]))
    np.testing.assert_allclose(beyond[:, 0], [0, 4, 8], atol=1e-9)
    assert np.isnan(beyond[-1, 1])


def test_profile_of_a_plane_is_straight() -> None:
    made = profile_of(plane(0.3, -0.2), (0.5, 0.5), (9.5, 7.5))
    share = made[:, 0] / np.hypot(9, 7)
    np.testing.assert_allclose(made[:, 1], 2 + 0.3 * (0.5 + 9 * share) - 0.2 * (0.5 + 7 * share), atol=1e-8)
    assert len(made) > 5
