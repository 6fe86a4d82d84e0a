"""A whole city in the review pack: the page still opens, Excel takes the workbook, nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from report.review import finding, reviewed
from zonebox.model import Plan, Report, Scene
from zonebox.report import page as pages
from zonebox.report import workbook
from zonebox.report.facts import broken


def city(count: int) -> tuple[Scene, Report]:
    """The lot with its design, ``count`` idle lots, and its failed height ``count`` times."""
    scene, report = reviewed()
    lot, idle = scene.plan.parcels
    failed = finding(report, "/P/height")
    far = scene.plan.controls_of(idle.id)[0]
    plan = Plan(source="by hand",
                controls=(*scene.plan.controls, *(replace(far, parcel=f"I{k:05d}") for k in range(count))),
                parcels=(*(replace(idle, id=f"I{k:05d}") for k in range(count)), lot))
    copies = [replace(failed, id=f"{failed.id}/{k:05d}") for k in range(count)]
    return replace(scene, plan=plan), Report(findings=(*report.findings, *copies))


def test_the_page_shows_the_worst_and_says_what_it_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "CARDS_MOST", 7)
    monkeypatch.setattr(pages, "IDLE_MOST", 5)
    scene, report = city(40)
    wrong = len(broken(report))
    html = pages.page(scene, report, "en")
    assert html.count('<article class="finding') == 7
    assert f"The worst 7 are shown here; {wrong - 7} more stand in" in html
    assert "35 more parcels without a design" in html
    assert '<h3>P <span class="soft">' in html           # the lot that is built on comes last in the plan, and stays
    assert html.count('<div class="parcel">') == 6
    assert "more stand in" not in pages.page(*reviewed(), "en")


def test_a_sheet_that_is_full_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(workbook, "ROWS_MOST", 10)
    scene, report = city(30)
    book = openpyxl.load_workbook(workbook.write_workbook(scene, report, tmp_path / "findings.xlsx"))
    findings, parcels, _ = book.worksheets
    assert findings.max_row == parcels.max_row == 12
    assert findings.cell(12, 1).value == f"{len(report.findings) - 10} more rows stand in findings.gpkg"
    assert "more rows" in str(parcels.cell(12, 1).value)


def test_findings_of_a_parcel_are_those_that_name_it() -> None:
    _, report = city(3)
    for name in ("P", "I00001", "nobody"):
        assert report.of(name) == tuple(f for f in report.findings if f.parcel == name)
