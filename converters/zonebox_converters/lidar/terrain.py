"""Point cloud tiles to one terrain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from zonebox import tolerance
from zonebox.errors import InputError
from zonebox.model.terrain import Terrain
from zonebox_converters.lidar import blocks, cloud, ground, refine, spikes, survey, unclassified, water
from zonebox_converters.lidar import cache as cached
from zonebox_converters.lidar.crs import FAR_M, refuse_absurd_heights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from zonebox.frame import Frame


def read(
    sources: Sequence[Path],
    frame: Frame,
    *,
    crs: str | None = None,
    max_error_m: float = tolerance.TERRAIN_M,
    cache: Path | None = None,
    memory_mb: float = blocks.MEMORY_MB,
    progress: cloud.Progress | None = None,
) -> Terrain:
    """Make the ground of a scene from the ground points (class 2) of LAS, LAZ or COPC tiles.

    In tiles without that class, ground is looked for among the unclassified points (`unclassified`). Water, class 9, is
    laid level.

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
            return replace(known, entries=survey.entries(sources, frame, crs))
    if sum(tile.point_count for tile in tiles) * blocks.BYTES_PER_POINT > memory_mb * 1e6:
        terrain = _from_blocks(tiles, frame, crs, max_error_m, kept, memory_mb, progress)
    else:
        terrain = _from_memory(tiles, frame, crs, max_error_m, progress)
    refuse_absurd_heights(terrain.mesh.vertices[:, 2], frame.crs, where=terrain.source)
    if kept is not None:
        cached.store(kept, terrain)
    return replace(terrain, entries=survey.entries(sources, frame, crs))


def _from_memory(
    tiles: Sequence[cloud.Tile], frame: Frame, crs: str | None, max_error_m: float, progress: cloud.Progress | None
) -> Terrain:
    """Lay the surface with all ground points in memory."""
    where = ", ".join(tile.path.name for tile in tiles)
    found = _collected(tiles, frame, crs, progress)
    notes = found.notes
    level = water.levelled(water.thinned(found.water))
    every = np.concatenate([found.ground, level]) if len(level) else found.ground
    single = ground.thinned(every)
    if len(single) < len(every):
        notes.append(_dropped(len(every) - len(single)))
    single, spiky = spikes.sifted(single)
    notes += spikes.remark(spiky, frame)
    ground.refuse_too_few(single if not len(level) else found.ground, where=where)
    notes += water.remarks(found.water, level)
    fit = refine.fitted(single, max_error_m)
    return Terrain(mesh=fit.mesh, source=where, max_error_m=fit.max_error_m, rms_error_m=fit.rms_error_m,
                   ground_points=len(single) - len(level), notes=tuple(notes))


def _from_blocks(
    tiles: Sequence[cloud.Tile], frame: Frame, crs: str | None, max_error_m: float, kept: Path | None,
    memory_mb: float, progress: cloud.Progress | None,
) -> Terrain:
    """Lay the surface block by block, with the points on disk: beside the cache, where there is one."""
    where = ", ".join(tile.path.name for tile in tiles)
    references, notes = survey.placed(tiles, frame, crs)
    total = sum(tile.point_count for tile in tiles)
    before = np.cumsum([0] + [tile.point_count for tile in tiles])

    def streamed(k: int, classes: Sequence[int]) -> Iterator[cloud.Piece]:
        told = None if progress is None else lambda done, _: progress(int(before[k]) + done, total)
        return survey.decoded([tiles[k]], [references[k]], frame, classes, told)

    box = np.concatenate([frame.enter(_outline(t), r, where=where) for t, r in zip(tiles, references, strict=True)])
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "blocks" if kept is None else kept.with_suffix(".blocks")
        store = blocks.blocks_over(np.clip([box.min(0), box.max(0)], -FAR_M, FAR_M), total, folder=folder,
                                   memory_mb=memory_mb)
        counts = blocks.laid_down([partial(streamed, k) for k in range(len(tiles))], store)
        loose = store.of("loose")
        looked = sum(len(loose.raw(k)) for k in loose.numbers)
        taken = 0
        for found in unclassified.classified_blocks(loose):
            store.add(found)
            taken += len(found)
        if not counts[cloud.GROUND] and not taken:
            raise _no_ground(where, counts, looked)
        pools = store.of("water")
        wet = np.concatenate([water.thinned(pools.raw(k)) for k in pools.numbers])
        level = water.levelled(wet)
        store.add(level)
        made = blocks.fitted_in_blocks(store, max_error_m, where=where)
    notes.append(_shares(counts, total))
    notes += [_cloth(taken, looked)] if looked else []
    if made.dropped:
        notes.append(_dropped(made.dropped))
    notes += spikes.remark(made.spikes, frame)
    notes += water.remarks(wet, level)
    return Terrain(mesh=made.fit.mesh, source=where, max_error_m=made.fit.max_error_m,
                   rms_error_m=made.fit.rms_error_m, ground_points=made.points - len(level), notes=tuple(notes))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Collected:
    """Ground and water points (n, 3) of all tiles in the frame, and what the user should know about them."""

    ground: NDArray[np.float64]
    water: NDArray[np.float64]
    notes: list[str]


