"""Small plans in each Chinese delivery schema, with every trap of domain E2 and A1 to A7."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import shapely

from converters.zoning.plans import box, layer, plan
from zonebox.errors import InputError
from zonebox.model import Kind, Plan

LOTS = [box(x=20 * k) for k in range(4)]                # 600 m2 each


def limits(found: Plan, number: str) -> dict[str, float | None]:
    return {c.id.split("/")[1]: c.limit for c in found.controls_of(number) if c.kind is not Kind.SETBACK}


def setbacks(found: Plan, number: str) -> dict[str, tuple[float, tuple[str, ...]]]:
    return {c.id.split("/")[1]: (c.profile.points[0][1], c.edges.roles)
            for c in found.controls_of(number) if c.kind is Kind.SETBACK and c.profile is not None}


def test_hangzhou(tmp_path: Path) -> None:
    """Hectares; 0.0 for "no control"; an airport height; a mixed use; full-width signs; a height in a remark."""
    rows: list[dict[str, Any]] = [
        {"DKBH": "XS-01", "DYMC": "XS", "DLDM": "070102/0901", "ZDLDM": "070102", "DLMC": "住宅商业混合",
         "JRBL": "60:40", "MJ": 0.06, "RJL": "≤２．５", "JZMD": "３５％", "JZGD": "＜54", "XGLX": "", "LDL": "≥30",
         "FJSS1": "幼儿园", "GXYQ": "街墙", "BZ": "限高75.5米（1985国家高程基准）"},
        {"DKBH": "XS-02", "DYMC": "XS", "DLDM": "v0901", "ZDLDM": "0901", "DLMC": "商业", "JRBL": "", "MJ": 0.06,
         "RJL": "0.0", "JZMD": "0.0", "JZGD": "60", "XGLX": "机场限高", "LDL": "0.0", "FJSS1": "", "GXYQ": "",
         "BZ": ""},
        {"DKBH": "XS-03", "DYMC": "XS", "DLDM": "1401", "ZDLDM": "1401", "DLMC": "公园", "JRBL": "", "MJ": 0.06,
         "RJL": "0.0", "JZMD": "0.0", "JZGD": "0.0", "XGLX": "", "LDL": "70", "FJSS1": "", "GXYQ": "", "BZ": ""},
    ]
    found = plan(tmp_path, LOTS[:3], rows)
    assert limits(found, "XS-01") == {"far": 2.5, "coverage": 0.35, "height": 54.0, "green": 0.3, "height_abs": 75.5}
    assert limits(found, "XS-02") == {"height_abs": 60.0}
    assert limits(found, "XS-03") == {"green": 0.7}
    assert [p.buildable for p in found.parcels] == [True, True, False]
    assert [p.area_declared_m2 for p in found.parcels] == [600.0] * 3
    assert found.parcels[0].attributes["JRBL"] == "60:40"
    shown = dict(found.understood)
    assert shown["area unit"] == "MJ is in hectares"
    assert {concept: shown[concept] for concept in ("far", "mix", "facilities", "design_rigid", "land_use")} == {
        "far": "RJL (3 of 3 values)", "mix": "JRBL (1 of 3 values)", "facilities": "FJSS1 (1 of 3 values)",
        "design_rigid": "GXYQ (1 of 3 values)", "land_use": "DLDM (3 of 3 values)"}
    assert any("RJL = 0 is taken for no limit on XS-02" in note for note in found.notes)


def test_hangzhou_bureau(tmp_path: Path) -> None:
    """Old and new codes side by side, lower bounds in their own fields, an upper bound on green for industry."""
    rows: list[dict[str, Any]] = [
        {"DKBH": "A", "GHDY": "U1", "YDXZ": "R2", "YDXZ_N": "070102", "YDXZMC": "二类", "MJ": 0.06, "RJL": 2.8,
         "RJL_XX": 1.5, "JZMD": 35, "JZMD_XX": 0, "JZXG": 60, "JZXG_XX": 24, "LDL": 30, "LDL_SX": 0, "JDCW": 120},
        {"DKBH": "B", "GHDY": "U1", "YDXZ": "M1", "YDXZ_N": "100101", "YDXZMC": "一类工业", "MJ": 0.06, "RJL": 1.2,
         "RJL_XX": 0, "JZMD": 55, "JZMD_XX": 30, "JZXG": 24, "JZXG_XX": 0, "LDL": 0, "LDL_SX": 20, "JDCW": 10},
    ]
    found = plan(tmp_path, LOTS[:2], rows)
    assert limits(found, "A") == {"far": 2.8, "far_min": 1.5, "coverage": 0.35, "height": 60.0, "height_min": 24.0,
                                  "green": 0.3}
    assert limits(found, "B") == {"far": 1.2, "coverage": 0.55, "coverage_min": 0.3, "height": 24.0, "green_max": 0.2}
    assert [p.land_use for p in found.parcels] == ["070102", "100101"]
    assert dict(found.understood)["parking"] == "JDCW (2 of 2 values)"


def test_deqing(tmp_path: Path) -> None:
    """Square metres; 9999 for "no upper limit", 0 for "no lower limit"; a limit of a part in the remark."""
    rows: list[dict[str, Any]] = [
        {"DKBH": n, "DYMC": "D", "YDDM": "0901", "YDXZ": "商业用地", "YDMJ": 600.0, "RJLSX": far, "RJLXX": low,
         "JZMDSX": 9999, "JZMDXX": 0, "JZGDSX": 24, "JZGDXX": 0, "LDLXX": 20, "LDLSX": 9999, "JZMJ": 1200,
         "TCW": 8, "BZ": remark}
        for n, far, low, remark in (("A", 2.0, 1.0, "住宅计容建筑面积不大于1万方"), ("B", 9999, 0, ""))]
    found = plan(tmp_path, LOTS[:2], rows)
    assert limits(found, "A") == {"far": 2.0, "far_min": 1.0, "height": 24.0, "green": 0.2}
    assert limits(found, "B") == {"height": 24.0, "green": 0.2}
    assert dict(found.understood)["area unit"] == "YDMJ is in m²"
    assert any("BZ states limits in words that are not read on A" in note for note in found.notes)


def test_plain_chinese_headings_with_setbacks(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{
        "地块编号": "A", "用地性质": "商业用地", "容积率": "≤2.5", "建筑密度(%)": "≤35", "建筑限高（米）": "24-36",
        "绿地率（%）": "≥30", "后退道路红线（米）": "≥8", "后退用地界线（米）": 4, "计容建筑面积": 1500,
        "停车位": "20"}]
    found = plan(tmp_path, LOTS[:1], rows)
    assert limits(found, "A") == {"far": 2.5, "coverage": 0.35, "height": 36.0, "height_min": 24.0, "green": 0.3}
    assert setbacks(found, "A") == {"setback_street": (8.0, ("front", "street", "street_side")),
                                    "setback_boundary": (4.0, ("side", "rear", "interior"))}
    assert any("后退道路红线（米） acts on nothing on A" in note for note in found.notes)       # no roads are named
    assert found.controls_of("A")[-1].source == "lots.geojson#地块编号=A/后退用地界线（米）"


def test_plain_english_headings_in_feet(tmp_path: Path) -> None:
    row = {"Parcel": "A", "FAR": 2.0, "Max Height (ft)": 45, "Front Setback": "15 ft", "Side_Setback": "2"}
    found = plan(tmp_path, LOTS[:1], [row])
    assert limits(found, "A") == {"far": 2.0, "height": pytest.approx(13.716)}
    assert setbacks(found, "A") == {"setback_front": (pytest.approx(4.572), ("front", "street")),
                                    "setback_side": (2.0, ("side", "interior"))}
    assert "lots.geojson: Max Height (ft) is in feet" in found.notes
    stated = plan(tmp_path, LOTS[:1], [{"parcel": "A", "height": "≤45"}], height_unit="ft")
    assert limits(stated, "A") == {"height": pytest.approx(13.716)}
    none = plan(tmp_path, LOTS[:1], [{"parcel": "A", "height_ft": 9999}])
    assert limits(none, "A") == {}


@pytest.mark.parametrize(("heading", "cell", "stated", "metres"), [
    ("design_ground_ft", 120, "", 36.576), ("design_ground", "120 ft", "", 36.576),
    ("design_ground", 120, "ft", 36.576), ("design_ground", "120 ft", "m", 36.576), ("design_ground", 120, "", 120.0),
    ("ground_elevation_ft", "-1", "", -0.3048),
    ("设计地面标高", "36.5米", "ft", 36.5), ("design_ground_m", 36.5, "ft", 36.5),
])
def test_the_ground_is_in_the_unit_that_cell_heading_or_plan_states(
    tmp_path: Path, heading: str, cell: object, stated: str, metres: float
) -> None:
    found = plan(tmp_path, LOTS[:1], [{"parcel": "A", "FAR": 2.0, heading: cell}], height_unit=stated)
    assert found.parcels[0].design_ground_m == pytest.approx(metres)


@pytest.mark.parametrize(("cell", "ratio"), [("200%", 2.0), ("≤80％", 0.8), ("2.0", 2.0)])
def test_ratios_in_per_cent(cell: str, ratio: float, tmp_path: Path) -> None:
    assert limits(plan(tmp_path, LOTS[:1], [{"parcel": "A", "far": cell}]), "A") == {"far": ratio}


@pytest.mark.parametrize("cell", [250, "250"])
def test_a_ratio_that_must_be_a_percentage(cell: object, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"#A/far: got the floor area ratio 250, want a ratio up to 40; write 250%"):
        plan(tmp_path, LOTS[:1], [{"parcel": "A", "far": cell}])


def test_fields_are_overridden(tmp_path: Path) -> None:
    rows = [{"DKBH": "A", "RJL": 2.0, "RJL2025": 3.0, "JZGD": 50}]
    found = plan(tmp_path, LOTS[:1], rows, fields={"far": "RJL2025", "height": ""})
    assert limits(found, "A") == {"far": 3.0}
    assert dict(found.understood)["far"] == "RJL2025 (1 of 1 values) as given"


def test_storeys_need_a_height(tmp_path: Path) -> None:
    rows = [{"DKBH": "A", "层数": 6}]
    told = plan(tmp_path, LOTS[:1], rows)
    assert any("层数 limits storeys on A, which is not checked: state plan.storey_height_m" in n for n in told.notes)
    control = plan(tmp_path, LOTS[:1], rows, storey_height_m=3.0).controls[0]
    assert (control.kind, control.limit, control.storey_height_m) == (Kind.STOREYS, 6.0, 3.0)


@pytest.mark.parametrize(("code", "system", "buildable"), [
    ("0601", "", False),            # 农业设施建设用地 in the guide of 2023
    ("0601", "sd3", True),          # 工业用地 in the third survey
    ("0901", "sd3", True), ("1003", "sd3", False), ("1101", "sd3", False), ("0810", "gbt21010", False),
    ("1101", "", True),             # 物流仓储
    ("R2/B1", "gb50137", True), ("G1", "gb50137", False), ("GE", "", True),
])
def test_a_code_means_what_its_system_says(code: str, system: str, buildable: bool, tmp_path: Path) -> None:
    found = plan(tmp_path, LOTS[:1], [{"DKBH": "A", "DLDM": code, "RJL": 1.0}], code_system=system)
    assert found.parcels[0].buildable is buildable


def test_a_code_that_contradicts_its_name_is_told(tmp_path: Path) -> None:
    found = plan(tmp_path, LOTS[:1], [{"DKBH": "A", "DLDM": "0601", "DLMC": "工业用地", "RJL": 1.0}])
    assert any('DLDM 0601 admits no buildings and DLMC says "工业用地" on A' in note and "plan.code_system" in note
               for note in found.notes)
    with pytest.raises(InputError, match=r'plan\.code_system: got "tdlyxz", want one of'):
        plan(tmp_path, LOTS[:1], [{"DKBH": "A", "DLDM": "0601"}], code_system="tdlyxz")


def test_setback_lines_are_limits_as_they_are_drawn(tmp_path: Path) -> None:
    from converters.zoning.plans import FRAME
    from zonebox_converters.zoning import PlanSpec, read

    lots = layer(tmp_path / "lots.geojson", LOTS[:1], [{"DKBH": "A"}])
    lines = layer(tmp_path / "lines.geojson",
                  [shapely.LineString([(0, y), (20, y)]) for y in (5, 8)] + [shapely.box(0, 20, 20, 30)],
                  [{"LX": "多层", "HTJL": 5}, {"LX": "高层", "HTJL": 8}, {"LX": "蓝线", "HTJL": None}])
    found = read(PlanSpec(parcels=lots, lines=lines), FRAME)
    assert [line.kind for line in found.lines] == ["多层", "高层", "蓝线"]
    assert ("lines", "1 多层, 1 高层, 1 蓝线 in lines.geojson") in found.understood
    low, high = found.controls
    assert low.kind is Kind.NO_BUILD
    assert low.zone is not None
    assert low.zone.equals(shapely.intersection(found.parcels[0].shape, shapely.box(0, 0, 20, 5)))
    assert (high.kind, high.limit) == (Kind.HEIGHT, 24.0)           # a high-rise is taller (GB 50352-2019)
    assert high.zone is not None
    assert high.zone.area == pytest.approx(20 * 8)
    assert any("beyond 高层 lines buildings up to 24 m may stand" in note for note in found.notes)
    assert not any("differs" in note for note in found.notes)


SETBACK_LINES = {
    "short of the boundary": ([(1, 6), (19, 6)], 20 * 6.0),
    "round a corner": ([(5, -1), (5, 24), (25, 24)], 600 - 15 * 24.0),
    "a ring": ([(3, 3), (17, 3), (17, 27), (3, 27), (3, 3)], 600 - 14 * 24.0),
    "a ring drawn open": ([(3, 3), (17, 3), (17, 27), (3, 27)], None),
    "beside the lot": ([(0, -3), (20, -3)], None),
    "on the boundary": ([(0, 0), (20, 0)], None),
}


@pytest.mark.parametrize("case", SETBACK_LINES)
def test_the_inner_side_of_a_setback_line(tmp_path: Path, case: str) -> None:
    points, outside = SETBACK_LINES[case]
    lines = layer(tmp_path / "lines.geojson", [shapely.LineString(points)], [{"LX": "建筑后退线", "HTJL": 4}])
    found = plan(tmp_path, LOTS[:1], [{"DKBH": "A"}], lines=lines)
    zones = [c.zone.area for c in found.controls if c.zone is not None]
    assert zones == ([] if outside is None else [pytest.approx(outside, abs=1e-3)])
    if case == "a ring drawn open":
        assert any("建筑后退线 lines end within A and cut nothing off" in note for note in found.notes)
    if case in {"beside the lot", "on the boundary"}:
        assert any('cross no lot state 4 m' in note and 'from_line = ["建筑后退线"]' in note for note in found.notes)
    if case == "short of the boundary":
        assert any("differs from the distance they state on A (4 m stated, 6.0 m drawn)" in n for n in found.notes)


def test_setback_lines_that_rules_speak_of_act_through_them_alone(tmp_path: Path) -> None:
    lines = layer(tmp_path / "lines.geojson", [shapely.LineString([(0, 5), (20, 5)])], [{"LX": "后退线"}])
    rules = ('[pack]\ndocument = "D"\nunits = "m"\n[[rule]]\nid = "r"\nkind = "setback"\ndistance_m = 3\n'
             'from_line = ["后退线"]\n')
    found = plan(tmp_path, LOTS[:1], [{"DKBH": "A"}], lines=lines, rules=rules)
    assert [c.id for c in found.controls] == ["A/r"]
