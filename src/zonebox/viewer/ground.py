"""The ground as a model block: the terrain cut to the parcels' surroundings, and things laid on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from zonebox import tolerance
from zonebox.geometry.mesh import Mesh, merged, welded
from zonebox.geometry.tin import TinIndex, tin_index
from zonebox.model import Scene
from zonebox.viewer.outline import open_edges

MARGIN_RATIO: Final = 0.30
"""Surroundings shown on each side, as a share of the parcels' diagonal …"""

MARGIN_LEAST_M: Final = 30.0
MARGIN_MOST_M: Final = 250.0
"""… between these."""

SKIRT_RATIO: Final = 0.018
"""Thickness of the model block below its lowest ground, as a share of its width."""

DRAPE_STEP_M: Final = 2.0
"""Lines on the ground follow it in steps of this length."""

DRAPED_LINES: Final = 40_000
"""More lines than this at once go straight from corner to corner."""

LIFT_M: Final = 0.25
LOW_LIFT_M: Final = 0.12
"""Height of lines above the ground, so that it does not swallow them between two steps; lesser lines lie lower."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """The piece of ground that is drawn.

    Parameters
    ----------
    box : (x0, y0, x1, y1)
        What is shown, in the frame.
    surface, skirt : Mesh
        The ground, and the upright sides of the block under its rim.
    level : float
        Elevation where the terrain does not reach, and of the plane that stands in for a missing one.
    """

    box: Box
    surface: Mesh
    skirt: Mesh
    level: float
    index: TinIndex | None

    def height_at(self, xy: ArrayLike) -> NDArray[np.float64]:
        """Elevation under points (n, 2): on the terrain, else the level."""
        points = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
        if self.index is None:
            return np.full(len(points), self.level)
        found = self.index.height_at(points)
        return np.where(np.isnan(found), self.level, found)

    def drape(
        self, lines: Sequence[NDArray[np.float64]], *, lift: float = LIFT_M
    ) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Lay polylines (n, 2) on the ground.

        Returns
        -------
        segments : (k, 2, 3) float64
            Straight pieces.
        line : (k,) intp
            Which of the lines each piece belongs to.
        """
        long = [(number, line[:, :2]) for number, line in enumerate(lines) if len(line) > 1]
        if not long:
            return np.zeros((0, 2, 3)), np.zeros(0, dtype=np.intp)
        numbers = np.array([number for number, _ in long])
        place = np.repeat(np.arange(len(long)), [len(line) for _, line in long])
        shapes = shapely.linestrings(np.concatenate([line for _, line in long]), indices=place)
        if self.index is not None and len(long) < DRAPED_LINES:
            shapes = shapely.segmentize(shapes, DRAPE_STEP_M)
        dense, owner = shapely.get_coordinates(shapes, return_index=True)
        points = np.column_stack([dense, self.height_at(dense) + lift])
        same = owner[1:] == owner[:-1]
        return np.stack([points[:-1], points[1:]], axis=1)[same], numbers[owner[:-1][same]]


def ground_of(scene: Scene) -> Ground:
    """Cut the scene's terrain to the surroundings of its parcels, or stand a level plane in for it."""
    box = _within_terrain(surroundings(scene), scene)
    surface = Mesh.empty() if scene.surface is None else welded(clipped(scene.surface.mesh, box), tolerance.SNAP_M)
    index = tin_index(surface) if len(surface) else None
    level = _level(scene, surface)
    if index is None:
        surface = _plane(box, level)
    thickness = SKIRT_RATIO * max(box[2] - box[0], box[3] - box[1])
    bottom = float(surface.vertices[:, 2].min()) - thickness
    return Ground(box=box, surface=surface, skirt=_skirt(surface, bottom), level=level, index=index)


def surroundings(scene: Scene) -> Box:
    """Rectangle (x0, y0, x1, y1) around the parcels, else the designs, the context, the terrain, with a margin."""
    shapes: list[NDArray[np.float64]]
    shapes = [np.array(p.shape.bounds).reshape(2, 2) for p in scene.plan.parcels if not p.shape.is_empty]
    shapes = shapes + [b.mesh.bounds[:, :2] for b in scene.designs if len(b.mesh)]
    shapes = shapes or [b.mesh.bounds[:, :2] for b in scene.context if len(b.mesh)]
    if not shapes and scene.terrain is not None and len(scene.terrain.mesh):
        shapes = [scene.terrain.mesh.bounds[:, :2]]
    both = np.array(shapes or [np.array([[-50.0, -50.0], [50.0, 50.0]])])
    low, high = both[:, 0].min(0), both[:, 1].max(0)
    margin = float(np.clip(MARGIN_RATIO * np.linalg.norm(high - low), MARGIN_LEAST_M, MARGIN_MOST_M))
    return (float(low[0]) - margin, float(low[1]) - margin, float(high[0]) + margin, float(high[1]) + margin)


