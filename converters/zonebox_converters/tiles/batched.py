"""Contents for platforms that read 3D Tiles 1.0 only: a GLB inside a b3dm, its properties in a batch table.

Source: OGC 22-025r4, 3D Tiles 1.1, chapter 10.3 (batched 3D model, as in 1.0).
"""

from __future__ import annotations

import json
import struct
from typing import Any, Final

import numpy as np

from zonebox_converters.tiles.glb import Json
from zonebox_converters.tiles.metadata import STRING, VERDICT, VERDICTS, Table

BATCH_ID: Final = "_BATCHID"
"""Vertex attribute that holds the row of the batch table."""

_HEADER: Final = struct.Struct("<4sIIIIII")
_ALIGN: Final = 8


def b3dm(glb: bytes, table: Table) -> bytes:
    """Wrap a GLB whose vertices carry `BATCH_ID`; every part starts and ends at a multiple of eight bytes.

    A batch table holds columns only: clients take anything else for one, so names and units stand in the tileset.

    Examples
    --------
    >>> from zonebox_converters.tiles.metadata import Property, Schema, table
    >>> schema = Schema(id="s", name="S", zh="例", properties=(Property(id="id", kind=STRING, name="Id", zh="编号"),))
    >>> len(b3dm(bytes(24), table(schema, [("a",)]))) % 8
    0
    """
    feature_table = _json({"BATCH_LENGTH": len(table)}, start=_HEADER.size)
    batch_table = _json(batches(table), start=0)
    body = feature_table + batch_table + glb
    body += b"\0" * (-(_HEADER.size + len(body)) % _ALIGN)
    return _HEADER.pack(b"b3dm", 1, _HEADER.size + len(body), len(feature_table), 0, len(batch_table), 0) + body


def batches(table: Table) -> Json:
    """Write a table as the columns of a batch table; what is not known is null."""
    names = {code: name for name, code in VERDICTS.items() if name != "NONE"}
    columns: Json = {}
    for declared, column in zip(table.schema.properties, table.columns, strict=True):
        values: list[Any] = column.tolist()
        if declared.kind == VERDICT:
            values = [names.get(code) for code in values]
        elif declared.kind != STRING and column.dtype.kind == "f":
            values = [value if known else None for value, known in zip(values, np.isfinite(column), strict=True)]
        columns[declared.id] = values
    return columns


def _json(document: Json, *, start: int) -> bytes:
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    return text + b" " * (-(start + len(text)) % _ALIGN)
