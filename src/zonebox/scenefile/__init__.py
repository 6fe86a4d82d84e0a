"""Read a `scene.toml`: which files make a scene, and what only its author can say about them."""

from zonebox.scenefile.reading import DATA_VARIABLE, read
from zonebox.scenefile.tables import (
    AsBuiltPart,
    ContextPart,
    DesignPart,
    OutputsPart,
    PlanPart,
    SceneFile,
    TerrainPart,
    TilesPart,
    split_layer,
)

__all__ = [
    "DATA_VARIABLE",
    "AsBuiltPart",
    "ContextPart",
    "DesignPart",
    "OutputsPart",
    "PlanPart",
    "SceneFile",
    "TerrainPart",
    "TilesPart",
    "read",
    "split_layer",
]
