"""Lots as drawn -> lots that geometry can rely on, each change told (domain C9)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.errors import InputError
from zonebox.tolerance import AREA_M2, AREA_RATIO, SHORT_EDGE_M, SNAP_M
from zonebox_converters.zoning.edge_table import EdgeTable, edge_table

Shapes = NDArray[np.object_]

_REVERSAL_DEG: Final = 170.0
"""A turn beyond this goes back on itself: the tip of a spike, if the way back is nearer than a short edge."""
_ABOUT: Final = 1.0 + 1e-9
"""Lengths that differ by less are equal to GEOS and numpy alike."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cleaned:
    """Valid polygons (n,), shells counter-clockwise, and what was changed: row -> sentences.

    ``table`` has their edges; ``outlines`` says which way round the shells were drawn, where any had to be turned;
    edges are numbered counter-clockwise.
    """

    shapes: Shapes
    table: EdgeTable
    notes: dict[int, list[str]]
    outlines: str = ""


def clean(
    shapes: Shapes, *, names: list[str], world: Callable[[Any], NDArray[np.float64]], where: str
) -> Cleaned:
    """Clean lots in the frame.

    Duplicate vertices, edges shorter than `SHORT_EDGE_M` and spikes go; rings that cross themselves are repaired where
    that leaves the area as it was, and refused where it does not: nobody can tell which lot was meant. Parts of a
    multipart lot stay together, holes stay.

    Parameters
    ----------
    shapes : (n,) object
        Polygons and multipolygons, metres.
    names : list of str
        How messages call each lot.
    world : callable
        Frame points (n, 2) -> scene coordinates, for places in messages.
    where : str
        Name of the layer.

    Raises
    ------
    InputError
        A lot without area, or one that crosses itself beyond repair, with the place of the crossing.
    """
    notes: dict[int, list[str]] = defaultdict(list)
    tidy, table = np.array(shapes, dtype=object), edge_table(shapes)
    outlines = _outlines(table)
    short = np.unique(table.parcel[table.length <= SHORT_EDGE_M * _ABOUT])      # few have any: GEOS sees only those
    tidy[short] = _thinned_out(tidy[short], short, notes)
    spiky = _with_spikes(table, short)
    if short.size:
        spiky = np.union1d(spiky, short[_with_spikes(edge_table(tidy[short]))])
    _remove_spikes(tidy, spiky, notes)
    _refuse_flat(tidy, names, where)
    broken = np.flatnonzero(~shapely.is_valid(tidy))
    for row in broken:
        tidy[row], said = _repaired(tidy[row], f"{where}#{names[row]}", world)
        notes[int(row)].append(said)
    redrawn, turned = np.unique(np.concatenate([short, spiky, broken])), _misturned(table)
    changed = np.union1d(redrawn, table.parcel[table.first[:-1]][turned])
    tidy[changed] = shapely.orient_polygons(tidy[changed])
    if redrawn.size:
        table = edge_table(tidy)
    elif turned.any():
        table = table.turned(turned)
    return Cleaned(shapes=tidy, table=table, notes=dict(notes), outlines=outlines)


def _refuse_flat(shapes: Shapes, names: list[str], where: str) -> None:
    """Refuse lots without area; one that crosses itself may have none and still span some."""
    suspects = np.flatnonzero(~(shapely.area(shapes) > SNAP_M))
    hull = shapely.area(shapely.convex_hull(shapes[suspects]))
    if (flat := suspects[~(hull > SNAP_M)]).size:
        raise InputError(f"{where}#{names[int(flat[0])]}", got="a parcel without area", want="a closed polygon",
                         then="redraw it or take it out of the layer")


def _misturned(table: EdgeTable) -> NDArray[np.bool_]:
    """Tell which rings (r,) are clockwise shells or counter-clockwise holes."""
    return np.asarray((table.ring_area > 0) == table.hole[table.first[:-1]])


