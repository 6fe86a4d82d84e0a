"""Files of a plan -> `Plan`: the order of work, each step in its own module."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.errors import InputError
from zonebox.frame import Frame, crs_label
from zonebox.model import ControlLine, Edge, EdgeRole, Parcel, Plan
from zonebox.tolerance import AREA_M2, AREA_RATIO
from zonebox_converters.zoning.applying import apply_rules, some
from zonebox_converters.zoning.cleaning import clean, polygons_only
from zonebox_converters.zoning.edge_roles import Labels, label_edges, site_of
from zonebox_converters.zoning.fields import LINE_NAMES, PARCEL_NAMES, Field, as_text, recognise, suggest
from zonebox_converters.zoning.indicators import Table, indicator_controls
from zonebox_converters.zoning.landuse import buildable
from zonebox_converters.zoning.rules import read_packs
from zonebox_converters.zoning.spec import PlanSpec
from zonebox_converters.zoning.stamping import without_collector
from zonebox_converters.zoning.streets import Streets, streets
from zonebox_converters.zoning.values import area_factor
from zonebox_converters.zoning.vector import Layer, layer_bounds, read_layer
from zonebox_converters.zoning.zones import Site


@dataclass(slots=True)
class _Said:
    """What there is to tell: rows of what was understood, sentences about the plan, sentences by parcel row."""

    understood: list[tuple[str, str]]
    notes: list[str]
    by_row: dict[int, list[str]]

    def add_rows(self, notes: Mapping[int, Iterable[str]]) -> None:
        """Add sentences by parcel row."""
        for row, sentences in notes.items():
            self.by_row.setdefault(row, []).extend(sentences)


def extent(
    spec: PlanSpec, crs: str, *, grid_folders: Iterable[str | Path] = ()
) -> tuple[float, float, float, float]:
    """Bounding box (minx, miny, maxx, maxy) of the parcels in the scene's CRS, before a frame exists.

    Raises
    ------
    InputError
        No such file or layer, or an empty one.
    FrameError
        The parcels have no CRS, or there is no exact way from it to the scene's.
    """
    return layer_bounds(spec.parcels, crs, crs=spec.crs, grid_folders=grid_folders)


@without_collector()
def read(spec: PlanSpec, frame: Frame) -> Plan:
    """Read a plan into a frame.

    Parameters
    ----------
    spec : PlanSpec
        The files and what the user says about them.
    frame : Frame
        Where the plan goes.

    Returns
    -------
    Plan
        Parcels in the order of their file with cleaned shapes and labelled edges; the controls of the parcel table
        and of the rule packs; streets and control lines; what was understood, and every oddity in a sentence.

    Raises
    ------
    InputError
        A file, field, value or shape that cannot be used, with its place and the remedy.
    FrameError
        A layer without a usable CRS.
    """
    pack = read_packs(spec.rules, on=spec.on)              # cheap, and its mistakes are common
    layer = read_layer(spec.parcels, crs=spec.crs, override=True)
    fields = recognise(layer.columns, PARCEL_NAMES, given=spec.fields, where=layer.name)
    layer, said = _polygons(layer)
    ids = _parcel_numbers(layer, fields)
    said.understood += [("parcels", f"{len(ids)} in {crs_label(layer.crs)}"),
                        *((concept, str(field)) for concept, field in fields.items())]
    keyed = f"{layer.name}#{fields['parcel'].name}="
    cleaned = clean(layer.in_frame(frame), names=[f"{fields['parcel'].name}={number}" for number in ids],
                    world=frame.world, where=layer.name)
    said.add_rows(cleaned.notes)
    roads = _roads(spec, frame, cleaned.shapes, said)
    texts = {name: as_text(column) for name, column in layer.columns.items()}
    main_roads = texts[fields["front_road"].name] if "front_road" in fields else ()
    labels = label_edges(cleaned.shapes, roads, main_roads=main_roads)
    labels = _with_stated_roles(labels, cleaned.shapes, fields, texts, [keyed + number for number in ids])
    said.add_rows(labels.notes)
    said.understood.append(("edge roles", _count_roles(labels.edges)))
    table = Table(columns=layer.columns, texts=texts, fields=fields, ids=ids, keyed=keyed, decimal=spec.decimal)
    area, ground = _areas(table, shapely.area(labels.shapes), said), table.numbers("design_ground")
    parcels = _parcels(table, labels, area, ground, said)
    source = Path(spec.parcels.rpartition(":")[0] or spec.parcels).name if ":" in layer.name else layer.name
    stated, oddities = indicator_controls(table, parcels, frame, spec.authority, document=source)
    lines, line_notes = _lines(spec, frame)
    site = site_of(labels, ids, Site(frame=frame, lines=lines, ended=pack.ended))
    controls, idle = apply_rules(pack.rules, parcels, site, stated)
    notes = [*layer.notes, *said.notes, *oddities, *pack.notes, *idle, *line_notes]
    return Plan(source=layer.name, parcels=tuple(parcels), controls=tuple(controls), lines=lines,
                roads=_road_lines(roads), understood=tuple(said.understood), notes=tuple(notes))


def _polygons(layer: Layer) -> tuple[Layer, _Said]:
    """Keep the features that are areas; say how many are not."""
    said = _Said([], [], {})
    shapes, kept = polygons_only(layer.shapes)
    if not kept.any():
        kinds = sorted({shape.geom_type if shape is not None else "nothing" for shape in layer.shapes})
        raise InputError(layer.name, got=f"no polygon ({', '.join(kinds)} only)", want="parcels as polygons",
                         then="choose another layer, or turn closed lines into polygons")
    if not kept.all():
        said.notes.append(f"{layer.name}: {int((~kept).sum())} of {len(layer)} features are no areas and are left out "
                          f"(fid {some([str(fid) for fid in layer.fids[~kept]])})")
    if shapely.has_z(shapes[kept]).any():
        said.notes.append(f"{layer.name}: the parcels are drawn with heights (Z), which are not used")
    columns = {name: column[kept] for name, column in layer.columns.items()}
    return replace(layer, shapes=shapes[kept], columns=columns, fids=layer.fids[kept]), said


def _parcel_numbers(layer: Layer, fields: Mapping[str, Field]) -> list[str]:
    if "parcel" not in fields:
        raise InputError(layer.name, got=f"no field with the parcel number (fields: {', '.join(layer.columns)})",
                         want=f"a field such as {', '.join(PARCEL_NAMES['parcel'][:4])} or parcel",
                         then='name it in [plan.fields]: parcel = "..."')
    name = fields["parcel"].name
    ids = as_text(layer.columns[name])
    for row, number in enumerate(ids):
        if not number:
            raise InputError(f"{layer.name}#fid={layer.fids[row]}/{name}", got="a parcel without a number",
                             want="a number for every parcel", then="fill the field in")
    twice = [number for number, times in Counter(ids).items() if times > 1]
    if twice:
        fids = ", ".join(str(layer.fids[row]) for row, number in enumerate(ids) if number == twice[0])
        raise InputError(f"{layer.name}/{name}", got=f'the parcel number "{twice[0]}" more than once (fid {fids})',
                         want="one number for one parcel", then="renumber, or join its parts into one multipolygon")
    return ids


def _roads(spec: PlanSpec, frame: Frame, parcels: NDArray[Any], said: _Said) -> Streets | None:
    if spec.roads is None:
        said.notes.append("no road layer: every edge is taken for a side, with confidence 0; name one in plan.roads")
        return None
    roads = streets(read_layer(spec.roads, crs=spec.crs, concept="plan.roads"), frame, parcels, decimal=spec.decimal)
    said.understood.append(("roads", f"{len(roads.shapes)} in {Path(spec.roads).name}"))
    said.understood += [(f"road {concept}", str(field)) for concept, field in roads.fields.items()]
    said.notes += roads.notes
    return roads


def _road_lines(roads: Streets | None) -> tuple[ControlLine, ...]:
    if roads is None:
        return ()
    return tuple(ControlLine(kind="road", name=name, shape=shape)
                 for name, shape in zip(roads.names, roads.shapes, strict=True))


def _lines(spec: PlanSpec, frame: Frame) -> tuple[tuple[ControlLine, ...], tuple[str, ...]]:
    """Read the typed control lines: their kind and name as the plan writes them."""
    if spec.lines is None:
        return (), ()
    layer = read_layer(spec.lines, crs=spec.crs, concept="plan.lines")
    kind, name = (_first_filled(layer, LINE_NAMES[concept]) for concept in ("kind", "name"))
    lines = tuple(ControlLine(kind=k or "line", name=n or k, shape=shape)
                  for k, n, shape in zip(kind, name, layer.in_frame(frame), strict=True) if shape is not None)
    return lines, layer.notes


def _first_filled(layer: Layer, names: Sequence[str]) -> list[str]:
    """Take each cell from the first of some fields that has one."""
    folded = {field.casefold(): field for field in layer.columns}
    texts = [as_text(layer.columns[folded[n.casefold()]]) for n in names if n.casefold() in folded]
    return [next(filter(None, cells), "") for cells in zip(*texts, strict=True)] if texts else [""] * len(layer)


def _with_stated_roles(
    labels: Labels, drawn: NDArray[Any], fields: Mapping[str, Field], texts: Mapping[str, list[str]], places: list[str]
) -> Labels:
    """Let roles that the parcel table states govern: one word for each edge, counter-clockwise."""
    if "edge_roles" not in fields:
        return labels
    field = fields["edge_roles"].name
    edges, shapes = list(labels.edges), np.array(labels.shapes, dtype=object)
    origin = dict(labels.origin)
    for row, text in enumerate(texts[field]):
        words = text.replace(",", " ").replace(";", " ").casefold().split()
        if not words:
            continue
        count = len(set(origin.pop(row))) if row in origin else len(edges[row])
        for word in words:
            if word not in set(EdgeRole):
                raise InputError(f"{places[row]}/{field}", got=f'the edge role "{word}"',
                                 want=f"one of {', '.join(EdgeRole)}", then=suggest(word, EdgeRole))
        if len(words) != count:
            raise InputError(f"{places[row]}/{field}", got=f"{len(words)} edge roles",
                             want=f"{count}, one for each edge", then="count the edges counter-clockwise")
        shapes[row] = drawn[row]
        edges[row] = tuple(Edge(index=k, role=EdgeRole(word), chain=k, reason=f"stated in {field}", confidence=1.0)
                           for k, word in enumerate(words))
    return replace(labels, edges=edges, shapes=shapes, origin=origin)


def _count_roles(edges: Sequence[Sequence[Edge]]) -> str:
    count = Counter(edge.role for lot in edges for edge in lot)
    return ", ".join(f"{count[role]} {role}" for role in EdgeRole if count[role])


def _areas(table: Table, drawn: NDArray[np.float64], said: _Said) -> NDArray[np.float64]:
    """Bring declared areas to m² (NaN where none): their unit is found by comparison with the drawn areas."""
    declared = table.numbers("area")
    declared = np.where(declared > 0, declared, np.nan)
    if not np.isfinite(declared).any():
        return declared
    unit = area_factor(declared, drawn)
    name = table.fields["area"].name
    if unit is None:
        said.notes.append(f"{table.keyed[:-1]}: {name} fits the drawn areas in no known unit; drawn areas are used")
        return np.full(len(declared), np.nan)
    said.understood.append(("area unit", f"{name} is in {unit[1]}"))
    stated = declared * unit[0]
    gap = np.abs(stated - drawn)
    for row in np.flatnonzero(gap > np.maximum(AREA_M2, AREA_RATIO * stated)):
        said.by_row.setdefault(int(row), []).append(
            f"{name} states {stated[row]:.1f} m², drawn are {drawn[row]:.1f} m²; the stated area governs ratios")
    return np.asarray(stated)


def _parcels(
    table: Table, labels: Labels, area: NDArray[np.float64], ground: NDArray[np.float64], said: _Said
) -> list[Parcel]:
    codes, names = table.text("land_use"), table.text("land_use_name")
    used = {field.name for concept, field in table.fields.items() if concept not in {"remark", "unit"}}
    others = {name: cells for name, cells in table.texts.items() if name not in used}
    open_land = {pair: not buildable(*pair) for pair in set(zip(codes, names, strict=True))}
    return [
        Parcel(
            id=number, shape=labels.shapes[row], edges=labels.edges[row], land_use=codes[row],
            land_use_name=names[row], buildable=not open_land[codes[row], names[row]],
            area_declared_m2=_known(area[row]), design_ground_m=_known(ground[row]),
            attributes={name: cells[row] for name, cells in others.items() if cells[row]},
            notes=tuple(said.by_row.get(row, ())),
        )
        for row, number in enumerate(table.ids)
    ]


def _known(number: float) -> float | None:
    return round(float(number), 6) if np.isfinite(number) else None
