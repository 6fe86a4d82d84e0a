"""Drive the window on a virtual screen with keys and mouse, and print what came of it; run by `test_window`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


class Hand:
    """Keys and mouse of a window, as its interactor hears them."""

    def __init__(self, window: Any) -> None:
        self.window = window
        self.plotter = window.desk.stage.plotter
        window.desk.stage.smooth(on=False)                  # a frame takes several times as long with it, in software
        self.plotter.show(interactive_update=True, auto_close=False)
        self.listens = self.plotter.iren.interactor

    def key(self, name: str, sign: str = "") -> None:
        self.listens.SetKeySym(name)
        self.listens.SetKeyCode(sign or (name if len(name) == 1 else "\0"))
        self.listens.InvokeEvent("KeyPressEvent")
        self.listens.InvokeEvent("CharEvent")

    def write(self, text: str) -> None:
        for sign in text:
            self.key(sign)
        self.key("Return")

    def mouse(self, x: float, y: float, *events: str) -> None:
        self.listens.SetEventInformation(round(x), round(y), 0, 0, "\0", 0, None)
        for event in events or ("LeftButtonPressEvent", "LeftButtonReleaseEvent"):
            self.listens.InvokeEvent(event)

    def spot(self, act: str, *args: str) -> tuple[Any, float, float]:
        found = next(s for s in self.window.spots if s.act == act and s.args == args)
        return found, (found.rect.x0 + found.rect.x1) / 2.0, (found.rect.y0 + found.rect.y1) / 2.0

    def press(self, act: str, *args: str) -> None:
        _, x, y = self.spot(act, *args)
        self.mouse(x, y)

    def slide(self, act: str, args: tuple[str, ...], value: float) -> None:
        spot, _, y = self.spot(act, *args)
        x0, wide = spot.rect.x0, spot.rect.x1 - spot.rect.x0
        self.mouse(x0 + spot.track.share(spot.value) * wide, y, "LeftButtonPressEvent")
        self.mouse(x0 + 0.9 * wide, y, "MouseMoveEvent")
        self.mouse(x0 + spot.track.share(value) * wide, y, "MouseMoveEvent", "LeftButtonReleaseEvent")

    def picture(self) -> Any:
        self.plotter.render_window.Render()
        return self.plotter.screenshot(return_img=True)


def red(picture: Any) -> int:
    """Pixels in the signal's red in the middle of the window."""
    wide = picture.shape[1]
    part = picture[:, 300:wide - 340].astype(int)
    return int(((part[..., 0] > 150) & (part[..., 1] < 70) & (part[..., 2] < 90)).sum())


