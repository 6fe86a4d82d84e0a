"""Ground of clouds that nobody has classified: the cloth that settles on it from below (Zhang et al. 2016, CSF).

The settings were chosen by measurement against surveys with classes (tests/bench/bench_lidar_ground.py): of cloths of
0.5, 1 and 2 m, soft and stiff, the one of 1 m with the steep places looked at again errs least.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from zonebox_converters.lidar.blocks import Blocks

Points = NDArray[np.float64]
Mask = NDArray[np.bool_]

CANDIDATES: Final = (0, 1, 8, 10, 11, 12)
"""Classes among which ground is looked for where none is called ground: all that does not stand above it or float."""

CLOTH_M: Final = 1.0
STIFFNESS: Final = 3
NEAR_CLOTH_M: Final = 0.3
"""Mesh and stiffness (1 soft – 3 stiff) of the cloth, and how near to it a point is ground."""

NEIGHBOURS: Final = 6
OUTLIER_SIGMAS: Final = 6.0
"""A point is noise where it is this many standard deviations farther from its nearest than points are (Rusu 2008)."""

MARGIN_M: Final = 20.0
"""A cloth needs this much around a block, or its border would hang."""

LEAST: Final = 50
"""Fewer points than this carry no cloth."""


def ground_among(points: Points) -> Mask:
    """Tell which points (n, 3) are ground; noise is none. With too few points for a cloth, none is."""
    ground = np.zeros(len(points), dtype=np.bool_)
    if len(points) < LEAST:
        return ground
    held = np.flatnonzero(~lonely(points))
    ground[held[_under_the_cloth(points[held])]] = True
    return ground


def lonely(points: Points) -> Mask:
    """Tell which points (n, 3) are noise: far from their nearest neighbours in space."""
    from scipy.spatial import KDTree

    distance, _ = KDTree(points).query(points, k=min(NEIGHBOURS + 1, len(points)))
    mean = distance[:, 1:].mean(1)
    return np.asarray(mean > mean.mean() + OUTLIER_SIGMAS * mean.std())


def classified_blocks(loose: Blocks) -> Iterator[Points]:
    """Find the ground (n, 3) of each block, with what stands around it in sight."""
    for k in loose.numbers:
        own = loose.raw(k)
        if not len(own):
            continue
        low, high = own[:, :2].min(0) - MARGIN_M, own[:, :2].max(0) + MARGIN_M
        around = [p[((p[:, :2] >= low) & (p[:, :2] <= high)).all(1)] for p in map(loose.raw, loose.around(k))]
        yield own[ground_among(np.concatenate([own, *around]))[:len(own)]]


def _under_the_cloth(points: Points) -> NDArray[np.intp]:
    """Let the cloth fall on points (n, 3); return the rows near to it."""
    import CSF

    spacing = float(np.sqrt(np.prod(np.ptp(points[:, :2], axis=0)) / len(points)))
    filtering = CSF.CSF()
    filtering.params.bSloopSmooth = True
    filtering.params.cloth_resolution = max(CLOTH_M, 0.5 * spacing)
    filtering.params.rigidness = STIFFNESS
    filtering.params.class_threshold = NEAR_CLOTH_M
    filtering.params.time_step = 0.65
    ground, other = CSF.VecInt(), CSF.VecInt()
    with _silent():
        filtering.setPointCloud(points - points.min(0))
        filtering.do_filtering(ground, other, False)                    # exportCloth=False: no file is written
    return np.array(ground, dtype=np.intp)


@contextmanager
def _silent() -> Iterator[None]:
    """Keep what machine code prints from standard output, which belongs to the report."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
