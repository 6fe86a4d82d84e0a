"""Build the control envelopes of a plan, parcel by parcel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from zonebox import tolerance
from zonebox.frame import Frame
from zonebox.geometry.tin import TinIndex
from zonebox.model import Control, ControlEnvelope, Parcel, Plan, Terrain
from zonebox_converters.envelopes.cutting import Cut, class_family, cut, cut_underground
from zonebox_converters.envelopes.emptiness import explain
from zonebox_converters.envelopes.filling import fill
from zonebox_converters.envelopes.grounds import Grounds, grounds_of
from zonebox_converters.envelopes.resolve import Constraints, Lot, resolve

UNLIMITED_HEIGHT_M: Final = 100.0
"""How high an envelope is drawn whose plan sets no height limit; its `limit_at` stays unlimited."""

SKIRT_M: Final = 1.0
"""How far an envelope reaches below its lowest ground, so that sloping terrain cuts it (domain C10)."""

CELLAR_M: Final = 20.0
"""How deep an underground envelope is drawn where the plan sets no lowest elevation."""


def build(
    plan: Plan, terrain: Terrain | None, progress: Callable[[int, int], None] | None = None, *,
    frame: Frame | None = None,
) -> tuple[ControlEnvelope, ...]:
    """Build the envelope of every buildable parcel whose ground is known, in plan order.

    ``frame`` gives the grid convergence that rules by compass direction need; without it grid north is true north.
    """
    index = None if terrain is None else terrain.index
    by_parcel: dict[str, list[Control]] = {}
    for control in plan.controls:
        by_parcel.setdefault(control.parcel, []).append(control)
    envelopes = []
    for done, parcel in enumerate(plan.parcels, start=1):
        if parcel.buildable:
            middle = np.asarray(parcel.shape.envelope.centroid.coords[0])
            turn = 0.0 if frame is None else frame.convergence_deg(middle)
            made = build_one(parcel, tuple(by_parcel.get(parcel.id, ())), index, terrain=terrain, convergence_deg=turn)
            if made is not None:
                envelopes.append(made)
        if progress is not None:
            progress(done, len(plan.parcels))
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
    lot = parcel.boundary
    grounds = grounds_of(parcel, lot, index)
    if grounds.design is None:
        return None
    ground = grounds.design
    known = Lot(parcel=parcel, boundary=lot, grounds=grounds, terrain=None if terrain is None else terrain.mesh,
                convergence_deg=convergence_deg)
    constraints = resolve(known, controls)
    top = _top(constraints, grounds, ground)
    base = min(ground, ground if grounds.lowest is None else grounds.lowest) - SKIRT_M
    made = cut(parcel.shape, constraints, ground=ground, base=base, top=max(top, base + SKIRT_M / 2))
    return _envelope(known, controls, constraints, made, ground=ground, base=base, top=top)


def _top(constraints: Constraints, grounds: Grounds, ground: float) -> float:
    """Elevation of the lowest level cap; else high enough for every other ceiling to show."""
    if constraints.caps:
        return min(cap.top_m for cap in constraints.caps)
    highest = ground if grounds.highest is None else grounds.highest
    lifts = [c.lift_m for ceiling in constraints.ceilings for c in ceiling.ceilings if hasattr(c, "lift_m")]
    return highest + max(lifts) if lifts else ground + UNLIMITED_HEIGHT_M


def _envelope(
    lot: Lot, controls: tuple[Control, ...], constraints: Constraints, made: Cut, *, ground: float, base: float,
    top: float,
) -> ControlEnvelope:
    """Put a cut lot into words."""
    parcel, notes = lot.parcel, list(constraints.unresolved)
    if not constraints.caps and not constraints.ceilings:
        notes.append(f"no height limit: drawn to {UNLIMITED_HEIGHT_M:g} m above the ground")
    empty = None
    if top <= ground or made.volume_m3 < tolerance.VOLUME_M3:
        empty = explain(lot.boundary, constraints, ground=ground, top=top)
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
        capacity=None if empty else fill(made.left, parcel, controls, ground=ground, top=top),
        empty=empty, notes=tuple(notes),
    )
