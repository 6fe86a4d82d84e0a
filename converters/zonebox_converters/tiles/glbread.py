"""A glTF taken apart: its buffers, views and accessors as arrays, unpacked where they are compressed."""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import numpy as np
from numpy.typing import NDArray

from zonebox.compression import DRACO, MESHOPT
from zonebox_converters.tiles import draco, meshopt
from zonebox_converters.tiles.glb import Json
from zonebox_converters.tiles.jsontext import parsed
from zonebox_converters.tiles.packing import available

_TYPES: Final = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
PARTS: Final = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
_JSON_CHUNK: Final = 0x4E4F534A
_BIN_CHUNK: Final = 0x004E4942


@dataclass(slots=True)
class Glb:
    """A GLB taken apart; ``problems`` grows as its parts are looked at.

    ``unpacked`` holds the rows (n, k) of accessors that were read from a Draco stream, by number.
    """

    document: Json
    buffers: list[bytes]
    problems: list[str] = field(default_factory=list)
    unpacked: dict[int, NDArray[Any]] = field(default_factory=dict)

    def view(self, index: Any) -> bytes | None:
        """Bytes of a buffer view; None (and a problem) where it reaches past its buffer."""
        try:
            view = self.document["bufferViews"][index]
            start, length = view.get("byteOffset", 0), view["byteLength"]
        except (KeyError, IndexError, TypeError):
            self.problems.append(f"bufferViews[{index}] is missing")
            return None
        if meshopt.NAME in view.get("extensions", {}):
            return self._unpack(index, view["extensions"][meshopt.NAME], length)
        return self._stretch(index, view.get("buffer", 0), start, length)

    def _stretch(self, index: Any, number: int, start: int, length: int) -> bytes | None:
        if not 0 <= number < len(self.buffers) or start < 0 or start + length > len(self.buffers[number]):
            self.problems.append(f"bufferViews[{index}] reaches past its buffer")
            return None
        data: bytes = self.buffers[number][start:start + length]
        return data

    def _unpack(self, index: Any, told: Json, length: int) -> bytes | None:
        """Bytes that a packed view stands for."""
        packed = self._stretch(index, told["buffer"], told.get("byteOffset", 0), told["byteLength"])
        if packed is None:
            return None
        if not available(MESHOPT):
            self._unseen(meshopt.NAME)
            return None
        try:
            data = meshopt.unpack(packed, told)
        except (KeyError, TypeError, ValueError) as problem:
            self.problems.append(f"bufferViews[{index}] is no stream of {meshopt.NAME} ({problem})")
            return None
        if len(data) != length:
            self.problems.append(f"bufferViews[{index}] says {length} bytes and unpacks to {len(data)}")
            return None
        return data

    def unpack_draco(self, primitive: Json, place: str) -> None:
        """Read the accessors of a primitive that stand in a Draco stream."""
        told = primitive["extensions"][draco.NAME]
        if not available(DRACO):
            self._unseen(draco.NAME)
            return
        data = self.view(told.get("bufferView"))
        if data is None:
            return
        try:
            found = draco.unpack(data)
        except ValueError as problem:
            self.problems.append(f"{place}: is no stream of {draco.NAME} ({problem})")
            return
        accessors = self.document["accessors"]
        for name, number in told["attributes"].items():
            column = found.columns.get(number)
            if name not in primitive["attributes"] or column is None:
                self.problems.append(f"{place}: {draco.NAME} has no {name} that the primitive has")
                continue
            index = primitive["attributes"][name]
            self.unpacked[index] = column
            if accessors[index]["count"] != len(column):
                self.problems.append(f"{place}: {name} says {accessors[index]['count']} and unpacks to {len(column)}")
        if "indices" in primitive:
            self.unpacked[primitive["indices"]] = found.triangles.reshape(-1, 1)
            if accessors[primitive["indices"]]["count"] != found.triangles.size:
                self.problems.append(f"{place}: indices are not as many as its stream of {draco.NAME} has")

    def _unseen(self, extension: str) -> None:
        extra = "draco" if extension == draco.NAME else "meshopt"
        self.problems.append(f"is compressed by {extension} and was not looked into: pip install 'zonebox[{extra}]'")

    def _plain(self, accessor: Json) -> tuple[Json, bytes | None]:
        """Buffer view of an accessor and its bytes; None for these where they are sparse or missing."""
        if "bufferView" not in accessor or "sparse" in accessor:
            return {}, None
        views, number = self.document.get("bufferViews", []), accessor["bufferView"]
        view: Json = views[number] if 0 <= number < len(views) else {}
        return view, self.view(number)

    def accessor(self, index: Any) -> NDArray[Any] | None:
        """Rows (n, k) of an accessor as stored; None where it cannot be read here (with or without a problem)."""
        if index in self.unpacked:
            return self.unpacked[index]
        try:
            accessor = self.document["accessors"][index]
            dtype, parts = np.dtype(_TYPES[accessor["componentType"]]), PARTS[accessor["type"]]
            count = int(accessor["count"])
        except (KeyError, IndexError, TypeError):
            self.problems.append(f"accessors[{index}] is missing or has no known type")
            return None
        view, data = self._plain(accessor)
        if data is None:
            return None
        offset, row = accessor.get("byteOffset", 0), dtype.itemsize * parts
        stride = view.get("byteStride", row)
        if count < 1 or offset + (count - 1) * stride + row > len(data):
            self.problems.append(f"accessors[{index}] reaches past its buffer view")
            return None
        return np.ndarray((count, parts), dtype, data, offset, (stride, dtype.itemsize))


