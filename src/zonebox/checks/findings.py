"""How checks write their findings: the same words and rounding everywhere."""

from __future__ import annotations

import math

from zonebox import tolerance
from zonebox.checks.sentences import Said
from zonebox.checks.subject import Subject
from zonebox.geometry.mesh import Mesh
from zonebox.model import Control, Cure, Finding, State, StoreyMargin, Where
from zonebox.model.finding import judge

NOWHERE = Where()


def measured(
    subject: Subject,
    control: Control,
    *,
    check: str,
    value: float,
    limit: float,
    margin: float,
    tol: float,
    unit: str,
    reason: Said,
    where: Where = NOWHERE,
    elements: tuple[str, ...] = (),
    cure: Cure | None = None,
    part: Mesh | None = None,
    suffix: str = "",
    uncertainty: float | None = None,
    storeys: tuple[StoreyMargin, ...] = (),
) -> Finding:
    """Write down a measured margin; the cure and the offending part only where the margin is negative.

    What separates MARGINAL from FAIL is the larger of tolerance and uncertainty (domain §0).
    """
    margin = 0.0 if abs(margin) < tolerance.NOISE else margin
    short = margin < 0.0
    return Finding(
        id=subject.finding_id(control.id, *([suffix] if suffix else [])), check=check,
        state=judge(margin, max(tol, uncertainty or 0.0)), parcel=subject.parcel.id, design=subject.design.id,
        control=control, value=value, limit=limit, margin=margin, tolerance=tol, uncertainty=uncertainty, unit=unit,
        where=where, elements=elements if short else (), cure=cure if short else None, reason=reason.en,
        reason_zh=reason.zh, storeys=storeys, part=part if short else None,
    )


def not_checked(
    subject: Subject, control: Control, *, check: str, reason: Said, unit: str = "", suffix: str = ""
) -> Finding:
    """Write down that a check was not possible, and what is missing."""
    return Finding(
        id=subject.finding_id(control.id, *([suffix] if suffix else [])), check=check, state=State.NOT_CHECKED,
        parcel=subject.parcel.id, design=subject.design.id, control=control, limit=control.limit, unit=unit,
        reason=reason.en, reason_zh=reason.zh,
    )


def up(amount: float, step: float = 0.001) -> float:
    """Round an amount up to a whole step, so that applying it is enough.

    >>> up(1.4201)
    1.421
    """
    return round(math.ceil((amount - tolerance.NOISE) / step) * step, 6)
