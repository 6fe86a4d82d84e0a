"""The flat part of a picture: title, legend, north arrow, scale bar and notes, laid out in pixels.

Everything here is values and arithmetic; `stage` draws the result. Pixels count from the lower left.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from zonebox.viewer import palette
from zonebox.viewer.camera import View
from zonebox.viewer.drawable import Key
from zonebox.viewer.words import Lang, say

Measure = Callable[[str, float], tuple[float, float]]
"""Width and height in pixels of a text at a size."""

MARGIN: Final = 22.0
TITLE_PX: Final = 24.0
TEXT_PX: Final = 14.0
SMALL_PX: Final = 12.0
ROW: Final = 23.0
PAD: Final = 13.0
SWATCH: Final = 26.0


COUNTS_ROW: Final = 22.0
"""Height of a row of counts under the title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rect:
    """An upright rectangle in pixels."""

    x0: float
    y0: float
    x1: float
    y1: float

    def grown(self, by: float) -> Rect:
        """Return the rectangle with ``by`` pixels more on every side."""
        return Rect(x0=self.x0 - by, y0=self.y0 - by, x1=self.x1 + by, y1=self.y1 + by)

    def shared(self, other: Rect) -> float:
        """Area that two rectangles have in common."""
        wide = min(self.x1, other.x1) - max(self.x0, other.x0)
        tall = min(self.y1, other.y1) - max(self.y0, other.y0)
        return max(wide, 0.0) * max(tall, 0.0)

    def holds(self, other: Rect) -> bool:
        """Whether another rectangle lies within this one."""
        return self.x0 <= other.x0 and self.y0 <= other.y0 and self.x1 >= other.x1 and self.y1 >= other.y1

    @property
    def points(self) -> NDArray[np.float64]:
        """Corners (4, 2)."""
        return np.array([[self.x0, self.y0], [self.x1, self.y0], [self.x1, self.y1], [self.x0, self.y1]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text whose left end (or middle, or right end) sits at x, centred on y."""

    x: float
    y: float
    text: str
    size_px: float
    color: palette.Rgb
    align: str = "left"


@dataclass(slots=True)
class Sheet:
    """Filled polygons (later ones above) and texts (above all)."""

    fills: list[tuple[NDArray[np.float64], tuple[int, int, int, int]]] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)

    def fill(self, points: ArrayLike, color: palette.Rgb, alpha: float = 1.0) -> None:
        """Fill a convex polygon (k, 2)."""
        self.fills.append((np.asarray(points, dtype=np.float64), (*color, round(255 * alpha))))

    def line(self, start: ArrayLike, end: ArrayLike, width: float, color: palette.Rgb, alpha: float = 1.0) -> None:
        """Draw a straight line with square ends."""
        a, b = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
        length = float(np.linalg.norm(b - a))
        along = (b - a) / length if length > 0.0 else np.array([1.0, 0.0])
        across = np.array([-along[1], along[0]]) * width / 2
        self.fill([a - across, b - across, b + across, a + across], color, alpha)

    def panel(self, rect: Rect, alpha: float = 0.88, *, edge: palette.Rgb = palette.HAIRLINE) -> None:
        """Fill a rectangle of paper with a hairline round it."""
        self.fill(rect.grown(1.0).points, edge, alpha)
        self.fill(rect.points, palette.PAPER, alpha)

    def write(self, text: Text) -> None:
        """Add a text."""
        self.texts.append(text)


FLAT: Final = 0.35
"""Sine of the steepness from which a compass is shown at least."""


def title(
    sheet: Sheet, size: tuple[int, int], measure: Measure, *, text: str, counts: Sequence[tuple[str, int, palette.Rgb]]
) -> Rect:
    """Write the scene's title at the upper left, and under it the count of findings by state; return what it covers."""
    top, room = size[1] - MARGIN, size[0] - 2 * MARGIN
    text = _shortened(text, room, measure)
    wide, tall = measure(text, TITLE_PX)
    rows: list[list[tuple[float, str, palette.Rgb]]] = []
    across, x = 0.0, 0.0
    for word, number, color in counts:                  # in as many rows as the picture is narrow
        label = f"{number} {word}"
        end = x + 18.0 + measure(label, TEXT_PX)[0]
        if not rows or end > room:
            rows.append([])
            x, end = 0.0, end - x
        rows[-1].append((x, label, color))
        across, x = max(across, end), end + 22.0
    low = top - tall - (10.0 + COUNTS_ROW * len(rows) if rows else 0.0)
    cover = Rect(x0=MARGIN, y0=low, x1=MARGIN + max(wide, across), y1=top).grown(12.0)
    sheet.fill(cover.points, palette.PAPER, 0.72)
    sheet.write(Text(x=MARGIN, y=top - tall / 2, text=text, size_px=TITLE_PX, color=palette.INK))
    for line, row in enumerate(rows):
        y = top - tall - 20.0 - COUNTS_ROW * line
        for x, label, color in row:
            sheet.fill(_disc((MARGIN + x + 6.0, y), 6.0), color)
            sheet.write(Text(x=MARGIN + x + 18.0, y=y, text=label, size_px=TEXT_PX, color=palette.INK))
    return cover


def _shortened(text: str, room: float, measure: Measure) -> str:
    """Title that fits a width, its end left out where it is longer."""
    if measure(text, TITLE_PX)[0] <= room:
        return text
    kept = text
    while kept and measure(f"{kept.rstrip()}…", TITLE_PX)[0] > room:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def legend(
    sheet: Sheet, size: tuple[int, int], measure: Measure, keys: Sequence[Key], taken: Sequence[Rect],
    subject: shapely.Geometry,
) -> Rect:
    """Draw the legend where it hides least of the subject (a polygon in pixels); return what it covers.

    A picture too small for it beside title, compass and scale has none.
    """
    if not keys:
        return Rect(x0=0.0, y0=0.0, x1=0.0, y1=0.0)
    wide = max(measure(key.text, TEXT_PX)[0] for key in keys) + SWATCH + 12.0 + 2 * PAD
    tall = ROW * len(keys) + 2 * PAD - 4.0
    right, top = size[0] - MARGIN - wide, size[1] - MARGIN - tall
    above = max((rect.y1 for rect in taken if rect.x1 > right and rect.y0 < size[1] / 2), default=0.0) + PAD
    below = min((rect.y0 for rect in taken if rect.x0 < MARGIN + wide and rect.y1 > size[1] / 2), default=size[1]) - PAD
    spots = ((MARGIN, MARGIN), (right, top), (MARGIN, below - tall), (right, above))
    boxes = [Rect(x0=x, y0=y, x1=x + wide, y1=y + tall) for x, y in spots]
    frame = Rect(x0=0.0, y0=0.0, x1=float(size[0]), y1=float(size[1]))
    boxes = [box for box in boxes if frame.holds(box) and not any(box.shared(other) > 0.0 for other in taken)]
    if not boxes:
        return Rect(x0=0.0, y0=0.0, x1=0.0, y1=0.0)
    box = min(boxes, key=lambda b: shapely.box(b.x0, b.y0, b.x1, b.y1).intersection(subject).area)
    sheet.panel(box)
    for number, key in enumerate(keys):
        y = box.y1 - PAD - ROW * (number + 0.5) + 2.0
        x = box.x0 + PAD
        if key.color is None:
            sheet.write(Text(x=x, y=y, text=key.text, size_px=SMALL_PX, color=palette.INK_SOFT))
            continue
        if key.line:
            sheet.line((x, y), (x + SWATCH, y), 4.0, key.color)
        else:
            swatch = Rect(x0=x, y0=y - 7.0, x1=x + SWATCH, y1=y + 7.0)
            sheet.fill(swatch.points, key.edge or key.color)
            sheet.fill(swatch.grown(-1.5).points, palette.PAPER)
            if key.hatched:
                for step in (2.0, 9.0, 16.0):
                    sheet.line((x + step, y - 6.0), (x + step + 8.0, y + 6.0), 1.5, key.color)
            else:
                sheet.fill(swatch.grown(-1.5).points, key.color, key.alpha)
        sheet.write(Text(x=x + SWATCH + 12.0, y=y, text=key.text, size_px=TEXT_PX, color=palette.INK))
    return box


def north(
    sheet: Sheet, view: View, size: tuple[int, int], lang: Lang, true: tuple[float, float] = (0.0, 1.0)
) -> Rect:
    """Draw a compass lying on the ground, as the camera sees it, at the lower right; ``true`` is where north is.

    From near the ground it is shown from somewhat higher, or it would be a line.
    """
    centre = np.array([size[0] - MARGIN - 40.0, MARGIN + 46.0])
    right, up, forward = view.axes()
    ahead = np.array(up[:2]) if abs(forward[2]) > FLAT else np.array(forward[:2]) / math.hypot(*forward[:2]) * FLAT

    def seen(x: float, y: float) -> NDArray[np.float64]:
        east, north_of = x * true[1] + y * true[0], -x * true[0] + y * true[1]
        return centre + 32.0 * np.array([east * right[0] + north_of * right[1], east * ahead[0] + north_of * ahead[1]])

    turn = np.radians(np.arange(0, 360, 6))
    ring = np.array([seen(math.cos(a), math.sin(a)) for a in turn])
    sheet.fill(ring, palette.HAIRLINE, 0.9)
    sheet.fill(centre + (ring - centre) * 0.95, palette.PAPER, 0.9)
    tip, tail, west, east = seen(0.0, 0.92), seen(0.0, -0.45), seen(-0.42, -0.72), seen(0.42, -0.72)
    sheet.fill([tip, west, tail], palette.INK)
    sheet.fill([tip, tail, east], palette.INK_SOFT)
    at = seen(0.0, 1.0)
    away = at - centre
    at = at + 11.0 * away / max(float(np.linalg.norm(away)), 1.0)
    sheet.write(Text(x=float(at[0]), y=float(at[1]), text=say("north", lang), size_px=TEXT_PX, color=palette.INK,
                     align="center"))
    return Rect(x0=centre[0] - 42.0, y0=MARGIN - 6.0, x1=float(size[0]), y1=centre[1] + 56.0)


def scale_bar(
    sheet: Sheet, view: View, size: tuple[int, int], measure: Measure, middle: ArrayLike, lang: Lang
) -> Rect:
    """Draw a scale bar left of the compass; a perspective view's scale holds at the distance of ``middle``."""
    scale = view.pixels_per_m(middle, size)
    length = round_length(150.0 / max(scale, 1e-9))
    wide = length * scale
    x1 = size[0] - MARGIN - 108.0
    x0, y = x1 - wide, MARGIN + 10.0
    quarter = wide / 4
    cover = Rect(x0=x0 - 14.0, y0=y - 22.0, x1=x1 + measure(f"{length:g} m", SMALL_PX)[0] / 2 + 8.0, y1=y + 23.0)
    sheet.fill(cover.points, palette.PAPER, 0.72)
    sheet.fill(Rect(x0=x0 - 1, y0=y - 5, x1=x1 + 1, y1=y + 1).points, palette.INK)
    for part in range(4):
        tone = palette.INK if part % 2 == 0 else palette.PAPER
        sheet.fill(Rect(x0=x0 + part * quarter, y0=y - 4, x1=x0 + (part + 1) * quarter, y1=y).points, tone)
    for at, text, align in ((x0, "0", "center"), (x1, f"{length:g} m", "center")):
        sheet.write(Text(x=at, y=y + 12.0, text=text, size_px=SMALL_PX, color=palette.INK, align=align))
    if view.half_height_m is None:
        sheet.write(Text(x=(x0 + x1) / 2, y=y - 15.0, text=say("scale_note", lang), size_px=SMALL_PX - 1.5,
                         color=palette.INK_SOFT, align="center"))
    return cover


def round_length(most: float) -> float:
    """Largest 1, 2 or 5 times a power of ten that is not above ``most``.

    >>> round_length(163.0), round_length(0.7)
    (100.0, 0.5)
    """
    power = 10.0 ** math.floor(math.log10(most))
    return next(step * power for step in (5.0, 2.0, 1.0) if step * power <= most * (1 + 1e-9))


def _disc(centre: tuple[float, float], radius: float) -> NDArray[np.float64]:
    turn = np.radians(np.arange(0, 360, 10))
    return np.array(centre) + radius * np.column_stack([np.cos(turn), np.sin(turn)])
