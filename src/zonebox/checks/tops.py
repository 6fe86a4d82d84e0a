"""The top of a design that counts towards its height, in every measuring mode (domain A5, D1).

``highest``
    The highest point of anything (GB 55031-2022 §3.2.4, §3.2.5).
``parapet``
    The top of the parapet or eave of the main roof, which the storeys tell; plant on it that covers at most a quarter
    of the roof is left out (§3.2.1, §3.2.6).
``quarter_rule``
    The same without semantics: the lowest level above which at most a quarter of the roof rises.
``eave``, ``ridge``, ``mean_eave_ridge``
    Lowest and highest edge of the slopes, and their mean; of several roofs the one that gives most (§3.2.2, §3.2.3,
    GB 50352-2019 §4.5.2). Without slopes, the flat roof.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.checks.sentences import Said, say
from zonebox.checks.subject import SOUPS_KEPT, Shape, Subject, top_view
from zonebox.geometry import solids
from zonebox.geometry.mesh import Mesh, components, triangle_normals, welded
from zonebox.geometry.soup import Soup

MEASURES: Final = ("parapet", "highest", "eave", "ridge", "mean_eave_ridge", "quarter_rule")

PARAPET_BAND_M: Final = 1.0
"""What stands this near to the roof's outline belongs to its parapet or eave, not to the plant on it."""

PLANT_SHARE: Final = 0.25
"""Roof plant up to this share of the roof area does not count (GB 55031-2022 §3.2.6; domain A5, F32)."""

FLAT_DEG: Final = 5.0
STEEP_DEG: Final = 80.0
"""Up to the first slope a roof drains and is flat; beyond the second a face is a wall."""

SLOPE_SHARE: Final = 0.10
"""Slopes that together cover less than this share of the plan are dormers, sills and ramps."""

LEVELS_EXACT: Final = 4_000
"""More triangles than this above a level are measured on a grid of places instead of being united exactly."""

GRID: Final = 256

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Top:
    """The top that counts: its elevation, where it is, how it was chosen, and its uncertainty where it has one."""

    z: float
    point: tuple[float, float, float]
    how: Said
    u95_m: float | None = None


def top_of(subject: Subject, measure: str) -> Top:
    """Find the top that counts in a measuring mode; the design must have geometry above ground."""
    if measure == "highest":
        return highest_point(subject)
    if measure == "quarter_rule":
        return quarter_top(subject)
    if measure in ("eave", "ridge", "mean_eave_ridge"):
        return sloped_top(subject, measure)
    return parapet_top(subject)


def highest_point(subject: Subject, how: Said | None = None) -> Top:
    """Find the highest point of anything (GB 55031-2022 §3.2.4, §3.2.5)."""
    corners = subject.soup.corners.reshape(-1, 3)
    x, y, z = (float(v) for v in corners[corners[:, 2].argmax()])
    return Top(z=z, point=(x, y, z), how=say("top.highest") if how is None else how)


def parapet_top(subject: Subject) -> Top:
    """Find the top of the parapet or eave; roof plant of up to a quarter of the roof is left out.

    The roof is the outline just below the roof level, which the storeys give; without storeys or without an outline
    nothing can be told apart and the highest point counts, which is on the strict side. Several rules ask for it; it
    is found once a design on its ground.
    """
    known = subject.site.tops
    if id(subject.soup) not in known:
        while len(known) >= SOUPS_KEPT:
            del known[next(iter(known))]
        known[id(subject.soup)] = subject.soup, _parapet_top(subject)
    found: Top = known[id(subject.soup)][1]
    return found


def _parapet_top(subject: Subject) -> Top:
    roof_level = _roof_level(subject)
    if roof_level is None:
        return highest_point(subject, say("top.no_storeys"))
    roof = subject.section(roof_level - 0.5)
    if roof is None or roof.is_empty:
        return highest_point(subject, say("top.no_outline"))
    corners = subject.soup.corners.reshape(-1, 3)
    corners = corners[corners[:, 2] > roof_level - PARAPET_BAND_M]
    rim = _rim_top(corners, roof)
    if rim is None:
        return highest_point(subject)
    x, y, z = rim
    plant = subject.soup.above([0.0, 0.0, 1.0], z + tolerance.SNAP_M)
    if not len(plant):
        return Top(z=z, point=(x, y, z), how=say("top.parapet"))
    share = top_view(plant).area / roof.area
    if share > PLANT_SHARE:
        return highest_point(subject, say("top.plant_counts", share=share))
    return Top(z=z, point=(x, y, z), how=say("top.plant_left_out", share=share))


