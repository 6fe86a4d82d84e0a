"""Rows of the parcel table -> parcels."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox.model import Parcel
from zonebox.tolerance import AREA_M2, AREA_RATIO
from zonebox_converters.zoning.applying import some
from zonebox_converters.zoning.edge_roles import Labels
from zonebox_converters.zoning.fields import FOR_DISPLAY
from zonebox_converters.zoning.indicators import Table
from zonebox_converters.zoning.landuse import buildable, contradictory
from zonebox_converters.zoning.said import Said
from zonebox_converters.zoning.stamping import frozen
from zonebox_converters.zoning.values import area_factor

_PARCEL: Final = ("id", "shape", "edges", "land_use", "land_use_name", "buildable", "area_declared_m2",
                  "design_ground_m", "attributes", "notes")


def areas(table: Table, drawn: NDArray[np.float64], said: Said) -> NDArray[np.float64]:
    """Bring declared areas to m² (NaN where none): their unit is found by comparison with the drawn areas."""
    declared = table.numbers("area")
    declared = np.where(declared > 0, declared, np.nan)
    if not np.isfinite(declared).any():
        return declared
    unit = area_factor(declared, drawn)
    name = table.fields["area"].name
    if unit is None:
        said.notes.append(f"{table.keyed[:-1]}: {name} fits the drawn areas in no known unit; drawn areas are used")
        return np.full(len(declared), np.nan)
    said.understood.append(("area unit", f"{name} is in {unit[1]}"))
    stated = declared * unit[0]
    gap = np.abs(stated - drawn)
    for row in np.flatnonzero(gap > np.maximum(AREA_M2, AREA_RATIO * stated)):
        said.by_row.setdefault(int(row), []).append(
            f"{name} states {stated[row]:.1f} m², drawn are {drawn[row]:.1f} m²; the stated area governs ratios")
    return np.asarray(stated)


def parcels_of(
    table: Table, labels: Labels, area: NDArray[np.float64], ground: NDArray[np.float64], said: Said,
    system: str,
) -> list[Parcel]:
    """Make the parcels of a table.

    Parameters
    ----------
    labels : Labels
        Shapes and edges, by row.
    area, ground : (n,) float64
        Declared area (m²) and design ground (m); NaN where none.
    system : str
        System of the land use codes; "" where the plan does not state it.
    """
    codes, names = table.text("land_use"), table.text("land_use_name")
    used = {field.name for concept, field in table.fields.items() if concept not in FOR_DISPLAY}
    others = {name: cells for name, cells in table.texts.items() if name not in used}
    pairs = dict.fromkeys(zip(codes, names, strict=True))
    open_land = {pair: not buildable(*pair, system) for pair in pairs}
    for code, name in pairs:
        if contradictory(code, name, system):
            rows = [row for row, cell in enumerate(codes) if cell == code and names[row] == name]
            numbers = [table.ids[row] for row in rows]
            said.notes.append(f'{table.keyed[:-1]}: {table.fields["land_use"].name} {code} admits no buildings and '
                              f'{table.fields["land_use_name"].name} says "{name}" on {some(numbers)}: state '
                              "plan.code_system if the codes are of another system")
    attributes = [{name: cells[row] for name, cells in others.items() if cells[row]} for row in range(len(codes))]
    notes = [tuple(said.by_row.get(row, ())) for row in range(len(codes))]
    admits = [not open_land[pair] for pair in zip(codes, names, strict=True)]
    return frozen(Parcel, _PARCEL, zip(table.ids, labels.shapes, labels.edges, codes, names, admits, _known(area),
                                       _known(ground), attributes, notes, strict=True))


def _known(numbers: NDArray[np.float64]) -> list[float | None]:
    return [round(number, 6) if math.isfinite(number) else None for number in numbers.tolist()]
