"""Whether metadata keeps its schema: the values of a tileset, a tile, a content or a group.

Every function returns (place, text) pairs, the place relative to what it was given.

Source: OGC 22-025r4, 3D Metadata Specification, and the metadata objects of 3D Tiles 1.1, 7.8.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from zonebox_converters.tiles.glb import Json
from zonebox_converters.tiles.schemas import INTEGERS, PARTS, Found, objects

_GEOMETRIC_ERROR: Final = "TILE_GEOMETRIC_ERROR"
_ROUNDING: Final = 1e-6


def check_entity(entity: Any, schema: Json | None) -> Found:
    """Say what is wrong with a metadata entity: an object with the name of its class and the values of properties.

    ``schema`` is None where there is none, and an empty object where it cannot be seen from here.
    """
    if not isinstance(entity, dict):
        yield "", "is no object"
        return
    name = entity.get("class")
    if not isinstance(name, str):
        yield "/class", "is missing or no string"
        return
    if schema is None:
        yield "/class", f"got {name}, but the tileset has no schema"
        return
    if not schema:
        return
    declared = objects(schema, "classes").get(name)
    if declared is None:
        yield "/class", f"{name} is not in the schema"
        return
    yield from _check_values(entity.get("properties", {}), objects(declared, "properties"), schema)


def _check_values(values: Any, declared: Mapping[str, Json], schema: Json) -> Found:
    if not isinstance(values, dict):
        yield "/properties", "is no object"
        return
    for name, prop in declared.items():
        if prop.get("required") and values.get(name) is None:
            yield f"/properties/{name}", "is required and missing"
    for name, value in values.items():
        if name not in declared:
            yield f"/properties/{name}", "is not in the schema"
        elif value is not None:
            wrong = _value_problem(value, declared[name], schema)
            if wrong:
                yield f"/properties/{name}", wrong


def _value_problem(value: Any, prop: Json, schema: Json) -> str:
    """Say what is wrong with a property's value, "" for nothing."""
    if value == prop.get("noData"):
        return ""
    if not prop.get("array"):
        return _element_problem(value, prop, schema) or _range_problem(value, prop)
    if not isinstance(value, list) or len(value) != prop.get("count", len(value)):
        return f"is no array of {prop.get('count', 'any number of')} values"
    return next(filter(None, (_element_problem(v, prop, schema) for v in value)), "") or _range_problem(value, prop)


def _element_problem(value: Any, prop: Json, schema: Json) -> str:
    kind = prop.get("type", "")
    if kind == "STRING":
        return "" if isinstance(value, str) else f"{value!r} is no string"
    if kind == "BOOLEAN":
        return "" if isinstance(value, bool) else f"{value!r} is no boolean"
    if kind == "ENUM":
        enum = objects(schema, "enums").get(prop.get("enumType", ""), {})
        names = [v.get("name") for v in enum.get("values", [])]
        return "" if value in names else f"{value!r} is none of {', '.join(map(str, names))}"
    parts = value if kind != "SCALAR" else [value]
    if not isinstance(parts, list) or len(parts) != PARTS.get(kind, 0) or not all(map(_is_number, parts)):
        return f"{value!r} is no {kind}"
    low, high = INTEGERS.get(prop.get("componentType", ""), (-np.inf, np.inf))
    if prop.get("componentType") in INTEGERS and not all(float(p).is_integer() for p in parts):
        return f"{value!r} is not of {prop['componentType']}"
    return "" if all(low <= p <= high for p in parts) else f"{value!r} is out of the range of {prop['componentType']}"


def _range_problem(value: Any, prop: Json) -> str:
    """Compare a numeric value, as it is after normalization, scale and offset, with the declared bounds."""
    bounds = [key for key in ("min", "max") if prop.get(key) is not None]
    if not bounds or prop.get("type") not in PARTS:
        return ""
    real = np.asarray(value, dtype=np.float64)
    try:
        if prop.get("normalized"):
            real = np.maximum(real / INTEGERS[prop["componentType"]][1], -1.0)
        real = real * np.asarray(prop.get("scale", 1.0), float) + np.asarray(prop.get("offset", 0.0), float)
        for key in bounds:
            limit = np.asarray(prop[key], dtype=np.float64)
            past = (limit - real if key == "min" else real - limit) > _ROUNDING * np.maximum(1.0, np.abs(limit))
            if np.any(past):
                return f"{real.tolist()!r} is past the declared {key} of {limit.tolist()!r}"
    except (ValueError, TypeError, KeyError):
        return "has min, max, scale or offset of another shape"
    return ""


def stated_error(entity: Any, schema: Json | None) -> float | None:
    """Geometric error that a tile's metadata puts in the place of its own, None for none."""
    if not isinstance(entity, dict) or not schema:
        return None
    declared = objects(objects(schema, "classes").get(str(entity.get("class")), {}), "properties")
    values = entity.get("properties")
    for name, prop in declared.items():
        if prop.get("semantic") == _GEOMETRIC_ERROR and isinstance(values, dict) and _is_number(values.get(name)):
            return float(values[name])
    return None


def check_statistics(statistics: Any, schema: Json | None) -> Found:
    """Say what is wrong with a tileset's statistics of its metadata."""
    classes = statistics.get("classes") if isinstance(statistics, dict) else None
    if classes is None and isinstance(statistics, dict):
        return
    if not isinstance(classes, dict) or not classes:
        yield "/classes", "is no object or an empty one"
        return
    if schema is None:
        yield "/classes", "speaks of classes, but the tileset has no schema"
        return
    for name, entry in classes.items():
        place, declared = f"/classes/{name}", objects(schema, "classes").get(name)
        if not isinstance(entry, dict):
            yield place, "is no object"
        elif schema and declared is None:
            yield place, "is not in the schema"
        elif "properties" in entry and (not isinstance(entry["properties"], dict) or not entry["properties"]):
            yield f"{place}/properties", "is no object or an empty one"
        elif declared is not None:
            known = objects(declared, "properties")
            for key in entry.get("properties", {}):
                if key not in known:
                    yield f"{place}/properties/{key}", "is not in the schema"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(float(value)))
