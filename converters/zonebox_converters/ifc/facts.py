"""What an IFC file says in words: elements, storeys, spaces, property sets and units. No geometry is made here."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from zonebox.errors import InputError
from zonebox_converters.ifc.properties import Sets, text_of
from zonebox_converters.ifc.stated import Placements, Stated, stated
from zonebox_converters.ifc.units import length_unit

HIDDEN: Final = (
    "IfcSpace", "IfcSpatialZone", "IfcFeatureElementSubtraction", "IfcAnnotation", "IfcGrid", "IfcSite", "IfcPort",
    "IfcVirtualElement", "IfcStructuralActivity", "IfcStructuralItem", "IfcGeographicElement", "IfcPositioningElement",
    "IfcLinearElement",
)
"""Classes that are not part of what is seen of a building."""

_GROSS: Final = ("GrossFloorArea", "GrossArea")
_ROOM: Final = (*_GROSS, "NetFloorArea", "NetArea", "Area")
"""Names of floor areas in quantity sets, best first; for a storey only gross ones will do."""


class Part(NamedTuple):
    """A product with a shape; ``number`` is its step id. A tuple: a large file has a hundred thousand of them."""

    number: int
    guid: str
    ifc_class: str
    name: str
    storey: str
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A storey: ``z_m`` in the file's coordinates, gross area where the file states it."""

    guid: str
    name: str
    z_m: float
    area_m2: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A space; ``number`` is its step id."""

    number: int
    guid: str
    name: str
    use: str
    storey: str
    area_m2: float | None
    has_shape: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that is read without geometry, in metres and the file's own coordinates.

    ``grounds`` are (name of the statement, elevation above sea level) of the outdoor ground, best first.
    """

    name: str
    stated: Stated
    parts: tuple[Part, ...]
    levels: tuple[Level, ...]
    rooms: tuple[Room, ...]
    grounds: tuple[tuple[str, float], ...]
    attributes: Mapping[str, str]
    notes: tuple[str, ...]


def extract(model: Any, where: str, *, properties: bool = True, products: Sequence[Any] | None = None,
            place: Stated | None = None) -> Facts:
    """Read the facts of an opened model; the parts' property sets only if asked for.

    ``products`` are those `seen`, and ``place`` is what is `stated` about them, where that is known already.

    Raises
    ------
    InputError
        Neither a building nor anything to build one from.
    """
    from ifcopenshell.util.unit import calculate_unit_scale

    buildings = model.by_type("IfcBuilding")
    products = seen(model) if products is None else products
    if not products:
        got = "an IfcBuilding without shapes" if buildings else "neither an IfcBuilding nor building elements"
        raise InputError(where, got=got, want="a building with walls, slabs or other elements",
                         then="export the architectural model with its geometry")
    unit_m, notes = length_unit(model)
    area_unit = float(calculate_unit_scale(model, "AREAUNIT")) if model.by_type("IfcUnitAssignment") else 1.0
    if len(buildings) > 1:
        notes.append(f"{len(buildings)} buildings in one file are read as one design")
    tree = _Tree(model)
    levels, remarks = _levels(model, unit_m, area_unit)
    sets = Sets(model)
    known = {p.id(): sets.of(p) for p in products} if properties else {}
    return Facts(
        name=text_of(buildings[0].Name) if buildings else "",
        stated=place or stated(model, products, unit_m),
        parts=tuple(
            Part(number=p.id(), guid=_guid(p), ifc_class=p.is_a(), name=text_of(p[2]), storey=tree.storey(p),
                 properties=known.get(p.id(), {}))
            for p in products
        ),
        levels=levels,
        rooms=tuple(_room(space, tree, area_unit) for space in model.by_type("IfcSpace")),
        grounds=tuple(_grounds(model, unit_m)),
        attributes=_building_attributes(model, buildings, sets),
        notes=(*notes, *remarks),
    )


def seen(model: Any) -> list[Any]:
    """Products with a representation that are part of what is seen of a building."""
    gone = {name.lower() for hidden in _known(model) for name in _below(model.schema_identifier, hidden)}
    shown = [name for name in model.types() if name.lower() not in gone and _is_product(model, name)]
    products = [p for name in shown for p in model.by_type(name, include_subtypes=False) if p[6]]  # Representation
    return sorted(products, key=_number)


def _is_product(model: Any, name: str) -> bool:
    import ifcopenshell

    declaration = ifcopenshell.schema_by_name(model.schema_identifier).declaration_by_name(name).as_entity()
    while declaration is not None and declaration.name() != "IfcProduct":
        declaration = declaration.supertype()
    return declaration is not None


def _number(thing: Any) -> int:
    return int(thing.id())


def _known(model: Any) -> Sequence[str]:
    """Those of the hidden classes that the file's schema has."""
    return _hidden(model.schema_identifier)


@functools.lru_cache(maxsize=256)
def _below(schema: str, name: str) -> tuple[str, ...]:
    """Return a class and all that are derived from it."""
    import ifcopenshell

    entity = ifcopenshell.schema_by_name(schema).declaration_by_name(name).as_entity()
    names = [name]
    for sub in entity.subtypes():
        names += _below(schema, sub.name())
    return tuple(names)


