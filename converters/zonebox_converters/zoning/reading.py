"""Files of a plan -> `Plan`: the order of work, each step in its own module."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.collector import without_collector
from zonebox.errors import InputError, public_url
from zonebox.frame import Frame, crs_label
from zonebox.frame.local_system import LOCAL, LocalSystem
from zonebox.model import ControlLine, Plan
from zonebox_converters.zoning.applying import apply_rules, some
from zonebox_converters.zoning.area_rules import with_area_rule
from zonebox_converters.zoning.buildlines import build_limits
from zonebox_converters.zoning.cleaning import clean, polygons_only
from zonebox_converters.zoning.control_lines import control_lines
from zonebox_converters.zoning.disagreement import suspected_offset
from zonebox_converters.zoning.edge_roles import Labels, label_edges, site_of
from zonebox_converters.zoning.fields import LIMITS, PARCEL_NAMES, Field, as_text, recognise, twins
from zonebox_converters.zoning.indicators import Table, indicator_controls
from zonebox_converters.zoning.joining import join_table, join_zones
from zonebox_converters.zoning.judging import RoadNames
from zonebox_converters.zoning.landuse import check_system
from zonebox_converters.zoning.layer import Bounds, Layer
from zonebox_converters.zoning.marks import kept_marks, marks_of, with_marks
from zonebox_converters.zoning.neighbours import mismatches
from zonebox_converters.zoning.parcels import areas, parcels_of
from zonebox_converters.zoning.preparing import prepared, with_far_of_uses
from zonebox_converters.zoning.rules import read_packs
from zonebox_converters.zoning.said import Said
from zonebox_converters.zoning.setback_lines import setback_limits
from zonebox_converters.zoning.spec import PlanSpec
from zonebox_converters.zoning.stated_roles import count_roles, with_stated_roles
from zonebox_converters.zoning.streets import Streets, streets
from zonebox_converters.zoning.tables import read_table
from zonebox_converters.zoning.values import unit_of
from zonebox_converters.zoning.vector import layer_bounds, read_layer
from zonebox_converters.zoning.within import lots_of
from zonebox_converters.zoning.yards import with_references, yard_controls
from zonebox_converters.zoning.zones import Site

_AROUND_M: Final = 1000.0
"""Roads, zones and lines farther than this from every lot are not read, where the source can be asked."""


def extent(
    spec: PlanSpec, crs: str, *, grid_folders: Iterable[str | Path] = (), local_system: LocalSystem | None = None
) -> tuple[float, float, float, float]:
    """Bounding box (minx, miny, maxx, maxy) of the parcels in the scene's CRS, before a frame exists.

    Raises
    ------
    InputError
        No such file or layer, or an empty one.
    FrameError
        The parcels have no CRS, or there is no exact way from it to the scene's.
    """
    if spec.within is not None:
        return layer_bounds(spec.within, crs, crs=spec.crs, grid_folders=grid_folders, local_system=local_system,
                            concept="plan.within")
    return layer_bounds(spec.parcels, crs, crs=spec.crs, grid_folders=grid_folders, where=spec.where,
                        drawing_unit=spec.drawing_unit, local_system=local_system)


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
    layer, chosen = lots_of(spec, frame)
    layer, said = _polygons(layer)
    layer, given = _joined(layer, spec, frame, said)
    fields = {concept: replace(field, given=concept in spec.fields) for concept, field in
              recognise(layer.columns, PARCEL_NAMES, given=given, where=layer.name).items()}
    ids = _parcel_numbers(layer, fields)
    said.notes += [f"{layer.name}: {other} reads as {concept} too and differs from {used} on {rows} of {len(ids)} "
                   f'lots; {used} is used, choose with [plan.fields] {concept} = "{other}"'
                   for concept, used, other, rows in twins(layer.columns, PARCEL_NAMES, fields, LIMITS)]
    columns, about = prepared(layer, fields, height_unit=spec.height_unit, ids=ids)
    layer = replace(layer, columns=columns)
    said.notes += about
    said.understood += [("parcels", f"{len(ids)} in {crs_label(layer.crs)}"), *([chosen] if chosen else []),
                        *((concept, str(field)) for concept, field in fields.items())]
    if layer.crs == LOCAL and frame.local_system is not None:
        said.understood.append(("local system", str(frame.local_system)))
    keyed = f"{layer.name}#{fields['parcel'].name}="
    cleaned = clean(layer.in_frame(frame), names=[f"{fields['parcel'].name}={number}" for number in ids],
                    world=frame.world, where=layer.name)
    said.add_rows(cleaned.notes)
    said.understood += [("outlines", cleaned.outlines)] if cleaned.outlines else []
    near = _around(cleaned.shapes)
    roads = _roads(spec, frame, cleaned.shapes, near, said)
    texts = {name: as_text(column) for name, column in layer.columns.items()}
    declared, address = (texts[fields[name].name] if name in fields else () for name in ("front_road", "address_road"))
    with ThreadPoolExecutor(1) as beside:                   # neighbours and streets have nothing to tell each other
        fitting = beside.submit(mismatches, cleaned.shapes, ids, where=layer.name, table=cleaned.table)
        labels = label_edges(cleaned.shapes, roads, named=RoadNames(declared, address), table=cleaned.table)
        said.add_rows(fitting.result().by_row)
        said.notes += fitting.result().notes
    labels = with_stated_roles(labels, cleaned.shapes, fields, texts, [keyed + number for number in ids])
    labels = _with_marked_edges(labels, layer, ids, spec, frame, said)
    said.add_rows(labels.notes)
    said.understood.append(("edge roles", count_roles(labels.edges)))
    table = Table(columns=layer.columns, texts=texts, fields=fields, ids=ids, keyed=keyed, decimal=spec.decimal)
    area, ground = areas(table, shapely.area(labels.shapes), said), _design_ground(table, spec)
    parcels = parcels_of(table, labels, area, ground, said, check_system(spec.code_system))
    source = _document(spec.parcels)
    stated, oddities = indicator_controls(table, parcels, frame, spec.authority, document=source)
    stated = with_references(stated, table, parcels, frame)
    typed = control_lines(spec, frame, near)
    said.understood += typed.understood
    lines = typed.lines
    if lines:
        drawn = np.array([line.shape for line in lines], dtype=object)
        said.disagree(suspected_offset(cleaned.shapes, drawn, frame, names=(layer.name, Path(spec.lines or "").name)))
    for made, told in (
        yard_controls(table, parcels, spec.authority, document=source, storey_height_m=spec.storey_height_m),
        build_limits(lines, parcels, spec.authority, document=_document(spec.lines or "")),
        setback_limits(lines, typed.distances, parcels, spec.authority, document=_document(spec.lines or ""),
                       ruled={word for rule in pack.rules for word in (*rule.terms.from_line, *rule.applies.zone)}),
    ):
        stated += made
        oddities += told
    site = site_of(labels, ids, Site(frame=frame, lines=lines, ended=pack.ended))
    controls, idle = apply_rules(pack.rules, parcels, site, stated)
    controls = with_area_rule(controls, pack.area_rule, spec.area_rule)
    notes = [*layer.notes, *said.notes, *oddities, *pack.notes, *idle, *typed.notes]
    return Plan(source=layer.name, parcels=tuple(parcels), controls=tuple(controls), lines=lines,
                roads=_road_lines(roads), understood=tuple(said.understood), notes=tuple(notes),
                entries=(layer.entry(frame), *said.entries, *typed.entries), disagreements=tuple(said.disagreements))


def _design_ground(table: Table, spec: PlanSpec) -> NDArray[np.float64]:
    """Elevation of each lot's design ground (n,), metres: its own, else the one of all; NaN where neither is known."""
    heading = table.fields["design_ground"].name if "design_ground" in table.fields else ""
    own = table.numbers("design_ground", unit=unit_of(heading) or spec.height_unit)
    return own if spec.design_ground_m is None else np.where(np.isnan(own), spec.design_ground_m, own)


