"""Two variants side by side under one camera: in the window and on the page beside the desk's stage, and in a picture.

The stage at the right draws in the left one's window, with the same camera and around the same origin; what the desk
hides, cuts, lights or says in another language is done to both.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from zonebox.errors import InputError, RenderError
from zonebox.model import Report, Scene
from zonebox.studio.cutting import cut_open
from zonebox.studio.desk import Desk
from zonebox.studio.labels import label
from zonebox.studio.tools import Cut
from zonebox.viewer import framing, layers, palette, probe
from zonebox.viewer.drawable import Key
from zonebox.viewer.ground import ground_of
from zonebox.viewer.groundmap import PIXELS, GroundMap
from zonebox.viewer.probe import Ability
from zonebox.viewer.show import SMOOTHING, save, staged
from zonebox.viewer.stage import INSETS, Stage
from zonebox.words import Language

DIVIDER_PX: Final = 3
"""Width of the line between the two halves of a picture; it also makes their widths add up."""

SIZE: Final = (2000, 1000)
LEGEND_FROM_PX: Final = 560
"""A half that is narrower is shown without the legend, which would hide the scene."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a comparison: its title, its scene, and what was found in it."""

    title: str
    scene: Scene
    report: Report


def side_of(desk: Desk, variant: str) -> Side:
    """Find what a variant of a desk shows: ``""`` is the scene as it was read, before any trial.

    Raises
    ------
    InputError
        The desk has no such variant.
    """
    if variant not in desk.variants:
        raise InputError("compare", got=f'"{variant}"', want=f"one of {', '.join(v for v in desk.variants if v)}")
    if variant in desk.variants_of_scene:
        scene, report = desk.trial.scene.variant(variant), desk.trial.report
        shown = {design.id for design in scene.designs}
        report = Report(findings=tuple(f for f in report.findings if not f.design or f.design in shown))
        return Side(title=variant, scene=scene, report=report)
    trial = desk.tried.kept.get(variant, desk.tried.start)
    return Side(title=variant or label("as_planned", desk.lang), scene=trial.scene, report=trial.report)


class Comparison:
    """A second variant beside what a desk shows.

    Parameters
    ----------
    desk : Desk
        What stands at the left.

    Attributes
    ----------
    variant : str or None
        What stands at the right; None where the desk's stage has all the room.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.variant: str | None = None
        self.right: Stage | None = None
        self._room = (0.0, 1.0)
        self._scene: Scene | None = None
        self._drawn: tuple[Any, ...] = ()
        self._cut = Cut()
        self._watches: list[tuple[Any, int]] = []
        desk.stage.followers.append(self._follow)
        hand = desk.stage.plotter.iren
        hand.add_observer("StartInteractionEvent", lambda *_: self._hurry(moving=True))
        hand.add_observer("EndInteractionEvent", lambda *_: self._hurry(moving=False))

    def place(self, left: float, right: float) -> None:
        """Take the room between two shares (0–1) of the window's width, for one picture or for two."""
        self._room = (left, right)
        middle = (left + right) / 2.0 if self.right is not None else right
        self.desk.stage.place(left, middle)
        if self.right is not None:
            self.right.place(middle, right)
            self.right.legend = self.right.size[0] >= LEGEND_FROM_PX

    def again(self) -> None:
        """Fit the halves into the window after its size has changed."""
        self.place(*self._room)

    def show(self, variant: str | None) -> None:
        """Show a variant beside the desk's own, or None to end it.

        Raises
        ------
        InputError
            The desk has no such variant; what is shown stays then.
        """
        side = None if variant is None else side_of(self.desk, variant)
        self._end()
        self.variant = variant
        if side is not None:
            self._begin(side)
        self.place(*self._room)
        self.desk.resize(self.desk.stage.size)

    def pick(self, x: float, y: float) -> str | None:
        """Tell which parcel is seen at a pixel of the right half, counted from the lower left of the window.

        ``""`` is the sky or open ground there; None a pixel that is not in the right half.
        """
        if self.right is None or x < (sum(self._room) / 2.0) * self.right.window.GetSize()[0]:
            return None
        subject, point = self.right.pick(x, y)
        kind, _, name = subject.partition(":")
        if kind == "parcel":
            return name
        return "" if point is None else self.desk.parcel_at(point) or ""

    def start(self, shown: tuple[str, str]) -> None:
        """Begin with one variant at the left and, where a second is named, another at the right."""
        one, two = shown
        if two:
            if one:
                self.desk.switch(one)
            self.show(two)

    # -- inside -------------------------------------------------------------------------------------------------

    def _begin(self, side: Side) -> None:
        left = self.desk.stage
        right = staged(side.scene, side.report, self.desk.ability, lang=self.desk.lang, size=left.size,
                       ground=self.desk.ground, origin=left.origin)
        right.move_in(left)
        self._watches = [(stage.plotter.renderer, _range_before_drawing(stage)) for stage in (left, right)]
        self._scene, self._drawn, self._cut = side.scene, (), Cut()
        self._printer = GroundMap(self.desk.ground, min(PIXELS, 2 * max(right.size)))
        left.caption, right.caption = self._left_title(), side.title
        left.legend = False
        self.right = right

    def _end(self) -> None:
        right, self.right = self.right, None
        for renderer, tag in self._watches:
            renderer.RemoveObserver(tag)
        self._watches = []
        left = self.desk.stage
        left.caption, left.legend = "", True
        if right is not None:
            right.move_out()

    def _left_title(self) -> str:
        desk = self.desk
        if desk.variant:
            return desk.variant
        return label("trial" if desk.trial.changes else "as_planned", desk.lang)

    def _follow(self) -> None:
        """Do to the right what was done to the left: camera, layers, cut, light, language."""
        right, desk = self.right, self.desk
        if right is None or self.variant is None:
            return
        left = desk.stage
        self._redraw(right)
        for layer in right.layers:
            if (layer.name in left.hidden) is not (layer.name in right.hidden):
                right.show_layer(layer.name, visible=layer.name not in left.hidden)
        right.beside_keys = _keys(left)
        title = self._left_title()
        if title != left.caption:
            left.caption = title
            left.furnish()                                   # comes back here with the title as it should be
            return
        right.view, right.size = left.view, right.own_size()
        right.furnish()

    def _redraw(self, right: Stage) -> None:
        desk = self.desk
        now = (desk.lang, desk.by_height, desk.toward, desk.trial if self.variant in desk.variants_of_scene else None)
        if not self._drawn:
            self._drawn = ("en" if right.font is None else desk.lang, False, (), None)
        side = side_of(desk, self.variant or "")
        if now != self._drawn:
            self._drawn, self._scene = now, side.scene
            right.lang, right.caption = desk.stage.lang, side.title
            built = layers.build(side.scene, side.report, right.lang, latin_only=right.font is None,
                                 ground=desk.ground)
            ground = layers.terrain(side.scene, self._printer, right.lang, sun=desk.toward,
                                    by_height=desk.by_height)
            right.shine(desk.toward)
            right.change(tuple(ground if layer.name == ground.name else layer for layer in built), side.scene,
                         side.report)
            self._cut = Cut()
        if desk.cut_now != self._cut:
            self._cut = desk.cut_now
            cut_open(right, side.scene, desk.cut_now)

    def _hurry(self, *, moving: bool) -> None:
        if self.right is not None:
            self.right.hurry(moving=moving)


