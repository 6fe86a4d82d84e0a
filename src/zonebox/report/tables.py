"""Findings and parcels as rows of plain values: the columns of the map layers and of the sheets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from zonebox.model import Control, Finding, Parcel, Report, Scene, State
from zonebox.report.facts import Facts, bound, facts_of, limit_of, utilisation, worst
from zonebox.words import Language, word

Value = str | float | int | None
Row = dict[str, Value]

DECIMALS = 4


def finding_row(facts: Facts) -> Row:
    """One finding with everything it carries; places are (E, N, H) in the scene's CRS."""
    f, control = facts.finding, facts.finding.control
    authority = None if control is None else control.authority
    east, north, height = facts.place or (None, None, None)
    return {
        "id": f.id, "uuid": facts.uuid, "check": f.check, "state": f.state.value, "parcel": f.parcel,
        "design": f.design, "control": "" if control is None else control.id,
        "kind": "" if control is None else control.kind.value,
        "severity": "" if control is None else control.severity.value,
        "document": "" if authority is None else authority.doc, "clause": "" if authority is None else authority.clause,
        "version": "" if authority is None else authority.version,
        "status": "" if authority is None else authority.status,
        "limit": _number(f.limit), "value": _number(f.value), "margin": _number(f.margin),
        "tolerance": _number(f.tolerance), "uncertainty": _number(f.uncertainty), "unit": f.unit,
        "utilisation": _number(facts.utilisation), "datum": facts.datum, "easting": east, "northing": north,
        "height": height, "edge": f.where.edge, "edge_role": facts.edge_role, "storey": f.where.storey,
        "elements": " ".join(f.elements), "cure": facts.cure, "reason": facts.reason,
        "source": "" if control is None else control.source,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One control of a parcel and how much of it a design uses; ``finding`` is None where no design was checked."""

    parcel: Parcel
    control: Control | None
    finding: Finding | None
    facts: Facts | None

    @property
    def share(self) -> float | None:
        """Utilisation (1: all of it), None where it cannot be said."""
        used = None if self.finding is None else utilisation(self.finding)
        return used if used is not None and math.isfinite(used) else None

    @property
    def limit(self) -> tuple[float | None, str]:
        """Bound and unit."""
        if self.finding is not None:
            return self.finding.limit, self.finding.unit
        return (None, "") if self.control is None else limit_of(self.control)


    @property
    def allowed(self) -> str:
        """Write the bound as people read it."""
        if self.facts is not None:
            return self.facts.limit
        limit, unit = self.limit
        kind = "" if self.control is None else self.control.kind.value
        return bound(kind, limit, unit)


def indicators(scene: Scene, report: Report, parcels: Iterable[Parcel], lang: Language) -> list[Indicator]:
    """List the checks of parcels, and the controls of those without a design; in their order."""
    rows: list[Indicator] = []
    for parcel in parcels:
        found = sorted(report.of(parcel.id), key=lambda f: (f.design, f.check, f.id))
        rows += [Indicator(parcel=parcel, control=f.control, finding=f, facts=facts_of(scene, f, lang)) for f in found]
        if not any(f.design for f in found):
            controls = [c for c in scene.plan.controls_of(parcel.id) if not c.superseded_by]
            rows += [Indicator(parcel=parcel, control=c, finding=None, facts=None) for c in controls]
    return rows


def verdict(report: Report, parcel: str) -> State | None:
    """Worst state of a parcel's findings; None where nothing was checked."""
    return worst(f.state for f in report.of(parcel))


def parcel_row(scene: Scene, report: Report, parcel: Parcel) -> Row:
    """One parcel with its verdict, its counts, and how much of its main indicators is used (1: all)."""
    found = report.of(parcel.id)
    state, envelope = verdict(report, parcel.id), scene.envelope(parcel.id)
    return {
        "parcel": parcel.id, "land_use": parcel.land_use, "land_use_name": parcel.land_use_name,
        "site_area_m2": _number(parcel.area_m2), "buildable": int(parcel.buildable),
        "verdict": "" if state is None else state.value, "designs": " ".join(sorted({f.design for f in found} - {""})),
        **{state.value.lower(): sum(f.state is state for f in found) for state in State},
        **{f"{check}_used": _most_used(found, check) for check in ("far", "coverage", "height")},
        "envelope_base_m": None if envelope is None else _number(envelope.base_m),
        "envelope_top_m": None if envelope is None else _number(envelope.top_m),
        "envelope_volume_m3": None if envelope is None else _number(envelope.volume_m3),
    }


def control_words(control: Control | None, finding: Finding | None, lang: Language) -> str:
    """Name what a control limits, in words where there are words for it."""
    key = finding.check if finding is not None else "" if control is None else control.kind.value
    try:
        return word(f"check.{key}", lang)
    except KeyError:
        return key.replace("_", " ")


def _most_used(found: Sequence[Finding], check: str) -> float | None:
    used = [share for f in found if f.check == check and (share := utilisation(f)) is not None]
    return _number(max(used, default=None))


def _number(value: float | None) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return round(float(value), DECIMALS) + 0.0
