"""Outlines of a building on cuts through it: walls with the rooms between them, without what stands before them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

BRIDGE_M: Final = 0.6
"""Gaps in a storey's ring of walls up to twice this wide (a missing door) do not let the outside in."""

WINDOW_M: Final = 6.0
REVEAL_M: Final = 0.6
"""A recess of the outline up to so wide and so deep is the reveal of a window or door, and belongs to the wall."""

SNAP_M: Final = 1e-3
"""Outlines that come this near touch."""

FIN_M: Final = 0.3
"""What is thinner than this and stands out from a storey is a fin or a railing, not floor."""

GRID_M: Final = 1e-6
"""Overlays that fail on shapes which rounding has bent are made again on this grid."""

SLIVER_M2: Final = 1e-3
"""Less is what rounding leaves between two outlines that are the same."""

COVERED: Final = 0.5
"""A hole in a storey's outline belongs to the storey where at least this share of it has building above: a courtyard
stays open."""


def outline_m2(solid: Any, z: float, above: Any) -> float | None:
    """Measure a storey's outline: the cut at ``z`` with the rooms between its walls and the reveals of its windows.

    Where walls hold far less than what lies over them, openings as wide as windows do not let the outside in either.
    """
    cut = polygons(solid.slice(z))
    if cut.is_empty:
        return None
    within = enclosed(cut, above, (SNAP_M, BRIDGE_M / 4.0, BRIDGE_M))
    if within.area < COVERED * above.intersection(cut.convex_hull).area:    # windows were not drawn, or not as solids
        within = enclosed(within, above, (WINDOW_M / 4.0, WINDOW_M / 2.0))
    cut = _without_fins(within)
    closed = cut.buffer(WINDOW_M / 2, join_style="mitre").buffer(-WINDOW_M / 2, join_style="mitre")
    reveals = [piece for piece in surfaces(closed.difference(cut)).geoms if piece.buffer(-REVEAL_M / 2).is_empty]
    return float(cut.area + sum(piece.area for piece in reveals))


def _without_fins(cut: Any) -> Any:
    """Leave out what stands before a wall and is too thin to be a room: fins, pilasters, railings.

    They count as no floor area (GB/T 50353-2013, 3.0.27). Between fins the facade would pass for a row of window
    reveals. Walls that enclose nothing are left as they are.
    """
    import shapely

    pieces = shapely.get_parts(cut)                             # an overlay of all at once takes ever so much longer
    core = shapely.buffer(shapely.buffer(pieces, -FIN_M / 2, join_style="mitre"), FIN_M / 2, join_style="mitre")
    kept = _overlaid(shapely.intersection, core, pieces)
    if shapely.area(kept).sum() <= cut.area / 2:
        return cut
    less = shapely.area(pieces) - shapely.area(kept) > SLIVER_M2    # of the others nothing but rounding would come
    thin = shapely.get_parts(_overlaid(shapely.difference, pieces[less], kept[less]))
    thin = thin[(shapely.get_dimensions(thin) == 2) & (shapely.area(thin) > SLIVER_M2)]
    parts = shapely.get_parts(kept)
    near, part = shapely.STRtree(parts).query(shapely.buffer(thin, SNAP_M), predicate="intersects")
    held = []
    for row, piece in enumerate(thin):                          # a thin wall touches what it joins in two places
        met = shapely.intersection(piece.buffer(SNAP_M), parts[part[near == row]])
        if len(shapely.get_parts(met)) > 1:
            held.append(piece)
    return shapely.union_all([*parts, *held])


def _overlaid(overlay: Callable[..., Any], one: Any, other: Any) -> Any:
    """Overlay arrays of shapes; where that fails, their surfaces, made valid, on a grid."""
    import shapely

    try:
        return overlay(one, other)
    except shapely.errors.GEOSException:
        sound = [np.array([surfaces(shape) for shape in shapely.make_valid(shapes)]) for shapes in (one, other)]
        return overlay(*sound, grid_size=GRID_M)


def enclosed(cut: Any, above: Any, bridges_m: Sequence[float] = (BRIDGE_M,)) -> Any:
    """Add the rooms to a cut through walls: its holes, small gaps bridged, that have building above them.

    Wide bridges fill narrow rooms; where the plan is what counts, narrow ones are tried as well.
    """
    import shapely

    holes = []
    for width in bridges_m:
        bridged = cut.buffer(width, join_style="mitre").buffer(-width, join_style="mitre")
        holes += [shapely.Polygon(ring) for part in shapely.get_parts(bridged) for ring in part.interiors]
    inside = [hole for hole in holes if hole.intersection(above).area >= COVERED * hole.area]
    return shapely.union_all([cut, *inside]) if inside else cut


def surfaces(shape: Any) -> Any:
    """Keep the polygons of a geometry and drop the lines and points that overlays leave behind."""
    import shapely

    return shapely.MultiPolygon([p for p in shapely.get_parts(shape) if p.geom_type == "Polygon" and not p.is_empty])


def merged(sections: Sequence[Any]) -> Any:
    """Union of cross-sections."""
    from manifold3d import CrossSection, OpType

    return CrossSection.batch_boolean(list(sections), OpType.Add) if sections else CrossSection()


def polygons(section: Any) -> Any:
    """Turn a cross-section into a shapely geometry."""
    import shapely

    pieces = [[np.asarray(ring) for ring in piece.to_polygons() if len(ring) >= 3] for piece in section.decompose()]
    pieces = [piece for piece in pieces if piece]
    rings = [ring for piece in pieces for ring in piece]
    if not rings:
        return shapely.MultiPolygon()
    lines = shapely.linearrings(np.concatenate(rings), indices=np.repeat(np.arange(len(rings)), [*map(len, rings)]))
    surfaces = shapely.make_valid(shapely.polygons(lines))
    parts, at = [], 0
    for piece in pieces:
        own = surfaces[at:at + len(piece)]
        at += len(piece)
        if len(own) > 1:                                        # the largest is the rim, the others are its holes
            own = own[np.argsort(-shapely.area(own), kind="stable")]
            own = [own[0].difference(shapely.union_all(own[1:]))]
        parts += list(own)
    return shapely.union_all(parts)
