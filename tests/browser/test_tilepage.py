"""The page that `zonebox tiles --serve` opens, in headless Chromium."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from browser.clients import need
from browser.pages import opened
from converters.tiles import samples
from converters.tiles.real import RealScene, real_scene
from zonebox.model import Report
from zonebox_converters.tiles import write

pytestmark = pytest.mark.browser

EVIL = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>'


@pytest.fixture(scope="module", params=["1.1", "1.0"])
def tiles(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tiles")
    write(*samples.block(samples.shandong()), out, version=request.param)
    return out


def test_the_page_shows_picks_and_colours(tiles: Path, tmp_path: Path) -> None:
    """Both versions: a roof under the pointer answers, in the data's own words, and verdicts colour the layers."""
    need(module="cesium", browser=True)
    roof = samples.shandong().to_ecef([[30.0, 27.5, 14.4]])[0]
    with opened(tiles, query="?lang=en") as page:
        page.look(roof, 60.0)
        hits = page.click(page.screen(roof))
        assert {"design", "envelopes"} <= {hit["layer"] for hit in hits}
        (found,) = [hit["values"] for hit in hits if hit["layer"] == "design"
                    and hit["values"]["globalId"] == "0Roof000000000000000000"]
        assert (found["name"], found["storey"], found["verdict"]) == ("屋面", "3F", "FAIL")
        said = page.page.inner_text("#properties")
        assert hits[0]["declared"]["parcel"]["name"] in said
        plain = page.page.screenshot(path=tmp_path / "plain.png")
        page.page.check("#by-verdict")
        assert page.page.locator("#legend li").count() == 5
        assert page.page.screenshot(path=tmp_path / "verdicts.png") != plain
        page.page.uncheck("#layers input[name=design]")
        assert "design" not in {hit["layer"] for hit in page.click(page.screen(roof))}
        assert (page.errors, page.outside) == ([], [])


def test_the_sun_follows_date_and_hour(tiles: Path) -> None:
    """At noon of midsummer, declination 23.44°, the sun stands due south, 90° - latitude + 23.44° high."""
    need(module="cesium", browser=True)
    lon, lat, _ = samples.shandong().to_geographic([[0.0, 0.0, 0.0]])[0]
    with opened(tiles, query="?lang=en") as page:
        page.set("date", "2026-06-21")
        page.set("zone", str(lon / 15 - 0.03))     # the sun is 1.8 minutes late on that day (equation of time)
        page.set("hour", "12")
        east, up, south = page.page.evaluate("zonebox.sun().at")
        elevation = np.degrees(np.arctan2(up, np.hypot(east, south)))
        assert abs(elevation - (90 - lat + 23.44)) < 0.03
        assert south > 0
        assert abs(np.degrees(np.arctan2(east, south))) < 0.5
        page.set("hour", "8")
        assert page.page.evaluate("zonebox.sun().at")[0] > 0          # in the east
        assert page.page.evaluate("zonebox.sun().casts")
        page.page.uncheck("#shadows")
        assert not page.page.evaluate("zonebox.sun().casts")
        page.set("hour", "1")
        assert "below the horizon" in page.page.inner_text("#sun-said")


def test_attributes_stay_text(tmp_path: Path) -> None:
    need(module="cesium", browser=True)
    frame = samples.shandong()
    house = samples.context_box("B1", samples.box(0, 0, 1, 20, 20, 10), note=EVIL)
    scene = samples.context_scene(frame, [dataclasses.replace(house, name=EVIL)])
    write(scene, Report(findings=()), tmp_path)
    roof = frame.to_ecef([[12.0, 9.0, 11.0]])[0]
    with opened(tmp_path) as page:
        hits = page.click(page.screen(roof))
        assert [hit["values"]["name"] for hit in hits] == [EVIL]
        assert EVIL in page.page.inner_text("#properties")
        assert page.page.locator("#side img, #side script").count() == 0
        assert page.page.evaluate("window.broken === undefined")
        assert (page.errors, page.outside) == ([], [])


@pytest.mark.parametrize("tiles", ["1.0"], indirect=True)          # test_clients has it read the other version
def test_cesium_draws_the_page_where_it_is_installed(tiles: Path, tmp_path: Path) -> None:
    need(module="cesium", browser=True)
    lot = samples.shandong().to_ecef([[80.0, 27.5, 19.0]])[0]
    with opened(tiles, client="cesium", query="?lang=zh") as page:
        (hit, *_) = page.click(page.screen(lot))
        assert (hit["layer"], hit["values"]["parcel"]) == ("envelopes", "A-02")
        page.page.check("#by-verdict")
        page.page.wait_for_timeout(2000)
        page.page.screenshot(path=tmp_path / "cesium.png", timeout=300_000)
        assert page.page.inner_text("#picked h2") == "选中要素"
        assert "地块编号" in page.page.inner_text("#properties")
        assert (page.errors, page.outside) == ([], [])


@pytest.mark.data
@pytest.mark.parametrize("name", ["riverside_block", "delft_courtyard"])
def test_a_scene_on_the_page(name: str, request: pytest.FixtureRequest, shared_data: Path,
                             tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    """The highest roof of the scene is drawn where pyproj puts it, and answers with its GlobalId."""
    need(module="cesium", browser=True)
    del shared_data
    real: RealScene = real_scene(name, request, tmp_path_factory)
    tower = max(real.scene.designs, key=lambda b: float(b.mesh.bounds[1, 2]))
    middle = tower.mesh.vertices[tower.mesh.triangles].mean(axis=1)
    highest = int(np.argmax(middle[:, 2]))
    element = tower.elements[tower.triangle_element[highest]]
    (target,) = real.scene.frame.to_ecef(middle[[highest]])
    with opened(real.tiles) as page:
        page.page.screenshot(path=tmp_path / "whole.png", timeout=300_000)
        page.look(target, 90.0)
        hits = page.click(page.screen(target))
        page.page.screenshot(path=tmp_path / "close.png", timeout=300_000)
        assert (page.errors, page.outside) == ([], [])
    assert element.id in [hit["values"].get("globalId") for hit in hits]