def screenshot(
    one: Side, two: Side, out: Path, *, size: tuple[int, int] = SIZE, lang: Language = "en", view: str = "overview",
    ability: Ability | None = None,
) -> Path:
    """Draw two variants beside each other from one camera into a PNG.

    Parameters
    ----------
    one, two : Side
        At the left and at the right; of one place.
    size : (int, int)
        Width and height in pixels of the whole picture.
    view : str
        As `viewer.screenshot` names it; a finding is one of the left side.

    Raises
    ------
    RenderError
        The machine has no OpenGL driver.
    InputError
        No such view.
    """
    able = probe() if ability is None else ability
    if not able.pictures:
        raise RenderError(able.sentence)
    half = ((size[0] - DIVIDER_PX) // 2, size[1])
    ground = ground_of(one.scene)
    left = staged(one.scene, one.report, able, lang=lang, size=half, ratio=SMOOTHING, ground=ground, legend=False)
    try:
        right = staged(two.scene, two.report, able, lang=lang, size=half, ratio=SMOOTHING, ground=ground,
                       origin=left.origin, legend=half[0] >= LEGEND_FROM_PX)
        try:
            left.caption, right.caption = one.title, two.title
            right.beside_keys = _keys(left)
            points = np.concatenate([left.points, right.points])
            chosen = framing.view(view, one.scene, one.report, points=points, aspect=left.aspect, insets=INSETS)
            for stage in (left, right):
                stage.look(chosen)
            pictures = [stage.picture() for stage in (left, right)]
        finally:
            right.close()
    finally:
        left.close()
    divider = np.full((size[1], size[0] - 2 * half[0], 3), palette.INK_SOFT, dtype=np.uint8)
    return save(np.concatenate([pictures[0], divider, pictures[1]], axis=1), out)


def _keys(stage: Stage) -> tuple[Key, ...]:
    """Rows of a stage's legend."""
    return tuple(key for layer in stage.layers if layer.name not in stage.hidden for key in layer.keys)


def _range_before_drawing(stage: Stage) -> int:
    """Fit the near and far plane of the shared camera to each half just before it is drawn."""
    renderer = stage.plotter.renderer
    return int(renderer.AddObserver("StartEvent", lambda *_: renderer.ResetCameraClippingRange()))
