"""Setbacks and storeys that a parcel or zone table states as numbers -> controls."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from zonebox.errors import InputError
from zonebox.frame import Frame
from zonebox.geometry import profile as profiles
from zonebox.model import Authority, Control, Datum, EdgeRole, EdgeSelector, Kind, Parcel
from zonebox_converters.zoning.applying import some
from zonebox_converters.zoning.indicators import Table

_ALL: Final[tuple[str, ...]] = ()
_STREETS: Final = (EdgeRole.FRONT, EdgeRole.STREET, EdgeRole.STREET_SIDE)
SETBACKS: Final[Mapping[str, tuple[str, ...]]] = {
    "setback": _ALL,
    "setback_street": tuple(map(str, _STREETS)),
    "setback_boundary": (str(EdgeRole.SIDE), str(EdgeRole.REAR), str(EdgeRole.INTERIOR)),
    "setback_front": (str(EdgeRole.FRONT), str(EdgeRole.STREET)),
    "setback_side_street": (str(EdgeRole.STREET_SIDE),),
    "setback_side": (str(EdgeRole.SIDE), str(EdgeRole.INTERIOR)),
    "setback_rear": (str(EdgeRole.REAR),),
}
"""Concept -> the edges it speaks of; none: every edge."""
_AT_STREETS: Final = ("setback_street", "setback_front")
"""Every lot should have such an edge."""


def yard_controls(
    table: Table, parcels: Sequence[Parcel], authority: Authority | None, *, document: str,
    storey_height_m: float | None,
) -> tuple[list[Control], list[str]]:
    """Make setback and storeys controls from the numbers of a table.

    Parameters
    ----------
    storey_height_m : float or None
        What a storey is taken to be high; without it storeys are told and not checked.

    Raises
    ------
    InputError
        A value that cannot be read.
    """
    ruled_by = authority or Authority(doc=document, status="unconfirmed")
    controls: list[Control] = []
    notes: list[str] = []
    for concept, roles in SETBACKS.items():
        limits = table.limits(concept, plain="lower")
        if limits is None:
            continue
        field = table.fields[concept].name
        signed = replace(ruled_by, clause=field)
        for row in np.flatnonzero(np.isfinite(limits.low)):
            number = table.ids[row]
            controls.append(Control(
                id=f"{number}/{concept}", parcel=number, kind=Kind.SETBACK, authority=signed,
                profile=_fixed(round(float(limits.low[row]), 6)), edges=EdgeSelector(roles=roles),
                source=table.place(int(row), field)))
        idle = [table.ids[row] for row in np.flatnonzero(np.isfinite(limits.low))
                if concept in _AT_STREETS and not any(str(edge.role) in roles for edge in parcels[row].edges)]
        if idle:
            notes.append(f"{table.keyed[:-1]}: {field} acts on nothing on {some(idle)}, as no road is there: name the "
                         "roads in plan.roads")
        if np.isfinite(limits.high).any():
            names = [table.ids[row] for row in np.flatnonzero(np.isfinite(limits.high))]
            notes.append(f"{table.keyed[:-1]}: {field} has an upper bound on {some(names)}, which is not checked")
    storeys, more = _storeys(table, ruled_by, storey_height_m)
    return [*controls, *storeys], [*notes, *more]


def with_references(
    controls: list[Control], table: Table, parcels: Sequence[Parcel], frame: Frame
) -> list[Control]:
    """Let heights count from the ground, to the point and in the datum that their rows state.

    Raises
    ------
    FrameError
        An elevation in a datum that cannot be brought to the scene's.
    """
    grounds, tops, datums = (table.text(name) for name in ("height_from", "height_top", "height_abs_datum"))
    if not any((*grounds, *tops, *datums)):
        return controls
    row_of = {number: row for row, number in enumerate(table.ids)}
    made = []
    for control in controls:
        row, changed = row_of[control.parcel], control
        if control.kind is Kind.HEIGHT and (grounds[row] or tops[row]):
            changed = replace(control, datum=_ground(grounds[row], table, row), measure=tops[row] or control.measure)
        elif control.kind is Kind.HEIGHT_ABSOLUTE and datums[row] and control.limit is not None:
            changed = replace(control, limit=_brought(control.limit, datums[row], parcels[row], frame, control.source))
        made.append(changed)
    return made


def _ground(word: str, table: Table, row: int) -> Datum:
    grounds = [str(datum) for datum in Datum if datum is not Datum.ABSOLUTE]
    if word and word not in grounds:
        raise InputError(table.place(row, table.fields["height_from"].name), got=f'"{word}"',
                         want=f"one of {', '.join(grounds)}")
    return Datum(word) if word else Datum.DESIGN_GROUND


def _brought(level: float, datum: str, parcel: Parcel, frame: Frame, where: str) -> float:
    """Bring an elevation to the scene's vertical datum at the parcel, exactly or not at all."""
    if frame.vertical == datum:
        return level
    point = parcel.shape.representative_point()
    east, north = frame.world([[point.x, point.y]])[0]
    moved = frame.enter([[east, north, level]], f"{frame.horizontal}+{datum.removeprefix('EPSG:')}", where=where)
    return round(float(moved[0, 2]), 6)


@functools.lru_cache(maxsize=256)
def _fixed(distance_m: float) -> profiles.Profile:
    return profiles.fixed(distance_m)


def _storeys(table: Table, authority: Authority, height_m: float | None) -> tuple[list[Control], list[str]]:
    limits = table.limits("storeys", plain="upper")
    if limits is None or not np.isfinite(limits.high).any():
        return [], []
    field, rows = table.fields["storeys"].name, np.flatnonzero(np.isfinite(limits.high))
    if height_m is None:
        names = some([table.ids[row] for row in rows])
        why = "which is not checked: state plan.storey_height_m"
        return [], [f"{table.keyed[:-1]}: {field} limits storeys on {names}, {why}"]
    signed = replace(authority, clause=field)
    return [Control(id=f"{table.ids[row]}/storeys", parcel=table.ids[row], kind=Kind.STOREYS, authority=signed,
                    limit=float(limits.high[row]), storey_height_m=height_m, source=table.place(int(row), field))
            for row in rows], []
