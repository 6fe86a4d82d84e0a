"""Run every check over a scene."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from zonebox.checks.ceilings import check_ceilings
from zonebox.checks.containment import check_containment
from zonebox.checks.frontage import check_frontage
from zonebox.checks.gates import check_gates, homeless
from zonebox.checks.green import check_green
from zonebox.checks.heights import check_heights
from zonebox.checks.plan import check_plan
from zonebox.checks.ratios import check_ratios
from zonebox.checks.setbacks import check_setbacks
from zonebox.checks.spacing import check_spacing
from zonebox.checks.subject import Site, Subject
from zonebox.checks.uses import check_uses
from zonebox.model import Finding, Report, Scene

FAMILIES: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    check_heights, check_setbacks, check_ceilings, check_containment, check_ratios, check_green, check_spacing,
    check_frontage, check_uses,
)
"""Checks of a design against the controls of its parcel; gates come before them."""


def run(scene: Scene, progress: Callable[[int, int], None] | None = None) -> Report:
    """Check every design of a scene against the controls of its parcel, and the plan against itself.

    Findings are sorted by id, so that two runs read the same.
    """
    findings = list(check_plan(scene))
    site = Site(scene)
    for done, design in enumerate(scene.designs, start=1):
        subject = site.subject(design)
        if subject is None:
            findings.append(homeless(site, design))
        else:
            findings += check_gates(subject)
            for family in FAMILIES:
                findings += family(subject)
        if progress is not None:
            progress(done, len(scene.designs))
    return Report(findings=tuple(sorted(findings, key=lambda f: f.id)))
