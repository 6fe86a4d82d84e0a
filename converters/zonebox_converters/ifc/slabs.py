"""Volumes of a closed body between level planes, in closed form: no cutting."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.mesh import Mesh, triangle_normals

Floats = NDArray[np.float64]


def volumes_m3(body: Mesh, heights: Sequence[float]) -> Iterator[float]:
    """Volume of a closed, outward-facing body between each two neighbouring heights, ascending.

    Notes
    -----
    The field (0, 0, clamp(z, low, high)) has divergence 1 in the slab and 0 outside it, so the slab's volume is the
    sum over the triangles of plan area times mean clamped height, which has a closed form.

    Examples
    --------
    >>> from zonebox.geometry.solids import mesh_of, prism
    >>> from shapely.geometry import box
    >>> [round(v, 9) for v in volumes_m3(mesh_of(prism(box(0, 0, 2, 3), 0.0, 10.0)), [-1.0, 4.0, 7.5, 20.0])]
    [24.0, 21.0, 15.0]
    >>> list(volumes_m3(Mesh.empty(), [0.0, 1.0]))
    [0.0]
    """
    corners = body.corners
    plan = triangle_normals(corners)[:, 2] / 2.0
    z = np.sort(corners[:, :, 2], axis=1)
    over = [_mean_over(z, height) for height in heights]
    for low, high in itertools.pairwise(over):
        yield float((plan * (low - high)).sum())


def _mean_over(z: Floats, height: float) -> Floats:
    """Mean of max(z - height, 0) over triangles with sorted corner heights (n, 3)."""
    a, b, c = z.T
    mean = z.mean(1) - height
    with np.errstate(divide="ignore", invalid="ignore"):
        near_top = (c - height) ** 3 / (3.0 * (c - a) * (c - b))
        near_foot = mean + (height - a) ** 3 / (3.0 * (b - a) * (c - a))
    chosen = np.select([height <= a, height < b, height < c], [mean, near_foot, near_top], 0.0)
    return np.asarray(chosen, dtype=np.float64)
