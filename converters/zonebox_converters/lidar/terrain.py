"""Point cloud tiles to one terrain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zonebox import tolerance
from zonebox.errors import InputError
from zonebox.model.terrain import Terrain
from zonebox_converters.lidar import cache as cached
from zonebox_converters.lidar import cloud, ground, refine
from zonebox_converters.lidar.crs import refuse_far_away, source_crs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from zonebox.frame import Frame


def read(
    sources: Sequence[Path],
    frame: Frame,
    *,
    crs: str | None = None,
    max_error_m: float = tolerance.TERRAIN_M,
    cache: Path | None = None,
    progress: cloud.Progress | None = None,
) -> Terrain:
    """Make the ground of a scene from the ground points (class 2) of LAS, LAZ or COPC tiles.

    Places without ground points (under buildings, on water, in a concave border) are bridged by long triangles;
    nothing reaches beyond the convex hull of the points.

    Parameters
    ----------
    sources : sequence of Path
        Files, or folders of them; together they give one surface, whatever their order.
    frame : Frame
        The scene's frame.
    crs : str, optional
        Reference of the files, where their headers say nothing or nothing about heights.
    max_error_m : float
        Largest vertical distance between a ground point and the surface, metres.
    cache : Path, optional
        Folder in which surfaces are kept for the next run.
    progress : callable, optional
        Called with (points decoded, points in all).

    Raises
    ------
    InputError
        A file is missing, cut off or no point cloud; there is no ground in it, or too little.
    FrameError
        No CRS, an unknown one, two that contradict each other, or heights that mean nothing in the scene.
    """
    if not max_error_m > 0.0:
        raise InputError("terrain.max_error_m", got=str(max_error_m), want="a height above 0 m",
                         then=f"write e.g. {tolerance.TERRAIN_M}")
    tiles = cloud.tiles_of(sources)
    kept = None
    if cache is not None:
        kept = cached.entry(cache, [tile.path for tile in tiles], frame, crs=crs, max_error_m=max_error_m)
        known = cached.load(kept)
        if known is not None:
            return known
    points, notes = _ground_points(tiles, frame, crs, progress)
    where = ", ".join(tile.path.name for tile in tiles)
    single = ground.thinned(points)
    if len(single) < len(points):
        dropped = len(points) - len(single)
        notes.append(f"{dropped:,} ground points stood at the place of another; the lower one was kept")
    ground.refuse_too_few(single, where=where)
    fit = refine.fitted(single, max_error_m)
    terrain = Terrain(mesh=fit.mesh, source=where, max_error_m=fit.max_error_m, rms_error_m=fit.rms_error_m,
                      ground_points=len(single), notes=tuple(notes))
    if kept is not None:
        cached.store(kept, terrain)
    return terrain


def _ground_points(
    tiles: Sequence[cloud.Tile], frame: Frame, crs: str | None, progress: cloud.Progress | None
) -> tuple[NDArray[np.float64], list[str]]:
    """Collect the ground points (n, 3) of all tiles in the frame, and what the user should know about them."""
    notes: list[str] = []
    references = []
    for tile in tiles:
        reference, said = source_crs(tile.crs, crs, frame, box=(tile.low, tile.high), where=tile.path.name)
        refuse_far_away((tile.low, tile.high), reference, frame, where=tile.path.name)
        references.append(reference)
        notes.extend(said)
    total, done = sum(tile.point_count for tile in tiles), 0
    counts = np.zeros(256, dtype=np.int64)
    pieces = []
    for tile, reference in zip(tiles, references, strict=True):
        for points, seen in cloud.stream(tile, (cloud.GROUND,)):
            if len(points):
                pieces.append(frame.enter(points, reference, where=tile.path.name))
            counts += seen
            done += int(seen.sum())
            if progress is not None:
                progress(done, total)
    if not pieces:
        where = ", ".join(tile.path.name for tile in tiles)
        raise InputError(where, got=f"points of class {cloud.class_counts(counts)}", want="ground, class 2",
                         then="classify the ground first, e.g. with pdal translate in.laz out.laz smrf")
    notes.append(f"{counts[cloud.GROUND]:,} of {total:,} points are ground: {cloud.class_counts(counts)}")
    return np.concatenate(pieces), notes
