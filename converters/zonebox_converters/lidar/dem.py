"""Elevation rasters to one terrain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zonebox import tolerance
from zonebox.errors import InputError
from zonebox.model.terrain import Terrain
from zonebox_converters.lidar import ground, refine
from zonebox_converters.lidar.crs import Corner, refuse_far_away, source_crs
from zonebox_converters.lidar.raster import Raster, read_raster

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from zonebox.frame import Frame


def read_dem(
    sources: Sequence[Path],
    frame: Frame,
    *,
    crs: str | None = None,
    max_error_m: float = tolerance.TERRAIN_M,
) -> Terrain:
    """Make the ground of a scene from elevation rasters: a TIN within the stated error of the middle of each cell.

    Heights are taken where they belong, at the middle of a cell, and brought into the frame point by point, degrees and
    feet included. Cells without a height inside the raster are bridged.

    Parameters
    ----------
    sources : sequence of Path
        GeoTIFF or ESRI ASCII (.asc) files; where they overlap the lower of two heights at one place is kept.
    frame : Frame
        The scene's frame.
    crs : str, optional
        Reference of the files, where they name none, or none for heights.
    max_error_m : float
        Largest vertical distance between a cell's middle and the surface, metres.

    Raises
    ------
    InputError
        A file is missing, cut off or no raster of heights, or holds too few of them.
    FrameError
        No CRS, an unknown one, two that contradict each other, or heights that mean nothing in the scene.
    """
    if not max_error_m > 0.0:
        raise InputError("terrain.max_error_m", got=str(max_error_m), want="a height above 0 m",
                         then=f"write e.g. {tolerance.TERRAIN_M}")
    if not sources:
        raise InputError("terrain.dem", got="no file", want="at least one elevation raster",
                         then='write dem = "dtm.tif"')
    pieces: list[NDArray[np.float64]] = []
    notes: list[str] = []
    for path in sources:
        raster, name = read_raster(path), path.name
        points = raster.points()
        if not len(points):
            raise InputError(name, got="no cell with a height", want="an elevation raster",
                             then="check its nodata value")
        box = (_corner(points.min(0)), _corner(points.max(0)))
        reference, said = source_crs(raster.crs, crs, frame, box=box, where=name)
        refuse_far_away(box, reference, frame, where=name)
        pieces.append(frame.enter(points, reference, where=name))
        notes += [*said, *_remarks(raster, name)]
    where = ", ".join(path.name for path in sources)
    single = ground.thinned(np.concatenate(pieces))
    ground.refuse_too_few(single, where=where)
    fit = refine.fitted(single, max_error_m)
    return Terrain(mesh=fit.mesh, source=where, max_error_m=fit.max_error_m, rms_error_m=fit.rms_error_m,
                   ground_points=len(single), notes=tuple(notes))


def _corner(point: NDArray[np.float64]) -> Corner:
    return float(point[0]), float(point[1]), float(point[2])


def _remarks(raster: Raster, where: str) -> list[str]:
    """Say how many cells hold no height."""
    empty = int(np.isnan(raster.heights).sum())
    return [f"{where}: {empty:,} of {raster.heights.size:,} cells hold no height; they are bridged"] if empty else []
