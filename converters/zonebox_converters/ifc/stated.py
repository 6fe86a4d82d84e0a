"""What an IFC file says about where it stands, as it says it: nothing is decided here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

BAKED_M: Final = 10_000.0
"""Model coordinates this far from zero are map coordinates: no building is this large."""

SAMPLE: Final = 400
"""So many of the file's points are looked at to find out whether coordinates are baked into the geometry."""

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """A statement that maps file coordinates to a map: offsets in map units, Scale and factors as written.

    ``kind`` is ``map_conversion``, ``rigid_operation`` or ``epset``; ``label`` the entity or property set;
    ``map_unit_m`` the map's unit in metres where the file states it.
    """

    kind: str
    label: str
    east: float
    north: float
    height: float
    abscissa: float = 1.0
    ordinate: float = 0.0
    scale: float | None = None
    factors: Vector = (1.0, 1.0, 1.0)
    crs: str = ""
    wkt: str = ""
    vertical: str = ""
    map_unit_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """Every statement of a file about its place; lengths in metres but those of ``conversions``.

    ``anchor`` is a point near the building in file coordinates, ``site_origin`` the placement of the IfcSite,
    ``lat_lon`` its reference point (degrees), ``true_north`` a direction in the plan of the file.
    """

    unit_m: float
    anchor: Vector
    conversions: tuple[Conversion, ...] = ()
    lat_lon: tuple[float, float] | None = None
    ref_elevation_m: float | None = None
    site_origin: Vector = (0.0, 0.0, 0.0)
    true_north: tuple[float, float] = (0.0, 1.0)


def stated(model: Any, products: Sequence[Any], unit_m: float) -> Stated:
    """Collect the statements of an opened model.

    Parameters
    ----------
    model : ifcopenshell.file
        The model.
    products : sequence of entities
        The products of the building; they show where in the file's coordinates it lies.
    unit_m : float
        Metres in the file's length unit.
    """
    site = next(iter(model.by_type("IfcSite")), None)
    origin, lat_lon, elevation = (0.0, 0.0, 0.0), None, None
    if site is not None:
        origin = _origin(site, unit_m, Placements())
        if site.RefLatitude and site.RefLongitude:
            lat_lon = (_degrees(site.RefLatitude), _degrees(site.RefLongitude))
        if site.RefElevation is not None:
            elevation = float(site.RefElevation) * unit_m
    return Stated(
        unit_m=unit_m, anchor=_anchor(model, products, unit_m), conversions=tuple(_conversions(model)),
        lat_lon=lat_lon, ref_elevation_m=elevation, site_origin=origin, true_north=_true_north(model),
    )


def _conversions(model: Any) -> Iterator[Conversion]:
    if model.schema != "IFC2X3":
        for operation in sorted(model.by_type("IfcCoordinateOperation"), key=_of_geometry):
            yield _operation(model, operation)
    for owner in (*model.by_type("IfcProject"), *model.by_type("IfcSite"), *model.by_type("IfcBuilding")):
        yield from _epset(owner)


def _of_geometry(operation: Any) -> tuple[bool, int]:
    """Sort the operation of the context that carries the geometry first."""
    context = operation.SourceCRS
    used = context.is_a("IfcGeometricRepresentationContext") and (
        context.RepresentationsInContext or any(sub.RepresentationsInContext for sub in context.HasSubContexts))
    return (not used, int(operation.id()))


def _operation(model: Any, operation: Any) -> Conversion:
    crs = operation.TargetCRS
    common: dict[str, Any] = {
        "label": operation.is_a(), "crs": crs.Name or "", "wkt": _wkt(model, crs),
        "vertical": getattr(crs, "VerticalDatum", None) or "", "map_unit_m": _map_unit(crs),
    }
    if operation.is_a("IfcRigidOperation"):
        first, second = (float(c.wrappedValue) for c in (operation.FirstCoordinate, operation.SecondCoordinate))
        return Conversion(kind="rigid_operation", east=first, north=second, height=operation.Height or 0.0, **common)
    factors = (1.0, 1.0, 1.0)
    if operation.is_a("IfcMapConversionScaled"):
        factors = (operation.FactorX, operation.FactorY, operation.FactorZ)
    return Conversion(
        kind="map_conversion", east=operation.Eastings, north=operation.Northings, height=operation.OrthogonalHeight,
        scale=operation.Scale, factors=factors, **_axis(operation.XAxisAbscissa, operation.XAxisOrdinate), **common)


def _epset(owner: Any) -> Iterator[Conversion]:
    """ePSet_MapConversion and ePSet_ProjectedCRS of a project, site or building, in any letter case."""
    from ifcopenshell.util.element import get_psets

    sets = {name.lower(): {key.lower(): value for key, value in values.items()}
            for name, values in get_psets(owner, psets_only=True).items()}
    values = sets.get("epset_mapconversion")
    if values is None:
        return
    crs = sets.get("epset_projectedcrs", {})
    yield Conversion(
        kind="epset", label=f"ePSet_MapConversion on {owner.is_a()}", east=_number(values, "eastings") or 0.0,
        north=_number(values, "northings") or 0.0, height=_number(values, "orthogonalheight") or 0.0,
        **_axis(_number(values, "xaxisabscissa"), _number(values, "xaxisordinate")), scale=_number(values, "scale"),
        crs=str(crs.get("name") or values.get("targetcrs") or ""), vertical=str(crs.get("verticaldatum") or ""))


