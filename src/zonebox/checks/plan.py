"""What is wrong with a plan before anything is designed (domain G3): parcels on which its controls leave no room."""

from __future__ import annotations

from collections.abc import Iterator

from zonebox.model import ControlEnvelope, Finding, Scene, State, Where


def check_plan(scene: Scene) -> Iterator[Finding]:
    """Report every parcel whose controls leave an empty envelope."""
    for envelope in scene.envelopes:
        if envelope.empty is not None:
            yield _empty(scene, envelope)


def _empty(scene: Scene, envelope: ControlEnvelope) -> Finding:
    assert envelope.empty is not None
    why = envelope.empty
    control = next((c for c in scene.plan.controls_of(envelope.parcel) if c.id in why.controls), None)
    middle = envelope.shape.representative_point()
    gap = None
    if why.width_needed_m is not None and len(why.edges) == 2:
        lot = envelope.boundary
        ends = [lot.start[why.edges[1]], lot.end[why.edges[1]]] - lot.start[why.edges[0]]
        gap = float((ends @ lot.inward[why.edges[0]]).mean())
    margin = None if gap is None or why.width_needed_m is None else gap - why.width_needed_m
    return Finding(
        id=f"plan/{envelope.parcel}/envelope", check="envelope_empty", state=State.FAIL, parcel=envelope.parcel,
        design="", control=control, value=gap, limit=why.width_needed_m, margin=margin,
        unit="" if gap is None else "m", where=Where(point=(middle.x, middle.y, envelope.ground_m),
                                                     edge=why.edges[0] if why.edges else None),
        reason=f"nothing can be built on this parcel: {why.reason}",
    )