def _document(source: str) -> str:
    """Name of what a source is read from: the file, or the database without user and password.

    >>> _document("plan/city.gpkg:lots"), _document("postgresql://me:secret@host/city?table=lots")
    ('city.gpkg', 'postgresql://host/city')
    """
    if "://" in source:
        return public_url(source)
    path = Path(source)
    return (path if path.exists() or ":" not in path.name else Path(source.rpartition(":")[0])).name


def _polygons(layer: Layer) -> tuple[Layer, Said]:
    """Keep the features that are areas; say how many are not."""
    said = Said([], [], {})
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
    return replace(layer, shapes=shapes[kept], columns=columns, fids=layer.fids[kept],
                   marks=kept_marks(layer.marks, kept)), said


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


def _around(shapes: NDArray[Any]) -> Bounds:
    """Box in the frame within which roads, zones and lines may matter to the lots."""
    low_x, low_y, high_x, high_y = shapely.total_bounds(shapes).tolist()
    return low_x - _AROUND_M, low_y - _AROUND_M, high_x + _AROUND_M, high_y + _AROUND_M


def _joined(layer: Layer, spec: PlanSpec, frame: Frame, said: Said) -> tuple[Layer, dict[str, str]]:
    """Join the zones and the indicator table that the scene names; concept -> column that they settle."""
    given = {concept: field for concept, field in spec.fields.items() if not spec.table or field in layer.columns}
    if spec.zones is not None:
        near = frame, _around(layer.in_frame(frame))
        zones = read_layer(spec.zones, crs=spec.crs, concept="plan.zones", near=near)
        joined = join_zones(layer, zones, frame, given=given)
        said.entries.append(zones.entry(frame))
        layer, given = joined.layer, joined.given
        said.understood += joined.understood
        said.notes += joined.notes
    if spec.table is not None:
        joined = join_table(layer, read_table(spec.table), on=spec.table_on, given=given)
        layer, given = joined.layer, {**joined.given, **spec.fields}
        said.understood += joined.understood
        said.notes += joined.notes
    layer, given, notes = with_far_of_uses(layer, given)
    said.notes += notes
    return layer, given