@functools.lru_cache(maxsize=8)
def _hidden(schema: str) -> tuple[str, ...]:
    import ifcopenshell

    declared = ifcopenshell.schema_by_name(schema)
    names = {d.name() for d in declared.declarations()}
    return tuple(name for name in HIDDEN if name in names)


class _Tree:
    """Who contains whom, looked up once for the whole file."""

    def __init__(self, model: Any) -> None:
        self._parent: dict[int, Any] = {}
        self._storey: dict[int, str] = {}
        for kind, child, parent in (("IfcRelFillsElement", 5, 4), ("IfcRelVoidsElement", 5, 4)):
            for relation in model.by_type(kind):
                self._parent[relation[child].id()] = relation[parent]
        for kind, children, parent in (("IfcRelAggregates", 5, 4), ("IfcRelContainedInSpatialStructure", 4, 5)):
            for relation in model.by_type(kind):
                above = relation[parent]
                self._parent |= dict.fromkeys((each.id() for each in relation[children]), above)

    def storey(self, product: Any) -> str:
        """GlobalId of the storey a product is in, "" where it is in none."""
        return self._of(product, set())

    def _of(self, thing: Any, seen: set[int]) -> str:
        """Storey of a thing; what hangs on the same parent finds it there."""
        if thing.is_a("IfcBuildingStorey"):
            return str(thing.get_argument(0) or f"#{thing.id()}")
        above = self._parent.get(thing.id())
        if above is None or above.id() in seen:
            return ""
        number = above.id()
        if number not in self._storey:
            self._storey[number] = self._of(above, {*seen, thing.id()})
        return self._storey[number]


def _levels(model: Any, unit_m: float, area_unit: float) -> tuple[tuple[Level, ...], list[str]]:
    """Storeys from low to high.

    A storey stands where its placement puts it, since its elements hang on that. The Elevation attribute decides only
    where all placements are level and the attributes are not; where both speak and differ, that is said.
    """
    places = Placements()
    storeys = model.by_type("IfcBuildingStorey")
    placed = [float(places.of(s)[2, 3]) * unit_m if s.ObjectPlacement else None
              for s in storeys]
    written = [None if s.Elevation is None else float(s.Elevation) * unit_m for s in storeys]
    distinct = {round(z, 3) for z in placed if z is not None}
    by_attribute = len(storeys) > 1 and len(distinct) <= 1 and len({w for w in written if w is not None}) > 1
    base = next(iter(distinct), 0.0) if by_attribute else 0.0
    notes: list[str] = []
    if by_attribute:
        notes.append("all storeys are placed at one height: their Elevation attributes are used")
    levels = []
    for storey, at, says in zip(storeys, placed, written, strict=True):
        z = base + (says or 0.0) if by_attribute or at is None else at
        area = _area(storey, area_unit, _GROSS)
        levels.append(Level(guid=_guid(storey), name=text_of(storey.Name), z_m=z, area_m2=area))
    offsets = {round(at - says, 3) for at, says in zip(placed, written, strict=True)
               if at is not None and says is not None}
    if len(offsets) > 1 and not by_attribute:
        notes.append("storey elevations and storey placements disagree: the placements are used")
    return tuple(sorted(levels, key=lambda level: (level.z_m, level.guid))), notes


def _room(space: Any, tree: _Tree, area_unit: float) -> Room:
    named = [text_of(getattr(space, key, None)) for key in ("ObjectType", "LongName", "Name")]
    use = next((text for text in named if text), "")
    return Room(number=space.id(), guid=_guid(space), name=named[1] or named[2], use=use, storey=tree.storey(space),
                area_m2=_area(space, area_unit, _ROOM), has_shape=bool(space.Representation))


def _area(thing: Any, area_unit: float, names: Sequence[str]) -> float | None:
    """Floor area from the quantity sets of a storey or space, m²."""
    from ifcopenshell.util.element import get_psets

    sets = get_psets(thing, qtos_only=True, should_inherit=False)
    for name in names:
        for values in sets.values():
            value = values.get(name)
            if isinstance(value, int | float) and value > 0 and math.isfinite(value):
                return float(value) * area_unit
    return None


def _grounds(model: Any, unit_m: float) -> Iterable[tuple[str, float]]:
    for building in model.by_type("IfcBuilding"):
        if building.ElevationOfTerrain:
            yield "IfcBuilding.ElevationOfTerrain", float(building.ElevationOfTerrain) * unit_m
    for site in model.by_type("IfcSite"):
        if site.RefElevation:
            yield "IfcSite.RefElevation", float(site.RefElevation) * unit_m


def _building_attributes(model: Any, buildings: Sequence[Any], sets: Sets) -> dict[str, str]:
    attributes = {"schema": str(model.schema_identifier)}
    for project in model.by_type("IfcProject")[:1]:
        attributes["project"] = text_of(project.LongName) or text_of(project.Name)
    for building in buildings[:1]:
        attributes |= sets.of(building)
    return attributes


def _guid(thing: Any) -> str:
    return str(thing[0] or f"#{thing.id()}")
