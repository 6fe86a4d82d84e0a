"""Report -> `findings.xlsx`: findings, indicators by parcel, provenance, as sheets that can be sorted and filtered."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from zonebox.files import stamp, write_bytes
from zonebox.model import Report, Scene, State
from zonebox.report.facts import ORDER, RATIOS, all_facts
from zonebox.report.palette import STATE
from zonebox.report.provenance import statements
from zonebox.report.tables import Indicator, Row, Value, control_words, finding_row, indicators
from zonebox.words import Language, word

HEADINGS: Final = {
    "id": ("report.id", 40), "check": ("report.check", 16), "state": ("report.state", 12), "parcel": ("parcel", 9),
    "design": ("design", 16), "severity": ("report.severity", 12), "document": ("report.document", 26),
    "clause": ("report.clause", 12), "version": ("report.version", 10), "status": ("report.status", 10),
    "limit": ("limit", 11), "value": ("value", 11), "margin": ("margin", 11), "tolerance": ("report.tolerance", 11),
    "uncertainty": ("report.uncertainty", 12), "unit": ("report.unit", 7), "utilisation": ("report.utilisation", 11),
    "datum": ("report.datum", 30), "easting": ("report.easting", 15), "northing": ("report.northing", 15),
    "height": ("report.height", 11), "edge": ("report.edge", 7), "edge_role": ("report.kind", 12),
    "storey": ("report.storey", 9), "cure": ("report.cure", 36), "elements": ("report.elements", 30),
    "reason": ("report.reason", 60), "source": ("report.source", 30), "uuid": ("uuid", 38),
}
"""Columns of the findings sheet: heading and width."""

CELL_MOST: Final = 32_000
"""A cell holds 32,767 characters; a list of elements beyond it is cut and says so."""

ROWS_MOST: Final = 1_048_000
"""A sheet holds 1,048,576 rows; what is beyond stands in the map layers, and the sheet's last row says so."""

PLAIN: Final = "General"
NUMBER: Final = "#,##0.00"
PLACE: Final = "0.000"
SHARE: Final = "0.0%"


def write_workbook(scene: Scene, report: Report, path: Path, *, lang: Language = "en") -> Path:
    """Write `findings.xlsx`; the same report gives the same bytes."""
    import xlsxwriter

    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(buffer, options)
    book.set_properties({"title": scene.title or scene.name, "created": stamp().replace(tzinfo=None)})
    _Sheets(book, lang).write(scene, report)
    book.close()
    return write_bytes(path, buffer.getvalue())


