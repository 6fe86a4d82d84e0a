"""Storeys inside an envelope: how often each counts, and what stops the stack (domain C7, A3, A4)."""

from __future__ import annotations

from dataclasses import replace

import pytest
import shapely

from lots import AUTHORITY, limit, parcel, rule
from zonebox.geometry import profile
from zonebox.model import AreaRule, Capacity, Control, Kind, StoreyMultiplier
from zonebox_converters.envelopes import build_one

LOT = shapely.box(0, 0, 50, 40)
LOCAL = (StoreyMultiplier(base_m=2.7, uses=("住宅", "07")), StoreyMultiplier(base_m=3.3, uses=("办公", "08")),
         StoreyMultiplier(base_m=3.9, uses=("商业", "09")))
FULL, HALF = AreaRule(edition="GB 55031-2022", multipliers=LOCAL), AreaRule(edition="GB/T 50353-2013")


def capacity(storey_m: float, *more: Control, far: float = 2.5, rule: AreaRule | None = FULL, use: str = "09",
             storeys: float = 8.0) -> Capacity:
    """The stack of storeys of a height on 2000 m² under a coverage of 0.3: plates of 600 m²."""
    ratio = replace(limit(Kind.FAR, far), area_rule=rule)
    stack = Control(id="P/storeys", parcel="P", kind=Kind.STOREYS, limit=storeys, storey_height_m=storey_m,
                    authority=AUTHORITY)
    lot = replace(parcel(LOT), land_use=use)
    made = build_one(lot, (ratio, stack, limit(Kind.COVERAGE, 0.3), *more), None)
    assert made is not None
    assert made.capacity is not None
    return made.capacity


@pytest.mark.parametrize(("use", "storey", "weight"), [          # F21
    ("07", 4.8, 1), ("07", 4.9, 2), ("07", 7.6, 3), ("08", 5.4, 1), ("08", 5.5, 2), ("09", 6.0, 1), ("09", 6.1, 2),
    ("0901", 10.0, 3),
])
def test_f21_high_storeys_count_more_than_once(use: str, storey: float, weight: int) -> None:
    found = capacity(storey, use=use, far=2.6)
    assert found.weight == weight
    assert found.weight_is_sure
    # 8 storeys of 600 m² are FAR 2.4 counted once; counted twice, 5200 m² end in the fifth
    assert found.far_max == pytest.approx(2.4 * weight)
    if weight == 1:
        assert (found.storeys, found.binding) == (8, "height")
        assert found.floor_area_m2 == pytest.approx(4800.0)
    else:
        whole = int(5200 // (600 * weight))
        assert (found.storeys, found.binding) == (whole + 1, "far")
        assert found.floor_area_m2 == pytest.approx(5200.0)
        assert found.far == pytest.approx(2.6)
        assert found.plates_m2[-1] == pytest.approx((5200 - whole * 600 * weight) / weight)
        assert found.plates_m2[:-1] == pytest.approx((600.0,) * whole)


def test_an_unknown_use_counts_by_the_strictest_and_says_so() -> None:
    found = capacity(5.5, use="16")
    assert (found.weight, found.weight_is_sure) == (2, False)       # 2.7 and 3.3 say twice, 3.9 once
    assert capacity(3.0, use="16").weight_is_sure


def test_low_storeys_count_half_or_not_at_all() -> None:
    half = capacity(2.1, rule=HALF, storeys=20)
    assert half.weight == 0.5
    assert half.far == pytest.approx(2.5)
    assert half.storeys == 17                                       # 16 of 300 counted m², and 200 of the 17th
    assert half.plates_m2[-1] == pytest.approx(400.0)
    none = capacity(2.1, rule=replace(FULL, multipliers=()), storeys=20)
    assert (none.weight, none.far, none.binding, none.storeys) == (0.0, 0.0, "height", 20)


def test_without_an_area_rule_each_storey_counts_once() -> None:
    assert capacity(6.5, rule=None).weight == 1.0


def test_the_rule_of_the_strictest_ratio_counts() -> None:
    loose = replace(limit(Kind.FAR, 9.0, "loose"), area_rule=HALF)
    assert capacity(6.5, loose).weight == 2.0


def test_a_plan_without_a_height_is_not_called_too_low() -> None:
    """FAR 12 at a coverage of 0.3 takes 40 storeys, more than the envelope is drawn for; nothing forbids them."""
    ratio, cover = limit(Kind.FAR, 12.0), limit(Kind.COVERAGE, 0.3)
    made = build_one(parcel(LOT), (ratio, cover), None)
    assert made is not None
    assert made.capacity is not None
    assert (made.capacity.storeys, made.capacity.binding) == (40, "far")
    assert made.capacity.far_max == pytest.approx(12.0)
    free = build_one(parcel(LOT), (cover,), None)
    assert free is not None
    assert free.capacity is not None
    assert free.capacity.binding == "none"
    roof = build_one(parcel(LOT), (ratio, cover, rule("p", profile.recession(10, 60), kind=Kind.RECESSION)), None)
    assert roof is not None
    assert roof.capacity is not None
    assert roof.capacity.binding == "envelope"                      # planes meet 44.6 m up


def test_no_coverage_holds_nothing() -> None:
    assert capacity(3.0, limit(Kind.COVERAGE, 0.0, "none")).binding == "coverage"
