"""Polygons with holes, nested as CityJSON nests them, to triangles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from zonebox_converters.citymodel.document import CityObject

DEPTH: Final = {"MultiSurface": 0, "CompositeSurface": 0, "Solid": 1, "MultiSolid": 2, "CompositeSolid": 2}
"""How many lists lie around the list of surfaces."""

Indices = NDArray[np.intp]

MIN_AREA_M2: Final = 1e-8
"""A surface below this, a tenth of a millimetre squared, has no direction."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surfaces:
    """Polygons as flat arrays.

    Parameters
    ----------
    indices : (k,) intp
        Vertex numbers of all rings, one after the other.
    ring_starts : (r + 1,) intp
        Where each ring begins in ``indices``.
    first_rings : (s + 1,) intp
        Which ring is the outer one of each surface; the others up to the next are its holes.
    owners : (s,) intp
        Number of the geometry that the surface belongs to.
    kinds : tuple of str
        Surface type as the file says it, "" where it says nothing.
    """

    indices: Indices
    ring_starts: Indices
    first_rings: Indices
    owners: Indices
    kinds: tuple[str, ...]


def collected(
    chosen: Sequence[tuple[CityObject, Mapping[str, Any]]], vertex_count: int, *, where: str
) -> Surfaces:
    """Flatten geometries into one set of surfaces; owner i is the i-th geometry given.

    Raises
    ------
    InputError
        Boundaries that are not nested like their type, or point to vertices that do not exist.
    """
    indices: list[int] = []
    ring_starts, first_rings, owners, kinds = [0], [0], list[int](), list[str]()
    for owner, (item, geometry) in enumerate(chosen):
        place = f"{where}#/CityObjects/{item.id}"
        begin = len(indices)
        try:
            for rings, kind in _surfaces(geometry):
                for ring in rings:
                    indices.extend(ring)
                    ring_starts.append(len(indices))
                first_rings.append(len(ring_starts) - 1)
                owners.append(owner)
                kinds.append(kind)
            own = np.array(indices[begin:], dtype=np.intp) + item.offset
        except (TypeError, ValueError, KeyError, IndexError) as error:
            raise InputError(place, got=f"boundaries that are not nested like a {geometry.get('type')}",
                             want="rings of vertex numbers", then="export the file again") from error
        wrong = own[(own < item.offset) | (own >= vertex_count)]
        if len(wrong):
            raise InputError(place, got=f"vertex number {wrong[0] - item.offset}",
                             want=f"a number from 0 to {vertex_count - item.offset - 1}", then="export the file again")
        indices[begin:] = own.tolist()
    return Surfaces(indices=np.array(indices, dtype=np.intp), ring_starts=np.array(ring_starts, dtype=np.intp),
                    first_rings=np.array(first_rings, dtype=np.intp), owners=np.array(owners, dtype=np.intp),
                    kinds=tuple(kinds))


def triangulated(surfaces: Surfaces, vertices: NDArray[np.float64]) -> tuple[NDArray[np.int32], Indices]:
    """Cut surfaces into triangles that turn the way their outer ring turns.

    Each polygon is cut in the coordinate plane it leans to least, where no two of its corners meet.

    Returns
    -------
    triangles : (m, 3) int32
        Vertex numbers.
    surface : (m,) intp
        Which surface each triangle is part of. A surface without area has none.
    """
    starts, first = surfaces.ring_starts, surfaces.first_rings
    normals = _normals(surfaces.indices, starts, vertices)[first[:-1]]
    flat = _flattened(surfaces, normals, vertices)
    rings = np.diff(first)
    corners = starts[first[1:]] - starts[first[:-1]]
    able = np.linalg.norm(normals, axis=1) > 2.0 * MIN_AREA_M2
    simple = np.flatnonzero(able & (rings == 1) & (corners == 3))
    pieces = [surfaces.indices[starts[first[simple], None] + np.arange(3)]]
    owners = [simple]
    for s in np.flatnonzero(able & ~((rings == 1) & (corners == 3))):
        begin, end = starts[first[s]], starts[first[s + 1]]
        cut = _earcut(flat[begin:end], starts[first[s] + 1:first[s + 1] + 1] - begin)
        pieces.append(surfaces.indices[begin:end][cut])
        owners.append(np.full(len(cut), s, dtype=np.intp))
    triangles, surface = np.concatenate(pieces), np.concatenate(owners)
    order = np.argsort(surface, kind="stable")
    triangles, surface = triangles[order], surface[order]
    corner = vertices[triangles]
    turned = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    back = (turned * normals[surface]).sum(1) < 0.0
    triangles[back] = triangles[back][:, ::-1]
    return triangles.astype(np.int32), surface


def _surfaces(geometry: Mapping[str, Any]) -> Iterator[tuple[Sequence[Sequence[int]], str]]:
    """Each surface of a geometry with its rings and its type."""
    semantics = geometry.get("semantics") or {}
    types = [str(s.get("type", "")) for s in semantics.get("surfaces", ())]
    depth = DEPTH[geometry["type"]]
    for rings, value in _walk(geometry["boundaries"], semantics.get("values"), depth):
        yield rings, types[value] if isinstance(value, int) and 0 <= value < len(types) else ""


def _walk(boundaries: Sequence[Any], values: Any, depth: int) -> Iterator[tuple[Sequence[Sequence[int]], Any]]:
    """Walk down to the surfaces; values may stop anywhere on the way with null."""
    for i, inner in enumerate(boundaries):
        value = values[i] if isinstance(values, list) and i < len(values) else None
        if depth:
            yield from _walk(inner, value, depth - 1)
        else:
            yield inner, value


def _normals(indices: Indices, starts: Indices, vertices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Twice the area times the unit normal of each ring (r, 3), by Newell's sum."""
    if not len(indices):
        return np.zeros((len(starts) - 1, 3))
    ring = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    after = np.arange(1, len(indices) + 1)
    ends = starts[1:][np.diff(starts) > 0]
    after[ends - 1] = starts[:-1][np.diff(starts) > 0]
    origin = vertices[indices[starts[:-1][ring]]]
    here, there = vertices[indices] - origin, vertices[indices[after]] - origin
    cross = np.cross(here, there)
    return np.stack([np.bincount(ring, weights=cross[:, k], minlength=len(starts) - 1) for k in range(3)], axis=1)


def _flattened(surfaces: Surfaces, normals: NDArray[np.float64], vertices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coordinates (k, 2) of all ring corners in the plane that their surface faces most."""
    starts, first = surfaces.ring_starts, surfaces.first_rings
    axis = np.argmax(np.abs(normals), axis=1)
    per_corner = np.repeat(axis, starts[first[1:]] - starts[first[:-1]])
    kept = np.array([[1, 2], [2, 0], [0, 1]])[per_corner]
    return np.take_along_axis(vertices[surfaces.indices], kept, axis=1)


def _earcut(corners: NDArray[np.float64], ring_ends: Indices) -> Indices:
    """Triangles (m, 3) over the corners (n, 2) of a polygon with holes."""
    import mapbox_earcut

    ends = ring_ends.astype(np.uint32)
    near = np.ascontiguousarray(corners - corners[0])                   # large coordinates cost digits
    return np.asarray(mapbox_earcut.triangulate_float64(near, ends), dtype=np.intp).reshape(-1, 3)
