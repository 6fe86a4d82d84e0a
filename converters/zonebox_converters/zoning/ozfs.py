"""Plans in the Open Zoning Feed Specification: lots as labelled edges, districts with constraints in feet."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely

from zonebox.errors import InputError
from zonebox_converters.zoning import loose_json
from zonebox_converters.zoning.layer import EdgeMarks, Layer, texts

FOOT: Final = 0.3048
_WGS84: Final = "OGC:CRS84"
_ROLES: Final = {"front": "front", "rear": "rear", "interior side": "side", "exterior side": "street_side",
                 "side": "side"}
_LENGTHS: Final = {"height": "height", "setback_front": "setback_front", "setback_rear": "setback_rear",
                   "setback_side_int": "setback_side", "setback_side_ext": "setback_side_street"}
"""Constraints in feet -> concepts of a parcel table."""
_OTHERS: Final = {"far": "far", "lot_cov_bldg": "coverage", "stories": "storeys"}

Row = dict[str, Any]


def is_plan(path: Path) -> bool:
    """Tell whether a file is one of a feed's two kinds, by its ending."""
    return path.suffix.lower() in {".parcel", ".zoning"}


def read(path: Path) -> Layer:
    """Read the lots of a ``.parcel`` or the districts of a ``.zoning`` file.

    Raises
    ------
    InputError
        Broken JSON; no features; no lot whose edges close.
    """
    content, notes = loose_json.read(path)
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list) or not features:
        raise InputError(path.name, got="no features", want="a feature collection of the feed specification")
    return (_lots if path.suffix.lower() == ".parcel" else _districts)(path.name, features, notes)


def _lots(name: str, features: list[Row], notes: list[str]) -> Layer:
    """Close the edges of each lot to a polygon, and keep what they are called."""
    by_lot: dict[str, list[tuple[Any, str]]] = defaultdict(list)
    about: dict[str, Row] = {}
    drawn = shapely.from_geojson([_text(feature["geometry"]) for feature in features])
    for shape, feature in zip(drawn, features, strict=True):
        said = feature.get("properties") or {}
        number = str(said.get("parcel_id", ""))
        if shape.geom_type == "Point":
            about[number] = said
        else:
            by_lot[number].append((shape, str(said.get("side") or "unknown").casefold()))
    numbers: list[str] = []
    open_lots: list[str] = []
    shapes: list[Any] = []
    rows: list[int] = []
    edges: list[Any] = []
    roles: list[str] = []
    for number, lines in by_lot.items():
        area = shapely.build_area(shapely.MultiLineString([line for line, _ in lines]))
        if area.is_empty:
            open_lots.append(number)
            continue
        if all(side in _ROLES for _, side in lines):
            rows += [len(numbers)] * len(lines)
            edges += [line for line, _ in lines]
            roles += [_ROLES[side] for _, side in lines]
        numbers.append(number)
        shapes.append(area)
    if not numbers:
        raise InputError(name, got="no lot whose edges close", want="edges that meet at their ends")
    if open_lots:
        notes.append(f"{name}: the edges of {len(open_lots)} lots do not close and are left out "
                     f"({', '.join(open_lots[:3])}{' …' if len(open_lots) > 3 else ''})")
    unknown = len(numbers) - len(set(rows))
    if unknown:
        notes.append(f"{name}: {unknown} of {len(numbers)} lots have edges of unknown side, which are found from roads")
    columns = {"parcel": texts(numbers)}
    for field in dict.fromkeys(key for said in about.values() for key in said if key not in {"parcel_id", "side"}):
        columns[field] = texts([about.get(number, {}).get(field) for number in numbers])
    return Layer(name=name, crs=_WGS84, shapes=texts(shapes), columns=columns,
                 fids=np.arange(len(numbers), dtype=np.int64), notes=tuple(notes),
                 marks=EdgeMarks(rows=np.array(rows, dtype=np.intp), lines=texts(edges), roles=tuple(roles)))


def _districts(name: str, features: list[Row], notes: list[str]) -> Layer:
    rows: list[Row] = []
    left: Counter[str] = Counter()
    for feature in features:
        said = feature.get("properties") or {}
        row: Row = {"zone": said.get("dist_abbr"), "land_use_name": said.get("dist_name")}
        for constraint, bounds in (said.get("constraints") or {}).items():
            concept = _LENGTHS.get(constraint) or _OTHERS.get(constraint)
            if concept is None:
                left[constraint] += 1
                continue
            value, why = _governing(bounds, upper=constraint in {"height", *_OTHERS})
            if why:
                notes.append(f"{name}: {constraint} in {row['zone']} {why}")
            if value is not None:
                row[concept] = _cell(constraint, value)
        rows.append(row)
    notes.append(f"{name}: heights and setbacks are in feet")
    if left:
        notes.append(f"{name}: {', '.join(sorted(left))} are not checked")
    keys = dict.fromkeys(key for row in rows for key in row)
    shapes = shapely.from_geojson([_text(feature["geometry"]) for feature in features])
    return Layer(name=name, crs=_WGS84, shapes=texts(list(shapes)),
                 columns={key: texts([row.get(key) for row in rows]) for key in keys},
                 fids=np.arange(len(rows), dtype=np.int64), notes=tuple(notes))


def _cell(constraint: str, value: float) -> object:
    if constraint == "lot_cov_bldg":
        return f"{value:g}%"
    return round(value * FOOT, 6) if constraint in _LENGTHS else value


def _governing(bounds: Mapping[str, Any], *, upper: bool) -> tuple[float | None, str]:
    """Strictest of the numbers a constraint allows, and a sentence where it had to be chosen."""
    numbers: list[float] = []
    formulas: list[str] = []
    for expression in _expressions(bounds.get("max_val" if upper else "min_val") or []):
        try:
            numbers.append(float(expression))
        except ValueError:
            formulas.append(expression)
    if formulas:
        formulas = [f"depends on {', '.join(dict.fromkeys(formulas))}, which is not read"]
    if not numbers:
        return None, formulas[0] if formulas else ""
    governs = min(numbers) if upper else max(numbers)
    if len(set(numbers)) > 1:
        listed = " or ".join(f"{n:g}" for n in sorted(set(numbers)))
        formulas.insert(0, f"is {listed} by condition; the strictest, {governs:g}, is taken")
    return governs, "; ".join(formulas)


def _expressions(cases: list[Row]) -> Iterator[str]:
    for case in cases:
        said = case.get("expression", [])
        yield from (str(text) for text in (said if isinstance(said, list) else [said]))


def _text(geometry: Row) -> str:
    import json

    return json.dumps(geometry)
