"""A drawing in SVG: metres in, picture out, with the marks that every technical drawing has."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from zonebox.report.palette import INK, INK_SOFT

Array = NDArray[np.float64]
Style = dict[str, str]

FONT_PX: Final = 11.0


@dataclass(slots=True)
class Drawing:
    """A picture of a window (low, high) of the plane, in metres; one scale for both axes.

    Parameters
    ----------
    low, high : (float, float)
        Corners of the window.
    width, height : int
        Size of the picture in pixels; the window is centred in it.
    """

    low: tuple[float, float]
    high: tuple[float, float]
    width: int
    height: int
    margin: tuple[int, int, int, int] = (14, 14, 14, 14)
    """Pixels kept free left, right, top and bottom."""
    marks: list[str] = field(default_factory=list)

    @property
    def scale(self) -> float:
        """Pixels per metre."""
        left, right, top, bottom = self.margin
        wide, tall = max(self.high[0] - self.low[0], 1e-6), max(self.high[1] - self.low[1], 1e-6)
        return min((self.width - left - right) / wide, (self.height - top - bottom) / tall)

    def px(self, points: ArrayLike) -> Array:
        """Pixels (n, 2) from the upper left of points (n, 2)."""
        left, right, top, bottom = self.margin
        p = np.asarray(points, dtype=np.float64).reshape(-1, 2) - (np.array(self.low) + np.array(self.high)) / 2.0
        middle = np.array([(self.width - right + left) / 2.0, (self.height - bottom + top) / 2.0])
        return np.asarray(p * [self.scale, -self.scale] + middle)

    def seen(self) -> tuple[Array, Array]:
        """Corners (2,), (2,) of what the whole picture shows, in metres: at least the window."""
        corner = self.px([self.low])[0]
        low = np.array(self.low) - [corner[0] / self.scale, (self.height - corner[1]) / self.scale]
        return low, low + np.array([self.width, self.height]) / self.scale

    def area(self, shape: BaseGeometry, **style: str) -> None:
        """Draw polygons with their holes."""
        rings: list[str] = []
        for part in getattr(shape, "geoms", [shape]):
            if part.is_empty:
                continue
            rings += [self._path(np.asarray(ring.coords)[:, :2]) + "Z" for ring in (part.exterior, *part.interiors)]
        if rings:
            self.marks.append(f'<path d="{"".join(rings)}" fill-rule="evenodd"{_attributes(style)}/>')

    def line(self, points: ArrayLike, **style: str) -> None:
        """Draw a line through points (n, 2)."""
        self.marks.append(f'<path d="{self._path(points)}" fill="none"{_attributes(style)}/>')

    def lines(self, many: Iterable[ArrayLike], **style: str) -> None:
        """Draw many lines as one mark."""
        path = "".join(self._path(points) for points in many)
        if path:
            self.marks.append(f'<path d="{path}" fill="none"{_attributes(style)}/>')

    def text(self, at: ArrayLike, words: str, *, shift: tuple[float, float] = (0.0, 0.0), anchor: str = "middle",
             turn: float = 0.0, size: float = FONT_PX, color: str = INK, bold: bool = False) -> None:
        """Write words at a point; ``shift`` in pixels, ``turn`` in degrees clockwise. A pale rim keeps them legible."""
        x, y = self.px(at)[0] + shift
        rotate = f' transform="rotate({_n(turn)} {_n(x)} {_n(y)})"' if turn else ""
        weight = ' font-weight="700"' if bold else ""
        self.marks.append(f'<text x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}" dominant-baseline="central" '
                          f'font-size="{_n(size)}" fill="{color}"{weight} class="rim"{rotate}>{escape(words)}</text>')

    def cross(self, at: ArrayLike, color: str, size: float = 5.0) -> None:
        """Mark a point."""
        x, y = self.px(at)[0]
        self.marks.append(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(size)}" fill="#fff" stroke="{color}" '
                          f'stroke-width="2"/><circle cx="{_n(x)}" cy="{_n(y)}" r="1.6" fill="{color}"/>')

    def dimension(self, start: ArrayLike, end: ArrayLike, words: str, color: str) -> None:
        """Draw a dimension line with end strokes and its number, which stands beside a line too short to hold it."""
        a, b = self.px(np.array([start, end], dtype=np.float64))
        run = b - a
        length = float(np.hypot(*run))
        unit = run / length if length > 1e-9 else np.array([1.0, 0.0])
        tick = np.array([-unit[1], unit[0]]) * 6.0
        strokes = "".join(f"M{_p(end_ + tick)}L{_p(end_ - tick)}" for end_ in (a, b))
        self.marks.append(f'<path d="M{_p(a)}L{_p(b)}{strokes}" fill="none" stroke="#fff" stroke-width="4.5" '
                          f'stroke-opacity="0.8"/><path d="M{_p(a)}L{_p(b)}{strokes}" fill="none" stroke="{color}" '
                          'stroke-width="1.8"/>')
        wide = (len(words) + 1) * FONT_PX * 0.56
        steep = abs(unit[1]) > 0.5
        self._note((a + b) / 2.0, words, color, wide, steep=steep)

    def scale_bar(self) -> None:
        """Draw a bar of a round length in the lower left corner."""
        wanted = 90.0 / self.scale
        power = 10.0 ** math.floor(math.log10(wanted))
        metres = max(step * power for step in (1.0, 2.0, 5.0) if step * power <= wanted)
        x, y, wide = 14.0, self.height - 12.0, metres * self.scale
        self.marks.append(f'<path d="M{_n(x)} {_n(y - 5)}V{_n(y)}H{_n(x + wide)}V{_n(y - 5)}" fill="none" '
                          f'stroke="{INK}" stroke-width="1.4"/><text x="{_n(x + wide / 2)}" y="{_n(y - 7)}" '
                          f'class="rim" text-anchor="middle" font-size="10" fill="{INK}">{metres:g} m</text>')

    def north_arrow(self, letter: str) -> None:
        """Draw an arrow to grid north in the upper right corner."""
        x, y = self.width - 22.0, 14.0
        self.marks.append(f'<path d="M{_n(x)} {_n(y)}l6 22l-6 -5l-6 5Z" fill="{INK}"/><text x="{_n(x)}" '
                          f'y="{_n(y + 32)}" text-anchor="middle" font-size="11" fill="{INK}" class="rim">'
                          f'{escape(letter)}</text>')

    def key(self, entries: Sequence[tuple[str, str, str]]) -> None:
        """Explain colours along the lower border: (words, fill, stroke)."""
        x, y = float(self.width - 8), self.height - 12.0
        for words, fill, stroke in reversed(entries):
            x -= _width(words, 10.0)
            self.marks.append(f'<text x="{_n(x)}" y="{_n(y)}" font-size="10" dominant-baseline="central" '
                              f'fill="{INK_SOFT}" class="rim">{escape(words)}</text>')
            x -= 17.0
            self.marks.append(f'<rect x="{_n(x)}" y="{_n(y - 5)}" width="13" height="9" fill="{fill}" '
                              f'stroke="{stroke}" stroke-width="1.2"/>')
            x -= 10.0

    def window(self, inner: Drawing, at: tuple[float, float], words: str) -> None:
        """Set a smaller drawing into this one, framed and named."""
        x, y = at
        body = "\n".join(inner.marks)
        self.marks.append(
            f'<svg x="{_n(x)}" y="{_n(y)}" width="{inner.width}" height="{inner.height}" '
            f'viewBox="0 0 {inner.width} {inner.height}"><rect width="100%" height="100%" fill="#fff"/>\n{body}\n'
            f'<rect x="0.5" y="0.5" width="{inner.width - 1}" height="{inner.height - 1}" fill="none" '
            f'stroke="{INK_SOFT}"/><text x="7" y="{inner.height - 9}" font-size="10" fill="{INK_SOFT}" '
            f'class="rim">{escape(words)}</text></svg>')

    def frame(self, low: ArrayLike, high: ArrayLike) -> None:
        """Outline a rectangle of the plane."""
        (x0, y1), (x1, y0) = self.px(np.array([low, high], dtype=np.float64))
        self.marks.append(f'<rect x="{_n(x0)}" y="{_n(y0)}" width="{_n(x1 - x0)}" height="{_n(y1 - y0)}" fill="none" '
                          f'stroke="{INK_SOFT}" stroke-width="1"/>')

    def svg(self, title: str) -> str:
        """Return the picture as an SVG element, named for those who cannot see it."""
        body = "\n".join(self.marks)
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" role="img" '
                f'font-family="inherit"><title>{escape(title)}</title>\n{body}\n</svg>')

    def _note(self, at: Array, words: str, color: str, wide: float, *, steep: bool) -> None:
        """Write a dimension's number beside its line, inside the picture."""
        shift = np.array([wide / 2 + 8.0, 0.0]) if steep else np.array([0.0, -13.0])
        x, y = at + shift
        if x + wide / 2 > self.width - 4:
            x = at[0] - wide / 2 - 8.0 if steep else self.width - 4 - wide / 2
        x, y = max(x, wide / 2 + 4), min(max(y, 12.0), self.height - 34.0)
        self.marks.append(f'<text x="{_n(x)}" y="{_n(y)}" text-anchor="middle" dominant-baseline="central" class="rim" '
                          f'font-size="12.5" font-weight="700" fill="{color}">{escape(words)}</text>')

    def _path(self, points: ArrayLike) -> str:
        return "M" + "L".join(_p(point) for point in self.px(points))


def _attributes(style: Style) -> str:
    return "".join(f' {name.replace("_", "-")}="{escape(value)}"' for name, value in style.items())


def _width(words: str, size: float) -> float:
    """Rough width of words in pixels: Chinese characters are square, Latin letters about half of it."""
    return sum(size if ord(c) > 0x2E80 else size * 0.56 for c in words)


def _n(value: float) -> str:
    return f"{round(float(value), 1) + 0.0:.1f}".removesuffix(".0")


def _p(point: ArrayLike) -> str:
    x, y = np.asarray(point, dtype=np.float64)
    return f"{_n(float(x))} {_n(float(y))}"
