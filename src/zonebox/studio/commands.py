"""What keys, clicks and sliders of the window do to the desk, by name; each may return a view to fly to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from zonebox.errors import InputError
from zonebox.studio import details
from zonebox.studio.compare import Comparison
from zonebox.studio.desk import Desk
from zonebox.studio.labels import label
from zonebox.studio.panels import TABS, Hand
from zonebox.studio.search import listed
from zonebox.studio.tools import Cut, Sun
from zonebox.viewer import camera
from zonebox.viewer.camera import View
from zonebox.whatif import Limit, Move, Setback

STEP_M: Final = 2.0
TURN_DEG: Final = 12.0
SHIFT_M: Final = 1.0
HOURS: Final = (5.0, 19.0)
WAYS: Final = ("", "north", "east")
VIEWS: Final = ("overview", *camera.OBLIQUES)


class Commands:
    """Commands on a desk.

    Parameters
    ----------
    desk : Desk
        What they act on.
    hand : Hand
        What the window keeps to itself.
    exports : Path
        Folder for what is exported.
    """

    def __init__(self, desk: Desk, hand: Hand, exports: Path) -> None:
        self.desk, self.hand, self._exports = desk, hand, exports
        self.comparison = Comparison(desk)
        self._plain: dict[str, Callable[..., object]] = {
            "layer": lambda name: desk.show_layer(name, visible=name in desk.stage.hidden),
            "section": lambda way: desk.cut(replace(desk.cut_now, direction=way)), "switch": desk.switch,
            "by_height": lambda: desk.colour_by_height(on=not desk.by_height), "speak": self._speak,
            "undo": desk.undo, "redo": desk.redo, "save_view": desk.save_view, "clear": desk.clear_measures,
            "export": self._export, "bcf": self._export_bcf, "beside": self.beside,
        }

    def do(self, act: str, *args: str) -> View | None:
        """Do what a click asks for."""
        desk, hand = self.desk, self.hand
        if act in ("tab", "design"):
            setattr(hand if act == "tab" else desk, act, args[0])
        elif act == "type":
            hand.typing, hand.typed = args[0], ""
        elif act in ("help", "measuring"):
            setattr(hand, act, not getattr(hand, act))
        elif act == "select":
            hand.tab = "selection"
            return desk.select(args[0])
        elif act in self._plain:
            self._plain[act](*args)
        else:
            return {"go": desk.stage.named_view, "recall": desk.recall, "walk": desk.walk}[act](*args)  # type: ignore[operator, no-any-return]
        return None

    def slide(self, act: str, args: Sequence[str], value: float, *, continued: bool) -> View | None:
        """Set what a slider stands for; ``continued`` while it is held, until `Desk.settle`."""
        desk, sun = self.desk, self.desk.sun_now
        if act == "limit":
            desk.change(Limit(control=args[0], value=value), continued=continued)
        elif act == "setback":
            desk.change(Setback(control=args[0], distance_m=value), continued=continued)
        elif act == "move":
            now = desk.trial.changes.get(("design", args[0]))
            start = now if isinstance(now, Move) else Move(design=args[0])
            changed: dict[str, Any] = {args[1]: value}
            desk.change(replace(start, **changed), continued=continued, held=True)
        elif act == "offset":
            desk.cut(replace(desk.cut_now, offset_m=value))
        elif act == "storey":
            desk.cut(replace(desk.cut_now, storey=self._storey(round(value))))
        else:
            shifted: dict[str, Any] = {act: value if act == "hour" else int(value)}
            desk.shine(replace(sun, **shifted))
        return None

    def click(self, x: float, y: float) -> View | None:
        """Answer a click on the scene: measure, or select what is there."""
        beside = self.comparison.pick(x, y)
        if beside is not None:
            self.desk.choose(beside)
            return None
        if self.hand.measuring:
            self.desk.mark(x, y)
            return None
        view = self.desk.pick(x, y)
        if view is None:
            return None
        self.hand.tab = "selection" if self.desk.selected else self.hand.tab
        return view if self.desk.selected else None

    def typed(self, purpose: str, text: str) -> View | None:
        """Take in what was typed: a parcel to find, the name of a variant, a note."""
        if purpose == "keep":
            self.desk.keep(text)
        elif purpose == "note":
            self.desk.annotate(text)
        else:
            view = self.desk.choose(text)
            if view is None:
                several = listed(self.desk.meant(text))
                raise InputError("parcel", got=f'"{text}"', want=f"one of {several}" if several else
                                 "the number of a parcel")
            return view
        return None

    def of_key(self, name: str) -> Callable[[], View | None] | None:
        """Find what a key does; None where it does nothing."""
        desk = self.desk
        name = name.lower() if len(name) == 1 else name
        layers = [layer["name"] for layer in desk.layers()]
        if name.isdigit():
            return (lambda: self.do("layer", layers[int(name) - 1])) if 0 < int(name) <= len(layers) else None
        walking = desk.stage.view.name == "walk"
        steps = {"Up": (STEP_M, 0.0), "Down": (-STEP_M, 0.0), "Left": (0.0, -TURN_DEG), "Right": (0.0, TURN_DEG)}
        if walking and name in steps:
            return lambda: desk.walk(*steps[name])
        keys: dict[str, Callable[[], View | None]] = {
            "Up": lambda: self._beside(-1), "Down": lambda: self._beside(1), "Return": self._enter,
            "Tab": self._next_tab, "h": lambda: self.do("help"), "question": lambda: self.do("help"),
            "o": lambda: self.do("go", "overview"), "p": lambda: self.do("go", "plan"), "v": self._next_view,
            "w": lambda: self.do("walk"), "u": lambda: self.do("undo"), "y": lambda: self.do("redo"),
            "k": lambda: self.do("type", "keep"), "n": lambda: self.do("type", "note"),
            "slash": lambda: self.do("type", "search"), "x": self._next_section,
            "bracketleft": lambda: self._shift(-SHIFT_M), "bracketright": lambda: self._shift(SHIFT_M),
            "m": lambda: self.do("measuring"), "t": self._next_hour, "c": self._next_storey,
            "d": self._next_beside, "e": lambda: self.do("by_height"), "b": lambda: self.do("save_view"),
            "l": lambda: self.do("speak"),
        }
        return keys.get(name)

    def beside(self, variant: str | None = None) -> None:
        """Show a variant beside the present one, with the same camera; none ends it."""
        self.comparison.show(variant)
        self.hand.beside = self.comparison.variant

    def begin(self, shown: tuple[str, str]) -> None:
        """Begin with two variants, at the left and at the right, where a second is named."""
        self.comparison.start(shown)
        self.hand.beside = self.comparison.variant

    # -- keys that go round -------------------------------------------------------------------------------------

    def _beside(self, by: int) -> View | None:
        """Select the finding before or after the selected one, and keep it in the list's sight."""
        rows = details.rows(self.desk.scene, self.desk.report, self.desk.lang)
        if not rows:
            return None
        at = next((n for n, row in enumerate(rows) if row["id"] == self.desk.selected), -1 if by >= 0 else 0)
        at = max(0, min(at + by, len(rows) - 1))
        self.hand.scroll = min(self.hand.scroll, at) if at < self.hand.scroll + 6 else at - 5
        return self.do("select", str(rows[at]["id"]))

    def _enter(self) -> View | None:
        """Mark the middle of the picture while one measures, else fly to the selected finding."""
        if not self.hand.measuring:
            return self._beside(0)
        self.desk.mark(*self.desk.stage.middle_pixel())
        return None

    def _next_tab(self) -> None:
        self.hand.tab = TABS[(TABS.index(self.hand.tab) + 1) % len(TABS)]

    def _next_view(self) -> View:
        now = self.desk.stage.view.name
        name = VIEWS[(VIEWS.index(now) + 1) % len(VIEWS)] if now in VIEWS else VIEWS[0]
        return self.desk.stage.named_view(name)

    def _next_beside(self) -> None:
        every = (None, *self.desk.variants)
        self.beside(every[(every.index(self.hand.beside) + 1) % len(every)])

    def _next_section(self) -> None:
        cut = self.desk.cut_now
        self.desk.cut(replace(cut, direction=WAYS[(WAYS.index(cut.direction) + 1) % len(WAYS)]))

    def _shift(self, by: float) -> None:
        cut = self.desk.cut_now
        self.desk.cut(replace(cut, offset_m=max(-self.desk.reach_m, min(cut.offset_m + by, self.desk.reach_m))))

    def _next_hour(self) -> None:
        sun = self.desk.sun_now
        self.desk.shine(Sun(month=sun.month, day=sun.day, hour=sun.hour + 1.0 if sun.hour < HOURS[1] else HOURS[0]))

    def _next_storey(self) -> None:
        names = ["", *(storey["id"] for storey in self.desk.storeys())]
        now = self.desk.cut_now.storey
        at = names.index(now) if now in names else 0
        self.desk.cut(Cut(direction=self.desk.cut_now.direction, offset_m=self.desk.cut_now.offset_m,
                          storey=names[(at + 1) % len(names)]))

    def _storey(self, number: int) -> str:
        storeys = self.desk.storeys()
        return storeys[number - 1]["id"] if 0 < number <= len(storeys) else ""

    def _speak(self) -> None:
        self.desk.speak("en" if self.desk.lang == "zh" else "zh")

    def _export(self) -> None:
        self._tell(self.desk.export(_free(self._exports / "scene.toml", "{stem}.rules.toml")))

    def _export_bcf(self) -> None:
        self._tell((self.desk.write_bcf(_free(self._exports / "findings-and-notes.bcfzip")),))

    def _tell(self, files: Sequence[Path]) -> None:
        self.hand.message = label("exported", self.desk.lang, files=", ".join(str(f) for f in files))


def _free(path: Path, *beside: str) -> Path:
    """Return a name that no file has yet, nor one beside it: a number is added."""
    number, free = 1, path
    while free.exists() or any(free.with_name(name.format(stem=free.stem)).exists() for name in beside):
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free
