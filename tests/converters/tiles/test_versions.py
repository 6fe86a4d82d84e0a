"""3D Tiles 1.0 in other libraries' hands, and what both versions say about their layers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from py3dtiles.tileset import TileSet
from py3dtiles.tileset.content import B3dm

from converters.tiles import samples
from zonebox.errors import InputError
from zonebox_converters.tiles import verify, write
from zonebox_converters.tiles.style import COLORS

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("old")
    write(*samples.block(samples.shandong()), out, version="1.0")
    return out


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("new")
    write(*samples.block(samples.shandong()), out)
    return out


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_py3dtiles_reads_what_was_written(old: Path, new: Path) -> None:
    """Every b3dm has a row for each feature, and the GLB in it the same positions as the tile of 1.1."""
    assert verify(old) == []
    files = sorted(old.rglob("*.b3dm"))
    assert [f.relative_to(old).as_posix() for f in files] == sorted(
        f.relative_to(new).with_suffix(".b3dm").as_posix() for f in new.rglob("*.glb"))
    for file in files:
        tile = B3dm.from_file(file)
        count = tile.body.feature_table.header.data["BATCH_LENGTH"]
        table = tile.body.batch_table.header.data
        assert {len(values) for values in table.values()} == {count}
        assert set(table) == set(read(file.with_name("tileset.json"))["extras"]["declared"])
        positions = points(glb(file))
        assert np.array_equal(positions, points((new / file.relative_to(old)).with_suffix(".glb").read_bytes()))
    elements = B3dm.from_file(old / "design" / "all.b3dm").body.batch_table.header.data
    row = elements["globalId"].index("0Roof000000000000000000")
    assert (elements["name"][row], elements["verdict"][row]) == ("屋面", "FAIL")


def test_py3dtiles_walks_the_tree(old: Path) -> None:
    whole = TileSet.from_file(old / "tileset.json")
    assert whole.asset.version.value == "1.0"
    assert len(whole.root_tile.children) == 5


def test_nothing_of_the_later_version_is_left(old: Path) -> None:
    for file in old.rglob("tileset.json"):
        assert not {"schema", "metadata", "statistics"} & set(read(file))
    heights = read(old / "context" / "tileset.json")["properties"]["height_m"]
    assert 0 < heights["minimum"] < heights["maximum"]
    for file in old.rglob("*.b3dm"):
        assert b"EXT_structural_metadata" not in file.read_bytes()


def test_statistics_are_those_of_the_features(new: Path) -> None:
    said = read(new / "context" / "tileset.json")
    (entry,) = said["statistics"]["classes"].values()
    heights = [b.mesh.bounds[1, 2] - b.mesh.bounds[0, 2] for b in samples.block(samples.shandong())[0].context]
    assert entry["count"] == len(heights)
    assert entry["properties"]["height_m"] == pytest.approx({
        "min": min(heights), "max": max(heights), "mean": np.mean(heights), "median": np.median(heights),
        "standardDeviation": np.std(heights), "variance": np.var(heights), "sum": sum(heights)})
    verdicts = read(new / "envelopes" / "tileset.json")["statistics"]["classes"]["envelope"]["properties"]["verdict"]
    assert verdicts == {"occurrences": {"FAIL": 1, "NOT_CHECKED": 1}}


def test_every_layer_has_a_style(new: Path) -> None:
    for layer, name in (("design", "verdict"), ("envelopes", "verdict"), ("findings", "state")):
        conditions = read(new / layer / "style.json")["color"]["conditions"]
        assert conditions[0][0] == f"${{{name}}} === undefined"
        assert [c for c, _ in conditions if "FAIL" in c] == [f"${{{name}}} === 'FAIL'"]
        assert conditions[-1][0] == "true"
    assert read(new / "context" / "style.json") == {"color": "color('#ffffff')"}


def test_styles_and_page_agree_on_colours() -> None:
    script = (REPOSITORY / "src" / "zonebox" / "tilepage" / "source" / "verdicts.js").read_text(encoding="utf-8")
    assert dict(re.findall(r"(\w+): '(#\w{6})'", script)) == COLORS


def test_a_version_that_is_not_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"1\.1 or 1\.0"):
        write(*samples.block(samples.shandong()), tmp_path, version="0.0")


def glb(file: Path) -> bytes:
    """The GLB at the end of a b3dm, by the lengths in its header."""
    data = file.read_bytes()
    lengths = np.frombuffer(data, dtype="<u4", count=4, offset=12)
    return data[28 + int(lengths.sum()):]


def points(data: bytes) -> np.ndarray[Any, Any]:
    """Positions of the first primitive of a GLB."""
    length = int.from_bytes(data[12:16], "little")
    document = json.loads(data[20:20 + length])
    accessor = document["accessors"][document["meshes"][0]["primitives"][0]["attributes"]["POSITION"]]
    start = 28 + length + document["bufferViews"][accessor["bufferView"]]["byteOffset"]
    return np.frombuffer(data, dtype="<f4", count=3 * accessor["count"], offset=start).reshape(-1, 3)
