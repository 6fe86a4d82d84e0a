"""A small picture of what a rule forbids, drawn from its profile, table or surface: SVG, the same bytes every time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from shapely.geometry import LineString

from zonebox.model import Approach, FresnelLink, Kind, ObstacleSurfaces, ViewCorridor
from zonebox_converters.zoning.limits import SolarRule
from zonebox_converters.zoning.rules import Rule
from zonebox_converters.zoning.sun import altitude_azimuth

_SIZE: Final = (240.0, 160.0)
_BORDER: Final = 22.0
FORBIDDEN: Final = 'fill="#d64545" fill-opacity="0.35" stroke="#b23030" stroke-width="1"'
ALLOWED: Final = 'fill="#2b6cb0" fill-opacity="0.18" stroke="#2b6cb0" stroke-width="1"'
_GREEN: Final = 'fill="#3c8d40" fill-opacity="0.35" stroke="#2f6f33" stroke-width="1"'
LINE: Final = 'fill="none" stroke="#333333" stroke-width="1"'
_DASH: Final = 'fill="none" stroke="#333333" stroke-width="1" stroke-dasharray="4 3"'
_ROAD_M: Final = 6.0
"""Width of the road in the picture of a road slant."""


class Sheet:
    """A drawing with its own scale: x to the right, y up."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float], *, even: bool = False) -> None:
        self.x, self.y = x, y
        self.sx = (_SIZE[0] - 2 * _BORDER) / (x[1] - x[0])
        self.sy = (_SIZE[1] - 2 * _BORDER) / (y[1] - y[0])
        if even:
            self.sx = self.sy = min(self.sx, self.sy)
        self.parts: list[str] = []

    def at(self, x: float, y: float) -> str:
        """Place of a point on the paper."""
        left = _BORDER + (min(max(x, self.x[0]), self.x[1]) - self.x[0]) * self.sx
        top = _SIZE[1] - _BORDER - (min(max(y, self.y[0]), self.y[1]) - self.y[0]) * self.sy
        return f"{left:.1f},{top:.1f}"

    def area(self, points: ArrayLike, style: str = FORBIDDEN) -> None:
        """Fill a polygon."""
        path = " ".join(self.at(float(x), float(y)) for x, y in np.asarray(points, dtype=np.float64))
        self.parts.append(f'<polygon points="{path}" {style}/>')

    def line(self, points: Iterable[tuple[float, float]], style: str = LINE) -> None:
        """Draw a polyline."""
        self.parts.append(f'<polyline points="{" ".join(self.at(x, y) for x, y in points)}" {style}/>')

    def text(self, x: float, y: float, words: str) -> None:
        """Write a word to the upper right of a point."""
        left, top = (float(v) for v in self.at(x, y).split(","))
        self.parts.append(f'<text x="{left + 3:.1f}" y="{top - 3:.1f}" font-size="9" font-family="sans-serif" '
                          f'fill="#333333">{words}</text>')

    def svg(self, title: str) -> str:
        """Finish the drawing."""
        width, height = (f"{v:g}" for v in _SIZE)
        body = "\n".join(self.parts)
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
                f'viewBox="0 0 {width} {height}" role="img">\n<title>{title}</title>\n'
                f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n{body}\n</svg>\n')


def picture(rule: Rule) -> str:
    """Draw what a rule forbids (red) or leaves (blue).

    Examples
    --------
    >>> from zonebox_converters.zoning.rules import read_pack
    >>> from zonebox_converters.zoning.shipped import pack_path
    >>> picture(read_pack(pack_path("pack:de.mbo.example")).rules[0]).startswith("<svg")
    True
    """
    from zonebox_converters.zoning.demand_pictures import DRAWN

    return {**_DRAWN, **DRAWN}[rule.kind](rule).svg(rule.id)


def _section(rule: Rule) -> Sheet:
    """Distance into the lot to the right, height up."""
    profile = rule.terms.profile
    assert profile is not None, f"{rule.id}: drawn from its profile"
    top = 1.8 * max([h for h in profile.heights if h > 0] or [10.0])
    wide = 1.5 * float(profile.distance_at([top])[0]) or 10.0
    sheet = Sheet((-0.15 * wide, wide), (0.0, top))
    sheet.area(profile.section(0.0, top))
    _frame(sheet, wide, top)
    for h, s in profile.points:
        if h > 0.0:
            sheet.text(s, h, f"{h:g} m")
    return sheet


