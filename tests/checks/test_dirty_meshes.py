"""Random defects on a box whose answers are known: no verdict about it is both sure and wrong.

A defect may cost certainty, never truth: a PASS or FAIL about the damaged box is that of the whole one, for every
control; where the damage leaves that open the verdict is MARGINAL or NOT_CHECKED.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.scenes import found, one, scene
from lots import box_mesh, limit, rule
from zonebox.geometry import profile, solids
from zonebox.geometry.mesh import Mesh, merged
from zonebox.model import Kind, State

LOT = shapely.box(0, 0, 30, 30)
RULES = (rule("all", profile.fixed(3.0)), limit(Kind.HEIGHT, 12, measure="highest"), limit(Kind.COVERAGE, 0.4),
         rule("plane", profile.recession(6.0, 45.0), "front", kind=Kind.RECESSION))
SURE = (State.PASS, State.FAIL)

Damage = Callable[[Mesh, np.random.Generator], Mesh]


def as_is(mesh: Mesh, _: np.random.Generator) -> Mesh:
    return mesh


def inside_out(mesh: Mesh, _: np.random.Generator) -> Mesh:
    return Mesh(vertices=mesh.vertices, triangles=mesh.triangles[:, ::-1])


def some_turned(mesh: Mesh, rng: np.random.Generator) -> Mesh:
    t = mesh.triangles.copy()
    rows = rng.random(len(t)) < 0.3
    t[rows] = t[rows][:, ::-1]
    return Mesh(vertices=mesh.vertices, triangles=t)


def doubled_faces(mesh: Mesh, rng: np.random.Generator) -> Mesh:
    return Mesh(vertices=mesh.vertices, triangles=np.concatenate([
        mesh.triangles, mesh.triangles[rng.integers(0, len(mesh), 4)]]))


def doubled(mesh: Mesh, _: np.random.Generator) -> Mesh:
    return merged([mesh, mesh])


def loose(mesh: Mesh, _: np.random.Generator) -> Mesh:
    """Every triangle by itself, no two sharing a corner."""
    corners = mesh.corners.reshape(-1, 3)
    return Mesh(vertices=corners, triangles=np.arange(len(corners), dtype=np.int32).reshape(-1, 3))


def jittered(mesh: Mesh, rng: np.random.Generator) -> Mesh:
    """Loose triangles whose corners miss each other by a hundredth of a millimetre."""
    apart = loose(mesh, rng)
    return Mesh(vertices=apart.vertices + rng.uniform(-1e-5, 1e-5, apart.vertices.shape), triangles=apart.triangles)


def overlapping(mesh: Mesh, _: np.random.Generator) -> Mesh:
    """The same box as two that overlap."""
    (x0, y0, z0), (x1, y1, z1) = mesh.bounds.tolist()
    return merged([box_mesh((x0, y0, z0), (x0 + 0.7 * (x1 - x0), y1, z1)),
                   box_mesh((x0 + 0.3 * (x1 - x0), y0, z0), (x1, y1, z1))])


def inner_wall(mesh: Mesh, _: np.random.Generator) -> Mesh:
    """A wall without thickness across the middle, joined to nothing."""
    (x0, y0, z0), (x1, y1, z1) = mesh.bounds.tolist()
    x = (x0 + x1) / 2.0
    sheet = Mesh(vertices=np.array([[x, y0, z0], [x, y1, z0], [x, y1, z1], [x, y0, z1]]),
                 triangles=np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32))
    return merged([mesh, sheet])


def needles(mesh: Mesh, rng: np.random.Generator) -> Mesh:
    """Triangles without area along edges of the box."""
    pairs = rng.integers(0, len(mesh.vertices), (3, 2))
    extra = np.stack([pairs[:, 0], pairs[:, 1], pairs[:, 0]], axis=1).astype(np.int32)
    return Mesh(vertices=mesh.vertices, triangles=np.concatenate([mesh.triangles, extra]))


def torn(mesh: Mesh, rng: np.random.Generator) -> Mesh:
    """One triangle missing."""
    return mesh.part(np.delete(np.arange(len(mesh)), int(rng.integers(len(mesh)))))


def roofless(mesh: Mesh, _: np.random.Generator) -> Mesh:
    top = mesh.bounds[1, 2]
    return mesh.part(~(mesh.corners[:, :, 2] > top - 1e-9).all(1))


def fine(mesh: Mesh, _: np.random.Generator) -> Mesh:
    return solids.mesh_of(solids.solid_of(mesh).refine(5))


WHOLE: dict[str, Damage] = {d.__name__: d for d in (
    as_is, inside_out, some_turned, doubled_faces, doubled, loose, jittered, overlapping, inner_wall, needles, torn,
    roofless, fine)}
"""Defects after which the surface still says where the box ends."""


@pytest.mark.parametrize("name", WHOLE)
@settings(max_examples=5)
@given(x=st.floats(-1, 8), y=st.floats(-1, 8), width=st.floats(8, 22), depth=st.floats(8, 22), top=st.floats(8, 16),
       seed=st.integers(0, 9))
def test_no_verdict_is_sure_and_wrong(
    name: str, x: float, y: float, width: float, depth: float, top: float, seed: int
) -> None:
    box = box_mesh((x, y, 0), (x + width, y + depth, top))
    truth = found(scene(LOT, [one(box)], *RULES))
    dirty = WHOLE[name](box, np.random.default_rng(seed))
    got = found(scene(LOT, [one(dirty, solid=name in ("doubled", "overlapping", "inside_out"))], *RULES))
    for key, f in got.items():
        if f.check in ("solid", "georeference"):
            continue
        known = truth.get(key)
        right = State.PASS if known is None else known.state
        near = known is not None and known.margin is not None and abs(known.margin) < 1e-3
        assert f.state not in SURE or near or f.state is right or right is State.MARGINAL, (key, f.state, right, f)
        if f.state in SURE and known is not None and f.uncertainty is None and f.value is not None and (
                known.value is not None and f.check != "containment"):
            assert f.value == pytest.approx(known.value, abs=0.05 if f.unit == "m²" else 2e-3), key
    assert {k for k, f in truth.items() if f.check != "parcel"} <= got.keys()


@settings(max_examples=8)
@given(seed=st.integers(0, 10_000), x=st.floats(-2, 6), top=st.floats(8, 15))
def test_several_defects_at_once(seed: int, x: float, top: float) -> None:
    rng = np.random.default_rng(seed)
    box = box_mesh((x, 5, 0), (x + 16, 20, top))
    truth = found(scene(LOT, [one(box)], *RULES))
    dirty = box
    for name in rng.choice(["some_turned", "doubled_faces", "loose", "inner_wall", "needles", "fine", "torn"], 3,
                           replace=False):
        if name == "fine" and not (len(dirty) == 12 and dirty is box):
            continue
        dirty = WHOLE[name](dirty, rng)
    for key, f in found(scene(LOT, [one(dirty, solid=False)], *RULES)).items():
        known = truth.get(key)
        if f.check not in ("solid", "georeference") and known is not None and f.state in SURE and (
                known.state in SURE and abs(known.margin or 0.0) > 1e-3):
            assert f.state is known.state, (key, f)


@pytest.mark.parametrize("thick", [0.0, 1e-7])
def test_a_sheet_without_thickness_is_no_building(thick: float) -> None:
    sheet = box_mesh((2, 5, 0), (2.5, 20, 9))
    flat = Mesh(vertices=np.where(sheet.vertices[:, :1] > 2.2, [[2.0 + thick, 0, 0]], [[2.0, 0, 0]]) * [1, 0, 0]
                + sheet.vertices * [0, 1, 1], triangles=sheet.triangles)
    got = found(scene(LOT, [one(flat)], *RULES))
    assert got["design/P/solid"].state is State.MARGINAL
    assert got["design/P/envelope"].state in (State.FAIL, State.MARGINAL)       # it stands 2 m from the edge
    assert got["design/P/all/edge-3"].state is State.FAIL or any(
        f.state is State.FAIL for f in got.values() if f.check == "setback")
    assert got["design/P/coverage"].state is not State.FAIL