def read_gltf(data: bytes, folder: Path) -> tuple[Glb | None, list[str]]:
    """Read a glTF in JSON with the buffers beside it or inside it, or say why it cannot be."""
    try:
        document = parsed(data)
    except ValueError:
        return None, ["is no JSON"]
    if not isinstance(document, dict):
        return None, ["is no JSON object"]
    glb = Glb(document, [])
    for number, entry in enumerate(document.get("buffers", [])):
        uri = entry.get("uri", "")
        path = folder / unquote(urlsplit(uri).path)
        if uri.startswith("data:"):
            buffer = base64.b64decode(uri.partition(",")[2])
        else:
            buffer = path.read_bytes() if uri and path.is_file() else b""
        stand_in = entry.get("extensions", {}).get(meshopt.NAME, {}).get("fallback")
        if len(buffer) < entry.get("byteLength", 0) and not stand_in:
            glb.problems.append(f"buffers[{number}] is missing or shorter than its byteLength")
        glb.buffers.append(buffer)
    return glb, []


def read_glb(data: bytes) -> tuple[Glb | None, list[str]]:
    """Take a GLB apart, or say why it cannot be (glTF 2.0, 4.4)."""
    if len(data) < 20 or data[:4] != b"glTF":
        return None, ["is no GLB"]
    _, version, length = struct.unpack_from("<4sII", data)
    if version != 2:
        return None, [f"is GLB version {version}, not 2"]
    if length != len(data):
        return None, [f"has {len(data)} bytes but its header says {length}"]
    chunks = _chunks(data)
    if chunks is None:
        return None, ["has a chunk that is misaligned or reaches past the end"]
    try:
        document = parsed(chunks.get(_JSON_CHUNK, b""))
    except ValueError:
        document = None
    if not isinstance(document, dict):
        return None, ["has no JSON chunk with an object in it"]
    binary = chunks.get(_BIN_CHUNK, b"")
    glb = Glb(document, [binary])
    for number, entry in enumerate(document.get("buffers", [])[:1]):
        if isinstance(entry, dict) and "uri" not in entry and entry.get("byteLength", 0) > len(binary):
            glb.problems.append(f"buffers[{number}] is shorter than its byteLength")
    return glb, []


def _chunks(data: bytes) -> dict[int, bytes] | None:
    """First chunk of each kind; None where they do not fit the file."""
    chunks: dict[int, bytes] = {}
    at = 12
    while at + 8 <= len(data):
        size, kind = struct.unpack_from("<II", data, at)
        if size % 4 or at + 8 + size > len(data):
            return None
        chunks.setdefault(kind, data[at + 8:at + 8 + size])
        at += 8 + size
    return chunks
