"""Which land uses admit buildings at all."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from zonebox.errors import InputError

SYSTEMS: Final = ("mnr2023", "mnr2020", "gb50137", "gbt21010", "sd3")
"""Code systems: the guides 用地用海分类 of 2023 and 2020, GB 50137-2011, GB/T 21010-2017, the third survey 三调."""
_GUIDE: Final = r"0[1-6]|120[1-6]$|1207|14|17|18|2[0-4]"     # farmland, ways, green, water, sea
_LETTERS: Final = r"(G\d?|E\d?|S1|H9)\d?$"                  # green, non-construction, urban roads
_SURVEY: Final = r"0[1-4]|0810|10(?!05)|11|12"                # farmland, parks, ways but stations, water, bare ground
_OPEN_CODES: Final = {
    "": re.compile(f"{_GUIDE}|{_LETTERS}"), "mnr2023": re.compile(_GUIDE), "mnr2020": re.compile(_GUIDE),
    "gb50137": re.compile(_LETTERS), "gbt21010": re.compile(_SURVEY), "sd3": re.compile(_SURVEY),
}
_OPEN_NAMES: Final = re.compile(
    r"道路用地|城镇村道路|公园|绿地|广场|水域|河流|湖泊|防护绿|林地|耕地"
    r"|\b(park|green|open space|road|street|water|canal|river|square|plaza)\b", re.IGNORECASE
)
_BUILT_NAMES: Final = re.compile(
    r"住宅|居住|工业|商业|商务|办公|仓储|物流|教育|医疗|酒店|\b(residential|housing|commercial|industrial|office|retail)\b",
    re.IGNORECASE)
_CODE: Final = re.compile(r"\d{2,6}|\d{2}H\d|[A-Z]{1,2}\d{0,2}[a-z]?")


def main_class(code: str) -> str:
    """Return the governing class of a mixed-use code: the first token, without the mark of a floating location.

    >>> [main_class(code) for code in ("070102/0901", "vR2/B1", "0701(0901)", "")]
    ['070102', 'R2', '0701', '']
    """
    text = unicodedata.normalize("NFKC", code).strip()
    text = text[1:] if re.match(r"v[A-Z\d]", text) else text
    return re.split(r"[/(+、,]", text)[0].strip()


def buildable(code: str, name: str = "", system: str = "") -> bool:
    """Tell whether a use admits buildings: by its code, else by its name; unknown uses do.

    The third survey gives the digits of the planning guide other meanings (domain A1): ``system`` is one of `SYSTEMS`,
    or "" for the guide's digits and the letters of GB 50137.

    >>> [buildable("0701"), buildable("1401"), buildable("R2"), buildable("G1"), buildable("", "Park"), buildable("")]
    [True, False, True, False, False, True]
    >>> buildable("0601"), buildable("0601", system="sd3")
    (False, True)
    """
    main = main_class(code)
    if _CODE.fullmatch(main):
        return _OPEN_CODES[system].match(main) is None
    return _OPEN_NAMES.search(main or name) is None


def contradictory(code: str, name: str, system: str = "") -> bool:
    """Tell whether a code admits no buildings while its name speaks of them: the code is of another system.

    >>> contradictory("0601", "工业用地"), contradictory("0601", "工业用地", "sd3"), contradictory("1401", "公园绿地")
    (True, False, False)
    """
    return bool(code) and not buildable(code, name, system) and _BUILT_NAMES.search(name) is not None


def check_system(system: str) -> str:
    """Refuse a code system that is not known.

    Raises
    ------
    InputError
        It is none of `SYSTEMS`.
    """
    if system and system not in SYSTEMS:
        raise InputError("plan.code_system", got=f'"{system}"', want=f"one of {', '.join(SYSTEMS)}")
    return system
