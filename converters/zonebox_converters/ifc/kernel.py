"""Shapes of an IFC file, made in child processes: a product that crashes or hangs is named, and the rest goes on."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.mesh import Mesh
from zonebox_converters.ifc import isolation
from zonebox_converters.ifc.dealing import Group, shares
from zonebox_converters.ifc.isolation import Child, Message

BATCH_LIMIT_S: Final = 300.0
"""A worker that has been silent for this long hangs; its products are tried again one by one."""

PRODUCT_LIMIT_S: Final = 120.0
"""A product that takes longer than this on its own is given up and named."""

PRODUCTS_PER_WORKER: Final = 40
"""Below this many products a further process costs more than it saves."""

WIDEST_M: Final = 100_000.0
"""No part of a building, and no site, is wider than this: a coordinate was damaged or is a placeholder."""

Progress = Callable[[int, int], None]


MEMORY_MB: Final = 4096
MEMORY_PER_BYTE: Final = 24
"""A process may take so much, and so many times the file: the parser and the kernel need a third of that."""


def memory_mb(path: Path) -> int:
    """Bound on the memory of a process that reads a file."""
    return MEMORY_MB + MEMORY_PER_BYTE * path.stat().st_size // 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shapes:
    """Shapes of a file: geometries, each once, and the products placed with them.

    Parameters
    ----------
    arrays : dict of arrays
        ``product`` (n,) step ids, ascending; ``geometry`` (n,) which geometry; ``matrix`` (n, 4, 4) placements in the
        file's coordinates, metres; ``vertices``, ``triangles``, ``colors`` of all geometries end to end, with
        ``vertex_start`` and ``triangle_start`` (g + 1,); a colour with alpha 0 means that the file gives none.
    failures : mapping
        Step id -> why there is no shape.
    """

    arrays: Mapping[str, NDArray[Any]]
    failures: Mapping[int, str]

    def geometry(self, number: int) -> tuple[Mesh, NDArray[np.uint8]]:
        """Return one geometry in its own coordinates, with the colour of each triangle."""
        a = self.arrays
        v, t = (slice(*a[f"{name}_start"][number:number + 2]) for name in ("vertex", "triangle"))
        return Mesh(vertices=a["vertices"][v], triangles=a["triangles"][t]), a["colors"][t]


def shape(
    path: Path,
    products: Sequence[Group],
    *,
    workers: int = 2,
    progress: Progress | None = None,
    batch_limit_s: float = BATCH_LIMIT_S,
    product_limit_s: float = PRODUCT_LIMIT_S,
) -> Shapes:
    """Shape products, given as (step id, shared geometry), in up to ``workers`` processes.

    Notes
    -----
    Each process runs the library's iterator over its share, so that repeated geometry is made once. Whatever is
    missing when a process ends, dies or falls silent is tried again product by product.
    """
    collected = Collected(total=len(products), progress=progress)
    dealt = shares(products, max(1, min(workers, len(products) // PRODUCTS_PER_WORKER)))
    _run_together(path, dealt, collected, batch_limit_s)
    finish(path, [product for product, _ in products], collected, product_limit_s)
    return collected.shapes()


def finish(path: Path, products: Sequence[int], collected: Collected, limit_s: float = PRODUCT_LIMIT_S) -> None:
    """Try what is missing product by product, until each has a shape or a reason."""
    while left := [p for p in products if p not in collected.placed and p not in collected.failures]:
        _run_careful(path, left, collected, limit_s)


class Collected:
    """Shapes that children have answered so far."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self.total, self.progress = total, progress
        self.geometries: dict[str, isolation.Arrays] = {}
        self.placed: dict[int, tuple[str, NDArray[np.float64]]] = {}
        self.failures: dict[int, str] = {}

    def take(self, message: Message) -> None:
        """Keep what a message holds."""
        fields = message.fields
        if fields["kind"] == "geometry":
            self.geometries.setdefault(fields["key"], message.arrays)
        elif fields["kind"] == "placed":
            placed = zip(message.arrays["product"].tolist(), fields["keys"], message.arrays["matrix"], strict=True)
            self.placed |= {product: (key, matrix) for product, key, matrix in placed}
            self._tell()
        elif fields["kind"] == "failed":
            self.fail(fields["product"], fields["reason"])

    def fail(self, product: int, reason: str) -> None:
        """Name a product that has no shape."""
        self.failures[product] = reason
        self._tell()

    def _tell(self) -> None:
        if self.progress is not None:
            self.progress(min(len(self.placed) + len(self.failures), self.total), self.total)

    def shapes(self) -> Shapes:
        """Put everything end to end; what reaches out of any map has no shape."""
        beyond = {key for key, made in self.geometries.items() if not _reach_m(made["vertices"]) <= WIDEST_M}
        for product in [product for product, (key, _) in self.placed.items() if key in beyond]:
            reach = _reach_m(self.geometries[self.placed.pop(product)[0]]["vertices"])
            self.failures[product] = f"its shape is {reach / 1000:.3g} km wide: a coordinate in it is wrong"
        products = sorted(self.placed)
        keys = list(dict.fromkeys(self.placed[p][0] for p in products))
        number = {key: i for i, key in enumerate(keys)}
        made = [self.geometries[key] for key in keys]
        vertex_start = _starts([len(g["vertices"]) for g in made])
        vertices = np.concatenate([np.zeros((0, 3)), *(g["vertices"] for g in made)])
        arrays: isolation.Arrays = {
            "product": np.array(products, dtype=np.int64),
            "geometry": np.array([number[self.placed[p][0]] for p in products], dtype=np.int32),
            "matrix": np.array([self.placed[p][1] for p in products], dtype=np.float64).reshape(-1, 4, 4),
            "vertex_start": vertex_start,
            "triangle_start": _starts([len(g["triangles"]) for g in made]),
            "vertices": vertices,
            "triangles": _outward(vertices, vertex_start, [g["triangles"] for g in made]),
            "colors": np.concatenate([np.zeros((0, 4), dtype=np.uint8), *(g["colors"] for g in made)]),
        }
        return Shapes(arrays=arrays, failures=dict(sorted(self.failures.items())))


