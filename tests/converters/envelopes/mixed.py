"""Lots of every shape under rules of every plain kind, made at random, for holding two ways of building together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely
from shapely.affinity import translate
from shapely.geometry import MultiPolygon, Polygon

from lots import limit, parcel, rule
from zonebox.geometry.profile import Profile, fixed, proportional, recession, tiers
from zonebox.model import Control, Kind, Parcel

PROFILES = (
    fixed(4.1), fixed(1.55), tiers(((0.0, 3.0), (9.0, 5.0))), tiers(((6.0, 2.2), (12.0, 6.4))), recession(4.0, 50.0),
    recession(2.5, 45.0, 2.07), proportional(0.4, 3.15),
    Profile(points=((8.0, 4.3), (19.61, 4.3)), slope=1 / 2.7, from_below=False),
    Profile(points=((0.0, 1.3), (3.6, 1.3), (6.9, 2.3)), slope=1.0),
)
"""No two ask for the same distance over the same height, so that no face has two makers."""


def shape(rng: np.random.Generator) -> Polygon | MultiPolygon:
    """A turned rectangle with its sides bent here and there, sometimes with a hole or a second part."""
    width, depth = rng.uniform(18.0, 40.0), rng.uniform(25.0, 50.0)
    corners = np.array([(0.0, 0.0), (width, 0.0), (width, depth), (0.0, depth)])
    bend, points = rng.choice([0.0, 0.2, 1.0]), []
    for a, b, more in zip(corners, np.roll(corners, -1, axis=0), rng.multinomial(rng.integers(0, 5), [0.25] * 4),
                          strict=True):
        shares = np.sort(np.r_[0.0, rng.uniform(0.15, 0.85, more)])
        points += [a + (b - a) * share + rng.normal(0.0, 1.0, 2) * bend for share in shares]
    angle = rng.uniform(0.0, 2.0 * np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    made = Polygon(np.array(points) @ turn.T + rng.uniform(-5000.0, 5000.0, 2))
    kind = rng.random()
    if kind < 0.08:
        made = made.difference(made.centroid.buffer(3.0, quad_segs=2))
    elif kind < 0.16:
        made = MultiPolygon([made, translate(made, 100.0, 3.0)])
    return shapely.orient_polygons(made) if made.is_valid else shape(rng)


def lot(number: int, rng: np.random.Generator) -> tuple[Parcel, tuple[Control, ...]]:
    """A lot and up to three rules, each on a run of its edges, under a height limit."""
    here = replace(parcel(shape(rng), float(rng.uniform(-5.0, 40.0))), id=f"L{number}")
    count, some = len(here.edges), rng.permutation(len(PROFILES))
    rules = []
    for name, which in zip("zbk"[:int(rng.integers(1, 4))], some, strict=False):
        first, run = int(rng.integers(count)), int(rng.integers(1, count + 1))
        rules.append(rule(name, PROFILES[int(which)], indices=tuple((first + i) % count for i in range(run))))
    height, far = float(rng.uniform(6.0, 30.0)), float(rng.uniform(0.3, 3.0))
    return here, (*rules, limit(Kind.HEIGHT, height), limit(Kind.FAR, far))
