"""Two surveys of one place: what was built and what removed between them, and how far a design has risen."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon

from zonebox.checks.as_built import COVERAGE, SUPPORT_POINTS, SurveyError
from zonebox.geometry.planview import cut_at, seen_from_above
from zonebox.model import Building, Finding, Scene, State, Where

Floats = NDArray[np.float64]

CELL_M: Final = 1.0
"""Side of the cells whose tops are compared."""

SLICE_M: Final = 0.5
"""Points of a cell are put into slices this thick; the top is the mean of the highest slice with enough points."""

CHANGE_LEAST_M: Final = 1.5
"""A smaller change of height is a car, a hedge or a container, and no building."""

DONE_SHARE: Final = 0.8
"""A storey is done where the survey reaches its top over this share of it: shafts and terraces stay open."""

BELOW_TOP_M: Final = 0.5
"""A slab counts as reached this far below: floors are finished later."""

MERGE_AFTER: Final = 32
_ROW: Final = 1 << 20
_HALF: Final = 1 << 19
_SLICES: Final = 1 << 14
_DEEP: Final = 1 << 13


@dataclass(slots=True)
class TopSurface:
    """The top of everything in a survey, cell by cell; fed piece by piece, in any order.

    A cell remembers how many points each of its slices holds and the sum of their heights, so that a lone bird above a
    roof does not raise it.
    """

    cell_m: float = CELL_M
    _key: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    _count: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    _sum: Floats = field(default_factory=lambda: np.zeros(0, dtype=np.float64))
    _waiting: list[tuple[NDArray[np.int64], NDArray[np.int64], Floats]] = field(default_factory=list)

    def add(self, points: Floats) -> None:
        """Take points (n, 3) in."""
        if not len(points):
            return
        column, row = np.floor(points[:, :2] / self.cell_m).astype(np.int64).T + _HALF
        level = np.floor(points[:, 2] / SLICE_M).astype(np.int64) + _DEEP
        key = (row * _ROW + column) * _SLICES + np.clip(level, 0, _SLICES - 1)
        self._waiting.append(_summed(key, np.ones(len(key), dtype=np.int64), points[:, 2]))
        if len(self._waiting) >= MERGE_AFTER:
            self._merge()

    def tapped(self, survey: Iterable[Floats]) -> Iterator[Floats]:
        """Pass a survey on piece by piece, taking it in."""
        for points in survey:
            self.add(np.asarray(points, dtype=np.float64).reshape(-1, 3))
            yield points

    def tops(self) -> tuple[Floats, Floats]:
        """Middle of each cell with something in it (k, 2), and the height of its top (k,)."""
        self._merge()
        solid = self._count >= SUPPORT_POINTS
        key, mean = self._key[solid], (self._sum / np.maximum(self._count, 1))[solid]
        cell = key // _SLICES
        last = np.flatnonzero(np.diff(cell, append=-1))                 # slices rise within a cell
        middle = np.column_stack([cell[last] % _ROW, cell[last] // _ROW]).astype(np.float64) - _HALF + 0.5
        return middle * self.cell_m, np.asarray(mean[last], dtype=np.float64)

    def _merge(self) -> None:
        parts = [(self._key, self._count, self._sum), *self._waiting]
        key, count, total = (np.concatenate(column) for column in zip(*parts, strict=True))
        self._key, self._count, self._sum = _summed(key, count, total)
        self._waiting.clear()


def changes(
    scene: Scene, before: TopSurface, after: TopSurface, *, error: SurveyError | None = None
) -> tuple[Finding, ...]:
    """Say for each parcel what was built and what removed between two surveys.

    Where one of them has nothing over a cell, the ground counts; without a terrain, that of the parcel's envelope.

    Returns
    -------
    tuple of Finding
        Of check ``change``, one per parcel that changed, with the volume built less the volume removed as its value;
        nothing is judged.
    """
    least = max(CHANGE_LEAST_M, math.sqrt(2.0) * COVERAGE * (error or SurveyError()).obs_m)
    cells, old, new = _side_by_side(before, after)
    ground = np.full(len(cells), np.nan) if scene.terrain is None else scene.terrain.height_at(cells)
    found = []
    for parcel in scene.plan.parcels:
        inside = shapely.contains_xy(parcel.shape, cells)
        if not inside.any():
            continue
        envelope = scene.envelope(parcel.id)
        under = ground[inside]
        under = np.where(np.isnan(under), math.nan if envelope is None else envelope.ground_m, under)
        rise = np.where(np.isnan(new[inside]), under, new[inside]) - np.where(np.isnan(old[inside]), under, old[inside])
        if not (np.abs(rise) > least).any():
            continue
        found.append(_changed(parcel.id, cells[inside], rise, new[inside], least, before.cell_m**2))
    return tuple(sorted(found, key=lambda f: f.id))


def progress(scene: Scene, survey: TopSurface) -> tuple[Finding, ...]:
    """Say how many storeys of each design stand: counted from below, as long as the survey reaches their tops.

    Returns
    -------
    tuple of Finding
        Of check ``progress``, one per design with storeys: storeys that stand as value, all above ground as limit.
        NOT_CHECKED where no point lies over the design.
    """
    cells, tops = survey.tops()
    return tuple(_risen(design, cells, tops) for design in sorted(scene.designs, key=lambda d: d.id)
                 if any(s.height_m for s in design.storeys))


def _risen(design: Building, cells: Floats, tops: Floats) -> Finding:
    """Compare one design with the tops of cells."""
    outline = seen_from_above(design.mesh)
    inside = shapely.contains_xy(outline, cells) if len(cells) else np.zeros(0, dtype=np.bool_)
    ground = design.ground_m
    storeys = sorted((s for s in design.storeys if s.height_m), key=lambda s: s.elevation_m)
    above = [s for s in storeys if ground is None or s.elevation_m + (s.height_m or 0.0) / 2 > ground]
    name = f"progress/{design.id}"
    if not inside.any() or not above:
        return Finding(id=name, check="progress", state=State.NOT_CHECKED, parcel=design.parcel, design=design.id,
                       control=None, unit="storeys", reason="no point of the survey lies over the design",
                       reason_zh="测量点云没有覆盖本方案")
    xy, z = cells[inside], tops[inside]
    shares = []
    for storey in above:
        top = storey.elevation_m + (storey.height_m or 0.0)
        shape = _shape_of(design, top, outline)
        mine = shapely.contains_xy(shape, xy)
        area = max(float(shape.area) / CELL_M**2, 1.0)
        shares.append(min(float((z[mine] >= top - BELOW_TOP_M).sum()) / area, 1.0))
    done = next((k for k, share in enumerate(shares) if share < DONE_SHARE), len(shares))
    highest = int(np.argmax(z))
    started = shares[done] if done < len(shares) else 1.0
    following = "" if done == len(shares) else f"; {above[done].name} is reached over {started:.0%}"
    return Finding(
        id=name, check="progress", state=State.PASS, parcel=design.parcel, design=design.id, control=None,
        value=float(done), limit=float(len(above)), unit="storeys",
        where=Where(point=(float(xy[highest, 0]), float(xy[highest, 1]), float(z[highest]))),
        reason=f"{done} of {len(above)} storeys stand, up to {float(z[highest]):.2f} m{following}",
        reason_zh=f"已建 {done} 层，共 {len(above)} 层，最高点 {float(z[highest]):.2f} m")


def _shape_of(design: Building, top: float, outline: Polygon | MultiPolygon) -> Polygon | MultiPolygon:
    """Outline of a design just below a height; all of it where the solid is not known."""
    if design.solid is None:
        return outline
    cut = cut_at(design.solid, top - BELOW_TOP_M)
    return outline if cut.is_empty else cut


def _changed(parcel: str, cells: Floats, rise: Floats, new: Floats, least: float, cell_m2: float) -> Finding:
    built, gone = rise > least, rise < -least
    plus, minus = float(rise[built].sum()) * cell_m2, -float(rise[gone].sum()) * cell_m2
    most = int(np.nanargmax(np.abs(rise)))
    z = float(new[most]) if np.isfinite(new[most]) else 0.0
    areas = built.sum() * cell_m2, gone.sum() * cell_m2
    high = float(rise[built].max()) if built.any() else 0.0
    return Finding(
        id=f"change/{parcel}", check="change", state=State.PASS, parcel=parcel, design="", control=None,
        value=plus - minus, unit="m³", where=Where(point=(float(cells[most, 0]), float(cells[most, 1]), z)),
        figures=(("built_m2", float(areas[0])), ("built_m3", plus), ("removed_m2", float(areas[1])),
                 ("removed_m3", minus), ("highest_m", high)),
        reason=f"built over {areas[0]:,.0f} m², {plus:,.0f} m³, up to {high:.2f} m high; removed over "
               f"{areas[1]:,.0f} m², {minus:,.0f} m³; changes below {least:.2f} m are not counted",
        reason_zh=f"新建 {areas[0]:,.0f} m²、{plus:,.0f} m³，最高 {high:.2f} m；拆除 {areas[1]:,.0f} m²、"
                  f"{minus:,.0f} m³；小于 {least:.2f} m 的变化不计")


def _side_by_side(before: TopSurface, after: TopSurface) -> tuple[Floats, Floats, Floats]:
    """Cells of either survey (k, 2), and their tops in both (k,), NaN where one has none."""
    (one, old), (two, new) = before.tops(), after.tops()
    cells, number = np.unique(np.concatenate([one, two]), axis=0, return_inverse=True)
    number = number.reshape(-1)
    tops = np.full((2, len(cells)), np.nan)
    tops[0, number[:len(one)]], tops[1, number[len(one):]] = old, new
    return cells, tops[0], tops[1]


def _summed(
    key: NDArray[np.int64], count: NDArray[np.int64], total: Floats
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Add up the rows of the same key; sorted by key."""
    if not len(key):
        return key, count, total
    order = np.argsort(key, kind="stable")
    key = key[order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    return key[first], np.add.reduceat(count[order], first), np.add.reduceat(total[order], first)
