"""What a point cloud or an elevation raster holds, before there is a scene."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from zonebox.errors import FrameError
from zonebox.frame import crs_label, is_geographic, parts_of, unit_m
from zonebox.model import FileInfo, FileKind
from zonebox_converters.lidar.cloud import GROUND, Tile, class_counts, stream, tiles_of
from zonebox_converters.lidar.crs import LAND_M
from zonebox_converters.lidar.raster import read_raster

_COUNTED: Final = 20_000_000
"""Classes are counted in so many points at the most; more would take longer than a look at a file may."""

_NOISE: Final = (7, 18)


def about(source: Path) -> FileInfo:
    """Describe a LAS, LAZ or COPC file, or a folder of them.

    Raises
    ------
    InputError
        Missing, empty, damaged, or no point cloud.
    """
    tiles = tiles_of([source])
    low, high = np.min([t.low for t in tiles], axis=0), np.max([t.high for t in tiles], axis=0)
    names = sorted({tile.crs or "" for tile in tiles})
    crs = names[0] if len(names) == 1 else ""
    oddities = _place_oddities(source.name, names, low, high)
    points = sum(tile.point_count for tile in tiles)
    rows = [("points", f"{points:,}" + (f" in {len(tiles)} files" if len(tiles) > 1 else "")),
            ("format", ", ".join(sorted({_format(tile.path) for tile in tiles})))]
    counts, counted = _classes(tiles)
    rows.append(("classes", class_counts(counts) + (f" (first {counted:,} points)" if counted < points else "")))
    rows.append(("heights from to", f"{low[2]:,.2f} to {high[2]:,.2f}"))
    area = float(np.prod(high[:2] - low[:2]))
    if crs and not is_geographic(crs) and area > 0:
        rows.append(("density", f"{points / (area * unit_m(crs) ** 2):.1f} points per m² of the bounding box"))
    if not counts[GROUND]:
        oddities.append(f"{source.name}: no point is classified as ground (class 2)")
    if counts[list(_NOISE)].sum():
        oddities.append(f"{source.name}: {int(counts[list(_NOISE)].sum()):,} points are noise (classes 7 and 18)")
    return FileInfo(source=str(source), kind=FileKind.POINTS, crs=crs, crs_name=_named(crs, 0), heights=_named(crs, 1),
                    extent=(float(low[0]), float(low[1]), float(high[0]), float(high[1])), rows=tuple(rows),
                    oddities=tuple(oddities))


def about_raster(source: Path) -> FileInfo:
    """Describe a GeoTIFF or an ESRI ASCII grid of heights.

    Raises
    ------
    InputError
        As `read_raster`.
    """
    raster = read_raster(source)
    rows, columns = raster.heights.shape
    (x, y), (dx, dy) = raster.first, raster.step
    known = np.isfinite(raster.heights)
    xs, ys = (x - dx / 2, x + (columns - 0.5) * dx), (y + (rows - 0.5) * dy, y - dy / 2)
    crs = raster.crs or ""
    facts = [("cells", f"{columns:,} × {rows:,} of {abs(dx):g} × {abs(dy):g}")]
    oddities = [] if crs else [f"{source.name}: names no CRS; write [terrain] crs in the scene"]
    if known.any():
        facts.append(("heights from to", f"{np.nanmin(raster.heights):,.2f} to {np.nanmax(raster.heights):,.2f}"))
    if not known.all():
        oddities.append(f"{source.name}: {(~known).mean():.1%} of the cells hold no height")
    return FileInfo(source=str(source), kind=FileKind.RASTER, crs=crs, crs_name=_named(crs, 0), heights=_named(crs, 1),
                    extent=(min(xs), min(ys), max(xs), max(ys)), rows=tuple(facts), oddities=tuple(oddities))


def _named(crs: str, part: int) -> str:
    code = parts_of(crs)[part] if crs else ""
    return crs_label(code) if code else ""


def _place_oddities(name: str, crs_names: list[str], low: np.ndarray, high: np.ndarray) -> list[str]:
    said = []
    if crs_names == [""]:
        said.append(f"{name}: the header names no CRS; write [terrain] crs in the scene")
    elif len(crs_names) > 1:
        each = ", ".join(crs_label(c) if c else "none" for c in crs_names)
        said.append(f"{name}: the files name different references ({each})")
    elif not parts_of(crs_names[0])[1]:
        said.append(f"{name}: the header does not say what its heights are above")
    if crs_names[0] and is_geographic(crs_names[0]):
        said.append(f"{name}: the coordinates are in degrees")
    elif np.abs([*low[:2], *high[:2]]).max() <= 360 and high[0] - low[0] < 1:
        said.append(f"{name}: the coordinates look like degrees")
    if low[2] < LAND_M[0] or high[2] > LAND_M[1]:
        said.append(f"{name}: heights from {low[2]:,.0f} to {high[2]:,.0f}: noise, or another unit than metres")
    return said


def _classes(tiles: tuple[Tile, ...]) -> tuple[np.ndarray, int]:
    counts = np.zeros(256, dtype=np.int64)
    for tile in tiles:
        for piece in stream(tile, ()):
            counts += piece.counts
            if counts.sum() >= _COUNTED:
                return counts, int(counts.sum())
    return counts, int(counts.sum())


def _format(path: Path) -> str:
    import laspy

    try:
        with laspy.open(path) as reader:
            header = reader.header
            return f"LAS {header.version}, point format {header.point_format.id}"
    except (OSError, laspy.errors.LaspyException) as problem:
        raise FrameError(path.name, got=f"a header that cannot be read ({problem})", want="LAS or LAZ") from None
