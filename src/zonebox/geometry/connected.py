"""Connected parts of a graph.

scipy has the same; loading it takes longer (0.4 s) than finding the parts of a building, and every child process that
handles meshes would load it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]


def connected(count: int, first: NDArray[np.integer], second: NDArray[np.integer]) -> tuple[int, Numbers]:
    """Label what edges connect.

    Parameters
    ----------
    count : int
        Nodes, numbered from 0.
    first, second : (m,) int
        Ends of the edges.

    Returns
    -------
    parts : int
        How many there are; a node without an edge is one of its own.
    label : (count,) int
        Part of each node, in the order of their lowest nodes.

    Notes
    -----
    Every node points at a lower one of its part, in the end at the lowest: of the parts that an edge joins, the one
    with the higher lowest node is hung under the other, then all paths are halved until they are one step long. Each
    round at least halves the parts that are still to be joined.

    Examples
    --------
    >>> parts, label = connected(5, np.array([3, 4]), np.array([0, 2]))
    >>> parts, label.tolist()
    (3, [0, 1, 2, 0, 2])
    """
    lowest = np.arange(count)
    a, b = np.asarray(first, dtype=np.int64), np.asarray(second, dtype=np.int64)
    while len(a):
        one, other = lowest[a], lowest[b]
        apart = one != other
        a, b, one, other = a[apart], b[apart], one[apart], other[apart]
        np.minimum.at(lowest, np.maximum(one, other), np.minimum(one, other))
        while not np.array_equal(further := lowest[lowest], lowest):
            lowest = further
    root = lowest == np.arange(count)
    return int(root.sum()), (np.cumsum(root) - 1)[lowest]
