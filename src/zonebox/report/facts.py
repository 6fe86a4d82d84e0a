"""What is said about a finding, worked out once for the page, the sheets, the map layers and the topics."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from zonebox.frame import Frame
from zonebox.model import Control, Finding, Kind, Report, Scene, Severity, State
from zonebox.words import Language, word

RATIOS: Final = ("coverage", "green", "coverage_min", "green_max", "build_to")
"""Checks whose numbers are shares of the site."""

ORDER: Final = (State.FAIL, State.MARGINAL, State.NOT_CHECKED, State.PASS)
"""States, worst first."""

Place = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A finding in words of one language and in the scene's coordinates.

    ``uuid`` is made from the scene's name and the finding's id, so that it stays the same from run to run. ``place``
    and ``foot`` are (E, N, H) in the scene's CRS. ``utilisation`` is the share of the limit that is used (1: all).
    """

    finding: Finding
    uuid: str
    check: str
    state: str
    severity: str
    title: str
    limit: str
    value: str
    margin: str
    tolerance: str
    datum: str
    edge: str
    edge_role: str
    cure: str
    reason: str
    place: Place | None
    foot: Place | None
    utilisation: float | None


def facts_of(scene: Scene, finding: Finding, lang: Language) -> Facts:
    """Put a finding into words."""
    role = _edge_role(scene, finding)
    edge = "" if finding.where.edge is None else f"{word('edge', lang)} {finding.where.edge}"
    if role:
        edge += f" ({word(f'role.{role}', lang)})"
    check = word(f"check.{finding.check}", lang)
    control = finding.control
    return Facts(
        finding=finding, uuid=str(uuid.uuid5(uuid.NAMESPACE_URL, f"zonebox:{scene.name}/{finding.id}")), check=check,
        state=word(finding.state.value, lang), title=_title(finding, check, edge),
        severity="" if control is None else word(f"severity.{control.severity.value}", lang),
        limit=quantity(finding, finding.limit), value=quantity(finding, finding.value),
        margin=quantity(finding, finding.margin, signed=True), tolerance=quantity(finding, finding.tolerance),
        datum=_datum(scene, finding, lang), edge=edge, edge_role=role,
        cure=cure_words(finding, lang), reason=finding.said(lang),
        place=_world(scene.frame, finding.where.point), foot=_world(scene.frame, finding.where.foot),
        utilisation=utilisation(finding),
    )


def all_facts(scene: Scene, report: Report, lang: Language) -> list[Facts]:
    """Put every finding of a report into words, by id."""
    return [facts_of(scene, finding, lang) for finding in sorted(report.findings, key=lambda f: f.id)]


def broken(report: Report) -> list[Finding]:
    """List what fails or is marginal: failures first, mandatory before guidance, by parcel and id."""
    found = [f for f in report.findings if f.state in (State.FAIL, State.MARGINAL)]
    return sorted(found, key=lambda f: (ORDER.index(f.state), is_guidance(f), f.parcel, f.design, f.id))


def is_guidance(finding: Finding) -> bool:
    """Whether a finding is about a control that only guides."""
    return finding.control is not None and finding.control.severity is Severity.GUIDANCE


def worst(states: Iterable[State]) -> State | None:
    """Return the worst of some states; None of none.

    >>> worst([State.PASS, State.FAIL]).value
    'FAIL'
    """
    return min(states, key=ORDER.index, default=None)


def quantity(finding: Finding, value: float | None, *, signed: bool = False) -> str:
    """Write a number with its unit, as people read this check: shares in per cent, lengths to the centimetre."""
    return bound(finding.check, value, finding.unit, signed=signed)


def bound(check: str, value: float | None, unit: str, *, signed: bool = False) -> str:
    """Write a number of a check or a kind of control with its unit.

    >>> bound("parking", 84.0, ""), bound("use", 0.1, ""), bound("use", 12.0, "m²")
    ('84', '10.00%', '12.0 m²')
    >>> bound("coverage", 0.4, ""), bound("far", 2.2, ""), bound("height", -3.42, "m", signed=True)
    ('40.00%', '2.20', '−3.42 m')
    """
    if value is None:
        return "–"
    sign = "+" if signed else ""
    if check in RATIOS or (check == "use" and not unit):
        return _minus(f"{value:{sign}.2%}")
    digits = 0 if check == "parking" else 1 if unit in ("m²", "m³") else 3 if unit and 0.0 < abs(value) < 0.1 else 2
    return _minus(f"{value:{sign},.{digits}f} {unit}".rstrip().replace(",", " "))


