"""Constraints -> solid: the lot's prism under its lowest ceiling, minus what every edge rule forbids (domain C2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely.affinity import translate
from shapely.geometry import MultiPolygon, Polygon

from zonebox import tolerance
from zonebox.geometry import solids
from zonebox.geometry.boundary import boundary
from zonebox.geometry.mesh import Mesh, triangle_normals
from zonebox_converters.envelopes.resolve import Constraints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cut:
    """What is left of a lot, and who took what."""

    solid: Mesh
    face_control: NDArray[np.int32]
    face_names: tuple[str, ...]
    volume_m3: float
    footprint_m2: float
    removed_m3: Mapping[str, float]


def cut(shape: Polygon | MultiPolygon, constraints: Constraints, *, ground: float, base: float, top: float) -> Cut:
    """Cut a lot's prism between two elevations with its edge rules.

    Parameters
    ----------
    shape : Polygon or MultiPolygon
        The lot.
    constraints : Constraints
        Edge rules; its ceilings must already be in ``top``.
    ground : float
        Volume and footprint count from here.
    base, top : float
        Elevations of the prism.

    Notes
    -----
    Work happens about a whole-metre point of the lot, so that its place in the scene costs no digits.
    """
    middle = np.round(np.asarray(shape.envelope.centroid.coords[0]))
    near = translate(shape, -middle[0], -middle[1])
    lot = boundary(near)
    left = solids.prism(near, base, top).as_original()
    owner = {int(left.original_id()): ""}
    removed: dict[str, float] = {}
    before = _above(left, ground).volume()
    for control in dict.fromkeys(constraint.control for constraint in constraints.edges):
        wedge = solids.united(
            solids.edge_wedge(lot, rule.edge, rule.profile, rule.ground_m, base - 1.0, top + 1.0)
            for rule in constraints.edges
            if rule.control == control
        )
        if wedge.is_empty():
            continue
        wedge = wedge.as_original()
        owner[int(wedge.original_id())] = control
        left = left - wedge
        now = _above(left, ground).volume()
        removed[control] = before - now
        before = now
    mesh, origin = solids.mesh_with_origin(left)
    ceiling = min(constraints.caps, key=lambda cap: cap.top_m).control if constraints.caps else ""
    names, faces = _attribute(mesh, origin, owner, ceiling, top)
    plate = left.slice(ground + tolerance.SPLIT_M).area() if base < ground < top else 0.0
    return Cut(
        solid=mesh.moved([*middle, 0.0]), face_control=faces, face_names=names, volume_m3=float(before),
        footprint_m2=float(plate), removed_m3=removed,
    )


def _above(solid: solids.Solid, ground: float) -> solids.Solid:
    return solid.trim_by_plane((0.0, 0.0, 1.0), ground)


def _attribute(
    mesh: Mesh, origin: NDArray[np.int64], owner: Mapping[int, str], ceiling: str, top: float
) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Name the control behind each triangle; the prism's own top belongs to the lowest ceiling."""
    names = tuple(dict.fromkeys(["", *owner.values(), ceiling]))
    number = {name: i for i, name in enumerate(names)}
    faces = np.array([number[owner.get(int(i), "")] for i in origin], dtype=np.int32)
    if len(mesh) and ceiling:
        flat_top = (mesh.corners[:, :, 2] > top - tolerance.SPLIT_M).all(1) & (triangle_normals(mesh.corners)[:, 2] > 0)
        faces[flat_top] = number[ceiling]
    return names, faces
