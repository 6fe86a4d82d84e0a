"""Storeys and rooms in the frame, with floor areas from every source there is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from zonebox.geometry.mesh import Mesh, triangle_normals
from zonebox.model import FloorArea, Space, Storey
from zonebox.model.building import AreaSource
from zonebox_converters.ifc.facts import Level, Room
from zonebox_converters.ifc.georeference import Pose


def spaces_of(rooms: Sequence[Room], measured: Mapping[int, float]) -> tuple[Space, ...]:
    """Rooms with the area their quantities state, else the one measured on their geometry (step id -> m²)."""
    return tuple(
        Space(id=room.guid, name=room.name, use=room.use, storey=room.storey,
              area_m2=measured.get(room.number) if room.area_m2 is None else room.area_m2)
        for room in rooms
    )


def storeys_of(
    levels: Sequence[Level],
    spaces: Sequence[Space],
    outlines: Mapping[float, float],
    pose: Pose,
    *,
    outdoor: Collection[str] = (),
) -> tuple[Storey, ...]:
    """Storeys from low to high, in the scene's datum.

    Parameters
    ----------
    levels : sequence of Level
        In the file's coordinates, ascending.
    spaces : sequence of Space
        Of the whole building.
    outlines : mapping
        Height of a storey in the file's coordinates (to 0.1 mm) -> outline area, m².
    pose : Pose
        From the file into the frame.
    outdoor : collection of str
        GlobalIds of spaces that lie under the sky and are no floor area.
    """
    heights = [float(pose.apply([[pose.anchor[0], pose.anchor[1], level.z_m]])[0, 2]) for level in levels]
    indoor = [space for space in spaces if space.id not in outdoor]
    storeys = []
    for level, elevation in zip(levels, heights, strict=True):
        above = [other for other in heights if other > elevation + 1e-3]
        storeys.append(Storey(
            id=level.guid, name=level.name, elevation_m=elevation,
            height_m=min(above) - elevation if above else None,
            areas=tuple(_areas(level, indoor, outlines)),
        ))
    return tuple(storeys)


def floor_area_m2(mesh: Mesh) -> float:
    """Plan area of the faces of a room that look down: exact for any room without overhangs.

    Examples
    --------
    >>> floor_area_m2(Mesh.empty())
    0.0
    """
    down = -triangle_normals(mesh.corners)[:, 2] / 2
    return float(down[down > 0].sum())


def _areas(level: Level, spaces: Sequence[Space], outlines: Mapping[float, float]) -> list[FloorArea]:
    areas = []
    if level.area_m2 is not None:
        areas.append(FloorArea(source=AreaSource.QUANTITY, value_m2=level.area_m2))
    here = [space.area_m2 for space in spaces if space.storey == level.guid]
    known = [area for area in here if area is not None]
    if here and len(known) == len(here):
        areas.append(FloorArea(source=AreaSource.SPACES, value_m2=float(np.sum(known))))
    outline = outlines.get(round(level.z_m, 4))
    if outline is not None:
        areas.append(FloorArea(source=AreaSource.SECTION, value_m2=outline))
    return areas
