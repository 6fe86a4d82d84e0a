"""Where tiles stand on the globe.

A projected grid is no tangent plane: over ten kilometres its scale, its convergence and the earth's curvature move a
point by metres against any one flat frame. So every vertex crosses to EPSG:4978 on its own, in doubles, and is only
then expressed in the flat local frame of its tile, whose matrix the tileset carries as ``transform``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from zonebox.frame import Frame

Matrix = NDArray[np.float64]
Points = NDArray[np.float64]


def tile_matrix(frame: Frame, x: float, y: float) -> Matrix:
    """Matrix (4, 4) from the east-north-up frame at a frame point, height 0 of its datum, to EPSG:4978.

    The columns are east, north, the ellipsoid's normal and the origin.
    """
    from zonebox.frame import ecef

    lon, lat, height = frame.to_geographic([[x, y, 0.0]])[0]
    sl, cl = np.sin(np.radians(lon)), np.cos(np.radians(lon))
    sp, cp = np.sin(np.radians(lat)), np.cos(np.radians(lat))
    matrix = np.eye(4)
    matrix[:3, 0] = (-sl, cl, 0.0)
    matrix[:3, 1] = (-sp * cl, -sp * sl, cp)
    matrix[:3, 2] = (cp * cl, cp * sl, sp)
    matrix[:3, 3] = ecef([[lon, lat, height]])[0]
    return matrix


def same_grid(matrix: Matrix, point: Points) -> Matrix:
    """Matrix (4, 4) of a frame as near a point (3,) of EPSG:4978 as whole metres along the axes of another allow.

    Frames so made are not turned against each other: what lies on a grid of one lies on that of all.
    """
    moved = np.array(matrix)
    moved[:3, 3] = out_of(matrix, np.rint(into(matrix, point[None])))[0]
    return moved


def into(matrix: Matrix, points: Points) -> Points:
    """Express EPSG:4978 points (n, 3) in the frame of a rigid matrix."""
    return np.asarray((points - matrix[:3, 3]) @ matrix[:3, :3])


def out_of(matrix: Matrix, points: Points) -> Points:
    """Bring points (n, 3) of a tile's frame back to the frame the matrix leads to."""
    return np.asarray(points @ matrix[:3, :3].T + matrix[:3, 3])


def relative(matrix: Matrix, parent: Matrix) -> Matrix:
    """Matrix of a tile as its parent sees it, for rigid matrices; the identity comes out exactly."""
    if np.array_equal(matrix, parent):
        return np.eye(4)
    turned = parent[:3, :3].T
    result = np.eye(4)
    result[:3, :3] = turned @ matrix[:3, :3]
    result[:3, 3] = turned @ (matrix[:3, 3] - parent[:3, 3])
    return result
