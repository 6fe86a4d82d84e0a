"""Other tables meet the parcel layer: by parcel number or zone, or by where the lots lie."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.errors import InputError
from zonebox.frame import Frame
from zonebox_converters.zoning.applying import some
from zonebox_converters.zoning.fields import PARCEL_NAMES, as_text, heading, recognise, suggest
from zonebox_converters.zoning.layer import Layer, texts
from zonebox_converters.zoning.tables import IndicatorTable

Columns = Mapping[str, NDArray[Any]]

_WHOLE: Final = 0.99
"""A lot with less than this share of its area in one zone is told to be split."""
_TIERS: Final = frozenset({"tiers", "skyplanes", "分级"})
_LOTS_OWN: Final = frozenset({"parcel", "unit", "area", "design_ground", "edge_roles", "front_road", "address_road",
                              "remark"})
"""What a zone says of itself under these headings is not about the lots in it."""
_NOT_LIMITS: Final = frozenset({"parcel", "unit", "remark", "edge_roles", "front_road", "address_road"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The layer with more columns; concept -> column that now holds it; what there is to tell."""

    layer: Layer
    given: dict[str, str]
    understood: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def join_table(layer: Layer, table: IndicatorTable, *, on: str, given: Mapping[str, str]) -> Joined:
    """Join a table to the lots.

    Parameters
    ----------
    on : str
        What both have: a concept or a heading; ``field = heading`` where they differ; "" for the parcel number.
    given : mapping
        Concept -> column, as the user or an earlier join says; the table's values go before those of its own columns.

    Raises
    ------
    InputError
        No such column; a number twice in the table; nothing that fits.
    """
    left, right = _keys(layer, table, on, given)
    ours, theirs = as_text(layer.columns[left]), as_text(table.columns[right])
    twice = [key for key, times in Counter(map(_plain, theirs)).items() if times > 1 and key]
    if twice:
        lines = ", ".join(str(table.lines[row]) for row, key in enumerate(theirs) if _plain(key) == twice[0])
        raise InputError(f"{table.name}/{right}", got=f'"{theirs[[_plain(k) for k in theirs].index(twice[0])]}" more '
                         f"than once (lines {lines})", want="one row for one parcel", then="take the others out")
    rows, loose = _matched(ours, theirs)
    if not (rows >= 0).any():
        raise InputError(f"{table.name}/{right}", got=f"no value of {layer.name}/{left} ({some(theirs[:2])} against "
                         f"{some(ours[:2])})", want="numbers that both have", then="set plan.table_on")
    notes = [*table.notes]
    if loose:
        notes.append(f"{table.name}: {right} lost leading zeros and is matched as numbers")
    bare = [ours[row] for row in np.flatnonzero(rows < 0)]
    if bare:
        notes.append(f"{layer.name}: {len(bare)} of {len(ours)} lots have no row in {table.name} ({some(bare)})")
    used = set(rows.tolist())
    unused = [key or f"line {table.lines[row]}" for row, key in enumerate(theirs) if row not in used]
    if unused:
        notes.append(f"{table.name}: {len(unused)} of {len(theirs)} rows have no lot in {layer.name} ({some(unused)})")
    columns = {name: column for name, column in table.columns.items() if name != right}
    notes += [f"{table.name}: {name} are not read: write them as rules with tiers" for name in columns
              if heading(name) in _TIERS and any(as_text(columns[name]))]
    said = f"{int((rows >= 0).sum())} of {len(ours)} lots by {left}" + (f" = {right}" if right != left else "")
    joined = _merged(layer, columns, rows, table.name, given, theirs_first=True)
    return replace(joined, understood=(("table", f"{table.name}: {said}"), *joined.understood),
                   notes=(*notes, *joined.notes))


def join_zones(layer: Layer, zones: Layer, frame: Frame, *, given: Mapping[str, str]) -> Joined:
    """Give each lot the values of the zone that most of it lies in; the lot's own values go before them.

    Raises
    ------
    InputError
        No lot lies in any zone.
    """
    lots, areas = (shapely.make_valid(one.in_frame(frame)) for one in (layer, zones))
    one, other = shapely.STRtree(areas).query(lots, predicate="intersects")
    shared = shapely.area(shapely.intersection(lots[one], areas[other]))
    best, share = np.full(len(lots), -1), np.zeros(len(lots))
    order = np.argsort(shared, kind="stable")
    best[one[order]], share[one[order]] = other[order], shared[order]       # the largest comes last and stays
    best[share <= 0.0] = -1
    if not (best >= 0).any():
        raise InputError(zones.name, got=f"no zone under any lot of {layer.name}", want="zones where the lots are",
                         then="check its CRS and plan.zones")
    share /= np.maximum(shapely.area(lots), np.finfo(float).tiny)
    fields = recognise(layer.columns, PARCEL_NAMES, given=given, where=layer.name)
    names = as_text(layer.columns[fields["parcel"].name]) if "parcel" in fields else [str(f) for f in layer.fids]
    notes = list(zones.notes)
    for row_test, said in ((best < 0, "in no zone of"), ((best >= 0) & (share < _WHOLE), "in several zones of")):
        if row_test.any():
            what = "" if "no zone" in said else "; the one with the largest part governs"
            found = [names[row] for row in np.flatnonzero(row_test)]
            notes.append(f"{layer.name}: {len(found)} lots lie {said} {zones.name}{what} ({some(found)})")
    about = {field.name for concept, field in recognise(zones.columns, PARCEL_NAMES, given={}, where=zones.name).items()
             if concept in _LOTS_OWN}
    columns = {name: column for name, column in zones.columns.items() if name not in about}
    joined = _merged(layer, columns, best, zones.name, given, theirs_first=False)
    return replace(joined, understood=(("zones", f"{zones.name}: {int((best >= 0).sum())} of {len(lots)} lots"),
                                       *joined.understood), notes=(*notes, *joined.notes))


