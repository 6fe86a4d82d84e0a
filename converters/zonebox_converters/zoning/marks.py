"""Lots whose edges the source itself calls front, side or rear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import shapely

from zonebox.errors import InputError
from zonebox.frame import Frame
from zonebox.geometry.boundary import boundary
from zonebox.model import EdgeRole
from zonebox_converters.zoning.edge_roles import Labels
from zonebox_converters.zoning.fields import PARCEL_NAMES, as_text, recognise
from zonebox_converters.zoning.layer import EdgeMarks, Layer, texts, to_frame

_NEAR_M: Final = 1.0
"""A labelled line farther than this from the middle of an edge says nothing of it."""
_WORDS: Final[Mapping[str, EdgeRole]] = {
    **{str(role): role for role in EdgeRole}, "interior side": EdgeRole.SIDE, "exterior side": EdgeRole.STREET_SIDE,
    "corner side": EdgeRole.STREET_SIDE, "street side": EdgeRole.STREET_SIDE, "临街": EdgeRole.FRONT,
    "正面": EdgeRole.FRONT, "侧面": EdgeRole.SIDE, "背面": EdgeRole.REAR}
_FIELDS: Final = {"parcel": PARCEL_NAMES["parcel"], "side": ("side", "role", "edge_role", "edge", "边界类型")}


def marks_of(edges: Layer, ids: list[str]) -> EdgeMarks:
    """Take a layer of labelled edges for marks on the lots of these numbers.

    Raises
    ------
    InputError
        No parcel number or no label; a word that is no role; no lot of the plan.
    """
    fields = recognise(edges.columns, _FIELDS, given={}, where=edges.name)
    for concept in _FIELDS:
        if concept not in fields:
            raise InputError(edges.name, got=f"no field with the {concept} (fields: {', '.join(edges.columns)})",
                             want=f"a field such as {', '.join(_FIELDS[concept][:3])}", then="check plan.edges")
    numbers, sides = (as_text(edges.columns[fields[concept].name]) for concept in ("parcel", "side"))
    row_of = {number: row for row, number in enumerate(ids)}
    kept = [k for k, number in enumerate(numbers) if number in row_of and sides[k] and sides[k] != "unknown"]
    for k in kept:
        if sides[k].casefold() not in _WORDS:
            raise InputError(f"{edges.name}#fid={edges.fids[k]}/{fields['side'].name}", got=f'the side "{sides[k]}"',
                             want=f"one of {', '.join(_WORDS)}")
    if not kept:
        raise InputError(edges.name, got="no edge of a lot of this plan", want="parcel numbers of the plan",
                         then="check plan.edges")
    return EdgeMarks(rows=np.array([row_of[numbers[k]] for k in kept], dtype=np.intp), lines=edges.shapes[kept],
                     roles=tuple(str(_WORDS[sides[k].casefold()]) for k in kept))


def with_marks(labels: Labels, marks: EdgeMarks | None, crs: str, frame: Frame, *, where: str) -> tuple[Labels, str]:
    """Let labelled lines govern the roles of the edges along them; says on how many lots."""
    if marks is None or not len(marks.rows):
        return labels, ""
    lines = to_frame(marks.lines, crs, frame, where=where)
    lots = np.unique(marks.rows)
    rings = [boundary(labels.shapes[lot]) for lot in lots.tolist()]
    counts = np.array([len(ring.start) for ring in rings])
    middle = np.concatenate([(ring.start + ring.end) / 2.0 for ring in rings])
    edge_lot = np.repeat(lots, counts)
    order = np.argsort(marks.rows, kind="stable")
    sorted_rows = marks.rows[order]
    first = np.searchsorted(sorted_rows, edge_lot, side="left")
    number = np.searchsorted(sorted_rows, edge_lot, side="right") - first
    edge = np.repeat(np.arange(len(middle)), number)            # every edge against every line of its own lot
    line = order[np.concatenate([np.arange(a, a + n) for a, n in zip(first, number, strict=True)])]
    gap = shapely.distance(shapely.points(middle)[edge], lines[line])
    best = np.lexsort((gap, edge))
    best = best[np.searchsorted(edge[best], np.arange(len(middle)))]
    said = np.where(gap[best] <= _NEAR_M, np.array(marks.roles, dtype=object)[line[best]], "")
    edges, at = list(labels.edges), 0
    rears = dict(labels.rears)
    for lot, count in zip(lots.tolist(), counts.tolist(), strict=True):
        words = said[at:at + count]
        at += count
        edges[lot] = tuple(replace(e, role=EdgeRole(w), reason=f"labelled in {where}", confidence=1.0) if w else e
                           for e, w in zip(edges[lot], words.tolist(), strict=True))
        rears.pop(lot, None)
    return replace(labels, edges=edges, rears=rears), f"{len(lots)} lots with edges labelled in {where}"


def kept_marks(marks: EdgeMarks | None, kept: np.ndarray) -> EdgeMarks | None:
    """Keep the marks on the lots that are kept, with their new rows."""
    if marks is None:
        return None
    stay = kept[marks.rows]
    return EdgeMarks(rows=(np.cumsum(kept) - 1)[marks.rows[stay]], lines=marks.lines[stay],
                     roles=tuple(texts(list(marks.roles))[stay].tolist()))