class _Sheets:
    """Writes the sheets of one workbook; formats are made once each."""

    def __init__(self, book: Any, lang: Language) -> None:
        self.book, self.lang = book, lang
        self.made: dict[str, Any] = {}
        self.head = book.add_format({"bold": True, "bg_color": "#e8edf2", "bottom": 1, "text_wrap": True,
                                     "valign": "top"})
        self.states = {state: book.add_format({"font_color": "#ffffff", "bg_color": STATE[state], "bold": True})
                       for state in State}

    def write(self, scene: Scene, report: Report) -> None:
        """Write the three sheets."""
        self._findings(scene, report)
        self._parcels(scene, report)
        self._provenance(scene)

    def _findings(self, scene: Scene, report: Report) -> None:
        facts = sorted(all_facts(scene, report, self.lang), key=lambda f: (ORDER.index(f.finding.state), f.finding.id))
        rows = [finding_row(f) for f in facts]
        columns = [(self._word(key), width) for key, width in HEADINGS.values()]
        sheet = self._sheet("report.sheet.findings", columns, len(rows))
        for r, (fact, row) in enumerate(zip(facts[:ROWS_MOST], rows[:ROWS_MOST], strict=True), start=1):
            shown = self._worded(row)
            for c, name in enumerate(HEADINGS):
                if name == "state":
                    sheet.write_string(r, c, str(shown[name]), self.states[fact.finding.state])
                else:
                    self._cell(sheet, r, c, shown[name], _format(name, fact.finding.check))

    def _worded(self, row: Row) -> Row:
        """Say codes in words."""
        check, state = row["check"], row["state"]
        role = f"role.{row['edge_role']}" if row["edge_role"] else ""
        severity = f"severity.{row['severity']}" if row["severity"] else ""
        return {**row, "check": self._word(f"check.{check}"), "state": self._word(str(state)),
                "edge_role": self._word(role) if role else "", "severity": self._word(severity) if severity else ""}

    def _parcels(self, scene: Scene, report: Report) -> None:
        columns = [(word(k, self.lang), w) for k, w in (
            ("parcel", 9), ("report.land_use", 16), ("report.area", 12), ("design", 16), ("control", 22),
            ("report.clause", 14), ("report.allowed", 12), ("report.used", 12), ("margin", 12), ("report.unit", 7),
            ("report.utilisation", 12), ("report.state", 13), ("report.cure", 40))]
        rows = indicators(scene, report, scene.plan.parcels, self.lang)
        sheet = self._sheet("report.sheet.parcels", columns, len(rows))
        for r, item in enumerate(rows[:ROWS_MOST], start=1):
            self._indicator(sheet, r, item)
        if rows:
            sheet.conditional_format(1, 10, min(len(rows), ROWS_MOST), 10, {
                "type": "data_bar", "bar_color": "#8fb8de", "min_type": "num", "min_value": 0,
                "max_type": "num", "max_value": 1.2})

    def _indicator(self, sheet: Any, r: int, item: Indicator) -> None:
        finding, (limit, unit) = item.finding, item.limit
        check = finding.check if finding is not None else item.control.kind.value if item.control else ""
        number = SHARE if check in RATIOS else NUMBER
        clause = item.control.authority.clause if item.control else ""
        cells: Sequence[tuple[Value, str]] = (
            (item.parcel.id, PLAIN), (item.parcel.land_use_name or item.parcel.land_use, PLAIN),
            (item.parcel.area_m2, "#,##0"), (finding.design if finding else "", PLAIN),
            (control_words(item.control, finding, self.lang) + (f", {item.facts.edge}" if item.facts and item.facts.edge
                                                                else ""), PLAIN),
            (clause, PLAIN), (limit, number), (finding.value if finding else None, number),
            (finding.margin if finding else None, f"+{number};-{number};{number}"), (unit, PLAIN), (item.share, SHARE))
        for c, (value, code) in enumerate(cells):
            self._cell(sheet, r, c, value, code)
        if finding is None or item.facts is None:
            self._cell(sheet, r, len(cells), word("report.no_design", self.lang), PLAIN)
        else:
            sheet.write_string(r, len(cells), item.facts.state, self.states[finding.state])
            self._cell(sheet, r, len(cells) + 1, item.facts.cure, PLAIN)

    def _provenance(self, scene: Scene) -> None:
        rows = statements(scene, self.lang)
        sheet = self._sheet("report.sheet.provenance", [("", 26), ("", 90)], len(rows))
        for r, (name, value) in enumerate(rows, start=1):
            self._cell(sheet, r, 0, name, PLAIN)
            self._cell(sheet, r, 1, value, PLAIN)

    def _sheet(self, key: str, columns: Sequence[tuple[str, int]], rows: int) -> Any:
        """Make a sheet with frozen headings and a filter over all its rows; say so where they are too many for it."""
        sheet = self.book.add_worksheet(word(key, self.lang))
        for c, (heading, width) in enumerate(columns):
            sheet.set_column(c, c, width)
            sheet.write_string(0, c, heading, self.head)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, min(max(rows, 1), ROWS_MOST), len(columns) - 1)
        if rows > ROWS_MOST:
            sheet.write_string(ROWS_MOST + 1, 0, word("report.rows_more", self.lang).format(rows - ROWS_MOST))
        return sheet

    def _cell(self, sheet: Any, row: int, column: int, value: Value, code: str) -> None:
        if value is None or value == "":
            return
        if isinstance(value, str):
            text = value if len(value) <= CELL_MOST else value[:CELL_MOST] + " …"
            sheet.write_string(row, column, text)
        else:
            if code not in self.made:
                self.made[code] = self.book.add_format({"num_format": code})
            sheet.write_number(row, column, value, self.made[code])

    def _word(self, key: str) -> str:
        return key if key == "uuid" else word(key, self.lang)


def _format(column: str, check: str) -> str:
    """Choose the number format of a column, for this check's numbers."""
    if column in ("easting", "northing", "height"):
        return PLACE
    if column == "utilisation":
        return SHARE
    number = SHARE if check in RATIOS else NUMBER
    return f"+{number};-{number};{number}" if column == "margin" else number if column != "edge" else "0"
