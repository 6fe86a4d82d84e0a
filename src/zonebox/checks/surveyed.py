"""Roofs of standing buildings as a survey sees them, and what the city model says about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from zonebox.geometry.mesh import Mesh, triangle_normals
from zonebox.geometry.planview import seen_from_above
from zonebox.model import Building, Scene
from zonebox.model.building import Roof

Floats = NDArray[np.float64]

BIN_M: Final = 0.05
"""Heights are counted in bins of this size."""

LOW_M: Final = -1000.0
_BINS: Final = 1 << 16
EDGE_M: Final = 1.0
"""Points this near to the outline are of the eave."""

LEVEL_COS: Final = 0.05
"""A triangle whose upward part is smaller stands upright."""

LEAST_POINTS: Final = 30
"""A roof with fewer points is not measured."""

EAVE_SHARE, TOP_SHARE, RIDGE_SHARE = 0.25, 0.90, 0.98
"""Quantiles: of the points at the edge for the eave; of all for the top, above chimneys' share, and for the ridge."""

WRONG_M: Final = 1.0
"""A model whose roof is farther than this from the survey's is wrong: half a storey is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyedRoof:
    """What a survey says about one roof, elevations in metres.

    ``top_m`` is the height that nine tenths of the points stay below, ``ridge_m`` and ``eave_m`` of a pitched roof lie
    above and below it; ``model_m`` is the highest point of the model, None where it has no height; ``off_m`` how far
    the model stands above the survey's top.
    """

    building: str
    points: int
    top_m: float
    eave_m: float
    ridge_m: float
    model_m: float | None

    @property
    def off_m(self) -> float | None:
        """Model less survey, metres."""
        return None if self.model_m is None else self.model_m - self.top_m

    @property
    def wrong(self) -> bool:
        """Whether the model has no height, or one that the survey contradicts: not between top and ridge, or nearly."""
        if self.model_m is None:
            return True
        return not self.top_m - WRONG_M <= self.model_m <= self.ridge_m + WRONG_M


@dataclass(slots=True, eq=False)
class RoofSurvey:
    """Points of a survey over the roofs of standing buildings; fed piece by piece, in any order.

    The plan outlines are taken from the city model; its heights play no part. The points should be those of buildings
    (class 6), for a tree over a roof is higher than it.
    """

    context: Sequence[Building]
    _inner: NDArray[np.object_] = field(init=False)
    _tree: STRtree = field(init=False)
    _every: list[NDArray[np.int64]] = field(default_factory=list)
    _edge: list[NDArray[np.int64]] = field(default_factory=list)

    def __post_init__(self) -> None:
        shapes = np.array([seen_from_above(b.mesh) for b in self.context], dtype=object)
        self._inner = shapely.buffer(shapes, -EDGE_M)
        self._tree = STRtree(shapes)

    def add(self, points: Floats) -> None:
        """Take points (n, 3) in."""
        places = shapely.points(points[:, :2])
        place, owner = self._tree.query(places, predicate="within")
        level = np.clip((points[place, 2] - LOW_M) / BIN_M, 0, _BINS - 1).astype(np.int64)
        key = owner.astype(np.int64) * _BINS + level
        self._every = [_together([*self._every, _counted(key)])]
        self._edge = [_together([*self._edge, _counted(key[~shapely.within(places[place], self._inner[owner])])])]

    def tapped(self, survey: Iterable[Floats]) -> Iterator[Floats]:
        """Pass a survey on piece by piece, taking it in."""
        for points in survey:
            self.add(np.asarray(points, dtype=np.float64).reshape(-1, 3))
            yield points

    def roofs(self) -> Mapping[str, SurveyedRoof]:
        """Return building id -> roof, for those with enough points."""
        return _roofs(self.context, _together(self._every), _together(self._edge))


def agreement(roofs: Mapping[str, SurveyedRoof]) -> str:
    """Say in one sentence how far a city model agrees with the survey; nothing where there is nothing to compare."""
    off = [roof.off_m for roof in roofs.values() if roof.off_m is not None]
    if not off:
        return ""
    median = float(np.median(off))
    wrong = sum(roof.wrong for roof in roofs.values())
    side = "above" if median > 0 else "below"
    verdict = "they agree" if abs(median) <= WRONG_M / 2 else "the model's roofs are not where the survey sees them"
    return (f"roofs of the city model against the survey: {len(roofs):,} compared, the middle one {abs(median):.2f} m "
            f"{side}, {wrong:,} off by more than {WRONG_M:g} m; {verdict}")


def corrected(building: Building, roof: SurveyedRoof) -> Building:
    """Give a building of the context the roof that the survey saw, where its own is missing or wrong.

    A block with a flat top is raised or lowered to it; another keeps its shape, with a note.
    """
    measured = Roof(top_m=roof.ridge_m, eave_m=roof.eave_m, ridge_m=roof.ridge_m)
    if not roof.wrong:
        return building if building.roof is not None else replace(building, roof=measured)
    if roof.model_m is None:
        said = f"no height in the city model; the survey's is {roof.top_m:.2f} m"
    else:
        said = f"roof at {roof.model_m:.2f} m in the city model, {roof.top_m:.2f} m in the survey"
    top = building.mesh.vertices[:, 2] >= building.mesh.bounds[1, 2] - BIN_M
    if roof.model_m is None or not _is_block(building.mesh, top):
        return replace(building, roof=measured, notes=(*building.notes, f"{said}; its shape is left as it was"))
    mesh = _raised(building.mesh, top, roof.top_m)
    solid = None if building.solid is None else _raised(
        building.solid, building.solid.vertices[:, 2] >= float(building.solid.vertices[:, 2].max()) - BIN_M, roof.top_m)
    return replace(building, mesh=mesh, solid=solid, roof=replace(measured, top_m=roof.top_m),
                   notes=(*building.notes, f"{said}; the block is drawn to the survey's"))


def _is_block(mesh: Mesh, top: NDArray[np.bool_]) -> bool:
    """Whether all that looks up is at the top: a roof without slopes, steps or balconies."""
    normal = triangle_normals(mesh.corners)
    up = normal[:, 2] > LEVEL_COS * np.linalg.norm(normal, axis=1)
    return bool(top[mesh.triangles[up]].all())


def _raised(mesh: Mesh, top: NDArray[np.bool_], level: float) -> Mesh:
    vertices = mesh.vertices.copy()
    vertices[top, 2] = level
    return Mesh(vertices=vertices, triangles=mesh.triangles)


def _counted(key: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count keys -> (k, 2)."""
    return np.column_stack(np.unique(key, return_counts=True)).astype(np.int64)


