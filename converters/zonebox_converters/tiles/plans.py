"""What becomes of a layer's tiles, however they are laid out: explicitly (`explicit`) or implicitly (`implicit`)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zonebox.compression import NONE
from zonebox.frame import Frame
from zonebox_converters.tiles.content import Part
from zonebox_converters.tiles.glb import Json
from zonebox_converters.tiles.jobs import Done, Job, Square
from zonebox_converters.tiles.metadata import Schema
from zonebox_converters.tiles.place import Matrix
from zonebox_converters.tiles.store import Folder
from zonebox_converters.tiles.tilesets import Written, generator
from zonebox_converters.tiles.tiling import Tile


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Target:
    """Where tiles go and what they are: the scene's frame, its matrix on the globe, folder, version, compression."""

    frame: Frame
    matrix: Matrix
    root: Path
    version: str = "1.1"
    compression: str = NONE

    def job(self, layer: str, uri: str, part: Part, square: Square | None = None) -> Job:
        """Ask for the content ``uri`` (relative to the root) of a layer to be made of a part."""
        return Job(layer=layer, part=part, path=self.root / uri, generator=generator(), version=self.version,
                   compression=self.compression, square=square)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tree:
    """The root of a layer, how it refines, and what is written beside the contents.

    ``implicit`` is its ``implicitTiling`` object, ``files`` are bytes by their names in the layer's folder.
    """

    tile: Tile
    refine: str = "REPLACE"
    implicit: Json | None = None
    files: dict[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan(ABC):
    """What must be remembered of a layer while its contents are made: nothing of its triangles."""

    name: str
    features: int
    schema: Schema
    statistics: Json
    target: Target

    @property
    @abstractmethod
    def files(self) -> list[str]:
        """Names of the contents in the layer's folder, in the order of their jobs."""

    @abstractmethod
    def tree(self, results: Sequence[Done | None]) -> Tree | None:
        """Join what became of the jobs; None where nothing can be drawn."""

    @abstractmethod
    def full(self, number: int) -> bool:
        """Whether a content shows its features themselves, not a coarse picture of them."""

    def uris(self) -> list[str]:
        """Names of the contents, relative to the root."""
        return [f"{self.name}/{file}" for file in self.files]

    def written(self, results: Sequence[Done | None], folder: Folder) -> Written | None:
        """Take stock of a layer whose contents are on disk."""
        drawn = [(k, uri, done) for k, (uri, done) in enumerate(zip(self.uris(), results, strict=True))
                 if done is not None]
        for _, uri, done in drawn:
            folder.keep(uri, rewritten=done.rewritten)
        tree = self.tree(results)
        if tree is None:
            return None
        beside = {f"{self.name}/{file}": data for file, data in tree.files.items()}
        folder.plan(beside)
        for uri, data in beside.items():
            folder.put(uri, data)
        return Written(name=self.name, features=self.features, schema=self.schema, statistics=self.statistics,
                       tile=tree.tile, refine=tree.refine, implicit=tree.implicit,
                       triangles=sum(done.triangles for k, _, done in drawn if self.full(k)),
                       files=tuple(uri for _, uri, _ in drawn), beside=tuple(beside),
                       size_bytes=sum(done.size for _, _, done in drawn) + sum(map(len, beside.values())),
                       problems=tuple(f"{uri}: {text}" for _, uri, done in drawn for text in done.problems))
