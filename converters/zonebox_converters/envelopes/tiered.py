"""Plain lots -> solids: tiers as polygons, clipped many at a time where lots are convex, then cut by planes.

What comes out is what `cutting.cut` makes of the same constraints, to rounding; tests hold the two against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import manifold3d
import numpy as np
from manifold3d import CrossSection, Manifold, Mesh64
from numpy.typing import NDArray

from zonebox.geometry import solids
from zonebox.geometry.boundary import Boundary
from zonebox.geometry.convex import Polygons, stacked
from zonebox.geometry.mesh import Mesh, is_closed
from zonebox.geometry.profile import Profile
from zonebox.geometry.stepwise import Section, section, strips
from zonebox.geometry.tiering import stack
from zonebox.model import EdgeConstraint
from zonebox_converters.envelopes.cutting import BEYOND_M, above
from zonebox_converters.envelopes.plain import PlainCut, PlainLot

Floats = NDArray[np.float64]

FILM_M2 = 1e-6
"""A ring of less area is what rounding leaves between two strips."""

SLIVER_M = 1e-7
"""Plan figures are held to 1e-8 m; what is narrower than this between two tiers is closed."""


@dataclass(slots=True, kw_only=True, eq=False)
class Raised:
    """A plain lot's solid near its middle, and who took what.

    ``areas_m2`` (tiers,) are the tiers' plan areas before planes; ``body`` is the solid where the kernel made one.
    """

    mesh: Mesh
    areas_m2: Floats
    body: solids.Solid | None
    volume_m3: float
    removed_m3: dict[str, float]


def raise_all(lots: Sequence[PlainLot], *, account: bool = True) -> list[Raised]:
    """Make the solids of plain lots; without ``account`` it is not found out who took what, which costs solids."""
    convex = [k for k, lot in enumerate(lots) if lot.convex]
    made: list[Raised | None] = [None] * len(lots)
    for k, raised in zip(convex, _convex([lots[k] for k in convex], account), strict=True):
        made[k] = raised
    return [_crooked(lot, account) if raised is None else raised for lot, raised in zip(lots, made, strict=True)]


def _convex(lots: Sequence[PlainLot], account: bool) -> list[Raised]:
    """Clip the tiers of convex lots, control by control, and raise them."""
    if not lots:
        return []
    edges = [lot.task.lot.boundary for lot in lots]
    tiers = np.array([len(lot.bottoms) for lot in lots])
    first = np.concatenate([[0], np.cumsum(tiers)])
    owner = np.repeat(np.arange(len(lots)), tiers)
    count = np.array([len(e) for e in edges])
    width = int(count.max())
    used = np.arange(width) < count[:, None]
    corners, inward = np.zeros((len(lots), width, 2)), np.zeros((len(lots), width, 2))
    corners[used] = np.concatenate([e.start for e in edges])
    corners -= np.array([lot.middle for lot in lots])[:, None, :]
    inward[used] = np.concatenate([e.inward for e in edges])
    offset = (inward * corners).sum(2)
    polygons = Polygons(corners=corners[owner], count=count[owner])
    areas = [polygons.area_m2]
    stages = [polygons.copy()]
    for rows, on_edge, distance in _entries(lots, first):
        for edge in range(width):
            chosen = on_edge == edge
            if chosen.any():
                at = rows[chosen]
                polygons.clipped(at, inward[owner[at], edge], offset[owner[at], edge] + distance[chosen])
        areas.append(polygons.area_m2)
        stages.append(polygons.copy())
    bottom, top = (np.concatenate([getattr(lot, name) for lot in lots]) for name in ("bottoms", "tops"))
    counted = np.concatenate([[lot.counted_m(k) for k in range(len(lot.bottoms))] for lot in lots])
    volumes = np.stack([np.add.reduceat(a * counted, first[:-1]) for a in areas])
    solid = stacked(polygons, bottom, top, first)
    out = []
    for k, lot in enumerate(lots):
        own = slice(int(first[k]), int(first[k + 1]))
        raised = Raised(mesh=solid.mesh(k), areas_m2=areas[-1][own], body=None, volume_m3=float(volumes[-1, k]),
                        removed_m3={cut.control: float(volumes[j, k] - volumes[j + 1, k])
                                    for j, cut in enumerate(lot.cuts)})
        if polygons.count[own][0] and not len(raised.mesh):
            raised = _crooked(lot, account)
        elif lot.sloped:
            _under_planes(lot, raised, [s.some(own) for s in stages], volumes[:, k], (inward[k], offset[k]), account)
        out.append(raised)
    return out


def _entries(
    lots: Sequence[PlainLot], first: NDArray[np.int64]
) -> list[tuple[NDArray[np.int64], NDArray[np.int64], Floats]]:
    """For the first, second … cut of every lot: rows of tiers, edges and distances."""
    stages: list[list[tuple[int, int, float]]] = [[] for _ in range(max(len(lot.cuts) for lot in lots))]
    for k, lot in enumerate(lots):
        for stage, cut in zip(stages, lot.cuts, strict=False):
            for tier, level in enumerate(lot.bottoms):
                stage += [(int(first[k]) + tier, edge, s) for edge, s in cut.distances(level).items()]
    out = []
    for stage in stages:
        rows, edges, distances = zip(*stage, strict=True) if stage else ((), (), ())
        out.append((np.array(rows, dtype=np.int64), np.array(edges, dtype=np.int64), np.array(distances, dtype=float)))
    return out


def _under_planes(
    lot: PlainLot, raised: Raised, stages: Sequence[Polygons], volumes: Floats, sides: tuple[Floats, Floats],
    account: bool,
) -> None:
    """Trim a convex lot's stack by its planes, in the order of its cuts; fill in what is left."""
    planes: list[tuple[tuple[float, ...], float]] = []
    before, body = float(volumes[0]), None
    own = np.array([0, len(lot.bottoms)])
    for j, cut in enumerate(lot.cuts):
        planes += [_half_space(rule.edge, rule.ground_m[0] + steps.plane[0], steps.plane[1], sides)
                   for rule, steps in cut.rules if steps.plane is not None]
        last = j + 1 == len(lot.cuts)
        if not planes or not (account or last):
            before = float(volumes[j + 1])
            continue
        mesh = raised.mesh if last else stacked(stages[j + 1], np.array(lot.bottoms), np.array(lot.tops), own).mesh(0)
        body = _body(mesh)
        for normal, distance in planes:
            body = body.trim_by_plane(normal, distance)
        now = float(above(body, lot.task.ground).volume())
        raised.removed_m3[cut.control], before = before - now, now
    raised.mesh, raised.body, raised.volume_m3 = solids.mesh_of(body), body, before


