"""The window opens where there is a screen, and follows the camera."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from screens import on_a_screen
from zonebox.viewer import Ability

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
    code = TURN.format(tests=str(Path(__file__).resolve().parents[1]))
    run = on_a_screen([sys.executable, "-W", "error::DeprecationWarning", "-c", code], "640x480")
    assert run.stdout.split() == ["screen", "True", "turned", "True", "True"], run.stderr
