"""The map that is printed on the ground: height tints, roads, water, uses of the parcels, and soft cast shadows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.model import Building, Scene
from zonebox.viewer import palette
from zonebox.viewer.ground import Box, Ground

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

PIXELS: Final = 2048
"""Longer side of the map at most."""

OVERSAMPLE: Final = 2
"""Drawn this much larger and reduced, which smooths the edges."""

TINT_CELLS: Final = 160
"""Heights are tinted from a grid of about this many cells a side."""

ROAD_WIDTH_M: Final = 7.0
"""Drawn width of a road that is only a line of unstated width."""

SUN: Final = (-0.62, -0.50, 0.80)
"""Direction to the light (x, y, z): south-west, so that shadows fall behind the buildings of the overview."""

LOWEST_SUN: Final = 0.02
"""Sine of the altitude below which shadows are endless and none is drawn."""

SHADOW: Final = 0.26
PENUMBRA_M: Final = 0.5
SHADOW_TRIANGLES: Final = 30_000
"""A body of more triangles throws the shadow of its bounding prism."""


Toward = tuple[float, float, float]


def ground_map(
    scene: Scene, ground: Ground, *, pixels: int = PIXELS, sun: Toward = SUN, by_height: bool = False,
) -> NDArray[np.uint8]:
    """Draw the map over ``ground.box``: (h, w, 3) with ``pixels`` on its longer side, first row in the north.

    ``sun`` is the direction to the light; where it stands below the horizon nothing throws a shadow. ``by_height``
    colours the ground by its height, and parcels keep no fill.
    """
    from PIL import ImageDraw

    sheet = _Sheet(ground.box, pixels)
    image = _tinted(ground, sheet.size, palette.HEIGHTS if by_height else (palette.GROUND_LOW, palette.GROUND_HIGH))
    draw = ImageDraw.Draw(image)
    if by_height:
        return np.asarray(_shadowed(image.reduce(OVERSAMPLE), scene, ground, sheet, sun), dtype=np.uint8)
    sheet.fill_each(draw, [parcel.shape for parcel in scene.plan.parcels],
                    [palette.land_use(parcel.land_use, parcel.land_use_name) for parcel in scene.plan.parcels])
    widths = {e.road: e.road_width_m for p in scene.plan.parcels for e in p.edges if e.road and e.road_width_m}
    for road in scene.plan.roads:
        shape = road.shape
        if shape.geom_type in {"LineString", "MultiLineString"}:
            shape = shape.buffer((widths.get(road.name) or ROAD_WIDTH_M) / 2, cap_style="flat")
        sheet.fill(draw, shape, palette.WATER if _is_water(road.kind) else palette.ROAD)
    for line in scene.plan.lines:
        if _is_water(line.kind):
            sheet.fill(draw, line.shape, palette.WATER)
    return np.asarray(_shadowed(image.reduce(OVERSAMPLE), scene, ground, sheet, sun), dtype=np.uint8)


class _Sheet:
    """Metres to pixels of the map."""

    def __init__(self, box: Box, pixels: int) -> None:
        self.box = box
        wide, tall = box[2] - box[0], box[3] - box[1]
        self.scale = pixels * OVERSAMPLE / max(wide, tall)
        self.size = (self._even(wide), self._even(tall))

    def _even(self, length: float) -> int:
        return OVERSAMPLE * max(1, round(length * self.scale / OVERSAMPLE))

    def pixels(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pixels (n, 2) from the upper left of points (n, 2)."""
        return np.column_stack([(xy[:, 0] - self.box[0]) * self.scale, (self.box[3] - xy[:, 1]) * self.scale])

    def fill(self, draw: ImageDraw, shape: shapely.Geometry, color: palette.Rgb | int) -> None:
        """Fill the polygons of a geometry; holes are left as they were."""
        self.fill_each(draw, [shape], [color])

    def fill_each(
        self, draw: ImageDraw, shapes: Sequence[shapely.Geometry], colors: Sequence[palette.Rgb | int]
    ) -> None:
        """Fill the polygons of many geometries, each in its colour."""
        from shapely import constrained_delaunay_triangles

        shown = shapely.intersection(shapely.force_2d(np.array(shapes, dtype=object)),
                                     shapely.box(*self.box).buffer(5.0))
        parts, owner = shapely.get_parts(shown, return_index=True)
        for part, number in zip(parts, owner, strict=True):
            color = colors[number]
            if part.geom_type != "Polygon" or part.is_empty:
                continue
            pieces = [part] if not part.interiors else shapely.get_parts(constrained_delaunay_triangles(part))
            for piece in pieces:
                xy = self.pixels(shapely.get_coordinates(shapely.get_exterior_ring(piece)))
                draw.polygon(xy.ravel().tolist(), fill=color)


