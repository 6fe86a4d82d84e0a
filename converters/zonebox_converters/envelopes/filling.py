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


def fill(
    area_at: Callable[[float], float], parcel: Parcel, controls: tuple[Control, ...], *, ground: float, top: float
) -> Capacity:
    """Stack storeys from the ground up.

    Each floor is what the envelope leaves between its bottom and its top, at most what coverage allows, until the floor
    area ratio is used up, the ceiling is met or nothing is left.

    Parameters
    ----------
    area_at : function
        Elevation -> plan area (m²) of the envelope there.
    parcel : Parcel
        Its area is what ratios count against.
    controls : tuple of Control
        FAR, coverage and storey height among them; superseded ones are passed over.
    ground, top : float
        Ground reference and lowest level ceiling.
    """
    active = [c for c in controls if not c.superseded_by]
    far = _least(active, Kind.FAR)
    coverage = _least(active, Kind.COVERAGE)
    height = next((c.storey_height_m for c in active if c.storey_height_m), STOREY_HEIGHT_M)
    site = parcel.area_m2
    allowed = math.inf if far is None else far * site
    most = math.inf if coverage is None else coverage * site
    plates, floor_area, possible = [], 0.0, 0.0
    binding, covered = "", False
    for k in range(STOREYS_MAX):
        low = ground + k * height
        if low + height > top + tolerance.SNAP_M:
            binding = binding or "height"
            break
        free = area_at(low + height - tolerance.SNAP_M / 10.0)      # envelopes only narrow upward: the top decides
        if free < LEAST_PLATE_M2:
            binding = binding or "envelope"
            break
        covered = covered or free > most
        plate = min(free, most)
        possible += plate
        if floor_area + plate >= allowed * (1.0 - tolerance.RATIO) and not binding:
            plates.append(min(plate, allowed - floor_area))
            floor_area += plates[-1]
            binding = "far"
        elif not binding:
            plates.append(plate)
            floor_area += plate
    return Capacity(
        storeys=len(plates), plates_m2=tuple(plates), floor_area_m2=floor_area, far=floor_area / site,
        far_max=possible / site, height_m=len(plates) * height, storey_height_m=height,
        binding=binding or "height",
    )


def _least(controls: list[Control], kind: Kind) -> float | None:
    return min((c.limit for c in controls if c.kind is kind and c.limit is not None), default=None)

