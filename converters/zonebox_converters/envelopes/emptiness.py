"""Why nothing is left: a valid answer that names the edges, the height and the width it would take (domain C3)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon

from zonebox import tolerance
from zonebox.geometry import solids
from zonebox.geometry.boundary import Boundary
from zonebox.model import CeilingConstraint, EdgeConstraint, Emptiness
from zonebox_converters.envelopes.resolve import Constraints


def explain(lot: Boundary, constraints: Constraints, *, ground: float, top: float) -> Emptiness:
    """Say why a lot with these constraints holds no envelope above ``ground``."""
    if top <= ground:
        cap = min(constraints.caps, key=lambda c: c.top_m)
        return Emptiness(
            reason=f"the ceiling at {cap.top_m:.2f} m lies {ground - top:.2f} m below the ground at {ground:.2f} m",
            controls=(cap.control,), from_m=ground,
        )
    tightest = _tightest_pair(lot, constraints.edges, ground)
    if tightest is None:
        return _together(lot, constraints, ground)
    first, second, width, needed = tightest
    return Emptiness(
        reason=f"edges {first.edge} and {second.edge} are {width:.2f} m apart and together require {needed:.2f} m",
        controls=tuple(dict.fromkeys((first.control, second.control))),
        edges=(first.edge, second.edge), from_m=ground, width_needed_m=needed,
    )


def _together(lot: Boundary, constraints: Constraints, ground: float) -> Emptiness:
    """Name the controls that leave nothing together, with the ground that ceilings take at the level of the ground."""
    edges = tuple(dict.fromkeys(rule.control for rule in constraints.edges))
    shape = _shape_of(lot)
    taken = {c.control: _low_ground(c, shape, ground) for c in constraints.ceilings if not c.to_study}
    low = {control: area for control, area in taken.items() if area > tolerance.SNAP_M}
    controls = (*low, *(name for name in edges if name not in low))
    if not low:
        return Emptiness(reason="the setbacks of all edges together leave nothing", controls=controls, from_m=ground)
    said = " and ".join(f"{control} {area:.0f} m²" for control, area in low.items())
    whole = max(low.values()) > shape.area * (1.0 - tolerance.RATIO)
    rest = "; the setbacks take the rest" if edges and not whole else ""
    return Emptiness(reason=f"nothing may stand on the ground: of {shape.area:.0f} m² {said}{rest}",
                     controls=controls, from_m=ground)


def _low_ground(ceiling: CeilingConstraint, shape: Polygon | MultiPolygon, ground: float) -> float:
    """Plan area (m²) over which ceilings lie at the ground or under it."""
    thin = [c.solid(shape, ground - 1.0, ground + 1.0) for c in ceiling.ceilings]
    lying = solids.united(s for s in thin if not s.is_empty()) ^ solids.prism(shape, ground - 1.0, ground + 1.0)
    return float(lying.slice(ground + tolerance.NOISE).area())


def _shape_of(lot: Boundary) -> Polygon | MultiPolygon:
    """Put a lot together again from its rings."""
    rings = [np.concatenate([lot.start[lot.ring == k], lot.start[lot.ring == k][:1]]) for k in np.unique(lot.ring)]
    holes = [bool(lot.hole[lot.ring == k][0]) for k in np.unique(lot.ring)]
    shells = shapely.union_all([Polygon(ring) for ring, hole in zip(rings, holes, strict=True) if not hole])
    return shells.difference(shapely.union_all([Polygon(r) for r, hole in zip(rings, holes, strict=True) if hole]))


def narrows_out(lot: Boundary, constraints: Constraints, *, top_m: float) -> str | None:
    """Say in a sentence which edges leave nothing above an elevation under the ceilings; None where none do."""
    if not constraints.caps or min(cap.top_m for cap in constraints.caps) - top_m < tolerance.SNAP_M:
        return None
    tightest = _tightest_pair(lot, constraints.edges, top_m + tolerance.SNAP_M)
    if tightest is None:
        return None
    first, second, width, needed = tightest
    return (f"nothing is left above {top_m:.2f} m: edges {first.edge} and {second.edge} are {width:.2f} m apart and "
            f"together require {needed:.2f} m there")


def _tightest_pair(
    lot: Boundary, rules: Sequence[EdgeConstraint], level: float
) -> tuple[EdgeConstraint, EdgeConstraint, float, float] | None:
    """Find the facing edges that lack most room between them at an elevation: rules, gap, distances required."""
    worst: tuple[float, EdgeConstraint, EdgeConstraint, float, float] | None = None
    needed_at = [float(r.profile.distance_at(level - max(r.ground_m))) for r in rules]
    for i, first in enumerate(rules):
        for j, second in enumerate(rules[:i]):
            if lot.inward[first.edge] @ lot.inward[second.edge] > -0.5:
                continue
            ends = np.array([lot.start[second.edge], lot.end[second.edge]]) - lot.start[first.edge]
            gap = float((ends @ lot.inward[first.edge]).mean())
            lacking = needed_at[i] + needed_at[j] - gap
            if gap > 0.0 and lacking > 0.0 and (worst is None or lacking > worst[0]):
                worst = (lacking, second, first, gap, needed_at[i] + needed_at[j])
    return None if worst is None else worst[1:]
