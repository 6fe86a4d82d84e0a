"""The upright section through a finding's worst point: ground, envelope, design, what sticks out, the dimension."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, MultiPolygon, Polygon

from zonebox.geometry.tin import TinIndex
from zonebox.model import ControlEnvelope, Finding, Parcel, Scene
from zonebox.report import palette, shapes
from zonebox.report.drawing import Drawing
from zonebox.report.facts import facts_of
from zonebox.report.limits import shown_part
from zonebox.words import Language, word

Array = NDArray[np.float64]

SIZE: Final = (560, 460)
BEYOND_M: Final = 7.0
"""How far the section runs on beyond the lot."""

INSIDE_M: Final = 0.6
"""How far the section is moved off the worst point, into the design."""

LEVEL_M: Final = 0.1
"""A dimension whose ends lie this far apart in plan is level enough to be cut along."""

SAMPLES: Final = 1600
"""Places along the section at which the limit is asked for."""

SKY_M: Final = 6.0
"""Air above the highest thing drawn."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cut:
    """Where the section runs: from ``origin`` (2,) along a unit vector (2,), over ``span`` (from, to) metres."""

    origin: Array
    along: Array
    span: tuple[float, float]

    def at(self, places: Array) -> Array:
        """Points (n, 2) at distances (n,) along the section."""
        return self.origin + places[:, None] * self.along

    def flat(self, point: Array) -> tuple[float, float]:
        """Coordinates of a point (3,) in the section: distance along it, elevation."""
        return float((point[:2] - self.origin) @ self.along), float(point[2])


def section_picture(scene: Scene, finding: Finding, lang: Language, terrain: TinIndex | None = None) -> str:
    """Draw the section of a finding as SVG; empty where it has no place or no envelope.

    ``terrain`` is the lookup structure of the scene's terrain, for who draws many.
    """
    if terrain is None and scene.terrain is not None:
        terrain = scene.terrain.index
    parcel, envelope = scene.plan.parcel(finding.parcel), scene.envelope(finding.parcel)
    if parcel is None or envelope is None or finding.where.point is None:
        return ""
    cut = cut_through(scene, parcel, finding)
    buried = finding.check == "underground"
    room = [] if buried else room_under(envelope, cut)
    ground = ground_line(terrain, envelope, cut, cut.span)
    sheet = _sheet(scene, finding, envelope, cut, room, ground)
    low, high = sheet.seen()
    ground = ground_line(terrain, envelope, cut, (float(low[0]), float(high[0])))
    if buried:                                          # what lies in the ground is drawn on it
        _draw_ground(sheet, ground)
    key = _draw(sheet, scene, finding, cut, room, lang)
    if not buried:
        _draw_ground(sheet, ground)
    _draw_lot(sheet, parcel, cut, ground, lang)
    _draw_dimension(sheet, scene, finding, cut, lang)
    _elevations(sheet)
    sheet.scale_bar()
    sheet.key(key)
    return sheet.svg(f"{word('report.section_picture', lang)}: {facts_of(scene, finding, lang).title}")


def cut_through(scene: Scene, parcel: Parcel, finding: Finding) -> Cut:
    """Lay the section through the worst point at right angles to the edge concerned, or along the dimension.

    A finding without either is cut at right angles to the nearest edge.

    It passes `INSIDE_M` nearer to the middle of the design than the point does, so that it cuts what it would touch.
    """
    assert finding.where.point is not None
    lot, point = parcel.boundary, np.array(finding.where.point[:2])
    edge, foot = finding.where.edge, np.array((finding.where.foot or finding.where.point)[:2])
    apart = float(np.hypot(*(foot - point)))
    if edge is None and apart <= LEVEL_M:
        sides = shapely.linestrings(np.stack([lot.start, lot.end], axis=1))
        edge = int(shapely.distance(sides, shapely.Point(point)).argmin())
    along = (foot - point) / apart if edge is None else np.array(lot.inward[edge])
    if along[0] < -1e-9 or (abs(along[0]) <= 1e-9 and along[1] < 0.0):
        along = -along                                  # read from west to east, else from south to north
    reach = (np.concatenate([lot.start, lot.end, foot[None]]) - point) @ along
    design = shapes.design_of(scene, finding)
    if design is not None:
        across = np.array([-along[1], along[0]])
        aside = float((design.mesh.bounds.mean(0)[:2] - point) @ across)
        point = point + across * float(np.clip(aside, -INSIDE_M, INSIDE_M))
    return Cut(origin=point, along=along, span=(float(reach.min()) - BEYOND_M, float(reach.max()) + BEYOND_M))


