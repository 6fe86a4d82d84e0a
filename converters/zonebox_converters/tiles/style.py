"""Style files: how a client colours a layer by what its features say.

Source: OGC 22-025r4, 3D Tiles 1.1, chapter 11 (declarative styling).
"""

from __future__ import annotations

from typing import Final

from zonebox_converters.tiles.glb import Json
from zonebox_converters.tiles.metadata import VERDICT, Schema
from zonebox_converters.tiles.pointcontent import SCHEMA as POINTS
from zonebox_converters.tiles.pointcontent import color_of, told_classes

COLORS: Final = {"PASS": "#469650", "MARGINAL": "#f0961e", "FAIL": "#d62728", "NOT_CHECKED": "#8c78a0",
                 "NONE": "#b4b8bc"}
"""Colour of a verdict, the same in the styles and on the page."""

_OPACITY: Final = {"envelope": 0.45}


def style(schema: Schema) -> Json:
    """Colour a layer by its verdicts, points by their class; one without either keeps its own colours.

    An unknown verdict is asked for first: comparing it to a text would stop a client's drawing.

    Examples
    --------
    >>> style(Schema(id="s", name="S", zh="例", properties=()))
    {'color': "color('#ffffff')"}
    """
    if schema.id == POINTS.id:
        told = [(f"${{classification}} === {kind}", f"color('{color_of(kind)}')") for kind in told_classes()]
        return {"color": {"conditions": [*map(list, told), ["true", f"color('{color_of(0)}')"]]}}
    name = next((p.id for p in schema.properties if p.kind == VERDICT), "")
    if not name:
        return {"color": "color('#ffffff')"}
    opacity = _OPACITY.get(schema.id, 1.0)
    asked = [(f"${{{name}}} === undefined", COLORS["NONE"]), (f"${{{name}}} === null", COLORS["NONE"]),
             *((f"${{{name}}} === '{verdict}'", color) for verdict, color in COLORS.items() if verdict != "NONE"),
             ("true", COLORS["NONE"])]
    return {"color": {"conditions": [[condition, f"color('{color}', {opacity:g})"] for condition, color in asked]}}
