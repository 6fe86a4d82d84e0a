"""Turn the shells of geometries outward: neighbours alike, closed shells with their volume inside.

All geometries of a file are turned in one go, as one mesh: shells do not know of one another.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.connected import connected
from zonebox.geometry.mesh import Mesh, components

Triangles = NDArray[np.int32]


def outward(vertices: NDArray[np.float64], triangles: Triangles) -> Triangles:
    """Turn triangles so that neighbours agree and closed shells face outward.

    Parameters
    ----------
    vertices : (n, 3) float
        Welded: neighbours share indices.
    triangles : (m, 3) int

    Returns
    -------
    (m, 3) int
        The same triangles in the same order, some with two corners exchanged. Shells that cannot be turned alike
        (a Möbius band) and open shells that agree already are left as they are.

    Examples
    --------
    >>> v = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]])
    >>> outward(v, np.array([[0, 1, 2], [0, 1, 3], [1, 2, 3], [0, 2, 3]], dtype=np.int32)).tolist()
    [[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]]
    """
    if not len(triangles):
        return triangles
    first, second, against, closed = _neighbours(triangles, len(vertices))
    turned = _alike(len(triangles), first, second, against) if against.any() else np.zeros(len(triangles), dtype=bool)
    turned = _volume_inside(vertices, _flip(triangles, turned), closed) ^ turned
    return _flip(triangles, turned)


def _neighbours(triangles: Triangles, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_],
                                                          NDArray[np.bool_]]:
    """Pairs of triangles at edges that two share, whether they run along it alike, and who has such edges only."""
    t = triangles.astype(np.int64)
    a, b = t.T.ravel(), t[:, [1, 2, 0]].T.ravel()
    owner = np.tile(np.arange(len(t)), 3)
    key = np.minimum(a, b) * count + np.maximum(a, b)
    order = np.argsort(key, kind="stable")
    ranked = key[order]
    starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    sizes = np.diff(np.concatenate([starts, [len(ranked)]]))
    pairs = starts[sizes == 2]
    one, other = order[pairs], order[pairs + 1]
    whole = np.ones(len(t), dtype=bool)
    whole[owner[order[np.repeat(sizes != 2, sizes)]]] = False
    return owner[one], owner[other], a[one] == a[other], whole


def _alike(count: int, first: NDArray[np.int64], second: NDArray[np.int64],
           against: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which triangles to turn: each is two nodes, as it is and turned, and neighbours join the nodes that agree."""
    rows = np.concatenate([first, first + count])
    columns = np.concatenate([np.where(against, second + count, second), np.where(against, second, second + count)])
    total, label = connected(2 * count, rows, columns)
    plain, turned = label[:count], label[count:]
    low = np.minimum(plain, turned)
    flipped = (plain != low) & (plain != turned)
    # of the two ways to turn a shell, the one that turns fewer
    most = np.bincount(low, weights=flipped, minlength=total) * 2 > np.bincount(low, minlength=total)
    result: NDArray[np.bool_] = np.where(plain == turned, False, flipped ^ most[low])
    return result


def _volume_inside(vertices: NDArray[np.float64], triangles: Triangles,
                   closed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which triangles belong to a closed shell of negative volume."""
    label = components(Mesh(vertices=vertices, triangles=triangles))
    first = np.unique(label, return_index=True)[1]              # about a corner of its own: far ones cost digits
    corners = vertices[triangles] - vertices[triangles[first, 0]][label][:, None]
    volume = np.bincount(label, weights=np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])))
    shut = np.bincount(label, weights=~closed) == 0
    inside: NDArray[np.bool_] = (shut & (volume < 0.0))[label]
    return inside


def _flip(triangles: Triangles, turned: NDArray[np.bool_]) -> Triangles:
    result: Triangles = np.where(turned[:, None], triangles[:, [0, 2, 1]], triangles)
    return result
