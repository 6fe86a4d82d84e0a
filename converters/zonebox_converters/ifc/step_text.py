"""Statements of a STEP file found in its bytes, without a parser: where they are, what kind, and what they refer to."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.compiled import compiled, inner

Bytes = NDArray[np.uint8]
Longs = NDArray[np.int64]

VALUE: Final = 1
SET: Final = 2
RELATION: Final = 4
OTHER: Final = 8
PLACE: Final = 16
OWNER: Final = 32
"""Kinds of statements: a single value, a property set, what relates sets to things, all others, those that stand for
the site and the building, whose sets say more than a product's, and who made a thing."""

_FNV, _PRIME = 1469598103934665603, 1099511628211


def key_of(word: str) -> int:
    """Hash a keyword as `statements` does."""
    value = _FNV
    for sign in word.encode():
        value = ((value ^ sign) * _PRIME) & 0xFFFFFFFFFFFFFFFF
    return value - (1 << 64) if value >= 1 << 63 else value


@inner
def _after_comment(text: Bytes, at: int) -> int:
    """Place after the comment that begins here; the end of the text where it does not end."""
    at += 2
    while at + 1 < len(text):
        if text[at] == 42 and text[at + 1] == 47:
            return at + 2
        at += 1
    return len(text)


@compiled
def statements(text: Bytes, begin: Longs, end: Longs, number: Longs, keyword: Longs, plain: NDArray[np.bool_]) -> int:
    """Find all statements ``#number=KEYWORD…;``: their bytes [begin, end), and the hash of the keyword.

    ``plain`` is False where a byte is neither printable ASCII nor free of backslashes. Returns how many there are; −1
    where a string, a comment or a statement does not end. The arrays must hold as many as there are semicolons.
    """
    count, at, size = 0, 0, len(text)
    while at < size:
        sign = text[at]
        if sign <= 32:
            at += 1
            continue
        if sign == 47 and at + 1 < size and text[at + 1] == 42:             # a comment
            at = _after_comment(text, at)
            continue
        start, name, simple = at, 0, True
        hashed = np.uint64(1469598103934665603)
        if sign == 35:                                                      # 35 is the number sign
            at += 1
            while at < size and 48 <= text[at] <= 57:
                name = name * 10 + (text[at] - 48)
                at += 1
            while at < size and (text[at] <= 32 or text[at] == 61):
                simple = simple and text[at] >= 32
                at += 1
            while at < size and (65 <= text[at] <= 90 or 48 <= text[at] <= 57 or text[at] == 95):
                hashed = (hashed ^ np.uint64(text[at])) * np.uint64(1099511628211)
                at += 1
        quoted = False
        while at < size and (quoted or text[at] != 59):                     # up to the semicolon
            sign = text[at]
            if sign == 39:
                quoted = not quoted
            elif not quoted and sign == 47 and at + 1 < size and text[at + 1] == 42:
                simple = False
                at = _after_comment(text, at) - 1
            simple = simple and 32 <= sign < 127 and sign != 92
            at += 1
        if at >= size:
            return -1
        at += 1
        if name > 0:
            begin[count], end[count], number[count], plain[count] = start, at, name, simple
            keyword[count] = np.int64(hashed)
            count += 1
    return count


@compiled
def count_references(text: Bytes, begin: Longs, end: Longs, rows: Longs, counts: Longs) -> None:
    """Count what statements refer to (rows,), themselves not counted."""
    for k in range(len(rows)):
        at, quoted, count = begin[rows[k]] + 1, False, 0
        while at < end[rows[k]]:
            if text[at] == 39:
                quoted = not quoted
            elif not quoted and text[at] == 35:
                count += 1
            at += 1
        counts[k] = count


@compiled
def references(text: Bytes, begin: Longs, end: Longs, rows: Longs, first: Longs, referred: Longs) -> None:
    """Write the numbers that statements refer to, in order; those of a row from ``first`` on."""
    for k in range(len(rows)):
        at, quoted, place = begin[rows[k]] + 1, False, first[k]
        while at < end[rows[k]]:
            if text[at] == 39:
                quoted = not quoted
            elif not quoted and text[at] == 35:
                value = 0
                while at + 1 < end[rows[k]] and 48 <= text[at + 1] <= 57:
                    at += 1
                    value = value * 10 + (text[at] - 48)
                referred[place] = value
                place += 1
            at += 1


@compiled
def mark(row_of: NDArray[np.int32], kind: NDArray[np.uint8], rows: Longs, first: Longs, referred: Longs,
         used: NDArray[np.uint8]) -> bool:
    """Note on every statement which kinds refer to it; False where one refers to what is not there."""
    for k in range(len(rows)):
        for place in range(first[k], first[k + 1]):
            number = referred[place]
            if number >= len(row_of) or row_of[number] < 0:
                return False
            used[row_of[number]] |= kind[rows[k]]
    return True


