"""The verifier on tilesets that nobody would write on purpose: it answers, whatever stands in the file."""

from __future__ import annotations

import json
import math
import random
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from converters.tiles import samples
from zonebox_converters.tiles import verify, write
from zonebox_converters.tiles.volumes import read_volume

Json = dict[str, Any]

ODD: Final[tuple[Any, ...]] = (
    None, True, -1, -5.5, 10**400, 2**63, 1e308, math.nan, math.inf, "", "x", "\0", "../..", [], [None], [{}], {},
    {"a": 1}, [1] * 16, ["a"] * 12, [10**400] * 12, [[[]]],
)
MISSING: Final = object()
CHANGES: Final = 120


@pytest.fixture(scope="module", params=[{}, {"version": "1.0"}, {"implicit": True}], ids=["1.1", "1.0", "implicit"])
def sound(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A block with every layer."""
    out = tmp_path_factory.mktemp("sound")
    write(*samples.block(samples.shandong()), out, **request.param)
    assert verify(out) == []
    return out


@pytest.fixture
def tiles(sound: Path, tmp_path: Path) -> Path:
    """A copy to be broken."""
    return Path(shutil.copytree(sound, tmp_path / "tiles"))


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document but the whole."""
    if isinstance(value, dict | list):
        for key, entry in value.items() if isinstance(value, dict) else enumerate(value[:40]):
            yield (*above, key)
            yield from places(entry, (*above, key))


def changed(document: Any, place: tuple[Any, ...], value: Any) -> Any:
    """Put another value in a place of a copy of a document."""
    copy = json.loads(json.dumps(document))
    holder = copy
    for key in place[:-1]:
        holder = holder[key]
    if value is MISSING:
        del holder[place[-1]]
    else:
        holder[place[-1]] = value
    return copy


def test_it_answers_whatever_one_value_is(tiles: Path) -> None:
    """One value of a tileset or of a GLB's JSON is another: no answer but a list of problems."""
    chance = random.Random(8)
    files = sorted(p for p in tiles.rglob("*") if p.name == "tileset.json" or p.suffix == ".glb")
    found = 0
    for _ in range(CHANGES):
        path = chance.choice(files)
        data = path.read_bytes()
        size = struct.unpack_from("<I", data, 12)[0] if path.suffix == ".glb" else 0
        document = json.loads(data[20:20 + size] if size else data)
        place = chance.choice(list(places(document)))
        text = json.dumps(changed(document, place, chance.choice((*ODD, MISSING)))).encode()
        if size:
            text += b" " * (-len(text) % 4)
            rest = data[20 + size:]
            text = struct.pack("<4sIII4s", b"glTF", 2, 20 + len(text) + len(rest), len(text), b"JSON") + text + rest
        path.write_bytes(text)
        found += bool(verify(tiles))
        path.write_bytes(data)
    assert found > CHANGES // 4
    assert verify(tiles) == []


def test_it_answers_whatever_one_byte_is_and_wherever_a_file_ends(tiles: Path) -> None:
    chance = random.Random(9)
    files = sorted(p for p in tiles.rglob("*") if p.suffix in {".glb", ".b3dm", ".subtree"})
    for number in range(CHANGES):
        path = chance.choice(files)
        data = bytearray(path.read_bytes())
        cut = number % 3 == 0
        if cut:
            path.write_bytes(data[:chance.randrange(len(data))])
        else:
            other = data.copy()
            other[chance.randrange(min(len(data), 200))] = chance.randrange(256)
            path.write_bytes(other)
        told = verify(tiles)
        assert told or not cut, path
        path.write_bytes(data)


def one_tile(folder: Path, root: Json, **more: Any) -> Path:
    document = {"asset": {"version": "1.1"}, "geometricError": 10, "root": {"refine": "ADD", **root}, **more}
    path = folder / "tileset.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


BOX: Final = {"box": [0, 0, 0, 10, 0, 0, 0, 10, 0, 0, 0, 10]}


@pytest.mark.parametrize(("text", "said"), [
    ('{"geometricError": NaN}', "NaN is no JSON number"), ('{"a": ' * 50_000, "nested too deep"),
    ('\ufeff{"asset": {}}', "no JSON in UTF-8"), ("[]", "is no JSON object"), ("", "no JSON in UTF-8"),
])
def test_what_no_client_reads_is_no_json(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "tileset.json").write_text(text, encoding="utf-8")
    assert said in str(verify(tmp_path)[0])


def test_an_integer_beyond_all_floats_is_no_error(tmp_path: Path) -> None:
    one_tile(tmp_path, {"boundingVolume": BOX, "geometricError": 10**400})
    assert [p.place for p in verify(tmp_path)] == ["/root/geometricError"]


def test_half_axes_in_one_plane_bound_nothing(tmp_path: Path) -> None:
    """The third is the sum of the others; a flat box, one of whose axes has no length, is sound."""
    one_tile(tmp_path, {"boundingVolume": {"box": [0, 0, 0, 10, 0, 0, 0, 10, 0, 10, 10, 0]}, "geometricError": 1})
    assert "in one plane" in str(verify(tmp_path)[0])
    volume, wrong = read_volume({"box": [0, 0, 0, 10, 0, 0, 0, 10, 0, 0, 0, 0]}, np.eye(4))
    assert volume is not None
    assert wrong == []


def test_a_transform_that_flattens_or_overflows(tmp_path: Path) -> None:
    """Columns 0 and 1 of the first are one: its box lies along one another."""
    child = {"boundingVolume": BOX, "geometricError": 1}
    flat = [1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
    one_tile(tmp_path, {"boundingVolume": BOX, "geometricError": 5, "transform": flat, "children": [child]})
    assert "cannot be inverted" in str(verify(tmp_path)[0])
    large = [1e25, 0, 0, 0, 0, 1e25, 0, 0, 0, 0, 1e25, 0, 0, 0, 0, 1]
    one_tile(tmp_path, {"boundingVolume": BOX, "geometricError": 5, "transform": large,
                        "children": [{**child, "transform": large}]})
    assert any("too large to be computed with" in p.text for p in verify(tmp_path))


def test_a_chain_of_tilesets_without_end_is_told(tmp_path: Path) -> None:
    """Each of 400 refers to the next; two that refer to each other are told as such."""
    for number in range(400):
        tile = {"boundingVolume": BOX, "geometricError": 10, "content": {"uri": f"{number + 1}.json"}}
        one_tile(tmp_path, tile).rename(tmp_path / f"{number}.json")
    assert "too deep" in str(verify(tmp_path / "0.json")[-1])
    back = {"boundingVolume": BOX, "geometricError": 10, "content": {"uri": "0.json"}}
    one_tile(tmp_path, back).rename(tmp_path / "1.json")
    assert "leads back to itself" in str(verify(tmp_path / "0.json")[-1])


@pytest.mark.parametrize("data", [b"", b"glT", b"<html>404</html>", b"\x1f\x8b\x08"])
def test_a_content_that_is_not_what_its_ending_says(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.glb").write_bytes(data)
    one_tile(tmp_path, {"boundingVolume": BOX, "geometricError": 0, "content": {"uri": "a.glb"}})
    assert [p.file for p in verify(tmp_path)] == ["a.glb"]
