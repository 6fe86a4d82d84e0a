"""Height, setback and coverage of a whole city of simple designs at once.

Most masses of a city are upright convex blocks on convex lots. For those every check is a number per block, and all
are worked out in a few passes over arrays. Every other design takes the way of one design at a time, so that the
findings are those of `zonebox.checks.run`, without the offending piece as a mesh; of several equally tight places
another one may be named.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from zonebox import tolerance
from zonebox.checks.blocks import Blocks, may_be_block
from zonebox.checks.findings import up
from zonebox.checks.heights import check_heights, measure_of
from zonebox.checks.homes import KINDS, Home, home_of, stated_envelope
from zonebox.checks.ratios import SECTION_HEIGHT_M, check_ratios
from zonebox.checks.sentences import Said, datum, role, say, together
from zonebox.checks.setbacks import check_setbacks
from zonebox.checks.subject import Site, Subject
from zonebox.collector import without_collector
from zonebox.geometry.soup import Soup
from zonebox.model import (
    Building,
    Control,
    Cure,
    Datum,
    EdgeRole,
    Finding,
    Kind,
    Parcel,
    Scene,
    State,
    Where,
)
from zonebox.model.finding import judge

CHUNK: Final = 10_000
"""Designs worked on at a time, which bounds the memory."""

CHECKS: Final = {kind: kind.value for kind in Kind}


def check_many(scene: Scene, progress: Callable[[int, int], None] | None = None) -> tuple[Finding, ...]:
    """Check height, setback and coverage of every design.

    Parameters
    ----------
    scene : Scene
        Its envelopes are not needed where the plan states the design ground of a parcel and its controls are heights,
        fixed or tiered setbacks, and coverage.
    progress : callable, optional
        Told how many designs are done, of how many.

    Returns
    -------
    tuple of Finding
        Sorted by id.
    """
    site = Site(scene)
    homes: dict[str, Home] = {}
    findings: list[Finding] = []
    with without_collector():
        done = 0
        for placed, blocks in arranged(_placed(site, homes, scene.designs[start:start + CHUNK])
                                        for start in range(0, len(scene.designs), CHUNK)):
            findings += _chunk(site, placed, blocks)
            done += CHUNK
            if progress is not None:
                progress(min(done, len(scene.designs)), len(scene.designs))
        findings.sort(key=lambda f: f.id)
    return tuple(findings)


Row: TypeAlias = tuple[Building, Parcel, Home]
"""A design, its parcel, and what that asks for."""


def _placed(site: Site, homes: dict[str, Home], designs: Sequence[Building]) -> list[Row]:
    """Pair designs with their parcels and what these ask for; who stands on none is left out."""
    placed: list[Row] = []
    for design in designs:
        parcel = site.parcel_of(design)
        if parcel is not None:
            if parcel.id not in homes:
                homes[parcel.id] = home_of(site, parcel)
            placed.append((design, parcel, homes[parcel.id]))
    return placed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Simple:
    """The designs of a chunk whose checks may be numbers per block, and these numbers."""

    rows: list[Row]
    arrays: Blocks

    def __iter__(self) -> Iterator[tuple[int, Row]]:
        """Name those that are: number in the arrays, and design, parcel, home."""
        for k in np.flatnonzero(self.arrays.simple).tolist():
            yield k, self.rows[k]


def _simple(placed: Sequence[Row]) -> _Simple:
    rows = [row for row in placed if row[2].simple and may_be_block(row[0])]
    return _Simple(rows=rows, arrays=Blocks([d for d, _, _ in rows], [p for _, p, _ in rows]))


def arranged(chunks: Iterable[list[Row]]) -> Iterator[tuple[list[Row], _Simple]]:
    """Measure chunks, each in a second thread while the findings of the one before are written."""
    waiting: deque[tuple[list[Row], Future[_Simple]]] = deque()
    with ThreadPoolExecutor(1) as pool:
        for placed in chunks:
            waiting.append((placed, pool.submit(_simple, placed)))
            if len(waiting) > 1:
                before, measured = waiting.popleft()
                yield before, measured.result()
        for placed, measured in waiting:
            yield placed, measured.result()


def _chunk(site: Site, placed: Sequence[Row], blocks: _Simple) -> Iterator[Finding]:
    """Check some designs: blocks together, the others one by one."""
    done = set()
    for k, (design, parcel, home) in blocks:
        done.add(id(design))
        yield from findings_of(blocks.arrays, k, design, parcel, home)
    for design, parcel, _ in placed:
        if id(design) not in done:
            yield from _singly(site, design, parcel)


def _singly(site: Site, design: Building, parcel: Parcel) -> Iterator[Finding]:
    """Check one design in the usual way, on the envelope or on what the plan states."""
    envelope = site.envelopes.get(parcel.id) or stated_envelope(site, parcel)
    soup = Soup.of(design.mesh)
    if envelope is not None:
        soup = soup.above([0.0, 0.0, 1.0], envelope.ground_m)
    controls = tuple(c for c in site.controls.get(parcel.id, ()) if c.kind in KINDS)
    subject = Subject(design=design, parcel=parcel, controls=controls, envelope=envelope, soup=soup, site=site)
    yield from check_heights(subject)
    yield from check_setbacks(subject)
    yield from check_ratios(subject)


def findings_of(blocks: Blocks, k: int, design: Building, parcel: Parcel, home: Home) -> Iterator[Finding]:
    """Write down what was measured on one block."""
    for control, ground, bound in home.heights:
        yield _height(blocks, k, design, parcel, control, ground, bound)
    for control, runs, tiers in home.setbacks:
        for edges in runs.values():
            yield _setback(blocks, k, design, parcel, control, edges, tiers)
    for control in home.coverages:
        yield _coverage(blocks, k, design, parcel, control)


def _made(design: Building, parcel: Parcel, control: Control, margin: float, tol: float, reason: Said, *,
          value: float, limit: float, unit: str, where: Where, cure: Callable[[], Cure], suffix: str = "",
          elements: bool = True) -> Finding:
    if -tolerance.NOISE < margin < tolerance.NOISE:
        margin = 0.0
    if margin >= 0.0:
        return Finding(
            id=f"{design.id}/{control.id}{suffix}", check=CHECKS[control.kind], state=State.PASS, parcel=parcel.id,
            design=design.id, control=control, value=value, limit=limit, margin=margin, tolerance=tol, unit=unit,
            where=where, reason=reason.en, reason_zh=reason.zh)
    return Finding(
        id=f"{design.id}/{control.id}{suffix}", check=CHECKS[control.kind], state=judge(margin, tol), parcel=parcel.id,
        design=design.id, control=control, value=value, limit=limit, margin=margin, tolerance=tol, unit=unit,
        where=where, elements=(design.elements[0].id,) if elements else (), cure=cure(), reason=reason.en,
        reason_zh=reason.zh)


def _height(blocks: Blocks, k: int, design: Building, parcel: Parcel, control: Control, ground: float, bound: float
            ) -> Finding:
    x, y, z = blocks.peak[k].tolist()
    top = "top.highest" if measure_of(control) == "highest" else "top.no_storeys"
    reason = _height_words(top, None if control.kind is Kind.HEIGHT_ABSOLUTE else ground, control.datum)
    if control.kind is Kind.STOREYS:
        reason = together(say("storeys", count=control.limit, height=control.storey_height_m), reason)
    value = z - ground
    return _made(design, parcel, control, bound - value, tolerance.HEIGHT_M, reason, value=value, limit=bound, unit="m",
                 where=Where(point=(x, y, z), foot=(x, y, ground + bound)),
                 cure=lambda: Cure(action="lower", amount=up(value - bound), unit="m"))


@functools.lru_cache(maxsize=4096)
def _height_words(top: str, ground: float | None, reference: Datum) -> Said:
    if ground is None:
        return say("elevation", top=say(top))
    return say("height", ground=ground, datum=datum(reference.value), top=say(top))


@functools.lru_cache(maxsize=65536)
def _setback_words(edge: int, name: EdgeRole, height: float) -> Said:
    return say("setback", edge=edge, role=role(name.value), height=height)


def _setback(
    blocks: Blocks, k: int, design: Building, parcel: Parcel, control: Control, edges: list[int],
    tiers: tuple[tuple[float, float], ...],
) -> Finding:
    first, ground, high = blocks.levels[k]
    rows, edge = blocks.rows, edges[0]
    for e in edges[1:]:
        if rows[first + e][0] < rows[first + edge][0]:
            edge = e
    distance, x, y, z, nx, ny = rows[first + edge]
    level, required = tiers[0]
    for t in tiers[1:]:
        if t[0] + tolerance.SNAP_M < high - ground and t[1] > required:
            level, required = t
    z = max(z, ground + max(level, 0.0))
    return _made(
        design, parcel, control, distance - required, tolerance.PLAN_M,
        _setback_words(edge, parcel.edges[edge].role, round(z - ground, 2)),
        value=distance, limit=required, unit="m", suffix=f"/edge-{edge}",
        where=Where(point=(x, y, z), edge=edge, foot=(x - distance * nx, y - distance * ny, z)),
        cure=lambda: Cure(action="move", amount=up(required - distance), unit="m", direction=(nx, ny)))


def _coverage(blocks: Blocks, k: int, design: Building, parcel: Parcel, control: Control) -> Finding:
    level = float(blocks.ground[k]) + SECTION_HEIGHT_M
    area = float(blocks.area[k]) if blocks.low[k] <= level < blocks.high[k] else 0.0
    site, bound = parcel.area_m2, control.limit or 0.0
    return _made(
        design, parcel, control, bound - area / site, max(tolerance.AREA_M2, tolerance.AREA_RATIO * area) / site,
        say("coverage", area=area, height=SECTION_HEIGHT_M, site=site), value=area / site, limit=bound, unit="",
        where=Where(), elements=False,
        cure=lambda: Cure(action="remove_footprint", amount=up(max(area - bound * site, 0.0), 0.1), unit="m²"))
