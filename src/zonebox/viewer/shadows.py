"""Where buildings throw their shadows on the ground: down to the ground's own heights, uphill and downhill."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.mesh import Mesh
from zonebox.model import Building
from zonebox.viewer.ground import Box, Ground

Toward = tuple[float, float, float]

LOWEST_SUN: Final = 0.02
"""Sine of the altitude below which shadows are endless and none is drawn."""

CELLS: Final = 256
"""Heights of the ground are looked up in a grid of this many cells a side."""

STEPS: Final = 12
DAMPING: Final = 0.7
"""Steps to the place where a ray meets sloping ground, and how far each goes: a ray along the slope does not swing."""

SPLATTED_PX: Final = 4
"""Triangles of up to so many pixels are filled point by point, all at once; larger ones are drawn as polygons."""

CHUNK: Final = 1 << 21
"""Points that are filled at once."""


class Relief:
    """Heights of a piece of ground on a regular grid, for many questions at once."""

    def __init__(self, ground: Ground) -> None:
        self.box: Box = ground.box
        x0, y0, x1, y1 = ground.box
        cells = CELLS if ground.index is not None else 1
        x, y = np.meshgrid(np.linspace(x0, x1, cells + 1), np.linspace(y0, y1, cells + 1))
        self.z = ground.height_at(np.column_stack([x.ravel(), y.ravel()])).reshape(cells + 1, cells + 1)

    def at(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Height under points (n, 2), linear between grid points; outside, that of the nearest border."""
        x0, y0, x1, y1 = self.box
        cells = len(self.z) - 1
        u, v = (np.clip((xy[:, k] - low) / (high - low) * cells, 0.0, cells) for k, (low, high) in
                enumerate(((x0, x1), (y0, y1))))
        i, j = (np.minimum(w.astype(np.intp), cells - 1) for w in (u, v))
        u, v = u - i, v - j
        z: NDArray[np.float64] = ((self.z[j, i] * (1 - u) + self.z[j, i + 1] * u) * (1 - v)
                                  + (self.z[j + 1, i] * (1 - u) + self.z[j + 1, i + 1] * u) * v)
        return z


def cast(points: NDArray[np.float64], relief: Relief, sun: Toward) -> NDArray[np.float64]:
    """Where the shadows of points (n, 3) fall, (n, 2); what lies below the ground throws none and stays in its place.

    On level ground the shadow of a point h above it is h / tan(altitude) long (domain F12).
    """
    run = np.array(sun[:2]) / sun[2]
    low, high = float(relief.z.min()), float(relief.z.max())
    drop = np.maximum(points[:, 2] - relief.at(points[:, :2]), 0.0)
    above = drop > 0.0
    if high > low:
        for _ in range(STEPS):
            met = points[:, 2] - relief.at(points[:, :2] - drop[:, None] * run)
            drop = np.clip(drop + DAMPING * (met - drop), np.maximum(points[:, 2] - high, 0.0),
                           np.maximum(points[:, 2] - low, 0.0))
    shadow: NDArray[np.float64] = points[:, :2] - np.where(above, drop, 0.0)[:, None] * run
    return shadow


def mask(
    buildings: Iterable[Building], relief: Relief, sun: Toward, size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Draw the shadows of buildings over the ground's box: (rows, columns), 255 in them, first row in the north."""
    from PIL import Image, ImageDraw

    x0, y0, x1, y1 = relief.box
    scale = np.array([size[0] / (x1 - x0), size[1] / (y1 - y0)])
    drawn = Image.new("L", size, 0)
    draw = ImageDraw.Draw(drawn)
    fine: list[NDArray[np.float64]] = []
    for building in buildings:
        closed = building.solid is not None and len(building.solid) > 0
        mesh = building.solid if closed and building.solid is not None else building.mesh
        if not len(mesh) or not _near(mesh, relief.box):
            continue
        spots = (cast(mesh.vertices, relief, sun) - (x0, y1)) * scale * (1.0, -1.0)
        above = mesh.vertices[:, 2] > relief.at(mesh.vertices[:, :2])
        kept = above[mesh.triangles].any(1)
        if closed:                                          # what its lit faces shade is what the whole body shades
            one, two, three = mesh.corners.transpose(1, 0, 2)
            kept &= np.cross(two - one, three - one) @ np.array(sun) > 0.0
        seen = spots[mesh.triangles[kept]]
        small = np.ptp(seen, axis=1).max(1) <= SPLATTED_PX if len(seen) else np.zeros(0, dtype=bool)
        fine.append(seen[small])
        for triangle in seen[~small].reshape(-1, 6).tolist():
            draw.polygon(triangle, fill=255)
    grid = np.array(drawn)
    if fine:
        _splat(grid, np.concatenate(fine))
    return grid


def _splat(grid: NDArray[np.uint8], triangles: NDArray[np.float64]) -> None:
    """Fill small triangles (m, 3, 2) by points that lie no farther than a pixel apart."""
    reach = np.ptp(triangles, axis=1).max(1)
    for step in (1, 2, SPLATTED_PX):
        chosen = triangles[(reach <= step) & ((reach > step / 2) | (step == 1))]
        a, b = (k.ravel() for k in np.meshgrid(np.arange(step + 1), np.arange(step + 1)))
        weight = np.column_stack([a, b, step - a - b])[a + b <= step] / step
        for part in np.array_split(chosen, max(1, len(chosen) * len(weight) // CHUNK)):
            spots = np.floor(np.einsum("wk,mkd->mwd", weight, part)).astype(np.intp).reshape(-1, 2)
            inside = ((spots >= 0) & (spots < grid.shape[::-1])).all(1)
            grid[spots[inside, 1], spots[inside, 0]] = 255


def _near(mesh: Mesh, box: Box) -> bool:
    (low_x, low_y, _), (high_x, high_y, _) = mesh.bounds
    return bool(high_x >= box[0] and high_y >= box[1] and low_x <= box[2] and low_y <= box[3])
