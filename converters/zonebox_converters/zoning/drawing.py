"""Closed outlines of a CAD drawing (DXF) -> a layer: units settled, blocks and hatches opened, texts read."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.errors import InputError
from zonebox_converters.zoning.layer import Layer, Shapes, texts

UNITS_M: Final = {"mm": 0.001, "cm": 0.01, "dm": 0.1, "m": 1.0, "km": 1000.0, "in": 0.0254, "ft": 0.3048,
                  "us-ft": 1200.0 / 3937.0}
"""Units a drawing can be in, in metres."""
_INSUNITS: Final = {1: "in", 2: "ft", 4: "mm", 5: "cm", 6: "m", 7: "km", 14: "dm", 21: "us-ft"}
"""Codes of $INSUNITS, the drawing's own word, which is often the template's."""
_LOTS_M2: Final = (5.0, 5e7)
"""Between these lies the middle area of any plan's parcels; a drawing unit that gives another is not the true one."""
_CHORD: Final = 1e-4
"""How far the chord of an arc may lie from it, as a part of the outline's size: 5 mm on a lot of 50 m."""
_GAP: Final = 0.02
"""A line whose ends are nearer than this, metres, was meant to be closed."""
_SAME: Final = 0.999
"""Two outlines that share this part of their area are one, drawn as a line and as a hatch."""
_PAIR: Final = re.compile(r"\s*([^:：=＝\d][^:：=＝]*?)\s*[:：=＝]\s*(.+?)\s*")


@dataclass(slots=True)
class _Drawn:
    """What one layer holds, in drawing units."""

    rings: list[tuple[NDArray[np.float64], str]] = field(default_factory=list)
    hatches: list[tuple[Any, str]] = field(default_factory=list)
    open_lines: int = 0


def read(path: Path, name: str | None, *, unit: str = "") -> Layer:
    """Read the closed outlines on a layer of a drawing.

    Polylines with arcs, circles, ellipses and splines become polygons, with chords within a ten-thousandth of their
    size; hatches give their boundary; blocks are opened where they are inserted. Texts and block attributes inside an
    outline become its columns: ``key: value`` under their key, a lone text as ``text``.

    Parameters
    ----------
    name : str or None
        Layer; None where only one has closed outlines.
    unit : str
        One of `UNITS_M`, over what the drawing says.

    Raises
    ------
    InputError
        A DWG; a broken drawing; no closed outline; a unit that cannot be true; several layers and none chosen.
    """
    document = _opened(path)
    by_layer, words = _gathered(document)
    chosen = _layer(path, name, by_layer)
    where = f"{path.name}:{chosen}"
    shapes, handles = _polygons(by_layer[chosen])
    notes = []
    scale, said = _scale(document, shapes, unit, where)
    notes += said
    shapes, handles, doubles, closed = _tidied(by_layer[chosen], shapes, handles, scale)
    if doubles:
        notes.append(f"{where}: {doubles} outlines are drawn twice (as line and hatch) and count once")
    if closed:
        notes.append(f"{where}: {closed} lines with ends within {_GAP:g} m of each other are taken for closed")
    if left := by_layer[chosen].open_lines - closed:
        notes.append(f"{where}: {left} open lines are no outlines and are left out")
    columns, about = _columns(shapes, handles, chosen, _scaled(words, scale))
    notes += [f"{where}: {sentence}" for sentence in about]
    return Layer(name=where, crs="", shapes=shapes, columns=columns, fids=np.arange(len(shapes), dtype=np.int64),
                 notes=tuple(notes))


def _opened(path: Path) -> Any:
    import ezdxf
    from ezdxf import recover

    if path.suffix.lower() == ".dwg":
        raise InputError(path.name, got="a DWG, which only its maker's programs read fully", want="a DXF",
                         then="save the drawing as DXF")
    try:
        return recover.readfile(path)[0]
    except (ezdxf.DXFError, OSError, ValueError, IndexError, KeyError) as problem:
        said = " ".join(str(problem).split())[:120]
        raise InputError(path.name, got=f"a drawing that cannot be read ({said})", want="a DXF",
                         then="save it again as DXF (2010 or later)") from None


