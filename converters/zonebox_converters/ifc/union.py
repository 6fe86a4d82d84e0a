"""Unite closed shells into one solid, fill what it encloses, and cut it storey by storey. Runs in a child process.

The solid kernel can crash on open meshes: every shell passes `zonebox.geometry.mesh.is_closed` first.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.errors import GeometryError
from zonebox.geometry.mesh import Mesh, area_m2, components, is_closed, volume_m3, welded
from zonebox.geometry.solids import mesh_of, prism, solid_of
from zonebox.geometry.solids import united as join
from zonebox_converters.ifc import roof, slabs

Arrays = Mapping[str, NDArray[Any]]

BRIDGE_M: Final = 0.6
"""Gaps in a storey's ring of walls up to twice this wide (a missing door) do not let the outside in."""

WINDOW_M: Final = 6.0
REVEAL_M: Final = 0.6
"""A recess of the outline up to so wide and so deep is the reveal of a window or door, and belongs to the wall."""

SNAP_M: Final = 1e-3
"""Outlines that come this near touch."""

FIN_M: Final = 0.3
"""What is thinner than this and stands out from a storey is a fin or a railing, not floor."""

SLIVER_M2: Final = 1e-3
"""Less is what rounding leaves between two outlines that are the same."""

LAYER_M: Final = 0.5
MOST_LAYERS: Final = 120
"""Rooms that are not airtight are filled in layers of about this height, and never in more than so many."""

INSET_M: Final = 0.02
"""The filling ends this far inside the walls' outer faces, which stay exactly as modelled."""

AIRTIGHT: Final = 0.95
"""A solid that holds at least this share of what its outlines enclose is airtight: the rest is reveals, and ceilings
that a cut one metre up does not see."""

COVERED: Final = 0.5
"""A hole in a storey's outline belongs to the storey where at least this share of it has building above: a courtyard
stays open."""


def tried(arrays: Arrays, rows: Sequence[int]) -> None:
    """Unite some of the shapes, only to see whether the kernel survives it."""
    shells, rooms, _ = _closed_shells(arrays, rows)
    _united(_bodies([*shells, *itertools.chain.from_iterable(rooms.values())]))


def united(arrays: Arrays, *, sections_z: Sequence[float], slabs_z: Sequence[float],
           without: Sequence[int] = ()) -> tuple[dict[str, Any], Arrays]:
    """Unite placed shapes into one closed solid.

    Parameters
    ----------
    arrays : mapping
        As in `zonebox_converters.ifc.kernel.Shapes`, placements relative to a near origin, and ``space`` (n,) bool:
        rooms fill the solid, and do not count as elements.
    sections_z : sequence of float
        Heights at which to measure the outline.
    slabs_z : sequence of float
        Heights between which to measure the volume, ascending.
    without : sequence of int
        Rows to leave out: they count as open.

    Returns
    -------
    fields : dict
        ``elements``, ``closed``, ``open_share`` (of the surface), ``filled_m3`` (rooms and cavities), ``outlines_m2``
        per section, ``slabs_m3`` per slab, ``outdoor`` (rows of spaces with nothing above them), ``roof`` (heights).
    arrays : mapping
        ``vertices`` and ``triangles`` of the solid; none where nothing was closed.
    """
    shells, rooms, facts = _closed_shells(arrays, range(len(arrays["geometry"])), without)
    bodies = _bodies(shells)
    indoor, facts["outdoor"] = _indoor(rooms, bodies)
    solid = _united(bodies)
    if indoor and solid is not None:
        solid = join([solid, *indoor])  # rooms come last: together with the walls, fewer of them end up airtight
    solid, filled = _filled(solid)
    above = {} if solid is None else _above(solid, sections_z)
    facts["outlines_m2"] = [None if solid is None else _outline_m2(solid, z, above[z]) for z in sections_z]
    facts["slabs_m3"] = _slabs_m3(solid, slabs_z)
    if solid is not None and held_share(slabs_z, facts["outlines_m2"], facts["slabs_m3"]) < AIRTIGHT:
        solid, layered = _with_rooms(solid)
        solid, sealed = _filled(solid)
        filled += layered + sealed
        facts["slabs_m3"] = _slabs_m3(solid, slabs_z)
    facts["filled_m3"] = filled
    if solid is None:
        return facts, {"vertices": np.zeros((0, 3)), "triangles": np.zeros((0, 3), dtype=np.int32)}
    mesh = mesh_of(solid)
    facts["roof"] = roof.heights(mesh, _polygons(solid.project()))
    return facts, {"vertices": mesh.vertices, "triangles": mesh.triangles}