def height_range(ground: Ground) -> tuple[float, float]:
    """Lowest and highest elevation that the tints tell apart; a hundredth at either end is left out."""
    x0, y0, x1, y1 = ground.box
    x, y = np.meshgrid(np.linspace(x0, x1, TINT_CELLS), np.linspace(y1, y0, TINT_CELLS))
    z = ground.height_at(np.column_stack([x.ravel(), y.ravel()]))
    low, high = (float(v) for v in np.percentile(z, [1, 99]))
    return low, high


def _tinted(ground: Ground, size: tuple[int, int], tones: Sequence[palette.Rgb]) -> Image:
    """Paint the heights, low to high."""
    from PIL import Image

    step = max(size) / TINT_CELLS
    columns, rows = (max(2, round(length / step)) for length in size)
    x0, y0, x1, y1 = ground.box
    x, y = np.meshgrid(np.linspace(x0, x1, columns), np.linspace(y1, y0, rows))
    z = ground.height_at(np.column_stack([x.ravel(), y.ravel()])).reshape(rows, columns)
    low, high = np.percentile(z, [1, 99])
    share = np.clip((z - low) / max(high - low, 1.0), 0.0, 1.0)
    table, stops = np.array(tones, dtype=np.float64), np.linspace(0.0, 1.0, len(tones))
    tint = np.stack([np.interp(share, stops, table[:, channel]) for channel in range(3)], axis=-1)
    small = Image.fromarray(np.round(tint).astype(np.uint8))
    smooth = small.resize((size[0] // OVERSAMPLE, size[1] // OVERSAMPLE), Image.Resampling.BICUBIC)
    return smooth.resize(size, Image.Resampling.NEAREST)                # tints have no edges that want the larger size


def _shadowed(image: Image, scene: Scene, ground: Ground, sheet: _Sheet, sun: Toward) -> Image:
    """Darken the map where the light does not reach; only the ground receives shadows."""
    from PIL import Image, ImageDraw, ImageFilter

    if sun[2] <= LOWEST_SUN:
        return image
    mask = Image.new("L", sheet.size, 0)
    draw = ImageDraw.Draw(mask)
    for building in (*scene.designs, *scene.context):
        for triangle in _shadow(building, ground, sheet, sun):
            draw.polygon(triangle, fill=255)
    soft = mask.reduce(OVERSAMPLE).filter(ImageFilter.GaussianBlur(PENUMBRA_M * sheet.scale / OVERSAMPLE))
    dark = Image.new("RGB", image.size, (52, 62, 84))
    return Image.composite(Image.blend(image, dark, SHADOW), image, soft)


def _shadow(
    building: Building, ground: Ground, sheet: _Sheet, sun: Toward
) -> Iterable[list[float]]:
    """Triangles (x, y, x, y, x, y) in pixels of a building's shadow on the level of the ground at its middle."""
    mesh = building.solid if building.solid is not None and len(building.solid) else building.mesh
    if not len(mesh):
        return []
    low, high = mesh.bounds
    x0, y0, x1, y1 = ground.box
    if high[0] < x0 or high[1] < y0 or low[0] > x1 or low[1] > y1:
        return []
    corners = mesh.corners
    if len(corners) > SHADOW_TRIANGLES:
        hull = shapely.convex_hull(shapely.multipoints(mesh.vertices[:, :2]))
        ring = shapely.get_coordinates(hull)
        foot, head = (np.column_stack([ring, np.full(len(ring), z)]) for z in (low[2], high[2]))
        corners = np.concatenate([np.stack(half, 1) for half in ((foot[:-1], foot[1:], head[1:]),
                                                                 (foot[:-1], head[1:], head[:-1]))])
    base = float(ground.height_at(((low + high) / 2)[None, :2])[0])
    corners = corners[(corners[:, :, 2] > base - 0.5).any(1)]
    above = np.maximum(corners[..., 2:] - base, 0.0)
    flat = corners[..., :2] - above * np.array(sun[:2]) / sun[2]
    return list(sheet.pixels(flat.reshape(-1, 2)).reshape(-1, 6).tolist())


def _is_water(kind: str) -> bool:
    return any(word in kind.lower() for word in ("water", "river", "blue", "水", "河", "蓝"))
