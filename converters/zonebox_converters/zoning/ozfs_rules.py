"""The rules of one district in the Open Zoning Feed Specification's JSON -> one row of an indicator table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from zonebox.errors import InputError
from zonebox_converters.zoning import loose_json
from zonebox_converters.zoning.layer import texts

_FOOT: Final = 0.3048
_LENGTHS: Final = {("height",): "height", ("setbacks", "front"): "setback_front", ("setbacks", "rear"): "setback_rear",
                   ("setbacks", "side", "interior"): "setback_side",
                   ("setbacks", "side", "corner"): "setback_side_street"}
_OTHERS: Final = {("FAR",): "far", ("lotCoverage",): "coverage", ("stories",): "storeys"}
_NOT_THE_BUILDING: Final = {"accessoryStructures", "accessoryStructuresPermissions", "usePermissions", "premiums"}


def read_rules(path: Path) -> tuple[str, dict[str, NDArray[Any]], list[str]]:
    """Read a district's rules; where they differ by type of building, the strictest number is taken and told.

    Returns
    -------
    name, columns, notes
        Name of the table; one row with ``zone`` and the limits, in metres; what was mended, chosen and left.

    Raises
    ------
    InputError
        Broken JSON; no district; no rule that can be read.
    """
    content, notes = loose_json.read(path)
    district = content.get("district") if isinstance(content, dict) else None
    if not isinstance(district, dict) or "identifier" not in district:
        raise InputError(path.name, got="JSON without a district", want="an OZFS rule file with district.identifier")
    found: dict[str, set[float]] = defaultdict(set)
    for place, number in _numbers(content, ()):
        concept, factor = _concept(place)
        if concept:
            found[concept].add(round(number * factor, 6))
    if not found:
        raise InputError(path.name, got="no height, setback, FAR or coverage", want="rules of a district")
    row: dict[str, object] = {"zone": str(district["identifier"]).rpartition("-")[2],
                              "land_use_name": district.get("name")}
    for concept, numbers in found.items():
        row[concept] = max(numbers) if concept.startswith("setback") else min(numbers)
        if len(numbers) > 1:
            listed = ", ".join(f"{n:g}" for n in sorted(numbers))
            notes.append(f"{path.name}: {concept} is {listed} by type of building; the strictest, {row[concept]:g}, "
                         "is taken")
    notes.append(f"{path.name}: heights and setbacks are in feet")
    return path.name, {key: texts([value]) for key, value in row.items()}, notes


def _numbers(value: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], float]]:
    """Every number with the names that lead to it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in _NOT_THE_BUILDING:
                yield from _numbers(inner, (*place, key))
    elif isinstance(value, list):
        for inner in value:
            yield from _numbers(inner, place)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield place, float(value)


def _concept(place: tuple[str, ...]) -> tuple[str, float]:
    """Concept that a place in the rules stands for, and the metres in its unit; "" for none."""
    if place and place[-1] in {"min", "minimum"} and "setbacks" not in place:
        return "", 1.0
    for names, concept in (*_LENGTHS.items(), *_OTHERS.items()):
        start = next((at for at in range(len(place)) if place[at:at + len(names)] == names), None)
        if start is not None and not set(place[start + len(names):]) - {"max", "maximum", "min", "wall", "roof",
                                                                       "residential", "value"}:
            return concept, _FOOT if names in _LENGTHS else 1.0
    return "", 1.0
