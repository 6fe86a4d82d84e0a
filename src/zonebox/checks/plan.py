"""What is wrong with a plan before anything is designed (domain G3).

Empty envelopes, floor area ratios that no envelope can hold, densities that leave no ground for the green they ask for,
and absolute ceilings that take back what a relative height promised.
"""

from __future__ import annotations

from collections.abc import Iterator

from zonebox import tolerance
from zonebox.model import Control, ControlEnvelope, Finding, Kind, Scene, State, Where


def check_plan(scene: Scene) -> Iterator[Finding]:
    """Report every parcel whose controls contradict each other or leave nothing."""
    by_parcel: dict[str, list[Control]] = {}
    for control in scene.plan.controls:
        if not control.superseded_by:
            by_parcel.setdefault(control.parcel, []).append(control)
    for envelope in scene.envelopes:
        controls = by_parcel.get(envelope.parcel, [])
        if envelope.empty is not None:
            yield _empty(scene, envelope)
        else:
            yield from _far_out_of_reach(envelope, controls)
            yield from _lower_ceiling(envelope, controls)
        yield from _no_ground_left(envelope, controls)


def _least(controls: list[Control], kind: Kind) -> Control | None:
    stated = [c for c in controls if c.kind is kind and c.limit is not None]
    return min(stated, key=lambda c: (c.limit or 0.0, c.id), default=None)


def _far_out_of_reach(envelope: ControlEnvelope, controls: list[Control]) -> Iterator[Finding]:
    """Report a floor area ratio that the envelope, storey by storey, cannot hold (F30)."""
    far, capacity = _least(controls, Kind.FAR), envelope.capacity
    if far is None or far.limit is None or capacity is None or capacity.far_max >= far.limit * (1.0 - tolerance.RATIO):
        return
    yield _conflict(
        envelope, far, "far_infeasible", value=capacity.far_max, limit=far.limit,
        reason=f"the plan allows FAR {far.limit:g}, the envelope holds {capacity.far_max:.2f} in storeys of "
               f"{capacity.storey_height_m:g} m ({capacity.binding} binds)")


def _no_ground_left(envelope: ControlEnvelope, controls: list[Control]) -> Iterator[Finding]:
    """Report density and green ratio that together want more than the parcel has."""
    coverage = _least(controls, Kind.COVERAGE)
    green = max((c for c in controls if c.kind is Kind.GREEN and c.limit), key=lambda c: c.limit or 0.0, default=None)
    if coverage is None or green is None or coverage.limit is None or green.limit is None:
        return
    total = coverage.limit + green.limit
    if total > 1.0 + tolerance.RATIO:
        yield _conflict(envelope, green, "contradiction", value=total, limit=1.0, suffix="ground",
                        reason=f"density {coverage.limit:.0%} and green ratio {green.limit:.0%} exceed the parcel")


def _lower_ceiling(envelope: ControlEnvelope, controls: list[Control]) -> Iterator[Finding]:
    """Report an absolute ceiling below the relative one: which authority governs, and the metres it takes."""
    relative = [cap for cap in envelope.caps if cap.ground_m is not None]
    absolute = [cap for cap in envelope.caps if cap.ground_m is None]
    if not relative or not absolute:
        return
    promised, governing = min(relative, key=lambda c: c.top_m), min(absolute, key=lambda c: c.top_m)
    lost = promised.top_m - governing.top_m
    if lost <= tolerance.HEIGHT_M:
        return
    control = next(c for c in controls if c.id == governing.control)
    yield _conflict(
        envelope, control, "contradiction", value=promised.top_m, limit=governing.top_m, unit="m", suffix="ceiling",
        reason=f"{control.authority.doc} caps at {governing.top_m:.2f} m, {lost:.2f} m below what {promised.control} "
               "promises; the lower one governs")


def _conflict(
    envelope: ControlEnvelope, control: Control, check: str, *, value: float, limit: float, reason: str, unit: str = "",
    suffix: str = "far",
) -> Finding:
    """Write down a contradiction of the plan: for its authors to settle, so never harsher than MARGINAL."""
    middle = envelope.shape.representative_point()
    return Finding(
        id=f"plan/{envelope.parcel}/{suffix}", check=check, state=State.MARGINAL, parcel=envelope.parcel, design="",
        control=control, value=value, limit=limit, margin=-abs(value - limit), unit=unit, reason=reason,
        where=Where(point=(middle.x, middle.y, envelope.ground_m)),
    )


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
