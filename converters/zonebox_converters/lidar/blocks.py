"""Surfaces of more points than memory holds: block by block, with seams that close exactly.

Points are laid down on disk in square blocks. Each block is refined alone, which leaves a few per cent of its points;
those of all blocks together are triangulated once, so that there are no seams to close. What this one surface then
misses, near the borders of blocks, is put in until every point of every block is within the bound.

What is finished stays on disk until the surface is whole: a run that was interrupted goes on at the tile or block it
had reached.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox.errors import InputError
from zonebox.geometry.tin import tin_index
from zonebox_converters.lidar.cloud import GROUND, WATER, Piece
from zonebox_converters.lidar.ground import refuse_too_few, thinned
from zonebox_converters.lidar.refine import PER_METRE, Fit, fitted
from zonebox_converters.lidar.spikes import sifted
from zonebox_converters.lidar.unclassified import CANDIDATES

Points = NDArray[np.float64]
Decode = Callable[[Sequence[int]], Iterator[Piece]]
"""A tile that streams the points of the classes it is asked for, in the frame."""

MEMORY_MB: Final = 2000.0
"""Default memory for the points of a survey."""

BYTES_PER_POINT: Final = 200
"""Memory that refinement takes for a point, all arrays together."""

POINTS_LEAST: Final = 256
"""Blocks are not made smaller than this many points, however little memory is given."""

RAW_BYTES: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockFit:
    """A surface, the points it was made from, how many stood at the place of another, and the spikes left out."""

    fit: Fit
    points: int
    dropped: int
    spikes: Points


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """Square blocks of points on disk; ``low`` and ``side`` in whole millimetres."""

    folder: Path
    low: tuple[int, int]
    side: int
    columns: int
    rows: int
    kind: str = "points"

    def of(self, kind: str) -> Blocks:
        """Return the same blocks for points of another kind."""
        return replace(self, kind=kind)

    def around(self, block: int) -> list[int]:
        """List the blocks beside one, at most eight."""
        row, column = divmod(block, self.columns)
        return [r * self.columns + c for r in range(max(row - 1, 0), min(row + 2, self.rows))
                for c in range(max(column - 1, 0), min(column + 2, self.columns)) if (r, c) != (row, column)]

    @property
    def numbers(self) -> range:
        """Every block, row by row."""
        return range(self.columns * self.rows)

    def add(self, points: Points) -> None:
        """Lay points (n, 3) down in their blocks."""
        place = np.rint(points[:, :2] * PER_METRE).astype(np.int64) - np.array(self.low)
        column, row = np.clip(place // self.side, 0, [self.columns - 1, self.rows - 1]).T
        block = row * self.columns + column
        order = np.argsort(block, kind="stable")
        for part in np.split(order, np.flatnonzero(np.diff(block[order])) + 1):
            if len(part):
                with self._raw(int(block[part[0]])).open("ab") as file:
                    file.write(points[part].tobytes())

    def points(self, block: int) -> tuple[Points, Points]:
        """Read the points of a block back, one per place, and the spikes among them apart; worked out once."""
        path = self.folder / f"single-{block}.npz"
        if path.exists():
            with np.load(path) as held:
                return np.asarray(held["points"]), np.asarray(held["spikes"])
        points, spikes = sifted(thinned(self.raw(block)), lambda: np.concatenate(
            [np.zeros((0, 3)), *(thinned(self.raw(k)) for k in self.around(block))]))
        draft = self.folder / "draft.npz"
        np.savez(draft, points=points, spikes=spikes)
        draft.replace(path)
        return points, spikes

    def raw(self, block: int) -> Points:
        """Read the points of a block back as they came."""
        path = self._raw(block)
        return np.fromfile(path).reshape(-1, 3) if path.exists() else np.zeros((0, 3))

    def vertices(self, block: int, max_error_m: float) -> Points:
        """Points of a block that carry its surface; found on disk where the block is finished."""
        path = self.folder / f"vertices-{block}.npy"
        if not path.exists():
            points, _ = self.points(block)
            try:
                refuse_too_few(points, where="block")
                points = np.asarray(fitted(points, max_error_m).mesh.vertices)
            except InputError:                                          # too few for a surface: all of them carry it
                pass
            draft = self.folder / "draft.npy"
            np.save(draft, points)
            draft.replace(path)
        return np.asarray(np.load(path))

    def sizes(self) -> dict[str, int]:
        """Bytes in each block."""
        return {str(k): self._raw(k).stat().st_size for k in self.numbers if self._raw(k).exists()}

    def shrink(self, sizes: dict[str, int]) -> None:
        """Cut the blocks back to these bytes: what came after was of a tile that was not finished."""
        for k in self.numbers:
            path, size = self._raw(k), sizes.get(str(k), 0)
            if path.exists() and path.stat().st_size > size:
                with path.open("r+b") as file:
                    file.truncate(size)

    def _raw(self, block: int) -> Path:
        return self.folder / f"{self.kind}-{block}.f64"


def fitted_in_blocks(blocks: Blocks, max_error_m: float, *, where: str) -> BlockFit:
    """Lay a TIN within ``max_error_m`` of every point of some blocks, one block at a time; then remove their folder.

    Raises
    ------
    InputError
        The points span no surface.
    """
    vertices = thinned(np.concatenate([blocks.vertices(k, max_error_m) for k in blocks.numbers]))
    refuse_too_few(vertices, where=where)
    while True:
        fit, missed, points, spikes = _measured(blocks, fitted(vertices, 0.0), max_error_m)
        if not len(missed):
            break
        vertices = thinned(np.concatenate([vertices, missed]))
    raw = sum(blocks.sizes().values()) // RAW_BYTES
    shutil.rmtree(blocks.folder, ignore_errors=True)
    return BlockFit(fit=fit, points=points, dropped=raw - points - len(spikes), spikes=spikes)


def blocks_over(box: NDArray[np.float64], total: int, *, folder: Path, memory_mb: float) -> Blocks:
    """Choose blocks that hold as many points as fit into half of the memory, were they spread evenly.

    Parameters
    ----------
    box : (2, 2) float64
        Lowest and highest plan corner of all points, metres; points beyond go to the blocks at the border.
    total : int
        Points, at most.
    folder : Path
        Where blocks are kept.
    memory_mb : float
        Memory for the refinement of one block.
    """
    low = np.floor(box[0] * PER_METRE).astype(np.int64)
    extent = np.maximum(np.ceil(box[1] * PER_METRE).astype(np.int64) - low, 1)
    wanted = max(min(total * BYTES_PER_POINT / (memory_mb * 0.5e6), total / POINTS_LEAST), 1.0)
    side = max(math.ceil(math.sqrt(float(extent[0]) * float(extent[1]) / wanted)), 1)
    columns, rows = (int(n) for n in -(-extent // side))
    return Blocks(folder=folder, low=(int(low[0]), int(low[1])), side=side, columns=columns, rows=rows)


def laid_down(tiles: Sequence[Decode], blocks: Blocks) -> NDArray[np.int64]:
    """Decode the tiles that are not yet on disk, and count all points by class (256,).

    Ground goes to ``blocks``, water to those of kind ``water``; of tiles without ground, what may be ground goes to
    those of kind ``loose``.
    """
    blocks.folder.mkdir(parents=True, exist_ok=True)
    journal = blocks.folder / "tiles.json"
    known = json.loads(journal.read_text()) if journal.exists() else {}
    stores = {kind: blocks.of(kind) for kind in ("points", "water", "loose")}
    for kind, store in stores.items():
        store.shrink(known.get("sizes", {}).get(kind, {}))
    counts = np.array(known.get("counts", [0] * 256), dtype=np.int64)
    finished = int(known.get("tiles", 0))
    for number, tile in enumerate(tiles[finished:], start=finished + 1):
        grounds = 0
        for piece in tile((GROUND, WATER)):
            wet = piece.kinds == WATER
            blocks.add(piece.points[~wet])
            stores["water"].add(piece.points[wet])
            counts += piece.counts
            grounds += int(piece.counts[GROUND])
        if not grounds:
            for piece in tile(CANDIDATES):
                stores["loose"].add(piece.points)
        draft = blocks.folder / "draft.json"
        draft.write_text(json.dumps({"tiles": number, "counts": counts.tolist(),
                                     "sizes": {kind: store.sizes() for kind, store in stores.items()}}))
        draft.replace(journal)
    return counts


def _measured(blocks: Blocks, fit: Fit, max_error_m: float) -> tuple[Fit, Points, int, Points]:
    """Measure a surface against every block.

    Returns it with its errors, the worst point of each bad triangle, how many points there are, and the spikes.
    A point that no triangle lies over is as bad as can be.
    """
    index = tin_index(fit.mesh)
    largest = squares = 0.0
    count, missed, left_out = 0, [np.zeros((0, 3))], [np.zeros((0, 3))]
    for k in blocks.numbers:
        points, spikes = blocks.points(k)
        left_out.append(spikes)
        if not len(points):
            continue
        owner = index.triangle_at(points[:, :2])
        off = np.full(len(points), np.inf)
        over = owner >= 0
        off[over] = np.abs(index.height_in(owner[over], points[over, :2]) - points[over, 2])
        bad = np.flatnonzero(off > max_error_m)
        bad = bad[np.lexsort((-off[bad], owner[bad]))]
        missed.append(points[bad[(np.diff(owner[bad], prepend=-2) != 0) | ~over[bad]]])
        largest, squares, count = max(largest, float(off.max())), squares + float((off**2).sum()), count + len(points)
    return (Fit(mesh=fit.mesh, max_error_m=largest, rms_error_m=math.sqrt(squares / max(count, 1))),
            np.concatenate(missed), count, np.concatenate(left_out))
