"""Subtree files: which squares of a quadtree there are and which have a content, a bit each.

Source: OGC 22-025r4, 3D Tiles 1.1, 7.9.5 (subtrees) and 7.9.6 (subtree binary format).
"""

from __future__ import annotations

import json
import struct
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import numpy as np

from zonebox_converters.tiles.glb import Json

Place = tuple[int, int, int]
"""Level, column, row."""

_ALIGN: Final = 8


def subtree_files(contents: Iterable[Place], levels: int) -> dict[Place, bytes]:
    """Write the subtrees of a quadtree by the places of their roots, each ``levels`` deep, from where contents are.

    A square is there if it, or one below it, has a content; the root is there in any case.

    Examples
    --------
    >>> sorted(subtree_files([(0, 0, 0), (3, 5, 1)], 2))
    [(0, 0, 0), (2, 2, 0)]
    """
    with_content = set(contents)
    present: set[Place] = {(0, 0, 0)}
    for level, x, y in with_content:
        while (level, x, y) not in present:
            present.add((level, x, y))
            level, x, y = level - 1, x >> 1, y >> 1  # noqa: PLW2901 - the square above
    squares: defaultdict[Place, list[tuple[int, int, bool]]] = defaultdict(list)
    below: defaultdict[Place, list[int]] = defaultdict(list)
    for level, x, y in sorted(present):
        deep = level % levels
        root = (level - deep, x >> deep, y >> deep)
        squares[root].append((deep, morton(x - (root[1] << deep), y - (root[2] << deep)),
                              (level, x, y) in with_content))
        if level and not deep:
            above = (level - levels, x >> levels, y >> levels)
            below[above].append(morton(x - (above[1] << levels), y - (above[2] << levels)))
    return {root: _encoded(found, below[root], levels) for root, found in squares.items()}


def morton(x: int, y: int) -> int:
    """Interleave the bits of a column and a row, the column's first.

    >>> [morton(x, y) for y in (0, 1, 2) for x in (0, 1, 2)]
    [0, 1, 4, 2, 3, 6, 8, 9, 12]
    """
    index = 0
    for bit in range(max(x.bit_length(), y.bit_length())):
        index |= (x >> bit & 1) << 2 * bit | (y >> bit & 1) << 2 * bit + 1
    return index


def _encoded(found: list[tuple[int, int, bool]], below: list[int], levels: int) -> bytes:
    """Encode one subtree: (level in it, Morton index in the level, whether it has a content) of each square."""
    nodes = (4**levels - 1) // 3
    tiles, contents, children = (np.zeros(n, dtype=np.bool_) for n in (nodes, nodes, 4**levels))
    for deep, index, has_content in found:
        at = (4**deep - 1) // 3 + index
        tiles[at] = True
        contents[at] = has_content
    children[below] = True
    views: list[Json] = []
    binary = b""
    document: Json = {}
    for name, bits in (("tileAvailability", tiles), ("contentAvailability", contents),
                       ("childSubtreeAvailability", children)):
        said: Json = {"constant": int(bits[0])}
        if bits.min() != bits.max():
            data = np.packbits(bits, bitorder="little").tobytes()
            said = {"bitstream": len(views), "availableCount": int(bits.sum())}
            views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(data)})
            binary += _padded(data, b"\0")
        document[name] = [said] if name == "contentAvailability" else said
    if views:
        document = {"buffers": [{"byteLength": len(binary)}], "bufferViews": views, **document}
    text = _padded(json.dumps(document, separators=(",", ":")).encode(), b" ")
    return struct.pack("<4sIQQ", b"subt", 1, len(text), len(binary)) + text + binary


def _padded(data: bytes, filler: bytes) -> bytes:
    return data + filler * (-len(data) % _ALIGN)