def _rim_top(corners: Floats, roof: Shape) -> tuple[float, float, float] | None:
    """Highest of some corners (n, 3) near the outline of a roof, of several the westernmost; None where none is."""
    outline = roof.boundary
    shapely.prepare(outline)
    highest = corners[:, 2] == corners[:, 2].max(initial=-np.inf)
    for chosen in (corners[highest], corners[~highest]):    # most roofs are decided by their highest corners
        places = np.unique(chosen[:, 0] + 1j * chosen[:, 1])
        near = places[shapely.dwithin(outline, shapely.points(places.real, places.imag), PARAPET_BAND_M)]
        rim = chosen[np.isin(chosen[:, 0] + 1j * chosen[:, 1], near)]
        if len(rim):
            x, y, z = (float(v) for v in rim[np.lexsort((rim[:, 1], rim[:, 0], -rim[:, 2]))[0]])
            return x, y, z
    return None


def _roof_level(subject: Subject) -> float | None:
    """Elevation of the main roof: the top of the highest storey that holds floor area."""
    floors = [s for s in subject.storeys_above_ground() if s.areas and s.height_m is not None]
    if not floors:
        return None
    last = max(floors, key=lambda s: s.elevation_m)
    assert last.height_m is not None
    return last.elevation_m + last.height_m


def quarter_top(subject: Subject) -> Top:
    """Find the lowest level above which at most a quarter of the roof rises: inf {z : A(roof above z) ≤ A(roof)/4}.

    The roof is the plan of the design above ground. The area above a level jumps where a flat roof lies and shrinks
    along slopes; the level is searched first among the heights of corners, then between two of them.
    """
    highest = highest_point(subject)
    area = _AreaAbove(subject.soup)
    whole = area(-math.inf)
    allowed = PLANT_SHARE * whole * (1.0 + 1e-9)
    levels = np.unique(np.round(subject.soup.corners[:, :, 2].ravel(), 6))
    low, high = 0, len(levels) - 1                      # above the highest corner there is nothing
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if area(float(levels[middle])) <= allowed else (middle + 1, high)
    z = float(levels[low])
    below = float(levels[low - 1]) if low > 0 else z
    while z - below > 1e-7:
        halfway = (below + z) / 2.0
        below, z = (below, halfway) if area(halfway) <= allowed else (halfway, z)
    corners = subject.soup.corners.reshape(-1, 3)
    x, y, _ = (float(v) for v in corners[np.abs(corners[:, 2] - z).argmin()])
    share = area(z) / max(whole, tolerance.SNAP_M**2)
    return Top(z=z, point=(x, y, z), u95_m=None if area.exact else tolerance.HEIGHT_M,
               how=say("top.quarter", share=share, highest=highest.z))


class _AreaAbove:
    """Plan area of what rises above a level: exact for few triangles, on a grid of places for many."""

    def __init__(self, soup: Soup) -> None:
        self.lying = soup.where(np.abs(triangle_normals(soup.corners)[:, 2]) > tolerance.SNAP_M**2)
        self.exact = len(self.lying) <= LEVELS_EXACT
        self.heights, self.cell = (np.zeros(0), 0.0) if self.exact else _seen_heights(self.lying.corners)

    def __call__(self, level: float) -> float:
        if not self.exact:
            return float((self.heights > level + tolerance.SPLIT_M).sum()) * self.cell
        over = self.lying if level == -math.inf else self.lying.above([0.0, 0.0, 1.0], level + tolerance.SPLIT_M)
        return float(shapely.union_all(shapely.polygons(over.corners[:, :, :2])).area)


