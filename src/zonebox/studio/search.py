"""Find parcels by what someone types of their number."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

NAMED_MOST: Final = 8
"""Numbers that an answer lists."""


def matches(numbers: Sequence[str], typed: str) -> tuple[str, ...]:
    """Find the numbers that a text means: the very number, else the same in another spelling, else all with it inside.

    Upper and lower case are the same, and so are the wide and the narrow form of a sign (``甲－０１`` and ``甲-01``).

    Examples
    --------
    >>> matches(["甲-01", "甲-02", "B-02"], "甲-０１")
    ('甲-01',)
    >>> matches(["甲-01", "甲-02", "B-02"], "02")
    ('甲-02', 'B-02')
    """
    if typed in numbers:
        return (typed,)
    wanted = _plain(typed)
    if not wanted:
        return ()
    plain = [_plain(number) for number in numbers]
    same = tuple(number for number, text in zip(numbers, plain, strict=True) if text == wanted)
    return same or tuple(number for number, text in zip(numbers, plain, strict=True) if wanted in text)


def listed(numbers: Sequence[str]) -> str:
    """Write numbers in a row, the first of many."""
    return ", ".join(numbers[:NAMED_MOST]) + (" …" if len(numbers) > NAMED_MOST else "")


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()
