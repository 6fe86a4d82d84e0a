"""A source of a plan -> a layer: which reader a source is for, and the files that GDAL reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.errors import InputError
from zonebox.frame import Frame
from zonebox.frame.local_system import LocalSystem
from zonebox.frame.placing import placed
from zonebox_converters.zoning import database, drawing, encodings, gml, ozfs
from zonebox_converters.zoning.layer import Bounds, Layer, Shapes, settled
from zonebox_converters.zoning.quiet import FAILURES, quietly

_BORDER_SAMPLES: Final = 9
"""Points along each side of a bounding box when it is brought to another CRS: straight sides may bend."""
_LARGE_BYTES: Final = 256_000_000
"""A file larger than this is not held in memory only to be described."""
_SLICE: Final = 50_000
"""Features held at a time when a file is read in slices."""
_AREAS: Final = ("Polygon", "MultiPolygon", "CurvePolygon", "MultiSurface", "GeometryCollection", "Unknown")


class NothingNearError(InputError):
    """A layer that may well hold features, and none near the lots."""


def read_layer(
    source: str, *, crs: str | None = None, override: bool = False, concept: str = "plan.parcels", where: str = "",
    near: tuple[Frame, Bounds] | None = None, drawing_unit: str = "",
) -> Layer:
    """Read a layer of a vector file, a drawing or a database.

    Parameters
    ----------
    source : str
        ``file``, ``file:layer`` or ``postgresql://…?table=…``.
    crs : str or None
        CRS stated by the user: for files that say none, or, with ``override``, for any file.
    override : bool
        Whether ``crs`` wins over the file's own.
    concept : str
        The scene's key for this source, for messages.
    where : str
        Condition in SQL on the features wanted.
    near : (Frame, bounds) or None
        Only features that meet this box, metres in the frame, where the source can be asked for them: a file of
        1 GB then costs the memory of the features near the site.
    drawing_unit : str
        Unit of a drawing's coordinates, over what it says itself.

    Raises
    ------
    InputError
        No such file or layer; not a vector file; no features.
    FrameError
        The coordinates have no CRS, or one that contradicts them.
    """
    layer = raw_layer(source, crs=crs if override else None, concept=concept, where=where, near=near,
                      drawing_unit=drawing_unit)
    if near is not None and not len(layer):
        raise NothingNearError(layer.name, got="no feature near the lots", want=f"{concept} where the lots are",
                               then=f"check its CRS, or take {concept} out of the scene")
    return settled(layer, crs=crs, override=override, concept=concept)


def raw_layer(
    source: str, *, crs: str | None = None, concept: str = "plan.parcels", where: str = "",
    near: tuple[Frame, Bounds] | None = None, drawing_unit: str = "", most: int | None = None,
) -> Layer:
    """Read a layer as it stands: its reference system may be missing or wrong. Arguments and errors: `read_layer`.

    Of a file that GDAL reads, only the first ``most`` features.
    """
    if database.is_database(source):
        return database.read(source, where=where, near=near, concept=concept)
    path, name = split_source(source, concept=concept)
    reader = _own_reader(path)
    if not reader:
        return _read_gdal(path, name, concept=concept, where=where, near=near, crs=crs, most=most)
    if where:
        raise InputError(path.name, got=f'plan.where = "{where}"', want="a source with a table that can be asked: a "
                         "GeoPackage, shapefile, FileGDB, FlatGeobuf or database", then="convert it, or leave it out")
    if reader == "drawing":
        return drawing.read(path, name, unit=drawing_unit)
    return gml.read(path, name, concept=concept) if reader == "gml" else ozfs.read(path)


def layer_bounds(
    source: str, frame_crs: str, *, crs: str | None, grid_folders: Iterable[str | Path] = (), where: str = "",
    drawing_unit: str = "", local_system: LocalSystem | None = None, concept: str = "plan.parcels",
) -> Bounds:
    """Bounding box of a layer in the scene's CRS, without reading its features where the driver allows.

    Raises
    ------
    InputError
        As `read_layer`.
    """
    path = None if database.is_database(source) else split_source(source, concept=concept)[0]
    if path is None or where or _own_reader(path):
        layer = read_layer(source, crs=crs, override=True, where=where, drawing_unit=drawing_unit, concept=concept)
        bounds, chosen, name = tuple(shapely.total_bounds(layer.shapes)), layer.crs, layer.name
    else:
        bounds, chosen, name = _gdal_bounds(source, crs, concept)
    x, y = (np.linspace(bounds[i], bounds[i + 2], _BORDER_SAMPLES) for i in (0, 1))
    box = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    frame = Frame.near(frame_crs, (0.0, 0.0), grid_folders=grid_folders, local_system=local_system)
    moved = frame.world(frame.enter(box, chosen, where=name))
    (minx, miny), (maxx, maxy) = moved.min(axis=0), moved.max(axis=0)
    return float(minx), float(miny), float(maxx), float(maxy)


def slices(source: str, *, size: int = _SLICE) -> Iterator[tuple[Shapes, dict[str, NDArray[Any]]]]:
    """Read a file that GDAL knows a slice at a time: memory does not follow the size of the file.

    Raises
    ------
    InputError
        As `read_layer`.
    """
    import pyogrio

    path, layer = split_source(source, concept="the source")
    layer = layer or _the_layer(path, "")
    start = 0
    while True:
        try:
            meta, _, wkb, data = quietly(pyogrio.raw.read, path, layer=layer, encoding=encodings.of_shapefile(path)[0],
                                          skip_features=start, max_features=size)[0]
        except FAILURES as problem:
            raise unreadable(path, layer, problem) from None
        count = len(wkb) if wkb is not None else (len(data[0]) if len(data) else 0)
        if count:
            shapes = shapely.from_wkb(wkb, on_invalid="ignore") if wkb is not None else np.full(count, None)
            yield np.asarray(shapes), {str(f): c for f, c in zip(meta["fields"], data, strict=True)}
        if count < size:
            return
        start += count


def split_source(source: str, *, concept: str) -> tuple[Path, str | None]:
    """Split ``file:layer``; a file of that very name wins.

    Raises
    ------
    InputError
        No such file.
    """
    path, layer = Path(source), None
    if not path.exists() and ":" in source:
        head, _, tail = source.rpartition(":")
        if Path(head).exists():
            path, layer = Path(head), tail
    if not path.exists():
        raise InputError(source, got="no such file", want="a vector file with the layer", then=f"check {concept}")
    return path, layer


def unreadable(path: Path, layer: str | None, problem: Exception) -> InputError:
    """Turn what GDAL says of a file into one sentence."""
    import pyogrio

    if isinstance(problem, UnicodeDecodeError):
        return InputError(path.name, got="text in an unknown encoding", want="UTF-8 or GBK",
                          then="add a .cpg file that names the encoding")
    if layer is not None and isinstance(problem, pyogrio.errors.DataLayerError):
        # listing the layers of a GML would leave a .gfs beside it
        known = "" if _open(path) else ", ".join(str(row[0]) for row in pyogrio.list_layers(path))
        return InputError(f"{path.name}:{layer}", got="no such layer", want=f"one of {known or 'its feature types'}")
    said = " ".join(str(problem).split()).removesuffix(".").replace(str(path), path.name)
    if "Geometry type is not supported" in said:
        return InputError(path.name, got="solids, as a city model has them", want="areas or lines",
                          then="convert a CityGML model with citygml-tools to CityJSON and name it under [[context]]")
    if isinstance(problem, pyogrio.errors.DataSourceError) and "not recognized" in said:
        return InputError(path.name, got="a file no vector driver can read",
                          want="SHP, GPKG, GeoJSON, GDB, FGB, SQLite, GML, DXF or a PostgreSQL URL",
                          then="open it in a GIS and save it again; a shapefile needs its .shx and .dbf beside it")
    return InputError(path.name, got=f"a file that breaks off or is damaged ({said[:160]})", want="a whole vector file",
                      then="copy it again from its source, or open it in a GIS and save it again")


def _own_reader(path: Path) -> str:
    """Name the reader of a file that GDAL does not read as a plan needs it; "" for GDAL's."""
    if path.suffix.lower() in {".dxf", ".dwg"}:
        return "drawing"
    if gml.is_plan(path):
        return "gml"
    return "ozfs" if ozfs.is_plan(path) else ""


