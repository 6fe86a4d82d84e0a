"""What a check looks at: one design on one parcel, cut off at the ground."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPoint, MultiPolygon, Polygon

from zonebox import tolerance
from zonebox.geometry import solids
from zonebox.geometry.soup import Soup
from zonebox.model import Building, Control, ControlEnvelope, Parcel, Scene, Storey


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

    @property
    def ground_m(self) -> float | None:
        """Elevation of the ground that heights count from."""
        return None if self.envelope is None else self.envelope.ground_m

    def finding_id(self, *parts: str) -> str:
        """Stable id: design, then what is checked."""
        return "/".join((self.design.id, *parts))

    def elements_of(self, triangles: Iterable[int]) -> tuple[str, ...]:
        """Ids of the elements that triangles belong to, sorted, each once."""
        numbers = {int(self.design.triangle_element[t]) for t in triangles}
        return tuple(sorted({self.design.elements[n].id for n in numbers}))

    def storey_at(self, z: float) -> str:
        """Name of the storey in which an elevation lies; "" below the first."""
        below = [s for s in self.design.storeys if s.elevation_m <= z + tolerance.SNAP_M]
        return max(below, key=lambda s: s.elevation_m).name if below else ""

    def storeys_above_ground(self) -> tuple[Storey, ...]:
        """Storeys whose floor lies at most a metre below the ground; lower ones are basements (domain A3)."""
        if self.ground_m is None:
            return self.design.storeys
        return tuple(s for s in self.design.storeys if s.elevation_m > self.ground_m - BASEMENT_M)


BASEMENT_M = 1.0
"""A storey whose floor lies further than this below the design ground does not count as above ground."""


def subject_of(scene: Scene, design: Building) -> Subject | None:
    """Pair a design with the parcel it claims, else with the one it covers most; None where it stands on none."""
    parcel = scene.plan.parcel(design.parcel) if design.parcel else _under(scene, design)
    if parcel is None:
        return None
    envelope = scene.envelope(parcel.id)
    soup = Soup.of(design.mesh)
    if envelope is not None:
        soup = soup.above([0.0, 0.0, 1.0], envelope.ground_m)
    return Subject(design=design, parcel=parcel, controls=scene.plan.controls_of(parcel.id), envelope=envelope,
                   soup=soup)


def _under(scene: Scene, design: Building) -> Parcel | None:
    hull = MultiPoint(design.mesh.vertices[:, :2]).convex_hull
    covered = [(float(p.shape.intersection(hull).area), p) for p in scene.plan.parcels]
    area, parcel = max(covered, key=lambda pair: pair[0], default=(0.0, None))
    return parcel if area > 0.0 else None


def section(design: Building, z: float) -> Polygon | MultiPolygon | None:
    """Outline of a design at an elevation, inner rings kept; from the solid, else from the cut triangles' hull lines.

    None where the design has no closed solid.
    """
    if design.solid is None:
        return None
    rings = solids.outlines(solids.solid_of(design.solid), z)
    return polygons_of(rings)


def polygons_of(rings: Iterable[NDArray[np.float64]]) -> Polygon | MultiPolygon:
    """Assemble section rings (shells counter-clockwise, holes clockwise) into polygons."""
    shells: list[Polygon] = []
    holes: list[Polygon] = []
    for ring in rings:
        if len(ring) < 3:
            continue
        (shells if shapely.is_ccw(shapely.linearrings(ring)) else holes).append(Polygon(ring).buffer(0))
    return shapely.union_all(shells).difference(shapely.union_all(holes))


def top_view(soup: Soup) -> Polygon | MultiPolygon:
    """Plan projection of a soup: the union of its triangles seen from above."""
    flat = soup.corners[:, :, :2]
    u, v = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    area = np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
    triangles = shapely.polygons(flat[area > tolerance.SNAP_M**2])
    return shapely.union_all(triangles, grid_size=tolerance.SNAP_M) if len(triangles) else Polygon()