def _with_marked_edges(
    labels: Labels, layer: Layer, ids: list[str], spec: PlanSpec, frame: Frame, said: Said
) -> Labels:
    """Let the source's own words for edges, and those of a layer of labelled edges, govern."""
    labels, told = with_marks(labels, layer.marks, layer.crs, frame, where=layer.name)
    said.understood += [("edge labels", told)] if told else []
    if spec.edges is not None:
        edges = read_layer(spec.edges, crs=spec.crs, concept="plan.edges")
        labels, told = with_marks(labels, marks_of(edges, ids), edges.crs, frame, where=edges.name)
        said.entries.append(edges.entry(frame))
        said.understood.append(("edge labels", told))
    return labels


def _roads(spec: PlanSpec, frame: Frame, parcels: NDArray[Any], near: Bounds, said: Said) -> Streets | None:
    if spec.roads is None:
        said.notes.append("no road layer: every edge is taken for a side, with confidence 0; name one in plan.roads")
        return None
    layer = read_layer(spec.roads, crs=spec.crs, concept="plan.roads", near=(frame, near))
    said.disagree(suspected_offset(parcels, layer.in_frame(frame), frame, names=(Path(spec.parcels).name, layer.name),
                                   between=True))
    said.entries.append(layer.entry(frame))
    roads = streets(layer, frame, parcels, decimal=spec.decimal)
    if not len(roads.shapes):
        said.notes.append(f"{layer.name}: no road is an area, has a width or runs between lots: every edge is taken "
                          "for a side, with confidence 0; add a width field")
        return None
    said.understood.append(("roads", f"{len(roads.shapes)} in {_document(spec.roads)}"))
    said.understood += [(f"road {concept}", str(field)) for concept, field in roads.fields.items()]
    said.notes += roads.notes
    return roads


def _road_lines(roads: Streets | None) -> tuple[ControlLine, ...]:
    if roads is None:
        return ()
    return tuple(ControlLine(kind="road", name=name, shape=shape)
                 for name, shape in zip(roads.names, roads.shapes, strict=True))
