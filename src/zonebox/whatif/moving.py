"""Move a design as a body: nothing about it changes but where it stands."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zonebox.checks.soundness import CLOSED, Body
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


def moved_body(first: Building, new: Building, move: Move, body: Body) -> Body | None:
    """Body of a design that was moved, from its body at first; None where it has to be found anew.

    A closed solid stays itself wherever it is carried. What was mended or sampled hangs on the grid that it was welded
    or sampled on: shifted, it is the same; turned, a run would find another one.
    """
    if move.turn_deg and body.state != CLOSED:
        return None
    turn, shift = _placing(first.mesh.bounds.mean(0) * (1.0, 1.0, 0.0), move)
    samples = body.samples
    return replace(
        body, mesh=new.checked,
        solid=None if body.solid is None else body.solid.transform(np.column_stack([turn, shift])),
        samples=None if samples is None else replace(samples, points=samples.points @ turn.T + shift))


def joined(first: Move, then: Move, building: Building) -> Move:
    """Return the one move that does what two do, from where a building stands after both.

    Each turns about the middle of the plan extent as it finds it, and a turned body has another extent: the middles
    are found again from the body, turned back.
    """
    if not len(building.mesh):
        return then
    turned = replace(then, turn_deg=first.turn_deg + then.turn_deg)
    points = building.mesh.vertices
    between = _middle(points, then)
    turn, _ = _placing(between, then)
    at_first = (points - between - (then.east_m, then.north_m, then.up_m)) @ turn + between
    middle = _middle(at_first, first)
    east, north, _ = _image(points, turned.turn_deg) - middle
    return replace(turned, east_m=float(east), north_m=float(north), up_m=first.up_m + then.up_m)


def _image(points: NDArray[np.float64], turn_deg: float) -> NDArray[np.float64]:
    """Where a turn by this much has put the middle of the plan extent that points (n, 3) had before; z = 0."""
    turn, _ = _placing(np.zeros(3), Move(design="", turn_deg=turn_deg))
    back = points @ turn
    middle: NDArray[np.float64] = turn @ (((back.min(0) + back.max(0)) / 2.0) * (1.0, 1.0, 0.0))
    return middle


def _middle(points: NDArray[np.float64], move: Move) -> NDArray[np.float64]:
    """Middle of the plan extent, z = 0, about which a move has turned points (n, 3)."""
    return _image(points, move.turn_deg) - (move.east_m, move.north_m, 0.0)


def _placing(middle: NDArray[np.float64], move: Move) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rotation (3, 3) and shift (3,) of a move about an upright axis: p -> turn p + shift."""
    angle = math.radians(move.turn_deg)
    turn = np.array([[math.cos(angle), -math.sin(angle), 0.0], [math.sin(angle), math.cos(angle), 0.0],
                     [0.0, 0.0, 1.0]]) if move.turn_deg else np.eye(3)
    return turn, middle - turn @ middle + np.array([move.east_m, move.north_m, move.up_m])


def _moved(mesh: Mesh, middle: NDArray[np.float64], move: Move) -> Mesh:
    turn, _ = _placing(middle, move)
    shift = middle + np.array([move.east_m, move.north_m, move.up_m])
    return Mesh(vertices=(mesh.vertices - middle) @ turn.T + shift, triangles=mesh.triangles)
