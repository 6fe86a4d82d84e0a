"""Typed lines and zones of a plan, and the part of each parcel they cover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from zonebox.frame import Frame
from zonebox.model import ControlLine, EdgeSelector, Parcel
from zonebox.tolerance import AREA_M2

_LEAST_SHARE = 1e-6
"""A part of a parcel smaller than this is nothing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Site:
    """What rules need to know of a plan beside its parcels.

    Parameters
    ----------
    frame : Frame
        Of the plan.
    lines : sequence of ControlLine
        Typed lines and zones.
    origin : mapping
        Parcel number -> for each edge the edge of the lot as drawn that it is a piece of, where edges were split.
    rears : mapping
        Parcel number -> tip of a lot without a rear edge, behind its virtual rear (domain C1.4).
    stems : mapping
        Parcel number -> edges along the stem of a flag lot.
    ended : sequence of str
        Ids of rules that are not in force: others may still name them.
    """

    frame: Frame
    lines: Sequence[ControlLine] = ()
    origin: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    rears: Mapping[str, Polygon] = field(default_factory=dict)
    stems: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    ended: Sequence[str] = ()


def named_shapes(names: Sequence[str], lines: Sequence[ControlLine]) -> NDArray[np.object_]:
    """Shapes of the typed lines whose type or name is one of some words.

    >>> river = ControlLine(kind="蓝线", name="Old River", shape=shapely.box(0, 0, 1, 1))
    >>> [len(named_shapes([word], [river])) for word in ("蓝线", "old river", "x")]
    [1, 1, 0]
    """
    wanted = {name.casefold() for name in names}
    found = [line.shape for line in lines if wanted & {line.kind.casefold(), line.name.casefold()}]
    shapes = np.empty(len(found), dtype=object)
    shapes[:] = found
    return shapes


def covered(
    shapes: NDArray[np.object_], parcels: Sequence[Parcel], *, buffer_m: float = 0.0
) -> dict[int, Polygon | MultiPolygon]:
    """Part of each parcel that shapes cover, by row; parts below 1 m² do not count (domain A19)."""
    areas = shapely.buffer(shapes, buffer_m) if buffer_m else shapes
    areas = areas[shapely.get_dimensions(areas) == 2]
    if not len(areas):
        return {}
    union = shapely.union_all(np.where(shapely.is_valid(areas), areas, shapely.make_valid(areas)))
    lots = np.array([parcel.shape for parcel in parcels], dtype=object)
    rows = np.sort(shapely.STRtree(lots).query(union, predicate="intersects"))
    found: dict[int, Polygon | MultiPolygon] = {}
    for row in rows.tolist():
        part = polygonal(shapely.intersection(lots[row], union))
        if part.area >= min(AREA_M2, 0.5 * lots[row].area):
            found[row] = part
    return found


def whole(part: BaseGeometry, parcel: Parcel) -> bool:
    """Tell whether a part of a parcel is all of it."""
    rest = float(parcel.shape.area - part.area)
    return rest <= max(_LEAST_SHARE * float(parcel.shape.area), 1e-6)


def polygonal(shape: Any) -> Polygon | MultiPolygon:
    """Polygons of a shape, without the lines and points an overlay leaves."""
    parts = [p for p in shapely.get_parts(shape) if p.geom_type == "Polygon" and p.area > _LEAST_SHARE]
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def chosen_edges(parcel: Parcel, selector: EdgeSelector, frame: Frame) -> set[int]:
    """Edge numbers that a selector names on a parcel: roles and numbers widen the choice, a sector narrows it."""
    free = not selector.roles and not selector.indices
    found = {e.index for e in parcel.edges
             if free or e.role in selector.roles or e.index in selector.indices}
    if selector.sector_deg is None or not found:
        return found
    low, high = selector.sector_deg
    outward = -parcel.boundary.inward
    grid = np.degrees(np.arctan2(outward[:, 0], outward[:, 1]))
    true = grid + frame.convergence_deg(np.array(parcel.shape.centroid.coords[0]))
    inside = np.round(true - low, 9) % 360.0 < (high - low) % 360.0
    return {k for k in found if inside[k]}
