"""The vertices of a tile on their way into a GLB: once for all primitives, or, for Draco, each primitive its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox.compression import DRACO, NONE
from zonebox_converters.tiles import draco
from zonebox_converters.tiles.glb import LINES, TRIANGLES, GlbBuilder, Json
from zonebox_converters.tiles.packing import Placed

POSITION: Final = "POSITION"
NORMAL: Final = "NORMAL"
OUTLINE: Final = "CESIUM_primitive_outline"
_NORMAL_MOST: Final = 127


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Column:
    """An attribute (n,) or (n, k) beside positions and normals."""

    values: NDArray[Any]
    normalized: bool = False


class Vertices:
    """Vertices that primitives refer to.

    Parameters
    ----------
    positions, normals
        (n, 3), y up.
    others : mapping of str to Column
        Further attributes by their names.
    """

    def __init__(self, glb: GlbBuilder, positions: Placed, normals: NDArray[np.float32],
                 others: Mapping[str, Column], *, compression: str) -> None:
        self._glb, self._positions, self._normals, self._others = glb, positions, normals, others
        self._count = len(normals)
        self._draco = compression == DRACO and positions.exponent is not None
        self._small = compression not in (NONE, DRACO)
        self._shared = {} if self._draco else self._written(None, normals=True)

    def faces(self, triangles: NDArray[np.int64], outline: NDArray[np.int64] | None) -> Json:
        """Make a primitive of triangles (m, 3), its edges (k, 2) named where there are any."""
        ends = outline if outline is not None and len(outline) else None
        if self._draco:
            return self._packed(triangles, ends)
        primitive: Json = {"attributes": self._shared, "mode": TRIANGLES,
                           "indices": self._glb.indices(triangles, self._count)}
        if ends is not None:
            told = self._glb.indices(ends, self._count, target=None, triangles=False)
            primitive["extensions"] = {OUTLINE: {"indices": told}}
        return primitive

    def lines(self, ends: NDArray[np.int64]) -> Json:
        """Make a primitive of lines (k, 2), which have no normals."""
        if self._draco:     # it knows no lines: these have vertices of their own
            used, ends = np.unique(ends, return_inverse=True)
            attributes, count = self._written(used, normals=False), len(used)
        else:
            attributes = {name: index for name, index in self._shared.items() if name != NORMAL}
            count = self._count
        return {"attributes": attributes, "mode": LINES,
                "indices": self._glb.indices(ends, count, triangles=False)}

    def _written(self, used: NDArray[np.intp] | None, *, normals: bool) -> dict[str, int]:
        """Write some of the vertices, or all, and say where they are."""
        chosen = slice(None) if used is None else used
        glb, stored = self._glb, self._positions.stored[chosen]
        exponent = self._positions.exponent if stored.dtype.kind == "f" else None
        attributes = {POSITION: glb.attribute(stored, bounded=True, exponent=exponent)}
        if normals and self._small:
            small = np.rint(self._normals[chosen] * _NORMAL_MOST).astype(np.int8)
            attributes[NORMAL] = glb.attribute(small, normalized=True)
        elif normals:
            attributes[NORMAL] = glb.attribute(self._normals[chosen])
        for name, column in self._others.items():
            attributes[name] = glb.attribute(column.values[chosen], normalized=column.normalized)
        if self._small and (normals or stored.dtype.kind == "i"):
            glb.need("KHR_mesh_quantization")
        return attributes

    def _packed(self, triangles: NDArray[np.int64], ends: NDArray[np.int64] | None) -> Json:
        """Make a primitive of which the numbers stand in a Draco stream.

        A stream may hold its vertices in another order and number, so its accessors say what reading it gives.
        """
        glb, exponent = self._glb, self._positions.exponent
        assert exponent is not None
        used, local = np.unique(triangles, return_inverse=True)
        columns = {k: column.values[used].reshape(len(used), -1) for k, column in enumerate(self._others.values())}
        data, read = draco.packed(self._positions.real[used], self._normals[used], columns, local.reshape(-1, 3),
                                  step_m=2.0**exponent, ordered=ends is not None)
        ids = {POSITION: draco.position_id(read), NORMAL: draco.normal_id(read),
               **{name: k for k, name in enumerate(self._others)}}
        positions = read.columns[ids[POSITION]]
        attributes = {POSITION: glb.promised(positions, bounded=True),
                      NORMAL: glb.promised(read.columns[ids[NORMAL]])}
        for k, (name, column) in enumerate(self._others.items()):
            attributes[name] = glb.promised(read.columns[k].astype(column.values.dtype), normalized=column.normalized)
        kind = np.uint16 if len(positions) <= 0xFFFF else np.uint32
        extensions: Json = {draco.NAME: {"bufferView": glb.view(data), "attributes": ids}}
        if ends is not None:
            extensions[OUTLINE] = {"indices": glb.indices(np.searchsorted(used, ends), len(used), target=None,
                                                          triangles=False)}
        glb.need(draco.NAME)
        return {"attributes": attributes, "mode": TRIANGLES, "extensions": extensions,
                "indices": glb.promised(read.triangles.reshape(-1, 1).astype(kind))}
