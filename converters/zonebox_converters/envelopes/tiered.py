"""Plain lots -> solids: tiers cut in plan, all lots together, raised, and cut by planes where rules slope.

What comes out is what `cutting.cut` makes of the same constraints, to rounding; tests hold the two against each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from manifold3d import CrossSection, FillRule, Manifold
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.geometry import levels, solids
from zonebox.geometry.column import SLIVER_M, Rings
from zonebox.geometry.mesh import Mesh
from zonebox.geometry.tiering import Stacks, stacked
from zonebox_converters.envelopes.figures import Figures, figures_of, steps_of_rules
from zonebox_converters.envelopes.plain import PlainLots
from zonebox_converters.envelopes.plans import Plans
from zonebox_converters.envelopes.sloping import Slopes

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Raised:
    """Solids of plain lots, each about its middle.

    ``areas_m2`` (figures,) are plan areas before planes cut them; ``sloped`` (lots,) tells which ones they cut;
    ``removed_m3`` (lots, cuts) is what each control took, in the lot's order, where it was asked for.
    """

    solids: Stacks
    figures: Figures
    areas_m2: Floats
    sloped: NDArray[np.bool_]
    volume_m3: Floats
    footprint_m2: Floats
    removed_m3: Floats


def raise_all(lots: PlainLots, *, account: bool) -> Raised:
    """Make the solids of plain lots; without ``account`` it is not found out who took what, which costs stages."""
    steps = steps_of_rules(lots)
    slopes = Slopes(lots, steps)
    figures = figures_of(lots, steps, ~slopes.by_solids, stages=account)
    plans = Plans(lots, steps, figures)
    volumes = [_volumes(lots, figures, plans.rings().areas(len(figures)))] if account else []
    cut: dict[int, Mesh] = {}
    for stage in range(len(figures.takings)):
        plans.take()
        if account:
            rings = plans.rings()
            volumes.append(_volumes(lots, figures, rings.areas(len(figures))))
            some = slopes.lots_cut_by(stage)
            if len(some):
                cut = slopes.cut(_raised(rings, figures, some), some, stage)
                volumes[-1][list(cut)] = _measured(lots, cut)[0]
    rings = plans.rings()
    everyone = np.arange(len(lots))
    stacks, areas = _raised(rings, figures, everyone), rings.areas(len(figures))
    volume = _volumes(lots, figures, areas)
    plate = _at_ground(lots, figures, areas)
    if not account:
        cut = slopes.cut(stacks, slopes.lots, None)
    some = np.array(list(cut), dtype=np.int64)
    volume[some], section = _measured(lots, cut)
    plate[some] = np.where((lots.base < lots.ground)[some] & (lots.ground < lots.top)[some], section, 0.0)
    removed = -np.diff(np.stack(volumes), axis=0).T if len(volumes) > 1 else np.zeros((len(lots), 0))
    return Raised(solids=stacks.replaced(cut), figures=figures, areas_m2=areas, volume_m3=volume, footprint_m2=plate,
                  sloped=np.isin(np.arange(len(lots)), some), removed_m3=removed)


def _volumes(lots: PlainLots, figures: Figures, areas: Floats) -> Floats:
    """Volume (lots,) above the ground of tiers with plan areas (figures,)."""
    counted = np.maximum(0.0, figures.top - np.maximum(figures.bottom, lots.ground[figures.lot]))
    return np.asarray(np.bincount(figures.lot, weights=areas * counted, minlength=len(lots)), dtype=np.float64)


def _at_ground(lots: PlainLots, figures: Figures, areas: Floats) -> Floats:
    """Plan area (lots,) just above the ground; 0 where the prism does not reach over it."""
    level = lots.ground + tolerance.SPLIT_M
    at = (figures.bottom <= level[figures.lot]) & (level[figures.lot] < figures.top)
    crossing = (lots.base < lots.ground) & (lots.ground < lots.top)
    return np.where(crossing, np.bincount(figures.lot[at], weights=areas[at], minlength=len(lots)), 0.0)


def _measured(lots: PlainLots, cut: dict[int, Mesh]) -> tuple[Floats, Floats]:
    """Volume above the ground and section there (meshes,), of the solids of some lots."""
    corners = [mesh.corners for mesh in cut.values()]
    owner = np.repeat(np.arange(len(corners)), [len(c) for c in corners])
    level = lots.ground[list(cut)][owner] + tolerance.SPLIT_M           # a terrace on the ground is no section
    volume, section = levels.above(np.concatenate([np.zeros((0, 3, 3)), *corners]), level, owner, len(corners))
    return volume + tolerance.SPLIT_M * section, section


def _raised(rings: Rings, figures: Figures, some: NDArray[np.int64]) -> Stacks:
    """Stack the figures of some lots; where rounding keeps tiers from being joined the kernel unites them."""
    if len(some) < len(figures.first) - 1:
        number = np.full(len(figures), -1, dtype=np.int64)
        figures, chosen = figures.some(some)
        number[chosen] = np.arange(len(chosen))
        mine = rings.some(number[rings.figure] >= 0)
        rings = Rings(corners=mine.corners, starts=mine.starts, figure=number[mine.figure])
    stacks = stacked(rings, figures.bottom, figures.top, figures.first)
    standing = np.unique(figures.lot[rings.figure])
    sound = stacks.closed() & (np.diff(stacks.triangle_start) > 0)
    return stacks.replaced({int(k): _united(rings, figures, int(k)) for k in standing[~sound[standing]]})


def _united(rings: Rings, figures: Figures, lot: int) -> Mesh:
    """Join the tiers of one lot by the kernel."""
    parts = []
    for figure in range(int(figures.first[lot]), int(figures.first[lot + 1])):
        own = np.flatnonzero(rings.figure == figure)
        if len(own):
            plan = CrossSection([rings.corners[rings.starts[r]:rings.starts[r + 1]] for r in own], FillRule.EvenOdd)
            bottom, top = float(figures.bottom[figure]), float(figures.top[figure])
            parts.append(Manifold.extrude(plan, top - bottom).translate((0.0, 0.0, bottom)))
    return solids.mesh_of(solids.united(parts).simplify(SLIVER_M))
