"""The numbers of the parcel table -> controls, with everything that was not taken as it stands told."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox.frame import Frame
from zonebox.model import Authority, Control, Datum, Kind, Parcel
from zonebox_converters.zoning.applying import some
from zonebox_converters.zoning.elevations import absolute_height
from zonebox_converters.zoning.fields import Field
from zonebox_converters.zoning.stamping import stamp
from zonebox_converters.zoning.values import Limits, read_limits, read_numbers

_ABSOLUTE_WORDS: Final = ("机场", "净空", "绝对", "高程", "海拔", "absolute", "elevation")
"""Words of a height type 限高类型 that make the height an elevation (domain A5)."""
_FIELDS: Final = (
    ("far", "upper", Kind.FAR_MIN, Kind.FAR), ("far_min", "lower", Kind.FAR_MIN, Kind.FAR),
    ("coverage", "upper", Kind.COVERAGE_MIN, Kind.COVERAGE),
    ("coverage_min", "lower", Kind.COVERAGE_MIN, Kind.COVERAGE),
    ("height", "upper", Kind.HEIGHT_MIN, Kind.HEIGHT), ("height_min", "lower", Kind.HEIGHT_MIN, Kind.HEIGHT),
    ("height_abs", "upper", None, Kind.HEIGHT_ABSOLUTE),
    ("green", "lower", Kind.GREEN, Kind.GREEN_MAX), ("green_max", "upper", Kind.GREEN, Kind.GREEN_MAX),
)
"""Concept, what a number without a sign bounds, and the kinds of its lower and upper bound."""
_RATIOS: Final = ("coverage", "coverage_min", "green", "green_max")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """The parcel table: columns as read and as text, the field of each concept, and the parcel numbers.

    ``keyed`` is what comes before a parcel number where a message names a row, e.g. ``parcels.shp#DKBH=``.
    """

    columns: Mapping[str, NDArray[Any]]
    texts: Mapping[str, list[str]]
    fields: Mapping[str, Field]
    ids: list[str]
    keyed: str
    decimal: str

    def place(self, row: int, field: str) -> str:
        """Name a cell."""
        return f"{self.keyed}{self.ids[row]}/{field}"

    def text(self, concept: str) -> list[str]:
        """Cells of a concept as text; "" where the table has no such field."""
        return self.texts[self.fields[concept].name] if concept in self.fields else [""] * len(self.ids)

    def numbers(self, concept: str, *, unit: str = "") -> NDArray[np.float64]:
        """Cells of a concept as numbers; NaN where blank or where the table has no such field.

        ``unit`` is that of lengths whose cells name none.
        """
        if concept not in self.fields:
            return np.full(len(self.ids), np.nan)
        field = self.fields[concept].name
        return read_numbers(self.columns[field], decimal=self.decimal, place=lambda row: self.place(row, field),
                            unit=unit)

    def limits(self, concept: str, *, plain: str, ratio: bool = False) -> Limits | None:
        """Cells of a concept as limits; None where the table has no such field."""
        if concept not in self.fields:
            return None
        field = self.fields[concept].name
        return read_limits(self.columns[field], plain=plain, decimal=self.decimal, ratio=ratio,
                           far=concept in {"far", "far_min"},
                           place=lambda row: self.place(row, field))


class _Found:
    """Controls in the order in which they are found, one of a kind on a parcel."""

    def __init__(self) -> None:
        self.controls: list[Control] = []
        self._by_kind: dict[Kind, dict[str, Control]] = {}

    def of(self, kind: Kind) -> Mapping[str, Control]:
        """Give those of one kind by parcel number."""
        return self._by_kind.get(kind, {})

    def add(self, kind: Kind, controls: Sequence[Control]) -> list[tuple[Control, Control]]:
        """Add controls of one kind, but where a parcel has one; tell each pair of what it has and what is left out."""
        held = self._by_kind.setdefault(kind, {})
        if held:
            clashes = [(held[control.parcel], control) for control in controls if control.parcel in held]
            controls = [control for control in controls if control.parcel not in held]
        else:
            clashes = []
        held.update(zip((control.parcel for control in controls), controls, strict=True))
        self.controls += controls
        return clashes


def indicator_controls(
    table: Table, parcels: Sequence[Parcel], frame: Frame, authority: Authority | None, *, document: str
) -> tuple[list[Control], list[str]]:
    """Make far, coverage, height, height_abs and green controls from the parcel table.

    Parameters
    ----------
    table : Table
        The parcel table.
    parcels : sequence of Parcel
        Made from it, row by row.
    frame : Frame
        Whose vertical datum absolute heights are brought to.
    authority : Authority or None
        The plan's document; without one the controls are ``unconfirmed`` and name the file.
    document : str
        Name of the file.

    Returns
    -------
    controls, notes
        By indicator, then by parcel; sentences about zeros, lower bounds and units.

    Raises
    ------
    InputError
        A value that cannot be read.
    FrameError
        An absolute height in another datum that cannot be brought over.
    """
    ruled_by = authority or Authority(doc=document, status="unconfirmed")
    types = table.text("height_type")
    elevated = {text for text in set(types) if any(word in text.casefold() for word in _ABSOLUTE_WORDS)}
    absolute = np.array([text in elevated for text in types], dtype=bool)
    found = _Found()
    notes: list[str] = []
    for concept, plain, low, high in _FIELDS:
        limits = table.limits(concept, plain=plain, ratio=concept in _RATIOS)
        if limits is None:
            continue
        field = table.fields[concept].name
        signed = replace(ruled_by, clause=field)
        for kind, bound in ((high, limits.high), (low, limits.low)):
            if kind is not None:
                notes += _add(found, table, kind, bound, absolute, field, signed)
        notes += _zero_note(table, parcels, limits, field) if plain == "upper" else []
        told = "mixed" in limits.unit or (concept in {"far", "far_min"} and limits.unit)
        notes += [f"{table.keyed[:-1]}: {field} is read as {limits.unit}"] if told else []
        notes += _elsewhere_note(table, limits, field)
        notes += _unused_note(table, absolute if concept == "height" else np.full(len(table.ids), low is None),
                              limits.low, field)
    notes += _add_elevations(found, table, parcels, frame, ruled_by)
    return found.controls, [*notes, *_crossed(found)]


def _add(
    found: _Found, table: Table, kind: Kind, bound: NDArray[np.float64], absolute: NDArray[np.bool_], field: str,
    authority: Authority,
) -> list[str]:
    """Add the bounds (n,) of one column; a height of an absolute type is an elevation, and has no lower bound."""
    rows = np.flatnonzero(np.isfinite(bound))
    high = absolute[rows] & (kind in {Kind.HEIGHT, Kind.HEIGHT_MIN})
    kinds = [(Kind.HEIGHT_ABSOLUTE, rows[high])] if kind is Kind.HEIGHT and high.any() else []
    begun, clashes = len(found.controls), list[tuple[Control, Control]]()
    for turned, mine in ((kind, rows[~high]), *kinds):
        numbers, make = [table.ids[row] for row in mine.tolist()], _stamp(turned, authority)
        values, which = np.unique(bound[mine], return_inverse=True)
        limits = [round(value, 6) for value in values.tolist()]
        before, after = f"/{turned}", f"/{field}"
        made = [make(number + before, number, limits[k], table.keyed + number + after)
                for number, k in zip(numbers, which.tolist(), strict=True)]
        clashes += found.add(turned, made)
    if kinds:                                               # two kinds from one column: by parcel, as all others
        place = {table.ids[row]: row for row in rows.tolist()}
        found.controls[begun:] = sorted(found.controls[begun:], key=lambda control: place[control.parcel])
        clashes.sort(key=lambda pair: place[pair[1].parcel])
    return [note for held, control in clashes for note in _twice(held, control)]


def _twice(held: Control, control: Control) -> list[str]:
    """Say where two fields bound one thing differently; the first one holds."""
    if held.limit == control.limit or held.source == control.source:
        return []
    return [(f"{control.source} says {control.limit:g}, {held.source} {held.limit:g} for the same bound; "
             "the latter is used")]


def _crossed(found: _Found) -> list[str]:
    """Say where a lower bound lies above its upper one."""
    notes = []
    for low, high in ((low, high) for _, plain, low, high in _FIELDS if low is not None and plain == "upper"):
        for parcel, least in found.of(low).items():
            most = found.of(high).get(parcel)
            if most is not None and most.limit is not None and least.limit is not None and least.limit > most.limit:
                notes.append(f"{least.source} asks for at least {least.limit:g} and {most.source} for at most "
                             f"{most.limit:g}: nothing satisfies both")
    return notes


def _add_elevations(
    found: _Found, table: Table, parcels: Sequence[Parcel], frame: Frame, authority: Authority
) -> list[str]:
    """Add absolute heights hidden in remarks, with the datum they stand in, where no field states one."""
    bare = []
    for row, remark in enumerate(table.text("remark")):
        level = absolute_height(remark) if remark else None
        if level is None or parcels[row].id in found.of(Kind.HEIGHT_ABSOLUTE):
            continue
        field = table.fields["remark"].name
        if not level[1]:
            bare.append(f"{table.ids[row]} ({level[0]:g} m)")
            continue
        metres = _in_scene_datum(level[0], level[1], parcels[row], frame, table.place(row, field))
        found.add(Kind.HEIGHT_ABSOLUTE, [_control(table, row, Kind.HEIGHT_ABSOLUTE, metres, field,
                                                  replace(authority, clause=field))])
    return [(f"{table.keyed[:-1]}: {table.fields['remark'].name} states an elevation without its datum on "
             f"{some(bare)}, "
             "which is not used; write it as 限高51.7米（1985国家高程基准）")] if bare else []


def _in_scene_datum(level: float, datum: str, parcel: Parcel, frame: Frame, where: str) -> float:
    """Bring an elevation to the scene's vertical datum at the parcel, exactly or not at all."""
    if frame.vertical == f"EPSG:{datum}":
        return level
    point = parcel.shape.representative_point()
    east, north = frame.world([[point.x, point.y]])[0]
    return float(frame.enter([[east, north, level]], f"{frame.horizontal}+{datum}", where=where)[0, 2])


