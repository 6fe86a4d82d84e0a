"""Eaves, ridge and parapet of a building, measured on its closed solid (domain A5)."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.geometry.mesh import Mesh, triangle_normals

FLAT_DEG: Final = 5.0
STEEP_DEG: Final = 80.0
"""Up to the first slope a roof drains and is flat; beyond the second a face is a wall."""

PITCHED_SHARE: Final = 0.10
"""Slopes that cover less than this share of the plan are dormers, sills and ramps, and make no pitched roof."""

PLANE_SHARE: Final = 0.10
"""A plane that holds this share of the slopes is a roof's; its triangles agree within ..."""

TILT: Final = 0.01
APART_M: Final = 0.1
"""... these, in the direction of their normals and in distance."""

STRAY_SHARE: Final = 0.02
"""This share of the slopes, from the bottom, is trim below the eaves."""

PLANT_SHARE: Final = 0.25
"""Parts higher than the main roof may cover this share of it (GB 55031-2022 §3.2.6)."""

BAND_M: Final = 1.0
PARAPET_M: Final = 2.5
"""What stands so near to the outline, and no higher than this above the roof, is its parapet."""


def heights(solid: Mesh, outline: Any) -> dict[str, float | None]:
    """Measure the roof of a filled solid whose plan is ``outline``.

    Returns
    -------
    dict
        ``top``, ``eave``, ``ridge``, ``flat`` and ``parapet`` in the heights of the mesh; None where there is none.
    """
    found: dict[str, float | None] = dict.fromkeys(("eave", "ridge", "flat", "parapet"))
    normals = triangle_normals(solid.corners)
    length = np.linalg.norm(normals, axis=1)
    lean = normals[:, 2] / np.maximum(length, np.finfo(float).tiny)
    plan = np.maximum(normals[:, 2], 0.0) / 2.0
    pitched = (lean < math.cos(math.radians(FLAT_DEG))) & (lean > math.cos(math.radians(STEEP_DEG)))
    if plan[pitched].sum() >= PITCHED_SHARE * plan.sum():
        found["eave"], found["ridge"] = _slopes(solid.corners[pitched], plan[pitched])
    flat = lean >= math.cos(math.radians(FLAT_DEG))
    if plan[flat].sum() >= (1.0 - PITCHED_SHARE) * plan.sum() or found["eave"] is None:
        found["flat"], found["parapet"] = _flats(solid.corners[flat], plan[flat], outline)
    return {"top": float(solid.bounds[1, 2]), **found}


def _slopes(corners: NDArray[np.float64], plan: NDArray[np.float64]) -> tuple[float, float]:
    """Find the lowest and highest edge of the slopes, ramps and sills left out; of a curved roof all but its foot."""
    normals = triangle_normals(corners)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    offset = np.einsum("ij,ij->i", normals, corners[:, 0])
    planes = np.round(np.column_stack([normals / TILT, offset / APART_M]))
    _, group = np.unique(planes, axis=0, return_inverse=True)
    share = np.bincount(group.ravel(), weights=plan)[group.ravel()] / plan.sum()
    z = corners[:, :, 2]
    if (share >= PLANE_SHARE).any():
        z, plan = z[share >= PLANE_SHARE], plan[share >= PLANE_SHARE]
        return float(z.min()), float(z.max())
    low = z.min(1)
    order = np.argsort(low)
    below = np.cumsum(plan[order]) <= STRAY_SHARE * plan.sum()
    kept = order[~below]
    return float(low[kept].min()), float(z[kept].max())


def _flats(corners: NDArray[np.float64], plan: NDArray[np.float64], outline: Any) -> tuple[float | None, float | None]:
    """Find the main flat roof by the quarter rule, and the top of the parapet round it."""
    if not len(corners):
        return None, None
    z = corners[:, :, 2].mean(1)
    order = np.argsort(-z, kind="stable")
    over = np.cumsum(plan[order])
    main = float(z[order][np.searchsorted(over, PLANT_SHARE * over[-1], side="right").clip(max=len(z) - 1)])
    middle = corners[:, :, :2].mean(1)
    rim = shapely.distance(shapely.points(middle), outline.boundary) <= BAND_M
    raised = rim & (z > main + 1e-3) & (z <= main + PARAPET_M)
    return main, float(z[raised].max()) if raised.any() else None
