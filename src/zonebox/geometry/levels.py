"""What of closed meshes lies above an elevation: volume and section, in closed form, of many at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def above(corners: Floats, level: Floats, owner: NDArray[np.int64], count: int) -> tuple[Floats, Floats]:
    """Volume above an elevation and area of the section there, of each of some meshes (count,), (count,).

    Parameters
    ----------
    corners : (t, 3, 3) float64
        Triangles of all meshes, near the origin; each mesh closed and facing outward.
    level : (t,) float64
        The elevation, for each triangle.
    owner : (t,) int64
        Mesh of each triangle.

    Notes
    -----
    Both are integrals over the part of the surface that lies above, seen from above (divergence theorem): of the height
    over the level, and of one. Over a triangle cut by the level the integrand is linear on the part that stays.

    Examples
    --------
    A tetrahedron of height 1 on a triangle of 0.5 m², above half its height: 1/8 of 1/6 m³, 1/4 of 0.5 m².

    >>> o, x, y, z = np.array([(0.0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)])
    >>> corners = np.array([(o, y, x), (o, x, z), (o, z, y), (x, y, z)])
    >>> volume, section = above(corners, np.full(4, 0.5), np.zeros(4, dtype=np.int64), 1)
    >>> (volume * 48).round(9).tolist(), (section * 8).round(9).tolist()
    ([1.0], [1.0])
    """
    a, b, c = corners[:, 0, :2], corners[:, 1, :2], corners[:, 2, :2]
    plan = ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2.0
    low, mid, high = np.sort(corners[:, :, 2] - level[:, None], axis=1).T
    with np.errstate(divide="ignore", invalid="ignore"):
        tip = high**2 / ((high - mid) * (high - low))            # share of the triangle above, where one corner is
        foot = low**2 / ((mid - low) * (high - low))             # share below, where one corner is
        share = np.select([low >= 0.0, high <= 0.0, mid <= 0.0], [np.ones_like(low), np.zeros_like(low), tip],
                          1.0 - foot)
        mean = (low + mid + high) / 3.0
        height = np.select([low >= 0.0, high <= 0.0, mid <= 0.0], [mean, np.zeros_like(low), tip * high / 3.0],
                           mean - foot * low / 3.0)
    return (np.asarray(np.bincount(owner, weights=plan * height, minlength=count), dtype=np.float64),
            np.asarray(np.bincount(owner, weights=plan * share, minlength=count), dtype=np.float64))
