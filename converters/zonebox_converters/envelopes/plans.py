"""Plan figures of plain lots, cut: convex ones by half-planes, the others by strips along their edges."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.column import Column, Rings
from zonebox.geometry.stepwise import strips_of_many
from zonebox_converters.envelopes.cutting import BEYOND_M
from zonebox_converters.envelopes.figures import Figures, Steps, Taking
from zonebox_converters.envelopes.plain import PlainLots

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


class Plans:
    """What is left of each figure; at first the whole lot."""

    def __init__(self, lots: PlainLots, steps: Steps, figures: Figures) -> None:
        """Lay out the figures of lots."""
        self._lots, self._figures = lots, figures
        whole = _shapes(lots, np.diff(figures.first))
        convex = lots.convex[figures.lot] if len(lots) else np.zeros(0, dtype=np.bool_)
        self._is_convex = convex
        depth = _depths(lots, steps)
        strips = [self._strips(taking, depth) for taking in figures.takings]
        self._stages = iter(zip(figures.takings, strips, strict=True))
        self._convex = whole.some(convex[whole.figure])
        self._column = Column(whole.some(~convex[whole.figure]), len(figures), strips)

    def take(self) -> None:
        """Take what the next stage takes."""
        taking, strips = next(self._stages)
        self._column.take(strips)
        self._convex = self._clipped(taking)

    def rings(self) -> Rings:
        """Return what is left."""
        return joined(self._convex, self._column.rings())

    def _strips(self, taking: Taking, depth: Floats) -> Rings:
        """Outlines of what is taken from figures that are not convex."""
        keep = ~self._is_convex[taking.figure]
        rule, figure = taking.rule[keep], taking.figure[keep]
        return strips_of_many(self._lots.edges, self._lots.rule_edge[rule], taking.distance[keep], depth[rule],
                              _alike(self._lots, rule, figure), figure)

    def _clipped(self, taking: Taking) -> Rings:
        """Cut convex figures: each distance is a half-plane, run on to its neighbours' lines."""
        from zonebox.geometry.half_planes import clipped

        lots, rings = self._lots, self._convex
        keep = self._is_convex[taking.figure]
        rule, figure, distance = taking.rule[keep], taking.figure[keep], taking.distance[keep]
        edge = lots.rule_edge[rule]
        normal = lots.edges.inward[edge]
        offset = (normal * lots.edges.start[edge]).sum(1) + distance
        first = np.searchsorted(figure, np.append(rings.figure, len(self._figures)))
        corners, starts = clipped(rings.corners, rings.starts, first, normal, offset)
        left = np.diff(starts) > 0
        return Rings(corners=corners, starts=np.append(starts[:-1][left], starts[-1]), figure=rings.figure[left])


def joined(one: Rings, other: Rings) -> Rings:
    """Put the rings of different figures together, in the order of figures."""
    figure = np.concatenate([one.figure, other.figure])
    count = np.concatenate([np.diff(one.starts), np.diff(other.starts)])
    order = np.argsort(figure, kind="stable")
    begun = (np.cumsum(count) - count)[order]
    count = count[order]
    corner = np.arange(int(count.sum())) + np.repeat(begun - (np.cumsum(count) - count), count)
    return Rings(corners=np.concatenate([one.corners, other.corners])[corner], figure=figure[order],
                 starts=np.concatenate([[0], np.cumsum(count)]))


def _depths(lots: PlainLots, steps: Steps) -> Floats:
    """Largest distance (rules,) of each rule below its lot's top."""
    reached = lots.rule_ground[:, None] + steps.heights[lots.rule_profile]
    below = reached < lots.top[lots.rule_lot][:, None] + BEYOND_M
    return np.asarray(np.where(below, steps.reaches[lots.rule_profile], 0.0).max(1, initial=0.0))


def _alike(lots: PlainLots, rule: Whole, figure: Whole) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether the edge before and after (n,) keeps the same profile on the same ground for the same control."""
    edge = lots.rule_edge[rule]
    if not len(rule):
        none = np.zeros(0, dtype=np.bool_)
        return none, none
    same = np.lexsort((lots.rule_ground[rule], lots.rule_profile[rule], lots.rule_cut[rule], figure))
    key = np.stack([figure, lots.rule_cut[rule], lots.rule_profile[rule]], axis=1)[same]
    new = (key[1:] != key[:-1]).any(1) | (lots.rule_ground[rule][same][1:] != lots.rule_ground[rule][same][:-1])
    group = np.empty(len(rule), dtype=np.int64)
    group[same] = np.concatenate([[0], np.cumsum(new)])
    group *= len(lots.edges)
    known = group + edge
    return np.isin(group + lots.edges.before[edge], known), np.isin(group + lots.edges.after[edge], known)


def _shapes(lots: PlainLots, figures: Whole) -> Rings:
    """Return the rings of each lot, as often as it has figures (lots,)."""
    ring = lots.edges.ring
    rings = int(ring[-1]) + 1 if len(ring) else 0
    ring_start = np.searchsorted(ring, np.arange(rings + 1))
    first_ring = np.append(ring[lots.first_edge[:-1]], rings)
    rings_of, edges_of = np.diff(first_ring), np.diff(lots.first_edge)
    lot = np.repeat(np.arange(len(lots)), figures)

    def runs(first: Whole, count: Whole) -> Whole:
        begun = np.cumsum(count[lot]) - count[lot]
        return np.asarray(np.arange(int(count[lot].sum())) + np.repeat(first[lot] - begun, count[lot]))

    edge, own = runs(lots.first_edge[:-1], edges_of), runs(first_ring[:-1], rings_of)
    size = np.diff(ring_start)[own]
    return Rings(corners=lots.edges.start[edge], starts=np.concatenate([[0], np.cumsum(size)]),
                 figure=np.repeat(np.arange(len(lot)), rings_of[lot]))
