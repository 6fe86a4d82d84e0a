"""How fast, in how much memory and in how many bytes a generated city becomes tiles.

Run: python tests/bench/bench_tiles.py [PARCELS ...] [--workers N]
Without numbers there are 100,000 parcels; an envelope and a block building stand on each.
Prints a table: features a second of wall time and of processor time of all processes, memory of the scene alone, peak
memory of this process and its workers together (sampled, Linux), bytes per triangle.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from converters.tiles import samples
from zonebox.geometry.mesh import Mesh
from zonebox.model import Report, Scene
from zonebox_converters.tiles import TilesResult, write

PITCH_M = 60.0


def city(parcels: int) -> Scene:
    """A square of parcels, each with an envelope and a block building in it."""
    side = round(parcels ** 0.5)
    pattern = samples.envelope("", 0.0, 0.0, 24.0)
    envelopes, blocks = [], []
    for k in range(parcels):
        x, y = (k % side - side / 2) * PITCH_M, (k // side - side / 2) * PITCH_M
        moved = Mesh(vertices=pattern.solid.vertices + np.array([x, y, 0.0]), triangles=pattern.solid.triangles)
        envelopes.append(dataclasses.replace(pattern, parcel=f"P-{k:07d}", solid=moved))
        blocks.append(samples.context_box(f"B{k:07d}", samples.box(x + 8, y + 8, 1, 20, 15, 9 + k % 20), storeys="4"))
    return dataclasses.replace(samples.context_scene(samples.shandong(), blocks), envelopes=tuple(envelopes))


def spent() -> float:
    """Processor seconds of this process and of those that it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def resident_mb() -> float:
    """Memory of this process and its children, now; files that are mapped (libraries) count once, for the parent."""
    children = {p.read_text() for p in Path("/proc/self/task").glob("*/children")}
    pids = ["self", *(pid for text in children for pid in text.split())]
    pages = 0
    for pid in pids:
        try:
            resident, mapped = map(int, Path(f"/proc/{pid}/statm").read_text().split()[1:3])
            pages += resident if pid == "self" else resident - mapped
        except OSError:     # gone in the meantime
            continue
    return pages * resource.getpagesize() / 2**20


@contextlib.contextmanager
def sampled(peaks: list[float]) -> Iterator[None]:
    """Watch the memory while something runs, and append its peak."""
    over = threading.Event()
    seen = [resident_mb()]

    def watch() -> None:
        while not over.wait(0.05):
            seen.append(resident_mb())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        peaks.append(max(seen))


def measure(parcels: int, workers: int | None) -> str:
    scene = city(parcels)
    before = resident_mb()
    peaks: list[float] = []
    with tempfile.TemporaryDirectory() as folder, sampled(peaks):
        wall, cpu = time.perf_counter(), spent()
        result: TilesResult = write(scene, Report(findings=()), Path(folder), workers=workers)
        wall, cpu = time.perf_counter() - wall, spent() - cpu
    features = sum(layer.features for layer in result.layers)
    triangles = sum(layer.triangles for layer in result.layers)
    return (f"{features:>9,} {wall:>8.2f} {features / wall:>10,.0f} {cpu:>8.2f} {features / cpu:>10,.0f} "
            f"{before:>9,.0f} {peaks[0]:>8,.0f} {result.size_bytes / triangles:>8.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parcels", type=int, nargs="*", default=[100_000])
    parser.add_argument("--workers", type=int, default=None)
    given = parser.parse_args()
    print(f"{'features':>9} {'wall s':>8} {'per s':>10} {'cpu s':>8} {'per cpu s':>10} {'scene MB':>9} {'peak MB':>8} "
          f"{'B/tri':>8}")
    for parcels in given.parcels:
        print(measure(parcels, given.workers), flush=True)


if __name__ == "__main__":
    main()
