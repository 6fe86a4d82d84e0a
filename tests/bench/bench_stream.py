"""Memory of reading from files of growing size: ``python tests/bench/bench_stream.py [megabytes ...]``.

A file much larger than the site is asked for what lies near it, or read in slices; peak memory must not follow its
size.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyogrio
import shapely

CORNER = (500000.0, 4000000.0)
LOT_BYTES = {"gpkg": 250, "fgb": 330}
"""About what a lot of eight attributes takes."""
READ = """
import sys, time
from pathlib import Path
from zonebox.frame import Frame
from zonebox_converters.zoning import PlanSpec, read
from zonebox_converters.zoning.vector import read_layer, slices
source, how = sys.argv[1:]
started = time.process_time()
if how == "near":
    frame = Frame.near("EPSG:4548+5737", (501000.0, 4001000.0))
    count = len(read_layer(source, near=(frame, (-500.0, -500.0, 500.0, 500.0))))
elif how == "within":
    site = Path(source).with_name("site.geojson")
    frame = Frame.near("EPSG:4548+5737", (501000.0, 4001000.0))
    count = len(read(PlanSpec(parcels=source, within=str(site)), frame).parcels)
elif how == "slices":
    count = sum(len(shapes) for shapes, _ in slices(source))
else:
    count = 0
seconds = time.process_time() - started
# ru_maxrss would begin with the peak of the process that started this one
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(count, seconds, int(peak.split()[1]) / 1024)
"""


def write(path: Path, megabytes: float) -> int:
    """Write lots of 20 by 30 m in rows until the file has about its size; features are made a slice at a time."""
    count, step = int(megabytes * 1e6 / LOT_BYTES[path.suffix[1:]]), 200_000
    wide = int(np.ceil(np.sqrt(count)))
    driver = {"gpkg": "GPKG", "fgb": "FlatGeobuf"}[path.suffix[1:]]
    chunk = step if driver == "GPKG" else count
    for first in range(0, count, chunk):
        n = np.arange(first, min(first + chunk, count))
        x, y = CORNER[0] + n % wide * 20.0, CORNER[1] + n // wide * 30.0
        columns = [np.char.add("P", n.astype(str)).astype(object), np.full(len(n), "070102", dtype=object),
                   *(np.full(len(n), value) for value in (2.5, 35.0, 36.0, 30.0, 600.0)),
                   np.full(len(n), "remark of this lot", dtype=object)]
        names = ["DKBH", "YDDM", "RJL", "JZMD", "JZGD", "LDL", "YDMJ", "BZ"]
        pyogrio.raw.write(path, shapely.to_wkb(shapely.box(x, y, x + 20, y + 30)), columns, names, driver=driver,
                          geometry_type="Polygon", crs="EPSG:4548", append=first > 0)
    return count


def write_site(path: Path) -> None:
    """Write the square kilometre whose lots are the plan."""
    low, high = np.array(CORNER) + 500.0, np.array(CORNER) + 1500.0
    pyogrio.raw.write(path, shapely.to_wkb([shapely.box(*low, *high)]), [np.array(["site"], dtype=object)], ["name"],
                      driver="GeoJSON", geometry_type="Polygon", crs="EPSG:4548")


def main() -> None:
    """Print size, count, seconds and peak memory for each file and way of reading."""
    sizes = [float(a) for a in sys.argv[1:]] or [50.0, 200.0]
    print(f"{'file':>12} {'how':>8} {'features':>10} {'cpu s':>7} {'peak MB':>8} {'above idle':>11}")
    with tempfile.TemporaryDirectory() as folder:
        for ending in LOT_BYTES:
            for size in sizes:
                path = Path(folder) / f"lots.{ending}"
                started = time.perf_counter()
                write(path, size)
                write_site(path.with_name("site.geojson"))
                label = f"{path.stat().st_size / 1e6:.0f} MB {ending}"
                print(f"{label:>12} written in {time.perf_counter() - started:.0f} s")
                idle = run(path, "idle")[2]
                for how in ("near", "within", "slices"):
                    count, seconds, peak = run(path, how)
                    print(f"{label:>12} {how:>8} {count:>10.0f} {seconds:>7.2f} {peak:>8.0f} {peak - idle:>11.0f}")
                path.unlink()


def run(path: Path, how: str) -> tuple[float, float, float]:
    """Read in a process of its own, whose peak is its own."""
    done = subprocess.run([sys.executable, "-c", READ, str(path), how], capture_output=True, text=True, check=True,
                          env={**os.environ, "PYTHONWARNINGS": "ignore"})
    count, seconds, peak = map(float, done.stdout.split())
    return count, seconds, peak


if __name__ == "__main__":
    main()
