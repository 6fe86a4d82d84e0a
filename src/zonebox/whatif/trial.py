"""A scene and its report under some changes, and what they add up to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from zonebox.model import Kind, Report, Scene, State
from zonebox.whatif.changes import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What the whole scene adds up to, and one parcel where asked: m³, m², and findings by state."""

    volume_m3: float
    floor_area_m2: float
    states: Mapping[State, int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trial:
    """A scene and its report under some changes.

    ``touched`` names the parcels that the last change built or checked again; ``notes`` say what the answer leaves
    open.
    """

    scene: Scene
    report: Report
    changes: Mapping[tuple[str, str], Change] = field(default_factory=dict)
    touched: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def totals(self, parcel: str = "") -> Totals:
        """Add up envelopes, the floor area they can hold under the plan, and findings; of one parcel where named."""
        chosen = [e for e in self.scene.envelopes if parcel in ("", e.parcel)]
        found = Report(findings=tuple(f for f in self.report.findings if parcel in ("", f.parcel)))
        return Totals(volume_m3=sum(e.volume_m3 for e in chosen), states=found.summary,
                      floor_area_m2=sum(e.capacity.floor_area_m2 for e in chosen if e.capacity is not None))


def far_used(trial: Trial, parcel: str) -> tuple[float | None, float | None]:
    """Floor area ratio that the designs on a parcel use, and the one allowed; None where not known."""
    found = [f for f in trial.report.findings if f.parcel == parcel and f.control is not None
             and f.control.kind is Kind.FAR and f.value is not None and f.design]
    limits = [c.limit for c in trial.scene.plan.controls_of(parcel) if c.kind is Kind.FAR and not c.superseded_by]
    stated = [limit for limit in limits if limit is not None]
    return (max((f.value for f in found if f.value is not None), default=None), min(stated, default=None))