def _control(table: Table, row: int, kind: Kind, limit: float, field: str, authority: Authority) -> Control:
    number = table.ids[row]
    return _stamp(kind, authority)(f"{number}/{kind}", number, round(float(limit), 6), table.place(row, field))


@functools.lru_cache(maxsize=64)
def _stamp(kind: Kind, authority: Authority) -> Callable[[str, str, float | None, str], Control]:
    elevation = kind is Kind.HEIGHT_ABSOLUTE
    return stamp(Control(id="", parcel="", kind=kind, datum=Datum.ABSOLUTE if elevation else Datum.DESIGN_GROUND,
                         measure="highest" if elevation else "parapet", authority=authority))


def _zero_note(table: Table, parcels: Sequence[Parcel], limits: Limits, field: str) -> list[str]:
    names = [table.ids[row] for row in np.flatnonzero(limits.zero) if parcels[row].buildable]
    return [f"{table.keyed[:-1]}: {field} = 0 is taken for no limit on {some(names)}"] if names else []


def _unused_note(table: Table, unused: NDArray[np.bool_], low: NDArray[np.float64], field: str) -> list[str]:
    """Say where a lower bound of an elevation is left: no kind of control asks for one."""
    names = [table.ids[row] for row in np.flatnonzero(np.isfinite(low) & unused)]
    return [f"{table.keyed[:-1]}: {field} has a lower bound on {some(names)}, which is not checked"] if names else []


def _elsewhere_note(table: Table, limits: Limits, field: str) -> list[str]:
    """Say where a cell puts its number off."""
    names = [table.ids[row] for row in np.flatnonzero(limits.elsewhere)]
    return [f"{table.keyed[:-1]}: {field} refers to another place on {some(names)}; no limit is read"] if names else []
