"""Which control made each face, found from where the face lies: for solids that were not cut control by control."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.geometry.mesh import triangle_normals
from zonebox.geometry.solids import OUTSIDE_M
from zonebox.geometry.tiering import Stacks
from zonebox_converters.envelopes.plain import PlainLots

BEYOND_M: Final = 2.0 * OUTSIDE_M
"""How far outside a face the rule that made it is looked for: farther than what cuts reaches over its end."""


def attribute(lots: PlainLots, stacks: Stacks) -> NDArray[np.int32]:
    """Name what made each triangle (t,) of lots' solids about their middles: numbers into ``lots.names``.

    A rule has made a face where it forbids the place just outside of it; of several the one that cut first, as it took
    what lay there. What no rule made is the lot's own, or its lowest level cap's.
    """
    from zonebox.geometry.forbidding import first_forbidding

    owner, corners = stacks.owner, stacks.corners
    normal = triangle_normals(corners)
    normal /= np.maximum(np.sqrt((normal * normal).sum(1)), np.finfo(float).tiny)[:, None]
    faces = np.zeros(len(owner), dtype=np.int32)
    side = np.flatnonzero(normal[:, 2] > -0.5)                               # all but the lots' own floors
    outside = corners[side].mean(1) + BEYOND_M * normal[side]
    edges, profiles = lots.edges, lots.profiles
    points = [point for p in profiles for point in p.points]
    starts = np.concatenate([[0], np.cumsum([len(p.points) for p in profiles])]).astype(np.int64)
    heights, distances = np.array(points, dtype=np.float64).reshape(-1, 2).T.copy()
    rule = first_forbidding(
        outside, owner[side], lots.first_rule, lots.rule_edge, lots.rule_ground, lots.rule_profile,
        edges.start, edges.tangent, edges.inward, edges.length, edges.turn_deg, edges.before, edges.after,
        starts, heights, distances, np.array([p.slope for p in profiles], dtype=np.float64),
        np.array([p.from_below for p in profiles], dtype=np.bool_))
    taken = rule >= 0
    faces[side[taken]] = lots.rule_name[rule[taken]]
    high = corners[:, :, 2].min(1) > lots.top[owner] - tolerance.SPLIT_M
    capped = high & (normal[:, 2] > 0.0)
    faces[capped] = lots.ceiling[owner[capped]]
    return faces