def _within_terrain(box: Box, scene: Scene) -> Box:
    """Cut a rectangle to what the terrain can fill; leave it where they do not meet."""
    if scene.terrain is None or not len(scene.terrain.mesh):
        return box
    (x0, y0, _), (x1, y1, _) = scene.terrain.mesh.bounds
    common = (max(box[0], float(x0)), max(box[1], float(y0)), min(box[2], float(x1)), min(box[3], float(y1)))
    return common if common[0] < common[2] and common[1] < common[3] else box


def clipped(mesh: Mesh, box: Box) -> Mesh:
    """Cut a mesh to a rectangle in plan; triangles on its border are split.

    Examples
    --------
    >>> square = Mesh(vertices=[[0, 0, 0], [4, 0, 0], [0, 4, 4]], triangles=[[0, 1, 2]])
    >>> clipped(square, (0, 0, 1, 9)).bounds[1].tolist()
    [1.0, 4.0, 4.0]
    """
    low, high = mesh.corners[:, :, :2].min(1), mesh.corners[:, :, :2].max(1)
    near = ((low <= box[2:]) & (high >= box[:2])).all(1)
    within = near & ((low >= box[:2]) & (high <= box[2:])).all(1)
    soup = mesh.corners[near & ~within]
    for axis, sign, bound in ((0, 1.0, box[0]), (1, 1.0, box[1]), (0, -1.0, box[2]), (1, -1.0, box[3])):
        soup = _half(soup, sign * (soup[:, :, axis] - bound))
    rim = Mesh(vertices=soup.reshape(-1, 3), triangles=np.arange(3 * len(soup), dtype=np.int32).reshape(-1, 3))
    return merged([mesh.part(within), rim])


def _half(soup: NDArray[np.float64], side: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keep the parts of triangles (m, 3, 3) where ``side`` (m, 3), a signed distance per corner, is not negative."""
    inside = side >= 0.0
    count = inside.sum(1)
    pieces = [soup[count == 3]]
    for kept, lone in ((1, inside), (2, ~inside)):
        chosen = count == kept
        turn = (lone[chosen].argmax(1)[:, None] + np.arange(3)) % 3             # the corner that is alone comes first
        corner = np.take_along_axis(soup[chosen], turn[:, :, None], 1)
        d = np.take_along_axis(side[chosen], turn, 1)
        one = corner[:, 0] + (corner[:, 1] - corner[:, 0]) * (d[:, 0] / (d[:, 0] - d[:, 1]))[:, None]
        two = corner[:, 0] + (corner[:, 2] - corner[:, 0]) * (d[:, 0] / (d[:, 0] - d[:, 2]))[:, None]
        if kept == 1:
            pieces.append(np.stack([corner[:, 0], one, two], 1))
        else:
            pieces += [np.stack([one, corner[:, 1], corner[:, 2]], 1), np.stack([one, corner[:, 2], two], 1)]
    return np.concatenate(pieces)


def _level(scene: Scene, surface: Mesh) -> float:
    if len(surface):
        return float(np.median(surface.vertices[:, 2]))
    stated = [e.ground_m for e in scene.envelopes] or [b.ground_m for b in scene.designs if b.ground_m is not None]
    if stated:
        return float(np.median(stated))
    lows = [float(b.mesh.bounds[0, 2]) for b in (*scene.designs, *scene.context) if len(b.mesh)]
    return min(lows, default=0.0)


def _plane(box: Box, level: float) -> Mesh:
    x0, y0, x1, y1 = box
    vertices = [[x0, y0, level], [x1, y0, level], [x1, y1, level], [x0, y1, level]]
    return Mesh(vertices=np.array(vertices), triangles=np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32))


def _skirt(surface: Mesh, bottom: float) -> Mesh:
    """Upright walls from the rim of the surface down to ``bottom``, facing outward."""
    rim = surface.vertices[open_edges(surface)]
    if not len(rim):
        return Mesh.empty()
    foot = rim.copy()
    foot[:, :, 2] = bottom
    quads = np.stack([rim[:, 1], rim[:, 0], foot[:, 0], foot[:, 1]], 1).reshape(-1, 3)
    first = 4 * np.arange(len(rim), dtype=np.int32)[:, None]
    triangles = np.concatenate([first + np.array(half, dtype=np.int32) for half in ((0, 1, 2), (0, 2, 3))])
    return Mesh(vertices=quads, triangles=triangles)