def _together(pieces: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Add up counted keys (k, 2)."""
    rows = np.concatenate([np.zeros((0, 2), dtype=np.int64), *pieces])
    key, number = np.unique(rows[:, 0], return_inverse=True)
    count = np.bincount(number.reshape(-1), weights=rows[:, 1], minlength=len(key))
    return np.column_stack([key, count]).astype(np.int64)


def _roofs(context: Sequence[Building], every: NDArray[np.int64], edge: NDArray[np.int64]) -> dict[str, SurveyedRoof]:
    made = {}
    for k, building in enumerate(context):
        mine, rim = (rows[(rows[:, 0] // _BINS) == k] for rows in (every, edge))
        count = int(mine[:, 1].sum())
        if count < LEAST_POINTS:
            continue
        z = building.mesh.bounds[:, 2]
        top, ridge = _quantile(mine, TOP_SHARE), _quantile(mine, RIDGE_SHARE)
        eave = _quantile(rim if len(rim) else mine, EAVE_SHARE)
        made[building.id] = SurveyedRoof(building=building.id, points=count, top_m=top, ridge_m=ridge, eave_m=eave,
                                         model_m=float(z[1]) if z[1] > z[0] else None)
    return made


def _quantile(rows: NDArray[np.int64], share: float) -> float:
    """Height that this share of the points stays below, from counted bins."""
    total = np.cumsum(rows[:, 1])
    at = int(np.searchsorted(total, share * total[-1]))
    return float(rows[min(at, len(rows) - 1), 0] % _BINS + 0.5) * BIN_M + LOW_M


def applied(scene: Scene, roofs: Mapping[str, SurveyedRoof]) -> Scene:
    """Give the buildings of a scene's context the roofs of a survey; the first says how far the city model agreed."""
    if not roofs:
        return scene
    made = [corrected(b, roofs[b.id]) if b.id in roofs else b for b in scene.context]
    drawn = sum(new.mesh is not old.mesh for new, old in zip(made, scene.context, strict=True))
    said = f"{agreement(roofs)}; {drawn:,} blocks are drawn to the survey"
    made[0] = replace(made[0], notes=(said, *made[0].notes))
    return replace(scene, context=tuple(made))
