"""Unite closed shells into one solid, fill what it encloses, and cut it storey by storey. Runs in a child process.

The solid kernel can crash on open meshes: every shell passes `zonebox.geometry.mesh.is_closed` first.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.errors import GeometryError
from zonebox.geometry.mesh import Mesh, components
from zonebox.geometry.solids import mesh_of, prism, solid_of
from zonebox.geometry.solids import united as join
from zonebox_converters.ifc import roof, slabs
from zonebox_converters.ifc.closed import Closed, closed_parts
from zonebox_converters.ifc.coarser import coarser, count
from zonebox_converters.ifc.outline import COVERED, SLIVER_M2, enclosed, merged, outline_m2, polygons, surfaces

Arrays = Mapping[str, NDArray[Any]]

THREADS: Final = 2

LAYER_M: Final = 0.5
MOST_LAYERS: Final = 120
"""Rooms that are not airtight are filled in layers of about this height, and never in more than so many."""

INSET_M: Final = 0.02
"""The filling ends this far inside the walls' outer faces, which stay exactly as modelled."""

GRID_DIGITS: Final = 6
"""Placed parts lie on a grid of so many decimals of a metre: finer than any drawing, coarser than the rounding of
coordinates in feet and millimetres far from the origin."""

AIRTIGHT: Final = 0.95
"""A solid that holds at least this share of what its outlines enclose is airtight: the rest is reveals, and ceilings
that a cut one metre up does not see."""



MOST_TRIANGLES: Final = 1_500_000
"""Where more triangles than these are placed, the parts are simplified; where that does not help, nothing is united,
since it would take many minutes, and gigabytes."""


