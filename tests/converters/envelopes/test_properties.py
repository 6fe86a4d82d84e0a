"""What holds for every kind of control on every lot: inside the lot, watertight, monotone, the same however it lies."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely.geometry import Polygon

from converters.envelopes.kinds import CAP, KINDS, Turn, built, ground, lot
from zonebox.geometry import solids
from zonebox.geometry.mesh import is_closed, volume_m3
from zonebox.model import ControlEnvelope, Kind
from zonebox_converters.envelopes.over_plan import height, no_build, surface_over
from zonebox_converters.envelopes.resolve import _KINDS

EXAMPLES = settings(max_examples=4, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
SLOPES = st.tuples(st.floats(-0.08, 0.08), st.floats(-0.08, 0.08))
RNG = np.random.default_rng(7)
PLACES = RNG.uniform(-35.0, 35.0, (800, 2))

cases = pytest.mark.parametrize("name", sorted(KINDS))


def section_at(e: ControlEnvelope, z: float) -> Polygon:
    shape = Polygon()
    for ring in solids.outlines(solids.solid_of(e.solid), z):
        shape = shape.symmetric_difference(Polygon(ring).buffer(0))
    return shape


def levels(e: ControlEnvelope, places: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(e.limit_at(places)[0], e.base_m)


def test_every_kind_that_cuts_is_among_them() -> None:
    made = {maker(0.5).kind for maker in KINDS.values()}
    assert set(_KINDS) - made == {Kind.UNDERGROUND}             # below the ground, see the kinds' own tests
    assert {height, no_build, surface_over} <= set(_KINDS.values())


@cases
@EXAMPLES
@given(seed=st.integers(0, 60), strict=st.floats(0.0, 1.0), rise=SLOPES)
def test_inside_the_lot_watertight_and_one_with_its_limit(
    name: str, seed: int, strict: float, rise: tuple[float, float]
) -> None:
    shape = lot(seed)
    e = built(shape, KINDS[name](strict), ground(rise))
    assert e.empty is None
    assert is_closed(e.solid.triangles, len(e.solid.vertices))
    prism = solids.prism(shape.buffer(1e-6, join_style="mitre"), e.base_m - 1e-6, e.top_m + 1e-6)
    body = solids.solid_of(e.solid)
    assert (body - prism).volume() < 1e-6
    assert e.top_m <= (CAP.limit or 0.0) + 1e-9
    assert volume_m3(e.solid) > 0.0
    assert sum(e.removed_m3.values()) >= -1e-6
    limits = e.limit_at(PLACES)[0]
    for z in e.base_m + (e.top_m - e.base_m) * np.array([0.06, 0.3, 0.55, 0.8, 0.97]):
        shape_here = section_at(e, float(z))
        wrong = shapely.contains_xy(shape_here, PLACES) != (limits > z)
        if wrong.any():                         # only within a millimetre of the border, or of the limit
            aside = shapely.distance(shape_here.boundary, shapely.points(PLACES[wrong]))
            assert np.minimum(aside, np.abs(limits[wrong] - z)).max() < 1e-3


@cases
@EXAMPLES
@given(seed=st.integers(0, 60), one=st.floats(0.0, 1.0), other=st.floats(0.0, 1.0), rise=SLOPES)
def test_a_stricter_control_never_leaves_more(
    name: str, seed: int, one: float, other: float, rise: tuple[float, float]
) -> None:
    shape, terrain = lot(seed), ground(rise)
    mild, strict = (built(shape, KINDS[name](t), terrain) for t in sorted((one, other)))
    assert (levels(strict, PLACES) <= levels(mild, PLACES) + 1e-6).all()
    assert strict.volume_m3 <= mild.volume_m3 + 1e-4
    outside = solids.solid_of(strict.solid) - solids.solid_of(mild.solid)
    assert outside.volume() < 1e-3 * shape.length               # a hair along the walls that both keep


@cases
@EXAMPLES
@given(seed=st.integers(0, 60), strict=st.floats(0.0, 1.0), rise=SLOPES, degrees=st.floats(-180.0, 180.0),
       east=st.floats(-900.0, 900.0), north=st.floats(-900.0, 900.0))
def test_an_envelope_turns_and_moves_with_its_lot(
    name: str, seed: int, strict: float, rise: tuple[float, float], degrees: float, east: float, north: float
) -> None:
    shape, terrain, turn = lot(seed), ground(rise), Turn(degrees=degrees, east=east, north=north)
    still = built(shape, KINDS[name](strict), terrain)
    gone = built(shape, KINDS[name](strict), terrain, turn)
    away = shapely.distance(shape.boundary, shapely.points(PLACES)) > 0.01
    there, here = levels(gone, turn.points(PLACES[away])), levels(still, PLACES[away])
    apart = np.abs(there - here) > 2e-3
    assert apart.mean() < 0.002                                 # places on the border of a setback fall either way
    assert gone.volume_m3 == pytest.approx(still.volume_m3, rel=1e-5, abs=1e-2)
    assert gone.top_m == pytest.approx(still.top_m, abs=2e-3)
