"""Where a browser finds its connection: what the page asks for before it opens its socket.

The page of trame first asks a session manager, ``POST paraview/``, which a single server has not; the browser would
write that refusal into its console as an error.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

ASKED: Final = "/paraview/"
SOCKET: Final = "ws"


def socket_address(page: str) -> str:
    """Address of the socket that belongs to a page, as its browser sees it: beside it, and as safe as it is.

    >>> socket_address("http://127.0.0.1:8080/index.html")
    'ws://127.0.0.1:8080/ws'
    >>> socket_address("https://hub.example/user/ann/proxy/8080/")          # behind a proxy
    'wss://hub.example/user/ann/proxy/8080/ws'
    """
    at = urlsplit(page)
    folder = at.path.rpartition("/")[0]
    return f"{'wss' if at.scheme == 'https' else 'ws'}://{at.netloc}{folder}/{SOCKET}"


def answer_sessions(wslink_server: Any) -> None:
    """Let a trame server answer the page's question; without the page's address it refuses, and the page guesses."""
    from aiohttp import web

    async def answered(request: Any) -> Any:
        page = request.headers.get("Referer", "")
        if not page.startswith(("http://", "https://")):
            return web.Response(status=405)
        return web.json_response({"sessionURL": socket_address(page)})

    wslink_server.app.router.add_post(ASKED, answered)
