"""Compressed tiles: how far vertices may move, what is refused, and that the verifier sees through the packing."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compressions import MESHOPT, NEEDS_MESHOPT, PACKED
from converters.tiles import readback, samples
from zonebox import scenefile
from zonebox.errors import InputError
from zonebox.model import Report
from zonebox_converters.tiles import meshopt, packing, verify, write
from zonebox_converters.tiles.packing import placed


@given(st.floats(0.01, 8000.0), st.floats(-8000.0, 8000.0), st.sampled_from(("quantise", "meshopt", "draco")),
       st.integers(0, 99))
def test_no_vertex_moves_further_than_is_said(extent: float, start: float, kind: str, seed: int) -> None:
    """Half a diagonal of a step, and never 7 mm; what is read is exact in float32."""
    points = np.random.default_rng(seed).uniform(start, start + extent, (50, 3))
    found = placed(points, kind)
    scale = np.array(found.node.get("scale", [1.0] * 3), dtype=np.float32)
    read = found.stored.astype(np.float32) * scale + np.array(found.node.get("translation", [0.0] * 3), np.float32)
    assert read.astype(np.float64).tolist() == found.real.tolist()
    assert np.linalg.norm(read - points, axis=1).max() <= found.error_m + 1e-9
    assert found.error_m * 1000 <= packing.MOST_ERROR_MM < 7.0


@pytest.mark.parametrize(("reach_m", "kind"), [(250.0, "int16"), (260.0, "float32"), (16_000.0, "float32")])
def test_wide_tiles_keep_floats(reach_m: float, kind: str) -> None:
    found = placed(np.array([[-reach_m, 0.0, 0.0], [reach_m, 1.0, 2.0]]), "quantise")
    assert found.stored.dtype.name == kind
    assert found.error_m < 0.007


def test_what_is_too_far_for_the_grid_stays() -> None:
    points = np.array([[-20_000.0, 0.1, 0.0], [20_000.0, 1.0, 2.0]])
    found = placed(points, "meshopt")
    assert found.exponent is None
    assert found.stored.tolist() == points.astype(np.float32).tolist()


def digest(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("kind", PACKED)
def test_bytes_are_fewer_and_the_same_again(kind: str, tmp_path: Path) -> None:
    """On two workers as on one; the verifier, which unpacks everything, has nothing to say."""
    scene, report = samples.block(samples.shandong())
    plain = write(scene, report, tmp_path / "plain")
    once = write(scene, report, tmp_path / "once", compression=kind)
    write(scene, report, tmp_path / "twice", compression=kind, workers=2)
    assert digest(tmp_path / "once") == digest(tmp_path / "twice")
    assert once.size_bytes < 0.9 * plain.size_bytes
    assert verify(tmp_path / "once") == []
    said = json.loads((tmp_path / "once" / "tileset.json").read_text())["asset"]["extras"]["compression"]
    assert (said["kind"], said["clientNeeds"]) == (kind, list(packing.REQUIRED[kind]))


def test_tables_are_the_same_whatever_the_packing(tmp_path: Path) -> None:
    """Quantised tiles are read by the plain reader: ids and properties as in tiles that are not compressed."""
    scene, report = samples.block(samples.shandong())
    told = {}
    for kind in ("none", "quantise"):
        write(scene, report, tmp_path / kind, compression=kind)
        told[kind] = readback.read_tiles(tmp_path / kind / "tileset.json")
    for plain, small in zip(*told.values(), strict=True):
        assert plain.tables == small.tables
        for a, b in zip(plain.primitives, small.primitives, strict=True):
            assert (a.feature == b.feature).all()
            assert (a.indices == b.indices).all()


def taken_apart(path: Path) -> tuple[dict[str, Any], bytes]:
    data = path.read_bytes()
    size = struct.unpack_from("<I", data, 12)[0]
    return json.loads(data[20:20 + size]), data[28 + size:]


def put_together(path: Path, document: dict[str, Any], binary: bytes) -> None:
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 8)
    body = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    path.write_bytes(struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body)


@pytest.mark.parametrize("kind", PACKED)
def test_the_verifier_sees_vertices_outside_their_box(kind: str, tmp_path: Path) -> None:
    """The node is moved two metres: nothing but the unpacked vertices can tell."""
    scene, report = samples.block(samples.shandong())
    write(scene, report, tmp_path, compression=kind)
    path = tmp_path / "context" / "all.glb"
    document, binary = taken_apart(path)
    x, y, z = document["nodes"][0].get("translation", (0.0, 0.0, 0.0))
    document["nodes"][0]["translation"] = [x, y + 2.0, z]
    put_together(path, document, binary)
    (problem,) = verify(tmp_path)
    assert problem.file == "context/all.glb"
    assert problem.text.startswith("a vertex lies 2.00")


@pytest.mark.parametrize(("kind", "said"), [
    pytest.param("meshopt", meshopt.NAME, marks=NEEDS_MESHOPT), ("draco", "KHR_draco_mesh_compression")])
def test_the_verifier_names_a_broken_stream(kind: str, said: str, tmp_path: Path) -> None:
    scene, report = samples.block(samples.shandong())
    write(scene, report, tmp_path, compression=kind)
    path = tmp_path / "context" / "all.glb"
    document, binary = taken_apart(path)
    view = document["bufferViews"][0] if kind == "meshopt" else document["bufferViews"][
        document["meshes"][0]["primitives"][0]["extensions"][said]["bufferView"]]
    at = view["extensions"][said]["byteOffset"] if kind == "meshopt" else view["byteOffset"]
    put_together(path, document, binary[:at] + b"\xff" * 16 + binary[at + 16:])
    assert any(f"is no stream of {said}" in problem.text for problem in verify(tmp_path))


@pytest.mark.parametrize("kind", [MESHOPT, "draco"])
def test_without_its_library_nothing_is_claimed(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing is refused in a sentence; the verifier says that it did not look."""
    scene, report = samples.block(samples.shandong())
    write(scene, report, tmp_path / "there", compression=kind)
    monkeypatch.setattr("importlib.util.find_spec", lambda *_: None)
    with pytest.raises(InputError, match=r"is not installed.*pip install 'zonebox\[" + kind):
        write(scene, report, tmp_path / "new", compression=kind)
    assert not (tmp_path / "new").exists()
    told = {problem.text for problem in verify(tmp_path / "there")}
    said = packing.REQUIRED[kind][0]
    assert told == {f"is compressed by {said} and was not looked into: pip install 'zonebox[{kind}]'"}


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    scene, report = samples.block(samples.shandong())
    with pytest.raises(InputError, match="read no compressed glTF"):
        write(scene, report, tmp_path, compression="quantise", version="1.0")
    with pytest.raises(InputError, match='got "zip", want none, quantise, meshopt, draco'):
        write(scene, report, tmp_path, compression="zip")


