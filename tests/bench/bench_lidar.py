"""How long a terrain takes beside the bare decoding of the same files; run with ``python tests/bench/bench_lidar.py``.

Times are of the processor, summed over its cores, best of several, after the machine code was loaded.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import laspy

from zonebox.frame import Frame
from zonebox_converters import lidar

RUNS = 7
SITE = ("EPSG:7415", (84975.2, 447519.2))


def best_of(work: Callable[[], object], runs: int = RUNS) -> float:
    """Least processor time of a call, seconds."""
    taken = []
    for _ in range(runs):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def main(folder: Path) -> None:
    """Print decoding, terrain, their ratio, and how good the terrain is."""
    tiles = [folder / "site_delft" / f"ahn3_cropped_{k}.laz" for k in (1, 2)]
    frame = Frame.near(*SITE)
    start = time.perf_counter()
    terrain = lidar.read(tiles, frame, crs=SITE[0])
    first = time.perf_counter() - start
    decode = min(best_of(lambda b=backend: [laspy.read(tile, laz_backend=b) for tile in tiles])  # type: ignore[misc]
                 for backend in laspy.LazBackend.detect_available())
    whole = best_of(lambda: lidar.read(tiles, frame, crs=SITE[0]))
    print(f"decode {decode:.3f} s, terrain {whole:.3f} s, ratio {whole / decode:.2f}; first run {first:.1f} s")
    print(f"{len(terrain.mesh):,} triangles of {terrain.ground_points:,} points, error at most "
          f"{terrain.max_error_m:.3f} m, RMS {terrain.rms_error_m:.3f} m")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else os.environ["ZONEBOX_DATA"]))
