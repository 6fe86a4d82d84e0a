"""The doors of the viewer: a picture in a file, and a window."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zonebox.errors import InputError, RenderError
from zonebox.model import Report, Scene
from zonebox.viewer import layers
from zonebox.viewer.camera import View
from zonebox.viewer.drawable import Layer
from zonebox.viewer.fonts import chinese_font
from zonebox.viewer.ground import Ground
from zonebox.viewer.groundmap import PIXELS
from zonebox.viewer.probe import WINDOW_VARIABLE, Ability, probe
from zonebox.viewer.stage import Stage
from zonebox.viewer.words import Lang

SMOOTHING: Final = 2
"""A picture is drawn this many times larger and reduced."""

SNAPSHOT_SIZE: Final = (960, 600)
"""Pictures of findings, in a report and in BCF topics."""

PIXELS_MOST: Final = 8000
"""Longest side of a picture."""


def screenshot(
    scene: Scene, report: Report | None, out: Path, *, size: tuple[int, int] = (1600, 1000), lang: Lang = "en",
    view: str = "overview", ability: Ability | None = None,
) -> Path:
    """Draw a scene with its findings into a PNG file.

    Parameters
    ----------
    out : Path
        File to write; it appears whole or not at all.
    size : (int, int)
        Width and height in pixels.
    view : str
        ``overview``, ``plan``, ``south-west`` and the other corners, or ``finding:<id>``.
    ability : Ability, optional
        What `probe` answered before on this machine; without it the machine is asked again, which takes a moment.

    Returns
    -------
    Path
        ``out``.

    Raises
    ------
    RenderError
        The machine has no OpenGL driver; the sentence names what to install.
    InputError
        No such view, or an impossible size.
    """
    if not all(64 <= side <= PIXELS_MOST for side in size):
        raise InputError("size", got=f"{size[0]} x {size[1]}", want=f"64 to {PIXELS_MOST} pixels a side")
    able = probe() if ability is None else ability
    if not able.pictures:
        raise RenderError(able.sentence)
    stage = staged(scene, report, able, lang=lang, size=size, ratio=SMOOTHING, off_screen=True)
    try:
        stage.look(stage.named_view(view))
        drawn = stage.picture()
    finally:
        stage.close()
    return save(drawn, out)


def save(picture: NDArray[np.uint8], out: Path) -> Path:
    """Write a picture (height, width, 3) as a PNG that appears whole or not at all; its folder is made."""
    from PIL import Image

    image = Image.fromarray(picture)
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = out.with_name(f".{out.name}.part")
    image.save(unfinished, format="PNG", compress_level=6)
    unfinished.replace(out)
    return out


def snapshots(
    scene: Scene, report: Report, views: Mapping[str, View], *, lang: Lang = "en",
    size: tuple[int, int] = SNAPSHOT_SIZE, ability: Ability | None = None,
) -> dict[str, bytes]:
    """Draw one scene from several cameras; name of a view -> PNG.

    In a view named after a finding, ``finding:<id>``, that finding alone is shown: its part, its dimension, its note.

    Raises
    ------
    RenderError
        The machine has no OpenGL driver.
    """
    from PIL import Image

    able = probe() if ability is None else ability
    if not able.pictures:
        raise RenderError(able.sentence)
    drawn = {}
    stage = staged(scene, report, able, lang=lang, size=size, legend=False)
    stage.plotter.render_window.SetMultiSamples(0)              # in software it would take three times as long
    try:
        every = stage.layers
        single = {f"finding:{f.id}": f for f in report.findings}
        for name, view in views.items():
            shown = every
            if view.name in single:
                alone = layers.found(scene, Report(findings=(single[view.name],)), stage.lang,
                                     latin_only=stage.font is None)
                shown = tuple(alone if layer.name == alone.name else layer for layer in every)
            stage.change(shown, scene, report)
            stage.look(view)
            file = io.BytesIO()
            Image.fromarray(stage.picture()).save(file, format="PNG", compress_level=6)
            drawn[name] = file.getvalue()
    finally:
        stage.close()
    return drawn


def show(
    scene: Scene, report: Report | None, *, lang: Lang = "en", size: tuple[int, int] = (1600, 1000),
    ability: Ability | None = None,
) -> None:
    """Open a window on a scene with its findings, and wait until it is closed.

    Raises
    ------
    RenderError
        The machine has no OpenGL driver, or no display.
    """
    able = probe() if ability is None else ability
    if not (able.pictures and able.screen):
        raise RenderError(able.sentence)
    stage = staged(scene, report, able, lang=lang, size=size, ratio=1, off_screen=False)
    stage.follow()
    stage.plotter.show(title=f"zonebox – {scene.title or scene.name}")


def staged(
    scene: Scene, report: Report | None, able: Ability, *, lang: Lang, size: tuple[int, int], ratio: int = 1,
    off_screen: bool = True, ground: Ground | None = None, legend: bool = True, origin: ArrayLike | None = None,
    more: Sequence[Layer] = (),
) -> Stage:
    """Set a scene up for drawing, ``more`` layers with it, in the way of reaching the driver that works here."""
    with driver(able):
        font = chinese_font()
        spoken: Lang = lang if font is not None else "en"
        drawn = layers.build(scene, report, spoken, latin_only=font is None, map_pixels=min(PIXELS, 2 * max(size)),
                             ground=ground)
        return Stage((*drawn, *more), scene, report, lang=spoken, size=size, ratio=ratio, off_screen=off_screen,
                     font=font, legend=legend, origin=origin)


@contextmanager
def driver(able: Ability) -> Iterator[None]:
    """Let VTK choose the window that was found to work; it reads the environment when it makes one."""
    before = os.environ.get(WINDOW_VARIABLE)
    if able.window:
        os.environ[WINDOW_VARIABLE] = able.window
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(WINDOW_VARIABLE, None)
        else:
            os.environ[WINDOW_VARIABLE] = before
