"""Gross floor area by the editions of the Chinese area rules: each storey weighs by its height (domain A3)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

from zonebox.model import Storey
from zonebox.model.area_rule import EDITIONS, FULL_HEIGHT_M
from zonebox.model.building import GrossFloorArea

_NOISE_M: Final = 1e-6


def gross_floor_areas(
    storeys: Sequence[Storey], *, ground_m: float | None, top_m: float
) -> tuple[GrossFloorArea, ...]:
    """Add up the storeys by every edition; nothing where no storey has an area.

    Parameters
    ----------
    storeys : sequence of Storey
        From low to high.
    ground_m : float or None
        Outdoor ground. A storey whose floor lies deeper than half its height is below ground; none where unknown.
    top_m : float
        Highest point of the building: the uppermost storey reaches up to it.

    Notes
    -----
    A roof level or a level of foundations, an uppermost or lowest storey lower than 2.20 m that neither quantities nor
    spaces know, is no storey.

    Source: GB/T 50353-2013 §3.0.1; GB 55031-2022 §3.1 (domain A3, F21).

    Examples
    --------
    >>> from zonebox.model import FloorArea
    >>> from zonebox.model.building import AreaSource
    >>> area = (FloorArea(source=AreaSource.QUANTITY, value_m2=1000.0),)
    >>> levels = ((0.0, 3.0), (3.0, 2.1))
    >>> storeys = [Storey(id=str(z), name="", elevation_m=z, height_m=h, areas=area) for z, h in levels]
    >>> [(a.rule, a.above_m2) for a in gross_floor_areas(storeys, ground_m=0.0, top_m=5.1)]
    [('GB/T 50353-2013', 1500.0), ('GB 55031-2022', 1000.0)]
    >>> gross_floor_areas([], ground_m=None, top_m=0.0)
    ()
    """
    counted = list(_counted(storeys, ground_m, top_m))
    if not counted:
        return ()
    return tuple(_by(rule, low, counted) for rule, low in EDITIONS.items())


_Counted = tuple[Storey, bool, bool]
"""A storey, whether it has its full height, and whether it lies below ground."""


def _counted(storeys: Sequence[Storey], ground_m: float | None, top_m: float) -> Iterable[_Counted]:
    lowest = storeys[0].id if len(storeys) > 1 else None
    for storey in storeys:
        if not storey.areas:
            continue
        height = top_m - storey.elevation_m if storey.height_m is None else storey.height_m
        full = height >= FULL_HEIGHT_M - _NOISE_M
        known = any(area.source.value != "section" for area in storey.areas)
        if (storey.height_m is None or storey.id == lowest) and not full and not known:
            continue
        below = ground_m is not None and ground_m - storey.elevation_m > height / 2.0
        yield storey, full, below


def _by(rule: str, low_weight: float, counted: Sequence[_Counted]) -> GrossFloorArea:
    above: list[tuple[float, float, float]] = []
    below: list[float] = []
    for storey, full, deep in counted:
        weight = 1.0 if full else low_weight
        values = [weight * area.value_m2 for area in storey.areas]
        if deep:
            below.append(values[0])
        else:
            above.append((values[0], min(values), max(values)))
    best, low, high = (math.fsum(column) for column in zip(*above, strict=True)) if above else (0.0, 0.0, 0.0)
    return GrossFloorArea(rule=rule, above_m2=best, below_m2=math.fsum(below), low_m2=low, high_m2=high)
