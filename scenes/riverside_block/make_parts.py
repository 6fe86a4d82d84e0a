"""Assemble what the two designs share: windows, rings of walls, slabs, columns, a roof with its plant.

Designs are drawn from the south-west corner of their parcel, x along its southern side; zero height is the design
ground.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from make_model import Entity, Georeference, Model, Point, Shape, Style, inset
from make_site import design_ground_m, lots
from pyproj import Transformer

if TYPE_CHECKING:
    from facts import Design

GLASS = Style("Glass", (0.50, 0.70, 0.82), 0.5)
CLEAR = Style("Balustrade glass", (0.70, 0.82, 0.86), 0.35)
BRONZE = Style("Bronze", (0.52, 0.38, 0.25))
DECK = Style("Timber deck", (0.74, 0.57, 0.40))
DARK = Style("Dark metal", (0.27, 0.29, 0.31))
STONE = Style("Sandstone", (0.89, 0.79, 0.64))
WHITE = Style("White concrete", (0.97, 0.96, 0.94))
PALE = Style("Pale panel", (0.92, 0.91, 0.88))
CREAM = Style("Cream render", (0.97, 0.92, 0.82))
BRICK = Style("Brick", (0.76, 0.42, 0.31))
CONCRETE = Style("Concrete", (0.66, 0.66, 0.64))
PLANT = Style("Louvre", (0.72, 0.75, 0.77))

SIDES = "SENW"
JOINT_M = 0.02
REBATE_M = 0.01


class Bay(NamedTuple):
    """An opening in a wall: how far along the wall it starts, how high its sill is, and what fills it."""

    start_m: float
    sill_m: float
    shape: Shape


class Floor(NamedTuple):
    """The heights of a storey: its number, floor level, floor to floor, and its name."""

    number: int
    level_m: float
    height_m: float
    use: str


def rectangle(x0: float, y0: float, x1: float, y1: float) -> list[Point]:
    """Return a rectangle's corners, counter-clockwise from the south-west."""
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def area_m2(outline: list[Point]) -> float:
    """Return the area of a counter-clockwise outline, to the square centimetre."""
    pairs = zip(outline, [*outline[1:], outline[0]], strict=True)
    return round(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs) / 2, 4)


def georeference(design: Design) -> Georeference:
    """Place a design at the south-west corner of its parcel."""
    lot = next(r for r in lots() if r.number == design.parcel)
    e, n = lot.outline[0]
    longitude, latitude = Transformer.from_crs("EPSG:4548", "EPSG:4490", always_xy=True).transform(e, n)
    return Georeference(e, n, design_ground_m(lot), design.turn_deg, latitude, longitude)


def glazing(
    model: Model,
    name: str,
    width: float,
    height: float,
    panes: int,
    frame: Style,
    *,
    transom_m: float = 0.0,
    door: bool = False,
) -> Shape:
    """Add a window (or door) type: a frame with bars let into the wall, a sheet of glass a pane, the hole it fills."""
    bar, y = 0.07, 0.20
    rows = [(bar, height - bar)] if not transom_m else [(bar, transom_m), (transom_m + bar, height - bar)]
    pitch = (width - bar) / panes
    holes, sheets = [], []
    for z0, z1 in rows:
        for k in range(panes):
            x0, x1 = bar + k * pitch, (k + 1) * pitch
            holes.append(rectangle(x0, z0, x1, z1))
            sheets.append(rectangle(x0 - 0.015, z0 - 0.015, x1 + 0.015, z1 + 0.015))
    edge = rectangle(-REBATE_M, -REBATE_M, width + REBATE_M, height + REBATE_M)
    solids = [model.prism(edge, 0.12, frame, holes=holes, upright_y_m=y)]
    solids += [model.prism(sheet, 0.024, GLASS, upright_y_m=y - 0.048) for sheet in sheets]
    hole = model.prism(rectangle(0, 0, width, height), 0.8, frame, upright_y_m=0.6)
    ifc_class, kind = ("IfcDoor", "DOOR") if door else ("IfcWindow", "WINDOW")
    return model.shape(ifc_class, name, solids, opening=hole, kind=kind)


