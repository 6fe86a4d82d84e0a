"""How the bytes of 3D Tiles can be made fewer: the names that scene files and the command line use."""

from __future__ import annotations

from typing import Final

NONE: Final = "none"
QUANTISE: Final = "quantise"
MESHOPT: Final = "meshopt"
DRACO: Final = "draco"

COMPRESSIONS: Final = (NONE, QUANTISE, MESHOPT, DRACO)
