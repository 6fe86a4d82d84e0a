"""Closed solids and their differences, on the manifold3d kernel.

The kernel's booleans are exact in their decisions and fast, but an open mesh can bring the interpreter down: every
mesh enters through `solid_of`, which checks first.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Collection, Iterable
from typing import Any, Final

import manifold3d
import numpy as np
from manifold3d import CrossSection, Manifold, Mesh64
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon

from zonebox import tolerance
from zonebox.errors import GeometryError
from zonebox.geometry.boundary import Boundary
from zonebox.geometry.edgewise import Corner, EdgeRule
from zonebox.geometry.mesh import Mesh, is_closed

Solid = Any
"""A `manifold3d.Manifold`, which ships no type information."""

OUTSIDE_M: Final = tolerance.SNAP_M
"""How far a cutting solid reaches beyond the lot's wall, so that no film is left on it."""

TOGETHER: Final = 200
"""So many solids are united at a time."""

SQUARE_DEG: Final = 91.0
"""A corner that turns more is sharp: the end of a sweep meets no wall there, only the corner, and need not reach over
it by as much, which would take that much off an arm of the lot beyond."""


@functools.lru_cache(maxsize=8)
def solid_of(mesh: Mesh) -> Solid:
    """Turn a closed, outward-facing mesh into a solid; those of the last few meshes are remembered.

    Raises
    ------
    GeometryError
        The mesh is open, or the kernel refuses it.
    """
    if not is_closed(mesh.triangles, len(mesh.vertices)):
        raise GeometryError(f"a solid needs a closed mesh; this one of {len(mesh)} triangles is open")
    solid = Manifold(Mesh64(mesh.vertices.copy(), mesh.triangles.astype(np.uint64)))  # the kernel wants writable arrays
    if solid.status() != manifold3d.Error.NoError:
        raise GeometryError(f"the solid kernel refused the mesh: {solid.status()}")
    return solid


def mesh_of(solid: Solid) -> Mesh:
    """Return a solid's surface."""
    m = solid.to_mesh64()
    return Mesh(vertices=np.asarray(m.vert_properties)[:, :3], triangles=np.asarray(m.tri_verts).astype(np.int32))


def mesh_with_origin(solid: Solid) -> tuple[Mesh, NDArray[np.int64]]:
    """Return a solid's surface and, for each triangle (m,), the ``original_id`` of the solid it came from."""
    m = solid.to_mesh64()
    ends = np.asarray(m.run_index, dtype=np.int64) // 3
    ids = np.asarray(m.run_original_id, dtype=np.int64)
    mesh = Mesh(vertices=np.asarray(m.vert_properties)[:, :3], triangles=np.asarray(m.tri_verts).astype(np.int32))
    return mesh, np.repeat(ids, np.diff(ends))


def prism(shape: Polygon | MultiPolygon, bottom: float, top: float) -> Solid:
    """Extrude a polygon, holes and parts included, between two heights; nothing where ``top <= bottom``."""
    if shape.is_empty or top <= bottom:
        return Manifold()
    rings = []
    for part in getattr(shape, "geoms", [shape]):
        rings += [np.asarray(ring.coords)[:-1, :2] for ring in (part.exterior, *part.interiors)]
    section = CrossSection(rings, manifold3d.FillRule.EvenOdd)
    return Manifold.extrude(section, top - bottom).translate((0.0, 0.0, bottom))


def united(solids: Iterable[Solid]) -> Solid:
    """Union of solids; of very many, group by group, since the kernel's time grows with the square of their number."""
    listed = list(solids)
    while len(listed) > TOGETHER:
        listed = [united(listed[k:k + TOGETHER]) for k in range(0, len(listed), TOGETHER)]
        for group in listed:
            group.num_tri()                             # made now: a tree of what is still to be made is no faster
    return Manifold.batch_boolean(listed, manifold3d.OpType.Add) if listed else Manifold()


def without(solid: Solid, others: Iterable[Solid]) -> Solid:
    """Return a solid less some others."""
    return Manifold.batch_boolean([solid, *others], manifold3d.OpType.Subtract)


def outlines(solid: Solid, height: float) -> list[NDArray[np.float64]]:
    """Rings (k, 2) of the section of a solid at a height; shells counter-clockwise, holes clockwise."""
    return [np.asarray(ring) for ring in solid.slice(height).to_polygons()]


