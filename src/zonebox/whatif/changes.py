"""The changes one may try, as values, and what each makes of a control."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from zonebox.errors import InputError
from zonebox.geometry.profile import Profile
from zonebox.model import Control, Kind

SHARES: Final = (Kind.COVERAGE, Kind.GREEN)
LIMITS: Final = (Kind.HEIGHT, Kind.HEIGHT_ABSOLUTE, Kind.HEIGHT_MIN, Kind.STOREYS, Kind.FAR, *SHARES)
"""Kinds that are one number."""

REACH_M: Final = 10_000.0
"""A height or distance beyond this is a slip of the hand."""

BOUNDS: Final[Mapping[Kind, tuple[float, float]]] = {
    Kind.HEIGHT: (0.01, REACH_M), Kind.HEIGHT_MIN: (0.01, REACH_M), Kind.HEIGHT_ABSOLUTE: (-REACH_M, REACH_M),
    Kind.STOREYS: (1.0, 300.0), Kind.FAR: (0.0, 100.0), **dict.fromkeys(SHARES, (0.0, 1.0)),
}
"""Least and greatest bound of a kind: what a rule pack can say, so that what is tried can be written down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Another bound for a control of one number: metres, storeys, or a ratio 0–1 (FAR may exceed 1)."""

    control: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Setback:
    """Another distance from the edge at the ground; distances of higher tiers change by as much, down to zero."""

    control: str
    distance_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Where a design stands, against where its file puts it: metres east, north and up, degrees anticlockwise."""

    design: str
    east_m: float = 0.0
    north_m: float = 0.0
    up_m: float = 0.0
    turn_deg: float = 0.0


Change = Limit | Setback | Move


def key_of(change: Change) -> tuple[str, str]:
    """Name what a change is about: two changes of one key replace each other."""
    return ("design", change.design) if isinstance(change, Move) else ("control", change.control)


def is_adjustable(control: Control) -> bool:
    """Tell whether a control is one number, or a setback, and at work."""
    return not control.superseded_by and (distance_of(control) is not None or (
        control.kind in LIMITS and control.limit is not None))


def distance_of(control: Control) -> float | None:
    """Distance of a setback at the ground, metres; None for other kinds.

    >>> from zonebox.geometry.profile import fixed
    >>> from zonebox.model import Authority
    >>> distance_of(Control(id="A/s", parcel="A", kind=Kind.SETBACK, profile=fixed(5.0), authority=Authority(doc="D")))
    5.0
    """
    return control.profile.points[0][1] if control.kind is Kind.SETBACK and control.profile is not None else None


def changed(control: Control, change: Limit | Setback) -> Control:
    """Return a control with another number.

    Raises
    ------
    InputError
        The control is not of one number, is superseded, or cannot have this number.
    """
    place = f"what-if/{control.id}"
    if control.superseded_by:
        raise InputError(place, got=f"a control that {control.superseded_by} replaces", want="one that is at work",
                         then=f"change {control.superseded_by}")
    if isinstance(change, Setback):
        before = distance_of(control)
        if before is None or control.profile is None:
            raise InputError(place, got=f"a distance for a {control.kind.value} control", want="a setback")
        _within(place, change.distance_m, 0.0, REACH_M, "a distance")
        return replace(control, profile=shifted(control.profile, change.distance_m - before))
    if control.kind not in LIMITS or control.limit is None:
        raise InputError(place, got=f"a limit for a {control.kind.value} control", want=f"one of {', '.join(LIMITS)}")
    _within(place, change.value, *BOUNDS[control.kind], "a limit")
    return replace(control, limit=change.value)


def shifted(profile: Profile, by_m: float) -> Profile:
    """Return a profile with every distance changed by as much, down to zero.

    >>> shifted(Profile(points=((0.0, 3.0), (9.0, 3.0), (9.0, 6.0))), -4.0).points
    ((0.0, 0.0), (9.0, 0.0), (9.0, 2.0))
    """
    return replace(profile, points=tuple((h, max(s + by_m, 0.0)) for h, s in profile.points))


def check_move(change: Move) -> None:
    """Refuse a move that is no number or beyond all reason."""
    for name in ("east_m", "north_m", "up_m", "turn_deg"):
        _within(f"what-if/{change.design}/{name}", getattr(change, name), -REACH_M, REACH_M, "a number")


def _within(place: str, value: float, low: float, high: float, what: str) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise InputError(place, got=f"{value:g}", want=f"{what} from {low:g} to {high:g}")
