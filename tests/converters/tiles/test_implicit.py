"""Implicit tilings read back by an independent reader: bits counted, contents matched, vertices in their squares."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from compressions import PACKED
from converters.tiles import readback, samples
from zonebox import scenefile
from zonebox.cli.tiles import command
from zonebox.errors import InputError
from zonebox.geometry.mesh import Mesh, merged
from zonebox.model import Report, Scene
from zonebox_converters.tiles import verify, write
from zonebox_converters.tiles.squares import divided

NONE = Report(findings=())
Place = tuple[int, int, int]


def city(side: int, pitch_m: float = 80.0) -> Scene:
    """A square of blocks of many sizes, some of them across every line between squares."""
    blocks = [samples.context_box(f"B{i:03d}{j:03d}", samples.box((i - side / 2) * pitch_m, (j - side / 2) * pitch_m, 1,
                                                                  20 + (i * 7 + j) % 50, 15, 9 + (i + j) % 40))
              for i in range(side) for j in range(side)]
    return samples.context_scene(samples.shandong(), blocks)


def bits(said: dict[str, Any], views: list[bytes], count: int) -> list[bool]:
    if "constant" in said:
        return [bool(said["constant"])] * count
    data = views[said["bitstream"]]
    assert len(data) == (count + 7) // 8
    found = [bool(data[k // 8] >> k % 8 & 1) for k in range(count)]
    assert sum(found) == said["availableCount"]
    return found


def unmorton(index: int) -> tuple[int, int]:
    text = f"{index:b}".rjust(64, "0")
    return int(text[1::2], 2), int(text[0::2], 2)


def read_implicit(layer: Path) -> tuple[set[Place], set[Place], dict[str, Any]]:
    """Tiles and contents that the subtrees of a layer name, by a reader of its own, and the layer's root."""
    root = json.loads((layer / "tileset.json").read_text(encoding="utf-8"))["root"]
    rule = root["implicitTiling"]
    depth, width = rule["subtreeLevels"], 4 ** rule["subtreeLevels"]
    tiles: set[Place] = set()
    contents: set[Place] = set()
    stack: list[Place] = [(0, 0, 0)]
    while stack:
        level, x, y = stack.pop()
        data = (layer / rule["subtrees"]["uri"].format(level=level, x=x, y=y)).read_bytes()
        magic, version, text, size = struct.unpack_from("<4sIQQ", data)
        assert (magic, version, text % 8, size % 8, len(data)) == (b"subt", 1, 0, 0, 24 + text + size)
        said, binary = json.loads(data[24:24 + text]), data[24 + text:]
        assert all(view["byteOffset"] % 8 == 0 for view in said.get("bufferViews", []))
        views = [binary[v["byteOffset"]:v["byteOffset"] + v["byteLength"]] for v in said.get("bufferViews", [])]
        nodes = (width - 1) // 3
        (content,) = said["contentAvailability"]
        for found, known in ((tiles, said["tileAvailability"]), (contents, content)):
            given = bits(known, views, nodes)
            at = 0
            for deep in range(depth):
                for k in range(4 ** deep):
                    cx, cy = unmorton(k)
                    if given[at]:
                        found.add((level + deep, (x << deep) + cx, (y << deep) + cy))
                    at += 1
        for k, there in enumerate(bits(said["childSubtreeAvailability"], views, width)):
            if there:
                cx, cy = unmorton(k)
                stack.append((level + depth, (x << depth) + cx, (y << depth) + cy))
    return tiles, contents, root


def files(layer: Path) -> set[Place]:
    return {(int(p.parts[-3]), int(p.parts[-2]), int(p.stem)) for p in layer.glob("*/*/*.glb")}


def vertices(path: Path) -> NDArray[np.float64]:
    """Vertices of a GLB in its tile's frame, z up: numbers as stored, moved and scaled by the only node."""
    tile = readback.read_tile(path, np.eye(4))
    (node,) = tile.document["nodes"]
    move = np.array(node.get("translation", (0, 0, 0)))[[0, 2, 1]] * (1, -1, 1)
    stored: NDArray[np.float64] = np.concatenate([p.points for p in tile.primitives])
    return np.asarray(stored * node.get("scale", (1, 1, 1))[0] + move)


