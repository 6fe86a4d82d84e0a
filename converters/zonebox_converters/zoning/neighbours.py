"""Neighbouring lots that overlap, or leave a gap that belongs to nobody (domain C9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.tolerance import PLAN_M, SNAP_M
from zonebox_converters.zoning.edge_table import EdgeTable
from zonebox_converters.zoning.matching import doubtful_pairs

Shapes = NDArray[np.object_]
Ints = NDArray[np.intp]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

GAP_M: Final = 0.5
"""A strip between two lots narrower than this is a drawing error; a wider one may be a path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatches:
    """What neighbours have to say: sentences by row, and one for the layer about what survey noise explains."""

    by_row: dict[int, list[str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def mismatches(shapes: Shapes, names: Sequence[str], *, where: str, table: EdgeTable | None = None) -> Mismatches:
    """Find overlaps and narrow gaps between lots; nothing is moved, because nobody can tell whose line is right.

    Parameters
    ----------
    shapes : (n,) object
        Valid polygons, metres.
    names : sequence of str
        Parcel numbers.
    where : str
        Name of the layer.
    table : EdgeTable or None
        Their edges, where they are known already.

    Notes
    -----
    Lots that fit corner by corner are never measured, and others only where GEOS coverage validation finds an edge
    that no neighbour matches. Pairs come from a spatial index: time grows with the number of lots.

    Examples
    --------
    >>> lots = np.array([shapely.box(0, 0, 20, 30), shapely.box(19.5, 0, 40, 30), shapely.box(40.25, 0, 60, 30)])
    >>> mismatches(lots, ["A", "B", "C"], where="lots").by_row[1]
    ['overlaps A by 15.00 m² (0.50 m wide on average)', 'a gap of 7.50 m² to C (0.25 m wide on average)']
    """
    rows, others = doubtful_pairs(shapes, GAP_M, table=table)
    if not len(rows):
        return Mismatches()
    rows, others, loose = _suspects(shapes, rows, others)
    area, width = _measured(shapely.intersection(shapes[rows], shapes[others]))
    overlap = area > SNAP_M
    width[~overlap] = _widest(loose, shapes, rows[~overlap], others[~overlap])
    open_ = np.flatnonzero(~overlap & (width > PLAN_M))
    area[open_], width[open_] = _measured(_strips(shapes[rows[open_]], shapes[others[open_]]))
    by_row: dict[int, list[str]] = {}
    for k in np.flatnonzero((area > SNAP_M) & (width > PLAN_M)).tolist():
        size = f"{area[k]:.2f} m² {{}}({width[k]:.2f} m wide on average)"
        for row, neighbour in ((rows[k], names[others[k]]), (others[k], names[rows[k]])):
            said = f"overlaps {neighbour} by {size.format('')}" if overlap[k] else \
                f"a gap of {size.format(f'to {neighbour} ')}"
            by_row.setdefault(int(row), []).append(said)
    return Mismatches(by_row=by_row, notes=_noise(width, rows, others, names, where))


def _suspects(shapes: Shapes, rows: Ints, others: Ints) -> tuple[Ints, Ints, Shapes]:
    """Keep the pairs whose lots both have edges that no neighbour matches; also those edges (n,) of every lot.

    A lot that lies inside another, away from its edges, has none that validation speaks of: such pairs stay as well.
    """
    doubtful = np.union1d(rows, others)
    low, high = np.split(shapely.bounds(shapes[doubtful]), 2, axis=1)
    around = np.unique(shapely.STRtree(shapes).query(shapely.box(*(low - GAP_M).T, *(high + GAP_M).T))[1])
    loose = np.full(len(shapes), shapely.MultiLineString(), dtype=object)
    loose[around] = shapely.coverage_invalid_edges(shapes[around], gap_width=GAP_M)
    both = ~shapely.is_empty(loose[rows]) & ~shapely.is_empty(loose[others])
    both |= _one_inside(shapes, rows, others, ~both)
    return rows[both], others[both], loose


def _one_inside(shapes: Shapes, rows: Ints, others: Ints, asked: Mask) -> Mask:
    """Tell in which of the pairs asked for one lot lies inside the other."""
    low, high = np.split(shapely.bounds(shapes), 2, axis=1)
    found = np.zeros(len(rows), dtype=bool)
    for outer, inner in ((rows, others), (others, rows)):
        nested = asked & (low[outer] <= low[inner]).all(axis=1) & (high[outer] >= high[inner]).all(axis=1)
        found[nested] |= shapely.covers(shapes[outer[nested]], shapes[inner[nested]])
    return found


def _noise(width: Floats, rows: Ints, others: Ints, names: Sequence[str], where: str) -> tuple[str, ...]:
    """Say once how many neighbours are off by less than the survey can tell, and which are off most."""
    slight = np.flatnonzero((width > SNAP_M) & (width <= PLAN_M))
    if not len(slight):
        return ()
    worst = slight[np.argmax(width[slight])]
    pairs = "1 pair of neighbours does" if len(slight) == 1 else f"{len(slight)} pairs of neighbours do"
    said = (f"{where}: {pairs} not share one boundary, by at most {PLAN_M:g} m "
            f"({names[rows[worst]]} and {names[others[worst]]}: {width[worst]:.3f} m)")
    return (said,)


def _widest(loose: Shapes, shapes: Shapes, rows: Ints, others: Ints) -> Floats:
    """Largest distance (n,) of the unmatched corners of each pair from the other lot, of those nearer than `GAP_M`."""
    widest = np.zeros(len(rows))
    for mine, theirs in ((rows, others), (others, rows)):
        corners, pair = shapely.get_coordinates(loose[mine], return_index=True)
        far = shapely.distance(shapely.points(corners), shapes[theirs[pair]])
        near = far < GAP_M
        np.maximum.at(widest, pair[near], far[near])
    return widest


def _strips(one: Shapes, other: Shapes) -> Shapes:
    """Find strips narrower than `GAP_M` between lots that do not overlap: what closing a pair adds and touches both."""
    both = shapely.union(one, other)
    grown = shapely.buffer(both, GAP_M / 2, join_style="mitre", mitre_limit=2.0)
    closed = shapely.buffer(grown, -GAP_M / 2, join_style="mitre", mitre_limit=2.0)
    pieces, pair = shapely.get_parts(shapely.difference(closed, both), return_index=True)
    kept = (shapely.distance(pieces, one[pair]) < SNAP_M) & (shapely.distance(pieces, other[pair]) < SNAP_M)
    pieces, pair = pieces[kept], pair[kept]
    order = np.argsort(-shapely.area(pieces), kind="stable")    # the largest piece of each pair speaks for it
    found = np.full(len(one), shapely.Polygon(), dtype=object)
    found[pair[order[::-1]]] = pieces[order[::-1]]
    return found


def _measured(shapes: Shapes) -> tuple[Floats, Floats]:
    """Area and mean width of slender shapes: the width of the rectangle with their area and perimeter."""
    area, half = np.asarray(shapely.area(shapes)), np.asarray(shapely.length(shapes)) / 2.0
    width = (half - np.sqrt(np.maximum(half**2 - 4.0 * area, 0.0))) / 2.0
    return area, np.where(area > 0, width, 0.0)
