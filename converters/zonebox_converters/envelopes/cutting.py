"""Constraints -> solid: the lot's prism under its lowest ceiling, minus what every rule forbids (domain C2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from shapely.affinity import translate
from shapely.geometry import MultiPolygon, Polygon

from zonebox import tolerance
from zonebox.geometry import solids
from zonebox.geometry.boundary import Boundary, boundary
from zonebox.geometry.mesh import Mesh, triangle_normals
from zonebox.geometry.profile import fixed
from zonebox.model import ClassEnvelope, EdgeConstraint
from zonebox_converters.envelopes.constraints import Constraints, polygons

BEYOND_M: Final = 1.0
"""How far cutting solids reach below and above a lot's prism."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cut:
    """What is left of a lot, and who took what.

    ``left`` is the solid near the origin, ``middle`` where that is; None where no solid had to be made. ``area_at``
    gives the plan area (m²) of what is left at an elevation.
    """

    solid: Mesh
    left: solids.Solid | None
    area_at: Callable[[float], float]
    middle: NDArray[np.float64]
    face_control: NDArray[np.int32]
    face_names: tuple[str, ...]
    volume_m3: float
    footprint_m2: float
    removed_m3: Mapping[str, float]


def cut(shape: Polygon | MultiPolygon, constraints: Constraints, *, ground: float, base: float, top: float) -> Cut:
    """Cut a lot's prism between two elevations with its rules.

    Parameters
    ----------
    shape : Polygon or MultiPolygon
        The lot.
    constraints : Constraints
        Edge rules and ceilings; its level caps must already be in ``top``.
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
    left = solids.prism(near, base, top).as_original()
    owner = {int(left.original_id()): ""}
    removed: dict[str, float] = {}
    before = above(left, ground).volume()
    for control, wedge in _forbidden(near, middle, constraints, base - BEYOND_M, top + BEYOND_M):
        if wedge.is_empty():
            continue
        original = wedge.as_original()
        owner[int(original.original_id())] = control
        left = left - original
        now = above(left, ground).volume()
        removed[control] = before - now
        before = now
    mesh, origin = solids.mesh_with_origin(left)
    lowest = min(constraints.caps, key=lambda cap: cap.top_m).control if constraints.caps else ""
    names, faces = _attribute(mesh, origin, owner, lowest, top)
    plate = left.slice(ground + tolerance.SPLIT_M).area() if base < ground < top else 0.0
    return Cut(
        solid=mesh.moved([*middle, 0.0]), left=left, area_at=lambda z: float(left.slice(z).area()), middle=middle,
        face_control=faces, face_names=names,
        volume_m3=float(before), footprint_m2=float(plate), removed_m3=removed,
    )


def above(solid: solids.Solid, ground: float) -> solids.Solid:
    """Return what lies above an elevation."""
    return solid.trim_by_plane((0.0, 0.0, 1.0), ground)


def _forbidden(
    near: Polygon | MultiPolygon, middle: NDArray[np.float64], constraints: Constraints, bottom: float, top: float
) -> Iterator[tuple[str, solids.Solid]]:
    """Each control's forbidden solid, near the origin, in the order of ids."""
    lot = boundary(near)
    edges: dict[str, list[EdgeConstraint]] = {}
    for rule in constraints.edges:
        edges.setdefault(rule.control, []).append(rule)
    ceilings = {c.control: c.ceilings for c in constraints.ceilings if not c.to_study}
    for control in sorted({*edges, *ceilings}):
        rules = edges.get(control, [])
        parts = [_wedge(near, lot, rule, bottom, top, middle, rules) for rule in rules]
        parts += [c.moved(-middle).solid(near, bottom, top) for c in ceilings.get(control, ())]
        yield control, solids.united(p for p in parts if not p.is_empty())


def _wedge(
    near: Polygon | MultiPolygon, lot: Boundary, rule: EdgeConstraint, bottom: float, top: float,
    middle: NDArray[np.float64], rules: Sequence[EdgeConstraint] = (),
) -> solids.Solid:
    """Make what a rule on an edge, among others of its control, forbids, less where in the lot it does not hold."""
    alike = _alike(rule, rules)
    wedge = solids.edge_wedge(lot, rule, bottom, top, alike, follows=not alike and _follows(lot, rule, rules))
    if rule.zone is None:
        return wedge
    rest = near.difference(translate(rule.zone, -middle[0], -middle[1]))
    return wedge - solids.prism(polygons(rest), bottom - BEYOND_M, top + BEYOND_M)


def _alike(rule: EdgeConstraint, rules: Sequence[EdgeConstraint]) -> set[int]:
    """Edges with the same profile on the same level ground."""
    return {other.edge for other in rules if _same(other, rule) and len({*other.ground_m, *rule.ground_m}) == 1}


def _follows(lot: Boundary, rule: EdgeConstraint, rules: Sequence[EdgeConstraint]) -> bool:
    """Tell whether the edge before has the same profile, on the same ground at the corner between them."""
    before = int(lot.before[rule.edge])
    return any(other.edge == before and _same(other, rule) and other.ground_m[1] == rule.ground_m[0] for other in rules)


def _same(one: EdgeConstraint, other: EdgeConstraint) -> bool:
    return one.profile == other.profile and one.corner is other.corner and one.zone == other.zone


def class_family(
    shape: Polygon | MultiPolygon, constraints: Constraints, made: Cut, *, ground: float, top: float
) -> tuple[ClassEnvelope, ...]:
    """One envelope for each class of total height: the rest of the envelope under the class's own setbacks (C4)."""
    ruled = [rule for rule in constraints.edges if rule.classes]
    if not ruled or made.left is None:
        return ()
    near = translate(shape, -made.middle[0], -made.middle[1])
    lot = boundary(near)
    heights = sorted({height for rule in ruled for height, _ in rule.classes})
    family = []
    for height in heights:
        distances = tuple((rule.edge, next(d for h, d in rule.classes if height <= h)) for rule in ruled)
        own = [replace(rule, profile=fixed(distance), ground_m=(ground, ground))
               for rule, (_, distance) in zip(ruled, distances, strict=True)]
        taken = solids.united(_wedge(near, lot, rule, ground - 1.0, top + 1.0, made.middle, own) for rule in own)
        body = above(made.left, ground).trim_by_plane((0.0, 0.0, -1.0), -(ground + height)) - taken
        family.append(ClassEnvelope(height_m=height, distances_m=distances, volume_m3=float(body.volume())))
    return tuple(family)


def cut_underground(
    shape: Polygon | MultiPolygon, constraints: Constraints, *, ground: float, floor: float
) -> Mesh | None:
    """Cut what may be built below the ground: the lot's prism down to ``floor`` minus setbacks that grow with depth."""
    if not constraints.underground or floor >= ground:
        return None
    middle = np.round(np.asarray(shape.envelope.centroid.coords[0]))
    near = translate(shape, -middle[0], -middle[1])
    lot = boundary(near)
    depth = ground - floor
    body = solids.prism(near, 0.0, depth)                          # upside down: depth is up
    for rule in constraints.underground:
        body = body - _wedge(near, lot, replace(rule, ground_m=(0.0, 0.0)), -1.0, depth + 1.0, middle)
    if body.volume() < tolerance.VOLUME_M3:
        return None
    return solids.mesh_of(body.mirror((0.0, 0.0, 1.0)).translate((float(middle[0]), float(middle[1]), ground)))


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
