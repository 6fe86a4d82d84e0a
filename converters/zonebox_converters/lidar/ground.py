"""Ground points made ready for triangulation: one per place, in an order that does not depend on the files."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.errors import InputError

Points = NDArray[np.float64]


def thinned(points: Points) -> Points:
    """Keep one point (n, 3) per millimetre of plan, the lowest, sorted by place.

    Tiles that overlap bring the same point twice, and two heights at one place make no surface; of two, the lower one
    is nearer to bare ground. The order of the input leaves no trace in the result.

    Examples
    --------
    >>> thinned(np.array([[1.0, 0.0, 5.0], [0.0, 0.0, 2.0], [1.0, 0.0, 4.0]])).tolist()
    [[0.0, 0.0, 2.0], [1.0, 0.0, 4.0]]
    >>> thinned(np.zeros((0, 3))).shape
    (0, 3)
    """
    place = np.round(points[:, :2] / tolerance.SNAP_M).astype(np.int64)
    order = np.lexsort((points[:, 1], points[:, 0], points[:, 2], place[:, 1], place[:, 0]))
    place = place[order]
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = (place[1:] != place[:-1]).any(1)
    return np.asarray(points[order[first]])


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
    xy = points[:, :2] - points[0, :2]
    far = xy[np.argmax((xy**2).sum(1))]
    off_line = np.abs(xy[:, 0] * far[1] - xy[:, 1] * far[0]) / np.hypot(*far)
    if off_line.max() < tolerance.SNAP_M:
        raise InputError(where, got=f"{len(points):,} ground points in one line", want="points that span a surface",
                         then=remedy)