def _half_space(
    edge: int, at_edge: float, rise: float, sides: tuple[Floats, Floats]
) -> tuple[tuple[float, ...], float]:
    """Return the normal and distance of what lies under z = at_edge + rise · d."""
    inward, offset = sides
    length = float(np.hypot(rise, 1.0))
    return ((float(rise * inward[edge, 0]) / length, float(rise * inward[edge, 1]) / length, -1.0 / length),
            float(rise * offset[edge] - at_edge) / length)


def _crooked(lot: PlainLot, account: bool) -> Raised:
    """Cut a lot that is not convex: its tiers in plan, and solids off it for rules with planes."""
    task, edges = lot.task, lot.task.lot.boundary
    near = edges.moved(-lot.middle)
    rings = [near.start[near.ring == r] for r in range(int(near.ring[-1]) + 1)]
    figures = [CrossSection(rings, manifold3d.FillRule.EvenOdd)] * len(lot.bottoms)
    wedges: list[solids.Solid] = []
    removed: dict[str, float] = {}
    body: solids.Solid | None = None

    def counted() -> float:
        return float(sum(f.area() * lot.counted_m(k) for k, f in enumerate(figures)))

    before = counted()
    for cut in lot.cuts:
        if cut.sloped:
            wedges += _wedges(near, cut, task.base - BEYOND_M, task.top + BEYOND_M)
        else:
            figures = _without(figures, near, cut, lot)
        if wedges and (account or cut is lot.cuts[-1]):
            body = solids.without(_body(_raised(figures, lot)), wedges)
            now = float(above(body, task.ground).volume())
        elif wedges or not (account or cut is lot.cuts[-1]):
            now = before
        else:
            now = counted()
        removed[cut.control], before = before - now, now
    mesh = _raised(figures, lot) if body is None else solids.mesh_of(body)
    return Raised(mesh=mesh, areas_m2=np.array([f.area() for f in figures]), body=body, volume_m3=before,
                  removed_m3=removed)


