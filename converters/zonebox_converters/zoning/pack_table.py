"""Tables of a rule pack that know where they stand, so that every complaint names file, rule and line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from zonebox.errors import InputError
from zonebox_converters.zoning.fields import suggest

RANGES: Final[Mapping[str, tuple[float, float, str]]] = {
    "distance": (0.0, 1e5, "a length of 0 or more"),
    "level": (-1e4, 1e4, "a height, above or below the ground"),
    "height": (0.01, 1e4, "a height above 0"),
    "bound": (0.0, float("inf"), "a length of 0 or more, inf for no bound"),
    "angle": (1e-3, 89.999, "an angle between 0 and 90 degrees"),
    "bearing": (0.0, 360.0, "a bearing of 0 to 360 degrees"),
    "declination": (-23.5, 23.5, "a declination of -23.5 to 23.5 degrees"),
    "latitude": (-90.0, 90.0, "a latitude of -90 to 90 degrees"),
    "hour": (0.0, 24.0, "an hour of true solar time, 0 to 24"),
    "minutes": (0.1, 60.0, "0.1 to 60 minutes"),
    "ratio": (1e-6, 100.0, "a ratio above 0"),
    "slope": (0.0, 100.0, "a slope of 0 or more (rise per length)"),
    "frequency": (0.1, 300.0, "a frequency in GHz"),
    "count": (1.0, 300.0, "a number of storeys, 1 or more"),
    "places": (0.0, 1e6, "a number of places, 0 or more"),
    "decimals": (0.0, 6.0, "a number of decimals, 0 to 6"),
    "far": (0.0, 100.0, "a floor area ratio of 0 or more"),
    "share": (0.0, 1.0, "a ratio between 0 and 1, e.g. 0.35 for 35 %"),
}
"""Quantity -> least, greatest (in metres where it is a length), and what to call it."""

LENGTHS: Final = frozenset({"distance", "level", "height", "bound"})
"""Quantities that stand in the pack's unit of length."""

UNITS: Final[Mapping[str, float]] = {"m": 1.0, "ft": 0.3048}
"""Units of length a pack may stand in -> metres."""