def room_under(envelope: ControlEnvelope, cut: Cut) -> list[Array]:
    """Limit along the section as lines (k, 2) of (distance, elevation), one a stretch where building is allowed."""
    places = np.linspace(*cut.span, SAMPLES)
    limit, _ = envelope.limit_at(cut.at(places))
    open_ = np.isfinite(limit) & (limit > envelope.base_m)
    breaks = np.flatnonzero(np.diff(open_.astype(np.int8))) + 1
    runs = np.split(np.arange(SAMPLES), breaks)
    return [np.column_stack([places[run], limit[run]]) for run in runs if open_[run[0]] and len(run) > 1]


def ground_line(terrain: TinIndex | None, envelope: ControlEnvelope, cut: Cut, span: tuple[float, float]) -> Array:
    """Ground along the section (k, 2): the terrain where there is one, else the level that heights count from."""
    places = np.linspace(*span, SAMPLES // 4)
    heights = np.full(len(places), envelope.ground_m)
    if terrain is not None:
        found = terrain.height_at(cut.at(places))
        heights = np.where(np.isfinite(found), found, heights)
    return np.column_stack([places, heights])


def _sheet(scene: Scene, finding: Finding, envelope: ControlEnvelope, cut: Cut, room: list[Array],
           ground: Array) -> Drawing:
    assert finding.where.point is not None
    tops = [finding.where.point[2], float(ground[:, 1].max()) + 4.0, *(float(r[:, 1].max()) for r in room)]
    design = shapes.design_of(scene, finding)
    if design is not None:
        tops.append(float(design.mesh.bounds[1][2]))
    highest_built = max(tops[:2] + tops[-1:])
    top = min(max(tops), highest_built + 25.0) + SKY_M      # an unlimited envelope does not shrink the building
    bottom = min(float(ground[:, 1].min()), envelope.ground_m) - 4.0
    if design is not None and finding.check == "underground":
        bottom = min(bottom, float(design.mesh.bounds[0][2]) - 4.0)
    return Drawing(low=(cut.span[0], bottom), high=(cut.span[1], top), width=SIZE[0], height=SIZE[1],
                   margin=(46, 10, 10, 34))


def _draw(sheet: Drawing, scene: Scene, finding: Finding, cut: Cut, room: list[Array],
          lang: Language) -> list[tuple[str, str, str]]:
    """Draw the room left, the design and what sticks out; return what the key has to explain."""
    key: list[tuple[str, str, str]] = []
    bottom = sheet.low[1]
    for line in room:
        capped = np.minimum(line, [np.inf, sheet.high[1] + 50.0])
        shape = Polygon([(line[0, 0], bottom), *capped, (line[-1, 0], bottom)])
        sheet.area(shape, fill=palette.ROOM, fill_opacity="0.13")
        sheet.line(shape.exterior.coords[:-1], stroke=palette.ROOM_EDGE, stroke_width="1.3", stroke_dasharray="7 4")
    if room:
        key.append((word("report.room_section", lang), "#dcebf8", palette.ROOM_EDGE))
    design = shapes.design_of(scene, finding)
    if design is not None:
        key.append((word("design", lang), palette.DESIGN_CUT, palette.DESIGN_EDGE))
        if design.solid is not None:
            inside, seen = shapes.cut(design.solid, cut.origin, cut.along)
            sheet.area(seen, fill=palette.DESIGN, fill_opacity="0.4", stroke=palette.DESIGN, stroke_width="0.8")
            sheet.area(inside, fill=palette.DESIGN_CUT, fill_opacity="0.75", stroke=palette.DESIGN_EDGE,
                       stroke_width="1.2")
        else:
            sheet.lines(shapes.cut_lines(design.mesh.corners, cut.origin, cut.along), stroke=palette.DESIGN_EDGE,
                        stroke_width="1.2")
    color = palette.STATE[finding.state]
    part = offending(scene, finding, cut)
    if not part.is_empty:
        sheet.area(part, fill=color, fill_opacity="0.45", stroke=color, stroke_width="1.4")
        key.append((word("report.offending", lang), color, color))
    return key


def offending(scene: Scene, finding: Finding, cut: Cut) -> Polygon | MultiPolygon:
    """Outline of what lies beyond the limit as it is seen in the section."""
    part = shown_part(scene, finding).part
    if part is None:
        return Polygon()
    corners = part.corners - [cut.origin[0], cut.origin[1], 0.0]
    axes = np.array([[cut.along[0], cut.along[1], 0.0], [0.0, 0.0, 1.0]])
    return shapes.flat_outline(corners, axes)


def _draw_ground(sheet: Drawing, ground: Array) -> None:
    low = sheet.low[1] - 50.0
    sheet.area(Polygon([(ground[0, 0], low), *ground, (ground[-1, 0], low)]), fill="#d9d2c3")
    sheet.line(ground, stroke=palette.GROUND, stroke_width="1.8")


def _draw_lot(sheet: Drawing, parcel: Parcel, cut: Cut, ground: Array, lang: Language) -> None:
    """Mark where the section crosses the lot's edges, with their numbers and roles."""
    ends = cut.at(np.array(cut.span))
    line, lot = LineString(ends), parcel.boundary
    for edge in parcel.edges:
        met = line.intersection(LineString([lot.start[edge.index], lot.end[edge.index]]))
        if met.geom_type != "Point":
            continue
        x = float((np.array([met.x, met.y]) - cut.origin) @ cut.along)
        z = float(np.interp(x, ground[:, 0], ground[:, 1]))
        top = z + 0.62 * (sheet.high[1] - z)
        color = palette.ROLE[edge.role]
        sheet.line([(x, z - 2.0), (x, top)], stroke=color, stroke_width="1.3", stroke_dasharray="9 3 2 3")
        words = f"{edge.index} {word(f'role.{edge.role.value}', lang)}"
        aside = -8.0 if x < float(np.mean(cut.span)) else 8.0
        sheet.text((x, top), words, shift=(aside, 2.0), anchor="start", turn=90.0, color=color, size=10.5)


def _draw_dimension(sheet: Drawing, scene: Scene, finding: Finding, cut: Cut, lang: Language) -> None:
    assert finding.where.point is not None
    color = palette.STATE[finding.state]
    line = shapes.dimension(scene, finding)
    facts = facts_of(scene, finding, lang)
    if line is not None:
        start, end = (cut.flat(p) for p in line)
        upright = abs(end[1] - start[1]) > abs(end[0] - start[0])
        words = facts.margin if upright and finding.check != "containment" else facts.value
        if finding.check == "containment":
            words = f"{np.linalg.norm(line[0] - line[1]):.2f} m"
        sheet.dimension(start, end, words, color)
    if finding.check != "envelope_empty":
        sheet.cross(cut.flat(np.array(finding.where.point)), color, size=4.0)


def _elevations(sheet: Drawing) -> None:
    """Write round elevations in the scene's datum along the left border."""
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100) if s * sheet.scale >= 26.0 or s == 100)
    first = int(np.ceil(sheet.low[1] / step)) * step
    left = sheet.low[0]
    for height in range(first, int(sheet.high[1]) + 1, step):
        y = sheet.px((left, height))[0, 1]
        if 12.0 < y < sheet.height - 40.0:
            sheet.marks.append(f'<path d="M40 {y:.1f}h5" stroke="{palette.INK_SOFT}"/><text x="37" y="{y:.1f}" '
                               f'text-anchor="end" dominant-baseline="central" font-size="10" '
                               f'fill="{palette.INK_SOFT}">{height} m</text>')