def _reach_m(vertices: NDArray[np.float64]) -> float:
    """Extent of a shape along the axis in which it is longest; not a number where a coordinate is none."""
    return float(np.ptp(vertices, axis=0).max()) if len(vertices) else 0.0


def _outward(vertices: NDArray[np.float64], vertex_start: NDArray[np.int64],
             triangles: Sequence[NDArray[np.int32]]) -> NDArray[np.int32]:
    """Put the triangles of geometries end to end, each counting its own vertices, with their shells turned outward."""
    from zonebox_converters.ifc.orienting import outward

    shift = np.repeat(vertex_start[:-1].astype(np.int32), [len(t) for t in triangles])[:, None]
    return outward(vertices, np.concatenate([np.zeros((0, 3), dtype=np.int32), *triangles]) + shift) - shift


def _starts(counts: Sequence[int]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(np.array(counts, dtype=np.int64))]).astype(np.int64)


def _run_together(path: Path, dealt: Sequence[Sequence[int]], collected: Collected, limit_s: float) -> None:
    inbox: queue.SimpleQueue[tuple[Child, Message | None]] = queue.SimpleQueue()
    running = {Child({"task": "shapes", "path": str(path), "products": list(share)}, inbox): time.monotonic()
               for share in dealt}
    everyone = list(running)
    try:
        while running:
            oldest = min(running.values())
            try:
                child, message = inbox.get(timeout=max(0.05, oldest + limit_s - time.monotonic()))
            except queue.Empty:
                for silent in [c for c, heard in running.items() if time.monotonic() - heard >= limit_s]:
                    del running[silent]
                    silent.close()
                continue
            if child not in running:
                continue
            running[child] = time.monotonic()
            if message is None:
                del running[child]
            elif message.fields["kind"] == "end":
                child.finished = True
            else:
                collected.take(message)
    finally:
        for child in everyone:
            child.close()


def _run_careful(path: Path, products: Sequence[int], collected: Collected, limit_s: float) -> None:
    """Try products one by one until one of them takes the process down; that one has failed."""
    inbox: queue.SimpleQueue[tuple[Child, Message | None]] = queue.SimpleQueue()
    job = {"task": "careful", "path": str(path), "products": list(products), "memory_mb": memory_mb(path)}
    child = Child(job, inbox)
    trying: int | None = None
    reason = "the geometry kernel crashed on it"
    try:
        while True:
            try:
                # the first answer waits for the file to be opened again
                _, message = inbox.get(timeout=limit_s if trying is not None else limit_s + BATCH_LIMIT_S)
            except queue.Empty:
                reason = f"it took longer than {limit_s:g} s"
                break
            if message is None or message.fields["kind"] == "end":
                child.finished = message is not None
                break
            if message.fields["kind"] == "trying":
                trying = message.fields["product"]
            collected.take(message)
    finally:
        child.close()
    left = [p for p in products if p not in collected.placed and p not in collected.failures]
    if child.finished or trying is None:
        for product in left:
            collected.fail(product, "no shape" if child.finished else "the geometry process did not start")
    elif trying in left:
        collected.fail(trying, reason)