def digests(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in folder.rglob("*") if p.is_file()}


def small_tiles(patch: pytest.MonkeyPatch) -> None:
    """Tiles of 600 triangles and subtrees of two levels, so that a small city has a deep tree."""
    patch.setattr("zonebox_converters.tiles.implicit.divided", lambda *a: divided(*a, limit=600))
    patch.setattr("zonebox_converters.tiles.implicit.SUBTREE_LEVELS", 2)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    small_tiles(monkeypatch)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("compression", ["none", "quantise"])
def test_subtrees_name_the_files_there_are_and_every_vertex_is_in_its_square(tmp_path: Path, compression: str) -> None:
    scene = city(36)
    (told,) = write(scene, NONE, tmp_path, implicit=True, compression=compression).layers
    layer = tmp_path / "context"
    tiles, contents, root = read_implicit(layer)
    rule = root["implicitTiling"]
    assert told.implicit
    assert contents == files(layer)
    assert contents <= tiles
    assert all((level - 1, x >> 1, y >> 1) in tiles for level, x, y in tiles if level)
    assert rule["availableLevels"] == 1 + max(level for level, _, _ in tiles) > 3
    assert rule["subdivisionScheme"] == "QUADTREE"
    assert len(list((layer / "subtrees").rglob("*.subtree"))) > 3
    cx, cy, cz, hx, _, _, _, hy, _, _, _, hz = root["boundingVolume"]["box"]
    for level, x, y in contents:
        points = vertices(layer / f"{level}/{x}/{y}.glb")
        side = 2 * hx / 2**level, 2 * hy / 2**level
        low = np.array([cx - hx + x * side[0], cy - hy + y * side[1], cz - hz])
        high = np.array([*(low[:2] + side), cz + hz])
        assert (points >= low - 1e-3).all(), (level, x, y)
        assert (points <= high + 1e-3).all(), (level, x, y)
    assert verify(tmp_path) == []


@pytest.mark.usefixtures("small")
def test_every_feature_is_once_in_the_tree_and_where_it_was(tmp_path: Path) -> None:
    scene = city(36)
    write(scene, NONE, tmp_path, implicit=True)
    _, contents, root = read_implicit(tmp_path / "context")
    matrix = np.array(root["transform"]).reshape(4, 4, order="F")
    owner: dict[str, list[Place]] = {}
    for place in contents:
        path = tmp_path / "context" / "{}/{}/{}.glb".format(*place)
        tile = readback.read_tile(path, np.eye(4))
        local = vertices(path)
        start = 0
        ids = tile.tables[0]["id"]
        for ident in ids:
            owner.setdefault(ident, []).append(place)
        for primitive in tile.primitives:
            points = local[start:start + len(primitive.points)] @ matrix[:3, :3].T + matrix[:3, 3]
            start += len(primitive.points)
            for k in np.unique(primitive.feature).tolist():
                building = next(b for b in scene.context if b.id == ids[k])
                want = scene.frame.to_ecef(building.mesh.vertices)
                apart = np.linalg.norm(points[primitive.feature == k][:, None] - want[None], axis=2).min(axis=1)
                assert apart.max() < 1e-3
    assert sorted(owner) == sorted(b.id for b in scene.context)
    assert all(len(places) == 1 for places in owner.values())
    sizes = {b.id: float(np.linalg.norm(np.ptp(b.mesh.vertices, axis=0))) for b in scene.context}
    for level in range(root["implicitTiling"]["availableLevels"] - 1):
        missing = [sizes[ident] for ident, ((at, _, _),) in owner.items() if at > level]
        assert root["geometricError"] / 2**level >= max(missing), level


