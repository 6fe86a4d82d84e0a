"""The map that is printed on the ground: height tints, roads, water, uses of the parcels, and soft cast shadows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.model import Scene
from zonebox.viewer import palette
from zonebox.viewer.ground import Box, Ground
from zonebox.viewer.shadows import LOWEST_SUN, Relief, Toward, mask

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

SHADOW: Final = 0.26
PENUMBRA_M: Final = 0.5


class GroundMap:
    """The map over ``ground.box``, drawn as often as sun, colours or designs change.

    What stays between two drawings is kept: the map without shadows, and the shadows of what stands there already.

    Parameters
    ----------
    ground : Ground
        What it is printed on.
    pixels : int
        Longer side.
    """

    def __init__(self, ground: Ground, pixels: int = PIXELS) -> None:
        self.ground, self.pixels = ground, pixels
        self._sheet = _Sheet(ground.box, pixels)
        self._relief: Relief | None = None
        self._printed: tuple[object, bool, Image] | None = None
        self._standing: tuple[object, Toward, NDArray[np.uint8]] | None = None

    def draw(self, scene: Scene, *, sun: Toward = SUN, by_height: bool = False) -> NDArray[np.uint8]:
        """Draw the map: (h, w, 3), first row in the north.

        ``sun`` is the direction to the light; where it stands below the horizon nothing throws a shadow. ``by_height``
        colours the ground by its height, and parcels keep no fill.
        """
        if self._printed is None or self._printed[0] is not scene.plan.parcels or self._printed[1] is not by_height:
            self._printed = (scene.plan.parcels, by_height, _printed(scene, self.ground, self._sheet, by_height))
        image = self._printed[2]
        if sun[2] <= LOWEST_SUN:
            return np.asarray(image, dtype=np.uint8)
        if self._relief is None:
            self._relief = Relief(self.ground)
        if self._standing is None or self._standing[0] is not scene.context or self._standing[1] != sun:
            self._standing = (scene.context, sun, mask(scene.context, self._relief, sun, image.size))
        dark = np.maximum(self._standing[2], mask(scene.designs, self._relief, sun, image.size))
        return _shaded(image, dark, PENUMBRA_M * self._sheet.scale / OVERSAMPLE)


def _printed(scene: Scene, ground: Ground, sheet: _Sheet, by_height: bool) -> Image:
    """Print the map without shadows."""
    from PIL import ImageDraw

    image = _tinted(ground, sheet.size, palette.HEIGHTS if by_height else (palette.GROUND_LOW, palette.GROUND_HIGH))
    if by_height:
        return image.reduce(OVERSAMPLE)
    draw = ImageDraw.Draw(image)
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
    return image.reduce(OVERSAMPLE)


def _shaded(image: Image, shadow: NDArray[np.uint8], penumbra_px: float) -> NDArray[np.uint8]:
    """Darken the map where the light does not reach; only the ground receives shadows."""
    from PIL import Image, ImageFilter

    soft = Image.fromarray(shadow).filter(ImageFilter.GaussianBlur(penumbra_px))
    dark = Image.blend(image, Image.new("RGB", image.size, (52, 62, 84)), SHADOW)
    return np.asarray(Image.composite(dark, image, soft), dtype=np.uint8)


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


def _is_water(kind: str) -> bool:
    return any(word in kind.lower() for word in ("water", "river", "blue", "水", "河", "蓝"))
