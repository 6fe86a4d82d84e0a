"""Products that repeat one shape: the kernel makes it once, and the others get their places from their placements.

A tower has thousands of windows and columns of a few kinds, and to go through the kernel takes each of them as long as
to be made. What is worked out here is held against the kernel's own answer for the product that it made.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox_converters.ifc.stated import Placements
from zonebox_converters.ifc.units import length_unit

if TYPE_CHECKING:       # its compiler loads as long as a small file is read
    from zonebox_converters.ifc.text_places import TextPlaces

AGREED_M: Final = 1e-6
"""Places that agree so well are one."""


class Repeats:
    """Which products of a file repeat the shape of another, and where they stand.

    Of a large file the text has told it of all products at once; what that leaves open is asked of the model.
    """

    def __init__(self, model: Any, text: TextPlaces | None = None) -> None:
        """Look up what else than its representation a product's shape and colour come from."""
        self._model, self._text = model, text
        self._unit_m = length_unit(model)[0]
        self._places = Placements()
        changed = [*model.by_type("IfcRelVoidsElement"), *model.by_type("IfcRelProjectsElement")]
        self._changed = {relation[4].id() for relation in changed}       # RelatingBuildingElement, RelatingElement
        self._beside: dict[int, list[int]] = {}
        for relation in (*model.by_type("IfcRelAssociatesMaterial"), *model.by_type("IfcRelDefinesByType")):
            other = relation[5].id()
            for thing in relation[4]:                                    # RelatedObjects
                self._beside.setdefault(thing.id(), []).append(other)
        self._target: dict[int, Hashable] = {}

    def split(self, products: Sequence[int]) -> tuple[list[int], dict[int, list[int]]]:
        """Divide products, by step id, into those to be made, and those that repeat one of them: its id -> they."""
        first: dict[Hashable, int] = {}
        made: list[int] = []
        repeated: dict[int, list[int]] = {}
        for number, key in zip(products, self._keys(products), strict=True):
            leader = number if key is None else first.setdefault(key, number)
            if leader == number:
                made.append(number)
            else:
                repeated.setdefault(leader, []).append(number)
        return made, repeated

    def matrices(self, products: Sequence[int]) -> NDArray[np.float64]:
        """Placements (n, 4, 4) of products, metres."""
        made = np.full((len(products), 4, 4), np.nan)
        if self._text is not None:
            made = self._text.matrices(np.array(products, dtype=np.int64))
        for row in np.flatnonzero(np.isnan(made[:, 0, 0])).tolist():
            made[row] = self._places.of(self._model.by_id(products[row]))
        made[:, :3, 3] *= self._unit_m
        return made

    def agrees(self, product: int, matrix: NDArray[np.float64]) -> bool:
        """Whether the kernel puts a product where its placement does."""
        return bool(np.abs(self.matrices([product])[0] - matrix).max() <= AGREED_M)

    def _keys(self, products: Sequence[int]) -> list[Hashable | None]:
        """Say what makes each shape, the same where one repeats the other; None where a product has its own."""
        if self._text is None:
            return [self._key(number) for number in products]
        mapped = self._text.mapped(np.array(products, dtype=np.int64)).tolist()
        return [self._key(number) if not source else
                None if number in self._changed else (source, self._of_target(target), self._others(number))
                for number, (source, target) in zip(products, mapped, strict=True)]

    def _key(self, number: int) -> Hashable | None:
        product = self._model.by_id(number)
        representations = product.get_argument(6).get_argument(2)           # Representation, Representations
        if len(representations) != 1 or number in self._changed:
            return None
        items = representations[0].get_argument(3)
        if len(items) != 1 or not items[0].is_a("IfcMappedItem"):
            return None
        source, target = items[0].get_argument(0), items[0].get_argument(1)
        return source.id(), self._of_target(target.id()), self._others(number)

    def _others(self, number: int) -> tuple[int, ...]:
        """Name what a product's colours may come from: its materials and its type."""
        return tuple(self._beside.get(number, ()))

    def _of_target(self, number: int) -> Hashable:
        """Write an operator by its values: many files have one for each item."""
        if number not in self._target:
            target = self._model.by_id(number)
            given = [target.get_argument(k) for k in range(len(target))]
            self._target[number] = (target.is_a(), *(       # ratios and coordinates
                each.get_argument(0) if hasattr(each, "get_argument") else each for each in given))
        return self._target[number]
