"""Deal the work on a file out to processes that finish at different times."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from zonebox_converters.ifc.text_places import TextPlaces

SHAPES: Final = 0
PROPERTIES: Final = 1

APART: Final = 5000
"""From so many products on, reading their property sets is worth sharing out."""

LARGE: Final = 20_000_000
"""Of files of so many bytes the plain property sets are read from the text."""

SET_UP: Final = 40_000
"""The kernel goes over all products of a file once a piece: the more there are, the fewer pieces pay."""

FEWEST: Final = 4
MOST: Final = 16

_TOKEN: Final = struct.Struct("<I")

Group = tuple[int, int]
"""Step id of a product and of the geometry it shares with others (0 where it shares none)."""


def shared(product: Any) -> int:
    """Step id of the representation that a product repeats, 0 where it has its own."""
    # not by index, which asks for the number of arguments each time: there are as many as the file has products
    for representation in product.get_argument(6).get_argument(2) or ():   # Representation.Representations
        for item in representation.get_argument(3) or ():                               # Items
            if item.is_a("IfcMappedItem"):
                return int(item.get_argument(0).id())                                   # MappingSource
    return 0


def groups(products: Sequence[Any], text: TextPlaces | None = None) -> list[Group]:
    """Write each product with what it shares, as the text of the file tells of most, where it was read."""
    numbers = [int(product.id()) for product in products]
    sources = [0] * len(numbers) if text is None else text.mapped(np.array(numbers, dtype=np.int64))[:, 0].tolist()
    return [(number, source or shared(product))
            for number, source, product in zip(numbers, sources, products, strict=True)]


def shares(products: Sequence[Group], count: int) -> list[list[int]]:
    """Deal products out evenly, keeping those that share a geometry together; empty shares are left out.

    A geometry that more products repeat than a share holds is made once in each.

    Examples
    --------
    >>> shares([(1, 70), (2, 70), (3, 70), (4, 0), (5, 0), (6, 0)], 2)
    [[1, 2, 3], [4, 5, 6]]
    """
    by_geometry: dict[int, list[int]] = {}
    for product, geometry in products:
        by_geometry.setdefault(geometry or -product, []).append(product)
    most = max(1, -(-len(products) // max(1, count)))
    pieces = [group[k:k + most] for group in by_geometry.values() for k in range(0, len(group), most)]
    dealt: list[list[int]] = [[] for _ in range(count)]
    for piece in sorted(pieces, key=len, reverse=True):
        min(dealt, key=len).extend(piece)
    return [sorted(share) for share in dealt if share]


class Tokens:
    """Pieces of work that forked processes take from one pipe, each piece once."""

    def __init__(self, pieces: Sequence[tuple[int, list[int]]]) -> None:
        self._pieces = pieces
        self._read, write = os.pipe()
        os.write(write, b"".join(_TOKEN.pack(number) for number in range(len(pieces))))
        os.close(write)

    def take(self) -> Iterator[tuple[int, list[int]]]:
        """Yield pieces until none is left for anybody."""
        while len(token := os.read(self._read, _TOKEN.size)) == _TOKEN.size:
            yield self._pieces[_TOKEN.unpack(token)[0]]


def tokens(products: Sequence[Group], properties: Sequence[int]) -> Tokens:
    """Cut the shaping of products, and reading the properties of some, into pieces; the long ones come first."""
    count = min(MOST, max(FEWEST, round(SET_UP / max(1, len(products)))))
    pieces = [(SHAPES, share) for share in shares(products, count)]
    step = max(1, -(-len(properties) // MOST))
    pieces += [(PROPERTIES, list(properties[k:k + step])) for k in range(0, len(properties), step)]
    return Tokens(pieces)
