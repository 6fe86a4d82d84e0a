"""Triangle meshes: the one value that every solid and surface is carried in, and what can be measured on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zonebox import tolerance
from zonebox.geometry.connected import connected

Scalar = TypeVar("Scalar", bound=np.generic)
Vertices = NDArray[np.float64]
Triangles = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mesh:
    """Triangles in space, counter-clockwise seen from outside.

    Parameters
    ----------
    vertices : (n, 3) float64
        Metres, z up.
    triangles : (m, 3) int32
        Rows of vertex numbers.

    Examples
    --------
    >>> Mesh.empty().triangles.shape
    (0, 3)
    """

    vertices: Vertices
    triangles: Triangles

    def __post_init__(self) -> None:
        v = np.ascontiguousarray(self.vertices, dtype=np.float64)
        t = np.ascontiguousarray(self.triangles, dtype=np.int32)
        object.__setattr__(self, "vertices", _rows(v, self.vertices))
        object.__setattr__(self, "triangles", _rows(t, self.triangles))

    @classmethod
    def empty(cls) -> Mesh:
        """No triangles at all."""
        return cls(vertices=np.zeros((0, 3)), triangles=np.zeros((0, 3), dtype=np.int32))

    def __len__(self) -> int:
        """Count the triangles."""
        return len(self.triangles)

    @property
    def corners(self) -> Vertices:
        """Triangle corners (m, 3, 3): the mesh as a soup."""
        return self.vertices[self.triangles]

    @property
    def bounds(self) -> NDArray[np.float64]:
        """Lowest and highest corner (2, 3); NaN where the mesh is empty."""
        if not len(self.vertices):
            return np.full((2, 3), np.nan)
        return _extent(self.vertices)

    def moved(self, offset: ArrayLike) -> Mesh:
        """Return the mesh shifted by (dx, dy, dz)."""
        return Mesh(vertices=self.vertices + np.asarray(offset, dtype=np.float64), triangles=self.triangles)

    def part(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> Mesh:
        """Return some of the triangles (mask or indices) with only the vertices they use."""
        chosen = self.triangles[keep]
        used, renumbered = np.unique(chosen, return_inverse=True)
        return Mesh(vertices=self.vertices[used], triangles=renumbered.reshape(-1, 3).astype(np.int32))


_ROWS: Final = 128
"""So many points side by side: numpy takes the extremes of long rows many times faster than those of rows of three."""


def _extent(points: Vertices) -> NDArray[np.float64]:
    """Lowest and highest corner (2, 3) of some points (n, 3)."""
    whole = len(points) // _ROWS * _ROWS
    rest, wide = points[whole:], points[:whole].reshape(-1, 3 * _ROWS)
    low = [rest, *([wide.min(0).reshape(-1, 3)] if whole else [])]
    high = [rest, *([wide.max(0).reshape(-1, 3)] if whole else [])]
    return np.stack([np.concatenate(low).min(0), np.concatenate(high).max(0)])


def frozen(array: NDArray[Scalar], given: object = None) -> NDArray[Scalar]:
    """Make an array read-only, copying it first where the caller still holds it writable."""
    if array is given and array.flags.writeable:
        array = array.copy()
    array.flags.writeable = False
    return array


def _rows(array: NDArray[Scalar], given: object) -> NDArray[Scalar]:
    """Read-only rows of three; an array that is both already needs no other view, of which a city has millions."""
    done = array.ndim == 2 and array.shape[1] == 3 and not (array is given and array.flags.writeable)
    return frozen(array if done else array.reshape(-1, 3))


def merged(meshes: Sequence[Mesh]) -> Mesh:
    """Put meshes side by side into one, in order, without welding.

    Examples
    --------
    >>> len(merged([]))
    0
    """
    if not meshes:
        return Mesh.empty()
    starts = np.cumsum([0] + [len(m.vertices) for m in meshes[:-1]])
    return Mesh(
        vertices=np.concatenate([m.vertices for m in meshes]),
        triangles=np.concatenate([m.triangles + np.int32(s) for m, s in zip(meshes, starts, strict=True)]),
    )


def triangle_normals(corners: Vertices) -> Vertices:
    """Twice the area times the unit normal of each triangle (m, 3, 3) -> (m, 3)."""
    return np.asarray(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))


def area_m2(mesh: Mesh) -> float:
    """Sum the areas of all triangles."""
    return float(np.linalg.norm(triangle_normals(mesh.corners), axis=1).sum() / 2)


def volume_m3(mesh: Mesh) -> float:
    """Signed volume of a closed mesh, by the divergence theorem; positive where the faces look outward.

    The sum is taken about the middle of the mesh, so that large coordinates cost no digits.
    """
    if not len(mesh):
        return 0.0
    c = mesh.corners - mesh.vertices.mean(0)
    return float(np.einsum("ij,ij->i", c[:, 0], np.cross(c[:, 1], c[:, 2])).sum() / 6)


def is_closed(triangles: Triangles, vertex_count: int) -> bool:
    """Whether every directed edge occurs once and its reverse once: the guard before any solid operation.

    The solid kernel can bring the interpreter down on an open mesh, so nothing reaches it unguarded.
    """
    if not len(triangles):
        return False
    t = triangles.astype(np.int64)
    edges = np.concatenate([t[:, [0, 1]], t[:, [1, 2]], t[:, [2, 0]]])
    forward = np.sort(edges[:, 0] * vertex_count + edges[:, 1])
    backward = np.sort(edges[:, 1] * vertex_count + edges[:, 0])
    return not bool((forward[1:] == forward[:-1]).any()) and np.array_equal(forward, backward)


def welded(mesh: Mesh, tol_m: float = tolerance.WELD_M) -> Mesh:
    """Join vertices within ``tol_m`` of each other (by rounding) and drop triangles that collapse."""
    if not len(mesh):
        return mesh
    return _joined(mesh, np.round(mesh.vertices / tol_m).astype(np.int64))[0]


def welded_apart(meshes: Sequence[Mesh], tol_m: float = tolerance.WELD_M) -> tuple[Mesh, NDArray[np.int64]]:
    """Weld each of many meshes in itself: one mesh, one after the other, and whose each vertex is (n,).

    Examples
    --------
    >>> one = Mesh(vertices=[[0, 0, 0], [1, 0, 0], [0, 1, 0]], triangles=[[0, 1, 2]])
    >>> both, owner = welded_apart([one, one])
    >>> len(both.vertices), owner.tolist(), len(welded_apart([])[1])
    (6, [0, 0, 0, 1, 1, 1], 0)
    """
    mesh = merged(meshes)
    owner = np.repeat(np.arange(len(meshes)), [len(m.vertices) for m in meshes])
    if not len(mesh):
        return Mesh.empty(), np.zeros(0, dtype=np.int64)
    grid = np.round(mesh.vertices / tol_m).astype(np.int64)
    joined, first = _joined(mesh, np.column_stack([owner, grid]))
    return joined, owner[first]


def _joined(mesh: Mesh, keys: NDArray[np.int64]) -> tuple[Mesh, NDArray[np.intp]]:
    """One vertex for all of a key (n, k), in the order of the keys; and which of the vertices it is."""
    _, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    t = inverse.reshape(-1)[mesh.triangles].astype(np.int32)
    keep = (t[:, 0] != t[:, 1]) & (t[:, 1] != t[:, 2]) & (t[:, 2] != t[:, 0])
    return Mesh(vertices=mesh.vertices[first], triangles=t[keep]), first


def components(mesh: Mesh) -> NDArray[np.int32]:
    """Label the connected parts (by shared vertex indices): one number per triangle (m,)."""
    if not len(mesh):
        return np.zeros(0, dtype=np.int32)
    t = mesh.triangles
    rows, columns = np.concatenate([t[:, 0], t[:, 1]]), np.concatenate([t[:, 1], t[:, 2]])
    count, labels = connected(len(mesh.vertices), rows, columns)
    used = np.zeros(count, dtype=np.bool_)                      # a vertex of no triangle is no part
    used[labels[t[:, 0]]] = True
    return (np.cumsum(used) - 1)[labels[t[:, 0]]].astype(np.int32)