def held_share(floors: Sequence[float], outlines: Sequence[float | None], slabs: Sequence[float | None]) -> float:
    """Share of what the storeys' outlines enclose that the solid holds; 0 where neither is known."""
    rows = [(area * (high - low), slab)
            for (low, high), area, slab in zip(itertools.pairwise(floors), outlines[:-1], slabs, strict=True)
            if area and slab is not None]
    enclosed = sum(row[0] for row in rows)
    return sum(row[1] for row in rows) / enclosed if enclosed > 0 else 0.0


def _slabs_m3(solid: Any, slabs_z: Sequence[float]) -> list[float | None]:
    """Volume of a solid between neighbouring heights."""
    if solid is None:
        return [None] * max(0, len(slabs_z) - 1)
    return list(slabs.volumes_m3(mesh_of(solid), slabs_z))


def _closed_shells(arrays: Arrays, rows: Iterable[int],
                   without: Sequence[int] = ()) -> tuple[list[Mesh], dict[int, list[Mesh]], dict[str, Any]]:
    """Place the closed shells of elements and, by row, of spaces, facing outward; say how much was left out."""
    cache: dict[int, tuple[list[Mesh], float, float]] = {}
    shells: list[Mesh] = []
    rooms: dict[int, list[Mesh]] = {}
    elements = closed = 0
    kept_area = open_area = 0.0
    gone = frozenset(without)
    for row in rows:
        geometry, matrix = int(arrays["geometry"][row]), arrays["matrix"][row]
        if geometry not in cache:
            v, t = (slice(*arrays[f"{name}_start"][geometry:geometry + 2]) for name in ("vertex", "triangle"))
            cache[geometry] = _split(Mesh(vertices=arrays["vertices"][v], triangles=arrays["triangles"][t]))
        parts, kept, lost = cache[geometry] if row not in gone else ([], 0.0, sum(cache[geometry][1:]))
        turn, shift = matrix[:3, :3], matrix[:3, 3]
        mirrored = np.linalg.det(turn) < 0
        placed = [Mesh(vertices=part.vertices @ turn.T + shift,
                       triangles=part.triangles[:, ::-1] if mirrored else part.triangles) for part in parts]
        if arrays["space"][row]:
            rooms[row] = placed
        else:
            shells += placed
            elements += 1
            closed += lost <= 0.0 < kept
            kept_area += kept
            open_area += lost
    share = open_area / (kept_area + open_area) if kept_area + open_area > 0 else 1.0
    return shells, rooms, {"elements": elements, "closed": int(closed), "open_share": share}


def _split(mesh: Mesh) -> tuple[list[Mesh], float, float]:
    """Take the closed parts of a geometry, turned outward; surface kept and surface left out (m²)."""
    parts: list[Mesh] = []
    kept = lost = 0.0
    labels = components(mesh)
    for label in range(int(labels.max(initial=-1)) + 1):
        part = mesh.part(labels == label)
        surface = area_m2(part)
        sealed = welded(part)
        if not is_closed(sealed.triangles, len(sealed.vertices)):
            lost += surface
            continue
        kept += surface
        volume = volume_m3(sealed)
        if abs(volume) < tolerance.VOLUME_M3:
            continue
        parts.append(Mesh(vertices=sealed.vertices, triangles=sealed.triangles[:, ::-1]) if volume < 0 else sealed)
    return parts, kept, lost


def _bodies(shells: Iterable[Mesh]) -> list[Any]:
    """Solids of the shells that the kernel takes."""
    good = []
    for shell in shells:
        try:
            good.append(solid_of(shell))
        except GeometryError:
            continue
    return good


def _united(bodies: Sequence[Any]) -> Any:
    """Union in one go, which the kernel orders by itself; None where nothing is left."""
    whole = join(bodies)
    return None if whole.is_empty() else whole


