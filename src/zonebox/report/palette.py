"""Colours of pages, pictures, sheets and map styles: states in signal colours, edge roles far from them."""

from __future__ import annotations

from typing import Final

from zonebox.model import EdgeRole, State

STATE: Final[dict[State, str]] = {
    State.PASS: "#00866e",
    State.MARGINAL: "#e89c00",
    State.FAIL: "#d61024",
    State.NOT_CHECKED: "#7e868e",
}

ROLE: Final[dict[EdgeRole, str]] = {
    EdgeRole.FRONT: "#4a187a",
    EdgeRole.STREET: "#8c58c4",
    EdgeRole.STREET_SIDE: "#a97fd6",
    EdgeRole.SIDE: "#008074",
    EdgeRole.REAR: "#7a541e",
    EdgeRole.INTERIOR: "#969ea4",
}

INK: Final = "#262e38"
INK_SOFT: Final = "#626c76"
HAIRLINE: Final = "#c4cbd1"
LOT: Final = "#f4f2ec"
NEIGHBOUR: Final = "#d3d3cd"
ROOM: Final = "#469ce2"
ROOM_EDGE: Final = "#165494"
DESIGN: Final = "#b9bfc6"
DESIGN_CUT: Final = "#868f98"
DESIGN_EDGE: Final = "#40464e"
GROUND: Final = "#8a7a5c"
