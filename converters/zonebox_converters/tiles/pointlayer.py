"""The laser scan of a scene as a layer of tiles that add to each other."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox_converters.tiles.glb import Json
from zonebox_converters.tiles.jobs import Done, checked
from zonebox_converters.tiles.place import Matrix, into, tile_matrix
from zonebox_converters.tiles.plans import Target
from zonebox_converters.tiles.pointcontent import SCHEMA, points_content
from zonebox_converters.tiles.scatter import Extent, Node, Scan, Share, Squares, shares
from zonebox_converters.tiles.store import Folder
from zonebox_converters.tiles.tilesets import Written, generator
from zonebox_converters.tiles.tiling import Tile, parent
from zonebox_converters.tiles.workers import perform_all

NAME: Final = "pointcloud"
_TOP: Final = Node(0, 0, 0)


def write_points(scans: Iterable[Scan], target: Target, folder: Folder, *, workers: int = 1,
                 scheduler: str | None = None) -> Written | None:
    """Write points as tiles; None of no points at all.

    Memory stays within that of a square of 128 m, of the coarse tiles over all squares and of the jobs under way,
    however many points there are; the disk beside the tiles holds every point once while they are sorted.
    ``workers`` and ``scheduler`` as in `perform_all`.
    """
    folder.root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".points-", dir=folder.root) as scratch:
        squares = Squares(Path(scratch))
        squares.fill(scans)
        if not squares.count:
            return None
        made = _Made(target, folder)
        jobs = made.jobs(shares(squares, squares.extent()), squares.extent())
        made.keep(perform_all(jobs, workers=workers, told=lambda _job: None, scheduler=scheduler))
    return Written(name=NAME, features=squares.count, schema=SCHEMA, statistics=made.statistics(),
                   tile=made.tree(), triangles=0, files=tuple(made.files), size_bytes=made.size_bytes,
                   problems=tuple(made.problems), refine="ADD")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PointJob:
    """Points (n, 3) in EPSG:4978 that become a tile, with classes and strengths (n,) and the tile's frame."""

    points: NDArray[np.float64]
    kinds: NDArray[np.uint8]
    strength: NDArray[np.uint16]
    matrix: Matrix
    path: Path
    generator: str
    version: str
    compression: str
    layer: str = NAME

    def make(self) -> tuple[Done, bytes] | None:
        """Make the bytes of the tile and check them as any other reader would."""
        made = points_content(into(self.matrix, self.points), self.kinds, self.strength, generator=self.generator,
                              version=self.version, compression=self.compression)
        return checked(made, made.box, self.matrix, self.version), made.data


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Asked:
    """A tile that was given away to be made."""

    node: Node
    file: str
    matrix: Matrix
    error_m: float


class _Made:
    """What has been asked for and written so far."""

    def __init__(self, target: Target, folder: Folder) -> None:
        self._target, self._folder = target, folder
        self._asked: list[_Asked] = []
        self._tiles: dict[Node, Tile] = {}
        self._kinds = np.zeros(256, dtype=np.int64)
        self._strength = [np.inf, -np.inf]
        self.files: list[str] = []
        self.problems: list[str] = []
        self.size_bytes = 0

    def jobs(self, given: Iterable[Share], extent: Extent) -> Iterator[PointJob]:
        """Count the points of each tile, and give it away to be made."""
        target = self._target
        for share in given:
            matrix = tile_matrix(target.frame, *extent.middle(share.node))
            xyz, kinds, strength = (np.ascontiguousarray(share.points[name]) for name in ("xyz", "kind", "strength"))
            file = f"{'_'.join(map(str, share.node))}.{'pnts' if target.version == '1.0' else 'glb'}"
            self._asked.append(_Asked(node=share.node, file=file, matrix=matrix, error_m=share.error_m))
            self._kinds += np.bincount(kinds, minlength=256)
            self._strength = [min(self._strength[0], int(strength.min())), max(self._strength[1], int(strength.max()))]
            self._folder.plan([f"{NAME}/{file}"])
            yield PointJob(points=target.frame.to_ecef(xyz), kinds=kinds, strength=strength, matrix=matrix,
                           path=target.root / NAME / file, generator=generator(), version=target.version,
                           compression=target.compression)

    def keep(self, results: Sequence[Done | None]) -> None:
        """Take note of what became of the tiles, in the order they were given away."""
        for asked, done in zip(self._asked, results, strict=True):
            if done is None:
                continue
            uri = f"{NAME}/{asked.file}"
            self._folder.keep(uri, rewritten=done.rewritten)
            self.files.append(uri)
            self.size_bytes += done.size
            self.problems += [f"{uri}: {text}" for text in done.problems]
            self._tiles[asked.node] = Tile(matrix=asked.matrix, box=done.box, error_m=asked.error_m, uri=asked.file)

    def tree(self) -> Tile:
        """Hang every tile under the one whose quarter it is."""
        under: defaultdict[Node, list[Node]] = defaultdict(list)
        for node in sorted(self._tiles):
            if node.level:
                under[node.above].append(node)

        def grown(node: Node) -> Tile:
            own, children = self._tiles[node], tuple(grown(child) for child in under[node])
            return parent(own.matrix, children, own) if children else own

        return grown(_TOP)

    def statistics(self) -> Json:
        """Count the points, by class too, and say how strong the echoes are."""
        present = np.flatnonzero(self._kinds)
        return {"classes": {SCHEMA.id: {"count": int(self._kinds.sum()), "properties": {
            "classification": {"min": int(present.min()), "max": int(present.max())},
            "intensity": {"min": int(self._strength[0]), "max": int(self._strength[1])}}}}}
