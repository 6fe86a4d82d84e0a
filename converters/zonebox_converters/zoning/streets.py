"""The streets around the parcels: areas, with names and widths where the layer has them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.errors import InputError
from zonebox.frame import Frame
from zonebox_converters.zoning.cleaning import polygons_only
from zonebox_converters.zoning.fields import ROAD_NAMES, Field, as_text, recognise
from zonebox_converters.zoning.layer import Layer
from zonebox_converters.zoning.values import Floats, read_numbers, unit_of

_SAMPLE_M: Final = 5.0
"""Spacing of the places at which a centreline's distance to the parcels is taken."""
_WIDEST_M: Final = 120.0
"""A street wider than this is open land beside a centreline."""
_SLACK_M: Final = 1.0
"""What an estimated street is widened by, so that it touches the lots it runs between."""
_CLASSES: Final = tuple((rank, re.compile(words, re.IGNORECASE)) for rank, words in (
    (3, r"快速|主干|高速|motorway|trunk|primary|expressway|freeway|principal arterial|major arterial"),
    (2, r"次干|secondary|arterial|\b[AB][ -]minor\b"),             # A-minor: arterials of the Twin Cities' plan
    (1, r"支路|tertiary|collector|distributor"),
))
"""Ranks of road classes: GB/T 51328-2018 快速路, 主干路, 次干路, 支路; OpenStreetMap; FHWA functional classes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Streets:
    """Street areas in the frame.

    ``names`` are "" and ``widths`` NaN where unknown; ``stated`` marks widths that the layer states; ``words`` say what
    each is; ``primary`` marks declared main roads, ``ranks`` order their classes (0 local or unknown, 3 main roads);
    ``keys`` are equal for parts of one street.
    """

    shapes: NDArray[np.object_]
    names: list[str]
    words: list[str]
    widths: Floats
    stated: NDArray[np.bool_]
    ranks: NDArray[np.intp]
    primary: NDArray[np.bool_]
    keys: NDArray[np.intp]
    fields: dict[str, Field]
    notes: tuple[str, ...]


def streets(layer: Layer, frame: Frame, parcels: NDArray[np.object_], *, decimal: str) -> Streets:
    """Understand a road layer: areas as they are, centrelines widened to their streets.

    A centreline without a width becomes as wide as the gap between the parcels along it, in the middle of its length.

    Raises
    ------
    InputError
        Neither areas nor lines.
    """
    fields = recognise(layer.columns, ROAD_NAMES, given={}, where=layer.name)
    shapes = layer.in_frame(frame)
    widths = _widths(layer, fields, decimal)
    areas, polygonal = polygons_only(shapes)
    linear = np.isin(shapely.get_type_id(shapes), (1, 2, 5)) & ~shapely.is_empty(shapes)
    if not (polygonal | linear).any():
        raise InputError(layer.name, got="neither areas nor lines", want="road areas or centrelines",
                         then="check plan.roads")
    notes = list(layer.notes)
    areas[polygonal] = _valid(areas[polygonal])
    guessed = linear & ~(widths > 0)
    if guessed.any():
        widths[guessed] = _gap_widths(shapes[guessed], parcels)
        known = widths[guessed & (widths > 0)]
        if known.size:
            notes.append(f"{layer.name}: {known.size} centrelines without a width, taken from the gap between the "
                         f"parcels ({known.min():.1f} to {known.max():.1f} m)")
    wide = linear & (widths > 0)
    half = widths[wide] / 2 + np.where(guessed[wide], _SLACK_M, 0.0)
    areas[wide] = shapely.buffer(shapes[wide], half, cap_style="flat")
    used = np.flatnonzero(polygonal | wide)
    names = _texts(layer.columns, fields.get("name"), used)
    kinds = _texts(layer.columns, fields.get("class"), used)
    primary = np.array([text.casefold() in {"1", "1.0", "true", "yes", "y", "是"}
                        for text in _texts(layer.columns, fields.get("primary"), used)], dtype=bool)
    return Streets(
        shapes=areas[used], names=names, words=[n or k or "a street" for n, k in zip(names, kinds, strict=True)],
        widths=widths[used], stated=(widths > 0)[used] & ~guessed[used],
        ranks=np.array([class_rank(kind) for kind in kinds], dtype=np.intp), primary=primary,
        keys=_keys(names), fields=fields, notes=tuple(notes),
    )


def class_rank(kind: str) -> int:
    """Place a road class in the order of traffic: 3 main roads, 2 secondary ones, 1 collectors, 0 local or unknown.

    >>> [class_rank(k) for k in ("主干路", "secondary", "Major Collector", "residential", "A-Minor Augmentor", "")]
    [3, 2, 1, 0, 2, 0]
    """
    return next((rank for rank, words in _CLASSES if words.search(kind)), 0)


def _keys(names: list[str]) -> NDArray[np.intp]:
    """Give parts of one named street one number; unnamed parts have their own."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(name or f"\0{row}", len(numbers)) for row, name in enumerate(names)],
                    dtype=np.intp)


def _widths(layer: Layer, fields: Mapping[str, Field], decimal: str) -> Floats:
    if "width" not in fields:
        return np.full(len(layer), np.nan)
    field = fields["width"].name
    widths = read_numbers(layer.columns[field], decimal=decimal,
                          place=lambda row: f"{layer.name}#fid={layer.fids[row]}/{field}", unit=unit_of(field))
    return np.where(widths > 0, widths, np.nan)


def _texts(columns: Mapping[str, NDArray[Any]], field: Field | None, rows: NDArray[np.intp]) -> list[str]:
    return [""] * len(rows) if field is None else as_text(columns[field.name][rows])


def _valid(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    broken = ~shapely.is_valid(shapes)
    mended = np.array(shapes, dtype=object)
    mended[broken] = shapely.buffer(shapes[broken], 0.0)
    return mended


def _gap_widths(lines: NDArray[np.object_], parcels: NDArray[np.object_]) -> Floats:
    """Twice the median distance from points along each line to the nearest parcel; NaN where there is no street."""
    tree = shapely.STRtree(parcels)
    widths = np.full(len(lines), np.nan)
    for row, line in enumerate(lines):
        along = np.linspace(0.0, 1.0, max(int(shapely.length(line) / _SAMPLE_M), 2) + 1)[1:-1]
        points = shapely.line_interpolate_point(shapely.line_merge(line), along, normalized=True)
        points = points[~shapely.is_missing(points)]
        nearest, distance = tree.query_nearest(points, max_distance=_WIDEST_M / 2, return_distance=True,
                                               all_matches=False)
        if nearest.shape[1] * 2 >= len(points) and len(distance):
            widths[row] = 2.0 * float(np.median(distance))
    return widths