def tried(arrays: Arrays, rows: Sequence[int]) -> None:
    """Unite some of the shapes, only to see whether the kernel survives it."""
    bodies, rooms, _ = _placed(arrays, _simple_enough(arrays)[0], rows)
    _united([*bodies, *itertools.chain.from_iterable(rooms.values())])


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
        per section, ``slabs_m3`` per slab, ``outdoor`` (rows of spaces with nothing above them), ``roof`` (heights),
        ``bound_m`` (how far its parts may lie from where they are), ``triangles`` (of them, placed); where those are
        more than `MOST_TRIANGLES`, nothing else.
    arrays : mapping
        ``vertices`` and ``triangles`` of the solid; none where nothing was closed.
    """
    shapes, bound, triangles = _simple_enough(arrays)
    if triangles > MOST_TRIANGLES:
        return {"bound_m": bound, "triangles": triangles}, {}
    bodies, rooms, facts = _placed(arrays, shapes, range(len(arrays["geometry"])), without)
    facts |= {"bound_m": bound, "triangles": triangles}
    indoor, facts["outdoor"] = _indoor(rooms, bodies)
    solid = _united(bodies)
    if indoor and solid is not None:
        solid = join([solid, *indoor])  # rooms come last: together with the walls, fewer of them end up airtight
    solid, filled = _filled(solid)
    above = {} if solid is None else _above(solid, sections_z)
    with ThreadPoolExecutor(THREADS) as crew:                     # the geometry kernels let one another work
        facts["outlines_m2"] = list(crew.map(
            lambda z: None if solid is None else outline_m2(solid, z, above[z]), sections_z))
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
    facts["roof"] = roof.heights(mesh, polygons(solid.project()))
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


def _simple_enough(arrays: Arrays) -> tuple[Closed, float, int]:
    """Take the closed parts, simplified where too many are placed; return how far by, and the triangles placed."""
    shapes = closed_parts(arrays)
    times = np.bincount(arrays["geometry"], minlength=len(shapes.first) - 1)
    shapes, bound = coarser(shapes, times, MOST_TRIANGLES)
    scale = np.linalg.norm(arrays["matrix"][:, :3, :3], axis=1).max(initial=0.0)
    return shapes, bound * float(scale), count(shapes.parts, np.repeat(times, np.diff(shapes.first)))


def _placed(arrays: Arrays, shapes: Closed, rows: Iterable[int],
            without: Sequence[int] = ()) -> tuple[list[Any], dict[int, list[Any]], dict[str, Any]]:
    """Place the closed shells of elements and, by row, of spaces as solids; say how much was left out."""
    solids = [_solids(shapes.parts[first:end]) for first, end in itertools.pairwise(shapes.first.tolist())]
    bodies: list[Any] = []
    rooms: dict[int, list[Any]] = {}
    elements = closed = 0
    kept_area = open_area = 0.0
    gone = frozenset(without)
    for row in rows:
        geometry = int(arrays["geometry"][row])
        kept, lost = float(shapes.kept_m2[geometry]), float(shapes.lost_m2[geometry])
        if row in gone:
            kept, lost = 0.0, kept + lost
        placed = [] if row in gone else [moved(one, arrays["matrix"][row]) for one in solids[geometry]]
        if arrays["space"][row]:
            rooms[row] = placed
        else:
            bodies += placed
            elements += 1
            closed += lost <= 0.0 < kept
            kept_area += kept
            open_area += lost
    share = open_area / (kept_area + open_area) if kept_area + open_area > 0 else 1.0
    return bodies, rooms, {"elements": elements, "closed": int(closed), "open_share": share}


def moved(solid: Any, matrix: NDArray[np.float64]) -> Any:
    """Place a solid by a matrix (4, 4); one that mirrors is turned inside out and back by the kernel.

    Faces that touch get the same numbers: left apart by rounding alone they would not seal a room, and the kernel loses
    volume on cracks so thin.
    """
    return solid.transform(matrix[:3]).warp_batch(lambda points: np.round(points, GRID_DIGITS))


def _solids(shells: Iterable[Mesh]) -> list[Any]:
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


def _indoor(rooms: Mapping[int, Sequence[Any]], bodies: Sequence[Any]) -> tuple[list[Any], list[int]]:
    """Solids of the rooms that have building above them, and the rows of those that have none: roofs, gardens."""
    made = {row: room for row, parts in rooms.items() if (room := _united(parts)) is not None}
    if not made or not bodies:
        return [], []
    middle = {row: round(float(mesh_of(room).bounds[:, 2].mean()), 2) for row, room in made.items()}
    above = _covers(bodies, middle.values())
    indoor: list[Any] = []
    outdoor: list[int] = []
    for row, room in made.items():
        footprint = polygons(room.project())
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
    over = polygons(merged([]))
    for height in sorted(set(heights), reverse=True):
        higher: list[Any] = []
        while waiting and waiting[-1][0] >= height:
            higher.append(waiting.pop()[2].project())
        over = over.union(polygons(merged(higher)))
        cut = [body.trim_by_plane((0, 0, 1), height).project() for _, top, body in waiting if top > height]
        covers[height] = over.union(polygons(merged(cut)))
    return covers


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
        yield polygons(solid.project())
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
    whole = _united(_solids([*([apart] if len(apart) else []),
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
    rooms = False
    fill: list[tuple[Any, float, float]] = []
    overs = list(_layers(solid, heights.tolist()))[1:]          # what is below the first cut covers nothing
    for height, top, over in reversed(list(zip(heights, [*heights[1:], high], overs, strict=True))):
        above = over if above is None else above.union(over)
        cut = polygons(solid.slice(height))
        within = enclosed(cut, above)
        held, rooms = rooms, bool(within.area > cut.area + SLIVER_M2)
        if upper is not None and (held or rooms):               # else there is only what is solid already
            both = surfaces(within.intersection(upper).buffer(-INSET_M, join_style="mitre")).normalize()
            if fill and both.equals_exact(fill[-1][0], tolerance.WELD_M):   # straight walls: one prism for all
                fill[-1] = (both, height, fill[-1][2])
            else:
                fill.append((both, height, top))
        upper = within
    whole = join([solid, *(prism(*piece) for piece in fill if not piece[0].is_empty)])
    return whole, max(0.0, float(whole.volume() - solid.volume()))
