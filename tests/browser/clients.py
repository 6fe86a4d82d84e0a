"""Real clients for the tiles: CesiumJS in headless Chromium, and the Khronos glTF validator.

Everything is served from 127.0.0.1; a request that leaves it is recorded and refused.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import http.server
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

from conftest import unavailable

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ("--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
             "--ignore-gpu-blocklist", "--disable-dev-shm-usage")
LOAD_MS = 900_000


def need(*, module: str, browser: bool = False) -> None:
    """Fail in CI, skip elsewhere, where a client is not installed."""
    missing = []
    if not (MODULES / module).is_dir():
        missing.append("npm install --prefix tests/browser")
    if browser and chromium() is None:
        missing.append("apt-get install chromium")
    if not browser and shutil.which("node") is None:
        missing.append("apt-get install nodejs")
    if missing:
        unavailable("not installed", ", ".join(missing))


def overhear(page: Any, address: str, *, outside: list[str], messages: list[str]) -> None:
    """Stop every request that leaves ``address``, and write down what was stopped and what the page complains of."""
    def guard(route: Any) -> None:
        if route.request.url.startswith((address, "blob:", "data:")):
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    page.route("**/*", guard)
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("console", lambda message: messages.append(message.text) if message.type == "error" else None)


def chromium() -> str | None:
    return next((path for path in map(shutil.which, CHROMIUM) if path), None)


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves folders under the first part of the path."""

    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map,  # noqa: RUF012 - as the base has it
                      ".glb": "model/gltf-binary", ".js": "text/javascript", ".wasm": "application/wasm"}

    def __init__(self, *args: Any, mounts: dict[str, Path], **kwargs: Any) -> None:
        self._mounts = mounts
        super().__init__(*args, **kwargs)

    def translate_path(self, path: str) -> str:
        parts = [part for part in unquote(urlsplit(path).path).split("/") if part not in ("", ".", "..")]
        base = self._mounts.get(parts[0] if parts else "", HERE / "nothing")
        return str(base.joinpath(*parts[1:]))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base has it
        del format, args


@contextlib.contextmanager
def served(mounts: dict[str, Path]) -> Iterator[str]:
    """Serve folders on an ephemeral port of 127.0.0.1 and give the address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, mounts=mounts))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Cesium:
    """A page with a tileset in it."""

    page: Any
    outside: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    @property
    def errors(self) -> list[str]:
        return [*self.page.evaluate("state.errors"), *self.messages]

    def picture(self) -> bytes:
        """What the canvas shows, as PNG."""
        url: str = self.page.evaluate("client.picture()")
        return base64.b64decode(url.partition(",")[2])

    def screen(self, ecef: Sequence[float]) -> tuple[float, float]:
        x, y = self.page.evaluate("p => client.screen(...p)", [float(v) for v in ecef])
        return x, y

    def look(self, ecef: Sequence[float], distance_m: float) -> None:
        """Look at a point from a distance and wait until every tile in view is there."""
        self.page.evaluate("p => client.look(...p)", [*(float(v) for v in ecef), distance_m])
        self.page.wait_for_function("state.errors.length || state.loaded", timeout=LOAD_MS)

    def pick(self, xy: tuple[float, float]) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.page.evaluate("p => client.pick(...p)", list(xy))
        return found

    def drill(self, xy: tuple[float, float]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.page.evaluate("p => client.drill(...p)", list(xy))
        return found


@contextlib.contextmanager
def cesium(tiles: Path, tileset: str = "tileset.json", **view: float) -> Iterator[Cesium]:
    """Load a tileset in CesiumJS and wait until every tile in view is there.

    ``view`` takes heading and pitch in degrees and range in radii of the tileset.
    """
    from playwright.sync_api import sync_playwright

    mounts = {"tiles": tiles, "cesium": MODULES / "cesium" / "Build" / "Cesium", "page": HERE}
    query = urlencode({"tileset": f"/tiles/{tileset}", **view})
    with served(mounts) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        page = browser.new_page(viewport={"width": 720, "height": 480})
        client = Cesium(page)

        overhear(page, address, outside=client.outside, messages=client.messages)
        page.goto(f"{address}/page/page_cesium.html?{query}")
        page.wait_for_function("state.errors.length || (state.ready && state.loaded)", timeout=LOAD_MS)
        try:
            yield client
        finally:
            browser.close()


def validate_gltf(files: Sequence[Path]) -> list[dict[str, Any]]:
    """Errors, warnings and their messages of each GLB, as the Khronos validator counts them."""
    run = subprocess.run(["node", str(HERE / "validate_gltf.mjs"), *map(str, files)], capture_output=True, text=True,
                         check=True, timeout=1800)
    rows: list[dict[str, Any]] = json.loads(run.stdout)
    return rows


def read_bcf(path: Path, version: str) -> list[dict[str, Any]]:
    """Topics of a BCF file as bcf-js reads them, each with its views."""
    run = subprocess.run(["node", str(HERE / "read_bcf.mjs"), version, str(path)], capture_output=True, text=True,
                         check=True, timeout=600)
    rows: list[dict[str, Any]] = json.loads(run.stdout)
    return rows
