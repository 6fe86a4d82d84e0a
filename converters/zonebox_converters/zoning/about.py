"""What a vector file would be to a plan, before there is one: its reference, fields, values and oddities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.errors import FrameError, InputError
from zonebox.frame import crs_label, is_geographic, parts_of, unit_m
from zonebox.model import FieldUse, FileInfo, FileKind
from zonebox_converters.zoning.fields import LINE_NAMES, PARCEL_NAMES, ROAD_NAMES, Field, as_text, recognise
from zonebox_converters.zoning.layer import Layer, settled_crs
from zonebox_converters.zoning.tables import read_table
from zonebox_converters.zoning.values import area_factor, read_limits
from zonebox_converters.zoning.vector import raw_layer, whole_of

_LOWER: Final = ("green", "far_min", "coverage_min", "height_min")
_RATIOS: Final = ("coverage", "coverage_min", "green", "green_max")
_LIMITS: Final = ("far", "far_min", "coverage", "coverage_min", "height", "height_min", "height_abs", "green",
                  "green_max")
_CODE: Final = ("parcel", "land_use", "kind")
_SAMPLES: Final = 3
_FIRST: Final = 50_000
"""So many features of a file too large to hold are looked at; all are counted."""


def about(source: str) -> FileInfo:
    """Describe a layer of a vector source as what it most likely is: parcels, roads, control lines, or none of them.

    Raises
    ------
    InputError
        No such file or layer, or no vector file at all.
    """
    whole = whole_of(source)
    layer = raw_layer(source, most=None if whole is None else _FIRST)
    kind, fields = _kind(layer)
    oddities = list(layer.notes)
    bounds = shapely.total_bounds(layer.shapes) if len(layer) else np.full(4, np.nan)
    if whole is not None:
        bounds = np.array(whole[1])
    crs = _settled(layer, bounds, oddities)
    horizontal = parts_of(crs)[0] if crs else ""
    area = _area_factor(crs)
    rows = [("features", _features(layer))]
    if whole is not None:
        rows = [("features", f"{whole[0]:,}"), ("looked at", f"the first {len(layer):,}: {_features(layer)}")]
    rows += _area_rows(layer, fields, area, oddities)
    oddities += _shape_oddities(layer)
    return FileInfo(
        source=layer.name if "://" in source else source, kind=kind, crs=crs,
        crs_name=crs_label(horizontal) if horizontal else "", heights=_heights(crs),
        extent=None if not np.isfinite(bounds).all() else (float(bounds[0]), float(bounds[1]), float(bounds[2]),
                                                           float(bounds[3])),
        rows=tuple(rows), fields=tuple(_uses(layer, fields, oddities)), oddities=tuple(oddities),
    )


def about_table(source: str) -> FileInfo:
    """Describe an indicator table, ``file`` or ``file.xlsx:sheet``, whose rows belong to lots of another file.

    A CSV without headings that a plan knows may still hold places, and is described as a layer.

    Raises
    ------
    InputError
        No such file or sheet; no headings; a table that cannot be read.
    """
    try:
        table = read_table(source)
    except InputError as problem:
        if problem.got.startswith("no row of headings") and source.casefold().endswith((".csv", ".tsv")):
            return about(source)
        raise
    rows, none = len(table.lines), np.full(len(table.lines), None, dtype=object)
    layer = Layer(name=table.name, crs="", shapes=none, columns=table.columns,
                  fids=np.array(table.lines, dtype=np.int64), notes=table.notes)
    fields = recognise(layer.columns, PARCEL_NAMES, given={}, where=layer.name)
    oddities = list(table.notes)
    facts = [("rows", f"{rows:,}, lines {table.lines[0]} to {table.lines[-1]}")]
    if "parcel" in fields:
        name = fields["parcel"].name
        facts.append(("joined by", name))
        numbers = Counter(as_text(layer.columns[name]))
        twice = [number for number, times in numbers.items() if times > 1 and number]
        oddities += [f"{table.name}: {name} {twice[0]} stands in {numbers[twice[0]]} rows"] if twice else []
        oddities += [f"{table.name}: {numbers['']} rows have no {name}"] if numbers[""] else []
    else:
        oddities.append(f"{table.name}: no column with the parcel number was recognised; name it in plan.table_on")
    return FileInfo(source=source, kind=FileKind.TABLE, rows=tuple(facts),
                    fields=tuple(_uses(layer, fields, oddities)), oddities=tuple(oddities))


def _kind(layer: Layer) -> tuple[FileKind, dict[str, Field]]:
    """Take a layer for what its fields and shapes say most about."""
    areas = any(s is not None and s.geom_type.endswith("Polygon") for s in layer.shapes)
    parcels = recognise(layer.columns, PARCEL_NAMES, given={}, where=layer.name)
    roads = recognise(layer.columns, ROAD_NAMES, given={}, where=layer.name)
    lines = recognise(layer.columns, LINE_NAMES, given={}, where=layer.name)
    if areas and "parcel" in parcels:
        return FileKind.PARCELS, parcels
    if "width" in roads or "class" in roads:
        return FileKind.ROADS, roads
    if "kind" in lines:
        return FileKind.LINES, lines
    if areas and any(c in parcels for c in _LIMITS):
        return FileKind.PARCELS, parcels
    return FileKind.VECTOR, {}


def _settled(layer: Layer, bounds: NDArray[np.float64], oddities: list[str]) -> str:
    if not np.isfinite(bounds).all():
        oddities.append(f"{layer.name}: holds no shape")
        return ""
    try:
        return settled_crs(layer.crs or None, bounds, layer.name)
    except FrameError as problem:
        oddities.append(str(problem))
        return ""


def _heights(crs: str) -> str:
    vertical = parts_of(crs)[1] if crs else ""
    return crs_label(vertical) if vertical else ""


def _features(layer: Layer) -> str:
    kinds = Counter("no shape" if s is None else s.geom_type for s in layer.shapes)
    return ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())


def _area_factor(crs: str) -> float:
    """Square metres in the square of a layer's unit; NaN where it is in degrees or unknown."""
    return float("nan") if not crs or is_geographic(crs) else unit_m(crs) ** 2


