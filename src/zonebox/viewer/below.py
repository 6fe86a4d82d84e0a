"""A building opened above a storey: its bodies, its envelope and its red parts end there, everything else stays whole.

The planes by which a renderer cuts know no building, so that one would cut the neighbours on lower ground too; the
triangles themselves are cut instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.geometry.mesh import Mesh
from zonebox.model import Building, Report, Scene
from zonebox.viewer.drawable import Layer, Lines, Surface

OPENED: Final = ("design", "envelopes", "findings")
"""Layers that end at the level; the ground and what stands around stay whole."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Below:
    """What is cut, and at which level.

    Parameters
    ----------
    top_m : float
        Elevation in the frame.
    designs : tuple of str
        Designs that end there.
    subjects : frozenset of str
        Parcels and findings that do, as surfaces name them.
    region : shapely geometry
        Where they stand, for lines, which have no names.
    """

    top_m: float
    designs: tuple[str, ...]
    subjects: frozenset[str]
    region: shapely.Geometry

    def of(self, layer: Layer) -> Layer:
        """Return what is left of a layer."""
        if layer.name not in OPENED:
            return layer
        surfaces = tuple(s for s in map(self._surface, layer.surfaces) if len(s.mesh))
        return replace(layer, surfaces=surfaces, lines=tuple(s for s in map(self._lines, layer.lines)
                                                             if len(s.segments)))

    def hides(self, point: tuple[float, float, float]) -> bool:
        """Tell whether a point is in what is cut away."""
        return point[2] > self.top_m and bool(shapely.intersects_xy(self.region, point[0], point[1]))

    def _surface(self, surface: Surface) -> Surface:
        if not surface.subjects:
            return surface
        chosen = np.array([name in self.subjects or name.startswith(tuple(f"element:{d}/" for d in self.designs))
                           for name in surface.subjects])[surface.triangle_subject]
        chosen &= surface.mesh.corners[:, :, 2].max(1) > self.top_m
        if not chosen.any():
            return surface
        soup, owner = ended(surface.mesh.corners[chosen], self.top_m)
        whole = surface.mesh.corners[~chosen]
        number = np.concatenate([np.flatnonzero(~chosen), np.flatnonzero(chosen)[owner]])
        corners = np.concatenate([whole, soup])
        return replace(surface, mesh=Mesh(vertices=corners.reshape(-1, 3),
                                          triangles=np.arange(3 * len(corners), dtype=np.int32).reshape(-1, 3)),
                       colors=surface.colors[number], triangle_subject=surface.triangle_subject[number])

    def _lines(self, lines: Lines) -> Lines:
        ends = lines.segments
        middle = ends.mean(1)
        chosen = (ends[:, :, 2].max(1) > self.top_m) & shapely.intersects_xy(self.region, middle[:, 0], middle[:, 1])
        keep = ~chosen | (ends[:, :, 2].min(1) < self.top_m)
        ends, chosen = ends[keep].copy(), chosen[keep]
        low = ends[:, :, 2].argmin(1)
        rows = np.flatnonzero(chosen)
        foot, head = ends[rows, low[rows]], ends[rows, 1 - low[rows]]
        share = (self.top_m - foot[:, 2]) / (head[:, 2] - foot[:, 2])
        ends[rows, 1 - low[rows]] = foot + (head - foot) * share[:, None]
        return replace(lines, segments=ends, colors=lines.colors[keep])


def below(scene: Scene, report: Report | None, design: Building, top_m: float) -> Below:
    """Open a design at a level, with the others on its parcel and with its parcel's envelope."""
    findings = () if report is None else report.findings
    parcel = design.parcel or next((f.parcel for f in findings if f.design == design.id), "")
    homes = {f.design: f.parcel for f in findings if f.design}
    chosen = [d for d in scene.designs if d.id == design.id or (
        parcel and (d.parcel or homes.get(d.id, "")) == parcel)]
    ids = tuple(d.id for d in chosen)
    names = {f"finding:{f.id}" for f in findings if f.design in ids or (not f.design and f.parcel == parcel)}
    lot = scene.plan.parcel(parcel)
    return Below(top_m=top_m, designs=ids, subjects=frozenset(names | {f"parcel:{parcel}"}),
                 region=_region(chosen, [lot.shape] if lot is not None else []))


def _region(chosen: Iterable[Building], lots: list[shapely.Geometry]) -> shapely.Geometry:
    hulls = [shapely.convex_hull(shapely.multipoints(d.mesh.vertices[:, :2])) for d in chosen if len(d.mesh)]
    region = shapely.union_all([*hulls, *lots]).buffer(0.01)
    shapely.prepare(region)
    return region


def ended(corners: NDArray[np.float64], top_m: float) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Cut triangles (n, 3, 3) at a level; return what lies below (k, 3, 3), and which triangle each piece is of (k,).

    >>> pieces, owner = ended(np.array([[[0.0, 0, 0], [1, 0, 0], [0, 0, 2]]]), 1.0)
    >>> float(np.linalg.norm(np.cross(pieces[:, 1] - pieces[:, 0], pieces[:, 2] - pieces[:, 0]), axis=1).sum() / 2)
    0.75
    """
    side = top_m - corners[:, :, 2]
    inside = side >= 0.0
    count = inside.sum(1)
    pieces, owners = [corners[count == 3]], [np.flatnonzero(count == 3)]
    for kept, lone in ((1, inside), (2, ~inside)):
        rows = np.flatnonzero(count == kept)
        turn = (lone[rows].argmax(1)[:, None] + np.arange(3)) % 3               # the corner that is alone comes first
        corner = np.take_along_axis(corners[rows], turn[:, :, None], 1)
        d = np.take_along_axis(side[rows], turn, 1)
        one = corner[:, 0] + (corner[:, 1] - corner[:, 0]) * (d[:, 0] / (d[:, 0] - d[:, 1]))[:, None]
        two = corner[:, 0] + (corner[:, 2] - corner[:, 0]) * (d[:, 0] / (d[:, 0] - d[:, 2]))[:, None]
        made = [(corner[:, 0], one, two)]
        if kept == 2:
            made = [(one, corner[:, 1], corner[:, 2]), (one, corner[:, 2], two)]
        pieces += [np.stack(piece, 1) for piece in made]
        owners += [rows] * len(made)
    return np.concatenate(pieces), np.concatenate(owners)
