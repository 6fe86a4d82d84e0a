"""A local page that shows a tileset: three.js with 3DTilesRenderer, or CesiumJS where it is installed.

`page` holds what the browser gets, `source` what `page` is bundled from (``npm install && npm run bundle`` there).
"""

from zonebox.tilepage.server import CLIENTS, serving

__all__ = ["CLIENTS", "serving"]
