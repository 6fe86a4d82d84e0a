"""Colours for elements whose file gives none, by class."""

from __future__ import annotations

from typing import Final

Rgba = tuple[int, int, int, int]

DEFAULT: Final[Rgba] = (200, 196, 188, 255)

_BY_CLASS: Final[tuple[tuple[str, Rgba], ...]] = (
    ("IfcWindow", (150, 190, 215, 110)),
    ("IfcCurtainWall", (150, 190, 215, 140)),
    ("IfcPlate", (160, 195, 215, 140)),
    ("IfcDoor", (146, 104, 72, 255)),
    ("IfcRoof", (158, 84, 66, 255)),
    ("IfcWall", (222, 214, 200, 255)),
    ("IfcSlab", (190, 188, 184, 255)),
    ("IfcStair", (176, 170, 162, 255)),
    ("IfcRamp", (176, 170, 162, 255)),
    ("IfcRailing", (90, 92, 96, 255)),
    ("IfcMember", (110, 112, 118, 255)),
    ("IfcBeam", (150, 146, 140, 255)),
    ("IfcColumn", (160, 156, 150, 255)),
    ("IfcCovering", (214, 206, 190, 255)),
    ("IfcFurni", (170, 128, 88, 255)),
    ("IfcFlow", (120, 140, 160, 255)),
    ("IfcDistribution", (120, 140, 160, 255)),
)


def of_class(ifc_class: str) -> Rgba:
    """RGBA for a class, subtypes by the first letters of their names.

    Examples
    --------
    >>> of_class("IfcWallStandardCase") == of_class("IfcWall")
    True
    >>> of_class("IfcUnheardOf")
    (200, 196, 188, 255)
    """
    return next((rgba for prefix, rgba in _BY_CLASS if ifc_class.startswith(prefix)), DEFAULT)
