"""Indicator tables 指标表 without shapes: XLSX, CSV in any encoding, a feed's rules for one district."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from zonebox.errors import InputError
from zonebox_converters.zoning import encodings
from zonebox_converters.zoning.fields import PARCEL_NAMES, heading
from zonebox_converters.zoning.layer import texts
from zonebox_converters.zoning.ozfs_rules import read_rules

_LOOK_ROWS: Final = 15
"""Rows from the top in which the headings are looked for: titles, dates and notes stand above them."""
_DELIMITERS: Final = (",", ";", "\t", "|")
_SUMS: Final = re.compile(r"合计|总计|小计|总和|汇总|(sub)?totals?|sum|average|平均", re.IGNORECASE)
_UNIT: Final = re.compile(r"[(\[（]?\s*(㎡|m2|m²|hm2|hm²|公顷|ha|m|米|%|％|个|辆|万㎡|万m2)?\s*[)\]）]?")
_KNOWN: Final = frozenset(heading(name) for names in PARCEL_NAMES.values() for name in names)

Rows = list[list[Any]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IndicatorTable:
    """A table in memory: columns by heading, the line of the file each row stands in, sentences about it."""

    name: str
    columns: dict[str, NDArray[Any]]
    lines: tuple[int, ...]
    notes: tuple[str, ...] = ()


def read_table(source: str) -> IndicatorTable:
    """Read ``file`` or ``file.xlsx:sheet``.

    Titles above the headings, headings in two rows, merged cells, rows of sums and a row of units are understood.

    Raises
    ------
    InputError
        No such file or sheet; no row of headings; an ending that is no table.
    """
    path, sheet = _parted(source)
    ending = path.suffix.lower()
    if ending == ".json":
        name, columns, notes = read_rules(path)
        return IndicatorTable(name=name, columns=columns, lines=(1,) * len(next(iter(columns.values()))),
                              notes=tuple(notes))
    if ending not in {".xlsx", ".xlsm", ".csv", ".txt", ".tsv"}:
        raise InputError(path.name, got=f'a table that ends in "{path.suffix}"', want=".xlsx, .csv or .json",
                         then="save it as .xlsx" if ending == ".xls" else "convert it")
    excel = ending in {".xlsx", ".xlsm"}
    name, rows, notes = _workbook(path, sheet) if excel else _text_rows(path)
    return _table(name, rows, notes)


def _parted(source: str) -> tuple[Path, str]:
    path, sheet = Path(source), ""
    if not path.exists() and ":" in source:
        head, _, sheet = source.rpartition(":")
        path = Path(head)
    if not path.is_file():
        raise InputError(source, got="no such file", want="a table with the indicators", then="check plan.table")
    return path, sheet


def _workbook(path: Path, sheet: str) -> tuple[str, Rows, list[str]]:
    """Cells of a sheet, merged ones repeated: the named sheet, else the only one with headings."""
    import zipfile

    import openpyxl

    try:
        book = openpyxl.load_workbook(path, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as problem:
        raise InputError(path.name, got=f"a workbook that cannot be read ({str(problem)[:80]})", want="an .xlsx",
                         then="open it and save it again as .xlsx") from None
    names = [page.title for page in book.worksheets]
    if sheet and sheet not in names:
        raise InputError(f"{path.name}:{sheet}", got="no such sheet", want=f"one of {', '.join(names)}")
    found = {page.title: _cells(page) for page in book.worksheets if not sheet or page.title == sheet}
    fitting = [title for title, rows in found.items() if _heading_row(rows) is not None]
    if not sheet and len(fitting) > 1:
        raise InputError(path.name, got=f"{len(fitting)} sheets with indicators", want=f"one of {', '.join(fitting)}",
                         then=f'write plan.table = "{path.name}:{fitting[0]}"')
    chosen = sheet or (fitting or names)[0]
    return f"{path.name}:{chosen}" if len(names) > 1 else path.name, found[chosen], []


def _cells(page: Any) -> Rows:
    rows = [list(row) for row in page.iter_rows(values_only=True)]
    for block in page.merged_cells.ranges:
        value = rows[block.min_row - 1][block.min_col - 1]
        for row in range(block.min_row - 1, min(block.max_row, len(rows))):
            rows[row][block.min_col - 1:block.max_col] = [value] * (block.max_col - block.min_col + 1)
    return rows


def _text_rows(path: Path) -> tuple[str, Rows, list[str]]:
    data = path.read_bytes()
    encoding = encodings.guess(data)
    if encoding is None:
        raise InputError(path.name, got="text in an unknown encoding", want="UTF-8, UTF-16 or GBK",
                         then="save it as UTF-8")
    text = data.decode(encoding)
    notes = [] if encoding.startswith("UTF-8") else [f"{path.name}: read as {encoding}"]
    found = {mark: list(csv.reader(io.StringIO(text, newline=""), delimiter=mark)) for mark in _DELIMITERS}
    # the delimiter that makes the most known headings; a comma may also be a decimal mark
    best = max(_DELIMITERS, key=lambda mark: max((_known(row) for row in found[mark][:_LOOK_ROWS]), default=0))
    return path.name, [list(row) for row in found[best]], notes


def _known(row: Sequence[Any]) -> int:
    return len({heading(str(cell)) for cell in row if cell is not None} & _KNOWN)


def _heading_row(rows: Rows) -> int | None:
    """Row with the most known headings, at least two; the upper one of equals."""
    counts = [_known(row) for row in rows[:_LOOK_ROWS]]
    return counts.index(max(counts)) if counts and max(counts) >= 2 else None


def _table(name: str, rows: Rows, notes: list[str]) -> IndicatorTable:
    top = _heading_row(rows)
    if top is None:
        first = next((row for row in rows if any(cell not in {None, ""} for cell in row)), [])
        raise InputError(name, got=f"no row of headings ({', '.join(str(c) for c in first[:4] if c is not None)} …)",
                         want="headings such as 地块编号, 容积率 or parcel, far", then="write them above the numbers")
    names, body = _headings(rows, top)
    kept, lines, sums = [], [], 0
    for line, row in enumerate(rows[body:], start=body + 1):
        cells = [_clean(cell) for cell in (*row, *[None] * (len(names) - len(row)))][:len(names)]
        if all(cell is None for cell in cells):
            continue
        first = next(cell for cell in cells if cell is not None)
        if isinstance(first, str) and _SUMS.fullmatch(first.strip("：: ")):
            sums += 1
            continue
        kept.append(cells)
        lines.append(line)
    if not kept:
        raise InputError(name, got="headings and no rows", want="at least one row", then="check plan.table")
    if sums:
        notes.append(f"{name}: {sums} rows of sums are left out")
    columns = {field: texts([row[at] for row in kept]) for at, field in enumerate(names) if field}
    return IndicatorTable(name=name, columns=columns, lines=tuple(lines), notes=tuple(notes))


def _headings(rows: Rows, top: int) -> tuple[list[str], int]:
    """Headings, with a second row of them (上限, 下限) added, and the first row of values."""
    width = max(len(row) for row in rows[top:top + 3])
    names = [str(cell).strip() if cell is not None else "" for cell in (*rows[top], *[None] * width)][:width]
    body = top + 1
    if body < len(rows):
        below = [str(cell).strip() if cell is not None else "" for cell in (*rows[body], *[None] * width)][:width]
        split = Counter(names)
        if not any(re.search(r"\d", cell) for cell in below) and any(
                cell and cell != name and (split[name] > 1 or not name)
                for name, cell in zip(names, below, strict=True)):
            last = ""
            for at, (name, cell) in enumerate(zip(names, below, strict=True)):
                last = name or last
                names[at] = name if cell in {"", name} else f"{last}{cell}"
            body += 1
    units = [str(cell) for cell in rows[body] if cell is not None] if body < len(rows) else []
    if any(units) and all(_UNIT.fullmatch(cell) for cell in units):
        body += 1                       # a row of units
    seen: Counter[str] = Counter()
    for at, name in enumerate(names):
        seen[name] += 1
        names[at] = f"{name} {seen[name]}" if name and seen[name] > 1 else name
    return names, body


def _clean(cell: Any) -> Any:
    """Take the blanks around a cell away; whole floats of Excel as whole numbers; None where it is empty."""
    if isinstance(cell, str):
        return cell.strip() or None
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    return cell
