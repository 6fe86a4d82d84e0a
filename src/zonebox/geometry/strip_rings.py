"""Outlines of setbacks in plan, as machine code: what a fixed distance from each of some edges forbids."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.geometry.compiled import compiled, inner

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@inner
def _end(
    points: Floats, at: int, x: float, y: float, tx: float, ty: float, nx: float, ny: float, turn: float, s: float,
    outside: float, square: float,
) -> None:
    """Outer and inner corner of a strip's end: on the neighbour's line, or square; a hair beyond the lot."""
    low = high = tolerance.WELD_M if turn >= square else 0.0
    if 0.0 < turn < square:
        slant = math.radians(min(max(turn, tolerance.STRAIGHT_DEG), 90.0))
        hair = outside / math.sin(slant)
        spread = 1.0 / math.tan(slant) if turn < 90.0 else 0.0
        low, high = hair - outside * spread, hair + s * spread
    points[at, 0], points[at, 1] = x + low * tx - outside * nx, y + low * ty - outside * ny
    points[at + 1, 0], points[at + 1, 1] = x + high * tx + s * nx, y + high * ty + s * ny


@compiled
def strip_rings(
    start: Floats, end: Floats, tangent: Floats, inward: Floats, turn: Floats, before: Whole,
    edges: Whole, distances: Floats, depths: Floats, alike_before: NDArray[np.bool_], alike_after: NDArray[np.bool_],
    outside: float, square: float,
) -> tuple[Floats, Whole, Whole]:
    """Outlines, counter-clockwise: corners (k, 2), starts (rings + 1,), and which strip each ring is of (rings,).

    ``alike_before``, ``alike_after`` (strips,) tell whether the edge before and after keeps the same rule; the other
    arguments are those of `stepwise.strips`.
    """
    room, count = 64, 0
    points = np.empty((room, 2))
    starts, strip = np.zeros(3 * len(edges) + 1, np.int64), np.empty(3 * len(edges), np.int64)
    rings = 0
    for i in range(len(edges)):
        e, s = edges[i], distances[i]
        tx, ty, nx, ny = tangent[e, 0], tangent[e, 1], inward[e, 0], inward[e, 1]
        for at_end in (False, True):
            bend = turn[e] if at_end else turn[before[e]]
            alike = alike_after[i] if at_end else alike_before[i]
            if bend >= 0.0 or (not at_end and alike):
                continue
            span = math.radians(-bend if alike else min(90.0 - bend, 180.0))
            half = math.acos(1.0 / (1.0 + tolerance.ARC_SAGITTA_M / depths[i]))
            steps = max(1, math.ceil(span / (2.0 * half)))
            half = span / steps / 2.0
            x, y = (end[e, 0], end[e, 1]) if at_end else (start[e, 0], start[e, 1])
            way = 1.0 if at_end else -1.0
            while count + steps + 5 >= room:
                room *= 2
                points = np.concatenate((points, points))
            points[count, 0], points[count, 1] = x, y
            for k in range(steps + 4):
                angle, reach = (2 * (k - 2) + 1) * half, s / math.cos(half)
                if k < 2:
                    angle, reach = (-1e-4 if k == 0 else 0.0), s
                elif k >= steps + 2:
                    angle, reach = (span if k == steps + 2 else span + 1e-4), s
                c, d = reach * math.cos(angle), reach * math.sin(angle) * way
                at = count + 1 + k if not at_end else count + steps + 4 - k
                points[at, 0], points[at, 1] = x + c * nx + d * tx, y + c * ny + d * ty
            count += steps + 5
            strip[rings] = i
            rings += 1
            starts[rings] = count
        while count + 4 >= room:
            room *= 2
            points = np.concatenate((points, points))
        _end(points, count, start[e, 0], start[e, 1], -tx, -ty, nx, ny, turn[before[e]], s, outside, square)
        x0, y0, x3, y3 = points[count, 0], points[count, 1], points[count + 1, 0], points[count + 1, 1]
        _end(points, count + 1, end[e, 0], end[e, 1], tx, ty, nx, ny, turn[e], s, outside, square)
        points[count, 0], points[count, 1], points[count + 3, 0], points[count + 3, 1] = x0, y0, x3, y3
        count += 4
        strip[rings] = i
        rings += 1
        starts[rings] = count
    return points[:count].copy(), starts[:rings + 1].copy(), strip[:rings].copy()
