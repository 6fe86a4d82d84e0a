"""Report -> `findings.gpkg`: worst points, dimension lines, offending outlines and parcels, styled for QGIS."""

from __future__ import annotations

import sqlite3
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, MultiPolygon, Point
from shapely.geometry.base import BaseGeometry

from zonebox.files import stamp, write_bytes
from zonebox.model import Report, Scene
from zonebox.report import qgis, shapes
from zonebox.report.facts import all_facts
from zonebox.report.tables import Row, finding_row, parcel_row
from zonebox.words import Language

WHOLE: Final = ("edge", "buildable", "pass", "marginal", "fail", "not_checked")
"""Columns of whole numbers."""

REAL: Final = ("limit", "value", "margin", "tolerance", "uncertainty", "utilisation", "easting", "northing", "height",
               "site_area_m2", "far_used", "coverage_used", "height_used", "envelope_base_m", "envelope_top_m",
               "envelope_volume_m3")
"""Columns of numbers; all others are text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A table of the package: its geometry type, and a geometry in the scene's CRS with its columns for each row."""

    name: str
    kind: str
    rows: Sequence[tuple[BaseGeometry, Row]]
    columns: tuple[str, ...]


def write_geopackage(scene: Scene, report: Report, path: Path, *, lang: Language = "en") -> Path:
    """Write `findings.gpkg`; the same report gives the same bytes.

    Layers: ``points`` (worst points, with height), ``lines`` (worst point to limit, with height), ``footprints``
    (what lies beyond a limit, seen from above), ``parcels`` (verdict and utilisation). Each carries its style in
    ``layer_styles``, where QGIS looks for it.
    """
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "findings.gpkg"
        listed = layers(scene, report, lang)
        for layer in listed:
            _write_layer(draft, layer, scene.frame.horizontal)
        _add_styles(draft, listed, lang)
        return write_bytes(path, draft.read_bytes())


def layers(scene: Scene, report: Report, lang: Language) -> list[Layer]:
    """Gather the layers, in the order in which they are drawn, lowest first."""
    parcels: list[tuple[BaseGeometry, Row]] = [
        (_world(scene, _multi(parcel.shape)), parcel_row(scene, report, parcel)) for parcel in scene.plan.parcels]
    points: list[tuple[BaseGeometry, Row]] = []
    lines: list[tuple[BaseGeometry, Row]] = []
    footprints: list[tuple[BaseGeometry, Row]] = []
    columns: tuple[str, ...] = ()
    for facts in all_facts(scene, report, lang):
        row = finding_row(facts)
        columns = tuple(row)
        if facts.place is not None:
            points.append((Point(facts.place), row))
        ends = shapes.dimension(scene, facts.finding)
        if ends is not None:
            lines.append((LineString(np.round(scene.frame.world(np.array(ends)), 4)), row))
        outline = shapes.part_outline(scene, facts.finding)
        if not outline.is_empty:
            footprints.append((_world(scene, _multi(outline)), row))
    columns = columns or ("id", "state")
    return [
        Layer(name="parcels", kind="MultiPolygon", rows=parcels,
              columns=tuple(parcels[0][1]) if parcels else ("parcel", "verdict")),
        Layer(name="footprints", kind="MultiPolygon", rows=footprints, columns=columns),
        Layer(name="lines", kind="LineString Z", rows=lines, columns=columns),
        Layer(name="points", kind="Point Z", rows=points, columns=columns),
    ]


def _write_layer(path: Path, layer: Layer, crs: str) -> None:
    import pyogrio.raw

    geometry = shapely.to_wkb(np.array([g for g, _ in layer.rows], dtype=object))
    fields = [_column(name, [row[name] for _, row in layer.rows]) for name in layer.columns]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*")     # GDAL warns of a CRS whose axes it swaps for itself
        pyogrio.raw.write(
            path, geometry=geometry, field_data=[values for values, _ in fields],
            field_mask=[mask for _, mask in fields], fields=list(layer.columns), geometry_type=layer.kind, crs=crs,
            layer=layer.name, driver="GPKG", append=path.exists(),
        )


def _column(name: str, values: list[Any]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Values and the mask of what is missing."""
    missing = np.array([value is None for value in values], dtype=bool)
    if name in WHOLE:
        return np.array([0 if v is None else v for v in values], dtype=np.int32), missing
    if name in REAL:
        return np.array([0.0 if v is None else v for v in values], dtype=np.float64), missing
    return np.array(["" if v is None else v for v in values], dtype=object), missing


def _add_styles(path: Path, listed: Sequence[Layer], lang: Language) -> None:
    """Add the styles, and put one fixed date wherever the format keeps one."""
    when = stamp().strftime("%Y-%m-%dT%H:%M:%S.000Z")
    base = sqlite3.connect(path)
    try:
        with base:
            base.execute(qgis.STYLES_TABLE)
            for number, layer in enumerate(listed, start=1):
                base.execute(
                    "INSERT INTO layer_styles VALUES (?, '', '', ?, 'geom', ?, ?, '', 1, ?, '', NULL, ?)",
                    (number, layer.name, layer.name, qgis.style(layer.name, lang), "zonebox", when))
            base.execute("INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change) "
                         "VALUES ('layer_styles', 'attributes', 'layer_styles', ?)", (when,))
            base.execute("UPDATE gpkg_contents SET last_change = ?", (when,))
        base.execute("VACUUM")
    finally:
        base.close()


def _multi(shape: BaseGeometry) -> BaseGeometry:
    return MultiPolygon(list(shapely.get_parts(shape)))


def _world(scene: Scene, shape: BaseGeometry) -> BaseGeometry:
    return shapely.transform(shape, lambda xy: np.round(scene.frame.world(xy), 4))
