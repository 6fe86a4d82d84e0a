"""Envelopes as CityJSON 2.0: one GenericCityObject a parcel, with its solid and its controls."""

from __future__ import annotations

import json
from typing import Any, Final

import numpy as np

from zonebox.model import Scene
from zonebox_converters.exchange.sheets import SYSTEM, Row, Rule, Sheet, place_text, sheets, table_rows

STEP_M: Final = 1e-6
"""Coordinates are whole multiples of this: fine enough that no thin triangle of a solid collapses."""


def encode(scene: Scene) -> bytes:
    """City model with the closed solids of the envelopes.

    Notes
    -----
    ``referenceSystem`` names one code of one authority; where the scene's CRS is a pair without a code of its own, it
    is the horizontal one, and the title and every object name the vertical datum.
    """
    every = sheets(scene)
    corners = [sheet.envelope.solid.vertices for sheet in every]
    world = scene.frame.world(np.concatenate([np.zeros((0, 3)), *corners]))
    low = np.floor(world.min(0)) if len(world) else np.zeros(3)
    rows = {str(row["parcel"]): row for row in table_rows(scene)}
    objects, start = {}, 0
    for sheet in every:
        objects[f"envelope-{sheet.parcel.id}"] = _object(sheet, rows[sheet.parcel.id], start, scene)
        start += len(sheet.envelope.solid.vertices)
    content = {
        "type": "CityJSON", "version": "2.0",
        "transform": {"scale": [STEP_M] * 3, "translate": low.tolist()},
        "metadata": {
            "title": f"Control envelopes of {scene.title}, {SYSTEM}; {place_text(scene, origin=False)}",
            **({"geographicalExtent": [*world.min(0), *world.max(0)]} if len(world) else {}),
            **_reference(scene),
        },
        "CityObjects": objects,
        "vertices": np.round((world - low) / STEP_M).astype(np.int64).tolist(),
    }
    return (json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n").encode()


def _object(sheet: Sheet, row: Row, start: int, scene: Scene) -> dict[str, Any]:
    attributes = {
        **{name: value for name, value in row.items() if value not in (None, "")},
        "ground_m": round(sheet.envelope.ground_m, 6), "land_use": sheet.parcel.land_use,
        "vertical_datum": scene.frame.vertical,
        "controls": [_control(rule) for rule in sheet.rules],
    }
    made: dict[str, Any] = {"type": "GenericCityObject", "attributes": attributes}
    if len(sheet.envelope.solid):
        triangles = (sheet.envelope.solid.triangles + start).tolist()
        made["geometry"] = [{"type": "Solid", "lod": "1", "boundaries": [[[triangle] for triangle in triangles]]}]
        low, high = scene.frame.world(sheet.envelope.solid.bounds)
        made["geographicalExtent"] = [*low.tolist(), *high.tolist()]
    return made


def _control(rule: Rule) -> dict[str, Any]:
    said = {"name": rule.name, "kind": str(rule.control.kind), "limit": rule.text, "clause": rule.clause,
            "severity": str(rule.control.severity), "removed_m3": rule.removed_m3}
    return {key: value for key, value in said.items() if value is not None}


def _reference(scene: Scene) -> dict[str, str]:
    """Write the reference system as a URL, where an authority has a code for it."""
    for name in (scene.frame.crs, scene.frame.horizontal):
        authority, colon, code = name.partition(":")
        if colon and authority.isalpha() and code.isalnum():
            return {"referenceSystem": f"https://www.opengis.net/def/crs/{authority}/0/{code}"}
    return {}
