"""Writes a panel from the top down on a sheet, and remembers what can be clicked: no toolkit, values and arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from zonebox.viewer import palette
from zonebox.viewer.overlay import SMALL_PX, Measure, Rect, Sheet, Text

PAD: Final = 12.0
LINE: Final = 18.0
GAP: Final = 6.0
NAME_SHARE: Final = 0.36
"""Share of a line's width that its name takes."""

KNOB: Final = 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """The range of a slider."""

    low: float
    high: float
    step: float

    def value(self, share: float) -> float:
        """Return the number at a share of the track, on a step.

        >>> Track(low=0.0, high=20.0, step=0.5).value(0.51), Track(low=-5.0, high=5.0, step=1.0).value(2.0)
        (10.0, 5.0)
        """
        raw = self.low + min(max(share, 0.0), 1.0) * (self.high - self.low)
        return min(max(round(round(raw / self.step) * self.step, 6), self.low), self.high)

    def share(self, value: float) -> float:
        """Return the share of the track at which a number lies."""
        return min(max((value - self.low) / max(self.high - self.low, 1e-9), 0.0), 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place that answers: a click does ``act`` with ``args``; along a ``track`` a number is added to them."""

    rect: Rect
    act: str
    args: tuple[str, ...] = ()
    track: Track | None = None
    value: float = 0.0

    def holds(self, x: float, y: float) -> bool:
        """Whether a pixel lies in it."""
        return self.rect.x0 <= x <= self.rect.x1 and self.rect.y0 <= y <= self.rect.y1


@dataclass(slots=True)
class Pen:
    """A column of a sheet that is written downwards.

    ``y`` is where the next line begins; what would lie under ``bottom`` is left out and counted in ``missed``. The
    slider ``at`` which the keys are is framed, and shows what is ``typed`` for it.
    """

    sheet: Sheet
    measure: Measure
    x0: float
    x1: float
    y: float
    bottom: float
    spots: list[Spot] = field(default_factory=list)
    missed: int = 0
    at: tuple[str, tuple[str, ...]] | None = None
    typed: str = ""

    def room(self, tall: float) -> bool:
        """Whether something so tall still fits; what does not is counted."""
        fits = self.y - tall >= self.bottom
        self.missed += not fits
        return fits

    def heading(self, text: str) -> None:
        """Write a heading."""
        if self.room(LINE + GAP):
            self.y -= GAP
            self._write(self.x0, text, SMALL_PX, palette.ENVELOPE_EDGE)
            self.y -= LINE

    def text(self, text: str, *, indent: float = 0.0, size_px: float = SMALL_PX,
             color: palette.Rgb = palette.INK) -> None:
        """Write a text over as many lines as it takes."""
        for line in wrapped(text, self.x1 - self.x0 - indent, size_px, self.measure):
            if not self.room(LINE):
                return
            self._write(self.x0 + indent, line, size_px, color)
            self.y -= LINE

    def pair(self, name: str, text: str) -> None:
        """Write a name and, beside it, what it says."""
        if not self.room(LINE):
            return
        y, wide = self.y, (self.x1 - self.x0) * NAME_SHARE
        self.text(name if self.measure(name, SMALL_PX)[0] < wide else _cut(name, wide, self.measure),
                  color=palette.INK_SOFT)
        self.y = y
        self.text(text, indent=wide + GAP)

    def row(self, title: str, below: str, color: palette.Rgb, act: str, args: tuple[str, ...], *, chosen: bool,
            mark: str = "") -> bool:
        """Write a row of a list that can be clicked: a mark in a colour, a title, and a line below."""
        tall = 2 * LINE
        if not self.room(tall):
            return False
        rect = Rect(x0=self.x0 - 6.0, y0=self.y - tall, x1=self.x1 + 6.0, y1=self.y)
        if chosen:
            self.sheet.fill(rect.points, palette.ENVELOPE, 0.22)
        self.sheet.fill(Rect(x0=self.x0, y0=self.y - 15.0, x1=self.x0 + 14.0, y1=self.y - 1.0).points, color)
        self.sheet.write(Text(x=self.x0 + 7.0, y=self.y - 8.0, text=mark, size_px=SMALL_PX - 1.0, color=palette.PAPER,
                              align="center"))
        wide = self.x1 - self.x0 - 20.0
        self._write(self.x0 + 20.0, _cut(title, wide, self.measure), SMALL_PX, palette.INK)
        self.y -= LINE
        self._write(self.x0 + 20.0, _cut(below, wide, self.measure), SMALL_PX - 0.5, palette.INK_SOFT)
        self.y -= LINE
        self.spots.append(Spot(rect=rect, act=act, args=args))
        return True

    def check(self, title: str, act: str, args: tuple[str, ...], *, on: bool) -> None:
        """Write a box that can be ticked."""
        if not self.room(LINE + 2.0):
            return
        box = Rect(x0=self.x0, y0=self.y - 15.0, x1=self.x0 + 13.0, y1=self.y - 2.0)
        self.sheet.fill(box.points, palette.INK_SOFT)
        self.sheet.fill(box.grown(-1.5).points, palette.PAPER)
        if on:
            self.sheet.fill(box.grown(-3.5).points, palette.ENVELOPE_EDGE)
        self._write(self.x0 + 20.0, title, SMALL_PX, palette.INK)
        self.spots.append(Spot(rect=Rect(x0=self.x0, y0=self.y - LINE, x1=self.x1, y1=self.y), act=act, args=args))
        self.y -= LINE + 2.0

    def slider(self, title: str, value: float, track: Track, act: str, args: tuple[str, ...], *, text: str = "",
               held: bool = False) -> None:
        """Write a slider: its title and number, and under it the track with a knob."""
        if not self.room(2 * LINE):
            return
        chosen = self.at == (act, args)
        if chosen:
            self.sheet.fill(Rect(x0=self.x0 - 6.0, y0=self.y - 2 * LINE, x1=self.x1 + 6.0, y1=self.y).points,
                            palette.ENVELOPE, 0.22)
        shown = (self.typed if chosen else "") or text or f"{value:g}"
        wide = self.x1 - self.x0 - self.measure(shown, SMALL_PX)[0] - 8.0
        self._write(self.x0, _cut(title, wide, self.measure), SMALL_PX, palette.INK)
        self.sheet.write(Text(x=self.x1, y=self.y - LINE / 2, text=shown, size_px=SMALL_PX, color=palette.INK,
                              align="right"))
        y, x0, x1 = self.y - 1.5 * LINE, self.x0 + KNOB, self.x1 - KNOB
        at = x0 + track.share(value) * (x1 - x0)
        self.sheet.line((x0, y), (x1, y), 3.0, palette.HAIRLINE)
        self.sheet.line((x0, y), (at, y), 3.0, palette.ENVELOPE_EDGE)
        knob = Rect(x0=at - 5.0, y0=y - KNOB, x1=at + 5.0, y1=y + KNOB)
        self.sheet.fill(knob.points, palette.INK if held else palette.ENVELOPE_EDGE)
        self.spots.append(Spot(rect=Rect(x0=x0, y0=y - LINE / 2, x1=x1, y1=y + LINE / 2), act=act, args=args,
                               track=track, value=value))
        self.y -= 2 * LINE + 2.0

    def bar(self, share: float, color: palette.Rgb) -> None:
        """Draw how much of something is used; what is beyond the whole runs past a mark."""
        if not self.room(14.0):
            return
        most = max(1.0, share)
        x1 = self.x0 + (self.x1 - self.x0) / most
        self.sheet.fill(Rect(x0=self.x0, y0=self.y - 11.0, x1=self.x1, y1=self.y - 1.0).points, palette.HAIRLINE)
        self.sheet.fill(Rect(x0=self.x0, y0=self.y - 11.0, x1=self.x0 + (self.x1 - self.x0) * share / most,
                             y1=self.y - 1.0).points, color)
        self.sheet.line((x1, self.y - 13.0), (x1, self.y + 1.0), 2.0, palette.INK)
        self.y -= 16.0

    def buttons(self, named: Iterable[tuple[str, str, tuple[str, ...], bool]]) -> None:
        """Write buttons in a row, and in further rows where they do not fit: text, act, args, whether it is on."""
        x, tall = self.x0, LINE + 4.0
        if not self.room(tall + GAP):
            return
        for text, act, args, on in named:
            wide = self.measure(text, SMALL_PX)[0] + 14.0
            if x > self.x0 and x + wide > self.x1:
                x, self.y = self.x0, self.y - tall - 4.0
                if not self.room(tall):
                    return
            rect = Rect(x0=x, y0=self.y - tall, x1=x + wide, y1=self.y)
            self.sheet.fill(rect.points, palette.INK_SOFT)
            self.sheet.fill(rect.grown(-1.0).points, palette.SKY_TOP if on else palette.PAPER)
            self.sheet.write(Text(x=(rect.x0 + rect.x1) / 2, y=(rect.y0 + rect.y1) / 2, text=text, size_px=SMALL_PX,
                                  color=palette.INK, align="center"))
            self.spots.append(Spot(rect=rect, act=act, args=args))
            x += wide + 5.0
        self.y -= tall + GAP

    def _write(self, x: float, text: str, size_px: float, color: palette.Rgb) -> None:
        if text:
            self.sheet.write(Text(x=x, y=self.y - LINE / 2, text=text, size_px=size_px, color=color))


def wrapped(text: str, wide: float, size_px: float, measure: Measure) -> list[str]:
    """Break a text into lines no wider than ``wide``: between words, or anywhere in a script without spaces.

    >>> wrapped("one two three", 50.0, 10.0, lambda text, size: (6.0 * len(text), size))
    ['one two', 'three']
    >>> wrapped("aaaaaaaaaa", 24.0, 10.0, lambda text, size: (6.0 * len(text), size))
    ['aaaa', 'aaaa', 'aa']
    """
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if measure(longer, size_px)[0] <= wide:
            line = longer
            continue
        if line:
            lines.append(line)
        while measure(word, size_px)[0] > wide and len(word) > 1:
            fits = _fitting(word, wide, size_px, measure)
            lines.append(word[:fits])
            word = word[fits:]                              # noqa: PLW2901
        line = word
    return [*lines, line] if line else lines


def _fitting(word: str, wide: float, size_px: float, measure: Measure) -> int:
    """How many characters of a word fit, at least one."""
    low, high = 1, len(word)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if measure(word[:middle], size_px)[0] <= wide else (low, middle - 1)
    return low


def _cut(text: str, wide: float, measure: Measure, size_px: float = SMALL_PX) -> str:
    """Shorten a text to a width."""
    if measure(text, size_px)[0] <= wide:
        return text
    return text[:_fitting(text, wide - measure("…", size_px)[0], size_px, measure)] + "…"



