"""The viewer as a page, in a real browser: open Delft, select a finding, change the limit, see the verdict turn."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from browser.clients import ARGUMENTS, chromium
from conftest import unavailable
from viewer.block import is_signal_red

pytestmark = [pytest.mark.browser, pytest.mark.render, pytest.mark.data]
WAIT_MS = 180_000
FINDING = "tower/D-05/height"


@pytest.fixture(scope="module")
def address(shared_data: Path, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a page served as a user would."""
    assert shared_data.is_dir()
    out = tmp_path_factory.mktemp("delft")
    command = [sys.executable, "-m", "zonebox.cli", "view", str(repository / "scenes" / "delft_courtyard"), "-o",
               str(out), "--serve", "--port", "0", "--lang", "en", "-q"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ})
    lines: queue.Queue[str] = queue.Queue()
    assert server.stdout is not None
    threading.Thread(target=lambda said=server.stdout: lines.put(said.readline()), daemon=True).start()
    try:
        line = lines.get(timeout=600).strip()
        assert line.startswith("http://127.0.0.1:"), line
        yield line
    finally:
        server.terminate()
        server.communicate(timeout=60)


@pytest.fixture
def page(address: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    browser_path = chromium()
    if browser_path is None:
        unavailable("no browser", "apt-get install chromium")
    outside: list[str] = []
    errors: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=browser_path, args=list(ARGUMENTS))
        page = browser.new_page(viewport={"width": 1500, "height": 850})
        page.on("request", lambda r: None if r.url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:"))
                else outside.append(r.url))
        page.on("pageerror", lambda e: errors.append(str(e)))
        page.goto(address)
        page.wait_for_selector("[data-finding]", timeout=WAIT_MS)
        page.wait_for_function("document.querySelector('#picture img')?.naturalWidth > 100", timeout=WAIT_MS)
        yield page
        browser.close()
    assert not outside, "nothing is asked of another machine"
    assert not errors


def picture(page: Any, path: Path) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """What the picture shows, once two looks at it agree."""
    before = b""
    for _ in range(40):
        now = page.locator("#picture").screenshot()
        if now == before:
            break
        before = now
        page.wait_for_timeout(700)
    path.write_bytes(before)
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def test_select_change_and_see_the_verdict_turn(page: Any, tmp_path: Path) -> None:
    states = page.locator("[data-finding]").evaluate_all("all => all.map(e => e.dataset.state)")
    assert states == sorted(states, key=["FAIL", "MARGINAL", "NOT_CHECKED", "PASS"].index) or states[0] == "FAIL"
    row = page.locator(f'[data-finding="{FINDING}"]')
    row.focus()
    page.keyboard.press("Enter")                                     # reachable without a mouse
    page.wait_for_selector('#finding[data-state="FAIL"]', timeout=WAIT_MS)
    told = page.locator("#finding").inner_text()
    assert "16.40 m" in told
    assert "15.00 m" in told
    assert "lower the top by 1.4 m" in told
    assert "0ZBert7zf3GhThbOD2NRe3" in told, "the elements concerned, by GlobalId"
    before = picture(page, tmp_path / "before.png")
    assert is_signal_red(before).sum() > 5000, "the camera flew to the broken roof"
    number = page.locator('[data-number="D-05/height"]')
    number.fill("18")
    number.press("Enter")
    page.wait_for_selector('#finding[data-state="PASS"]', timeout=WAIT_MS)
    after = picture(page, tmp_path / "after.png")
    assert is_signal_red(after).sum() < 0.5 * is_signal_red(before).sum()
    page.locator("#undo").click()
    page.wait_for_selector('#finding[data-state="FAIL"]', timeout=WAIT_MS)


def test_search_a_parcel_and_read_what_binds(page: Any) -> None:
    page.locator("#search").fill("d-02")
    page.locator("#search").press("Enter")
    page.wait_for_selector("#parcel", timeout=WAIT_MS)
    page.wait_for_function("document.querySelector('#parcel').innerText.includes('D-02')", timeout=WAIT_MS)
    assert "3.00 m D-02/side-setback 2.2" in page.locator("#parcel").inner_text()
    page.locator("#search").fill("nowhere")
    page.locator("#search").press("Enter")
    page.wait_for_function("document.body.innerText.includes('no such parcel')", timeout=WAIT_MS)


def test_layers_and_language(page: Any, tmp_path: Path) -> None:
    whole = picture(page, tmp_path / "whole.png")
    page.locator('[data-layer="envelopes"]').uncheck()
    bare = picture(page, tmp_path / "bare.png")
    assert (whole != bare).any(axis=2).mean() > 0.05
    page.locator('[data-layer="envelopes"]').check()
    page.locator("#language").click()
    page.wait_for_function("document.body.innerText.includes('检查结果')", timeout=WAIT_MS)
    page.locator("#language").click()
    page.wait_for_function("/findings/i.test(document.body.innerText)", timeout=WAIT_MS)
