"""What was really built against what the plan allows: every point of a survey against the envelope under it (domain D).

A survey scatters: of ten thousand points on a roof the highest stands four standard deviations above it. So it is not
single points that are judged but square metres: the mean of the points above the limit in a cell, where there are
enough of them to be no accident.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.checks.findings import up
from zonebox.checks.sentences import NOTHING, Said, say, together
from zonebox.geometry.lotgrid import Lot, LotGrid, lot_grid
from zonebox.geometry.tin import TinIndex
from zonebox.model import Control, ControlEnvelope, Cure, Finding, Scene, State, Where
from zonebox.model.finding import judge

Floats = NDArray[np.float64]

CELL_M: Final = 1.0
"""Side of the cells that are judged."""

SUPPORT_POINTS: Final = 4
"""Fewer points above the limit in a cell are named, but not judged: a bird, a mast, a stray echo."""

MERGE_AFTER: Final = 32
"""Pieces of the survey after which their cells are put together."""

COVERAGE: Final = 1.96
"""Standard deviations of a 95 % interval."""

_ROW: Final = 1 << 20
_LOT: Final = 1 << 40
_HALF: Final = 1 << 19


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyError:
    """Standard deviations, metres: of a point, of the survey's datum against the plan's, and of the limit itself."""

    obs_m: float = 0.10
    datum_m: float = 0.05
    limit_m: float = 0.0

    @property
    def u95_m(self) -> float:
        """Uncertainty of an observed excess at 95 % (domain F31).

        >>> round(SurveyError().u95_m, 3)
        0.219
        """
        return COVERAGE * math.sqrt(self.obs_m**2 + self.datum_m**2 + self.limit_m**2)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cells:
    """Cells with points above a limit, sorted: how many, the sum of their excess, and the highest of them."""

    key: NDArray[np.int64]
    points: NDArray[np.int64]
    excess: Floats
    highest: Floats
    """(k, 5): x, y, z, limit, number of the constraint."""

    @property
    def lot(self) -> NDArray[np.int64]:
        return self.key // _LOT

    @property
    def mean(self) -> Floats:
        return np.asarray(self.excess / self.points)


def check_as_built(
    scene: Scene,
    survey: Iterable[Floats],
    *,
    error: SurveyError | None = None,
    tol_m: float = tolerance.HEIGHT_M,
    cell_m: float = CELL_M,
    workers: int = 2,
) -> tuple[Finding, ...]:
    """Say for each envelope how far the survey reaches above it.

    Where nothing may stand at all, the excess counts from the ground.

    Parameters
    ----------
    scene : Scene
        Its envelopes are asked, its terrain says where the ground is.
    survey : iterable of (n, 3) float64
        Points in the frame, in pieces of any size; each is let go before the one after the next is asked for.
    error : SurveyError, optional
        How good the survey and the limits are.
    tol_m : float
        Tolerance of a height; what counts is the larger of it and u95.
    cell_m : float
        Side of the cells whose points are judged together.
    workers : int
        Threads.

    Returns
    -------
    tuple of Finding
        One per parcel of the plan, sorted by id, of check ``as_built``; NOT_CHECKED where there is no envelope, or no
        point over the parcel.
    """
    envelopes = {e.parcel: e for e in scene.envelopes}
    known = [envelopes[p.id] for p in scene.plan.parcels if p.id in envelopes]
    count = np.zeros(len(known), dtype=np.int64)
    cells = _merged([])
    if known:
        cells, count = _collected(known, survey, None if scene.terrain is None else scene.terrain.index,
                                  cell_m=cell_m, workers=workers)
    owner = cells.lot
    findings = [_no_envelope(p.id) for p in scene.plan.parcels if p.id not in envelopes]
    for k, envelope in enumerate(known):
        mine = _part(cells, owner == k)
        findings.append(_judged(envelope, scene.plan.controls_of(envelope.parcel), mine, int(count[k]),
                                error or SurveyError(), tol_m, cell_m))
    return tuple(sorted(findings, key=lambda f: f.id))


def _collected(
    envelopes: list[ControlEnvelope], survey: Iterable[Floats], ground: TinIndex | None, *, cell_m: float, workers: int
) -> tuple[_Cells, NDArray[np.int64]]:
    """Gather the cells above the limit, and how many points lie over each envelope."""
    floors = [_floor(e, ground) for e in envelopes]
    grid = lot_grid([
        # ceilings of other shapes than caps and edge rules are asked for afterwards, at every point above the ground
        Lot(shape=e.shape, cap_m=-math.inf if e.ceilings else min((c.top_m for c in e.caps), default=math.inf),
            floor_m=floor, edge_rules=() if e.ceilings else e.edge_constraints)
        for e, floor in zip(envelopes, floors, strict=True)])
    count = np.zeros(len(envelopes), dtype=np.int64)
    pieces: list[_Cells] = []
    for cells, tested in _in_threads(grid, envelopes, ground, survey, cell_m, workers):
        pieces.append(cells)
        count += tested
        if len(pieces) >= MERGE_AFTER:
            pieces = [_merged(pieces)]
    return _merged(pieces), count


def _in_threads(
    grid: LotGrid, envelopes: list[ControlEnvelope], ground: TinIndex | None, survey: Iterable[Floats], cell_m: float,
    workers: int,
) -> Iterator[tuple[_Cells, NDArray[np.int64]]]:
    """Look at the pieces of a survey side by side; the answers come in their order."""
    def look(points: Floats) -> tuple[_Cells, NDArray[np.int64]]:
        return _cells_above(grid, envelopes, ground, np.asarray(points, dtype=np.float64).reshape(-1, 3), cell_m)

    with ThreadPoolExecutor(workers) as pool:
        waiting = deque[object]()
        for points in survey:
            waiting.append(pool.submit(look, points))
            if len(waiting) > workers:
                yield waiting.popleft().result()        # type: ignore[attr-defined]
        for task in waiting:
            yield task.result()                         # type: ignore[attr-defined]


def _floor(envelope: ControlEnvelope, ground: TinIndex | None) -> float:
    """Find the lowest ground of a lot."""
    lowest = math.nan if ground is None else ground.range_over(envelope.shape)[0]
    return envelope.ground_m if math.isnan(lowest) else lowest


def _cells_above(
    grid: LotGrid, envelopes: list[ControlEnvelope], ground: TinIndex | None, points: Floats, cell_m: float
) -> tuple[_Cells, NDArray[np.int64]]:
    """Find the points of a piece that stand above a limit, and put them into cells."""
    above, tested = grid.above(points)
    place, limit = points[above.point], above.limit_m
    first_rule = np.array([len(e.caps) for e in envelopes])
    lowest = np.array([min(range(len(e.caps)), key=lambda k, e=e: e.caps[k].top_m, default=-1)  # type: ignore[misc]
                       for e in envelopes])
    number = np.where(above.rule < 0, lowest[above.lot], first_rule[above.lot] + above.rule)
    for k in np.unique(above.lot):
        if envelopes[k].ceilings:
            mine = above.lot == k
            limit[mine], number[mine] = envelopes[k].limit_at(place[mine, :2])
    level = np.array([e.ground_m for e in envelopes])[above.lot]
    if ground is not None and len(place):
        under = ground.height_at(place[:, :2])
        level = np.where(np.isnan(under), level, under)
    limit = np.maximum(limit, level)
    over = place[:, 2] > limit
    column, row = np.floor(place[over, :2] / cell_m).astype(np.int64).T + _HALF
    return _merged([_Cells(
        key=above.lot[over] * _LOT + row * _ROW + column, points=np.ones(int(over.sum()), dtype=np.int64),
        excess=place[over, 2] - limit[over],
        highest=np.column_stack([place[over], limit[over], number[over]]),
    )]), tested


def _merged(pieces: list[_Cells]) -> _Cells:
    """Put cells of the same number together; the result does not depend on how the survey was cut into pieces."""
    if not pieces:
        none = np.zeros(0, dtype=np.int64)
        return _Cells(key=none, points=none, excess=np.zeros(0), highest=np.zeros((0, 5)))
    key, points, excess, highest = (np.concatenate([getattr(p, name) for p in pieces])
                                    for name in ("key", "points", "excess", "highest"))
    order = np.argsort(key, kind="stable")
    key, peak = key[order], (highest[:, 2] - highest[:, 3])[order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    if not len(first):
        return _Cells(key=key, points=points, excess=excess, highest=highest)
    group = np.repeat(np.arange(len(first)), np.diff(first, append=len(key)))
    tops = np.flatnonzero(peak == np.maximum.reduceat(peak, first)[group])          # of equals, the one farthest west
    tops = tops[np.lexsort((*highest[order[tops], 1::-1].T, group[tops]))]
    tops = tops[np.diff(group[tops], prepend=-1) > 0]
    return _Cells(key=key[first], points=np.add.reduceat(points[order], first),
                  excess=np.add.reduceat(excess[order], first), highest=highest[order[tops]])


def _part(cells: _Cells, keep: NDArray[np.bool_]) -> _Cells:
    return _Cells(key=cells.key[keep], points=cells.points[keep], excess=cells.excess[keep],
                  highest=cells.highest[keep])


def _judged(
    envelope: ControlEnvelope, controls: tuple[Control, ...], cells: _Cells, count: int, error: SurveyError,
    tol_m: float, cell_m: float,
) -> Finding:
    """Turn the cells of one envelope into a finding."""
    if not count:
        return _finding(envelope.parcel, State.NOT_CHECKED, reason=say("as_built.none"))
    enough = cells.points >= SUPPORT_POINTS
    stray = NOTHING if enough.all() else _strays(_part(cells, ~enough))
    solid = _part(cells, enough)
    least = max(tol_m, error.u95_m)
    if not len(solid.key):
        return _finding(envelope.parcel, State.PASS, value=0.0, limit=0.0, margin=0.0, tolerance=least,
                        uncertainty=error.u95_m, reason=together(say("as_built.under", count=count), stray),
                        figures=(("area_m2", 0.0), ("highest_m", 0.0), ("points_over", 0.0), ("points", float(count))))
    scatter = COVERAGE * error.obs_m / np.sqrt(solid.points)
    worst = int(np.argmax(solid.mean - scatter))
    excess, tol = float(solid.mean[worst]), least + float(scatter[worst])
    state = judge(-excess, tol)
    broken = _part(solid, solid.mean > least + scatter) if state is State.FAIL else solid
    x, y, z, limit, number = (float(v) for v in solid.highest[worst])
    names = [c.control for c in envelope.constraints]
    control = next((c for c in controls if 0 <= int(number) < len(names) and c.id == names[int(number)]), None)
    highest = float((broken.highest[:, 2] - broken.highest[:, 3]).max())
    area = len(broken.key) * cell_m**2
    reason = together(say(
        "as_built.over", points=solid.points[worst], cell=cell_m, area=area, above=broken.points.sum(), count=count,
        highest=highest, u95=error.u95_m), stray)
    return _finding(
        envelope.parcel, state, control=control, value=excess, limit=0.0, margin=-excess, tolerance=tol,
        uncertainty=error.u95_m, where=Where(point=(x, y, z), foot=(x, y, limit)), reason=reason,
        figures=(("area_m2", area), ("highest_m", highest), ("points_over", float(broken.points.sum())),
                 ("points", float(count))),
        cure=Cure(action="lower", amount=up(float(solid.mean.max())), unit="m") if state is State.FAIL else None)


def _strays(cells: _Cells) -> Said:
    """Name what was left out."""
    highest = float((cells.highest[:, 2] - cells.highest[:, 3]).max())
    return say("as_built.strays", count=cells.points.sum(), least=SUPPORT_POINTS, highest=highest)


def _no_envelope(parcel: str) -> Finding:
    return _finding(parcel, State.NOT_CHECKED, reason=say("no_envelope"))


def _finding(parcel: str, state: State, *, reason: Said, control: Control | None = None, value: float | None = None,
             limit: float | None = None, margin: float | None = None, tolerance: float | None = None,
             uncertainty: float | None = None, where: Where | None = None, cure: Cure | None = None,
             figures: tuple[tuple[str, float], ...] = ()) -> Finding:
    return Finding(
        id=f"as-built/{parcel}", check="as_built", state=state, parcel=parcel, design="", control=control,
        value=value, limit=limit, margin=margin, tolerance=tolerance, uncertainty=uncertainty, unit="m",
        where=where or Where(), reason=reason.en, reason_zh=reason.zh, cure=cure, figures=figures)
