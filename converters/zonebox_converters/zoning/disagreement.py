"""Layers of one plan that disagree by the offset of GCJ-02 or BD-09 coordinates (domain E3).

Chinese web maps show coordinates that are moved by 100 to 700 m. A layer traced on one and labelled WGS 84 or CGCS2000
overlays badly; that is told with both layers and the offset, and nothing is moved.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.frame import Frame
from zonebox.model import Building, Disagreement, Scene, Terrain

Shapes = NDArray[np.object_]
Floats = NDArray[np.float64]

_SEMI_MAJOR_M: Final = 6378245.0
_ECCENTRICITY_2: Final = 0.00669342162296594323
"""Krasovsky 1940, on which the published form of the GCJ-02 offset is written."""
_CHINA: Final = (72.004, 0.8293, 137.8347, 55.8271)
_BD_FACTOR: Final = math.pi * 3000.0 / 180.0
_APART_M: Final = 5.0
"""Lines that fit better than this as they are say nothing about an offset ..."""
_CLOSE_M: Final = 3.0
"""... and those that an offset explains fit better than this."""
_ON_PARCELS: Final = 0.15
"""Share of a road layer that lies on parcels by drawing errors alone."""
_EDGE_M: Final = 2.0
"""Roads this far inside a parcel are on it."""
_MUCH_BETTER: Final = 0.35
"""Share of the misfit that is left where an offset explains it."""
_MEETING: Final = 5
"""Roads of which less than one part in so many is near the parcels tell nothing."""
_MOST_LEFT, _FEW_LEFT = 0.5, 0.05
"""More than half of what should lie on the other does not, and all but a twentieth would."""
_BUILDINGS: Final = 5
"""So few buildings may stand across boundaries, or in a parcel beside theirs, by chance."""
_REACH_M: Final = 50.0
_SAMPLES: Final = 4000


def gcj02_offset_deg(longitude: float, latitude: float) -> tuple[float, float]:
    """GCJ-02 minus WGS 84 (degrees of longitude, latitude) at a place; zero outside China.

    >>> [round(v, 5) for v in gcj02_offset_deg(116.377817, 39.911954)]
    [0.00623, 0.00139]
    """
    west, south, east, north = _CHINA
    if not (west <= longitude <= east and south <= latitude <= north):
        return 0.0, 0.0
    x, y = longitude - 105.0, latitude - 35.0
    waves = (20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)) * 2.0 / 3.0
    root = math.sqrt(abs(x))
    d_lat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + waves + (
        20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi)) * 2.0 / 3.0 + (
        160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y * math.pi / 30.0)) * 2.0 / 3.0
    d_lon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + waves + (
        20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi)) * 2.0 / 3.0 + (
        150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    phi = math.radians(latitude)
    w = 1.0 - _ECCENTRICITY_2 * math.sin(phi) ** 2
    meridian = _SEMI_MAJOR_M * (1.0 - _ECCENTRICITY_2) / (w * math.sqrt(w))
    return (math.degrees(d_lon / (_SEMI_MAJOR_M / math.sqrt(w) * math.cos(phi))), math.degrees(d_lat / meridian))


def bd09_offset_deg(longitude: float, latitude: float) -> tuple[float, float]:
    """BD-09 minus WGS 84 (degrees of longitude, latitude) at a place; zero outside China."""
    d_lon, d_lat = gcj02_offset_deg(longitude, latitude)
    if (d_lon, d_lat) == (0.0, 0.0):
        return 0.0, 0.0
    x, y = longitude + d_lon, latitude + d_lat
    radius = math.hypot(x, y) + 0.00002 * math.sin(y * _BD_FACTOR)
    angle = math.atan2(y, x) + 0.000003 * math.cos(x * _BD_FACTOR)
    return radius * math.cos(angle) + 0.0065 - longitude, radius * math.sin(angle) + 0.006 - latitude


def suspected_offset(
    parcels: Shapes, other: Shapes, frame: Frame, *, names: tuple[str, str], between: bool = False
) -> list[Disagreement]:
    """Say whether another layer fits the parcels only after a web map's offset is taken off one of the two.

    Parameters
    ----------
    parcels, other : (n,) object
        Shapes in the frame: parcels, and lines that run along their boundaries, or between them.
    names : (str, str)
        Of both layers.
    between : bool
        Whether ``other`` lies between parcels, as roads do: it fits where it stays off them.

    Returns
    -------
    list of Disagreement
        One with both layers and the offset, or none.
    """
    kept = other[~shapely.is_missing(other) & ~shapely.is_empty(other)]
    if not len(parcels) or not len(kept):
        return []
    fit = _Between(parcels) if between else _Along(parcels)
    points = _samples(kept)
    return _told(fit, lambda step: fit.misfit(points - step), parcels, frame, names)


def suspected_places(scene: Scene) -> tuple[Disagreement, ...]:
    """Find terrain, buildings and designs that lie on the plan only after a web map's offset is taken off (domain E3).

    Terrain is to lie under the parcels, a building that stands within one parcel, a design within its own. What says
    too little is not asked: fewer buildings than `_BUILDINGS`, a design that names no parcel.
    """
    parcels = np.array([parcel.shape for parcel in scene.plan.parcels], dtype=object)
    if not len(parcels) or not _in_china(parcels, scene.frame):
        return ()
    plan, found = Path(scene.plan.source).name, list[Disagreement]()
    if scene.terrain is not None:
        under = _Under(parcels, scene.terrain)
        found += _told(under, under.misfit, parcels, scene.frame, (plan, scene.terrain.source))
    by_file: dict[str, list[Building]] = {}
    for building in scene.context:
        by_file.setdefault(building.source, []).append(building)
    for source, buildings in by_file.items():
        if len(buildings) >= _BUILDINGS:
            inside = _Inside(parcels, _hulls(buildings))
            found += _told(inside, inside.misfit, parcels, scene.frame, (plan, Path(source).name))
    for design in scene.designs:
        own = scene.plan.parcel(design.parcel) if design.parcel else None
        if own is not None:
            inside = _Inside(np.array([own.shape], dtype=object), _hulls([design]))
            found += _told(inside, inside.misfit, parcels, scene.frame, (plan, Path(design.source).name))
    return tuple(found)


def _told(
    fit: _Fit, misfit: Callable[[Floats], float], parcels: Shapes, frame: Frame, names: tuple[str, str]
) -> list[Disagreement]:
    """Try the offsets of web maps, off the one layer and off the other; tell the best if it convinces.

    ``misfit`` is how badly the other layer fits the parcels when it is moved back by a step.
    """
    if not _in_china(parcels, frame):
        return []
    middle = np.reshape(shapely.total_bounds(parcels), (2, 2)).mean(axis=0)
    as_is = misfit(np.zeros(2))
    if not fit.suspicious(as_is):
        return []
    trials = []
    for datum, offset in (("GCJ-02", gcj02_offset_deg), ("BD-09", bd09_offset_deg)):
        step = _step(frame, middle, offset)
        back = _step(frame, middle - step, offset)         # where the parcels are if they are the ones that are moved
        trials += [(misfit(step), datum, names[1], step), (misfit(-back), datum, names[0], back)]
    best, datum, moved, step = min(trials, key=lambda trial: trial[0])
    if not fit.convincing(as_is, best):
        return []
    east, north = (round(float(v), 3) for v in step)
    return [Disagreement(layers=(names[1], names[0]), moved=moved, datum=datum, offset_m=(east, north),
                         now=fit.say(as_is), then=fit.say(best), at=(float(middle[0]), float(middle[1])))]


def _in_china(parcels: Shapes, frame: Frame) -> bool:
    """Whether web maps have an offset where the parcels are."""
    middle = np.reshape(shapely.total_bounds(parcels), (2, 2)).mean(axis=0)
    longitude, latitude = frame.lon_lat([middle])[0].tolist()
    return gcj02_offset_deg(longitude, latitude) != (0.0, 0.0)


def _hulls(buildings: Sequence[Building]) -> Shapes:
    """Outlines (n,) of buildings in plan: the convex hulls of their corners."""
    found = [shapely.convex_hull(shapely.multipoints(b.mesh.vertices[:, :2])) for b in buildings if len(b.mesh)]
    shapes = np.empty(len(found), dtype=object)
    shapes[:] = found
    return shapes


class _Fit(Protocol):
    """How well a layer fits the parcels: what a misfit means, and when another one explains it."""

    def suspicious(self, as_is: float) -> bool:
        """Whether the layers fit badly enough as they are."""

    def convincing(self, as_is: float, best: float) -> bool:
        """Whether they would fit so much better that chance does not explain it."""

    def say(self, misfit: float) -> str:
        """Put a misfit into words."""


class _Under:
    """Terrain, which reaches under the parcels: the share of their places beyond the hull of its points."""

    def __init__(self, parcels: Shapes, terrain: Terrain) -> None:
        self.points = _samples(parcels)
        self.reach = shapely.convex_hull(shapely.multipoints(terrain.mesh.vertices[:, :2]))

    def misfit(self, step: Floats) -> float:
        return float(1.0 - shapely.contains_xy(self.reach, self.points + step).mean())

    def suspicious(self, as_is: float) -> bool:
        return as_is > _MOST_LEFT

    def convincing(self, as_is: float, best: float) -> bool:
        return best < min(_FEW_LEFT, as_is)

    def say(self, misfit: float) -> str:
        return f"{misfit:.0%} of the parcels without ground"


class _Inside:
    """Buildings, which stand within one parcel: the share of them that do not."""

    def __init__(self, parcels: Shapes, outlines: Shapes) -> None:
        self.grown = shapely.STRtree(shapely.buffer(parcels, _EDGE_M))
        self.outlines = outlines

    def misfit(self, step: Floats) -> float:
        if not len(self.outlines):
            return 0.0
        moved = shapely.transform(self.outlines, lambda xy: xy - step)
        return 1.0 - len(np.unique(self.grown.query(moved, predicate="within")[0])) / len(moved)

    def suspicious(self, as_is: float) -> bool:
        return as_is > _MOST_LEFT

    def convincing(self, as_is: float, best: float) -> bool:
        return best < min(_FEW_LEFT, as_is)

    def say(self, misfit: float) -> str:
        return f"{misfit:.0%} stand in no parcel"


class _Along:
    """Lines that run along parcel boundaries: the median distance from them, metres."""

    def __init__(self, parcels: Shapes) -> None:
        self.tree = shapely.STRtree(shapely.boundary(parcels))
        self.reach = shapely.box(*shapely.total_bounds(parcels)).buffer(_REACH_M)

    def misfit(self, points: NDArray[np.float64]) -> float:
        near = points[shapely.contains_xy(self.reach, points)]
        if 2 * len(near) < len(points):
            return math.inf
        return float(np.median(self.tree.query_nearest(shapely.points(near), return_distance=True,
                                                       all_matches=False)[1]))

    def suspicious(self, as_is: float) -> bool:
        return as_is > _APART_M

    def convincing(self, as_is: float, best: float) -> bool:
        return best < min(_MUCH_BETTER * as_is, _CLOSE_M)

    def say(self, misfit: float) -> str:
        return "they do not meet" if math.isinf(misfit) else f"{misfit:.1f} m apart"


class _Between:
    """Roads, which stay off parcels: the share of their places that lie on one."""

    def __init__(self, parcels: Shapes) -> None:
        self.tree = shapely.STRtree(parcels)
        self.inner = np.full(len(parcels), None, dtype=object)      # of the parcels that were asked for
        self.reach = shapely.box(*shapely.total_bounds(parcels)).buffer(_REACH_M)

    def misfit(self, points: NDArray[np.float64]) -> float:
        near = points[shapely.contains_xy(self.reach, points)]
        if _MEETING * len(near) < len(points):
            return math.inf
        point, parcel = self.tree.query(places := shapely.points(near))
        fresh = np.unique(parcel[shapely.is_missing(self.inner[parcel])])
        self.inner[fresh] = shapely.buffer(self.tree.geometries[fresh], -_EDGE_M)
        return len(np.unique(point[shapely.intersects(self.inner[parcel], places[point])])) / len(near)

    def suspicious(self, as_is: float) -> bool:
        return not math.isinf(as_is) and as_is > _ON_PARCELS

    def convincing(self, as_is: float, best: float) -> bool:
        return best < _MUCH_BETTER * as_is

    def say(self, misfit: float) -> str:
        return f"{misfit:.0%} of the first lies on the second"


def _step(frame: Frame, at: NDArray[np.float64], offset: Callable[[float, float], tuple[float, float]]) -> Floats:
    """Offset (2,) in metres of the frame at a place of the frame."""
    lon, lat = frame.lon_lat([at])[0].tolist()
    d_lon, d_lat = offset(lon, lat)
    there, here = frame.from_geographic([[lon + d_lon, lat + d_lat], [lon, lat]])
    return np.asarray(there - here)


def _samples(shapes: Shapes) -> Floats:
    """Points (n, 2) along shapes: corners and places between them."""
    corners = shapely.get_coordinates(shapely.segmentize(shapes, 25.0))
    return np.asarray(corners[::max(len(corners) // _SAMPLES, 1)])