def _outlines(table: EdgeTable) -> str:
    """Say how many shells are drawn clockwise: all of a shapefile's are, a few among others are an oddity."""
    lots = int(table.parcel[-1]) + 1
    shells = table.ring[np.searchsorted(table.parcel, np.arange(lots))]
    clockwise = table.ring_area[shells] < 0
    if not clockwise.any():
        return ""
    many = "all" if clockwise.all() else f"{int(clockwise.sum())} of {lots}"
    return f"{many} drawn clockwise, turned; edges are numbered counter-clockwise"


def polygons_only(shapes: Shapes) -> tuple[Shapes, NDArray[np.bool_]]:
    """Take the polygons out of geometry collections; tell which features have any.

    >>> made, kept = polygons_only(np.array([shapely.box(0, 0, 1, 1), shapely.Point(0, 0), None]))
    >>> kept.tolist()
    [True, False, False]
    """
    kinds = shapely.get_type_id(shapes)
    made = np.array(shapes, dtype=object)
    for row in np.flatnonzero(kinds == shapely.GeometryType.GEOMETRYCOLLECTION):
        made[row] = _polygonal(shapes[row])
    kinds = shapely.get_type_id(made)
    polygonal = (kinds == shapely.GeometryType.POLYGON) | (kinds == shapely.GeometryType.MULTIPOLYGON)
    return made, polygonal & ~shapely.is_empty(made)


def _thinned_out(shapes: Shapes, rows: NDArray[np.intp], notes: dict[int, list[str]]) -> Shapes:
    """Take duplicate vertices and short edges out of lots, which stand in these rows; tell how many went."""
    single = _thinned(shapes, SNAP_M)
    tidy = _without_short_edges(single)
    counts = [shapely.get_num_coordinates(step) for step in (shapes, single, tidy)]
    for removed, text, words in (
        (counts[0] - counts[1], "{} duplicate {} removed", ("vertex", "vertices")),
        (counts[1] - counts[2], f"{{}} {{}} shorter than {SHORT_EDGE_M:g} m removed", ("edge", "edges")),
    ):
        for k in np.flatnonzero(removed > 0):
            number = int(removed[k])
            notes[int(rows[k])].append(text.format(number, words[number > 1]))
    return tidy


def _thinned(shapes: Shapes, distance_m: float) -> Shapes:
    """Drop vertices nearer than a distance to the one before; a lot of which a ring would vanish stays as it is."""
    try:
        return np.asarray(shapely.remove_repeated_points(shapes, distance_m))
    except shapely.errors.GEOSException:                    # says not which: "Invalid number of points in LinearRing"
        if len(shapes) == 1:
            return shapes
        half = len(shapes) // 2
        return np.concatenate([_thinned(shapes[:half], distance_m), _thinned(shapes[half:], distance_m)])


def _without_short_edges(shapes: Shapes) -> Shapes:
    """Drop vertices nearer than a short edge to the one before, where the lot stays a lot."""
    shorter = _thinned(shapes, SHORT_EDGE_M)
    lost = shapely.is_empty(shorter) | (shapely.area(shorter) < 0.5 * shapely.area(shapes))
    return np.where(lost, shapes, shorter)


def _with_spikes(table: EdgeTable, left_out: NDArray[np.intp] | None = None) -> NDArray[np.intp]:
    """Rows of the lots that have a spike, but for some."""
    rows = np.unique(table.parcel[_spike_tips(table)])
    return rows if left_out is None else np.setdiff1d(rows, left_out)


def _remove_spikes(shapes: Shapes, rows: NDArray[np.intp], notes: dict[int, list[str]]) -> None:
    """Cut the spikes off lots in place: vertices where the boundary turns back along itself."""
    for row in rows:
        was, count = shapes[row], 0
        while (found := _spike_tips(edge_table(shapes[row:row + 1]))).any():
            cut = _without_tips(shapes[row], found)
            if cut.is_empty:
                break
            shapes[row], count = cut, count + int(found.sum())
        if count:
            lost = abs(was.area - shapes[row].area)
            notes[int(row)].append(f"{count} {'spike' if count == 1 else 'spikes'} cut off ({lost:.2f} m²)")


