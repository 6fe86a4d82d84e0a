"""City objects to buildings: parts folded into their building, one element per object."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from zonebox import tolerance
from zonebox.errors import InputError
from zonebox.geometry.mesh import Mesh, is_closed, merged, triangle_normals, volume_m3, welded
from zonebox.model.building import Building, Element
from zonebox_converters.citymodel.document import CityObject, Document, enter, opened
from zonebox_converters.citymodel.surfaces import DEPTH, collected, triangulated

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from zonebox.frame import Frame

BUILDING, PARTS = "Building", frozenset({"BuildingPart", "BuildingInstallation"})

ROOF, WALL, FLOOR = (178, 142, 124, 255), (222, 217, 208, 255), (158, 158, 154, 255)
"""RGBA: weathered tile, plaster, stone; neutral, so that verdicts stand out."""

COLOR_OF: Final = {
    "RoofSurface": ROOF, "OuterFloorSurface": ROOF, "WallSurface": WALL, "ClosureSurface": WALL, "Door": WALL,
    "Window": WALL, "GroundSurface": FLOOR, "OuterCeilingSurface": FLOOR,
}
LEVEL: Final = 0.35
"""A surface whose unit normal rises more than this is a roof where the file does not say: flatter than 70 degrees."""

ODD_GROUND_M: Final = 10.0
"""A building that stands this far off the ground of those around it is worth a note ..."""

AROUND_M: Final = 100.0
NEIGHBOURS_LEAST: Final = 4
"""... where at least this many stand within ``AROUND_M``."""


def read(source: Path, frame: Frame, *, crs: str | None = None, lod: str | None = None) -> tuple[Building, ...]:
    """Read the buildings of a CityJSON file, in the file's order.

    Objects of other kinds are left out; the notes of the first building count them.

    Parameters
    ----------
    source : Path
        CityJSON 1.0, 1.1 or 2.0, or CityJSONSeq (``.city.jsonl``).
    frame : Frame
        The scene's frame.
    crs : str, optional
        Reference of the file, where it says nothing or nothing about heights.
    lod : str, optional
        Level of detail, e.g. ``"2.2"`` (``"2"`` takes any 2.x); the highest of each object where not given.

    Returns
    -------
    tuple of Building
        Each with ``mesh`` in the frame, ``solid`` where it is closed, and ``ground_m`` at its lowest vertex.

    Raises
    ------
    InputError
        The file is missing, no CityJSON, without buildings, without the level of detail, or points to vertices that do
        not exist.
    FrameError
        No CRS, two that contradict each other, or heights that mean nothing in the scene.
    """
    document = opened(source)
    families, strays = _families(document)
    chosen = _chosen(document, families, lod)
    vertices, notes, entry = enter(document, frame, crs)
    surfaces = collected([part for family in chosen for part in family], len(vertices), where=document.name)
    triangles, surface = triangulated(surfaces, vertices)
    mesh, part = Mesh(vertices=vertices, triangles=triangles), surfaces.owners[surface]
    color = _colors(mesh, [surfaces.kinds[s] for s in surface])
    buildings, first = [], 0
    for family, parts in zip(families, chosen, strict=True):
        rows = np.arange(*np.searchsorted(part, [first, first + len(parts)]))
        if len(rows):
            buildings.append(_building(document.name, family[0], [item for item, _ in parts], mesh.part(rows),
                                       part[rows] - first, color[rows]))
        first += len(parts)
    if not buildings:
        raise InputError(document.name, got="buildings without any area", want="surfaces or solids",
                         then="export the file again")
    buildings = [replace(building, entry=entry) for building in buildings]
    return _annotated(buildings, (*notes, *_left_out(document, families, strays, len(buildings))))


def _chosen(
    document: Document, families: Sequence[Sequence[CityObject]], lod: str | None
) -> list[list[tuple[CityObject, Mapping[str, Any]]]]:
    """Geometries to build, per family, or the sentence why there are none."""
    if not families:
        kinds = Counter(item.type for item in document.objects.values())
        found = ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items())) or "no objects"
        raise InputError(document.name, got=f"no building ({found})", want="objects of type Building",
                         then="leave the file out of the context")
    chosen = [_at_detail(family, lod) for family in families]
    if not any(chosen):
        levels = sorted({_level(g) for family in families for item in family for g in item.geometry})
        asked = f"no surface or solid of lod {lod}" if lod is not None else "no surface or solid"
        raise InputError(f"{document.name}#lod", got=f"{asked}, only lod {', '.join(levels) or 'none'}",
                         want="a level that is there", then="set lod to one of these, or leave it out")
    return chosen


def _families(document: Document) -> tuple[list[list[CityObject]], int]:
    """Each building followed by its parts and theirs, and how many parts belong to no building."""
    objects = document.objects
    children: dict[str, dict[str, None]] = {}
    for item in objects.values():
        for parent in item.parents:
            children.setdefault(parent, {})[item.id] = None
        for child in item.children:
            children.setdefault(item.id, {})[child] = None
    taken: set[str] = set()
    families = []
    for item in objects.values():
        if item.type != BUILDING or item.id in taken:
            continue
        family, queue = list[CityObject](), [item.id]
        while queue:
            key = queue.pop(0)
            if key in objects and key not in taken and objects[key].type in {BUILDING, *PARTS}:
                taken.add(key)
                family.append(objects[key])
                queue.extend(children.get(key, ()))
        families.append(family)
    strays = [item for item in objects.values() if item.type in PARTS and item.id not in taken]
    families.extend([stray] for stray in strays)
    return families, len(strays)


def _at_detail(family: Sequence[CityObject], lod: str | None) -> list[tuple[CityObject, Mapping[str, Any]]]:
    """Choose one geometry per object: the level asked for, else its highest; no footprint beside a volume."""
    chosen = []
    for item in family:
        able = [g for g in item.geometry if g.get("type") in DEPTH and g.get("boundaries")]
        if lod is not None:
            able = [g for g in able if _level(g) == lod] or [g for g in able if _level(g).split(".")[0] == lod]
        if able:
            chosen.append((item, max(able, key=_level)))
    volumes = [(item, g) for item, g in chosen if not _level(g).startswith("0")]
    return volumes or chosen


def _level(geometry: Mapping[str, Any]) -> str:
    """Level of detail as text: 1 and 1.0 are "1", 2.2 stays "2.2"."""
    return str(geometry.get("lod", "")).removesuffix(".0")


def _building(
    source: str,
    root: CityObject,
    parts: Sequence[CityObject],
    mesh: Mesh,
    element: NDArray[np.intp],
    color: NDArray[np.uint8],
) -> Building:
    """Make one building of the triangles of its parts; ``element`` (m,) counts within ``parts``."""
    pieces = [welded(mesh.part(element == k)) for k in range(len(parts))]
    drawn = [piece for piece in pieces if len(piece)]
    is_open = sum(not is_closed(piece.triangles, len(piece.vertices)) for piece in drawn)
    triangles = mesh.triangles.copy()
    solid, note = None, "the surfaces leave gaps or overlap: no closed volume"
    if not is_open:
        outward = [volume_m3(piece) >= 0.0 for piece in pieces]
        inverted = ~np.array(outward)[element]                          # drawn inside out
        triangles[inverted] = triangles[inverted][:, ::-1]
        solid = merged([piece if out else Mesh(vertices=piece.vertices, triangles=piece.triangles[:, ::-1])
                        for piece, out in zip(pieces, outward, strict=True)])
        note = "closed as drawn" if len(drawn) == 1 else f"{len(drawn)} closed parts side by side"
        if volume_m3(solid) <= tolerance.VOLUME_M3:
            solid, note = None, "the surfaces enclose nothing"
    attributes = _as_text(root.attributes)
    return Building(
        id=root.id, name=attributes.get("name") or root.id, source=source,
        mesh=Mesh(vertices=mesh.vertices, triangles=triangles),
        elements=tuple(Element(id=p.id, ifc_class=p.type, properties=_as_text(p.attributes)) for p in parts),
        triangle_element=element.astype(np.int32), triangle_color=color, solid=solid, solid_note=note,
        ground_m=float(mesh.vertices[:, 2].min()), attributes=attributes,
    )


def _as_text(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Attributes as text; lists and objects as JSON, nulls left out."""
    return {key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for key, value in attributes.items() if value is not None}


