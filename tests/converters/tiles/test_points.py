"""A laser scan as tiles that add to each other: every point once, where it was, with its class and its echo."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from converters.tiles import samples
from zonebox.model import Report
from zonebox_converters.tiles import Scan, verify, write
from zonebox_converters.tiles.scatter import POINTS_PER_TILE

NONE = Report(findings=())
COMPONENTS = {5121: "u1", 5123: "u2", 5126: "f4"}


def scans(count: int, pieces: int = 3, seed: int = 5) -> list[Scan]:
    """Hilly ground, a wall that stands upright, and a clump of trees, in pieces as they are read."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform((-310.0, -150.0), (290.0, 260.0), (count, 2))
    z = 4 * np.sin(xy[:, 0] / 30) + rng.normal(0, 0.02, count)
    kinds = np.full(count, 2, dtype=np.uint8)
    wall = slice(0, count // 8)
    xy[wall] = np.column_stack([rng.uniform(10, 40, count // 8), np.full(count // 8, 33.0)])
    z[wall], kinds[wall] = rng.uniform(0, 25, count // 8), 6
    points, strength = np.column_stack([xy, z]), rng.integers(0, 65535, count).astype(np.uint16)
    order = rng.permutation(count)
    return [Scan(points[part], kinds[part], strength[part]) for part in np.array_split(order, pieces)]


def read(tileset: Path) -> list[dict[str, Any]]:
    """Tiles of a layer of points: matrix, points in EPSG:4978, classes and strengths, children."""
    document = json.loads(tileset.read_text(encoding="utf-8"))
    assert document["root"]["refine"] == "ADD"
    found: list[dict[str, Any]] = []

    def visit(tile: dict[str, Any], outer: NDArray[np.float64]) -> dict[str, Any]:
        m = outer @ np.array(tile.get("transform", np.eye(4).ravel())).reshape(4, 4, order="F")
        path = tileset.parent / tile["content"]["uri"]
        local, kinds, strength = (_pnts if path.suffix == ".pnts" else _glb)(path.read_bytes())
        row = {"error": tile["geometricError"], "points": local @ m[:3, :3].T + m[:3, 3], "kinds": kinds,
               "strength": strength}
        found.append(row)
        row["under"] = [visit(child, m) for child in tile.get("children", [])]
        return row

    visit(document["root"], np.eye(4))
    return found


def _glb(data: bytes) -> tuple[NDArray[Any], ...]:
    size = struct.unpack_from("<I", data, 12)[0]
    document, binary = json.loads(data[20:20 + size]), data[28 + size:]
    (primitive,) = document["meshes"][0]["primitives"]
    assert primitive["mode"] == 0
    columns = document["extensions"]["EXT_structural_metadata"]["propertyAttributes"][0]["properties"]

    def rows(name: str) -> NDArray[Any]:
        accessor = document["accessors"][primitive["attributes"][name]]
        view, kind = document["bufferViews"][accessor["bufferView"]], np.dtype(COMPONENTS[accessor["componentType"]])
        width = {"SCALAR": 1, "VEC3": 3}[accessor["type"]]
        raw = np.frombuffer(binary, "u1", accessor["count"] * view["byteStride"], view["byteOffset"])
        own = raw.reshape(accessor["count"], -1)[:, :kind.itemsize * width]
        return np.ascontiguousarray(own).view(kind)

    x, y, z = rows("POSITION").T.astype(np.float64)
    return (np.stack([x, -z, y], axis=1), rows(columns["classification"]["attribute"])[:, 0],
            rows(columns["intensity"]["attribute"])[:, 0])


def _pnts(data: bytes) -> tuple[NDArray[Any], ...]:
    magic, version, length, *sizes = struct.unpack_from("<4sIIIIII", data)
    assert (magic, version, length, length % 8) == (b"pnts", 1, len(data), 0)
    ends = np.cumsum([28, *sizes]).tolist()
    features, batch = json.loads(data[28:ends[0 + 1]]), json.loads(data[ends[2]:ends[3]])
    n = features["POINTS_LENGTH"]
    local = np.frombuffer(data, "<f4", 3 * n, ends[1] + features["POSITION"]["byteOffset"]).reshape(n, 3)
    kinds = np.frombuffer(data, "u1", n, ends[3] + batch["classification"]["byteOffset"])
    return local.astype(np.float64), kinds, np.frombuffer(data, "<u2", n, ends[3] + batch["intensity"]["byteOffset"])


@pytest.fixture(scope="module")
def cloud() -> list[Scan]:
    return scans(400_000)


@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_every_point_stands_once_where_it_was(cloud: list[Scan], tmp_path: Path, version: str) -> None:
    frame = samples.shandong()
    result = write(samples.context_scene(frame, []), NONE, tmp_path, points=cloud, version=version)
    (layer,) = result.layers
    tiles = read(layer.path)
    assert layer.features == 400_000
    there = np.concatenate([t["points"] for t in tiles])
    given = frame.to_ecef(np.concatenate([scan.points for scan in cloud]))
    distance, source = cKDTree(given).query(there)
    assert distance.max() < 1e-3
    assert len(there) == len(np.unique(source)) == 400_000
    for name, column in (("kinds", "kinds"), ("strength", "strength")):
        assert np.array_equal(np.concatenate([t[name] for t in tiles]),
                              np.concatenate([getattr(scan, column) for scan in cloud])[source])
    assert verify(tmp_path) == []


def test_errors_are_distances_to_what_is_still_to_come(cloud: list[Scan], tmp_path: Path) -> None:
    write(samples.context_scene(samples.shandong(), []), NONE, tmp_path, points=cloud)
    tiles = read(tmp_path / "pointcloud" / "tileset.json")
    assert max(len(t["points"]) for t in tiles) <= POINTS_PER_TILE
    assert len(tiles) > 5

    def below(tile: dict[str, Any]) -> NDArray[np.float64]:
        return np.concatenate([tile["points"], *(below(child) for child in tile["under"])])

    def check(tile: dict[str, Any], shown: NDArray[np.float64]) -> None:
        drawn = np.concatenate([shown, tile["points"]])
        if tile["under"]:
            missing = np.concatenate([below(child) for child in tile["under"]])
            assert cKDTree(drawn).query(missing)[0].max() <= tile["error"] + 2e-3
        for child in tile["under"]:
            assert child["error"] < tile["error"]
            check(child, drawn)

    check(tiles[0], np.zeros((0, 3)))


def test_two_runs_give_the_same_bytes_and_rewrite_nothing(cloud: list[Scan], tmp_path: Path) -> None:
    scene = samples.context_scene(samples.shandong(), [])
    write(scene, NONE, tmp_path, points=cloud)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*.*") if p.is_file()}
    assert write(scene, NONE, tmp_path, points=iter(cloud)).rewritten == 0
    assert {p: p.read_bytes() for p in tmp_path.rglob("*.*") if p.is_file()} == before
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_points_at_one_place_end(tmp_path: Path) -> None:
    """A hundred thousand points of one place, which no division separates, are all written."""
    one = Scan(np.tile([[5.0, 6.0, 7.0]], (100_000, 1)), np.zeros(100_000, np.uint8), np.zeros(100_000, np.uint16))
    (layer,) = write(samples.context_scene(samples.shandong(), []), NONE, tmp_path, points=[one]).layers
    assert sum(len(t["points"]) for t in read(layer.path)) == 100_000


def test_no_points_make_no_layer(tmp_path: Path) -> None:
    assert write(samples.context_scene(samples.shandong(), []), NONE, tmp_path, points=[]).layers == ()


def test_memory_does_not_grow_with_the_cloud(tmp_path: Path) -> None:
    """Four times the area takes four times the points and no more memory, but for the tree."""
    import tracemalloc

    def strips(columns: int) -> Iterator[Scan]:
        for k in range(columns):
            rng = np.random.default_rng(k)
            points = np.column_stack([rng.uniform(k * 100, k * 100 + 100, 60_000), rng.uniform(0, 120, 60_000),
                                      rng.normal(0, 1, 60_000)])
            yield Scan(points, np.full(60_000, 2, np.uint8), np.zeros(60_000, np.uint16))

    peaks = []
    for columns in (4, 16):
        tracemalloc.start()
        write(samples.context_scene(samples.shandong(), []), NONE, tmp_path / str(columns), points=strips(columns))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.6 * peaks[0]


def test_a_scene_gives_all_its_scans_with_what_was_recorded(repository: Path, tmp_path: Path) -> None:
    """`zonebox tiles --points` hands over every point but noise, its class and intensity, as laspy reads them."""
    import laspy

    from zonebox import pipeline, scenefile

    folder = repository / "scenes" / "riverside_block"
    spec = scenefile.read(folder)
    assert spec.terrain is not None
    (path,) = spec.terrain.points
    given = laspy.read(path)
    frame = samples.shandong()
    pieces = list(pipeline._clouds(spec, frame))
    points, kinds, strength = (np.concatenate([piece[k] for piece in pieces]) for k in range(3))
    kept = ~np.isin(given.classification, (7, 18)) & ~np.asarray(given.withheld, dtype=bool)
    assert np.array_equal(kinds, np.asarray(given.classification)[kept])
    assert np.array_equal(strength, np.asarray(given.intensity)[kept])
    assert np.abs(frame.world(points) - np.asarray(given.xyz)[kept]).max() < 1e-6


def test_a_scene_without_scans_is_told_so(repository: Path) -> None:
    import dataclasses

    from zonebox import pipeline, scenefile
    from zonebox.errors import InputError

    spec = dataclasses.replace(scenefile.read(repository / "scenes" / "riverside_block"), terrain=None, as_built=None)
    with pytest.raises(InputError, match="--points"):
        pipeline._clouds(spec, samples.shandong())
