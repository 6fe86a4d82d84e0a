"""How high a design stands, against relative and absolute limits (domain A5, D1, D2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from zonebox import tolerance
from zonebox.checks.findings import measured, not_checked, up
from zonebox.checks.sentences import NOTHING, Said, datum, say, together
from zonebox.checks.subject import Subject
from zonebox.checks.tops import Top, top_of
from zonebox.model import CapConstraint, Control, Cure, Datum, Finding, Kind, Where

FROM_TERRAIN: Final = frozenset({Datum.AVERAGE, Datum.LOWEST, Datum.HIGHEST, Datum.CURB, Datum.BOUNDARY_GROUND})
"""Ground references that are read off the terrain; the design ground is, where the plan does not state it."""

COVERAGE: Final = 1.96
"""Standard deviations of a 95 % interval."""


def check_heights(subject: Subject) -> Iterator[Finding]:
    """Check every height control of the parcel."""
    at_work = {cap.control: cap for cap in subject.envelope.caps} if subject.envelope else {}
    over_part = {c.control for c in subject.envelope.ceilings} if subject.envelope else set()
    for control in subject.active:
        if control.id in over_part:
            continue
        if control.kind in (Kind.HEIGHT, Kind.STOREYS):
            yield _relative(subject, control, at_work.get(control.id))
        elif control.kind is Kind.HEIGHT_ABSOLUTE and control.limit is not None:
            yield _against(subject, control, ground=0.0, bound=control.limit)
        elif control.kind is Kind.HEIGHT_MIN:
            yield _least(subject, control)


def measure_of(control: Control) -> str:
    """Measuring mode of a control; an elevation counts to the highest point unless the control says otherwise."""
    if control.kind is Kind.HEIGHT_ABSOLUTE and control.measure == "parapet":
        return "highest"
    return control.measure


def ground_u95(subject: Subject, control: Control) -> float | None:
    """Uncertainty at 95 % of the ground that a height counts from; None where the plan states it."""
    terrain, parcel = subject.site.scene.terrain, subject.parcel
    read_off = control.datum in FROM_TERRAIN or (
        control.datum is Datum.DESIGN_GROUND and parcel.design_ground_m is None)
    if terrain is None or not read_off:
        return None
    return COVERAGE * terrain.rms_error_m


def _relative(subject: Subject, control: Control, cap: CapConstraint | None) -> Finding:
    if cap is None or cap.ground_m is None:
        return not_checked(subject, control, check=control.kind.value, unit="m",
                           reason=say("reference_unknown", datum=datum(control.datum.value)))
    return _against(subject, control, ground=cap.ground_m, bound=cap.top_m - cap.ground_m)


def _words(control: Control, ground: float, top: Top) -> Said:
    if control.kind is Kind.HEIGHT_ABSOLUTE:
        return say("elevation", top=top.how)
    said = say("height", ground=ground, datum=datum(control.datum.value), top=top.how)
    if control.kind is not Kind.STOREYS:
        return said
    return together(say("storeys", count=control.limit, height=control.storey_height_m), said)


def _least(subject: Subject, control: Control) -> Finding:
    """Check a lower bound of height: here too much is fine and the margin turns round."""
    if subject.ground_m is None or not len(subject.soup) or control.limit is None:
        return not_checked(subject, control, check="height_min", unit="m",
                           reason=say("ground_unknown" if subject.ground_m is None else "no_geometry"))
    top = top_of(subject, control.measure)
    value, u95 = top.z - subject.ground_m, ground_u95(subject, control)
    return measured(
        subject, control, check="height_min", value=value, limit=control.limit, margin=value - control.limit,
        tol=tolerance.HEIGHT_M, unit="m", uncertainty=_larger(u95, top.u95_m),
        reason=together(say("least_height", top=top.how), _doubt(u95)),
        where=Where(point=top.point, storey=subject.storey_at(top.z)),
        cure=Cure(action="raise", amount=up(control.limit - value), unit="m"),
    )


def _against(subject: Subject, control: Control, *, ground: float, bound: float) -> Finding:
    check = control.kind.value
    if not len(subject.soup):
        return not_checked(subject, control, check=check, unit="m", reason=say("no_geometry"))
    top = top_of(subject, measure_of(control))
    u95 = ground_u95(subject, control)
    value = top.z - ground
    margin = bound - value
    ceiling = ground + bound
    over = subject.soup.above([0.0, 0.0, 1.0], ceiling).below([0.0, 0.0, 1.0], max(top.z, ceiling))
    over = over.where(over.corners[:, :, 2].max(1, initial=-np.inf) > ceiling + tolerance.SNAP_M)
    foot = (top.point[0], top.point[1], ceiling)
    return measured(
        subject, control, check=check, value=value, limit=bound, margin=margin, tol=tolerance.HEIGHT_M,
        unit="m", reason=together(_words(control, ground, top), _doubt(u95)), uncertainty=_larger(u95, top.u95_m),
        where=Where(point=top.point, storey=subject.storey_at(top.z), foot=foot),
        elements=subject.elements_of(over.origin) if margin < 0.0 else (),
        cure=Cure(action="lower", amount=up(-margin), unit="m"), part=over.mesh() if margin < 0.0 else None,
    )


def _larger(one: float | None, other: float | None) -> float | None:
    given = [u for u in (one, other) if u is not None]
    return max(given) if given else None


def _doubt(u95: float | None) -> Said:
    return NOTHING if u95 is None or u95 < tolerance.HEIGHT_M else say("ground_u95", u95=u95)
