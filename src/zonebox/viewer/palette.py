"""Every colour of the viewer.

Red is kept for broken controls, amber for what is marginal or only guidance; nothing else comes near them. The tones
of one group stay apart for red-blind and green-blind eyes (a test simulates both), and the ground is pale so that they
carry.
"""

from __future__ import annotations

import re
from typing import Final

from zonebox.model import EdgeRole, State

Rgb = tuple[int, int, int]

SKY_TOP: Final[Rgb] = (222, 230, 238)
SKY_BOTTOM: Final[Rgb] = (250, 250, 248)
INK: Final[Rgb] = (38, 46, 56)
INK_SOFT: Final[Rgb] = (98, 108, 118)
PAPER: Final[Rgb] = (255, 255, 255)
HAIRLINE: Final[Rgb] = (196, 203, 209)

GROUND_LOW: Final[Rgb] = (218, 224, 212)
GROUND_HIGH: Final[Rgb] = (240, 236, 226)
GROUND_CUT: Final[Rgb] = (205, 200, 190)
HEIGHTS: Final[tuple[Rgb, ...]] = ((44, 70, 120), (92, 122, 140), (150, 164, 140), (208, 200, 132), (250, 240, 190))
"""Ground by height, low to high: ever lighter, so that no eye confuses two heights."""

ROAD: Final[Rgb] = (216, 217, 217)
WATER: Final[Rgb] = (172, 206, 226)
LOT: Final[Rgb] = (236, 234, 228)

CONTEXT: Final[Rgb] = (232, 231, 227)
CONTEXT_EDGE: Final[Rgb] = (160, 162, 162)
DESIGN_EDGE: Final[Rgb] = (100, 104, 110)

ENVELOPE: Final[Rgb] = (70, 156, 226)
ENVELOPE_EDGE: Final[Rgb] = (22, 84, 148)
ENVELOPE_WARNING: Final[Rgb] = (240, 168, 32)
ENVELOPE_WARNING_EDGE: Final[Rgb] = (164, 104, 0)
ENVELOPE_UNCHECKED: Final[Rgb] = (150, 160, 170)
ENVELOPE_UNCHECKED_EDGE: Final[Rgb] = (92, 102, 112)
EMPTY: Final[Rgb] = (104, 96, 92)

STATE: Final[dict[State, Rgb]] = {
    State.PASS: (0, 134, 110),
    State.MARGINAL: (232, 156, 0),
    State.FAIL: (214, 16, 36),
    State.NOT_CHECKED: (166, 173, 180),
}

ROLE: Final[dict[EdgeRole, Rgb]] = {
    EdgeRole.FRONT: (74, 24, 122),
    EdgeRole.STREET: (140, 88, 196),
    EdgeRole.STREET_SIDE: (196, 164, 232),
    EdgeRole.SIDE: (0, 128, 116),
    EdgeRole.REAR: (122, 84, 30),
    EdgeRole.INTERIOR: (150, 158, 164),
}

LAND_USE: Final[tuple[tuple[tuple[str, ...], Rgb], ...]] = (
    (("R", "07", "居住", "residential", "housing"), (244, 233, 196)),
    (("B", "09", "05", "商", "commercial", "office", "business"), (240, 214, 200)),
    (("A", "08", "教育", "学", "公共管理", "school", "education", "public"), (230, 212, 228)),
    (("G", "14", "绿", "green", "park"), (201, 224, 190)),
    (("S", "12", "道路", "交通", "road", "traffic"), (214, 214, 214)),
    (("U", "13", "公用", "utility"), (208, 216, 226)),
    (("M", "W", "10", "11", "工业", "仓", "industr"), (222, 212, 200)),
    (("E", "17", "水", "water"), (176, 205, 222)),
)
"""Plan codes (GB 50137, 国土空间 2020) or words in a use's name -> a pale relative of the colour the field knows."""

LINE: Final[tuple[tuple[tuple[str, ...], Rgb], ...]] = (
    (("蓝", "blue", "river", "water"), (24, 104, 176)),
    (("控制", "control"), (212, 132, 196)),             # the surroundings of what a purple line protects
    (("紫", "purple", "heritage", "protect"), (176, 40, 150)),
    (("绿", "green"), (52, 132, 60)),
    (("黄", "yellow"), (150, 124, 0)),
)
"""Plan lines by words in their kind."""


def land_use(code: str, name: str = "") -> Rgb:
    """Fill of a parcel by its use: code first, then words in the name.

    Examples
    --------
    >>> land_use("R2") == land_use("", "二类居住用地")
    True
    >>> land_use("?") == LOT
    True
    """
    if re.match(r"[A-Z]?\d|[A-Z]$", code):             # a plan code, not a word
        for words, color in LAND_USE:
            if code.startswith(tuple(word for word in words if word.isupper() or word.isdigit())):
                return color
    text = f"{code} {name}".lower()
    for words, color in LAND_USE:
        if any(word in text for word in words if not word.isupper() and not word.isdigit()):
            return color
    return LOT


def plan_line(kind: str) -> Rgb:
    """Colour of a plan line by its kind."""
    text = kind.lower()
    return next((color for words, color in LINE if any(word in text for word in words)), INK_SOFT)
