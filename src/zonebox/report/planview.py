"""The plan of a finding: lot, edges by role, what may be built at that height, the design, and what breaks the rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from shapely.geometry import box

from zonebox.model import Edge, Finding, Parcel, Scene
from zonebox.report import palette, shapes
from zonebox.report.drawing import Drawing
from zonebox.report.facts import facts_of
from zonebox.words import Language, word

SIZE: Final = (560, 460)
AROUND_M: Final = 9.0
"""How much of the surroundings is shown beyond the lot."""

NEAR_M: Final = 15.0
"""A dimension shorter than this is shown enlarged in a window of its own."""

WINDOW: Final = (200, 200)
"""Size of that window."""


def plan_picture(scene: Scene, finding: Finding, lang: Language) -> str:
    """Draw the plan of a finding as SVG; empty where the plan does not know its parcel."""
    parcel = scene.plan.parcel(finding.parcel)
    if parcel is None:
        return ""
    x0, y0, x1, y1 = _extent(scene, finding, parcel)
    closer = _closer(scene, finding)
    right = 10 if closer is None else WINDOW[0] + 14
    sheet = Drawing(low=(x0, y0), high=(x1, y1), width=SIZE[0], height=SIZE[1], margin=(10, right, 10, 34))
    design = shapes.design_of(scene, finding)
    drawn = _Shapes(design=None if design is None else shapes.design_outline(design),
                    part=shapes.part_outline(scene, finding))
    key = _draw(sheet, scene, finding, parcel, drawn, lang)
    if closer is not None:
        low, high = closer
        detail = Drawing(low=low, high=high, width=WINDOW[0], height=WINDOW[1], margin=(0, 0, 0, 0))
        _draw(detail, scene, finding, parcel, drawn, lang, names=False)
        sheet.frame(low, high)
        sheet.window(detail, (SIZE[0] - WINDOW[0] - 6.0, 60.0), f"{high[0] - low[0]:.1f} m × {high[1] - low[1]:.1f} m")
    sheet.scale_bar()
    sheet.north_arrow(word("report.north", lang))
    sheet.key(key)
    return sheet.svg(f"{word('report.plan_picture', lang)}: {facts_of(scene, finding, lang).title}")


def _closer(scene: Scene, finding: Finding) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Window (low, high) round a level dimension that is too short to be seen in the whole lot."""
    line = shapes.dimension(scene, finding)
    if line is None:
        return None
    (x0, y0), (x1, y1) = line[0][:2], line[1][:2]
    length = float(np.hypot(x1 - x0, y1 - y0))
    if not 0.0 < length <= NEAR_M:
        return None
    half = max(length, 4.0) * 0.85
    middle = ((x0 + x1) / 2.0, (y0 + y1) / 2.0)
    tall = half * WINDOW[1] / WINDOW[0]
    return (middle[0] - half, middle[1] - tall), (middle[0] + half, middle[1] + tall)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Shapes:
    """Outlines that take a moment to make."""

    design: shapes.Area | None
    part: shapes.Area


def _draw(
    sheet: Drawing, scene: Scene, finding: Finding, parcel: Parcel, drawn: _Shapes, lang: Language, *,
    names: bool = True,
) -> list[tuple[str, str, str]]:
    """Draw from the ground up; return what the key has to explain."""
    _neighbours(sheet, scene, parcel, names=names)
    sheet.area(parcel.shape, fill=palette.LOT)
    key = _room(sheet, scene, finding, lang)
    if drawn.design is not None:
        sheet.area(drawn.design, fill=palette.DESIGN, fill_opacity="0.75", stroke=palette.DESIGN_EDGE,
                   stroke_width="1")
        key.append((word("design", lang), palette.DESIGN, palette.DESIGN_EDGE))
    color = palette.STATE[finding.state]
    if not drawn.part.is_empty:
        sheet.area(drawn.part, fill=color, fill_opacity="0.45", stroke=color, stroke_width="1.6")
        key.append((word("report.offending", lang), color, color))
    for edge in parcel.edges:
        _edge(sheet, parcel, edge, marked=edge.index == finding.where.edge, lang=lang)
    _worst(sheet, scene, finding, lang)
    return key


