"""Vector files -> shapes and columns, with the CRS and the text encoding settled."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.errors import FrameError, InputError
from zonebox.frame import Frame, is_geographic, known_crs

Shapes = NDArray[np.object_]
Bounds = tuple[float, float, float, float]

_BORDER_SAMPLES: Final = 9
"""Points along each side of a bounding box when it is brought to another CRS: straight sides may bend."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layer:
    """One vector layer in memory.

    ``name`` is how messages call it, ``crs`` where its coordinates stand, ``shapes`` (n,) shapely geometries (None
    where a feature has none), ``columns`` the fields in file order, ``notes`` what the file's driver complained about.
    """

    name: str
    crs: str
    shapes: Shapes
    columns: dict[str, NDArray[Any]]
    fids: NDArray[np.int64]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Count the features."""
        return len(self.shapes)

    def in_frame(self, frame: Frame) -> Shapes:
        """Shapes in the frame, without their Z."""
        return to_frame(self.shapes, self.crs, frame, where=self.name)


def read_layer(source: str, *, crs: str | None = None, override: bool = False, concept: str = "plan.parcels") -> Layer:
    """Read a layer of a vector file.

    Parameters
    ----------
    source : str
        ``file`` or ``file:layer``.
    crs : str or None
        CRS stated by the user: for files that say none, or, with ``override``, for any file.
    override : bool
        Whether ``crs`` wins over the file's own.
    concept : str
        The scene's key for this source, for messages.

    Raises
    ------
    InputError
        No such file or layer; not a vector file; no features.
    FrameError
        The coordinates have no CRS, or one that contradicts them.
    """
    import pyogrio

    path, layer = split_source(source, concept=concept)
    name = path.name + (f":{layer}" if layer else "")
    encoding, notes = _encoding(path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            meta, fids, wkb, data = pyogrio.raw.read(path, layer=layer, return_fids=True, encoding=encoding)
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, UnicodeDecodeError) as problem:
            raise _unreadable(path, layer, problem) from None
    if wkb is None or not len(wkb):
        got = "a table without geometry" if wkb is None else "a layer without features"
        raise InputError(name, got=got, want="at least one feature", then=f"check {concept} in the scene")
    shapes = np.asarray(shapely.from_wkb(wkb, on_invalid="ignore"))
    stated = crs if crs and (override or not meta["crs"]) else meta["crs"]
    settled = _settled_crs(stated, shapely.total_bounds(shapes), name)
    if crs and override and meta["crs"] and settled != known_crs(meta["crs"], where=name):
        notes.append(f"{name}: read as {crs}, as the scene says, not as {known_crs(meta['crs'], where=name)[:60]}")
    notes += sorted({f"{name}: {str(w.message).strip()}" for w in caught})
    columns = {str(field): column for field, column in zip(meta["fields"], data, strict=True)}
    return Layer(name=name, crs=settled, shapes=shapes, columns=columns, fids=fids, notes=tuple(notes))


def layer_bounds(source: str, frame_crs: str, *, crs: str | None, grid_folders: Iterable[str | Path] = ()) -> Bounds:
    """Bounding box of a layer in the scene's CRS, without reading its features where the driver allows.

    Raises
    ------
    InputError
        As `read_layer`.
    """
    import pyogrio

    path, layer = split_source(source, concept="plan.parcels")
    name = path.name + (f":{layer}" if layer else "")
    try:
        info = pyogrio.read_info(path, layer=layer, force_total_bounds=True, encoding=_encoding(path)[0])
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, UnicodeDecodeError) as problem:
        raise _unreadable(path, layer, problem) from None
    bounds = info["total_bounds"]
    if not info["features"] or bounds is None or not np.isfinite(bounds).all():
        raise InputError(name, got="a layer without features", want="parcels", then="check plan.parcels in the scene")
    settled = _settled_crs(crs or info["crs"], np.array(bounds), name)
    x, y = (np.linspace(bounds[i], bounds[i + 2], _BORDER_SAMPLES) for i in (0, 1))
    box = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    frame = Frame.near(frame_crs, (0.0, 0.0), grid_folders=grid_folders)
    moved = frame.world(frame.enter(box, settled, where=name))
    (minx, miny), (maxx, maxy) = moved.min(axis=0), moved.max(axis=0)
    return float(minx), float(miny), float(maxx), float(maxy)


def to_frame(shapes: Shapes, crs: str, frame: Frame, *, where: str) -> Shapes:
    """Bring all shapes into the frame in one transformation; Z is dropped."""
    flat = shapely.force_2d(shapes)
    moved = frame.enter(shapely.get_coordinates(flat), crs, where=where)
    return np.asarray(shapely.set_coordinates(flat, moved))


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


def likely_crs(bounds: NDArray[np.float64]) -> str:
    """Say which reference systems coordinates look like (domain E3); never used without the user's word.

    >>> likely_crs(np.array([39500000.0, 3300000.0, 39501000.0, 3301000.0]))
    'EPSG:4527 (CGCS2000 3-degree zone 39)'
    """
    minx, miny, maxx, maxy = (float(v) for v in bounds)
    if -180 <= minx <= maxx <= 180 and -90 <= miny <= maxy <= 90:
        return "EPSG:4490 (CGCS2000, degrees) or EPSG:4326 (WGS 84, degrees)"
    zone = int(minx // 1_000_000)
    if 25 <= zone <= 45 and zone == int(maxx // 1_000_000):
        return f"EPSG:{4488 + zone} (CGCS2000 3-degree zone {zone})"
    if 2e6 <= miny <= 6e6 and 2e5 <= minx <= 8e5:
        return "EPSG:4534 to EPSG:4554 (CGCS2000 3-degree, central meridian 75 to 135 degrees, e.g. EPSG:4548 for 117)"
    if 2e6 <= minx <= 6e6 and 2e5 <= miny <= 8e5:
        return "a CGCS2000 3-degree zone (EPSG:4534 to EPSG:4554) with northing before easting"
    if 0 <= minx <= maxx <= 3e5 and 3e5 <= miny <= maxy <= 6.3e5:
        return "EPSG:28992 (Amersfoort / RD New)"
    return "a local system, as the coordinates match no common one"


def _settled_crs(stated: str | None, bounds: NDArray[np.float64], name: str) -> str:
    """Normalise a CRS, and refuse one that is missing or that the coordinates cannot be in."""
    likely = likely_crs(bounds)
    if not stated:
        raise FrameError(name, got=f"no CRS (no .prj or CRS record), x {bounds[0]:.1f} to {bounds[2]:.1f}, "
                         f"y {bounds[1]:.1f} to {bounds[3]:.1f}", want="the CRS of these coordinates",
                         then=f'set plan.crs; they look like {likely}')
    settled = known_crs(stated, where=name)
    if is_geographic(settled) and np.abs(bounds).max() > 361:
        raise FrameError(name, got=f"{settled} in degrees with x {bounds[0]:.1f} to {bounds[2]:.1f}",
                         want="the CRS of these coordinates", then=f"set plan.crs; they look like {likely}")
    return settled


def _unreadable(path: Path, layer: str | None, problem: Exception) -> InputError:
    import pyogrio

    if isinstance(problem, UnicodeDecodeError):
        return InputError(path.name, got="text in an unknown encoding", want="UTF-8 or GBK",
                          then="add a .cpg file that names the encoding")
    if layer is not None and isinstance(problem, pyogrio.errors.DataLayerError):
        known = ", ".join(str(row[0]) for row in pyogrio.list_layers(path))
        return InputError(f"{path.name}:{layer}", got="no such layer", want=f"one of {known}")
    return InputError(path.name, got="a file no vector driver can read", want="SHP, GPKG, GeoJSON, GDB, FGB or GML",
                      then="open it in a GIS and save it again; a shapefile needs its .shx and .dbf beside it")


def _encoding(path: Path) -> tuple[str | None, list[str]]:
    """Tell the encoding of a shapefile's table by its bytes: .cpg files are often missing and sometimes wrong."""
    table = next((path.with_suffix(end) for end in (".dbf", ".DBF") if path.with_suffix(end).exists()), None)
    if path.suffix.lower() != ".shp" or table is None:
        return None, []
    codepage = next((path.with_suffix(end) for end in (".cpg", ".CPG") if path.with_suffix(end).exists()), None)
    said = codepage.read_text(encoding="ascii", errors="replace").strip() if codepage else ""
    if said and said.upper() not in {"UTF-8", "UTF8", "65001"}:
        return None, []
    text = _table_text(table.read_bytes())
    for encoding in ("UTF-8", "GB18030"):
        try:
            text.decode(encoding)
        except UnicodeDecodeError:
            continue
        wrong = [f"{path.name}: its .cpg says {said}, its text is {encoding}"] if said and encoding != "UTF-8" else []
        return encoding, wrong
    return None, []


def _table_text(data: bytes) -> bytes:
    """Field names and character cells of a dBASE table, without the binary numbers of its header."""
    if len(data) < 65:
        return b""
    header, record = struct.unpack_from("<HH", data, 8)
    names = [data[at:at + 11].split(b"\0")[0] for at in range(32, max(header - 1, 32), 32)]
    body = data[header:]
    rows = [body[at:at + record] for at in range(0, len(body), record)] if record else []
    return b"\n".join([*names, *rows]).replace(b"\x1a", b"")
