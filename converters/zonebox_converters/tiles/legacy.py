"""Contents of 3D Tiles 1.0: headers, tables and alignment of b3dm, i3dm, pnts and cmpt.

Source: OGC 22-025r4, 3D Tiles 1.1, chapter 10 (tile formats of 1.0).
"""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox_converters.tiles.glb import Json
from zonebox_converters.tiles.jsontext import parsed
from zonebox_converters.tiles.schemas import PARTS

MAGICS: Final = (b"b3dm", b"i3dm", b"pnts", b"cmpt")
_HEADER: Final = {b"b3dm": 28, b"i3dm": 32, b"pnts": 28}
_COUNT: Final = {b"b3dm": "BATCH_LENGTH", b"i3dm": "INSTANCES_LENGTH", b"pnts": "POINTS_LENGTH"}
_POSITIONS: Final[dict[str, np.dtype[Any]]] = {"POSITION": np.dtype("<f4"), "POSITION_QUANTIZED": np.dtype("<u2")}
DRACO_POINTS: Final = "3DTILES_draco_point_compression"
_SIZES: Final = {"BYTE": 1, "UNSIGNED_BYTE": 1, "SHORT": 2, "UNSIGNED_SHORT": 2, "INT": 4, "UNSIGNED_INT": 4,
                 "FLOAT": 4, "DOUBLE": 8}


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """What a content has inside: a GLB, or the points (n, 3) of a cloud.

    Its vertices count from ``center`` (3,), which is None where instances place a GLB.
    """

    glb: bytes = b""
    points: NDArray[np.float64] | None = None
    center: Any


def read_legacy(data: bytes) -> tuple[list[Embedded], list[str]]:
    """Say what is wrong with a content of 1.0 and give the GLBs in it."""
    magic = data[:4]
    if len(data) < 16:
        return [], ["is too short for its header"]
    version, length = struct.unpack_from("<II", data, 4)
    wrong = []
    if version != 1:
        wrong.append(f"is {magic.decode()} version {version}, not 1")
    if length != len(data):
        return [], [*wrong, f"has {len(data)} bytes but its header says {length}"]
    if length % 8:
        wrong.append("has a length not divisible by 8")
    if magic == b"cmpt":
        return _composite(data, wrong)
    return _single(data, magic, wrong)


def _composite(data: bytes, wrong: list[str]) -> tuple[list[Embedded], list[str]]:
    embedded: list[Embedded] = []
    at = 16
    for number in range(struct.unpack_from("<I", data, 12)[0]):
        if at + 12 > len(data) or data[at:at + 4] not in MAGICS:
            return embedded, [*wrong, f"has no tile {number}"]
        size = struct.unpack_from("<I", data, at + 8)[0]
        inner, texts = read_legacy(data[at:at + size])
        embedded += inner
        wrong += [f"tile {number}: {text}" for text in texts]
        at += max(size, 12)
    return embedded, wrong


def _single(data: bytes, magic: bytes, wrong: list[str]) -> tuple[list[Embedded], list[str]]:
    start = _HEADER[magic]
    if len(data) < start:
        return [], [*wrong, "is too short for its header"]
    lengths = struct.unpack_from("<IIII", data, 12)
    ends = np.cumsum([start, *lengths]).tolist()
    if ends[-1] > len(data):
        return [], [*wrong, "has tables that reach past its end"]
    names = ("feature table JSON", "feature table", "batch table JSON", "batch table")
    wrong += [f"has its {name} end at byte {end}, which is not divisible by 8"
              for name, end, size in zip(names, ends[1:], lengths, strict=True) if size and end % 8]
    chunks = [data[a:b] for a, b in itertools.pairwise(ends)]
    features, batches = _json(chunks[0], names[0], wrong), _json(chunks[2], names[2], wrong)
    count = features.get(_COUNT[magic])
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        wrong.append(f"has no {_COUNT[magic]} in its feature table")
    else:
        wrong += _table_problems(batches, len(chunks[3]), features.get("BATCH_LENGTH", count))
    center = np.array(features.get("RTC_CENTER", (0.0, 0.0, 0.0)), dtype=np.float64)
    payload = _unpadded(data[ends[-1]:])
    if magic == b"pnts":
        points, texts = _points(features, chunks[1], count if isinstance(count, int) else 0)
        return ([] if points is None else [Embedded(points=points, center=center)]), wrong + texts
    if magic == b"i3dm":
        return ([Embedded(glb=payload, center=None)] if struct.unpack_from("<I", data, 28)[0] == 1 else []), wrong
    if ends[-1] % 8:
        wrong.append("has a GLB that does not start at a multiple of 8")
    return [Embedded(glb=payload, center=center)], wrong


def _unpadded(glb: bytes) -> bytes:
    """Take off the zero bytes that only fill a tile up to a multiple of eight."""
    length = int.from_bytes(glb[8:12], "little")
    return glb[:length] if 0 < len(glb) - length < 8 and not any(glb[length:]) else glb


def _json(chunk: bytes, name: str, wrong: list[str]) -> Json:
    if not chunk:
        return {}
    try:
        document = parsed(chunk)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        wrong.append(f"has a {name} that is no JSON object")
        return {}
    return document


def _table_problems(table: Json, size: int, count: int) -> list[str]:
    """Check that every property of a batch table has a value for every feature."""
    wrong = []
    packed = _packed(table)
    for name, column in table.items():
        if name in {"extensions", "extras", "HIERARCHY"} or name in packed:
            continue
        if isinstance(column, list):
            if len(column) != count:
                wrong.append(f"batch table.{name}: {len(column)} values for {count} features")
        elif not isinstance(column, dict) or "byteOffset" not in column:
            wrong.append(f"batch table.{name}: is neither an array nor a reference to the binary")
        else:
            width = _SIZES.get(column.get("componentType", ""), 0)
            end = column["byteOffset"] + width * PARTS.get(column.get("type", ""), 0) * count
            if width and (column["byteOffset"] % width or end > size):
                wrong.append(f"batch table.{name}: is misaligned or reaches past the binary")
    return wrong


def _packed(table: Json) -> frozenset[str]:
    """Names of what stands in a Draco stream, not in the binary of its table."""
    told = table.get("extensions", {}).get(DRACO_POINTS, {}) if isinstance(table.get("extensions"), dict) else {}
    return frozenset(told.get("properties", {}))


def _points(features: Json, binary: bytes, count: int) -> tuple[NDArray[np.float64] | None, list[str]]:
    """Read the points (n, 3) of a cloud; None where they cannot be, or stand in a Draco stream."""
    name = next((name for name in _POSITIONS if name in features), "")
    if not name:
        return None, ["has no POSITION in its feature table"]
    if name in _packed(features):
        return None, []
    kind = _POSITIONS[name]
    start = features[name].get("byteOffset", 0) if isinstance(features[name], dict) else len(binary) + 1
    if not 0 <= start <= start + 3 * kind.itemsize * count <= len(binary):
        return None, [f"{name} reaches past the feature table"]
    points = np.frombuffer(binary, kind, 3 * count, start).reshape(-1, 3).astype(np.float64)
    if kind.kind == "u":
        offset, scale = (np.array(features[f"QUANTIZED_VOLUME_{what}"], float) for what in ("OFFSET", "SCALE"))
        points = points * scale / np.iinfo(kind).max + offset
    return points, []
