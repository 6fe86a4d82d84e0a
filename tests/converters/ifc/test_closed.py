"""Closed parts of many geometries at once against trimesh, one by one."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from zonebox_converters.ifc.closed import closed_parts


def _arrays(*meshes: trimesh.Trimesh) -> dict[str, np.ndarray]:
    starts = {name: np.cumsum([0, *(len(getattr(m, name)) for m in meshes)]) for name in ("vertices", "faces")}
    return {"vertices": np.concatenate([m.vertices for m in meshes]),
            "triangles": np.concatenate([m.faces for m in meshes]).astype(np.int32),
            "vertex_start": starts["vertices"], "triangle_start": starts["faces"]}


def test_parts_keep_their_volume_and_geometry_wherever_they_stand() -> None:
    box = trimesh.creation.box((2.0, 3.0, 4.0)).apply_translation((85_000.0, 447_500.0, 7.0))
    ball = trimesh.creation.icosphere(2, 1.5)
    inverted = ball.copy()
    inverted.invert()
    open_box = trimesh.Trimesh(box.vertices, box.faces[:-1], process=False)
    pair = trimesh.util.concatenate([ball, trimesh.creation.cylinder(0.4, 3.0).apply_translation((9.0, 0.0, 0.0))])
    meshes = (box, open_box, inverted, pair)
    found = closed_parts(_arrays(*meshes))
    assert found.first.tolist() == [0, 1, 1, 2, 4]
    volumes = [trimesh.Trimesh(p.vertices, p.triangles).volume for p in found.parts]
    apart = sorted(abs(m.volume) for m in pair.split())
    assert volumes[:2] == pytest.approx([24.0, ball.volume], rel=1e-9)
    assert sorted(volumes[2:]) == pytest.approx(apart, rel=1e-9)
    assert all(trimesh.Trimesh(p.vertices, p.triangles).is_watertight for p in found.parts)
    assert found.kept_m2 == pytest.approx([box.area, 0.0, ball.area, pair.area])
    assert found.lost_m2 == pytest.approx([0.0, open_box.area, 0.0, 0.0])


def test_shells_are_welded_within_a_part_only() -> None:
    """Corners of one box that were written apart are joined; two boxes that touch stay two."""
    box = trimesh.creation.box((1.0, 1.0, 1.0))
    torn = box.copy()
    torn.faces = torn.faces.copy()
    torn.vertices = np.concatenate([box.vertices, box.vertices[[0]]])     # one corner twice ...
    torn = trimesh.Trimesh(torn.vertices, np.where((np.arange(12) == np.argwhere(box.faces == 0)[0, 0])[:, None]
                                                   & (box.faces == 0), 8, box.faces), process=False)
    touching = box.copy().apply_translation((1.0, 0.0, 0.0))
    found = closed_parts(_arrays(torn, trimesh.util.concatenate([box, touching])))
    assert found.first.tolist() == [0, 1, 3]
    assert [len(p.vertices) for p in found.parts] == [8, 8, 8]


def test_a_body_without_volume_is_no_part_and_nothing_is_nothing() -> None:
    flat = trimesh.creation.box((1.0, 1.0, 1e-9))
    found = closed_parts(_arrays(flat))
    assert found.parts == []
    none = closed_parts({"vertices": np.zeros((0, 3)), "triangles": np.zeros((0, 3), dtype=np.int32),
                         "vertex_start": np.zeros(1, dtype=np.int64), "triangle_start": np.zeros(1, dtype=np.int64)})
    assert none.parts == []
    assert none.first.tolist() == [0]
