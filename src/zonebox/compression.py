"""How 3D Tiles can be asked for, their compression and volumes: names that scene files and command line use."""

from __future__ import annotations

from typing import Final

NONE: Final = "none"
QUANTISE: Final = "quantise"
MESHOPT: Final = "meshopt"
DRACO: Final = "draco"

COMPRESSIONS: Final = (NONE, QUANTISE, MESHOPT, DRACO)

VOLUMES: Final = ("box", "region")
"""Of the root and the layers' roots."""
