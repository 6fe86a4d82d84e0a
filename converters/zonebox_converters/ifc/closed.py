"""Closed parts of all geometries of a file, found in one go: welded, turned outward, with what stays open measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.geometry.mesh import Mesh, components, triangle_normals

Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Closed:
    """Closed parts, geometry after geometry.

    Parameters
    ----------
    parts : list of Mesh
        Welded and facing outward; each holds something.
    first : (g + 1,) int
        Parts ``first[k]:first[k + 1]`` belong to geometry ``k``.
    kept_m2, lost_m2 : (g,) float
        Surface of each geometry that is closed, and that is open.
    """

    parts: list[Mesh]
    first: Labels
    kept_m2: NDArray[np.float64]
    lost_m2: NDArray[np.float64]


def closed_parts(arrays: Mapping[str, NDArray[Any]]) -> Closed:
    """Take the closed parts of geometries that lie end to end, as in `zonebox_converters.ifc.kernel.Shapes`."""
    geometries = len(arrays["triangle_start"]) - 1
    of_triangle = np.repeat(np.arange(geometries), np.diff(arrays["triangle_start"]))
    vertices = arrays["vertices"]
    triangles = (arrays["triangles"] + arrays["vertex_start"][:-1][of_triangle, None]).astype(np.int32)
    label = components(Mesh(vertices=vertices, triangles=triangles)).astype(np.int64)
    count = int(label.max(initial=-1)) + 1
    order = np.argsort(of_triangle * count + label, kind="stable")      # parts in the order of their geometries
    label, triangles, of_triangle = label[order], triangles[order], of_triangle[order]
    label = np.cumsum(np.diff(label, prepend=label[:1]) != 0)
    geometry = of_triangle[np.unique(label, return_index=True)[1]]
    area = np.linalg.norm(triangle_normals(vertices[triangles]), axis=1) / 2
    surface = _sums(label, area, count)

    spots, sealed, label = _welded(vertices, triangles, label)
    shut = _shut(sealed, label, len(spots), count)
    volume = _volumes(spots, sealed, label, count)
    backward = volume < 0
    sealed[backward[label]] = sealed[backward[label]][:, ::-1]
    good = np.flatnonzero(shut & (np.abs(volume) >= tolerance.VOLUME_M3))
    ends = np.searchsorted(label, np.arange(count + 1))
    return Closed(
        parts=[_part(spots, sealed[ends[k]:ends[k + 1]]) for k in good.tolist()],
        first=np.searchsorted(geometry[good], np.arange(geometries + 1)),
        kept_m2=_sums(geometry, surface * shut, geometries),
        lost_m2=_sums(geometry, surface * ~shut, geometries),
    )


def _welded(vertices: NDArray[np.float64], triangles: NDArray[np.int32],
            label: Labels) -> tuple[NDArray[np.float64], NDArray[np.int64], Labels]:
    """Join the vertices of a part that lie together, and drop the triangles that collapse; label by label as before."""
    used, corner = np.unique(triangles, return_inverse=True)
    corner = corner.reshape(-1, 3)
    part = np.empty(len(used), dtype=np.int64)
    part[corner] = label[:, None]
    grid = np.round(vertices[used] / tolerance.WELD_M).astype(np.int64)
    order = np.lexsort((grid[:, 2], grid[:, 1], grid[:, 0], part))
    ranked = np.column_stack([part, grid])[order]
    new = np.ones(len(ranked), dtype=np.bool_)
    new[1:] = (ranked[1:] != ranked[:-1]).any(axis=1)
    number = np.empty(len(used), dtype=np.int64)
    number[order] = np.cumsum(new) - 1
    sealed = number[corner]
    keep = (sealed[:, 0] != sealed[:, 1]) & (sealed[:, 1] != sealed[:, 2]) & (sealed[:, 2] != sealed[:, 0])
    return vertices[used][order[new]], sealed[keep], label[keep]


def _shut(triangles: NDArray[np.int64], label: Labels, vertex_count: int, count: int) -> NDArray[np.bool_]:
    """Which parts have every directed edge once, and its reverse once (count,)."""
    shut = np.bincount(label, minlength=count) > 0
    ahead = triangles[:, [1, 2, 0]]
    forward = (triangles * vertex_count + ahead).ravel()
    backward = (ahead * vertex_count + triangles).ravel()
    owner = np.repeat(label, 3)
    order = np.argsort(forward, kind="stable")
    forward = forward[order]
    twice = np.flatnonzero(forward[1:] == forward[:-1])
    shut[owner[order[twice]]] = False
    at = np.minimum(np.searchsorted(forward, backward), max(0, len(forward) - 1))
    shut[owner[forward[at] != backward]] = False
    return shut


def _volumes(vertices: NDArray[np.float64], triangles: NDArray[np.int64], label: Labels,
             count: int) -> NDArray[np.float64]:
    """Signed volume of each part (count,), about a corner of its own, so that large coordinates cost no digits."""
    first = np.unique(label, return_index=True)
    about = np.zeros((count, 3))
    about[first[0]] = vertices[triangles[first[1], 0]]
    c = vertices[triangles] - about[label][:, None]
    return _sums(label, np.einsum("ij,ij->i", c[:, 0], np.cross(c[:, 1], c[:, 2])), count) / 6


def _sums(label: Labels, values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Sum of the values under each label (count,)."""
    return np.bincount(label, weights=values, minlength=count).astype(np.float64)


def _part(vertices: NDArray[np.float64], triangles: NDArray[np.int64]) -> Mesh:
    """One part with its vertices alone, which lie together."""
    first = int(triangles.min())
    return Mesh(vertices=vertices[first:int(triangles.max()) + 1], triangles=(triangles - first).astype(np.int32))
