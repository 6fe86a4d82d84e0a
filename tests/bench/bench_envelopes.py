"""Envelopes of a city: `python tests/bench/bench_envelopes.py [COUNT ...]`; needs the shared test data.

Lots of the Minneapolis sample are copied, turned, stretched and jittered until there are as many as asked for, each
with 4 to 12 edges, half of them with sides bent in or out; a third carries tiers and a tenth an inclined plane.
Prints wall time, processor time of this process (a second one helps from `bulk.MANY` parcels on), parcels a second,
peak memory, and so how time grows with the count.
"""

from __future__ import annotations

import gc
import sys
import time
from pathlib import Path

import numpy as np
import pyogrio
import shapely

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from conftest import _shared_folder
from zonebox.geometry import profile
from zonebox.model import Authority, Control, Edge, EdgeRole, EdgeSelector, Kind, Parcel
from zonebox.stopwatch import peak_memory_mb
from zonebox_converters.envelopes.bulk import build_many

AUTHORITY = Authority(doc="benchmark")


def lots() -> list[np.ndarray]:
    """Rings of the sample, in metres about their middle."""
    folder = _shared_folder()
    assert folder is not None, "set ZONEBOX_DATA to the folder of the shared test data"
    _, _, geometry, _ = pyogrio.raw.read(folder / "zoning_minneapolis" / "Minn_parcels_sample.geojson")
    rings = []
    for shape in shapely.from_wkb(geometry):
        part = shapely.get_parts(shape)[0]
        lon, lat = shapely.get_coordinates(part.exterior).T
        scale = 111_320.0
        xy = np.c_[(lon - lon.mean()) * scale * np.cos(np.radians(lat.mean())), (lat - lat.mean()) * scale]
        simple = shapely.simplify(shapely.Polygon(xy), 0.05)
        ring = shapely.get_coordinates(shapely.orient_polygons(simple))[:-1]
        if 4 <= len(ring) <= 12:
            rings.append(ring)
    return rings


def jittered(ring: np.ndarray, edges: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Break sides of a ring at random places, a hand's breadth in or out: corners, and the side each edge was."""
    extra = np.sort(rng.integers(0, len(ring), edges - len(ring)))
    side = np.sort(np.concatenate([np.arange(len(ring)), extra]))
    first = np.concatenate([[True], side[1:] != side[:-1]])
    share = np.where(first, 0.0, rng.uniform(0.1, 0.9, len(side)))
    order = np.lexsort((share, side))
    share, along = share[order], np.roll(ring, -1, axis=0)[side] - ring[side]
    away = np.c_[along[:, 1], -along[:, 0]] / np.linalg.norm(along, axis=1)[:, None]
    aside = np.where(share > 0.0, rng.normal(0.0, 0.15, len(side)), 0.0)
    bent = ring[side] + share[:, None] * along + aside[:, None] * away
    return (bent, side) if shapely.Polygon(bent).is_valid else (ring, np.arange(len(ring)))


def city(count: int, *, bent: float = 0.5) -> tuple[list[Parcel], dict[str, list[Control]]]:
    """Parcels and their controls; a share ``bent`` of the lots gets more corners."""
    rng = np.random.default_rng(7)
    rings = lots()
    front, side, plane = profile.fixed(6.0), profile.fixed(1.5), profile.recession(9.0, 50.0)
    stepped = profile.tiers(((0.0, 6.0), (9.0, 8.0)))
    parcels, controls = [], {}
    roles = [EdgeRole.FRONT, EdgeRole.SIDE, EdgeRole.REAR, EdgeRole.SIDE]
    for i in range(count):
        ring = rings[i % len(rings)] * rng.uniform(0.9, 1.1, 2)
        more = rng.random() < bent
        ring, sides = jittered(ring, int(rng.integers(len(ring), 13)) if more else len(ring), rng)
        angle = rng.uniform(0, 2 * np.pi)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        moved = ring @ turn.T + [(i % 316) * 60.0, (i // 316) * 60.0]
        name = f"L{i}"
        edges = tuple(Edge(index=k, role=roles[s % 4], chain=s, reason="", confidence=1.0) for k, s in enumerate(sides))
        parcels.append(Parcel(id=name, shape=shapely.Polygon(moved), edges=edges, design_ground_m=10.0))
        own = [Control(id=f"{name}/f", parcel=name, kind=Kind.SETBACK, authority=AUTHORITY,
                       profile=stepped if i % 3 == 0 else front, edges=EdgeSelector(roles=("front",))),
               Control(id=f"{name}/s", parcel=name, kind=Kind.SETBACK, authority=AUTHORITY, profile=side,
                       edges=EdgeSelector(roles=("side", "rear"))),
               Control(id=f"{name}/h", parcel=name, kind=Kind.HEIGHT, authority=AUTHORITY, limit=15.0)]
        if i % 10 == 0:
            own.append(Control(id=f"{name}/p", parcel=name, kind=Kind.RECESSION, authority=AUTHORITY, profile=plane,
                               edges=EdgeSelector(roles=("rear",))))
        controls[name] = own
    return parcels, controls


def main(counts: list[int]) -> None:
    """Print a row per count."""
    print(f"{'parcels':>9}{'seconds':>10}{'processor':>11}{'parcels/s':>11}{'triangles':>11}{'peak MB':>9}")
    for count in counts:
        parcels, controls = city(count)
        gc.collect()
        start, busy = time.perf_counter(), time.process_time()
        made = build_many(parcels, controls)
        seconds, busy = time.perf_counter() - start, time.process_time() - busy
        print(f"{count:>9}{seconds:>10.2f}{busy:>11.2f}{count / seconds:>11.0f}{len(made.triangles):>11}"
              f"{peak_memory_mb():>9.0f}")


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [1_000, 10_000, 100_000])
