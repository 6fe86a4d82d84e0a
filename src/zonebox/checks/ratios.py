"""Floor area ratio and building density, as upper and lower bounds (domain A3, A4, D5)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from zonebox import tolerance
from zonebox.checks.findings import measured, not_checked, up
from zonebox.checks.floor_areas import GrossFloorArea, gross_floor_area
from zonebox.checks.sentences import NOTHING, Said, listed, say, together
from zonebox.checks.subject import Shape, Subject, top_view
from zonebox.geometry.soup import Soup
from zonebox.model import Control, Cure, Finding, Kind, State

SECTION_HEIGHT_M = 1.0
"""Coverage and floor outlines are taken this far above the floor (domain A4, D5)."""

SPREAD_RATIO = 0.02
"""Area sources that differ by more than this leave the ratio uncertain (domain D5)."""

FAR_DECIMALS = 2
"""Planning conditions state FAR to one or two decimals; comparison is rounded half up to this (domain A3)."""


def check_ratios(subject: Subject) -> Iterator[Finding]:
    """Check every ratio control of the parcel but those of green."""
    for control in subject.active:
        if control.kind in (Kind.FAR, Kind.FAR_MIN):
            yield _far(subject, control)
        elif control.kind in (Kind.COVERAGE, Kind.COVERAGE_MIN):
            yield _coverage(subject, control)


def half_up(value: float, decimals: int) -> float:
    """Round half away from zero, as planning conditions mean it.

    >>> half_up(2.505, 2), half_up(2.5049, 2)
    (2.51, 2.5)
    """
    scale = 10.0**decimals
    return float(math.floor(value * scale + 0.5 + 1e-9)) / scale


def _far(subject: Subject, control: Control) -> Finding:
    """Hold the floor area ratio against its bound.

    Where the sources of the floor area differ by more than 2 %, the ratio is known only to that difference, which is
    told, and the verdict is MARGINAL however the best source stands (domain D5); only what every source breaks FAILs.
    """
    assert control.limit is not None
    rule, least = control.area_rule, control.kind is Kind.FAR_MIN
    area = gross_floor_area(subject, rule)
    if area is None:
        return not_checked(subject, control, check=control.kind.value, reason=say("no_floor_area"))
    site = subject.parcel.area_m2
    decimals = FAR_DECIMALS if rule is None else rule.decimals
    sign = 1.0 if least else -1.0
    areas = [area.value_m2, *(v for _, v in area.others)]
    values = [half_up(v / site, decimals) for v in areas]
    margins = [sign * (v - control.limit) for v in values]
    u95, doubt = None, NOTHING
    if area.spread > SPREAD_RATIO:
        others = listed(say("source_area", source=say(f"source.{source.value}"), area=v) for source, v in area.others)
        doubt = say("spread", spread=area.spread, others=others)
        u95 = max(margins) - margins[0] if margins[0] < 0.0 else margins[0] - min(margins)
    value, margin, amount = values[0], margins[0], sign * (control.limit * site - areas[0])
    finding = measured(
        subject, control, check=control.kind.value, value=value, limit=control.limit, margin=margin,
        tol=tolerance.RATIO, uncertainty=u95, unit="",
        reason=together(say("far", area=area.value_m2, source=say(f"source.{area.source.value}"), by=_by(area, control),
                            site=site), doubt),
        cure=Cure(action="add_floor_area" if least else "remove_floor_area", amount=up(max(amount, 0.0), 0.1),
                  unit="m²"))
    unsure = area.spread > SPREAD_RATIO and finding.state is State.PASS
    return replace(finding, state=State.MARGINAL) if unsure else finding


def _by(area: GrossFloorArea, control: Control) -> Said:
    """Say how storeys were counted."""
    rule = control.area_rule
    by = say("far_once") if rule is None else say("far_rule", rule=str(rule))
    return together(by, say("far_weights", weights=area.counted)) if area.counted else by


def _coverage(subject: Subject, control: Control) -> Finding:
    assert control.limit is not None
    check = control.kind.value
    if subject.ground_m is None:
        return not_checked(subject, control, check=check, reason=say("ground_unknown"))
    outline, u95, note = footprint(subject, subject.ground_m + SECTION_HEIGHT_M)
    if outline is None:
        return not_checked(subject, control, check=check, reason=listed([say("no_outline"), subject.body.note]))
    area, site, least = float(outline.area), subject.parcel.area_m2, control.kind is Kind.COVERAGE_MIN
    value = area / site
    sign = 1.0 if least else -1.0
    tol = max(tolerance.AREA_M2, tolerance.AREA_RATIO * area) / site
    return measured(
        subject, control, check=check, value=value, limit=control.limit, margin=sign * (value - control.limit),
        tol=tol, uncertainty=None if u95 is None else u95 / site, unit="",
        reason=together(say("coverage", area=area, height=SECTION_HEIGHT_M, site=site), note),
        cure=Cure(action="add_footprint" if least else "remove_footprint", unit="m²",
                  amount=up(max(sign * (control.limit * site - area), 0.0), 0.1)))


def footprint(subject: Subject, level: float) -> tuple[Shape | None, float | None, Said]:
    """Outline of the design at a level, its uncertainty in m² where there is one, and how it was found.

    Where the model cannot be cut, the outline lies between what is seen from above of all that crosses the level and
    nothing known: the view from above is taken and counts as uncertain by half of itself.
    """
    outline = subject.section(level)
    if outline is not None:
        return outline, None, NOTHING
    seen = top_view(Soup.of(subject.design.mesh).above([0.0, 0.0, 1.0], level))
    if seen.is_empty:
        return None, None, NOTHING
    return seen, 0.5 * float(seen.area), say("coverage_seen")