def edge_wedge(
    lot: Boundary, rule: EdgeRule, bottom: float, top: float, alike: Collection[int] = (), *,
    follows: bool = False,
) -> Solid:
    """Everything that a rule on an edge forbids between two elevations (domain C2).

    The profile is swept along the edge, sheared where its ground slopes; past a corner it runs on to the neighbouring
    edge's line, is revolved, or runs on to the bisector, as the rule's `Corner` says.

    Parameters
    ----------
    lot : Boundary
        Edges of the lot, near the origin of coordinates.
    rule : EdgeRule
        The profile, its edge and its ground.
    bottom, top : float
        Elevations that contain the lot's prism.
    alike : collection of int
        Edges on which the same rule stands on the same ground and is cut as well: towards those a reflex corner needs
        no more than the gap between the two sweeps.
    follows : bool
        Whether the edge before is cut by the same profile too, on ground that is the same at the corner between them
        and slopes: its arc round a reflex corner there is then not made a second time.
    """
    parts = wedge_parts(lot, rule, bottom, top, alike, follows=follows)
    return united(parts) if len(parts) > 1 else parts[0] if parts else Manifold()


def wedge_parts(
    lot: Boundary, rule: EdgeRule, bottom: float, top: float, alike: Collection[int] = (), *,
    follows: bool = False,
) -> list[Solid]:
    """Solids that make up an `edge_wedge` together: the sweep along the edge, and what goes round its corners."""
    edge, profile, ground = rule.edge, rule.profile, rule.ground_m
    low, high = bottom - max(ground), top - min(ground)
    section = profile.section(low, high)
    if not len(section):
        return []
    parts = [_sweep(lot, rule, section)]
    for corner, turn, neighbour, at_end in (
        (lot.start[edge], float(lot.turn_deg[lot.before[edge]]), int(lot.before[edge]), False),
        (lot.end[edge], float(lot.turn_deg[edge]), int(lot.after[edge]), True),
    ):
        if _is_round(turn, rule.corner):
            only_gap = turn < 0.0 and neighbour in alike
            if only_gap and not at_end:
                continue                                # the neighbour's own sweep fills the gap at its end
            span = -turn if only_gap else min(90.0 - turn, 180.0)
            start = -turn if follows and not at_end and turn < 0.0 else 0.0     # the gap is in the neighbour's arc
            if span > start:
                parts.append(_revolve(lot, edge, section, corner, (start, span), ground[int(at_end)], at_end=at_end))
    return parts


def _is_round(turn_deg: float, corner: Corner) -> bool:
    """Whether a rule goes round a corner by true distance."""
    mitre = corner is Corner.MITRE and turn_deg < -tolerance.STRAIGHT_DEG
    return (turn_deg < 0.0 and not mitre) or (0.0 <= turn_deg < 90.0 and corner is Corner.RADIAL)


def _sweep(lot: Boundary, rule: EdgeRule, section: NDArray[np.float64]) -> Solid:
    edge, ground = rule.edge, rule.ground_m
    length, t, n = float(lot.length[edge]), lot.tangent[edge], lot.inward[edge]
    depth = float(section[:, 0].max())
    turns = float(lot.turn_deg[lot.before[edge]]), float(lot.turn_deg[edge])
    before, after = (_run_on(turn, depth, rule.corner) for turn in turns)
    outline = section.copy()
    outline[[0, -1], 0] = -OUTSIDE_M
    body = Manifold.extrude(CrossSection([outline]), length + before + after)      # local: x = d, y = h, z = along
    slope = (ground[1] - ground[0]) / length
    origin = lot.start[edge] - before * t
    body = body.transform(np.array([
        [n[0], 0.0, t[0], origin[0]],
        [n[1], 0.0, t[1], origin[1]],
        [0.0, 1.0, slope, ground[0] - before * slope],
    ]))
    ends = ((lot.start[edge], lot.before[edge], before, turns[0]), (lot.end[edge], lot.after[edge], after, turns[1]))
    for corner, neighbour, run, turn in ends:
        if run > 2 * OUTSIDE_M:
            inward = lot.inward[neighbour] if turn >= 0.0 else n - lot.inward[neighbour]
            inward = inward / np.linalg.norm(inward)
            body = body.trim_by_plane((float(inward[0]), float(inward[1]), 0.0), float(inward @ corner) - OUTSIDE_M)
    return body


def run_on_m(turn_deg: float, depth: float) -> float:
    """How far a parallel sweep of some depth runs past a corner: to the neighbour's line, nowhere where it ends."""
    if not 0.0 <= turn_deg < 90.0:
        return 0.0
    return depth / math.tan(math.radians(max(turn_deg, tolerance.STRAIGHT_DEG)))


def _run_on(turn_deg: float, depth: float, corner: Corner) -> float:
    """How far a sweep runs past a corner: to the neighbour's line or the bisector, or a hair where it just ends."""
    if _is_round(turn_deg, corner):
        return 0.0
    if turn_deg < 0.0:
        return depth * math.tan(math.radians(min(-turn_deg, 170.0) / 2.0)) + 3 * OUTSIDE_M
    if turn_deg >= 90.0:
        return OUTSIDE_M if turn_deg < SQUARE_DEG else tolerance.WELD_M
    return run_on_m(turn_deg, depth) + 3 * OUTSIDE_M


