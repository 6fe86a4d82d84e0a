"""The two panels of the window: findings and layers on the left; selection, what-if and tools on the right.

Both are written anew after each change from the desk alone, like the page; `Hand` is what only the window knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from zonebox.model import State
from zonebox.studio import details
from zonebox.studio.desk import Desk
from zonebox.studio.labels import label
from zonebox.studio.pen import GAP, LINE, PAD, Pen, Spot, Track
from zonebox.viewer import palette
from zonebox.viewer.overlay import Measure, Rect, Sheet
from zonebox.whatif import Move

LEFT_PX: Final = 292
RIGHT_PX: Final = 332
ELEMENTS_MOST: Final = 6
MARKS: Final = {State.FAIL: "x", State.MARGINAL: "!", State.NOT_CHECKED: "?", State.PASS: "-"}
"""A sign beside each colour, for eyes that do not tell them apart."""

MOVES: Final = {"east_m": Track(low=-30.0, high=30.0, step=0.5), "north_m": Track(low=-30.0, high=30.0, step=0.5),
                "up_m": Track(low=-15.0, high=15.0, step=0.1), "turn_deg": Track(low=-180.0, high=180.0, step=1.0)}
NUMBER: Final = "number"
"""What is typed: a number for the slider that the keys move."""

TABS: Final = ("selection", "what_if", "tools")
DAYS: Final = Track(low=1, high=31, step=1)
MONTHS: Final = Track(low=1, high=12, step=1)
HOURS: Final = Track(low=4.0, high=20.0, step=0.25)


@dataclass(slots=True)
class Hand:
    """What the window keeps to itself: the open tab, how far the list is scrolled, what is typed and what is held."""

    tab: str = "selection"
    scroll: int = 0
    typing: str = ""
    typed: str = ""
    measuring: bool = False
    help: bool = False
    beside: str | None = None
    message: str = ""
    held: str = ""
    at: tuple[str, tuple[str, ...]] | None = None
    """Slider that the keys move: its act and its names."""


def left(desk: Desk, hand: Hand, size: tuple[int, int], measure: Measure, sheet: Sheet) -> list[Spot]:
    """Write the list of findings, worst first, over the layers."""
    lang, tall = desk.lang, size[1]
    sheet.panel(Rect(x0=0.0, y0=0.0, x1=LEFT_PX - 1.0, y1=float(tall)), 1.0)
    rows, layers = details.rows(desk.scene, desk.report, lang), desk.layers()
    foot = PAD + (LINE + 2.0) * len(layers) + LINE + GAP
    pen = Pen(sheet=sheet, measure=measure, x0=PAD, x1=LEFT_PX - PAD, y=tall - PAD, bottom=foot + LINE)
    pen.buttons([(f"/ {label('search', lang)}" if hand.typing != "search" else f"/ {hand.typed}_", "type", ("search",),
                  hand.typing == "search"), ("中文" if lang == "en" else "English", "speak", (), False),
                 (label("help", lang), "help", (), hand.help)])
    counts = desk.report.summary
    pen.heading(f"{label('findings', lang)}   " + "   ".join(f"{MARKS[s]} {counts[s]}" for s in MARKS))
    if not rows:
        pen.text(label("findings_none", lang), color=palette.INK_SOFT)
    hand.scroll = max(0, min(hand.scroll, len(rows) - 1))
    if hand.scroll:
        pen.text(label("above_more", lang, n=hand.scroll), color=palette.INK_SOFT)
    for row in rows[hand.scroll:]:
        state = State(row["kind"])
        if not pen.row(row["title"], f"{row['state']} · {row['text']}", palette.STATE[state], "select", (row["id"],),
                       chosen=row["id"] == desk.selected, mark=MARKS[state]):
            break
    shown = sum(spot.act == "select" for spot in pen.spots)
    below = len(rows) - hand.scroll - shown
    pen.bottom, pen.y = 0.0, foot
    if below > 0:
        pen.y += LINE
        pen.text(label("below_more", lang, n=below), color=palette.INK_SOFT)
    pen.heading(label("layers", lang))
    for number, layer in enumerate(layers, start=1):
        pen.check(f"{number}  {layer['title']}", "layer", (layer["name"],), on=layer["shown"])
    return pen.spots


def right(desk: Desk, hand: Hand, size: tuple[int, int], measure: Measure, sheet: Sheet) -> list[Spot]:
    """Write the open tab of the right panel."""
    wide, tall = size
    sheet.panel(Rect(x0=wide - RIGHT_PX + 1.0, y0=0.0, x1=float(wide), y1=float(tall)), 1.0)
    pen = Pen(sheet=sheet, measure=measure, x0=wide - RIGHT_PX + PAD, x1=wide - PAD, y=tall - PAD, bottom=PAD,
              at=hand.at, typed=f"{hand.typed}_" if hand.typing == NUMBER else "")
    pen.buttons([(label(tab, desk.lang), "tab", (tab,), tab == hand.tab) for tab in TABS])
    {"selection": _selection, "what_if": _what_if, "tools": _tools}[hand.tab](desk, hand, pen)
    if hand.message:
        pen.y = min(pen.y, 5 * LINE)
        pen.text(hand.message, color=palette.STATE[State.FAIL])
    return pen.spots


def _selection(desk: Desk, _hand: Hand, pen: Pen) -> None:
    """Write the finding and the parcel that are selected."""
    lang, scene = desk.lang, desk.scene
    finding = desk.finding(desk.selected) if desk.selected else None
    parcel = scene.plan.parcel(desk.parcel) if desk.parcel else None
    if finding is None and parcel is None:
        pen.text(label("nothing", lang), color=palette.INK_SOFT)
        return
    if finding is not None:
        told = details.finding_detail(scene, finding, lang)
        pen.row(told["title"], f"{told['state']}", palette.STATE[finding.state], "select", (finding.id,), chosen=False,
                mark=MARKS[finding.state])
        for line in told["lines"]:
            pen.pair(line["name"], line["text"])
        if told["elements"]:
            pen.heading(f"{label('elements', lang)} ({len(told['elements'])})")
            for name in told["elements"][:ELEMENTS_MOST]:
                pen.text(name)
            if len(told["elements"]) > ELEMENTS_MOST:
                pen.text(f"+ {len(told['elements']) - ELEMENTS_MOST}", color=palette.INK_SOFT)
    if parcel is not None:
        _parcel(pen, details.parcel_detail(desk.trial, parcel, lang), desk)


def _parcel(pen: Pen, told: dict[str, Any], desk: Desk) -> None:
    lang = desk.lang
    pen.heading(f"{label('parcel', lang)} {told['id']}")
    for line in told["lines"]:
        pen.pair(line["name"], line["text"])
    for one in told["indicators"]:
        pen.pair(one["name"], f"{one['text']} {one['clause']}".strip())
    if told["far"] is not None:
        used, allowed = told["far"]["used"], told["far"]["allowed"]
        pen.text(f"{label('far', lang)}: {'–' if used is None else f'{used:.2f}'} / {allowed:.2f}")
        share = (told["far"]["share"] or 0.0) / 100.0
        pen.bar(share, palette.STATE[State.FAIL] if share > 1.0 else palette.STATE[State.PASS])
    if told["binding"]:
        pen.heading(label("binding", lang))
        for one in told["binding"]:
            pen.pair(one["where"], f"{one['text']} {one['control']} {one['clause']}".strip())


def _what_if(desk: Desk, hand: Hand, pen: Pen) -> None:
    """Write a slider for each control of the parcel, and for the place of a design."""
    lang = desk.lang
    totals = desk.trial.totals()
    pen.text(label("totals", lang, volume=f"{totals.volume_m3:,.0f}", area=f"{totals.floor_area_m2:,.0f}"),
             color=palette.INK_SOFT)
    sliders = details.sliders(desk.tried.adjustable(desk.parcel), lang,
                              desk.tried.adjustable_first(desk.parcel)) if desk.parcel else []
    pen.heading(f"{label('parcel', lang)} {desk.parcel}" if sliders else label("pick_parcel", lang))
    for s in sliders:
        act = "setback" if s["setback"] else "limit"
        pen.slider(s["label"], s["value"], Track(low=s["min"], high=s["max"], step=s["step"]), act, (s["id"],),
                   held=hand.held == s["id"])
    designs = [d.id for d in desk.scene.designs]
    if designs:
        desk.design = desk.design if desk.design in designs else designs[0]
        pen.heading(f"{label('design', lang)} {desk.design}")
        if len(designs) > 1:
            pen.buttons([(name, "design", (name,), name == desk.design) for name in designs[:8]])
        change = desk.trial.changes.get(("design", desk.design))
        for name, track in MOVES.items():
            value = getattr(change, name) if isinstance(change, Move) else 0.0
            pen.slider(label(name, lang), value, track, "move", (desk.design, name), held=hand.held == name)
    pen.buttons([(label(name, lang), name, (), False) for name in ("undo", "redo", "export")])
    pen.buttons([(label("keep", lang) if hand.typing != "keep" else f"{hand.typed}_", "type", ("keep",),
                  hand.typing == "keep"),
                 *((name or label("as_planned", lang), "switch", (name,), name == desk.variant)
                   for name in desk.variants)])
    if len(desk.variants) > 1 or desk.trial.changes:
        pen.heading(label("compare", lang))
        pen.buttons([(label("compare_none", lang), "beside", (), hand.beside is None),
                     *((name or label("as_planned", lang), "beside", (name,), hand.beside == name)
                       for name in desk.variants)])
    for note in desk.trial.notes:
        pen.text(note, color=palette.INK_SOFT)


def _tools(desk: Desk, hand: Hand, pen: Pen) -> None:
    """Write views, measuring, section, storeys, sun and notes."""
    from zonebox.viewer import camera

    lang, cut, sun = desk.lang, desk.cut_now, desk.sun_now
    pen.heading(label("view", lang))
    pen.buttons([(label(name, lang), "go", (name,), False) for name in ("overview", "plan", *camera.OBLIQUES)])
    pen.buttons([(label("walk", lang), "walk", (), desk.stage.view.name == "walk"),
                 (label("save_view", lang), "save_view", (), False),
                 *((name, "recall", (name,), False) for name in desk.saved)])
    pen.check(label("by_height", lang), "by_height", (), on=desk.by_height)
    pen.check(label("measure", lang), "measuring", (), on=hand.measuring)
    pen.buttons([(label("clear", lang), "clear", (), False)])
    pen.heading(label("section", lang))
    pen.buttons([(label(name, lang), "section", (way,), cut.direction == way) for way, name in (
        ("", "section_none"), ("north", "section_ns"), ("east", "section_we"))])
    if cut.direction:
        reach = desk.reach_m
        pen.slider(label("offset", lang), cut.offset_m, Track(low=-reach, high=reach, step=0.5), "offset", ())
    storeys = desk.storeys()
    if storeys:
        at = next((n for n, s in enumerate(storeys, start=1) if s["id"] == cut.storey), 0)
        pen.slider(label("clip_storey", lang), float(at), Track(low=0, high=len(storeys), step=1), "storey", (),
                   text=storeys[at - 1]["title"] if at else label("all_storeys", lang))
    pen.heading(label("sun", lang))
    pen.slider(label("month", lang), sun.month, MONTHS, "month", ())
    pen.slider(label("day", lang), sun.day, DAYS, "day", ())
    pen.slider(label("hour", lang), sun.hour, HOURS, "hour", (), text=f"{int(sun.hour)}:{round(sun.hour % 1 * 60):02d}")
    pen.text(desk.sun_text, color=palette.INK_SOFT)
    pen.heading(label("notes", lang))
    pen.buttons([(label("note_here", lang) if hand.typing != "note" else f"{hand.typed}_", "type", ("note",),
                  hand.typing == "note"), (label("export_bcf", lang), "bcf", (), False)])
    for note in desk.annotations:
        pen.text(f"{note.parcel}  {note.text}")
