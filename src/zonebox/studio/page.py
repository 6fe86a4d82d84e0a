"""The application as a page: trame serves it, the pictures are drawn here, so any browser will do.

One desk is shared by everybody who opens the page: a colleague on the network sees what one does.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from zonebox.errors import InputError, ZoneboxError
from zonebox.studio import details
from zonebox.studio.desk import Desk
from zonebox.studio.labels import label, labels
from zonebox.studio.layout import build
from zonebox.studio.pagetools import PageTools
from zonebox.studio.panels import MOVES
from zonebox.studio.search import listed
from zonebox.studio.session import answer_sessions
from zonebox.studio.tools import Cut, Sun
from zonebox.viewer import camera
from zonebox.whatif import Limit, Move, Setback

LOOPBACK: Final = "127.0.0.1"
FLIGHT_S: Final = 0.05
"""A flight is shown where a picture takes less than this; else the camera jumps."""

CLICK_PX: Final = 4
"""A press and a release nearer than this are a click, farther ones a drag."""


TOOLS: Final = ("walk", "save_view", "recall", "by_height", "note", "beside", "mark")
"""What `PageTools` lets a browser do by name."""


class Page:
    """A desk behind a trame server: state that browsers see, and what their events do.

    Parameters
    ----------
    desk : Desk
        What is served.
    exports : Path
        Scene file that the export writes; a number is added where it exists.
    name : str
        Name of the server, one a process where several run.
    shown : (str, str)
        Variants at the left and at the right, where a second is named.
    """

    def __init__(
        self, desk: Desk, exports: Path, *, name: str = "zonebox", shown: tuple[str, str] = ("", "")
    ) -> None:
        from trame.app import get_server

        self.desk, self._exports = desk, exports
        self.server: Any = get_server(name, client_type="vue3")
        self.state: Any = self.server.state
        self._pressed: tuple[int, int] | None = None
        self.tools = PageTools(desk)
        self.tools.comparison.start(shown)
        desk.stage.follow(quick=True)
        self._watch_mouse()
        self._publish()
        for event in ("select", "choose", "go", "number", "move", "design", "undo", "redo", "keep", "export", "layer",
                      "switch", "speak", "cut", "sun", "clear", "tool", "bcf"):
            self.server.trigger(event)(self._guarded(getattr(self, f"on_{event}")))
        self.server.controller.on_server_bind.add(answer_sessions)
        self.view = build(self.server, desk.stage.plotter.render_window)

    def serve(self, *, port: int = 0, host: str = LOOPBACK, ready: Callable[[int], None] | None = None) -> None:
        """Serve until interrupted; port 0 takes any free one, and ``ready`` is told which."""
        if ready is not None:
            self.server.controller.on_server_ready.add(lambda **_: ready(self.server.port))

        async def serving() -> None:
            with _no_arguments():
                running = self.server.start(port=port, host=host, open_browser=False, show_connection_info=False,
                                            disable_logging=True, exec_mode="coroutine", timeout=0)
            await running

        asyncio.run(serving())

    # -- what a browser does ------------------------------------------------------------------------------------

    async def on_select(self, finding: str) -> None:
        """Select a finding and fly there."""
        await self._fly(self.desk.select(finding))

    async def on_choose(self, parcel: str) -> None:
        """Search for a parcel and fly there."""
        view = self.desk.choose(parcel)
        if view is None:
            several = listed(self.desk.meant(parcel))
            self.state.message = f"{parcel}: {several or label('no_parcel', self.desk.lang)}"
        else:
            await self._fly(view)

    async def on_go(self, view: str) -> None:
        """Go to a named view."""
        await self._fly(self.desk.stage.named_view(view))

    async def on_number(
        self, control: str, value: float, *, setback: bool = False, continued: bool = False, held: bool = False
    ) -> None:
        """Change a control; ``continued`` joins it to the change before, ``held`` while its slider is drawn."""
        self.desk.change(Setback(control=control, distance_m=float(value)) if setback
                         else Limit(control=control, value=float(value)), continued=continued, held=held)

    async def on_move(self, name: str, value: float, *, continued: bool = False, held: bool = False) -> None:
        """Move the design that is chosen."""
        design = str(self.state.design)
        move = {**self._move_of(design), name: float(value)}
        self.desk.change(Move(design=design, **move), continued=continued, held=held)

    async def on_design(self, design: str) -> None:
        """Take another design in hand."""
        self.desk.design = str(design)

    async def on_undo(self) -> None:
        """Take the last change back."""
        self.desk.undo()

    async def on_redo(self) -> None:
        """Apply again what was taken back."""
        self.desk.redo()

    async def on_keep(self, name: str) -> None:
        """Keep the trial as a variant."""
        self.desk.keep(name)

    async def on_export(self) -> None:
        """Write the trial down."""
        path, number = self._exports, 1
        while path.exists() or path.with_name(f"{path.stem}.rules.toml").exists():
            number += 1
            path = self._exports.with_name(f"{self._exports.stem}-{number}{self._exports.suffix}")
        files = self.desk.export(path)
        self.state.message = label("exported", self.desk.lang, files=", ".join(f.name for f in files))

    async def on_layer(self, name: str) -> None:
        """Show or hide a layer."""
        self.desk.show_layer(name, visible=name in self.desk.stage.hidden)

    async def on_switch(self, variant: str) -> None:
        """Show another variant."""
        self.desk.switch(variant)

    async def on_speak(self) -> None:
        """Change between English and Chinese."""
        self.desk.speak("en" if self.desk.lang == "zh" else "zh")

    async def on_cut(self, direction: str, offset: float, storey: str) -> None:
        """Cut the scene."""
        self.desk.cut(Cut(direction=direction or "", offset_m=float(offset or 0.0), storey=storey or ""))

    async def on_sun(self, month: float, day: float, hour: float) -> None:
        """Set the sun."""
        self.desk.shine(Sun(month=int(month), day=int(day), hour=float(hour)))

    async def on_clear(self) -> None:
        """Take the measurements away."""
        self.desk.clear_measures()

    async def on_tool(self, name: str, *given: Any) -> None:
        """Use one of the tools of `PageTools`."""
        if name not in TOOLS:
            raise InputError("tool", got=f'"{name}"', want=f"one of {', '.join(TOOLS)}")
        view = getattr(self.tools, name)(*given)
        if view is not None:
            self.desk.look(view)

    async def on_bcf(self) -> Any:
        """Hand findings and notes to the browser as a BCF file."""
        return self.server.protocol.addAttachment(self.tools.bcf())

    # -- what a browser sees ------------------------------------------------------------------------------------

    def _publish(self) -> None:
        """Give the state of the desk to the browsers."""
        desk, state = self.desk, self.state
        lang, trial = desk.lang, desk.trial
        scene, report = desk.scene, desk.report
        totals = trial.totals()
        parcel = scene.plan.parcel(desk.parcel) if desk.parcel else None
        finding = desk.finding(desk.selected) if desk.selected else None
        designs = [d.id for d in scene.designs]
        design = desk.design if desk.design in designs else next(iter(designs), "")
        names = {"": label("as_planned", lang)}
        title = scene.title_zh if lang == "zh" else scene.title
        state.update({
            "t": labels(lang), "lang": lang, "title": title, "trame__title": f"zonebox – {title}",
            "layers": desk.layers(), "rows": details.rows(scene, report, lang), "selected": desk.selected,
            "finding": None if finding is None else details.finding_detail(scene, finding, lang),
            "parcel": None if parcel is None else details.parcel_detail(trial, parcel, lang),
            "sliders": [] if parcel is None else details.sliders(
                desk.tried.adjustable(desk.parcel), lang, desk.tried.adjustable_first(desk.parcel)),
            "parcels": [p.id for p in scene.plan.parcels][:2000],
            "variants": [{"title": names.get(v, v), "value": v} for v in desk.variants], "variant": desk.variant,
            "designs": designs, "design": design, "moved": self._move_of(design),
            "can_undo": desk.tried.can_undo, "can_redo": desk.tried.can_redo, "notes": list(trial.notes),
            "totals": label("totals", lang, volume=f"{totals.volume_m3:,.0f}", area=f"{totals.floor_area_m2:,.0f}"),
            "counts": {s.value: n for s, n in report.summary.items()},
            "views": [{"title": label(v, lang), "value": v} for v in ("overview", "plan", *camera.OBLIQUES)],
            "storeys": [{"id": "", "title": label("all_storeys", lang)}, *desk.storeys()],
            "directions": [{"value": v, "title": label(k, lang)} for v, k in
                           (("", "section_none"), ("north", "section_ns"), ("east", "section_we"))],
            "tracks": {name: {"low": t.low, "high": t.high, "step": t.step} for name, t in MOVES.items()},
            "reach": desk.reach_m, "sun_text": desk.sun_text, **self.tools.state(),
        })
        for name, value in (("message", ""), ("measuring", False), ("search", ""), ("keep_name", ""),
                            ("cut_direction", ""), ("cut_offset", 0.0), ("cut_storey", ""), ("month", 6), ("day", 21),
                            ("hour", 12.0), *self.tools.start().items()):
            if not self._has(name):
                state[name] = value

    def _has(self, name: str) -> bool:
        return bool(self.state.has(name)) and self.state[name] is not None

    def _move_of(self, design: str) -> dict[str, float]:
        change = self.desk.trial.changes.get(("design", design))
        names = ("east_m", "north_m", "up_m", "turn_deg")
        return {name: getattr(change, name) if isinstance(change, Move) else 0.0 for name in names}

    def _guarded(self, act: Callable[..., Any]) -> Callable[..., Any]:
        """Answer an event: a wrong number becomes a sentence on the page, never an end of the server."""
        async def answered(*given: Any, **named: Any) -> Any:
            answer = None
            with self.state:
                self.state.message = ""
                try:
                    answer = await act(*given, **named)
                except ZoneboxError as error:
                    self.state.message = str(error)
                self._publish()
            self._draw()
            return answer

        return answered

    def _draw(self) -> None:
        self.view.update()

    async def _fly(self, end: camera.View) -> None:
        if 0.0 < self.desk.stage.plotter.renderer.GetLastRenderTimeInSeconds() < FLIGHT_S:
            for view in self.desk.flight(end):
                self.desk.look(view)
                self._draw()
                await asyncio.sleep(0)
        self.desk.look(end)

    def _watch_mouse(self) -> None:
        """Tell clicks from drags, and answer clicks."""
        hand = self.desk.stage.plotter.iren.interactor

        def pressed(*_: object) -> None:
            self._pressed = hand.GetEventPosition()

        def released(*_: object) -> None:
            x, y = hand.GetEventPosition()
            start, self._pressed = self._pressed, None
            if start is not None and max(abs(x - start[0]), abs(y - start[1])) <= CLICK_PX:
                asyncio.get_running_loop().call_soon(lambda: asyncio.ensure_future(self._clicked(x, y)))

        hand.AddObserver("LeftButtonPressEvent", pressed, 2.0)
        hand.AddObserver("LeftButtonReleaseEvent", released, 2.0)
        # once pressed, the camera has the mouse to itself: it tells when it is let go
        hand.GetInteractorStyle().AddObserver("EndInteractionEvent", released)

        window = self.desk.stage.window
        seen = [tuple(window.GetSize())]

        def resized(*_: object) -> None:
            now = tuple(window.GetSize())
            if now != seen[0] and min(now) > 1:
                seen[0] = now
                self.tools.resized()

        window.AddObserver("WindowResizeEvent", resized)

    async def _clicked(self, x: int, y: int) -> None:
        async def act() -> None:
            if self.tools.click(x, y):
                return
            if self.state.measuring:
                self.desk.mark(x, y)
                return
            view = self.desk.pick(x, y)
            if view is not None and self.desk.selected:
                await self._fly(view)

        await self._guarded(act)()


@contextmanager
def _no_arguments() -> Iterator[None]:
    """Keep this program's command line from trame, which would read it as its own."""
    given = sys.argv
    sys.argv = given[:1]
    try:
        yield
    finally:
        sys.argv = given
