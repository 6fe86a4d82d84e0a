"""The page of `zonebox tiles --serve` in headless Chromium; a request that leaves 127.0.0.1 is recorded and refused."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from browser.clients import ARGUMENTS, HERE, chromium, overhear
from zonebox.tilepage import serving

LOAD_S = 600.0


@dataclass
class Page:
    """The page with a tileset on it."""

    page: Any
    outside: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    @property
    def errors(self) -> list[str]:
        return [*self.page.evaluate("zonebox.state.errors"), *self.messages]

    def settle(self) -> None:
        """Wait until every tile in view is there; the page's policy forbids Playwright's own way of waiting."""
        late = time.monotonic() + LOAD_S
        told = "() => !!window.zonebox && (zonebox.state.ready || zonebox.state.errors.length > 0)"
        while not self.page.evaluate(told):
            assert time.monotonic() < late, self.messages
            time.sleep(0.2)

    def look(self, ecef: Sequence[float], distance_m: float) -> None:
        self.page.evaluate("p => zonebox.look(...p)", [*(float(v) for v in ecef), distance_m])
        self.settle()

    def screen(self, ecef: Sequence[float]) -> tuple[float, float]:
        x, y = self.page.evaluate("p => zonebox.screen(...p)", [float(v) for v in ecef])
        return x, y

    def click(self, xy: tuple[float, float]) -> list[dict[str, Any]]:
        """Click on the canvas and give the features that the page found there, nearest first."""
        self.page.mouse.click(*xy)
        found: list[dict[str, Any]] = self.page.evaluate("zonebox.state.hits")
        return found

    def set(self, name: str, value: str) -> None:
        self.page.evaluate("([name, value]) => { const e = document.getElementById(name); e.value = value; "
                           "e.dispatchEvent(new Event('input')); }", [name, value])


@contextlib.contextmanager
def opened(tiles: Path, *, client: str = "three", query: str = "") -> Iterator[Page]:
    """Serve tiles, open the page on them and wait until every tile in view is there."""
    from playwright.sync_api import sync_playwright

    with serving(tiles, client=client, cesium=HERE) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        try:
            page = browser.new_page(viewport={"width": 1000, "height": 640})
            shown = Page(page)

            overhear(page, address, outside=shown.outside, messages=shown.messages)
            page.goto(f"{address}{query}")
            shown.settle()
            yield shown
        finally:
            browser.close()
