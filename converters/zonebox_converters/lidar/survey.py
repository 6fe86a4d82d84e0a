"""Point cloud tiles as a stream of points in the frame, of any class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from zonebox_converters.lidar import cloud
from zonebox_converters.lidar.crs import all_within_reach, refuse_far_away, source_crs, within_reach

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from zonebox.frame import Entry, Frame

BUILDINGS: Final = 6
UNCLASSIFIED: Final = 1
NOISE: Final = (7, 18)


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


def scans(
    sources: Sequence[Path], frame: Frame, *, crs: str | None = None, progress: cloud.Progress | None = None
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.uint8], NDArray[np.uint16]]]:
    """Read all points but noise piece by piece: places (n, 3) in the frame, classes (n,) and intensities (n,).

    Arguments and errors as `points`.
    """
    tiles = cloud.tiles_of(sources)
    references, _ = placed(tiles, frame, crs)
    wanted = [kind for kind in range(256) if kind not in NOISE]
    for piece in decoded(tiles, references, frame, wanted, progress, intensity=True):
        if piece.intensity is not None and len(piece.points):
            yield piece.points, piece.kinds, piece.intensity


def placed(tiles: Sequence[cloud.Tile], frame: Frame, crs: str | None) -> tuple[list[str], list[str]]:
    """Decide the reference of each tile, before any is decoded; and what the user should know about it."""
    references: list[str] = []
    notes: list[str] = []
    for tile in tiles:
        reference, said = source_crs(tile.crs, crs, frame, box=(tile.low, tile.high), where=tile.path.name)
        stray = refuse_far_away((tile.low, tile.high), reference, frame, where=tile.path.name)
        references.append(reference)
        notes.extend((*said, *stray))
    return references, notes


def entries(
    sources: Sequence[Path], frame: Frame, crs: str | None = None
) -> tuple[tuple[str, Entry], ...]:
    """Tell how files come into the frame, from their headers; arguments and errors as `points`."""
    tiles = cloud.tiles_of(sources)
    middles = [[(low + high) / 2.0 for low, high in zip(tile.low, tile.high, strict=True)] for tile in tiles]
    return tuple((tile.path.name, frame.entry(reference, middle, where=tile.path.name))
                 for tile, reference, middle in zip(tiles, placed(tiles, frame, crs)[0], middles, strict=True))


def decoded(
    tiles: Sequence[cloud.Tile], references: Sequence[str], frame: Frame, classes: Sequence[int],
    progress: cloud.Progress | None, *, intensity: bool = False,
) -> Iterator[cloud.Piece]:
    """Stream the points of some classes in the frame."""
    total, done = sum(tile.point_count for tile in tiles), 0
    for tile, reference in zip(tiles, references, strict=True):
        for piece in cloud.stream(tile, classes, intensity=intensity):
            done += int(piece.counts.sum())
            yield piece if not len(piece.points) else _near(piece._replace(
                points=frame.enter(piece.points, reference, where=tile.path.name)))
            if progress is not None:
                progress(done, total)


def _near(piece: cloud.Piece) -> cloud.Piece:
    """Leave out the points of a piece that are nowhere near the scene."""
    if all_within_reach(piece.points):
        return piece
    reach = within_reach(piece.points)
    strength = None if piece.intensity is None else piece.intensity[reach]
    return piece._replace(points=piece.points[reach], kinds=piece.kinds[reach], intensity=strength)
