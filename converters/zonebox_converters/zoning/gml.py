"""Plans in GML: PLATEAU's urban functions (CityGML ``urf``) and Germany's XPlanGML.

GDAL reads the shapes (axis order, arcs, CRS); the thematic part is read here, because its lists of heights lose what
belongs together when they are flattened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely

from zonebox.errors import InputError
from zonebox_converters.zoning import xplan
from zonebox_converters.zoning.layer import Layer, texts

_LOOK_BYTES: Final = 1 << 16
_MARKS: Final = {"urf": b"geospatial.jp/iur/urf", "xplan": b"xplanung.de/xplangml"}
_MEMBERS: Final = {"cityObjectMember", "featureMember", "member"}
_ID: Final = ("{http://www.opengis.net/gml}id", "{http://www.opengis.net/gml/3.2}id")
_USES: Final = {
    "1": "第一種低層住居専用地域", "2": "第二種低層住居専用地域", "3": "第一種中高層住居専用地域",
    "4": "第二種中高層住居専用地域", "5": "第一種住居地域", "6": "第二種住居地域", "7": "準住居地域",
    "8": "田園住居地域", "9": "近隣商業地域", "10": "商業地域", "11": "準工業地域",
    "12": "工業地域", "13": "工業専用地域"}
"""Use districts 用途地域 of the code list ``Common_districtsAndZonesType``."""
_DEFAULT: Final = {
    ("urf", "plan.parcels"): ("UseDistrict",), ("urf", "plan.zones"): ("UseDistrict",),
    ("urf", "plan.roads"): ("TrafficFacility",),
    ("xplan", "plan.parcels"): ("BP_BaugebietsTeilFlaeche",), ("xplan", "plan.zones"): ("BP_BaugebietsTeilFlaeche",),
    ("xplan", "plan.lines"): tuple(xplan.LINES), ("xplan", "plan.roads"): ("BP_StrassenVerkehrsFlaeche",),
}
"""Feature types that a source of a scene means where it names none."""

Row = dict[str, Any]


def is_plan(path: Path) -> bool:
    """Tell whether a file is a GML of one of these kinds."""
    return bool(_dialect(path))


def read(path: Path, name: str | None, *, concept: str = "plan.parcels") -> Layer:
    """Read the features of one type (or, for lines, of the types that are lines).

    Raises
    ------
    InputError
        Broken XML; no feature of that type.
    """
    dialect = _dialect(path)
    wanted = (name,) if name else _DEFAULT.get((dialect, concept), ())
    found: list[tuple[str, str, Row]] = []
    count: Counter[str] = Counter()
    for kind, number, row in _features(path):
        count[kind] += 1
        if kind in wanted:
            found.append((kind, number, row))
    if not found:
        have = ", ".join(f"{kind} ({times})" for kind, times in count.most_common()) or "no feature"
        raise InputError(path.name, got=f"no {' or '.join(wanted) or 'layer chosen'}", want=f"a type it has: {have}",
                         then=f'write {concept} = "{path.name}:TYPE"')
    shapes, crs, complaints = _shapes(path, [kind for kind in wanted if any(f[0] == kind for f in found)])
    rows = [_urf_row(row) if dialect == "urf" else xplan.row(kind, row) for kind, _, row in found]
    notes = [*complaints, *(xplan.notes(path.name, list(zip((f[1] for f in found), rows, strict=True)))
                            if dialect == "xplan" else ())]
    keys = dict.fromkeys(key for row in rows for key in row if not key.startswith("#"))
    columns = {"gml_id": texts([number for _, number, _ in found]),
               **{key: texts([row.get(key) for row in rows]) for key in keys}}
    label = f"{path.name}:{'+'.join(dict.fromkeys(f[0] for f in found))}"
    return Layer(name=label, crs=crs, shapes=texts([shapes.get(number) for _, number, _ in found]), columns=columns,
                 fids=np.arange(len(found), dtype=np.int64), notes=tuple(notes))


def feature_types(path: Path) -> dict[str, int]:
    """Count the features of a plan by type."""
    return dict(Counter(kind for kind, _, _ in _features(path)))


def _dialect(path: Path) -> str:
    if path.suffix.lower() not in {".gml", ".xml"} or not path.is_file():
        return ""
    with path.open("rb") as stream:
        head = stream.read(_LOOK_BYTES)
    return next((dialect for dialect, mark in _MARKS.items() if mark in head), "")


def _features(path: Path) -> Iterator[tuple[str, str, Row]]:
    """Type, id and thematic values of every feature, one at a time: the tree is let go as it is read."""
    from xml.etree import ElementTree as ET

    inside = 0
    try:
        for event, element in ET.iterparse(path, events=("start", "end")):   # noqa: S314
            if _local(element.tag) not in _MEMBERS:
                continue
            inside += 1 if event == "start" else -1
            if event == "end" and not inside:
                for feature in element:
                    number = next((feature.get(key) for key in _ID if feature.get(key)), "")
                    yield _local(feature.tag), str(number), _thematic(feature)
                element.clear()
    except ET.ParseError as problem:
        raise InputError(path.name, got=f"broken XML ({problem})", want="a whole GML file",
                         then="copy it again from its source") from None


def _thematic(feature: Any) -> Row:
    """Give simple properties as text, units as ``name@uom`` and nested objects as lists of rows; no geometry."""
    row: Row = {}
    for child in feature:
        name, text = _local(child.tag), (child.text or "").strip()
        if text and not len(child):
            row[name] = text
            if child.get("uom"):
                row[f"#{name}@uom"] = child.get("uom")
        for nested in child:
            if "opengis.net/gml" not in nested.tag and len(nested):
                row.setdefault(f"#{name}", []).append(_thematic(nested))
    return row


def _shapes(path: Path, kinds: list[str]) -> tuple[dict[str, Any], str, list[str]]:
    """Shape of each feature by its gml:id, and the CRS they stand in, in the order x, y."""
    import pyogrio

    from zonebox_converters.zoning.quiet import FAILURES, quietly

    shapes: dict[str, Any] = {}
    crs: set[str] = set()
    complaints: list[str] = []
    for kind in kinds:
        try:
            (meta, _, wkb, data), said = quietly(pyogrio.raw.read, path, layer=kind, columns=["gml_id"],
                                                 WRITE_GFS="NO")
        except FAILURES as problem:
            said_so = " ".join(str(problem).split())[:160]
            raise InputError(f"{path.name}:{kind}", got=f"shapes that cannot be read ({said_so})",
                             want="GML geometry") from None
        complaints += [f"{path.name}: {sentence}" for sentence in said if "parsed incompletely" not in sentence]
        crs.add(str(meta["crs"] or ""))
        if wkb is not None:
            shapes |= dict(zip(data[0].tolist(), shapely.from_wkb(wkb, on_invalid="ignore"), strict=True))
    if len(crs) > 1:
        raise InputError(path.name, got=f"features in {', '.join(sorted(crs))}", want="one CRS in a file",
                         then="convert them to one")
    return shapes, next(iter(crs), ""), complaints


def _urf_row(row: Row) -> Row:
    """Values of a use district; its code as the name of the use."""
    named = {key: value for key, value in row.items() if key not in {"prefecture", "city"}}
    named["land_use_name"] = _USES.get(str(row.get("function", "")), f"function {row.get('function', 'not stated')}")
    for key in ("buildingHeightLimits", "wallSetbackDistance"):
        uom = str(row.get(f"#{key}@uom", "m"))
        if key in row and uom not in {"m", "urn:ogc:def:uom:UCUM::m", "#m"}:
            named[key] = f"{row[key]} {uom}"
    return named


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
