"""Scene -> OGC 3D Tiles with feature metadata, and the check that a tileset is sound.

`write` makes a root tileset with one external tileset per layer; `verify` reads any tileset and lists what is wrong.
Names are loaded when they are asked for: a worker that only makes contents starts in a third of the time.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zonebox_converters.tiles.cluster import check_scheduler
    from zonebox_converters.tiles.scatter import Scan
    from zonebox_converters.tiles.tilesets import LayerResult
    from zonebox_converters.tiles.verifier import Problem, verify
    from zonebox_converters.tiles.writer import Progress, TilesResult, check_implicit, write

__all__ = ["LayerResult", "Problem", "Progress", "Scan", "TilesResult", "check_implicit", "check_scheduler", "verify",
           "write"]


def __getattr__(name: str) -> Any:
    """Load a name of `__all__` from its module."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    homes = {"Problem": "verifier", "verify": "verifier", "LayerResult": "tilesets", "Scan": "scatter",
             "check_scheduler": "cluster"}
    return getattr(importlib.import_module(f"{__name__}.{homes.get(name, 'writer')}"), name)
