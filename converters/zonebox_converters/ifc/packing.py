"""Facts of a file as JSON, for the way out of a child process and into the cache."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from zonebox_converters.ifc.facts import Facts, Level, Part, Room
from zonebox_converters.ifc.stated import Conversion, Stated

Rows = dict[str, Any]
"""Property sets of many parts: names stand once for all that have the same ones."""


def pack(facts: Facts) -> dict[str, Any]:
    """Turn facts into what JSON can hold."""
    said = {f.name: getattr(facts, f.name) for f in dataclasses.fields(facts)}
    said["stated"] = dataclasses.asdict(facts.stated)
    said["levels"] = [dataclasses.asdict(level) for level in facts.levels]
    said["rooms"] = [dataclasses.asdict(room) for room in facts.rooms]
    said["parts"] = [[p.number, p.guid, p.ifc_class, p.name, p.storey] for p in facts.parts]
    said["properties"] = pack_properties((p.number, p.properties) for p in facts.parts if p.properties)
    said["attributes"] = dict(facts.attributes)
    return said


def unpack(said: Mapping[str, Any], more: Sequence[Rows] = ()) -> Facts:
    """Turn it back; ``more`` are properties that came apart from the facts.

    Raises
    ------
    KeyError, TypeError, ValueError
        Not what `pack` wrote.
    """
    known: dict[int, dict[str, str]] = {}
    for rows in (said["properties"], *more):
        for number, own in unpack_properties(rows).items():
            known[number] = {**known[number], **own} if number in known else own
    return Facts(
        name=said["name"],
        stated=unpack_stated(said["stated"]),
        parts=tuple(Part(number=number, guid=guid, ifc_class=ifc_class, name=name, storey=storey,
                         properties=known.get(number, {}))
                    for number, guid, ifc_class, name, storey in said["parts"]),
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
    """Write (step id, properties) of many parts, each list of names once."""
    names: dict[tuple[str, ...], int] = {}
    rows = [[number, names.setdefault(tuple(values), len(names)), list(values.values())] for number, values in parts]
    return {"names": [list(keys) for keys in names], "rows": rows}


def unpack_properties(said: Rows) -> dict[int, dict[str, str]]:
    """Step id -> properties."""
    names = said["names"]
    return {number: dict(zip(names[kind], values, strict=True)) for number, kind, values in said["rows"]}
