"""A CityJSON file: its vertices, its objects, and where it lies."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from zonebox.errors import FrameError, InputError
from zonebox.frame import Entry, Frame, known_crs, settle_crs
from zonebox.frame.placing import likely_crs

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

VERSIONS: Final = ("1.0", "1.1", "2.0")
LINES: Final = (".jsonl", ".ndjson")

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CityObject:
    """One object of the file.

    ``geometry`` is as written; ``offset`` is what its vertex numbers are short of, because every feature of a
    line-by-line file counts its vertices anew.
    """

    id: str
    type: str
    attributes: Json
    parents: tuple[str, ...]
    children: tuple[str, ...]
    geometry: Sequence[Json]
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Document:
    """All objects of a file, in its order, and all vertices (n, 3) in its own CRS."""

    name: str
    crs: str | None
    vertices: NDArray[np.float64]
    objects: Mapping[str, CityObject]


def opened(source: Path) -> Document:
    """Read a CityJSON file, or a CityJSONSeq file (``.city.jsonl``).

    Raises
    ------
    InputError
        The file is missing, no JSON, no CityJSON, or of a version that is not known.
    """
    name = source.name
    if not source.is_file():
        raise InputError(name, got="no such file", want="a CityJSON file", then="check the name in the scene")
    try:
        text = source.read_text(encoding="utf-8-sig")
        lines = [line for line in text.splitlines() if line.strip()] if source.suffix.lower() in LINES else [text]
        records = [json.loads(line) for line in lines]
    except json.JSONDecodeError as error:
        raise InputError(f"{name}#line {error.lineno}, column {error.colno}", got=f"no JSON ({error.msg})",
                         want="a CityJSON file", then="export the file again") from error
    except UnicodeDecodeError as error:
        raise InputError(name, got=f"bytes that are no UTF-8 text (at byte {error.start})", want="a CityJSON file",
                         then="export the file again") from error
    return _document(name, records)


def enter(
    document: Document, frame: Frame, stated: str | None
) -> tuple[NDArray[np.float64], tuple[str, ...], Entry | None]:
    """Bring the vertices of a document into the frame, by the file's CRS or the one the scene states.

    Returns
    -------
    vertices : (n, 3) float64
        In the frame.
    notes : tuple of str
        What was assumed.
    entry : Entry or None
        How they came into the frame; None where there are none.

    Raises
    ------
    FrameError
        No CRS; two that contradict each other; heights that mean nothing in the scene.
    """
    name, vertices = document.name, document.vertices
    declared = None if document.crs is None else known_crs(document.crs, where=f"{name}#/metadata/referenceSystem")
    given = None if stated is None else known_crs(stated, where="context.crs")
    if declared is None and given is None:
        seen = f"; they look like {likely_crs([*vertices.min(0)[:2], *vertices.max(0)[:2]])}" if len(vertices) else ""
        raise FrameError(f"{name}#/metadata/referenceSystem", got="no CRS", want="the reference of its coordinates",
                         then=f'write crs = "EPSG:…" beside the source in the scene, e.g. crs = "{frame.crs}"{seen}')
    chosen, notes = settle_crs(declared, given, frame, vertices[:2], where=name, key="context.crs")
    entry = frame.entry(chosen, (vertices.min(0) + vertices.max(0)) / 2.0, where=name) if len(vertices) else None
    return frame.enter(vertices, chosen, where=name), notes, entry


def _document(name: str, records: Sequence[Any]) -> Document:
    head = records[0] if records and isinstance(records[0], dict) else {}
    if head.get("type") != "CityJSON":
        got = f'type "{head["type"]}"' if "type" in head else "no CityJSON object"
        then = "put the line with the metadata and the transform first" if head.get("type") == "CityJSONFeature" else \
            "convert it with citygml-tools or cjio"
        raise InputError(name, got=got, want='"type": "CityJSON"', then=then)
    version = str(head.get("version", "none"))
    if version[:3] not in VERSIONS:
        raise InputError(f"{name}#/version", got=version, want=" or ".join(VERSIONS), then="run cjio upgrade on it")
    vertices, objects, count = [np.zeros((0, 3))], dict[str, CityObject](), 0
    for number, record in enumerate(records):
        where = f"{name}#line {number + 1}" if len(records) > 1 else name
        points = _vertices(record, head, where)
        listed = record.get("CityObjects", {})
        if not isinstance(listed, dict):
            raise InputError(f"{where}#/CityObjects", got=type(listed).__name__, want="an object",
                             then="export the file again")
        objects.update({key: _object(key, value, count, where) for key, value in listed.items()})
        vertices.append(points)
        count += len(points)
    metadata = head.get("metadata") or {}
    reference = metadata.get("referenceSystem") or (metadata.get("crs") or {}).get("epsg")
    crs = f"EPSG:{reference}" if isinstance(reference, int) else reference
    return Document(name=name, crs=crs or None, vertices=np.concatenate(vertices), objects=objects)


def _vertices(record: Any, head: Json, where: str) -> NDArray[np.float64]:
    """Vertices (n, 3) of one record, through the transform of the file."""
    if not isinstance(record, dict):
        raise InputError(where, got=type(record).__name__, want="an object", then="export the file again")
    transform = head.get("transform") or {"scale": (1.0, 1.0, 1.0), "translate": (0.0, 0.0, 0.0)}
    try:
        points = np.array(record.get("vertices", []), dtype=np.float64).reshape(-1, 3)
        points = points * np.array(transform["scale"], dtype=np.float64) + np.array(transform["translate"])
    except KeyError as error:
        raise InputError(f"{where}#/transform", got=f"no {error.args[0]}", want="scale and translate",
                         then="export the file again") from error
    except (TypeError, ValueError) as error:
        raise InputError(f"{where}#/vertices", got="rows that are not three numbers each", want="triples of numbers",
                         then="export the file again") from error
    if not np.isfinite(points).all():
        row = int(np.flatnonzero(~np.isfinite(points).all(1))[0])
        raise InputError(f"{where}#/vertices/{row}", got="a coordinate that is no number", want="triples of numbers",
                         then="export the file again")
    return np.asarray(points)


def _object(key: str, value: Any, offset: int, where: str) -> CityObject:
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        raise InputError(f"{where}#/CityObjects/{key}", got="no type", want="a city object",
                         then="export the file again")
    parents = value.get("parents") or ()
    return CityObject(id=key, type=value["type"], attributes=value.get("attributes") or {},
                      parents=(parents,) if isinstance(parents, str) else tuple(parents),
                      children=tuple(value.get("children") or ()), geometry=value.get("geometry") or (), offset=offset)
