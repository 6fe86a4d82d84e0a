"""Along which axes a building is drawn: in those its walls touch exactly, in any others only up to rounding."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.mesh import triangle_normals

UPRIGHT: Final = 1e-6
"""A face whose normal leans no more than this is a wall's."""

ALIKE_RAD: Final = 1e-5
"""Walls that differ by no more are parallel, as drawn."""

QUARTER: Final = math.pi / 2


def turn_rad(arrays: Mapping[str, NDArray[Any]]) -> float:
    """Turn, anticlockwise from the file's axes and less than 90°, of the direction in which most wall faces look.

    Parameters
    ----------
    arrays : mapping
        As in `zonebox_converters.ifc.kernel.Shapes`; of every shape, one of its placements is looked at.
    """
    shape, row, times = np.unique(arrays["geometry"], return_index=True, return_counts=True)
    faces = np.diff(arrays["triangle_start"])[shape]
    if not faces.sum():
        return 0.0
    of = np.repeat(np.arange(len(shape)), faces)
    inner = np.arange(len(of)) - np.repeat(np.cumsum(faces) - faces, faces)
    which = arrays["triangles"][arrays["triangle_start"][shape][of] + inner]
    normals = triangle_normals(arrays["vertices"][which + arrays["vertex_start"][shape][of][:, None]])
    normals = np.einsum("kij,kj->ki", arrays["matrix"][row, :3, :3][of], normals)
    area = np.hypot(normals[:, 0], normals[:, 1])
    wall = (np.abs(normals[:, 2]) <= UPRIGHT * area) & (area > 0)
    if not wall.any():
        return 0.0
    angle = np.arctan2(normals[wall, 1], normals[wall, 0]) % QUARTER
    weight = (area * times[of])[wall]
    angle[angle > QUARTER - ALIKE_RAD] -= QUARTER               # just short of a quarter is none
    order = np.argsort(angle, kind="stable")
    angle, weight = angle[order], weight[order]
    group = np.cumsum(np.diff(angle, prepend=angle[0]) > ALIKE_RAD)
    best = group == np.bincount(group, weights=weight).argmax()
    among = np.cumsum(weight[best])
    return float(angle[best][np.searchsorted(among, among[-1] / 2)])


def turned(matrix: NDArray[np.float64], angle_rad: float) -> NDArray[np.float64]:
    """Placements (n, 4, 4) turned anticlockwise about the vertical through the origin."""
    return np.asarray(about_vertical(angle_rad) @ matrix)


def about_vertical(angle_rad: float) -> NDArray[np.float64]:
    """Turn anticlockwise about the vertical (4, 4)."""
    made = np.eye(4)
    c, s = math.cos(angle_rad), math.sin(angle_rad)
    made[:2, :2] = [[c, -s], [s, c]]
    return made