def _area_rows(
    layer: Layer, fields: Mapping[str, Field], factor: float, oddities: list[str]
) -> list[tuple[str, str]]:
    """Compare declared with drawn areas: that tells the unit of the field."""
    drawn = shapely.area(layer.shapes) * factor
    if not np.isfinite(drawn).any() or not drawn.any():
        return []
    rows = [("drawn area", f"{np.nansum(drawn):,.0f} m² in all")]
    if "area" not in fields:
        return rows
    name = fields["area"].name
    try:
        declared = read_limits(layer.columns[name], plain="upper", decimal=".", place=lambda row: f"row {row}").high
    except InputError as problem:
        oddities.append(f"{layer.name}/{name}: {problem}")
        return rows
    unit = area_factor(declared, drawn)
    if unit is None:
        oddities.append(f"{layer.name}: {name} fits the drawn areas in no known unit")
        return rows
    return [*rows, ("area unit", f"{name} is in {unit[1]}")]


def _shape_oddities(layer: Layer) -> list[str]:
    shapes = np.array([s for s in layer.shapes if s is not None], dtype=object)
    if not len(shapes):
        return []
    found = {"cross or touch themselves": ~shapely.is_valid(shapes), "are empty": shapely.is_empty(shapes),
             "carry heights (Z)": shapely.has_z(shapes)}
    return [f"{layer.name}: {int(mask.sum()):,} of {len(shapes):,} shapes {what}"
            for what, mask in found.items() if mask.any()]


def _uses(layer: Layer, fields: Mapping[str, Field], oddities: list[str]) -> list[FieldUse]:
    """Describe every field: those that were recognised by the numbers they mean, the others by what they show."""
    concept_of = {field.name: concept for concept, field in fields.items()}
    uses = []
    for name, column in layer.columns.items():
        concept = concept_of.get(name, "")
        texts = [text for text in as_text(column) if text]
        low, high = _range(layer, name, concept, oddities)
        first = ", ".join(list(dict.fromkeys(texts))[:_SAMPLES])
        uses.append(FieldUse(name=name, concept=concept, filled=len(texts), total=len(column), low=low, high=high,
                             sample="" if low is not None else first))
    return uses


def _range(layer: Layer, name: str, concept: str, oddities: list[str]) -> tuple[float | None, float | None]:
    column: NDArray[Any] = layer.columns[name]
    if concept in _LIMITS:
        try:
            limits = read_limits(column, plain="lower" if concept in _LOWER else "upper", decimal=".",
                                 ratio=concept in _RATIOS, place=lambda row: f"{layer.name}#{layer.fids[row]}/{name}")
        except InputError as problem:
            oddities.append(str(problem))
            return None, None
        numbers = np.concatenate([limits.low, limits.high])
        if limits.zero.any():
            oddities.append(f"{layer.name}: {name} is 0 in {int(limits.zero.sum())} rows: read as no limit")
        if "mixed" in limits.unit:
            oddities.append(f"{layer.name}: {name} is read as {limits.unit}")
    elif column.dtype.kind in "fiu" and concept not in _CODE:
        numbers = column.astype(np.float64)
    else:
        return None, None
    numbers = numbers[np.isfinite(numbers)]
    return (float(numbers.min()), float(numbers.max())) if len(numbers) else (None, None)
