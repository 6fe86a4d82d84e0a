"""What a cell of a plan table says: ``2.5``, ``≤2.5``, ``1.5-2.0``, ``35%``, and the many ways to say "no limit"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox.errors import InputError

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

NO_LIMIT: Final = (9999.0, 9999.9, 9999.99, 99999.0, 999999.0, -9999.0)
"""Numbers that plan tables write for "no limit" (domain §0)."""
FAR_PERCENT: Final = 30.0
"""No floor area ratio is above this: a column whose middle value is has per cent, as Japanese plans do."""

_NOTHING: Final = {"", "-", "--", "—", "——", "/", "\\", "*", "无", "不限", "不控", "不控制", "不作控制", "none", "null",
                   "nan", "n/a", "no limit", "无限制", "无控制"}
_ELSEWHERE: Final = re.compile(r"(?:详?见|参见|按|另行?|待).{0,12}|tbd|see .{1,20}")
"""Cells that put the number off to another place or day."""
_UPPER: Final = r"<=|≤|≦|<|≯|不大于|不得?超过|不高于|小于等于|小于|低于|至多|max\.?|up to|at most"
_LOWER: Final = r">=|≥|≧|>|≮|不小于|不低于|不少于|大于等于|大于|高于|至少|min\.?|at least"
_NUMBER: Final = r"[+-]?\d+(?:\.\d+)?"
_UNIT: Final = r"%|m2|m|米|metres?|ft|feet|英尺|'"
_AND: Final = r"(?:且|并且|和|,|;|、|and)"
_BELOW: Final = r"及?以下|以内|之内|orless"
_ABOVE: Final = r"及?以上|ormore"
_ONE: Final = re.compile(rf"(?P<sign>{_UPPER}|{_LOWER})?(?P<number>{_NUMBER})(?P<unit>{_UNIT})?"
                         rf"(?:\(含\))?(?P<after>{_BELOW}|{_ABOVE})?")
_BOTH: Final = re.compile(rf"(?:{_LOWER})(?P<low>{_NUMBER})(?P<unit1>{_UNIT})?{_AND}?"
                          rf"(?:{_UPPER})(?P<high>{_NUMBER})(?P<unit>{_UNIT})?")
_BETWEEN: Final = re.compile(rf"(?P<low>{_NUMBER})(?P<unit1>{_UNIT})?(?:<=|<|≤|≦)\D{{1,6}}?(?:<=|<|≤|≦)"
                             rf"(?P<high>{_NUMBER})(?P<unit>{_UNIT})?")
_RANGE: Final = re.compile(rf"(?P<low>{_NUMBER})(?P<unit1>{_UNIT})?(?:-|~|—|–|至|to)"
                           rf"(?P<high>{_NUMBER})(?P<unit>{_UNIT})?")
_FOOT: Final = 0.3048
_IN_BRACKETS: Final = re.compile(r"[(\[]\s*(ft|feet|foot|英尺|m|米|met(?:er|re)s?)\s*[)\]]")
_AT_THE_END: Final = re.compile(r"[_\s](ft|feet|m|met(?:er|re)s?)$")


@dataclass(frozen=True, slots=True)
class Value:
    """A cell understood: bounds (None: no limit on that side), per cent or not, and whether it was a plain zero."""

    low: float | None = None
    high: float | None = None
    percent: bool = False
    zero: bool = False
    elsewhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Limits:
    """A column understood: bounds (n,) with NaN for "no limit", and which cells hold a plain zero or put it off."""

    low: Floats
    high: Floats
    zero: Mask
    elsewhere: Mask
    unit: str = ""


def parse(cell: object, *, plain: str, decimal: str = ".") -> Value:
    """Read one cell.

    Parameters
    ----------
    cell : object
        Text, number or None.
    plain : str
        What a number without a sign is: ``upper`` or ``lower`` bound.
    decimal : str
        Decimal mark of text.

    Raises
    ------
    ValueError
        Neither a number, a bound, a range nor a word for "no limit".

    Examples
    --------
    >>> parse("≤２.５", plain="upper")
    Value(low=None, high=2.5, percent=False, zero=False, elsewhere=False)
    >>> parse("1.5-2.0", plain="upper")
    Value(low=1.5, high=2.0, percent=False, zero=False, elsewhere=False)
    >>> parse(9999, plain="upper")
    Value(low=None, high=None, percent=False, zero=False, elsewhere=False)
    """
    text = _normal(cell, decimal)
    if text in _NOTHING:
        return Value()
    both = _RANGE.fullmatch(text) or _BOTH.fullmatch(text) or _BETWEEN.fullmatch(text)
    if both:
        unit = both["unit"] or both["unit1"] or ""
        low, high = sorted(_metric(float(both[side]), unit) for side in ("low", "high"))
        return Value(low=_limit(low), high=_limit(high), percent=unit == "%")
    if _ELSEWHERE.fullmatch(text):
        return Value(elsewhere=True)
    one = _ONE.fullmatch(text)
    if not one or (one["sign"] and one["after"]):
        raise ValueError(text)
    unit = one["unit"] or ""
    number = _limit(_metric(float(one["number"]), unit))
    lower = plain == "lower"
    if one["sign"] or one["after"]:
        lower = bool(re.fullmatch(_LOWER, one["sign"] or "") or re.fullmatch(_ABOVE, one["after"] or ""))
    if number is None:
        return Value(zero=float(one["number"]) == 0.0)
    return Value(low=number, percent=unit == "%") if lower else Value(high=number, percent=unit == "%")


def read_limits(
    column: NDArray[Any], *, plain: str, decimal: str, place: Callable[[int], str], ratio: bool = False,
    far: bool = False,
) -> Limits:
    """Read a column of limits.

    Parameters
    ----------
    plain : str
        What a number without a sign is: ``upper`` or ``lower`` bound.
    place : callable
        Row -> how an error names the cell.
    ratio : bool
        Whether the column holds shares, which tables write 0.35 or 35: per cent where any is above 1.5.
    far : bool
        Whether the column holds floor area ratios, which some tables write 200 %.

    Raises
    ------
    InputError
        A cell that cannot be read; a negative limit; a share above 1; a per cent sign on a length.
    """
    low, high, zero, percent, elsewhere = (_fast(column, plain) if column.dtype.kind in "fiu"
                                else _slow(column, plain, decimal, place))
    unit = ""
    if ratio:
        low, high, unit = _as_ratio(low, high, percent)
    elif far:
        low, high, unit = _as_far(low, high, percent)
    elif percent.any():
        row = int(np.argmax(percent))
        raise InputError(place(row), got=f'"{column[row]}"', want="a length or a number", then="take out the % sign")
    wrong = (low < 0) | (high < 0) | (ratio & ((low > 1) | (high > 1)))
    if wrong.any():
        row = int(np.argmax(wrong))
        want = "a share of 0 to 100 % (or 0 to 1)" if ratio else "a limit of 0 or more"
        raise InputError(place(row), got=f'"{column[row]}"', want=want, then="correct the table")
    return Limits(low=low, high=high, zero=zero, elsewhere=elsewhere, unit=unit)


def unit_of(name: str) -> str:
    """Find the unit that a heading states, ``ft`` or ``m``; "" where it states none.

    >>> unit_of("HeightMax (ft)"), unit_of("max_height_ft"), unit_of("建筑限高（米）"), unit_of("HEIGHT")
    ('ft', 'ft', 'm', '')
    """
    plain = unicodedata.normalize("NFKC", name).casefold().strip()
    found = _IN_BRACKETS.search(plain) or _AT_THE_END.search(plain)
    unit = found[1] if found else ""
    return "" if not unit else ("ft" if unit in {"ft", "feet", "foot", "英尺"} else "m")


def read_numbers(column: NDArray[Any], *, decimal: str, place: Callable[[int], str], unit: str = "") -> Floats:
    """Read a column of plain numbers (areas, elevations); NaN where blank.

    Feet come as metres: those of cells that say so, and with the ``unit`` "ft" those of cells that say nothing.

    Raises
    ------
    InputError
        A cell that is no number.
    """
    if column.dtype.kind in "fiu":
        return np.asarray(column, dtype=np.float64) * _metric(1.0, unit)
    numbers = np.full(len(column), np.nan)
    for row, cell in enumerate(column):
        text = _normal(cell, decimal)
        if text in _NOTHING:
            continue
        found = re.fullmatch(rf"(?P<number>{_NUMBER})(?P<unit>{_UNIT}|ha|公顷)?", text)
        if found is None:
            raise _unreadable(place(row), cell, decimal)
        numbers[row] = _metric(float(found["number"]), found["unit"] or unit)
    return numbers


def area_factor(declared: Floats, drawn_m2: Floats) -> tuple[float, str] | None:
    """Find the unit of declared areas by comparing them with the drawn ones: m² per unit, and the unit's name.

    None where no unit fits the middle of them within a fifth.

    >>> area_factor(np.array([1.2, 0.8]), np.array([12003.0, 7998.0]))
    (10000.0, 'hectares')
    """
    usable = (declared > 0) & (drawn_m2 > 0)
    if not usable.any():
        return None
    ratio = float(np.median(drawn_m2[usable] / declared[usable]))
    units = {1.0: "m²", 1e4: "hectares", 2000.0 / 3.0: "mu 亩", 1e6: "km²", _FOOT**2: "square feet", 4046.8564: "acres"}
    best = min(units, key=lambda unit: abs(np.log(ratio / unit)))
    return (best, units[best]) if abs(np.log(ratio / best)) < np.log(1.2) else None


def _normal(cell: object, decimal: str) -> str:
    """Text of a cell in half width, lower case, without spaces, with a decimal point."""
    if cell is None:
        return ""
    text = unicodedata.normalize("NFKC", str(cell)).strip().lower()
    if text in _NOTHING:
        return text
    text = re.sub(r"\s+", "", text).replace("㎡", "m2").replace("～", "~").replace("’", "'").replace("′", "'")
    return text.replace(",", ".") if decimal == "," else text


def _metric(number: float, unit: str) -> float:
    return number * _FOOT if unit in {"ft", "feet", "英尺", "'"} else number


def _limit(number: float) -> float | None:
    """None where a number stands for "no limit": 9999, and 0, which forbids nothing below and is no limit above."""
    return None if number == 0.0 or number in NO_LIMIT else number


def _fast(column: NDArray[Any], plain: str) -> tuple[Floats, Floats, Mask, Mask, Mask]:
    numbers = np.asarray(column, dtype=np.float64)
    zero = numbers == 0.0
    bound = np.where(zero | np.isin(numbers, NO_LIMIT), np.nan, numbers)
    none = np.full(len(bound), np.nan)
    never = np.zeros(len(bound), dtype=bool)
    return (bound, none, zero, never, never) if plain == "lower" else (none, bound, zero, never, never)


def _slow(
    column: NDArray[Any], plain: str, decimal: str, place: Callable[[int], str]
) -> tuple[Floats, Floats, Mask, Mask, Mask]:
    known: dict[object, Value] = {}
    values: list[Value] = []
    for row, cell in enumerate(column):
        key = cell if isinstance(cell, str) else str(cell)
        if key not in known:
            try:
                known[key] = parse(cell, plain=plain, decimal=decimal)
            except ValueError:
                raise _unreadable(place(row), cell, decimal) from None
        values.append(known[key])
    return (_bounds([v.low for v in values]), _bounds([v.high for v in values]),
            np.array([v.zero for v in values], dtype=bool), np.array([v.percent for v in values], dtype=bool),
            np.array([v.elsewhere for v in values], dtype=bool))


def _bounds(numbers: Sequence[float | None]) -> Floats:
    return np.array([np.nan if n is None else n for n in numbers], dtype=np.float64)


def _as_ratio(low: Floats, high: Floats, percent: Mask) -> tuple[Floats, Floats, str]:
    """Bring shares to 0-1: cells with a per cent sign by themselves, the rest as one column."""
    bare = np.concatenate([low[~percent], high[~percent]])
    bare = bare[np.isfinite(bare)]
    whole = bool(bare.size) and float(bare.max()) > 1.5
    factor = np.where(percent | whole, 0.01, 1.0)
    unit = "per cent" if whole or percent.all() else ("per cent where marked" if percent.any() else "ratios")
    if whole and (bare < 1.0).any():
        unit += f", down to {bare.min():g} %: ratios may be mixed in"
    return low * factor, high * factor, unit


def _as_far(low: Floats, high: Floats, percent: Mask) -> tuple[Floats, Floats, str]:
    """Bring floor area ratios to 1: cells with a per cent sign, and whole columns that can be nothing else."""
    bare = np.concatenate([low[~percent], high[~percent]])
    bare = bare[np.isfinite(bare)]
    whole = bool(bare.size) and float(np.median(bare)) > FAR_PERCENT
    factor = np.where(percent | whole, 0.01, 1.0)
    unit = "per cent" if whole else ("per cent where marked" if percent.any() else "")
    return low * factor, high * factor, unit


def _unreadable(where: str, cell: object, decimal: str) -> InputError:
    text = str(cell)
    if "," in text and decimal == ".":
        hint = f'write {text.replace(",", ".")} or set plan.decimal = ","'
    elif re.search(r"层|storeys?|stories|[fF]$", text):
        hint = "give the height in metres; storeys are no height"
    else:
        hint = 'write a number, a bound such as "≤2.5", a range "1.5-2.0", or leave the cell blank'
    return InputError(where, got=f'"{text}"', want="a number or a bound", then=hint)
