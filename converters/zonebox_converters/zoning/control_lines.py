"""The typed control lines of a plan: 四线, setback lines, control zones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from zonebox.frame import Frame
from zonebox.model import ControlLine
from zonebox_converters.zoning.fields import LINE_NAMES, as_text, recognise
from zonebox_converters.zoning.layer import Bounds, Layer
from zonebox_converters.zoning.spec import PlanSpec
from zonebox_converters.zoning.vector import NothingNearError, read_layer

_DISTANCE = {"distance": ("HTJL", "后退距离", "setback", "distance_m")}


def control_lines(
    spec: PlanSpec, frame: Frame, near: Bounds
) -> tuple[tuple[ControlLine, ...], tuple[str, ...], list[tuple[str, str]]]:
    """Read the typed control lines near the lots: their kind and name as the plan writes them.

    Returns
    -------
    lines, notes, understood
        Setback lines (LX, HTJL) are told: which building they hold for is for a rule to say.
    """
    if spec.lines is None:
        return (), (), []
    try:
        layer = read_layer(spec.lines, crs=spec.crs, concept="plan.lines", near=(frame, near))
    except NothingNearError as nothing:         # a city's lines may all lie elsewhere
        return (), (f"{nothing.where}: {nothing.got}",), []
    kinds, names = (_first_filled(layer, LINE_NAMES[concept]) for concept in ("kind", "name"))
    lines = tuple(ControlLine(kind=k or "line", name=n or k, shape=shape)
                  for k, n, shape in zip(kinds, names, layer.in_frame(frame), strict=True) if shape is not None)
    counted = ", ".join(f"{times} {kind}" for kind, times in Counter(line.kind for line in lines).items())
    label = layer.name if "://" in spec.lines else Path(layer.name).name
    return lines, (*layer.notes, *_setback_lines(layer, kinds)), [("lines", f"{counted} in {label}")]


def _setback_lines(layer: Layer, kinds: Sequence[str]) -> list[str]:
    """Tell the lines that carry a setback distance: nothing acts on them without a rule."""
    found = recognise(layer.columns, _DISTANCE, given={}, where=layer.name).get("distance")
    if found is None:
        return []
    cells = as_text(layer.columns[found.name])
    pairs = dict.fromkeys((kind, cell) for kind, cell in zip(kinds, cells, strict=True) if cell and cell != "0")
    if not pairs:
        return []
    listed = ", ".join(f"{kind or 'lines'} ({cell} m)" for kind, cell in pairs)
    first = next(iter(pairs))[0]
    rule = f'write one with from_line = ["{first}"]'
    return [f"{layer.name}: {listed} are setback lines, which act through rules: {rule}"]


def _first_filled(layer: Layer, names: Sequence[str]) -> list[str]:
    """Take each cell from the first of some fields that has one."""
    folded = {field.casefold(): field for field in layer.columns}
    found = [as_text(layer.columns[folded[n.casefold()]]) for n in names if n.casefold() in folded]
    return [next(filter(None, cells), "") for cells in zip(*found, strict=True)] if found else [""] * len(layer)
