"""From which ground a height counts (domain C5). A ground that is not known is None, never 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zonebox.geometry.boundary import Boundary
from zonebox.geometry.tin import TinIndex
from zonebox.model import Datum, EdgeRole, Parcel


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """Elevations of a parcel's ground references, metres in the scene's datum; None where unknown.

    ``at_corners`` (n,) holds the terrain under the start of each boundary edge; NaN off the terrain.
    """

    design: float | None
    design_source: str
    average: float | None
    lowest: float | None
    highest: float | None
    curb: float | None
    at_corners: tuple[float, ...]

    def reference(self, datum: Datum) -> float | None:
        """Elevation of a level reference; None where unknown or where the datum is not level."""
        return {
            Datum.DESIGN_GROUND: self.design,
            Datum.AVERAGE: self.average,
            Datum.LOWEST: self.lowest,
            Datum.HIGHEST: self.highest,
            Datum.CURB: self.curb,
            Datum.ABSOLUTE: 0.0,
        }.get(datum)

    def along(self, datum: Datum, lot: Boundary, edge: int) -> tuple[float, float] | None:
        """Elevation of a profile's zero height at both ends of an edge; None where unknown."""
        if datum is Datum.BOUNDARY_GROUND:
            ends = self.at_corners[edge], self.at_corners[int(lot.after[edge])]
            return ends if np.isfinite(ends).all() else None
        level = self.reference(datum)
        return None if level is None else (level, level)


def grounds_of(parcel: Parcel, lot: Boundary, terrain: TinIndex | None) -> Grounds:
    """Find every ground reference of a parcel: the plan's statement first, then the terrain.

    The design ground is the plan's, where it states one, else the mean terrain over the lot. The average grade is the
    mean along the perimeter, (Σ edge length × mean ground) / perimeter (domain B11).
    """
    stated = parcel.design_ground_m
    if terrain is None:
        source = "stated by the plan" if stated is not None else "unknown: no terrain and no design ground"
        return Grounds(design=stated, design_source=source, average=None, lowest=None, highest=None,
                       curb=None, at_corners=(float("nan"),) * len(lot))
    corners = terrain.height_at(lot.start)
    mean, (low, high) = terrain.mean_over(parcel.shape), terrain.range_over(parcel.shape)
    per_edge = (corners + corners[lot.after]) / 2.0
    average = float((per_edge * lot.length).sum() / lot.length.sum())
    if stated is None:
        source = "mean terrain over the parcel" if np.isfinite(mean) else "unknown: the terrain does not cover it"
    else:
        source = "stated by the plan"
    return Grounds(
        design=_known(mean) if stated is None else stated,
        design_source=source,
        average=_known(average),
        lowest=_known(low),
        highest=_known(high),
        curb=_curb(parcel, lot, terrain),
        at_corners=tuple(float(z) for z in corners),
    )


def _curb(parcel: Parcel, lot: Boundary, terrain: TinIndex) -> float | None:
    """Elevation at the middle of the longest front edge, a hand's breadth outside the lot (domain C5)."""
    fronts = [edge.index for edge in parcel.edges if edge.role is EdgeRole.FRONT]
    if not fronts:
        return None
    front = max(fronts, key=lambda e: float(lot.length[e]))
    middle = (lot.start[front] + lot.end[front]) / 2.0 - 0.1 * lot.inward[front]
    return _known(float(terrain.height_at(middle[None, :])[0]))


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
