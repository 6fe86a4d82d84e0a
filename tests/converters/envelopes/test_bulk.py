"""Many envelopes at once against the exact way, lot by lot."""

from __future__ import annotations

import math
import threading
from pathlib import Path

import numpy as np
import pytest
import shapely
from shapely.geometry import Polygon

from converters.envelopes.test_worked_examples import convex_lot, star_lot
from lots import limit, parcel, rule
from zonebox.geometry import profile
from zonebox.geometry.boundary import boundary
from zonebox.geometry.edgewise import EdgeRule, height_limit
from zonebox.geometry.mesh import components, is_closed, volume_m3
from zonebox.geometry.stepwise import section, strips
from zonebox.model import Control, Kind, Parcel
from zonebox_converters.envelopes import build_one
from zonebox_converters.envelopes.bulk import Envelopes, Work, build_many, gathered, work_of
from zonebox_converters.envelopes.figures import steps_of_rules
from zonebox_converters.envelopes.sharing import shared
from zonebox_converters.envelopes.sloping import Slopes

KINDS = [profile.fixed(3.0), profile.tiers(((0.0, 2.0), (9.0, 5.0))), profile.recession(6.0, 50.0),
         profile.proportional(0.3, 2.0), profile.fixed(0.0)]


def controls_for(shape: Polygon, seed: int, kinds: int) -> list[Control]:
    rng = np.random.default_rng(seed)
    n = len(boundary(shape))
    made = [rule(f"r{i}", KINDS[int(rng.integers(kinds))], indices=(i,)) for i in range(n)]
    return [*made, limit(Kind.HEIGHT, 14.0)]


def renamed(lot: Parcel, name: str) -> Parcel:
    return Parcel(id=name, shape=lot.shape, edges=lot.edges, design_ground_m=lot.design_ground_m)


CASES = [(convex_lot(s), s, 4) for s in range(25)] + [
    (star_lot(s), s, 2) for s in range(20) if star_lot(s).is_valid and star_lot(s).area > 300
] + [(shapely.box(0, 0, 4, 30), 1, 1), (star_lot(3), 3, 4)]


def test_every_lot_comes_out_as_the_exact_way_makes_it() -> None:
    parcels = [renamed(parcel(shape, 7.0), str(k)) for k, (shape, _, _) in enumerate(CASES)]
    controls = {str(k): controls_for(shape, seed, kinds) for k, (shape, seed, kinds) in enumerate(CASES)}
    many = build_many(parcels, controls)
    assert many.parcels == tuple(p.id for p in parcels)
    for k, lot in enumerate(parcels):
        one = build_one(lot, tuple(controls[lot.id]), None)
        assert one is not None
        hair = 1e-3 * CASES[k][0].length                # solids are cut a millimetre beyond the boundary
        assert many.volume_m3[k] == pytest.approx(one.volume_m3, rel=1e-6, abs=hair * 14.0), k
        assert many.footprint_m2[k] == pytest.approx(one.footprint_m2, rel=1e-6, abs=hair), k
        assert many.top_m[k] == pytest.approx(one.top_m, abs=1e-6), k
        mesh = many.mesh(k)
        if one.empty is not None:
            assert len(mesh) == 0
            continue
        labels = components(mesh)
        whole = 0.0
        for label in range(int(labels.max()) + 1):
            part = mesh.part(labels == label)
            assert is_closed(part.triangles, len(part.vertices))
            assert volume_m3(part) > 0.0
            whole += volume_m3(part)
        assert whole == pytest.approx(volume_m3(one.solid), rel=1e-6, abs=hair * 15.0)


FRONT_NOTCH = Polygon([(0, 0), (10, 0), (10, 10), (20, 10), (20, 0), (30, 0), (30, 40), (0, 40)])
REAR_NOTCH = Polygon([(0, 0), (30, 0), (30, 40), (20, 40), (20, 30), (10, 30), (10, 40), (0, 40)])


