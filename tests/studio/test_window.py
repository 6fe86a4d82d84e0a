"""The desktop window, driven with keys and mouse on a virtual screen: everything it shows is what the desk says."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from conftest import unavailable
from screens import on_a_screen
from zonebox.viewer import probe

pytestmark = pytest.mark.render
SCRIPT = Path(__file__).with_name("drive_window.py")


def driven(exports: Path, *words: str) -> dict[str, Any]:
    able = probe()
    if not able.pictures:
        unavailable("no OpenGL driver", able.sentence)
    run = on_a_screen([sys.executable, str(SCRIPT), str(exports), *words], "1280x800")
    assert run.returncode == 0, run.stderr[-3000:]
    found: dict[str, Any] = json.loads(run.stdout.strip().splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    exports = tmp_path_factory.mktemp("exports")
    return {**driven(exports), "exports": exports}


def test_a_scene_that_lacks_something_opens_and_answers_keys(tmp_path: Path) -> None:
    told = driven(tmp_path, "bare")
    assert len(told) == 3
    assert min(told.values()) > 5.0, "every window shows something"


def test_a_finding_is_chosen_with_a_key_and_told_in_the_panel(told: dict[str, Any]) -> None:
    assert told["selected"] == "tower/A/height"
    assert told["flew"]
    for text in ("20.00 m", "18.00 m", "−2.00 m", "lower the top by 2 m", "box", "1.00"):
        assert any(text in line for line in told["texts"]), text
    rows = [line for line in told["texts"] if line.startswith(("FAIL · ", "pass · "))]
    assert rows == sorted(rows, key=lambda line: line.startswith("pass")), "worst first"


def test_a_slider_turns_the_verdict_and_the_red_goes(told: dict[str, Any]) -> None:
    assert told["changes"] == ["Limit(control='A/height', value=26.0)"]
    assert told["state"] == "PASS"
    assert told["red before"] > 2000
    assert told["red after"] < told["red before"] / 20


def test_sliders_move_by_keys_alone_and_take_numbers(told: dict[str, Any]) -> None:
    assert told["keyed"] == [18.1, 19.1, 19.0, 21.5, 21.5, True, -1.0, 0]


def test_undo_and_redo(told: dict[str, Any]) -> None:
    assert told["undone"]
    assert told["redone"] == 1


def test_a_click_picks_and_a_drag_turns_but_panels_keep_the_mouse(told: dict[str, Any]) -> None:
    assert told["picked"] in ("tower/A/height", "tower/A/envelope")
    assert told["parcel"] == "A"
    assert told["camera kept from panels"]
    assert told["orbit"]


def test_every_tool_has_a_key(told: dict[str, Any]) -> None:
    assert told["hidden"] == ["terrain"]
    assert told["section"] == "north"
    assert told["hour"] == 13.0
    assert "altitude" in told["sun"]
    assert told["storey"] == "tower/s0"
    assert len(told["measures"]) == 1
    assert "rise" in told["measures"][0]
    assert told["step"] == pytest.approx(2.0, abs=0.05)
    assert told["found"] == "B"
    assert "nowhere" in told["message"]
    assert told["variants"] == ["", "mine"]
    assert told["help"]
    assert told["language"] in ("zh", "en")


def test_a_variant_stands_beside_under_one_camera(told: dict[str, Any]) -> None:
    assert told["beside"] == ["mine", "As planned"]
    assert told["one camera"]
    (wide, tall), right = told["halves"]
    assert abs(wide - right[0]) <= 1
    assert tall == right[1]
    assert told["beside ended"]


def test_notes_go_out_as_topics_beside_the_findings(told: dict[str, Any]) -> None:
    assert told["notes"] == ["too tall"]
    assert len(told["views"]) == 1
    assert told["files"] == ["findings-and-notes.bcfzip"]
    with zipfile.ZipFile(told["exports"] / told["files"][0]) as archive:
        marks = [archive.read(n).decode() for n in archive.namelist() if n.endswith("markup.bcf")]
    assert sum("too tall" in mark and "reviewer" in mark for mark in marks) == 1
    assert len(marks) == 3