def test_the_scene_file_names_a_compression(tmp_path: Path) -> None:
    (tmp_path / "p.geojson").write_text("{}", encoding="utf-8")
    path = tmp_path / "scene.toml"
    head = '[scene]\ntitle = "t"\ncrs = "EPSG:4548+5737"\n[plan]\nparcels = "p.geojson"\n'
    path.write_text(head, encoding="utf-8")
    assert scenefile.read(path).tiles.compress == "none"
    path.write_text(f'{head}[tiles]\ncompress = "meshopt"\n', encoding="utf-8")
    assert scenefile.read(path).tiles.compress == "meshopt"
    path.write_text(f'{head}[tiles]\ncompress = "zip"\n', encoding="utf-8")
    with pytest.raises(InputError, match="none, quantise, meshopt, draco"):
        scenefile.read(path)


@pytest.mark.parametrize("kind", PACKED)
def test_odd_shapes_are_packed_too(kind: str, tmp_path: Path) -> None:
    """A sliver that the grid flattens, a house of one millimetre, and one feature twenty kilometres wide."""
    sizes = {"sliver": (5.0, 0.0005, 3.0), "mite": (0.001, 0.001, 0.001), "wide": (30_000.0, 20.0, 3.0)}
    houses = [samples.context_box(name, samples.box(-size[0] / 2, 40.0 * k, 0, *size))
              for k, (name, size) in enumerate(sizes.items())]
    for house in houses:
        scene = samples.context_scene(samples.shandong(), [dataclasses.replace(house, name="x")])
        write(scene, Report(findings=()), tmp_path / house.id, compression=kind)
        assert verify(tmp_path / house.id) == []


@NEEDS_MESHOPT
def test_a_stream_that_promises_more_than_it_can_hold_takes_no_memory() -> None:
    data, told = meshopt.pack_rows(np.arange(64, dtype=np.uint8).reshape(-1, 4))
    assert meshopt.unpack(data, told) == bytes(range(64))
    with pytest.raises(ValueError, match="cannot hold"):
        meshopt.unpack(data, {**told, "count": 10**13})


@NEEDS_MESHOPT
def test_zeros_unpack_as_far_as_a_stream_can_reach() -> None:
    """The most that a byte may stand for is not refused."""
    for rows in (np.zeros((200_000, 4), dtype=np.uint8), np.zeros((50_000, 256), dtype=np.uint8)):
        data, told = meshopt.pack_rows(rows)
        assert meshopt.unpack(data, told) == rows.tobytes()
