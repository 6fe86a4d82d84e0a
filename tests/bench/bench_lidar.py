"""How long a terrain takes beside the bare decoding of the same files; run with ``python tests/bench/bench_lidar.py``.

Times are of the processor, summed over its cores, after the machine code was loaded. Decoding with each backend and
the whole are taken in turn, so that what else the machine does weighs on all of them; the ratio is that of medians to
the fastest backend. At most 1.5 is wanted, on every tile.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import laspy
import numpy as np

from zonebox.frame import Frame
from zonebox_converters import lidar

RUNS = 11
DELFT = ("EPSG:7415", (84975.2, 447519.2))
TILES = {
    "Delft, west": (("site_delft/ahn3_cropped_1.laz",), *DELFT),
    "Delft, east": (("site_delft/ahn3_cropped_2.laz",), *DELFT),
    "Delft, both": (("site_delft/ahn3_cropped_1.laz", "site_delft/ahn3_cropped_2.laz"), *DELFT),
    "Charente-Maritime": (("lidar/ign_0382_6565_cropped.laz",), "EPSG:2154+5720", (382_375.0, 6_564_500.0)),
}


def taken(work: Callable[[], object]) -> float:
    """Processor time of a call, seconds."""
    start = time.process_time()
    work()
    return time.process_time() - start


def decoded(files: list[Path], backend: laspy.LazBackend) -> list[laspy.LasData]:
    """Decode files whole, as bare as laspy does it."""
    return [laspy.read(file, laz_backend=backend) for file in files]


def rounds(files: list[Path], frame: Frame, crs: str) -> tuple[float, float]:
    """Median processor time of decoding with the fastest backend, and of the terrain, taken in turn."""
    backends = laspy.LazBackend.detect_available()
    times = [[*(taken(partial(decoded, files, backend)) for backend in backends),
              taken(partial(lidar.read, files, frame, crs=crs))] for _ in range(RUNS)]
    *bare, whole = np.median(times, axis=0)
    return float(min(bare)), float(whole)


def main(folder: Path) -> None:
    """Print decoding, terrain, their ratio, and how good the terrain is, tile by tile."""
    for name, (parts, crs, site) in TILES.items():
        files, frame = [folder / part for part in parts], Frame.near(crs, site)
        terrain = lidar.read(files, frame, crs=crs)                     # loads the machine code
        bare, whole = rounds(files, frame, crs)
        print(f"{name}: decode {bare:.3f} s, terrain {whole:.3f} s, ratio {whole / bare:.2f}; "
              f"{len(terrain.mesh):,} triangles of {terrain.ground_points:,} points, error at most "
              f"{terrain.max_error_m:.3f} m, RMS {terrain.rms_error_m:.3f} m")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else os.environ["ZONEBOX_DATA"]))