def row(length: float, pitch: float, width: float, sill: float, shape: Shape, margin: float = 0.4) -> list[Bay]:
    """Return as many equal bays as a wall holds, centred."""
    count = int((length - 2 * margin + 1e-9) // pitch)
    first = (length - count * pitch) / 2 + (pitch - width) / 2
    return [Bay(round(first + k * pitch, 4), sill, shape) for k in range(count)]


def _bends(outline: list[Point]) -> list[float]:
    """Return which way an outline turns at each vertex: positive to the left, negative at an inward corner."""
    out = []
    for i, (x, y) in enumerate(outline):
        (x0, y0), (x1, y1) = outline[i - 1], outline[(i + 1) % len(outline)]
        out.append((x - x0) * (y1 - y) - (y - y0) * (x1 - x))
    return out


def ring_of_walls(
    model: Model,
    storey: Entity,
    outline: list[Point],
    thickness: float,
    height: float,
    style: Style,
    label: str,
    *,
    bays: dict[int, list[Bay]] | None = None,
    kind: str = "SOLIDWALL",
    into_slab_m: float = 0.0,
) -> None:
    """Add a closed ring of walls inside an outline, with openings by side.

    Walls stand 2 cm deep in their slab and overlap at the corners (running past inward ones), and may reach into the
    slab above: the solids interlock, so that together they enclose the interior whatever the rounding.
    """
    past = [thickness if bend < 0 else 0.0 for bend in _bends(outline)]
    for i, (x, y) in enumerate(outline):
        x1, y1 = outline[(i + 1) % len(outline)]
        length = ((x1 - x) ** 2 + (y1 - y) ** 2) ** 0.5
        ux, uy = round((x1 - x) / length, 9), round((y1 - y) / length, 9)
        plan = rectangle(-past[i], 0.0, length + past[(i + 1) % len(past)], thickness)
        name = f"{label} {i + 1}"
        solid = model.prism(plan, JOINT_M + height + into_slab_m, style, z_m=-JOINT_M)
        wall = model.add("IfcWall", name, storey, [solid], (x, y, 0.0), along=(ux, uy), kind=kind)
        for k, bay in enumerate((bays or {}).get(i, [])):
            model.fill(wall, storey, bay.shape, f"{name}-{k + 1:02d}", (bay.start_m, 0.0, bay.sill_m))


def slab(
    model: Model,
    storey: Entity,
    outline: list[Point],
    thickness: float,
    style: Style,
    name: str,
    *,
    kind: str = "FLOOR",
    top_m: float = 0.0,
) -> None:
    """Add a slab whose top lies at a height above its storey."""
    solid = model.prism(outline, thickness, style, z_m=top_m - thickness)
    model.add("IfcSlab", name, storey, [solid], kind=kind)


def fins(
    model: Model,
    storey: Entity,
    outline: list[Point],
    places: dict[int, list[float]],
    size: Point,
    height: float,
    style: Style,
) -> None:
    """Add upright fins of (width, projection) outside the walls of an outline, at places along each side."""
    width, depth = size
    body = [model.prism(rectangle(-width / 2, -depth, width / 2, 0.05), height, style)]
    shape = model.shape("IfcMember", f"Fin {width:g} x {depth:g}", body, kind="MULLION")
    for i, (x, y) in enumerate(outline):
        x1, y1 = outline[(i + 1) % len(outline)]
        length = ((x1 - x) ** 2 + (y1 - y) ** 2) ** 0.5
        ux, uy = round((x1 - x) / length, 9), round((y1 - y) / length, 9)
        for k, s in enumerate(places.get(i, [])):
            at = (x + s * ux, y + s * uy, 0.0)
            model.add("IfcMember", f"Fin {SIDES[i]}{k + 1:02d}", storey, shape, at, along=(ux, uy))


def columns(model: Model, storey: Entity, places: list[Point], shape: Shape, label: str) -> None:
    """Add columns of a shared shape."""
    for k, (x, y) in enumerate(places):
        model.add("IfcColumn", f"{label} C{k + 1:02d}", storey, shape, (x, y, 0.0))


def column_shape(model: Model, height: float) -> Shape:
    """Add a square column type of a height."""
    body = [model.prism(rectangle(-0.35, -0.35, 0.35, 0.35), height, CONCRETE)]
    return model.shape("IfcColumn", f"Column 0.7 x 0.7 x {height:g}", body, kind="COLUMN")


def roof(
    model: Model,
    storey: Entity,
    outline: list[Point],
    plant: list[Point],
    parapet_m: float,
    plant_m: float,
    style: Style,
) -> None:
    """Add what stands on a tower's roof slab: parapet, plant room with a roof, two cooling units."""
    ring_of_walls(model, storey, outline, 0.2, parapet_m, style, "Parapet", kind="PARAPET")
    ring_of_walls(model, storey, plant, 0.2, plant_m - 0.2, PLANT, "Plant room wall", into_slab_m=JOINT_M)
    slab(model, storey, inset(plant, -0.1), 0.2, PLANT, "Plant room roof", kind="ROOF", top_m=plant_m)
    x, y = plant[1][0] + 2.0, plant[1][1] + 1.0
    unit = model.shape("IfcUnitaryEquipment", "Cooling unit", [model.prism(rectangle(0, 0, 3, 3), 2.2, DARK)])
    for k in range(2):
        model.add("IfcUnitaryEquipment", f"Cooling unit {k + 1}", storey, unit, (x, y + 4.0 * k, 0.0))


def common(model: Model, design: Design, occupancy: str) -> None:
    """Describe the building: storeys, areas, height."""
    values = {"NumberOfStoreys": design.storeys, "OccupancyType": occupancy}
    model.properties(model.building, "Pset_BuildingCommon", values)
    quantities = {
        "Height": model.length(design.parapet_top_m),
        "FootprintArea": design.footprint_m2,
        "GrossFloorArea": design.floor_area_m2,
    }
    model.quantities(model.building, "Qto_BuildingBaseQuantities", quantities)
    model.properties(model.site, "Pset_SiteCommon", {"Reference": design.parcel})


def storeys(podium: list[tuple[float, str]], tower: tuple[int, float, str]) -> list[Floor]:
    """Return the floors of a podium (height, use) and of a tower (count, height, use) on it."""
    floors: list[Floor] = []
    level = 0.0
    for height, use in [*podium, *[(tower[1], tower[2])] * tower[0]]:
        floors.append(Floor(len(floors) + 1, round(level, 4), height, use))
        level += height
    return floors


def terrace(model: Model, storey: Entity, decks: list[list[Point]], lights: list[list[Point]]) -> None:
    """Lay timber decks and rooflights on a podium roof."""
    for k, outline in enumerate(decks):
        slab(model, storey, outline, 0.12, DECK, f"Deck {k + 1}", kind="DECK", top_m=0.12)
    for k, outline in enumerate(lights):
        light = [model.prism(outline, 0.9, GLASS)]
        model.add("IfcWindow", f"Rooflight {k + 1}", storey, light, kind="SKYLIGHT")


class Shell(NamedTuple):
    """How a storey is built: outline, core, slab outline and thickness, the slab above, wall thickness and colour."""

    outline: list[Point]
    core: list[Point]
    slab: list[Point]
    slab_m: float
    above_m: float
    wall_m: float
    style: Style


def recessed(outline: list[Point]) -> list[Point]:
    """Return a slab outline 3 cm behind the walls' face: a shadow joint between storeys."""
    return inset(outline, 0.03)


def build_storey(model: Model, floor: Floor, shell: Shell, bays: dict[int, list[Bay]]) -> Entity:
    """Add a storey: its slab, its outer walls with their openings, the core, the space."""
    area, label = area_m2(shell.outline), f"{floor.number:02d}"
    storey = model.storey(f"{label}F", floor.level_m, area, floor.height_m)
    clear = floor.height_m - shell.above_m
    slab(model, storey, shell.slab, shell.slab_m, WHITE, f"Slab {label}")
    outer, core = f"Wall {label}", f"Core {label}"
    ring_of_walls(model, storey, shell.outline, shell.wall_m, clear, shell.style, outer, bays=bays, into_slab_m=JOINT_M)
    ring_of_walls(model, storey, shell.core, 0.25, clear, CONCRETE, core, into_slab_m=JOINT_M)
    model.space(f"{floor.use} {label}", storey, inset(shell.outline, shell.wall_m), clear, area)
    return storey
