"""Convex plan figures cut by half-planes, as machine code: what a kernel for any figure would take longer for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.geometry.compiled import compiled

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@compiled
def clipped(corners: Floats, starts: Whole, first: Whole, normal: Floats, offset: Floats) -> tuple[Floats, Whole]:
    """Cut convex rings to half-planes ``normal · p >= offset``.

    Parameters
    ----------
    corners, starts : (n, 2) float64, (rings + 1,) int64
        Counter-clockwise rings laid end to end.
    first : (rings + 1,) int64
        First half-plane of each ring; ``normal`` (half-planes, 2), ``offset`` (half-planes,).

    Returns
    -------
    corners, starts
        What is left, ring by ring; nothing of a ring with fewer than three corners.

    Notes
    -----
    Sutherland and Hodgman's algorithm (1974).
    """
    rings = len(starts) - 1
    out = np.empty((len(corners) + 2 * len(offset) + 1, 2))
    ends = np.zeros(rings + 1, np.int64)
    most = 0
    for r in range(rings):
        most = max(most, starts[r + 1] - starts[r] + 2 * (first[r + 1] - first[r]))
    here, there = np.empty((most + 2, 2)), np.empty((most + 2, 2))
    at = 0
    for r in range(rings):
        count = starts[r + 1] - starts[r]
        here[:count] = corners[starts[r]:starts[r + 1]]
        for plane in range(first[r], first[r + 1]):
            nx, ny, d = normal[plane, 0], normal[plane, 1], offset[plane]
            left = 0
            for i in range(count):
                j = i + 1 if i + 1 < count else 0
                s, t = nx * here[i, 0] + ny * here[i, 1] - d, nx * here[j, 0] + ny * here[j, 1] - d
                s, t = (0.0 if abs(s) < tolerance.SPLIT_M else s), (0.0 if abs(t) < tolerance.SPLIT_M else t)
                if s >= 0.0:
                    there[left] = here[i]
                    left += 1
                if s * t < 0.0:
                    there[left] = here[i] + (here[j] - here[i]) * (s / (s - t))
                    left += 1
            here, there, count = there, here, (left if left > 2 else 0)
        out[at:at + count] = here[:count]
        at += count
        ends[r + 1] = at
    return out[:at].copy(), ends
