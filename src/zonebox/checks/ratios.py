"""Floor area ratio, building density and green ratio (domain A3, A4, A6, D5)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from zonebox import tolerance
from zonebox.checks.findings import measured, not_checked, up
from zonebox.checks.subject import Subject, section
from zonebox.model import Control, Cure, Finding, Kind, Where
from zonebox.model.building import AreaSource

SECTION_HEIGHT_M = 1.0
"""Coverage and floor outlines are taken this far above the floor (domain A4, D5)."""

SPREAD_RATIO = 0.02
"""Area sources that differ by more than this are told to the user (domain D5)."""

FAR_DECIMALS = 2
"""Planning conditions state FAR to one or two decimals; comparison is rounded half up to this (domain A3)."""


def check_ratios(subject: Subject) -> Iterator[Finding]:
    """Check every ratio control of the parcel."""
    for control in subject.controls:
        if control.superseded_by:
            continue
        if control.kind is Kind.FAR:
            yield _far(subject, control)
        elif control.kind is Kind.COVERAGE:
            yield _coverage(subject, control)
        elif control.kind is Kind.GREEN:
            yield not_checked(subject, control, check="green",
                              reason="the design models no green areas; add them or check the landscape plan")


@dataclass(frozen=True, slots=True, kw_only=True)
class GrossFloorArea:
    """Floor area above ground: the value, the source used, and the other sources' values."""

    value_m2: float
    source: AreaSource
    others: tuple[tuple[AreaSource, float], ...]

    @property
    def spread(self) -> float:
        """Largest relative difference of another source from the one used."""
        return max((abs(v - self.value_m2) / self.value_m2 for _, v in self.others if self.value_m2 > 0), default=0.0)


def gross_floor_area(subject: Subject) -> GrossFloorArea | None:
    """Sum the floor areas of the storeys above ground, by the best source that covers them all.

    Returns
    -------
    GrossFloorArea or None
        None where no source gives an area for any storey.
    """
    storeys = [s for s in subject.storeys_above_ground() if s.areas]
    sums: list[tuple[AreaSource, float]] = []
    for source in AreaSource:
        found = [a.value_m2 for s in storeys for a in s.areas if a.source is source]
        if found and len(found) >= 0.5 * len(storeys):
            sums.append((source, math.fsum(found)))
    if not sums:
        return None
    source, value = sums[0]
    return GrossFloorArea(value_m2=value, source=source, others=tuple(sums[1:]))


def half_up(value: float, decimals: int) -> float:
    """Round half away from zero, as planning conditions mean it.

    >>> half_up(2.505, 2), half_up(2.5049, 2)
    (2.51, 2.5)
    """
    scale = 10.0**decimals
    return float(math.floor(value * scale + 0.5 + 1e-9)) / scale


def _far(subject: Subject, control: Control) -> Finding:
    assert control.limit is not None
    area = gross_floor_area(subject)
    if area is None:
        return not_checked(subject, control, check="far", reason="the design states no storeys with floor area")
    site = subject.parcel.area_m2
    value = half_up(area.value_m2 / site, FAR_DECIMALS)
    margin = control.limit - value
    others = "; ".join(f"{source.value} {v:.0f} m²" for source, v in area.others)
    reason = f"{area.value_m2:.0f} m² of floor ({area.source.value}) on {site:.0f} m² of land"
    if area.spread > SPREAD_RATIO:
        reason += f"; the sources differ by {area.spread:.0%}: {others}"
    too_much = area.value_m2 - control.limit * site
    return measured(
        subject, control, check="far", value=value, limit=control.limit, margin=margin, tol=tolerance.RATIO,
        unit="", reason=reason, where=Where(),
        cure=Cure(action="remove_floor_area", amount=up(max(too_much, 0.0), 0.1), unit="m²"),
    )


def _coverage(subject: Subject, control: Control) -> Finding:
    assert control.limit is not None
    if subject.ground_m is None:
        return not_checked(subject, control, check="coverage", reason="the ground of the parcel is not known")
    outline = section(subject.design, subject.ground_m + SECTION_HEIGHT_M)
    if outline is None:
        return not_checked(subject, control, check="coverage",
                           reason=f"no closed outline of the design: {subject.design.solid_note}")
    footprint = float(outline.area)
    site = subject.parcel.area_m2
    value = footprint / site
    margin = control.limit - value
    tol = max(tolerance.AREA_M2, tolerance.AREA_RATIO * footprint) / site
    return measured(
        subject, control, check="coverage", value=value, limit=control.limit, margin=margin, tol=tol, unit="",
        reason=f"{footprint:.0f} m² of footprint {SECTION_HEIGHT_M:g} m above the ground on {site:.0f} m² of land",
        cure=Cure(action="remove_footprint", amount=up(max(footprint - control.limit * site, 0.0), 0.1), unit="m²"),
    )
