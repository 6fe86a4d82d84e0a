"""How high a design stands, against relative and absolute limits (domain A5, D1, D2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from zonebox import tolerance
from zonebox.checks.findings import measured, not_checked, up
from zonebox.checks.subject import Subject, section, top_view
from zonebox.model import CapConstraint, Control, Cure, Finding, Kind, Where

PARAPET_BAND_M: Final = 1.0
"""What stands this near to the roof's outline belongs to its parapet or eave, not to the plant on it."""

PLANT_SHARE: Final = 0.25
"""Roof plant up to this share of the roof area does not count (GB 55031-2022 §3.2.6; domain A5, F32)."""


def check_heights(subject: Subject) -> Iterator[Finding]:
    """Check every height control of the parcel."""
    at_work = {cap.control: cap for cap in subject.envelope.caps} if subject.envelope else {}
    over_part = {c.control for c in subject.envelope.ceilings} if subject.envelope else set()
    for control in subject.controls:
        if control.superseded_by or control.id in over_part:
            continue
        if control.kind in (Kind.HEIGHT, Kind.STOREYS):
            yield _relative(subject, control, at_work.get(control.id))
        elif control.kind is Kind.HEIGHT_ABSOLUTE and control.limit is not None:
            yield _against(subject, control, ground=0.0, bound=control.limit, words="elevation of")
        elif control.kind is Kind.HEIGHT_MIN:
            yield _least(subject, control)


@dataclass(frozen=True, slots=True, kw_only=True)
class Top:
    """The top that counts: its elevation, where it is, the triangle it belongs to, and how it was chosen."""

    z: float
    point: tuple[float, float, float]
    how: str


def _relative(subject: Subject, control: Control, cap: CapConstraint | None) -> Finding:
    if cap is None or cap.ground_m is None:
        return not_checked(subject, control, check=control.kind.value, unit="m",
                           reason=f"the ground reference ({control.datum.value}) of the parcel is not known")
    words = f"height above {cap.ground_m:.2f} m ({control.datum.value}) of"
    if control.kind is Kind.STOREYS:
        words = f"{control.limit:g} storeys of {control.storey_height_m:g} m; {words}"
    return _against(subject, control, ground=cap.ground_m, bound=cap.top_m - cap.ground_m, words=words)


def _least(subject: Subject, control: Control) -> Finding:
    """Check a lower bound of height: here too much is fine and the margin turns round."""
    if subject.ground_m is None or not len(subject.soup) or control.limit is None:
        return not_checked(subject, control, check="height_min", unit="m",
                           reason="the ground of the parcel or the design above it is not known")
    top = parapet_top(subject)
    value = top.z - subject.ground_m
    return measured(
        subject, control, check="height_min", value=value, limit=control.limit, margin=value - control.limit,
        tol=tolerance.HEIGHT_M, unit="m", reason=f"least height, to {top.how}",
        where=Where(point=top.point, storey=subject.storey_at(top.z)),
        cure=Cure(action="raise", amount=up(control.limit - value), unit="m"),
    )


def _against(subject: Subject, control: Control, *, ground: float, bound: float, words: str) -> Finding:
    check = control.kind.value
    if not len(subject.soup):
        return not_checked(subject, control, check=check, unit="m", reason="the design has no geometry above ground")
    absolute = control.kind is Kind.HEIGHT_ABSOLUTE
    top = highest_point(subject) if absolute or control.measure == "highest" else parapet_top(subject)
    value = top.z - ground
    margin = bound - value
    ceiling = ground + bound
    over = subject.soup.above([0.0, 0.0, 1.0], ceiling).below([0.0, 0.0, 1.0], top.z)
    over = over.where(over.corners[:, :, 2].max(1, initial=-np.inf) > ceiling + tolerance.SNAP_M)
    foot = (top.point[0], top.point[1], ceiling)
    return measured(
        subject, control, check=check, value=value, limit=bound, margin=margin, tol=tolerance.HEIGHT_M,
        unit="m", reason=f"{words} {top.how}",
        where=Where(point=top.point, storey=subject.storey_at(top.z), foot=foot),
        elements=subject.elements_of(over.origin), cure=Cure(action="lower", amount=up(-margin), unit="m"),
        part=over.mesh(),
    )


def highest_point(subject: Subject) -> Top:
    """Find the highest point of anything (GB 55031-2022 §3.2.4, §3.2.5)."""
    corners = subject.soup.corners.reshape(-1, 3)
    x, y, z = (float(v) for v in corners[corners[:, 2].argmax()])
    return Top(z=z, point=(x, y, z), how="the highest point")


def parapet_top(subject: Subject) -> Top:
    """Find the top of the parapet or eave; roof plant of up to a quarter of the roof is left out.

    The roof is the outline just below the roof level, which the storeys give; without storeys or without a closed
    solid nothing can be told apart and the highest point counts, which is on the strict side.
    """
    highest = highest_point(subject)
    roof_level = _roof_level(subject)
    if roof_level is None:
        return Top(z=highest.z, point=highest.point, how="the highest point (no storeys tell the roof from its plant)")
    roof = section(subject.design, roof_level - 0.5)
    if roof is None or roof.is_empty:
        return Top(z=highest.z, point=highest.point, how="the highest point (no closed roof outline)")
    corners = subject.soup.corners.reshape(-1, 3)
    corners = np.unique(corners[corners[:, 2] > roof_level - PARAPET_BAND_M], axis=0)
    outline = roof.boundary
    shapely.prepare(outline)
    rim = corners[shapely.dwithin(outline, shapely.points(corners[:, :2]), PARAPET_BAND_M)]
    if not len(rim):
        return highest
    x, y, z = (float(v) for v in rim[rim[:, 2].argmax()])
    plant = subject.soup.above([0.0, 0.0, 1.0], z + tolerance.SNAP_M)
    if not len(plant):
        return Top(z=z, point=(x, y, z), how="the parapet")
    share = top_view(plant).area / roof.area
    if share > PLANT_SHARE:
        return Top(z=highest.z, point=highest.point,
                   how=f"the highest point (what stands on the roof covers {share:.0%} of it, more than a quarter)")
    return Top(z=z, point=(x, y, z), how=f"the parapet (roof plant covers {share:.0%} of the roof and is left out)")


def _roof_level(subject: Subject) -> float | None:
    """Elevation of the main roof: the top of the highest storey that holds floor area."""
    floors = [s for s in subject.storeys_above_ground() if s.areas and s.height_m is not None]
    if not floors:
        return None
    last = max(floors, key=lambda s: s.elevation_m)
    assert last.height_m is not None
    return last.elevation_m + last.height_m
