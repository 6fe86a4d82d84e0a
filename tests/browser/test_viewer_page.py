"""The viewer as a page, in a real browser: open Delft, select a finding, change the limit, see the verdict turn."""

from __future__ import annotations

import io
import os
import queue
import re
import subprocess
import sys
import threading
import zipfile
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
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.goto(address)
        page.wait_for_selector("[data-finding]", timeout=WAIT_MS)
        page.wait_for_function("document.querySelector('#picture img')?.naturalWidth > 100", timeout=WAIT_MS)
        yield page
        browser.close()
    assert not outside, "nothing is asked of another machine"
    assert not errors


def picture(
    page: Any, path: Path, *, unlike: np.ndarray[Any, Any] | None = None
) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """What the picture shows, once two looks at it agree, and differ from an older one that it is to be unlike."""
    before = b""
    for _ in range(40):
        now = page.locator("#picture").screenshot()
        if now == before and (unlike is None or not np.array_equal(pixels(now), unlike)):
            break
        before = now
        page.wait_for_timeout(700)
    path.write_bytes(before)
    return pixels(before)


def pixels(png: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    with Image.open(io.BytesIO(png)) as image:
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
    after = picture(page, tmp_path / "after.png", unlike=before)
    assert is_signal_red(after).sum() < 0.5 * is_signal_red(before).sum()
    page.locator("#undo").click()
    page.wait_for_selector('#finding[data-state="FAIL"]', timeout=WAIT_MS)


def test_a_slider_answers_while_it_is_drawn_and_is_one_step_to_undo(page: Any) -> None:
    page.locator(f'[data-finding="{FINDING}"]').click()
    page.wait_for_selector('#finding[data-state="FAIL"]', timeout=WAIT_MS)
    slider = page.locator('[data-slider="D-05/height"]')
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.5 * box["width"], y)
    page.mouse.down()
    for share in np.linspace(0.5, 0.85, 12):
        page.mouse.move(box["x"] + share * box["width"], y)
        page.wait_for_timeout(60)
    page.wait_for_selector('#finding[data-state="PASS"]', timeout=WAIT_MS)               # still held
    drawn = float(slider.input_value())
    page.mouse.up()
    page.wait_for_function("n => Math.abs(document.querySelector('[data-number=\"D-05/height\"]').value - n) < 0.01",
                           arg=drawn, timeout=WAIT_MS)
    assert drawn > 20.0, "what the hand left, not what an answer underway said"
    page.locator("#undo").click()
    page.wait_for_selector('#finding[data-state="FAIL"]', timeout=WAIT_MS)
    page.wait_for_function("document.querySelector('#undo').disabled", timeout=WAIT_MS)
    mover = page.locator('[data-mover="up_m"]')
    mover.focus()
    for _ in range(4):
        page.keyboard.press("PageDown")
    page.wait_for_selector('#finding[data-state="PASS"]', timeout=WAIT_MS)               # lower, without a mouse
    for _ in range(4):
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
    bare = picture(page, tmp_path / "bare.png", unlike=whole)
    assert (whole != bare).any(axis=2).mean() > 0.05
    page.locator('[data-layer="envelopes"]').check()
    page.locator("#language").click()
    page.wait_for_function("document.body.innerText.includes('检查结果')", timeout=WAIT_MS)
    page.locator("#language").click()
    page.wait_for_function("/findings/i.test(document.body.innerText)", timeout=WAIT_MS)


def camera_is_shared(one: np.ndarray[Any, Any], two: np.ndarray[Any, Any]) -> float:
    """Share of the ground's pixels in which two halves agree."""
    wide = min(one.shape[1], two.shape[1])
    return float((np.abs(one[:, :wide].astype(int) - two[:, :wide]).max(axis=2) < 25).mean())


def test_a_narrow_window_leaves_room_for_the_picture_and_speaks_its_language(page: Any) -> None:
    page.set_viewport_size({"width": 900, "height": 600})
    page.wait_for_function("document.querySelector('#picture').getBoundingClientRect().width > 380", timeout=WAIT_MS)
    assert page.evaluate("document.documentElement.scrollWidth") == 900
    page.locator("#sun-hour").press("ArrowRight")
    page.wait_for_function("document.querySelector('#tools').innerText.includes('altitude')", timeout=WAIT_MS)
    page.locator("#language").click()
    page.wait_for_function("document.documentElement.lang === 'zh-CN'", timeout=WAIT_MS)
    page.wait_for_function("document.querySelector('#tools').innerText.includes('高度角')", timeout=WAIT_MS)
    assert page.title() == "zonebox – 代尔夫特庭院"
    page.locator("#language").click()
    page.wait_for_function("document.documentElement.lang === 'en'", timeout=WAIT_MS)


def test_walk_and_kept_views(page: Any, tmp_path: Path) -> None:
    first = picture(page, tmp_path / "first.png")
    page.locator("#view-name").fill("whole block")
    page.locator("#save-view").click()
    page.wait_for_selector('[data-view="whole block"]', timeout=WAIT_MS)
    assert page.locator("#forward").is_disabled(), "one does not step before one walks"
    page.locator("#walk").click()
    page.wait_for_function("!document.querySelector('#forward').disabled", timeout=WAIT_MS)
    standing = picture(page, tmp_path / "standing.png", unlike=first)
    page.locator("#forward").click()
    stepped = picture(page, tmp_path / "stepped.png", unlike=standing)
    page.locator("#turn-left").click()
    turned = picture(page, tmp_path / "turned.png", unlike=stepped)
    for one, two in ((first, standing), (standing, stepped), (stepped, turned)):
        assert (one != two).any(axis=2).mean() > 0.05
    page.locator('[data-view="whole block"]').click()
    page.wait_for_function("document.querySelector('#forward').disabled", timeout=WAIT_MS)
    assert (picture(page, tmp_path / "again.png", unlike=turned) == first).all()


