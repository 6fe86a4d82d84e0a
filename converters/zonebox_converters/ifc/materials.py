"""What products are made of, by name, from whatever kind of material definition a file uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

KEY: Final = "Material"
"""Stands among the properties of an element; property sets have a dot in theirs."""


class Materials:
    """Names of the materials of the things of a file; those of a product go before those of its type."""

    def __init__(self, model: Any, types: Mapping[int, Any]) -> None:
        self._types = types
        self._of: dict[int, str] = {}
        for relation in model.by_type("IfcRelAssociatesMaterial"):
            names = "; ".join(dict.fromkeys(_names(relation[5])))           # RelatingMaterial
            for thing in relation[4] if names else ():                      # RelatedObjects
                self._of.setdefault(thing.id(), names)

    def of(self, number: int) -> str:
        """Names of a thing by its step id, in the order of the file, with semicolons; "" for none."""
        own = self._of.get(number)
        if own is not None:
            return own
        kind = self._types.get(number)
        return "" if kind is None else self._of.get(kind.id(), "")


def _names(definition: Any) -> Iterator[str]:
    """Yield the names within a material, a list, layers, profiles or constituents of some, or the usage of one."""
    if definition is None:
        return
    if definition.is_a("IfcMaterial"):
        yield str(definition[0] or "").strip() or f"#{definition.id()}"
    elif definition.is_a("IfcMaterialLayerSetUsage") or definition.is_a("IfcMaterialProfileSetUsage"):
        yield from _names(definition[0])                                    # ForLayerSet, ForProfileSet
    else:
        for part in _parts(definition):
            yield from _names(part)


def _parts(definition: Any) -> Iterator[Any]:
    for group in ("MaterialLayers", "MaterialProfiles", "MaterialConstituents", "Materials"):
        yield from getattr(definition, group, None) or ()
    yield getattr(definition, "Material", None)                             # of one layer, profile or constituent