def _axis(abscissa: float | None, ordinate: float | None) -> dict[str, Any]:
    if not abscissa and not ordinate:
        return {"abscissa": 1.0, "ordinate": 0.0}
    return {"abscissa": float(abscissa or 0.0), "ordinate": float(ordinate or 0.0)}


def _number(values: Mapping[str, Any], key: str) -> float | None:
    try:
        number = float(str(values[key]).replace(",", "."))
    except (KeyError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _wkt(model: Any, crs: Any) -> str:
    if "IFC4X3" not in model.schema_identifier:
        return ""
    for text in model.by_type("IfcWellKnownText"):
        if text.CoordinateReferenceSystem == crs:
            return str(text.WellKnownText)
    return ""


def _map_unit(crs: Any) -> float | None:
    unit = getattr(crs, "MapUnit", None)
    if unit is None:
        return None
    from ifcopenshell.util.unit import get_prefix_multiplier

    if unit.is_a("IfcSIUnit"):
        return float(get_prefix_multiplier(unit.Prefix))
    factor = float(unit.ConversionFactor.ValueComponent.wrappedValue)
    base = unit.ConversionFactor.UnitComponent
    return factor * (float(get_prefix_multiplier(base.Prefix)) if base.is_a("IfcSIUnit") else 1.0)


def _degrees(parts: Iterable[int]) -> float:
    """Degrees, minutes, seconds and millionths, all of one sign (or the first alone signed, as some write it)."""
    values = [float(part) for part in parts]
    sign = -1.0 if any(value < 0 for value in values) else 1.0
    return sign * sum(abs(value) / step for value, step in zip(values, (1.0, 60.0, 3600.0, 3.6e9), strict=False))


def _true_north(model: Any) -> tuple[float, float]:
    for context in model.by_type("IfcGeometricRepresentationContext", include_subtypes=False):
        if context.TrueNorth is not None:
            x, y = context.TrueNorth.DirectionRatios[:2]
            if math.hypot(x, y) > 0:
                return float(x), float(y)
    return 0.0, 1.0


class Placements:
    """Absolute placements of products; what stands on the same parent works it out once."""

    def __init__(self) -> None:
        self._known: dict[int, NDArray[np.float64]] = {}

    def of(self, product: Any) -> NDArray[np.float64]:
        """4 × 4 matrix in the file's unit; the identity where a product has no placement."""
        return np.eye(4) if product.ObjectPlacement is None else self._matrix(product.ObjectPlacement)

    def _matrix(self, placement: Any) -> NDArray[np.float64]:
        number = placement.id()
        if number not in self._known:
            self._known[number] = self._made(placement)
        return self._known[number]

    def _made(self, placement: Any) -> NDArray[np.float64]:
        from ifcopenshell.util.placement import get_axis2placement, get_local_placement

        if not placement.is_a("IfcLocalPlacement"):
            return np.asarray(get_local_placement(placement), dtype=np.float64)
        parent, own = placement[0], placement[1]                        # PlacementRelTo, RelativePlacement
        base = np.eye(4) if parent is None else self._matrix(parent)
        if own.is_a("IfcAxis2Placement3D") and own.get_argument(1) is None and own.get_argument(2) is None:
            base = base.copy()                                          # not turned, as most are
            base[:3, 3] += base[:3, :3] @ own.get_argument(0).get_argument(0)
            return base
        return np.asarray(base @ np.asarray(get_axis2placement(own), dtype=np.float64))


def _origin(product: Any, unit_m: float, places: Placements) -> Vector:
    x, y, z = (float(value) * unit_m for value in places.of(product)[:3, 3])
    return x, y, z


def _anchor(model: Any, products: Sequence[Any], unit_m: float) -> Vector:
    """Whole metres near the building: the middle of its placements, or of its points where those are far out."""
    step = max(1, len(products) // SAMPLE)
    places = Placements()
    spots = np.array([_origin(product, unit_m, places) for product in products[::step]]).reshape(-1, 3)
    middle = np.median(spots, axis=0) if len(spots) else np.zeros(3)
    if np.abs(middle[:2]).max() < BAKED_M:
        spots_of_shapes = list(_some_points(model))
        for size in (3, 2):
            points = np.array([spot[:2] for spot in spots_of_shapes if len(spot) == size]).reshape(-1, 2) * unit_m
            if len(points) and np.abs(far := np.median(points, axis=0)).max() > BAKED_M:
                middle = far
                break
    if np.abs(middle[:2]).max() < BAKED_M:
        return 0.0, 0.0, 0.0
    x, y = np.round(middle[:2])
    return float(x), float(y), 0.0


def _some_points(model: Any) -> Iterator[tuple[float, ...]]:
    """Points of the shapes, evenly sampled from the whole file; not those of placements."""
    points = model.by_type("IfcCartesianPoint")
    for point in points[:: max(1, len(points) // SAMPLE)]:
        if not _of_placement(model, point):
            yield point.Coordinates
    if model.schema != "IFC2X3":
        for size in (3, 2):
            for listed in model.by_type(f"IfcCartesianPointList{size}D")[:SAMPLE]:
                yield listed.CoordList[0]


def _of_placement(model: Any, point: Any) -> bool:
    """Whether a point only says where a product or the whole model stands, which is another matter than its shape."""
    whole = ("IfcObjectPlacement", "IfcRepresentationContext", "IfcRepresentationMap")
    axes = model.get_inverse(point)
    return bool(axes) and all(
        axis.is_a("IfcPlacement") and all(any(map(user.is_a, whole)) for user in model.get_inverse(axis))
        for axis in axes)