def _collected(
    tiles: Sequence[cloud.Tile], frame: Frame, crs: str | None, progress: cloud.Progress | None
) -> _Collected:
    """Gather the ground: the points of its class and, in tiles where none has it, those under a cloth."""
    references, notes = survey.placed(tiles, frame, crs)
    total = sum(tile.point_count for tile in tiles)
    counts = np.zeros(256, dtype=np.int64)
    dry, wet, loose, done = [np.zeros((0, 3))], [np.zeros((0, 3))], [], 0
    for tile, reference in zip(tiles, references, strict=True):
        grounds, told = 0, _after(done, total, progress)
        for piece in survey.decoded([tile], [reference], frame, (cloud.GROUND, cloud.WATER), told):
            on_water = piece.kinds == cloud.WATER
            dry.append(piece.points[~on_water] if on_water.any() else piece.points)
            wet.append(piece.points[on_water])
            counts += piece.counts
            grounds += int(piece.counts[cloud.GROUND])
        done += tile.point_count
        if not grounds:
            loose += [piece.points for piece in
                      survey.decoded([tile], [reference], frame, unclassified.CANDIDATES, None)]
    notes.append(_shares(counts, total))
    among = np.concatenate([np.zeros((0, 3)), *loose])
    if len(among):
        taken = among[unclassified.ground_among(among)]
        dry.append(taken)
        notes.append(_cloth(len(taken), len(among)))
    if not sum(map(len, dry)):
        raise _no_ground(", ".join(tile.path.name for tile in tiles), counts, len(among))
    return _Collected(ground=np.concatenate(dry), water=np.concatenate(wet), notes=notes)


def _after(done: int, total: int, progress: cloud.Progress | None) -> cloud.Progress | None:
    """Count on from the tiles before."""
    return None if progress is None else lambda more, _: progress(done + more, total)


def _outline(tile: cloud.Tile) -> NDArray[np.float64]:
    (x0, y0, _), (x1, y1, _) = tile.low, tile.high
    return np.array([[x0, y0], [x1, y0], [x0, y1], [x1, y1]])


def _shares(counts: NDArray[np.int64], total: int) -> str:
    return f"{counts[cloud.GROUND]:,} of {total:,} points are ground: {cloud.class_counts(counts)}"


def _dropped(count: int) -> str:
    who = "1 ground point" if count == 1 else f"{count:,} ground points"
    return f"{who} stood at the place of another; the lower one was kept"


def _cloth(taken: int, looked: int) -> str:
    return (f"tiles without a ground class: {taken:,} of {looked:,} unclassified points are taken as ground, by a "
            "cloth that settles on them from below; of surveys with classes it took about 3 % of the points wrongly")


def _no_ground(where: str, counts: NDArray[np.int64], looked: int) -> InputError:
    """Say what there is instead of ground, and why none was found among it."""
    few = f"{looked:,} of them unclassified, too few to find ground among" if looked else "none of them unclassified"
    return InputError(where, got=f"points of class {cloud.class_counts(counts)}, {few}",
                      want="ground, class 2, or unclassified points", then="give the tiles around the site as well")
