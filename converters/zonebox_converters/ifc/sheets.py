"""Property sets of a file's parts in the cache: names and step ids apart from the values, which few runs ask for."""

from __future__ import annotations

import json

from zonebox.model.sheet import Sheet, Written
from zonebox_converters.ifc.packing import Rows


def apart(said: Rows) -> tuple[Rows, bytes]:
    """Divide what `packing.pack_properties` wrote into names with step ids, and the text of the values."""
    kinds = said["kinds"]
    return ({"kinds": [{"names": kind["names"], "numbers": kind["numbers"]} for kind in kinds]},
            json.dumps([kind["columns"] for kind in kinds]).encode())


def together(said: Rows, text: bytes) -> dict[int, Written]:
    """Step id -> properties, from what `apart` made."""
    sheet = Sheet([{name: place for place, name in enumerate(kind["names"])} for kind in said["kinds"]], text)
    return {number: Written(sheet, kind, row) for kind, one in enumerate(said["kinds"])
            for row, number in enumerate(one["numbers"])}