def _read_gdal(
    path: Path, layer: str | None, *, concept: str, where: str, near: tuple[Frame, Bounds] | None, crs: str | None,
    most: int | None = None,
) -> Layer:
    import pyogrio

    notes: list[str] = []
    layer = layer or _the_layer(path, concept)
    name = path.name + (f":{layer}" if layer and not _is_lone(path) else "")
    encoding, said = encodings.of_shapefile(path)
    options: dict[str, Any] = ({"where": where} if where else {}) | ({"max_features": most} if most else {})
    try:
        if near is not None:
            stands = crs or pyogrio.read_info(path, layer=layer, **_open(path))["crs"]
            options |= {"bbox": near[0].bounds_in(near[1], stands, where=name)} if stands else {}
        (meta, fids, wkb, data), complaints = quietly(
            pyogrio.raw.read, path, layer=layer, return_fids=True, encoding=encoding, **options, **_open(path))
    except FAILURES as problem:
        if where and "SQL" in str(problem):
            raise InputError(name, got=f'plan.where = "{where}", which is no condition on its fields',
                             want=f"SQL on {', '.join(_field_names(path, layer))}") from None
        raise unreadable(path, layer, problem) from None
    notes += [*said, *(f"{name}: {complaint}" for complaint in complaints)]
    count = len(fids)
    shapes = np.asarray(shapely.from_wkb(wkb, on_invalid="ignore")) if wkb is not None else np.full(count, None)
    columns = {str(field): column for field, column in zip(meta["fields"], data, strict=True)}
    return Layer(name=name, crs=meta["crs"] or "", shapes=shapes, columns=columns, fids=fids, notes=tuple(notes))


