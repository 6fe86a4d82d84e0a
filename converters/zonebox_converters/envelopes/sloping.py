"""Planes on plain lots: half-spaces where they forbid what their edges do, forbidden solids where they would more."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice
from typing import Final

import numpy as np
from manifold3d import Manifold, Mesh64
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.geometry import solids
from zonebox.geometry.column import APART_M
from zonebox.geometry.edgewise import EdgeRule
from zonebox.geometry.mesh import Mesh, merged
from zonebox.geometry.tiering import Stacks
from zonebox_converters.envelopes.cutting import BEYOND_M
from zonebox_converters.envelopes.figures import Steps
from zonebox_converters.envelopes.plain import PlainLots

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

BATCH: Final = 16
"""Lots cut by one operation: more would spread over kilometres, and the kernel holds places relative to the spread."""


class Slopes:
    """The rules with planes of plain lots.

    ``lots`` are the lots that have one; ``by_solids`` (rules,) the rules that are cut by solids, steps and all: those
    of a control with a plane on a lot that half-spaces would cut too much of. A plane that begins above the lot's top
    takes nothing: its half-space would, where the lot lies behind the line of its edge.
    """

    def __init__(self, lots: PlainLots, steps: Steps) -> None:
        """Find them."""
        self._lots, self._steps = lots, steps
        rule_lot = lots.rule_lot
        sloped = steps.sloped[lots.rule_profile]
        self._halved = _halved(lots, steps, np.flatnonzero(sloped))
        key = rule_lot * (int(lots.rule_cut.max(initial=0)) + 1) + lots.rule_cut
        self._of_sloped_cut = np.isin(key, key[sloped])
        self.by_solids = self._of_sloped_cut & ~self._halved[rule_lot]
        reaches = lots.top[rule_lot] > lots.rule_ground + steps.foot[lots.rule_profile]
        self._rules = np.where(self._halved[rule_lot], sloped & reaches, self._of_sloped_cut)
        self.lots = np.unique(rule_lot[sloped])

    def lots_cut_by(self, stage: int) -> Whole:
        """Lots with a plane among their first controls, up to the one at a place in their order."""
        lots = self._lots
        return np.unique(lots.rule_lot[self._rules & (lots.rule_cut <= stage)])

    def cut(self, stacks: Stacks, some: Whole, stage: int | None) -> dict[int, Mesh]:
        """Cut the stacks of some lots by their planes, up to a place in their order; empty stacks are left out.

        ``stacks`` holds either those lots alone, or all.
        """
        place = some if len(stacks) == len(self._lots) else np.arange(len(some))
        standing = np.diff(stacks.triangle_start)[place] > 0
        made, crooked = {}, {}
        for lot, at in zip(some[standing].tolist(), place[standing].tolist(), strict=True):
            if self._halved[lot]:
                made[lot] = solids.mesh_of(self._trimmed(stacks.mesh(at), self._chosen(lot, stage)))
            else:
                crooked[lot] = stacks.mesh(at)
        for some_lots in batched(crooked, BATCH):
            parts = {lot: self._wedges(lot, self._chosen(lot, stage)) for lot in some_lots}
            made |= subtracted({lot: crooked[lot] for lot in some_lots}, parts)
        return made

    def _chosen(self, lot: int, stage: int | None) -> Whole:
        """Rules of a lot that cut its solid, up to a place in its order of controls."""
        first, last = self._lots.first_rule[lot], self._lots.first_rule[lot + 1]
        mine = np.flatnonzero(self._rules[first:last]) + first
        return np.asarray(mine if stage is None else mine[self._lots.rule_cut[mine] <= stage])

    def _trimmed(self, mesh: Mesh, rules: Whole) -> solids.Solid:
        body = Manifold(Mesh64(mesh.vertices.copy(), mesh.triangles.astype(np.uint64)))
        for rule in rules.tolist():
            body = body.trim_by_plane(*self._half_space(rule))
        return body

    def _half_space(self, rule: int) -> tuple[tuple[float, float, float], float]:
        """Return the normal and distance of what lies under a rule's plane."""
        lots, profile = self._lots, self._lots.rule_profile[rule]
        edge, rise = lots.rule_edge[rule], float(self._steps.rise[profile])
        x, y = lots.edges.inward[edge].tolist()
        offset = float(lots.edges.inward[edge] @ lots.edges.start[edge])
        at_edge = float(lots.rule_ground[rule] + self._steps.foot[profile])
        length = float(np.hypot(rise, 1.0))
        return (rise * x / length, rise * y / length, -1.0 / length), (rise * offset - at_edge) / length

    def _wedges(self, lot: int, rules: Whole) -> list[solids.Solid]:
        """Forbidden solids of rules; between rules that are alike a reflex corner has only its gap to fill."""
        lots = self._lots
        alike: dict[tuple[int, int, float], set[int]] = {}
        keys = [(int(lots.rule_cut[r]), int(lots.rule_profile[r]), float(lots.rule_ground[r])) for r in rules.tolist()]
        for key, rule in zip(keys, rules.tolist(), strict=True):
            alike.setdefault(key, set()).add(int(lots.rule_edge[rule]))
        bottom, top = float(lots.base[lot]) - BEYOND_M, float(lots.top[lot]) + BEYOND_M
        parts = []
        for key, rule in zip(keys, rules.tolist(), strict=True):
            own = EdgeRule(edge=int(lots.rule_edge[rule]), profile=lots.profiles[key[1]], ground_m=(key[2], key[2]))
            parts += solids.wedge_parts(lots.edges, own, bottom, top, alike[key])
        return parts


