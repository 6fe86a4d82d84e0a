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

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._length = 0
        self._views: list[Json] = []
        self._accessors: list[Json] = []

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

    def attribute(self, array: NDArray[Any], *, bounded: bool = False, normalized: bool = False) -> int:
        """Append a vertex attribute (n,) or (n, k) and return its accessor; rows are padded to four bytes."""
        table = np.ascontiguousarray(array.reshape(len(array), -1))
        row = table.dtype.itemsize * table.shape[1]
        stride = -(-row // 4) * 4
        raw = table.view(np.uint8)
        if stride != row:
            padded = np.zeros((len(table), stride), dtype=np.uint8)
            padded[:, :row] = raw
            raw = padded
        accessor = self._accessor(table, self.view(raw.tobytes(), target=ARRAY_BUFFER, stride=stride))
        if normalized:
            accessor["normalized"] = True
        if bounded:
            accessor["min"], accessor["max"] = bounds(table).tolist()
        return len(self._accessors) - 1

    def indices(
        self, array: NDArray[np.integer], vertex_count: int, *, target: int | None = ELEMENT_ARRAY_BUFFER
    ) -> int:
        """Append vertex numbers in 16 bits where they fit, else 32, and return the accessor.

        The highest number of a type is its primitive restart and never used (glTF 2.0, 3.7.2.1).
        """
        narrow = np.ascontiguousarray(array.reshape(-1), dtype=np.uint16 if vertex_count <= 0xFFFF else np.uint32)
        self._accessor(narrow.reshape(-1, 1), self.view(narrow.tobytes(), target=target))
        return len(self._accessors) - 1

    def finish(self, document: Mapping[str, Any]) -> bytes:
        """Put the JSON chunk (buffers, views and accessors added) and the binary chunk into one GLB."""
        self._append(b"\0" * (-self._length % _ALIGN))
        whole: Json = dict(document)
        if self._length:
            whole["buffers"] = [{"byteLength": self._length}]
            whole["bufferViews"] = self._views
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

    def _accessor(self, table: NDArray[Any], view: int) -> Json:
        accessor: Json = {"bufferView": view, "componentType": _COMPONENT[table.dtype.str[1:]], "count": len(table),
                          "type": _SHAPE[table.shape[1]]}
        self._accessors.append(accessor)
        return accessor
