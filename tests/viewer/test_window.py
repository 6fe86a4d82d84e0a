"""The window opens where there is a screen, and follows the camera."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import unavailable
from zonebox.viewer import Ability
from zonebox.viewer.probe import WINDOW_VARIABLE

pytestmark = pytest.mark.render

TURN = """
import sys
sys.path.insert(0, {tests!r})
import pyvista as pv
from viewer import block
from zonebox.viewer import probe, show

opened = pv.Plotter.show

def turn(self, **options):
    opened(self, interactive_update=True, auto_close=False, **options)
    before = self.screenshot(return_img=True)
    self.camera.Azimuth(40)
    self.iren.interactor.InvokeEvent("InteractionEvent")
    self.render()
    after = self.screenshot(return_img=True)
    print("turned", (before != after).any(), before.std() > 15)
    self.close()

pv.Plotter.show = turn
able = probe()
print("screen", able.screen)
show(block.scene(), block.report(), ability=able, size=(480, 300))
"""


def test_a_window_follows_its_camera(ability: Ability) -> None:
    assert ability.pictures
    if shutil.which("xvfb-run") is None:
        unavailable("no virtual screen", "apt-get install xvfb")
    code = TURN.format(tests=str(Path(__file__).resolve().parents[1]))
    command = ["xvfb-run", "-a", "-s", "-screen 0 640x480x24", sys.executable, "-W", "error::DeprecationWarning",
               "-c", code]
    env = {name: value for name, value in os.environ.items() if name != WINDOW_VARIABLE}   # pictures may have set it
    run = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False, env=env)
    assert run.stdout.split() == ["screen", "True", "turned", "True", "True"], run.stderr
