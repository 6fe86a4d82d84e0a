"""Whether a metadata schema is one: its names, classes, properties and enums.

Every function returns (place, text) pairs, the place relative to what it was given.

Source: OGC 22-025r4, 3D Metadata Specification and its JSON schemas; 3D Metadata Semantic Reference.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from zonebox_converters.tiles.glb import Json

Found = Iterator[tuple[str, str]]

INTEGERS: Final = {f"{sign}INT{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if not sign else (0, 2**bits - 1)
                   for sign, bits in itertools.product(("", "U"), (8, 16, 32, 64))}
FLOATS: Final = ("FLOAT32", "FLOAT64")
PARTS: Final = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
OTHER_TYPES: Final = ("STRING", "BOOLEAN", "ENUM")
ENUM_TYPE: Final = "UINT16"
"""Component type of an enum that names none."""

_IDENTIFIER: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_TEXTS: Final = ("name", "description")
_FLOAT_LISTS: Final = {"BOUNDING_BOX": 12, "BOUNDING_REGION": 6, "BOUNDING_SPHERE": 4}
_FLOAT_SCALARS: Final = ("TILE_GEOMETRIC_ERROR", *(f"{holder}_{which}_HEIGHT" for holder in ("TILE", "CONTENT")
                                                    for which in ("MINIMUM", "MAXIMUM")))
_SEMANTICS: Final[dict[str, tuple[str, tuple[str, ...], int | None]]] = {
    **{f"{holder}_{name}": ("SCALAR", FLOATS, count) for holder in ("TILE", "CONTENT")
       for name, count in _FLOAT_LISTS.items()},
    **{f"{holder}_BOUNDING_S2_CELL": ("SCALAR", ("UINT64",), None) for holder in ("TILE", "CONTENT")},
    **{f"{holder}_HORIZON_OCCLUSION_POINT": ("VEC3", FLOATS, None) for holder in ("TILE", "CONTENT")},
    **dict.fromkeys(_FLOAT_SCALARS, ("SCALAR", FLOATS, None)),
    "TILE_REFINE": ("SCALAR", ("UINT8",), None), "CONTENT_GROUP_ID": ("SCALAR", tuple(INTEGERS), None),
    "CONTENT_URI": ("STRING", (), None), "NAME": ("STRING", (), None), "DESCRIPTION": ("STRING", (), None),
}
"""What a property of a known meaning must be: type, component types, and how many of it (None: no array)."""


def check_schema(schema: Any) -> Found:
    """Say what is wrong with a schema object."""
    if not isinstance(schema, dict):
        yield "", "is no object"
        return
    if not isinstance(schema.get("id"), str):
        yield "/id", "is missing or no string"
    elif not is_identifier(schema["id"]):
        yield "/id", f"got {schema['id']!r}, want letters, digits and _"
    yield from _check_texts(schema, "", (*_TEXTS, "version"))
    for part in ("classes", "enums"):
        given = schema.get(part, {})
        if not isinstance(given, dict) or not all(isinstance(entry, dict) for entry in given.values()):
            yield f"/{part}", "is no object of objects"
            return
        for name in given:
            if not is_identifier(name):
                yield f"/{part}", f"got {name!r}, want letters, digits and _"
    for name, enum in schema.get("enums", {}).items():
        yield from _check_enum(enum, f"/enums/{name}")
    for name, declared in schema.get("classes", {}).items():
        yield from _check_class(declared, schema, f"/classes/{name}")


def is_identifier(name: Any) -> bool:
    """Whether a value is a name as schemas ask for.

    >>> is_identifier("_height"), is_identifier("2nd"), is_identifier("高度"), is_identifier(4)
    (True, False, False, False)
    """
    return isinstance(name, str) and _IDENTIFIER.fullmatch(name) is not None


def objects(holder: Any, key: str) -> dict[str, Json]:
    """Objects under a key, nothing where they are not what they should be."""
    given = holder.get(key) if isinstance(holder, dict) else None
    return {k: v for k, v in given.items() if isinstance(v, dict)} if isinstance(given, dict) else {}


def _check_texts(holder: Json, place: str, keys: tuple[str, ...] = _TEXTS) -> Found:
    for key in keys:
        if not isinstance(holder.get(key, ""), str):
            yield f"{place}/{key}", "is no string"


def _check_enum(enum: Json, place: str) -> Found:
    yield from _check_texts(enum, place)
    kind = enum.get("valueType", ENUM_TYPE)
    if not isinstance(kind, str) or kind not in INTEGERS:
        yield f"{place}/valueType", f"got {kind!r}, want an integer type"
        return
    values = enum.get("values")
    if not isinstance(values, list) or not values or not all(isinstance(v, dict) for v in values):
        yield f"{place}/values", "is no array of objects, or an empty one"
        return
    for key in ("name", "value"):
        found = [v.get(key) for v in values]
        if None in found or len(set(map(repr, found))) != len(found):
            yield f"{place}/values", f"has a {key} that is missing or there twice"
    low, high = INTEGERS[kind]
    for number, entry in enumerate(values):
        yield from _check_texts(entry, f"{place}/values/{number}")
        value = entry.get("value", 0)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            yield f"{place}/values/{number}/value", f"got {value!r}, want one of {kind}"


def _check_class(declared: Json, schema: Json, place: str) -> Found:
    yield from _check_texts(declared, place)
    properties = declared.get("properties")
    if properties is not None and (not isinstance(properties, dict) or not properties):
        yield f"{place}/properties", "is no object or an empty one"
        return
    meanings: dict[str, str] = {}
    for key, prop in (properties or {}).items():
        if not is_identifier(key):
            yield f"{place}/properties", f"got {key!r}, want letters, digits and _"
        if not isinstance(prop, dict):
            yield f"{place}/properties/{key}", "is no object"
            continue
        yield from _check_property(prop, schema, f"{place}/properties/{key}")
        meaning = prop.get("semantic")
        if isinstance(meaning, str) and meaning in meanings:
            yield f"{place}/properties/{key}/semantic", f"{meaning} is that of {meanings[meaning]} too"
        elif isinstance(meaning, str):
            meanings[meaning] = key


def _check_property(prop: Json, schema: Json, place: str) -> Found:
    yield from _check_texts(prop, place, (*_TEXTS, "semantic"))
    for key in ("array", "required", "normalized"):
        if not isinstance(prop.get(key, False), bool):
            yield f"{place}/{key}", "is no boolean"
    kind = prop.get("type")
    if not isinstance(kind, str) or (kind not in PARTS and kind not in OTHER_TYPES):
        yield f"{place}/type", f"got {kind!r}, want a type of the 3D Metadata Specification"
        return
    if kind in PARTS and prop.get("componentType") not in [*INTEGERS, *FLOATS]:
        yield f"{place}/componentType", f"got {prop.get('componentType')!r}, want a numeric type"
        return
    if kind not in PARTS and "componentType" in prop:
        yield f"{place}/componentType", f"may not stand beside {kind}"
    if kind == "ENUM" and prop.get("enumType") not in list(schema.get("enums", {})):
        yield f"{place}/enumType", f"got {prop.get('enumType')!r}, want an enum of the schema"
    elif kind != "ENUM" and "enumType" in prop:
        yield f"{place}/enumType", f"may not stand beside {kind}"
    yield from _check_count(prop, place)
    yield from _check_numbers(prop, place)
    yield from _check_stand_ins(prop, schema, place)
    yield from _check_meaning(prop, place)


def _check_count(prop: Json, place: str) -> Found:
    count = prop.get("count", 2)
    if not isinstance(count, int) or isinstance(count, bool) or count < 2:
        yield f"{place}/count", f"got {count!r}, want a whole number of at least 2"
    if "count" in prop and not prop.get("array"):
        yield f"{place}/count", "may stand beside array only"


def _check_numbers(prop: Json, place: str) -> Found:
    """Check normalization, scale and offset, and the bounds, all of which only numbers have."""
    numeric, whole = prop["type"] in PARTS, prop.get("componentType") in list(INTEGERS)
    if prop.get("normalized") and not whole:
        yield f"{place}/normalized", "may stand beside integers only"
    for key in ("offset", "scale", "min", "max"):
        if key not in prop:
            continue
        if not numeric or (prop.get("array") and "count" not in prop):
            yield f"{place}/{key}", "may stand beside numbers and arrays of a fixed length only"
        elif key in ("offset", "scale") and whole and not prop.get("normalized"):
            yield f"{place}/{key}", "may stand beside floating point and normalized numbers only"
        elif not _shaped(prop[key], prop):
            yield f"{place}/{key}", "has not the shape of a value"


def _shaped(value: Any, prop: Json) -> bool:
    """Whether a value has as many numbers as the property's type and count ask for."""
    parts, count = PARTS[prop["type"]], prop.get("count")
    shape = (*((count,) if prop.get("array") else ()), *((parts,) if parts > 1 else ()))
    try:
        given = np.array(value)
    except ValueError:
        return False
    return given.shape == shape and given.dtype.kind in "iuf"


