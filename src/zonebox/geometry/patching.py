"""A surface that is changed place by place: each change costs what it touches, and all are put together once."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.mesh import Mesh
from zonebox.geometry.regrading import sewn

Floats = NDArray[np.float64]


@dataclass(slots=True, eq=False)
class Patchwork:
    """What is left of a surface, and the pieces that came in the place of the rest.

    Examples
    --------
    >>> tent = Mesh(vertices=[[0, 0, 0], [9, 0, 0], [0, 9, 0], [9, 9, 0]], triangles=[[0, 1, 2], [1, 3, 2]])
    >>> work = Patchwork(tent)
    >>> part = work.taken([[0, 0], [1, 1]])
    >>> work.put(part)
    >>> len(part), len(work.whole())
    (2, 2)
    """

    mesh: Mesh
    _low: Floats = field(init=False)
    _high: Floats = field(init=False)
    _left: NDArray[np.bool_] = field(init=False)
    _pieces: list[Floats] = field(init=False, default_factory=list)
    _boxes: list[Floats] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        flat = self.mesh.corners[:, :, :2]
        self._low, self._high = flat.min(1), flat.max(1)
        self._left = np.ones(len(flat), dtype=np.bool_)

    def taken(self, box: Floats) -> Mesh:
        """Take the triangles out that come near to a plan rectangle (2, 2); they are put back, changed, with `put`."""
        low, high = np.asarray(box, dtype=np.float64)
        near = self._left & (self._low <= high).all(1) & (self._high >= low).all(1)
        self._left[near] = False
        boxes = np.array(self._boxes).reshape(-1, 4)
        out = [np.zeros((0, 3, 3))]
        for k in np.flatnonzero((boxes[:, :2] <= high).all(1) & (boxes[:, 2:] >= low).all(1)):
            flat = self._pieces[k][:, :, :2]
            mine = (flat.min(1) <= high).all(1) & (flat.max(1) >= low).all(1)
            out.append(self._pieces[k][mine])
            self._pieces[k] = self._pieces[k][~mine]
        part = self.mesh.part(near)
        return sewn(part, np.concatenate(out)) if len(out) > 1 else part

    def put(self, piece: Mesh) -> None:
        """Put a piece of the surface back."""
        if len(piece):
            self._pieces.append(piece.corners)
            self._boxes.append(np.concatenate([piece.bounds[0, :2], piece.bounds[1, :2]]))

    def whole(self) -> Mesh:
        """Sew everything together."""
        return sewn(self.mesh.part(self._left), np.concatenate(self._pieces)) if self._pieces else self.mesh
