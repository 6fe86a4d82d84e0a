"""Buffer views in the bit stream of EXT_meshopt_compression, by meshoptimizer itself, bound to Python by meshopt."""

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

_MOST_UNPACKED: Final = 64
"""A byte of the stream is at most so many unpacked: two bits tell of sixteen bytes that all are zero."""


def pack_rows(rows: NDArray[np.uint8]) -> tuple[bytes, Json]:
    """Pack rows (n, stride) of bytes, the stride a multiple of four; the second value goes into the extension."""
    import meshopt

    count, stride = rows.shape
    data = meshopt.encode_gltf_buffer(rows, _ATTRIBUTES, version=0)         # the only one that the extension has
    return data, {"byteStride": stride, "count": count, "mode": _ATTRIBUTES}


def pack_steps(values: NDArray[np.float32], exponent: int) -> tuple[bytes, Json]:
    """Pack floats (n, k) that are whole multiples, below 2^23, of two to an exponent; they come back as they are."""
    whole = np.rint(np.ldexp(values.astype(np.float64), -exponent)).astype(np.int32)
    words = (whole & 0xFFFFFF) | np.int32(exponent << 24)
    data, told = pack_rows(words.astype("<i4").view(np.uint8).reshape(len(values), -1))
    return data, {**told, "filter": _EXPONENTIAL}


def pack_indices(indices: NDArray[Any], *, triangles: bool) -> tuple[bytes, Json]:
    """Pack vertex numbers (n,) in 16 or 32 bits; a triangle may begin at another of its corners afterwards."""
    import meshopt

    mode = _TRIANGLES if triangles else _INDICES
    data = meshopt.encode_gltf_buffer(indices.astype(np.uint32), mode)
    return data, {"byteStride": indices.dtype.itemsize, "count": len(indices), "mode": mode}


def unpack(data: bytes, told: Json) -> bytes:
    """Bring a packed view back to the bytes it stands for.

    Raises
    ------
    ValueError
        The bytes are no such stream, or do not hold what the extension says of them.
    """
    import meshopt

    count, stride = int(told["count"]), int(told["byteStride"])
    if count * stride > _MOST_UNPACKED * len(data):
        raise ValueError(f"{len(data)} bytes cannot hold {count} of {stride} bytes")     # nor is there memory for them
    try:
        rows = meshopt.decode_gltf_buffer(data, count, stride, told["mode"], told.get("filter", "NONE"))
    except RuntimeError as problem:
        raise ValueError(str(problem)) from None
    return bytes(rows.tobytes())
