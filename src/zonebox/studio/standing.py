"""Where somebody who walks can begin: on open ground before what is looked at."""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.model import Scene

NEAREST_M: Final = 12.0
FARTHEST_M: Final = 120.0
STEP_M: Final = 2.0


def open_ground(
    scene: Scene, box: tuple[float, float, float, float], target: NDArray[np.float64], ahead: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Find a place (x, y) to stand before a target: the nearest against ``ahead`` that no building covers, in a box."""
    bounds = [b.mesh.bounds for b in (*scene.designs, *scene.context) if len(b.mesh)]
    low, high = (np.array([one[k][:2] for one in bounds]).reshape(-1, 2) for k in (0, 1))
    taken = shapely.union_all(shapely.box(*low.T, *high.T)).buffer(1.0)
    x0, y0, x1, y1 = box
    for back in np.arange(NEAREST_M, FARTHEST_M, STEP_M):
        x, y = target - back * ahead
        if x0 < x < x1 and y0 < y < y1 and not shapely.intersects_xy(taken, x, y):
            return np.array([x, y])
    return target - NEAREST_M * ahead
