"""Which edges a control speaks of: by role, by number, by compass sector of the outward normal."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.boundary import Boundary
from zonebox.model import EdgeSelector, Parcel


def selected(parcel: Parcel, lot: Boundary, selector: EdgeSelector, convergence_deg: float) -> list[int]:
    """Edge numbers that a selector names; every edge where it names none. A sector narrows the choice."""
    roles, indices = selector.roles, selector.indices
    every = not (roles or indices)
    named = [edge.index for edge in parcel.edges if every or edge.role in roles or edge.index in indices]
    if selector.sector_deg is None:
        return named
    bearing = outward_bearing_deg(lot, convergence_deg)
    low, high = (bound % 360.0 for bound in selector.sector_deg)
    return [e for e in named if (low <= bearing[e] < high if low < high else bearing[e] >= low or bearing[e] < high)]


def outward_bearing_deg(lot: Boundary, convergence_deg: float) -> NDArray[np.float64]:
    """Return the true bearing (n,) of each edge's outward normal, clockwise from true north (domain C8)."""
    outward = -lot.inward
    return np.asarray((np.degrees(np.arctan2(outward[:, 0], outward[:, 1])) + convergence_deg) % 360.0)


def facing_north(
    parcel: Parcel, lot: Boundary, selector: EdgeSelector, convergence_deg: float
) -> list[tuple[int, float]]:
    """Edges among the selected whose outward normal has a northern part, with the cosine of its angle to north."""
    bearing = outward_bearing_deg(lot, convergence_deg)
    cosines = ((edge, math.cos(math.radians(float(bearing[edge]))))
               for edge in selected(parcel, lot, selector, convergence_deg))
    return [(edge, cosine) for edge, cosine in cosines if cosine > 1e-6]
