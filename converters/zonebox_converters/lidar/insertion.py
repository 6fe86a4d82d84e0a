"""Greedy insertion as machine code: a Delaunay triangulation in which every triangle knows the points over it.

Plan coordinates are whole millimetres, so that on which side of an edge a point lies is decided without rounding. A
triangle is three corners counter-clockwise and three neighbours, the i-th across the edge from corner i to corner
i + 1, −1 beyond the hull; the points over it form a chain. Triangles wait in a heap, the one with the worst point on
top.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox.geometry.compiled import compiled, inlined

Whole = NDArray[np.int64]
Numbers = NDArray[np.int32]
Floats = NDArray[np.float64]

IN_CIRCLE_ROUNDING: Final = 16.0 * np.finfo(np.float64).eps
"""Bound of the relative rounding error of the test below (Shewchuk 1997: 10 + 96 eps, in half units of eps)."""

SAMPLE_STEP: Final = 4
"""Each sample of the points is this many times the one before; the last is all of them."""


@inlined
def side(x: Whole, y: Whole, a: int, b: int, c: int) -> int:
    """Twice the area of the triangle a, b, c, mm²: positive where c lies to the left of a to b; exact."""
    return int((x[b] - x[a]) * (y[c] - y[a]) - (y[b] - y[a]) * (x[c] - x[a]))


@inlined
def in_circle(x: Whole, y: Whole, a: int, b: int, c: int, d: int) -> bool:
    """Whether d lies inside the circle through a, b, c (counter-clockwise) beyond any doubt of rounding."""
    ax, ay = float(x[a] - x[d]), float(y[a] - y[d])
    bx, by = float(x[b] - x[d]), float(y[b] - y[d])
    cx, cy = float(x[c] - x[d]), float(y[c] - y[d])
    a2, b2, c2 = ax * ax + ay * ay, bx * bx + by * by, cx * cx + cy * cy
    bc, cb, ca, ac, ab, ba = bx * cy, cx * by, cx * ay, ax * cy, ax * by, bx * ay
    doubt = (abs(bc) + abs(cb)) * a2 + (abs(ca) + abs(ac)) * b2 + (abs(ab) + abs(ba)) * c2
    return bool(a2 * (bc - cb) + b2 * (ca - ac) + c2 * (ab - ba) > IN_CIRCLE_ROUNDING * doubt)


@inlined
def sift(heap: Numbers, place: Numbers, rank: Floats, size: int, t: int, value: float) -> int:
    """Give a triangle its place in the heap, new or not, by its new value; return the size of the heap."""
    at = int(place[t])
    if at < 0:
        at, size = size, size + 1
    rank[t] = value
    while at > 0:
        above = (at - 1) >> 1
        other = heap[above]
        if rank[other] > value or (rank[other] == value and other <= t):
            break
        heap[at], place[other] = other, at
        at = above
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        if below + 1 < size:
            one, two = heap[below], heap[below + 1]
            if rank[two] > rank[one] or (rank[two] == rank[one] and two < one):
                below += 1
        other = heap[below]
        if value > rank[other] or (value == rank[other] and t <= other):
            break
        heap[at], place[other] = other, at
        at = below
    heap[at], place[t] = t, at
    return size


@inlined
def relink(neighbour: Numbers, t: int, old: int, new: int) -> None:
    """Tell a triangle that one of its neighbours has another number now."""
    if t >= 0:
        for i in range(3):
            if neighbour[t, i] == old:
                neighbour[t, i] = new
                return


@inlined
def put(corner: Numbers, neighbour: Numbers, t: int, a: int, b: int, c: int, ab: int, bc: int, ca: int) -> None:
    """Write down a triangle and its neighbours."""
    corner[t, 0], corner[t, 1], corner[t, 2] = a, b, c
    neighbour[t, 0], neighbour[t, 1], neighbour[t, 2] = ab, bc, ca


@inlined
def split(
    x: Whole, y: Whole, corner: Numbers, neighbour: Numbers, count: int, t: int, p: int, stack: Numbers
) -> tuple[int, int, int]:
    """Cut the triangle under p, or the two beside its edge, in three, two or four, p first in each.

    Returns the new count of triangles, the length of the stack of triangles to be looked at, and the neighbour whose
    points are to be handed out anew; −1 where there is none.
    """
    on = -1
    for i in range(3):
        if side(x, y, corner[t, i], corner[t, (i + 1) % 3], p) == 0:
            on = i
    if on < 0:
        a, b, c = corner[t, 0], corner[t, 1], corner[t, 2]
        ab, bc, ca = neighbour[t, 0], neighbour[t, 1], neighbour[t, 2]
        u, w = count, count + 1
        put(corner, neighbour, t, p, a, b, w, ab, u)
        put(corner, neighbour, u, p, b, c, t, bc, w)
        put(corner, neighbour, w, p, c, a, u, ca, t)
        relink(neighbour, bc, t, u)
        relink(neighbour, ca, t, w)
        stack[0], stack[1], stack[2] = t, u, w
        return count + 2, 3, -1
    a, b, c = corner[t, on], corner[t, (on + 1) % 3], corner[t, (on + 2) % 3]
    far, bc, ca = neighbour[t, on], neighbour[t, (on + 1) % 3], neighbour[t, (on + 2) % 3]
    u = count
    if far < 0:
        put(corner, neighbour, t, p, b, c, -1, bc, u)
        put(corner, neighbour, u, p, c, a, t, ca, -1)
        relink(neighbour, ca, t, u)
        stack[0], stack[1] = t, u
        return count + 1, 2, -1
    k = 0
    while corner[far, k] != b:
        k += 1
    d = corner[far, (k + 2) % 3]
    ad, db = neighbour[far, (k + 1) % 3], neighbour[far, (k + 2) % 3]
    w = count + 1
    put(corner, neighbour, t, p, b, c, w, bc, u)
    put(corner, neighbour, u, p, c, a, t, ca, far)
    put(corner, neighbour, far, p, a, d, u, ad, w)
    put(corner, neighbour, w, p, d, b, far, db, t)
    relink(neighbour, ca, t, u)
    relink(neighbour, db, far, w)
    stack[0], stack[1], stack[2], stack[3] = t, u, far, w
    return count + 2, 4, far


@inlined
def flipped(x: Whole, y: Whole, corner: Numbers, neighbour: Numbers, t: int) -> int:
    """Turn the edge that faces the first corner p of t if the point behind it is too near; return that neighbour.

    −1 where the edge stays. Both triangles have p first afterwards.
    """
    u = neighbour[t, 1]
    if u < 0:
        return -1
    p, a, b = corner[t, 0], corner[t, 1], corner[t, 2]
    k = 0
    while corner[u, k] != b:
        k += 1
    q = corner[u, (k + 2) % 3]
    if not in_circle(x, y, p, a, b, q) or side(x, y, p, a, q) <= 0 or side(x, y, p, q, b) <= 0:
        return -1
    aq, qb = neighbour[u, (k + 1) % 3], neighbour[u, (k + 2) % 3]
    pa, bp = neighbour[t, 0], neighbour[t, 2]
    put(corner, neighbour, t, p, a, q, pa, aq, u)
    put(corner, neighbour, u, p, q, b, t, qb, bp)
    relink(neighbour, aq, u, t)
    relink(neighbour, bp, t, u)
    return int(u)


@inlined
def chained(first: int, second: int, following: Numbers) -> int:
    """Hang the second chain of points onto the first; return the head of both."""
    if second < 0:
        return first
    last = second
    while following[last] >= 0:
        last = following[last]
    following[last] = first
    return int(second)


@inlined
def star_of(neighbour: Numbers, start: int, star: Numbers) -> int:
    """List the triangles round their common first corner, counter-clockwise; return how many."""
    t = start
    while neighbour[t, 0] >= 0:
        t = neighbour[t, 0]
        if t == start:
            break
    first, count = t, 0
    while True:
        star[count] = t
        count += 1
        t = neighbour[t, 2]
        if t < 0 or t == first:
            return count


@inlined
def hand_out(
    x: Whole, y: Whole, z: Floats, corner: Numbers, star: Numbers, count: int, chain: int,
    head: Numbers, following: Numbers, worst: Numbers, error: Floats,
) -> None:
    """Give each point of a chain to the triangle of the star it lies over, and find each triangle's worst."""
    for i in range(count):
        head[star[i]], worst[star[i]], error[star[i]] = -1, -1, 0.0
    p = corner[star[0], 0]
    px, py, pz = x[p], y[p], z[p]
    at, t, reload = 0, star[0], True
    ax = ay = bx = by = np.int64(0)
    az = bz = per_area = 0.0
    while chain >= 0:
        q, chain = chain, following[chain]
        qx, qy = x[q] - px, y[q] - py
        if q == p:
            continue
        left = right = np.int64(0)
        for tries in range(2 * count):
            if reload:
                t = star[at]
                a, b = corner[t, 1], corner[t, 2]
                ax, ay, az = x[a] - px, y[a] - py, z[a] - pz
                bx, by, bz = x[b] - px, y[b] - py, z[b] - pz
                per_area = 1.0 / (ax * by - ay * bx)
                reload = False
            left, right = ax * qy - ay * qx, qx * by - qy * bx
            if left >= 0 and (right > 0 or (right == 0 and tries >= count)):
                break
            at = at + 1 if at + 1 < count else 0
            reload = True
        off = abs(pz + (az * right + bz * left) * per_area - z[q])
        following[q] = head[t]
        head[t] = q
        if off > error[t] or (off == error[t] and q < worst[t]):
            worst[t], error[t] = q, off


