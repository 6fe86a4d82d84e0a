"""Simplified parts against closed forms and distances measured by VTK."""

from __future__ import annotations

import math

import numpy as np
import pytest
import pyvista as pv
import trimesh

from zonebox.geometry.mesh import volume_m3
from zonebox_converters.ifc import union
from zonebox_converters.ifc.closed import closed_parts
from zonebox_converters.ifc.coarser import coarser, count

RADIUS, HEIGHT, SIDES = 0.3, 2.8, 96


def _arrays(meshes: list[trimesh.Trimesh], at: list[tuple[int, tuple[float, float, float]]]) -> dict[str, np.ndarray]:
    """Geometries, and where each placement (geometry, position) stands."""
    matrix = np.tile(np.eye(4), (len(at), 1, 1))
    matrix[:, :3, 3] = [spot for _, spot in at]
    return {"vertices": np.concatenate([m.vertices for m in meshes]),
            "triangles": np.concatenate([m.faces for m in meshes]).astype(np.int32),
            "vertex_start": np.cumsum([0, *(len(m.vertices) for m in meshes)]),
            "triangle_start": np.cumsum([0, *(len(m.faces) for m in meshes)]),
            "geometry": np.array([k for k, _ in at], dtype=np.int32), "matrix": matrix,
            "space": np.zeros(len(at), dtype=np.bool_)}


def _column() -> trimesh.Trimesh:
    return trimesh.creation.cylinder(RADIUS, HEIGHT, sections=SIDES).apply_translation((0.0, 0.0, HEIGHT / 2))


def test_columns_lose_sides_and_no_more_than_the_bound_says() -> None:
    column, slab = _column(), trimesh.creation.box((50.0, 50.0, 0.2))
    shapes = closed_parts(_arrays([column, slab], [(0, (0.0, 0.0, 0.0)), (1, (0.0, 0.0, 3.0))]))
    times = np.array([100, 1])
    before = count(shapes.parts, times)
    made, bound = coarser(shapes, times, before // 4)
    assert count(made.parts, times) <= before // 4
    assert 0.0 < bound <= 0.15
    thin, plate = made.parts
    assert len(plate) == 12                                     # nothing can be taken from a box
    points, _ = trimesh.sample.sample_surface(column, 4000, seed=1)
    other = pv.make_tri_mesh(thin.vertices, thin.triangles)
    far = pv.PolyData(points).compute_implicit_distance(other)["implicit_distance"]
    assert np.abs(far).max() <= bound + 1e-6
    assert volume_m3(thin) <= math.pi * RADIUS**2 * HEIGHT
    assert volume_m3(thin) >= math.pi * (RADIUS - bound)**2 * (HEIGHT - 2 * bound)


def test_few_triangles_are_left_as_they_are() -> None:
    shapes = closed_parts(_arrays([_column()], [(0, (0.0, 0.0, 0.0))]))
    made, bound = coarser(shapes, np.array([1]), 10_000)
    assert bound == 0.0
    assert made.parts == shapes.parts


def test_a_large_model_is_united_with_its_bound_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns between slabs; united exactly it has more triangles than are wanted."""
    slab = trimesh.creation.box((22.0, 22.0, 0.2)).apply_translation((9.0, 9.0, 0.0))
    places = [(0, (6.0 * i, 6.0 * j, 3.0 * k + 0.1)) for i in range(4) for j in range(4) for k in range(3)]
    arrays = _arrays([_column(), slab], [*places, *((1, (0.0, 0.0, 3.0 * k)) for k in range(4))])
    exact, whole = union.united(arrays, sections_z=[1.0, 4.0], slabs_z=[0.0, 3.0])
    assert exact["bound_m"] == 0.0
    monkeypatch.setattr(union, "MOST_TRIANGLES", exact["triangles"] // 2)
    rough, fewer = union.united(arrays, sections_z=[1.0, 4.0], slabs_z=[0.0, 3.0])
    assert 0.0 < rough["bound_m"] <= 0.15
    assert rough["triangles"] <= exact["triangles"] // 2
    assert len(fewer["triangles"]) < len(whole["triangles"])
    most = 2 * math.pi * RADIUS * 16 * rough["bound_m"]
    assert exact["outlines_m2"][0] - most <= rough["outlines_m2"][0] <= exact["outlines_m2"][0]
    monkeypatch.setattr(union, "MOST_TRIANGLES", 100)
    refused, nothing = union.united(arrays, sections_z=[1.0, 4.0], slabs_z=[0.0, 3.0])
    assert not nothing
    assert refused["triangles"] > 100