def _halved(lots: PlainLots, steps: Steps, rules: Whole) -> NDArray[np.bool_]:
    """Tell of which lots (lots,) the half-spaces of their planes forbid what sweeps along their edges do, no more.

    A sweep is convex. So a rule's half-space forbids no more where the lot's outline, as far as the plane is below
    the lot's top, lies between the sweep's ends: its corners, and where it crosses the line at the plane's far end.
    """
    edges, lot = lots.edges, lots.rule_lot[rules]
    edge, profile = lots.rule_edge[rules], lots.rule_profile[rules]
    depth = (lots.top[lot] - lots.rule_ground[rules] - steps.foot[profile]) / steps.rise[profile]
    some = np.flatnonzero(depth > 0.0)
    count = np.diff(lots.first_edge)[lot[some]]
    rule = np.repeat(some, count)
    side = np.arange(len(rule)) - np.repeat(np.cumsum(count) - count, count) + lots.first_edge[lot[rule]]

    def away(points: Floats, line: Whole) -> Floats:
        """Distance of points (n, 2) from the lines of edges (n,), inward positive."""
        return np.asarray(((points - edges.start[line]) * edges.inward[line]).sum(1))

    one, other = away(edges.start[side], edge[rule]), away(edges.end[side], edge[rule])
    crosses = (one < depth[rule]) != (other < depth[rule])
    share = (depth[rule] - one) / np.where(crosses, other - one, 1.0)
    crossing = edges.start[side] + share[:, None] * (edges.end[side] - edges.start[side])
    below = one < depth[rule]
    points = np.concatenate([edges.start[side][below], crossing[crosses]])
    of_rule = np.concatenate([rule[below], rule[crosses]])
    outside = np.concatenate([one[below], np.zeros(int(crosses.sum()))]) < -tolerance.WELD_M
    for corner, neighbour, turn, sense in (
        (edges.start, edges.before, edges.turn_deg[edges.before], 1.0),
        (edges.end, edges.after, edges.turn_deg, -1.0),
    ):
        line = edge[of_rule]
        along = ((points - corner[line]) * edges.tangent[line]).sum(1) * sense
        runs_on = (turn[line] >= 0.0) & (turn[line] < 90.0)
        outside |= np.where(runs_on, away(points, neighbour[line]), along) < -tolerance.WELD_M
    halved = np.ones(len(lots), dtype=np.bool_)
    halved[lot[of_rule[outside]]] = False
    return halved


def subtracted(bodies: dict[int, Mesh], parts: dict[int, list[solids.Solid]]) -> dict[int, Mesh]:
    """Subtract from each body its parts, all bodies in one operation: laid apart they do not meet.

    A call of the kernel costs more than the solid of a lot.
    """
    corners = {lot: np.concatenate([mesh.bounds, *(np.reshape(p.bounding_box(), (2, 3)) for p in parts[lot])])[:, :2]
               for lot, mesh in bodies.items()}
    pitch = float(np.ceil(max((np.ptp(c, axis=0).max() for c in corners.values()), default=0.0))) + APART_M
    side = math.ceil(math.sqrt(len(bodies)))
    cell = {lot: np.array([k % side, k // side]) for k, lot in enumerate(bodies)}
    shift = {lot: pitch * cell[lot] - np.floor(corners[lot].min(0)) for lot in bodies}      # whole metres
    whole = merged([mesh.moved([*shift[lot], 0.0]) for lot, mesh in bodies.items()])
    body = Manifold(Mesh64(whole.vertices.copy(), whole.triangles.astype(np.uint64)))
    layers: list[list[solids.Solid]] = [[] for _ in range(max((len(p) for p in parts.values()), default=0))]
    for lot, own in parts.items():
        for layer, part in zip(layers, own, strict=False):
            layer.append(part.translate((float(shift[lot][0]), float(shift[lot][1]), 0.0)))
    left = solids.mesh_of(solids.without(body, [Manifold.compose(layer) for layer in layers]))
    number = (np.floor(left.vertices[:, :2] / pitch).astype(np.int64) * (1, side)).sum(1)
    of_triangle = number[left.triangles[:, 0]] if len(left) else np.zeros(0, dtype=np.int64)
    return {lot: left.part(of_triangle == k).moved([*-shift[lot], 0.0]) for k, lot in enumerate(bodies)}


def batched(lots: dict[int, Mesh], size: int) -> Iterator[list[int]]:
    """Yield the keys, some at a time."""
    keys = iter(lots)
    while some := list(islice(keys, size)):
        yield some
