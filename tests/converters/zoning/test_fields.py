"""Which field means what in the schemas plans come in (domain E2)."""

from __future__ import annotations

import numpy as np
import pytest

from zonebox.errors import InputError
from zonebox_converters.zoning.fields import LIMITS, PARCEL_NAMES, recognise, twins


def found(*names: str, given: dict[str, str] | None = None, **cells: str) -> dict[str, str]:
    columns = {name: np.array([cells.get(name, "1")], dtype=object) for name in names}
    fields = recognise(columns, PARCEL_NAMES, given=given or {}, where="plan.shp")
    return {concept: field.name for concept, field in fields.items()}


def test_hangzhou() -> None:
    assert found("DKBH", "DYMC", "DLDM", "DLMC", "MJ", "RJL", "JZMD", "JZGD", "XGLX", "LDL", "BZ") == {
        "parcel": "DKBH", "unit": "DYMC", "land_use": "DLDM", "land_use_name": "DLMC", "area": "MJ", "far": "RJL",
        "coverage": "JZMD", "height": "JZGD", "height_type": "XGLX", "green": "LDL", "remark": "BZ"}


def test_hangzhou_bureau() -> None:
    assert found("DKBH", "GHDY", "YDXZ_N", "YDXZ", "YDXZMC", "MJ", "RJL", "RJL_XX", "JZMD", "JZMD_XX", "JZXG",
                 "JZXG_XX", "LDL", "LDL_SX", YDXZ="R2", YDXZ_N="070102") == {
        "parcel": "DKBH", "unit": "GHDY", "land_use": "YDXZ_N", "land_use_name": "YDXZMC", "area": "MJ", "far": "RJL",
        "far_min": "RJL_XX", "coverage": "JZMD", "coverage_min": "JZMD_XX", "height": "JZXG", "height_min": "JZXG_XX",
        "green": "LDL", "green_max": "LDL_SX"}


def test_deqing() -> None:
    assert found("DKBH", "DYMC", "YDDM", "YDXZ", "YDMJ", "RJLSX", "RJLXX", "JZMDSX", "JZMDXX", "JZGDSX", "JZGDXX",
                 "LDLXX", "LDLSX", "BZ", YDXZ="二类城镇住宅用地", YDDM="070102") == {
        "parcel": "DKBH", "unit": "DYMC", "land_use": "YDDM", "land_use_name": "YDXZ", "area": "YDMJ", "far": "RJLSX",
        "far_min": "RJLXX", "coverage": "JZMDSX", "coverage_min": "JZMDXX", "height": "JZGDSX", "height_min": "JZGDXX",
        "green": "LDLXX", "green_max": "LDLSX", "remark": "BZ"}


def test_plain_chinese_headings() -> None:
    assert found("地块编号", "用地性质", "用地面积（㎡）", "容积率", "建筑密度(%)", "建筑限高（米）", "绿地率（%）",
                 "备注", 用地性质="商业用地") == {
        "parcel": "地块编号", "land_use_name": "用地性质", "area": "用地面积（㎡）", "far": "容积率",
        "coverage": "建筑密度(%)", "height": "建筑限高（米）", "green": "绿地率（%）", "remark": "备注"}


def test_plain_english_headings_in_any_case() -> None:
    assert found("Parcel", "Land Use", "FAR", "COVERAGE", "Max_Height", "green-ratio") == {
        "parcel": "Parcel", "land_use": "Land Use", "far": "FAR", "coverage": "COVERAGE", "height": "Max_Height",
        "green": "green-ratio"}


def test_what_the_user_names_goes_first() -> None:
    assert found("DKBH", "RJL", "RJL2", given={"far": "rjl2"})["far"] == "RJL2"


def test_a_field_given_that_is_not_there() -> None:
    with pytest.raises(InputError, match=r'plan.fields.far: got "RLJ", which plan.shp does not have.*RJL'):
        found("DKBH", "RJL", given={"far": "RLJ"})


def test_a_concept_given_that_is_not_known() -> None:
    with pytest.raises(InputError, match=r'plan.fields.hight: got the concept "hight".*did you mean height'):
        found("DKBH", "JZGD", given={"hight": "JZGD"})


def test_filled_cells_are_counted() -> None:
    columns = {"DKBH": np.array(["a", "b"], dtype=object), "RJL": np.array([2.0, np.nan])}
    fields = recognise(columns, PARCEL_NAMES, given={}, where="plan.shp")
    assert str(fields["far"]) == "RJL (1 of 2 values)"


def test_a_second_column_for_one_limit_is_told_where_it_differs() -> None:
    columns = {"DKBH": np.array(["a", "b", "c"], dtype=object), "JZGD": np.array([24.0, 30.0, np.nan]),
               "JZXG": np.array(["≤24米", "36", "50"], dtype=object)}
    fields = recognise(columns, PARCEL_NAMES, given={}, where="plan.shp")
    assert twins(columns, PARCEL_NAMES, fields, LIMITS) == [("height", "JZGD", "JZXG", 1)]
    chosen = recognise(columns, PARCEL_NAMES, given={"height": "JZXG"}, where="plan.shp")
    assert twins(columns, PARCEL_NAMES, chosen, LIMITS) == []
