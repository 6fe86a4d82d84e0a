"""What a control demands where one number does not say it: build-to lines, spacing, parking, access, uses."""

from __future__ import annotations

import math
from dataclasses import dataclass

AZIMUTH_FACTORS = ((15.0, 1.0), (30.0, 0.9), (45.0, 0.8), (60.0, 0.9), (90.0, 0.95))
"""Turn of a facade away from south, up to so many degrees, and the factor on sun spacing (GB 50180-93; domain A8)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """What may stand in a setback: balconies, eaves, canopies (domain D3).

    Parameters
    ----------
    what : tuple of str
        Classes or words of the names of elements; upper and lower case are one.
    depth_m : float
        How far it may reach into the setback.
    clear_m : float
        Height over the ground that stays free below it.
    """

    what: tuple[str, ...]
    depth_m: float
    clear_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildTo:
    """Facades along a line (domain A10, D8): which part of the line is built up is what `Control.limit` bounds.

    Parameters
    ----------
    tol_m : float
        How far a facade may stand from the line and still count.
    low_m, high_m : float
        Heights over the ground between which it counts.
    angle_deg : float
        Turn of a facade's normal against that of the line up to which it counts.
    offset_m : float
        Where the line is edges of the parcel: how far into the lot it lies.
    exempt_m : float
        Length of the line that openings may take; it is not counted.
    """

    tol_m: float = 0.5
    low_m: float = 0.0
    high_m: float = math.inf
    angle_deg: float = 30.0
    offset_m: float = 0.0
    exempt_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spacing:
    """Distance between buildings (domain A8, D6): the largest of its terms holds.

    Parameters
    ----------
    least_m : float
        Least distance whatever else holds.
    coefficient : float
        k of k · H_eff · f(azimuth), for walls that a building to the south shades; 0: no such term.
    azimuth : tuple of (degrees, factor)
        Factors by the turn of the shaded wall away from south, each up to and including its bound.
    sill_m : float
        What is taken off the height for the sill of the lowest window.
    fire_m : tuple
        Distances ((low, low), (low, high)), ((high, low), (high, high)) between low and high buildings.
    high_from_m : float
        Buildings taller than this are high.
    facing_deg : float
        Walls whose normals differ from opposite by less than this face each other.
    """

    least_m: float = 0.0
    coefficient: float = 0.0
    azimuth: tuple[tuple[float, float], ...] = AZIMUTH_FACTORS
    sill_m: float = 0.0
    fire_m: tuple[tuple[float, float], tuple[float, float]] | None = None
    high_from_m: float = 24.0
    facing_deg: float = 60.0

    def factor(self, turn_deg: float) -> float:
        """Factor on sun spacing for a wall turned so many degrees away from south.

        >>> [Spacing().factor(turn) for turn in (0.0, 15.0, 20.0, 45.0, 61.0)]
        [1.0, 1.0, 0.9, 0.8, 0.95]
        """
        turned = round(abs(turn_deg), 6)
        return next((f for bound, f in self.azimuth if turned <= bound), self.azimuth[-1][1])

    def fire_between(self, one_m: float, other_m: float) -> float:
        """Fire distance between two buildings of these heights, metres."""
        if self.fire_m is None:
            return 0.0
        return self.fire_m[int(one_m > self.high_from_m)][int(other_m > self.high_from_m)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parking:
    """Parking places (domain A18): Σ floor area of a use / 100 m² × rate, or the number that `Control.limit` states.

    ``rates`` holds (words of a use, places per 100 m²), first match first; no words: any use. ``places`` are words of
    the names or uses of the spaces that are parking places.
    """

    rates: tuple[tuple[tuple[str, ...], float], ...] = ()
    places: tuple[str, ...] = ("parking", "car park", "停车", "车位")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Where a site may be entered (domain A17): entrances keep `Control.limit` metres from the control's line.

    Without a limit the line forbids entrances along it. ``entrances`` are types or names of the plan's lines that are
    entrances.
    """

    entrances: tuple[str, ...] = ("entrance", "出入口", "开口")


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """What may be housed (domain D13): words of permitted uses, and (words, largest share of the floor area)."""

    permitted: tuple[str, ...] = ()
    most: tuple[tuple[tuple[str, ...], float], ...] = ()


Demand = BuildTo | Spacing | Parking | Access | Uses
