"""Water as what it is: level, and no higher than its shore."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.errors import FrameError, InputError
from zonebox.geometry.planview import Area, polygons
from zonebox.geometry.regrading import INSET_M, Terrace, terraced
from zonebox.geometry.tin import TinIndex, tin_index

if TYPE_CHECKING:
    from zonebox.frame import Entry, Frame
    from zonebox.model.terrain import Terrain

Points = NDArray[np.float64]

SHORE_STEP_M: Final = 1.0
"""The ground is asked this often along a shore, and on a grid of this step on the water."""

LOWEST: Final = 0.05
"""Quays, banks and boats stand above the water: its level is that of the lowest twentieth of what is seen there."""

SPREAD_M: Final = 0.5
"""Where the water points of one body differ by more than this in height, it runs downhill and is left as it is."""

CELL_M: Final = 2.5
"""One water point is kept in a cell of this side."""

REACH_M: Final = 5.0
"""Water points nearer to each other than this are of one body."""


def flattened(terrain: Terrain, bodies: Sequence[Area]) -> Terrain:
    """Lay bodies of water level into a terrain.

    The level is that of the lowest twentieth of the surface on the water and along its shore: a surface that bridges a
    canal from quay to quay is not its water. Outlines that the terrain does not reach are left
    out, with a note.
    """
    mesh, notes = terrain.mesh, list(terrain.notes)
    for number, body in enumerate(bodies):
        index = tin_index(mesh)
        edge = index.height_at(shapely.get_coordinates(shapely.segmentize(body.boundary, SHORE_STEP_M)))
        if np.isnan(edge).all():
            notes.append(f"water {number + 1}: the terrain does not reach it; it is not flattened")
            continue
        level = min(float(np.nanquantile(edge, LOWEST)), _low_on(body, index))
        mesh = terraced(mesh, [Terrace(shape=body, level_m=None),
                               Terrace(shape=body.buffer(-INSET_M), level_m=level)])
        notes.append(f"water {number + 1}: {body.area:,.0f} m² laid level at {level:.2f} m")
    return replace(terrain, mesh=mesh, notes=tuple(notes))


def levelled(points: Points) -> Points:
    """Bring the water points (n, 3) of each body to one height, its median; one that runs downhill is left alone.

    Examples
    --------
    >>> levelled(np.array([[0.0, 0, 1.0], [2, 0, 1.1], [4, 0, 1.3], [90, 0, 7.0]]))[:, 2].tolist()
    [1.1, 1.1, 1.1, 7.0]
    >>> levelled(np.zeros((0, 3))).shape
    (0, 3)
    """
    if not len(points):
        return points
    body = _bodies(points[:, :2])
    order = np.lexsort((points[:, 2], body))
    first = np.flatnonzero(np.diff(body[order], prepend=-1))
    count = np.diff(first, append=len(order))
    height = points[order, 2]
    median = (height[first + (count - 1) // 2] + height[first + count // 2]) / 2.0
    calm = height[first + (19 * count) // 20 - (count >= 20)] - height[first + count // 20] <= SPREAD_M
    made = points.copy()
    made[:, 2] = np.where(calm[body], median[body], points[:, 2])
    return made


def thinned(points: Points) -> Points:
    """Keep one water point (n, 3) per cell of `CELL_M`, that of median height: a level surface needs no more."""
    if not len(points):
        return points
    cell = np.floor(points[:, :2] / CELL_M).astype(np.int64)
    order = np.lexsort((points[:, 1], points[:, 0], points[:, 2], cell[:, 1], cell[:, 0]))
    first = np.flatnonzero((np.diff(cell[order], axis=0, prepend=cell[order[:1]] - 1) != 0).any(1))
    count = np.diff(first, append=len(order))
    return np.asarray(points[order[first + (count - 1) // 2]])


def remarks(points: Points, level: Points) -> list[str]:
    """Say what became of water points (n, 3)."""
    return [f"water, class 9: laid level on {len(level):,} points"] if len(points) else []


def read_outlines(source: str, layer: str, frame: Frame, crs: str | None = None) -> tuple[Area, ...]:
    """Read the polygons of a vector file into the frame, those that share a border as one.

    Raises
    ------
    InputError
        No such layer, or no polygon in it.
    FrameError
        The file names no CRS and none is given.
    """
    import pyogrio

    where = Path(source).name
    try:
        meta, _, shapes, _ = pyogrio.raw.read(source, layer=layer or None, columns=[])
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise InputError(where, got=f"no layer that can be read ({error})", want="polygons of water",
                         then="check terrain.water in the scene") from None
    reference = meta.get("crs") or crs
    found = shapely.force_2d(shapely.from_wkb(shapes))
    found = found[np.isin(shapely.get_type_id(found), (3, 6))]
    if not len(found):
        raise InputError(where, got="no polygon", want="polygons of water", then="check terrain.water in the scene")
    if reference is None:
        raise FrameError(where, got="no CRS", want="the reference of its coordinates",
                         then="write [terrain] crs, or add it to the file")
    placed = shapely.transform(found, lambda xy: frame.enter(xy, reference, where=where)[:, :2])
    return tuple(polygons(part) for part in shapely.get_parts(shapely.union_all(shapely.make_valid(placed))))


def outlines_entry(
    source: str, layer: str, frame: Frame, crs: str | None = None
) -> tuple[tuple[str, Entry], ...]:
    """Tell how the outlines of a vector file come into the frame; arguments as `read_outlines`, which goes before."""
    import pyogrio

    info = pyogrio.read_info(source, layer=layer or None, force_total_bounds=True)
    low_x, low_y, high_x, high_y = info["total_bounds"]
    name = Path(source).name
    middle = ((low_x + high_x) / 2.0, (low_y + high_y) / 2.0)
    return ((name, frame.entry(info["crs"] or crs or "", middle, where=name)),)


def _low_on(body: Area, surface: TinIndex) -> float:
    """Low height of a surface over a grid on a body of water; infinite where no point of the grid is on both."""
    x0, y0, x1, y1 = body.bounds
    step = max(SHORE_STEP_M, float(np.sqrt((x1 - x0) * (y1 - y0) / 1e5)))
    x, y = (k.ravel() for k in np.meshgrid(np.arange(x0 + step / 2, x1, step), np.arange(y0 + step / 2, y1, step)))
    inside = shapely.contains_xy(body, x, y)
    heights = surface.height_at(np.column_stack([x[inside], y[inside]]))
    return float(np.nanquantile(heights, LOWEST)) if np.isfinite(heights).any() else float("inf")


def _bodies(xy: Points) -> NDArray[np.int64]:
    """Give each water point (n, 2) the number of its body: cells of a grid that touch, also at a corner."""
    from scipy.ndimage import label

    cell = np.floor((xy - xy.min(0)) / REACH_M).astype(np.int64)
    wet = np.zeros(tuple(cell.max(0) + 1), dtype=np.bool_)
    wet[cell[:, 0], cell[:, 1]] = True
    number, _ = label(wet, structure=np.ones((3, 3)))
    return np.asarray(number[cell[:, 0], cell[:, 1]], dtype=np.int64) - 1
