"""Small point clouds made on the spot."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import laspy
import numpy as np
from laspy.vlrs.known import GeoKeyDirectoryVlr, GeoKeyEntryStruct, WktCoordinateSystemVlr

from zonebox.frame import Frame

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

CRS = "EPSG:7415"
FRAME = Frame.near(CRS, (85000.0, 447000.0))


def plane(count: int = 12, step: float = 1.0, at: tuple[float, float] = (85000.0, 447000.0)) -> NDArray[np.float64]:
    """Points of z = 1 + 0.05 east on a grid of count × count, in world coordinates."""
    x, y = np.meshgrid(np.arange(count) * step, np.arange(count) * step)
    return np.column_stack([at[0] + x.ravel(), at[1] + y.ravel(), 1.0 + 0.05 * x.ravel()])


def write(
    path: Path,
    points: ArrayLike,
    kind: int | ArrayLike = 2,
    *,
    horizontal: int | None = None,
    vertical: int | None = None,
    geographic: bool = False,
    wkt: str = "",
    scale: float = 0.001,
    version: str = "1.2",
) -> Path:
    """Write points (n, 3) with their class as LAS or LAZ; the same bytes each time."""
    p = np.asarray(points, dtype=np.float64).reshape(-1, 3)
    header = laspy.LasHeader(version=version, point_format=6 if version == "1.4" else 1)
    header.creation_date = date(2024, 1, 1)
    header.generating_software = "zonebox tests"
    header.scales = np.full(3, scale)
    header.offsets = np.zeros(3)
    if horizontal is not None:
        header.vlrs.append(_keys(horizontal, vertical, geographic=geographic))
    if wkt:
        header.vlrs.append(WktCoordinateSystemVlr(wkt))
        header.global_encoding.wkt = True
    cloud = laspy.LasData(header)
    cloud.x, cloud.y, cloud.z = p.T
    cloud.classification = np.broadcast_to(np.asarray(kind, dtype=np.uint8), len(p))
    cloud.write(str(path))
    return path


def _keys(horizontal: int, vertical: int | None, *, geographic: bool) -> GeoKeyDirectoryVlr:
    rows = [(1024, 2 if geographic else 1), (2048 if geographic else 3072, horizontal)]
    rows += [] if vertical is None else [(4096, vertical)]
    record = GeoKeyDirectoryVlr()
    record.geo_keys_header.key_direction_version = 1
    record.geo_keys_header.key_revision = 1
    record.geo_keys_header.number_of_keys = len(rows)
    for key, value in rows:
        entry = GeoKeyEntryStruct()
        entry.id, entry.tiff_tag_location, entry.count, entry.value_offset = key, 0, 1, value
        record.geo_keys.append(entry)
    return record
