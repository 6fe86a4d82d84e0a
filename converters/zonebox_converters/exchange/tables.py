"""The table of envelopes: CSV, JSON, and a GeoPackage with the footprints."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
import shapely

from zonebox import __version__
from zonebox.model import Scene
from zonebox_converters.exchange.sheets import COLUMNS, SYSTEM, Row, footprint, place_text, table_rows

CSV_HEAD: Final = ",".join(COLUMNS).encode()

LAYER: Final = "envelopes"

_TEXT: Final = ("parcel", "empty", "binding")
_DATE: Final = "1970-01-01T00:00:00Z"
"""A GeoPackage must carry a date of change; a fixed one keeps the bytes of a rerun the same."""


def encode_csv(scene: Scene) -> bytes:
    """Table as CSV: UTF-8, commas, decimal points, nothing where a value is unknown."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(table_rows(scene))
    return out.getvalue().encode()


def encode_json(scene: Scene) -> bytes:
    """Table as JSON, with the references of its heights and footprints."""
    content = {"zonebox": __version__, "scene": scene.name,
               "crs": {"horizontal": scene.frame.horizontal, "vertical": scene.frame.vertical},
               "envelopes": table_rows(scene)}
    return (json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()


def encode_gpkg(scene: Scene) -> bytes:
    """Table as a GeoPackage: one multipolygon a parcel, the footprint at its ground reference, in the scene's CRS."""
    import pyogrio

    rows = table_rows(scene)
    shapes = [_shape(scene, str(row["parcel"])) for row in rows]
    columns = [_column(rows, name) for name in COLUMNS]
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _DATE})
    try:
        with tempfile.TemporaryDirectory(prefix="zonebox-table-", ignore_cleanup_errors=True) as folder:
            path = Path(folder) / "envelopes.gpkg"
            pyogrio.raw.write(
                str(path), shapely.to_wkb(np.array(shapes, dtype=object)), [values for values, _ in columns],
                list(COLUMNS), field_mask=[missing for _, missing in columns], layer=LAYER, driver="GPKG",
                geometry_type="MultiPolygon", crs=scene.frame.horizontal,
                layer_options={"IDENTIFIER": "Control envelopes", "DESCRIPTION":
                               f"{scene.title}, {SYSTEM}; {place_text(scene, origin=False)}"})
            return path.read_bytes()
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def _shape(scene: Scene, parcel: str) -> shapely.MultiPolygon | None:
    """Footprint in the scene's CRS, None where there is none."""
    envelope = scene.envelope(parcel)
    shape = None if envelope is None else footprint(envelope)
    if shape is None or shape.is_empty:
        return None
    return shapely.transform(shape, scene.frame.world)


def _column(rows: list[Row], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Values of a column and where they are missing."""
    values = [row[name] for row in rows]
    missing = np.array([value is None for value in values])
    if name in _TEXT:
        return np.array(values, dtype=object), missing
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64), missing
