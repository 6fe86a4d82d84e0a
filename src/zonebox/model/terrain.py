"""The ground as a triangulated irregular network (TIN) with a stated error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from shapely.geometry import LineString, MultiPolygon, Polygon

from zonebox.frame import Entry
from zonebox.geometry.mesh import Mesh
from zonebox.geometry.tin import TinIndex, tin_index


@dataclass(frozen=True, slots=True, kw_only=True)
class Pad:
    """Ground made level for a design: its level, metres, and area, and the earth that is moved, m³.

    ``cut_m3`` and ``fill_m3`` bring the site to its level, slopes included; ``excavation_m3`` is dug below that level
    within the walls. ``parcel`` is the one whose ground is graded, "" where the design stands on none.
    """

    design: str
    parcel: str = ""
    level_m: float
    area_m2: float
    cut_m3: float
    fill_m3: float
    excavation_m3: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Terrain:
    """Bare ground.

    Parameters
    ----------
    mesh : Mesh
        Upward-facing triangles in the frame, no overlaps in plan.
    source : str
        Files it was made from.
    max_error_m, rms_error_m : float
        Largest and root-mean-square vertical distance of the ground points to the TIN, measured.
    ground_points : int
        How many points it was made from.
    notes : tuple of str
        What was dropped, filled or assumed.
    entries : tuple of (str, Entry)
        How each file came into the frame.
    """

    mesh: Mesh
    source: str
    max_error_m: float
    rms_error_m: float
    ground_points: int
    notes: tuple[str, ...] = ()
    entries: tuple[tuple[str, Entry], ...] = ()

    @property
    def index(self) -> TinIndex:
        """Lookup structure; made on each access, so keep it for repeated use."""
        return tin_index(self.mesh)

    def height_at(self, xy: ArrayLike) -> NDArray[np.float64]:
        """Ground elevation under points (n, 2); NaN outside the terrain."""
        return self.index.height_at(np.asarray(xy, dtype=np.float64).reshape(-1, 2))

    def slope_at(self, xy: ArrayLike) -> NDArray[np.float64]:
        """Steepness of the ground under points (n, 2), metres of rise per metre; NaN outside the terrain."""
        return np.asarray(np.hypot(*self.index.slope_at(xy).T))

    def profile(self, line: LineString) -> NDArray[np.float64]:
        """Ground along a line (n, 2): distance from its start and elevation, metres; NaN outside the terrain."""
        return self.index.profile(line)

    def mean_over(self, shape: Polygon | MultiPolygon) -> float:
        """Mean elevation over a polygon, area-weighted on the TIN; NaN where less than half of it is covered."""
        return self.index.mean_over(shape)
