"""Envelopes of a whole city as mesh buffers: one pass over arrays instead of one solid after the other.

Most lots are convex and most of their controls are fixed or tiered setbacks under level caps; for those the envelope is
a stack of prisms over clipped polygons, and all of them are made at once. A convex lot under inclined planes is that
stack trimmed by the planes. Everything else takes the exact way through `zonebox_converters.envelopes.cutting`. All
three give the same solids, to rounding.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.geometry import solids
from zonebox.geometry.boundary import boundary
from zonebox.geometry.convex import Polygons, prisms
from zonebox.geometry.edgewise import Corner
from zonebox.geometry.mesh import Mesh, volume_m3
from zonebox.geometry.profile import Profile
from zonebox.geometry.strips import inset
from zonebox.model import Control, Kind, Parcel
from zonebox_converters.envelopes.building import SKIRT_M, UNLIMITED_HEIGHT_M, build_one

CHUNK: Final = 20_000
"""Parcels worked on at a time, which bounds the memory."""

STEPPED: Final = (Kind.SETBACK, Kind.RECESSION, Kind.PROPORTIONAL, Kind.PROFILE)
CAPS: Final = (Kind.HEIGHT, Kind.HEIGHT_ABSOLUTE, Kind.STOREYS)
NO_EFFECT: Final = (Kind.FAR, Kind.COVERAGE, Kind.GREEN, Kind.HEIGHT_MIN)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Envelopes:
    """Mesh buffers of many envelopes, in the order of the parcels given.

    Envelope i has vertices ``vertex_start[i]:vertex_start[i + 1]`` and triangles likewise, counted from its own first
    vertex; an empty one has none. It is a stack of closed prisms, one a tier, touching where they meet.
    """

    parcels: tuple[str, ...]
    vertices: NDArray[np.float64]
    triangles: NDArray[np.int32]
    vertex_start: NDArray[np.int64]
    triangle_start: NDArray[np.int64]
    ground_m: NDArray[np.float64]
    top_m: NDArray[np.float64]
    footprint_m2: NDArray[np.float64]
    volume_m3: NDArray[np.float64]

    def mesh(self, row: int) -> Mesh:
        """Return one envelope."""
        return Mesh(vertices=self.vertices[self.vertex_start[row]:self.vertex_start[row + 1]],
                    triangles=self.triangles[self.triangle_start[row]:self.triangle_start[row + 1]])


@dataclass(slots=True)
class _Lot:
    """A convex lot's rules in plain numbers: distances per tier and edge, and planes (edge, h0, rise per metre)."""

    row: int
    heights: list[float] = field(default_factory=list)
    distances: list[list[float]] = field(default_factory=list)
    planes: list[tuple[int, float, float]] = field(default_factory=list)
    top: float = 0.0


def build_many(
    parcels: Sequence[Parcel], controls: Mapping[str, Sequence[Control]],
    progress: Callable[[int, int], None] | None = None,
) -> Envelopes:
    """Build the envelopes of many parcels whose design ground is stated.

    Parameters
    ----------
    parcels : sequence of Parcel
        With ``design_ground_m``; parcels without it come out empty, for their caps have nothing to stand on.
    controls : mapping
        Parcel number -> its controls.
    """
    pieces = []
    for start in range(0, len(parcels), CHUNK):
        pieces.append(_chunk(parcels[start:start + CHUNK], controls))
        if progress is not None:
            progress(min(start + CHUNK, len(parcels)), len(parcels))
    return _joined(pieces)


@dataclass(slots=True)
class _Made:
    """Meshes and measures of one chunk, by row."""

    meshes: list[tuple[NDArray[np.float64], NDArray[np.int32]] | None]
    ground: NDArray[np.float64]
    top: NDArray[np.float64]
    footprint: NDArray[np.float64]
    volume: NDArray[np.float64]
    ids: tuple[str, ...]


def _chunk(parcels: Sequence[Parcel], controls: Mapping[str, Sequence[Control]]) -> _Made:
    n = len(parcels)
    ground = np.array([np.nan if p.design_ground_m is None else p.design_ground_m for p in parcels])
    made = _Made(meshes=[None] * n, ground=ground, top=ground.copy(), footprint=np.zeros(n), volume=np.zeros(n),
                 ids=tuple(p.id for p in parcels))
    shapes = np.array([p.shape for p in parcels], dtype=object)
    convex = _convex(shapes)
    lots = []
    for row, parcel in enumerate(parcels):
        if parcel.design_ground_m is None:
            continue
        own = controls.get(parcel.id, ())
        lot = _plain(row, parcel, own)
        if lot is None or (lot.planes and not convex[row]):
            _exactly(made, row, parcel, own)
        elif convex[row]:
            lots.append(lot)
        else:
            _crooked(made, lot, parcel)
    if lots:
        _stacks(made, lots, shapes)
    return made


