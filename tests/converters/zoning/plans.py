"""Small plans for tests: lots with columns, written as GeoJSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import shapely
import shapely.affinity
from shapely.geometry.base import BaseGeometry

from zonebox.frame import Frame
from zonebox.model import Parcel, Plan
from zonebox_converters.zoning import PlanSpec, read

ORIGIN = (511000.0, 4057000.0)
FRAME = Frame.near("EPSG:4548+5737", ORIGIN)


def layer(path: Path, shapes: Sequence[BaseGeometry], rows: Sequence[Mapping[str, Any]]) -> str:
    """Write shapes, drawn about (0, 0), as a GeoJSON layer in EPSG:4548."""
    features = []
    for shape, row in zip(shapes, rows, strict=True):
        moved = shapely.affinity.translate(shape, *ORIGIN)
        features.append({"type": "Feature", "properties": dict(row), "geometry": json.loads(shapely.to_geojson(moved))})
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4548"}}
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}), encoding="utf-8")
    return str(path)


def plan(
    folder: Path,
    lots: Sequence[BaseGeometry],
    rows: Sequence[Mapping[str, Any]] | None = None,
    *,
    roads: Sequence[tuple[BaseGeometry, Mapping[str, Any]]] = (),
    rules: str = "",
    **spec: Any,
) -> Plan:
    """Write and read a plan; lots are numbered L1, L2 … where no rows are given."""
    numbered = rows or [{"parcel": f"L{n + 1}"} for n in range(len(lots))]
    spec["parcels"] = layer(folder / "lots.geojson", lots, numbered)
    if roads:
        spec["roads"] = layer(folder / "roads.geojson", [r for r, _ in roads], [dict(p) for _, p in roads])
    if rules:
        (folder / "rules.toml").write_text(rules, encoding="utf-8")
        spec["rules"] = (folder / "rules.toml",)
    return read(PlanSpec(**spec), FRAME)


def box(width: float = 20.0, depth: float = 30.0, x: float = 0.0, y: float = 0.0) -> shapely.Polygon:
    """A lot with its street side, edge 0, at the bottom; corners counter-clockwise from the lower left."""
    return shapely.Polygon([(x, y), (x + width, y), (x + width, y + depth), (x, y + depth)])


def roles(parcel: Parcel) -> list[str]:
    """Roles of the edges, in order."""
    return [str(edge.role) for edge in parcel.edges]
