"""Meshes that should be solids: turned outward, holes closed, parts united, so that the solid kernel can take them.

Half of real models are open, inside out or made of parts that overlap. What can be mended exactly is mended; the rest
is measured by `zonebox.checks.sampling`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import manifold3d
import numpy as np
from numpy.typing import NDArray

from zonebox.errors import GeometryError
from zonebox.geometry import solids
from zonebox.geometry.connected import connected
from zonebox.geometry.mesh import Mesh, components, is_closed, merged, volume_m3, welded

PLANAR_M: Final = 0.01
"""A hole whose rim bulges less than this is closed by a flat patch."""

HOLES_MOST: Final = 200
"""A mesh with more open rims than this is no solid with holes."""

PARTS_MOST: Final = 2_000
"""More loose parts than this are not united one by one."""

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mended:
    """A mesh after mending: ``solid`` where it closed, and what was wrong with it.

    ``holes`` holds the vertices (k, 3) of each rim that stayed open.
    """

    mesh: Mesh
    solid: solids.Solid | None
    open_edges: int
    turned: bool
    holes: tuple[NDArray[np.float64], ...] = ()


def mended(mesh: Mesh) -> Mended:
    """Weld, turn outward, close flat holes, unite the parts.

    Examples
    --------
    >>> mended(Mesh.empty()).solid is None
    True
    """
    clean = welded(mesh)
    if not len(clean):
        return Mended(mesh=clean, solid=None, open_edges=0, turned=False)
    clean, inconsistent = _consistent(clean)
    holes = len(_rim(clean.triangles))
    if holes:
        clean = _patched(clean)
    labels = components(clean)
    parts = [clean.part(labels == k) for k in range(int(labels.max()) + 1)] if int(labels.max()) < PARTS_MOST else []
    if not parts or not all(is_closed(p.triangles, len(p.vertices)) for p in parts):
        return Mended(mesh=clean, solid=None, open_edges=holes, turned=inconsistent, holes=_holes(clean))
    volumes = [volume_m3(p) for p in parts]
    caves = [_is_cave(k, parts, volumes) for k in range(len(parts))]
    turned = inconsistent or any(v < 0.0 and not cave for v, cave in zip(volumes, caves, strict=True))
    outward = [_flipped(p) if v < 0.0 and not cave else p for p, v, cave in zip(parts, volumes, caves, strict=True)]
    return Mended(mesh=merged(outward), solid=_united(outward, caves), open_edges=holes, turned=turned)


def _united(parts: list[Mesh], caves: list[bool]) -> solids.Solid | None:
    """Union of the parts without their caves; None where the kernel refuses one."""
    try:
        outer = [solids.solid_of(p) for p, cave in zip(parts, caves, strict=True) if not cave]
        inner = [solids.solid_of(_flipped(p)) for p, cave in zip(parts, caves, strict=True) if cave]
    except GeometryError:
        return None
    if not outer:
        return None
    body = outer[0] if len(outer) == 1 else solids.united(outer)
    return body - solids.united(inner) if inner else body


def _is_cave(number: int, parts: list[Mesh], volumes: list[float]) -> bool:
    """Whether a part that looks inward lies wholly in the box of one that looks outward and is larger."""
    if volumes[number] >= 0.0:
        return False
    low, high = parts[number].bounds
    return any(volumes[k] > -volumes[number] and (p.bounds[0] < low).all() and (p.bounds[1] > high).all()
               for k, p in enumerate(parts) if k != number)


def _flipped(mesh: Mesh) -> Mesh:
    return Mesh(vertices=mesh.vertices, triangles=mesh.triangles[:, ::-1])


def _consistent(mesh: Mesh) -> tuple[Mesh, bool]:
    """Turn triangles so that neighbours agree, where that is possible; whether any was turned.

    Each triangle stands twice in a graph, as it is and turned; neighbours are tied as they agree. A component that
    does not hold both copies of a triangle can be turned one way throughout.
    """
    t = mesh.triangles.astype(np.int64)
    m, n = len(t), len(mesh.vertices)
    edges = np.concatenate([t[:, [0, 1]], t[:, [1, 2]], t[:, [2, 0]]])
    owner = np.tile(np.arange(m), 3)
    low, high = edges.min(1), edges.max(1)
    key, forward = low * n + high, edges[:, 0] < edges[:, 1]
    order = np.argsort(key, kind="stable")
    sorted_key = key[order]
    first = np.flatnonzero(np.diff(sorted_key, prepend=-1) != 0)
    count = np.diff(np.append(first, len(order)))
    pair = first[count == 2]
    a, b = order[pair], order[pair + 1]
    agree = forward[a] != forward[b]
    if agree.all():
        return mesh, False
    one, two = owner[a], owner[b]
    rows = np.concatenate([one, one + m])
    columns = np.concatenate([np.where(agree, two, two + m), np.where(agree, two + m, two)])
    parts, label = connected(2 * m, rows, columns)
    as_it_is, turned = label[:m], label[m:]
    # of the two ways to turn a part, the one that keeps more triangles; a one-sided surface stays as it is
    keeps, turns = (np.bincount(row, minlength=parts) for row in (as_it_is, turned))
    flip = (as_it_is != turned) & ((keeps < turns)[as_it_is] | ((keeps == turns)[as_it_is] & (as_it_is > turned)))
    if not flip.any():
        return mesh, True
    triangles = mesh.triangles.copy()
    triangles[flip] = triangles[flip][:, ::-1]
    return Mesh(vertices=mesh.vertices, triangles=triangles), True


def _rim(triangles: NDArray[np.int32]) -> Whole:
    """Directed edges (k, 2) without a reverse."""
    t = triangles.astype(np.int64)
    edges = np.concatenate([t[:, [0, 1]], t[:, [1, 2]], t[:, [2, 0]]])
    n = int(t.max()) + 1
    keys, counts = np.unique(edges[:, 0] * n + edges[:, 1], return_counts=True)
    back = (keys % n) * n + keys // n
    at = np.searchsorted(keys, back).clip(max=len(keys) - 1)
    matched = np.where(keys[at] == back, counts[at], 0)
    lone = np.repeat(keys, np.maximum(counts - matched, 0))
    return np.stack([lone // n, lone % n], axis=1)


def _holes(mesh: Mesh) -> tuple[NDArray[np.float64], ...]:
    """Vertices of each connected rim."""
    rim = _rim(mesh.triangles)
    if not len(rim):
        return ()
    used, edges = np.unique(rim, return_inverse=True)
    edges = edges.reshape(-1, 2)
    count, label = connected(len(used), edges[:, 0], edges[:, 1])
    if count > HOLES_MOST:
        return (mesh.vertices[used],)
    return tuple(mesh.vertices[used[label == k]] for k in range(count))


def _patched(mesh: Mesh) -> Mesh:
    """Close every hole whose rim is one flat loop."""
    rim = _rim(mesh.triangles)
    starts = np.bincount(rim[:, 0], minlength=len(mesh.vertices))
    after = dict(zip(rim[:, 0].tolist(), rim[:, 1].tolist(), strict=True))
    patches: list[NDArray[np.int32]] = []
    loops = 0
    while after:
        begin, here = next(iter(after.items()))
        loop = [begin]
        del after[begin]
        while here != begin and here in after:
            loop.append(here)
            here = after.pop(here)
        loops += 1
        if here != begin or len(loop) < 3 or loops > HOLES_MOST or (starts[loop] > 1).any():
            continue
        patch = _patch(mesh.vertices[loop])
        if patch is not None:
            patches.append(np.array(loop, dtype=np.int32)[patch])
    return Mesh(vertices=mesh.vertices, triangles=np.concatenate([mesh.triangles, *patches]))


def _patch(rim: NDArray[np.float64]) -> NDArray[np.int64] | None:
    """Triangles over a rim (k, 3), against its direction; None where it is not flat."""
    middle = rim - rim.mean(0)
    normal = np.cross(middle, np.roll(middle, -1, axis=0)).sum(0)
    length = float(np.linalg.norm(normal))
    if length <= 0.0:
        return None
    normal /= length
    if np.abs(middle @ normal).max() > PLANAR_M:
        return None
    u = np.cross(normal, [1.0, 0.0, 0.0] if abs(normal[0]) < 0.9 else [0.0, 1.0, 0.0])
    u /= np.linalg.norm(u)
    flat = np.stack([middle @ u, middle @ np.cross(normal, u)], axis=1)
    triangles = np.asarray(manifold3d.triangulate([flat]), dtype=np.int64)
    return triangles[:, ::-1] if len(triangles) == len(rim) - 2 else None
