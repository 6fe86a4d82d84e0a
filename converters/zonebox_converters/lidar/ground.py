"""Ground points made ready for triangulation: one per place, in an order that does not depend on the files."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.errors import InputError
from zonebox_converters.lidar.refine import PER_METRE, places

Points = NDArray[np.float64]

SAMPLE: Final = 1000
"""So many points are looked at first, where all of them might lie in one line."""


def thinned(points: Points) -> Points:
    """Keep one point (n, 3) per millimetre of plan, the lowest, on the millimetre, neighbours together.

    Tiles that overlap bring the same point twice, and two heights at one place make no surface; of two, the lower one
    is nearer to bare ground. The order of the input leaves no trace in the result.

    Examples
    --------
    >>> thinned(np.array([[1.0, 0.0, 5.0], [0.0, 0.0, 2.0], [1.0, 0.0, 4.0]])).tolist()
    [[0.0, 0.0, 2.0], [1.0, 0.0, 4.0]]
    >>> thinned(np.zeros((0, 3))).shape
    (0, 3)
    """
    key, _, _ = places(points)
    order = np.argsort(key)
    key = key[order]
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = key[1:] != key[:-1]
    single = points[order[first]]
    if len(single) < len(points):
        single[:, 2] = np.minimum.reduceat(points[order, 2], np.flatnonzero(first))
    single[:, :2] = np.rint(single[:, :2] * PER_METRE) / PER_METRE
    return np.asarray(single)


def refuse_too_few(points: Points, *, where: str) -> None:
    """Refuse points (n, 3) that span no surface.

    Raises
    ------
    InputError
        Fewer than three, or all in one line.
    """
    remedy = "give the tiles around the site as well"
    if len(points) < 3:
        plural = "" if len(points) == 1 else "s"
        raise InputError(where, got=f"{len(points)} ground point{plural}", want="at least three", then=remedy)
    if _in_line(points[:: max(len(points) // SAMPLE, 1), :2]) and _in_line(points[:, :2]):
        raise InputError(where, got=f"{len(points):,} ground points in one line", want="points that span a surface",
                         then=remedy)


def _in_line(xy: Points) -> bool:
    """Whether places (n, 2) lie in one line, or at one point."""
    run = xy - xy[0]
    far = run[np.argmax((run**2).sum(1))]
    length = float(np.hypot(*far))
    return length == 0.0 or float(np.abs(run[:, 0] * far[1] - run[:, 1] * far[0]).max()) < tolerance.SNAP_M * length
