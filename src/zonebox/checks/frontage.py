"""Build-to ratio 贴线率: which part of a line facades stand along (domain A10, D8, F24)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.checks.findings import measured, not_checked, up
from zonebox.checks.sentences import NOTHING, Said, listed, say, together
from zonebox.checks.subject import Subject
from zonebox.geometry.mesh import triangle_normals
from zonebox.geometry.soup import Soup
from zonebox.model import BuildTo, Control, Cure, Finding, Kind, Where

STEEP_DEG: Final = 60.0
"""A face that leans further than this from level is a facade."""

REACH_M: Final = 50.0
"""A drawn line farther than this from the parcel is another parcel's."""

Floats = NDArray[np.float64]


def check_frontage(subject: Subject) -> Iterator[Finding]:
    """Check every build-to control of the parcel."""
    for control in subject.active:
        if control.kind is Kind.BUILD_TO:
            yield _check(subject, control, control.demand if isinstance(control.demand, BuildTo) else BuildTo())


def _check(subject: Subject, control: Control, rule: BuildTo) -> Finding:
    if subject.ground_m is None:
        return not_checked(subject, control, check="build_to", reason=say("ground_unknown"))
    starts, ends = _segments(subject, control, rule)
    if not len(starts) or control.limit is None:
        return not_checked(subject, control, check="build_to", reason=say("no_line"))
    lengths = np.linalg.norm(ends - starts, axis=1)
    facades = _facades(subject, rule)
    covered = [_covered(facades, s, e, rule) for s, e in zip(starts, ends, strict=True)]
    length = max(float(lengths.sum()) - rule.exempt_m, 0.0)
    built = float(sum((b - a).sum() for a, b in covered))
    value = min(built / length, 1.0) if length > 0.0 else 1.0
    gaps, widest = _gaps(starts, ends, lengths, covered)
    place = Where() if widest is None else Where(point=(*widest, subject.ground_m + rule.low_m))
    return measured(
        subject, control, check="build_to", value=value, limit=control.limit, margin=value - control.limit,
        tol=tolerance.PLAN_M / max(length, tolerance.PLAN_M), unit="", where=place,
        reason=together(say("frontage", covered=built, length=length),
                        say("frontage_gaps", gaps=listed(gaps, (", ", "、"))) if gaps else NOTHING),
        cure=Cure(action="add_frontage", amount=up(max(control.limit * length - built, 0.0), 0.01), unit="m"))


def _segments(subject: Subject, control: Control, rule: BuildTo) -> tuple[Floats, Floats]:
    """Straight pieces of the line: of the drawn one at the parcel, else of the chosen edges moved into the lot."""
    none = np.zeros((0, 2))
    if control.line is not None:
        near = control.line.intersection(subject.parcel.shape.buffer(REACH_M))
        shape = near.boundary if shapely.get_dimensions(near) == 2 else near
        rings = [shapely.get_coordinates(part) for part in shapely.get_parts(shape) if part.length > 0.0]
        starts, ends = (np.concatenate([none, *(r[cut] for r in rings)]) for cut in (slice(None, -1), slice(1, None)))
    else:
        lot, named = subject.parcel.boundary, _chosen(subject, control)
        offset = rule.offset_m * lot.inward[named]
        starts, ends = lot.start[named] + offset, lot.end[named] + offset
    keep = np.linalg.norm(ends - starts, axis=1) > tolerance.SNAP_M
    return starts[keep], ends[keep]


def _chosen(subject: Subject, control: Control) -> list[int]:
    """Edges that a control names: roles and numbers widen the choice, a compass sector narrows it."""
    chosen, lot = control.edges, subject.parcel.boundary
    named = [e.index for e in subject.parcel.edges if e.role.value in chosen.roles or e.index in chosen.indices
             or not (chosen.roles or chosen.indices)]
    if chosen.sector_deg is None:
        return named
    turn = subject.site.scene.frame.convergence_deg(np.array(subject.parcel.shape.centroid.coords[0]))
    bearing = np.degrees(np.arctan2(-lot.inward[:, 0], -lot.inward[:, 1])) + turn
    low, high = chosen.sector_deg
    return [e for e in named if (bearing[e] - low) % 360.0 < (high - low) % 360.0]


def _facades(subject: Subject, rule: BuildTo) -> Soup:
    """Steep faces between the heights that count; a face that only touches them does not."""
    assert subject.ground_m is not None
    ground, up_wards = subject.ground_m, [0.0, 0.0, 1.0]
    soup = subject.soup
    z = soup.corners[:, :, 2]
    soup = soup.where((z.max(1) > ground + rule.low_m + tolerance.SNAP_M)
                      & (z.min(1) < ground + rule.high_m - tolerance.SNAP_M))
    soup = soup.above(up_wards, ground + rule.low_m)
    if math.isfinite(rule.high_m):
        soup = soup.below(up_wards, ground + rule.high_m)
    normals = triangle_normals(soup.corners)
    length = np.linalg.norm(normals, axis=1)
    return soup.where((length > 0.0) & (np.abs(normals[:, 2]) < math.cos(math.radians(STEEP_DEG)) * length))


def _covered(facades: Soup, start: Floats, end: Floats, rule: BuildTo) -> tuple[Floats, Floats]:
    """Stretches of a straight line along which facades stand, as (from, to) distances from its start."""
    length = float(np.linalg.norm(end - start))
    t = (end - start) / length
    n = np.array([-t[1], t[0]])
    normals = triangle_normals(facades.corners)[:, :2]
    size = np.linalg.norm(normals, axis=1)
    facing = np.abs(normals @ n) >= math.cos(math.radians(rule.angle_deg)) * size - 1e-12
    along, across = np.array([*t, 0.0]), np.array([*n, 0.0])
    at, off = float(t @ start), float(n @ start)
    strip = facades.where(facing & (size > 0.0)).above(across, off - rule.tol_m - tolerance.NOISE).below(
        across, off + rule.tol_m + tolerance.NOISE).above(along, at).below(along, at + length)
    if not len(strip):
        return np.zeros(0), np.zeros(0)
    place = strip.corners @ along - at
    return _united(place.min(1), place.max(1))


def _united(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Union of stretches, in order."""
    order = np.argsort(low, kind="stable")
    low, high = low[order], np.maximum.accumulate(high[order])
    fresh = np.append(True, low[1:] > high[:-1] + tolerance.SNAP_M)
    first = np.flatnonzero(fresh)
    return low[first], high[np.append(first[1:], len(low)) - 1]


def _gaps(
    starts: Floats, ends: Floats, lengths: Floats, covered: list[tuple[Floats, Floats]]
) -> tuple[list[Said], tuple[float, float] | None]:
    """Name the stretches left open, counted from the start of the whole line, and find the middle of the widest."""
    said: list[Said] = []
    widest, middle, before = 0.0, None, 0.0
    for start, end, length, (low, high) in zip(starts, ends, lengths, covered, strict=True):
        cuts = np.concatenate([[0.0], np.stack([low, high], axis=1).ravel(), [length]])
        for a, b in cuts.reshape(-1, 2):
            if b - a > tolerance.PLAN_M:
                said.append(say("frontage_gap", start=before + a, end=before + b))
                if b - a > widest:
                    widest, at = float(b - a), start + (end - start) * ((a + b) / 2.0 / length)
                    middle = float(at[0]), float(at[1])
        before += float(length)
    return said, middle