def utilisation(finding: Finding) -> float | None:
    """Share of a limit that is used, for upper and lower bounds alike; 1 where exactly at the limit.

    A distance of 8 m where 6 m are required uses 75 % of its room.
    """
    value, limit, margin = finding.value, finding.limit, finding.margin
    if value is None or limit is None or margin is None or limit <= 0.0:
        return None
    upper = abs((limit - value) - margin) <= abs((value - limit) - margin)
    if upper:
        return value / limit
    return limit / value if value > 0.0 else math.inf


def limit_of(control: Control) -> tuple[float | None, str]:
    """Bound and unit of a control that was not checked: its limit, or the first distance of its profile."""
    if control.limit is not None:
        unit = "m" if control.kind in (Kind.HEIGHT, Kind.HEIGHT_ABSOLUTE, Kind.HEIGHT_MIN) else ""
        return control.limit, unit
    if control.profile is not None and control.kind in (Kind.SETBACK, Kind.PROPORTIONAL):
        return control.profile.points[0][1], "m"
    return None, ""


def compass(east: float, north: float) -> int:
    """Return the number of the nearest of the eight winds, north 0, clockwise.

    >>> compass(1.0, 0.0), compass(-1.0, 1.0)
    (2, 7)
    """
    return round(math.degrees(math.atan2(east, north)) / 45.0) % 8


def _title(finding: Finding, check: str, edge: str) -> str:
    head = " · ".join(part for part in (finding.parcel, finding.design) if part)
    what = check + (f", {edge}" if edge else "")
    return f"{head}: {what}" if head else what


def _edge_role(scene: Scene, finding: Finding) -> str:
    parcel = scene.plan.parcel(finding.parcel)
    edge = finding.where.edge
    if parcel is None or edge is None:
        return ""
    return next((e.role.value for e in parcel.edges if e.index == edge), "")


def _datum(scene: Scene, finding: Finding, lang: Language) -> str:
    """Say from where a height counts: ground reference, its elevation, and the vertical datum."""
    label = f"{scene.frame.vertical} {scene.frame.vertical_label}"
    if finding.check == "height_abs":
        return label
    if finding.check != "height" or finding.control is None:
        return ""
    envelope = scene.envelope(finding.parcel)
    caps = () if envelope is None else [c for c in envelope.caps if c.control == finding.control.id]
    ground = next((c.ground_m for c in caps), None)
    name = word(f"datum.{finding.control.datum.value}", lang)
    return name if ground is None else f"{name} {ground:.2f} m ({label})"


def cure_words(finding: Finding, lang: Language) -> str:
    """Say what cures a finding; "" where nothing is named."""
    cure = finding.cure
    if cure is None:
        return ""
    amount = f"{cure.amount:,.3f}".rstrip("0").rstrip(".").replace(",", " ") + f" {cure.unit}"
    east, north = cure.direction or (0.0, 0.0)
    action = "move_off" if cure.action == "move" and finding.where.edge is None else cure.action
    return _minus(word(f"cure.{action}", lang).format(
        amount=amount, edge=finding.where.edge, wind=word(f"wind.{compass(east, north)}", lang),
        east=round(cure.amount * east, 3) + 0.0, north=round(cure.amount * north, 3) + 0.0))


def _world(frame: Frame, point: Place | None) -> Place | None:
    if point is None:
        return None
    e, n, h = (round(float(v), 4) for v in frame.world(point))
    return e, n, h


def _minus(text: str) -> str:
    """Write a minus sign where a hyphen stands before a digit: it is as wide as a plus."""
    return "".join("−" if c == "-" and text[i + 1: i + 2].isdigit() and (i == 0 or text[i - 1] in " (") else c
                   for i, c in enumerate(text))
