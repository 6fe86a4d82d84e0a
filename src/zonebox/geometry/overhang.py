"""Ceilings over a part of the plan: everything above the highest of some planes is forbidden there.

Level caps of a zone, no-build ground, obstacle limitation surfaces, view corridors, radio links and protected sunlight
are all ceilings of this one shape (domain C6, C11): convex functions of x and y, given by planes that lie on or under
them, so that a facet never allows more than the surface it stands for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.affinity import translate
from shapely.geometry import MultiPoint, MultiPolygon, Polygon

from zonebox import tolerance
from zonebox.errors import GeometryError
from zonebox.geometry import solids
from zonebox.geometry.mesh import frozen

NEVER_M = -1.0e5
"""A ceiling at this elevation forbids every height: no-build ground, setbacks from drawn lines."""

FACETS_PER_TURN = 1024
"""Tangent planes round a cone: 6 km from its axis, at a slope of 5 %, the facets lie at most 1.5 mm under it."""

BESIDE_M = 50.0
"""How far beyond a lot a ceiling keeps all the facets that govern there: designs may stand over the boundary."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Overhang:
    """Forbidden space: over ``plan``, above the highest of ``planes``.

    Parameters
    ----------
    plan : Polygon or MultiPolygon
        Where it holds, metres.
    planes : (k, 3) float64
        Rows (a, b, c) of z = a x + b y + c.
    name : str
        Which surface of its control it is, e.g. ``conical``.
    """

    plan: Polygon | MultiPolygon
    planes: NDArray[np.float64]
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "planes", frozen(np.array(self.planes, dtype=np.float64).reshape(-1, 3)))

    def limit_at(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Elevation (n,) from which points (n, 2) are forbidden; inf outside the plan."""
        height = (xy @ self.planes[:, :2].T + self.planes[:, 2]).max(1)
        return np.where(shapely.intersects_xy(self.plan, xy), height, np.inf)

    def near(self, shape: Polygon | MultiPolygon) -> Overhang:
        """Drop the planes that lie under another one all over a lot and `BESIDE_M` round it.

        Examples
        --------
        >>> whole = cone((0.0, 0.0), 45.0, 0.05, shapely.box(0, 0, 9000, 9000), 4000.0)
        >>> few = whole.near(shapely.box(5000, 0, 5040, 30))
        >>> len(whole.planes), len(few.planes) < 16
        (1024, True)
        """
        low_x, low_y, high_x, high_y = shape.buffer(BESIDE_M).bounds
        corners = np.array([[low_x, low_y], [high_x, low_y], [high_x, high_y], [low_x, high_y]])
        height = corners @ self.planes[:, :2].T + self.planes[:, 2]            # (4, k)
        middle = height.mean(0)
        kept = np.ones(len(self.planes), dtype=np.bool_)
        for best in {int(middle.argmax()), *(int(row.argmax()) for row in height)}:
            under = (height <= height[:, best:best + 1]).all(0) & (height < height[:, best:best + 1]).any(0)
            kept &= ~under
        return Overhang(plan=self.plan, planes=self.planes[kept], name=self.name)

    def moved(self, offset: ArrayLike) -> Overhang:
        """Return the overhang shifted in plan by (dx, dy)."""
        dx, dy = (float(v) for v in np.asarray(offset, dtype=np.float64)[:2])
        planes = self.planes.copy()
        planes[:, 2] -= planes[:, :2] @ [dx, dy]
        return Overhang(plan=translate(self.plan, dx, dy), planes=planes, name=self.name)

    def solid(self, shape: Polygon | MultiPolygon, bottom: float, top: float) -> solids.Solid:
        """Return the forbidden solid over a lot between two elevations."""
        over = self.plan.intersection(shape.buffer(1.0, join_style="mitre"))
        parts = [p for p in shapely.get_parts(over) if p.geom_type == "Polygon" and p.area > 0.0]
        body = solids.prism(MultiPolygon(parts), bottom, top)
        for a, b, c in self.planes:
            norm = math.sqrt(a * a + b * b + 1.0)
            body = body.trim_by_plane((-a / norm, -b / norm, 1.0 / norm), c / norm)
        return body


def level(plan: Polygon | MultiPolygon, top_m: float, name: str = "") -> Overhang:
    """Forbid everything above an elevation over a part of the plan.

    >>> level(shapely.box(0, 0, 1, 1), 5.0).limit_at(np.array([[0.5, 0.5], [2.0, 0.5]])).tolist()
    [5.0, inf]
    """
    return Overhang(plan=plan, planes=np.array([[0.0, 0.0, top_m]]), name=name)


def has_extent(points: ArrayLike) -> bool:
    """Tell whether points (n, 3) span an area in plan that is more than a line.

    >>> has_extent([(0, 0, 1), (9, 0, 2), (9, 1, 2)]), has_extent([(0, 0, 1), (9, 3, 2), (18, 6, 3)])
    (True, False)
    """
    hull = MultiPoint(np.asarray(points, dtype=np.float64)[:, :2]).convex_hull
    return bool(hull.area > tolerance.SNAP_M * hull.length / 2.0)


def under_points(points: ArrayLike, name: str = "") -> Overhang:
    """Forbid everything above the lower side of the convex hull of points (n, 3).

    Raises
    ------
    GeometryError
        The points span no area in plan.
    """
    from scipy.spatial import ConvexHull, QhullError

    p = np.asarray(points, dtype=np.float64)
    plan = MultiPoint(p[:, :2]).convex_hull
    if plan.geom_type != "Polygon" or plan.area <= 0.0:
        raise GeometryError(f"the {name or 'surface'} has no extent in plan")
    try:
        facets = ConvexHull(p).equations                    # normal · p + offset <= 0 inside
    except QhullError:                                      # all points in one plane
        (a, b, c), *_ = np.linalg.lstsq(np.c_[p[:, :2], np.ones(len(p))], p[:, 2], rcond=None)
        return Overhang(plan=plan, planes=np.array([[a, b, c]]), name=name)
    lower = facets[facets[:, 2] < -1e-9]
    return Overhang(plan=plan, planes=-lower[:, [0, 1, 3]] / lower[:, 2:3], name=name)


def cone(centre: tuple[float, float], start_m: float, slope: float, plan: Polygon | MultiPolygon, radius_m: float,
         name: str = "") -> Overhang:
    """Forbid everything above a cone that starts at ``start_m`` on a circle and rises outward; tangent planes."""
    angle = np.arange(FACETS_PER_TURN) * (2.0 * math.pi / FACETS_PER_TURN)
    ux, uy = np.cos(angle), np.sin(angle)
    c = start_m - slope * (radius_m + ux * centre[0] + uy * centre[1])
    return Overhang(plan=plan, planes=np.stack([slope * ux, slope * uy, c], axis=1), name=name)
