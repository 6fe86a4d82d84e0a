"""The probe answers on every machine, and a machine that cannot draw costs a sentence, not the program."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

import pytest

from viewer import block
from zonebox.errors import RenderError
from zonebox.viewer import Ability, begun, probe, screenshot, show
from zonebox.viewer.probe import PACKAGES, WINDOW_VARIABLE

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="speaks of Linux packages")


def said(code: str) -> tuple[str, str, str]:
    return (sys.executable, "-c", code)


def test_a_crash_of_the_driver_is_survived() -> None:
    found = probe(environ={}, command=said("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"))
    assert not found.pictures
    assert not found.screen
    assert "no working OpenGL driver (the driver crashed (signal 11))" in found.sentence


@LINUX
def test_the_sentence_names_the_packages() -> None:
    assert PACKAGES in probe(environ={}, command=said("raise SystemExit(1)")).sentence


@pytest.mark.parametrize("code", [
    "print('nonsense')", "print('[]')", "print('{\"drawn\": false}')", "pass", "raise RuntimeError('GLX: no display')",
])
def test_anything_but_a_picture_is_a_no(code: str) -> None:
    assert not probe(environ={}, command=said(code)).pictures


def test_a_driver_that_hangs_is_a_no() -> None:
    found = probe(environ={WINDOW_VARIABLE: "x"}, command=said("import time; time.sleep(60)"), timeout_s=0.3)
    assert "nothing drawn after 0 s" in found.sentence


def test_a_missing_renderer_is_told_from_a_missing_driver() -> None:
    found = probe(environ={}, command=said("import no_such_renderer"))
    assert "No module named 'no_such_renderer'" in found.sentence
    assert "pip install" in found.sentence


def test_a_missing_interpreter_is_a_no() -> None:
    assert not probe(environ={}, command=("/nowhere/python",)).pictures


@LINUX
def test_without_a_display_egl_is_tried_before_osmesa() -> None:
    code = ("import json, os; w = os.environ['VTK_DEFAULT_OPENGL_WINDOW'];"
            "print(json.dumps({'window': w, 'drawn': w == 'vtkOSOpenGLRenderWindow'}))")
    found = probe(environ={}, command=said(code))
    assert found.pictures
    assert found.window == "vtkOSOpenGLRenderWindow"
    assert not found.screen
    assert "no display" in found.sentence


def test_the_users_choice_of_window_is_obeyed() -> None:
    code = "import json, os; print(json.dumps({'window': os.environ['VTK_DEFAULT_OPENGL_WINDOW'], 'drawn': False}))"
    assert not probe(environ={WINDOW_VARIABLE: "vtkOSOpenGLRenderWindow", "DISPLAY": ":0"}, command=said(code)).pictures


def test_a_window_on_a_screen_is_recognised() -> None:
    answer = json.dumps({"window": "vtkXOpenGLRenderWindow", "drawn": True})
    found = probe(environ={"DISPLAY": ":0"}, command=said(f"print('{answer}')"))
    assert found.screen
    assert found.sentence == ""


def test_no_driver_is_one_sentence_and_writes_nothing(tmp_path: Path) -> None:
    unable = probe(environ={}, command=said("raise SystemExit(1)"))
    with pytest.raises(RenderError, match="no working OpenGL driver"):
        screenshot(block.scene(), block.report(), tmp_path / "scene.png", ability=unable)
    assert not list(tmp_path.iterdir())


def test_no_screen_is_one_sentence() -> None:
    blind = Ability(pictures=True, screen=False, sentence="no window: this machine has no display")
    with pytest.raises(RenderError, match="no display"):
        show(block.scene(), block.report(), ability=blind)


def test_the_answer_of_a_probe_that_was_begun_is_the_probe_s() -> None:
    """It goes on beside other work, and is asked once however often it is read."""
    asked: list[int] = []
    go = threading.Event()

    def slow() -> Ability:
        go.wait(10.0)
        asked.append(1)
        return Ability(pictures=False, screen=False, sentence="none")

    answer = begun(slow)
    assert not asked, "who begins it does not wait"
    go.set()
    assert answer() == answer() == Ability(pictures=False, screen=False, sentence="none")
    assert asked == [1]
