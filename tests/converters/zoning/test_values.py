"""What cells of plan tables mean."""

from __future__ import annotations

import numpy as np
import pytest

from zonebox.errors import InputError
from zonebox_converters.zoning.elevations import absolute_height
from zonebox_converters.zoning.values import area_factor, parse, read_limits


@pytest.mark.parametrize(("cell", "low", "high"), [
    ("2.5", None, 2.5), (2.5, None, 2.5), (" 2.5 ", None, 2.5), ("２．５", None, 2.5),
    ("≤2.5", None, 2.5), ("<2.5", None, 2.5), ("＜2.5", None, 2.5), ("<=2.5", None, 2.5), ("不大于2.5", None, 2.5),
    ("≥1.2", 1.2, None), (">1.2", 1.2, None), ("＞1.2", 1.2, None), ("不小于1.2", 1.2, None),
    ("1.5-2.0", 1.5, 2.0), ("1.5～2.0", 1.5, 2.0), ("1.5—2.0", 1.5, 2.0), ("1.5至2.0", 1.5, 2.0), ("2.0-1.5", 1.5, 2.0),
    ("0-24", None, 24.0),
    ("24米", None, 24.0), ("24 m", None, 24.0), ("24-36米", 24.0, 36.0), ("10 ft", None, 3.048),
    ("", None, None), (None, None, None), ("0", None, None), (0, None, None), (0.0, None, None),
    ("9999", None, None), (9999, None, None), ("9999.0", None, None), ("不限", None, None), ("—", None, None),
    ("/", None, None), (float("nan"), None, None), ("9999.99", None, None), ("无限制", None, None),
    ("24米以下", None, 24.0), ("24m以内", None, 24.0), ("1.5以上", 1.5, None), ("不得超过24米", None, 24.0),
    ("24.0 (含)", None, 24.0), ("80'", None, 24.384), ("80’", None, 24.384),
    ("1.0＜容积率≤2.5", 1.0, 2.5), ("1.0<R≤2.5", 1.0, 2.5), (">1.0且≤2.5", 1.0, 2.5), ("≥1.0，≤2.5", 1.0, 2.5),
    ("大于1.0且小于等于2.5", 1.0, 2.5), ("18m-24m", 18.0, 24.0),
])
def test_upper_limits(cell: object, low: float | None, high: float | None) -> None:
    value = parse(cell, plain="upper")
    assert (value.low, value.high) == (low, pytest.approx(high) if high else high)


@pytest.mark.parametrize(("cell", "low", "high"), [("30", 30.0, None), ("≥30%", 30.0, None), ("≤20", None, 20.0),
                                                   ("20-30", 20.0, 30.0), ("0", None, None)])
def test_lower_limits(cell: object, low: float | None, high: float | None) -> None:
    value = parse(cell, plain="lower")
    assert (value.low, value.high) == (low, high)


@pytest.mark.parametrize("cell", ["见图则", "待定", "详见文本", "按规划", "TBD"])
def test_what_is_put_off_is_no_limit_and_marked(cell: str) -> None:
    value = parse(cell, plain="upper")
    assert (value.low, value.high, value.elsewhere) == (None, None, True)


@pytest.mark.parametrize("cell", ["abc", "12层", "2.5.1", "2,5", "1-2-3", "18层/54米", "2.5±0.1", "≤24以下", "1,200"])
def test_what_is_no_limit_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        parse(cell, plain="upper")


def test_decimal_comma() -> None:
    assert parse("2,5", plain="upper", decimal=",").high == 2.5
    with pytest.raises(InputError, match=r'A-01/RJL: got "2,5".*write 2.5 or set plan.decimal = ","'):
        read_limits(np.array(["2,5"], dtype=object), plain="upper", decimal=".", place=lambda row: "A-01/RJL")


@pytest.mark.parametrize(("cells", "expected"), [
    ([28.0, 40.0, 9999.0, 0.0], [0.28, 0.40, np.nan, np.nan]),          # per cent
    ([0.28, 0.4, np.nan, 0.0], [0.28, 0.40, np.nan, np.nan]),           # ratios
    ([1.0, 30.0, 35.0, 40.0], [0.01, 0.30, 0.35, 0.40]),                # one per cent among others
])
def test_shares_per_layer(cells: list[float], expected: list[float]) -> None:
    limits = read_limits(np.array(cells), plain="upper", decimal=".", place=str, ratio=True)
    np.testing.assert_allclose(limits.high, expected)


