"""Point cloud tiles to one terrain."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import numpy as np

from zonebox import tolerance
from zonebox.errors import InputError
from zonebox.model.terrain import Terrain
from zonebox_converters.lidar import blocks, cloud, ground, refine, survey
from zonebox_converters.lidar import cache as cached

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from zonebox.frame import Frame

MEMORY_MB: Final = 2000.0
"""Default memory for the points of a cloud."""


def read(
    sources: Sequence[Path],
    frame: Frame,
    *,
    crs: str | None = None,
    max_error_m: float = tolerance.TERRAIN_M,
    cache: Path | None = None,
    memory_mb: float = MEMORY_MB,
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
        Folder in which surfaces are kept for the next run, and the blocks of one that was interrupted.
    memory_mb : float
        Memory for the points, megabytes: clouds that might need more are laid down on disk in blocks.
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
        kept = cached.entry(cache, [tile.path for tile in tiles], frame, crs=crs, max_error_m=max_error_m,
                            memory_mb=memory_mb)
        known = cached.load(kept)
        if known is not None:
            return known
    if sum(tile.point_count for tile in tiles) * blocks.BYTES_PER_POINT > memory_mb * 1e6:
        terrain = _from_blocks(tiles, frame, crs, max_error_m, kept, memory_mb, progress)
    else:
        terrain = _from_memory(tiles, frame, crs, max_error_m, progress)
    if kept is not None:
        cached.store(kept, terrain)
    return terrain


def _from_memory(
    tiles: Sequence[cloud.Tile], frame: Frame, crs: str | None, max_error_m: float, progress: cloud.Progress | None
) -> Terrain:
    """Lay the surface with all ground points in memory."""
    where = ", ".join(tile.path.name for tile in tiles)
    points, notes = _ground_points(tiles, frame, crs, progress)
    single = ground.thinned(points)
    if len(single) < len(points):
        notes.append(_dropped(len(points) - len(single)))
    ground.refuse_too_few(single, where=where)
    fit = refine.fitted(single, max_error_m)
    return Terrain(mesh=fit.mesh, source=where, max_error_m=fit.max_error_m, rms_error_m=fit.rms_error_m,
                   ground_points=len(single), notes=tuple(notes))


def _from_blocks(
    tiles: Sequence[cloud.Tile], frame: Frame, crs: str | None, max_error_m: float, kept: Path | None,
    memory_mb: float, progress: cloud.Progress | None,
) -> Terrain:
    """Lay the surface block by block, with the points on disk: beside the cache, where there is one."""
    where = ", ".join(tile.path.name for tile in tiles)
    references, notes = survey.placed(tiles, frame, crs)
    total = sum(tile.point_count for tile in tiles)
    before = np.cumsum([0] + [tile.point_count for tile in tiles])

    def streamed(k: int) -> blocks.Pieces:
        told = None if progress is None else lambda done, _: progress(int(before[k]) + done, total)
        return survey.decoded([tiles[k]], [references[k]], frame, (cloud.GROUND,), told)

    box = np.concatenate([frame.enter(_outline(t), r, where=where) for t, r in zip(tiles, references, strict=True)])
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "blocks" if kept is None else kept.with_suffix(".blocks")
        store = blocks.blocks_over(np.stack([box.min(0), box.max(0)]), total, folder=folder, memory_mb=memory_mb)
        counts = blocks.laid_down([partial(streamed, k) for k in range(len(tiles))], store)
        if not counts[cloud.GROUND]:
            raise _no_ground(where, counts)
        made = blocks.fitted_in_blocks(store, max_error_m, where=where)
    notes.append(_shares(counts, total))
    if made.dropped:
        notes.append(_dropped(made.dropped))
    return Terrain(mesh=made.fit.mesh, source=where, max_error_m=made.fit.max_error_m,
                   rms_error_m=made.fit.rms_error_m, ground_points=made.points, notes=tuple(notes))


def _outline(tile: cloud.Tile) -> NDArray[np.float64]:
    (x0, y0, _), (x1, y1, _) = tile.low, tile.high
    return np.array([[x0, y0], [x1, y0], [x0, y1], [x1, y1]])


def _shares(counts: NDArray[np.int64], total: int) -> str:
    return f"{counts[cloud.GROUND]:,} of {total:,} points are ground: {cloud.class_counts(counts)}"


def _dropped(count: int) -> str:
    return f"{count:,} ground points stood at the place of another; the lower one was kept"


def _no_ground(where: str, counts: NDArray[np.int64]) -> InputError:
    return InputError(where, got=f"points of class {cloud.class_counts(counts)}", want="ground, class 2",
                      then="classify the ground first, e.g. with pdal translate in.laz out.laz smrf")


def _ground_points(
    tiles: Sequence[cloud.Tile], frame: Frame, crs: str | None, progress: cloud.Progress | None
) -> tuple[NDArray[np.float64], list[str]]:
    """Collect the ground points (n, 3) of all tiles in the frame, and what the user should know about them."""
    references, notes = survey.placed(tiles, frame, crs)
    total = sum(tile.point_count for tile in tiles)
    counts = np.zeros(256, dtype=np.int64)
    pieces = []
    for points, seen in survey.decoded(tiles, references, frame, (cloud.GROUND,), progress):
        counts += seen
        if len(points):
            pieces.append(points)
    if not pieces:
        where = ", ".join(tile.path.name for tile in tiles)
        raise _no_ground(where, counts)
    notes.append(_shares(counts, total))
    return np.concatenate(pieces), notes
