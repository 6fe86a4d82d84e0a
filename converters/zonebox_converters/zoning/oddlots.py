"""Lots without plain front, sides and rear: the virtual rear of a triangle, the stem of a flag lot (domain C1.4)."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, Polygon

VIRTUAL_REAR_M: Final = 3.0
"""Length of the line across the tip of a lot from which its rear yard counts: 10 feet."""
STEM_M: Final = 6.0
"""A lot is a stem where it is narrower than this."""
_STEPS: Final = 60
_ON_STEM: Final = 0.9
"""Share of an edge that lies along the stem."""


def virtual_rear(lot: Polygon, outward: NDArray[np.float64]) -> Polygon | None:
    """Cut off the tip of a lot behind a line parallel to its front, as long as `VIRTUAL_REAR_M`.

    Parameters
    ----------
    lot : Polygon
        Without a rear edge.
    outward : (2,) float64
        Unit normal of its front, away from the lot.

    Returns
    -------
    Polygon or None
        The tip; None where the far end of the lot is wider.

    Examples
    --------
    >>> tip = virtual_rear(Polygon([(0, 0), (30, 0), (15, 30)]), np.array([0.0, -1.0]))
    >>> round(tip.bounds[1], 6), round(tip.bounds[2] - tip.bounds[0], 6)
    (27.0, 3.0)
    """
    across = np.array([-outward[1], outward[0]])
    corners = np.asarray(lot.exterior.coords)
    depth, aside = -(corners @ outward), corners @ across
    low, high = float(depth.min()), float(depth.max())
    far = float(np.abs(aside).max()) + high - low + 1.0

    def width(t: float) -> float:
        line = LineString([-t * outward - far * across, -t * outward + far * across])
        return float(lot.intersection(line).length)

    near_tip = high - 1e-6 * (high - low)
    if width(near_tip) > VIRTUAL_REAR_M or width((low + high) / 2.0) < VIRTUAL_REAR_M:
        return None
    low = (low + high) / 2.0
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if width(middle) > VIRTUAL_REAR_M else (low, middle)
    base = -low * outward
    beyond = Polygon([base - far * across, base + far * across, base + far * across - 2 * far * outward,
                      base - far * across - 2 * far * outward])
    pieces = [p for p in shapely.get_parts(lot.intersection(beyond)) if p.geom_type == "Polygon"]
    return max(pieces, key=lambda p: p.area) if pieces else None


def stem_edges(lot: Any, fronts: list[int], edges: NDArray[np.object_]) -> tuple[int, ...]:
    """Edges along the narrow way from the street to the body of a flag lot; empty where it is no flag lot.

    Parameters
    ----------
    lot : Polygon
        One part of a lot.
    fronts : list of int
        Which of ``edges`` are its front.
    edges : (n,) object
        Its outer edges as lines.

    Examples
    --------
    >>> flag = Polygon([(10, 0), (14, 0), (14, 20), (40, 20), (40, 50), (10, 50)])
    >>> ring = np.asarray(flag.exterior.coords)
    >>> lines = shapely.linestrings(np.stack([ring[:-1], ring[1:]], axis=1))
    >>> stem_edges(flag, [0], lines), stem_edges(flag, [3], lines)
    ((1,), ())
    """
    body = lot.buffer(-STEM_M / 2.0, join_style="mitre").buffer(STEM_M / 2.0, join_style="mitre")
    if body.is_empty:
        return ()
    front = shapely.union_all(edges[fronts])
    arms = [arm for arm in shapely.get_parts(lot.difference(body)) if arm.distance(front) < 1e-6
            and shapely.intersection(arm.boundary, front).length > 0.5 * front.length
            and arm.area > STEM_M * front.length / 2.0]
    if not arms:
        return ()
    way = shapely.buffer(shapely.union_all(arms), 1e-3)
    share = shapely.length(shapely.intersection(edges, way)) / shapely.length(edges)
    return tuple(int(k) for k in np.flatnonzero(share > _ON_STEM) if k not in fronts)
