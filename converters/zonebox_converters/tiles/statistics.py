"""A layer's numbers at a glance, as the statistics of its tileset (3D Tiles 1.1, 7.10)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from zonebox_converters.tiles.glb import Json
from zonebox_converters.tiles.metadata import STRING, VERDICT, VERDICTS, Property, Table


def statistics(table: Table) -> Json:
    """Count the features, summarise their numbers (unknown ones left out) and count their verdicts."""
    told = {declared.id: _of(declared, column)
            for declared, column in zip(table.schema.properties, table.columns, strict=True)}
    entry: Json = {"count": len(table)}
    if properties := {name: said for name, said in told.items() if said}:
        entry["properties"] = properties
    return {"classes": {table.schema.id: entry}}


def _of(declared: Property, column: NDArray[Any]) -> Json:
    if declared.kind == STRING:
        return {}
    if declared.kind == VERDICT:
        counted = {name: int(np.count_nonzero(column == code)) for name, code in VERDICTS.items() if name != "NONE"}
        met = {name: count for name, count in counted.items() if count}
        return {"occurrences": met} if met else {}
    known = column[np.isfinite(column)].astype(np.float64)
    if not len(known):
        return {}
    return {"min": float(known.min()), "max": float(known.max()), "mean": float(known.mean()),
            "median": float(np.median(known)), "standardDeviation": float(known.std()),
            "variance": float(known.var()), "sum": float(known.sum())}
