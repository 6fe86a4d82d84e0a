"""What a run settles of simple blocks at once: the controls that they keep, and whether they stay in their envelope.

What a block breaks is looked at one by one, so that its finding has the offending piece and a change that was tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zonebox import tolerance
from zonebox.checks.blocks import Blocks
from zonebox.checks.gates import OFF_GROUND_M
from zonebox.checks.homes import Home, home_of
from zonebox.checks.many import CHUNK, Row, arranged, findings_of
from zonebox.checks.sentences import say
from zonebox.checks.subject import Site
from zonebox.collector import without_collector
from zonebox.model import Building, ControlEnvelope, Finding, Parcel, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What is settled of a block: the findings of controls that it keeps, and whether it stays in its envelope."""

    findings: tuple[Finding, ...]
    controls: frozenset[str]
    contained: bool


def settled(site: Site) -> dict[int, Settled]:
    """Settle, of all designs of a scene at once, what simple blocks keep; what they break is looked at one by one.

    Returns
    -------
    dict of int to Settled
        By the ``id()`` of the design. Of a block that is named here the gates are open: it stands on the parcel that
        it claims, on its ground, and is a closed solid.
    """
    homes: dict[str, Home] = {}
    found: dict[int, Settled] = {}
    designs = site.scene.designs
    with without_collector():
        for _, blocks in arranged(_claimed(site, homes, designs[start:start + CHUNK])
                                   for start in range(0, len(designs), CHUNK)):
            for k, (design, parcel, home) in blocks:
                if blocks.arrays.low[k] - blocks.arrays.ground[k] <= OFF_GROUND_M:
                    found[id(design)] = _kept(blocks.arrays, k, design, parcel, home)
    return found


def _claimed(site: Site, homes: dict[str, Home], designs: Sequence[Building]) -> list[Row]:
    """Pair designs with the parcels that they claim, and these with what their envelopes hold."""
    placed: list[Row] = []
    for design in designs:
        parcel = site.parcels.get(design.parcel)
        if parcel is None or design.georeference:
            continue
        if parcel.id not in homes:
            homes[parcel.id] = home_of(site, parcel)
            homes[parcel.id].simple &= _is_all(homes[parcel.id], site.envelopes.get(parcel.id), parcel)
        placed.append((design, parcel, homes[parcel.id]))
    return placed


def _is_all(home: Home, envelope: ControlEnvelope | None, parcel: Parcel) -> bool:
    """Whether an envelope holds nothing but the controls of a home, over the same ground."""
    if envelope is None or envelope.ground_m != parcel.design_ground_m or envelope.ceilings or (
            envelope.studies) or envelope.empty is not None:
        return False
    known = {c.id for c, *_ in (*home.heights, *home.setbacks)}
    return all(c.control in known for c in envelope.constraints)


def _kept(blocks: Blocks, k: int, design: Building, parcel: Parcel, home: Home) -> Settled:
    """Keep the findings of the controls that a block keeps everywhere; it is contained where room is left to all."""
    by_control: dict[str, list[Finding]] = {}
    for finding in findings_of(blocks, k, design, parcel, home):
        assert finding.control is not None
        by_control.setdefault(finding.control.id, []).append(finding)
    kept = {name: found for name, found in by_control.items() if all(f.state is State.PASS for f in found)}
    findings = [f for found in kept.values() for f in found]
    room = {c.id for c, *_ in (*home.heights, *home.setbacks)}
    contained = (room <= kept.keys() and float(blocks.inside[k]) > tolerance.NOISE
                 and all((f.margin or 0.0) > 0.0 for f in findings if f.check != "coverage"))
    if contained:
        reason = say("outside", whole=float(blocks.area[k]) * float(blocks.high[k] - blocks.low[k]))
        findings.append(Finding(
            id=f"{design.id}/{parcel.id}/envelope", check="containment", state=State.PASS, parcel=parcel.id,
            design=design.id, control=None, value=0.0, limit=0.0, margin=0.0, tolerance=0.0, unit="m³",
            reason=reason.en, reason_zh=reason.zh))
    return Settled(findings=tuple(findings), controls=frozenset(kept), contained=contained)
