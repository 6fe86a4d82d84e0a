"""Lines that buildings may not cross (Baugrenze, Baulinie): the ground of each lot outside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from zonebox.model import Authority, BuildTo, Control, ControlLine, Kind, Parcel
from zonebox.tolerance import AREA_M2
from zonebox_converters.zoning.applying import some
from zonebox_converters.zoning.xplan import LINES

_AREA: Final = LINES["BP_UeberbaubareGrundstuecksFlaeche"]
_EDGES: Final = (LINES["BP_BauGrenze"], LINES["BP_BauLinie"])
_FACADE_M: Final = 1.0
"""Least length of facade on a Baulinie, and of a Baulinie on a lot."""
_ON_LINE_M: Final = 0.1
"""How far a facade may stand from a Baulinie and be on it; more is for the authority to permit."""
_NEAR_M: Final = 0.5
"""A line that comes within this distance of a lot may be one of its limits."""


def build_limits(
    lines: Sequence[ControlLine], parcels: Sequence[Parcel], authority: Authority | None, *, document: str
) -> tuple[list[Control], list[str]]:
    """Keep buildings off the ground that lies outside the lines that say where they may stand.

    Areas that may be built on are taken as they are; lines count where they close to areas. A Baulinie must also be
    built to (BauNVO § 23 (2)): some facade must stand on it; how much of it is for the Bauweise to say.

    Returns
    -------
    controls, notes
        One ``no_build`` control for each lot with such an area, and one ``build_to`` for each lot with a Baulinie;
        lots whose lines do not close.
    """
    drawn = [line for line in lines if line.kind in _EDGES]
    areas = [line.shape for line in lines if line.kind == _AREA and line.shape.area > 0]
    if not drawn and not areas:
        return [], []
    noded = shapely.unary_union([line.shape for line in drawn]) if drawn else shapely.MultiLineString()
    inside = np.array([*areas, *shapely.get_parts(shapely.polygonize([noded]))], dtype=object)
    shapes = np.array([parcel.shape for parcel in parcels], dtype=object)
    ruled_by = authority or Authority(doc=document, status="unconfirmed", clause="Baugrenze")
    controls = []
    if len(inside):
        lot, area = shapely.STRtree(inside).query(shapes, predicate="intersects")
        for row in np.unique(lot):
            allowed = shapely.union_all(inside[area[lot == row]])
            if shapely.intersection(allowed, shapes[row]).area <= AREA_M2:
                continue
            outside = shapely.difference(shapes[row], allowed)
            if outside.area > AREA_M2:
                number = parcels[row].id
                controls.append(Control(id=f"{number}/baugrenze", parcel=number, kind=Kind.NO_BUILD, zone=outside,
                                        authority=ruled_by, source=f"{document}#{number}/Baugrenze"))
    notes = []
    done = {control.parcel for control in controls}
    touched = shapely.STRtree(shapes).query(noded, predicate="dwithin", distance=_NEAR_M) if drawn else np.empty(0, int)
    loose = [parcels[row].id for row in np.unique(touched).tolist() if parcels[row].id not in done]
    if loose:
        notes.append(f"{document}: the Baugrenze on {some(loose)} closes to no area and is not checked: write a rule "
                     "with from_line for it")
    built = _build_to([line.shape for line in drawn if line.kind == _EDGES[1]], shapes, parcels, authority, document)
    if built:
        notes.append(f"{document}: at least {_FACADE_M:g} m of facade must stand on the Baulinie on "
                     f"{some([c.parcel for c in built])}; write a build_to rule where the Bauweise asks for more")
    return [*controls, *built], notes


def _build_to(
    lines: Sequence[BaseGeometry], shapes: NDArray[np.object_], parcels: Sequence[Parcel], authority: Authority | None,
    document: str,
) -> list[Control]:
    """Ask for a facade on each lot's part of the lines that must be built to."""
    if not lines:
        return []
    ruled_by = authority or Authority(doc=document, status="unconfirmed", clause="Baulinie")
    line, made = shapely.union_all(lines), []
    for row in np.sort(shapely.STRtree(shapes).query(line, predicate="dwithin", distance=_NEAR_M)).tolist():
        part = shapely.intersection(line, shapely.buffer(shapes[row], _NEAR_M))
        if part.length < _FACADE_M or not parcels[row].buildable:      # the next lot's, which ends at this one
            continue
        number = parcels[row].id
        made.append(Control(id=f"{number}/baulinie", parcel=number, kind=Kind.BUILD_TO, line=part,
                            limit=round(min(_FACADE_M / part.length, 1.0), 6), demand=BuildTo(tol_m=_ON_LINE_M),
                            authority=ruled_by, source=f"{document}#{number}/Baulinie"))
    return made
