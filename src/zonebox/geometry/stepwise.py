"""Profiles as steps under planes, and what they leave of a lot in plan, height by height.

Most rules of most cities keep fixed distances, in tiers at most; between two heights at which nothing changes they
leave a prism over a polygon. Rules that slope are steps under one plane, where they are that (domain C2, C3).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from manifold3d import CrossSection, FillRule
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.geometry.boundary import Boundary
from zonebox.geometry.column import Rings
from zonebox.geometry.profile import Profile
from zonebox.geometry.solids import OUTSIDE_M, SQUARE_DEG

Section = Any
"""A `manifold3d.CrossSection`, which ships no type information."""


@dataclass(frozen=True, slots=True)
class Steps:
    """A profile as steps (from height, distance), rising, and at most one plane over them.

    Below the first height nothing is forbidden; ``plane`` is the height at the edge and the rise per metre inward.
    """

    steps: tuple[tuple[float, float], ...]
    plane: tuple[float, float] | None


@functools.lru_cache(maxsize=4096)
def steps_of(profile: Profile) -> Steps | None:
    """Read a profile as steps under one plane; None where it is not that.

    >>> from zonebox.geometry.profile import fixed, recession
    >>> steps_of(fixed(3.0))
    Steps(steps=((-inf, 3.0),), plane=None)
    >>> steps_of(recession(2.5, 45.0)).steps
    ((2.5, 0.0),)
    """
    points = profile.points
    if any(a[1] > b[1] for a, b in pairwise(points)) or any(a[1] != b[1] and a[0] != b[0] for a, b in pairwise(points)):
        return None
    first = -math.inf if profile.from_below else points[0][0]
    steps = [(first, points[0][1])]
    for height, distance in points[1:]:
        if distance > steps[-1][1]:
            steps.append((height, distance))
    if profile.slope == 0.0:
        return Steps(tuple(steps), None)
    height, distance = points[-1]
    rise = 1.0 / profile.slope
    foot = height - rise * distance
    inner = 0.0
    for start, reach in steps:                          # a plane is a half-space only if it stays over every step
        if start > -math.inf and reach > inner and foot + rise * inner < start - tolerance.SPLIT_M:
            return None
        inner = reach
    return Steps(tuple(steps), (foot, rise))


def strips(
    lot: Boundary, edges: Sequence[int], distances: Sequence[float], depths: Sequence[float], alike: Collection[int]
) -> list[NDArray[np.float64]]:
    """Outlines of what fixed distances from edges of one lot forbid in plan, overlapping and counter-clockwise.

    Parameters
    ----------
    edges, distances : sequences
        Edge numbers and distances from them, all above 0.
    depths : sequence of float
        Largest distance of each edge's rule at any height: it decides into how many facets an arc is cut, so that
        arcs of different heights lie over each other.
    alike : collection of int
        Edges under the same rule, see `solids.edge_wedge`.
    """
    same = np.zeros(len(lot), dtype=np.bool_)
    same[list(alike)] = True
    at = np.asarray(edges, dtype=np.int64)
    made = strips_of_many(lot, at, np.asarray(distances, dtype=np.float64), np.asarray(depths, dtype=np.float64),
                          (same[lot.before[at]], same[lot.after[at]]), np.zeros(len(at), dtype=np.int64))
    return [made.corners[a:b] for a, b in pairwise(made.starts.tolist())]


def strips_of_many(
    edges: Boundary, edge: NDArray[np.int64], distance: NDArray[np.float64], depth: NDArray[np.float64],
    alike: tuple[NDArray[np.bool_], NDArray[np.bool_]], figure: NDArray[np.int64],
) -> Rings:
    """Outlines of what fixed distances forbid in plan, of strips (n,) of many lots at once.

    Parameters
    ----------
    edges : Boundary
        Edges of all lots, each lot about an origin of its own.
    edge, distance, depth : (n,)
        As in `strips`.
    alike : two arrays (n,)
        Whether the edge before and the edge after keeps the same rule.
    figure : (n,)
        The plan figure each strip is taken from, rising.
    """
    from zonebox.geometry.strip_rings import strip_rings

    points, starts, strip = strip_rings(
        edges.start, edges.end, edges.tangent, edges.inward, edges.turn_deg, edges.before, edge, distance, depth,
        *alike, OUTSIDE_M, SQUARE_DEG)
    return Rings(corners=points, starts=starts, figure=figure[strip])


def section(rings: Sequence[NDArray[np.float64]]) -> Section:
    """Return the union of outlines, counter-clockwise, as a plane figure."""
    return CrossSection(list(rings), FillRule.Positive)