def _frame(sheet: Sheet, wide: float, top: float, depth: float = 0.0) -> None:
    """Ground, and the lot's edge."""
    sheet.line([(sheet.x[0], 0.0), (wide, 0.0)])
    sheet.line([(0.0, -depth), (0.0, top)], _DASH)
    sheet.text(0.0, -depth, "edge")


def _classes(rule: Rule) -> Sheet:
    """Envelope of each height class beside a road of the second width: one building lies inside one of them."""
    table = rule.terms.table
    assert table is not None, f"{rule.id}: drawn from its table"
    factors = [b for _, steps in table.multipliers for b, _ in steps[:3]]
    top = 1.5 * max(b for b in (*table.heights, *factors) if b < 1e3)
    width = table.road_widths[min(2, len(table.road_widths) - 1)]
    width = 30.0 if math.isinf(width) else 0.75 * width
    classes = table.classes(width, up_to=top)
    wide = 1.6 * max(s for _, s in classes)
    sheet = Sheet((-0.15 * wide, wide), (0.0, top))
    for height, distance in reversed(classes):
        sheet.area([(distance, 0.0), (wide, 0.0), (wide, height), (distance, height)], ALLOWED)
        sheet.text(distance, height, f"{height:g} m: {distance:g}")
    _frame(sheet, wide, top)
    return sheet


def _slant(rule: Rule) -> Sheet:
    slant = rule.terms.slant
    assert slant is not None, f"{rule.id}: drawn from its slant"
    before = _ROAD_M + slant.own_setback_m if rule.kind is Kind.ROAD_SLANT else 0.0
    reach = slant.applicable_m - before if math.isfinite(slant.applicable_m) else 16.0
    wide = reach * (1.3 if math.isfinite(slant.applicable_m) else 1.0)
    top = 1.2 * (slant.base_m + slant.slope * (before + reach))
    sheet = Sheet((-max(before, 2.0) - 1.0, wide), (0.0, top))

    def limit(d: float) -> float:
        return slant.base_m + slant.slope * (before + d)

    sheet.area([(0.0, limit(0.0)), (reach, limit(reach)), (reach, top), (0.0, top)])
    if before:
        sheet.line([(-before, 0.0), (0.0, limit(0.0))], _DASH)
        sheet.text(-before, 0.0, f"road {_ROAD_M:g} m")
    else:
        sheet.text(-2.0, 0.0, "north")
    _frame(sheet, wide, top)
    return sheet


def _underground(rule: Rule) -> Sheet:
    terms = rule.terms
    bottom = -terms.limit if terms.limit is not None and terms.limit < 0 else 10.0
    deep = 1.3 * bottom
    wide = 1.5 * (float(terms.profile.distance_at([deep])[0]) if terms.profile else 5.0)
    sheet = Sheet((-0.15 * wide, wide), (-deep, 0.2 * deep))
    if terms.profile is not None:
        sheet.area(terms.profile.section(0.0, deep) * [1.0, -1.0])
    if terms.limit is not None:
        sheet.area([(0.0, -deep), (wide, -deep), (wide, -bottom), (0.0, -bottom)])
        sheet.text(0.5 * wide, -bottom, f"{terms.limit:g} m")
    _frame(sheet, wide, 0.2 * deep, deep)
    return sheet


