"""Buffer views in the bit stream of EXT_meshopt_compression, written and read by the meshoptimizer library."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Json = dict[str, Any]

NAME: Final = "EXT_meshopt_compression"
_TRIANGLES: Final = "TRIANGLES"
_INDICES: Final = "INDICES"
_ATTRIBUTES: Final = "ATTRIBUTES"
_EXPONENTIAL: Final = "EXPONENTIAL"


def pack_rows(rows: NDArray[np.uint8]) -> tuple[bytes, Json]:
    """Pack rows (n, stride) of bytes, the stride a multiple of four; the second value goes into the extension."""
    import meshoptimizer

    meshoptimizer.encode_vertex_version(0)      # the only one that the extension has
    count, stride = rows.shape
    data = bytes(meshoptimizer.encode_vertex_buffer(np.ascontiguousarray(rows), count, stride))
    return data, {"byteStride": stride, "count": count, "mode": _ATTRIBUTES}


def pack_steps(values: NDArray[np.float32], exponent: int) -> tuple[bytes, Json]:
    """Pack floats (n, k) that are whole multiples, below 2^23, of two to an exponent; they come back as they are."""
    whole = np.rint(np.ldexp(values.astype(np.float64), -exponent)).astype(np.int32)
    words = (whole & 0xFFFFFF) | np.int32(exponent << 24)
    data, told = pack_rows(words.astype("<i4").view(np.uint8).reshape(len(values), -1))
    return data, {**told, "filter": _EXPONENTIAL}


def pack_indices(indices: NDArray[Any], vertex_count: int, *, triangles: bool) -> tuple[bytes, Json]:
    """Pack vertex numbers (n,) in 16 or 32 bits; a triangle may begin at another of its corners afterwards."""
    import meshoptimizer

    meshoptimizer.encode_index_version(1)
    wide = indices.astype(np.uint32)
    pack = meshoptimizer.encode_index_buffer if triangles else meshoptimizer.encode_index_sequence
    told = {"byteStride": indices.dtype.itemsize, "count": len(indices), "mode": _TRIANGLES if triangles else _INDICES}
    return bytes(pack(wide, len(wide), vertex_count)), told


def unpack(data: bytes, told: Json) -> bytes:
    """Bring a packed view back to the bytes it stands for.

    Raises
    ------
    ValueError
        The bytes are no such stream, or do not hold what the extension says of them.
    """
    import meshoptimizer

    count, stride, mode = int(told["count"]), int(told["byteStride"]), told["mode"]
    given = np.frombuffer(data, dtype=np.uint8)
    try:
        if mode == _ATTRIBUTES:
            # without a dtype: with one, the library makes too small an array
            rows = np.ascontiguousarray(meshoptimizer.decode_vertex_buffer(count, stride, given))
            rows = rows.view(np.uint8).reshape(-1)
            return _filtered(rows, count, stride, told.get("filter", "NONE")).tobytes()
        unpacked = meshoptimizer.decode_index_buffer if mode == _TRIANGLES else meshoptimizer.decode_index_sequence
        numbers = unpacked(count, 4, given)         # 16 bits do not fit the library's array as it reads it
    except RuntimeError as problem:
        raise ValueError(str(problem)) from None
    return np.asarray(numbers).astype(np.uint16 if stride == 2 else np.uint32).tobytes()


def _filtered(rows: NDArray[np.uint8], count: int, stride: int, name: str) -> NDArray[np.uint8]:
    import meshoptimizer

    filters = {_EXPONENTIAL: meshoptimizer.decode_filter_exp, "OCTAHEDRAL": meshoptimizer.decode_filter_oct,
               "QUATERNION": meshoptimizer.decode_filter_quat}
    return rows if name == "NONE" else np.asarray(filters[name](rows, count, stride)).view(np.uint8)
