"""`zonebox tiles --verify` and `--serve` from outside."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
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


def test_a_sound_tileset_is_said_to_be(tiles: Path) -> None:
    assert verified(str(tiles)) == (0, f"{tiles / 'tileset.json'}: sound\n")
    assert verified(str(tiles), "-q") == (0, "")
    assert verified(str(tiles / "context" / "tileset.json"), "-q") == (0, "")


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


def heeding_interrupts() -> None:
    """Undo what a shell does to whatever it runs in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_serve_prints_an_address_and_ends_on_interrupt(tiles: Path) -> None:
    """A folder of tiles needs no scene; stdout holds the address and nothing else."""
    words = [sys.executable, "-m", "zonebox.cli", "tiles", str(tiles), "--serve", "--no-browser", "--lang", "zh"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          preexec_fn=heeding_interrupts) as program:  # noqa: PLW1509 - it starts no thread
        assert program.stdout is not None
        address = program.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        assert address.endswith("/?lang=zh")
        with urllib.request.urlopen(address, timeout=30) as answer:
            assert b"viewer.js" in answer.read()
        with urllib.request.urlopen(address.partition("?")[0] + "tiles/tileset.json", timeout=30) as answer:
            assert answer.read() == (tiles / "tileset.json").read_bytes()
        program.send_signal(signal.SIGINT)
        rest, said = program.communicate(timeout=60)
        assert (program.returncode, rest, said) == (0, "", "")