def _cap(rule: Rule) -> Sheet:
    terms = rule.terms
    assert terms.limit is not None, f"{rule.id}: drawn from its limit"
    storey = terms.storey_height_m or 0.0
    limit = terms.limit * (storey or 1.0)
    sheet = Sheet((0.0, 30.0), (0.0, 1.4 * limit))
    least = rule.kind is Kind.HEIGHT_MIN
    sheet.area([(6, 0), (24, 0), (24, limit), (6, limit)], _GREEN if least else ALLOWED)
    if not least:
        sheet.area([(6, limit), (24, limit), (24, 1.4 * limit), (6, 1.4 * limit)])
    for k in range(1, int(terms.limit) if storey else 1):
        sheet.line([(6, k * storey), (24, k * storey)])
    sheet.line([(0, 0), (30, 0)], _DASH if rule.kind is Kind.HEIGHT_ABSOLUTE else LINE)
    sheet.text(0, 0, "datum" if rule.kind is Kind.HEIGHT_ABSOLUTE else "")
    sheet.text(6, limit, f"{limit:g} m")
    return sheet


def _far(rule: Rule) -> Sheet:
    """Floors of half the lot, stacked: as many as the ratio admits, the last one in part."""
    ratio = rule.terms.limit or 0.0
    sheet = Sheet((-1.0, 12.0), (0.0, max(2.4 * ratio, 1.0)))
    sheet.line([(0, 0), (10, 0)])
    for k in range(math.ceil(ratio * 2)):
        share = min(1.0, ratio * 2 - k)
        sheet.area([(2.5, k), (2.5 + 5 * share, k), (2.5 + 5 * share, k + 0.9), (2.5, k + 0.9)], ALLOWED)
    sheet.text(0, 0, f"floors = {ratio:g} lots")
    return sheet


def _share(rule: Rule) -> Sheet:
    """Plan of a lot with the share that may be covered, or must be green."""
    share = rule.terms.limit or 0.0
    side = 10.0 * math.sqrt(share)
    sheet = Sheet((0.0, 10.0), (0.0, 10.0), even=True)
    sheet.line([(0, 0), (10, 0), (10, 10), (0, 10), (0, 0)])
    low = (10.0 - side) / 2
    sheet.area([(low, low), (low + side, low), (low + side, low + side), (low, low + side)],
               _GREEN if rule.kind in (Kind.GREEN, Kind.GREEN_MAX) else ALLOWED)
    sheet.text(low, low, f"{share:.0%}")
    return sheet


def _no_build(rule: Rule) -> Sheet:
    sheet = Sheet((0.0, 16.0), (0.0, 10.0), even=True)
    sheet.area([(1, 1), (15, 1), (15, 9), (1, 9)], ALLOWED)
    zone = LineString([(0, 9), (6, 7), (16, 9.5)]).buffer(2.0 + rule.terms.buffer_m, quad_segs=4)
    sheet.area(zone.exterior.coords)
    sheet.text(6, 6, "nothing here")
    return sheet


def _view(rule: Rule) -> Sheet:
    """Section along the line of sight: everything above it is kept clear."""
    surface = rule.terms.surface
    assert isinstance(surface, ViewCorridor), f"{rule.id}: drawn from its corridor"
    eye, target = np.mean(surface.eye, axis=0), np.mean(surface.target, axis=0)
    far, top = float(np.hypot(*(target - eye)[:2])), 1.5 * float(max(eye[2], target[2]))
    sheet = Sheet((0.0, far), (0.0, top))
    sheet.area([(0.0, eye[2]), (far, target[2]), (far, top), (0.0, top)])
    sheet.line([(0.0, 0.0), (far, 0.0)])
    sheet.text(0.0, float(eye[2]), "eye")
    sheet.line([(far, 0.0), (far, float(target[2]))])
    return sheet


def _obstacle(rule: Rule) -> Sheet:
    """Plan of the surfaces of a runway."""
    s = rule.terms.surface
    assert isinstance(s, ObstacleSurfaces), f"{rule.id}: drawn from its surfaces"
    assert s.basin is not None, f"{rule.id}: drawn from its basin"
    a, b = (np.array(p[:2]) for p in s.thresholds)
    runway = LineString([a, b])
    basin, approach = s.basin, s.basin.approach
    outer = basin.inner_horizontal_radius_m + basin.conical_height_m / basin.conical_slope
    length = approach.from_threshold_m + sum(part for part, _ in approach.sections)
    middle, reach = (a + b) / 2, length + float(np.linalg.norm(b - a)) / 2
    sheet = Sheet((middle[0] - reach, middle[0] + reach), (middle[1] - reach * 0.6, middle[1] + reach * 0.6), even=True)
    for radius in (outer, basin.inner_horizontal_radius_m):
        sheet.area(runway.buffer(radius, quad_segs=8).exterior.coords, ALLOWED)
    for end, other in ((a, b), (b, a)):
        out = (end - other) / np.linalg.norm(end - other)
        sheet.area(_approach(end, out, approach))
    sheet.line([(float(a[0]), float(a[1])), (float(b[0]), float(b[1]))])
    return sheet


