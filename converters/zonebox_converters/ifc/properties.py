"""Property and quantity sets of products, and their materials, as flat text, each set read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zonebox_converters.ifc.materials import KEY, Materials

_BOUNDS = ("LowerBoundValue", "SetPointValue", "UpperBoundValue")


class Sets:
    """Property sets of a file: those of a product go before those of its type, property by property."""

    def __init__(self, model: Any) -> None:
        self._of_product: dict[int, list[Any]] = {}
        self._type: dict[int, Any] = {}
        self._flat: dict[int, Mapping[str, str]] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._shared: set[int] = set()
        for relation in model.by_type("IfcRelDefinesByProperties"):
            self._relate(relation[4], relation[5])  # RelatedObjects, RelatingPropertyDefinition
        for relation in model.by_type("IfcRelDefinesByType"):
            for thing in relation[4]:
                self._type[thing.id()] = relation[5]
        self._materials = Materials(model, self._type)

    def _relate(self, things: Sequence[Any], definition: Any) -> None:
        if definition is None:
            return
        # an IfcPropertySetDefinitionSet wraps a list of sets
        definitions = definition[0] if definition.is_a("IfcPropertySetDefinitionSet") else (definition,)
        if len(things) > 1:
            self._shared.update(d.id() for d in definitions)
        for thing in things:
            self._of_product.setdefault(thing.id(), []).extend(definitions)

    def has(self, number: int) -> bool:
        """Whether the thing of a step id, or its type, has any."""
        return number in self._of_product or number in self._type or bool(self._materials.of(number))

    def of(self, thing: Any) -> dict[str, str]:
        """``Set.Property`` -> text of a product, its type's properties included, and ``Material`` -> names."""
        number = thing.id()
        made_of = self._materials.of(number)
        flat: dict[str, str] = {KEY: made_of} if made_of else {}
        kind = self._type.get(number)
        if kind is not None:
            for definition in kind[5] or ():  # IfcTypeObject.HasPropertySets
                flat |= self._text(definition, keep=True)
        for definition in self._of_product.get(number, ()):
            flat |= self._text(definition, keep=definition.id() in self._shared)
        return flat

    def _text(self, definition: Any, *, keep: bool) -> Mapping[str, str]:
        number = definition.id()
        if number in self._flat:
            return self._flat[number]
        flat = self._read(definition)
        if keep:
            self._flat[number] = flat
        return flat

    def _read(self, definition: Any) -> dict[str, str]:
        from ifcopenshell.util.element import get_property_definition

        name = text_of(definition[2])
        flat: dict[str, str] = {}
        slow = not definition.is_a("IfcPropertySet")
        for prop in () if slow else definition[4] or ():
            if not prop.is_a("IfcPropertySingleValue"):
                slow = True
                break
            value = prop[2]
            if value is not None:
                flat[self._name(name, prop[0])] = text_of(value[0])
        if not slow:
            return flat
        given = get_property_definition(definition) or {}
        return {self._name(name, key): text_of(value) for key, value in given.items()
                if key != "id" and value is not None}

    def _name(self, set_name: str, key: str) -> str:
        return self._names.setdefault((set_name, key), f"{set_name}.{key}")


def text_of(value: object) -> str:
    """Write a value as text: numbers with ten digits, lists with commas, bounded values as a range.

    Examples
    --------
    >>> text_of(2.5), text_of((1, "a")), text_of({"LowerBoundValue": 1.0, "UpperBoundValue": 4.0})
    ('2.5', '1, a', '1 … 4')
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return format(value, ".10g")
    if isinstance(value, list | tuple):
        return ", ".join(map(text_of, value))
    if isinstance(value, dict):
        return _of_dict(value)
    return str(getattr(value, "wrappedValue", value)).strip()


def _of_dict(value: Mapping[str, Any]) -> str:
    bounds = [value.get(key) for key in _BOUNDS]
    if any(bound is not None for bound in bounds):
        return " … ".join(text_of(getattr(b, "wrappedValue", b)) for b in bounds if b is not None)
    inner = value.get("properties", value.get("value", value.get("values")))
    if isinstance(inner, dict):
        return "; ".join(f"{key} = {text_of(item)}" for key, item in inner.items() if key != "id")
    defining, defined = value.get("DefiningValues"), value.get("DefinedValues")
    if defining and defined:
        pairs = zip(defining, defined, strict=False)
        return "; ".join(f"{text_of(a)} = {text_of(b)}" for a, b in pairs)
    return text_of(inner)
