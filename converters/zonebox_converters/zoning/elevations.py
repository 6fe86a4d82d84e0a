"""Elevation limits hidden in remarks: ``限高51.7米（1985国家高程基准）`` (domain A5)."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_DATUMS: Final = (
    (r"1985|国家\s*85|85\s*(?:国家)?高程|\(\s*85\s*\)", "5737"),
    (r"1956|(?<!\d)56\s*(?:年)?黄海", "5736"),
    (r"\bnap\b", "5709"), (r"dhhn\s*2016|\bnhn\b", "7837"), (r"navd\s*(?:19)?88", "5703"), (r"\bln\s*02\b", "5728"),
    (r"\bodn\b", "5701"),
)
"""How remarks name a vertical datum -> EPSG code. 黄海 alone is none: it names the datums of 1956 and of 1985."""
_CAP: Final = r"限高|控高|高度|标高|高程|海拔|最高|顶|height|top|elevation|max|oberkante"
_ABSOLUTE: Final = r"绝对(?:标高|高程|高度)|海拔|高程|elevation|above sea level"
_GROUND: Final = (
    r"地面|室外|室内|场地|场坪|地坪|设计(?:标高|高程)|道路|路面|±\s*0|正负零|现状|"
    r"ground|street|floor level|gelände")
"""Words of an elevation that is no limit."""
_NUMBER: Final = r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>米|m\b|metres?|ft\b|feet|英尺)?"
_YEAR: Final = re.compile(r"(?:19|20)\d\d\s*年")
_FOOT: Final = 0.3048
_Datum = tuple[int, int, str]
"""Where the name of a datum begins and ends, and its EPSG code."""


def absolute_height(remark: str) -> tuple[float, str] | None:
    """Find an elevation limit in a remark: metres and the EPSG code of its vertical datum.

    The code is "" where a remark states an elevation without a datum. Elevations of grounds and floors are no limits.

    Examples
    --------
    >>> absolute_height("限高51.7米（1985国家高程基准）"), absolute_height("住宅限高50米")
    ((51.7, '5737'), None)
    >>> absolute_height("限高24米；地面标高5.2米（1985国家高程基准）"), absolute_height("绝对标高不超过85米")
    (None, (85.0, ''))
    """
    text = _YEAR.sub(" ", unicodedata.normalize("NFKC", remark).casefold())
    loose: tuple[float, str] | None = None
    for clause in re.split(r"[;。\n!]", text):
        found = _limit(clause)
        if found is not None and found[1]:
            return found
        loose = loose or found
    return loose


def _limit(clause: str) -> tuple[float, str] | None:
    """Find the limit of one clause: a number that a cap word leads to and a datum stands beside."""
    datums = [(match.start(), match.end(), code) for words, code in _DATUMS for match in re.finditer(words, clause)]
    figures = [range(start, end) for start, end, _ in datums]
    loose = None
    for number in re.finditer(rf"(?<![\d.]){_NUMBER}", clause):
        if any(number.start() in figure for figure in figures):
            continue                                           # the figures of a datum's name are no height
        own = _own_words(clause, number.start(), datums)
        code = _beside(clause, number, datums)
        if re.search(_GROUND, own) or not (re.search(_CAP if code else _ABSOLUTE, own) or (code and not own.strip())):
            continue
        metres = float(number["number"]) * (_FOOT if number["unit"] in {"ft", "feet", "英尺"} else 1.0)
        if code:
            return round(metres, 6), code
        loose = loose or (round(metres, 6), "")
    return loose


def _own_words(clause: str, start: int, datums: list[_Datum]) -> str:
    """Words that lead to a number: from the last separator or other number on, without names of datums."""
    plain = clause[:start]
    for low, high, _ in datums:
        if high <= start:
            plain = plain[:low] + "高程" * ((high - low) // 2) + " " * ((high - low) % 2) + plain[high:]
    return re.split(r"[,、]|\d", plain)[-1]


def _beside(clause: str, number: re.Match[str], datums: list[_Datum]) -> str:
    """Code of the datum right behind a number, else of one that leads to it; "" where there is none."""
    for low, _, code in sorted(datums):
        if low >= number.end() and re.fullmatch(r"[\s(,\[:]*(?:按|采用|以|为|in|above)?\s*", clause[number.end():low]):
            return code
    before = [(high, code) for _, high, code in datums if high <= number.start()]
    if before and not re.search(r"[,、\d]", clause[max(before)[0]:number.start()]):
        return max(before)[1]
    return ""
