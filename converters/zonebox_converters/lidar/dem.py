"""Elevation rasters to one terrain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import numpy as np

from zonebox import tolerance
from zonebox.errors import InputError
from zonebox.model.terrain import Terrain
from zonebox_converters.lidar import blocks, ground, refine, spikes
from zonebox_converters.lidar import cache as cached
from zonebox_converters.lidar.blocks import BYTES_PER_POINT, MEMORY_MB
from zonebox_converters.lidar.cloud import GROUND, Piece, Progress
from zonebox_converters.lidar.crs import (
    FAR_M,
    Corner,
    refuse_absurd_heights,
    refuse_far_away,
    source_crs,
    within_reach,
)
from zonebox_converters.lidar.raster import Raster, prj_of, read_raster

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from zonebox.frame import Entry, Frame

STRIP_CELLS: Final = 1_000_000
"""Cells that become points at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sheet:
    """One raster that was looked through: how it comes into the frame, and what to say about it.

    ``box`` (2, 3) is that of its heights, in its own CRS; ``raster`` is kept where there is room for it.
    """

    path: Path
    reference: str
    cells: int
    box: NDArray[np.float64]
    entry: Entry
    notes: tuple[str, ...]
    raster: Raster | None

    def streamed(self, frame: Frame, classes: Sequence[int]) -> Iterator[Piece]:
        """Give its points in the frame, a strip of rows at a time, as those of a tile are given."""
        if GROUND not in classes:
            return
        raster = read_raster(self.path) if self.raster is None else self.raster
        for points in raster.strips(STRIP_CELLS):
            counts = np.zeros(256, dtype=np.int64)
            counts[GROUND] = len(points)
            placed = frame.enter(points, self.reference, where=self.path.name)
            placed = placed[within_reach(placed)]
            yield Piece(placed, np.full(len(placed), GROUND, dtype=np.uint8), counts)


def read_dem(
    sources: Sequence[Path],
    frame: Frame,
    *,
    crs: str | None = None,
    max_error_m: float = tolerance.TERRAIN_M,
    cache: Path | None = None,
    memory_mb: float = MEMORY_MB,
    progress: Progress | None = None,
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
    cache : Path, optional
        Folder in which surfaces are kept for the next run, and the blocks of one that was interrupted.
    memory_mb : float
        Memory for the points, megabytes: rasters that might need more are laid down on disk in blocks. One raster at a
        time is decoded as a whole.
    progress : callable, optional
        Called with (cells read, cells in all).

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
    kept = None
    if cache is not None and all(path.is_file() for path in sources):
        kept = cached.entry(cache, [*sources, *filter(Path.is_file, map(prj_of, sources))], frame, dem=True, crs=crs,
                            max_error_m=max_error_m, memory_mb=memory_mb)
        known = cached.load(kept)
        if known is not None:
            return known
    terrain = _laid(_looked_through(sources, frame, crs, memory_mb), frame, max_error_m, kept, memory_mb, progress)
    refuse_absurd_heights(terrain.mesh.vertices[:, 2], frame.crs, where=terrain.source)
    if kept is not None:
        cached.store(kept, terrain)
    return terrain


def _looked_through(sources: Sequence[Path], frame: Frame, crs: str | None, memory_mb: float) -> list[_Sheet]:
    """Read every raster once, and refuse what cannot be used before anything is made of any."""
    sheets, room = [], memory_mb * 1e6 / BYTES_PER_POINT
    for path in sources:
        raster, name = read_raster(path), path.name
        box = raster.box()
        if box is None:
            raise InputError(name, got="no cell with a height", want="an elevation raster",
                             then="check its nodata value")
        corners = (_corner(box[0]), _corner(box[1]))
        reference, said = source_crs(raster.crs, crs, frame, box=corners, where=name)
        stray = refuse_far_away(corners, reference, frame, where=name)
        room -= raster.heights.size
        sheets.append(_Sheet(
            path=path, reference=reference, cells=int(np.isfinite(raster.heights).sum()), box=box,
            entry=frame.entry(reference, box.mean(0), where=name), notes=(*said, *stray, *_remarks(raster, name)),
            raster=raster if room >= 0 else None))
    return sheets


def _laid(
    sheets: Sequence[_Sheet], frame: Frame, max_error_m: float, kept: Path | None, memory_mb: float,
    progress: Progress | None,
) -> Terrain:
    """Lay the surface, with all points in memory or block by block."""
    where, total, done = ", ".join(sheet.path.name for sheet in sheets), sum(sheet.cells for sheet in sheets), 0

    def streamed(sheet: _Sheet, classes: Sequence[int]) -> Iterator[Piece]:
        nonlocal done
        for piece in sheet.streamed(frame, classes):
            done += int(piece.counts[GROUND])
            yield piece
            if progress is not None:
                progress(done, total)

    if total * BYTES_PER_POINT <= memory_mb * 1e6:
        single = ground.thinned(np.concatenate([p.points for s in sheets for p in streamed(s, (GROUND,))]))
        single, spiky = spikes.sifted(single)
        ground.refuse_too_few(single, where=where)
        fit, count = refine.fitted(single, max_error_m), len(single)
    else:
        outlines = [frame.enter(_outline(s.box), s.reference, where=s.path.name) for s in sheets]
        box = np.concatenate(outlines)
        with TemporaryDirectory() as scratch:
            folder = Path(scratch) / "blocks" if kept is None else kept.with_suffix(".blocks")
            store = blocks.blocks_over(np.clip([box.min(0), box.max(0)], -FAR_M, FAR_M), total, folder=folder,
                                       memory_mb=memory_mb)
            blocks.laid_down([partial(streamed, sheet) for sheet in sheets], store)
            made = blocks.fitted_in_blocks(store, max_error_m, where=where)
        fit, count, spiky = made.fit, made.points, made.spikes
    notes = [note for sheet in sheets for note in sheet.notes] + spikes.remark(spiky, frame)
    return Terrain(mesh=fit.mesh, source=where, max_error_m=fit.max_error_m, rms_error_m=fit.rms_error_m,
                   ground_points=count, notes=tuple(notes),
                   entries=tuple((sheet.path.name, sheet.entry) for sheet in sheets))


def _outline(box: NDArray[np.float64]) -> NDArray[np.float64]:
    (x0, y0, _), (x1, y1, _) = box
    return np.array([[x0, y0], [x1, y0], [x0, y1], [x1, y1]])


def _corner(point: NDArray[np.float64]) -> Corner:
    return float(point[0]), float(point[1]), float(point[2])


def _remarks(raster: Raster, where: str) -> list[str]:
    """Say how many cells hold no height."""
    empty = int(np.isnan(raster.heights).sum())
    return [f"{where}: {empty:,} of {raster.heights.size:,} cells hold no height; they are bridged"] if empty else []
