"""Puts a sheet of the flat part of a picture before everything else: polygons and texts in pixels."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np

from zonebox.viewer import overlay, palette

FONT_FILE = 4
"""VTK's number for a font that is read from a file."""


class Furniture:
    """The flat actors of a renderer.

    Parameters
    ----------
    renderer : vtkRenderer
        What they are put on.
    ratio : int
        Drawn pixels per seen pixel.
    font : Path or None
        Font file that has the characters of the words shown.
    """

    def __init__(self, renderer: Any, *, ratio: int, font: Path | None) -> None:
        self._renderer, self._ratio, self._font = renderer, ratio, font
        self._actors: list[Any] = []
        self._measured = functools.cache(self._extent)

    def clear(self) -> None:
        """Take everything away."""
        for actor in self._actors:
            self._renderer.RemoveViewProp(actor)
        self._actors = []

    def show(self, sheet: overlay.Sheet) -> None:
        """Show a sheet in place of the one before."""
        from vtkmodules.vtkRenderingCore import vtkTextActor

        self.clear()
        actors = [_flat(sheet, self._ratio)] if sheet.fills else []
        for text in sheet.texts:
            actor = vtkTextActor()
            actor.SetInput(text.text)
            self._style(actor.GetTextProperty(), text.size_px, text.color)
            {"left": actor.GetTextProperty().SetJustificationToLeft,
             "center": actor.GetTextProperty().SetJustificationToCentered,
             "right": actor.GetTextProperty().SetJustificationToRight}[text.align]()
            actor.GetTextProperty().SetVerticalJustificationToCentered()
            actor.SetPosition(round(text.x * self._ratio), round(text.y * self._ratio))
            actors.append(actor)
        for number, actor in enumerate(actors):
            actor.SetLayerNumber(min(number, 1))
            self._renderer.AddViewProp(actor)
        self._actors = actors

    def measure(self, text: str, size_px: float) -> tuple[float, float]:
        """Width and height in seen pixels of a text at a size."""
        return self._measured(text, size_px)

    def _extent(self, text: str, size_px: float) -> tuple[float, float]:
        from vtkmodules.vtkRenderingCore import vtkTextProperty, vtkTextRenderer

        style = vtkTextProperty()
        self._style(style, size_px, palette.INK)
        box = [0, 0, 0, 0]
        vtkTextRenderer.GetInstance().GetBoundingBox(style, text, box, 72)
        return (box[1] - box[0] + 1) / self._ratio, (box[3] - box[2] + 1) / self._ratio

    def _style(self, style: Any, size_px: float, color: palette.Rgb) -> None:
        style.SetFontSize(round(size_px * self._ratio))
        style.SetColor(*(channel / 255 for channel in color))
        if self._font is not None:
            style.SetFontFamily(FONT_FILE)
            style.SetFontFile(str(self._font))


def _flat(sheet: overlay.Sheet, ratio: int) -> Any:
    """All filled polygons of a sheet as one flat actor."""
    import pyvista as pv
    from vtkmodules.vtkRenderingCore import vtkActor2D, vtkPolyDataMapper2D

    points = np.concatenate([points for points, _ in sheet.fills]) * ratio
    counts = [len(points) for points, _ in sheet.fills]
    starts = np.cumsum([0, *counts[:-1]])
    faces = np.concatenate([[n, *range(s, s + n)] for n, s in zip(counts, starts, strict=True)])
    body = pv.PolyData(np.column_stack([points, np.zeros(len(points))]).astype(np.float32), faces=faces)
    body.cell_data["rgba"] = np.array([color for _, color in sheet.fills], dtype=np.uint8)
    body.cell_data.active_scalars_name = "rgba"
    mapper = vtkPolyDataMapper2D()
    mapper.SetInputData(body)
    mapper.SetScalarModeToUseCellData()
    mapper.SetColorModeToDefault()
    actor = vtkActor2D()
    actor.SetMapper(mapper)
    return actor
