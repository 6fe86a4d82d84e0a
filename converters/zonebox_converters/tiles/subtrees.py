"""Implicit tiling: its declaration, and the subtree files that say which tiles there are.

Source: OGC 22-025r4, 3D Tiles 1.1, 7.9 (implicit tiling) and its subtree file format.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import numpy as np
from numpy.typing import NDArray

from zonebox_converters.tiles.glb import Json
from zonebox_converters.tiles.jsontext import parsed
from zonebox_converters.tiles.schemas import Found

_HEADER: Final = 24
_BRANCHES: Final = {"QUADTREE": 4, "OCTREE": 8}
_VARIABLE: Final = re.compile(r"\{(\w*)\}")
_PARTS_MISSING: Final = ("tileAvailability", "contentAvailability", "childSubtreeAvailability")

Bits = NDArray[np.bool_]
Place = tuple[int, tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subtree:
    """Which tiles (one entry a node, level by level), child subtrees and contents are available; None if unreadable.

    ``described`` is whether tiles or contents have metadata, which may state another volume than the implicit one.
    """

    tiles: Bits | None
    children: Bits | None
    contents: tuple[Bits | None, ...] = ()
    described: bool = False

    def places(self, slot: int, tiling: Tiling, level: int, place: tuple[int, ...]) -> Iterator[Place]:
        """Level and place of each available content, of the subtree whose root is at a level and place."""
        bits = self.contents[slot] if slot < len(self.contents) else None
        axes = tiling.branches.bit_length() - 1
        for index in [] if bits is None else np.flatnonzero(bits).tolist():
            deep = first = 0
            while index >= first + tiling.branches**deep:
                first += tiling.branches**deep
                deep += 1
            yield level + deep, tuple((p << deep) + o
                                      for p, o in zip(place, morton(index - first, axes), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiling:
    """A sound ``implicitTiling`` object."""

    branches: int
    levels: int
    available: int
    template: str

    @property
    def nodes(self) -> int:
        """Tiles of a full subtree."""
        count: int = (self.branches**self.levels - 1) // (self.branches - 1)
        return count

    def path(self, base: Path, level: int, place: tuple[int, ...]) -> Path:
        """File of the subtree whose root is at a level and place."""
        return base / unquote(filled(self.template, level, place))


def filled(template: str, level: int, place: tuple[int, ...]) -> str:
    """Fill a template URI in; variables that stand for nothing stay.

    >>> filled("{level}/{x}/{y}.glb", 3, (5, 0))
    '3/5/0.glb'
    """
    values = dict(zip("xyz", map(str, place), strict=False)) | {"level": str(level)}
    return _VARIABLE.sub(lambda m: values.get(m.group(1), m.group(0)), template)


def read_tiling(given: Any) -> tuple[Tiling | None, list[tuple[str, str]]]:
    """Read an ``implicitTiling`` object and say what is wrong with it."""
    if not isinstance(given, dict):
        return None, [("", "is no object")]
    wrong = []
    branches = _BRANCHES.get(given["subdivisionScheme"]) if isinstance(given.get("subdivisionScheme"), str) else None
    if branches is None:
        wrong.append(("/subdivisionScheme", f"got {given.get('subdivisionScheme')!r}, want QUADTREE or OCTREE"))
    counts = {key: given.get(key) for key in ("subtreeLevels", "availableLevels")}
    wrong += [(f"/{key}", f"got {value!r}, want a whole number of at least 1") for key, value in counts.items()
              if not isinstance(value, int) or isinstance(value, bool) or value < 1]
    subtrees = given.get("subtrees")
    uri = subtrees.get("uri") if isinstance(subtrees, dict) else None
    if not isinstance(uri, str):
        wrong.append(("/subtrees", "is no object with a uri"))
    else:
        wrong += [("/subtrees/uri", text) for text in template_problems(uri, branches or 4)]
    if wrong or branches is None:
        return None, wrong
    return Tiling(branches=branches, levels=given["subtreeLevels"], available=given["availableLevels"],
                  template=str(uri)), []


def template_problems(uri: str, branches: int) -> Iterator[str]:
    """Say which variables a template URI lacks, and which it has that nobody fills in."""
    want = {"level", "x", "y", "z"} if branches == 8 else {"level", "x", "y"}
    have = set(_VARIABLE.findall(uri))
    yield from (f"has no {{{name}}}" for name in sorted(want - have))
    yield from (f"has {{{name}}}, which stands for nothing" for name in sorted(have - want))


def read_subtree(path: Path, tiling: Tiling) -> tuple[Subtree, list[tuple[str, str]]]:
    """Read a subtree, binary or JSON, and say what is wrong with it."""
    nothing = Subtree(tiles=None, children=None)
    try:
        data = path.read_bytes()
    except OSError:
        return nothing, [("", "is missing")]
    internal: bytes | None = None
    if data[:1] != b"{":
        parts, text = _binary(data)
        if parts is None:
            return nothing, [("", text)]
        data, internal = parts
    try:
        document = parsed(data)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        return nothing, [("", "has no JSON object")]
    return _Reader(document, path.parent, internal).read(tiling)


def _binary(data: bytes) -> tuple[tuple[bytes, bytes] | None, str]:
    """Take a binary subtree apart, or say why that cannot be."""
    if len(data) < _HEADER or data[:4] != b"subt":
        return None, "is no subtree"
    _, version, length, size = struct.unpack_from("<4sIQQ", data)
    if version != 1:
        return None, f"is subtree version {version}, not 1"
    if length % 8 or size % 8:
        return None, "has a chunk whose length is not divisible by 8"
    if _HEADER + length + size != len(data):
        return None, f"has {len(data)} bytes but its header says {_HEADER + length + size}"
    return (data[_HEADER:_HEADER + length], data[_HEADER + length:]), ""


class _Reader:
    """Reads the availabilities of one subtree and collects problems."""

    def __init__(self, document: Json, folder: Path, internal: bytes | None) -> None:
        self.document = document
        self.problems: list[tuple[str, str]] = []
        self._views = self._read_views(folder, internal)

    def read(self, tiling: Tiling) -> tuple[Subtree, list[tuple[str, str]]]:
        """Check everything and give the tiles and child subtrees that are available."""
        self.problems += [(f"/{name}", "is missing") for name in _PARTS_MISSING
                          if name not in self.document and name != "contentAvailability"]
        tiles = self._availability(self.document.get("tileAvailability"), tiling.nodes, "/tileAvailability")
        children = self._availability(self.document.get("childSubtreeAvailability"), tiling.branches**tiling.levels,
                                      "/childSubtreeAvailability")
        contents = self._contents(tiling)
        if tiles is not None:
            self._check_tree(tiles, children, contents, tiling)
        self._check_metadata()
        described = "tileMetadata" in self.document or "contentMetadata" in self.document
        found = Subtree(tiles=tiles, children=children, contents=tuple(contents), described=described)
        return found, self.problems

    def _read_views(self, folder: Path, internal: bytes | None) -> list[bytes | None]:
        buffers: list[bytes | None] = []
        for number, entry in enumerate(self._objects("buffers")):
            data = internal
            if "uri" in entry:
                path = folder / unquote(urlsplit(str(entry["uri"])).path)
                data = path.read_bytes() if path.is_file() else None
            if data is None or len(data) < entry.get("byteLength", 0):
                self.problems.append((f"/buffers/{number}", "is missing or shorter than its byteLength"))
            buffers.append(data)
        views: list[bytes | None] = []
        for number, view in enumerate(self._objects("bufferViews")):
            index, start, size = view.get("buffer", -1), view.get("byteOffset", 0), view.get("byteLength", 0)
            known = buffers[index] if isinstance(index, int) and 0 <= index < len(buffers) else None
            if known is None or start < 0 or size < 0 or start + size > len(known):
                self.problems.append((f"/bufferViews/{number}", "reaches past its buffer, or has none"))
                known = None
            views.append(None if known is None else known[start:start + size])
        return views

    def _objects(self, key: str) -> list[Json]:
        """Objects of an array; nothing (and a problem) where it is none."""
        given = self.document.get(key)
        if given is None:
            return []
        if not isinstance(given, list) or not given or not all(isinstance(entry, dict) for entry in given):
            self.problems.append((f"/{key}", "is no array of objects, or an empty one"))
            return []
        return given

    def _availability(self, given: Any, count: int, place: str) -> Bits | None:
        """Bits (count,) of an availability object; None, with a problem, where it is not sound."""
        if given is None:
            return None
        wrong = _availability_problem(given, len(self._views))
        if wrong:
            self.problems.append((place, wrong))
            return None
        if "constant" in given:
            return np.full(count, bool(given["constant"]))
        data = self._views[given["bitstream"]]
        if data is None:
            return None
        if len(data) != -(-count // 8):
            self.problems.append((place, f"{len(data)} bytes, want {-(-count // 8)} for {count} bits"))
            return None
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[:count].astype(bool)
        if given.get("availableCount", int(bits.sum())) != int(bits.sum()):
            self.problems.append((place, f"availableCount is {given['availableCount']}, but {int(bits.sum())} are set"))
        return bits

    def _contents(self, tiling: Tiling) -> list[Bits | None]:
        given = self.document.get("contentAvailability")
        if given is not None and (not isinstance(given, list) or not given):
            self.problems.append(("/contentAvailability", "is no array or an empty one"))
            return []
        return [self._availability(entry, tiling.nodes, f"/contentAvailability/{number}")
                for number, entry in enumerate(given or [])]

    def _check_tree(self, tiles: Bits, children: Bits | None, contents: list[Bits | None], tiling: Tiling) -> None:
        parent = (np.arange(tiling.nodes) - 1) // tiling.branches
        orphans = tiles[1:] & ~tiles[parent[1:]]
        if orphans.any():
            self.problems.append(("/tileAvailability", f"tile {1 + int(orphans.argmax())} has no parent"))
        last = tiles[tiling.nodes - tiling.branches ** (tiling.levels - 1):]
        if children is not None and (children & ~np.repeat(last, tiling.branches)).any():
            self.problems.append(("/childSubtreeAvailability", "a child subtree hangs on a tile that is not available"))
        for number, content in enumerate(contents):
            if content is not None and (content & ~tiles).any():
                text = "a content stands in a tile that is not available"
                self.problems.append((f"/contentAvailability/{number}", text))

    def _check_metadata(self) -> None:
        tables = len(self._objects("propertyTables"))
        tile = self.document.get("tileMetadata")
        if tile is not None and not _is_index(tile, tables):
            self.problems.append(("/tileMetadata", f"got {tile!r}, want the number of a property table"))
        contents = self.document.get("contentMetadata")
        if contents is None:
            return
        if not isinstance(contents, list) or not contents or not all(_is_index(c, tables) for c in contents):
            self.problems.append(("/contentMetadata", "is no array of numbers of property tables, or an empty one"))


def _availability_problem(given: Any, views: int) -> str:
    if not isinstance(given, dict):
        return "is no object"
    if ("bitstream" in given) == ("constant" in given):
        return "has both bitstream and constant, or neither"
    if "constant" in given:
        constant = given["constant"]
        return "" if _is_index(constant, 2) else f"constant is {constant!r}, want 0 or 1"
    return "" if _is_index(given["bitstream"], views) else f"bitstream {given['bitstream']!r} is no buffer view"


def _is_index(value: Any, count: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < count


def walk_subtrees(base: Path, tiling: Tiling) -> Iterator[tuple[Path, Place, Subtree, list[tuple[str, str]]]]:
    """Walk every subtree of a tileset: its file, its root, what it says, and (place, text) of what is wrong."""
    axes = 3 if tiling.branches == 8 else 2
    stack: list[tuple[int, tuple[int, ...]]] = [(0, (0,) * axes)]
    while stack:
        level, place = stack.pop()
        path = tiling.path(base, level, place)
        subtree, wrong = read_subtree(path, tiling)
        below = level + tiling.levels
        deeper = subtree.children is not None and bool(subtree.children.any())
        if deeper and below >= tiling.available:
            wrong.append(("/childSubtreeAvailability", f"goes below the {tiling.available} available levels"))
        yield path, (level, place), subtree, wrong
        if subtree.children is None or not deeper or below >= tiling.available:
            continue
        stack += [(below, tuple((p << tiling.levels) + o for p, o in zip(place, morton(int(k), axes), strict=True)))
                  for k in np.flatnonzero(subtree.children)[::-1]]


def morton(index: int, axes: int) -> tuple[int, ...]:
    """Place of a tile in its level from its Morton index.

    >>> morton(6, 2), morton(6, 3)
    ((2, 1), (0, 1, 1))
    """
    place = [0] * axes
    for bit in range(index.bit_length()):
        place[bit % axes] |= (index >> bit & 1) << (bit // axes)
    return tuple(place)


def check_root(tile: Json) -> Found:
    """Say what the root of an implicit tileset must not have."""
    for key in ("children", "metadata"):
        if key in tile:
            yield f"/{key}", "may not stand beside implicitTiling"
    content = tile.get("content")
    if isinstance(content, dict) and "boundingVolume" in content:
        yield "/content/boundingVolume", "may not stand beside implicitTiling"
    if isinstance(tile.get("boundingVolume"), dict) and "sphere" in tile["boundingVolume"]:
        yield "/boundingVolume", "is a sphere, which cannot be subdivided"
