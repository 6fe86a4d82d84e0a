"""What pictures and map layers are drawn from: outlines of designs, of offending parts, of the room left."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from zonebox import tolerance
from zonebox.checks.subject import polygons_of
from zonebox.geometry import solids
from zonebox.geometry.mesh import Mesh
from zonebox.model import Building, ControlEnvelope, Finding, Scene
from zonebox.report.limits import shown_part

Array = NDArray[np.float64]
Area: TypeAlias = Polygon | MultiPolygon

LINE_M: Final = 0.05
"""Half the width given to what is seen edge-on: upright walls in plan."""

PLAN_AXES: Final = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def flat_outline(corners: Array, axes: Array = PLAN_AXES) -> Area:
    """Outline (polygons) of triangles (m, 3, 3) seen along the direction at right angles to two axes (2, 3).

    Triangles seen edge-on become strips as wide as the plan tolerance, so that upright walls do not vanish.

    Examples
    --------
    >>> wall = np.array([[[0.0, 0, 0], [4, 0, 0], [4, 0, 3]]])
    >>> round(flat_outline(wall).area, 2)
    0.4
    """
    if not len(corners):
        return Polygon()
    flat = corners @ axes.T
    u, v = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    edge_on = np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]) < LINE_M**2
    shapes = [shapely.polygons(flat[~edge_on]), _strips(flat[edge_on])]
    return areas_of(shapely.union_all(np.concatenate(shapes), grid_size=tolerance.SNAP_M))


def _strips(flat: Array) -> NDArray[np.object_]:
    """Make strips along the longest side of flat triangles (m, 3, 2) that have collapsed to lines; equal ones once."""
    sides = np.stack([flat, np.roll(flat, -1, axis=1)], axis=2)                      # (m, side, end, xy)
    longest = np.linalg.norm(sides[:, :, 1] - sides[:, :, 0], axis=2).argmax(1)
    chosen = sides[np.arange(len(sides)), longest]
    chosen = np.where((chosen[:, :1, :1] > chosen[:, 1:, :1]), chosen[:, ::-1], chosen)
    chosen = np.unique(np.round(chosen / LINE_M).astype(np.int64), axis=0) * LINE_M
    run = chosen[:, 1] - chosen[:, 0]
    length = np.linalg.norm(run, axis=1)
    chosen, run = chosen[length > 0.0], run[length > 0.0] / length[length > 0.0, None]
    across = LINE_M * np.stack([-run[:, 1], run[:, 0]], axis=1)
    return np.asarray(shapely.polygons(np.stack([chosen[:, 0] + across, chosen[:, 0] - across, chosen[:, 1] - across,
                                                 chosen[:, 1] + across], axis=1)))


def areas_of(shape: BaseGeometry) -> Area:
    """Keep only the polygons of a shape."""
    parts = [p for p in shapely.get_parts(shape) if isinstance(p, Polygon) and p.area > 0.0]
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def design_outline(design: Building) -> Area:
    """Outline of a design seen from above."""
    if design.solid is None:
        return flat_outline(design.mesh.corners)
    return _merged(solids.solid_of(design.solid).project().to_polygons())


def design_of(scene: Scene, finding: Finding) -> Building | None:
    """Find the design that a finding is about."""
    return next((d for d in scene.designs if d.id == finding.design and len(d.mesh)), None)


def part_outline(scene: Scene, finding: Finding) -> Area:
    """Outline of what lies beyond the limit, seen from above; empty where the finding has no part."""
    part = shown_part(scene, finding).part
    return Polygon() if part is None else flat_outline(part.corners)


def room_at(envelope: ControlEnvelope, height: float) -> tuple[Area, float]:
    """Outline of the envelope at an elevation, or as near to it as it has room; and that elevation."""
    if not len(envelope.solid):
        return Polygon(), height
    level = min(max(height, envelope.base_m + tolerance.SNAP_M), envelope.top_m) - tolerance.SNAP_M
    return polygons_of(solids.outlines(solids.solid_of(envelope.solid), level)), level


def cut(mesh: Mesh, origin: Array, along: Array) -> tuple[Area, Area]:
    """Section of a closed mesh with an upright plane, and its silhouette seen against that plane.

    Parameters
    ----------
    mesh : Mesh
        Closed.
    origin : (2,)
        A point of the plane.
    along : (2,)
        Unit vector along the plane; the shapes' x is the distance from the origin along it, their y the elevation.
    """
    turn = np.array([[along[0], along[1], 0.0], [0.0, 0.0, 1.0], [along[1], -along[0], 0.0]])
    shift = turn @ np.array([origin[0], origin[1], 0.0])
    turned = solids.solid_of(mesh).transform(np.column_stack([turn, -shift]))
    section = polygons_of(solids.outlines(turned, tolerance.SNAP_M))
    return section, _merged(turned.project().to_polygons())


def cut_lines(corners: Array, origin: Array, along: Array) -> list[Array]:
    """Lines (2, 2) in which triangles (m, 3, 3) meet an upright plane, in the plane's own coordinates as in `cut`."""
    across = (corners[:, :, :2] - origin) @ np.array([-along[1], along[0]])
    above = across > 0.0
    crossing = above.any(1) & ~above.all(1)
    lines: list[Array] = []
    for triangle, side in zip(corners[crossing], across[crossing], strict=True):
        ends = [triangle[i] + (triangle[j] - triangle[i]) * (side[i] / (side[i] - side[j]))
                for i, j in ((0, 1), (1, 2), (2, 0)) if (side[i] > 0.0) != (side[j] > 0.0)]
        lines.append(np.array([[(end[:2] - origin) @ along, end[2]] for end in ends]))
    return lines


def dimension(scene: Scene, finding: Finding) -> tuple[Array, Array] | None:
    """Return a dimension line's ends (3,), (3,): worst point and place on the limit, or across an empty lot."""
    where = finding.where
    if where.point is not None and where.foot is not None and where.point != where.foot:
        return np.array(where.point), np.array(where.foot)
    envelope = scene.envelope(finding.parcel)
    if envelope is None or envelope.empty is None or len(envelope.empty.edges) != 2 or where.point is None:
        return None
    lot, (one, other) = envelope.boundary, envelope.empty.edges
    across = LineString([np.array(where.point[:2]) + t * lot.inward[one] for t in (-1e4, 1e4)])
    ends = [across.intersection(LineString([lot.start[k], lot.end[k]])) for k in (one, other)]
    if any(end.is_empty or end.geom_type != "Point" for end in ends):
        return None
    start, end = (np.array([p.x, p.y, where.point[2]]) for p in ends)
    return start, end


def _merged(rings: list[Array]) -> Area:
    """Polygons of projected rings, holes kept, slivers closed."""
    return areas_of(polygons_of(rings).buffer(0))
