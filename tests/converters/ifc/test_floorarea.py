"""Gross floor area by the editions of the area rules, against domain A3 and F21."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from zonebox.frame import Frame
from zonebox.model import FloorArea, Storey
from zonebox.model.building import AreaSource
from zonebox_converters import ifc
from zonebox_converters.ifc.floorarea import gross_floor_areas

QUANTITY, SPACES, SECTION = AreaSource


def storey(z: float, height: float | None, **areas: float) -> Storey:
    return Storey(id=str(z), name="", elevation_m=z, height_m=height, areas=tuple(
        FloorArea(source=AreaSource(source), value_m2=value) for source, value in areas.items()))


def areas(*storeys: Storey, ground: float | None = 0.0, top: float = 100.0) -> dict[str, tuple[float, float]]:
    return {a.rule: (a.above_m2, a.below_m2) for a in gross_floor_areas(storeys, ground_m=ground, top_m=top)}


@pytest.mark.parametrize(("height", "of_2013", "of_2022"), [
    (2.20, 100.0, 100.0), (2.1999, 50.0, 0.0), (3.00, 100.0, 100.0), (2.10, 50.0, 0.0)])
def test_editions_differ_below_two_metres_twenty(height: float, of_2013: float, of_2022: float) -> None:
    found = areas(storey(0.0, height, quantity=100.0))
    assert found == {"GB/T 50353-2013": (of_2013, 0.0), "GB 55031-2022": (of_2022, 0.0)}


def test_a_floor_deeper_than_half_its_height_is_below_ground() -> None:
    found = areas(storey(-2.0, 3.0, quantity=90.0), storey(1.0, 3.0, quantity=70.0), ground=0.0)
    assert found["GB 55031-2022"] == (70.0, 90.0)
    assert areas(storey(-2.0, 3.0, quantity=90.0), ground=None)["GB 55031-2022"] == (90.0, 0.0)


def test_a_roof_level_is_no_storey_and_a_penthouse_is() -> None:
    floor = storey(0.0, 3.0, section=100.0)
    assert areas(floor, storey(3.0, None, section=9.0), top=4.1)["GB/T 50353-2013"] == (100.0, 0.0)
    assert areas(floor, storey(3.0, None, section=9.0), top=6.0)["GB/T 50353-2013"] == (109.0, 0.0)
    assert areas(floor, storey(3.0, None, spaces=40.0), top=5.0)["GB/T 50353-2013"] == (120.0, 0.0)


def test_a_level_of_foundations_is_no_storey() -> None:
    """As the Duplex has one: a ring of footing walls 1.25 m below the ground floor, whose cut looks like a storey."""
    footings, floor = storey(-1.25, 1.25, section=100.0), storey(0.0, 3.0, section=100.0)
    assert areas(footings, floor, ground=None)["GB/T 50353-2013"] == (100.0, 0.0)
    assert areas(storey(-1.25, 1.25, spaces=40.0), floor, ground=None)["GB/T 50353-2013"] == (120.0, 0.0)
    assert areas(storey(-3.0, 3.0, section=100.0), floor, ground=None)["GB/T 50353-2013"] == (200.0, 0.0)


def test_the_spread_of_the_sources_is_kept() -> None:
    first, second = storey(0.0, 3.0, quantity=100.0, spaces=90.0, section=104.0), storey(3.0, 3.0, spaces=80.0)
    made = gross_floor_areas([first, second], ground_m=0.0, top_m=6.0)[1]
    assert (made.above_m2, made.low_m2, made.high_m2) == (180.0, 170.0, 184.0)
    assert made.spread == pytest.approx(14.0 / 180.0)


def test_house_states_both_editions(
    house: Callable[..., Path], rd: Frame, conversion: Callable[..., dict[str, float]]
) -> None:
    building = ifc.read(house(conversion=conversion(0.0)), rd, id="house")
    assert [a.rule for a in building.gross_areas] == ["GB/T 50353-2013", "GB 55031-2022"]
    for area in building.gross_areas:
        assert area.above_m2 == pytest.approx(160.0)
        assert area.low_m2 == pytest.approx(2 * 9.4 * 7.4)
    assert building.roof is not None
    assert building.roof.flat_m == pytest.approx(1.0 + 6.2)
    assert building.roof.top_m == pytest.approx(7.2)
    assert (building.roof.eave_m, building.roof.ridge_m, building.roof.parapet_m) == (None, None, None)