def _colors(mesh: Mesh, kinds: Sequence[str]) -> NDArray[np.uint8]:
    """RGBA (m, 4) by surface type, else by the way a triangle faces."""
    normals = triangle_normals(mesh.corners)
    rise = normals[:, 2] / np.maximum(np.linalg.norm(normals, axis=1), 1e-300)
    color = np.where((rise > LEVEL)[:, None], ROOF, np.where((rise < -LEVEL)[:, None], FLOOR, WALL)).astype(np.uint8)
    for kind in {k for k in kinds if k in COLOR_OF}:
        color[np.array([k == kind for k in kinds])] = COLOR_OF[kind]
    return color


def _left_out(
    document: Document, families: Sequence[Sequence[CityObject]], strays: int, built: int
) -> Iterable[str]:
    """Sentences on what the file holds and the buildings do not."""
    inside = {item.id for family in families for item in family}
    others = Counter(item.type for item in document.objects.values() if item.id not in inside)
    if others:
        yield f"{document.name}: left out " + ", ".join(f"{n} {kind}" for kind, n in sorted(others.items()))
    if built < len(families):
        yield f"{document.name}: {len(families) - built} buildings have no surfaces at the chosen level of detail"
    if strays:
        yield f"{document.name}: {strays} building parts name no building of the file and stand alone"


def _annotated(buildings: Sequence[Building], general: Iterable[str]) -> tuple[Building, ...]:
    """Add the notes: on the file to the first building, on an odd ground to the building itself."""
    own: list[list[str]] = [[] for _ in buildings]
    own[0].extend(general)
    for k, off in _odd_grounds(buildings):
        direction = "below" if off < 0.0 else "above"
        lowest = f"its lowest point, {buildings[k].ground_m:.1f} m,"
        own[k].append(f"{lowest} is {abs(off):.1f} m {direction} that of its neighbours")
    return tuple(replace(b, notes=tuple(notes)) if notes else b for b, notes in zip(buildings, own, strict=True))


def _odd_grounds(buildings: Sequence[Building]) -> list[tuple[int, float]]:
    """Find buildings whose lowest point is far off that of those around: number and difference, metres."""
    from scipy.spatial import cKDTree

    ground = np.array([b.ground_m for b in buildings], dtype=np.float64)
    middle = np.array([b.mesh.bounds[:, :2].mean(0) for b in buildings])
    around = cKDTree(middle).query_ball_point(middle, AROUND_M)
    odd = []
    for k, near in enumerate(around):
        off = float(ground[k] - np.median(ground[near]))
        if len(near) > NEIGHBOURS_LEAST and abs(off) > ODD_GROUND_M:
            odd.append((k, off))
    return odd