def _in_range(value: Any, prop: Json) -> bool:
    """Whether a value of the right shape can be stored in the property's component type."""
    given = np.array(value)
    if prop["componentType"] not in INTEGERS:
        return True
    low, high = INTEGERS[prop["componentType"]]
    return given.dtype.kind in "iu" and bool((given >= low).all() and (given <= high).all())


def _check_stand_ins(prop: Json, schema: Json, place: str) -> Found:
    """Check what stands for a value that is not there."""
    for key in ("noData", "default"):
        if key not in prop:
            continue
        if prop.get("required"):
            yield f"{place}/{key}", "may not stand beside required"
        if key == "noData" and prop["type"] == "BOOLEAN":
            yield f"{place}/{key}", "may not stand beside BOOLEAN"
        elif not _possible(prop[key], prop, schema):
            yield f"{place}/{key}", f"{prop[key]!r} is no value of the property"


def _possible(value: Any, prop: Json, schema: Json) -> bool:
    """Whether a value may be one of a property, in type and shape."""
    if prop.get("array") and (not isinstance(value, list) or len(value) != prop.get("count", len(value))):
        return False
    if prop["type"] in PARTS:
        if not prop.get("array") or "count" in prop:
            return _shaped(value, prop) and _in_range(value, prop)
        return all(_shaped(entry, {"type": prop["type"]}) and _in_range(entry, prop) for entry in value)
    values = value if prop.get("array") else [value]
    if prop["type"] == "BOOLEAN":
        return all(isinstance(entry, bool) for entry in values)
    if prop["type"] == "STRING":
        return all(isinstance(entry, str) for entry in values)
    enum: Mapping[str, Any] = objects(schema, "enums").get(str(prop.get("enumType")), {})
    given = enum.get("values")
    names = [entry.get("name") for entry in given if isinstance(entry, dict)] if isinstance(given, list) else []
    return all(entry in names for entry in values)


def _check_meaning(prop: Json, place: str) -> Found:
    """Hold a property against what its semantic says it must be."""
    meaning = prop.get("semantic")
    if not isinstance(meaning, str) or meaning not in _SEMANTICS:
        return
    kind, components, count = _SEMANTICS[meaning]
    fits = prop["type"] == kind and (not components or prop.get("componentType") in components)
    listed = not prop.get("array") if count is None else bool(prop.get("array")) and prop.get("count") == count
    if not fits or not listed or prop.get("normalized"):
        what = f"{kind} of {' or '.join(components)}" if components else kind
        yield f"{place}/semantic", f"{meaning} asks for {what}" + (f", {count} of them" if count else "")
