"""The server of the page: reads files of three folders, and nothing else.

It listens on the loopback interface unless told otherwise, answers GET and HEAD only, and follows no path and no
symbolic link out of its folders. A browser may load scripts from here alone, so what a tileset says stays text.
"""

from __future__ import annotations

import contextlib
import http.server
import importlib.resources
import os
import threading
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from zonebox.errors import InputError

CLIENTS: Final = ("three", "cesium")
LOOPBACK: Final = "127.0.0.1"

_START: Final = {"three": "index.html", "cesium": "globe.html"}
_TYPES: Final = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
    ".json": "application/json", ".txt": "text/plain; charset=utf-8", ".glb": "model/gltf-binary",
    ".gltf": "model/gltf+json", ".png": "image/png", ".jpg": "image/jpeg", ".wasm": "application/wasm",
    ".svg": "image/svg+xml",
}
_PLAIN: Final = "application/octet-stream"
_ACTIVE: Final = {".html", ".js", ".svg", ".css", ".wasm"}
_POLICY: Final = ("default-src 'none'; script-src 'self' {more}; style-src 'self' 'unsafe-inline'; "
                  "img-src 'self' data: blob:; connect-src 'self' data: blob:; worker-src 'self' blob:; "
                  "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
_SCRIPTS: Final = {"three": "'wasm-unsafe-eval' blob:", "cesium": "'wasm-unsafe-eval' 'unsafe-eval' blob:"}
"""Decoders are WebAssembly; CesiumJS also compiles its style expressions."""


@contextlib.contextmanager
def serving(tiles: Path, *, client: str = "three", cesium: Path | None = None, host: str = LOOPBACK,
            port: int = 0) -> Iterator[str]:
    """Serve a folder of tiles and the page over it while the context lasts, and give the page's address.

    Parameters
    ----------
    tiles : Path
        Folder with the root ``tileset.json``.
    client : str
        One of `CLIENTS`.
    cesium : Path or None
        Where CesiumJS is installed: its ``Build/Cesium``, its package or the folder above ``node_modules``. None for
        the environment's ZONEBOX_CESIUM, then the working directory.
    host, port : str, int
        Interface to listen on, and its port; 0 for any that is free.

    Raises
    ------
    InputError
        No tileset in the folder, an unknown client, CesiumJS not found, or an address that cannot be used.
    """
    if not (tiles / "tileset.json").is_file():
        raise InputError(tiles, got="no tileset.json", want="a folder that zonebox tiles wrote",
                         then="run zonebox tiles first")
    if client not in CLIENTS:
        raise InputError("--client", got=f'"{client}"', want=" or ".join(CLIENTS), then="leave the option out")
    page = Path(str(importlib.resources.files("zonebox.tilepage") / "page"))
    folders = {"tiles": tiles.resolve(), "page": page.resolve()}
    if client == "cesium":
        folders["cesium"] = find_cesium(cesium)
    try:
        server = _Server((host, port), client=client, folders=folders)
    except OSError as problem:
        raise InputError("--port", got=f"{host}:{port} ({problem.strerror or problem})", want="a free address",
                         then="choose another port, or 0 for any") from None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.address
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def find_cesium(given: Path | None) -> Path:
    """Find the folder with Cesium.js.

    Raises
    ------
    InputError
        It is not there.
    """
    named = given or (Path(os.environ["ZONEBOX_CESIUM"]) if os.environ.get("ZONEBOX_CESIUM") else None)
    base = named or Path.cwd()
    inside = Path("Build") / "Cesium"
    for folder in (base, base / inside, base / "node_modules" / "cesium" / inside):
        if (folder / "Cesium.js").is_file():
            return folder.resolve()
    raise InputError("--client", got=f"cesium, which is not in {base}", want="an installed CesiumJS",
                     then="run npm install cesium and name its folder with --cesium, or leave --client out")


class _Server(http.server.ThreadingHTTPServer):
    """A server that knows its folders and the names it goes by."""

    daemon_threads = True

    def __init__(self, at: tuple[str, int], *, client: str, folders: Mapping[str, Path]) -> None:
        super().__init__(at, _Handler)
        self.client, self.folders = client, folders
        self.address = f"http://{at[0]}:{self.server_port}/"
        self.names = ({f"{name}:{self.server_port}" for name in (at[0], "localhost", LOOPBACK)}
                      if at[0] in (LOOPBACK, "localhost") else None)


class _Handler(http.server.BaseHTTPRequestHandler):
    """Answers one request with a file of one of the folders."""

    server: _Server
    server_version = "zonebox"
    sys_version = ""
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Send a file."""
        self._answer(body=True)

    def do_HEAD(self) -> None:
        """Send a file's headers."""
        self._answer(body=False)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base has it
        """Say nothing: the page shows what fails."""
        del format, args

    def _answer(self, *, body: bool) -> None:
        # a foreign page whose name is made to point here (DNS rebinding) comes with its own Host
        if self.server.names is not None and self.headers.get("Host", "") not in self.server.names:
            return self._refuse(HTTPStatus.FORBIDDEN)
        path = located(self.path, self.server.folders, _START[self.server.client])
        if path is None:
            return self._refuse(HTTPStatus.NOT_FOUND)
        try:
            file = path.open("rb")
        except OSError:
            return self._refuse(HTTPStatus.NOT_FOUND)
        with file, contextlib.suppress(ConnectionError):     # the browser has gone elsewhere
            ours = not path.is_relative_to(self.server.folders["tiles"])
            self._head(HTTPStatus.OK, os.fstat(file.fileno()).st_size, content_type(path, ours=ours))
            if body:
                while chunk := file.read(1 << 20):
                    self.wfile.write(chunk)
        return None

    def _refuse(self, status: HTTPStatus) -> None:
        said = f"{status.value} {status.phrase}\n".encode()
        with contextlib.suppress(ConnectionError):
            self._head(status, len(said), "text/plain; charset=utf-8")
            if self.command != "HEAD":
                self.wfile.write(said)

    def _head(self, status: HTTPStatus, size: int, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(size))
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Content-Security-Policy", _POLICY.format(more=_SCRIPTS[self.server.client]))
        self.end_headers()


def located(target: str, folders: Mapping[str, Path], start: str) -> Path | None:
    """Find the file that a request names; None where it is none, hidden, or outside its folder once links are followed.

    Examples
    --------
    >>> located("/tiles/../secret", {"tiles": Path("/nowhere")}, "index.html") is None
    True
    """
    path = unquote(urlsplit(target).path)
    if not path.startswith("/") or "\0" in path or "\\" in path:
        return None
    parts = path[1:].split("/") if path != "/" else ["page", start]
    folder = folders.get(parts[0])
    if folder is None or len(parts) < 2 or any(part.startswith(".") or ":" in part or not part for part in parts[1:]):
        return None
    try:
        real = folder.joinpath(*parts[1:]).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        return None
    return real if real.is_relative_to(folder) and real.is_file() else None


def content_type(path: Path, *, ours: bool) -> str:
    """Media type of a file by its ending; scripts and pages only where a folder of ours holds them.

    Examples
    --------
    >>> content_type(Path("a.js"), ours=True), content_type(Path("a.js"), ours=False)
    ('text/javascript; charset=utf-8', 'application/octet-stream')
    """
    ending = path.suffix.lower()
    return _TYPES.get(ending, _PLAIN) if ours or ending not in _ACTIVE else _PLAIN