def _seen_heights(corners: Floats) -> tuple[Floats, float]:
    """Heights of the highest triangles over the places of a grid, where there are any; and the area of its cells."""
    low, high = corners[:, :, :2].min((0, 1)), corners[:, :, :2].max((0, 1))
    size = (high - low) / GRID
    first = np.clip(np.ceil((corners[:, :, :2].min(1) - low) / size - 0.5), 0, GRID).astype(np.int64)
    last = np.clip(np.floor((corners[:, :, :2].max(1) - low) / size - 0.5), -1, GRID - 1).astype(np.int64)
    span = np.maximum(last - first + 1, 0)
    count = span.prod(1)
    owner = np.repeat(np.arange(len(corners)), count)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    cells = first[owner] + np.stack([within // span[owner, 1], within % span[owner, 1]], axis=1)
    a, u, v = corners[owner, 0], corners[owner, 1] - corners[owner, 0], corners[owner, 2] - corners[owner, 0]
    offset = low + (cells + 0.5) * size - a[:, :2]
    doubled = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    one = (offset[:, 0] * v[:, 1] - offset[:, 1] * v[:, 0]) / doubled
    two = (u[:, 0] * offset[:, 1] - u[:, 1] * offset[:, 0]) / doubled
    hit = (one >= 0.0) & (two >= 0.0) & (one + two <= 1.0)
    heights = np.full(GRID * GRID, -np.inf)
    np.maximum.at(heights, cells[hit, 0] * GRID + cells[hit, 1],
                  a[hit, 2] + one[hit] * u[hit, 2] + two[hit] * v[hit, 2])
    return heights[np.isfinite(heights)], float(size.prod())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Roof:
    """Eave and ridge of one roof, and where they are."""

    eave: tuple[float, float, float]
    ridge: tuple[float, float, float]

    def z(self, measure: str) -> float:
        """Height of a roof in a measuring mode."""
        return {"eave": self.eave[2], "ridge": self.ridge[2]}.get(measure, (self.eave[2] + self.ridge[2]) / 2.0)


def sloped_top(subject: Subject, measure: str) -> Top:
    """Find eaves, ridge or their mean; of several roofs the one that gives most (GB 55031-2022 §3.2.3)."""
    roofs = _roofs(subject)
    if not roofs:
        top = parapet_top(subject)
        return Top(z=top.z, point=top.point, how=say("top.flat"))
    worst = max(roofs, key=lambda r: (r.z(measure), r.ridge, r.eave))
    z = worst.z(measure)
    x, y, _ = worst.eave if measure == "eave" else worst.ridge
    key = {"eave": "top.eave", "ridge": "top.ridge"}.get(measure, "top.mean")
    return Top(z=z, point=(x, y, z), how=say(key, eave=worst.eave[2], ridge=worst.ridge[2]))


def _roofs(subject: Subject) -> list[_Roof]:
    """Roofs with slopes, and flat roofs beside them that are no mere plant; none where nothing slopes."""
    measured = subject.design.roof
    highest = highest_point(subject)
    if measured is not None and measured.eave_m is not None and measured.ridge_m is not None and abs(
            measured.top_m - highest.z) <= tolerance.HEIGHT_M:
        x, y, _ = highest.point
        return [_Roof(eave=(x, y, measured.eave_m), ridge=(x, y, measured.ridge_m))]
    body = subject.body
    mesh = welded(body.mesh if body.solid is None else solids.mesh_of(body.solid))
    if not len(mesh):
        return []
    normals = triangle_normals(mesh.corners)
    length = np.maximum(np.linalg.norm(normals, axis=1), np.finfo(float).tiny)
    lean = normals[:, 2] / length
    if body.solid is None:
        lean = np.abs(lean)                             # which side is up is known of solids only
    plan = lean * length / 2.0
    above = mesh.corners[:, :, 2].max(1) > (-np.inf if subject.ground_m is None else subject.ground_m + 1e-3)
    flat = (lean >= math.cos(math.radians(FLAT_DEG))) & above
    pitched = (lean > math.cos(math.radians(STEEP_DEG))) & above & ~flat
    whole = float(plan[pitched | flat].sum())
    if plan[pitched].sum() < SLOPE_SHARE * whole:
        return []
    roofs = [_Roof(eave=_corner(c, lowest=True), ridge=_corner(c, lowest=False))
             for c in _groups(mesh, plan, pitched, SLOPE_SHARE * whole)]
    if body.solid is not None:
        tops = [_corner(c, lowest=False) for c in _groups(mesh, plan, flat, PLANT_SHARE * whole)]
        roofs += [_Roof(eave=top, ridge=top) for top in tops]
    return roofs


def _groups(mesh: Mesh, plan: Floats, chosen: NDArray[np.bool_], least: float) -> list[Floats]:
    """Corners of each connected group of some triangles that covers enough of the plan."""
    if not chosen.any():
        return []
    labels = components(mesh.part(chosen))
    corners, sums = mesh.corners[chosen], np.bincount(labels, weights=plan[chosen])
    return [corners[labels == k].reshape(-1, 3) for k in np.flatnonzero(sums >= least)]


def _corner(corners: Floats, *, lowest: bool) -> tuple[float, float, float]:
    z = corners[:, 2]
    x, y, h = (float(v) for v in corners[z.argmin() if lowest else z.argmax()])
    return x, y, h
