"""Stacks of tiers of any plan, holes and parts included, as closed surfaces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import manifold3d
import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.mesh import Mesh

Rings = Sequence[NDArray[np.float64]]

TOUCH_M: Final = 1e-7
"""Outlines that cross by less than this touch."""


def stack(tiers: Sequence[Rings], bottoms: Sequence[float], tops: Sequence[float]) -> Mesh:
    """Raise the rings of each tier and join each tier with the one it stands on.

    Parameters
    ----------
    tiers : sequence of sequences of (n, 2)
        Rings of each tier, the inside on their left; each tier within the one before, empty ones last.
    bottoms, tops : sequences of float
        Elevations; each tier starts where the one before ends.

    Examples
    --------
    >>> low, high = (np.array([(0.0, 0), (s, 0), (s, 2), (0, 2)]) for s in (2.0, 1.0))
    >>> mesh = stack([[low], [high]], [0.0, 1.0], [1.0, 3.0])
    >>> len(mesh.vertices), len(mesh)
    (14, 24)
    """
    from zonebox.geometry.terraces import laid

    standing = [rings for rings in tiers if len(rings)]
    if not standing:
        return Mesh.empty()
    corners, starts = _flat(standing[0])
    vertices = [_at(corners, bottoms[0])]
    triangles = [_between(standing[0])[:, ::-1]]
    low, count = np.arange(len(corners)), len(corners)
    for k, top in enumerate(tops[:len(standing)]):
        upper, upper_starts = np.zeros((0, 2)), np.zeros(1, dtype=np.int64)
        if k + 1 < len(standing):                       # either takes in the other's corners on its sides
            upper, upper_starts, _, _ = laid(*_flat(standing[k + 1]), corners)
        ring, ring_starts, high, walls = laid(corners, starts, upper)
        own = high < 0
        high[own] = len(ring) + np.arange(int(own.sum()))
        vertices.append(_at(np.concatenate([ring, upper[own]]), top))
        triangles.append(np.concatenate([low, count + np.arange(len(ring))])[walls])
        triangles.append(count + (_terrace(np.concatenate([ring, upper[own]]), ring_starts, high, upper_starts)
                                  if len(upper) else _between(list(np.split(ring, ring_starts[1:-1])))))
        low, count = count + high, count + len(ring) + int(own.sum())
        corners, starts = upper, upper_starts
    return Mesh(vertices=np.concatenate(vertices), triangles=np.concatenate(triangles).astype(np.int32))


def _flat(rings: Rings) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    return np.concatenate(rings), np.concatenate([[0], np.cumsum([len(ring) for ring in rings])]).astype(np.int64)


def _at(corners: NDArray[np.float64], z: float) -> NDArray[np.float64]:
    return np.column_stack([corners, np.full(len(corners), z)])


def _between(rings: Rings) -> NDArray[np.int64]:
    """Triangles (k, 3) over the corners of rings, counted through all of them."""
    return np.asarray(manifold3d.triangulate(list(rings), TOUCH_M), dtype=np.int64).reshape(-1, 3)


def _terrace(
    places: NDArray[np.float64], ring_starts: NDArray[np.int64], high: NDArray[np.int64],
    upper_starts: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Triangles between a tier's top rings and the rings of the next tier that stand on it.

    Sides that both have cancel; the others make up the outlines of the terraces.
    """
    after: dict[int, list[int]] = {}
    for first, last in zip(ring_starts[:-1].tolist(), ring_starts[1:].tolist(), strict=True):
        for i in range(first, last):
            after.setdefault(i, []).append(i + 1 if i + 1 < last else first)
    for first, last in zip(upper_starts[:-1].tolist(), upper_starts[1:].tolist(), strict=True):
        ring = high[first:last].tolist()
        for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
            if b in after.get(a, ()):
                after[a].remove(b)
            else:
                after.setdefault(b, []).append(a)
    loops = []
    for start, ahead in after.items():
        while ahead:
            loop, at = [start], ahead.pop()
            while at != start:
                loop.append(at)
                at = after[at].pop()
            loops.append(loop)
    if not loops:
        return np.zeros((0, 3), dtype=np.int64)
    number = np.concatenate([np.array(loop) for loop in loops])
    return np.asarray(number[_between([places[loop] for loop in loops])])
