"""Calling GDAL so that what it warns of becomes sentences."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Final

FAILURES: Final = (RuntimeError, ValueError, IndexError, OverflowError, OSError)
"""What comes out of pyogrio where GDAL cannot read a file: its own errors, and slips of its own on damaged ones."""


def quietly(call: Callable[..., Any], *args: Any, **options: Any) -> tuple[Any, list[str]]:
    """Call, and give back the answer and what was warned of, each sentence once.

    >>> quietly(max, 1, 2)
    (2, [])
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        answer = call(*args, **options)
    return answer, sorted({str(w.message).strip() for w in caught})
