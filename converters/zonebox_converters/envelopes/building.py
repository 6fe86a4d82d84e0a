"""Build the control envelopes of a plan, parcel by parcel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from zonebox import tolerance
from zonebox.geometry.tin import TinIndex
from zonebox.model import Control, ControlEnvelope, Parcel, Plan, Terrain
from zonebox_converters.envelopes.cutting import cut
from zonebox_converters.envelopes.emptiness import explain
from zonebox_converters.envelopes.grounds import grounds_of
from zonebox_converters.envelopes.resolve import resolve

UNLIMITED_HEIGHT_M: Final = 100.0
"""How high an envelope is drawn whose plan sets no height limit; its `limit_at` stays unlimited."""

SKIRT_M: Final = 1.0
"""How far an envelope reaches below its lowest ground, so that sloping terrain cuts it (domain C10)."""


def build(
    plan: Plan, terrain: Terrain | None, progress: Callable[[int, int], None] | None = None
) -> tuple[ControlEnvelope, ...]:
    """Build the envelope of every buildable parcel whose ground is known, in plan order."""
    index = None if terrain is None else terrain.index
    by_parcel: dict[str, list[Control]] = {}
    for control in plan.controls:
        by_parcel.setdefault(control.parcel, []).append(control)
    envelopes = []
    for done, parcel in enumerate(plan.parcels, start=1):
        if parcel.buildable:
            made = build_one(parcel, tuple(by_parcel.get(parcel.id, ())), index)
            if made is not None:
                envelopes.append(made)
        if progress is not None:
            progress(done, len(plan.parcels))
    return tuple(envelopes)


def build_one(parcel: Parcel, controls: tuple[Control, ...], terrain: TinIndex | None) -> ControlEnvelope | None:
    """Build one parcel's envelope; None where no ground reference is known to stand it on.

    Examples
    --------
    A 50 m × 40 m lot, 5 m in front, 4 m behind, 3 m at the sides, 24 m high holds 32 736 m³ (domain F1); see the
    tests for this and the other worked examples.
    """
    lot = parcel.boundary
    grounds = grounds_of(parcel, lot, terrain)
    if grounds.design is None:
        return None
    ground = grounds.design
    constraints = resolve(parcel, lot, controls, grounds)
    notes = list(constraints.unresolved)
    top = min((cap.top_m for cap in constraints.caps), default=ground + UNLIMITED_HEIGHT_M)
    if not constraints.caps:
        notes.append(f"no height limit: drawn to {UNLIMITED_HEIGHT_M:g} m above the ground")
    base = min(ground, ground if grounds.lowest is None else grounds.lowest) - SKIRT_M
    made = cut(parcel.shape, constraints, ground=ground, base=base, top=max(top, base + SKIRT_M / 2))
    empty = None
    if top <= ground or made.volume_m3 < tolerance.VOLUME_M3:
        empty = explain(lot, constraints, ground=ground, top=top)
    bounds = made.solid.bounds
    return ControlEnvelope(
        parcel=parcel.id, shape=parcel.shape, boundary=lot,
        solid=made.solid if empty is None else made.solid.empty(),
        face_control=made.face_control if empty is None else made.face_control[:0],
        face_names=made.face_names,
        edge_constraints=constraints.edges, caps=constraints.caps,
        ground_m=ground, ground_source=grounds.design_source,
        base_m=base, top_m=ground if empty is not None else float(bounds[1, 2]),
        footprint_m2=0.0 if empty is not None else made.footprint_m2,
        volume_m3=0.0 if empty is not None else made.volume_m3,
        removed_m3=made.removed_m3, empty=empty, notes=tuple(notes),
    )
