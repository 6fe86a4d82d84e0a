"""The least change that makes a check pass, tried out before it is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.checks.findings import up
from zonebox.geometry.soup import Soup

TRIES: Final = 12
"""How often an amount is raised by what was still lacking."""


def enough(short: float, lacking_after: Callable[[float], float]) -> float | None:
    """Raise an amount until nothing lacks any more; None where it never is enough.

    Parameters
    ----------
    short : float
        What lacks now, metres: the first amount tried.
    lacking_after : callable
        What still lacks after a change of this amount; 0 or less: nothing.

    Examples
    --------
    >>> enough(1.0, lambda amount: 3.0 - 2.0 * amount)
    1.5
    """
    amount = up(short)
    for _ in range(TRIES):
        lacking = lacking_after(amount)
        if lacking <= tolerance.NOISE:
            return _smallest(amount, short, lacking_after)
        step = up(lacking)
        if step <= 0.0:
            return None
        amount = round(amount + step, 6)
    return None


def _smallest(amount: float, short: float, lacking_after: Callable[[float], float]) -> float:
    """Come down from an amount that is enough to the millimetre above the least that is."""
    low, high = 0.0, amount
    if high <= up(short) + 1e-9 and lacking_after(round(high - 0.002, 6)) > tolerance.NOISE:
        return high                                     # the usual case: what lacked is just what was needed
    while high - low > 0.001:
        middle = (low + high) / 2.0
        if lacking_after(middle) <= tolerance.NOISE:
            high = middle
        else:
            low = middle
    return up(high)


def shifted(soup: Soup, offset: NDArray[np.float64] | tuple[float, float, float]) -> Soup:
    """Move a soup."""
    return Soup(corners=soup.corners + np.asarray(offset, dtype=np.float64), origin=soup.origin)
