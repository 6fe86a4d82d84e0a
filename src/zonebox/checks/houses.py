"""Buildings as spacing sees them: in layers, each with the walls that reach so high (domain A8, D6).

A tower that stands back on its podium shades from where it stands, not from the podium's edge, and its own lowest
windows look out over the podium's roof. So each building is cut at every height at which something of it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.checks.gates import BASE_M
from zonebox.checks.subject import Shape

LEVELS_MOST: Final = 40
"""More heights than this are thinned out; what then lies between two of them counts with the upper one, strictly."""

LEVEL_M: Final = 0.05
THIN_M: Final = 0.10
"""Heights are told apart to the first; a layer thinner than the second is a slab's edge or a sill, and no layer."""

NEAR_M: Final = 0.05
"""A slope is cut this near to the ends of its layer."""

SAME_M2: Final = 1.0
SAME_SHARE: Final = 0.02
"""Outlines whose areas differ by less than either are the same."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layer:
    """Walls of a building that reach up to ``top_m`` or higher; their lowest windows stand over ``base_m``."""

    outline: Shape
    base_m: float
    top_m: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class House:
    """A building: its outline near the ground, the ground it stands on, its top, and its layers, lowest first."""

    id: str
    outline: Shape
    ground_m: float
    top_m: float
    layers: tuple[Layer, ...] = ()

    @property
    def height_m(self) -> float:
        """Height over its own ground."""
        return self.top_m - self.ground_m

    @property
    def tiers(self) -> tuple[Layer, ...]:
        """Its layers; where they are not known, one over the outline up to the top, which is on the strict side."""
        return self.layers or (Layer(outline=self.outline, base_m=self.ground_m, top_m=self.top_m),)

    @property
    def whole(self) -> Shape:
        """Outline of all its walls."""
        return self.tiers[0].outline

    def moved(self, dx: float, dy: float) -> House:
        """Return the building shifted in plan."""
        def shift(shape: Shape) -> Shape:
            return shapely.transform(shape, lambda xy: xy + np.array([dx, dy]))

        return replace(self, outline=shift(self.outline), layers=tuple(
            replace(layer, outline=shift(layer.outline)) for layer in self.layers))


def layers_of(
    heights: NDArray[np.float64], ground_m: float, outline_at: Callable[[float], Shape | None], outline: Shape
) -> tuple[Layer, ...]:
    """Cut a building into layers.

    Parameters
    ----------
    heights : (n,) float64
        Elevations of its corners.
    ground_m : float
        Elevation of its ground.
    outline_at : callable
        Its section at an elevation; None where it cannot be told.
    outline : polygon
        Its outline near the ground, which the lowest layer holds in any case.

    Returns
    -------
    tuple of Layer
        Lowest first, each with the walls of all that lie above it; empty where a section cannot be told.
    """
    levels, thinned = _levels(heights, ground_m)
    found: list[tuple[float, float, Shape]] = []
    for low, high in pairwise(levels):
        section = _section(outline_at, low, high, strict=thinned)
        if section is None:
            return ()
        found.append((low, high, section))
    layers: list[Layer] = []
    reaching: Shape = shapely.Polygon()
    for low, high, section in reversed(found):
        wider = shapely.union(reaching, section if low > ground_m + BASE_M else shapely.union(section, outline))
        if layers and _same(wider.area, reaching.area):
            layers[-1] = replace(layers[-1], base_m=low)
        elif not wider.is_empty:
            layers.append(Layer(outline=wider, base_m=low, top_m=high))
        reaching = wider
    return tuple(reversed(layers))


def _levels(heights: NDArray[np.float64], ground_m: float) -> tuple[list[float], bool]:
    """Heights at which something ends, from the ground up, and whether some were left out."""
    top = float(heights.max())
    rounded = np.unique(np.round(heights / LEVEL_M) * LEVEL_M)
    inner = [ground_m]
    for level in rounded[(rounded > ground_m + THIN_M) & (rounded < top - THIN_M)].tolist():
        if level - inner[-1] > THIN_M:
            inner.append(level)
    if len(inner) < LEVELS_MOST:
        return [*inner, top], False
    picked = np.unique(np.linspace(0, len(inner) - 1, LEVELS_MOST).round().astype(np.int64))
    return [*(inner[k] for k in picked), top], True


def _section(outline_at: Callable[[float], Shape | None], low: float, high: float, *, strict: bool) -> Shape | None:
    """Walls between two heights: upright ones where they are cut half-way, slopes at their upper end."""
    near = min(NEAR_M, (high - low) / 4.0)
    cuts = [outline_at(z) for z in (low + near, (low + high) / 2.0, high - near)]
    lower, middle, upper = cuts
    if lower is None or middle is None or upper is None:
        return None
    if strict:
        return shapely.union_all([lower, middle, upper])
    if _same(lower.area, middle.area) or _same(middle.area, upper.area):
        return middle                                   # upright; at most a slab sticks out at one end
    return upper


def _same(one: float, other: float) -> bool:
    return abs(one - other) < max(SAME_M2, SAME_SHARE * max(one, other))
