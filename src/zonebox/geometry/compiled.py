"""Loops over millions of points as machine code.

Modules whose functions are `compiled` load the compiler; they are imported by the function that needs them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


SWIFT: Final = {"nogil": True, "error_model": "numpy"}
"""Without the interpreter's lock, so that threads share the cores; divisions are not guarded."""


def compiled(function: Function) -> Function:
    """Compile a function of numbers and arrays on its first call, and keep the code for the next process.

    Where no folder can be written to, the code is made anew in each process.

    Examples
    --------
    >>> compiled(lambda x: x + 1)(2)
    3
    """
    try:
        made: Function = njit(cache=True, **SWIFT)(function)
    except RuntimeError:                                                # no place to keep the code
        made = njit(**SWIFT)(function)
    return made


def inner(function: Function) -> Function:
    """Compile a function that only compiled functions call; it needs no door to Python, which halves the work."""
    made: Function = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False, **SWIFT)(function)
    return made


def inlined(function: Function) -> Function:
    """Compile a function into each compiled function that calls it: for those with many arrays and little work."""
    made: Function = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False, forceinline=True, **SWIFT)(
        function)
    return made
