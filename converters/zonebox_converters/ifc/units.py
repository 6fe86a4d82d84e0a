"""The length unit of a file, and whether it is what its name says."""

from __future__ import annotations

from typing import Any, Final

KNOWN_M: Final = {
    "inch": 0.0254, "foot": 0.3048, "feet": 0.3048, "us survey foot": 1200.0 / 3937.0, "yard": 0.9144,
    "mile": 1609.344,
}
"""Conversion-based length units that IFC names, in metres."""

ROUNDED: Final = 5e-7
"""Files round the factor of the US survey foot to seven digits; no more than this (relative) is lost."""


def length_unit(model: Any) -> tuple[float, list[str]]:
    """Metres in the file's length unit, and remarks on a unit that is missing, unknown or wrong.

    The factor that the file writes is always used, since its author drew with it; a name that says otherwise is told.
    """
    from ifcopenshell.util.unit import calculate_unit_scale

    notes = [] if model.by_type("IfcProject") else ["the file has no IfcProject"]
    if not model.by_type("IfcUnitAssignment"):
        return 1.0, [*notes, "the file states no unit: lengths are taken as metres"]
    factor = float(calculate_unit_scale(model))
    return factor, [*notes, *_remarks(model, factor)]


def _remarks(model: Any, factor: float) -> list[str]:
    units = [unit for unit in model.by_type("IfcConversionBasedUnit") if unit.UnitType == "LENGTHUNIT"]
    assigned = {unit.id() for assignment in model.by_type("IfcUnitAssignment") for unit in assignment.Units}
    notes = []
    for unit in units:
        if unit.id() not in assigned:
            continue
        name = str(unit.Name).strip().strip("'").lower()
        true = KNOWN_M.get(name)
        if true is None:
            notes.append(f'length unit "{unit.Name}" is none that IFC names: its factor {factor:.10g} m is used')
        elif abs(factor / true - 1.0) > ROUNDED:
            notes.append(f'length unit "{unit.Name}" is written as {factor:.10g} m, but is {true:.10g} m: the written '
                         f"factor is used, lengths may be {abs(factor / true - 1.0):.3%} off")
    return notes
