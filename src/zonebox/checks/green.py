"""Green ratio: weighted green area of a parcel / its area (domain A6, D5).

Green is what the design models as such: spaces of a green use, elements called so, or green areas drawn in the plan. A
design with none of them cannot be checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import shapely

from zonebox import tolerance
from zonebox.checks.findings import measured, not_checked, up
from zonebox.checks.sentences import Said, listed, say
from zonebox.checks.subject import Subject, top_view
from zonebox.geometry.soup import Soup
from zonebox.model import Control, Cure, Finding, Kind
from zonebox.model.area_rule import names

GREEN_WORDS: Final = ("绿地", "绿化", "草坪", "花园", "green area", "green space", "greenery", "lawn", "garden",
                      "planting")
"""Words of a space's use or an element's name that make it green."""

GREEN_LINES: Final = ("绿地", "集中绿地", "配套绿地", "green area")
"""Types of areas of the plan that are green on the parcel they lie in."""


def check_green(subject: Subject) -> Iterator[Finding]:
    """Check every green ratio of the parcel."""
    for control in subject.active:
        if control.kind in (Kind.GREEN, Kind.GREEN_MAX):
            yield _green(subject, control)


def _green(subject: Subject, control: Control) -> Finding:
    assert control.limit is not None
    found = _green_area(subject)
    if found is None:
        return not_checked(subject, control, check=control.kind.value, reason=say("no_green"))
    area, sources = found
    site, sign = subject.parcel.area_m2, 1.0 if control.kind is Kind.GREEN else -1.0
    value = area / site
    return measured(
        subject, control, check=control.kind.value, value=value, limit=control.limit,
        margin=sign * (value - control.limit), tol=max(tolerance.AREA_M2, tolerance.AREA_RATIO * area) / site, unit="",
        reason=listed([say("green", area=area, site=site), *sources]),
        cure=Cure(action="add_green" if sign > 0.0 else "remove_green", unit="m²",
                  amount=up(max(sign * (control.limit * site - area), 0.0), 0.1)))


def _green_area(subject: Subject) -> tuple[float, list[Said]] | None:
    """Green area of the parcel, m², and where it was found; None where nothing is modelled."""
    spaces = [s for s in subject.design.spaces if _is_green(s.use) or _is_green(s.name)]
    measured_spaces = [s.area_m2 for s in spaces if s.area_m2 is not None]
    green = np.array([_is_green(e.name) for e in subject.design.elements], dtype=np.bool_)
    lines = [line.shape for line in subject.site.scene.plan.lines
             if line.kind in GREEN_LINES and shapely.get_dimensions(line.shape) == 2
             and line.shape.intersects(subject.parcel.shape)]
    if measured_spaces:
        return sum(measured_spaces), [say("green.space", count=len(measured_spaces))]
    if green.any():
        soup = Soup.of(subject.design.mesh).where(green[subject.design.triangle_element])
        area = float(top_view(soup).intersection(subject.parcel.shape).area)
        return area, [say("green.element", count=int(green.sum()))]
    if lines:
        area = float(shapely.union_all(lines).intersection(subject.parcel.shape).area)
        return area, [say("green.line", count=len(lines))]
    return None


def _is_green(text: str) -> bool:
    return names(GREEN_WORDS, text)
