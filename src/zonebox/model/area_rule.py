"""How floor area counts towards the floor area ratio: edition of the area rules, storey multipliers, exemptions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

FULL_HEIGHT_M: Final = 2.20
"""Structural storey height from which a storey counts in full (GB/T 50353-2013 §3.0.1; GB 55031-2022 §3.1)."""

EDITIONS: Final[Mapping[str, float]] = MappingProxyType({"GB/T 50353-2013": 0.5, "GB 55031-2022": 0.0})
"""Edition -> weight of a lower storey: half of it, or nothing."""

_NOISE_M: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreyMultiplier:
    """How often a high storey counts (domain A3): once below ``base_m + clear_m``, then once more every ``base_m``.

    ``uses`` are words of the storey's use, or first digits of the land-use code; none: any use.

    Examples
    --------
    >>> dwelling = StoreyMultiplier(base_m=2.7)
    >>> [dwelling.factor(h) for h in (4.8, 4.9, 7.5, 7.6)]
    [1, 2, 2, 3]
    """

    base_m: float
    uses: tuple[str, ...] = ()
    clear_m: float = 2.2

    def factor(self, height_m: float) -> int:
        """How often a storey of this height counts."""
        return max(math.floor((height_m - self.clear_m + _NOISE_M) / self.base_m) + 1, 1)

    def speaks_of(self, use: str, code: str) -> bool:
        """Tell whether a storey of this use, on land of this code, is meant."""
        return not self.uses or names(self.uses, use) or any(w.isdigit() and code.startswith(w) for w in self.uses)


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaRule:
    """Which floor area counts towards the floor area ratio 计容建筑面积.

    Parameters
    ----------
    edition : str
        One of `EDITIONS`: how storeys lower than 2.20 m count.
    multipliers : tuple of StoreyMultiplier
        Local; the first that speaks of a storey governs.
    exempt : tuple of str
        Words of names or uses of storeys above ground that do not count: 架空层, refuge floors.
    decimals : int
        Decimals to which ratios are rounded half up before they are compared.
    source : str
        Document that states multipliers and exemptions; "" where it is the edition alone.
    """

    edition: str
    multipliers: tuple[StoreyMultiplier, ...] = ()
    exempt: tuple[str, ...] = ()
    decimals: int = 2
    source: str = ""

    def __str__(self) -> str:
        """Say it as findings name it."""
        return self.edition + (f" and {self.source}" if self.source else "")

    def base_weight(self, height_m: float) -> float:
        """Weight of a storey by its height alone.

        >>> [AreaRule(edition=name).base_weight(2.1) for name in EDITIONS]
        [0.5, 0.0]
        """
        return 1.0 if height_m >= FULL_HEIGHT_M - _NOISE_M else EDITIONS[self.edition]

    def multiplier(self, height_m: float, use: str, code: str) -> tuple[int, bool]:
        """How often a storey counts by its height, and whether its use is known where that matters.

        A storey of which no multiplier speaks counts by the strictest of them.
        """
        for one in self.multipliers:
            if one.speaks_of(use, code):
                return one.factor(height_m), True
        factor = max((one.factor(height_m) for one in self.multipliers), default=1)
        return factor, factor == 1

    def exempts(self, *texts: str) -> bool:
        """Tell whether a storey's name or use is one that does not count."""
        return any(names(self.exempt, text) for text in texts)


def names(words: tuple[str, ...], text: str) -> bool:
    """Tell whether a text holds one of some words; whole words where they are Latin.

    >>> names(("shop",), "Retail shop"), names(("shop",), "Workshop"), names(("架空",), "一层架空层")
    (True, False, True)
    """
    folded = text.casefold()
    spaced = f" {''.join(c if c.isalnum() else ' ' for c in folded)} "
    return any(f" {word.casefold()} " in spaced if word.isascii() else word.casefold() in folded for word in words)
