"""Before any rule: does the design stand on the parcel it claims, is its place plausible, is its solid closed.

What is in order says nothing: a gate speaks up only where it does not open.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import shapely

from zonebox import tolerance
from zonebox.checks.findings import up
from zonebox.checks.sentences import Said, listed, plain, say, together
from zonebox.checks.soundness import CLOSED, NONE
from zonebox.checks.subject import Shape, Site, Subject, top_view
from zonebox.geometry.soup import Soup
from zonebox.model import Building, Cure, Finding, State, Where
from zonebox.model.finding import judge

REACH_M: Final = 1000.0
"""A design farther than this from every parcel of the plan stands in the wrong place."""

APART_M: Final = 1.0
ROUNDED_M: Final = 50.0
"""Two statements of a model about its place that differ by more than the first contradict each other; latitude and
longitude of a site are often rounded to seconds, and do beyond the second."""

OFF_GROUND_M: Final = 5.0
"""A design whose lowest point hangs this far over the ground, or that lies wholly under it, is at the wrong height."""

BASE_M: Final = 1.0
"""The footprint is what of the design lies within this height over the ground."""


def homeless(site: Site, design: Building) -> Finding:
    """Say that a design stands on no parcel, and how far the plan is."""
    reason = say("unknown_parcel", parcel=design.parcel) if design.parcel else say("homeless")
    apart = _distance(site, design)
    if apart is not None and apart > tolerance.PLAN_M:
        reason = listed([reason, say("far_away", distance=apart)])
    return Finding(id=f"{design.id}/parcel", check="parcel", state=State.NOT_CHECKED, parcel=design.parcel,
                   design=design.id, control=None, reason=reason.en, reason_zh=reason.zh)


def check_gates(subject: Subject) -> Iterator[Finding]:
    """Check parcel, georeference and solid."""
    if not len(subject.design.mesh):
        return
    for gate in (_on_parcel, _placed, _sound):
        finding = gate(subject)
        if finding is not None and finding.state is not State.PASS:
            yield finding


def _gate(
    subject: Subject, check: str, state: State, reason: Said, *, value: float | None = None, limit: float | None = None,
    margin: float | None = None, tol: float | None = None, unit: str = "", where: Where | None = None,
    uncertainty: float | None = None, cure: Cure | None = None,
) -> Finding:
    return Finding(
        id=subject.finding_id(subject.parcel.id, check), check=check, state=state, parcel=subject.parcel.id,
        design=subject.design.id, control=None, value=value, limit=limit, margin=margin, tolerance=tol, unit=unit,
        where=where or Where(), reason=reason.en, reason_zh=reason.zh, uncertainty=uncertainty, cure=cure)


def footprint_of(subject: Subject) -> Shape:
    """Outline of the design near the ground; where nothing stands there, of all of it."""
    ground = subject.ground_m
    if ground is not None:
        outline = subject.section(ground + BASE_M)
        if outline is not None and not outline.is_empty:
            return outline
        low = subject.soup.below([0.0, 0.0, 1.0], ground + BASE_M)
        seen = top_view(low) if len(low) else shapely.Polygon()
        if not seen.is_empty:
            return seen
    return top_view(Soup.of(subject.design.mesh))


def _on_parcel(subject: Subject) -> Finding | None:
    """Hold the footprint against the cadastre: m² outside the parcel it claims, and whose land that is."""
    footprint = footprint_of(subject)
    if footprint.is_empty:
        return None
    parcel, whole = subject.parcel, float(footprint.area)
    outside = footprint.difference(parcel.shape)
    area = float(outside.area)
    tol = max(tolerance.AREA_M2, tolerance.AREA_RATIO * whole)
    if area <= tol:
        return None
    site = subject.site
    near = np.sort(site.tree.query(outside, predicate="intersects"))
    others = [(float(p.shape.intersection(outside).area), p.id) for p in (site.scene.plan.parcels[k] for k in near)
              if p.id != parcel.id]
    names = ", ".join(name for a, name in sorted(others, reverse=True) if a > tolerance.AREA_M2)
    said = [say("on_parcel", share=1.0 - area / whole, parcel=parcel.id)]
    if names:
        said.append(say("elsewhere", others=names))
    apart = float(footprint.distance(parcel.shape))
    if apart > 0.0:
        said.append(say("nowhere", distance=apart))
    place = outside.representative_point()
    return _gate(subject, "parcel", judge(-area, tol), together(*said), value=area, limit=0.0, margin=-area, tol=tol,
                 unit="m²", where=Where(point=(place.x, place.y, subject.ground_m or float(subject.design.mesh.bounds[
                     0, 2]))), cure=Cure(action="remove_footprint", amount=up(area, 0.1), unit="m²"))


def _placed(subject: Subject) -> Finding | None:
    """Hold the place of a model against the plan, the ground, and what else the model says about it."""
    design, ground = subject.design, subject.ground_m
    apart = _distance(subject.site, design)
    if apart is not None and apart > REACH_M:
        return _gate(subject, "georeference", State.FAIL, say("far_away", distance=apart), value=apart, limit=REACH_M,
                     margin=REACH_M - apart, unit="m")
    if ground is not None:
        base = float(design.mesh.bounds[0, 2])
        gap = base - ground
        if gap > OFF_GROUND_M or not len(subject.soup):
            return _gate(subject, "georeference", State.FAIL, say("off_ground", gap=gap, ground=ground), value=base,
                         limit=ground, margin=-abs(gap), tol=OFF_GROUND_M, unit="m")
    used = next((n for n in design.georeference if n.used), None)
    against = [n for n in design.georeference if n.conflict_m is not None
               and n.conflict_m > (ROUNDED_M if n.kind == "site_latlon" else APART_M)]
    if used is None or not against:
        return None
    worst = max(against, key=lambda n: n.conflict_m or 0.0)
    assert worst.conflict_m is not None
    if not _on_purpose(used.kind):
        reason = together(say("placed", kind=_kind(used.kind)),
                          say("placed_conflict", kind=_kind(worst.kind), distance=worst.conflict_m))
        return _gate(subject, "georeference", State.MARGINAL, reason, value=worst.conflict_m, limit=APART_M,
                     margin=APART_M - worst.conflict_m, unit="m")
    return None


def _on_purpose(kind: str) -> bool:
    """Whether the scene's author stated the place, knowing that the model says otherwise."""
    return kind == "scene_placement"


def _kind(kind: str) -> Said:
    return plain(kind.replace("_", " "))


def _sound(subject: Subject) -> Finding | None:
    """Tell a model that is no closed solid: how open it is, and how its volume is taken instead."""
    body = subject.body
    if body.state == CLOSED:
        return None
    return _gate(subject, "solid", State.MARGINAL, body.note, value=None if body.state == NONE else body.volume_m3,
                 unit="m³", uncertainty=body.u95_m3 or None)


def _distance(site: Site, design: Building) -> float | None:
    """Distance from a design to the nearest parcel of the plan, metres in plan."""
    if not len(design.mesh) or not site.scene.plan.parcels:
        return None
    (x0, y0, _), (x1, y1, _) = design.mesh.bounds
    box = shapely.box(x0, y0, x1, y1)
    nearest = site.tree.nearest(box)
    return float(box.distance(site.scene.plan.parcels[int(nearest)].shape))
