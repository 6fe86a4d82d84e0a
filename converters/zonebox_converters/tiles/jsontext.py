"""JSON as clients read it: what a browser refuses is refused here too, and nothing in it can stop the reader."""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

_DIGITS: Final = 300
"""An integer with more of them is no finite number to a client."""


def parsed(text: bytes) -> Any:
    """Read JSON in UTF-8.

    Raises
    ------
    ValueError
        It is none: also for NaN and Infinity, which Python alone reads, and for nesting without end.

    Examples
    --------
    >>> parsed(b'[1, 1e999]')
    [1, inf]
    """
    try:
        return json.loads(text.decode("utf-8"), parse_constant=_refused, parse_int=_integer)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _refused(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _DIGITS else float(digits)