@inlined
def insert(
    x: Whole, y: Whole, z: Floats, corner: Numbers, neighbour: Numbers, count: int, t: int, p: int, stack: Numbers,
    star: Numbers, head: Numbers, following: Numbers, worst: Numbers, error: Floats,
) -> tuple[int, int]:
    """Put a point into the triangle it lies over, restore the Delaunay property, and hand out the points concerned.

    Returns the new count of triangles and the number of those round the point, which are left in ``star``.
    """
    before = count
    chain = head[t]
    head[t] = -1
    count, waiting, far = split(x, y, corner, neighbour, count, t, p, stack)
    if far >= 0:
        chain = chained(chain, head[far], following)
        head[far] = -1
    for new in range(before, count):
        head[new] = -1
    while waiting > 0:
        waiting -= 1
        u = flipped(x, y, corner, neighbour, stack[waiting])
        if u >= 0:
            chain = chained(chain, head[u], following)
            head[u] = -1
            stack[waiting + 1] = u
            waiting += 2
    around = star_of(neighbour, t, star)
    hand_out(x, y, z, corner, star, around, chain, head, following, worst, error)
    return count, around


@inlined
def walk(x: Whole, y: Whole, corner: Numbers, neighbour: Numbers, t: int, p: int) -> int:
    """Walk from triangle t to the one that p lies over; p is known to lie in the hull."""
    while True:
        ahead = -1
        for i in range(3):
            if side(x, y, corner[t, i], corner[t, (i + 1) % 3], p) < 0:
                ahead = neighbour[t, i]
                if ahead >= 0:
                    break
        if ahead < 0:
            return t
        t = ahead


