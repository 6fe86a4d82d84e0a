"""Lots whose controls are steps and planes over level ground: the constraints of most parcels, in plain numbers.

Such a lot is cut in plan, tier by tier, and by planes; solids are subtracted only where a plane meets a lot that is not
convex.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.geometry.edgewise import Corner
from zonebox.geometry.stepwise import Steps, steps_of
from zonebox.model import EdgeConstraint
from zonebox_converters.envelopes.resolve import Constraints, Lot


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Task:
    """A lot to cut: its constraints, the ground that volumes count from, and its prism's elevations."""

    lot: Lot
    constraints: Constraints
    ground: float
    base: float
    top: float


@dataclass(frozen=True, slots=True, eq=False)
class PlainCut:
    """What one control forbids: rules on edges, each as steps under a plane."""

    control: str
    rules: tuple[tuple[EdgeConstraint, Steps], ...]

    @property
    def sloped(self) -> bool:
        """Whether one of its rules has a plane."""
        return any(steps.plane is not None for _, steps in self.rules)

    def distances(self, level: float) -> dict[int, float]:
        """Edge -> fixed distance in the tier that starts at an elevation, where there is one."""
        found: dict[int, float] = {}
        for rule, steps in self.rules:
            distance = 0.0
            for height, reach in steps.steps:
                if rule.ground_m[0] + height <= level + tolerance.SPLIT_M:
                    distance = reach
            if distance > 0.0:
                found[rule.edge] = max(found.get(rule.edge, 0.0), distance)
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlainLot:
    """A lot in plain numbers: tiers from the base up, and its cuts in the order of their ids."""

    task: Task
    middle: NDArray[np.float64]
    bottoms: tuple[float, ...]
    tops: tuple[float, ...]
    cuts: tuple[PlainCut, ...]

    @property
    def sloped(self) -> bool:
        """Whether a plane cuts it."""
        return any(cut.sloped for cut in self.cuts)

    @property
    def convex(self) -> bool:
        """Whether every corner turns left: then each rule is a half-plane, run on to its neighbour's line."""
        edges = self.task.lot.boundary
        return int(edges.ring[-1]) == 0 and bool((edges.turn_deg > 0.0).all())

    def counted_m(self, tier: int) -> float:
        """Height of a tier above the ground."""
        return max(0.0, self.tops[tier] - max(self.bottoms[tier], self.task.ground))


def plain(task: Task) -> PlainLot | None:
    """Read a task in plain numbers; None where one of its constraints needs the exact way."""
    found = task.constraints
    if found.ceilings or found.underground or task.top <= task.ground:
        return None
    cuts: dict[str, list[tuple[EdgeConstraint, Steps]]] = {}
    levels = {task.base}
    for rule in found.edges:
        steps = steps_of(rule.profile)
        if steps is None or rule.classes or rule.corner is not Corner.PARALLEL or rule.ground_m[0] != rule.ground_m[1]:
            return None
        levels.update(rule.ground_m[0] + height for height, _ in steps.steps
                      if task.base < rule.ground_m[0] + height < task.top)
        cuts.setdefault(rule.control, []).append((rule, steps))
    bottoms = sorted(levels)
    bounds = task.lot.shape.bounds
    return PlainLot(
        task=task, middle=np.round([(bounds[0] + bounds[2]) / 2.0, (bounds[1] + bounds[3]) / 2.0]),
        bottoms=tuple(bottoms), tops=(*bottoms[1:], task.top),
        cuts=tuple(PlainCut(control, tuple(rules)) for control, rules in cuts.items()))
