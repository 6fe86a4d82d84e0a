"""Many lots at once give what one lot at a time gives: volumes, faces, who took what, capacity, reasons."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import shapely

from converters.envelopes.mixed import lot
from lots import envelope, limit, parcel, rule
from zonebox.geometry import profile
from zonebox.geometry.mesh import is_closed, triangle_normals, volume_m3
from zonebox.model import ControlEnvelope, Kind, Plan
from zonebox_converters.envelopes import build, build_one

COUNT = 240


@pytest.fixture(scope="module")
def both() -> list[tuple[ControlEnvelope, ControlEnvelope]]:
    """Envelopes of a plan of many lots, and the same ones lot by lot."""
    rng = np.random.default_rng(11)
    lots = [lot(k, rng) for k in range(COUNT)]
    own = [replace(c, parcel=p.id) for p, controls in lots for c in controls]
    seen: list[tuple[int, int]] = []
    plan = Plan(parcels=tuple(p for p, _ in lots), controls=tuple(own), source="random")
    together = build(plan, None, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (COUNT, COUNT)
    pairs = []
    for (p, cs), many in zip(lots, together, strict=True):
        one = build_one(p, cs, None)
        assert one is not None
        assert many.parcel == p.id
        pairs.append((many, one))
    return pairs


def test_volumes_footprints_and_tops(both: list[tuple[ControlEnvelope, ControlEnvelope]]) -> None:
    for many, one in both:
        assert many.volume_m3 == pytest.approx(one.volume_m3, rel=2e-9, abs=1e-6), many.parcel
        assert many.footprint_m2 == pytest.approx(one.footprint_m2, rel=1e-8, abs=1e-6)
        assert (many.caps, many.edge_constraints, many.notes) == (one.caps, one.edge_constraints, one.notes)
        for control, took in one.removed_m3.items():
            assert many.removed_m3.get(control, 0.0) == pytest.approx(took, rel=1e-8, abs=1e-3)
        assert (many.empty is None) == (one.empty is None)
        if many.empty is not None and one.empty is not None:
            assert many.empty == one.empty
    assert sum(many.empty is not None for many, _ in both) < COUNT / 4


def test_solids_are_closed_and_hold_their_volume(both: list[tuple[ControlEnvelope, ControlEnvelope]]) -> None:
    for many, one in both:
        if many.empty is None:
            assert is_closed(many.solid.triangles, len(many.solid.vertices)), many.parcel
            assert volume_m3(many.solid) == pytest.approx(volume_m3(one.solid), rel=1e-8)


def areas(envelope: ControlEnvelope) -> Counter[str]:
    """Area of the faces of each control."""
    size = np.linalg.norm(triangle_normals(envelope.solid.corners), axis=1) / 2.0
    return Counter({name: float(size[envelope.face_control == k].sum()) for k, name in enumerate(envelope.face_names)})


def test_faces_belong_to_the_same_controls(both: list[tuple[ControlEnvelope, ControlEnvelope]]) -> None:
    differing = []
    for many, one in both:
        a, b = areas(many), areas(one)
        differing += [many.parcel for name in a | b if abs(a[name] - b[name]) > 0.05]
    assert len(set(differing)) <= 0.01 * len(both)      # where walls of two rules coincide either may be named


def test_the_largest_stack_of_storeys_is_the_same(both: list[tuple[ControlEnvelope, ControlEnvelope]]) -> None:
    for many, one in both:
        if many.capacity is not None and one.capacity is not None:
            assert many.capacity.binding == one.capacity.binding
            assert many.capacity.floor_area_m2 == pytest.approx(one.capacity.floor_area_m2, rel=1e-6, abs=1e-4)


def test_the_limit_at_a_point_is_the_solid_s_own(both: list[tuple[ControlEnvelope, ControlEnvelope]]) -> None:
    rng = np.random.default_rng(5)
    for many, _ in both[::4]:
        if many.empty is not None:
            continue
        low, high = np.array(many.shape.bounds).reshape(2, 2)
        xy = rng.uniform(low, high, (60, 2))
        limits = many.limit_at(xy)[0]
        top = surface(many, xy)
        limits, top = (np.where(z < many.ground_m, -1e9, z) for z in (limits, top))
        assert np.abs(limits - top).max() <= 1e-3, many.parcel


def surface(envelope: ControlEnvelope, xy: np.ndarray) -> np.ndarray:
    """Highest point of the solid over points (n, 2); −1e9 beside it."""
    c = envelope.solid.corners
    c = c[np.abs(triangle_normals(c)[:, 2]) > 1e-9]
    a, u, v = c[:, 0, :2], c[:, 1, :2] - c[:, 0, :2], c[:, 2, :2] - c[:, 0, :2]
    turn = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    d = xy[:, None] - a
    s = (d[..., 0] * v[:, 1] - d[..., 1] * v[:, 0]) / turn
    t = (u[:, 0] * d[..., 1] - u[:, 1] * d[..., 0]) / turn
    z = c[:, 0, 2] + s * (c[:, 1, 2] - c[:, 0, 2]) + t * (c[:, 2, 2] - c[:, 0, 2])
    inside = (s >= -1e-12) & (t >= -1e-12) & (s + t <= 1.0 + 1e-12)
    return np.asarray(np.where(inside, z, -1e9).max(1))


@pytest.mark.parametrize("turn", [0.0, 0.3, 33.3, 90.0, 171.0])
def test_a_straight_corner_does_not_depend_on_how_the_lot_lies(turn: float) -> None:
    lot = shapely.Polygon([(0, 0), (17, 0), (40, 0), (40, 30), (0, 30)])
    turned = shapely.affinity.rotate(lot, turn, origin=(0, 0))
    made = envelope(turned, rule("f", profile.fixed(5.0), indices=(0,)), limit(Kind.HEIGHT, 10.0))
    expected = 40 * 30 - 17 * 5 - np.pi * 25 / 4        # the yard ends round the end of its edge
    assert made.footprint_m2 == pytest.approx(expected, abs=2e-3)
    assert parcel(turned).boundary.turn_deg[0] < 0.0


def test_where_a_tower_has_no_room_the_edges_and_the_width_are_named() -> None:
    tiers = profile.tiers(((0.0, 3.0), (12.0, 8.0)))
    sides = rule("s", tiers, "side")
    made = envelope(shapely.box(0, 0, 14, 30), sides, limit(Kind.HEIGHT, 30.0), ground=5.0)
    assert made.top_m == pytest.approx(17.0)
    said = "nothing is left above 17.00 m: edges 0 and 2 are 14.00 m apart and together require 16.00 m there"
    assert made.notes == (said,)
