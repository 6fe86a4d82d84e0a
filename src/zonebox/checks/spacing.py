"""Distance between buildings: fire, least distance and sunlight, wall against facing wall, layer by layer.

Domain A8, D6, F26.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from zonebox import tolerance
from zonebox.checks.cures import enough
from zonebox.checks.findings import measured, not_checked
from zonebox.checks.gates import footprint_of
from zonebox.checks.houses import House, Layer, layers_of
from zonebox.checks.sentences import Said, plain, say, together
from zonebox.checks.subject import Shape, Subject, top_view
from zonebox.geometry.soup import Soup
from zonebox.model import Building, Control, Cure, Finding, Kind, Spacing, Where

WALL_M: Final = 0.5
"""A side of an outline shorter than this is no wall that faces another."""

OVERLAP_M: Final = 0.05
"""Walls that lie side by side for less than this do not face each other."""

SHADE_DEG: Final = 89.0
"""A wall turned less than this from south can lose sun to a building before it."""

TOUCHING_M: Final = 0.01
"""Buildings that touch are one building."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two buildings against each other: what there is, what is required and why, and both ends of the distance."""

    distance_m: float
    required_m: float
    governs: Said
    facing: bool
    here: tuple[float, float]
    there: tuple[float, float]
    level_m: float
    """Elevation up to which both stand."""

    @property
    def lacking_m(self) -> float:
        """What is missing."""
        return self.required_m - self.distance_m


def check_spacing(subject: Subject) -> Iterator[Finding]:
    """Check every spacing control of the parcel against every other building near enough to matter."""
    for control in subject.active:
        if control.kind is Kind.SPACING and isinstance(control.demand, Spacing):
            yield from _check(subject, control, control.demand)


def _check(subject: Subject, control: Control, rule: Spacing) -> Iterator[Finding]:
    if subject.ground_m is None or not len(subject.soup):
        yield not_checked(subject, control, check="spacing", unit="m",
                          reason=say("ground_unknown" if subject.ground_m is None else "no_geometry"))
        return
    own = _design(subject)
    convergence = subject.site.scene.frame.convergence_deg(np.array(own.outline.centroid.coords[0]))
    any_near = False
    for other in _others(subject, own, rule):
        pair = between(own, other, rule, convergence_deg=convergence)
        if pair is None:
            continue
        any_near = True
        yield _finding(subject, control, rule, own, other, pair, convergence)
    if not any_near:
        yield not_checked(subject, control, check="spacing", unit="m", reason=say("spacing_none"))


def _others(subject: Subject, own: House, rule: Spacing) -> Iterator[House]:
    """Other designs of the same variant, and what stands there already, within reach of any term."""
    scene, design = subject.site.scene, subject.design
    for other in (*scene.designs, *scene.context):
        if other is design or not len(other.mesh) or (
                other.variant and design.variant and other.variant != design.variant):
            continue
        low, high = other.mesh.bounds
        reach = reach_m(rule, max(own.top_m, float(high[2])) - min(own.ground_m, float(low[2])))
        if shapely.box(low[0], low[1], high[0], high[1]).distance(own.whole) <= reach:
            yield _house(subject, other)


def reach_m(rule: Spacing, height: float) -> float:
    """Distance beyond which no term can demand anything."""
    factor = max((f for _, f in rule.azimuth), default=1.0)
    fire = max((d for row in rule.fire_m or () for d in row), default=0.0)
    return max(rule.least_m, fire, rule.coefficient * height * factor) + 1.0


def _house(subject: Subject, other: Building) -> House:
    """Outline, ground and top of another building; a design stands on its parcel's ground, context on its own foot."""
    site = subject.site
    neighbour = site.subject(other) if other.parcel else None
    if neighbour is not None and neighbour.ground_m is not None and len(neighbour.soup):
        return _design(neighbour)
    ground = float(other.mesh.bounds[0, 2]) if other.ground_m is None else other.ground_m
    outline = top_view(Soup.of(other.mesh))
    return House(id=other.id, outline=outline, ground_m=ground, top_m=float(other.mesh.bounds[1, 2]),
                 layers=layers_of(other.mesh.vertices[:, 2], ground, lambda z: site.outline(other, z),
                                  shapely.Polygon()))


def _design(subject: Subject) -> House:
    """See a design on its parcel as a house."""
    assert subject.ground_m is not None
    outline, heights = footprint_of(subject), subject.soup.corners[:, :, 2].ravel()
    return House(id=subject.design.id, outline=outline, ground_m=subject.ground_m, top_m=float(heights.max()),
                 layers=layers_of(heights, subject.ground_m, subject.section, outline))


def between(one: House, other: House, rule: Spacing, *, convergence_deg: float = 0.0) -> Pair | None:
    """Hold two buildings against a spacing rule; None where they are one building.

    The distance is measured perpendicular to the wall that needs the sun, between walls that face each other; where
    none do, it is the least distance. The building to the south of a wall shades it: k · H_eff · f, H_eff from the
    ground before the shaded wall, or the roof that it stands on, to the top of the other building, less the sill. All
    of this holds for every layer of the one against every layer of the other.
    """
    if float(one.whole.distance(other.whole)) < TOUCHING_M:
        return None
    found: list[Pair] = []
    for mine in one.tiers:
        for theirs in other.tiers:
            line = shapely.get_coordinates(shapely.shortest_line(mine.outline, theirs.outline))
            fire = rule.fire_between(mine.top_m - one.ground_m, theirs.top_m - other.ground_m)
            near = Pair(distance_m=float(mine.outline.distance(theirs.outline)), facing=False, here=_xy(line[0]),
                        there=_xy(line[1]), required_m=max(rule.least_m, fire), level_m=min(mine.top_m, theirs.top_m),
                        governs=say("spacing.fire" if fire > rule.least_m else "spacing.least"))
            found += [near, *_facing(mine, theirs, rule, near, convergence_deg),
                      *(_turned(p) for p in _facing(theirs, mine, rule, near, convergence_deg))]
    return max(found, key=lambda p: (p.lacking_m, p.facing))


