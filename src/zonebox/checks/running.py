"""Run every check over a scene."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from zonebox.checks.ceilings import check_ceilings
from zonebox.checks.containment import check_containment
from zonebox.checks.heights import check_heights
from zonebox.checks.plan import check_plan
from zonebox.checks.ratios import check_ratios
from zonebox.checks.setbacks import check_setbacks
from zonebox.checks.subject import Subject, subject_of
from zonebox.model import Building, Finding, Report, Scene, State

FAMILIES: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    check_heights, check_setbacks, check_ceilings, check_containment, check_ratios,
)


def run(scene: Scene, progress: Callable[[int, int], None] | None = None) -> Report:
    """Check every design of a scene against the controls of its parcel, and the plan against itself.

    Findings are sorted by id, so that two runs read the same.
    """
    findings = list(check_plan(scene))
    for done, design in enumerate(scene.designs, start=1):
        subject = subject_of(scene, design)
        if subject is None:
            findings.append(_homeless(design))
        else:
            for family in FAMILIES:
                findings += family(subject)
        if progress is not None:
            progress(done, len(scene.designs))
    return Report(findings=tuple(sorted(findings, key=lambda f: f.id)))


def _homeless(design: Building) -> Finding:
    claim = f"its parcel {design.parcel} is not in the plan" if design.parcel else "it stands on no parcel of the plan"
    return Finding(id=f"{design.id}/parcel", check="parcel", state=State.NOT_CHECKED, parcel=design.parcel,
                   design=design.id, control=None, reason=claim)
