"""What a check looks at: one design on one parcel, cut off at the ground."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPoint, MultiPolygon, Polygon

from zonebox import tolerance
from zonebox.checks.soundness import Body, body_of
from zonebox.geometry import solids
from zonebox.geometry.soup import Soup
from zonebox.model import Building, Control, ControlEnvelope, Parcel, Scene, Storey

Shape: TypeAlias = Polygon | MultiPolygon

BASEMENT_M = 1.0
"""A storey whose floor lies further than this below the design ground does not count as above ground."""


SOUPS_KEPT: Final = 4
"""Of so many designs the triangles are kept apart; more would fill the memory."""


class Site:
    """A scene with its parcels, controls and envelopes by parcel number."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.parcels: Mapping[str, Parcel] = {p.id: p for p in reversed(scene.plan.parcels)}
        self.envelopes: Mapping[str, ControlEnvelope] = {e.parcel: e for e in reversed(scene.envelopes)}
        controls: dict[str, list[Control]] = {}
        for control in scene.plan.controls:
            controls.setdefault(control.parcel, []).append(control)
        self.controls: Mapping[str, tuple[Control, ...]] = {name: tuple(own) for name, own in controls.items()}
        self._bodies: dict[int, Body] = {}
        self._soups: dict[int, dict[float, Soup]] = {}
        self._outlines: dict[tuple[int, float], Shape | None] = {}
        self.storey_soups: dict[tuple[int, float | None], Any] = {}
        self.tops: dict[int, tuple[Soup, Any]] = {}         # by the id() of the soup, which is kept with its top

    def after(
        self, scene: Scene, *, controls: Mapping[str, tuple[Control, ...]] | None = None,
        envelopes: Mapping[str, ControlEnvelope] | None = None,
    ) -> Site:
        """Site of the same parcels and lines after a change, with what is known of designs that are still there.

        ``controls`` and ``envelopes`` of all parcels are read from the scene where they are not given.
        """
        if controls is None or envelopes is None:
            fresh = Site(scene)
            controls, envelopes = fresh.controls, fresh.envelopes
        there = {id(building) for building in (*scene.designs, *scene.context)}
        soups = {key: own for key, own in self._soups.items() if key in there}
        parts = {id(soup) for own in soups.values() for soup in own.values()}
        site = copy.copy(self)
        vars(site).update(
            scene=scene, controls=controls, envelopes=envelopes, _soups=soups,
            _bodies={key: body for key, body in self._bodies.items() if key in there},
            _outlines={key: shape for key, shape in self._outlines.items() if key[0] in there},
            storey_soups={key: own for key, own in self.storey_soups.items() if key[0] in there},
            tops={key: top for key, top in self.tops.items() if key in parts})
        return site

    def learn(self, design: Building, body: Body) -> None:
        """Take note of what a design fills, where that is known already."""
        self._bodies[id(design)] = body

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Parcels by place."""
        return shapely.STRtree([p.shape for p in self.scene.plan.parcels])

    @cached_property
    def line_tree(self) -> shapely.STRtree:
        """Typed lines of the plan by place."""
        return shapely.STRtree([line.shape for line in self.scene.plan.lines])

    def body(self, design: Building) -> Body:
        """Find what a design fills, worked out once."""
        if id(design) not in self._bodies:
            self._bodies[id(design)] = body_of(design.checked)
        return self._bodies[id(design)]

    def outline(self, design: Building, z: float) -> Shape | None:
        """Outline of a design at an elevation, worked out once; None where it cannot be told."""
        if (id(design), z) not in self._outlines:
            self._outlines[id(design), z] = outline_at(self.body(design), z)
        return self._outlines[id(design), z]

    def subject(self, design: Building) -> Subject | None:
        """Pair a design with its parcel; None where it stands on none."""
        parcel = self.parcel_of(design)
        if parcel is None:
            return None
        return self.subject_on(design, parcel)

    def parcel_of(self, design: Building) -> Parcel | None:
        """Find the parcel that a design claims, else the one that it covers most; None where it stands on none."""
        return self.parcels.get(design.parcel) if design.parcel else self._under(design)

    def subject_on(self, design: Building, parcel: Parcel) -> Subject:
        """Pair a design with a parcel, whichever it claims."""
        envelope = self.envelopes.get(parcel.id)
        soup = self.soup(design, -math.inf if envelope is None else envelope.ground_m)
        return Subject(design=design, parcel=parcel, controls=self.controls.get(parcel.id, ()), envelope=envelope,
                       soup=soup, site=self)

    def soup(self, design: Building, ground_m: float) -> Soup:
        """Take apart what of a design stands above a level; those of the last few designs are remembered."""
        known = self._soups.get(id(design))
        if known is None:
            while len(self._soups) >= SOUPS_KEPT:
                del self._soups[next(iter(self._soups))]
            known = self._soups[id(design)] = {-math.inf: Soup.of(design.mesh)}
        if ground_m not in known:
            known[ground_m] = known[-math.inf].above([0.0, 0.0, 1.0], ground_m)
        return known[ground_m]

    def _under(self, design: Building) -> Parcel | None:
        hull = MultiPoint(design.mesh.vertices[:, :2]).convex_hull
        parcels = self.scene.plan.parcels
        near = np.sort(self.tree.query(hull, predicate="intersects"))
        covered = [(float(parcels[k].shape.intersection(hull).area), parcels[k]) for k in near]
        area, parcel = max(covered, key=lambda pair: pair[0], default=(0.0, None))
        return parcel if area > 0.0 else None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Subject:
    """A design on its parcel.

    ``soup`` is everything of the design above the design ground; ``envelope`` is None where no ground is known.
    """

    design: Building
    parcel: Parcel
    controls: tuple[Control, ...]
    envelope: ControlEnvelope | None
    soup: Soup
    site: Site = field(repr=False)

    @property
    def ground_m(self) -> float | None:
        """Elevation of the ground that heights count from."""
        return None if self.envelope is None else self.envelope.ground_m

    @property
    def body(self) -> Body:
        """What the design fills."""
        return self.site.body(self.design)

    @property
    def active(self) -> tuple[Control, ...]:
        """Controls that no other one replaces."""
        return tuple(c for c in self.controls if not c.superseded_by)

    def finding_id(self, *parts: str) -> str:
        """Stable id: design, then what is checked."""
        return "/".join((self.design.id, *parts))

    def elements_of(self, triangles: Iterable[int] | NDArray[np.intp]) -> tuple[str, ...]:
        """Ids of the elements that triangles belong to, sorted, each once."""
        numbers = np.unique(self.design.triangle_element[np.fromiter(triangles, dtype=np.intp)])
        return tuple(sorted({self.design.elements[int(n)].id for n in numbers}))

    def storey_at(self, z: float) -> str:
        """Name of the storey in which an elevation lies; "" below the first."""
        below = [s for s in self.design.storeys if s.elevation_m <= z + tolerance.SNAP_M]
        return max(below, key=lambda s: s.elevation_m).name if below else ""

    def storeys_above_ground(self) -> tuple[Storey, ...]:
        """Storeys whose floor lies at most a metre below the ground; lower ones are basements (domain A3)."""
        if self.ground_m is None:
            return self.design.storeys
        return tuple(s for s in self.design.storeys if s.elevation_m > self.ground_m - BASEMENT_M)

    def section(self, z: float) -> Shape | None:
        """Outline of the design at an elevation, inner rings kept.

        From the solid where there is one or one could be mended; else from the closed lines that a cut through the
        triangles leaves; None where those do not close.
        """
        return self.site.outline(self.design, z)


def subject_of(scene: Scene, design: Building) -> Subject | None:
    """Pair a design with its parcel; None where it stands on none. For many designs keep a `Site`."""
    return Site(scene).subject(design)


def outline_at(body: Body, z: float) -> Shape | None:
    """Outline of a body at an elevation; None where it cannot be told."""
    if body.solid is not None:
        return polygons_of(solids.outlines(body.solid, z))
    return _closed_lines(Soup.of(body.mesh), z)


def _closed_lines(soup: Soup, z: float) -> Shape | None:
    """Area inside the closed lines in which a level plane cuts triangles; None where a line stays open."""
    corners = soup.corners
    over = corners[:, :, 2] - z
    over[np.abs(over) < tolerance.SPLIT_M] = tolerance.SPLIT_M
    cut = (over.min(1) < 0.0) & (over.max(1) > 0.0)
    if not cut.any():
        return Polygon()
    corners, over = corners[cut], over[cut]
    lone = np.where((over > 0.0).sum(1) == 1, (over > 0.0).argmax(1), (over < 0.0).argmax(1))
    rows = np.arange(len(corners))
    ends = []
    for step in (1, 2):
        other = (lone + step) % 3
        share = over[rows, lone] / (over[rows, lone] - over[rows, other])
        ends.append(corners[rows, lone] + share[:, None] * (corners[rows, other] - corners[rows, lone]))
    segments = shapely.linestrings(np.stack(ends, axis=1)[:, :, :2])
    noded = shapely.unary_union(shapely.set_precision(segments, tolerance.SNAP_M))
    polygons, _, dangles, _ = shapely.polygonize_full([noded])
    if shapely.length(dangles) > tolerance.PLAN_M:
        return None
    return shapely.union_all(shapely.get_parts(polygons))


def polygons_of(rings: Iterable[NDArray[np.float64]]) -> Shape:
    """Assemble section rings (shells counter-clockwise, holes clockwise) into polygons."""
    known = [ring for ring in rings if len(ring) > 2]
    if not known:
        return Polygon()
    which = np.repeat(np.arange(len(known)), [len(ring) for ring in known])
    lines = shapely.linearrings(np.concatenate(known), indices=which)
    areas, shell = shapely.buffer(shapely.polygons(lines), 0.0), shapely.is_ccw(lines)
    return shapely.difference(shapely.union_all(areas[shell]), shapely.union_all(areas[~shell]))


def top_view(soup: Soup) -> Shape:
    """Plan projection of a soup: the union of its triangles seen from above."""
    flat = soup.corners[:, :, :2]
    u, v = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    area = np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
    triangles = shapely.polygons(flat[area > tolerance.SNAP_M**2])
    return shapely.union_all(triangles, grid_size=tolerance.SNAP_M) if len(triangles) else Polygon()


def section(design: Building, z: float) -> Shape | None:
    """Outline of a design's solid at an elevation; None where it has none. Checks ask `Subject.section`."""
    return None if design.solid is None else polygons_of(solids.outlines(solids.solid_of(design.solid), z))
