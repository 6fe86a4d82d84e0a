"""What a check found: located, measured, attributed to a clause and to elements, with the change that cures it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from zonebox.geometry.mesh import Mesh
from zonebox.model.control import Control


class State(StrEnum):
    """Verdict of a check (domain §0): margin ≥ 0, within tolerance, beyond it, or not possible."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    MARGINAL = "MARGINAL"
    FAIL = "FAIL"
    NOT_CHECKED = "NOT_CHECKED"


def judge(margin: float, tol: float) -> State:
    """Verdict for a margin (> 0: room left) and its tolerance.

    >>> [judge(m, 0.05).value for m in (0.0, -0.04, -0.06)]
    ['PASS', 'MARGINAL', 'FAIL']
    """
    if margin >= 0.0:
        return State.PASS
    return State.MARGINAL if margin >= -tol else State.FAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """The worst place: a point in the frame (x, y, z), the parcel edge and the storey concerned."""

    point: tuple[float, float, float] | None = None
    edge: int | None = None
    storey: str = ""
    foot: tuple[float, float, float] | None = None
    """Other end of the dimension line: the place on the limit that ``point`` is measured to."""


Action = Literal[
    "lower", "raise", "raise_foundation", "move", "move_entrance", "remove_floor_area", "add_floor_area",
    "remove_footprint", "add_footprint", "remove_volume", "add_green", "remove_green", "add_frontage", "add_parking",
    "change_use"]
"""Every kind of change that a finding may name; the catalogue holds a word for each, the tests a trial of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cure:
    """The least change that makes the check pass: what to do, by how much, in which direction (unit vector)."""

    action: Action
    amount: float
    unit: str
    direction: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreyMargin:
    """The tightest place of one storey: what there is, what is required, and the point (x, y, z) in the frame."""

    storey: str
    value: float
    limit: float
    point: tuple[float, float, float]

    @property
    def margin(self) -> float:
        """Room left, negative where the rule is broken."""
        return self.value - self.limit


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Finding:
    """One check of one control on one design.

    ``margin`` > 0 means room left; ``reason`` says what is missing for NOT_CHECKED, else how it was measured, in
    English, ``reason_zh`` in Chinese. ``storeys`` holds the tightest place of every storey, lowest first, where a
    distance was measured storey by storey.
    ``part`` is the offending piece as a mesh in the frame, for pictures and tiles. ``uncertainty`` is what the inputs
    alone leave open about ``value`` at 95 % confidence (u95), in the same unit, where it is known.
    """

    id: str
    check: str
    state: State
    parcel: str
    design: str
    control: Control | None
    value: float | None = None
    limit: float | None = None
    margin: float | None = None
    tolerance: float | None = None
    uncertainty: float | None = None
    unit: str = ""
    where: Where = Where()
    elements: tuple[str, ...] = ()
    cure: Cure | None = None
    reason: str = ""
    reason_zh: str = ""
    storeys: tuple[StoreyMargin, ...] = ()
    part: Mesh | None = None
    figures: tuple[tuple[str, float], ...] = ()
    """More that was measured, by name with its unit: areas, volumes, counts that the reason tells in words."""

    def said(self, lang: str) -> str:
        """How it was measured, or what is missing, in a language: ``en`` or ``zh``."""
        return self.reason_zh if lang == "zh" and self.reason_zh else self.reason


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Report:
    """All findings of a scene, sorted by id."""

    findings: tuple[Finding, ...]
    _findings_of: dict[str, list[Finding]] = field(default_factory=dict, init=False, repr=False)
    """Findings by parcel number, filled when first asked for."""

    def of(self, parcel_id: str) -> tuple[Finding, ...]:
        """List the findings on a parcel, by id."""
        if not self._findings_of:
            for finding in self.findings:
                self._findings_of.setdefault(finding.parcel, []).append(finding)
        return tuple(self._findings_of.get(parcel_id, ()))

    @property
    def summary(self) -> dict[State, int]:
        """Count of findings by state, every state present."""
        counted = Counter(finding.state for finding in self.findings)
        return {state: counted[state] for state in State}

    @property
    def compliant(self) -> bool:
        """Whether nothing failed."""
        return not any(finding.state is State.FAIL for finding in self.findings)
