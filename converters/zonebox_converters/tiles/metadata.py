"""What features say about themselves: typed properties with a schema, written as EXT_structural_metadata.

Property ids are English and stable; names and descriptions are for people, the latter in Chinese. The 3D Metadata
Specification has no place for a unit, so it stands in the property's ``extras`` and, where the id can carry it, in the
id. A number that is not known is `NO_DATA`, declared as such: clients answer "undefined" for it. Texts that are all
empty are left out, as no buffer view may be empty: clients answer the declared default, the empty text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox_converters.tiles.glb import GlbBuilder, Json

STRING: Final = "STRING"
FLOAT64: Final = "FLOAT64"
UINT32: Final = "UINT32"
VERDICT: Final = "verdict"

NO_DATA: Final = -3.4028234663852886e38
"""Stands for "not known" in numeric properties: the lowest float32, exact in both float types."""

VERDICTS: Final = {"PASS": 0, "MARGINAL": 1, "FAIL": 2, "NOT_CHECKED": 3, "NONE": 255}
"""Codes of the verdict enum; NONE, declared as no data, is what no check has spoken of."""

_VERDICT_ENUM: Final[Json] = {
    "name": "Verdict",
    "description": "检查结论：PASS 符合，MARGINAL 在允差内，FAIL 不符合，NOT_CHECKED 未能检查，NONE 无检查涉及",
    "valueType": "UINT8",
    "values": [{"name": name, "value": value} for name, value in VERDICTS.items()],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One column: id, type (``STRING``, ``FLOAT64``, ``UINT32`` or ``VERDICT``), English name, Chinese description."""

    id: str
    kind: str
    name: str
    zh: str
    unit: str = ""
    semantic: str = ""

    def declared(self) -> Json:
        """Describe the property as the 3D Metadata Specification has it."""
        row: Json = {"name": self.name, "description": self.zh}
        if self.kind == STRING:
            row |= {"type": "STRING", "default": ""}
        elif self.kind == VERDICT:
            row |= {"type": "ENUM", "enumType": VERDICT, "noData": "NONE"}
        elif self.kind == FLOAT64:
            row |= {"type": "SCALAR", "componentType": FLOAT64, "noData": NO_DATA}
        else:
            row |= {"type": "SCALAR", "componentType": self.kind, "required": True}
        if self.semantic:
            row["semantic"] = self.semantic
        if self.unit:
            row["extras"] = {"unit": self.unit}
        return row


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """A class of features and its properties."""

    id: str
    name: str
    zh: str
    properties: tuple[Property, ...]

    def declared(self) -> Json:
        """Describe class and enums as one schema document."""
        schema: Json = {
            "id": f"zonebox_{self.id}",
            "version": "1",
            "classes": {self.id: {"name": self.name, "description": self.zh,
                                  "properties": {p.id: p.declared() for p in self.properties}}},
        }
        if any(p.kind == VERDICT for p in self.properties):
            schema["enums"] = {VERDICT: _VERDICT_ENUM}
        return schema


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """Values of a schema: one array per property, one row per feature.

    Strings are object arrays of ``str``; verdicts are ``uint8`` codes; unknown numbers are NaN.
    """

    schema: Schema
    columns: tuple[NDArray[Any], ...]

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.columns[0])

    def text_sizes(self) -> NDArray[np.int64]:
        """Characters (n,) of all texts of each row: what makes tables long."""
        total = np.zeros(len(self), dtype=np.int64)
        for declared, column in zip(self.schema.properties, self.columns, strict=True):
            if declared.kind == STRING:
                total += np.fromiter(map(len, column), dtype=np.int64, count=len(column))
        return total

    def take(self, rows: NDArray[np.intp]) -> Table:
        """Return some of the rows, in the order given."""
        return Table(schema=self.schema, columns=tuple(column[rows] for column in self.columns))


def table(schema: Schema, rows: Sequence[tuple[Any, ...]]) -> Table:
    """Make a table of rows of Python values in the order of the schema's properties; None is "not known".

    Examples
    --------
    >>> schema = Schema(id="s", name="S", zh="例", properties=(
    ...     Property(id="id", kind=STRING, name="Id", zh="编号"), Property(id="h", kind=FLOAT64, name="H", zh="高")))
    >>> [column.tolist() for column in table(schema, [("a", 1.5), ("乙", None)]).columns]
    [['a', '乙'], [1.5, nan]]
    >>> len(table(schema, []))
    0
    """
    values = list(zip(*rows, strict=True)) if rows else [() for _ in schema.properties]
    return Table(schema=schema, columns=tuple(_column(p, v) for p, v in zip(schema.properties, values, strict=True)))


def _column(declared: Property, values: Sequence[Any]) -> NDArray[Any]:
    if declared.kind == STRING:
        column = np.empty(len(values), dtype=object)
        column[:] = values
        return column
    if declared.kind == VERDICT:
        return np.array([VERDICTS[v or "NONE"] for v in values], dtype=np.uint8)
    if declared.kind == UINT32:
        return np.array(values, dtype=np.uint32)
    return np.array(values, dtype=np.float64)       # None becomes NaN


def encode(given: Table, glb: GlbBuilder) -> Json:
    """Append a table's values to a GLB and return its EXT_structural_metadata object."""
    columns = {p.id: _encoded(p, c, glb) for p, c in zip(given.schema.properties, given.columns, strict=True)
               if p.kind != STRING or any(c)}
    entry: Json = {"name": given.schema.id, "class": given.schema.id, "count": len(given)}
    if columns:
        entry["properties"] = columns
    return {"schema": given.schema.declared(), "propertyTables": [entry]}


def _encoded(declared: Property, column: NDArray[Any], glb: GlbBuilder) -> Json:
    if declared.kind == STRING:
        whole = "".join(column)
        data = whole.encode()
        plain = len(data) == len(whole)         # ASCII: a byte a character
        sizes = map(len, column if plain else (text.encode() for text in column))
        offsets = np.zeros(len(column) + 1, dtype=np.uint32)
        np.cumsum(np.fromiter(sizes, dtype=np.int64, count=len(column)), out=offsets[1:])
        return {"values": glb.view(data), "stringOffsets": glb.view(offsets.tobytes()),
                "stringOffsetType": UINT32}
    if declared.kind == FLOAT64:
        column = np.where(np.isfinite(column), column, NO_DATA)
    return {"values": glb.view(column.tobytes())}
