"""Ground points that are none: echoes of birds, dust and wells that a classifier took for ground."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from zonebox.frame import Frame

Points = NDArray[np.float64]
Indices = NDArray[np.intp]

OFF_M: Final = 2.0
"""A spike differs in height by more than this from the points nearest to it, and by more than their distance."""

NEAREST: Final = 16
AGREE: Final = 15
"""So many of the nearest must agree: one may be a spike as well; along a wall or a kerb half of them do not."""

FEW: Final = 64
"""Up to so many suspects are looked at one by one."""


def sifted(points: Points, around: Callable[[], Points] | None = None) -> tuple[Points, Points]:
    """Part ground points from spikes among them.

    Parameters
    ----------
    points : (n, 3) float64
        One per place, neighbours together (`ground.thinned`).
    around : callable, optional
        Brings the points beyond the border of these, if there is need.

    Returns
    -------
    ground, spikes : (k, 3), (n − k, 3) float64
        In their order.

    Examples
    --------
    >>> flat = np.array([[x, y, 0.0] for y in range(5) for x in range(5)])
    >>> flat[12, 2] = 3.0
    >>> sifted(flat)[1].tolist()
    [[2.0, 2.0, 3.0]]
    """
    suspects = _suspects(points)
    if not len(suspects):
        return points, points[:0]
    every = points if around is None else np.concatenate([points, around()])
    spikes = suspects[_stands_off(points[suspects], every)]
    ground = np.ones(len(points), dtype=np.bool_)
    ground[spikes] = False
    return (points[ground] if len(spikes) else points), points[spikes]


def remark(spikes: Points, frame: Frame) -> list[str]:
    """Say how many points (n, 3) of the frame were left out, and where the one farthest west is."""
    if not len(spikes):
        return []
    east, north, height = frame.world(spikes[np.lexsort((spikes[:, 1], spikes[:, 0]))[0]])
    place = f"({east:.2f}, {north:.2f}, {height:.2f})"
    said = f"ground points more than {OFF_M:g} m off those around are left out as noise: {len(spikes):,}"
    return [f"{said}, e.g. {place}"]


def _suspects(points: Points) -> Indices:
    """Find the points (k,) that stand off those beside them in the list: a few, which are looked at closely."""
    from zonebox_converters.lidar import order

    if len(points) <= NEAREST:
        return np.zeros(0, dtype=np.intp)
    return order.standing_off(np.ascontiguousarray(points[:, 2]), OFF_M)


def _stands_off(suspects: Points, every: Points) -> NDArray[np.bool_]:
    """Tell which suspects (k, 3) stand above, or lie below, the points (n, 3) nearest to them in plan."""
    if len(suspects) <= FEW:
        from zonebox_converters.lidar import order

        near = order.nearest_to(every, suspects, NEAREST + 1)
    else:
        from scipy.spatial import KDTree

        near = KDTree(every[:, :2]).query(suspects[:, :2], k=NEAREST + 1)[1]
    away = np.hypot(*(every[near, :2] - suspects[:, None, :2]).transpose(2, 0, 1))
    rise = suspects[:, None, 2] - every[near, 2]
    least = np.maximum(OFF_M, away)
    return np.asarray(((rise > least).sum(1) >= AGREE) | ((-rise > least).sum(1) >= AGREE))
