"""Read an IFC file into the frame: facts, shapes and solid from the file (or the cache), then one placement for all."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from zonebox.collector import without_collector
from zonebox.errors import InputError
from zonebox.frame import Frame
from zonebox.geometry.mesh import Mesh
from zonebox.model import Building, Element
from zonebox.model.building import Roof
from zonebox_converters.ifc import cache as stored
from zonebox_converters.ifc import contents, header, massing
from zonebox_converters.ifc.cache import Content
from zonebox_converters.ifc.facts import Facts
from zonebox_converters.ifc.floorarea import gross_floor_areas
from zonebox_converters.ifc.georeference import Placement, Pose, place
from zonebox_converters.ifc.kernel import Shapes
from zonebox_converters.ifc.placing import placed
from zonebox_converters.ifc.stated import Stated
from zonebox_converters.ifc.storeys import floor_area_m2, spaces_of, storeys_of

NAMED_FAILURES: Final = 100
"""So many products without shape are named one by one; beyond that they are only counted."""

GROUND_BELOW_M: Final = 3.0
"""A stated outdoor ground this far below the lowest part of a building, or above its top, is a default, not a level."""

_SETTINGS: Final = {"kernel": "opencascade", "reorient-shells": True, "outlines": "without fins"}


def read(
    source: Path,
    frame: Frame,
    *,
    id: str,  # noqa: A002 - the field's own word
    parcel: str = "",
    variant: str = "",
    placement: Placement | None = None,
    cache: Path | None = None,
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> Building:
    """Read an .ifc or .ifczip into the frame.

    Parameters
    ----------
    source : Path
        IFC2X3, IFC4 or IFC4X3.
    frame : Frame
        Where to; heights arrive in its vertical datum.
    id, parcel, variant : str
        As the scene names the design.
    placement : Placement, optional
        Where the scene puts it; used only where the file does not say.
    cache : Path, optional
        Folder for what was read; made where missing.
    workers : int
        Processes to spread the geometry over.
    progress : callable, optional
        Called with (products done, products in all).

    Returns
    -------
    Building
        In metres, in the frame; `Building.georeference` tells why it stands there, `Building.notes` what is missing.

    Raises
    ------
    InputError
        No usable IFC file; cut off; nothing to build from; not placed.
    FrameError
        A CRS of the file that cannot be brought into the frame exactly.
    """
    source = Path(source)
    header.check_present(source)
    entry = stored.entry(cache, header.digest(source), _SETTINGS) if cache is not None else None
    with without_collector():
        content = stored.load(entry) if entry is not None else None
    if content is None:
        content = _content(source, frame, placement, workers, progress)
        if entry is not None and not any("longer than" in why for why in content.shapes.failures.values()):
            stored.store(entry, content)
    elif progress is not None:
        total = len(content.shapes.arrays["product"]) + len(content.shapes.failures)
        progress(total, total)
    stands = place(content.facts.stated, frame, placement=placement, where=source.name)
    with without_collector():
        building = _assembled(content, stands.pose, id=id, source=source)
    return replace(building, parcel=parcel, variant=variant, georeference=stands.notes, entry=stands.entry)


def _content(source: Path, frame: Frame, placement: Placement | None, workers: int,
             progress: Callable[[int, int], None] | None) -> Content:
    """Take everything out of a file; whether it can be placed is found out before any geometry is made."""
    def placeable(said: Stated) -> None:
        place(said, frame, placement=placement, where=source.name)

    with header.opened(source) as file, massing.standby() as ready, without_collector():
        facts, shapes = contents.take(file, placeable, workers=workers, progress=progress)
        rooms = [room for room in facts.rooms if room.has_shape]
        if not len(shapes.arrays["triangles"]):
            raise InputError(source.name, got="a building without a single shape", want="walls, slabs or other solids",
                             then="export the model with its 3D geometry (Body representations)")
        made = massing.solid(shapes, spaces={room.number for room in rooms}, anchor=facts.stated.anchor,
                             levels=[level.z_m for level in facts.levels], ready=ready)
    return Content(facts=facts, shapes=shapes, massing=made)


def _assembled(content: Content, pose: Pose, *, id: str, source: Path) -> Building:  # noqa: A002
    """Put everything into the frame."""
    facts, shapes = content.facts, content.shapes
    with ThreadPoolExecutor(1) as beside:           # arrays here, values there: the one hardly waits for the other
        placing = beside.submit(placed, facts.parts, shapes, pose)
        elements = tuple([Element(id=part.guid, ifc_class=part.ifc_class, name=part.name, storey=part.storey,
                                  properties=part.properties) for part in facts.parts])
        seen = placing.result()
    spaces = spaces_of(facts.rooms, _room_areas(facts, shapes))
    outdoor = {room.guid: room.name for room in facts.rooms if room.number in content.massing.outdoor}
    low, top = seen.mesh.bounds[:, 2].tolist()
    ground, ground_notes = _ground(facts, low, top)
    solid = content.massing.solid
    if solid is not None:
        solid = Mesh(vertices=pose.apply(solid.vertices + pose.anchor), triangles=solid.triangles)
    storeys = storeys_of(facts.levels, spaces, dict(content.massing.outlines), pose, outdoor=outdoor)
    return Building(
        id=id, name=facts.name or id, source=source.name, mesh=seen.mesh,
        elements=elements, triangle_element=seen.element, triangle_color=seen.color,
        solid=solid, solid_note=content.massing.note, solid_bound_m=content.massing.bound_m,
        storeys=storeys, spaces=spaces, gross_areas=gross_floor_areas(storeys, ground_m=ground, top_m=top),
        roof=_roof(content, pose), ground_m=ground, attributes=facts.attributes,
        notes=(*facts.notes, *_failure_notes(facts, shapes), *_dropped_notes(content), *ground_notes,
               *(f"space {name} ({guid}) lies under the sky and counts as no floor area"
                 for guid, name in sorted(outdoor.items()))),
    )


def _roof(content: Content, pose: Pose) -> Roof | None:
    """Bring the heights of the roof into the scene's datum."""
    known = {name: z for name, z in content.massing.roof.items() if z is not None}
    if not known:
        return None
    spots = np.array([[0.0, 0.0, z] for z in known.values()]) + pose.anchor
    return Roof(**{f"{name}_m": float(z) for name, z in zip(known, pose.apply(spots)[:, 2], strict=True)})


