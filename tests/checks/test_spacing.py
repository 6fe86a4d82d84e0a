"""Spacing of buildings that are no blocks: towers on podiums, upper floors that stick out, gables."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.scenes import FRAME, gable, moved, one, only, scene
from lots import AUTHORITY, box_mesh, limit
from zonebox.checks.houses import layers_of
from zonebox.geometry.mesh import Mesh, merged
from zonebox.model import Control, Finding, Kind, Spacing, State

FIELD = shapely.box(-200, -200, 200, 200)
CAP = limit(Kind.HEIGHT, 90)
LEVEL = math.radians(FRAME.convergence_deg(np.zeros(2)))
NORTH = box_mesh((-30, 20, 0), (30, 32, 9))


def turned(mesh: Mesh) -> Mesh:
    """Face true north."""
    c, s = math.cos(LEVEL), math.sin(LEVEL)
    return Mesh(vertices=mesh.vertices @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]), triangles=mesh.triangles)


def between(north: Mesh, south: Mesh, **rule: object) -> Finding:
    control = Control(id="P/spacing", parcel="P", kind=Kind.SPACING, authority=AUTHORITY,
                      demand=Spacing(**rule))  # type: ignore[arg-type]
    context = one(turned(south), "south", parcel="")
    return only(scene(FIELD, [one(turned(north), "north")], control, CAP, context=[context]), "spacing")


def test_a_tower_shades_from_where_it_stands_and_not_from_its_podium() -> None:
    """Podium 10 m high 20 m away, tower 48 m high 50 m away: both keep k = 1, the tower lacks nothing and governs."""
    south = merged([box_mesh((-30, -60, 0), (30, 0, 10)), box_mesh((-30, -60, 10), (30, -30, 48))])
    f = between(NORTH, south, coefficient=1.0)
    assert f.state is State.PASS
    assert [f.value, f.limit] == [pytest.approx(50.0, abs=2e-3), pytest.approx(48.0, abs=1e-6)]
    tall = merged([box_mesh((-30, -60, 0), (30, 0, 10)), box_mesh((-30, -60, 10), (30, -30, 51.5))])
    f = between(NORTH, tall, coefficient=1.0)
    assert f.state is State.FAIL
    assert f.margin == pytest.approx(-1.5, abs=2e-3)


def test_upper_floors_that_stick_out_are_measured_where_they_are() -> None:
    south = merged([box_mesh((-30, -30, 0), (30, -8, 4)), box_mesh((-30, -30, 4), (30, 0, 19))])
    f = between(NORTH, south, coefficient=1.0)
    assert f.value == pytest.approx(20.0, abs=2e-3)
    assert f.limit == pytest.approx(19.0)


def test_windows_over_a_podium_look_out_over_its_roof() -> None:
    """Flats from 6 m up stand back 10 m on their podium, whose own wall needs the most."""
    north = merged([box_mesh((-30, 20, 0), (30, 42, 6)), box_mesh((-30, 30, 6), (30, 42, 24))])
    f = between(north, box_mesh((-30, -30, 0), (30, 0, 20)), coefficient=1.0)
    assert [f.value, f.limit] == [pytest.approx(20.0, abs=2e-3), pytest.approx(20.0)]
    f = between(merged([box_mesh((-30, 30, 6), (30, 42, 24)), box_mesh((-30, 38, 0), (30, 42, 6))]),
                box_mesh((-30, -30, 0), (30, 0, 34)), coefficient=1.0)
    assert [f.value, f.limit] == [pytest.approx(30.0, abs=2e-3), pytest.approx(34.0)]   # stilts give nothing away


def test_fire_distance_is_that_of_the_parts_that_face_each_other() -> None:
    """The tower of 40 m keeps 13 m from a tower, its podium of 10 m keeps 9 m."""
    fire = ((6.0, 9.0), (9.0, 13.0))
    tower = merged([box_mesh((0, 0, 0), (30, 20, 10)), box_mesh((0, 0, 10), (25.5, 20, 40))])
    other = box_mesh((39.5, 0, 0), (60, 20, 40))
    f = between(other, tower, fire_m=fire)
    assert f.state is State.PASS
    assert f.margin == pytest.approx(0.5, abs=2e-3)
    nearer = merged([box_mesh((0, 0, 0), (30, 20, 10)), box_mesh((0, 0, 10), (28, 20, 40))])
    f = between(other, nearer, fire_m=fire)
    assert [f.value, f.limit] == [pytest.approx(11.5, abs=2e-3), 13.0]


@settings(max_examples=30)
@given(eave=st.floats(15, 25), rise=st.floats(1, 12), depth=st.floats(6, 20), k=st.floats(1.4, 1.8))
def test_a_gable_shades_from_eave_or_ridge(eave: float, rise: float, depth: float, k: float) -> None:
    """Exact: the larger of what the eave wants at its wall and the ridge at the middle."""
    f = between(NORTH, gable(-30, -depth, 30, 0, eave, eave + rise), coefficient=k)
    margins = [20.0 - k * eave, 20.0 + depth / 2 - k * (eave + rise)]
    assert f.margin == pytest.approx(min(margins), abs=0.05 * k + depth / 2 * 0.05 / rise + 1e-2)


def test_the_cure_of_a_tower_on_a_podium_passes() -> None:
    south = merged([box_mesh((-30, -60, 0), (30, 0, 10)), box_mesh((-30, -60, 10), (30, -30, 60))])
    rule = Control(id="P/spacing", parcel="P", kind=Kind.SPACING, authority=AUTHORITY, demand=Spacing(coefficient=1.0))
    context = [one(turned(south), "south", parcel="")]
    made = scene(FIELD, [one(turned(NORTH), "north")], rule, CAP, context=context)
    f = only(made, "spacing")
    assert f.cure is not None
    assert f.cure.amount == pytest.approx(10.0, abs=5e-3)
    away = f.cure.amount * np.array([*(f.cure.direction or (0, 0)), 0.0])
    after = scene(FIELD, [moved(made.designs[0], away)], rule, CAP, context=context)
    assert only(after, "spacing").state is State.PASS


def test_many_levels_are_thinned_out_on_the_strict_side() -> None:
    """A stair of 100 steps: what is left out between two heights counts with the upper one."""
    def outline(z: float) -> shapely.Polygon:
        return shapely.box(0, 0, 10, 100 - np.ceil(z * 2) + 1)

    layers = layers_of(np.arange(0, 50.01, 0.5, dtype=np.float64), 0.0, outline, outline(1.0))
    assert 20 < len(layers) <= 40
    for z in np.arange(0.75, 50, 0.5):
        reaching = next(layer for layer in layers if layer.top_m >= z)
        assert reaching.outline.buffer(1e-6).contains(outline(float(z)))


def test_what_cannot_be_cut_has_no_layers() -> None:
    assert layers_of(np.array([0.0, 9.0]), 0.0, lambda _: None, FIELD) == ()
