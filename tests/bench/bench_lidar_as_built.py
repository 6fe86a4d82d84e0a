"""How long the as-built check of a hundred million points takes beside decoding them.

Run with ``python tests/bench/bench_lidar_as_built.py``. The tiles of Delft are repeated; a hundred lots with a cap and
setbacks or planes on four sides cover all of them.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lots import AUTHORITY
from zonebox.checks.as_built import check_as_built
from zonebox.frame import Frame
from zonebox.geometry import profile
from zonebox.geometry.boundary import boundary
from zonebox.model import Control, Edge, EdgeRole, Kind, Parcel, Plan, Scene
from zonebox_converters import lidar
from zonebox_converters.envelopes import build_one

POINTS = 100_000_000
CRS, SITE = "EPSG:7415", (84975.2, 447519.2)


def scene(frame: Frame, low: NDArray[np.float64], high: NDArray[np.float64]) -> Scene:
    """Make ten by ten lots over the survey, twelve metres high at most."""
    parcels, envelopes = [], []
    controls: list[Control] = []
    xs, ys = (np.linspace(low[k], high[k], 11) for k in (0, 1))
    for i in range(10):
        for j in range(10):
            name = f"{i}-{j}"
            shape = shapely.box(xs[i], ys[j], xs[i + 1], ys[j + 1])
            edges = tuple(Edge(index=k, role=EdgeRole("side"), chain=k, reason="bench", confidence=1.0)
                          for k in range(len(boundary(shape))))
            lot = Parcel(id=name, shape=shape, edges=edges, design_ground_m=0.5)
            mine = (Control(id=f"{name}/height", parcel=name, kind=Kind.HEIGHT, limit=12.0, authority=AUTHORITY),
                    Control(id=f"{name}/plane", parcel=name, kind=Kind.RECESSION, profile=profile.recession(4, 60),
                            authority=AUTHORITY))
            made = build_one(lot, mine, None)
            assert made is not None
            parcels.append(lot)
            envelopes.append(made)
            controls += mine
    return Scene(name="bench", title="bench", frame=frame, terrain=None, context=(), designs=(),
                 envelopes=tuple(envelopes),
                 plan=Plan(source="bench", parcels=tuple(parcels), controls=tuple(controls)))


def main(folder: Path) -> None:
    """Print the time of decoding, of the check alone and of both at once, and the memory."""
    tiles = [folder / "site_delft" / f"ahn3_cropped_{k}.laz" for k in (1, 2)]
    frame = Frame.near(CRS, SITE)
    start = time.perf_counter()
    pieces = list(lidar.points(tiles, frame, crs=CRS, classes=(1, 6)))
    decode = time.perf_counter() - start
    count = sum(len(p) for p in lidar.points(tiles, frame, crs=CRS, classes=range(32)))
    times = -(-POINTS // count)
    made = scene(frame, np.min([p.min(0) for p in pieces], 0), np.max([p.max(0) for p in pieces], 0))
    check_as_built(made, pieces)                                        # loads the machine code

    def repeated() -> Iterator[NDArray[np.float64]]:
        for _ in range(times):
            yield from pieces

    start, cpu = time.perf_counter(), time.process_time()
    findings = check_as_built(made, repeated())
    taken, used = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    failed = sum(f.state == "FAIL" for f in findings)
    asked = times * sum(len(p) for p in pieces)
    print(f"{times * count:,} points, {asked:,} of them of classes 1 and 6, {len(findings)} lots, {failed} failed")
    print(f"check {taken:.1f} s ({used:.1f} s of processor), decoding about {decode * times:.0f} s, "
          f"peak memory {peak:.2f} GB")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else os.environ["ZONEBOX_DATA"]))
