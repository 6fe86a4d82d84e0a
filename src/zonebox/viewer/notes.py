"""Where the notes on findings go: beside their place, inside the picture, never over one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.viewer import palette
from zonebox.viewer.camera import View
from zonebox.viewer.drawable import Callout, Tag
from zonebox.viewer.overlay import SMALL_PX, TEXT_PX, Measure, Rect, Sheet, Text

DISTANCES: Final = (34.0, 60.0, 95.0, 140.0, 200.0, 270.0)
DIRECTIONS: Final = ((0.8, 0.6), (-0.8, 0.6), (1.0, 0.1), (-1.0, 0.1), (0.2, 1.0), (-0.2, 1.0), (0.8, -0.6),
                     (-0.8, -0.6))
"""Where a note is tried, nearest and upper right first."""

CALM: Final = 10
"""So many notes find room wherever it is; a further one only where it stands near its place and its leader is clear."""

CALM_COST: Final = 150.0
"""What a place may cost a further note: pixels from it, and 250 for each leader or note in the way."""

TICK: Final = 6.0
HALO: Final = 2.0
PAD_X: Final = 9.0
PAD_Y: Final = 6.0
GAP: Final = 6.0

Pixels = NDArray[np.float64]


def place(
    sheet: Sheet, view: View, size: tuple[int, int], measure: Measure, *,
    callouts: Sequence[Callout], tags: Sequence[Tag], taken: Sequence[Rect], precious: Sequence[Rect],
    bodies: Sequence[tuple[shapely.Geometry, float]] = (),
) -> tuple[str, ...]:
    """Draw dimension lines, notes and tags; return the subjects of the notes that found room.

    Parameters
    ----------
    callouts, tags : sequence
        What to place; notes in the given order, then tags where room is left.
    taken : sequence of Rect
        What must stay free: title, legend, compass, scale.
    precious : sequence of Rect
        What should stay free: the offending parts.
    bodies : sequence of (Polygon, depth)
        Buildings as seen, in pixels, and how near; nothing is written on one that stands before it.
    """
    frame = Rect(x0=8.0, y0=8.0, x1=size[0] - 8.0, y1=size[1] - 8.0)
    occupied = [*taken]
    leaders: list[tuple[Pixels, Pixels]] = []
    placed: list[tuple[Callout, Rect, Pixels]] = []
    for note in callouts:
        spots, depth = view.project([note.anchor, *(note.dimension or ())], size)
        x, y = spots[0]
        if (depth <= 0.0).any() or not frame.holds(Rect(x0=x, y0=y, x1=x, y1=y)):
            continue
        most = np.inf if len(placed) < CALM else CALM_COST
        box = _spot(spots[0], _extent(note, measure), frame, occupied, precious, leaders, most)
        if box is None:
            continue
        occupied.append(box.grown(GAP))
        leaders.append((spots[0], _nearest(box, spots[0])))
        placed.append((note, box, spots))
    for note, box, spots in placed:
        _draw_leader(sheet, spots[0], box, note.color, dot=note.dimension is None)
        _draw_dimension(sheet, spots, note.color)
    for note, box, _ in placed:
        _draw_note(sheet, note, box)
    _place_tags(sheet, view, size, measure, tags, frame, occupied, (*precious,), bodies)
    return tuple(note.subject for note, _, _ in placed)


def _extent(note: Callout, measure: Measure) -> tuple[float, float]:
    head, *rest = note.lines
    wide = max([measure(head, SMALL_PX)[0], *(measure(line, TEXT_PX)[0] for line in rest)])
    return wide + 2 * PAD_X + 4.0, 16.0 + 19.0 * len(rest) + 2 * PAD_Y


def _spot(
    anchor: Pixels, extent: tuple[float, float], frame: Rect, occupied: Sequence[Rect], precious: Sequence[Rect],
    leaders: Sequence[tuple[Pixels, Pixels]], most: float = np.inf,
) -> Rect | None:
    """Find the best free rectangle near the anchor: close, off the offending parts, its leader crossing no other.

    None where the best costs ``most`` or more.
    """
    best, best_cost = None, most
    for distance in DISTANCES:
        for rank, direction in enumerate(DIRECTIONS):
            if distance + 4.0 * rank >= best_cost:
                break                                            # whatever stands in its way only adds to that
            toward = np.array(direction) / np.hypot(*direction)
            middle = anchor + toward * distance + np.array(direction) * np.array(extent) / 2
            half = np.array(extent) / 2
            box = Rect(x0=float(middle[0] - half[0]), y0=float(middle[1] - half[1]), x1=float(middle[0] + half[0]),
                       y1=float(middle[1] + half[1]))
            if not frame.holds(box) or any(box.shared(other) > 0.0 for other in occupied):
                continue
            end = _nearest(box, anchor)
            crossed = sum(_cross(anchor, end, *leader) for leader in leaders)
            hidden = sum(box.grown(4.0).shared(part) for part in precious)
            through = sum(_through(anchor, end, other) for other in occupied)
            cost = distance + 4.0 * rank + 250.0 * (crossed + through) + 0.08 * hidden
            if cost < best_cost:
                best, best_cost = box, cost
    return best


def _nearest(box: Rect, point: Pixels) -> Pixels:
    """Point of a rectangle's rim nearest to a point outside it."""
    return np.array([np.clip(point[0], box.x0, box.x1), np.clip(point[1], box.y0, box.y1)])


