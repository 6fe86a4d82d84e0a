"""Run every check over a scene."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from zonebox.checks.ceilings import check_ceilings
from zonebox.checks.containment import check_containment
from zonebox.checks.frontage import check_frontage
from zonebox.checks.gates import check_gates, homeless
from zonebox.checks.green import check_green
from zonebox.checks.heights import check_heights
from zonebox.checks.plan import check_plan
from zonebox.checks.ratios import check_ratios
from zonebox.checks.setbacks import check_setbacks
from zonebox.checks.settling import Settled, settled
from zonebox.checks.spacing import check_spacing
from zonebox.checks.subject import Site, Subject
from zonebox.checks.uses import check_uses
from zonebox.model import Building, Finding, Report, Scene

FAMILIES: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    check_heights, check_setbacks, check_ceilings, check_containment, check_ratios, check_green, check_spacing,
    check_frontage, check_uses,
)
"""Checks of a design against the controls of its parcel; gates come before them."""


TOGETHER_FROM: Final = 64
"""From so many designs on, the simple ones among them are checked together first."""


def run(scene: Scene, progress: Callable[[int, int], None] | None = None) -> Report:
    """Check every design of a scene against the controls of its parcel, and the plan against itself.

    Findings are sorted by id, so that two runs read the same.
    """
    findings = list(check_plan(scene))
    site = Site(scene)
    together = settled(site) if len(scene.designs) >= TOGETHER_FROM else {}
    for done, design in enumerate(scene.designs, start=1):
        known = together.get(id(design))
        if known is not None:
            findings += known.findings
            findings += _unsettled(site, design, known)
        else:
            findings += check_design(site, design)
        if progress is not None:
            progress(done, len(scene.designs))
    return Report(findings=tuple(sorted(findings, key=lambda f: f.id)))


def check_design(site: Site, design: Building) -> Iterator[Finding]:
    """Check a design in every way."""
    subject = site.subject(design)
    if subject is None:
        yield homeless(site, design)
        return
    yield from check_gates(subject)
    for family in FAMILIES:
        yield from family(subject)


def _unsettled(site: Site, design: Building, known: Settled) -> Iterator[Finding]:
    """Check what is left of a block whose simple checks are settled; its gates are open."""
    left = tuple(c for c in site.controls.get(design.parcel, ()) if c.id not in known.controls)
    if known.contained and not left:
        return
    subject = site.subject(design)
    assert subject is not None
    if not known.contained:
        yield from check_containment(subject)
    rest = replace(subject, controls=left)
    for family in FAMILIES if left else ():
        if family is not check_containment:
            yield from family(rest)
