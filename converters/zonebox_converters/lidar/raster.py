"""Elevation rasters: GeoTIFF and ESRI ASCII grids as arrays with a place.

Decoding a TIFF is Pillow's; what its tags say about place and reference is read here (OGC 19-008).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from zonebox.errors import InputError
from zonebox.frame import known_crs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

PIXEL_SCALE, TIE_POINTS, TRANSFORMATION, KEYS, KEY_TEXT, NODATA = 33550, 33922, 34264, 34735, 34737, 42113
MODEL, RASTER, GEOGRAPHIC, PROJECTED, VERTICAL = 1024, 1025, 2048, 3072, 4096
USER_DEFINED: Final = 32767
HEADER: Final = ("ncols", "nrows", "xllcorner", "yllcorner", "xllcenter", "yllcenter", "cellsize", "nodata_value")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Raster:
    """Heights on a grid.

    Parameters
    ----------
    heights : (rows, columns) float64
        In the file's unit, the first row farthest north; NaN where there is none.
    first : (float, float)
        Middle of the first cell of the first row, in the file's CRS: x, y.
    step : (float, float)
        From one column, and from one row, to the next: x rises, y falls.
    crs : str or None
        Reference the file names.
    """

    heights: NDArray[np.float64]
    first: tuple[float, float]
    step: tuple[float, float]
    crs: str | None

    def strips(self, cells: int) -> Iterator[NDArray[np.float64]]:
        """Middle of each cell that has a height (n, 3), in the file's CRS and unit, about so many cells at a time."""
        rows = max(cells // max(self.heights.shape[1], 1), 1)
        for top in range(0, len(self.heights), rows):
            strip = self.heights[top:top + rows]
            row, column = np.nonzero(np.isfinite(strip))
            yield np.column_stack([self.first[0] + column * self.step[0], self.first[1] + (row + top) * self.step[1],
                                   strip[row, column]])

    def box(self) -> NDArray[np.float64] | None:
        """Lowest and highest x, y, z (2, 3) of the cells with a height; None where there is none."""
        known = np.isfinite(self.heights)
        rows, columns = np.flatnonzero(known.any(1)), np.flatnonzero(known.any(0))
        if not len(rows):
            return None
        x = self.first[0] + columns[[0, -1]] * self.step[0]
        y = self.first[1] + rows[[-1, 0]] * self.step[1]
        return np.column_stack([x, y, [np.nanmin(self.heights), np.nanmax(self.heights)]])


def read_raster(path: Path) -> Raster:
    """Read a GeoTIFF or an ESRI ASCII grid.

    Raises
    ------
    InputError
        No such file, none of both, cut off, more than one band, rotated, or without a place.
    """
    if not path.is_file():
        raise InputError(path.name, got="no such file", want="a GeoTIFF or an ESRI ASCII grid",
                         then="check the name in the scene")
    with path.open("rb") as file:
        start = file.read(4)
    if start[:2] in (b"II", b"MM"):
        return _tiff(path)
    return _ascii(path)


def _tiff(path: Path) -> Raster:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(path)
        with image:
            tags: dict[int, Any] = dict(getattr(image, "tag_v2", {}))
            mode = image.mode
            cells = np.array(image, dtype=np.float64) if len(image.getbands()) == 1 else np.zeros((0, 0))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(path.name, got=f"a TIFF that cannot be decoded ({str(error)[:80]})", want="a whole GeoTIFF",
                         then="convert it with gdal_translate -co COMPRESS=DEFLATE, or fetch it again") from error
    if not cells.size:
        raise InputError(path.name, got=f"a picture ({mode})", want="one band of heights",
                         then="give the elevation raster, not its picture")
    if PIXEL_SCALE not in tags or TIE_POINTS not in tags:
        got = "a rotated raster" if TRANSFORMATION in tags else "a TIFF without a place"
        raise InputError(path.name, got=got, want="a GeoTIFF with rows from west to east",
                         then="warp it first, e.g. with gdalwarp")
    keys = np.array(tags.get(KEYS, (1, 1, 0, 0)), dtype=np.int64)[4:].reshape(-1, 4)
    values = {int(key): int(value) for key, where, _, value in keys if where == 0}
    nodata = str(tags.get(NODATA, "")).strip("\0 ")
    if nodata:
        cells[cells == float(nodata)] = np.nan
    cells[~np.isfinite(cells)] = np.nan
    dx, dy = (float(v) for v in tags[PIXEL_SCALE][:2])
    i, j, _, x, y = (float(v) for v in tags[TIE_POINTS][:5])
    middle = 0.0 if values.get(RASTER) == 2 else 0.5                    # the place is that of a point, or of an area
    return Raster(heights=cells, first=(x + (middle - i) * dx, y - (middle - j) * dy), step=(dx, -dy),
                  crs=_crs(values, path.name))


def _crs(keys: dict[int, int], where: str) -> str | None:
    """Name the reference of GeoTIFF keys; None where they name none."""
    horizontal = keys.get(GEOGRAPHIC if keys.get(MODEL) == 2 else PROJECTED, USER_DEFINED)
    if not 0 < horizontal < USER_DEFINED:
        return None
    vertical = keys.get(VERTICAL, USER_DEFINED)
    height = f"+{vertical}" if 0 < vertical < USER_DEFINED else ""
    return known_crs(f"EPSG:{horizontal}{height}", where=where)


def _ascii(path: Path) -> Raster:
    header: dict[str, float] = {}
    try:
        with path.open(encoding="ascii") as file:
            while True:
                at = file.tell()
                words = file.readline().split()
                if len(words) != 2 or words[0].lower() not in HEADER:
                    file.seek(at)
                    break
                header[words[0].lower()] = float(words[1])
            cells = np.array(file.read().split(), dtype=np.float64)
    except (UnicodeDecodeError, ValueError) as error:
        raise _no_grid(path, str(error)[:60]) from error
    missing = [name for name in ("ncols", "nrows", "cellsize") if name not in header]
    corner = "xllcenter" not in header
    x, y = (header.get(f"{axis}ll{'corner' if corner else 'center'}") for axis in "xy")
    if missing or x is None or y is None:
        raise _no_grid(path, f"no {', '.join(missing) or 'lower left corner'}")
    rows, columns, step = int(header["nrows"]), int(header["ncols"]), header["cellsize"]
    if len(cells) != rows * columns:
        raise InputError(path.name, got=f"{len(cells):,} heights of {rows * columns:,}",
                         want="every height its header promises", then="fetch the file again")
    cells[(cells == header.get("nodata_value", -9999.0)) | ~np.isfinite(cells)] = np.nan
    half = 0.5 * step if corner else 0.0
    return Raster(heights=cells.reshape(rows, columns), first=(x + half, y + half + (rows - 1) * step),
                  step=(step, -step), crs=_beside(path))


def prj_of(path: Path) -> Path:
    """Name the file that may tell the reference of an ESRI grid."""
    return path.with_suffix(".prj")


def _beside(path: Path) -> str | None:
    """Read the reference from the file beside a grid; None where there is none."""
    said = prj_of(path)
    text = said.read_text(encoding="utf-8", errors="replace").strip() if said.is_file() else ""
    return known_crs(text, where=said.name) if text else None


def _no_grid(path: Path, why: str) -> InputError:
    return InputError(path.name, got=f"no readable raster ({why})", want="a GeoTIFF or an ESRI ASCII grid",
                      then="check that this is an elevation raster")
