"""A scene in files: the standard views and one per finding in a folder, and a turn round it as a film."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox.errors import InputError, OutputExistsError, RenderError
from zonebox.model import Report, Scene
from zonebox.viewer import camera, probe, violations
from zonebox.viewer.drawable import Layer
from zonebox.viewer.probe import Ability
from zonebox.viewer.show import staged
from zonebox.viewer.stage import INSETS, Stage
from zonebox.words import Language

VIEWS_SIZE: Final = (1600, 1000)
FILM_SIZE: Final = (960, 600)
FILM_FRAMES: Final = 72
FILM_MS: Final = 80
"""Frames of a turn, and how long each is shown."""

FILMS: Final = (".mp4", ".gif")


def views(
    scene: Scene, report: Report, folder: Path, *, lang: Language = "en", size: tuple[int, int] = VIEWS_SIZE,
    ability: Ability | None = None, force: bool = False,
) -> tuple[Path, ...]:
    """Draw the overview, the plan, the four obliques and one picture for each finding that is broken or marginal.

    Raises
    ------
    RenderError
        The machine cannot draw.
    OutputExistsError
        The folder holds files that are none of these pictures.
    """
    chosen = [f for f in report.findings if violations.is_violation(f) or violations.is_warning(f)]
    names = {"overview": "overview", "plan": "plan", **{name: name for name in camera.OBLIQUES},
             **{f"finding:{f.id}": _file_name(f.id) for f in chosen}}
    foreign = [p.name for p in folder.glob("*") if p.suffix != ".png" or p.stem not in names.values()]
    if foreign and not force:
        raise OutputExistsError(f"{folder}: got {', '.join(sorted(foreign)[:3])}, want a folder for the pictures "
                                "alone; choose another, or use --force")
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    stage = _stage(scene, report, lang, size, ability, ratio=2)
    try:
        for view, name in names.items():
            stage.look(stage.named_view(view))
            Image.fromarray(stage.picture()).save(folder / f"{name}.png", compress_level=6)
    finally:
        stage.close()
    return tuple(folder / f"{name}.png" for name in names.values())


def turntable(
    scene: Scene, report: Report, film: Path, *, lang: Language = "en", size: tuple[int, int] = FILM_SIZE,
    frames: int = FILM_FRAMES, ability: Ability | None = None,
) -> Path:
    """Draw a full turn round the scene into a film, ``.mp4`` or ``.gif``; the same scene gives the same bytes.

    Raises
    ------
    InputError
        Another ending.
    RenderError
        The machine cannot draw, or has no encoder for ``.mp4``.
    """
    if film.suffix.lower() not in FILMS:
        raise InputError(film, got=f'the ending "{film.suffix}"', want=" or ".join(FILMS))
    encoder = encoder_path() if film.suffix.lower() == ".mp4" else ""
    film.parent.mkdir(parents=True, exist_ok=True)
    stage = _stage(scene, report, lang, size, ability, ratio=1)
    unfinished = film.with_name(f".{film.stem}.part{film.suffix}")
    try:
        drawn = _turn(stage, frames)
        if encoder:
            _encode(drawn, unfinished, encoder, size)
        else:
            _animate(drawn, unfinished)
    finally:
        stage.close()
    unfinished.replace(film)
    return film


def encoder_path() -> str:
    """Find an encoder for films: the machine's own, else the one that `imageio-ffmpeg` brings."""
    found = shutil.which("ffmpeg")
    if found is None:
        try:
            import imageio_ffmpeg

            found = str(imageio_ffmpeg.get_ffmpeg_exe())
        except (ImportError, RuntimeError):
            raise RenderError("no film: this machine has no ffmpeg, which writes .mp4; apt-get install ffmpeg, "
                              "pip install imageio-ffmpeg, or choose .gif") from None
    return found


def _turn(stage: Stage, frames: int) -> Iterator[NDArray[np.uint8]]:
    """Draw the turn: the camera keeps its distance, so that nothing pumps; notes are left out, for they would jump."""
    calm = tuple(_without_notes(layer) for layer in stage.layers)
    stage.change(calm, stage.scene, stage.report)
    around = [camera.fit(stage.points, name="turn", heading_deg=heading, pitch_deg=camera.OVERVIEW_PITCH_DEG,
                         aspect=stage.aspect, insets=INSETS) for heading in np.linspace(0.0, 330.0, 12)]
    reach = max(float(np.linalg.norm(np.subtract(v.position, stage.points.mean(0)))) for v in around)
    middle = (stage.points.min(0) + stage.points.max(0)) / 2.0
    for heading in camera.OVERVIEW_HEADING_DEG + np.arange(frames) * 360.0 / frames:
        stage.look(camera.orbit(middle, reach, heading_deg=float(heading), pitch_deg=camera.OVERVIEW_PITCH_DEG))
        yield stage.picture()


def _without_notes(layer: Layer) -> Layer:
    from dataclasses import replace

    return replace(layer, callouts=(), tags=())


def _animate(drawn: Iterator[NDArray[np.uint8]], film: Path) -> None:
    """Write a GIF: one palette for all frames, so that colours do not flicker."""
    from PIL import Image

    pictures = [Image.fromarray(np.ascontiguousarray(frame)) for frame in drawn]
    first = pictures[0].quantize(colors=256, method=Image.Quantize.MEDIANCUT)
    frames = [picture.quantize(palette=first, dither=Image.Dither.NONE) for picture in pictures]
    frames[0].save(film, format="GIF", save_all=True, append_images=frames[1:], duration=FILM_MS, loop=0)


def _encode(drawn: Iterator[NDArray[np.uint8]], film: Path, encoder: str, size: tuple[int, int]) -> None:
    """Hand raw frames to the encoder; one thread and no dates, so that the bytes do not depend on the machine's day."""
    command = [encoder, "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}",
               "-r", f"{1000 / FILM_MS:g}", "-i", "-", "-an", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "20",
               "-threads", "1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1",
               "-movflags", "+faststart", str(film)]
    frames = b"".join(np.ascontiguousarray(frame).tobytes() for frame in drawn)
    run = subprocess.run(command, input=frames, capture_output=True, check=False)
    if run.returncode != 0:
        film.unlink(missing_ok=True)
        raise RenderError(f"no film: ffmpeg said {run.stderr.decode(errors='replace').strip()[-300:]}; choose .gif")


def _stage(
    scene: Scene, report: Report, lang: Language, size: tuple[int, int], ability: Ability | None, *, ratio: int
) -> Stage:
    able = probe() if ability is None else ability
    if not able.pictures:
        raise RenderError(able.sentence)
    return staged(scene, report, able, lang=lang, size=size, ratio=ratio)


def _file_name(finding: str) -> str:
    """Make a file name of a finding's id.

    >>> _file_name("tower/D-05/side-setback/edge-0")
    'finding-tower_D-05_side-setback_edge-0'
    """
    return "finding-" + re.sub(r"[^\w.-]+", "_", finding)
