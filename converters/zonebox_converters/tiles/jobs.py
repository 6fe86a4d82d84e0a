"""Making the content of one tile, from nothing but what it is handed: here, or in another process.

A `Part` is cut out of its layer by the process that knows the scene; whoever gets it writes the GLB, checks the bytes
as any other reader would, and says what came out. The same parts give the same files wherever they are made.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from zonebox.compression import NONE
from zonebox_converters.tiles.content import Content, Part, content
from zonebox_converters.tiles.glbcheck import read_glb
from zonebox_converters.tiles.inside import gltf_problems, legacy_problems
from zonebox_converters.tiles.store import write_file
from zonebox_converters.tiles.tiling import PROMISES, box12
from zonebox_converters.tiles.volumes import read_volume


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """Where a content may be, in the frame of its tile's root, metres: an implicit tile's volume is not its own."""

    west: float
    south: float
    side: float

    @property
    def middle(self) -> tuple[float, float, float]:
        """Its middle, at height 0."""
        return self.west + self.side / 2, self.south + self.side / 2, 0.0

    def around(self, box: NDArray[np.float64]) -> NDArray[np.float64]:
        """Box (2, 3) of the square, as high as another."""
        return np.array([[self.west, self.south, box[0, 2]],
                         [self.west + self.side, self.south + self.side, box[1, 2]]])


class Task(Protocol):
    """Something that becomes a file of a layer, wherever it is made: it can be pickled and needs nothing else."""

    @property
    def layer(self) -> str:
        """Folder of the layer."""

    @property
    def path(self) -> Path:
        """The file."""

    def make(self) -> tuple[Done, bytes] | None:
        """Make the bytes of the file and check them, without writing anything: the place may be on another machine."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """A part of a layer, the file it becomes, the name of the program that stands in it, the version of 3D Tiles.

    ``square`` bounds an implicit tile; an explicit one has a volume as tight as its content.
    """

    layer: str
    part: Part
    path: Path
    generator: str
    version: str = "1.1"
    compression: str = NONE
    square: Square | None = None

    def make(self) -> tuple[Done, bytes] | None:
        """Make the bytes of the part's file and check them."""
        made = content(self.part, generator=self.generator, version=self.version, compression=self.compression)
        if made is None:
            return None
        around = made.box if self.square is None else self.square.around(made.box)
        return checked(made, around, self.part.matrix, self.version), made.data


def checked(made: Content, around: NDArray[np.float64], matrix: NDArray[np.float64], version: str) -> Done:
    """Read what was made as anyone would, and compare it with the box (2, 3) ``around`` it in its tile's frame."""
    volume, _ = read_volume({"box": box12(around)}, matrix)
    volumes = [volume] if volume is not None else []
    if version == "1.0":
        problems = legacy_problems(made.data, matrix, volumes)
    else:
        problems = gltf_problems(*read_glb(made.data), matrix, volumes)
    problems += [*PROMISES.broken(len(made.data), made.triangles), *made.moved()]
    return Done(box=made.box, triangles=made.triangles, size=len(made.data), problems=tuple(problems),
                rewritten=False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Done:
    """What became of a job.

    Parameters
    ----------
    box : (2, 3) float64
        Around the positions, in the tile's frame.
    triangles, size : int
        Drawn, and bytes of the file.
    rewritten : bool
        False where the same bytes were there before.
    problems : tuple of str
        What a reader would object to; nothing, unless there is a mistake here.
    """

    box: NDArray[np.float64]
    triangles: int
    size: int
    rewritten: bool
    problems: tuple[str, ...]


def perform(job: Task) -> Done | None:
    """Write a job's file and check it; None where no triangle of it has an area."""
    return keep(job, make(job))


def keep(job: Task, made: tuple[Done, bytes] | None) -> Done | None:
    """Put what was made of a job in its place."""
    return None if made is None else replace(made[0], rewritten=write_file(job.path, made[1]))


def make(job: Task) -> tuple[Done, bytes] | None:
    """Make what a job makes; a function, because that is what a cluster is sent."""
    return job.make()
