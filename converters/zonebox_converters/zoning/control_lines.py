"""The typed control lines of a plan: 四线, setback lines, control zones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zonebox.frame import Entry, Frame
from zonebox.model import ControlLine
from zonebox_converters.zoning.fields import LINE_NAMES, as_text, recognise
from zonebox_converters.zoning.layer import Bounds, Layer
from zonebox_converters.zoning.spec import PlanSpec
from zonebox_converters.zoning.values import read_numbers, unit_of
from zonebox_converters.zoning.vector import NothingNearError, read_layer

_DISTANCE = {"distance": ("HTJL", "后退距离", "setback", "distance_m")}


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnLines:
    """Typed lines, the setback (m, NaN where none) that each states, and what there is to tell about them."""

    lines: tuple[ControlLine, ...] = ()
    distances: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()
    understood: tuple[tuple[str, str], ...] = ()
    entries: tuple[tuple[str, Entry], ...] = ()


def control_lines(spec: PlanSpec, frame: Frame, near: Bounds) -> DrawnLines:
    """Read the typed control lines near the lots: their kind and name as the plan writes them.

    Raises
    ------
    InputError
        A layer that cannot be read; a stated distance that is no number.
    """
    if spec.lines is None:
        return DrawnLines()
    try:
        layer = read_layer(spec.lines, crs=spec.crs, concept="plan.lines", near=(frame, near))
    except NothingNearError as nothing:         # a city's lines may all lie elsewhere
        return DrawnLines(notes=(f"{nothing.where}: {nothing.got}",))
    kinds, names = (_first_filled(layer, LINE_NAMES[concept]) for concept in ("kind", "name"))
    shapes, metres = layer.in_frame(frame), _distances(layer, spec.decimal)
    rows = [row for row, shape in enumerate(shapes) if shape is not None]
    lines = tuple(ControlLine(kind=kinds[row] or "line", name=names[row] or kinds[row], shape=shapes[row])
                  for row in rows)
    counted = ", ".join(f"{times} {kind}" for kind, times in Counter(line.kind for line in lines).items())
    label = layer.name if "://" in spec.lines else Path(layer.name).name
    return DrawnLines(lines=lines, distances=tuple(metres[rows].tolist()), notes=layer.notes,
                      understood=(("lines", f"{counted} in {label}"),), entries=(layer.entry(frame),))


def _distances(layer: Layer, decimal: str) -> NDArray[np.float64]:
    """Setback (n,) that lines state, metres; NaN where none."""
    found = recognise(layer.columns, _DISTANCE, given={}, where=layer.name).get("distance")
    if found is None:
        return np.full(len(layer), np.nan)
    metres = read_numbers(layer.columns[found.name], decimal=decimal,
                          unit=unit_of(found.name),
                          place=lambda row: f"{layer.name}#fid={layer.fids[row]}/{found.name}")
    return np.where(metres > 0, metres, np.nan)


def _first_filled(layer: Layer, names: Sequence[str]) -> list[str]:
    """Take each cell from the first of some fields that has one."""
    folded = {field.casefold(): field for field in layer.columns}
    found = [as_text(layer.columns[folded[n.casefold()]]) for n in names if n.casefold() in folded]
    return [next(filter(None, cells), "") for cells in zip(*found, strict=True)] if found else [""] * len(layer)
