"""A finding, or a parcel, in words and numbers for the panels: plain values that JSON can carry."""

from __future__ import annotations

from typing import Any, Final

from zonebox.model import Control, ControlEnvelope, Finding, Kind, Parcel, Report, Scene, State
from zonebox.report.facts import all_facts, bound, facts_of
from zonebox.studio.labels import label
from zonebox.viewer import violations
from zonebox.whatif.changes import SHARES, distance_of
from zonebox.whatif.trial import Trial, far_used
from zonebox.words import Language, word

WINDS: Final = 8
MOST_SHARE: Final = 999.0
"""Percent that stands for more than any bar can show."""


def rows(scene: Scene, report: Report, lang: Language) -> list[dict[str, Any]]:
    """List findings, worst first: id, title, what it measures, state and colour."""
    ordered = sorted(report.findings, key=lambda f: (violations.severity_rank(f), f.id))
    known = {facts.finding.id: facts for facts in all_facts(scene, report, lang)}
    return [{"id": f.id, "title": known[f.id].title, "state": known[f.id].state, "kind": f.state.value,
             "text": known[f.id].margin if f.state is State.PASS else ", ".join(violations.text_of(f, lang)[1:]),
             "color": css(violations.color_of(f)), "parcel": f.parcel} for f in ordered]


def finding_detail(scene: Scene, finding: Finding, lang: Language) -> dict[str, Any]:
    """Say everything about a finding: rule text, numbers, place, elements and cure."""
    facts = facts_of(scene, finding, lang)
    said = [("value", facts.value), ("limit", facts.limit), ("margin", facts.margin)]
    control = finding.control
    if control is not None:
        doc = " ".join(part for part in (control.authority.doc, control.authority.clause) if part)
        said.append(("clause", f"{doc} ({facts.severity})"))
    reason = getattr(finding, "reason_zh", "") if lang == "zh" else ""
    said.append(("reason", reason or finding.reason))
    if facts.cure:
        said.append(("cure", facts.cure))
    if finding.where.storey:
        said.append(("storey", finding.where.storey))
    if facts.place is not None:
        said.append(("place", ", ".join(f"{v:.2f}" for v in facts.place)))
    return {"id": finding.id, "title": facts.title, "state": facts.state, "kind": finding.state.value,
            "color": css(violations.color_of(finding)), "elements": list(finding.elements), "parcel": finding.parcel,
            "lines": [{"name": label(key, lang), "text": text} for key, text in said if text and text != "–"]}


def parcel_detail(trial: Trial, parcel: Parcel, lang: Language) -> dict[str, Any]:
    """Say everything about a parcel: indicators, utilisation, and what binds in each direction."""
    scene = trial.scene
    envelope = scene.envelope(parcel.id)
    said = [("use", " ".join(p for p in (parcel.land_use, parcel.land_use_name) if p)),
            ("area", f"{parcel.area_m2:,.1f} m²")]
    if envelope is not None:
        said += [("volume", f"{envelope.volume_m3:,.0f} m³"), ("top", f"{envelope.top_m:.2f} m")]
        if envelope.capacity is not None:
            said.append(("capacity", f"{envelope.capacity.floor_area_m2:,.0f} m²"))
    used, allowed = far_used(trial, parcel.id)
    controls = [c for c in scene.plan.controls_of(parcel.id) if not c.superseded_by]
    return {
        "id": parcel.id, "lines": [{"name": label(key, lang), "text": text} for key, text in said if text],
        "indicators": [{"name": word(f"check.{c.kind.value}", lang), "text": number_of(c),
                        "clause": c.authority.clause} for c in controls if number_of(c)],
        "far": None if allowed is None else {"used": used, "allowed": allowed,
                                             "share": share_of(used, allowed)},
        "binding": [] if envelope is None else binding(scene, parcel, envelope, lang),
    }