def _gathered(document: Any) -> tuple[dict[str, _Drawn], list[tuple[float, float, str, str]]]:
    """Sort what the model space holds by layer, blocks opened: outlines; texts as (x, y, key, value)."""
    from ezdxf.disassemble import recursive_decompose

    drawn: dict[str, _Drawn] = {}
    words: list[tuple[float, float, str, str]] = []
    for number, entity in enumerate(recursive_decompose(document.modelspace())):
        kind, layer = entity.dxftype(), drawn.setdefault(str(entity.dxf.get("layer", "0")), _Drawn())
        block = entity.source_block_reference       # what comes out of a block has no handle of its own
        handle = str(entity.dxf.handle or f"{block.dxf.handle if block else ''}.{number}")
        if kind in {"LWPOLYLINE", "POLYLINE", "CIRCLE", "ELLIPSE", "SPLINE", "LINE", "ARC"}:
            _add_line(layer, entity, handle)
        elif kind in {"HATCH", "MPOLYGON"}:
            layer.hatches.append((entity, handle))
        elif kind in {"TEXT", "MTEXT", "ATTRIB"}:
            words += _said(entity, kind)
    return drawn, words


def _add_line(layer: _Drawn, entity: Any, handle: str) -> None:
    from ezdxf.path import make_path

    try:
        path = make_path(entity)
    except (TypeError, ValueError):         # meshes and faces travel as POLYLINE too
        return
    if len(path) == 0:
        return
    size = max(float(path.start.distance(point)) for point in path.control_vertices()) or 1.0
    points = np.array([(p.x, p.y) for p in path.flattening(size * _CHORD, 8)])
    if path.is_closed or getattr(entity, "is_closed", False):
        layer.rings.append((points, handle))
    elif entity.dxftype() not in {"LINE", "ARC"}:
        layer.open_lines += 1
        layer.rings.append((points, f"open {handle}"))


def _said(entity: Any, kind: str) -> list[tuple[float, float, str, str]]:
    """Read a text: where it stands, its key where it has one, its words."""
    text = entity.plain_text() if kind in {"TEXT", "MTEXT"} else str(entity.dxf.text)
    at = entity.dxf.insert if kind == "MTEXT" else (entity.get_placement()[1] or entity.dxf.insert)
    if kind == "ATTRIB":
        return [(at.x, at.y, str(entity.dxf.tag), text.strip())]
    found = []
    for line in filter(None, (part.strip() for part in text.splitlines())):
        pair = _PAIR.fullmatch(line)
        found.append((at.x, at.y, pair[1], pair[2]) if pair else (at.x, at.y, "", line))
    return found


def _layer(path: Path, name: str | None, drawn: dict[str, _Drawn]) -> str:
    """Choose the layer: the one that is named, else the only one with outlines."""
    full = {layer: sum(not h.startswith("open") for _, h in d.rings) + len(d.hatches) for layer, d in drawn.items()}
    full = {layer: count for layer, count in full.items() if count}
    listed = ", ".join(f"{layer} ({count})" for layer, count in sorted(full.items(), key=lambda row: -row[1])) or "none"
    if name is not None:
        chosen = next((layer for layer in drawn if layer.casefold() == name.casefold()), None)
        if chosen is None or not (drawn[chosen].rings or drawn[chosen].hatches):
            raise InputError(f"{path.name}:{name}", got="no closed outline on that layer",
                             want=f"a layer with closed outlines: {listed}",
                             then="close the polylines, or name another")
        return chosen
    if len(full) != 1:
        got = "closed outlines on several layers" if full else "no closed outline on any layer"
        raise InputError(path.name, got=got, want=f"the layer of the parcels: {listed}",
                         then=f'write plan.parcels = "{path.name}:LAYER"' if full else "close the polylines")
    return next(iter(full))


def _polygons(layer: _Drawn) -> tuple[Shapes, list[str]]:
    """Outlines of a layer as polygons, in drawing units; hatches with their holes."""
    from ezdxf.path import from_hatch

    shapes: list[Any] = []
    handles: list[str] = []
    for points, handle in layer.rings:
        if len(points) >= 3:
            shapes.append(shapely.Polygon(points))
            handles.append(handle)
    for hatch, handle in layer.hatches:
        rings = []
        for path in from_hatch(hatch):
            size = max((float(path.start.distance(p)) for p in path.control_vertices()), default=0.0) or 1.0
            outline = [(p.x, p.y) for p in path.flattening(size * _CHORD, 8)]
            if len(outline) >= 3:
                rings.append(shapely.make_valid(shapely.Polygon(outline)))
        if rings:
            whole = rings[0]
            for ring in rings[1:]:          # even-odd: a ring inside another is a hole
                whole = shapely.symmetric_difference(whole, ring)
            shapes.append(whole)
            handles.append(handle)
    return texts(shapes), handles