def _turned(pair: Pair) -> Pair:
    return replace(pair, here=pair.there, there=pair.here)


def _facing(lit: Layer, other: Layer, rule: Spacing, near: Pair, convergence_deg: float) -> Iterator[Pair]:
    """Walls of a building that another one stands before: the distances across, and the sun they need."""
    a0, a1 = _walls(lit.outline)
    b0, b1 = _walls(other.outline)
    if not len(a0) or not len(b0):
        return
    ta, tb = (_units(a1 - a0), _units(b1 - b0))
    na, nb = (np.stack([t[:, 1], -t[:, 0]], axis=1) for t in (ta, tb))      # outward of counter-clockwise rings
    opposite = -(na @ nb.T) > math.cos(math.radians(rule.facing_deg)) - 1e-12
    along = [np.einsum("abi,ai->ab", b[None] - a0[:, None], ta) for b in (b0, b1)]
    across = [np.einsum("abi,ai->ab", b[None] - a0[:, None], na) for b in (b0, b1)]
    low = np.maximum(np.minimum(along[0], along[1]), 0.0)
    high = np.minimum(np.maximum(along[0], along[1]), np.linalg.norm(a1 - a0, axis=1)[:, None])
    ok = opposite & (high - low > OVERLAP_M)
    run = along[1] - along[0]
    slope = np.divide(across[1] - across[0], run, out=np.zeros_like(run), where=np.abs(run) > 1e-12)
    at_low, at_high = (across[0] + slope * (at - along[0]) for at in (low, high))
    distance = np.minimum(at_low, at_high)
    ok &= distance > 0.0
    bearing = (np.degrees(np.arctan2(na[:, 0], na[:, 1])) + convergence_deg) % 360.0
    turn = np.abs((bearing - 180.0 + 180.0) % 360.0 - 180.0)
    for k in np.flatnonzero(ok.any(1)):
        j = int(np.where(ok[k], distance[k], np.inf).argmin())
        place = float(low[k, j] if at_low[k, j] <= at_high[k, j] else high[k, j])
        here, there = a0[k] + place * ta[k], a0[k] + place * ta[k] + distance[k, j] * na[k]
        need, governs = near.required_m, near.governs
        height = other.top_m - lit.base_m - rule.sill_m
        factor = rule.factor(float(turn[k]))
        sun = rule.coefficient * height * factor if turn[k] < SHADE_DEG else 0.0
        if sun > need:
            need, governs = sun, say("spacing.sun", k=rule.coefficient, height=height, factor=factor)
        yield Pair(distance_m=float(distance[k, j]), required_m=need, governs=governs, facing=True, here=_xy(here),
                   there=_xy(there), level_m=near.level_m)


def _walls(outline: Shape) -> tuple[Floats, Floats]:
    """Start and end (n, 2) of the outer walls of an outline, counter-clockwise, joined where they run on."""
    starts, ends = [], []
    for part in shapely.get_parts(outline):
        if part.geom_type != "Polygon" or part.is_empty:
            continue
        ring = shapely.orient_polygons(Polygon(part.exterior).simplify(tolerance.SNAP_M)).exterior
        xy = np.asarray(ring.coords)
        long = np.linalg.norm(np.diff(xy, axis=0), axis=1) >= WALL_M
        starts.append(xy[:-1][long])
        ends.append(xy[1:][long])
    none = np.zeros((0, 2))
    return np.concatenate([none, *starts]), np.concatenate([none, *ends])


def _units(v: Floats) -> Floats:
    return np.asarray(v / np.linalg.norm(v, axis=1, keepdims=True))


def _xy(p: Floats) -> tuple[float, float]:
    return float(p[0]), float(p[1])


def _finding(
    subject: Subject, control: Control, rule: Spacing, own: House, other: House, pair: Pair, convergence: float
) -> Finding:
    z = pair.level_m
    key = "spacing" if pair.facing else "spacing_near"
    return measured(
        subject, control, check="spacing", value=pair.distance_m, limit=pair.required_m, margin=-pair.lacking_m,
        tol=tolerance.PLAN_M, unit="m", suffix=other.id,
        reason=together(say(key, other=plain(other.id)), pair.governs),
        where=Where(point=(*pair.here, z), foot=(*pair.there, z), storey=subject.storey_at(z)),
        elements=subject.elements_of(subject.soup.origin),
        cure=_apart(rule, own, other, pair, convergence) if pair.lacking_m > 0.0 else None)


def _apart(rule: Spacing, own: House, other: House, pair: Pair, convergence: float) -> Cure | None:
    """Find how far to move away from the other building, straight along the distance."""
    away = np.subtract(pair.here, pair.there)
    length = float(np.hypot(*away))
    if length <= 0.0:
        return None
    way = away / length

    def lacking(by: float) -> float:
        found = between(own.moved(by * way[0], by * way[1]), other, rule, convergence_deg=convergence)
        return math.inf if found is None else found.lacking_m

    amount = enough(pair.lacking_m, lacking)
    return None if amount is None else Cure(action="move", amount=amount, unit="m",
                                            direction=(float(way[0]), float(way[1])))
