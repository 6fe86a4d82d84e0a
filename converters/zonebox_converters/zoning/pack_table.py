"""Tables of a rule pack that know where they stand, so that every complaint names file, rule and line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from zonebox.errors import InputError
from zonebox_converters.zoning.fields import suggest

RANGES: Final[Mapping[str, tuple[float, float, str]]] = {
    "distance": (0.0, 1e4, "metres, 0 or more"),
    "level": (-1e4, 1e4, "metres"),
    "height": (0.01, 1e4, "metres, above 0"),
    "angle": (1e-3, 89.999, "an angle between 0 and 90 degrees"),
    "ratio": (1e-6, 100.0, "a ratio above 0"),
    "far": (0.0, 100.0, "a floor area ratio of 0 or more"),
    "share": (0.0, 1.0, "a ratio between 0 and 1, e.g. 0.35 for 35 %"),
}
"""Quantity -> least, greatest, and what to call it."""


class PackText:
    """The lines of a pack: TOML values do not remember where they stood."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.lines = text.splitlines()
        self.rules = [n for n, line in enumerate(self.lines) if re.match(r"\s*\[\[\s*rule\s*\]\]", line)]
        self.pack = next((n for n, line in enumerate(self.lines) if re.match(r"\s*\[\s*pack\s*\]", line)), 0)

    def line(self, rule: int | None, key: str) -> int:
        """Line, from 1, of a key of a rule (None: of the pack), or of its table where it has no such key."""
        start = self.pack if rule is None else (self.rules[rule] if rule < len(self.rules) else 0)
        stop = next((n for n in self.rules if n > start), len(self.lines))
        pattern = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*[=.]""")
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
        for key in self.values:
            if key not in known:
                raise self.refuse(key, got=f'the key "{key}"{inside}', want=f"one of {', '.join(sorted(known))}",
                                  then=suggest(key, known))

    def text_of(self, key: str) -> str:
        """Text of a key, dates included; "" where it is missing."""
        return str(self.values.get(key, "")).strip()

    def number(self, key: str, quantity: str, default: float | None = None) -> float:
        """Read a number of a known quantity (see `RANGES`); without ``default`` it must be there."""
        low, high, want = RANGES[quantity]
        if key not in self.values:
            if default is None:
                raise self.refuse("kind", got=f"no {key}", want=f"{key} in {want}", then=f"add {key}")
            return default
        value = self.values[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            shown = f'"{value}"' if isinstance(value, str) else f"{value}"
            raise self.refuse(key, got=f"{key} = {shown}", want=want)
        return float(value)

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
        """Read a list of texts; empty where it is missing."""
        words = self.values.get(key, [])
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