def _scale(document: Any, shapes: Shapes, unit: str, where: str) -> tuple[float, list[str]]:
    """Metres in a drawing unit: what the user states, else the drawing, if the areas bear it out."""
    if unit and unit not in UNITS_M:
        raise InputError("plan.drawing_unit", got=f'"{unit}"', want=f"one of {', '.join(UNITS_M)}")
    own = _INSUNITS.get(int(document.header.get("$INSUNITS", 0)), "")
    chosen = unit or own
    area = float(np.median(shapely.area(shapes)))
    fitting = [u for u in ("m", "mm", "ft") if _LOTS_M2[0] <= area * UNITS_M[u] ** 2 <= _LOTS_M2[1]]
    likely = (fitting or ["m"])[0]
    if not chosen:
        raise InputError(where, got="a drawing without a unit", want="the unit of its coordinates",
                         then=f'set plan.drawing_unit = "{likely}", if that is right: its middle outline then has '
                              f"{area * UNITS_M[likely] ** 2:,.0f} m²")
    square = area * UNITS_M[chosen] ** 2
    if not _LOTS_M2[0] <= square <= _LOTS_M2[1]:
        raise InputError(where, got=f"outlines of {square:.3g} m² in the middle, as the drawing is said to be in "
                         f"{chosen}", want="the unit it was truly drawn in",
                         then=f'set plan.drawing_unit = "{likely}"')
    by = "as the scene says" if unit else "as its header says"
    return UNITS_M[chosen], [f"{where}: drawn in {chosen}, {by}"]


def _tidied(
    layer: _Drawn, shapes: Shapes, handles: list[str], scale: float
) -> tuple[Shapes, list[str], int, int]:
    """Outlines in metres; open lines closed or dropped; those drawn twice once."""
    kept, closed = [], 0
    ends = {handle: float(np.hypot(*(points[0] - points[-1]))) * scale for points, handle in layer.rings}
    for row, handle in enumerate(handles):
        if handle.startswith("open"):
            if ends[handle] > _GAP:
                continue
            closed += 1
        kept.append(row)
    metres = shapely.transform(shapes[kept], lambda xy: xy * scale)
    names = [handles[row].removeprefix("open ") for row in kept]
    valid = shapely.make_valid(metres)
    tree = shapely.STRtree(valid)
    first, second = tree.query(valid, predicate="intersects")
    pairs = first < second
    first, second = first[pairs], second[pairs]
    shared = shapely.area(shapely.intersection(valid[first], valid[second]))
    same = shared > _SAME * np.maximum(shapely.area(valid[first]), shapely.area(valid[second]))
    double = np.isin(np.arange(len(valid)), second[same])
    rows = np.flatnonzero(~double)
    return np.asarray(metres[rows]), [names[row] for row in rows], int(double.sum()), closed


def _scaled(words: list[tuple[float, float, str, str]], scale: float) -> list[tuple[float, float, str, str]]:
    return [(x * scale, y * scale, key, value) for x, y, key, value in words]


def _columns(
    shapes: Shapes, handles: list[str], layer: str, words: list[tuple[float, float, str, str]]
) -> tuple[dict[str, NDArray[Any]], list[str]]:
    """Columns from the texts inside each outline: the smallest outline that holds a text owns it."""
    rows: list[dict[str, str]] = [{} for _ in shapes]
    if words and len(shapes):
        points = shapely.points([(x, y) for x, y, _, _ in words])
        order = np.argsort(shapely.area(shapes), kind="stable")[::-1]       # smaller ones come later and win
        place = {int(row): rank for rank, row in enumerate(order)}
        owner: dict[int, int] = {}
        for word, row in zip(*shapely.STRtree(shapely.make_valid(shapes)).query(points, predicate="within"),
                             strict=True):
            if int(word) not in owner or place[int(row)] > place[owner[int(word)]]:
                owner[int(word)] = int(row)
        for word, row in sorted(owner.items()):
            key, value = words[word][2] or "text", words[word][3]
            rows[row][key] = f"{rows[row][key]} {value}" if key in rows[row] else value
    keys = list(dict.fromkeys(key for cells in rows for key in cells))
    columns: dict[str, NDArray[Any]] = {key: texts([cells.get(key) for cells in rows]) for key in keys}
    columns["layer"], columns["handle"] = texts([layer] * len(rows)), texts(list(handles))
    lone = [cells.get("text", "") for cells in rows]
    notes = []
    if all(lone) and max(Counter(lone).values(), default=0) == 1:
        columns["parcel"] = columns.pop("text")
        notes.append("the text inside each outline is taken for its parcel number")
    outside = len(words) - sum(len(cells) for cells in rows) if words else 0
    if outside > 0 and not any(rows):
        notes.append(f"none of {len(words)} texts stands inside an outline")
    return columns, notes