def _spike_tips(table: EdgeTable) -> NDArray[np.bool_]:
    """Edges (n,) whose end is the tip of a spike: a reversal whose shorter side lies along the longer one."""
    turn = np.radians(table.turn_deg)
    gap = np.minimum(table.length, table.length[table.after]) * np.abs(np.sin(turn))
    return np.asarray((np.abs(np.degrees(turn)) > _REVERSAL_DEG) & (gap < SHORT_EDGE_M))


def _without_tips(shape: Any, tips: NDArray[np.bool_]) -> Any:
    """Drop the end vertex of each marked edge from a polygon or multipolygon."""
    at, parts = 0, []
    for part in getattr(shape, "geoms", [shape]):
        rings = []
        for ring in (part.exterior, *part.interiors):
            xy = np.asarray(ring.coords)[:, :2]
            n = len(xy) - 1
            kept = xy[:-1][~np.roll(tips[at:at + n], 1)]
            at += n
            rings.append(kept if len(kept) >= 3 else None)
        if rings[0] is not None:
            parts.append(shapely.Polygon(rings[0], [hole for hole in rings[1:] if hole is not None]))
    joined = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
    return shapely.remove_repeated_points(joined, SHORT_EDGE_M)


def _repaired(shape: Any, where: str, world: Callable[[Any], NDArray[np.float64]]) -> tuple[Any, str]:
    """Make one invalid lot valid, or refuse it."""
    reason = str(shapely.is_valid_reason(shape))
    at = re.search(r"\[(\S+) (\S+)\]", reason)
    east, north = world([[float(at[1]), float(at[2])]])[0] if at else (np.nan, np.nan)
    place = f"E {east:.2f} N {north:.2f}"
    made = _polygonal(_remade(shape))
    parts = sorted(shapely.get_parts(made), key=lambda part: -part.area)
    total = sum(part.area for part in parts)
    tolerance = max(AREA_M2, AREA_RATIO * total)
    kept = [part for part in parts if part.area > tolerance]
    wanted = len(shapely.get_parts(shape))
    if not kept or len(kept) > wanted:
        sizes = ", ".join(f"{part.area:.1f}" for part in parts[:4])
        raise InputError(where, got=f"a boundary that crosses itself at {place} (pieces of {sizes} m²)",
                         want="a ring that does not cross itself", then="redraw the parcel there")
    result = kept[0] if len(kept) == 1 else shapely.MultiPolygon(kept)
    lost = total - result.area
    word = "crossed itself" if "elf-inter" in reason else "was not a valid polygon"
    word = "a hole met the outline" if _rings_in_order(shape) else word
    return result, f"{word} at {place}: repaired, {lost:.2f} m² left out"


def _remade(shape: Any) -> Any:
    """Make a shape valid; where each ring is in order by itself, its shell less its holes."""
    rings = shapely.get_rings(shape)
    if _rings_in_order(shape):
        return shapely.difference(shapely.polygons(rings[0]), shapely.union_all(shapely.polygons(rings[1:])))
    return shapely.make_valid(shape)


def _rings_in_order(shape: Any) -> bool:
    """Whether every ring of a polygon with holes is a valid outline by itself."""
    rings = shapely.get_rings(shape)
    return bool(shape.geom_type == "Polygon" and len(rings) > 1 and shapely.is_valid(shapely.polygons(rings)).all())


def _polygonal(shape: Any) -> Any:
    """Polygons of any geometry, as one polygon or multipolygon."""
    parts = [part for part in shapely.get_parts(shape).tolist() if shapely.area(part) > 0]
    flat = [piece for part in parts for piece in shapely.get_parts(part).tolist() if piece.geom_type == "Polygon"]
    return flat[0] if len(flat) == 1 else shapely.MultiPolygon(flat)