@inlined
def fan(x: Whole, y: Whole, hull: Whole, corner: Numbers, neighbour: Numbers) -> int:
    """Triangulate a convex polygon (counter-clockwise, no three corners in line), Delaunay; return the count."""
    count = len(hull) - 2
    for k in range(count):
        put(corner, neighbour, k, hull[0], hull[k + 1], hull[k + 2], k - 1, -1, k + 1 if k + 1 < count else -1)
    changed = True
    while changed:
        changed = False
        for t in range(count):
            for _ in range(3):
                a, b, c = corner[t, 0], corner[t, 1], corner[t, 2]
                ab, bc, ca = neighbour[t, 0], neighbour[t, 1], neighbour[t, 2]
                put(corner, neighbour, t, b, c, a, bc, ca, ab)
                if flipped(x, y, corner, neighbour, t) >= 0:
                    changed = True
    return count


@inlined
def off_plane(x: Whole, y: Whole, z: Floats, corner: Numbers, t: int, p: int) -> float:
    """How far p stands above or below the triangle it lies over, metres."""
    a, b, c = corner[t, 0], corner[t, 1], corner[t, 2]
    at_b, at_c = side(x, y, a, p, c), side(x, y, a, b, p)
    return float(abs(z[a] + ((z[b] - z[a]) * at_b + (z[c] - z[a]) * at_c) / side(x, y, a, b, c) - z[p]))


@compiled
def refine(
    x: Whole, y: Whole, z: Floats, hull: Whole, bound: float, step: int
) -> tuple[Numbers, float, float]:
    """Lay triangles within ``bound`` of every point.

    Parameters
    ----------
    x, y : (n,) int64
        Plan, whole millimetres, no two alike; neighbours in the list are neighbours in plan.
    z : (n,) float64
        Heights, metres.
    hull : (h,) int64
        The points at the corners of the convex hull, counter-clockwise.
    bound : float
        Largest vertical distance, metres.

    Returns
    -------
    corner : (m, 3) int32
        Triangles.
    worst, squares : float
        Largest distance left, and the sum of the squares of all.
    """
    n = len(x)
    corner, neighbour = np.empty((2 * n + 2, 3), np.int32), np.empty((2 * n + 2, 3), np.int32)
    head, place = np.full(2 * n + 2, -1, np.int32), np.full(2 * n + 2, -1, np.int32)
    worst = np.full(2 * n + 2, -1, np.int32)
    error, rank, heap = np.zeros(2 * n + 2), np.zeros(2 * n + 2), np.empty(2 * n + 2, np.int32)
    following, stack, star = np.full(n, -1, np.int32), np.empty(2 * n + 8, np.int32), np.empty(n + 8, np.int32)
    count = fan(x, y, hull, corner, neighbour)
    is_corner = np.zeros(n, np.bool_)
    is_corner[hull] = True
    size, t, seen = 0, 0, n
    while step > 0:
        for p in range(0, n, step):
            if (seen < n and p % seen == 0) or is_corner[p]:
                continue
            t = walk(x, y, corner, neighbour, t, p)
            off = off_plane(x, y, z, corner, t, p)
            following[p], head[t] = head[t], p
            if off > error[t]:
                worst[t], error[t] = p, off
        for t in range(count):
            if error[t] > bound:
                size = sift(heap, place, rank, size, t, error[t])
        while size > 0 and rank[heap[0]] > bound:
            t = heap[0]
            count, around = insert(x, y, z, corner, neighbour, count, t, worst[t], stack, star, head, following, worst,
                                   error)
            for k in range(around):
                s = star[k]
                if place[s] >= 0 or error[s] > bound:
                    size = sift(heap, place, rank, size, s, error[s])
        seen, step = step, step // SAMPLE_STEP
    largest = squares = 0.0
    for t in range(count):
        largest = max(largest, error[t])
        p = head[t]
        while p >= 0:
            squares += off_plane(x, y, z, corner, t, p) ** 2
            p = following[p]
    return corner[:count].copy(), largest, squares