def _keys(layer: Layer, table: IndicatorTable, on: str, given: Mapping[str, str]) -> tuple[str, str]:
    left, _, right = (part.strip() for part in (on or "parcel").partition("="))
    ours = _key(layer.columns, left, layer.name, {k: v for k, v in given.items() if v in layer.columns})
    return ours, _key(table.columns, right or left, table.name, {})


def _key(columns: Columns, word: str, where: str, given: Mapping[str, str]) -> str:
    """Column of a heading or, failing that, of a concept."""
    same = next((name for name in columns if heading(name) == heading(word)), None)
    found = None if same else recognise(columns, PARCEL_NAMES, given=given, where=where).get(word)
    if same is None and found is None:
        raise InputError(where, got=f'no column for "{word}" (it has {", ".join(columns)})',
                         want="the column to join on",
                         then=suggest(word, columns) or 'set plan.table_on = "field = heading"')
    return same or (found.name if found else "")


def _plain(key: str) -> str:
    """Bring a number to the form it is compared in: half width, one kind of dash, no blanks.

    >>> _plain("Ａ－01 "), _plain("a–01")
    ('a-01', 'a-01')
    """
    return re.sub(r"\s+", "", re.sub(r"[‐-―−﹣]", "-", unicodedata.normalize("NFKC", key))).casefold()


def _matched(ours: list[str], theirs: list[str]) -> tuple[NDArray[np.intp], bool]:
    """Row of the other table for each of ours, -1 where none; whether leading zeros had to be overlooked."""
    known = {_plain(key): row for row, key in enumerate(theirs) if key}
    rows = np.array([known.get(_plain(key), -1) if key else -1 for key in ours], dtype=np.intp)
    if (rows >= 0).any():
        return rows, False
    bare = {key.lstrip("0"): row for key, row in known.items() if key.isdigit()}
    mine = [_plain(key).lstrip("0") for key in ours]
    if len(bare) < len(known) or len(set(mine)) < len(mine):
        return rows, False
    rows = np.array([bare.get(key, -1) for key in mine], dtype=np.intp)
    return rows, bool((rows >= 0).any())


def _merged(
    layer: Layer, columns: Columns, rows: NDArray[np.intp], label: str, given: Mapping[str, str], *, theirs_first: bool
) -> Joined:
    """Add columns; where both tables hold a concept, one goes before and the other fills its blanks."""
    ours = recognise(layer.columns, PARCEL_NAMES, given=given, where=layer.name)
    theirs = recognise(columns, PARCEL_NAMES, given={}, where=label)
    taken = {heading(name) for name in layer.columns}
    named = {name: f"{name} ({label})" if heading(name) in taken else name for name in columns}
    fields = dict(layer.columns)
    fields |= {named[name]: _taken(column, rows) for name, column in columns.items()}
    chosen = dict(given)
    notes: list[str] = []
    used: list[str] = []
    for concept, field in theirs.items():
        name = named[field.name]
        if concept in given and given[concept] in layer.columns and not theirs_first:
            continue
        used.append(f"{concept} = {field.name}")
        if concept in ours and concept not in _NOT_LIMITS:
            own = ours[concept].name
            fields[name], differ = _either(fields[name], layer.columns[own], theirs_first=theirs_first)
            if differ.any():
                numbers = [as_text(layer.columns[ours["parcel"].name])[row] if "parcel" in ours else str(row)
                           for row in np.flatnonzero(differ)]
                governs = label if theirs_first else layer.name
                notes.append(f"{label}: {field.name} is not as in {layer.name}/{own} on {some(numbers)}; {governs} "
                             "governs")
        if concept not in ours or concept not in _NOT_LIMITS:
            chosen[concept] = name
    return Joined(layer=replace(layer, columns=fields), given=chosen,
                  understood=((f"from {label}", ", ".join(used)),) if used else (), notes=tuple(notes))


def _taken(column: NDArray[Any], rows: NDArray[np.intp]) -> NDArray[Any]:
    """Values of a column for each lot; blank where it has none."""
    if column.dtype.kind in "fiu":
        return np.where(rows >= 0, column.astype(np.float64)[rows], np.nan)
    return texts([column[row] if row >= 0 else None for row in rows])


def _either(
    theirs: NDArray[Any], ours: NDArray[Any], *, theirs_first: bool
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Fill the blanks of one column from the other; tell where both are filled and differ."""
    first, second = (as_text(theirs), as_text(ours)) if theirs_first else (as_text(ours), as_text(theirs))
    pairs = zip(first, second, strict=True)
    differ = np.array([bool(a and b) and _value(a) != _value(b) for a, b in pairs], dtype=bool)
    return texts([a or b or None for a, b in zip(first, second, strict=True)]), differ


def _value(text: str) -> object:
    """Read a cell as a number where it is one, so that 2, 2.0 and 2.00 are the same."""
    try:
        return float(unicodedata.normalize("NFKC", text).rstrip("%"))
    except ValueError:
        return _plain(text)
