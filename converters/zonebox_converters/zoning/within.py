"""The part of a large plan that a scene is about: the lots that lie in given areas."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.errors import InputError
from zonebox.frame import Frame
from zonebox_converters.zoning.layer import Bounds, Layer, Shapes
from zonebox_converters.zoning.marks import kept_marks
from zonebox_converters.zoning.spec import PlanSpec
from zonebox_converters.zoning.vector import NothingNearError, read_layer


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Within:
    """The areas of the site in the frame, and how messages call them."""

    name: str
    area: shapely.Geometry

    def bounds(self) -> Bounds:
        """Box of the areas, metres in the frame."""
        low_x, low_y, high_x, high_y = shapely.bounds(self.area).tolist()
        return low_x, low_y, high_x, high_y


def within(spec: PlanSpec, frame: Frame) -> Within | None:
    """Read the areas that ``plan.within`` names; None where the whole layer is the plan.

    Raises
    ------
    InputError
        It holds no area.
    """
    if spec.within is None:
        return None
    layer = read_layer(spec.within, crs=spec.crs, concept="plan.within")
    shapes = layer.in_frame(frame)
    areas = shapes[shapely.get_dimensions(shapes) == 2]
    if not len(areas):
        raise InputError(layer.name, got="no area", want="the site as polygons", then="check plan.within")
    return Within(name=layer.name, area=shapely.union_all(shapely.make_valid(areas)))


def lots_of(spec: PlanSpec, frame: Frame) -> tuple[Layer, tuple[str, str] | None]:
    """Read the parcel layer, or those of its lots that lie in the areas of ``plan.within``.

    A lot lies where its middle lies, so that a boundary drawn twice does not take in the lots across it. Of a file
    that can be asked only the lots near the areas are held.

    Returns
    -------
    (Layer, (str, str) or None)
        The lots, and what is to be told of the choice.

    Raises
    ------
    InputError
        As `read_layer`; or no lot lies there.
    """
    site = within(spec, frame)
    asked: dict[str, Any] = {"crs": spec.crs, "override": True, "where": spec.where, "drawing_unit": spec.drawing_unit}
    if site is None:
        return read_layer(spec.parcels, **asked), None
    try:
        layer = read_layer(spec.parcels, near=(frame, site.bounds()), **asked)
    except NothingNearError:                             # or its axes are swapped, which only reading it tells
        layer = read_layer(spec.parcels, **asked)
    if layer.marks is None:                              # an index gives its features in an order of its own
        layer = _rows(layer, np.argsort(layer.fids, kind="stable"))
    kept = _inside(layer.in_frame(frame), site.area)
    if not kept.any():
        raise InputError(layer.name, got=f"no lot in {site.name}", want="lots whose middle lies in it",
                         then="check plan.within and the CRS of both")
    chosen = replace(_rows(layer, kept), marks=kept_marks(layer.marks, kept))
    return chosen, ("within", f"{int(kept.sum())} of the lots lie in {site.name}")


def _rows(layer: Layer, rows: NDArray[Any]) -> Layer:
    columns = {name: column[rows] for name, column in layer.columns.items()}
    return replace(layer, shapes=layer.shapes[rows], columns=columns, fids=layer.fids[rows])


def _inside(shapes: Shapes, area: shapely.Geometry) -> NDArray[Any]:
    """Which shapes have their middle in an area (n,); of an outline that crosses itself that of its box."""
    valid = shapely.is_valid(shapes)
    middle = np.full(len(shapes), None, dtype=object)
    middle[valid] = shapely.point_on_surface(shapes[valid])
    low_x, low_y, high_x, high_y = shapely.bounds(shapes[~valid]).T
    middle[~valid] = shapely.points((low_x + high_x) / 2.0, (low_y + high_y) / 2.0)
    shapely.prepare(area)
    return np.asarray(shapely.intersects(area, middle))
