"""A layer as an implicit quadtree: the tileset names a rule, and subtree files say which squares hold something."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from zonebox_converters.tiles.cutting import Cutter, distinct
from zonebox_converters.tiles.jobs import Done, Job
from zonebox_converters.tiles.jobs import Square as Bounds
from zonebox_converters.tiles.layers import Layer
from zonebox_converters.tiles.plans import Plan, Target, Tree
from zonebox_converters.tiles.squares import Square, Squares, divided
from zonebox_converters.tiles.statistics import statistics
from zonebox_converters.tiles.subtreefile import subtree_files
from zonebox_converters.tiles.tiling import Tile

UNIFORM: Final = ("context", "design", "envelopes", "findings")
"""Layers of separate features that are all drawn the same way; ground and points have levels of detail of their own."""

SUBTREE_LEVELS: Final = 6
"""Of one subtree file: 1,365 squares in some hundred bytes, which is a whole city of 100,000 parcels."""

CONTENTS: Final = "{level}/{x}/{y}.glb"
SUBTREES: Final = "subtrees/{level}/{x}/{y}.subtree"


def laid_out(layer: Layer, target: Target) -> tuple[Plan, Iterator[Job]] | None:
    """Divide a layer among squares and give its plan and its jobs; None where it cannot be divided so."""
    found = divided(layer, target.frame, target.matrix)
    if found is None:
        return None
    plan = _Implicit(name=layer.name, features=len(distinct(layer.feature)[0]), schema=layer.table.schema,
                     statistics=statistics(layer.table), target=target, half_m=found.half_m, error_m=found.error_m,
                     levels=found.levels, places=tuple((s.level, s.x, s.y) for s in found.squares))
    return plan, _jobs(layer, found, target)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Implicit(Plan):
    """Level, column and row of each square with a content, the root's half side and its error."""

    half_m: float
    error_m: float
    levels: int
    places: tuple[tuple[int, int, int], ...]

    @property
    def files(self) -> list[str]:
        return [_file(*place) for place in self.places]

    def full(self, number: int) -> bool:  # noqa: ARG002 - nothing here is coarse
        return True

    def tree(self, results: Sequence[Done | None]) -> Tree | None:
        drawn = [(place, done) for place, done in zip(self.places, results, strict=True) if done is not None]
        if not drawn:
            return None
        box = np.stack([np.min([done.box[0] for _, done in drawn], axis=0),
                        np.max([done.box[1] for _, done in drawn], axis=0)])
        if self.levels > 1:
            box[:, :2] = [[-self.half_m], [self.half_m]]
        rule = {"subdivisionScheme": "QUADTREE", "subtreeLevels": SUBTREE_LEVELS, "availableLevels": self.levels,
                "subtrees": {"uri": SUBTREES}}
        files = {_filled(SUBTREES, *root): data
                 for root, data in subtree_files([place for place, _ in drawn], SUBTREE_LEVELS).items()}
        return Tree(tile=Tile(matrix=self.target.matrix, box=box, error_m=self.error_m, uri=CONTENTS), refine="ADD",
                    implicit=rule, files=files)


def _jobs(layer: Layer, found: Squares, target: Target) -> Iterator[Job]:
    cutter = Cutter(layer, target.frame, target.matrix)
    for square in found.squares:
        bounds = _bounds(square, found.half_m)
        part = cutter.part(found.rows(square), target.matrix, shift=bounds.middle)
        yield target.job(layer.name, f"{layer.name}/{_file(square.level, square.x, square.y)}", part, bounds)


def _bounds(square: Square, half: float) -> Bounds:
    side = 2.0 * half * 0.5**square.level
    return Bounds(west=square.x * side - half, south=square.y * side - half, side=side)


def _file(level: int, x: int, y: int) -> str:
    return _filled(CONTENTS, level, x, y)


def _filled(template: str, level: int, x: int, y: int) -> str:
    return template.format(level=level, x=x, y=y)
