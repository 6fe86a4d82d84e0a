"""Regions: bounding volumes in longitude, latitude and ellipsoidal height, which map platforms index and crop by.

Source: OGC 22-025r4, 3D Tiles 1.1, 6.7.1.2: west, south, east, north in radians of EPSG:4979, heights in metres.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox_converters.tiles.place import into, out_of
from zonebox_converters.tiles.tiling import Tile

_STEPS: Final = np.linspace(0.0, 1.0, 9)
_GRID: Final = np.array([(u, v, w) for u, v, w in itertools.product(_STEPS, _STEPS, (0.0, 1.0))])
_LEAST_RADIUS_M: Final = 6_335_439.0
"""Of curvature of WGS 84: its meridian's at the equator."""

_ROUNDING_M: Final = 1e-3
_TURN: Final = 360.0
_FLAT: Final = 1e-9


def region_of(tiles: Iterable[Tile]) -> list[float]:
    """Region (6 numbers) around the boxes of tiles, of which there must be one.

    A box is flat and a region is not: the box is looked at on a grid, and what it can bulge between two points of that
    is added. West is above east where the antimeridian lies between them.
    """
    lows, highs = zip(*map(_reach, tiles), strict=True)
    start = lows[0][0]
    around = any(high[0] - low[0] >= _TURN for low, high in zip(lows, highs, strict=True))
    low, high = (np.array([(start + (lon - start + 180.0) % 360.0 - 180.0, lat, height)
                           for lon, lat, height in found]) for found in (lows, highs))
    west, south, bottom = low.min(axis=0)
    east, north, top = high.max(axis=0)
    if around or east - west >= _TURN:      # a pole lies inside
        west, east = -180.0, 180.0
    angles = np.radians([_wrapped(west), max(south, -90.0), _wrapped(east), min(north, 90.0)])
    return [*angles.tolist(), float(bottom), float(top)]


def _reach(tile: Tile) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lowest and highest longitude, latitude (degrees; the longitudes may be past 180) and height of a tile's box."""
    from zonebox.frame import from_ecef

    size = tile.box[1] - tile.box[0]
    found = from_ecef(out_of(tile.matrix, tile.box[0] + _GRID * size))
    lon = found[0, 0] + (found[:, 0] - found[0, 0] + 180.0) % 360.0 - 180.0
    steep = np.radians(np.abs(found[:, 1]).max())
    step = float(np.hypot(size[0], size[1])) * float(_STEPS[1])
    bulge = step**2 / (8 * _LEAST_RADIUS_M)
    pad = bulge * (1.0 + np.tan(steep)) + _ROUNDING_M
    turn = np.degrees(pad / _LEAST_RADIUS_M)
    room = np.array([turn / max(np.cos(steep), _FLAT), turn, 2 * bulge + _ROUNDING_M])
    placed = np.stack([lon, found[:, 1], found[:, 2]], axis=1)
    low, high = placed.min(axis=0) - room, placed.max(axis=0) + room
    for latitude in (-90.0, 90.0):
        if _holds_pole(tile, latitude, step):
            low[:2], high[:2] = np.minimum(low[:2], (-180.0, latitude)), np.maximum(high[:2], (180.0, latitude))
    return low, high


def _holds_pole(tile: Tile, latitude: float, pad_m: float) -> bool:
    """Whether the axis of the earth goes through a tile's box: all longitudes meet in it."""
    from zonebox.frame import ecef

    height = tile.box.mean(axis=0) @ tile.matrix[2, :3] + tile.matrix[2, 3]
    if height * latitude < 0:
        return False
    pole = into(tile.matrix, ecef([[0.0, latitude, 0.0]]))[0]
    return bool(np.all(pole[:2] >= tile.box[0, :2] - pad_m) and np.all(pole[:2] <= tile.box[1, :2] + pad_m))


def _wrapped(lon: float) -> float:
    """Longitude within ±180°.

    >>> _wrapped(181.0), _wrapped(-180.0), _wrapped(180.0), _wrapped(17.5)
    (-179.0, -180.0, 180.0, 17.5)
    """
    return float(lon) if abs(lon) <= 180.0 else float((lon + 180.0) % 360.0 - 180.0)
