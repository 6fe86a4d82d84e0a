"""Indicator tables joined to the lots by their numbers."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from converters.zoning.plans import FRAME, box, layer
from zonebox.drafting import draft
from zonebox.errors import InputError
from zonebox.inspection import inspect
from zonebox.model import FileKind, Plan
from zonebox_converters.zoning import PlanSpec, read
from zonebox_converters.zoning.tables import read_table

LOTS = [box(x=20 * k) for k in range(3)]
NUMBERS = ("A-01", "A-02", "A-03")
HEAD: list[Any] = ["地块编号", "用地性质", "用地面积（㎡）", "容积率", "建筑密度（%）", "建筑限高（米）",
                   "绿地率（%）"]
ROWS: list[list[Any]] = [
    ["A-01", "二类居住用地", 600, "≤2.5", 35, 54, 30], ["A-02", "商业用地", 600, "1.5-2.0", 50, 9999, ""],
    ["A-03", "公园绿地", 600, "", "", "", 65]]
WANTED = {
    "A-01": {"far": 2.5, "coverage": 0.35, "height": 54.0, "green": 0.3},
    "A-02": {"far": 2.0, "far_min": 1.5, "coverage": 0.5},
    "A-03": {"green": 0.65},
}


def lots(folder: Path, numbers: tuple[str, ...] = NUMBERS, **columns: list[Any]) -> str:
    rows = [{"DKBH": number, **{name: cells[k] for name, cells in columns.items()}} for k, number in enumerate(numbers)]
    return layer(folder / "lots.geojson", LOTS[:len(numbers)], rows)


def plan(folder: Path, table: Path | str, **spec: Any) -> Plan:
    parcels = spec.pop("parcels", None) or lots(folder)
    return read(PlanSpec(parcels=parcels, table=str(table), **spec), FRAME)


def limits(found: Plan) -> dict[str, dict[str, float | None]]:
    return {p.id: {c.id.split("/")[1]: c.limit for c in found.controls_of(p.id)} for p in found.parcels}


def workbook(path: Path, rows: list[list[Any]], *, merged: tuple[str, ...] = (), title: str = "") -> Path:
    book = openpyxl.Workbook()
    page = book.active
    if title:
        page.title = title
    for row in rows:
        page.append(row)
    for block in merged:
        page.merge_cells(block)
    book.save(path)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_a_csv_in_any_encoding_and_with_any_mark(encoding: str, mark: str, tmp_path: Path) -> None:
    text = "\n".join(mark.join(map(str, row)) for row in [HEAD, *ROWS])
    path = tmp_path / "table.csv"
    path.write_text(text, encoding=encoding)
    found = plan(tmp_path, path)
    assert limits(found) == WANTED
    assert [p.land_use_name for p in found.parcels] == ["二类居住用地", "商业用地", "公园绿地"]
    assert ("table", "table.csv: 3 of 3 lots by DKBH = 地块编号") in found.understood
    taken = dict(found.understood)["from table.csv"]
    assert taken == ("land_use_name = 用地性质, area = 用地面积（㎡）, far = 容积率, coverage = 建筑密度（%）, "
                     "height = 建筑限高（米）, green = 绿地率（%）")
    assert ("far", "容积率 (2 of 3 values)") in found.understood


def test_a_workbook_as_a_planning_office_sends_it(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["XX片区地块控制指标一览表", *[None] * 7], ["2025年3月", *[None] * 7],
            ["地块编号", "用地性质", "用地面积", "容积率", None, "建筑密度", "建筑限高", "绿地率"],
            [None, None, None, "下限", "上限", None, None, None],
            [None, None, "（㎡）", None, None, "（%）", "（米）", "（%）"],
            ["A-01", "二类居住用地", 600, None, 2.5, 35, 54, 30],
            ["A-02", "商业用地", 600, 1.5, 2.0, 50, 9999, None],
            ["A-03", "公园绿地", 600, None, None, None, None, 65],
            ["合计", None, 1800, None, None, None, None, None]]
    path = workbook(tmp_path / "指标.xlsx", rows, merged=("A1:H1", "D3:E3", "A3:A4", "B3:B4", "C3:C4", "F3:F4"))
    found = plan(tmp_path, path)
    assert limits(found) == WANTED
    assert "指标.xlsx: 1 rows of sums are left out" in found.notes


def test_a_sheet_is_chosen_by_what_it_holds(tmp_path: Path) -> None:
    path = workbook(tmp_path / "book.xlsx", [["说明"], ["本表由规划院编制"]], title="封面")
    book = openpyxl.load_workbook(path)
    for name in ("指标", "另一"):
        page = book.create_sheet(name)
        for row in [HEAD, *ROWS]:
            page.append(row)
    book.save(path)
    with pytest.raises(InputError, match=r'2 sheets with indicators, want one of 指标, 另一; write plan\.table = '
                                         r'"book\.xlsx:指标"'):
        plan(tmp_path, path)
    assert limits(plan(tmp_path, f"{path}:另一")) == WANTED
    with pytest.raises(InputError, match=r"book\.xlsx:无: got no such sheet, want one of 封面, 指标, 另一"):
        plan(tmp_path, f"{path}:无")


def test_rows_and_lots_without_a_match_are_told_both_ways(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", [HEAD, ROWS[0], ["B-09", "商业用地", 1, 1, 1, 1, 1]])
    found = plan(tmp_path, path)
    assert "lots.geojson: 2 of 3 lots have no row in t.xlsx (A-02, A-03)" in found.notes
    assert "t.xlsx: 1 of 2 rows have no lot in lots.geojson (B-09)" in found.notes
    assert limits(found)["A-02"] == {}


def test_numbers_are_matched_in_any_width_and_without_lost_zeros(tmp_path: Path) -> None:
    wide = workbook(tmp_path / "wide.xlsx", [HEAD, *([f"Ａ－0{k + 1} ", *row[1:]] for k, row in enumerate(ROWS))])
    assert limits(plan(tmp_path, wide)) == WANTED
    zeros = workbook(tmp_path / "zeros.xlsx", [HEAD, *([k + 1, *row[1:]] for k, row in enumerate(ROWS))])
    found = plan(tmp_path, zeros, parcels=lots(tmp_path, ("001", "002", "003")))
    assert limits(found)["001"] == WANTED["A-01"]
    assert any("lost leading zeros" in note for note in found.notes)


def test_the_table_governs_and_fills_and_differences_are_told(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", [["地块编号", "容积率", "建筑限高"], ["A-01", 2.0, 50], ["A-02", None, 24]])
    parcels = lots(tmp_path, RJL=[2.5, 3.0, 1.2], JZGD=[50.0, None, 18.0])
    found = plan(tmp_path, path, parcels=parcels)
    assert limits(found) == {"A-01": {"far": 2.0, "height": 50.0}, "A-02": {"far": 3.0, "height": 24.0},
                             "A-03": {"far": 1.2, "height": 18.0}}
    assert "t.xlsx: 容积率 is not as in lots.geojson/RJL on A-01; t.xlsx governs" in found.notes
    kept = plan(tmp_path, path, parcels=parcels, fields={"far": "RJL"})
    assert limits(kept)["A-01"]["far"] == 2.5


def test_joined_by_another_column(tmp_path: Path) -> None:
    path = workbook(tmp_path / "zones.xlsx", [["Label", "HeightMax (ft)", "FARMax", "CoverageMax"],
                                              ["R1", 35, 0.5, 0.4], ["C2", 100, 4, 0.9]])
    parcels = lots(tmp_path, zone=["R1", "C2", "R1"])
    for on in ("zone = Label", "land_use = Label"):
        found = plan(tmp_path, path, parcels=parcels, table_on=on)
        assert limits(found)["A-02"] == {"far": 4.0, "coverage": 0.9, "height": pytest.approx(30.48)}
        assert limits(found)["A-03"] == {"far": 0.5, "coverage": 0.4, "height": pytest.approx(10.668)}


def test_a_number_twice(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", [HEAD, *ROWS, ROWS[0]])
    with pytest.raises(InputError, match=r't\.xlsx/地块编号: got "A-01" more than once \(lines 2, 5\)'):
        plan(tmp_path, path)


def test_what_is_wrong_with_a_table_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.xlsx: got no such file.*plan\.table"):
        plan(tmp_path, tmp_path / "gone.xlsx")
    nothing = workbook(tmp_path / "notes.xlsx", [["本表无指标"], ["谢谢"]])
    with pytest.raises(InputError, match=r"notes\.xlsx: got no row of headings \(本表无指标 …\)"):
        plan(tmp_path, nothing)
    with pytest.raises(InputError, match=r"headings and no rows"):
        plan(tmp_path, workbook(tmp_path / "bare.xlsx", [HEAD]))
    (tmp_path / "torn.xlsx").write_bytes(nothing.read_bytes()[:500])
    with pytest.raises(InputError, match=r"torn\.xlsx: got a workbook that cannot be read"):
        plan(tmp_path, tmp_path / "torn.xlsx")
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(InputError, match=r'ends in "\.xls".*save it as \.xlsx'):
        plan(tmp_path, tmp_path / "old.xls")
    others = workbook(tmp_path / "others.xlsx", [HEAD, ["Z-1", "商业用地", 1, 1, 1, 1, 1]])
    with pytest.raises(InputError, match=r"no value of lots\.geojson/DKBH \(Z-1 against A-01, A-02\).*plan\.table_on"):
        plan(tmp_path, others)
    with pytest.raises(InputError, match=r'no column for "PARZELLE" \(it has DKBH\)'):
        plan(tmp_path, others, table_on="PARZELLE")


def test_a_bad_cell_of_the_table_names_the_parcel_and_the_table(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", [HEAD, ["A-01", "商业用地", 600, "高", 35, 54, 30]])
    with pytest.raises(InputError, match=r'#DKBH=A-01/容积率: got "高"'):
        plan(tmp_path, path)


def test_numbers_with_a_decimal_comma(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("parcel;far;height\nA-01;2,5;12,5\n", encoding="utf-8")
    assert read_table(str(path)).columns["far"].tolist() == ["2,5"]
    assert limits(plan(tmp_path, path, decimal=","))["A-01"] == {"far": 2.5, "height": 12.5}
    with pytest.raises(InputError, match=r'set plan\.decimal = ","'):
        plan(tmp_path, path)


def test_info_shows_an_indicator_table_and_new_takes_it(tmp_path: Path) -> None:
    table = tmp_path / "指标.csv"
    table.write_bytes("某区控制指标\n地块编号,容积率,限高(m)\nA,≤２.５,24\nB,0,9999\nB,1.0,x\n合计,,\n".encode("gbk"))
    info = inspect(str(table))
    assert (info.kind, info.crs, info.extent) == (FileKind.TABLE, "", None)
    assert dict(info.rows) == {"rows": "3, lines 3 to 5", "joined by": "地块编号"}
    meant = {use.name: use.concept for use in info.fields}
    assert meant == {"地块编号": "parcel", "容积率": "far", "限高(m)": "height"}
    assert [(use.low, use.high) for use in info.fields if use.concept == "far"] == [(1.0, 2.5)]
    for said in ("rows of sums are left out", "B stands in 2 rows", 'got "x"', "read as GB18030"):
        assert any(said in oddity for oddity in info.oddities), said
    lots = layer(tmp_path / "lots.geojson", [box(), box(x=20)], [{"parcel": "A"}, {"parcel": "B"}])
    made = draft(tmp_path, [lots, str(table)], crs="EPSG:4548+5737")
    assert tomllib.loads(made.text)["plan"]["table"] == "指标.csv"
    assert not any("No field was recognised as far" in question for question in made.questions)


def test_info_of_a_csv_of_places_is_that_of_a_layer(tmp_path: Path) -> None:
    (tmp_path / "places.csv").write_text("x,y,what\n1,2,a\n", encoding="utf-8")
    assert inspect(str(tmp_path / "places.csv")).kind is FileKind.VECTOR
    with pytest.raises(InputError, match="no such file"):
        inspect(str(tmp_path / "none.xlsx"))
