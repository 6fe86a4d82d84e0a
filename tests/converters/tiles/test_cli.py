"""`zonebox tiles --verify` from outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from converters.tiles import samples
from zonebox.cli.tiles import command
from zonebox.errors import InputError
from zonebox_converters.tiles import write


@pytest.fixture
def tiles(tmp_path: Path) -> Path:
    write(*samples.block(samples.shandong()), tmp_path)
    return tmp_path


def verified(*words: str) -> tuple[int, str]:
    """Exit code and output; the command hands its code to the caller."""
    runner = CliRunner()
    done = runner.invoke(command, ["--verify", *words], standalone_mode=False, catch_exceptions=False)
    return done.return_value, done.output


def test_a_sound_tileset_is_silent(tiles: Path) -> None:
    assert verified(str(tiles)) == (0, "")
    assert verified(str(tiles / "context" / "tileset.json")) == (0, "")


def test_each_problem_is_one_line(tiles: Path) -> None:
    (tiles / "context" / "all.glb").unlink()
    (tiles / "findings" / "tileset.json").unlink()
    code, text = verified(str(tiles))
    assert code == 1
    assert sorted(text.splitlines()) == [
        "context/tileset.json#/root/content/uri: all.glb is missing",
        "tileset.json#/root/children/4/content/uri: findings/tileset.json is missing"]


def test_json_holds_the_same(tiles: Path) -> None:
    (tiles / "context" / "all.glb").unlink()
    code, text = verified("--json", str(tiles))
    assert code == 1
    assert json.loads(text)["problems"] == [
        {"file": "context/tileset.json", "place": "/root/content/uri", "text": "all.glb is missing"}]


def test_no_tileset_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such tileset"):
        verified(str(tmp_path))