@pytest.mark.parametrize(("shape", "edges", "removed", "by_solids"), [
    (FRONT_NOTCH, (6,), 30.0 * 6.0 * 6.0 / 2.0, False),         # the plane is above the cap long before the notch
    (REAR_NOTCH, (2,), 10.0 * 6.0 * 6.0 / 2.0, True),           # its half-space would cut the other arm as well
    (REAR_NOTCH, (2, 6), 20.0 * 6.0 * 6.0 / 2.0, True),
    (REAR_NOTCH, (0,), 30.0 * 6.0 * 6.0 / 2.0, False),
    (REAR_NOTCH, (4,), 10.0 * 18.0 + 2.0 * math.pi * 6.0**3 / 3.0 / 2.0, True),  # and half a cone at each end
])
def test_a_plane_cuts_a_notched_lot_as_its_edge_forbids(
    shape: Polygon, edges: tuple[int, ...], removed: float, *, by_solids: bool
) -> None:
    """A recession of 45° above 9 m under a cap of 15 m takes a prism of 6 m by 6 m over two along its edge."""
    controls = (rule("slope", profile.recession(9.0, 45.0), indices=edges), limit(Kind.HEIGHT, 15.0))
    work = work_of([(parcel(shape), controls)])
    slopes = Slopes(work.plain, steps_of_rules(work.plain))
    assert slopes.by_solids.tolist() == [by_solids] * len(edges)
    made = gathered(work).volume_m3[0]
    assert made == pytest.approx(shape.area * 15.0 - removed, abs=1.0 if 4 in edges else 0.05)   # arcs are facets
    assert made < shape.area * 15.0 - removed + 1e-6                                             # on the strict side


def test_lots_without_ground_or_with_other_rules_are_not_guessed() -> None:
    no_ground = build_many([renamed(parcel(shapely.box(0, 0, 20, 20), None), "a")], {"a": [limit(Kind.HEIGHT, 9)]})
    assert no_ground.volume_m3.tolist() == [0.0]
    assert math.isnan(no_ground.ground_m[0])
    assert len(build_many([], {}).vertices) == 0


@pytest.mark.parametrize("seed", [s for s in range(12) if star_lot(s).is_valid and star_lot(s).area > 300])
def test_insets_are_the_set_that_edge_distance_forbids(seed: int) -> None:
    shape = star_lot(seed)
    lot = boundary(shape)
    rng = np.random.default_rng(seed)
    distances = {e: float(rng.uniform(0.0, 6.0)) for e in range(len(lot))}
    edges = list(distances)
    outlines = strips(lot, edges, list(distances.values()), [max(distances.values())] * len(edges), set())
    left = shape.difference(shapely.union_all([Polygon(ring).buffer(0.0) for ring in outlines]))
    kept = section([lot.start]) - section(outlines)
    assert kept.area() == pytest.approx(left.area, abs=1e-4)
    points = rng.uniform(-40, 40, (6000, 2))
    rules = [EdgeRule(edge=e, profile=profile.fixed(s), ground_m=(0.0, 0.0)) for e, s in distances.items()]
    free = height_limit(points, shape=shape, boundary=lot, caps=(), edge_rules=rules)[0] > 0
    wrong = shapely.intersects_xy(left, points) != free
    assert not wrong.any() or shapely.distance(left.boundary, shapely.points(points[wrong])).max() < 1e-3


def test_a_thousand_lots_of_a_real_city(shared_data: Path) -> None:
    assert shared_data.is_dir()
    from bench.bench_envelopes import city

    parcels, controls = city(1000)
    many = build_many(parcels, controls)
    assert (many.volume_m3 > 0).mean() > 0.9
    for k in range(0, 1000, 37):
        one = build_one(parcels[k], tuple(controls[parcels[k].id]), None)
        assert one is not None
        assert many.volume_m3[k] == pytest.approx(one.volume_m3, rel=1e-5, abs=1e-2)


def test_a_helper_builds_the_same_chunks(shared_data: Path) -> None:
    assert shared_data.is_dir()
    from bench.bench_envelopes import city

    parcels, controls = city(40)
    chunks = [parcels[k:k + 10] for k in range(0, 40, 10)]
    helped = threading.Event()
    mine: list[object] = []

    def prepared(chunk: list[Parcel]) -> Work:
        return work_of([(p, tuple(controls[p.id])) for p in chunk])

    def work(chunk: Work) -> Envelopes:
        mine.append(chunk)
        assert helped.wait(120.0) or len(mine) == 1     # until the helper has done one
        return gathered(chunk)

    done: list[int] = []

    def told(number: int) -> None:
        done.append(number)
        helped.set()

    made = shared(chunks, prepared, work, workers=2, told=told)
    assert sorted(done) == [0, 1, 2, 3]
    assert len(mine) < len(chunks)
    for chunk, pieces in zip(chunks, made, strict=True):
        alone = gathered(prepared(chunk))
        assert pieces.parcels == alone.parcels
        np.testing.assert_array_equal(pieces.vertices, alone.vertices)
        np.testing.assert_array_equal(pieces.face_control, alone.face_control)