def _groups(cut: PlainCut) -> dict[tuple[Profile, tuple[float, float]], list[EdgeConstraint]]:
    """Rules of a control by profile and ground: between those a reflex corner has only its gap to fill."""
    groups: dict[tuple[Profile, tuple[float, float]], list[EdgeConstraint]] = {}
    for rule, _ in cut.rules:
        groups.setdefault((rule.profile, rule.ground_m), []).append(rule)
    return groups


def _wedges(near: Boundary, cut: PlainCut, bottom: float, top: float) -> list[solids.Solid]:
    """Forbidden solids of a control's rules, edge by edge."""
    return [solids.edge_wedge(near, rule, bottom, top, {other.edge for other in group})
            for group in _groups(cut).values() for rule in group]


def _without(figures: Sequence[Section], near: Boundary, cut: PlainCut, lot: PlainLot) -> list[Section]:
    """Take a control's strips off the plan figure of each tier; tiers that do not differ share theirs."""
    depth = {rule.edge: max([s for h, s in steps.steps if rule.ground_m[0] + h < lot.task.top + BEYOND_M], default=0.0)
             for rule, steps in cut.rules}
    groups = list(_groups(cut).values())
    left: list[Section] = []
    same: dict[int, float] | None = None
    for k, (figure, level) in enumerate(zip(figures, lot.bottoms, strict=True)):
        distances = cut.distances(level)
        if k and distances == same and figure is figures[k - 1]:
            left.append(left[-1])
            continue
        same = distances
        outlines: list[Floats] = []
        for group in groups:
            edges = [rule.edge for rule in group if rule.edge in distances]
            if edges:
                outlines += strips(near, edges, [distances[e] for e in edges], [depth[e] for e in edges], set(edges))
        left.append(figure - section(outlines) if outlines else figure)
    return left


def _raised(figures: Sequence[Section], lot: PlainLot) -> Mesh:
    """Stack plan figures to a solid; where rounding keeps tiers from being joined the kernel unites them."""
    clean: dict[int, list[Floats]] = {}
    for figure in figures:
        if id(figure) not in clean:
            clean[id(figure)] = [ring for r in figure.to_polygons() if len(ring := _without_film(r))]
    mesh = stack([clean[id(figure)] for figure in figures], lot.bottoms, lot.tops)
    if len(figures) == 1 or not len(mesh) or is_closed(mesh.triangles, len(mesh.vertices)):
        return mesh
    parts = [Manifold.extrude(figure, top - bottom).translate((0.0, 0.0, bottom))
             for figure, bottom, top in zip(figures, lot.bottoms, lot.tops, strict=True) if not figure.is_empty()]
    return solids.mesh_of(solids.united(parts).simplify(SLIVER_M))


def _without_film(ring: Floats) -> Floats:
    """Drop corners of a ring that lie on each other, and a ring that encloses nothing: what clipping leaves."""
    following = np.roll(ring, -1, axis=0)
    apart = np.abs(following - ring).max(1) > 2.0 * SLIVER_M
    kept = ring[apart]
    middle = kept - kept[:1]
    area = np.abs((middle[:, 0] * np.roll(middle[:, 1], -1) - np.roll(middle[:, 0], -1) * middle[:, 1]).sum()) / 2.0
    return np.asarray(kept if len(kept) > 2 and area > FILM_M2 else kept[:0])


def _body(mesh: Mesh) -> solids.Solid:
    return Manifold(Mesh64(mesh.vertices.copy(), mesh.triangles.astype(np.uint64)))
