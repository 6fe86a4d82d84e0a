"""The largest stack of storeys inside an envelope, and what stops it (domain C7, A3, A4)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from zonebox import tolerance
from zonebox.model import Capacity, Control, Kind, Parcel

STOREY_HEIGHT_M: Final = 3.0
"""Storey height taken where no control states one (domain F2, F6, F30)."""

LEAST_PLATE_M2: Final = 1.0
"""A floor smaller than this is none (domain C3)."""

STOREYS_MAX: Final = 400

_CEILINGS: Final = frozenset({Kind.HEIGHT, Kind.HEIGHT_ABSOLUTE, Kind.STOREYS, Kind.VIEW_CORRIDOR, Kind.OBSTACLE,
                              Kind.FRESNEL, Kind.SOLAR})


def fill(
    area_at: Callable[[float], float], parcel: Parcel, controls: tuple[Control, ...], *, ground: float, top: float
) -> Capacity:
    """Stack storeys from the ground up.

    Each floor is what the envelope leaves between its bottom and its top, at most what coverage allows, until the floor
    area ratio is used up, the ceiling is met or nothing is left. A storey counts towards the ratio as often as the area
    rule of the ratio says for its height and the parcel's use (domain A3).

    Parameters
    ----------
    area_at : function
        Elevation -> plan area (m²) of the envelope there.
    parcel : Parcel
        Its area is what ratios count against.
    controls : tuple of Control
        FAR, coverage and storey height among them; superseded ones are passed over.
    ground, top : float
        Ground reference and lowest level ceiling, or where the envelope is drawn to.
    """
    active = [c for c in controls if not c.superseded_by]
    far, coverage = _least(active, Kind.FAR), _least(active, Kind.COVERAGE)
    height = next((c.storey_height_m for c in active if c.storey_height_m), STOREY_HEIGHT_M)
    weight, sure = (1.0, True) if far is None else storey_weight(far, parcel, height)
    site = parcel.area_m2
    allowed = math.inf if far is None or far.limit is None else far.limit * site
    most = math.inf if coverage is None or coverage.limit is None else coverage.limit * site
    endless = _rises_on(active)
    plates: list[float] = []
    counted, possible, binding = 0.0, 0.0, ""
    for k in range(STOREYS_MAX):
        up = ground + (k + 1) * height
        if up > top + tolerance.SNAP_M and (not endless or binding or not math.isfinite(allowed) or weight == 0.0):
            binding = binding or ("none" if endless else "height")
            break
        free = area_at(min(up, top) - tolerance.NOISE)          # envelopes only narrow upward: the top decides
        plate = min(free, most)
        if plate < LEAST_PLATE_M2:
            binding = binding or ("envelope" if free < LEAST_PLATE_M2 else "coverage")
            break
        possible += weight * plate
        if binding:
            continue
        if weight > 0.0 and counted + weight * plate >= allowed * (1.0 - tolerance.RATIO):
            plates.append(min(plate, (allowed - counted) / weight))
            counted, binding = counted + weight * plates[-1], "far"
        else:
            plates.append(plate)
            counted += weight * plate
    return Capacity(
        storeys=len(plates), plates_m2=tuple(plates), floor_area_m2=counted, far=counted / site,
        far_max=possible / site, height_m=len(plates) * height, storey_height_m=height,
        binding=binding or "none", weight=weight, weight_is_sure=sure,
    )


def storey_weight(far: Control, parcel: Parcel, height_m: float) -> tuple[float, bool]:
    """How often a storey of a height counts towards a floor area ratio, and whether the parcel's use is known for it.

    Without an area rule a storey counts once.
    """
    rule = far.area_rule
    if rule is None:
        return 1.0, True
    factor, sure = rule.multiplier(height_m, parcel.land_use_name, parcel.land_use)
    return rule.base_weight(height_m) * factor, sure


def _rises_on(controls: list[Control]) -> bool:
    """Tell whether an envelope goes on above where it is drawn to: nothing limits its height or narrows it there."""
    return not any(
        (c.kind in _CEILINGS and c.effect == "prohibit") or c.slant is not None
        or (c.profile is not None and c.kind is not Kind.UNDERGROUND and c.profile.slope > 0.0) for c in controls)


def _least(controls: list[Control], kind: Kind) -> Control | None:
    """Find the control of a kind with the least limit."""
    return min((c for c in controls if c.kind is kind and c.limit is not None), key=lambda c: c.limit or 0.0,
               default=None)

