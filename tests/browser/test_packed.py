"""Compressed tiles in the hands of readers that zonebox did not write: Khronos, meshoptimizer, Draco, both clients."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial import cKDTree

from browser.clients import HERE, cesium, need, validate_gltf
from browser.pages import opened
from compressions import PACKED
from converters.tiles import readback, samples
from converters.tiles.test_points import scans
from zonebox_converters.tiles import write

pytestmark = pytest.mark.browser

ROOF = "0Roof000000000000000000"


@pytest.fixture(scope="module", params=PACKED)
def packed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp(request.param)
    write(*samples.block(samples.shandong()), out, compression=request.param, points=scans(5_000))
    return out


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("plain")
    write(*samples.block(samples.shandong()), out)
    return out


def unpacked(files: list[Path]) -> list[dict[str, Any]]:
    run = subprocess.run(["node", str(HERE / "unpack_gltf.mjs"), *map(str, files)], capture_output=True, text=True,
                         check=True, timeout=600)
    rows: list[dict[str, Any]] = json.loads(run.stdout)
    return rows


def test_gltf_validator_finds_no_error(packed: Path) -> None:
    need(module="gltf-validator")
    rows = validate_gltf(sorted(packed.rglob("*.glb")))
    assert len(rows) > 5
    assert [row for row in rows if row["errors"] or row["warnings"]] == []


def test_the_inventors_decoders_find_every_corner_of_every_feature(packed: Path, plain: Path) -> None:
    """Each feature's corners are those of the tile that is not compressed, to less than 7 mm, and no others."""
    need(module="draco3d")
    layers = ("terrain", "context", "design", "envelopes", "findings")
    files = [packed / layer / "all.glb" for layer in layers]
    for layer, found in zip(layers, unpacked(files), strict=True):
        tile = readback.read_tile(plain / layer / "all.glb", np.eye(4))
        expected = [p for p in tile.primitives if p.mode == 4]
        assert len(expected) == len(found["primitives"])
        for a, b in zip(expected, found["primitives"], strict=True):
            points, ids, corners = np.array(b["points"]), np.array(b["ids"]), np.array(b["triangles"])
            points = points @ np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])       # z up
            assert len(corners) == len(a.indices)
            for feature in np.unique(a.feature[a.indices]):
                mine = a.points[a.indices[a.feature[a.indices] == feature]]
                theirs = points[corners[ids[corners] == feature]]
                assert len(mine) == len(theirs)
                assert cKDTree(mine).query(theirs)[0].max() < 0.007
                assert cKDTree(theirs).query(mine)[0].max() < 0.007


def test_cesium_shows_and_picks(packed: Path, tmp_path: Path) -> None:
    need(module="cesium", browser=True)
    roof = samples.shandong().to_ecef([[30.0, 27.5, 14.4]])[0]
    with cesium(packed, range=1.1) as client:
        (tmp_path / "scene.png").write_bytes(client.picture())
        found = client.drill(client.screen(roof))
        assert (client.errors, client.outside) == ([], [])
    (element,) = [feature for feature in found if feature.get("globalId") == ROOF]
    assert (element["name"], element["storey"], element["verdict"]) == ("屋面", "3F", "FAIL")


def test_the_page_shows_and_picks(packed: Path, tmp_path: Path) -> None:
    """three.js with 3DTilesRenderer, as shipped: decoders are on the page, and its policy lets them run."""
    need(module="cesium", browser=True)
    roof = samples.shandong().to_ecef([[30.0, 27.5, 14.4]])[0]
    with opened(packed, query="?lang=en") as page:
        page.look(roof, 90.0)
        hits = page.click(page.screen(roof))
        page.page.check("#by-verdict")
        page.page.screenshot(path=tmp_path / "page.png")
        assert (page.errors, page.outside) == ([], [])
    assert ROOF in [hit["values"].get("globalId") for hit in hits]
    assert "A-01" in [hit["values"].get("parcel") for hit in hits if hit["layer"] == "envelopes"]
