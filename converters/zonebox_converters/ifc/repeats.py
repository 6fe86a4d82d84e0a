"""Products that repeat one shape: the kernel makes it once, and the others get their places from their placements.

A tower has thousands of windows and columns of a few kinds, and to go through the kernel takes each of them as long as
to be made. What is worked out here is held against the kernel's own answer for the product that it made.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox_converters.ifc.stated import Placements
from zonebox_converters.ifc.units import length_unit

AGREED_M: Final = 1e-6
"""Places that agree so well are one."""


class Repeats:
    """Which products of a file repeat the shape of another, and where they stand."""

    def __init__(self, model: Any) -> None:
        """Look up what else than its representation a product's shape and colour come from."""
        self._unit_m = length_unit(model)[0]
        self._places = Placements()
        changed = [*model.by_type("IfcRelVoidsElement"), *model.by_type("IfcRelProjectsElement")]
        self._changed = {relation[4].id() for relation in changed}       # RelatingBuildingElement, RelatingElement
        self._beside: dict[int, list[int]] = {}
        for relation in (*model.by_type("IfcRelAssociatesMaterial"), *model.by_type("IfcRelDefinesByType")):
            for thing in relation[4]:                                    # RelatedObjects
                self._beside.setdefault(thing.id(), []).append(relation[5].id())
        self._target: dict[int, Hashable] = {}

    def split(self, products: Sequence[Any]) -> tuple[list[Any], dict[int, list[Any]]]:
        """Divide products into those to be made, and those that repeat one of them: its step id -> they."""
        first: dict[Hashable, int] = {}
        made: list[Any] = []
        repeated: dict[int, list[Any]] = {}
        for product in products:
            key = self._key(product)
            number = product.id()
            leader = number if key is None else first.setdefault(key, number)
            if leader == number:
                made.append(product)
            else:
                repeated.setdefault(leader, []).append(product)
        return made, repeated

    def matrix(self, product: Any) -> NDArray[np.float64]:
        """Placement (4, 4) of a product, metres."""
        placed = self._places.of(product).copy()
        placed[:3, 3] *= self._unit_m
        return placed

    def agrees(self, product: Any, matrix: NDArray[np.float64]) -> bool:
        """Whether the kernel puts a product where its placement does."""
        return bool(np.abs(self.matrix(product) - matrix).max() <= AGREED_M)

    def _key(self, product: Any) -> Hashable | None:
        """Say what makes a shape, the same for two products where one repeats the other; None where it has its own."""
        number = product.id()
        representations = product.get_argument(6).get_argument(2)           # Representation, Representations
        if len(representations) != 1 or number in self._changed:
            return None
        items = representations[0].get_argument(3)
        if len(items) != 1 or not items[0].is_a("IfcMappedItem"):
            return None
        source, target = items[0].get_argument(0), items[0].get_argument(1)
        return source.id(), self._of_target(target), tuple(self._beside.get(number, ()))

    def _of_target(self, target: Any) -> Hashable:
        """Write an operator by its values: many files have one for each item."""
        number = target.id()
        if number not in self._target:
            given = [target.get_argument(k) for k in range(len(target))]
            self._target[number] = (target.is_a(), *(       # ratios and coordinates
                each.get_argument(0) if hasattr(each, "get_argument") else each for each in given))
        return self._target[number]
