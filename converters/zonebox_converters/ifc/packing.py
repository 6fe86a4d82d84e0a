"""Facts of a file as JSON, for the way out of a child process and into the cache."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from zonebox_converters.ifc.facts import Facts, Level, Part, Room
from zonebox_converters.ifc.stated import Conversion, Stated

Rows = dict[str, Any]
"""Property sets of many parts: names stand once for all that have the same ones, values column by column."""

_COLUMNS: Final = ("number", "guid", "ifc_class", "name", "storey")


def pack(facts: Facts) -> dict[str, Any]:
    """Turn facts into what JSON can hold."""
    said = {f.name: getattr(facts, f.name) for f in dataclasses.fields(facts)}
    said["stated"] = dataclasses.asdict(facts.stated)
    said["levels"] = [dataclasses.asdict(level) for level in facts.levels]
    said["rooms"] = [dataclasses.asdict(room) for room in facts.rooms]
    said["parts"] = {name: [getattr(part, name) for part in facts.parts] for name in _COLUMNS}
    said["properties"] = pack_properties((p.number, p.properties) for p in facts.parts if p.properties)
    said["attributes"] = dict(facts.attributes)
    return said


def unpack(said: Mapping[str, Any], more: Sequence[Rows] = ()) -> Facts:
    """Turn it back, with properties from the facts and from ``more`` that came apart from them.

    Raises
    ------
    KeyError, TypeError, ValueError
        Not what `pack` wrote.
    """
    known: dict[int, dict[str, str]] = {}
    for rows in (said["properties"], *more):
        for number, own in unpack_properties(rows).items():
            known[number] = {**known[number], **own} if number in known else own
    return with_properties(said, known)


def with_properties(said: Mapping[str, Any], known: Mapping[int, Mapping[str, str]]) -> Facts:
    """Turn back what `pack` wrote, with the properties of parts by step id."""
    return Facts(
        name=said["name"],
        stated=unpack_stated(said["stated"]),
        parts=tuple(map(Part._make, zip(*(said["parts"][name] for name in _COLUMNS),
                                        [known.get(number, {}) for number in said["parts"]["number"]], strict=True))),
        levels=tuple(Level(**level) for level in said["levels"]),
        rooms=tuple(Room(**room) for room in said["rooms"]),
        grounds=tuple((name, height) for name, height in said["grounds"]),
        attributes=said["attributes"],
        notes=tuple(said["notes"]),
    )


def unpack_stated(said: Mapping[str, Any]) -> Stated:
    """Turn the statements about the place back."""
    known = dict(said)
    for key in ("anchor", "site_origin", "true_north"):
        known[key] = tuple(known[key])
    known["lat_lon"] = tuple(known["lat_lon"]) if known["lat_lon"] else None
    known["conversions"] = tuple(Conversion(**{**c, "factors": tuple(c["factors"])}) for c in known["conversions"])
    return Stated(**known)


def pack_properties(parts: Iterable[tuple[int, Mapping[str, str]]]) -> Rows:
    """Write (step id, properties) of many parts, those of the same names together: long plain lists are soon read."""
    kinds: dict[tuple[str, ...], tuple[list[int], list[list[str]]]] = {}
    for number, values in parts:
        numbers, rows = kinds.setdefault(tuple(values), ([], []))
        numbers.append(number)
        rows.append(list(values.values()))
    return {"kinds": [{"names": list(names), "numbers": numbers, "columns": list(map(list, zip(*rows, strict=True)))}
                      for names, (numbers, rows) in kinds.items()]}


def unpack_properties(said: Rows) -> dict[int, dict[str, str]]:
    """Step id -> properties."""
    known: dict[int, dict[str, str]] = {}
    for kind in said["kinds"]:
        names = kind["names"]
        for number, *values in zip(kind["numbers"], *kind["columns"], strict=True):
            known[number] = dict(zip(names, values, strict=True))
    return known


def count_parts(said: Rows) -> int:
    """Count the parts that properties were written of."""
    return sum(len(kind["numbers"]) for kind in said["kinds"])
