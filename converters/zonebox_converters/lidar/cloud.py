"""LAS, LAZ and COPC files as streams of points with a class."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zonebox.errors import InputError
from zonebox_converters.lidar.crs import crs_in_header

if TYPE_CHECKING:
    from pathlib import Path

    import laspy

CHUNK_POINTS: Final = 1_000_000
"""Points decoded at a time: about 30 MB, enough to keep all cores busy."""

LATEST_MINOR: Final = 4
"""LAS 1.4 is the newest version that is read."""

GROUND: Final = 2
WATER: Final = 9

CLASS_NAMES: Final = {
    0: "never classified", 1: "unclassified", 2: "ground", 3: "low vegetation", 4: "medium vegetation",
    5: "high vegetation", 6: "building", 7: "low noise", 8: "key point", 9: "water", 10: "rail", 11: "road",
    12: "overlap", 13: "wire guard", 14: "wire", 15: "tower", 16: "wire connector", 17: "bridge deck", 18: "high noise",
    26: "civil structure",
}
"""Classes of the ASPRS standard (LAS 1.4 R15, table 17)."""

Progress = Callable[[int, int], None]


class Piece(NamedTuple):
    """Some points (n, 3), the class of each (n,), and how many points of each class (256,) were looked through.

    ``intensity`` (n,) is how strong the echo of each was, as recorded; None where it was not asked for.
    """

    points: NDArray[np.float64]
    kinds: NDArray[np.uint8]
    counts: NDArray[np.int64]
    intensity: NDArray[np.uint16] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """What the header of one file says.

    Parameters
    ----------
    path : Path
        The file.
    point_count : int
        Points it promises.
    crs : str or None
        Authority code or WKT of its CRS; None where it names none.
    low, high : tuple of float
        Corners (x, y, z) of its bounding box, in its own CRS and units.
    """

    path: Path
    point_count: int
    crs: str | None
    low: tuple[float, float, float]
    high: tuple[float, float, float]


def tiles_of(sources: Sequence[Path]) -> tuple[Tile, ...]:
    """Read the headers of files, and of all LAS and LAZ files in folders, in the order of their names.

    Raises
    ------
    InputError
        A file is missing, empty, no LAS at all, or without points; a folder holds none.
    """
    paths: list[Path] = []
    for source in sources:
        inside = sorted(p for p in source.iterdir() if p.suffix.lower() in {".las", ".laz"}) if source.is_dir() else []
        if source.is_dir() and not inside:
            raise InputError(source.name, got="a folder without .las or .laz", want="point cloud tiles",
                             then="name the folder that holds them")
        paths.extend(inside or [source])
    if not paths:
        raise InputError("terrain.points", got="no file", want="at least one point cloud",
                         then='write points = ["ground.laz"]')
    return tuple(_tile(path) for path in dict.fromkeys(paths))


def class_counts(counts: NDArray[np.int64]) -> str:
    """Describe how many points each class has, e.g. ``1 unclassified (83,893), 6 building (300)``."""
    present = np.flatnonzero(counts)
    return ", ".join(f"{k} {CLASS_NAMES.get(int(k), 'user-defined')} ({counts[k]:,})" for k in present)


def stream(tile: Tile, classes: Sequence[int], *, intensity: bool = False) -> Iterator[Piece]:
    """Decode a tile piece by piece.

    Points that are flagged as withheld are left out.

    Yields
    ------
    Piece
        Points of the wanted classes, in the file's own CRS and units.

    Raises
    ------
    InputError
        The file ends before its header says so, or cannot be decoded.
    """
    done = 0
    wanted = np.zeros(256, dtype=np.bool_)
    wanted[list(classes)] = True
    try:
        with _opened(tile.path, intensity=intensity) as reader:
            scales, offsets = np.asarray(reader.header.scales), np.asarray(reader.header.offsets)
            for chunk in reader.chunk_iterator(CHUNK_POINTS):
                keep, kinds, counts = _chosen(chunk.array, wanted)
                done += len(chunk.array)
                points = np.empty((len(keep), 3))
                for axis, name in enumerate("XYZ"):                     # not whole records: four times the bytes
                    points[:, axis] = chunk.array[name][keep]
                points *= scales
                points += offsets
                yield Piece(points, kinds, counts, chunk.array["intensity"][keep] if intensity else None)
    except _unreadable() as error:
        raise _cut_off(tile, done) from error
    if done < tile.point_count:
        raise _cut_off(tile, done)


def _chosen(
    records: NDArray[np.void], wanted: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.uint8], NDArray[np.int64]]:
    """Find the point records (n,) of wanted classes that are not withheld, their classes, and counts of all (256,)."""
    if "raw_classification" in (records.dtype.names or ()):     # formats 0–5: five bits of class, three flags
        raw = np.asarray(records["raw_classification"])
        by_byte = np.bincount(raw, minlength=256)
        counts = np.zeros(256, dtype=np.int64)
        counts[:32] = by_byte.reshape(8, 32).sum(0)
        byte = np.arange(256)
        keep = np.flatnonzero((wanted[byte & 31] & (byte < 128))[raw])
        return keep, (raw[keep] & 31).astype(np.uint8), counts
    kind = np.asarray(records["classification"])
    withheld = np.asarray(records["classification_flags"]) & 4
    keep = np.flatnonzero(wanted[kind] & (withheld == 0))
    return keep, kind[keep], np.bincount(kind, minlength=256).astype(np.int64)


def _tile(path: Path) -> Tile:
    where = path.name
    if not path.is_file():
        raise InputError(where, got="no such file", want="a LAS, LAZ or COPC file", then="check the name in the scene")
    if path.stat().st_size == 0:
        raise InputError(where, got="an empty file (0 bytes)", want="a LAS, LAZ or COPC file",
                         then="fetch the file again")
    _refuse_later_versions(path)
    try:
        with _opened(path) as reader:
            header = reader.header
            more = _more_than_promised(header, path.stat().st_size)
            low, high = ((float(v[0]), float(v[1]), float(v[2])) for v in (header.mins, header.maxs))
            tile = Tile(path=path, point_count=int(header.point_count), crs=crs_in_header(header.vlrs, where),
                        low=low, high=high)
            numbers = np.concatenate([header.scales, header.offsets, low, high])
    except InputError:
        raise
    except _unreadable() as error:
        raise InputError(where, got=f"no readable LAS header ({_first_line(error)})", want="a LAS, LAZ or COPC file",
                         then="check that this is a point cloud, or fetch the file again") from error
    if tile.point_count == 0:
        raise InputError(where, got="a header and 0 points", want="points", then="leave the file out of the scene")
    if not np.isfinite(numbers).all():
        raise InputError(where, got="scale, offset or extent that is not a number in the header", want="finite numbers",
                         then="export the file again")
    if not numbers[:3].all():
        raise InputError(where, got="a scale of 0 in the header", want="the size of a step of its coordinates",
                         then="export the file again")
    if more:
        raise InputError(where, got=f"{tile.point_count:,} points by its header and room for {more:,}",
                         want="a header that counts all of them", then="repair the header, or export the file again")
    return tile


def _refuse_later_versions(path: Path) -> None:
    """Refuse a file that says it is LAS of a version not known here."""
    with path.open("rb") as file:
        start = file.read(26)
    if start[:4] == b"LASF" and len(start) == 26 and not (start[24] == 1 and start[25] <= LATEST_MINOR):
        raise InputError(path.name, got=f"LAS {start[24]}.{start[25]}", want=f"LAS 1.0 to 1.{LATEST_MINOR}",
                         then="export the file in one of these")


def _more_than_promised(header: laspy.LasHeader, size: int) -> int:
    """Count the records that fit into a file that is not compressed, where they are more than its header says."""
    if header.are_points_compressed or header.number_of_evlrs or header.start_of_waveform_data_packet_record:
        return 0
    room = int((size - header.offset_to_point_data) // header.point_format.size)
    return room if room > header.point_count else 0


@contextmanager
def _opened(path: Path, *, intensity: bool = False) -> Iterator[laspy.LasReader]:
    """Open a file for decoding of no more than position, class and flags, and the intensity if that is asked for.

    What is not decoded holds old values, not zeros.
    """
    import laspy

    fields = laspy.DecompressionSelection
    wanted = fields.XY_RETURNS_CHANNEL | fields.Z | fields.CLASSIFICATION | fields.FLAGS
    if intensity:
        wanted |= fields.INTENSITY
    with path.open("rb") as file:
        yield laspy.open(file, closefd=False, decompression_selection=wanted)


def _unreadable() -> tuple[type[Exception], ...]:
    """All that the decoders raise on bytes that are not what they should be."""
    import laspy
    import lazrs

    return (laspy.errors.LaspyException, lazrs.LazrsError, OSError, EOFError, ValueError, OverflowError, struct.error)


def _cut_off(tile: Tile, done: int) -> InputError:
    readable = f"{done:,} of {tile.point_count:,} points readable"
    return InputError(tile.path.name, got=f"a cut-off or damaged file ({readable})",
                      want="every point its header promises", then="fetch the file again")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:80]
