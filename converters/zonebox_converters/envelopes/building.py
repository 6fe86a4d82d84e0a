"""Build the control envelopes of a plan, parcel by parcel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from zonebox import tolerance
from zonebox.frame import Frame
from zonebox.geometry.boundary import Boundary, boundaries
from zonebox.geometry.mesh import Mesh
from zonebox.geometry.tin import TinIndex
from zonebox.model import Control, ControlEnvelope, Parcel, Plan, Terrain
from zonebox_converters.envelopes.cutting import Cut, class_family, cut, cut_underground
from zonebox_converters.envelopes.emptiness import explain, narrows_out
from zonebox_converters.envelopes.filling import fill
from zonebox_converters.envelopes.grounds import Grounds, grounds_of
from zonebox_converters.envelopes.plain import Reading, Task
from zonebox_converters.envelopes.resolve import Constraints, Lot, resolve
from zonebox_converters.envelopes.together import cut_plain

UNLIMITED_HEIGHT_M: Final = 100.0
"""How high an envelope is drawn whose plan sets no height limit; its `limit_at` stays unlimited."""

SKIRT_M: Final = 1.0
"""How far an envelope reaches below its lowest ground, so that sloping terrain cuts it (domain C10)."""

CELLAR_M: Final = 20.0
"""How deep an underground envelope is drawn where the plan sets no lowest elevation."""

CHUNK: Final = 4_000
"""Parcels worked on at a time, which bounds the memory."""

FEW: Final = 64
"""Fewer lots than this are cut one by one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Built:
    """A lot with its constraints at work, and what is left of it."""

    task: Task
    cut: Cut

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left above the ground."""
        return self.task.top <= self.task.ground or self.cut.volume_m3 < tolerance.VOLUME_M3


def build(
    plan: Plan, terrain: Terrain | None, progress: Callable[[int, int], None] | None = None, *,
    frame: Frame | None = None,
) -> tuple[ControlEnvelope, ...]:
    """Build the envelope of every buildable parcel whose ground is known, in plan order.

    ``frame`` gives the grid convergence that rules by compass direction need; without it grid north is true north.
    """
    by_parcel: dict[str, list[Control]] = {}
    for control in plan.controls:
        by_parcel.setdefault(control.parcel, []).append(control)
    envelopes: list[ControlEnvelope] = []
    for start in range(0, len(plan.parcels), CHUNK):
        some = plan.parcels[start:start + CHUNK]
        lots = [(p, tuple(by_parcel.get(p.id, ()))) for p in some if p.buildable]

        def told(done: int, before: int = start, seen: int = len(some), of: int = len(lots)) -> None:
            if progress is not None:
                progress(before + (seen * done) // max(1, of), len(plan.parcels))

        built = cut_chunk(lots, terrain, frame=frame, told=told)
        envelopes += [envelope_of(b, own) for b, (_, own) in zip(built, lots, strict=True) if b is not None]
        told(len(lots))
    return tuple(envelopes)


def build_one(
    parcel: Parcel, controls: tuple[Control, ...], index: TinIndex | None, *, terrain: Terrain | None = None,
    convergence_deg: float = 0.0,
) -> ControlEnvelope | None:
    """Build one parcel's envelope; None where no ground reference is known to stand it on.

    Examples
    --------
    A 50 m × 40 m lot, 5 m in front, 4 m behind, 3 m at the sides, 24 m high holds 32 736 m³ (domain F1); see the
    tests for this and the other worked examples.
    """
    task = _task(parcel, parcel.boundary, controls, index, None if terrain is None else terrain.mesh, convergence_deg)
    return None if task is None else envelope_of(Built(task=task, cut=exactly(task)), controls)


def cut_chunk(
    lots: Sequence[tuple[Parcel, tuple[Control, ...]]], terrain: Terrain | None, *, frame: Frame | None = None,
    told: Callable[[int], None] | None = None,
) -> list[Built | None]:
    """Cut some lots with their controls: where they are many, those of steps and planes together, the others singly.

    Parameters
    ----------
    lots : sequence of (Parcel, its controls)
    told : function
        Hears how many lots are done.

    Returns
    -------
    list
        One entry a lot; None where no ground reference is known to stand it on.
    """
    tasks, easy = tasks_of(lots, terrain, frame=frame), Reading()
    together = [id(task) for task in tasks if task is not None and len(tasks) >= FEW and easy.add(task)]
    made = dict(zip(together, cut_plain(easy.lots()), strict=True))
    built: list[Built | None] = []
    for done, task in enumerate(tasks, start=1):
        if task is None:
            built.append(None)
            continue
        built.append(Built(task=task, cut=made.get(id(task)) or exactly(task)))
        if told is not None and id(task) not in made:
            told(done)
    return built


def tasks_of(
    lots: Sequence[tuple[Parcel, tuple[Control, ...]]], terrain: Terrain | None, *, frame: Frame | None = None,
) -> list[Task | None]:
    """Set the controls of some lots to work, without cutting anything; None where no ground reference is known."""
    index, ground = (None, None) if terrain is None else (terrain.index, terrain.mesh)
    box = shapely.bounds([p.shape for p, _ in lots]).reshape(-1, 4)
    turns = np.zeros(len(lots)) if frame is None else frame.convergences_deg((box[:, :2] + box[:, 2:]) / 2.0)
    return [_task(parcel, edges, controls, index, ground, turn) for (parcel, controls), edges, turn
            in zip(lots, boundaries([p.shape for p, _ in lots]), turns.tolist(), strict=True)]


def _task(
    parcel: Parcel, edges: Boundary, controls: tuple[Control, ...], index: TinIndex | None, terrain: Mesh | None,
    convergence_deg: float,
) -> Task | None:
    """Set a parcel's controls to work; None where no ground reference is known."""
    grounds = grounds_of(parcel, edges, index)
    return task_on(Lot(parcel=parcel, boundary=edges, grounds=grounds, terrain=terrain,
                       convergence_deg=convergence_deg), controls)


