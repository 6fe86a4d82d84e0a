"""Triangles in the bit stream of KHR_draco_mesh_compression, written and read by the Draco library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

NAME: Final = "KHR_draco_mesh_compression"
_LEVEL: Final = 7
_NORMAL_BITS: Final = 8
_POSITION: Final = 0
_NORMAL: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unpacked:
    """Vertex columns (n, k) by their unique ids, and triangles (m, 3); ``ids`` finds positions and normals."""

    columns: dict[int, NDArray[Any]]
    ids: dict[int, int]
    triangles: NDArray[np.int64]


def packed(
    positions: NDArray[np.float64],
    normals: NDArray[np.floating] | None,
    others: Mapping[int, NDArray[np.unsignedinteger | np.float32]],
    triangles: NDArray[np.integer],
    *,
    step_m: float,
    ordered: bool,
) -> tuple[bytes, Unpacked]:
    """Pack triangles (m, 3) and their vertices (n, 3), which are whole multiples of a step, and read what was packed.

    ``others`` are columns (n, k) by the unique ids they are to have. Order is kept if it must be (``ordered``), at
    the price of a third more bytes; and where a triangle would fall out on the way.
    """
    import DracoPy

    low = positions.min(axis=0)
    bits = max(1, int(np.ceil(np.log2(float((positions - low).max()) / step_m + 2.0))))

    def tried(*, ordered: bool) -> tuple[bytes, Unpacked]:
        # 2^bits - 1 steps are the range, so the steps of the library are those of the grid
        data = bytes(DracoPy.encode(
            positions, np.ascontiguousarray(triangles, dtype=np.uint32), quantization_bits=bits,
            compression_level=_LEVEL, quantization_range=(2**bits - 1) * step_m, quantization_origin=low,
            preserve_order=ordered, normals=None if normals is None else normals.astype(np.float64),
            normal_quantization_bits=None if normals is None else _NORMAL_BITS,
            generic_attributes=dict(others) or None))
        return data, unpack(data)

    data, read = tried(ordered=ordered)
    return (data, read) if ordered or len(read.triangles) == len(triangles) else tried(ordered=True)


def unpack(data: bytes) -> Unpacked:
    """Read what is packed.

    Raises
    ------
    ValueError
        The bytes are no Draco mesh.
    """
    import DracoPy

    try:
        mesh = DracoPy.decode(data)
    except (DracoPy.FileTypeException, DracoPy.EncodingFailedException, RuntimeError) as problem:
        raise ValueError(str(problem)) from None
    columns: dict[int, NDArray[Any]] = {}
    ids: dict[int, int] = {}
    for entry in mesh.attributes:
        column = np.asarray(entry["data"])
        columns[int(entry["unique_id"])] = column.reshape(len(column), -1)
        ids.setdefault(int(entry["attribute_type"]), int(entry["unique_id"]))
    return Unpacked(columns=columns, ids=ids, triangles=np.asarray(mesh.faces, dtype=np.int64).reshape(-1, 3))


def position_id(found: Unpacked) -> int:
    """Give the unique id of the positions."""
    return found.ids[_POSITION]


def normal_id(found: Unpacked) -> int:
    """Give the unique id of the normals."""
    return found.ids[_NORMAL]
