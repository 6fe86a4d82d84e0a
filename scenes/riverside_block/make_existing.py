"""Write what stands on the block already, as CityJSON 2.0: boxes (LoD1) and the protected hall with its roof (LoD2)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from make_site import House, Point, houses

if TYPE_CHECKING:
    from pathlib import Path

Vertex = tuple[int, int, int]
TRANSLATE = (511_700.0, 4_056_800.0, 0.0)
SCALE = 0.001


class Vertices:
    """Vertices in whole millimetres, each held once."""

    def __init__(self) -> None:
        self.index: dict[Vertex, int] = {}

    def add(self, point: Point, z: float) -> int:
        """Return a vertex's number."""
        x, y = (round((v - t) / SCALE) for v, t in zip(point, TRANSLATE, strict=False))
        return self.index.setdefault((x, y, round(z / SCALE)), len(self.index))


def _box(house: House, vertices: Vertices) -> list[list[list[int]]]:
    """Return a box's faces: floor, walls, roof; each a list of rings seen counter-clockwise from outside."""
    low = [vertices.add(p, house.base_m) for p in house.outline]
    top = [vertices.add(p, house.base_m + house.height_m) for p in house.outline]
    count = len(low)
    walls = [[[low[i], low[(i + 1) % count], top[(i + 1) % count], top[i]]] for i in range(count)]
    return [[low[::-1]], *walls, [top]]


def _hall(house: House, vertices: Vertices) -> list[list[list[int]]]:
    """Return the faces of a gabled hall whose ridge runs along its first side: floor, 4 walls, 2 roofs."""
    low = [vertices.add(p, house.base_m) for p in house.outline]
    eave = [vertices.add(p, house.base_m + house.height_m) for p in house.outline]
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = house.outline
    ridge_z = house.base_m + (house.ridge_m or house.height_m)
    west_end = vertices.add(((ax + dx) / 2, (ay + dy) / 2), ridge_z)
    east_end = vertices.add(((bx + cx) / 2, (by + cy) / 2), ridge_z)
    return [
        [low[::-1]],
        [[low[0], low[1], eave[1], eave[0]]],
        [[low[1], low[2], eave[2], east_end, eave[1]]],
        [[low[2], low[3], eave[3], eave[2]]],
        [[low[3], low[0], eave[0], west_end, eave[3]]],
        [[eave[0], eave[1], east_end, west_end]],
        [[eave[2], eave[3], west_end, east_end]],
    ]


def _object(house: House, vertices: Vertices) -> dict[str, Any]:
    """Return a house as a city object."""
    attributes: dict[str, Any] = {
        "name": house.name,
        "storeysAboveGround": house.storeys,
        "measuredHeight": house.ridge_m or house.height_m,
        "groundHeight": house.base_m,
    }
    geometry: dict[str, Any] = {"type": "Solid", "lod": "1.2", "boundaries": [_box(house, vertices)]}
    if house.ridge_m is not None:
        attributes |= {"protected": True, "eaveHeight": house.height_m, "roofType": "gable"}
        surfaces = [{"type": kind} for kind in ("GroundSurface", "WallSurface", "RoofSurface")]
        semantics = {"surfaces": surfaces, "values": [[0, 1, 1, 1, 1, 2, 2]]}
        hall = [_hall(house, vertices)]
        geometry = {"type": "Solid", "lod": "2.0", "boundaries": hall, "semantics": semantics}
    return {"type": "Building", "attributes": attributes, "geometry": [geometry]}


def write_existing(path: Path) -> None:
    """Write the city model, one object a line."""
    vertices = Vertices()
    objects = {house.id: _object(house, vertices) for house in houses()}
    metadata = {
        "identifier": "riverside-block-existing",
        "title": "Riverside block: existing buildings. Fictional. Heights in EPSG:5737 (1985 datum), metres.",
        "referenceDate": "2026-01-01",
        "referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/4548",
    }
    head = {
        "type": "CityJSON",
        "version": "2.0",
        "metadata": metadata,
        "transform": {"scale": [SCALE] * 3, "translate": list(TRANSLATE)},
    }
    lines = [f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in objects.items()]
    text = json.dumps(head, ensure_ascii=False)[:-1] + ',\n"CityObjects": {\n' + ",\n".join(lines)
    text += '\n},\n"vertices": ' + json.dumps([list(v) for v in vertices.index]) + "}\n"
    path.write_bytes(text.encode())
