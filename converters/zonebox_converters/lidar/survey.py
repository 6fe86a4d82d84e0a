"""Point cloud tiles as a stream of points in the frame, of any class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from zonebox_converters.lidar import cloud
from zonebox_converters.lidar.crs import refuse_far_away, source_crs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from zonebox.frame import Frame

BUILDINGS: Final = 6
UNCLASSIFIED: Final = 1


def points(
    sources: Sequence[Path],
    frame: Frame,
    *,
    crs: str | None = None,
    classes: Sequence[int] = (BUILDINGS,),
    progress: cloud.Progress | None = None,
) -> Iterator[NDArray[np.float64]]:
    """Read the points of some classes piece by piece: what `checks.as_built.check_as_built` asks for.

    Parameters
    ----------
    sources : sequence of Path
        LAS, LAZ or COPC files, or folders of them.
    frame : Frame
        The scene's frame.
    crs : str, optional
        Reference of the files, where their headers say nothing or nothing about heights.
    classes : sequence of int
        ASPRS classes; buildings alone, or with the unclassified points, 6 and 1.
    progress : callable, optional
        Called with (points decoded, points in all).

    Yields
    ------
    (n, 3) float64
        Points in the frame, metres; at most a million at a time.

    Raises
    ------
    InputError
        A file is missing, cut off or no point cloud.
    FrameError
        No CRS, an unknown one, two that contradict each other, or heights that mean nothing in the scene.
    """
    tiles = cloud.tiles_of(sources)
    references, _ = placed(tiles, frame, crs)
    for piece in decoded(tiles, references, frame, classes, progress):
        if len(piece.points):
            yield piece.points


def placed(tiles: Sequence[cloud.Tile], frame: Frame, crs: str | None) -> tuple[list[str], list[str]]:
    """Decide the reference of each tile, before any is decoded; and what the user should know about it."""
    references: list[str] = []
    notes: list[str] = []
    for tile in tiles:
        reference, said = source_crs(tile.crs, crs, frame, box=(tile.low, tile.high), where=tile.path.name)
        refuse_far_away((tile.low, tile.high), reference, frame, where=tile.path.name)
        references.append(reference)
        notes.extend(said)
    return references, notes


def decoded(
    tiles: Sequence[cloud.Tile], references: Sequence[str], frame: Frame, classes: Sequence[int],
    progress: cloud.Progress | None,
) -> Iterator[cloud.Piece]:
    """Stream the points of some classes in the frame."""
    total, done = sum(tile.point_count for tile in tiles), 0
    for tile, reference in zip(tiles, references, strict=True):
        for piece in cloud.stream(tile, classes):
            done += int(piece.counts.sum())
            yield piece if not len(piece.points) else piece._replace(
                points=frame.enter(piece.points, reference, where=tile.path.name))
            if progress is not None:
                progress(done, total)
