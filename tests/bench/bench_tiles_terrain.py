"""How long a survey of ground takes to become terrain and then tiles.

Run: python tests/bench/bench_tiles_terrain.py [POINTS ...]
Without numbers there are 10,000,000 points: hills with a ditch, noise, and four points a square metre.
Prints processor seconds of reading the file and triangulating (`lidar.read`) and of the tiles, in points a second, with
the triangles kept, files, the terrain's error, and the most memory that the process ever had.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import laspy
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from converters.tiles import samples
from zonebox.frame import Frame
from zonebox.model import Report, Scene
from zonebox_converters import lidar
from zonebox_converters.tiles import write

CRS = "EPSG:4548+5737"
SITE = (512_000.0, 4_057_000.0)
PER_M2 = 4.0
NOISE_M = 0.03


def survey(path: Path, count: int) -> None:
    """Write a LAZ file of ground points around the site."""
    rng = np.random.default_rng(7)
    half = (count / PER_M2) ** 0.5 / 2
    x, y = rng.uniform(-half, half, (2, count))
    z = 40 + 9 * np.sin(x / 170) * np.cos(y / 130) + 1.5 * np.sin(x / 23 + y / 31)
    z -= 1.2 * np.exp(-((x + 40 * np.sin(y / 90)) / 3) ** 2)
    header = laspy.LasHeader(point_format=6, version="1.4")
    header.offsets, header.scales = [*SITE, 0.0], [0.001] * 3
    cloud = laspy.LasData(header)
    cloud.x, cloud.y, cloud.z = x + SITE[0], y + SITE[1], z + rng.normal(0, NOISE_M, count)
    cloud.classification = np.full(count, 2, dtype=np.uint8)
    cloud.write(str(path))


def measure(count: int, folder: Path) -> str:
    path = folder / "ground.laz"
    survey(path, count)
    frame = Frame.near(CRS, SITE, vertical_shift_m=-7.0, vertical_shift_source="bench")
    start = time.process_time()
    terrain = lidar.read([path], frame, crs=CRS)
    middle = time.process_time()
    scene = Scene(name="hills", title="hills", frame=frame, plan=samples.empty_plan(), terrain=terrain, context=(),
                  designs=(), envelopes=())
    result = write(scene, Report(findings=()), folder / "tiles", workers=1)
    end = time.process_time()
    (layer,) = result.layers
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (f"{count:>11,} {middle - start:>10.2f} {end - middle:>8.2f} {count / (end - start):>12,.0f} "
            f"{layer.triangles:>10,} {layer.files:>6,} {terrain.max_error_m:>8.3f} {peak:>8,.0f}")


def main() -> None:
    print(f"{'points':>11} {'terrain s':>10} {'tiles s':>8} {'points/cpu s':>12} {'triangles':>10} {'files':>6} "
          f"{'error m':>8} {'peak MB':>8}")
    for count in map(int, sys.argv[1:] or ["10000000"]):
        with tempfile.TemporaryDirectory() as folder:
            print(measure(count, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