def test_marked_cells_are_per_cent_whatever_the_rest_is() -> None:
    cells = np.array(["35%", "≤40％", "0.3", ""], dtype=object)
    limits = read_limits(cells, plain="upper", decimal=".", place=str, ratio=True)
    np.testing.assert_allclose(limits.high, [0.35, 0.40, 0.30, np.nan])


def test_ratios_mixed_with_per_cent_are_told() -> None:
    limits = read_limits(np.array([0.35, 30.0]), plain="upper", decimal=".", place=str, ratio=True)
    assert "mixed" in limits.unit


@pytest.mark.parametrize(("cells", "expected"), [
    ([200.0, 400.0, 150.0], [2.0, 4.0, 1.5]), ([2.0, 4.0, 15.0], [2.0, 4.0, 15.0]),
    (np.array(["200%", "2.5"], dtype=object), [2.0, 2.5]),
])
def test_floor_area_ratios_in_per_cent(cells: list[float], expected: list[float]) -> None:
    limits = read_limits(np.asarray(cells), plain="upper", decimal=".", place=str, far=True)
    np.testing.assert_allclose(limits.high, expected)
    assert ("per cent" in limits.unit) == (expected[0] != cells[0])


def test_per_cent_of_a_length_is_refused() -> None:
    with pytest.raises(InputError, match=r'A-01/JZGD: got "24%", want a length'):
        read_limits(np.array(["24%"], dtype=object), plain="upper", decimal=".", place=lambda row: "A-01/JZGD")


@pytest.mark.parametrize(("remark", "expected"), [
    ("限高51.7米（1985国家高程基准）", (51.7, "5737")),
    ("机场净空控制，限高52.6米（1985国家高程基准）", (52.6, "5737")),
    ("机场净空高度控制：52.60m(1985国家高程)", (52.6, "5737")),
    ("建筑高度不超过24米，绝对高程51.7米（1985国家高程基准）", (51.7, "5737")),
    ("建筑最高点1985高程不得超过98.5米", (98.5, "5737")), ("海拔高度不超过120米(85高程)", (120.0, "5737")),
    ("限高 45m(1985)", (45.0, "5737")), ("height limit 17.5 m NAP", (17.5, "5709")),
    ("限高60米(1956黄海)", (60.0, "5736")), ("机场净空限高151.26m（56黄海高程）", (151.26, "5736")),
    ("top of building 120 ft NAVD88", (36.576, "5703")),
    ("绝对标高不超过85.0米", (85.0, "")), ("建筑限高不超过黄海高程60m", (60.0, "")),          # no datum, or one of two
    ("限高12米", None), ("建筑限高24米，1985年批准", None), ("编号85号地块，限高50米", None),
    ("限高85米", None), ("", None),
    ("限高24米；地面标高5.2米（1985国家高程基准）", None), ("限高24米，室外地面标高5.2米（1985国家高程基准）", None),
    ("设计高程5.5米(1985)，限高24米", None), ("ground level 3.2 m NAP", None), ("采用1985国家高程基准，限高24米", None),
])
def test_absolute_heights_in_remarks(remark: str, expected: tuple[float, str] | None) -> None:
    assert absolute_height(remark) == expected


@pytest.mark.parametrize(("per_unit", "word"),
                         [(1.0, "m²"), (1e4, "hectares"), (666.667, "mu"), (0.0929, "square feet")])
def test_area_units(per_unit: float, word: str) -> None:
    drawn = np.array([8056.0, 2094.0, 954.0])
    found = area_factor(drawn / per_unit * np.array([1.01, 1.0, 0.99]), drawn)
    assert found is not None
    assert word in found[1]
    assert found[0] == pytest.approx(per_unit, rel=1e-3)


def test_area_of_no_unit() -> None:
    assert area_factor(np.array([3.0]), np.array([100.0])) is None
    assert area_factor(np.array([0.0]), np.array([100.0])) is None
