"""From modelled triangles to drawn ones: vertices split where the light breaks, edges where the surface folds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.mesh import triangle_normals

CREASE_DEG: Final = 20.0
"""Two faces that meet at a larger angle have an edge that is drawn."""

NORMAL_STEP: Final = 1.0 / 1024.0
"""Faces of one plane differ by rounding only; normals this close share their vertices."""

_MIX: Final = np.array([0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93],
                       dtype=np.uint64)

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """Triangles ready for a graphics card.

    Parameters
    ----------
    source : (v,) intp
        Vertex that each drawn vertex was copied from.
    normals : (v, 3) float64
        Unit.
    feature, color : (v,) int64
        Of the drawn vertex.
    triangles : (m, 3) int64
        Rows of drawn vertices.
    """

    source: NDArray[np.intp]
    normals: NDArray[np.float64]
    feature: Ints
    color: Ints
    triangles: Ints


def group_rows(rows: Ints) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Group equal rows (n, k): give the first row of each group, and the group of every row.

    Rows are compared by a 64-bit mix of their numbers; should two different rows ever agree in it, they are sorted
    in full instead.

    Examples
    --------
    >>> first, group = group_rows(np.array([[1, 2], [3, 4], [1, 2]]))
    >>> len(first), bool(group[0] == group[2] != group[1])
    (2, True)
    """
    mixed = np.zeros(len(rows), dtype=np.uint64)
    for i in range(rows.shape[1]):
        mixed ^= rows[:, i].astype(np.uint64) + _MIX[i % 4]
        mixed *= _MIX[(i + 1) % 4]
        mixed ^= mixed >> np.uint64(29)
    first, group = _group(mixed)
    if not np.array_equal(rows[first[group]], rows):
        _, first, group = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    return first, group.reshape(-1)


def _group(codes: NDArray[np.uint64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Group equal numbers as `numpy.unique` does, without the slower sort that keeps equals in order."""
    if not len(codes):
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp)
    order = np.argsort(codes)
    ranked = codes[order]
    new = np.concatenate([[True], ranked[1:] != ranked[:-1]])
    group = np.empty(len(codes), dtype=np.intp)
    group[order] = np.cumsum(new) - 1
    return np.minimum.reduceat(order, np.flatnonzero(new)), group


def weld(positions: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Join vertices (n, 3) that are drawn at exactly the same place: representatives, and the place of each vertex."""
    bits = (positions + np.float32(0.0)).view(np.int32).astype(np.int64)
    return group_rows(bits)


def face_normals(
    points: NDArray[np.float64], triangles: NDArray[Any], *, least_area_m2: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Find the triangles (m,) larger than an area, and give the unit normals (k, 3) of these."""
    normals = triangle_normals(points[triangles])
    squared = np.einsum("ij,ij->i", normals, normals)
    keep = squared > (2 * least_area_m2) ** 2
    return np.asarray(normals[keep] / np.sqrt(squared[keep])[:, None]), keep


def vertex_normals(points: NDArray[np.float64], triangles: NDArray[Any]) -> NDArray[np.float64]:
    """Return unit normals (n, 3) of a smooth surface: faces around a vertex, weighted by area.

    A vertex without faces points up.
    """
    faces = triangle_normals(points[triangles])
    flat, spread = triangles.reshape(-1), np.repeat(faces, 3, axis=0)
    total = np.stack([np.bincount(flat, spread[:, k], minlength=len(points)) for k in range(3)], axis=1)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.where(length > 0.0, total / np.where(length > 0.0, length, 1.0), (0.0, 0.0, 1.0))


def draw(
    triangles: NDArray[Any],
    normals: NDArray[np.float64],
    feature: Ints,
    color: Ints,
    *,
    smooth: bool,
) -> Drawn:
    """Copy vertices so that each has one normal, one feature and one colour.

    Parameters
    ----------
    triangles : (m, 3)
        Rows of places.
    normals : (m, 3) or (n, 3) float64
        Of the faces, or of the places where ``smooth`` is set.
    feature, color : (m,) int64
        Of the triangles.
    """
    told = [feature, color]
    if not smooth:
        told += list(np.round(normals / NORMAL_STEP).astype(np.int64).T)
    _, facet = group_rows(np.stack(told, axis=1))
    places = int(triangles.max()) + 1 if len(triangles) else 1
    key = np.repeat(facet.astype(np.int64) * places, 3) + triangles.reshape(-1)
    _, first, index = np.unique(key, return_index=True, return_inverse=True)
    source, face = triangles.reshape(-1)[first], first // 3
    return Drawn(source=source, normals=normals[source if smooth else face], feature=feature[face], color=color[face],
                 triangles=index.reshape(-1, 3).astype(np.int64))


def creases(triangles: NDArray[Any], normals: NDArray[np.float64], feature: Ints) -> tuple[NDArray[np.bool_], Ints]:
    """Find the edges where a feature folds, ends or branches.

    Parameters
    ----------
    triangles : (m, 3)
        Rows of places, equal where triangles meet.
    normals : (m, 3) float64
        Of the faces.
    feature : (m,) int64
        Edges are shared only within a feature.

    Returns
    -------
    folded : (m, 3) bool
        For the edges 0–1, 1–2, 2–0 of each triangle.
    once : (k,) int64
        One position in ``folded.ravel()`` for each folded edge, so that lines are not drawn twice.
    """
    ends = np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=2).reshape(-1, 2).astype(np.int64)
    owner = np.repeat(feature, 3)
    first, group = group_rows(np.stack([ends.min(1), ends.max(1), owner], axis=1))
    face = np.repeat(np.arange(len(triangles)), 3)
    turned = np.einsum("ij,ij->i", normals[face], normals[face[first[group]]]) < np.cos(np.radians(CREASE_DEG))
    sharp = np.bincount(group, weights=turned, minlength=len(first)) > 0
    sharp |= np.bincount(group, minlength=len(first)) == 1
    return sharp[group].reshape(-1, 3), np.sort(first[sharp]).astype(np.int64)
