"""How well the ground of an unclassified survey is found; run with ``python tests/bench/bench_lidar_ground.py``.

The classes of real surveys are taken away, the ground is looked for, and held against the classes. Type I is ground
that was not found, type II what is no ground and was taken for it, both as shares of what they could have been.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import laspy
import numpy as np

from zonebox_converters.lidar import unclassified

SURVEYS = {
    "Delft, AHN3": ("site_delft/ahn3_cropped_1.laz", "site_delft/ahn3_cropped_2.laz"),
    "Charente-Maritime, LiDAR HD": ("lidar/ign_0382_6565_cropped.laz",),
}
NO_MATTER = (7, 9, 17, 18, 26)
"""Classes whose ground is a matter of opinion: noise, water, bridges."""


def errors(folder: Path, files: tuple[str, ...]) -> tuple[float, float, float, int]:
    """Type I, type II and total error of a survey, and how many points were judged."""
    clouds = [laspy.read(folder / name) for name in files]
    points = np.concatenate([cloud.xyz for cloud in clouds])
    kind = np.concatenate([np.asarray(cloud.classification) for cloud in clouds])
    found = unclassified.ground_among(points)
    ground, other = kind == 2, ~np.isin(kind, [2, *NO_MATTER])
    missed, taken = int((ground & ~found).sum()), int((other & found).sum())
    judged = int(ground.sum() + other.sum())
    return missed / ground.sum(), taken / other.sum(), (missed + taken) / judged, judged


def main(folder: Path) -> None:
    """Print the errors on each survey."""
    for name, files in SURVEYS.items():
        start = time.process_time()
        first, second, total, judged = errors(folder, files)
        taken = time.process_time() - start
        print(f"{name}: type I {first:.2%}, type II {second:.2%}, total {total:.2%} of {judged:,} points; "
              f"{taken:.1f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else os.environ["ZONEBOX_DATA"]))
