"""Binary glTF 2.0, byte by byte the same for the same arrays.

Only what tiles need: one buffer, views aligned to eight bytes (3D Tiles 1.1 and EXT_structural_metadata ask for it),
vertex strides padded to four, bounds on positions, the narrowest index type.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox_converters.tiles import meshopt

Json = dict[str, Any]

ARRAY_BUFFER: Final = 34962
ELEMENT_ARRAY_BUFFER: Final = 34963
POINTS: Final = 0
LINES: Final = 1
TRIANGLES: Final = 4

_ALIGN: Final = 8
_MAGIC: Final = 0x46546C67
_JSON: Final = 0x4E4F534A
_BIN: Final = 0x004E4942
_COMPONENT: Final = {"i1": 5120, "u1": 5121, "i2": 5122, "u2": 5123, "u4": 5125, "f4": 5126}
_SHAPE: Final = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}


def y_up(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """Turn z-up vectors (n, 3) into glTF's y-up: (x, y, z) -> (x, z, -y), in float32."""
    return np.stack([vectors[:, 0], vectors[:, 2], -vectors[:, 1]], axis=1).astype(np.float32) + np.float32(0.0)


def bounds(table: NDArray[Any]) -> NDArray[Any]:
    """Lowest and highest value (2, k) of each column of rows (n, k)."""
    columns = np.ascontiguousarray(table.T)
    return np.stack([columns.min(axis=1), columns.max(axis=1)])


class GlbBuilder:
    """Collects arrays into one binary chunk and hands out the indices that glTF refers to them by.

    Examples
    --------
    >>> glb = GlbBuilder()
    >>> glb.view(b"abc"), glb.view(b"d")
    (0, 1)
    >>> len(glb.finish({"asset": {"version": "2.0"}})) % 8
    0
    """

    def __init__(self, *, meshopt: bool = False) -> None:
        self._chunks: list[bytes] = []
        self._length = 0
        self._views: list[Json] = []
        self._accessors: list[Json] = []
        self._meshopt = meshopt
        self._unpacked = 0      # bytes that packed views stand for
        self._needs: set[str] = set()

    def need(self, extension: str) -> None:
        """Take note of an extension without which nobody can read what was appended."""
        self._needs.add(extension)

    def view(self, data: bytes, *, target: int | None = None, stride: int | None = None) -> int:
        """Append bytes as a buffer view and return its index; nothing at all becomes one zero byte."""
        data = data or b"\0"
        self._append(b"\0" * (-self._length % _ALIGN))
        view: Json = {"buffer": 0, "byteOffset": self._length, "byteLength": len(data)}
        if stride is not None:
            view["byteStride"] = stride
        if target is not None:
            view["target"] = target
        self._append(data)
        self._views.append(view)
        return len(self._views) - 1

    def attribute(self, array: NDArray[Any], *, bounded: bool = False, normalized: bool = False,
                  exponent: int | None = None) -> int:
        """Append a vertex attribute (n,) or (n, k) and return its accessor; rows are padded to four bytes.

        Floats may be known to be whole multiples of two to an ``exponent``.
        """
        table = np.ascontiguousarray(array.reshape(len(array), -1))
        row = table.dtype.itemsize * table.shape[1]
        stride = -(-row // 4) * 4
        raw = table.view(np.uint8)
        if stride != row:
            padded = np.zeros((len(table), stride), dtype=np.uint8)
            padded[:, :row] = raw
            raw = padded
        if self._meshopt and exponent is not None:
            view = self._packed(*meshopt.pack_steps(table, exponent), target=ARRAY_BUFFER, stride=stride)
        elif self._meshopt:
            view = self._packed(*meshopt.pack_rows(raw), target=ARRAY_BUFFER, stride=stride)
        else:
            view = self.view(raw.tobytes(), target=ARRAY_BUFFER, stride=stride)
        return self._told(self._accessor(table, view), table, bounded=bounded, normalized=normalized)

    def promised(self, array: NDArray[Any], *, bounded: bool = False, normalized: bool = False) -> int:
        """Describe an attribute (n, k), or indices (n, 1), whose bytes an extension holds, and return the accessor."""
        return self._told(self._accessor(array, None), array, bounded=bounded, normalized=normalized)

    def indices(self, array: NDArray[np.integer], vertex_count: int, *, target: int | None = ELEMENT_ARRAY_BUFFER,
                triangles: bool = True) -> int:
        """Append vertex numbers in 16 bits where they fit, else 32, and return the accessor.

        The highest number of a type is its primitive restart and never used (glTF 2.0, 3.7.2.1).
        """
        narrow = np.ascontiguousarray(array.reshape(-1), dtype=np.uint16 if vertex_count <= 0xFFFF else np.uint32)
        if self._meshopt:
            view = self._packed(*meshopt.pack_indices(narrow, triangles=triangles), target=target)
        else:
            view = self.view(narrow.tobytes(), target=target)
        self._accessor(narrow.reshape(-1, 1), view)
        return len(self._accessors) - 1

    def finish(self, document: Mapping[str, Any]) -> bytes:
        """Put the JSON chunk (buffers, views and accessors added) and the binary chunk into one GLB."""
        self._append(b"\0" * (-self._length % _ALIGN))
        whole: Json = dict(document)
        if self._length:
            whole["buffers"] = [{"byteLength": self._length}]
            whole["bufferViews"] = self._views
        if self._unpacked:
            whole["buffers"].append({"byteLength": self._unpacked, "extensions": {meshopt.NAME: {"fallback": True}}})
        if self._needs:
            whole["extensionsUsed"] = sorted({*whole.get("extensionsUsed", ()), *self._needs})
            whole["extensionsRequired"] = sorted(self._needs)
        if self._accessors:
            whole["accessors"] = self._accessors
        text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-(len(text) + 20) % _ALIGN)
        parts = [struct.pack("<II", len(text), _JSON), text]
        if self._length:
            parts += [struct.pack("<II", self._length, _BIN), *self._chunks]
        size = 12 + sum(map(len, parts))
        return b"".join([struct.pack("<III", _MAGIC, 2, size), *parts])

    def _append(self, data: bytes) -> None:
        if data:
            self._chunks.append(data)
            self._length += len(data)

    def _packed(self, data: bytes, told: Json, *, target: int | None, stride: int | None = None) -> int:
        """Append a packed view, which has its place in a buffer that is not there, and return its index."""
        self.need(meshopt.NAME)
        number = self.view(data, target=target, stride=stride)
        view = self._views[number]
        place = {name: view[name] for name in ("buffer", "byteOffset", "byteLength")}
        size = told["count"] * told["byteStride"]
        self._unpacked += -self._unpacked % _ALIGN
        view |= {"buffer": 1, "byteOffset": self._unpacked, "byteLength": size,
                 "extensions": {meshopt.NAME: {**place, **told}}}
        self._unpacked += size
        return number

    def _accessor(self, table: NDArray[Any], view: int | None) -> Json:
        accessor: Json = {} if view is None else {"bufferView": view}
        accessor |= {"componentType": _COMPONENT[table.dtype.str[1:]], "count": len(table),
                     "type": _SHAPE[table.shape[1]]}
        self._accessors.append(accessor)
        return accessor

    def _told(self, accessor: Json, table: NDArray[Any], *, bounded: bool, normalized: bool) -> int:
        if normalized:
            accessor["normalized"] = True
        if bounded:
            accessor["min"], accessor["max"] = bounds(table).tolist()
        return len(self._accessors) - 1
