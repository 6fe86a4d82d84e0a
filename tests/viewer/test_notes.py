"""Notes find room: inside the picture, off each other and off what must stay free."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import shapely
from shapely.geometry import Polygon

from zonebox.viewer import camera, notes, palette
from zonebox.viewer.drawable import Callout, Key, Tag
from zonebox.viewer.overlay import Rect, Sheet, legend, round_length, scale_bar

SIZE = (1600, 1000)
VIEW = camera.overview(camera.corners([[[0.0, 0.0, 0.0], [200.0, 120.0, 40.0]]]), 1.6)


def measure(text: str, size_px: float) -> tuple[float, float]:
    return 0.55 * size_px * len(text), size_px


def note(number: int, anchor: tuple[float, float, float]) -> Callout:
    return Callout(subject=f"finding:{number}", anchor=anchor, color=(200, 0, 0), rank=float(number),
                   lines=("A-01 · Height", "+3.42 m over 24.00 m"))


def panels(sheet: Sheet) -> list[Rect]:
    """Rectangles of notes: what the white fills of their size cover."""
    rects = []
    for points, color in sheet.fills:
        (x0, y0), (x1, y1) = points.min(0), points.max(0)
        if color[:3] == palette.PAPER and len(points) == 4 and x1 - x0 > 60.0 and y1 - y0 > 30.0:
            rects.append(Rect(x0=float(x0), y0=float(y0), x1=float(x1), y1=float(y1)))
    return rects


def test_notes_do_not_overlap_and_stay_inside() -> None:
    rng = np.random.default_rng(7)
    listed = [note(n, (float(x), float(y), 20.0)) for n, (x, y) in enumerate(rng.uniform(0, 1, (14, 2)) * (200, 120))]
    taken = [Rect(x0=0.0, y0=0.0, x1=300.0, y1=400.0)]
    sheet = Sheet()
    placed = notes.place(sheet, VIEW, SIZE, measure, callouts=listed, tags=(), taken=taken, precious=())
    boxes = panels(sheet)
    assert len(boxes) == len(placed) >= 10
    assert not any(a.shared(b) > 0.0 for a, b in combinations([*boxes, *taken], 2))
    assert all(Rect(x0=0.0, y0=0.0, x1=1600.0, y1=1000.0).holds(box) for box in boxes)


def test_the_worst_note_is_placed_first() -> None:
    listed = [note(n, (100.0, 60.0, 20.0)) for n in range(40)]
    placed = notes.place(Sheet(), VIEW, SIZE, measure, callouts=listed, tags=(), taken=(), precious=())
    assert placed[0] == "finding:0"
    assert len(placed) < 40


def test_what_is_behind_the_camera_has_no_note() -> None:
    behind = tuple(2 * np.array(VIEW.position) - np.array(VIEW.focal_point))
    placed = notes.place(Sheet(), VIEW, SIZE, measure, callouts=[note(0, (behind[0], behind[1], behind[2]))], tags=(),
                         taken=(), precious=())
    assert placed == ()


def test_a_tag_goes_to_its_first_free_place() -> None:
    tag = Tag(subject="parcel:A", anchors=((50.0, 50.0, 0.0), (150.0, 50.0, 0.0)), text="A-01", color=(0, 0, 0))
    spots, _ = VIEW.project(tag.anchors, SIZE)
    x, y = spots[0]
    sheet = Sheet()
    notes.place(sheet, VIEW, SIZE, measure, callouts=(), tags=[tag], precious=(),
                taken=[Rect(x0=x - 9, y0=y - 9, x1=x + 9, y1=y + 9)])
    assert [text.text for text in sheet.texts] == ["A-01"]
    assert sheet.texts[0].x == pytest.approx(spots[1][0])


def test_the_legend_holds_its_words() -> None:
    sheet = Sheet()
    keys = [Key(text="Control envelope", color=(1, 2, 3)), Key(text="Parcel edges"),
            Key(text="a", color=(1, 2, 3), line=True)]
    box = legend(sheet, SIZE, measure, keys, (), Polygon())
    for text in sheet.texts:
        wide, tall = measure(text.text, text.size_px)
        assert box.holds(Rect(x0=text.x, y0=text.y - tall / 2, x1=text.x + wide, y1=text.y + tall / 2))


def test_a_picture_too_small_for_the_legend_has_none() -> None:
    """It was drawn over the title, or run out of the picture."""
    keys = [Key(text="Control envelope", color=(1, 2, 3)) for _ in range(13)]
    name = Rect(x0=0.0, y0=320.0, x1=500.0, y1=400.0)
    sheet = Sheet()
    assert legend(sheet, (640, 400), measure, keys, (name,), Polygon()).points.tolist() == [[0.0, 0.0]] * 4
    assert not sheet.fills
    assert not sheet.texts
    wider = legend(sheet, (1280, 800), measure, keys, (name,), Polygon())
    assert Rect(x0=0.0, y0=0.0, x1=1280.0, y1=800.0).holds(wider)
    assert wider.shared(name) == 0.0


@pytest.mark.parametrize("view", [VIEW, camera.plan(camera.corners([[[0.0, 0.0, 0.0], [200.0, 120.0, 0.0]]]), 1.6)])
def test_the_scale_bar_is_as_long_as_what_it_names(view: camera.View) -> None:
    """Two points that far apart, side by side at the middle of the picture, are seen as far apart as its ends."""
    sheet = Sheet()
    scale_bar(sheet, view, SIZE, measure, view.focal_point, "en")
    zero, end = sheet.texts[:2]
    length = float(end.text.removesuffix(" m"))
    beside = np.array(view.focal_point) + length * view.axes()[0]
    seen = view.project(np.stack([np.array(view.focal_point), beside]), SIZE)[0]
    assert end.x - zero.x == pytest.approx(seen[1, 0] - seen[0, 0])


@pytest.mark.parametrize(("most", "length"), [(163.0, 100.0), (1.0, 1.0), (4.99, 2.0), (0.07, 0.05)])
def test_scale_bars_have_round_lengths(most: float, length: float) -> None:
    assert round_length(most) == pytest.approx(length)


def test_of_seventy_notes_the_further_ones_stand_near_with_clear_leaders() -> None:
    """A crowd of findings: beyond the first ten none is led across the picture, over another leader or note."""
    places = [(float(x), float(y), 20.0) for x in np.linspace(5.0, 195.0, 10) for y in np.linspace(5.0, 115.0, 7)]
    listed = [note(n, place) for n, place in enumerate(places)]
    sheet = Sheet()
    placed = notes.place(sheet, VIEW, SIZE, measure, callouts=listed, tags=(), taken=(), precious=())
    boxes = [rect for rect in panels(sheet) if round(rect.y1 - rect.y0) == 47]         # without the halos of leaders
    assert notes.CALM < len(placed) == len(boxes) < 70
    anchors = np.stack([VIEW.project([places[int(name.rpartition(":")[2])]], SIZE)[0][0] for name in placed])
    ends = np.stack([np.clip(a, (b.x0, b.y0), (b.x1, b.y1)) for a, b in zip(anchors, boxes, strict=True)])
    leaders = shapely.linestrings(np.stack([anchors, ends], axis=1))
    for number in range(notes.CALM, len(placed)):
        assert leaders[number].length < notes.CALM_COST
        assert not shapely.crosses(leaders[number], leaders[:number]).any()
