"""Write Ferry Terrace: two storeys of shops, seventeen of homes, in millimetres.

It breaks its height limit, its floor area ratio and, with the corner bay of its podium, the setback from Ferry Lane.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from facts import FERRY, FERRY_SETBACK_M
from make_model import Entity, Model, Point, Shape, inset
from make_parts import (
    BRICK,
    CLEAR,
    CREAM,
    DARK,
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

BAY_M = FERRY_SETBACK_M  # the corner bay's distance from Ferry Lane: too little
BALCONY_M = 2.03  # leaves 9.97 m to Riverside Street, 3 cm short of the stepback: within survey tolerance
PODIUM: list[Point] = [(BAY_M, 8), (64, 8), (64, 56), (8, 56), (8, 18), (BAY_M, 18)]
TOWER, CORE = rectangle(20, 12, 56, 36), rectangle(33, 20, 43, 28)
PLANT_ROOM = rectangle(29, 19, 45, 29)
COLUMN_GRID = [(x, y) for x in (14.0, 27.0, 48.0, 58.0) for y in (14.0, 32.0, 50.0)]
SHOP_STOREYS, ALL_STOREYS = 2, 19
BAND_M = 0.1
PARAPET_M, PLANT_M = 1.12, 4.3


class Kit(NamedTuple):
    """The repeated parts of the house."""

    shop: Shape
    door: Shape
    flat: Shape
    side: Shape
    french: Shape
    column: Shape
    balcony: Shape
    rail: Shape


def _balcony(model: Model) -> tuple[Shape, Shape]:
    """Make a balcony, 4.6 m wide and 2.03 m deep, and its glass balustrade."""
    body = [model.prism(rectangle(0, -BALCONY_M, 4.6, 0.1), 0.18, WHITE, z_m=-0.18)]
    outer: list[Point] = [(0.0, 0.0), (0.0, -BALCONY_M), (4.6, -BALCONY_M), (4.6, 0.0)]
    front = 0.05 - BALCONY_M
    inner: list[Point] = [(4.55, 0.0), (4.55, front), (0.05, front), (0.05, 0.0)]
    rail = [model.prism(outer + inner, 1.1, CLEAR)]
    return (
        model.shape("IfcSlab", "Balcony 4.6 x 2.03", body, kind="FLOOR"),
        model.shape("IfcRailing", "Balustrade", rail, kind="BALUSTRADE"),
    )


def _kit(model: Model) -> Kit:
    """Make the repeated parts."""
    balcony, rail = _balcony(model)
    return Kit(
        shop=glazing(model, "Shopfront 4.8 x 3.9", 4.8, 3.9, 3, DARK, transom_m=2.9),
        door=glazing(model, "Entrance 4.8 x 3.9", 4.8, 3.9, 4, DARK, transom_m=2.6, door=True),
        flat=glazing(model, "Window 2.0 x 1.65", 2.0, 1.65, 2, DARK),
        side=glazing(model, "Window 1.8 x 1.65", 1.8, 1.65, 2, DARK),
        french=glazing(model, "Balcony door 3.0 x 2.5", 3.0, 2.5, 3, DARK),
        column=column_shape(model, 4.55),
        balcony=balcony,
        rail=rail,
    )


def _home_bays(kit: Kit) -> dict[int, list[Bay]]:
    """Return the openings of a storey of homes: balcony doors and windows south, windows elsewhere."""
    south = [Bay(9.0 * k + 1.5, 0.02, kit.french) for k in range(4)]
    south += [Bay(9.0 * k + 6.1, 0.85, kit.flat) for k in range(4)]
    north = [Bay(9.0 * k + s, 0.85, kit.flat) for k in range(4) for s in (1.6, 5.4)]
    ends = [Bay(s, 0.85, kit.side) for s in (1.7, 5.2, 8.7, 13.5, 17.0, 20.5)]
    return {0: south, 1: ends, 2: north, 3: ends}


def _shop_bays(floor: Floor, kit: Kit) -> dict[int, list[Bay]]:
    """Return the openings of a storey of shops; the ground floor has an entrance north and south."""
    lengths = {0: 64.0 - BAY_M, 1: 48.0, 2: 56.0, 3: 38.0, 5: 10.0}
    bays = {i: row(length, 5.8 if i == 0 else 5.6, 4.8, 0.1, kit.shop, 0.3) for i, length in lengths.items()}
    if floor.number == 1:
        for side in (0, 2):
            bays[side][4] = bays[side][4]._replace(shape=kit.door, sill_m=0.0)
    return bays


def _shell(floor: Floor) -> Shell:
    """Say how a storey is built; the podium's roof is the slab of the first storey of homes."""
    low = floor.number <= SHOP_STOREYS
    first_home = floor.number == SHOP_STOREYS + 1
    return Shell(
        outline=PODIUM if low else TOWER,
        core=CORE,
        slab=recessed(PODIUM) if low or first_home else inset(TOWER, -BAND_M),
        slab_m=0.3 if floor.number == 1 else 0.25 if low or first_home else 0.18,
        above_m=0.25 if low or floor.number == ALL_STOREYS else 0.18,
        wall_m=0.3 if low else 0.24,
        style=BRICK if low else CREAM,
    )


def _podium_roof(model: Model, storey: Entity) -> None:
    """Add the podium's parapet, decks and rooflights, and the brick piers that run up the tower."""
    ring_of_walls(model, storey, PODIUM, 0.25, 1.1, BRICK, "Podium parapet", kind="PARAPET")
    decks = [rectangle(12, 41, 30, 53), rectangle(42, 41, 60, 53)]
    terrace(model, storey, decks, [rectangle(33, y, 39, y + 4) for y in (42.0, 48.0)])
    places = {i: [9.0 * k for k in range(5)] for i in (0, 2)} | {i: [0.0, 12.0, 24.0] for i in (1, 3)}
    fins(model, storey, TOWER, places, (0.5, 0.25), 53.82, BRICK)


def _balconies(model: Model, storey: Entity, kit: Kit, label: str) -> None:
    """Hang four balconies on the south wall of a storey."""
    x, y = TOWER[0]
    for k in range(4):
        at = (x + 9.0 * k + 0.7, y, 0.0)
        model.add("IfcSlab", f"Balcony {label}-{k + 1}", storey, kit.balcony, at)
        model.add("IfcRailing", f"Balustrade {label}-{k + 1}", storey, kit.rail, at)


def write_ferry_terrace(path: Path) -> None:
    """Write the house."""
    model = Model("Ferry Terrace", FERRY.unit_m, georeference(FERRY))
    kit = _kit(model)
    for floor in storeys([(4.8, "Shops"), (4.8, "Shops")], (17, 3.1, "Homes")):
        low, label = floor.number <= SHOP_STOREYS, f"{floor.number:02d}"
        storey = build_storey(model, floor, _shell(floor), _shop_bays(floor, kit) if low else _home_bays(kit))
        if low:
            columns(model, storey, COLUMN_GRID, kit.column, label)
        elif floor.number == SHOP_STOREYS + 1:
            _podium_roof(model, storey)
        else:
            _balconies(model, storey, kit, label)
    crown = model.storey("Roof", round(FERRY.parapet_top_m - PARAPET_M, 4), 0.0, PLANT_M)
    slab(model, crown, inset(TOWER, -BAND_M), 0.25, WHITE, "Roof slab", kind="ROOF")
    roof(model, crown, TOWER, PLANT_ROOM, PARAPET_M, PLANT_M, WHITE)
    common(model, FERRY, "Homes above shops")
    model.write(path)