@compiled
def simple_values(text: Bytes, begin: Longs, end: Longs, rows: Longs, simple: NDArray[np.bool_], spans: Longs) -> None:
    """Tell which single values are ``('name',description,TYPE(value),unit)`` with one string, number or truth.

    ``spans`` (rows, 5) receives where the name begins and ends, and the value, without quotes; and what the value is:
    0 nothing, 1 a string, 2 a number, 3 true, 4 false.
    """
    for k in range(len(rows)):
        at, stop = begin[rows[k]], end[rows[k]] - 1
        while at < stop and text[at] != 40:
            at += 1
        at += 1
        depth, quoted, argument, good = 0, False, 0, at < stop and text[at] == 39
        bare = True
        spans[k, 0] = at + 1
        while at < stop:
            sign = text[at]
            if sign == 39:
                quoted = not quoted
            elif not quoted:
                if sign == 40:
                    depth += 1
                    after = text[at + 1]
                    number = 48 <= after <= 57 or after in (43, 45)
                    truth = after == 46 and text[at + 2] in (84, 70) and text[at + 3] == 46 and text[at + 4] == 41
                    good = good and argument == 2 and depth == 1 and (after == 39 or number or truth)
                    quote = 1 if after == 39 else 0
                    spans[k, 2] = at + 1 + quote
                    spans[k, 4] = 1 if after == 39 else (2 if number else (3 if text[at + 2] == 84 else 4))
                elif sign == 41:
                    depth -= 1
                    if depth < 0:
                        at += 1
                        break
                    good = good and (text[at - 1] == 39) == (spans[k, 4] == 1)
                    spans[k, 3] = at - (1 if spans[k, 4] == 1 else 0)
                elif sign == 44:
                    good = good and depth == 0 and (argument > 0 or text[at - 1] == 39)
                    if argument == 0:
                        spans[k, 1] = at - 1
                    argument += 1
                    bare = True
                elif argument == 2 and depth == 0 and bare:
                    good = good and sign in (36, 73)                        # nothing, or a type: IFC…
                    bare = False
                elif depth == 1 and spans[k, 4] == 2:                       # digits, a point, an exponent, a sign
                    good = good and (48 <= sign <= 57 or sign in (43, 45, 46, 69, 101))
            at += 1
        simple[k] = good and argument == 3


@compiled
def arguments(  # noqa: PLR0912 - a scanner: one branch a sign
    text: Bytes, begin: Longs, end: Longs, rows: Longs, found: Longs
) -> None:
    """Write what the first arguments of statements refer to; ``found`` (rows, arguments) comes full of −1.

    A step number, also that of a list of one; 0 where there is nothing; −1 for anything else, and for all arguments of
    a statement with a comment in it.
    """
    for k in range(len(rows)):
        at, stop = begin[rows[k]], end[rows[k]]
        while at < stop and text[at] != 40:
            at += 1
        at += 1
        depth, quoted, argument, value, count, other = 0, False, 0, 0, 0, False
        while at < stop and argument < found.shape[1]:
            sign = text[at]
            if sign == 39:
                quoted, other = not quoted, True
            elif not quoted:
                if sign == 47 and text[at + 1] == 42:
                    found[k, :] = -1
                    break
                if sign == 35:
                    value, count = 0, count + 1
                    while 48 <= text[at + 1] <= 57:
                        at += 1
                        value = value * 10 + (text[at] - 48)
                elif (sign == 44 and depth == 0) or (sign == 41 and depth == 0):
                    found[k, argument] = -1 if other or count > 1 else (value if count else 0)
                    argument, value, count, other = argument + 1, 0, 0, False
                    if sign == 41:
                        break
                elif sign == 40:
                    depth += 1
                elif sign == 41:
                    depth -= 1
                elif sign > 32 and sign not in (36, 42, 44):                # $ and * are nothing
                    other = True
            at += 1


@inner
def _scaled(digits: int, power: int) -> float:
    """``digits`` times ten to ``power``."""
    value = np.float64(digits)
    return value * 10.0 ** power if power >= 0 else value / 10.0 ** -power


@compiled
def triples(  # noqa: PLR0912 - a scanner: one branch a sign
    text: Bytes, begin: Longs, end: Longs, rows: Longs, found: NDArray[np.float64]
) -> None:
    """Write the numbers of statements ``#1=KEYWORD((x,y,z));``; ``found`` (rows, 3) comes full of NaN and stays so.

    Digits beyond the eighteenth are left out: they are beyond what a float64 holds.
    """
    for k in range(len(rows)):
        at, stop, place = begin[rows[k]], end[rows[k]], 0
        while at < stop and text[at] != 40:
            at += 1
        digits, power, shift, minus, whole, some, good, parts = 0, 0, 0, False, True, False, False, np.zeros(3)
        at += 1
        while at < stop:
            sign = text[at]
            if 48 <= sign <= 57:
                some = True
                if digits < 100_000_000_000_000_000:
                    digits = digits * 10 + (sign - 48)
                    shift -= 0 if whole else 1
                elif whole:
                    shift += 1
            elif sign == 46:
                whole = False
            elif sign == 45:
                minus = True
            elif sign in (69, 101):
                at += 1
                below = text[at] == 45
                at += 1 if text[at] in (43, 45) else 0
                while 48 <= text[at] <= 57:
                    power = power * 10 + (text[at] - 48)
                    at += 1
                shift += -power if below else power
                continue
            elif sign in (44, 41):
                if not some or place > 2:
                    break
                parts[place] = -_scaled(digits, shift) if minus else _scaled(digits, shift)
                place += 1
                digits, power, shift, minus, whole, some = 0, 0, 0, False, True, False
                if sign == 41:
                    good = place == 3
                    break
            elif sign > 32 and sign not in (40, 43):
                break
            at += 1
        if good:
            found[k] = parts


def in_halves(count: int, work: Callable[[slice], None]) -> None:
    """Have each half of some rows worked on by a thread of its own; the compiled loops let one another work."""
    with ThreadPoolExecutor(2) as crew:
        list(crew.map(work, (slice(0, count // 2), slice(count // 2, count))))


def listed(text: Bytes, begin: Longs, end: Longs, rows: Longs) -> tuple[Longs, Longs]:
    """Numbers that statements refer to, end to end, and where those of each begin (rows + 1,)."""
    counts: Any = np.zeros(len(rows), dtype=np.int64)
    in_halves(len(rows), lambda half: count_references(text, begin, end, rows[half], counts[half]))
    first = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)])
    referred = np.zeros(int(first[-1]), dtype=np.int64)
    in_halves(len(rows), lambda half: references(text, begin, end, rows[half], first[half], referred))
    return first, referred
