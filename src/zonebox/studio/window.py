"""The application as a desktop window: the picture between two panels, driven by mouse and keys.

Panels are drawn with the same flat shapes as the legend, so that no other toolkit is needed; every key and click does
what the page does, on the same `Desk`.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from zonebox.errors import InputError, ZoneboxError
from zonebox.studio import panels
from zonebox.studio.commands import Commands
from zonebox.studio.desk import Desk
from zonebox.studio.labels import label
from zonebox.studio.panels import LEFT_PX, NUMBER, RIGHT_PX, Hand
from zonebox.studio.pen import LINE, PAD, Spot
from zonebox.viewer import camera, palette
from zonebox.viewer.furniture import Furniture
from zonebox.viewer.overlay import SMALL_PX, Rect, Sheet, Text

CLICK_PX: Final = 4
FLIGHT_S: Final = 0.05
"""A flight is shown where a picture takes less than this; else the camera jumps."""

FIRST: Final = 10.0
"""Priority of the panels' observers: before the camera's."""

PRINTABLE: Final = 32


class Window:
    """A desk in a window.

    Parameters
    ----------
    desk : Desk
        Made with ``off_screen=False``.
    exports : Path
        Folder for what is exported.
    """

    def __init__(self, desk: Desk, exports: Path) -> None:
        from vtkmodules.vtkRenderingCore import vtkRenderer

        self.desk, self.hand = desk, Hand()
        self.commands = Commands(desk, self.hand, exports)
        self.spots: list[Spot] = []
        self._held: Spot | None = None
        self._pressed: tuple[int, int] | None = None
        self._closing = False
        window = desk.stage.plotter.render_window
        self._front = vtkRenderer()
        self._front.SetLayer(1)
        self._front.InteractiveOff()
        window.SetNumberOfLayers(2)
        window.AddRenderer(self._front)
        self._flat = Furniture(self._front, ratio=1, font=desk.stage.font)
        desk.stage.follow(quick=True)
        self._lay_out()
        desk.look("overview")
        self._watch()
        self.draw()

    def show(self) -> None:
        """Open the window and wait until it is closed."""
        scene = self.desk.scene
        self.desk.stage.plotter.show(title=f"zonebox – {scene.title or scene.name}", auto_close=False)
        self.desk.close()

    # -- drawing ------------------------------------------------------------------------------------------------

    def draw(self) -> None:
        """Write both panels anew."""
        sheet, size = Sheet(), self._size
        self.spots = [*panels.left(self.desk, self.hand, size, self._flat.measure, sheet),
                      *panels.right(self.desk, self.hand, size, self._flat.measure, sheet)]
        if self.hand.help:
            self._write_help(sheet)
        self._flat.show(sheet)

    def _write_help(self, sheet: Sheet) -> None:
        lines = label("keys", self.desk.lang).split("\n")
        box = Rect(x0=LEFT_PX + 20.0, y0=self._size[1] - 30.0 - LINE * len(lines) - 2 * PAD,
                   x1=LEFT_PX + 340.0, y1=self._size[1] - 30.0)
        sheet.panel(box)
        for number, line in enumerate(lines):
            sheet.write(Text(x=box.x0 + PAD, y=box.y1 - PAD - LINE * (number + 0.5), text=line, size_px=SMALL_PX,
                             color=palette.INK))

    @property
    def _size(self) -> tuple[int, int]:
        wide, tall = self.desk.stage.plotter.render_window.GetSize()
        return int(wide), int(tall)

    def _lay_out(self) -> None:
        wide = max(self._size[0], LEFT_PX + RIGHT_PX + 100)
        self.commands.comparison.place(LEFT_PX / wide, 1.0 - RIGHT_PX / wide)

    def _render(self) -> None:
        self.desk.stage.plotter.render_window.Render()

    # -- what the hand does -------------------------------------------------------------------------------------

    def press(self, x: int, y: int) -> bool:
        """Answer a press at a pixel from the lower left; tell whether a panel took it."""
        spot = next((s for s in reversed(self.spots) if s.holds(x, y)), None)
        if spot is not None and spot.track is not None:
            self._held, self.hand.held = spot, (spot.args or (spot.act,))[-1]
            self.hand.at = spot.act, spot.args
            self.desk.stage.smooth(on=False)
            self._slide(x, continued=False)
        elif spot is not None:
            self.do(spot.act, *spot.args)
        elif not LEFT_PX <= x <= self._size[0] - RIGHT_PX:
            return True
        else:
            self._pressed = (x, y)
            return False
        return True

    def drag(self, x: int) -> bool:
        """Move the held slider; tell whether one is held."""
        if self._held is None:
            return False
        self._slide(x, continued=True)
        return True

    def release(self, x: int, y: int) -> bool:
        """Let go: of a slider, or of the scene, which a press and release at one place picks or measures."""
        start, self._pressed = self._pressed, None
        if self._held is not None:
            self._held, self.hand.held = None, ""
            self.desk.settle()
            self.desk.stage.smooth(on=True)
            self._answered()
            return True
        if start is not None and max(abs(x - start[0]), abs(y - start[1])) <= CLICK_PX:
            self._guarded(lambda: self.commands.click(x, y))
        return False

    def wheel(self, x: int, rows: int) -> bool:
        """Scroll the list of findings; tell whether the pointer is over it."""
        if x >= LEFT_PX:
            return False
        self.hand.scroll += rows
        self._answered()
        return True

    def key(self, name: str, sign: str = "") -> bool:
        """Answer a key by its name (``Up``, ``Return``, ``u``); ``sign`` is what it types."""
        hand = self.hand
        if hand.typing:
            self._type(name, sign)
            return True
        if name in ("q", "Escape"):
            self._closing = True
            self.desk.stage.plotter.iren.terminate_app()
            return True
        command = self.commands.of_key(name) or self._of_slider(name)
        if command is None:
            return False
        self._guarded(command)
        return True

    def _of_slider(self, name: str) -> Callable[[], camera.View | None] | None:
        """Find what a key does to the sliders of the open tab: go to the next, one step or ten, or type a number."""
        hand = self.hand
        tracks = [(s, s.track, (s.act, s.args)) for s in self.spots if s.track is not None]
        now = next(((spot, track) for spot, track, at in tracks if at == hand.at), None)
        steps = {"Left": -1, "Right": 1, "Prior": 10, "Page_Up": 10, "Next": -10, "Page_Down": -10}
        if name in ("s", "S", "equal") and (name != "equal" or now is not None):
            names = [at for _, _, at in tracks]
            place = names.index(hand.at) if hand.at in names else -1 if name == "s" else 0

            def turn() -> None:
                if name == "equal":
                    hand.typing, hand.typed = NUMBER, ""
                elif names:
                    hand.at = names[(place + (1 if name == "s" else -1)) % len(names)]

            return turn
        if now is None or name not in steps:
            return None
        spot, track = now
        value = min(max(round(spot.value + steps[name] * track.step, 6), track.low), track.high)
        return lambda: self._set(spot, value)

    def _set(self, spot: Spot, value: float) -> camera.View | None:
        view = self.commands.slide(spot.act, spot.args, value, continued=False)
        self.desk.settle()
        return view

    def _number(self, text: str) -> camera.View | None:
        """Give the slider that the keys move a number that was typed, which may lie beyond its track."""
        spot = next(s for s in self.spots if (s.act, s.args) == self.hand.at)
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise InputError("/".join((spot.act, *spot.args)), got=f'"{text}"', want="a number")
        return self._set(spot, value)

    def do(self, act: str, *args: Any) -> None:
        """Do a command by name, and show what it did."""
        self._guarded(lambda: self.commands.do(act, *args))

    def _type(self, name: str, sign: str) -> None:
        hand = self.hand
        if name in ("Return", "KP_Enter"):
            purpose, text, hand.typing, hand.typed = hand.typing, hand.typed, "", ""
            self._guarded(lambda: self._number(text) if purpose == NUMBER else self.commands.typed(purpose, text))
            return
        if name == "Escape":
            hand.typing = hand.typed = ""
        elif name == "BackSpace":
            hand.typed = hand.typed[:-1]
        elif sign and ord(sign[0]) >= PRINTABLE:
            hand.typed += sign
        self._answered()

    def _slide(self, x: int, *, continued: bool) -> None:
        spot = self._held
        assert spot is not None
        assert spot.track is not None
        value = spot.track.value((x - spot.rect.x0) / max(spot.rect.x1 - spot.rect.x0, 1.0))
        if value != spot.value or not continued:
            from dataclasses import replace

            self._held = replace(spot, value=value)
            self._guarded(lambda: self.commands.slide(spot.act, spot.args, value, continued=continued))

    def _guarded(self, act: Callable[[], camera.View | None]) -> None:
        """Do something; a wrong number becomes a sentence in the panel, never an end of the window."""
        self.hand.message = ""
        view = None
        try:
            view = act()
        except ZoneboxError as error:
            self.hand.message = str(error)
        if view is not None:
            self._fly(view)
        self._answered()

    def _answered(self) -> None:
        self.draw()
        self._render()

    def _fly(self, end: camera.View) -> None:
        stage = self.desk.stage
        if 0.0 < stage.plotter.renderer.GetLastRenderTimeInSeconds() < FLIGHT_S:
            for view in self.desk.flight(end):
                self.desk.look(view)
                self._render()
        self.desk.look(end)

    # -- what VTK tells -----------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Listen before the camera does, and keep from it what the panels take."""
        hand = self.desk.stage.plotter.iren.interactor
        self.desk.stage.plotter.iren.clear_key_event_callbacks()

        def at() -> tuple[int, int]:
            x, y = hand.GetEventPosition()
            return int(x), int(y)

        taken: Mapping[str, Callable[[], bool]] = {
            "LeftButtonPressEvent": lambda: self.press(*at()),
            "MouseMoveEvent": lambda: self.drag(at()[0]),
            "LeftButtonReleaseEvent": lambda: self.release(*at()),
            "MouseWheelForwardEvent": lambda: self.wheel(at()[0], -2),
            "MouseWheelBackwardEvent": lambda: self.wheel(at()[0], 2),
            "KeyPressEvent": lambda: self.key(hand.GetKeySym() or "", hand.GetKeyCode() or ""),
            "CharEvent": lambda: True,                       # the camera's own keys would change the drawing
        }
        for event, answer in taken.items():
            tag: list[int] = []

            def told(_: object, __: object, answer: Callable[[], bool] = answer, tag: list[int] = tag) -> None:
                if not self._closing and answer():
                    hand.GetCommand(tag[0]).SetAbortFlag(1)

            tag.append(hand.AddObserver(event, told, FIRST))

        def let_go(*_: object) -> None:
            if not self._closing and self._pressed is not None:
                self.release(*at())

        # once pressed, the camera has the mouse to itself: it tells when it is let go
        hand.GetInteractorStyle().AddObserver("EndInteractionEvent", let_go)
        seen = [self._size]

        def resized(*_: object) -> None:
            if self._size != seen[0] and min(self._size) > 1:
                seen[0] = self._size
                self._lay_out()
                self.desk.resize(self.desk.stage.size)
                self.draw()

        self.desk.stage.plotter.render_window.AddObserver("WindowResizeEvent", resized)


def opened(desk: Desk, exports: Path, shown: tuple[str, str] = ("", "")) -> None:
    """Open a window on a desk and wait until it is closed; ``shown`` are the variants at the left and at the right."""
    with contextlib.suppress(KeyboardInterrupt):
        window = Window(desk, exports)
        window.commands.begin(shown)
        window.draw()
        window.show()