def test_ground_by_height(page: Any, tmp_path: Path) -> None:
    page.locator("#views").locator("..").click()
    page.get_by_text("Plan", exact=True).click()
    drawn = picture(page, tmp_path / "map.png")
    page.locator("#by-height").check()
    page.wait_for_timeout(1500)
    coloured = picture(page, tmp_path / "height.png", unlike=drawn)
    assert (drawn != coloured).any(axis=2).mean() > 0.2
    page.locator("#by-height").uncheck()
    page.wait_for_timeout(1500)
    again = picture(page, tmp_path / "map-again.png", unlike=coloured)
    assert (np.abs(again.astype(int) - drawn).max(axis=2) > 40).mean() < 0.02


def test_notes_are_downloaded_as_bcf_beside_the_findings(page: Any, tmp_path: Path) -> None:
    page.locator("#note-author").fill("Hanneke")
    page.locator("#note-text").fill("keep the old lime tree")
    page.locator("#note").click()
    page.wait_for_selector("[data-note]", timeout=WAIT_MS)
    assert "keep the old lime tree" in page.locator("[data-note]").inner_text()
    assert page.locator("#note-picked").is_disabled(), "nothing was clicked yet"
    box = page.locator("#picture").bounding_box()
    page.mouse.click(box["x"] + 0.3 * box["width"], box["y"] + 0.75 * box["height"])
    page.wait_for_function("!document.querySelector('#note-picked').disabled", timeout=WAIT_MS)
    page.locator("#note-picked").check()
    page.locator("#note-text").fill("here too")
    page.locator("#note").click()
    page.wait_for_function("document.querySelectorAll('[data-note]').length === 2", timeout=WAIT_MS)
    picture(page, tmp_path / "noted.png")
    fails = page.locator("[data-finding]").evaluate_all("all => all.filter(e => e.dataset.state !== 'PASS').length")
    with page.expect_download(timeout=WAIT_MS) as coming:
        page.locator("#bcf").click()
    coming.value.save_as(tmp_path / "notes.bcfzip")
    with zipfile.ZipFile(tmp_path / "notes.bcfzip") as archive:
        names = archive.namelist()
        marks = [archive.read(n).decode() for n in names if n.endswith("markup.bcf")]
        pictures = [n for n in names if n.endswith(".png")]
    mine = [mark for mark in marks if "Hanneke" in mark]
    assert len(mine) == 2
    assert sum("keep the old lime tree" in mark for mark in mine) == 1
    assert sum("here too" in mark for mark in mine) == 1
    assert 2 < len(marks) <= fails + 2
    assert len(pictures) >= 2, "each note with what its author saw"
    places = [re.search(r"E ([\d.]+) +N ([\d.]+)", mark) for mark in mine]
    assert all(p is not None and 80_000 < float(p[1]) < 90_000 and 440_000 < float(p[2]) < 450_000 for p in places), \
        "in the plan's own CRS, not the viewer's"


def test_two_variants_beside_each_other_under_one_camera(page: Any, tmp_path: Path) -> None:
    page.locator(f'[data-finding="{FINDING}"]').click()
    page.wait_for_selector('#finding[data-state="FAIL"]', timeout=WAIT_MS)
    number = page.locator('[data-move="up_m"]')
    number.fill("-3")
    number.press("Enter")
    page.wait_for_selector('#finding[data-state="PASS"]', timeout=WAIT_MS)
    page.locator("#beside").locator("..").click()
    page.get_by_role("option", name="As planned").click()
    for _ in range(40):
        both = picture(page, tmp_path / "both.png")
        middle = both.shape[1] // 2
        bright = np.median(both[:, middle - 12:middle + 3].sum(axis=2), axis=0)
        if bright[10:].min() < 0.75 * bright[0]:                                      # the line between the halves
            break
    else:
        pytest.fail("no second picture")
    left, right = both[:, :middle], both[:, middle:]
    assert is_signal_red(right).sum() > 2000
    assert is_signal_red(left).sum() < 0.6 * is_signal_red(right).sum()
    assert camera_is_shared(left, right) > 0.5
    box = page.locator("#picture").bounding_box()
    x, y = box["x"] + 0.75 * box["width"], box["y"] + 0.6 * box["height"]                 # in the right half
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(x + 15 * step, y)
        page.wait_for_timeout(60)
    page.mouse.up()
    page.wait_for_timeout(1500)
    turned = picture(page, tmp_path / "turned.png", unlike=both)
    for name, half, was in (("left", turned[:, :middle], left), ("right", turned[:, middle:], right)):
        assert (np.abs(half.astype(int) - was).max(axis=2) > 25).mean() > 0.2, f"the {name} half turns"
    assert camera_is_shared(turned[:, :middle], turned[:, middle:]) > 0.5, "and both by the same"
    page.locator("#beside").locator("..").click()
    page.get_by_role("option", name="Not side by side").click()
    page.wait_for_timeout(2000)
    page.locator("#undo").click()
    page.wait_for_selector('#finding[data-state="FAIL"]', timeout=WAIT_MS)
