"""Styles in QGIS's own language (QML), so that the layers open in the colours of their states."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import quoteattr

from zonebox.model import State
from zonebox.report.palette import STATE
from zonebox.words import Language, word

STYLES_TABLE: Final = """CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
  f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME)"""

_SYMBOL: Final = {"points": "marker", "lines": "line", "footprints": "fill", "parcels": "fill"}
_LABEL: Final = {
    "points": "\"check\" || ' ' || format_number(\"margin\", 2) || ' ' || \"unit\"",
    "lines": "",
    "footprints": "",
    "parcels": '"parcel"',
}
_ORDER: Final = (State.FAIL, State.MARGINAL, State.NOT_CHECKED, State.PASS)


def style(layer: str, lang: Language) -> str:
    """QML of a layer: one colour a state, worst first in the legend; parcels by verdict, with their numbers.

    Examples
    --------
    >>> style("points", "en").startswith("<!DOCTYPE qgis")
    True
    """
    attribute = "verdict" if layer == "parcels" else "state"
    rows = [(state.value, word(state.value, lang), STATE[state]) for state in _ORDER]
    if layer == "parcels":
        rows.append(("", word("report.no_design", lang), "#b8b8b0"))
    categories = "".join(
        f'<category render="true" symbol="{n}" value={quoteattr(value)} label={quoteattr(label)} type="string"/>'
        for n, (value, label, _) in enumerate(rows))
    symbols = "".join(_symbol(layer, n, color) for n, (_, _, color) in enumerate(rows))
    return (
        '<!DOCTYPE qgis PUBLIC \'http://mrcc.com/qgis.dtd\' \'SYSTEM\'>\n'
        f'<qgis version="3.28" styleCategories="Symbology|Labeling" labelsEnabled="{int(bool(_LABEL[layer]))}">'
        f'<renderer-v2 type="categorizedSymbol" attr="{attribute}" enableorderby="0" symbollevels="0" '
        f'forceraster="0"><categories>{categories}</categories><symbols>{symbols}</symbols></renderer-v2>'
        f"{_labels(layer)}</qgis>")


def _symbol(layer: str, number: int, color: str) -> str:
    kind = _SYMBOL[layer]
    opaque, faint = _rgba(color, 255), _rgba(color, 60 if layer == "parcels" else 130)
    options = {
        "marker": ("SimpleMarker", {"name": "circle", "color": opaque, "outline_color": _rgba("#ffffff", 255),
                                    "outline_width": "0.4", "size": "3.2"}),
        "line": ("SimpleLine", {"line_color": opaque, "line_width": "0.7", "line_width_unit": "MM"}),
        "fill": ("SimpleFill", {"color": faint, "style": "solid", "outline_color": opaque, "outline_width": "0.5",
                                "outline_style": "solid"}),
    }
    name, properties = options[kind]
    listed = "".join(f'<Option type="QString" name="{k}" value="{v}"/>' for k, v in properties.items())
    return (f'<symbol type="{kind}" name="{number}" alpha="1" clip_to_extent="1" force_rhr="0">'
            f'<layer class="{name}" enabled="1" locked="0" pass="0"><Option type="Map">{listed}</Option></layer>'
            "</symbol>")


def _labels(layer: str) -> str:
    if not _LABEL[layer]:
        return ""
    return (
        f'<labeling type="simple"><settings><text-style fieldName={quoteattr(_LABEL[layer])} isExpression="1" '
        'fontSize="8" textColor="38,46,56,255"><text-buffer bufferDraw="1" bufferSize="0.8" '
        'bufferColor="255,255,255,255"/></text-style><placement placement="1" dist="1.5"/></settings></labeling>')


def _rgba(color: str, alpha: int) -> str:
    r, g, b = (int(color[i: i + 2], 16) for i in (1, 3, 5))
    return f"{r},{g},{b},{alpha}"