def _indoor(rooms: Mapping[int, Sequence[Mesh]], bodies: Sequence[Any]) -> tuple[list[Any], list[int]]:
    """Solids of the rooms that have building above them, and the rows of those that have none: roofs, gardens."""
    made = {row: room for row, shells in rooms.items() if (room := _united(_bodies(shells))) is not None}
    if not made or not bodies:
        return [], []
    middle = {row: round(float(mesh_of(room).bounds[:, 2].mean()), 2) for row, room in made.items()}
    above = _covers(bodies, middle.values())
    indoor: list[Any] = []
    outdoor: list[int] = []
    for row, room in made.items():
        footprint = _polygons(room.project())
        if footprint.intersection(above[middle[row]]).area >= COVERED * footprint.area:
            indoor.append(room)
        else:
            outdoor.append(row)
    return indoor, outdoor


def _covers(bodies: Sequence[Any], heights: Iterable[float]) -> dict[float, Any]:
    """Plan shape of what bodies have above each height, found body by body, so that they need not be united."""
    waiting = sorted(((body.bounding_box()[2], body.bounding_box()[5], body) for body in bodies),
                     key=lambda row: row[0])
    covers: dict[float, Any] = {}
    over = _polygons(_merged([]))
    for height in sorted(set(heights), reverse=True):
        higher: list[Any] = []
        while waiting and waiting[-1][0] >= height:
            higher.append(waiting.pop()[2].project())
        over = over.union(_polygons(_merged(higher)))
        cut = [body.trim_by_plane((0, 0, 1), height).project() for _, top, body in waiting if top > height]
        covers[height] = over.union(_polygons(_merged(cut)))
    return covers


def _merged(sections: Sequence[Any]) -> Any:
    """Union of cross-sections."""
    from manifold3d import CrossSection, OpType

    return CrossSection.batch_boolean(list(sections), OpType.Add) if sections else CrossSection()


def _above(solid: Any, heights: Iterable[float]) -> dict[float, Any]:
    """Plan shape of what a solid has above each height."""
    ordered = sorted(set(heights))
    layers = list(_layers(solid, ordered))
    covers: dict[float, Any] = {}
    over = layers[-1]
    for height, layer in zip(reversed(ordered), reversed(layers[:-1]), strict=True):
        covers[height] = over
        over = over.union(layer)
    return covers


def _layers(solid: Any, heights: Sequence[float]) -> Iterator[Any]:
    """Plan shapes of a solid between heights, from low to high; halving keeps the cut bodies small."""
    if not heights:
        yield _polygons(solid.project())
        return
    middle = len(heights) // 2
    upper, lower = solid.split_by_plane((0, 0, 1), heights[middle])
    yield from _layers(lower, heights[:middle])
    yield from _layers(upper, heights[middle + 1:])


def _filled(solid: Any) -> tuple[Any, float]:
    """Drop the inner shells of enclosed voids, then whatever stood inside them; returns the volume filled (m³)."""
    if solid is None or solid.is_empty():
        return None, 0.0
    mesh = mesh_of(solid)
    labels = components(mesh)
    volumes = np.bincount(labels, weights=_signed_m3(mesh))
    if volumes.min() > tolerance.VOLUME_M3:                     # no voids: nothing stands in another
        return solid, 0.0
    outer, low, high = volumes > tolerance.VOLUME_M3, *_boxes(mesh, labels, len(volumes))
    inside = np.zeros(len(volumes), dtype=np.bool_)
    for void in np.flatnonzero(~outer):
        held = (low >= low[void] - tolerance.SNAP_M) & (high <= high[void] + tolerance.SNAP_M)
        inside |= held.all(axis=1)
    apart = mesh.part((outer & ~inside)[labels])                # these neither meet nor hold one another
    whole = _united(_bodies([*([apart] if len(apart) else []),
                             *(mesh.part(labels == label) for label in np.flatnonzero(outer & inside))]))
    if whole is None:
        return None, 0.0
    return whole, max(0.0, float(whole.volume() - solid.volume()))


def _signed_m3(mesh: Mesh) -> NDArray[np.float64]:
    """Volume between each triangle and the middle of the mesh (m,); the sum over a closed shell is its volume."""
    corners = mesh.vertices[mesh.triangles] - mesh.bounds.mean(axis=0)
    return np.asarray(np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2]))) / 6.0