def _convex(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Whether each shape is one convex ring without holes."""
    single = (shapely.get_type_id(shapes) == 3) & (shapely.get_num_interior_rings(shapes) == 0)
    hulls = shapely.area(shapely.convex_hull(shapes))
    return np.asarray(single & (hulls - shapely.area(shapes) <= 1e-9 * hulls))


def _plain(row: int, parcel: Parcel, controls: Sequence[Control]) -> _Lot | None:
    """Read a lot's controls into plain numbers; None where one of them needs the exact way."""
    assert parcel.design_ground_m is not None
    ground, edges = parcel.design_ground_m, parcel.edges
    lot = _Lot(row, top=ground + UNLIMITED_HEIGHT_M)
    caps = []
    rules: list[tuple[list[int], Profile]] = []
    for c in controls:
        if c.superseded_by or c.kind in NO_EFFECT:
            continue
        if c.kind in CAPS and c.zone is None and c.datum.value == "design_ground" and c.limit is not None:
            rise = c.limit * (c.storey_height_m or 1.0) if c.kind is Kind.STOREYS else c.limit
            caps.append(rise if c.kind is Kind.HEIGHT_ABSOLUTE else ground + rise)
            continue
        if (c.kind not in STEPPED or c.profile is None or c.line is not None or c.corner is not Corner.PARALLEL
                or c.edges.sector_deg is not None or c.datum.value != "design_ground"):
            return None
        roles, indices = c.edges.roles, c.edges.indices
        rules.append(([e.index for e in edges if not (roles or indices) or e.role.value in roles or e.index in indices],
                      c.profile))
    if caps:
        lot.top = min(caps)
    return lot if _tiered(lot, rules, len(edges), lot.top - ground) else None


def _tiered(lot: _Lot, rules: Sequence[tuple[list[int], Profile]], edges: int, height: float) -> bool:
    """Fill in distances per tier and planes; False where a profile is neither steps nor steps under one plane."""
    heights = {0.0}
    for _, profile in rules:
        steps = _steps_of(profile)
        if steps is None:
            return False
        heights.update(h for h, _ in steps[0] if 0.0 < h < height)
    lot.heights = sorted(heights)
    lot.distances = [[0.0] * edges for _ in lot.heights]
    for chosen, profile in rules:
        steps = _steps_of(profile)
        assert steps is not None
        for level, distances in zip(lot.heights, lot.distances, strict=True):
            distance = max((s for h, s in steps[0] if h <= level), default=0.0)
            for edge in chosen:
                distances[edge] = max(distances[edge], distance)
        if steps[1] is not None:
            lot.planes += [(edge, *steps[1]) for edge in chosen]
    return True


@functools.lru_cache(maxsize=1024)
def _steps_of(profile: Profile) -> tuple[tuple[tuple[float, float], ...], tuple[float, float] | None] | None:
    """Split a profile into steps (from height, distance) and one plane (height at the edge, rise per metre).

    None where it bends otherwise.
    """
    points = profile.points
    flat = all(a[1] == b[1] or a[0] == b[0] for a, b in pairwise(points))
    if not flat or any(a[1] > b[1] for a, b in pairwise(points)):
        return None
    low = 0.0 if profile.from_below else points[0][0]
    steps = ((low, points[0][1]), *points[1:])
    if profile.slope == 0.0:
        return steps, None
    rise = 1.0 / profile.slope
    height, distance = points[-1]
    return (steps if len(points) > 1 or profile.from_below else ((low, 0.0),)), (height - rise * distance, rise)


def _stacks(made: _Made, lots: Sequence[_Lot], shapes: NDArray[np.object_]) -> None:
    """Clip and raise all tiers of all convex lots, then trim those under planes."""
    owner = np.array([k for k, lot in enumerate(lots) for _ in lot.heights])
    tier = np.array([t for lot in lots for t in range(len(lot.heights))])
    rows = np.array([lot.row for lot in lots])
    rings = [np.asarray(boundary_ring(shapes[r])) for r in rows]
    counts = np.array([len(r) for r in rings])
    width = int(counts.max())
    padded = np.zeros((len(lots), width, 2))
    padded[np.arange(width) < counts[:, None]] = np.concatenate(rings)
    middle = padded[:, 0].round()
    padded -= middle[:, None, :]
    edge_after = np.where(np.arange(width) + 1 < counts[:, None], np.arange(width) + 1, 0)
    direction = np.take_along_axis(padded, edge_after[:, :, None], axis=1) - padded
    length = np.linalg.norm(direction, axis=2)
    length[length == 0.0] = 1.0
    inward = np.stack([-direction[:, :, 1], direction[:, :, 0]], axis=2) / length[:, :, None]
    offset = (inward * padded).sum(2)
    distance = np.zeros((len(owner), width))
    for i, (k, t) in enumerate(zip(owner, tier, strict=True)):
        d = lots[k].distances[t]
        distance[i, : len(d)] = d
    polygons = Polygons(corners=padded[owner].copy(), count=counts[owner].astype(np.int64))
    for edge in range(width):
        chosen = np.flatnonzero((distance[:, edge] > 0.0) & (edge < counts[owner]))
        if len(chosen):
            polygons.clipped(chosen, inward[owner[chosen], edge], offset[owner[chosen], edge] + distance[chosen, edge])
    ground = made.ground[rows]
    bottom = np.array([ground[k] + lots[k].heights[t] if t else ground[k] - SKIRT_M
                       for k, t in zip(owner, tier, strict=True)])
    top = np.array([min(lots[k].top, ground[k] + lots[k].heights[t + 1] if t + 1 < len(lots[k].heights) else np.inf)
                    for k, t in zip(owner, tier, strict=True)])
    polygons.count[(top <= bottom) | (np.array([lot.top for lot in lots])[owner] <= ground[owner])] = 0
    _collect(made, lots, polygons, bottom, top, tier, middle, (inward, offset))


def boundary_ring(shape: shapely.Polygon) -> NDArray[np.float64]:
    """Corners (k, 2) of a simple polygon, counter-clockwise, in the order of `Parcel.boundary`."""
    ring = shapely.get_coordinates(shape)[:-1]
    x, y = ring[:, 0], ring[:, 1]
    turned = (x * np.roll(y, -1) - np.roll(x, -1) * y).sum() > 0.0
    return ring if turned else np.asarray(boundary(shape).start)


def _collect(
    made: _Made, lots: Sequence[_Lot], polygons: Polygons, bottom: NDArray[np.float64], top: NDArray[np.float64],
    tier: NDArray[np.int64], middle: NDArray[np.float64],
    planes: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> None:
    """Put the tiers of each lot together and measure them."""
    solid = prisms(polygons, bottom, top)
    area = polygons.area_m2
    first = np.concatenate([np.flatnonzero(tier == 0), [len(tier)]])
    for k, lot in enumerate(lots):
        own = range(int(first[k]), int(first[k + 1]))
        ground = made.ground[lot.row]
        shift = np.array([*middle[k], 0.0])
        if lot.planes:
            vertices, triangles = _trimmed(lot, polygons, bottom, top, own, planes[0][k], planes[1][k], ground)
            measured = _above_volume(vertices, triangles, ground)
            footprint = float(area[own[0]])
        else:
            v0, v1 = int(solid.vertex_start[own[0]]), int(solid.vertex_start[own[-1] + 1])
            t0, t1 = int(solid.triangle_start[own[0]]), int(solid.triangle_start[own[-1] + 1])
            per = np.diff(solid.triangle_start[own[0]:own[-1] + 2])
            vertices = solid.vertices[v0:v1]
            triangles = solid.triangles[t0:t1] + np.repeat(solid.vertex_start[own[0]:own[-1] + 1] - v0, per
                                                           ).astype(np.int32)[:, None]
            measured = float(sum(area[i] * (top[i] - max(bottom[i], ground)) for i in own if polygons.count[i]))
            footprint = float(area[own[0]])
        if measured < tolerance.VOLUME_M3:
            continue
        made.meshes[lot.row] = (vertices + shift, triangles)
        made.top[lot.row] = float(vertices[:, 2].max())
        made.footprint[lot.row], made.volume[lot.row] = footprint, measured


def _trimmed(
    lot: _Lot, polygons: Polygons, bottom: NDArray[np.float64], top: NDArray[np.float64], own: range,
    inward: NDArray[np.float64], offset: NDArray[np.float64], ground: float,
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Trim the tiers of a convex lot by its planes: allowed is z <= ground + h0 + rise · d."""
    vertices, triangles, count = [], [], 0
    for i in own:
        if not polygons.count[i]:
            continue
        ring = polygons.corners[i, : polygons.count[i]]
        body = solids.prism(shapely.Polygon(ring), float(bottom[i]), float(top[i]))
        for edge, h0, rise in lot.planes:
            normal = np.array([*(rise * inward[edge]), -1.0])
            length = float(np.linalg.norm(normal))
            body = body.trim_by_plane(tuple((normal / length).tolist()),
                                      float(rise * offset[edge] - ground - h0) / length)
        mesh = solids.mesh_of(body)
        if len(mesh):
            vertices.append(mesh.vertices)
            triangles.append(mesh.triangles + np.int32(count))
            count += len(mesh.vertices)
    if not vertices:
        return np.zeros((0, 3)), np.zeros((0, 3), dtype=np.int32)
    return np.concatenate(vertices), np.concatenate(triangles)


def _above_volume(vertices: NDArray[np.float64], triangles: NDArray[np.int32], ground: float) -> float:
    """Volume over the ground: the skirt under it is a prism over the solid's own floor."""
    if not len(triangles):
        return 0.0
    mesh = Mesh(vertices=vertices, triangles=triangles)
    corners = mesh.corners
    floor = (corners[:, :, 2] < ground - SKIRT_M + tolerance.SPLIT_M).all(1)
    u, v = corners[floor, 1, :2] - corners[floor, 0, :2], corners[floor, 2, :2] - corners[floor, 0, :2]
    return volume_m3(mesh) - SKIRT_M * float(np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]).sum() / 2.0)


def _crooked(made: _Made, lot: _Lot, parcel: Parcel) -> None:
    """Raise the tiers of a lot that is not convex: its insets come from polygons, one lot at a time."""
    ground = made.ground[lot.row]
    edges = parcel.boundary
    tops = [*(ground + h for h in lot.heights[1:]), np.inf]
    vertices, triangles, count, volume, plate = [], [], 0, 0.0, 0.0
    if lot.top <= ground:
        return
    for k, (height, ceiling) in enumerate(zip(lot.heights, tops, strict=True)):
        bottom = ground + height if k else ground - SKIRT_M
        high = min(lot.top, ceiling)
        shape = inset(parcel.shape, edges, dict(enumerate(lot.distances[k])))
        if high <= bottom or shape.is_empty:
            continue
        mesh = solids.mesh_of(solids.prism(shape, bottom, high))
        vertices.append(mesh.vertices)
        triangles.append(mesh.triangles + np.int32(count))
        count += len(mesh.vertices)
        volume += shape.area * (high - max(bottom, ground))
        plate = plate or float(shape.area)
    if volume < tolerance.VOLUME_M3:
        return
    made.meshes[lot.row] = (np.concatenate(vertices), np.concatenate(triangles))
    made.top[lot.row] = float(made.meshes[lot.row][0][:, 2].max())                   # type: ignore[index]
    made.footprint[lot.row], made.volume[lot.row] = plate, volume


def _exactly(made: _Made, row: int, parcel: Parcel, controls: Sequence[Control]) -> None:
    """Take the exact way for one parcel."""
    envelope = build_one(parcel, tuple(controls), None)
    if envelope is None or envelope.empty is not None:
        return
    made.meshes[row] = (envelope.solid.vertices, envelope.solid.triangles)
    made.top[row], made.footprint[row] = envelope.top_m, envelope.footprint_m2
    made.volume[row] = envelope.volume_m3


def _joined(pieces: Sequence[_Made]) -> Envelopes:
    meshes = [m for piece in pieces for m in piece.meshes]
    vertex_count = np.array([0 if m is None else len(m[0]) for m in meshes], dtype=np.int64)
    triangle_count = np.array([0 if m is None else len(m[1]) for m in meshes], dtype=np.int64)
    some = [m for m in meshes if m is not None]

    def column(name: str) -> NDArray[np.float64]:
        return np.concatenate([getattr(piece, name) for piece in pieces]) if pieces else np.zeros(0)

    return Envelopes(
        parcels=tuple(i for piece in pieces for i in piece.ids),
        vertices=np.concatenate([m[0] for m in some]) if some else np.zeros((0, 3)),
        triangles=np.concatenate([m[1] for m in some]) if some else np.zeros((0, 3), dtype=np.int32),
        vertex_start=np.concatenate([[0], np.cumsum(vertex_count)]),
        triangle_start=np.concatenate([[0], np.cumsum(triangle_count)]),
        ground_m=column("ground"), top_m=column("top"), footprint_m2=column("footprint"), volume_m3=column("volume"),
    )