def test_a_wide_city_keeps_millimetres(tmp_path: Path) -> None:
    """Float32 would lose them 12 km from the root's middle, were positions counted from there."""
    corners = [(-12_345.6, -12_321.9), (12_010.3, 11_987.7), (-11_777.1, 12_100.2)]
    blocks = [samples.context_box(f"{k}-{n}", samples.box(x + 30 * (n % 30), y + 30 * (n // 30), 1.3, 20.1, 15.7, 9.9))
              for k, (x, y) in enumerate(corners) for n in range(900)]
    scene = samples.context_scene(samples.shandong(), blocks)
    write(scene, NONE, tmp_path, implicit=True)
    _, contents, root = read_implicit(tmp_path / "context")
    matrix = np.array(root["transform"]).reshape(4, 4, order="F")
    got = np.concatenate([vertices(tmp_path / "context" / "{}/{}/{}.glb".format(*place)) for place in contents])
    from scipy.spatial import cKDTree

    want = scene.frame.to_ecef(np.concatenate([b.mesh.vertices for b in blocks]))
    assert cKDTree(got @ matrix[:3, :3].T + matrix[:3, 3]).query(want)[0].max() < 1e-3


def test_a_block_has_implicit_layers_and_explicit_ground(tmp_path: Path) -> None:
    write(*samples.block(samples.shandong()), tmp_path, implicit=True)
    for name in ("context", "design", "envelopes", "findings"):
        _, contents, root = read_implicit(tmp_path / name)
        assert contents == files(tmp_path / name) == {(0, 0, 0)}
        assert root["refine"] == "ADD"
    assert "implicitTiling" not in json.loads((tmp_path / "terrain" / "tileset.json").read_text())["root"]
    assert verify(tmp_path) == []


@pytest.mark.usefixtures("small")
def test_bytes_do_not_depend_on_workers_and_one_changed_building_changes_its_path(tmp_path: Path) -> None:
    scene = city(36)
    write(scene, NONE, tmp_path / "a", implicit=True, workers=1)
    write(scene, NONE, tmp_path / "b", implicit=True, workers=3)
    before = digests(tmp_path / "a")
    assert before == digests(tmp_path / "b")
    assert write(scene, NONE, tmp_path / "a", implicit=True).rewritten == 0
    changed = list(scene.context)
    changed[37] = dataclasses.replace(changed[37], mesh=changed[37].mesh.moved((0.0, 0.0, 0.5)))
    write(dataclasses.replace(scene, context=tuple(changed)), NONE, tmp_path / "a", implicit=True)
    after = digests(tmp_path / "a")
    different = {name for name in before if before[name] != after.get(name)}
    contents = {name for name in different if name.endswith(".glb")}
    assert set(before) == set(after)
    assert 1 <= len(contents) <= 1 + max(int(name.split("/")[1]) for name in contents)
    assert {name for name in different - contents if not name.endswith("tileset.json")} == set()


def test_turning_it_off_leaves_nothing_behind(tmp_path: Path) -> None:
    scene, report = samples.block(samples.shandong())
    write(scene, report, tmp_path / "plain")
    write(scene, report, tmp_path / "turned", implicit=True)
    write(scene, report, tmp_path / "turned")
    assert digests(tmp_path / "plain") == digests(tmp_path / "turned")
    assert not [p for p in (tmp_path / "turned").rglob("*") if p.is_dir() and not any(p.iterdir())]


def test_what_cannot_be_divided_stays_explicit_and_says_so(tmp_path: Path) -> None:
    """40,000 triangles that all cross one line fit no implicit tile."""
    blocks = [samples.context_box(f"B{k}", samples.box(-5, -5, 1, 10, 10, 5 + k / 1000)) for k in range(3400)]
    (layer,) = write(samples.context_scene(samples.shandong(), blocks), NONE, tmp_path, implicit=True).layers
    assert not layer.implicit
    assert verify(tmp_path) == []


def test_features_too_large_for_a_tile_are_divided_and_keep_their_row(tmp_path: Path) -> None:
    """Two storeyed walls of 24,000 triangles each cross the root's middle: one tile cannot hold both."""
    def wall(x: float) -> Mesh:
        return merged([samples.box(x, -40 + 0.04 * k, 1, 0.3, 0.03, 9) for k in range(2000)])

    scene = samples.context_scene(samples.shandong(), [samples.context_box(f"W{k}", wall(-10.0 + 20 * k))
                                                       for k in range(2)])
    (layer,) = write(scene, NONE, tmp_path, implicit=True).layers
    assert (layer.implicit, layer.triangles, layer.features) == (True, 48_000, 2)
    seen = [readback.read_tile(path, np.eye(4)).tables[0]["id"] for path in (tmp_path / "context").glob("*/*/*.glb")]
    assert {ident for ids in seen for ident in ids} == {"W0", "W1"}
    assert verify(tmp_path) == []


def test_the_verifier_misses_an_implicit_content_and_sees_one_that_leaves_its_square(tmp_path: Path) -> None:
    blocks = [samples.context_box(f"B{k}", samples.box(50 * (k % 60 - 30), 50 * (k // 60 - 30), 1, 20, 15, 9))
              for k in range(3600)]
    write(samples.context_scene(samples.shandong(), blocks), NONE, tmp_path, implicit=True)
    layer = tmp_path / "context"
    deep = sorted(p for p in files(layer) if p[0])
    first, second = (layer / "{}/{}/{}.glb".format(*place) for place in (deep[0], deep[-1]))
    kept = second.read_bytes()
    second.write_bytes(first.read_bytes())
    assert any("m out of the tile's box" in str(p) for p in verify(tmp_path))
    second.write_bytes(kept)
    assert verify(tmp_path) == []
    second.unlink()
    (told,) = verify(tmp_path)
    assert "{}/{}/{}.glb is missing".format(*deep[-1]) in str(told)


@pytest.mark.parametrize("compression", PACKED)
def test_every_compression_is_sound(tmp_path: Path, compression: str) -> None:
    write(*samples.block(samples.shandong()), tmp_path, implicit=True, compression=compression)
    assert verify(tmp_path) == []


def test_version_1_0_has_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"3D Tiles 1\.0, which has no implicit tiling"):
        write(*samples.block(samples.shandong()), tmp_path, implicit=True, version="1.0")
    assert list(tmp_path.iterdir()) == []


def test_the_scene_file_asks_for_it(tmp_path: Path) -> None:
    (tmp_path / "p.geojson").write_text("{}", encoding="utf-8")
    path = tmp_path / "scene.toml"
    head = '[scene]\ntitle = "t"\ncrs = "EPSG:4548+5737"\n[plan]\nparcels = "p.geojson"\n[tiles]\nimplicit = '
    for text, asked in (("true", True), ("false", False)):
        path.write_text(f"{head}{text}\n", encoding="utf-8")
        assert scenefile.read(path).tiles.implicit is asked
    path.write_text(f"{head}1\n", encoding="utf-8")
    with pytest.raises(InputError, match="want true or false"):
        scenefile.read(path)


@pytest.mark.parametrize("words", [["--implicit"], []])
def test_the_command_makes_them_of_a_scene(tmp_path: Path, words: list[str]) -> None:
    """By option, or as the scene file says; --explicit has the last word."""
    ring = [[119.1, 36.6], [119.101, 36.6], [119.101, 36.601], [119.1, 36.601], [119.1, 36.6]]
    parcel = {"type": "Feature", "properties": {"parcel": "A", "限高": 12, "SJDM": 5.0},
              "geometry": {"type": "Polygon", "coordinates": [ring]}}
    plan = {"type": "FeatureCollection", "features": [parcel]}
    (tmp_path / "p.geojson").write_text(json.dumps(plan, ensure_ascii=False), encoding="utf-8")
    wish = "" if words else "[tiles]\nimplicit = true\n"
    (tmp_path / "scene.toml").write_text(
        '[scene]\ntitle = "t"\ncrs = "EPSG:4548+5737"\nvertical_shift_m = -7.0\nvertical_shift_source = "test"\n'
        f'[plan]\nparcels = "p.geojson"\n{wish}', encoding="utf-8")
    out = tmp_path / "out"
    CliRunner().invoke(command, [str(tmp_path), "-o", str(out), *words], catch_exceptions=False)
    root = json.loads((out / "tiles" / "envelopes" / "tileset.json").read_text(encoding="utf-8"))["root"]
    assert "implicitTiling" in root
    CliRunner().invoke(command, [str(tmp_path), "-o", str(out), "--explicit"], catch_exceptions=False)
    root = json.loads((out / "tiles" / "envelopes" / "tileset.json").read_text(encoding="utf-8"))["root"]
    assert "implicitTiling" not in root
