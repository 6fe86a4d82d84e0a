"""Property tables of a glTF (EXT_structural_metadata): whether their bytes are what the schema says they are."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox_converters.tiles.glb import Json
from zonebox_converters.tiles.glbread import Glb
from zonebox_converters.tiles.schemas import ENUM_TYPE, INTEGERS, PARTS, check_schema, objects

_KINDS: Final = {"INT": "i", "UINT": "u", "FLOAT": "f"}
_DTYPES: Final = {f"{name}{bits}": np.dtype(f"<{kind}{bits // 8}") for name, kind in _KINDS.items()
                  for bits in (8, 16, 32, 64) if name != "FLOAT" or bits >= 32}
_ROUNDING: Final = 1e-6


def check_tables(glb: Glb) -> list[int]:
    """Check the schema and the property tables and return how many rows each table says it has.

    Property textures and property attributes are not looked into.
    """
    extension = glb.document.get("extensions", {}).get("EXT_structural_metadata")
    if extension is None:
        return []
    schema = extension.get("schema", {})
    if ("schema" in extension) == ("schemaUri" in extension):
        glb.problems.append("EXT_structural_metadata has not just one of schema and schemaUri")
    elif "schema" in extension:
        glb.problems += [f"schema{place} {text}" for place, text in check_schema(schema)]
    counts = []
    for number, table in enumerate(extension.get("propertyTables", [])):
        count, place = int(table.get("count", 0)), f"propertyTables[{number}]"
        counts.append(count)
        if schema and table.get("class") not in objects(schema, "classes"):
            glb.problems.append(f"{place}: class {table.get('class')} is not in the schema")
            continue
        declared = objects(objects(schema, "classes").get(table.get("class"), {}), "properties")
        for name, column in table.get("properties", {}).items():
            if name in declared:
                _check_column(glb, column, declared[name], schema, count, f"{place}.{name}")
            elif schema:
                glb.problems.append(f"{place}.{name}: is not in the schema")
        glb.problems += [f"{place}.{name}: is required and missing" for name, p in declared.items()
                         if p.get("required") and name not in table.get("properties", {})]
    return counts


def _check_column(glb: Glb, column: Json, declared: Json, schema: Json, count: int, place: str) -> None:
    values = glb.view(column.get("values"))
    if values is None:
        return
    elements: int | None = count * int(declared.get("count", 1))
    if declared.get("array") and "count" not in declared:
        elements = _check_offsets(glb, column, "arrayOffsets", count, None, place)
    if elements is None:
        return
    if declared["type"] == "STRING":
        _check_offsets(glb, column, "stringOffsets", elements, len(values), place)
    elif declared["type"] == "BOOLEAN":
        if len(values) != -(-elements // 8):
            glb.problems.append(f"{place}: {len(values)} bytes are not those of {elements} booleans")
    else:
        kind, parts = _stored(declared, schema)
        if kind is None:
            return
        if len(values) != elements * parts * kind.itemsize:
            glb.problems.append(f"{place}: {len(values)} bytes are not those of {elements} values of "
                                f"{parts * kind.itemsize}")
            return
        _check_values(glb, np.frombuffer(values, dtype=kind), column, declared, schema, place)


def _stored(declared: Json, schema: Json) -> tuple[np.dtype[Any] | None, int]:
    """Give the data type of a number of a column, None where it is unknown, and how many make a value."""
    if declared["type"] == "ENUM":
        enum = objects(schema, "enums").get(str(declared.get("enumType")), {})
        return _DTYPES.get(enum.get("valueType", ENUM_TYPE)), 1
    return _DTYPES.get(declared.get("componentType", "")), PARTS.get(declared["type"], 1)


def _check_offsets(glb: Glb, column: Json, key: str, count: int, length: int | None, place: str) -> int | None:
    """Check ``count`` + 1 rising offsets that end at ``length``, and return the last."""
    kind = _DTYPES.get(column.get(f"{key[:-1]}Type", "UINT32"))
    data = glb.view(column.get(key))
    if data is None or kind is None or kind.kind != "u" or len(data) != (count + 1) * kind.itemsize:
        glb.problems.append(f"{place}: {key} are not {count + 1} numbers")
        return None
    offsets = np.frombuffer(data, dtype=kind).astype(np.int64)
    if offsets[0] != 0 or (np.diff(offsets) < 0).any() or (length is not None and offsets[-1] > length):
        glb.problems.append(f"{place}: {key} fall, or reach past the values")
        return None
    if length is not None and offsets[-1] != length:
        glb.problems.append(f"{place}: {key} end at {offsets[-1]}, but its values have {length} bytes")
    return int(offsets[-1])


def _check_values(glb: Glb, numbers: NDArray[Any], column: Json, declared: Json, schema: Json, place: str) -> None:
    """Hold numbers against the enum, or against the bounds of the property and of the column."""
    if declared["type"] == "ENUM":
        enum = objects(schema, "enums").get(str(declared.get("enumType")), {})
        codes = [entry.get("value") for entry in enum.get("values", [])]
        strange = np.setdiff1d(numbers, np.array([c for c in codes if isinstance(c, int)], dtype=np.int64))
        if len(strange):
            glb.problems.append(f"{place}: {strange[0]} is no value of {declared.get('enumType')}")
        return
    bounds = [(key, holder[key]) for key in ("min", "max") for holder in (declared, column) if key in holder]
    if not bounds or (declared.get("array") and "count" not in declared):
        return
    width = PARTS[declared["type"]] * int(declared.get("count", 1))
    real = _real(numbers.reshape(-1, width), column, declared)
    for key, bound in bounds:
        limit = np.asarray(bound, dtype=np.float64).reshape(-1)
        past = (limit - real if key == "min" else real - limit) > _ROUNDING * np.maximum(1.0, np.abs(limit))
        if past.any():
            glb.problems.append(f"{place}: {real[past][0]:g} is past the declared {key} of {bound}")
            return


def _real(rows: NDArray[Any], column: Json, declared: Json) -> NDArray[np.float64]:
    """Rows (n, k) after normalization, scale and offset, those that stand for no data left out."""
    if "noData" in declared:
        rows = rows[~(rows == np.asarray(declared["noData"]).reshape(-1)).all(axis=1)]
    real = rows.astype(np.float64)
    if declared.get("normalized"):
        real = np.maximum(real / INTEGERS[declared["componentType"]][1], -1.0)
    scale, offset = (np.asarray(column.get(key, declared.get(key, other)), dtype=np.float64).reshape(-1)
                     for key, other in (("scale", 1.0), ("offset", 0.0)))
    return np.asarray(real * scale + offset)