def whole_of(source: str) -> tuple[int, Bounds] | None:
    """Count the features of a large file, and find their bounds, without holding them; None for any other source."""
    import pyogrio

    if database.is_database(source):
        return None
    path, layer = split_source(source, concept="the source")
    if not path.is_file() or path.stat().st_size < _LARGE_BYTES or _own_reader(path):
        return None
    layer = layer or _the_layer(path, "")
    try:
        info = quietly(pyogrio.read_info, path, layer=layer, force_feature_count=True, force_total_bounds=True,
                       encoding=encodings.of_shapefile(path)[0], **_open(path))[0]
    except FAILURES as problem:
        raise unreadable(path, layer, problem) from None
    low_x, low_y, high_x, high_y = info["total_bounds"]
    return int(info["features"]), (float(low_x), float(low_y), float(high_x), float(high_y))


def _gdal_bounds(source: str, crs: str | None, concept: str) -> tuple[Bounds, str, str]:
    import pyogrio

    path, layer = split_source(source, concept=concept)
    layer = layer or _the_layer(path, concept)
    name = path.name + (f":{layer}" if layer and not _is_lone(path) else "")
    try:
        info = quietly(pyogrio.read_info, path, layer=layer, force_total_bounds=True,
                        encoding=encodings.of_shapefile(path)[0], **_open(path))[0]
    except FAILURES as problem:
        raise unreadable(path, layer, problem) from None
    bounds = info["total_bounds"]
    if not info["features"] or bounds is None or not np.isfinite(bounds).all():
        raise InputError(name, got="a layer without features", want="areas", then=f"check {concept} in the scene")
    place = placed(crs or info["crs"], bounds, where=name, key="plan.crs")
    return place.apply_bounds(bounds), place.crs, name


def _open(path: Path) -> dict[str, str]:
    """Options of GDAL for a file: its GML driver leaves a .gfs beside what it reads unless told not to."""
    return {"WRITE_GFS": "NO"} if path.suffix.lower() in {".gml", ".xml"} else {}


def _the_layer(path: Path, concept: str) -> str | None:
    """Choose the layer of a file with several, where only one can be meant.

    Raises
    ------
    InputError
        Several could be meant, or the file cannot be read.
    """
    import pyogrio

    if path.suffix.lower() in {".gml", ".xml", ".shp", ".geojson", ".json", ".fgb"}:
        return None
    try:
        rows = quietly(pyogrio.list_layers, path)[0]
    except FAILURES as problem:
        raise unreadable(path, None, problem) from None
    drawn = [str(name) for name, kind in rows if kind is not None]
    areas = [str(name) for name, kind in rows if kind is not None and str(kind).removesuffix(" Z") in _AREAS]
    if len(rows) <= 1:
        return None
    likely = areas if concept == "plan.parcels" and areas else drawn
    if len(likely) != 1:
        names = ", ".join(likely or [str(name) for name, _ in rows])
        raise InputError(path.name, got=f"{len(likely) or len(rows)} layers and none chosen", want=f"one of {names}",
                         then=f'write {concept} = "{path.name}:{(likely or [rows[0][0]])[0]}"')
    return likely[0]


def _is_lone(path: Path) -> bool:
    """Whether a file's name says its layer, so that messages need not."""
    return path.suffix.lower() in {".shp", ".geojson", ".json", ".fgb"}


def _field_names(path: Path, layer: str | None) -> list[str]:
    import pyogrio

    return [str(field) for field in pyogrio.read_info(path, layer=layer, **_open(path))["fields"]]
