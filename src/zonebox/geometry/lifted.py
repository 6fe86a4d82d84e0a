"""A ceiling that follows the ground: a TIN lifted by a height (domain C5, terrain-following)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.affinity import translate
from shapely.geometry import MultiPolygon, Polygon

from zonebox.geometry import solids
from zonebox.geometry.mesh import Mesh
from zonebox.geometry.overhang import Overhang
from zonebox.geometry.tin import TinIndex, tin_index


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LiftedGround:
    """Forbidden space above a ground surface, ``lift_m`` over it.

    ``ground`` is a TIN without overlaps in plan; nothing is forbidden off it, nor outside ``plan`` where that is given.
    """

    ground: Mesh
    lift_m: float
    name: str = "terrain-following"
    plan: Polygon | MultiPolygon | None = None
    _known: dict[str, TinIndex] = field(default_factory=dict, init=False, repr=False)
    """The index of the ground, from the first question on."""

    @property
    def plan_bounds(self) -> NDArray[np.float64]:
        """Lowest and highest plan corner (2, 2)."""
        return self.ground.bounds[:, :2]

    def limit_at(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Elevation (n,) from which points (n, 2) are forbidden; inf off the ground."""
        if "index" not in self._known:
            self._known["index"] = tin_index(self.ground)
        z = self._known["index"].height_at(xy) + self.lift_m
        there = np.isfinite(z) if self.plan is None else np.isfinite(z) & shapely.intersects_xy(self.plan, xy)
        return np.where(there, z, np.inf)

    def moved(self, offset: ArrayLike) -> LiftedGround:
        """Return the ceiling shifted in plan by (dx, dy)."""
        dx, dy = (float(v) for v in np.asarray(offset, dtype=np.float64)[:2])
        plan = None if self.plan is None else translate(self.plan, dx, dy)
        return LiftedGround(ground=self.ground.moved([dx, dy, 0.0]), lift_m=self.lift_m, name=self.name, plan=plan)

    def solid(self, shape: Polygon | MultiPolygon, bottom: float, top: float) -> solids.Solid:
        """Return the forbidden solid over a lot up to an elevation."""
        near = around(self.ground, shape)
        if not len(near):
            return solids.united([])
        n = len(near.vertices)
        lower = near.vertices + np.array([0.0, 0.0, self.lift_m])
        upper = np.concatenate([lower[:, :2], np.full((n, 1), max(top, float(lower[:, 2].max()) + 1.0))], axis=1)
        edges = Counter(tuple(e) for t in near.triangles.tolist() for e in ((t[0], t[1]), (t[1], t[2]), (t[2], t[0])))
        rim = np.array([e for e in edges if (e[1], e[0]) not in edges], dtype=np.int32).reshape(-1, 2)
        walls = np.concatenate([
            np.stack([rim[:, 0], rim[:, 1], rim[:, 1] + n], 1), np.stack([rim[:, 0], rim[:, 1] + n, rim[:, 0] + n], 1),
        ])
        triangles = np.concatenate([near.triangles[:, ::-1], near.triangles + n, walls])
        body = solids.solid_of(Mesh(vertices=np.concatenate([lower, upper]), triangles=triangles))
        if self.plan is None:
            return body
        return body ^ solids.prism(self.plan, min(bottom, float(lower[:, 2].min())) - 1.0, float(upper[0, 2]) + 1.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HigherOf:
    """Forbidden space: what lies above a plane surface and also above the lifted ground (domain B13).

    Where the ground is not known the plane surface alone counts, which is the strict side.
    """

    plane: Overhang
    lifted: LiftedGround
    name: str = ""

    def limit_at(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Elevation (n,) from which points (n, 2) are forbidden; inf outside the plan."""
        ground = self.lifted.limit_at(xy)
        return np.asarray(np.maximum(self.plane.limit_at(xy), np.where(np.isfinite(ground), ground, -np.inf)))

    def moved(self, offset: ArrayLike) -> HigherOf:
        """Return the ceiling shifted in plan by (dx, dy)."""
        return HigherOf(plane=self.plane.moved(offset), lifted=self.lifted.moved(offset), name=self.name)

    def solid(self, shape: Polygon | MultiPolygon, bottom: float, top: float) -> solids.Solid:
        """Return the forbidden solid over a lot up to an elevation."""
        body = self.plane.solid(shape, bottom, top)
        ground = around(self.lifted.ground, shape)
        if body.is_empty() or not len(ground):
            return body
        # less what lies between far below and the lifted ground: the lifted ground's own solid, upside down
        low = min(bottom, float(ground.vertices[:, 2].min()) + self.lifted.lift_m) - 1.0
        under = LiftedGround(ground=_upside_down(ground), lift_m=-self.lifted.lift_m).solid(shape, low, -low)
        return body - under.mirror((0.0, 0.0, 1.0))


def _upside_down(ground: Mesh) -> Mesh:
    return Mesh(vertices=ground.vertices * np.array([1.0, 1.0, -1.0]), triangles=ground.triangles[:, ::-1])


def around(ground: Mesh, shape: Polygon | MultiPolygon) -> Mesh:
    """Take the triangles of a TIN whose box meets a lot's, all facing up."""
    low_x, low_y, high_x, high_y = shape.bounds
    c = ground.corners
    hit = ((c[:, :, 0].max(1) >= low_x) & (c[:, :, 0].min(1) <= high_x)
           & (c[:, :, 1].max(1) >= low_y) & (c[:, :, 1].min(1) <= high_y))
    u, v = c[:, 1, :2] - c[:, 0, :2], c[:, 2, :2] - c[:, 0, :2]
    turn = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    part = ground.part(hit & (turn != 0.0))
    down = turn[hit & (turn != 0.0)] < 0.0
    triangles = part.triangles.copy()
    triangles[down] = triangles[down][:, ::-1]
    return Mesh(vertices=part.vertices, triangles=triangles)
