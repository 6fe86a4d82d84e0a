"""Where the products of a large file stand, and which shape they repeat, for all of them at once from its text."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zonebox_converters.ifc.statements import Statements
from zonebox_converters.ifc.step_text import Longs, key_of

Floats = NDArray[np.float64]

PLACEMENT, REPRESENTATION = 5, 6
"""Which arguments of a product these are, in every schema."""


class TextPlaces:
    """Placements and mapped shapes of products, read from the statements of their file.

    What is not written in the plainest way (a grid placement, a shape of several items) is told apart, and left to
    whoever reads it from the model.
    """

    def __init__(self, found: Statements) -> None:
        """Work out every local placement of the file."""
        self._found = found
        rows = np.flatnonzero(found.keyword == key_of("IFCLOCALPLACEMENT"))
        stands = found.arguments(rows, 2)                                       # PlacementRelTo, RelativePlacement
        self._place_of = np.full(len(found), -1, dtype=np.int64)
        self._place_of[rows] = np.arange(len(rows))
        above = found.rows(stands[:, 0])
        parent = np.where(above >= 0, self._place_of[above], -1)
        self._world = _composed(self._own(found.rows(stands[:, 1])), parent, stands[:, 0] == 0)

    def matrices(self, products: Longs) -> Floats:
        """Placements (n, 4, 4) of products by step number, in the file's unit; NaN where they are not plain."""
        placement = self._found.arguments(self._found.rows(products), PLACEMENT + 1)[:, PLACEMENT]
        rows = self._found.rows(placement)
        place = np.where(rows >= 0, self._place_of[rows], -1)
        made = np.full((len(products), 4, 4), np.nan)
        made[place >= 0] = self._world[place[place >= 0]]
        made[placement == 0] = np.eye(4)
        return made

    def mapped(self, products: Longs) -> Longs:
        """Step numbers of the map and of the operator (n, 2) of products that are one mapped item; 0 where not."""
        found = self._found
        shape = found.rows(found.arguments(found.rows(products), REPRESENTATION + 1)[:, REPRESENTATION])
        one = found.rows(found.arguments(shape, 3)[:, 2])                       # Representations
        item = found.rows(found.arguments(one, 4)[:, 3])                        # Items
        item = np.where(found.of_kind(item, "IFCMAPPEDITEM"), item, -1)
        source = found.arguments(item, 2)                                       # MappingSource, MappingTarget
        source[~(source > 0).all(axis=1)] = 0
        return source

    def _own(self, rows: Longs) -> Floats:
        """Matrices (n, 4, 4) of axis placements (n,); NaN where they are none in space.

        IFC, IfcAxis2Placement3D: Z is Axis, X is RefDirection without its part along Z.
        """
        found = self._found
        rows = np.where(found.of_kind(rows, "IFCAXIS2PLACEMENT3D"), rows, -1)
        parts = found.arguments(rows, 3)                                        # Location, Axis, RefDirection
        origin = self._triples(parts[:, 0], "IFCCARTESIANPOINT")
        up, along = (self._triples(parts[:, k], "IFCDIRECTION") for k in (1, 2))
        up[parts[:, 1] == 0] = 0.0, 0.0, 1.0
        along[(parts[:, 2] == 0) & (parts[:, 1] == 0)] = 1.0, 0.0, 0.0          # an axis alone turns in its own way
        with np.errstate(invalid="ignore", divide="ignore"):
            up /= np.linalg.norm(up, axis=1, keepdims=True)
            along -= np.sum(along * up, axis=1, keepdims=True) * up
            along /= np.linalg.norm(along, axis=1, keepdims=True)
        made = np.zeros((len(rows), 4, 4))
        made[:, :3, 0], made[:, :3, 1], made[:, :3, 2], made[:, :3, 3] = along, np.cross(up, along), up, origin
        made[:, 3, 3] = 1.0
        made[~np.isfinite(made).all(axis=(1, 2))] = np.nan
        return made

    def _triples(self, numbers: Longs, keyword: str) -> Floats:
        rows = self._found.rows(numbers)
        return self._found.triples(np.where(self._found.of_kind(rows, keyword), rows, -1))


def _composed(own: Floats, parent: Longs, root: NDArray[np.bool_]) -> Floats:
    """Chain matrices (n, 4, 4) from the roots down; NaN where a chain does not end at one."""
    world = np.full_like(own, np.nan)
    done, level = np.zeros(len(own), dtype=np.bool_), np.flatnonzero(root)
    world[level] = own[level]
    while len(level):
        done[level] = True
        level = np.flatnonzero(~done & (parent >= 0) & done[parent])
        world[level] = world[parent[level]] @ own[level]
    return world
