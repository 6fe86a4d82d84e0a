"""The lines that make a shape readable: creases and borders of a mesh."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.geometry.mesh import Mesh, triangle_normals, welded, welded_apart

CREASE_DEG: Final = 20.0
"""Faces that meet at a larger angle than this show a line between them."""

FACET_M: Final = 0.5
"""A face narrower than this is a facet of something round …"""

FACET_CREASE_DEG: Final = 50.0
"""… and shows a line only where it meets its neighbour at more than this."""


def creases(mesh: Mesh, *, crease_deg: float = CREASE_DEG, borders: bool = True) -> NDArray[np.float64]:
    """Edges (k, 2, 3) where faces meet at an angle, and open borders.

    Vertices are welded to the millimetre first, so that a soup of triangles gives the same lines as a clean mesh.

    Examples
    --------
    >>> flat = Mesh(vertices=[[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], triangles=[[0, 1, 2], [0, 2, 3]])
    >>> len(creases(flat)), len(creases(flat, borders=False)), len(creases(Mesh.empty()))
    (4, 0, 0)
    """
    clean = welded(mesh, tolerance.SNAP_M)
    return np.asarray(clean.vertices[_creased(clean, crease_deg, borders=borders)])


def creases_of_each(
    meshes: Sequence[Mesh], *, crease_deg: float = CREASE_DEG, borders: bool = True
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Edges (k, 2, 3) as `creases` of each mesh gives them, in the order of the meshes, and whose they are (k,).

    Examples
    --------
    >>> flat = Mesh(vertices=[[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], triangles=[[0, 1, 2], [0, 2, 3]])
    >>> edges, owner = creases_of_each([flat, Mesh.empty(), flat])
    >>> edges.shape, np.bincount(owner).tolist()
    ((8, 2, 3), [4, 0, 4])
    """
    clean, owner = welded_apart(meshes, tolerance.SNAP_M)
    edges = _creased(clean, crease_deg, borders=borders)
    return np.asarray(clean.vertices[edges]), owner[edges[:, 0]]


def _creased(clean: Mesh, crease_deg: float, *, borders: bool) -> NDArray[np.int64]:
    """Vertices (k, 2) of the edges to be drawn of a welded mesh, in the order of its vertices."""
    if not len(clean):
        return np.zeros((0, 2), dtype=np.int64)
    normals = triangle_normals(clean.corners)
    sizes = np.linalg.norm(normals, axis=1)
    solid = sizes > 0.0
    triangles, normals = clean.triangles[solid].astype(np.int64), normals[solid] / sizes[solid, None]
    edges = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    owner = np.tile(np.arange(len(triangles)), 3)
    key = edges[:, 0] * len(clean.vertices) + edges[:, 1]
    order = np.argsort(key, kind="stable")
    key, owner, edges = key[order], owner[order], edges[order]
    first = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    count = np.diff(np.append(first, len(key)))
    pair = count == 2
    one, two = owner[first[pair]], owner[first[pair] + 1]
    cosine = np.einsum("ij,ij->i", normals[one], normals[two])
    keep = np.zeros(len(first), dtype=bool)
    narrow = _width(clean.vertices[triangles]) < FACET_M
    bound = np.where(narrow[one] | narrow[two], max(crease_deg, FACET_CREASE_DEG), crease_deg)
    keep[pair] = np.abs(cosine) < np.cos(np.radians(bound))              # a face turned inside out is no crease
    keep[count != 2] = borders
    return np.asarray(edges[first[keep]])


def _width(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Height of each triangle (m, 3, 3) over its longest side, metres."""
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(1)
    return np.asarray(np.linalg.norm(triangle_normals(corners), axis=1) / longest)


def open_edges(mesh: Mesh) -> NDArray[np.int64]:
    """Directed edges (k, 2) of a welded mesh that no neighbour shares, in the direction of their triangle."""
    t = mesh.triangles.astype(np.int64)
    if not len(t):
        return np.zeros((0, 2), dtype=np.int64)
    edges = np.concatenate([t[:, [0, 1]], t[:, [1, 2]], t[:, [2, 0]]])
    n = len(mesh.vertices)
    shared = np.isin(edges[:, 0] * n + edges[:, 1], edges[:, 1] * n + edges[:, 0])
    return np.asarray(edges[~shared])
