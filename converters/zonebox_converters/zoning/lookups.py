"""Setbacks by road width and class of total height: the table of a rule -> `SetbackTable` (domain A7a, C12)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from zonebox.model import SetbackTable
from zonebox_converters.zoning.pack_table import PackTable


def setback_table(rule: PackTable) -> tuple[SetbackTable, float]:
    """Read ``lookup``, ``classes`` and ``multiplier`` of a rule.

    Intervals are (lower, upper] unless ``closed = "left"``.

    Returns
    -------
    table : SetbackTable
        Where the first road-width interval does not begin at 0, narrower roads have a row of zeros.
    from_width : float
        Width of road, m, up to which the table says nothing.

    Raises
    ------
    InputError
        Intervals that overlap or leave a gap; a matrix that does not fit them; classes that do not rise.
    """
    left = rule.choice("closed", ("left", "right"), "right") == "left"
    lookup = rule.table("lookup", ("road_width_m", "class", "distance_m"))
    names = lookup.words("class")
    if not names or len(set(names)) < len(names):
        raise lookup.refuse("class", got=f"class = {list(names)!r}", want="the names of the height classes, each once")
    heights = _class_bounds(rule, names)
    widths = lookup.rows("road_width_m", ("bound", "bound")) if "road_width_m" in lookup else [(0.0, math.inf)]
    _gapless(lookup, "road_width_m", widths)
    distances = lookup.rows("distance_m", ("distance",) * len(names))
    if len(distances) != len(widths):
        raise lookup.refuse("distance_m", got=f"{len(distances)} rows of distances",
                            want=f"{len(widths)}, one for each interval of road width")
    factors = _multipliers(rule, names, heights, left=left)
    bounds, rows = [upper for _, upper in widths], [tuple(row) for row in distances]
    first = widths[0][0]
    if first > 0.0:
        bounds, rows = [first, *bounds], [(0.0,) * len(names), *rows]
    return SetbackTable(road_widths=_closed(bounds, left=left), heights=_closed(heights, left=left),
                        distances_m=tuple(rows), multipliers=factors), first


def _class_bounds(rule: PackTable, names: Sequence[str]) -> list[float]:
    """Upper bounds of the height classes; the last class may have none."""
    classes = rule.table("classes", names)
    bounds = []
    for position, name in enumerate(names):
        last = position == len(names) - 1
        if name not in classes.values and not last:
            raise rule.refuse("classes", got=f'no upper height for the class "{name}"', want="one for all but the last")
        bounds.append(classes.number(name, "bound", math.inf if last else None))
    if bounds != sorted(set(bounds)):
        raise rule.refuse("classes", got=f"classes up to {_listed(bounds)}", want="heights that rise")
    if bounds[-1] < math.inf:
        raise rule.refuse("classes", got=f'the last class "{names[-1]}" up to {bounds[-1]:g}', want="no bound on it",
                          then="missing heights would have no setback")
    return bounds


def _gapless(table: PackTable, key: str, intervals: Sequence[tuple[float, ...]]) -> None:
    """Refuse intervals that are empty, overlap, leave a gap or end."""
    for low, high in intervals:
        if low >= high:
            raise table.refuse(key, got=f"the interval {low:g} to {high:g}", want="a lower and a higher bound")
    for (low, high), (then, end) in pairwise(intervals):
        if then != high:
            what = "overlapping intervals" if then < high else "a gap between the intervals"
            raise table.refuse(key, got=f"{what} {low:g} to {high:g} and {then:g} to {end:g}",
                               want="intervals that meet")
    if intervals[-1][1] < math.inf:
        raise table.refuse(key, got=f"intervals that end at {intervals[-1][1]:g}", want="inf as the last bound")


def _multipliers(
    rule: PackTable, names: Sequence[str], heights: Sequence[float], *, left: bool
) -> tuple[tuple[int, tuple[tuple[float, float], ...]], ...]:
    table = rule.table("multiplier", ("class", "by_height_m"))
    if not table.values:
        return ()
    column = names.index(table.choice("class", names))
    steps = table.rows("by_height_m", ("bound", "ratio"))
    bounds = [bound for bound, _ in steps]
    if bounds != sorted(set(bounds)):
        raise table.refuse("by_height_m", got=f"heights {_listed(bounds)}", want="heights that rise")
    if bounds[-1] < heights[column]:
        raise table.refuse("by_height_m", got=f"factors up to {bounds[-1]:g}", want="inf as the last bound")
    closed = _closed(bounds, left=left)
    return ((column, tuple((bound, factor) for bound, (_, factor) in zip(closed, steps, strict=True))),)


def _closed(bounds: Sequence[float], *, left: bool) -> tuple[float, ...]:
    """Bounds for a search with ``<=``: closed on the left, a bound itself belongs to the next interval."""
    return tuple(math.nextafter(b, -math.inf) if left and math.isfinite(b) else b for b in bounds)


def _listed(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)
