"""Which floor area counts, as a plan or a rule pack states it (domain A3)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from zonebox.errors import InputError
from zonebox.model import AreaRule, Control, Kind, StoreyMultiplier
from zonebox.model.area_rule import EDITIONS
from zonebox_converters.zoning.pack_table import PackTable

KEYS: Final = ("area_rule", "storey_multiplier", "exempt", "decimals")
"""Keys of a far rule, and of a pack's ``[area_rule]`` for every floor area ratio that has none of its own."""


def edition(text: str, *, where: str) -> str:
    """Find the edition of the area rules that a text names.

    Raises
    ------
    InputError
        An edition that is not known.

    Examples
    --------
    >>> edition("GB55031-2022", where="plan.area_rule"), edition("gb/t 50353", where="plan.area_rule")
    ('GB 55031-2022', 'GB/T 50353-2013')
    """
    wanted = _plain(text)
    for name in EDITIONS:
        if wanted and wanted in {_plain(name), _plain(name.partition("-")[0])}:
            return name
    raise InputError(where, got=f'the area rule "{text}"', want=f"one of {', '.join(EDITIONS)}")


def read_area_rule(table: PackTable, *, source: str) -> AreaRule | None:
    """Read the area rule of a table; None where it has none of its keys.

    Raises
    ------
    InputError
        An unknown edition, or multipliers without one.
    """
    if not any(key in table.values for key in KEYS):
        return None
    if "area_rule" not in table.values:
        raise table.refuse("id", got="storey multipliers or exemptions without area_rule",
                           want=f"the edition they add to, one of {', '.join(EDITIONS)}")
    multipliers = [
        StoreyMultiplier(base_m=row.number("base_m", "height"), clear_m=row.number("clear_m", "height", 2.2),
                         uses=row.words("use"))
        for row in (table.tables("storey_multiplier", ("use", "base_m", "clear_m"))
                    if "storey_multiplier" in table.values else ())
    ]
    exempt = table.words("exempt")
    return AreaRule(
        edition=edition(table.text_of("area_rule"), where=table.place("area_rule")), multipliers=tuple(multipliers),
        exempt=exempt, decimals=int(table.number("decimals", "decimals", 2.0)),
        source=source if multipliers or exempt else "")


def with_area_rule(controls: Sequence[Control], packed: AreaRule | None, stated: str) -> list[Control]:
    """Give every floor area ratio without an area rule the one of the packs, in the edition that the plan states.

    Raises
    ------
    InputError
        An edition that is not known.
    """
    name = edition(stated, where="plan.area_rule") if stated else ""
    rule = replace(packed, edition=name or packed.edition) if packed else AreaRule(edition=name) if name else None
    if rule is None:
        return list(controls)
    return [replace(c, area_rule=rule) if c.kind in {Kind.FAR, Kind.FAR_MIN} and c.area_rule is None else c
            for c in controls]


def _plain(text: str) -> str:
    return re.sub(r"[\s/]", "", unicodedata.normalize("NFKC", text)).casefold()
