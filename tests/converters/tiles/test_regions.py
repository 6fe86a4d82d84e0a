"""Regions of the roots, read back against pyproj: they bound every vertex, closely, and what hangs under them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
from numpy.typing import NDArray

from converters.tiles import readback, samples
from zonebox import pipeline, scenefile
from zonebox.errors import InputError
from zonebox.frame import Frame
from zonebox.model import Report
from zonebox_converters.tiles import verify, write
from zonebox_converters.tiles.regions import region_of
from zonebox_converters.tiles.tiling import Tile

NONE = Report(findings=())


def geographic(points: NDArray[np.float64]) -> NDArray[np.float64]:
    back = pyproj.Transformer.from_crs("EPSG:4978", "EPSG:4979", always_xy=True)
    lon, lat, height = back.transform(points[:, 0], points[:, 1], points[:, 2])
    return np.stack([np.radians(lon), np.radians(lat), height], axis=1)


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


@pytest.mark.parametrize("implicit", [False, True])
def test_regions_bound_the_vertices_closely(tmp_path: Path, implicit: bool) -> None:
    write(*samples.block(samples.shandong()), tmp_path, volumes="region", implicit=implicit)
    root = read(tmp_path / "tileset.json")["root"]
    tiles = [] if implicit else readback.read_tiles(tmp_path / "tileset.json", coarse=True)
    if not implicit:
        points = geographic(np.concatenate([p.points for tile in tiles for p in tile.primitives]))
        west, south, east, north, low, high = root["boundingVolume"]["region"]
        assert (points >= [west, south, low]).all()
        assert (points <= [east, north, high]).all()
        metres = np.array([6378137 * np.cos(south), 6378137, 1.0])
        # the block is 240 m wide and its grid is turned against the meridian by less than half a degree
        assert (np.abs(points.min(0) - [west, south, low]) * metres < 2.5).all()
        assert (np.abs(points.max(0) - [east, north, high]) * metres < 2.5).all()
        layer = read(tmp_path / "context" / "tileset.json")["root"]
        assert list(layer["boundingVolume"]) == ["region"]
    else:
        assert list(read(tmp_path / "context" / "tileset.json")["root"]["boundingVolume"]) == ["box"]
    assert all(list(child["boundingVolume"]) == ["region"] for child in root["children"])
    assert verify(tmp_path) == []


@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_a_wide_scene_is_sound(tmp_path: Path, version: str) -> None:
    """Over 20 km the earth bends by 8 m, and parallels by as much."""
    blocks = [samples.context_box(f"{i}-{j}", samples.box(2500.0 * i, 2500.0 * j, 1, 20, 15, 9))
              for i in range(-4, 5) for j in range(-4, 5)]
    write(samples.context_scene(samples.shandong(), blocks), NONE, tmp_path, volumes="region", version=version)
    assert verify(tmp_path) == []
    region = read(tmp_path / "tileset.json")["root"]["boundingVolume"]["region"]
    assert region[5] - region[4] < 60


@pytest.mark.parametrize(("lon", "lat"), [(180.0, -17.0), (-179.99, 65.0), (12.0, 84.0), (0.0, 0.0),
                                         (10.0, 90.0), (-150.0, -89.9), (77.0, 89.95)])
def test_a_box_anywhere_lies_in_its_region(lon: float, lat: float) -> None:
    """Points all over a box of 40 km, on the antimeridian and around a pole too."""
    sl, cl, sp, cp = np.sin(np.radians(lon)), np.cos(np.radians(lon)), np.sin(np.radians(lat)), np.cos(np.radians(lat))
    matrix = np.eye(4)
    matrix[:3, :3] = np.array([[-sl, cl, 0], [-sp * cl, -sp * sl, cp], [cp * cl, cp * sl, sp]]).T
    to = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    matrix[:3, 3] = to.transform(lon, lat, 30.0)
    box = np.array([[-20_000.0, -20_000.0, -10.0], [20_000.0, 20_000.0, 200.0]])
    west, south, east, north, low, high = region_of([Tile(matrix=matrix, box=box, error_m=0.0)])
    rng = np.random.default_rng(1)
    local = box[0] + rng.random((20_000, 3)).round(1) * (box[1] - box[0])
    points = geographic(local @ matrix[:3, :3].T + matrix[:3, 3])
    assert -np.pi <= west <= np.pi
    assert -np.pi <= east <= np.pi
    width = (east - west) % (2 * np.pi) if east - west < 2 * np.pi else 2 * np.pi
    assert ((points[:, 0] - west) % (2 * np.pi) <= width).all()
    assert (points[:, 1:] >= [south, low]).all()
    assert (points[:, 1:] <= [north, high]).all()
    assert high - low < 600.0


def test_a_scene_around_the_pole_is_sound(tmp_path: Path) -> None:
    frame = Frame.near("EPSG:32661+5773", (2_003_000, 2_004_000), vertical_shift_m=15.0, vertical_shift_source="test")
    blocks = [samples.context_box(f"{k}", samples.box(2500.0 * k, -1700.0 * k, 1, 20, 15, 9)) for k in range(-4, 5)]
    for implicit in (False, True):
        write(samples.context_scene(frame, blocks), NONE, tmp_path / str(implicit), volumes="region", implicit=implicit)
        assert verify(tmp_path / str(implicit)) == []


def test_the_scene_file_asks_for_regions_and_a_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both keys reach the export; an option has the last word, and an empty scheduler is none."""
    (tmp_path / "p.geojson").write_text("{}", encoding="utf-8")
    head = '[scene]\ntitle = "t"\ncrs = "EPSG:4548+5737"\n[plan]\nparcels = "p.geojson"\n[tiles]\n'
    asked: list[tuple[object, object]] = []
    scene, report = samples.block(samples.shandong())
    monkeypatch.setattr("zonebox_converters.tiles.check_scheduler", lambda _address: None)
    monkeypatch.setattr(pipeline, "opened", lambda *_a, **_k: (scene, report))
    monkeypatch.setattr(pipeline, "output_folder", lambda *_a: tmp_path)

    def tiled(*_a: object, **how: object) -> object:
        asked.append((how["volumes"], how["scheduler"]))
        raise InterruptedError

    monkeypatch.setattr(pipeline, "_tiles", tiled)
    monkeypatch.setattr(pipeline, "_review", lambda *_a: ({}, []))
    monkeypatch.setattr(pipeline, "_envelopes_file", lambda *_a: tmp_path)
    (tmp_path / "scene.toml").write_text(f'{head}volumes = "region"\nscheduler = "tcp://here:1"\n', encoding="utf-8")
    for how in ({}, {"volumes": "box", "scheduler": ""}, {"scheduler": "tcp://there:2"}):
        with pytest.raises(InterruptedError):
            pipeline.export_tiles(tmp_path / "scene.toml", **how)   # type: ignore[arg-type]
    for scheduler in (None, "", "tcp://there:2"):
        with pytest.raises(InterruptedError):
            pipeline.run(tmp_path / "scene.toml", scheduler=scheduler)
    assert asked == [("region", "tcp://here:1"), ("box", None), ("region", "tcp://there:2"),
                     ("region", "tcp://here:1"), ("region", None), ("region", "tcp://there:2")]
    (tmp_path / "scene.toml").write_text(f'{head}volumes = "sphere"\n', encoding="utf-8")
    with pytest.raises(InputError, match="want box, region"):
        scenefile.read(tmp_path / "scene.toml")


def test_other_volumes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--volumes"):
        write(*samples.block(samples.shandong()), tmp_path, volumes="sphere")