def _cross(a: Pixels, b: Pixels, c: Pixels, d: Pixels) -> bool:
    """Whether two segments cross."""
    def side(p: Pixels, q: Pixels, r: Pixels) -> float:
        return float((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]))

    return side(a, b, c) * side(a, b, d) < 0.0 and side(c, d, a) * side(c, d, b) < 0.0


def _through(a: Pixels, b: Pixels, box: Rect) -> bool:
    """Whether a segment passes through a rectangle."""
    steps = np.linspace(0.0, 1.0, 12)[:, None]
    points = a + (b - a) * steps
    return bool(((points > [box.x0, box.y0]) & (points < [box.x1, box.y1])).all(1).any())


def _draw_dimension(sheet: Sheet, spots: Pixels, color: palette.Rgb) -> None:
    """Draw a line between two ends with a tick across each, on a white halo."""
    if len(spots) < 3:
        return
    a, b = spots[1], spots[2]
    length = float(np.linalg.norm(b - a))
    along = (b - a) / length if length > 1e-6 else np.array([0.0, 1.0])
    across = np.array([-along[1], along[0]]) * min(TICK, 2.0 + length / 4)
    for grow, tone in ((2 * HALO - 1.0, palette.PAPER), (0.0, color)):
        sheet.line(a, b, 2.4 + grow, tone)
        for end in (a, b):
            sheet.line(end - across, end + across, 2.4 + grow, tone)


def _draw_leader(sheet: Sheet, anchor: Pixels, box: Rect, color: palette.Rgb, *, dot: bool) -> None:
    end = _nearest(box, anchor)
    sheet.line(anchor, end, 1.4 + 2 * HALO, palette.PAPER, 0.85)
    sheet.line(anchor, end, 1.4, color)
    if not dot:
        return
    turn = np.radians(np.arange(0, 360, 20))
    ring = np.column_stack([np.cos(turn), np.sin(turn)])
    sheet.fill(anchor + 5.0 * ring, palette.PAPER)
    sheet.fill(anchor + 3.4 * ring, color)


def _draw_note(sheet: Sheet, note: Callout, box: Rect) -> None:
    sheet.panel(box, 0.96)
    sheet.fill(Rect(x0=box.x0, y0=box.y0, x1=box.x0 + 4.0, y1=box.y1).points, note.color)
    head, *rest = note.lines
    x = box.x0 + 4.0 + PAD_X
    sheet.write(Text(x=x, y=box.y1 - PAD_Y - 8.0, text=head, size_px=SMALL_PX, color=palette.INK_SOFT))
    for number, line in enumerate(rest):
        sheet.write(Text(x=x, y=box.y1 - PAD_Y - 16.0 - 19.0 * (number + 0.5), text=line, size_px=TEXT_PX,
                         color=palette.INK))


def _place_tags(
    sheet: Sheet, view: View, size: tuple[int, int], measure: Measure, tags: Sequence[Tag], frame: Rect,
    occupied: list[Rect], precious: Sequence[Rect], bodies: Sequence[tuple[shapely.Geometry, float]],
) -> None:
    for tag in tags:
        half = measure(tag.text, SMALL_PX)[0] / 2 + 6.0
        for spot, depth in zip(*view.project(tag.anchors, size), strict=True):
            x, y = float(spot[0]), float(spot[1])
            box = Rect(x0=x - half, y0=y - 9.0, x1=x + half, y1=y + 9.0)
            if depth <= 0.0 or not frame.holds(box) or any(box.shared(other) > 0.0 for other in (*occupied, *precious)):
                continue
            if any(near < depth and shapely.intersects_xy(body, x, y) for body, near in bodies):
                continue
            occupied.append(box)
            sheet.fill(box.points, palette.PAPER, 0.78)
            sheet.write(Text(x=x, y=y, text=tag.text, size_px=SMALL_PX, color=tag.color, align="center"))
            break
