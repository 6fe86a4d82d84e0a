"""Columns of a parcel table in other units than metres and ratios, brought to what the rest of the reader expects."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox.errors import InputError
from zonebox.frame import is_geographic, unit_m
from zonebox_converters.zoning.applying import some
from zonebox_converters.zoning.elevations import absolute_height
from zonebox_converters.zoning.fields import Field, as_text, heading
from zonebox_converters.zoning.layer import Layer, texts
from zonebox_converters.zoning.values import NO_LIMIT, unit_of
from zonebox_converters.zoning.yards import SETBACKS

_LENGTHS: Final = ("height", "height_min", "height_abs", *SETBACKS)
_ELEVATIONS: Final = ("design_ground",)
"""Read as plain numbers, in the unit of the heights: there is no word for no limit among them."""

_FAR: Final = ("far", "far_min")
_MOST_FAR: Final = 40.0
"""No plan allows a floor area ratio above this; a number beyond it is a percentage."""
_BY_USE: Final = ("residfar", "commfar", "facilfar")
"""Ratios that PLUTO states for each kind of use."""
_UNITS: Final = ("", "m", "ft")


def with_far_of_uses(layer: Layer, given: Mapping[str, str]) -> tuple[Layer, dict[str, str], list[str]]:
    """Make one ratio of those that hold for one use each: the largest, which no building may exceed."""
    found = {heading(name): name for name in layer.columns}
    names = [found[use] for use in _BY_USE if use in found]
    if len(names) < 2 or "far" in given:
        return layer, dict(given), []
    stack = np.array([_floats(layer.columns[name]) for name in names])
    column = f"largest of {', '.join(names)}"
    largest = np.where(np.isfinite(stack).any(axis=0), np.nanmax(np.where(np.isfinite(stack), stack, -np.inf), axis=0),
                       np.nan)
    differ = int((np.nanmax(np.where(np.isfinite(stack), stack, -np.inf), axis=0)
                  > np.nanmin(np.where(np.isfinite(stack), stack, np.inf), axis=0)).sum())
    note = (f"{layer.name}: {', '.join(names)} hold for one use each; the largest is checked, the use is not "
            f'(they differ on {differ} of {len(layer)} lots; choose one with [plan.fields] far = "{names[0]}")')
    made = Layer(name=layer.name, crs=layer.crs, shapes=layer.shapes, columns={**layer.columns, column: largest},
                 fids=layer.fids, notes=layer.notes, marks=layer.marks)
    return made, {**given, "far": column}, [note]


def prepared(
    layer: Layer, fields: Mapping[str, Field], *, height_unit: str, ids: list[str]
) -> tuple[dict[str, NDArray[Any]], list[str]]:
    """Give columns whose lengths are in metres and whose floor area ratios are ratios.

    Raises
    ------
    InputError
        Heights without a unit in a layer that is drawn in feet; an unknown unit; a ratio that must be a percentage.
    """
    if height_unit not in _UNITS:
        raise InputError("plan.height_unit", got=f'"{height_unit}"', want='"m" or "ft"')
    columns, notes = dict(layer.columns), []
    in_feet = bool(layer.crs) and not is_geographic(layer.crs) and not np.isclose(unit_m(layer.crs), 1.0)
    for concept, field in fields.items():
        column = columns[field.name]
        if concept in (*_LENGTHS, *_ELEVATIONS) and field.filled:
            unit = unit_of(field.name) or height_unit
            if not unit and in_feet and not _all_with_units(column):
                raise InputError(f"{layer.name}/{field.name}", got="lengths without a unit in a layer drawn in feet",
                                 want="their unit", then='set plan.height_unit = "ft" or "m"')
            if unit == "ft" and concept in _LENGTHS:
                columns[field.name] = _with_feet(column)
                notes.append(f"{layer.name}: {field.name} is in feet")
        elif concept in _FAR:
            columns[field.name] = _as_ratios(column, lambda row, name=field.name: f"{layer.name}#{ids[row]}/{name}")
    notes += _remarks(columns, fields, layer.name, ids)
    return columns, notes


def _floats(column: NDArray[Any]) -> NDArray[np.float64]:
    if column.dtype.kind in "fiu":
        return column.astype(np.float64)
    numbers = [re.fullmatch(r"\d+(\.\d+)?", text) for text in as_text(column)]
    return np.array([float(n[0]) if n else np.nan for n in numbers])


def _all_with_units(column: NDArray[Any]) -> bool:
    cells = [cell for cell in as_text(column) if cell]
    return all(re.search(r"(ft|feet|foot|英尺|'|m|米|metres?)\s*$", cell, re.IGNORECASE) for cell in cells)


def _with_feet(column: NDArray[Any]) -> NDArray[np.object_]:
    """Write the unit into cells that are numbers; words for "no limit" stay what they are."""
    cells: list[str | None] = []
    for text in as_text(column):
        plain = unicodedata.normalize("NFKC", text).strip().rstrip("'")
        ends = re.search(r"\d(\.\d*)?$", plain)
        none = re.fullmatch(r"-?\d+(\.\d+)?", plain) and float(plain) in (0.0, *NO_LIMIT)
        cells.append(f"{plain} ft" if ends and not none else (plain or None))
    return texts(cells)


def _as_ratios(column: NDArray[Any], place: Any) -> NDArray[Any]:
    """Bring 200% to 2; refuse a bare 200."""
    if column.dtype.kind not in "fiu":
        cells = as_text(column)
        if any("%" in cell or "％" in cell for cell in cells):
            column = texts([_of_hundred(cell) or None for cell in cells])
    numbers = _floats(column)
    wrong = np.isfinite(numbers) & (numbers > _MOST_FAR) & ~np.isin(numbers, NO_LIMIT)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(place(row), got=f"the floor area ratio {numbers[row]:g}", want=f"a ratio up to {_MOST_FAR:g}",
                         then=f"write {numbers[row]:g}% if it is a percentage")
    return column


def _of_hundred(cell: str) -> str:
    """Turn per cent into a ratio, in bounds and ranges too.

    >>> _of_hundred("≤200%"), _of_hundred("80%-150%"), _of_hundred("2.0")
    ('≤2', '0.8-1.5', '2.0')
    """
    return re.sub(r"(\d+(?:\.\d+)?)\s*[%％]", lambda found: f"{float(found[1]) / 100:g}", cell)


def _remarks(columns: Mapping[str, NDArray[Any]], fields: Mapping[str, Field], name: str, ids: list[str]) -> list[str]:
    """Tell remarks that speak of a limit that is not read from them: a height of a part, a floor area of a use."""
    if "remark" not in fields:
        return []
    field = fields["remark"].name
    asked = [ids[row] for row, text in enumerate(as_text(columns[field]))
             if re.search(r"限高|不大于|不超过|不小于|不低于", text) and absolute_height(text) is None]
    return [f"{name}: {field} states limits in words that are not read on {some(asked)}"] if asked else []
