"""Which control made each face, found from where the face lies: for solids that were not cut control by control."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.geometry.mesh import Mesh, triangle_normals
from zonebox.geometry.profile import Profile
from zonebox.geometry.solids import OUTSIDE_M
from zonebox_converters.envelopes.plain import PlainLot

Floats = NDArray[np.float64]

BEYOND_M: Final = 2.0 * OUTSIDE_M
"""How far outside a face the rule that made it is looked for: farther than what cuts reaches over its end."""


def attribute(lots: Sequence[PlainLot], meshes: Sequence[Mesh]) -> list[tuple[tuple[str, ...], NDArray[np.int32]]]:
    """Name what made each triangle of each mesh (near its lot's middle): (names, (m,) numbers), the lot itself ``""``.

    A rule has made a face where it forbids the place just outside of it; of several the one that cut first, as it took
    what lay there.
    """
    if not lots:
        return []
    count = np.array([len(mesh) for mesh in meshes])
    corners = np.concatenate([mesh.corners for mesh in meshes])
    owner = np.repeat(np.arange(len(lots)), count)
    normal = triangle_normals(corners)
    normal /= np.maximum(np.linalg.norm(normal, axis=1), np.finfo(float).tiny)[:, None]
    outside = corners.mean(1) + BEYOND_M * normal
    names = [("", *dict.fromkeys([*(cut.control for cut in lot.cuts), *_ceiling(lot)])) for lot in lots]
    faces = np.zeros(len(owner), dtype=np.int32)
    rules = _rules(lots)
    side = np.flatnonzero(normal[:, 2] > -0.5)                               # all but the lots' own floors
    for k in reversed(range(int(rules.count.max(initial=0)))):
        face = side[k < rules.count[owner[side]]]
        rule = rules.first[owner[face]] + k
        taken = _forbidden(rules, rule, outside[face])
        faces[face[taken]] = rules.number[rule[taken]]
    level = np.array([lot.task.top for lot in lots])[owner]
    capped = (corners[:, :, 2] > level[:, None] - tolerance.SPLIT_M).all(1) & (normal[:, 2] > 0.0)
    top = np.array([own.index(ceiling[0]) if (ceiling := _ceiling(lot)) else 0
                    for own, lot in zip(names, lots, strict=True)], dtype=np.int32)
    faces[capped] = top[owner[capped]]
    return list(zip(names, np.split(faces, np.cumsum(count)[:-1]), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rules:
    """Rules of many lots as rows: ``count`` and ``first`` by lot, the others by rule.

    ``sides`` (rules, 13) holds start x, y; tangent; inward; length; turn and inward of the edge before, and after.
    """

    count: NDArray[np.int64]
    first: NDArray[np.int64]
    number: NDArray[np.int32]
    ground: Floats
    profile: NDArray[np.int64]
    profiles: tuple[Profile, ...]
    sides: Floats


def _rules(lots: Sequence[PlainLot]) -> _Rules:
    """Lay out the rules of lots, in the order of their cuts."""
    edges = [lot.task.lot.boundary for lot in lots]
    start = np.concatenate([[0], np.cumsum([len(e) for e in edges])])
    listed = [(k, n, rule) for k, lot in enumerate(lots) for n, cut in enumerate(lot.cuts, start=1)
              for rule, _ in cut.rules]
    owner = np.array([k for k, _, _ in listed], dtype=np.int64)
    count = np.bincount(owner, minlength=len(lots))
    numbers: dict[Profile, int] = {}
    profile = np.array([numbers.setdefault(rule.profile, len(numbers)) for _, _, rule in listed], dtype=np.int64)
    at = start[owner] + np.array([rule.edge for _, _, rule in listed], dtype=np.int64)
    shift = np.repeat(start[:-1], np.diff(start))
    before, after = (np.concatenate([getattr(e, name) for e in edges]) + shift for name in ("before", "after"))
    xy, t, n = (np.concatenate([getattr(e, name) for e in edges]) for name in ("start", "tangent", "inward"))
    length, turn = (np.concatenate([getattr(e, name) for e in edges]) for name in ("length", "turn_deg"))
    middle = np.array([lot.middle for lot in lots])[owner]
    return _Rules(
        count=count, first=np.cumsum(count) - count, number=np.array([n for _, n, _ in listed], dtype=np.int32),
        ground=np.array([rule.ground_m[0] for _, _, rule in listed]), profile=profile, profiles=tuple(numbers),
        sides=np.c_[xy[at] - middle, t[at], n[at], length[at], turn[before[at]], n[before[at]], turn[at], n[after[at]]])


def _forbidden(rules: _Rules, rule: NDArray[np.int64], points: Floats) -> NDArray[np.bool_]:
    """Whether points (n, 3) are forbidden by a rule of their lot each."""
    distance = _distance(rules.sides[rule], points[:, :2])
    height = points[:, 2] - rules.ground[rule]
    which, wanted = rules.profile[rule], np.zeros(len(points))
    for number, profile in enumerate(rules.profiles):
        mine = np.flatnonzero(which == number)
        if len(mine):
            wanted[mine] = profile.distance_at(height[mine])
    return (distance >= 0.0) & (distance < wanted)


def _distance(sides: Floats, xy: Floats) -> Floats:
    """`edgewise.edge_distance` with parallel corners, of points (n, 2), each to an edge of its own (a row of sides)."""
    offset = xy - sides[:, 0:2]
    along, inside = (offset * sides[:, 2:4]).sum(1), (offset * sides[:, 4:6]).sum(1)
    distance = inside
    for beyond, reach, column in ((along < 0.0, 0.0, 7), (along > sides[:, 6], 1.0, 10)):
        past = np.flatnonzero(beyond)
        side = sides[past]
        turn, corner = side[:, column], offset[past] - reach * side[:, 6:7] * side[:, 2:4]
        on_lot_side = (corner * side[:, column + 1:column + 3]).sum(1) >= 0.0
        straight_on = np.where(on_lot_side & (inside[past] >= 0.0) & (turn < 90.0), inside[past], np.inf)
        round_it = np.where(on_lot_side | (turn < -90.0), np.hypot(*corner.T), np.inf)
        distance[past] = np.where(turn < 0.0, round_it, straight_on)
    return np.asarray(distance)


def _ceiling(lot: PlainLot) -> list[str]:
    """Name the lowest level cap, in a list of one or none."""
    caps = lot.task.constraints.caps
    return [min(caps, key=lambda cap: cap.top_m).control] if caps else []