def _approach(end: np.ndarray, out: np.ndarray, approach: Approach) -> np.ndarray:
    across = np.array([-out[1], out[0]])
    start = end + approach.from_threshold_m * out
    length = sum(part for part, _ in approach.sections)
    near = approach.inner_width_m / 2
    far = near + approach.divergence * length
    return np.array([start - near * across, start + length * out - far * across, start + length * out + far * across,
                     start + near * across])


def _fresnel(rule: Rule) -> Sheet:
    """Side view of the tube, 17.32 √(d1 d2 / (f D)) wide (domain A15)."""
    link = rule.terms.surface
    assert isinstance(link, FresnelLink), f"{rule.id}: drawn from its link"
    one, other = np.array(link.ends)
    span = float(np.hypot(*(other - one)[:2]))
    t = np.linspace(0.0, 1.0, 33)
    axis = one[2] + (other[2] - one[2]) * t
    d1 = span * t / 1000.0
    radius = link.share * 17.32 * np.sqrt(d1 * (d1[-1] - d1) / (link.frequency_ghz * d1[-1]))
    tube = np.concatenate([np.stack([span * t, axis + radius], 1), np.stack([span * t, axis - radius], 1)[::-1]])
    sheet = Sheet((0.0, span), (0.0, 1.4 * float(tube[:, 1].max())))
    sheet.area(tube)
    sheet.line([(0.0, 0.0), (span, 0.0)])
    sheet.line([(0.0, 0.0), (0.0, float(one[2]))])
    sheet.line([(span, 0.0), (span, float(other[2]))])
    return sheet


def _solar(rule: Rule) -> Sheet:
    """Section from the protected edge towards the sun, at the highest sun of the rule."""
    solar = rule.terms.surface
    assert isinstance(solar, SolarRule), f"{rule.id}: drawn from its hours"
    highest = max(altitude_azimuth(solar.latitude or 0.0, solar.declination, hour)[0] for hour in solar.hours)
    rise = math.tan(math.radians(highest))
    top = solar.fence_m + 30.0 * rise * 1.4
    sheet = Sheet((-4.0, 30.0), (0.0, top))
    sheet.area([(0.0, solar.fence_m), (30.0, solar.fence_m + 30.0 * rise), (30.0, top), (0.0, top)])
    _frame(sheet, 30.0, top)
    sheet.text(14.0, 14.0 * rise, f"sun {highest:.1f}°")
    return sheet


_EDGE_KINDS: Final[Sequence[Kind]] = (Kind.SETBACK, Kind.PROPORTIONAL, Kind.PROFILE, Kind.RECESSION)
_DRAWN: Final[dict[Kind, Callable[[Rule], Sheet]]] = {
    **dict.fromkeys(_EDGE_KINDS, _section), Kind.SETBACK_CLASS: _classes, Kind.ROAD_SLANT: _slant,
    Kind.NORTH_SLANT: _slant, Kind.UNDERGROUND: _underground, Kind.HEIGHT: _cap, Kind.HEIGHT_ABSOLUTE: _cap,
    Kind.HEIGHT_MIN: _cap, Kind.STOREYS: _cap, Kind.FAR: _far, Kind.COVERAGE: _share, Kind.GREEN: _share,
    Kind.NO_BUILD: _no_build, Kind.VIEW_CORRIDOR: _view, Kind.OBSTACLE: _obstacle, Kind.FRESNEL: _fresnel,
    Kind.SOLAR: _solar, Kind.FAR_MIN: _far, Kind.COVERAGE_MIN: _share, Kind.GREEN_MAX: _share,
}
