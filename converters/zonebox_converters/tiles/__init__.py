"""Scene -> OGC 3D Tiles 1.1 with feature metadata, and the check that a tileset is sound.

`write` makes a root tileset with one external tileset per layer; `verify` reads any tileset and lists what is wrong.
"""

from zonebox_converters.tiles.verify import Problem, verify
from zonebox_converters.tiles.writer import LayerResult, Progress, TilesResult, write

__all__ = ["LayerResult", "Problem", "Progress", "TilesResult", "verify", "write"]
