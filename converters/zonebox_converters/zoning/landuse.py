"""Which land uses admit buildings at all."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_OPEN_CODES: Final = re.compile(
    r"0[1-6]|120[1-6]$|1207|14|17|18|2[0-4]"     # 用地用海分类指南 2023: farmland, ways, green, water, sea
    r"|G\d?|E\d?|S1|H9"                             # GB 50137-2011: green, non-construction, urban roads
)
_OPEN_NAMES: Final = re.compile(
    r"道路用地|城镇村道路|公园|绿地|广场|水域|河流|湖泊|防护绿|林地|耕地"
    r"|\b(park|green|open space|road|street|water|canal|river|square|plaza)\b", re.IGNORECASE
)
_CODE: Final = re.compile(r"\d{2,6}|[A-Z]{1,2}\d{0,2}[a-z]?")


def main_class(code: str) -> str:
    """Return the governing class of a mixed-use code: the first token, without the mark of a floating location.

    >>> [main_class(code) for code in ("070102/0901", "vR2/B1", "0701(0901)", "")]
    ['070102', 'R2', '0701', '']
    """
    text = unicodedata.normalize("NFKC", code).strip()
    text = text[1:] if re.match(r"v[A-Z\d]", text) else text
    return re.split(r"[/(+、,]", text)[0].strip()


def buildable(code: str, name: str = "") -> bool:
    """Tell whether a use admits buildings: by its code, else by its name; unknown uses do.

    >>> [buildable("0701"), buildable("1401"), buildable("R2"), buildable("G1"), buildable("", "Park"), buildable("")]
    [True, False, True, False, False, True]
    """
    main = main_class(code)
    if _CODE.fullmatch(main):
        return _OPEN_CODES.match(main) is None
    return _OPEN_NAMES.search(main or name) is None
