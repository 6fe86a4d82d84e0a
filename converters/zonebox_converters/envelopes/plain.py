"""Lots whose controls are steps and planes over level ground: the constraints of most parcels, as columns of numbers.

Such a lot is cut in plan, tier by tier, and by planes; solids are subtracted only where a plane meets a lot that is not
convex.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.boundary import Boundary
from zonebox.geometry.edgewise import Corner
from zonebox.geometry.mesh import frozen
from zonebox.geometry.profile import Profile
from zonebox.geometry.stepwise import steps_of
from zonebox_converters.envelopes.resolve import Constraints, Lot

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Task:
    """A lot to cut: its constraints, the ground that volumes count from, and its prism's elevations."""

    lot: Lot
    constraints: Constraints
    ground: float
    base: float
    top: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlainLots:
    """Plain lots and their rules.

    Parameters
    ----------
    edges : Boundary
        Edges of all lots, each lot about its ``middle``; rings are numbered through.
    first_edge, first_rule : (lots + 1,)
        First edge and rule of each lot.
    middle, ground, base, top : (lots, 2), (lots,), (lots,), (lots,)
        Where its origin is, the elevation that volumes count from, and its prism's elevations.
    ceiling : (lots,)
        Name of its lowest level cap.
    rule_cut, rule_name, rule_edge, rule_profile, rule_ground : (rules,)
        Which of its lot's controls a rule belongs to, counted from 0, that control's name, its edge, profile and
        elevation of zero height.
    names : tuple of str
        Controls; the first, ``""``, is the lot itself.
    """

    edges: Boundary
    first_edge: Whole
    first_rule: Whole
    middle: Floats
    ground: Floats
    base: Floats
    top: Floats
    ceiling: NDArray[np.int32]
    rule_cut: Whole
    rule_name: NDArray[np.int32]
    rule_edge: Whole
    rule_profile: Whole
    rule_ground: Floats
    names: tuple[str, ...]
    profiles: tuple[Profile, ...]

    def __len__(self) -> int:
        """Count the lots."""
        return len(self.middle)

    @property
    def rule_lot(self) -> Whole:
        """Lot of each rule (rules,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.first_rule))

    @property
    def convex(self) -> NDArray[np.bool_]:
        """Whether every corner (lots,) turns left: then each rule is a half-plane, run on to its neighbour's line."""
        first = self.first_edge[:-1]
        one_ring = self.edges.ring[self.first_edge[1:] - 1] == self.edges.ring[first]
        return np.asarray(one_ring & (np.minimum.reduceat(self.edges.turn_deg, first) > 0.0))

    def cut_name(self) -> dict[tuple[int, int], str]:
        """Name of each control of each lot, by (lot, place in its order)."""
        pairs = zip(self.rule_lot.tolist(), self.rule_cut.tolist(), self.rule_name.tolist(), strict=True)
        return {(lot, cut): self.names[name] for lot, cut, name in pairs}


class Reading:
    """Plain lots as they are read, one by one."""

    def __init__(self) -> None:
        """Begin with none."""
        self._tasks: list[Task] = []
        self._numbers: dict[Profile, int] = {}
        self._seen: dict[int, tuple[Profile, int]] = {}                 # by identity: to hash a profile takes longer
        self._rows: list[tuple[int, int, int, int, float]] = []
        self._first_rule = [0]
        self._names: dict[str, int] = {"": 0}
        self._ceilings: list[int] = []

    def add(self, task: Task) -> bool:
        """Take in a lot, unless one of its constraints needs the exact way."""
        found = task.constraints
        if found.ceilings or found.underground or task.top <= task.ground or not len(task.lot.boundary):
            return False
        rows: list[tuple[int, int, int, int, float]] = []
        cuts: dict[str, int] = {}
        names, seen = self._names, self._seen
        for rule in found.edges:
            profile, control = rule.profile, rule.control
            number = seen[id(profile)][1] if id(profile) in seen else self._learned(profile)
            if (number < 0 or rule.classes or rule.zone is not None or rule.corner is not Corner.PARALLEL
                    or rule.ground_m[0] != rule.ground_m[1]):
                return False
            cut = cuts.setdefault(control, len(cuts))
            rows.append((cut, names.setdefault(control, len(names)), rule.edge, number, rule.ground_m[0]))
        if len(cuts) > 1:
            rows.sort(key=itemgetter(0))
        self._rows += rows
        self._first_rule.append(len(self._rows))
        self._tasks.append(task)
        name = min(found.caps, key=lambda cap: cap.top_m).control if found.caps else ""
        self._ceilings.append(self._names.setdefault(name, len(self._names)))
        return True

    def _learned(self, profile: Profile) -> int:
        """Give a profile that was not seen before its number; −1 where it is not steps under one plane."""
        plain = steps_of(profile) is not None
        number = self._numbers.setdefault(profile, len(self._numbers)) if plain else -1
        self._seen[id(profile)] = profile, number
        return number

    def lots(self) -> PlainLots:
        """Return what was taken in."""
        edges = [task.lot.boundary for task in self._tasks]
        count = np.array([len(e) for e in edges], dtype=np.int64)
        first = np.concatenate([[0], np.cumsum(count)])
        bounds = np.array([task.lot.shape.bounds for task in self._tasks]).reshape(-1, 4)
        middle = np.round((bounds[:, :2] + bounds[:, 2:]) / 2.0)
        rows = np.array(self._rows, dtype=np.float64).reshape(-1, 5)
        cut, name, edge, profile = rows[:, :4].T.astype(np.int64)
        first_rule = np.array(self._first_rule, dtype=np.int64)
        numbers = np.array([[t.ground, t.base, t.top] for t in self._tasks]).reshape(-1, 3)
        return PlainLots(
            edges=_joined(edges, np.repeat(middle, count, axis=0), first), first_edge=first, first_rule=first_rule,
            middle=middle, ground=numbers[:, 0], base=numbers[:, 1], top=numbers[:, 2],
            ceiling=np.array(self._ceilings, dtype=np.int32), rule_cut=cut, rule_name=name.astype(np.int32),
            rule_edge=edge + np.repeat(first[:-1], np.diff(first_rule)),
            rule_profile=profile, rule_ground=rows[:, 4].copy(),
            names=tuple(self._names), profiles=tuple(self._numbers))


def _joined(edges: Sequence[Boundary], middle: Floats, first: Whole) -> Boundary:
    """Put the boundaries of lots into one, each about its middle (edges, 2)."""
    if not edges:
        none, whole = np.zeros((0, 2)), np.zeros(0, dtype=np.intp)
        return Boundary(start=none, end=none, before=whole, after=whole, ring=whole, hole=whole.astype(bool))
    shift = np.repeat(first[:-1], np.diff(first))
    rings = np.array([int(e.ring[-1]) + 1 for e in edges])
    ring_shift = np.repeat(np.cumsum(rings) - rings, np.diff(first))
    start, end = (np.concatenate([getattr(e, name) for e in edges]) - middle for name in ("start", "end"))
    return Boundary(
        start=frozen(start), end=frozen(end), before=frozen(np.concatenate([e.before for e in edges]) + shift),
        after=frozen(np.concatenate([e.after for e in edges]) + shift),
        ring=frozen(np.concatenate([e.ring for e in edges]) + ring_shift),
        hole=frozen(np.concatenate([e.hole for e in edges])))
