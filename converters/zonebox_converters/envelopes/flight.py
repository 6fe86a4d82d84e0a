"""The surfaces of an aerodrome over one lot (domain B13)."""

from __future__ import annotations

import numpy as np
from shapely.geometry import MultiPolygon, Polygon

from zonebox.geometry import aerodrome
from zonebox.geometry.lifted import HigherOf, LiftedGround, around
from zonebox.geometry.mesh import Mesh
from zonebox.geometry.overhang import Overhang, level
from zonebox.model import ObstacleSurfaces
from zonebox_converters.envelopes.grounds import Grounds

OUTER: str = "outer horizontal"


def aerodrome_ceilings(
    surface: ObstacleSurfaces, shape: Polygon | MultiPolygon, terrain: Mesh | None, grounds: Grounds
) -> list[Overhang | HigherOf]:
    """Surfaces of a runway that lie over a lot.

    The outer horizontal surface counts from the ground under each point where there is terrain, else from the design
    ground.
    """
    found: list[Overhang | HigherOf] = []
    if surface.basin is not None:
        basin = surface.basin
        approach = basin.approach
        found += aerodrome.obstacle_surfaces(
            thresholds=surface.thresholds, aerodrome_m=surface.aerodrome_m,
            inner_height_m=basin.inner_horizontal_height_m, inner_radius_m=basin.inner_horizontal_radius_m,
            conical_slope=basin.conical_slope, conical_height_m=basin.conical_height_m,
            transitional_slope=basin.transitional_slope, strip_half_width_m=basin.strip_half_width_m,
            approach=(approach.from_threshold_m, approach.inner_width_m, approach.divergence, approach.sections))
    if surface.take_off is not None:
        climb = surface.take_off
        found += aerodrome.take_off_climb(
            surface.thresholds, from_end_m=climb.from_end_m, inner_width_m=climb.inner_width_m,
            divergence=climb.divergence, final_width_m=climb.final_width_m, length_m=climb.length_m, slope=climb.slope)
    if surface.outer is not None and (disc := aerodrome.within(surface.thresholds, surface.outer.radius_m)).intersects(
            shape):
        height, above = surface.aerodrome_m + surface.outer.height_m, surface.outer.above_ground_m
        if terrain is not None:
            lifted = LiftedGround(ground=around(terrain, shape), lift_m=above)
            found.append(HigherOf(plane=level(disc, height), lifted=lifted, name=OUTER))
        elif grounds.design is not None:
            over = grounds.design + above
            found.append(Overhang(plan=disc, planes=np.array([[0.0, 0.0, height], [0.0, 0.0, over]]), name=OUTER))
    return found