def _extent(scene: Scene, finding: Finding, parcel: Parcel) -> tuple[float, float, float, float]:
    """Window: the lot and the design on it, the limits of both with some ground around."""
    whole = [box(*parcel.shape.bounds)]
    design = shapes.design_of(scene, finding)
    if design is not None:
        low, high = design.mesh.bounds
        whole.append(box(low[0], low[1], high[0], high[1]))
    x0, y0, x1, y1 = shapely.union_all(whole).bounds
    return x0 - AROUND_M, y0 - AROUND_M, x1 + AROUND_M, y1 + AROUND_M


def _neighbours(sheet: Drawing, scene: Scene, parcel: Parcel, *, names: bool) -> None:
    low, high = sheet.seen()
    window = box(*low, *high)
    for other in scene.plan.parcels:
        if other.id != parcel.id and other.shape.intersects(window):
            sheet.area(other.shape, fill="#fbfaf7", stroke=palette.NEIGHBOUR, stroke_width="1")
            seen = other.shape.intersection(window)
            wide = seen.buffer(-14.0 / sheet.scale)
            if names and not wide.is_empty:
                place = max(shapely.get_parts(wide), key=lambda part: float(part.area)).representative_point()
                sheet.text((place.x, place.y), other.id, color=palette.INK_SOFT, size=10)


def _room(sheet: Drawing, scene: Scene, finding: Finding, lang: Language) -> list[tuple[str, str, str]]:
    """Draw what the controls allow at the finding's height: inside it there is room, outside there is none."""
    envelope = scene.envelope(finding.parcel)
    point = finding.where.foot or finding.where.point
    if envelope is None:
        return []
    room, level = shapes.room_at(envelope, envelope.ground_m if point is None else point[2])
    if room.is_empty:
        return []
    sheet.area(room, fill=palette.ROOM, fill_opacity="0.13", stroke=palette.ROOM_EDGE, stroke_width="1.2",
               stroke_dasharray="7 4")
    return [(word("report.room", lang).format(f"{level:.2f}"), "#dcebf8", palette.ROOM_EDGE)]


def _edge(sheet: Drawing, parcel: Parcel, edge: Edge, *, marked: bool, lang: Language) -> None:
    """Draw an edge in the colour of its role, with number and role; the one concerned stands out."""
    lot = parcel.boundary
    start, end = lot.start[edge.index], lot.end[edge.index]
    color = palette.ROLE[edge.role]
    sheet.line([start, end], stroke=color, stroke_width="5" if marked else "2.6", stroke_linecap="round")
    length = float(lot.length[edge.index])
    if length * sheet.scale < 30.0:
        return
    a, b = sheet.px([start, end])
    turn = float(np.degrees(np.arctan2(b[1] - a[1], b[0] - a[0])))
    turn = (turn + 90.0) % 180.0 - 90.0
    outward = -lot.inward[edge.index]
    words = f"{edge.index} {word(f'role.{edge.role.value}', lang)}"
    sheet.text((start + end) / 2.0, words, shift=(11.0 * outward[0], -11.0 * outward[1]), turn=turn, color=color,
               bold=marked, size=11)


def _worst(sheet: Drawing, scene: Scene, finding: Finding, lang: Language) -> None:
    """Draw the worst point and, where it is measured level, the dimension line with its number."""
    color = palette.STATE[finding.state]
    line = shapes.dimension(scene, finding)
    facts = facts_of(scene, finding, lang)
    if line is not None and not np.allclose(line[0][:2], line[1][:2]):
        words = facts.value if finding.check != "containment" else f"{np.linalg.norm(line[0] - line[1]):.2f} m"
        sheet.dimension(line[0][:2], line[1][:2], words, color)
    if finding.where.point is not None and finding.check != "envelope_empty":
        sheet.cross(finding.where.point[:2], color)
        if line is None or np.allclose(line[0][:2], line[1][:2]):
            sheet.text(finding.where.point[:2], f"{finding.where.point[2]:.2f} m", shift=(0.0, -14.0), color=color,
                       bold=True, size=12.5)
