"""Plain property sets of a large file read from its text, so that the parser need not hold them.

Of many exported models three quarters are properties: the parser takes ten bytes of memory for each of theirs, and
seconds to hand them over one by one. What is plain, single values with one string, number or truth each that nothing
but sets refers to, in sets that only relations to products refer to, is left out of the file that is parsed; everything
else stays, and a file with any irregularity is parsed whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox_converters.ifc import step_text
from zonebox_converters.ifc.packing import Rows, pack_properties
from zonebox_converters.ifc.properties import text_of
from zonebox_converters.ifc.statements import Statements
from zonebox_converters.ifc.step_text import OTHER, OWNER, PLACE, RELATION, SET, VALUE, Bytes, Longs

STRING, NUMBER, TRUE = 1, 2, 3
"""What a value is, see `step_text.simple_values`."""

TOGETHER: Final = 20_000
"""Values of a set that lie in so many bytes are read at once."""

MOST_BLANK: Final = 2
SPACE: Final = 32

_KINDS: Final = {"IFCPROPERTYSINGLEVALUE": VALUE, "IFCPROPERTYSET": SET, "IFCRELDEFINESBYPROPERTIES": RELATION,
                 "IFCOWNERHISTORY": OWNER}
_PLACES: Final = ("IFCPROJECT", "IFCSITE", "IFCBUILDING", "IFCBUILDINGSTOREY", "IFCSPACE", "IFCPROJECTLIBRARY")
_STRING: Final = r"'(?:[^']|'')*'"
_IN_SET: Final = re.compile(rf"IFCPROPERTYSET\s*\(\s*'[^']*'\s*,\s*(?:\$|#\d+)\s*,\s*(?:\$|({_STRING}))\s*,")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plain:
    """The plain property sets of a file.

    ``sets_of`` holds the rows of the sets of each thing by its step id; ``values`` which of the ``spans`` are the
    values of each set, in its order; ``count`` is how many statements the parsed file does without.
    """

    text: Bytes
    begin: Longs
    end: Longs
    sets_of: Mapping[int, Sequence[int]]
    values: Mapping[int, Longs]
    spans: Longs
    count: int

    def of(self, number: int) -> dict[str, str]:
        """``Set.Property`` -> text of a thing, as `properties.Sets` writes it."""
        return self._flat(self.sets_of.get(number, ()), {})

    def rows(self) -> Rows:
        """Those of all things, as `packing.pack_properties` writes them."""
        known: dict[tuple[str, str], str] = {}
        return pack_properties((number, self._flat(sets, known)) for number, sets in self.sets_of.items())

    def _flat(self, sets: Sequence[int], known: dict[tuple[str, str], str]) -> dict[str, str]:
        """Write some sets; names that were put together before are ``known``."""
        flat = {}
        for row in sets:
            found = _IN_SET.search(self._said(int(self.begin[row]), int(self.end[row])))
            assert found is not None
            word = found[1] or "''"
            for key, value, what in self._values(self.spans[self.values[row]]):
                if not what:
                    continue
                name = known.get((word, key))
                if name is None:
                    name = known[word, key] = f"{_word(word[1:-1]).strip()}.{_word(key)}"
                flat[name] = (_word(value).strip() if what == STRING else
                              text_of(_number(value)) if what == NUMBER else str(what == TRUE))
        return flat

    def _values(self, spans: Longs) -> Iterator[tuple[str, str, int]]:
        """Yield name, text and kind of values; those of a set mostly follow one another."""
        if not len(spans):
            return
        first, last = int(spans[:, 0].min()), int(spans[:, [1, 3]].max())
        if last - first > TOGETHER:
            for key, key_end, value, value_end, what in spans.tolist():
                yield self._said(key, key_end), self._said(value, value_end), what
            return
        said = self._said(first, last)
        for key, key_end, value, value_end, what in (spans - [first, first, first, first, 0]).tolist():
            yield said[key:key_end], said[value:value_end], what

    def _said(self, begin: int, end: int) -> str:
        return self.text[begin:end].tobytes().decode("latin-1")


def strip(found: Statements, to: Path) -> Plain | None:
    """Write a file without its plain property sets.

    Parameters
    ----------
    found, to : Statements, Path
        The statements of the STEP file, and where the shorter one goes.

    Returns
    -------
    Plain or None
        What was left out; None, and nothing written, where nothing is plain or the text is irregular.
    """
    text, begin, end, row_of, plain = found.text, found.begin, found.end, found.row_of, found.plain.copy()
    kind = np.full(len(found), OTHER, dtype=np.uint8)
    for word, code in (*_KINDS.items(), *((place, PLACE) for place in _PLACES)):
        kind[found.keyword == step_text.key_of(word)] = code
    rows = np.arange(len(begin))
    value = rows[kind == VALUE]
    simple, spans = np.zeros(len(value), dtype=np.bool_), np.zeros((len(value), 5), dtype=np.int64)
    step_text.in_halves(len(value), lambda half: step_text.simple_values(
        text, begin, end, value[half], simple[half], spans[half]))
    plain[value[~simple]] = False
    gone = _dispensable(text, begin, end, kind, plain, row_of)
    if gone is None or not gone.any():
        return None
    relations, sets = rows[gone & (kind == RELATION)], rows[gone & (kind == SET)]
    sets_of: dict[int, list[int]] = {}
    first, referred = step_text.listed(text, begin, end, relations)
    of_kind = kind[row_of[referred]]
    own = np.repeat(row_of[referred[of_kind == SET]], np.diff(first))                   # each has one
    things = (of_kind & (SET | OWNER)) == 0
    for thing, row in zip(referred[things].tolist(), own[things].tolist(), strict=True):
        sets_of.setdefault(thing, []).append(row)
    first, referred = step_text.listed(text, begin, end, sets)
    held = kind[row_of[referred]] == VALUE
    ends = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(held)])[first].tolist()
    place = np.zeros(len(begin), dtype=np.int64)
    place[kind == VALUE] = np.arange(len(spans))
    placed = place[row_of[referred[held]]]
    values = {row: placed[a:b] for row, (a, b) in zip(sets.tolist(), pairwise(ends), strict=True)}
    _write(text, begin[gone], end[gone], to)
    return Plain(text=text, begin=begin, end=end, sets_of=sets_of, values=values, spans=spans,
                 count=int(gone.sum()))


def _dispensable(text: Bytes, begin: Longs, end: Longs, kind: NDArray[np.uint8], plain: NDArray[np.bool_],
                 row_of: NDArray[np.int32]) -> NDArray[np.bool_] | None:
    """Tell which statements the parser can do without; None where something refers to what is not there."""
    rows = np.arange(len(begin))
    first, referred = step_text.listed(text, begin, end, rows)
    used = np.zeros(len(rows), dtype=np.uint8)
    if not step_text.mark(row_of, kind, rows, first, referred, used):
        return None
    target, source = row_of[referred], np.repeat(rows, np.diff(first))
    value, group, relation = (np.flatnonzero(kind == code) for code in (VALUE, SET, RELATION))
    fit = np.zeros(len(rows), dtype=np.bool_)
    fit[value] = plain[value] & (used[value] & ~np.uint8(SET) == 0)
    # a set: an owner, and values that are all fit; only relations refer to it
    fit[group] = plain[group] & (used[group] == RELATION)
    in_set = kind[source] == SET
    unfit = in_set & (kind[target] == VALUE) & ~fit[target]
    fit[source[unfit]] = False
    others = np.bincount(source[in_set & ((kind[target] & (VALUE | OWNER)) == 0)], minlength=len(rows))
    fit[group[others[group] > 0]] = False
    # a relation: one set that is fit, an owner, and things that are no places
    in_relation = kind[source] == RELATION
    sets = np.bincount(source[in_relation & (kind[target] == SET) & fit[target]], minlength=len(rows))
    places = np.bincount(source[in_relation & np.isin(kind[target], (PLACE, VALUE, RELATION))], minlength=len(rows))
    every = np.bincount(source[in_relation & (kind[target] == SET)], minlength=len(rows))
    fit[relation] = plain[relation] & (sets[relation] == 1) & (every[relation] == 1) & (places[relation] == 0)
    _settle(fit, kind, source, target)
    return fit


def _settle(fit: NDArray[np.bool_], kind: NDArray[np.uint8], source: Longs, target: NDArray[np.int32]) -> None:
    """Keep what something that stays refers to: sets of relations that stay, then values of sets that stay."""
    for above, below in ((RELATION, SET), (SET, VALUE)):
        stays = (kind[source] == above) & (kind[target] == below) & ~fit[source]
        fit[target[stays]] = False
        if above == RELATION:                       # and a relation to a set that stays, stays
            back = (kind[source] == RELATION) & (kind[target] == SET) & ~fit[target]
            fit[source[back]] = False


def _write(text: Bytes, begin: Longs, end: Longs, to: Path) -> None:
    """Copy a file without some stretches."""
    starts = np.concatenate([np.zeros(1, dtype=np.int64), end])
    stops = np.concatenate([begin, np.array([len(text)], dtype=np.int64)])
    blank = stops - starts <= MOST_BLANK                        # an end of line between two that go
    some = np.flatnonzero((stops > starts) & ~(blank & (text[np.minimum(starts, len(text) - 1)] <= SPACE)
                                               & (text[np.maximum(stops - 1, 0)] <= SPACE)))
    with to.open("wb") as stream:
        for start, stop in zip(starts[some].tolist(), stops[some].tolist(), strict=True):
            stream.write(text[start:stop].data)


def _word(inner: str) -> str:
    """Read what stands between the quotes of a string."""
    return inner.replace("''", "'") if "'" in inner else inner


def _number(digits: str) -> float | int:
    return float(digits) if any(sign in digits for sign in ".Ee") else int(digits)
