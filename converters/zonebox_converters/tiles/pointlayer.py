"""The laser scan of a scene as a layer of tiles that add to each other."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox.compression import NONE
from zonebox.frame import Frame
from zonebox_converters.tiles.glb import Json
from zonebox_converters.tiles.glbcheck import read_glb
from zonebox_converters.tiles.legacy import read_legacy
from zonebox_converters.tiles.place import Matrix, into, tile_matrix
from zonebox_converters.tiles.pointcontent import SCHEMA, points_content
from zonebox_converters.tiles.scatter import Node, Scan, Share, Squares, shares
from zonebox_converters.tiles.store import Folder, write_file
from zonebox_converters.tiles.tilesets import Written, generator
from zonebox_converters.tiles.tiling import PROMISES, Tile, box12, parent
from zonebox_converters.tiles.verifier import gltf_problems
from zonebox_converters.tiles.volumes import read_volume

NAME: Final = "pointcloud"
_TOP: Final = Node(0, 0, 0)


def write_points(scans: Iterable[Scan], frame: Frame, folder: Folder, version: str,
                 compression: str = NONE) -> Written | None:
    """Write points as tiles; None of no points at all.

    Memory stays within that of a square of 128 m and of the coarse tiles over all squares, however many points there
    are; the disk beside the tiles holds every point once while they are sorted.
    """
    folder.root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".points-", dir=folder.root) as scratch:
        squares = Squares(Path(scratch))
        squares.fill(scans)
        if not squares.count:
            return None
        extent, made = squares.extent(), _Made(frame, folder, version, compression)
        for share in shares(squares, extent):
            made.add(share, tile_matrix(frame, *extent.middle(share.node)))
    return Written(name=NAME, features=squares.count, schema=SCHEMA, statistics=made.statistics(),
                   tile=made.tree(), triangles=0, files=tuple(made.files), size_bytes=made.size_bytes,
                   problems=tuple(made.problems), refine="ADD")


class _Made:
    """What has been written so far."""

    def __init__(self, frame: Frame, folder: Folder, version: str, compression: str) -> None:
        self._frame, self._folder, self._version, self._compression = frame, folder, version, compression
        self._tiles: dict[Node, Tile] = {}
        self._kinds = np.zeros(256, dtype=np.int64)
        self._strength = [np.inf, -np.inf]
        self.files: list[str] = []
        self.problems: list[str] = []
        self.size_bytes = 0

    def add(self, share: Share, matrix: Matrix) -> None:
        """Write one tile and check its bytes as any other reader would."""
        local = into(matrix, self._frame.to_ecef(np.ascontiguousarray(share.points["xyz"])))
        kinds, strength = (np.ascontiguousarray(share.points[name]) for name in ("kind", "strength"))
        made = points_content(local, kinds, strength, generator=generator(), version=self._version,
                              compression=self._compression)
        file = f"{'_'.join(map(str, share.node))}.{'pnts' if self._version == '1.0' else 'glb'}"
        uri = f"{NAME}/{file}"
        self._folder.plan([uri])
        self._folder.keep(uri, rewritten=write_file(self._folder.root / uri, made.data))
        self.files.append(uri)
        self.size_bytes += len(made.data)
        self.problems += [f"{uri}: {text}" for text in (*self._checked(made.data, made.box, matrix), *made.moved())]
        self._tiles[share.node] = Tile(matrix=matrix, box=made.box, error_m=share.error_m, uri=file)
        self._kinds += np.bincount(kinds, minlength=256)
        self._strength = [min(self._strength[0], int(strength.min())), max(self._strength[1], int(strength.max()))]

    def _checked(self, data: bytes, box: NDArray[np.float64],
                 matrix: Matrix) -> Sequence[str]:
        broken = list(PROMISES.broken(len(data), 0))
        if self._version == "1.0":
            return [*read_legacy(data)[1], *broken]
        volume, _ = read_volume({"box": box12(box)}, matrix)
        return [*gltf_problems(*read_glb(data), matrix, [volume] if volume is not None else []), *broken]

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
