"""What a finding looks like: its offending part, its dimension line, and the words beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import numpy as np

from zonebox.geometry.mesh import Mesh, triangle_normals
from zonebox.model import Finding, Kind, Report, Scene, Severity, State
from zonebox.viewer import palette
from zonebox.viewer.drawable import Callout, Material, Surface, uniform
from zonebox.viewer.words import Lang, is_latin, say

CALLOUTS_PER_PARCEL: Final = 3
"""Notes on one parcel; the worst are written, the rest counted."""

SKIN_M: Final = 0.03
"""An amber part stands out by this from the surface that it is a piece of, a red one by twice as much."""

FAR_M: Final = 10_000.0
"""From here on kilometres say more: two statements of where a building stands can be a continent apart."""

_RATIOS: Final = (Kind.COVERAGE, Kind.GREEN)


def is_warning(finding: Finding) -> bool:
    """Whether a finding is amber: within tolerance, or against guidance only."""
    guidance = finding.control is not None and finding.control.severity is Severity.GUIDANCE
    return finding.state is State.MARGINAL or (finding.state is State.FAIL and guidance)


def is_violation(finding: Finding) -> bool:
    """Whether a finding is red: beyond a mandatory control."""
    return finding.state is State.FAIL and not is_warning(finding)


def color_of(finding: Finding) -> palette.Rgb:
    """Red, amber, or the colour of the state."""
    return palette.STATE[State.MARGINAL if is_warning(finding) else finding.state]


def parts(findings: Iterable[Finding]) -> tuple[Surface, ...]:
    """Gather the offending parts, raised a little off the design, into one surface.

    The volume outside the envelope repeats the parts of single controls in one colour, so it is drawn only where there
    are none.
    """
    shown = [f for f in findings if f.part is not None and len(f.part) and (is_violation(f) or is_warning(f))]
    measured = {(f.parcel, f.design) for f in shown if f.check != "containment"}
    shown = [f for f in shown if f.check != "containment" or (f.parcel, f.design) not in measured]
    shown.sort(key=lambda f: (is_violation(f), f.id))
    if not shown:
        return ()
    skins = [_raised(f.part, SKIN_M * (2 if is_violation(f) else 1)) for f in shown if f.part is not None]
    counts = [len(skin) for skin in skins]
    corners = np.concatenate([skin.vertices for skin in skins])
    return (Surface(
        mesh=Mesh(vertices=corners, triangles=np.arange(len(corners), dtype=np.int32).reshape(-1, 3)),
        colors=np.concatenate([uniform(color_of(f), n) for f, n in zip(shown, counts, strict=True)]),
        material=Material.SIGNAL,
        subjects=tuple(f"finding:{f.id}" for f in shown),
        triangle_subject=np.repeat(np.arange(len(shown), dtype=np.int32), counts),
    ),)


def callouts(scene: Scene, report: Report, lang: Lang, *, latin_only: bool = False) -> tuple[Callout, ...]:
    """Write the notes on the worst findings of each parcel."""
    by_parcel: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        if is_violation(finding) or is_warning(finding):
            by_parcel[finding.parcel].append(finding)
    notes: list[Callout] = []
    for _, listed in sorted(by_parcel.items()):
        ranked = sorted(listed, key=lambda f: (severity_rank(f), f.id))
        chosen = _distinct(ranked)[:CALLOUTS_PER_PARCEL]
        left = len(ranked) - len(chosen)
        for number, finding in enumerate(chosen):
            more = left if number == len(chosen) - 1 else 0
            note = note_of(scene, finding, lang, more=more, number=number, latin_only=latin_only)
            notes += [] if note is None else [note]
    return tuple(sorted(notes, key=lambda note: (note.rank, note.subject)))


def note_of(
    scene: Scene, finding: Finding, lang: Lang, *, more: int = 0, number: int = 0, latin_only: bool = False
) -> Callout | None:
    """Write the note on one finding, the ``number``-th of its parcel; None where it has no place."""
    anchor = place_of(scene, finding)
    if anchor is None:
        return None
    return Callout(subject=f"finding:{finding.id}", anchor=anchor, color=color_of(finding),
                   lines=text_of(finding, lang, more=more, parcel=finding.parcel, latin_only=latin_only),
                   rank=severity_rank(finding) + 100.0 * number, dimension=_dimension(finding))


def severity_rank(finding: Finding) -> float:
    """Order findings, worst first: red before amber, then by the share of the limit that is broken.

    A finding measured at a place comes before one that is only a number, and the volume outside the envelope, which
    sums up the others, comes last.
    """
    order = 0.0 if is_violation(finding) else 10.0 if is_warning(finding) else 20.0
    kind = 4.0 if finding.check == "containment" else 2.0 if finding.where.point is None else 0.0
    share = abs(finding.margin or 0.0) / max(abs(finding.limit or 0.0), 1.0)
    return order + kind + 1.0 / (1.0 + share)


def place_of(scene: Scene, finding: Finding) -> tuple[float, float, float] | None:
    """Choose where a finding's note points: its worst place, its part, the top of its design, or its parcel."""
    where = finding.where
    if where.point is not None:
        ends = np.array([where.point, where.foot or where.point])
        return _triple(ends.mean(0))
    if finding.part is not None and len(finding.part):
        return _triple(finding.part.bounds.mean(0))
    design = next((d for d in scene.designs if d.id == finding.design and len(d.mesh)), None)
    if design is not None:
        low, high = design.mesh.bounds
        return _triple(np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, high[2]]))
    parcel, envelope = scene.plan.parcel(finding.parcel), scene.envelope(finding.parcel)
    if parcel is None:
        return None
    middle = parcel.shape.representative_point()
    return float(middle.x), float(middle.y), envelope.top_m if envelope is not None else 0.0