def _room_areas(facts: Facts, shapes: Shapes) -> dict[int, float]:
    """Floor area of every room that has a shape, by step id."""
    if not facts.rooms:
        return {}
    row = {int(product): i for i, product in enumerate(shapes.arrays["product"])}
    return {room.number: floor_area_m2(_in_file(shapes, row[room.number]))
            for room in facts.rooms if room.number in row}


def _in_file(shapes: Shapes, row: int) -> Mesh:
    """Shape of one product in the file's coordinates."""
    mesh, _ = shapes.geometry(int(shapes.arrays["geometry"][row]))
    matrix = shapes.arrays["matrix"][row]
    mirrored = np.linalg.det(matrix[:3, :3]) < 0
    return Mesh(vertices=mesh.vertices @ matrix[:3, :3].T + matrix[:3, 3],
                triangles=mesh.triangles[:, ::-1] if mirrored else mesh.triangles)


def _failure_notes(facts: Facts, shapes: Shapes) -> list[str]:
    """Count and name what has no shape."""
    if not shapes.failures:
        return []
    known = {part.number: (part.guid, part.ifc_class) for part in facts.parts}
    known |= {room.number: (room.guid, "IfcSpace") for room in facts.rooms}
    total = len(shapes.failures) + len(shapes.arrays["product"])
    notes = [f"{len(shapes.failures)} of {total} products have no shape and are left out"]
    for number, why in list(shapes.failures.items())[:NAMED_FAILURES]:
        guid, ifc_class = known[number]
        notes.append(f"{guid} ({ifc_class}) is left out: {why}")
    return notes


def _dropped_notes(content: Content) -> list[str]:
    """Name what the solid has to do without."""
    dropped = set(content.massing.dropped)
    if not dropped:
        return []
    named = [(part.number, part.guid) for part in content.facts.parts]
    named += [(room.number, room.guid) for room in content.facts.rooms]
    return [f"{guid} is seen but not part of the solid for the checks: the solid kernel fails on it"
            for number, guid in named if number in dropped]


def _ground(facts: Facts, low: float, high: float) -> tuple[float | None, list[str]]:
    """Outdoor ground, where the file states one that the building can stand on."""
    notes: list[str] = []
    for name, height in facts.grounds:
        if low - GROUND_BELOW_M <= height <= high:
            return height, notes
        notes.append(f"{name} says {height:.2f} m, but the building stands from {low:.2f} to {high:.2f} m: not used")
    return None, notes
