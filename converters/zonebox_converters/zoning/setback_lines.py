"""Drawn setback lines 后退线: the building stays on the inner side of them (domain A7, E2).

A line that crosses a lot is itself the limit, whatever distance it also states. One on or outside the boundary with a
distance is what the distance counts from; which buildings it holds for is then for a rule to say.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.model import Authority, Control, ControlLine, Kind, Parcel
from zonebox.tolerance import AREA_M2, PLAN_M, SNAP_M
from zonebox_converters.zoning.applying import some
from zonebox_converters.zoning.zones import polygonal

HIGH_RISE_M: Final = 24.0
"""A building taller than this is a high-rise (GB 50352-2019 4.1.2: 24 m, dwellings 27 m; the stricter is taken)."""
_SETBACK: Final = re.compile(r"后退|退界|退线|退让|多层|高层|低层|setback", re.IGNORECASE)
_HIGH: Final = re.compile(r"高层|high[- ]?rise", re.IGNORECASE)
_REACH_M: Final = 2.0
"""A line may end so short of the boundary that it was meant to reach."""
_CLEAR: Final = 2.0
"""The inner side is plain where it is so many times as large as what lies outside."""
_EVERY_M, _FAR = 0.5, 0.9
"""The boundary is sampled so often; nine tenths of it lie no farther from a line than it was set back."""
_STATED_M: Final = 0.5
"""A stated distance that differs more from the drawn one is told."""


@dataclass(slots=True)
class _Said:
    """Lots by what there is to tell about a kind of line."""

    uncut: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)


def is_setback_line(line: ControlLine) -> bool:
    """Tell whether a typed line is a setback line.

    >>> is_setback_line(ControlLine(kind="建筑后退线", name="", shape=shapely.LineString([(0, 0), (1, 0)])))
    True
    """
    return bool(_SETBACK.search(line.kind) and shapely.get_dimensions(line.shape) == 1)


def setback_limits(
    lines: Sequence[ControlLine], distances: Sequence[float], parcels: Sequence[Parcel], authority: Authority | None,
    *, document: str, ruled: Collection[str] = (),
) -> tuple[list[Control], list[str]]:
    """Keep buildings on the inner side of the setback lines that cross their lot.

    Beyond lines of high-rises (LX 高层) stands what is no higher than `HIGH_RISE_M`; beyond all others, nothing.

    Parameters
    ----------
    distances : sequence of float
        Setback that each line states, metres; NaN where it states none.
    ruled : collection of str
        Kinds and names of lines that rules speak of: those act through their rules alone.

    Returns
    -------
    controls, notes
        One control for each lot and kind of line; what could not be told.
    """
    known = {word.casefold() for word in ruled}
    kinds: dict[str, list[int]] = {}
    for row, line in enumerate(lines):
        if is_setback_line(line) and not known & {line.kind.casefold(), line.name.casefold()}:
            kinds.setdefault(line.kind, []).append(row)
    lots = np.array([parcel.shape for parcel in parcels], dtype=object)
    controls: list[Control] = []
    notes: list[str] = []
    for kind, rows in kinds.items():
        shapes = np.array([lines[row].shape for row in rows], dtype=object)
        stated = np.array([distances[row] for row in rows], dtype=np.float64)
        said = _Said()
        lot, line = shapely.STRtree(shapes).query(lots, predicate="intersects")
        used = np.zeros(len(shapes), dtype=bool)
        for at in np.unique(lot).tolist():
            mine = line[lot == at]
            mine = mine[shapely.length(shapely.intersection(shapes[mine], shapely.buffer(lots[at], -PLAN_M))) > PLAN_M]
            if not len(mine) or not parcels[at].buildable:
                continue
            used[mine] = True
            outside = _outside(lots[at], shapely.union_all(shapes[mine]), parcels[at].id, said)
            if outside is not None:
                controls.append(_control(kind, parcels[at].id, outside, authority, document))
                _compare(outside, lots[at], shapes[mine], stated[mine], parcels[at].id, said)
        notes += _told(kind, said, stated[~used], document)
        if _HIGH.search(kind) and used.any():
            notes.append(f"{document}: beyond {kind} lines buildings up to {HIGH_RISE_M:g} m may stand "
                         "(GB 50352-2019); write a rule with from_line where dwellings up to 27 m may")
    return controls, notes


def _control(kind: str, parcel: str, outside: Any, authority: Authority | None, document: str) -> Control:
    ruled_by = authority or Authority(doc=document, status="unconfirmed", clause=kind)
    high = bool(_HIGH.search(kind))
    return Control(id=f"{parcel}/setback-line/{kind}", parcel=parcel, kind=Kind.HEIGHT if high else Kind.NO_BUILD,
                   limit=HIGH_RISE_M if high else None, zone=outside, authority=ruled_by,
                   source=f"{document}#{parcel}/{kind}")


def _outside(lot: Any, line: Any, name: str, said: _Said) -> Any | None:
    """Part of a lot on the outer side of lines: all but the largest piece, or all outside where the lines close."""
    closed = shapely.get_parts(shapely.polygonize([shapely.union_all(shapely.get_parts(line))]))
    inside = shapely.intersection(shapely.union_all(closed), lot) if len(closed) else None
    if inside is None or inside.area <= AREA_M2:
        pieces = _pieces(lot, line)
        if len(pieces) < 2:
            said.uncut.append(name)
            return None
        area = np.sort(shapely.area(pieces))
        if area[-1] < _CLEAR * area[:-1].sum():
            said.unclear.append(f"{name} ({area[-1]:.0f} and {area[:-1].sum():.0f} m²)")
        inside = pieces[int(np.argmax(shapely.area(pieces)))]
    outside = polygonal(shapely.difference(lot, inside))
    return outside if outside.area > AREA_M2 else None


def _pieces(lot: Any, line: Any) -> NDArray[np.object_]:
    """Pieces that lines cut a lot into; lines that stop a little short of the boundary are drawn on to it."""
    grown = [_drawn_on(part) for part in shapely.get_parts(shapely.line_merge(line)) if part.length > SNAP_M]
    network = shapely.union_all([shapely.boundary(lot), *grown])
    parts = shapely.get_parts(shapely.polygonize([network]))
    return np.asarray(parts[shapely.contains(lot.buffer(SNAP_M), parts) & (shapely.area(parts) > AREA_M2)])


def _drawn_on(line: Any) -> Any:
    """Lengthen an open line at both ends, straight on."""
    xy = shapely.get_coordinates(line)
    if np.array_equal(xy[0], xy[-1]):
        return line
    for end, before in ((0, 1), (-1, -2)):
        way = xy[end] - xy[before]
        tip = xy[end] + way / max(float(np.hypot(*way)), SNAP_M) * _REACH_M
        xy = np.concatenate([[tip], xy]) if end == 0 else np.concatenate([xy, [tip]])
    return shapely.LineString(xy)


def _compare(
    outside: Any, lot: Any, shapes: NDArray[np.object_], stated: NDArray[np.float64], name: str, said: _Said
) -> None:
    """Compare stated distances with how far the lines are from the part of the boundary that is cut off."""
    rim = shapely.intersection(shapely.boundary(lot), shapely.buffer(outside, SNAP_M))
    along = shapely.points(shapely.get_coordinates(shapely.segmentize(rim, _EVERY_M)))
    for shape, metres in zip(shapes, stated, strict=True):
        if not metres > 0 or not len(along):
            continue
        drawn = float(np.quantile(shapely.distance(along, shape), _FAR))     # beside the line its ends come near
        if abs(drawn - metres) > _STATED_M:
            said.differing.append(f"{name} ({metres:g} m stated, {drawn:.1f} m drawn)")


def _told(kind: str, said: _Said, unused: NDArray[np.float64], document: str) -> list[str]:
    notes = []
    if (with_distance := sorted({f"{metres:g}" for metres in unused[unused > 0].tolist()})):
        notes.append(f"{document}: {kind} lines that cross no lot state {some(with_distance)} m, which counts from "
                     f'them through a rule: write one with from_line = ["{kind}"]')
    if said.uncut:
        notes.append(f"{document}: {kind} lines end within {some(said.uncut)} and cut nothing off, so they are not "
                     "checked: draw them to the boundary")
    if said.unclear:
        notes.append(f"{document}: the larger part is taken for the inner side of the {kind} lines on "
                     f"{some(said.unclear)}")
    if said.differing:
        notes.append(f"{document}: {kind} lines govern as they are drawn, which differs from the distance they state "
                     f"on {some(said.differing)}")
    return notes
