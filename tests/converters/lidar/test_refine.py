"""Properties of the refinement on points of all kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import Delaunay

from zonebox.geometry.tin import tin_index
from zonebox_converters.lidar.ground import thinned
from zonebox_converters.lidar.refine import fitted, hull

if TYPE_CHECKING:
    from numpy.typing import NDArray


def points_of(kind: str, seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(4, 400))
    if kind == "grid":                                                  # cocircular and collinear everywhere
        xy = np.stack(np.meshgrid(np.arange(18.0), np.arange(12.0)), axis=-1).reshape(-1, 2)
    elif kind == "clustered":
        xy = np.concatenate([rng.normal(0, 0.01, (count, 2)), rng.uniform(-300, 300, (count, 2))])
    elif kind == "ring":
        angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
        xy = 50 * np.column_stack([np.cos(angle), np.sin(angle)])
    else:
        xy = rng.uniform(0, 100, (count, 2))
    return thinned(np.column_stack([xy, rng.normal(0, 1, len(xy)) + np.where(xy[:, 0] > 5, 4.0, 0.0)]))


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(["grid", "clustered", "ring", "random"]), st.integers(0, 1000),
       st.sampled_from([0.01, 0.1, 1.0]))
def test_bound_holds_hull_is_covered_once_and_order_is_irrelevant(kind: str, seed: int, bound: float) -> None:
    points = points_of(kind, seed)
    fit = fitted(points, bound)
    off = np.abs(tin_index(fit.mesh).height_at(points[:, :2]) - points[:, 2])
    assert off.max() <= bound + 1e-9
    assert fit.max_error_m == pytest.approx(off.max(), abs=1e-9)
    covered = shapely.area(shapely.polygons(fit.mesh.corners[:, :, :2])).sum()
    assert covered == pytest.approx(shapely.convex_hull(shapely.multipoints(points[:, :2])).area, rel=1e-9)
    again = fitted(points[np.random.default_rng(seed).permutation(len(points))], bound)
    assert again.mesh.vertices.tobytes() == fit.mesh.vertices.tobytes()
    assert again.mesh.triangles.tobytes() == fit.mesh.triangles.tobytes()


@pytest.mark.parametrize("seed", range(4))
def test_triangles_are_those_of_an_independent_delaunay_triangulation(seed: int) -> None:
    points = points_of("random", seed)
    mesh = fitted(points, 0.5).mesh
    want = {tuple(sorted(row)) for row in Delaunay(mesh.vertices[:, :2]).simplices.tolist()}
    assert {tuple(sorted(row)) for row in mesh.triangles.tolist()} == want


def test_hull_of_places_on_its_sides() -> None:
    side = np.arange(5)
    x, y = (axis.ravel() for axis in np.meshgrid(side, side))
    assert sorted(hull(x, y).tolist()) == [0, 4, 20, 24]
    assert len(hull(np.array([0, 1, 2]), np.array([0, 0, 1]))) == 3


def test_three_points_are_one_triangle() -> None:
    fit = fitted(np.array([[0.0, 0, 1], [1, 0, 2], [0, 1, 3]]), 0.1)
    assert len(fit.mesh) == 1
    assert fit.max_error_m == 0.0


def test_a_kerb_costs_triangles_only_where_it_is() -> None:
    x, y = np.meshgrid(np.arange(0, 40, 0.25), np.arange(0, 40, 0.25))
    kerb = np.column_stack([x.ravel(), y.ravel(), np.where(x.ravel() < 20, 0.0, 0.5)])
    fit = fitted(thinned(kerb), 0.1)
    middle = fit.mesh.corners[:, :, 0].mean(1)
    assert len(fit.mesh) < 1000                                         # of 50,562 with every point
    assert (np.abs(middle - 20) < 2).mean() > 0.5
