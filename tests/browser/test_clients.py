"""Tiles in the hands of clients that zonebox did not write."""

from __future__ import annotations

from pathlib import Path

import pytest

from browser.clients import cesium, need, validate_gltf
from browser.pages import opened
from converters.tiles import samples
from converters.tiles.test_implicit import city, read_implicit, small_tiles
from zonebox_converters.tiles import write

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def tiles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tiles")
    write(*samples.block(samples.shandong()), out)
    return out


def test_gltf_validator_finds_no_error(tiles: Path) -> None:
    need(module="gltf-validator")
    rows = validate_gltf(sorted(tiles.rglob("*.glb")))
    assert len(rows) == 5
    assert [row for row in rows if row["errors"] or row["warnings"]] == []


def test_cesium_shows_the_whole_scene(tiles: Path, tmp_path: Path) -> None:
    need(module="cesium", browser=True)
    frame = samples.shandong()
    roof, lot = frame.to_ecef([[30.0, 27.5, 14.4], [80.0, 27.5, 19.0]])
    with cesium(tiles, range=1.1) as client:
        (tmp_path / "scene.png").write_bytes(client.picture())
        assert (client.errors, client.outside) == ([], [])
        behind = client.drill(client.screen(roof))
        envelope = client.pick(client.screen(lot))
    assert "0Roof000000000000000000" in [feature.get("globalId") for feature in behind]
    assert "A-01/tower/height" in [feature.get("id") for feature in behind]
    assert envelope is not None
    assert (envelope["parcel"], envelope["verdict"]) == ("A-02", "NOT_CHECKED")
    assert envelope["controls"] == "height ≤ 18 m [示例控规图则 第三条]"
    assert (tmp_path / "scene.png").stat().st_size > 20_000


def test_cesium_picks_an_element(tiles: Path, tmp_path: Path) -> None:
    need(module="cesium", browser=True)
    roof = samples.shandong().to_ecef([[30.0, 27.5, 14.4]])[0]
    with cesium(tiles, "design/tileset.json", range=2.4) as client:
        (tmp_path / "design.png").write_bytes(client.picture())
        picked = client.pick(client.screen(roof))
        assert (client.errors, client.outside) == ([], [])
    assert picked is not None
    assert picked["globalId"] == "0Roof000000000000000000"
    assert (picked["ifcClass"], picked["name"], picked["storey"]) == ("IfcRoof", "屋面", "3F")
    assert picked["verdict"] == "FAIL"


def test_a_point_cloud_is_sound_and_drawn(tmp_path: Path) -> None:
    """No finding of the validator in its tiles, and Cesium draws points in the colours of their classes."""
    import io

    import numpy as np
    from PIL import Image

    from converters.tiles.test_points import scans
    from zonebox.model import Report

    need(module="gltf-validator")
    need(module="cesium", browser=True)
    write(samples.context_scene(samples.shandong(), []), Report(findings=()), tmp_path, points=scans(150_000))
    files = sorted((tmp_path / "pointcloud").glob("*.glb"))
    assert len(files) > 3
    assert [row for row in validate_gltf(files) if row["errors"] or row["warnings"]] == []
    with cesium(tmp_path, "pointcloud/tileset.json", range=0.8) as client:
        picture = client.picture()
        assert (client.errors, client.outside) == ([], [])
    seen = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)
    for color in ((151, 140, 118), (206, 120, 92)):         # ground and building
        assert (np.abs(seen - color).max(axis=2) < 12).sum() > 50, color


@pytest.fixture(scope="module")
def implicit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A city of 1,296 blocks in an implicit tree of several levels and several subtrees."""
    from zonebox.model import Report

    out = tmp_path_factory.mktemp("implicit")
    with pytest.MonkeyPatch.context() as patch:
        small_tiles(patch)
        write(city(36), Report(findings=()), out, implicit=True)
    tiles, _, _ = read_implicit(out / "context")
    assert max(level for level, _, _ in tiles) >= 3
    return out


def roofs() -> dict[str, list[float]]:
    """Middles of roofs that are found at the root, and in other subtrees in opposite corners of the city."""
    blocks = {b.id: b.mesh.bounds for b in city(36).context}
    chosen = {ident: blocks[ident] for ident in ("B018018", "B002003", "B033034")}
    frame = samples.shandong()
    return {ident: frame.to_ecef([[*box.mean(0)[:2], box[1, 2]]])[0].tolist() for ident, box in chosen.items()}


def test_cesium_walks_an_implicit_tree(implicit: Path, tmp_path: Path) -> None:
    need(module="cesium", browser=True)
    with cesium(implicit, range=1.1) as client:
        (tmp_path / "city.png").write_bytes(client.picture())
        for ident, roof in roofs().items():
            client.look(roof, 160.0)
            picked = client.pick(client.screen(roof))
            assert picked is not None
            assert (picked["id"], picked["name"]) == (ident, f"楼 {ident}")
        (tmp_path / "near.png").write_bytes(client.picture())
        assert (client.errors, client.outside) == ([], [])


def test_the_page_walks_an_implicit_tree(implicit: Path, tmp_path: Path) -> None:
    """three.js with 3DTilesRenderer, as shipped."""
    need(module="cesium", browser=True)
    with opened(implicit, query="?lang=en") as page:
        page.page.screenshot(path=tmp_path / "city.png")
        for ident, roof in roofs().items():
            page.look(roof, 160.0)
            hits = page.click(page.screen(roof))
            assert hits
            assert (hits[0]["layer"], hits[0]["values"]["id"]) == ("context", ident)
        page.page.screenshot(path=tmp_path / "near.png")
        assert (page.errors, page.outside) == ([], [])


def test_gltf_validator_finds_no_error_in_implicit_contents(implicit: Path) -> None:
    need(module="gltf-validator")
    rows = validate_gltf(sorted(implicit.rglob("*.glb")))
    assert len(rows) > 20
    assert [row for row in rows if row["errors"] or row["warnings"]] == []
