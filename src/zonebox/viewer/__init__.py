"""Draw a scene and what was found in it.

The way of a picture: `layers.build` turns a `Scene` and a `Report` into plain values (surfaces, lines, labels),
`camera` chooses from where to look, `stage.Stage` hands both to PyVista, and `show` is the door: a picture or a window.
Everything before `stage` is arrays and can be tested without a graphics driver.
"""

from zonebox.viewer.camera import View
from zonebox.viewer.probe import Ability, begun, probe
from zonebox.viewer.show import screenshot, show, snapshots

__all__ = ["Ability", "View", "begun", "probe", "screenshot", "show", "snapshots"]