def share_of(used: float | None, allowed: float) -> float | None:
    """Percent of a bound that is used: of a bound of nothing, nothing or more than all; None where not known.

    >>> share_of(1.5, 2.0), share_of(0.0, 0.0), share_of(0.2, 0.0)
    (75.0, 0.0, 999.0)
    """
    if used is None:
        return None
    if allowed <= 0.0:
        return MOST_SHARE if used > 0.0 else 0.0
    return 100.0 * used / allowed


def binding(scene: Scene, parcel: Parcel, envelope: ControlEnvelope, lang: Language) -> list[dict[str, str]]:
    """Name what stops a building in each direction: the lowest cap upward, the largest distance at each edge."""
    controls = {c.id: c for c in scene.plan.controls_of(parcel.id)}
    found = []
    cap = min(envelope.caps, key=lambda c: c.top_m, default=None)
    if cap is not None:
        found.append({"where": label("up", lang), "control": cap.control, "text": f"{cap.top_m:.2f} m",
                      "clause": controls[cap.control].authority.clause})
    lot = envelope.boundary
    for edge in parcel.edges:
        rules = [(float(r.profile.distance_at(0.0)), r.control) for r in envelope.edge_constraints
                 if r.edge == edge.index]
        distance, name = max(rules, default=(0.0, ""))
        east, north = (-lot.inward[edge.index]).tolist()
        where = f"{word(f'wind.{_wind(east, north)}', lang)} · {word(f'role.{edge.role.value}', lang)}"
        found.append({"where": where, "control": name, "text": f"{distance:.2f} m" if name else label("none", lang),
                      "clause": controls[name].authority.clause if name else ""})
    return found


def number_of(control: Control) -> str:
    """Write a control's number with its unit; "" for controls that are not one number."""
    distance = distance_of(control)
    if distance is not None:
        return bound("setback", distance, "m")
    if control.limit is None:
        return ""
    unit = "m" if control.kind in (Kind.HEIGHT, Kind.HEIGHT_ABSOLUTE, Kind.HEIGHT_MIN) else ""
    return bound(control.kind.value, control.limit, unit)


def sliders(
    controls: tuple[Control, ...], lang: Language, first: tuple[Control, ...] = ()
) -> list[dict[str, Any]]:
    """Describe the controls that can be changed, with a range about the number that each had at ``first``.

    A range about the present number would run away from who pulls the slider to its end.
    """
    out = []
    started = {control.id: _number_now(control) for control in first}
    for control in controls:
        distance = distance_of(control)
        value = _number_now(control)
        middle = started.get(control.id, value)
        share = control.kind in SHARES
        step = 0.01 if share else 0.05 if control.kind is Kind.FAR else 1.0 if control.kind is Kind.STOREYS else 0.1
        least = step if control.kind in (Kind.HEIGHT, Kind.HEIGHT_MIN, Kind.STOREYS) else min(0.0, 2.0 * middle)
        most = 1.0 if share else max(2.0 * middle, {Kind.FAR: 4.0}.get(control.kind, 20.0))
        least, most = min(least, value), max(most, value)               # a number that was typed
        name = word(f"check.{control.kind.value}", lang)
        out.append({"id": control.id, "label": f"{name} · {control.authority.clause or control.id}", "step": step,
                    "value": round(value, 4), "min": round(least, 2), "max": round(most, 2),
                    "setback": distance is not None})
    return out


def _number_now(control: Control) -> float:
    """Limit or distance of a control that can be changed."""
    distance = distance_of(control)
    value = control.limit if distance is None else distance
    assert value is not None
    return value


def css(color: tuple[int, int, int]) -> str:
    """Write a colour as a page wants it.

    >>> css((214, 16, 36))
    '#d61024'
    """
    return "#{:02x}{:02x}{:02x}".format(*color)


def _wind(east: float, north: float) -> int:
    from zonebox.report.facts import compass

    return compass(east, north) % WINDS