def task_on(lot: Lot, controls: tuple[Control, ...]) -> Task | None:
    """Set controls to work on a lot whose grounds are found; None where no ground reference is known."""
    grounds = lot.grounds
    if grounds.design is None:
        return None
    constraints = resolve(lot, controls)
    ground = grounds.design
    base = min(ground, ground if grounds.lowest is None else grounds.lowest) - SKIRT_M
    return Task(lot=lot, constraints=constraints, ground=ground, base=base, top=_top(constraints, grounds, ground))


def exactly(task: Task) -> Cut:
    """Cut one lot by solids."""
    return cut(task.lot.shape, task.constraints, ground=task.ground, base=task.base,
               top=max(task.top, task.base + SKIRT_M / 2))


def _top(constraints: Constraints, grounds: Grounds, ground: float) -> float:
    """Elevation of the lowest level cap; else high enough for every other ceiling to show."""
    if constraints.caps:
        return min(cap.top_m for cap in constraints.caps)
    highest = ground if grounds.highest is None else grounds.highest
    lifts = [c.lift_m for ceiling in constraints.ceilings for c in ceiling.ceilings if hasattr(c, "lift_m")]
    return highest + max(lifts) if lifts else ground + UNLIMITED_HEIGHT_M


def envelope_of(built: Built, controls: tuple[Control, ...]) -> ControlEnvelope:
    """Put a cut lot into words."""
    lot, constraints, made = built.task.lot, built.task.constraints, built.cut
    ground, base, top = built.task.ground, built.task.base, built.task.top
    parcel, notes = lot.parcel, list(constraints.unresolved)
    if not constraints.caps and not constraints.ceilings:
        notes.append(f"no height limit: drawn to {UNLIMITED_HEIGHT_M:g} m above the ground")
    empty = None
    if built.is_empty:
        empty = explain(lot.boundary, constraints, ground=ground, top=top)
    elif (narrows := narrows_out(lot.boundary, constraints, top_m=float(made.solid.bounds[1, 2]))) is not None:
        notes.append(narrows)
    family = () if empty else class_family(parcel.shape, constraints, made, ground=ground, top=top)
    floor = ground - CELLAR_M if constraints.floor_m is None else constraints.floor_m
    return ControlEnvelope(
        parcel=parcel.id, shape=parcel.shape, boundary=lot.boundary,
        solid=made.solid if empty is None else made.solid.empty(),
        face_control=made.face_control if empty is None else made.face_control[:0],
        face_names=made.face_names,
        edge_constraints=tuple(constraints.edges), caps=tuple(constraints.caps), ceilings=tuple(constraints.ceilings),
        ground_m=ground, ground_source=lot.grounds.design_source,
        base_m=base, top_m=ground if empty is not None else float(made.solid.bounds[1, 2]),
        footprint_m2=0.0 if empty is not None else made.footprint_m2,
        volume_m3=0.0 if empty is not None else made.volume_m3,
        removed_m3=made.removed_m3, family=family, superseded=tuple(constraints.superseded),
        underground=cut_underground(parcel.shape, constraints, ground=ground, floor=floor),
        capacity=None if empty else fill(made.area_at, parcel, controls, ground=ground, top=top),
        empty=empty, notes=tuple(notes),
    )
