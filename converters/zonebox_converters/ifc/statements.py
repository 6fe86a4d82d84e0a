"""Where the statements of a STEP file stand in its bytes, and what their arguments refer to; no parser is asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox_converters.ifc import step_text
from zonebox_converters.ifc.step_text import Bytes, Longs

MOST_NUMBER: Final = 1 << 27
"""Step numbers beyond this are looked up in no table."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Statements:
    """The statements ``#number=KEYWORD(…);`` of a file, in its order.

    ``begin`` and ``end`` are their bytes in ``text``, ``keyword`` the hash of their keyword (`step_text.key_of`),
    ``plain`` whether they hold nothing but printable ASCII without backslashes, ``row_of`` the row of each number
    (−1: none).
    """

    text: Bytes
    begin: Longs
    end: Longs
    keyword: Longs
    plain: NDArray[np.bool_]
    row_of: NDArray[np.int32]

    def __len__(self) -> int:
        """Count the statements."""
        return len(self.begin)

    def rows(self, numbers: Longs) -> Longs:
        """Rows of step numbers (n,); −1 where no statement has the number."""
        known = (numbers > 0) & (numbers < len(self.row_of))
        return np.where(known, self.row_of[np.where(known, numbers, 0)], -1).astype(np.int64)

    def of_kind(self, rows: Longs, keyword: str) -> NDArray[np.bool_]:
        """Which rows (n,) hold statements of a keyword; −1 does not."""
        fitting: NDArray[np.bool_] = self.keyword[rows] == step_text.key_of(keyword)
        return fitting & (rows >= 0)

    def arguments(self, rows: Longs, count: int) -> Longs:
        """Read what the first arguments refer to (n, count): a step number, also of a list of one.

        0 stands for nothing, −1 for anything else, and for all of a row −1.
        """
        found: Any = np.full((len(rows), count), -1, dtype=np.int64)
        some = np.flatnonzero(rows >= 0)
        part = np.full((len(some), count), -1, dtype=np.int64)
        step_text.arguments(self.text, self.begin, self.end, rows[some], part)
        found[some] = part
        return np.asarray(found)

    def triples(self, rows: Longs) -> NDArray[np.float64]:
        """Read the three numbers of points or directions (n, 3); NaN where there are not three, and for a row −1."""
        found = np.full((len(rows), 3), np.nan)
        some = np.flatnonzero(rows >= 0)
        part = np.full((len(some), 3), np.nan)
        step_text.triples(self.text, self.begin, self.end, rows[some], part)
        found[some] = part
        return found


def scan(path: Path) -> Statements | None:
    """Find the statements of a file; None where its text is irregular: then only the parser may judge it."""
    text: Bytes = np.memmap(path, dtype=np.uint8, mode="r").view(np.ndarray)     # slices of a memmap cost more
    most = int(np.count_nonzero(text == ord(";")))
    begin, end, number, keyword = (np.zeros(most, dtype=np.int64) for _ in range(4))
    plain = np.zeros(most, dtype=np.bool_)
    count = step_text.statements(text, begin, end, number, keyword, plain)
    if count <= 0 or int(number[:count].max()) >= MOST_NUMBER:
        return None
    begin, end, number, keyword, plain = begin[:count], end[:count], number[:count], keyword[:count], plain[:count]
    row_of = np.full(int(number.max()) + 1, -1, dtype=np.int32)
    row_of[number] = np.arange(count)
    if not (row_of[number] == np.arange(count)).all():                              # a number that is used twice
        return None
    return Statements(text=text, begin=begin, end=end, keyword=keyword, plain=plain, row_of=row_of)
