"""Write Harbour House: three storeys of shops, nine of offices, in metres. It keeps every control of its parcel."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from facts import HARBOUR
from make_model import Entity, Model, Shape, inset
from make_parts import (
    BRONZE,
    DARK,
    PALE,
    STONE,
    WHITE,
    Bay,
    Floor,
    Shell,
    build_storey,
    column_shape,
    columns,
    common,
    fins,
    georeference,
    glazing,
    recessed,
    rectangle,
    ring_of_walls,
    roof,
    row,
    slab,
    storeys,
    terrace,
)

if TYPE_CHECKING:
    from pathlib import Path

PODIUM, TOWER, CORE = rectangle(8, 18, 68, 74), rectangle(20, 24, 60, 51), rectangle(34, 33, 46, 42)
PLANT_ROOM = rectangle(31, 32, 47, 43)
COLUMN_GRID = [(x, y) for x in (14.0, 26.0, 50.0, 62.0) for y in (24.0, 39.0, 54.0, 66.0)]
CANOPIES = {"North canopy": rectangle(33.4, 74, 42.6, 76.6), "South canopy": rectangle(33.4, 15.4, 42.6, 18)}
SHOP_STOREYS, ALL_STOREYS = 3, 12
BAND_M = 0.15
PARAPET_M, PLANT_M = 1.2, 3.6


class Kit(NamedTuple):
    """The repeated parts of the house."""

    shop: Shape
    door: Shape
    upper: Shape
    office: Shape
    tall: Shape
    short: Shape


def _kit(model: Model) -> Kit:
    """Make the repeated parts."""
    return Kit(
        shop=glazing(model, "Shopfront 4.6 x 4.6", 4.6, 4.6, 3, DARK, transom_m=3.3),
        door=glazing(model, "Entrance 4.6 x 4.6", 4.6, 4.6, 4, BRONZE, transom_m=2.8, door=True),
        upper=glazing(model, "Podium window 4.6 x 3.2", 4.6, 3.2, 3, DARK),
        office=glazing(model, "Office window 2.4 x 2.8", 2.4, 2.8, 2, BRONZE),
        tall=column_shape(model, 5.15),
        short=column_shape(model, 4.25),
    )


def _bays(floor: Floor, kit: Kit) -> dict[int, list[Bay]]:
    """Return the openings of a storey by side; the ground floor has an entrance north and south."""
    if floor.number > SHOP_STOREYS:
        wide, deep = row(40, 3.0, 2.4, 0.5, kit.office), row(27, 3.0, 2.4, 0.5, kit.office, margin=1.5)
        return {0: wide, 1: deep, 2: wide, 3: deep}
    shape, sill = (kit.shop, 0.1) if floor.number == 1 else (kit.upper, 0.45)
    wide, deep = row(60, 5.4, 4.6, sill, shape, margin=0.2), row(56, 5.4, 4.6, sill, shape, margin=0.8)
    if floor.number == 1:
        wide[5] = wide[5]._replace(shape=kit.door, sill_m=0.0)
    return {0: wide, 1: deep, 2: wide, 3: deep}


def _shell(floor: Floor) -> Shell:
    """Say how a storey is built; the podium's roof is the slab of the first office storey."""
    low = floor.number <= SHOP_STOREYS
    return Shell(
        outline=PODIUM if low else TOWER,
        core=CORE,
        slab=recessed(PODIUM) if floor.number <= SHOP_STOREYS + 1 else inset(TOWER, -BAND_M),
        slab_m=0.3 if floor.number == 1 else 0.25,
        above_m=0.3 if floor.number == ALL_STOREYS else 0.25,
        wall_m=0.3,
        style=STONE if low else PALE,
    )


def _podium_roof(model: Model, storey: Entity) -> None:
    """Add the podium's parapet, decks and rooflights, and the fins that run up the tower."""
    ring_of_walls(model, storey, PODIUM, 0.25, 1.1, STONE, "Podium parapet", kind="PARAPET")
    decks = [rectangle(20, 61, 56, 71), rectangle(61.5, 20, 66.5, 56), rectangle(9.5, 20, 14.5, 56)]
    terrace(model, storey, decks, [rectangle(x, 53.5, x + 8, 58.5) for x in (24.0, 44.0)])
    places = {i: [0.5 + 3.0 * k for k in range(14)] for i in (0, 2)}
    places |= {i: [1.5 + 3.0 * k for k in range(9)] for i in (1, 3)}
    fins(model, storey, TOWER, places, (0.14, 0.45), 36.3, BRONZE)


def write_harbour_house(path: Path) -> None:
    """Write the house."""
    model = Model("Harbour House", HARBOUR.unit_m, georeference(HARBOUR))
    kit = _kit(model)
    for floor in storeys([(5.4, "Shops"), (4.5, "Shops"), (4.5, "Shops")], (9, 3.9, "Offices")):
        storey = build_storey(model, floor, _shell(floor), _bays(floor, kit))
        if floor.number <= SHOP_STOREYS:
            shape = kit.tall if floor.number == 1 else kit.short
            columns(model, storey, COLUMN_GRID, shape, f"{floor.number:02d}")
        if floor.number == 1:
            for name, outline in CANOPIES.items():
                slab(model, storey, outline, 0.2, BRONZE, name, kind="CANOPY", top_m=5.0)
        if floor.number == SHOP_STOREYS + 1:
            _podium_roof(model, storey)
    crown = model.storey("Roof", round(HARBOUR.parapet_top_m - PARAPET_M, 4), 0.0, PLANT_M)
    slab(model, crown, inset(TOWER, -BAND_M), 0.3, WHITE, "Roof slab", kind="ROOF")
    roof(model, crown, TOWER, PLANT_ROOM, PARAPET_M, PLANT_M, WHITE)
    common(model, HARBOUR, "Shops and offices")
    model.write(path)