def arc_directions(
    normal: NDArray[np.float64], along: NDArray[np.float64], span_deg: float, depth: float
) -> NDArray[np.float64]:
    """Directions (m, 2) round a corner, from an edge's normal towards ``along``, of a circumscribed arc.

    A radius times these is the polygon round the arc, tangent to the strip's line at both ends and overlapping it by a
    hair; the step is such that the polygon stands off an arc of radius ``depth`` by `tolerance.ARC_SAGITTA_M` at most.
    """
    total = math.radians(span_deg)
    half = math.acos(1.0 / (1.0 + tolerance.ARC_SAGITTA_M / depth))
    steps = max(1, math.ceil(total / (2.0 * half)))
    half = total / steps / 2.0
    angles = np.concatenate([[-1e-4, 0.0], (np.arange(steps) * 2 + 1) * half, [total, total + 1e-4]])
    stretch = np.concatenate([[1.0, 1.0], np.full(steps, 1.0 / math.cos(half)), [1.0, 1.0]])
    return np.asarray((np.cos(angles)[:, None] * normal + np.sin(angles)[:, None] * along) * stretch[:, None])


def _revolve(
    lot: Boundary, edge: int, section: NDArray[np.float64], corner: NDArray[np.float64], span_deg: tuple[float, float],
    ground: float, *, at_end: bool,
) -> Solid:
    """Turn the profile about a corner between two angles from this edge's normal, circumscribed."""
    n, t = lot.inward[edge], lot.tangent[edge] * (1.0 if at_end else -1.0)
    start = math.radians(span_deg[0])
    n, t = math.cos(start) * n + math.sin(start) * t, math.cos(start) * t - math.sin(start) * n
    direction = arc_directions(n, t, span_deg[1] - span_deg[0], float(section[:, 0].max()))
    ring = section[section[:, 0] > 0.0]
    axis_low, axis_high = float(section[:, 1].min()), float(section[:, 1].max())
    return _fan(corner, direction, ring, (axis_low, axis_high), ground, clockwise=at_end)


def _fan(
    corner: NDArray[np.float64], direction: NDArray[np.float64], ring: NDArray[np.float64],
    axis: tuple[float, float], ground: float, *, clockwise: bool,
) -> Solid:
    """Union of the thin sectors between neighbouring directions, each the hull-free sweep of the section."""
    k, m = len(ring), len(direction)
    outer = np.empty((m, k, 3))
    outer[:, :, :2] = corner + direction[:, None, :] * ring[None, :, :1]
    outer[:, :, 2] = ring[:, 1] + ground
    poles = np.array([[*corner, axis[0] + ground], [*corner, axis[1] + ground]])
    vertices = np.concatenate([outer.reshape(-1, 3), poles])
    low, high = m * k, m * k + 1
    number = np.arange(m * k).reshape(m, k)
    quads: list[NDArray[np.int64]] = []
    a, b, c, d = number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]
    quads += [np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)]
    bottom = np.stack([np.full(m - 1, low), number[1:, 0], number[:-1, 0]], -1)
    cover = np.stack([np.full(m - 1, high), number[:-1, -1], number[1:, -1]], -1)
    cap = _cap(ring, axis)                                     # triangles over (ring..., low, high)
    first = np.where(cap < k, number[0][np.minimum(cap, k - 1)], low + (cap - k))
    last = np.where(cap < k, number[-1][np.minimum(cap, k - 1)], low + (cap - k))
    triangles = np.concatenate([*quads, bottom, cover, first, last[:, ::-1]])
    mesh = Mesh(vertices=vertices, triangles=triangles.astype(np.int32))
    if clockwise:
        mesh = Mesh(vertices=mesh.vertices, triangles=mesh.triangles[:, ::-1])
    return solid_of(_outward(mesh))


def _cap(ring: NDArray[np.float64], axis: tuple[float, float]) -> NDArray[np.int64]:
    """Triangulate the half section bounded by the axis: polygon (ring from low to high, then the axis downwards)."""
    polygon = np.concatenate([ring, [[0.0, axis[0]], [0.0, axis[1]]]])
    order = np.concatenate([[len(ring)], np.arange(len(ring)), [len(ring) + 1]])
    triangles = np.asarray(manifold3d.triangulate([polygon[order]]), dtype=np.int64)
    return order[triangles]


def _outward(mesh: Mesh) -> Mesh:
    from zonebox.geometry.mesh import volume_m3

    return mesh if volume_m3(mesh) >= 0.0 else Mesh(vertices=mesh.vertices, triangles=mesh.triangles[:, ::-1])
