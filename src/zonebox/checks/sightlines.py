"""Sight lines of a view corridor: which of them a design blocks, and how near the eye (domain D9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.model import ViewCorridor

SIGHTS: Final = 41
"""Places along an eye or a target between which sight lines are drawn."""

SLACK_RAD: Final = 1e-9

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """Share of the sight lines that are blocked, and the plan distance of the first blocking place from its eye."""

    share: float
    distance_m: float


def blocked(corners: Floats, view: ViewCorridor) -> Blocked | None:
    """Find the sight lines from eye to target that triangles block; None where they block none.

    A triangle is held only against the sight lines in whose directions it lies, seen from the eye in plan.

    Examples
    --------
    >>> wall = np.array([[[5.0, -1, 0], [5, 0, 0], [5, 0, 9]], [[5, -1, 0], [5, 0, 9], [5, -1, 9]]])
    >>> view = ViewCorridor(eye=((0.0, 0.0, 1.0),), target=((10.0, -2.0, 1.0), (10.0, 2.0, 1.0)))
    >>> found = blocked(wall, view)
    >>> round(found.share * 41), round(found.distance_m, 6)
    (21, 5.0)
    """
    eyes, targets = _along(view.eye), _along(view.target)
    count, nearest = 0, np.inf
    for eye in eyes:
        first = _first_hits(corners, eye, targets - eye)
        hit = np.isfinite(first)
        count += int(hit.sum())
        if hit.any():
            nearest = min(nearest, float((first[hit] * np.linalg.norm((targets - eye)[hit, :2], axis=1)).min()))
    return Blocked(share=count / (len(eyes) * len(targets)), distance_m=nearest) if count else None


def _first_hits(corners: Floats, eye: Floats, run: Floats) -> Floats:
    """Share (k,) of the way along each sight line (k, 3) at which it first meets a triangle; inf where none."""
    away = np.arctan2(run[:, 1], run[:, 0])
    order = np.argsort(away, kind="stable")
    offset = corners[:, :, :2] - eye[:2]
    bearing = np.arctan2(offset[:, :, 1], offset[:, :, 0])
    low, high = bearing.min(1), bearing.max(1)
    behind = high - low > np.pi - SLACK_RAD             # round the eye, or over the back of the circle: every line
    start = np.where(behind, 0, np.searchsorted(away[order], low - SLACK_RAD, side="left"))
    stop = np.where(behind, len(run), np.searchsorted(away[order], high + SLACK_RAD, side="right"))
    size = np.maximum(stop - start, 0)
    owner = np.repeat(np.arange(len(corners)), size)
    line = order[start[owner] + np.arange(len(owner)) - np.repeat(np.cumsum(size) - size, size)]
    first = np.full(len(run), np.inf)
    share = _meeting(corners[owner], eye, run[line])
    np.minimum.at(first, line, share)
    return first


def _meeting(corners: Floats, eye: Floats, run: Floats) -> Floats:
    """Share (n,) of the way along sight lines (n, 3) from an eye at which each meets its triangle (n, 3, 3)."""
    u, v = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    p = np.cross(run, v)
    det = (p * u).sum(1)
    ok = np.abs(det) > tolerance.SPLIT_M
    inverse = np.where(ok, 1.0 / np.where(ok, det, 1.0), 0.0)
    off = eye - corners[:, 0]
    one = (off * p).sum(1) * inverse
    q = np.cross(off, u)
    two, share = (run * q).sum(1) * inverse, (v * q).sum(1) * inverse
    hit = ok & (one >= 0.0) & (two >= 0.0) & (one + two <= 1.0) & (share > 0.0) & (share < 1.0)
    return np.where(hit, share, np.inf)


def _along(places: tuple[tuple[float, float, float], ...]) -> Floats:
    """Places along a line through some points."""
    points = np.asarray(places, dtype=np.float64)
    if len(points) == 1:
        return points
    at = np.linspace(0.0, len(points) - 1.0, SIGHTS)
    return np.stack([np.interp(at, np.arange(len(points)), points[:, k]) for k in range(3)], axis=1)