def main(exports: Path) -> dict[str, Any]:
    from whatif import site
    from zonebox import checks
    from zonebox.studio import Desk
    from zonebox.studio.window import Window
    from zonebox.viewer import probe

    scene = site.scene(cells=3)
    desk = Desk(scene, checks.run(scene), ability=probe(), off_screen=False, size=(1200, 760))
    hand = Hand(Window(desk, exports))
    camera = desk.stage.plotter.camera
    told: dict[str, Any] = {}

    start = camera.position
    hand.key("Down")                                             # the worst finding, and the camera flies there
    told["selected"], told["flew"] = desk.selected, camera.position != start
    told["texts"] = [a.GetInput() for a in hand.window._flat._actors if hasattr(a, "GetInput")]
    told["red before"] = red(hand.picture())
    hand.key("Tab")
    hand.slide("limit", ("A/height",), 26.0)
    told["changes"] = [str(change) for change in desk.trial.changes.values()]
    told["state"] = str(desk.finding("tower/A/height").state)                                       # type: ignore[union-attr]
    told["red after"] = red(hand.picture())
    here = camera.position
    hand.slide("move", ("tower", "up_m"), -4.0)
    told["camera kept from panels"] = camera.position == here
    hand.key("u")
    hand.key("u")
    told["undone"] = not desk.trial.changes
    hand.key("y")
    told["redone"] = len(desk.trial.changes)
    hand.key("u")
    told["keyed"] = keyed(hand)

    hand.key("o")
    size = hand.window._size
    seen = desk.stage.view.project([site_roof(scene)], desk.stage.size)[0][0]
    left = size[0] * desk.stage._span[0]
    desk.selected = desk.parcel = ""
    hand.mouse(left + seen[0], seen[1])                          # the red roof itself
    told["picked"], told["parcel"] = desk.selected, desk.parcel

    hand.key("1")
    told["hidden"] = sorted(desk.stage.hidden)
    hand.key("1")
    hand.key("x")
    told["section"] = desk.cut_now.direction
    hand.key("x")
    hand.key("x")
    hand.key("t")
    told["hour"], told["sun"] = desk.sun_now.hour, desk.sun_text
    hand.key("c")
    told["storey"] = desk.cut_now.storey
    hand.key("o")
    hand.key("m")
    hand.mouse(left + seen[0], seen[1])
    hand.mouse(left + seen[0] + 60.0, seen[1] - 90.0)
    told["measures"] = [note.lines[0] for note in desk._measures]
    hand.key("m")
    hand.key("w")
    walked = np.asarray(camera.position)
    hand.key("Up")
    told["step"] = float(np.linalg.norm(np.asarray(camera.position) - walked))
    hand.key("o")
    hand.key("n")
    hand.write("too tall")
    hand.key("b")
    told["notes"], told["views"] = [note.text for note in desk.annotations], list(desk.saved)
    hand.key("slash")
    hand.write("b")
    told["found"] = desk.parcel
    hand.key("slash")
    hand.write("nowhere")
    told["message"] = hand.window.hand.message
    hand.key("k")
    hand.write("mine")
    told["variants"] = list(desk.variants)
    hand.key("d")
    right = hand.window.commands.comparison.right
    told["beside"] = [desk.stage.caption, right.caption]
    hand.mouse(left + 550.0, 300.0, "LeftButtonPressEvent")          # in the right half
    hand.mouse(left + 500.0, 320.0, "MouseMoveEvent", "LeftButtonReleaseEvent")
    told["one camera"] = right.view == desk.stage.view and right.plotter.camera is camera
    told["halves"] = [desk.stage.size, right.size]
    hand.key("d")
    hand.key("d")
    told["beside ended"] = hand.window.commands.comparison.right is None
    hand.key("Tab")
    hand.key("Tab")
    hand.press("bcf")
    told["files"] = sorted(f.name for f in exports.iterdir())
    hand.key("h")
    told["help"] = hand.window.hand.help
    hand.key("l")
    told["language"] = desk.lang
    before = camera.position
    hand.mouse(left + 300.0, 300.0, "LeftButtonPressEvent")
    hand.mouse(left + 380.0, 320.0, "MouseMoveEvent", "LeftButtonReleaseEvent")
    told["orbit"] = camera.position != before
    desk.close()
    return told


def keyed(hand: Hand) -> list[Any]:
    """Change a limit and move the design by keys alone: the numbers after each key, and what a wrong number gives."""
    desk, own = hand.window.desk, hand.window.hand
    found: list[Any] = []
    while own.at != ("limit", ("A/height",)):
        hand.key("s")
    for name in ("Right", "Prior", "Left"):
        hand.key(name)
        found.append(desk.trial.scene.plan.controls[0].limit)
    for text in ("21.5", "much"):
        hand.key("equal", "=")
        hand.write(text)
        found.append(desk.trial.scene.plan.controls[0].limit)
    found.append("want a number" in own.message)
    while own.at != ("move", ("tower", "up_m")):
        hand.key("S")
    hand.key("Next")
    found.append(desk.trial.changes["design", "tower"].up_m)
    for _ in range(5):
        hand.key("u")
    found.append(len(desk.trial.changes))
    return found


def keys_on_bare_scenes(exports: Path) -> dict[str, Any]:
    """Open windows on scenes that lack something, and press keys; the contrast of what they show at the end."""
    from viewer import block
    from viewer.test_picture import bare
    from zonebox import checks
    from zonebox.studio import Desk
    from zonebox.studio.window import Window
    from zonebox.viewer import probe

    told: dict[str, Any] = {}
    able = probe()
    scenes = bare(block.scene())
    for name in ("no design", "no terrain", "nothing"):
        scene = scenes[name]
        desk = Desk(scene, checks.run(scene), ability=able, off_screen=False, size=(640, 420))
        hand = Hand(Window(desk, exports))
        for key in ("Down", "Tab", *"1xtcdw", "Up", "o"):
            hand.key(key)
        hand.key("n")
        hand.write("what is missing")
        hand.mouse(500.0, 300.0)
        told[name] = float(hand.picture().std())
        desk.close()
    return told


def site_roof(scene: Any) -> tuple[float, float, float]:
    """Middle of the tower's roof."""
    low, high = scene.designs[0].mesh.bounds
    return (low[0] + high[0]) / 2.0, (low[1] + high[1]) / 2.0, high[2]


if __name__ == "__main__":
    drive = keys_on_bare_scenes if sys.argv[2:] == ["bare"] else main
    print(json.dumps(drive(Path(sys.argv[1]))))
