"""What reading a plan has to tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(slots=True)
class Said:
    """What there is to tell: rows of what was understood, sentences about the plan, sentences by parcel row."""

    understood: list[tuple[str, str]]
    notes: list[str]
    by_row: dict[int, list[str]]

    def add_rows(self, notes: Mapping[int, Iterable[str]]) -> None:
        """Add sentences by parcel row."""
        for row, sentences in notes.items():
            self.by_row.setdefault(row, []).extend(sentences)
