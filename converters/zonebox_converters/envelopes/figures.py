"""Plain lots -> plan figures: the tiers in which a lot's rules leave the same of it, and what they keep there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.geometry.stepwise import steps_of
from zonebox_converters.envelopes.plain import PlainLots

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """Profiles as steps under a plane, as columns, see `stepwise.Steps`.

    ``heights``, ``reaches`` (profiles, k) of the steps, padded with inf and 0; ``sloped`` (profiles,) where there is a
    plane, with ``foot`` and ``rise``, the height at the edge and the rise per metre inward.
    """

    heights: Floats
    reaches: Floats
    sloped: NDArray[np.bool_]
    foot: Floats
    rise: Floats


def steps_of_rules(lots: PlainLots) -> Steps:
    """Read the profiles of plain lots."""
    read = [steps for p in lots.profiles if (steps := steps_of(p)) is not None]
    most = max((len(steps.steps) for steps in read), default=1)
    heights, reaches = np.full((len(read), most), np.inf), np.zeros((len(read), most))
    for k, steps in enumerate(read):
        heights[k, :len(steps.steps)], reaches[k, :len(steps.steps)] = zip(*steps.steps, strict=True)
    planes = np.array([(0.0, 0.0) if steps.plane is None else steps.plane for steps in read]).reshape(-1, 2)
    return Steps(heights=heights, reaches=reaches, foot=planes[:, 0], rise=planes[:, 1],
                 sloped=np.array([steps.plane is not None for steps in read], dtype=np.bool_))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Taking:
    """Fixed distances that rules keep in figures: ``figure`` (n,), rising, ``rule`` (n,), ``distance`` (n,) above 0."""

    figure: Whole
    rule: Whole
    distance: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Figures:
    """Tiers in which something changes, each with a plan figure of its own.

    Parameters
    ----------
    first : (lots + 1,)
        First figure of each lot.
    bottom, top : (figures,)
        Elevations.
    takings : tuple of Taking
        What is taken from the figures, stage by stage.
    """

    first: Whole
    bottom: Floats
    top: Floats
    takings: tuple[Taking, ...]

    def __len__(self) -> int:
        """Count the figures."""
        return len(self.bottom)

    @property
    def lot(self) -> Whole:
        """Lot of each figure."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))

    def some(self, lots: Whole) -> tuple[Figures, Whole]:
        """Return the figures of some lots, without what is taken, and which ones those are."""
        count = np.diff(self.first)[lots]
        first = np.concatenate([[0], np.cumsum(count)])
        chosen = np.arange(first[-1]) + np.repeat(self.first[:-1][lots] - first[:-1], count)
        return Figures(first=first, bottom=self.bottom[chosen], top=self.top[chosen], takings=()), chosen


def figures_of(lots: PlainLots, steps: Steps, in_plan: NDArray[np.bool_], *, stages: bool) -> Figures:
    """Find the figures of lots and what their rules take from them.

    Parameters
    ----------
    in_plan : (rules,) bool
        Rules whose steps are taken in plan; the others are left to solids, but change at their heights too.
    stages : bool
        Whether takings are listed control by control, in each lot's order, or all at once.
    """
    first, bottom = _tiers(lots, steps)
    rule, tier, distance = _distances(lots, steps, first, bottom)
    differs = np.zeros(len(bottom), dtype=np.bool_)
    differs[first[:-1]] = True
    differs[tier[1:][(rule[1:] == rule[:-1]) & (distance[1:] != distance[:-1])]] = True
    number = np.cumsum(differs) - 1                                     # figure of each tier
    kept = differs[tier] & (distance > 0.0) & in_plan[rule]
    rule, figure, distance = rule[kept], number[tier[kept]], distance[kept]
    starts = np.concatenate([number[first[:-1]], [differs.sum()]])
    low = bottom[differs]
    high = np.concatenate([low[1:], [0.0]])
    high[starts[1:] - 1] = lots.top
    stage = lots.rule_cut[rule] if stages else np.zeros(len(rule), dtype=np.int64)
    most = int(lots.rule_cut.max(initial=-1)) + 1 if stages else 1
    takings = []
    for n in range(most):
        mine = np.flatnonzero(stage == n)
        mine = mine[np.argsort(figure[mine], kind="stable")]
        takings.append(Taking(figure=figure[mine], rule=rule[mine], distance=distance[mine]))
    return Figures(first=starts, bottom=low, top=high, takings=tuple(takings))


def _tiers(lots: PlainLots, steps: Steps) -> tuple[Whole, Floats]:
    """First tier of each lot (lots + 1,), and where each tier begins: at the base, and where a rule takes a step."""
    step = lots.rule_ground[:, None] + steps.heights[lots.rule_profile]
    lot = lots.rule_lot
    inside = (step > lots.base[lot][:, None]) & (step < lots.top[lot][:, None])
    row, column = np.nonzero(inside)
    owner = np.concatenate([np.arange(len(lots)), lot[row]])
    level = np.concatenate([lots.base, step[row, column]])
    order = np.lexsort((level, owner))
    owner, level = owner[order], level[order]
    new = np.concatenate([[True], (owner[1:] != owner[:-1]) | (level[1:] != level[:-1])])[: len(owner)]
    return np.searchsorted(owner[new], np.arange(len(lots) + 1)), level[new]


def _distances(lots: PlainLots, steps: Steps, first: Whole, bottom: Floats) -> tuple[Whole, Whole, Floats]:
    """Every rule in every tier of its lot, rule by rule from the base up: rule, tier, fixed distance (n,) each."""
    lot = lots.rule_lot
    tiers = np.diff(first)[lot]
    rule = np.repeat(np.arange(len(lot)), tiers)
    tier = np.arange(len(rule)) + np.repeat(first[lot] - (np.cumsum(tiers) - tiers), tiers)
    reached = lots.rule_ground[rule][:, None] + steps.heights[lots.rule_profile[rule]]
    taken = (reached <= bottom[tier][:, None] + tolerance.SPLIT_M).sum(1)
    reach = np.concatenate([np.zeros((len(steps.reaches), 1)), steps.reaches], axis=1)
    return rule, tier, reach[lots.rule_profile[rule], taken]