class PackText:
    """The lines of a pack: TOML values do not remember where they stood."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.lines = text.splitlines()
        self.rules = [n for n, line in enumerate(self.lines) if re.match(r"\s*\[\[\s*rule\s*\]\]", line)]
        self.pack = next((n for n, line in enumerate(self.lines) if re.match(r"\s*\[\s*pack\s*\]", line)), 0)
        self.units = "m"

    def spelled(self, key: str) -> str:
        """How a key with a length is written in this pack: ``distance_ft`` in a pack in feet."""
        return f"{key[:-2]}_{self.units}" if key.endswith("_m") else key

    def line(self, rule: int | None, key: str) -> int:
        """Line, from 1, of a key of a rule (None: of the pack), or of its table where it has no such key."""
        start = self.pack if rule is None else (self.rules[rule] if rule < len(self.rules) else 0)
        stop = next((n for n in self.rules if n > start), len(self.lines))
        name = rf"(?:{re.escape(self.spelled(key))}|{re.escape(key)})"
        pattern = re.compile(rf"""\s*(?:\[\s*rule\s*\.\s*)?["']?{name}["']?\s*[\]=.]""")
        return next((n for n in range(start, stop) if key and pattern.match(self.lines[n])), start) + 1


@dataclass(frozen=True, slots=True)
class PackTable:
    """One table: its values, and where it stands. ``key`` is set where it is a value inside a rule."""

    values: Mapping[str, Any]
    text: PackText
    rule: int | None = None
    name: str = "pack"
    key: str = ""

    def place(self, key: str = "") -> str:
        """File, rule and line of a key."""
        return f"{self.text.name}#{self.name}, line {self.text.line(self.rule, self.key or key)}"

    def refuse(self, key: str, *, got: str, want: str, then: str = "") -> InputError:
        """Make the error about a key."""
        return InputError(self.place(key), got=got, want=want, then=then)

    def only(self, known: Collection[str], *, inside: str = "") -> None:
        """Refuse keys that mean nothing here."""
        spelled = sorted(self.text.spelled(key) for key in known)
        for key in self.values:
            if key not in spelled:
                raise self.refuse(key, got=f'the key "{key}"{inside}', want=f"one of {', '.join(spelled)}",
                                  then=suggest(key, spelled))

    def __contains__(self, key: str) -> bool:
        """Tell whether a key is there, however its unit is spelled."""
        return self.text.spelled(key) in self.values

    def text_of(self, key: str) -> str:
        """Text of a key, dates included; "" where it is missing."""
        return str(self.values.get(key, "")).strip()

    def number(self, key: str, quantity: str, default: float | None = None) -> float:
        """Read a number of a known quantity (see `RANGES`), lengths in metres; without ``default`` it must be there."""
        spelled = self.text.spelled(key)
        if spelled not in self.values:
            if default is None:
                raise self.refuse("kind", got=f"no {spelled}", want=f"{spelled}, {RANGES[quantity][2]}",
                                  then=f"add {spelled}")
            return default
        return self._amount(spelled, self.values[spelled], quantity)

    def optional(self, key: str, quantity: str) -> float | None:
        """Read a number of a known quantity; None where it is missing."""
        return self.number(key, quantity) if key in self else None

    def rows(self, key: str, quantities: tuple[str, ...]) -> list[tuple[float, ...]]:
        """Read a list of rows of numbers, one quantity a column: ``[[0, 3], [12, 9]]``."""
        spelled = self.text.spelled(key)
        rows = self.values.get(spelled)
        width = len(quantities)
        if not isinstance(rows, list) or not rows or not all(isinstance(r, list) and len(r) == width for r in rows):
            raise self.refuse(spelled if spelled in self.values else "kind", got=f"{spelled} = {rows!r}",
                              want=f"a list of rows of {width} numbers")
        return [tuple(self._amount(spelled, v, q) for v, q in zip(row, quantities, strict=True)) for row in rows]

    def numbers(self, key: str, quantity: str) -> list[float]:
        """Read a list of numbers of one quantity."""
        spelled = self.text.spelled(key)
        values = self.values.get(spelled)
        if not isinstance(values, list) or not values:
            raise self.refuse(spelled if spelled in self.values else "kind", got=f"{spelled} = {values!r}",
                              want="a list of numbers")
        return [self._amount(spelled, value, quantity) for value in values]

    def places(self, key: str, *, least: int, most: int = 1000) -> tuple[tuple[float, float, float], ...]:
        """Read places ``[[E, N, H], ...]`` in the scene's CRS and datum, metres whatever the unit of the pack."""
        rows = self.values.get(key)
        good = isinstance(rows, list) and least <= len(rows) <= most and all(
            isinstance(r, list) and len(r) == 3 and all(type(v) in {int, float} for v in r) for r in rows)
        if not good:
            count = f"{least}" if least == most else f"{least} or more"
            raise self.refuse(key if key in self.values else "kind", got=f"{key} = {rows!r}",
                              want=f"{count} places [E, N, H] in the scene's CRS")
        assert isinstance(rows, list)
        return tuple((float(e), float(n), float(h)) for e, n, h in rows)

    def _amount(self, key: str, value: object, quantity: str) -> float:
        low, high, want = RANGES[quantity]
        factor = UNITS[self.text.units] if quantity in LENGTHS else 1.0
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value * factor <= high:
            shown = f'"{value}"' if isinstance(value, str) else f"{value}"
            raise self.refuse(key, got=f"{key} = {shown}", want=want)
        return float(value) * factor

    def choice(self, key: str, known: Collection[str], default: str | None = None) -> str:
        """Read one of some words; without ``default`` it must be there."""
        value = self.values.get(key, default)
        if value is None:
            raise self.refuse("id", got=f"no {key}", want=f"one of {', '.join(known)}", then=f"add {key}")
        if value not in known:
            raise self.refuse(key, got=f'{key} = "{value}"', want=f"one of {', '.join(known)}",
                              then=suggest(str(value), known))
        return str(value)

    def words(self, key: str) -> tuple[str, ...]:
        """Read a list of texts, or one text; empty where it is missing."""
        words = self.values.get(key, [])
        words = [words] if isinstance(words, str) else words
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise self.refuse(key, got=f"{key} = {words!r}", want=f'a list of texts, {key} = ["..."]')
        return tuple(words)

    def table(self, key: str, known: Collection[str]) -> PackTable:
        """Read an inline table with known keys; empty where it is missing."""
        return self._inner(key, self.values.get(key, {}), known)

    def tables(self, key: str, known: Collection[str]) -> Iterator[PackTable]:
        """Read a list of inline tables with known keys."""
        items = self.values.get(key)
        if not isinstance(items, list) or not items:
            raise self.refuse(key, got=f"{key} = {items!r}", want=f"a list of {{ {' = .., '.join(known)} = .. }}")
        return (self._inner(key, item, known) for item in items)

    def _inner(self, key: str, values: object, known: Collection[str]) -> PackTable:
        if not isinstance(values, dict):
            raise self.refuse(key, got=f"{key} = {values!r}", want=f"{{ {' = .., '.join(known)} = .. }}")
        inner = PackTable(values, self.text, self.rule, self.name, key)
        inner.only(known, inside=f" in {key}")
        return inner
