"""How long a plan of a whole city takes to read: ``python tests/bench/bench_zoning.py [parcels ...]``."""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pyogrio
import shapely

from zonebox.frame import Frame
from zonebox_converters.zoning import PlanSpec, read

LOT_M = (20.0, 30.0)
STREET_M = 14.0
CORNER = (500000.0, 4000000.0)
MISFITS = 0.02
"""Share of the lots whose rear edge is off their neighbour's by some centimetres, as in a plan that was drawn."""
RULES = """[pack]
document = "Benchmark"
units = "m"
[[rule]]
id = "street"
kind = "setback"
distance_m = 3.0
edges = { role = ["front", "street", "street_side"] }
[[rule]]
id = "others"
kind = "setback"
distance_m = 1.5
edges = { role = ["side", "rear"] }
"""


def city(folder: Path, count: int, misfits: float = MISFITS) -> PlanSpec:
    """Write blocks of two rows of lots between streets: lots of 4 to 12 edges, with four indicators each.

    Lots back to back share their rear edge, to the millimetre, but a share of them.
    """
    rng = np.random.default_rng(0)
    wide, deep = LOT_M
    per_row = int(np.ceil(np.sqrt(count)))
    column, row = np.arange(count) % per_row, np.arange(count) // per_row
    x, back = column * wide, row % 2 == 1
    y = (row // 2) * (2 * deep + STREET_M) + np.where(back, deep, 0.0)
    own = ~back | (rng.random(count) < misfits)
    rings: list[np.ndarray] = []
    for k, more in enumerate(rng.integers(0, 9, count)):    # vertices in the rear edge, a little off the line
        t = np.linspace(0.0, 1.0, more + 2)[1:-1]
        rear = np.stack([wide * (1.0 - t), deep - rng.uniform(0.0, 0.04, more)], axis=1)
        if not own[k]:
            rear = np.array([0.0, 2.0 * deep]) + rings[k - per_row][3:-2] * [1.0, -1.0]
        rings.append(np.concatenate([[[0.0, 0.0], [wide, 0.0], [wide, deep]], rear, [[0.0, deep], [0.0, 0.0]]]))
    turned = [ring * [1.0, -1.0] + [0.0, deep] if b else ring for ring, b in zip(rings, back, strict=True)]
    size = [len(ring) for ring in turned]
    xy = np.concatenate(turned) + np.repeat(np.stack([x, y], axis=1), size, axis=0) + CORNER
    xy = np.round(xy, 3)
    lots = shapely.polygons(shapely.linearrings(xy, indices=np.repeat(np.arange(count), size)))
    columns = {"DKBH": np.char.add("P", np.arange(count).astype(str)).astype(object),
               "YDDM": np.full(count, "070102", dtype=object), "RJL": np.full(count, 2.5),
               "JZMD": np.full(count, 35.0), "JZGD": np.full(count, 36.0), "LDL": np.full(count, 30.0)}
    _write(folder / "lots.gpkg", lots, columns)
    bottoms = np.arange(int(row.max()) // 2 + 2) * (2 * deep + STREET_M) - STREET_M
    streets = shapely.box(CORNER[0], CORNER[1] + bottoms, CORNER[0] + per_row * wide, CORNER[1] + bottoms + STREET_M)
    names = np.char.add("Street ", np.arange(len(bottoms)).astype(str)).astype(object)
    _write(folder / "streets.gpkg", streets, {"name": names, "width_m": np.full(len(bottoms), STREET_M)})
    (folder / "rules.toml").write_text(RULES, encoding="utf-8")
    return PlanSpec(parcels=str(folder / "lots.gpkg"), roads=str(folder / "streets.gpkg"),
                    rules=(folder / "rules.toml",))


def _write(path: Path, shapes: np.ndarray, columns: dict[str, np.ndarray]) -> None:
    pyogrio.raw.write(str(path), shapely.to_wkb(shapes), list(columns.values()), list(columns),
                      geometry_type="Polygon", crs="EPSG:4548")


def main(counts: list[int], misfits: float) -> None:
    """Read cities of growing size and print what that took."""
    frame = Frame.near("EPSG:4548+5737", CORNER)
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            spec = city(Path(folder), count, misfits)
            wall, cpu = time.perf_counter(), time.process_time()
            plan = read(spec, frame)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0**2
        edges = sum(len(parcel.edges) for parcel in plan.parcels)
        print(f"{count:7d} parcels, {edges} edges, {len(plan.controls)} controls: {wall:6.2f} s, {cpu:6.2f} s of CPU, "
              f"{1e6 * cpu / count:.0f} µs a parcel, {memory:.2f} GB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parcels", nargs="*", type=int, default=[2000, 20000, 200000])
    parser.add_argument("--misfits", type=float, default=MISFITS, help="share of the lots that their neighbour misfits")
    asked = parser.parse_args()
    main(asked.parcels, asked.misfits)
