"""What reading a plan has to tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from zonebox.frame import Entry
from zonebox.model import Disagreement


@dataclass(slots=True)
class Said:
    """What there is to tell: rows of what was understood, sentences about the plan, sentences by parcel row.

    ``entries`` are how the layers beside the parcels came into the frame.
    """

    understood: list[tuple[str, str]]
    notes: list[str]
    by_row: dict[int, list[str]]
    entries: list[tuple[str, Entry]] = field(default_factory=list)
    disagreements: list[Disagreement] = field(default_factory=list)

    def disagree(self, found: Iterable[Disagreement]) -> None:
        """Keep layers that disagree, and say so."""
        for one in found:
            self.disagreements.append(one)
            self.notes.append(str(one))

    def add_rows(self, notes: Mapping[int, Iterable[str]]) -> None:
        """Add sentences by parcel row."""
        for row, sentences in notes.items():
            self.by_row.setdefault(row, []).extend(sentences)
