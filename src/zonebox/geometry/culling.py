"""Which triangles of a soup can be the tightest against a rule on an edge: looked at by groups first.

A design has thousands of triangles and a lot a dozen edges; all but a few triangles are far from each. Triangles that
lie together share a box, and a box that is farther from its limit than a place known is left out whole. What is left
out can neither be the tightest nor break the rule, so that nothing that is found depends on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.geometry.boundary import Boundary
from zonebox.geometry.edgewise import Corner, EdgeRule, edge_distance, edge_ground

Floats = NDArray[np.float64]
Whole = NDArray[np.intp]

WORTH: Final = 1_024
"""Fewer triangles than this are looked at one by one."""

CELLS: Final = (8, 8, 4)
"""Groups along x, y and z."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Groups:
    """Triangles by place: ``order`` (m,) lists them group after group, ``count`` (k,) says how many each group has.

    ``low`` and ``high`` (k, 3) bound a group, ``some`` (k, 3) is a corner of one of its triangles, and ``owner`` (k,)
    the body that it is of, one of ``owners``.
    """

    order: Whole
    count: Whole
    low: Floats
    high: Floats
    some: Floats
    owner: Whole
    owners: int

    def near(self, lot: Boundary, rule: EdgeRule) -> Whole:
        """Triangles (n,), ascending, that can be the tightest of their body against a rule, or break it."""
        least = _least(self, lot, rule)
        counted = edge_distance(self.some[:, :2], lot, rule.edge, rule.corner)
        height = self.some[:, 2] - edge_ground(self.some[:, :2], lot, rule.edge, rule.ground_m)
        margin = np.where(np.isfinite(counted) & (counted >= 0.0), counted - rule.profile.distance_at(height), np.inf)
        most = np.full(self.owners, np.inf)
        np.minimum.at(most, self.owner, margin)
        keep = least <= np.maximum(most, 0.0)[self.owner] + tolerance.SNAP_M
        return np.sort(self.order[np.repeat(keep, self.count)])


def grouped(corners: Floats, owner: Whole | None = None, owners: int = 1) -> Groups:
    """Group triangles (m, 3, 3), of one body or of several, by the place of their first corners.

    Examples
    --------
    >>> found = grouped(np.array([[[0.0, 0, 0], [1, 0, 0], [0, 1, 0]], [[9, 9, 9], [8, 9, 9], [9, 8, 9]]]))
    >>> found.count.tolist(), found.low.tolist()
    ([1, 1], [[0.0, 0.0, 0.0], [8.0, 8.0, 9.0]])
    """
    columns = np.ascontiguousarray(corners.reshape(-1, 9).T)                # of one number each: so short rows are slow
    body = np.zeros(len(corners), dtype=np.int32) if owner is None else owner.astype(np.int32)
    key = body
    for column, cells in zip(columns[:3], CELLS, strict=True):
        low = column.min()
        share = cells / max(float(column.max() - low), tolerance.SNAP_M)
        key = key * np.int32(cells) + np.minimum((column - low) * share, cells - 1).astype(np.int32)
    order = np.argsort(key.astype(np.uint16) if owners * np.prod(CELLS) <= 2**16 else key, kind="stable")
    key = key[order]
    start = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    axes = [columns[axis::3] for axis in range(3)]
    return Groups(
        order=order, count=np.diff(np.append(start, len(key))), some=corners[order[start], 0],
        owner=body[order[start]].astype(np.intp), owners=owners,
        low=np.stack([np.minimum.reduceat(np.minimum(np.minimum(a, b), c)[order], start) for a, b, c in axes], axis=1),
        high=np.stack([np.maximum.reduceat(np.maximum(np.maximum(a, b), c)[order], start) for a, b, c in axes], axis=1))


def _least(groups: Groups, lot: Boundary, rule: EdgeRule) -> Floats:
    """Bound the margins in each group's box from below (k,)."""
    edge = rule.edge
    middle, half = (groups.low + groups.high)[:, :2] / 2.0, (groups.high - groups.low)[:, :2] / 2.0
    inward, tangent = lot.inward[edge], lot.tangent[edge]
    least = (middle - lot.start[edge]) @ inward - half @ np.abs(inward)
    if rule.corner is not Corner.MITRE:                 # past a reflex corner the distance is the one to the corner
        along, reach = (middle - lot.start[edge]) @ tangent, half @ np.abs(tangent)
        for turn, past in ((lot.turn_deg[lot.before[edge]], -along - reach),
                           (lot.turn_deg[edge], along - reach - lot.length[edge])):
            if turn < 0.0:
                least = np.where(past > 0.0, np.hypot(np.maximum(least, 0.0), past), least)
    return np.asarray(least - _most_required(groups, lot, rule))


def _most_required(groups: Groups, lot: Boundary, rule: EdgeRule) -> Floats:
    """Bound the required distance in each group's box from above (k,)."""
    boxes = np.stack([groups.low, groups.high])
    grounds = np.stack([edge_ground(np.column_stack([boxes[i, :, 0], boxes[j, :, 1]]), lot, rule.edge, rule.ground_m)
                        for i in (0, 1) for j in (0, 1)])
    low, high = groups.low[:, 2] - grounds.max(0), groups.high[:, 2] - grounds.min(0)
    most = np.maximum(rule.profile.distance_at(low), rule.profile.distance_at(high))
    for height, distance in rule.profile.points:
        most = np.where((low <= height) & (height <= high), np.maximum(most, distance), most)
    return np.asarray(most)
