"""Plan figures of many lots at once: laid apart in a column, the kernel treats them as one figure.

A call of the kernel costs more than the figure of a lot; a thousand lots cost hardly more calls than one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from manifold3d import CrossSection, FillRule
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

APART_M: Final = 2.0
"""Least gap between two figures of a column."""

SLIVER_M: Final = 1e-7
"""Plan figures are held to 1e-8 m; corners closer than this are one."""

FILM_M2: Final = 1e-6
"""A ring of less area is what rounding leaves between two outlines."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rings:
    """Rings of many figures, the inside on their left, each figure about an origin of its own.

    Parameters
    ----------
    corners : (n, 2) float64
        Corners of all rings, one ring after another.
    starts : (rings + 1,) int64
        First corner of each ring.
    figure : (rings,) int64
        Which figure each ring belongs to, rising.
    """

    corners: Floats
    starts: Whole
    figure: Whole

    @property
    def of_corner(self) -> Whole:
        """Ring of each corner (n,)."""
        return np.repeat(np.arange(len(self.figure)), np.diff(self.starts))

    @property
    def following(self) -> Whole:
        """Number (n,) of the corner after each one in its ring; no ring may be empty."""
        following = np.arange(1, len(self.corners) + 1)
        following[self.starts[1:] - 1] = self.starts[:-1]
        return following

    @property
    def area_m2(self) -> Floats:
        """Signed area (rings,): negative where a ring goes round a hole."""
        if not len(self.corners):
            return np.zeros(0)
        near = self.corners - np.repeat(self.corners[self.starts[:-1]], np.diff(self.starts), axis=0)
        after = near[self.following]
        return np.add.reduceat(near[:, 0] * after[:, 1] - near[:, 1] * after[:, 0], self.starts[:-1]) / 2.0

    def areas(self, figures: int) -> Floats:
        """Area (figures,) of each figure."""
        return np.asarray(np.bincount(self.figure, weights=self.area_m2, minlength=figures), dtype=np.float64)

    def some(self, keep: NDArray[np.bool_]) -> Rings:
        """Return the rings (rings,) to keep."""
        count = np.diff(self.starts)
        return Rings(corners=self.corners[np.repeat(keep, count)], figure=self.figure[keep],
                     starts=np.concatenate([[0], np.cumsum(count[keep])]))


class Column:
    """Figures one above another, far enough apart for what is taken from them.

    Examples
    --------
    >>> square = np.array([(0.0, 0), (4, 0), (4, 4), (0, 4)])
    >>> two = Rings(corners=np.concatenate([square, square]), starts=np.array([0, 4, 8]), figure=np.array([0, 1]))
    >>> strip = Rings(corners=square * (1.0, 0.25), starts=np.array([0, 4]), figure=np.array([1]))
    >>> column = Column(two, 2, [strip])
    >>> column.take(strip)
    >>> column.rings().areas(2).tolist()
    [16.0, 12.0]
    """

    def __init__(self, lots: Rings, figures: int, strips: Sequence[Rings]) -> None:
        """Lay figures apart; ``strips`` is all that will be taken from them."""
        low, high = np.full(figures, np.inf), np.full(figures, -np.inf)
        for rings in (lots, *strips):
            if len(rings.figure):
                np.minimum.at(low, rings.figure, np.minimum.reduceat(rings.corners[:, 1], rings.starts[:-1]))
                np.maximum.at(high, rings.figure, np.maximum.reduceat(rings.corners[:, 1], rings.starts[:-1]))
        room = np.where(low <= high, np.ceil(high - low) + APART_M, APART_M)
        self._floor = np.concatenate([[0.0], np.cumsum(room)])
        self._origin = self._floor[:-1] - np.where(low <= high, np.floor(low), 0.0)     # whole metres cost no digits
        self._section: Any = CrossSection(self._placed(lots), FillRule.EvenOdd)

    def _placed(self, rings: Rings) -> list[Floats]:
        corners = rings.corners.copy()
        corners[:, 1] += np.repeat(self._origin[rings.figure], np.diff(rings.starts))
        bounds = rings.starts.tolist()
        return [corners[a:b] for a, b in pairwise(bounds)]

    def take(self, strips: Rings) -> None:
        """Take the union of outlines, counter-clockwise, from the figures they belong to."""
        if len(strips.figure):
            self._section = self._section - CrossSection(self._placed(strips), FillRule.Positive)

    def rings(self) -> Rings:
        """Return what the figures are now, without the film that rounding leaves."""
        listed = self._section.to_polygons()
        if not listed:
            return Rings(corners=np.zeros((0, 2)), starts=np.zeros(1, np.int64), figure=np.zeros(0, np.int64))
        corners = np.concatenate(listed)
        count = np.array([len(ring) for ring in listed])
        starts = np.concatenate([[0], np.cumsum(count)])
        figure = np.searchsorted(self._floor, corners[starts[:-1], 1], side="right") - 1
        order = np.argsort(figure, kind="stable")
        taken = _ranges(starts[:-1][order], count[order])
        corners, count, figure = corners[taken], count[order], figure[order]
        corners[:, 1] -= np.repeat(self._origin[figure], count)
        return _clean(Rings(corners=corners, starts=np.concatenate([[0], np.cumsum(count)]), figure=figure))


def _ranges(first: Whole, count: Whole) -> Whole:
    """Count through runs laid end to end, each of some numbers from its first on."""
    return np.repeat(first - np.concatenate([[0], np.cumsum(count)[:-1]]), count) + np.arange(count.sum())


def _clean(rings: Rings) -> Rings:
    """Drop corners that lie on the one after, and rings that enclose nothing."""
    apart = np.abs(rings.corners[rings.following] - rings.corners).max(1) > 2.0 * SLIVER_M
    count = np.bincount(rings.of_corner[apart], minlength=len(rings.figure))
    kept = Rings(corners=rings.corners[apart], starts=np.concatenate([[0], np.cumsum(count)])[: len(count) + 1],
                 figure=rings.figure)
    whole = count > 2
    kept = kept.some(whole) if not whole.all() else kept
    film = np.abs(kept.area_m2) <= FILM_M2
    return kept.some(~film) if film.any() else kept