def _boxes(mesh: Mesh, labels: NDArray[Any], count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lowest and highest corners (count, 3) of the parts of a mesh."""
    corners = mesh.vertices[mesh.triangles]
    low, high = np.full((count, 3), np.inf), np.full((count, 3), -np.inf)
    np.minimum.at(low, labels, corners.min(axis=1))
    np.maximum.at(high, labels, corners.max(axis=1))
    return low, high


def _with_rooms(solid: Any) -> tuple[Any, float]:
    """Fill rooms whose walls leave gaps, layer by layer; returns the solid and the volume filled (m³).

    Between two cuts the solid gets the part that both cuts enclose, so nothing is added outside the walls; a layer of
    `LAYER_M` is the most by which a ceiling can be missed.
    """
    low, high = mesh_of(solid).bounds[:, 2]
    layers = min(MOST_LAYERS, max(2, round((high - low) / LAYER_M)))
    heights = low + (np.arange(layers) + 0.37) * (high - low) / layers  # off the faces of slabs
    above: Any = None
    upper: Any = None
    fill = []
    for height, top in reversed(list(zip(heights, [*heights[1:], high], strict=True))):
        between = solid.trim_by_plane((0, 0, 1), height).trim_by_plane((0, 0, -1), -top)
        over = _polygons(between.project())
        above = over if above is None else above.union(over)
        enclosed = _enclosed(_polygons(solid.slice(height)), above)
        if upper is not None:
            both = enclosed.intersection(upper).buffer(-INSET_M, join_style="mitre")
            fill.append(prism(_surfaces(both), height, top))
        upper = enclosed
    whole = join([solid, *(piece for piece in fill if not piece.is_empty())])
    return whole, max(0.0, float(whole.volume() - solid.volume()))


def _outline_m2(solid: Any, z: float, above: Any) -> float | None:
    """Measure a storey's outline: the cut at ``z`` with the rooms between its walls and the reveals of its windows."""
    cut = _polygons(solid.slice(z))
    if cut.is_empty:
        return None
    cut = _without_fins(_enclosed(cut, above, (SNAP_M, BRIDGE_M / 4.0, BRIDGE_M)))
    closed = cut.buffer(WINDOW_M / 2, join_style="mitre").buffer(-WINDOW_M / 2, join_style="mitre")
    reveals = [piece for piece in _surfaces(closed.difference(cut)).geoms if piece.buffer(-REVEAL_M / 2).is_empty]
    return float(cut.area + sum(piece.area for piece in reveals))


def _without_fins(cut: Any) -> Any:
    """Leave out what stands before a wall and is too thin to be a room: fins, pilasters, railings.

    They count as no floor area (GB/T 50353-2013, 3.0.27). Between fins the facade would pass for a row of window
    reveals. Walls that enclose nothing are left as they are.
    """
    import shapely

    pieces = shapely.get_parts(cut)                             # an overlay of all at once takes ever so much longer
    core = shapely.buffer(shapely.buffer(pieces, -FIN_M / 2, join_style="mitre"), FIN_M / 2, join_style="mitre")
    kept = shapely.intersection(core, pieces)
    if shapely.area(kept).sum() <= cut.area / 2:
        return cut
    less = shapely.area(pieces) - shapely.area(kept) > SLIVER_M2    # of the others nothing but rounding would come
    thin = shapely.get_parts(shapely.difference(pieces[less], kept[less]))
    thin = thin[(shapely.get_dimensions(thin) == 2) & (shapely.area(thin) > SLIVER_M2)]
    parts = shapely.get_parts(kept)
    near, part = shapely.STRtree(parts).query(shapely.buffer(thin, SNAP_M), predicate="intersects")
    held = []
    for row, piece in enumerate(thin):                          # a thin wall touches what it joins in two places
        met = shapely.intersection(piece.buffer(SNAP_M), parts[part[near == row]])
        if len(shapely.get_parts(met)) > 1:
            held.append(piece)
    return shapely.union_all([*parts, *held])


def _enclosed(cut: Any, above: Any, bridges_m: Sequence[float] = (BRIDGE_M,)) -> Any:
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


def _surfaces(shape: Any) -> Any:
    """Keep the polygons of a geometry and drop the lines and points that overlays leave behind."""
    import shapely

    return shapely.MultiPolygon([p for p in shapely.get_parts(shape) if p.geom_type == "Polygon" and not p.is_empty])


def _polygons(section: Any) -> Any:
    """Turn a cross-section into a shapely geometry."""
    import shapely

    parts = []
    for piece in section.decompose():
        rings = [shapely.make_valid(shapely.Polygon(np.asarray(r))) for r in piece.to_polygons() if len(r) >= 3]
        rings.sort(key=lambda ring: ring.area, reverse=True)
        if rings:
            parts.append(rings[0].difference(shapely.union_all(rings[1:])))
    return shapely.union_all(parts)
