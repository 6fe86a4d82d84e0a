"""Move a design as a body: nothing about it changes but where it stands."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.mesh import Mesh
from zonebox.model import Building, GeoreferenceNote
from zonebox.whatif.changes import Move, check_move


def moved(building: Building, move: Move) -> Building:
    """Return a design turned about the middle of its plan extent, then shifted; its storeys and roof go with it.

    Raises
    ------
    InputError
        The move is not finite or farther than a design can be meant to go.
    """
    check_move(move)
    if not len(building.mesh) or not any((move.east_m, move.north_m, move.up_m, move.turn_deg)):
        return building
    middle = building.mesh.bounds.mean(0) * (1.0, 1.0, 0.0)
    up, roof = move.up_m, building.roof
    heights: dict[str, Any] = {
        name: z + up for name in ("top_m", "eave_m", "ridge_m", "flat_m", "parapet_m")
        if (z := getattr(roof, name, None)) is not None}
    text = (f"moved in the scene file or by hand: {move.east_m:+.3f} m east, {move.north_m:+.3f} m north, "
            f"{up:+.3f} m up, turned {move.turn_deg:+.3f}° anticlockwise about its middle")
    return replace(
        building, mesh=_moved(building.mesh, middle, move),
        solid=None if building.solid is None else _moved(building.solid, middle, move),
        storeys=tuple(replace(s, elevation_m=s.elevation_m + up) for s in building.storeys),
        roof=None if roof is None else replace(roof, **heights),
        ground_m=None if building.ground_m is None else building.ground_m + up,
        georeference=(*building.georeference, GeoreferenceNote(kind="scene_move", text=text, used=True)),
    )


def _moved(mesh: Mesh, middle: NDArray[np.float64], move: Move) -> Mesh:
    angle = math.radians(move.turn_deg)
    turn = np.array([[math.cos(angle), -math.sin(angle), 0.0], [math.sin(angle), math.cos(angle), 0.0],
                     [0.0, 0.0, 1.0]]) if move.turn_deg else np.eye(3)
    shift = middle + np.array([move.east_m, move.north_m, move.up_m])
    return Mesh(vertices=(mesh.vertices - middle) @ turn.T + shift, triangles=mesh.triangles)
