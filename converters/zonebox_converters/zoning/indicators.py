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
from zonebox_converters.zoning.fields import Field
from zonebox_converters.zoning.stamping import stamp
from zonebox_converters.zoning.values import Limits, absolute_height, read_limits, read_numbers

_ABSOLUTE_WORDS: Final = ("机场", "净空", "绝对", "高程", "海拔", "absolute", "elevation")
"""Words of a height type 限高类型 that make the height an elevation (domain A5)."""
_UPPER: Final = ((Kind.FAR, "far", False), (Kind.COVERAGE, "coverage", True), (Kind.HEIGHT, "height", False))
_LOWER_BOUNDS: Final = ("far_min", "coverage_min", "height_min")


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

    def numbers(self, concept: str) -> NDArray[np.float64]:
        """Cells of a concept as numbers; NaN where blank or where the table has no such field."""
        if concept not in self.fields:
            return np.full(len(self.ids), np.nan)
        field = self.fields[concept].name
        return read_numbers(self.columns[field], decimal=self.decimal, place=lambda row: self.place(row, field))

    def limits(self, concept: str, *, plain: str, ratio: bool = False) -> Limits | None:
        """Cells of a concept as limits; None where the table has no such field."""
        if concept not in self.fields:
            return None
        field = self.fields[concept].name
        return read_limits(self.columns[field], plain=plain, decimal=self.decimal, ratio=ratio,
                           place=lambda row: self.place(row, field))


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
    controls: list[Control] = []
    notes: list[str] = []
    absolute = np.array([any(word in text.casefold() for word in _ABSOLUTE_WORDS)
                         for text in table.text("height_type")], dtype=bool)
    for kind, concept, ratio in _UPPER:
        limits = table.limits(concept, plain="upper", ratio=ratio)
        if limits is None:
            continue
        field = table.fields[concept].name
        signed = replace(ruled_by, clause=field)
        for row in np.flatnonzero(np.isfinite(limits.high)):
            turned = kind is Kind.HEIGHT and absolute[row]
            controls.append(_control(table, int(row), Kind.HEIGHT_ABSOLUTE if turned else kind, limits.high[row], field,
                                     signed))
        notes += _zero_note(table, parcels, limits, field) + _bound_note(table, limits.low, field, "lower")
        notes += [f"{table.keyed[:-1]}: {field} is read as {limits.unit}"] if "mixed" in limits.unit else []
    for concept in _LOWER_BOUNDS:
        lower = table.limits(concept, plain="lower", ratio=concept == "coverage_min")
        notes += _bound_note(table, lower.low, table.fields[concept].name, "lower") if lower else []
    green, green_notes = _green(table, ruled_by)
    elevations = _elevations(table, parcels, frame, ruled_by)
    return [*controls, *elevations, *green], [*notes, *green_notes]


def _green(table: Table, authority: Authority) -> tuple[list[Control], list[str]]:
    """Lower bounds of the green ratio; upper bounds (industry) are told."""
    notes: list[str] = []
    controls: list[Control] = []
    limits = table.limits("green", plain="lower", ratio=True)
    if limits is not None:
        field = table.fields["green"].name
        signed = replace(authority, clause=field)
        controls = [_control(table, int(row), Kind.GREEN, limits.low[row], field, signed)
                    for row in np.flatnonzero(np.isfinite(limits.low))]
        notes = _bound_note(table, limits.high, field, "upper")
    most = table.limits("green_max", plain="upper", ratio=True)
    if most is not None:
        notes += _bound_note(table, most.high, table.fields["green_max"].name, "upper")
    return controls, notes


def _elevations(table: Table, parcels: Sequence[Parcel], frame: Frame, authority: Authority) -> list[Control]:
    """Absolute heights: from their own field, or hidden in remarks with the datum they stand in."""
    controls = []
    own = table.limits("height_abs", plain="upper")
    if own is not None:
        field = table.fields["height_abs"].name
        signed = replace(authority, clause=field)
        controls = [_control(table, int(row), Kind.HEIGHT_ABSOLUTE, own.high[row], field, signed)
                    for row in np.flatnonzero(np.isfinite(own.high))]
    have = {control.parcel for control in controls}
    for row, remark in enumerate(table.text("remark")):
        found = absolute_height(remark) if remark else None
        if found is None or parcels[row].id in have:
            continue
        field = table.fields["remark"].name
        level = _in_scene_datum(found[0], found[1], parcels[row], frame, table.place(row, field))
        controls.append(_control(table, row, Kind.HEIGHT_ABSOLUTE, level, field, replace(authority, clause=field)))
    return controls


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


def _bound_note(table: Table, bound: NDArray[np.float64], field: str, side: str) -> list[str]:
    names = [table.ids[row] for row in np.flatnonzero(np.isfinite(bound))]
    return [f"{table.keyed[:-1]}: {field} has a {side} bound on {some(names)}, which is not checked"] if names else []
