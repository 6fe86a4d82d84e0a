"""Properties of very many elements as they were written down, read when somebody first asks for one.

To read a hundred thousand elements' properties takes as long as all else that comes from a cache; few runs need them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Sheet:
    """Columns of values, for each kind of part: ``names`` are its columns' places by name, ``text`` all values."""

    names: Sequence[Mapping[str, int]]
    text: bytes
    read: list[list[list[str]]] | None = None

    def columns(self, kind: int) -> Sequence[Sequence[str]]:
        """Values of the parts of one kind, a column for each name."""
        if self.read is None:
            self.read, self.text = json.loads(self.text), b""
        return self.read[kind]


@dataclass(slots=True, eq=False, repr=False)
class Written(Mapping[str, str]):
    """Properties of one part: a row of a sheet."""

    sheet: Sheet
    kind: int
    row: int

    def __getitem__(self, name: str) -> str:
        return self.sheet.columns(self.kind)[self.sheet.names[self.kind][name]][self.row]

    def __iter__(self) -> Iterator[str]:
        return iter(self.sheet.names[self.kind])

    def __len__(self) -> int:
        return len(self.sheet.names[self.kind])

    def __repr__(self) -> str:
        return repr(dict(self))