def text_of(
    finding: Finding, lang: Lang, *, more: int = 0, parcel: str = "", latin_only: bool = False
) -> tuple[str, ...]:
    """Heading and measurement of a finding, e.g. ``("B-07 · Height", "+3.42 m over 24.00 m, 表3-2")``."""
    name = say(finding.check, lang)
    heading = " · ".join(word for word in (parcel, name[:1].upper() + name[1:]) if word)
    if more:
        heading += f"  (+ {say('more', lang, n=more)})"
    clause = finding.control.authority.clause if finding.control is not None else ""
    if latin_only and not is_latin(clause):
        clause = ""
    comma = "，" if lang == "zh" else ", "
    measured = measure_of(finding, lang)
    return (heading, comma.join(word for word in (measured, clause) if word))


def measure_of(finding: Finding, lang: Lang) -> str:
    """Say by how much a finding breaks its limit."""
    value, limit, margin = finding.value, finding.limit, finding.margin
    if margin is None:
        return say(finding.state.value, lang)
    by = _number(abs(margin), finding)
    if limit is None or value is None:
        return say("outside", lang, by=by)
    if finding.check == "containment":
        return say("outside", lang, by=_number(abs(value), finding))
    if finding.check == "as_built":
        return say("above", lang, by=by)
    if finding.check == "envelope_empty":
        return say("narrow", lang, by=_number(value, finding), limit=_number(limit, finding))
    overlaps = limit == 0.0 and finding.unit in {"m²", "m2"}
    key = "overlap" if overlaps else "over" if value > limit else "short"
    return say(key, lang, by=by, limit=_number(limit, finding))


def _number(value: float, finding: Finding) -> str:
    kind = finding.control.kind if finding.control is not None else None
    if kind in _RATIOS and finding.unit in {"", "1", "ratio"}:
        return f"{100 * value:.1f} %"
    unit = {"m2": "m²", "m3": "m³", "1": "", "ratio": ""}.get(finding.unit, finding.unit)
    if unit == "m" and abs(value) >= FAR_M:
        return f"{value / 1000.0:.0f} km"
    digits = 1 if unit in {"m²", "m³"} else 2
    return f"{value:.{digits}f} {unit}".strip()


def _distinct(ranked: list[Finding]) -> list[Finding]:
    """Put the worst finding of each check first, then the others."""
    seen: set[str] = set()
    first: list[Finding] = []
    rest: list[Finding] = []
    for finding in ranked:
        (rest if finding.check in seen else first).append(finding)
        seen.add(finding.check)
    return first + rest


def _dimension(finding: Finding) -> tuple[tuple[float, float, float], tuple[float, float, float]] | None:
    where = finding.where
    if where.point is None or where.foot is None or where.point == where.foot:
        return None
    return where.point, where.foot


def _raised(part: Mesh, by: float) -> Mesh:
    """Move each triangle of a part along its normal."""
    corners = part.corners
    normals = triangle_normals(corners)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    raised = corners + (by * normals / np.where(length > 0.0, length, 1.0))[:, None]
    return Mesh(vertices=raised.reshape(-1, 3), triangles=np.arange(3 * len(corners), dtype=np.int32).reshape(-1, 3))


def _triple(vector: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> tuple[float, float, float]:
    return float(vector[0]), float(vector[1]), float(vector[2])
