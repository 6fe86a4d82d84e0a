"""Height, setback and coverage of a whole city of simple designs at once.

Most masses of a city are upright convex blocks on convex lots. For those every check is a number per block, and all
are worked out in a few passes over arrays. Every other design takes the way of one design at a time, so that the
findings are those of `zonebox.checks.run`, without the offending piece as a mesh; of several equally tight places
another one may be named.
"""

from __future__ import annotations

import functools
import gc
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox import tolerance
from zonebox.checks.findings import up
from zonebox.checks.heights import check_heights, measure_of
from zonebox.checks.ratios import SECTION_HEIGHT_M, check_ratios
from zonebox.checks.sentences import Said, datum, role, say, together
from zonebox.checks.setbacks import check_setbacks
from zonebox.checks.subject import Site, Subject
from zonebox.geometry.edgewise import Corner
from zonebox.geometry.mesh import Mesh
from zonebox.geometry.profile import Profile
from zonebox.geometry.soup import Soup
from zonebox.model import (
    Building,
    CapConstraint,
    Control,
    ControlEnvelope,
    Cure,
    Datum,
    EdgeConstraint,
    EdgeRole,
    Finding,
    Kind,
    Parcel,
    Scene,
    State,
    Where,
)
from zonebox.model.finding import judge

CHUNK: Final = 20_000
"""Designs worked on at a time, which bounds the memory."""

TRIANGLES_MOST: Final = 64
"""A block with more triangles is not simple."""

CHECKS: Final = {kind: kind.value for kind in Kind}

KINDS: Final = (Kind.HEIGHT, Kind.HEIGHT_ABSOLUTE, Kind.STOREYS, Kind.SETBACK, Kind.COVERAGE)

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]


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
    homes: dict[str, _Home] = {}
    findings: list[Finding] = []
    with _without_collector():
        for start in range(0, len(scene.designs), CHUNK):
            designs = scene.designs[start:start + CHUNK]
            findings += _chunk(site, homes, designs)
            if progress is not None:
                progress(start + len(designs), len(scene.designs))
        findings.sort(key=lambda f: f.id)
    return tuple(findings)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep the cyclic garbage collector from walking over values in bulk that hold no cycles."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@dataclass(slots=True)
class _Home:
    """What a parcel asks of the blocks on it: heights as (control, ground, bound), setbacks as (control, edge, tiers).

    ``simple`` is False where one of its controls needs more than that.
    """

    simple: bool
    heights: list[tuple[Control, float, float]] = field(default_factory=list)
    setbacks: list[tuple[Control, dict[int, list[int]], tuple[tuple[float, float], ...]]] = field(default_factory=list)
    coverages: list[Control] = field(default_factory=list)


def _home(site: Site, parcel: Parcel) -> _Home:
    """Read the controls of a parcel."""
    home = _Home(simple=parcel.design_ground_m is not None and parcel.shape.geom_type == "Polygon"
                 and not parcel.shape.interiors)
    ground = parcel.design_ground_m or 0.0
    for c in site.controls.get(parcel.id, ()):
        if c.superseded_by or c.kind not in KINDS:
            continue
        if c.kind is Kind.COVERAGE:
            home.coverages.append(c)
        elif c.kind is Kind.SETBACK:
            tiers = _tiers(c)
            if tiers is None:
                home.simple = False
                continue
            home.setbacks.append((c, _runs(parcel, c), tiers))
        elif c.kind is Kind.HEIGHT_ABSOLUTE:
            home.simple &= c.zone is None and measure_of(c) == "highest"
            home.heights.append((c, 0.0, c.limit or 0.0))
        else:
            home.simple &= c.zone is None and c.datum is Datum.DESIGN_GROUND and c.measure in ("parapet", "highest")
            rise = (c.limit or 0.0) * (c.storey_height_m or 0.0 if c.kind is Kind.STOREYS else 1.0)
            home.heights.append((c, ground, rise))
    return home


def _tiers(control: Control) -> tuple[tuple[float, float], ...] | None:
    """Read a setback from edges as steps (from height, distance); None where it is more than that."""
    profile = control.profile
    if (profile is None or control.line is not None or control.edges.sector_deg is not None or control.projections
            or control.corner is not Corner.PARALLEL):
        return None
    if len(profile.points) > 1 and control.datum is not Datum.DESIGN_GROUND:
        return None
    return _steps(profile)


@functools.lru_cache(maxsize=1024)
def _steps(profile: Profile) -> tuple[tuple[float, float], ...] | None:
    """Read a profile that only rises in steps; None of any other."""
    points = profile.points
    pairs = list(pairwise(points))
    if profile.slope or not profile.from_below or any(a[1] > b[1] or (a[1] != b[1] and a[0] != b[0])
                                                      for a, b in pairs):
        return None
    return ((-math.inf, points[0][1]), *points[1:])


def _runs(parcel: Parcel, control: Control) -> dict[int, list[int]]:
    """Edges that a control names, by the run they belong to."""
    chosen = control.edges
    runs: dict[int, list[int]] = {}
    for e in parcel.edges:
        if not (chosen.roles or chosen.indices) or e.role in chosen.roles or e.index in chosen.indices:
            runs.setdefault(e.chain, []).append(e.index)
    return runs


def _chunk(site: Site, homes: dict[str, _Home], designs: Sequence[Building]) -> Iterator[Finding]:
    """Check some designs: blocks together, the others one by one."""
    placed: list[tuple[Building, Parcel, _Home]] = []
    for design in designs:
        parcel = site.parcels.get(design.parcel)
        if parcel is None:
            subject = site.subject(design) if not design.parcel else None
            parcel = None if subject is None else subject.parcel
        if parcel is not None:
            if parcel.id not in homes:
                homes[parcel.id] = _home(site, parcel)
            placed.append((design, parcel, homes[parcel.id]))
    able = [row for row in placed if row[2].simple and _may_be_block(row[0])]
    blocks = _Blocks([d for d, _, _ in able], [p for _, p, _ in able]) if able else None
    simple = np.zeros(0, dtype=np.bool_) if blocks is None else blocks.simple
    if blocks is not None:
        for k in np.flatnonzero(simple).tolist():
            yield from _findings(blocks, k, *able[k])
    done = {id(able[k][0]) for k in np.flatnonzero(simple).tolist()}
    for design, parcel, _ in placed:
        if id(design) not in done:
            yield from _singly(site, design, parcel)


def _may_be_block(design: Building) -> bool:
    mesh = design.mesh
    return (len(design.elements) == 1 and not design.storeys and 0 < len(mesh) <= TRIANGLES_MOST
            and design.solid is not None and (design.solid is mesh or (
                np.array_equal(design.solid.triangles, mesh.triangles)
                and np.array_equal(design.solid.vertices, mesh.vertices))))


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


def stated_envelope(site: Site, parcel: Parcel) -> ControlEnvelope | None:
    """Constraints of a parcel as its plan states them, without a solid; None where no design ground is stated.

    Only heights over the design ground, elevations, and setbacks from edges by role or number are set to work.
    """
    if parcel.design_ground_m is None:
        return None
    ground, lot = parcel.design_ground_m, parcel.boundary
    caps, rules = [], []
    for c in site.controls.get(parcel.id, ()):
        if c.superseded_by or c.kind not in KINDS or c.zone is not None:
            continue
        if c.kind is Kind.HEIGHT_ABSOLUTE:
            caps.append(CapConstraint(control=c.id, top_m=c.limit or 0.0))
        elif c.kind in (Kind.HEIGHT, Kind.STOREYS) and c.datum is Datum.DESIGN_GROUND:
            rise = (c.limit or 0.0) * (c.storey_height_m or 0.0 if c.kind is Kind.STOREYS else 1.0)
            caps.append(CapConstraint(control=c.id, top_m=ground + rise, ground_m=ground))
        elif c.kind is Kind.SETBACK and c.profile is not None and c.line is None:
            rules += [EdgeConstraint(control=c.id, edge=e, profile=c.profile, ground_m=(ground, ground),
                                     corner=c.corner) for run in _runs(parcel, c).values() for e in run]
    return ControlEnvelope(
        parcel=parcel.id, shape=parcel.shape, boundary=lot, solid=Mesh.empty(),
        face_control=np.zeros(0, dtype=np.int32), face_names=(), edge_constraints=tuple(rules), caps=tuple(caps),
        ground_m=ground, ground_source="stated by the plan", base_m=ground, top_m=ground, footprint_m2=0.0,
        volume_m3=0.0)


class _Blocks:
    """Many designs and their lots as arrays: which are upright convex blocks on convex lots, and their measures.

    ``low``, ``high`` and ``area`` are elevations and plan area (n,); ``peak`` (n, 3) the highest corner. The distances
    of block k to the edges of its lot stand in ``distance[first[k]:first[k + 1]]``, the nearest corners in ``nearest``.
    """

    def __init__(self, designs: Sequence[Building], parcels: Sequence[Parcel]) -> None:
        meshes = [d.mesh for d in designs]
        counts = np.array([len(m.vertices) for m in meshes])
        sizes = np.array([len(m) for m in meshes])
        self.vertices = np.concatenate([m.vertices for m in meshes])
        self.starts = np.concatenate([[0], np.cumsum(counts)])
        triangles = np.concatenate([m.triangles for m in meshes]).astype(np.int64)
        owner = np.repeat(np.arange(len(meshes)), sizes)
        triangles += self.starts[owner][:, None]
        self.ground = np.array([p.design_ground_m for p in parcels], dtype=np.float64)
        z = self.vertices[:, 2]
        self.low = np.minimum.reduceat(z, self.starts[:-1])
        self.high = np.maximum.reduceat(z, self.starts[:-1])
        self.peak = self.vertices[_first(z >= self.high[np.repeat(np.arange(len(meshes)), counts)] - 0.0,
                                         self.starts)]
        upright = self._measure(triangles, owner, sizes, counts)
        inside = self._distances(parcels, counts)
        near = self.vertices[self.nearest]
        self.rows: list[list[float]] = np.column_stack([self.distance, near, self.inward]).tolist()
        """For each edge of each lot: distance, nearest corner (x, y, z), inward normal (x, y)."""
        self.levels = list(zip(self.first.tolist(), self.ground.tolist(), self.high.tolist(), strict=False))
        self.simple: Flags = upright & inside & (self.low >= self.ground - tolerance.SPLIT_M)

    def _measure(self, triangles: Whole, owner: Whole, sizes: Whole, counts: Whole) -> Flags:
        """Whether each mesh is closed, convex and upright; its plan area from its volume."""
        n = len(sizes)
        corners = self.vertices[triangles]
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        length = np.linalg.norm(normal, axis=1)
        good = length > 0.0
        unit = normal / np.where(good, length, 1.0)[:, None]
        lean = np.abs(unit[:, 2])
        good &= (lean < 1e-9) | (lean > 1.0 - 1e-9)
        first = np.concatenate([[0], np.cumsum(sizes)])[:-1]
        middle = np.add.reduceat(self.vertices, self.starts[:-1]) / counts[:, None]
        local = corners - middle[owner][:, None, :]
        volume = np.add.reduceat((local[:, 0] * np.cross(local[:, 1], local[:, 2])).sum(1), first) / 6.0
        self.area = volume / np.maximum(self.high - self.low, tolerance.SPLIT_M)
        fine = np.logical_and.reduceat(good, first) & (volume > tolerance.VOLUME_M3)
        fine &= self._closed(triangles, owner, n)
        # convex: no vertex of a block lies before one of its faces
        pair = np.repeat(np.arange(len(triangles)), counts[owner])
        within = np.arange(len(pair)) - np.repeat(np.cumsum(counts[owner]) - counts[owner], counts[owner])
        vertex = self.starts[owner[pair]] + within
        before = ((self.vertices[vertex] - corners[pair, 0]) * unit[pair]).sum(1) > tolerance.WELD_M
        fine[np.unique(owner[pair[before]])] = False
        return np.asarray(fine)

    def _closed(self, triangles: Whole, owner: Whole, n: int) -> Flags:
        """Whether every directed edge of a mesh occurs once and its reverse once."""
        count = np.int64(len(self.vertices))
        edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
        forward = np.sort(edges[:, 0] * count + edges[:, 1])
        backward = np.sort(edges[:, 1] * count + edges[:, 0])
        closed = np.ones(n, dtype=np.bool_)
        at = np.searchsorted(self.starts, forward // count, side="right") - 1
        twice = np.append(False, forward[1:] == forward[:-1])
        closed[at[twice]] = False
        if len(forward) == len(backward) and not np.array_equal(forward, backward):
            found = np.searchsorted(backward, forward).clip(max=len(backward) - 1)
            closed[at[backward[found] != forward]] = False
        del owner
        return closed

    def _distances(self, parcels: Sequence[Parcel], counts: Whole) -> Flags:
        """Distance of every block to every edge of its lot; whether lots are convex and hold their blocks."""
        shapes = shapely.orient_polygons(np.array([p.shape for p in parcels], dtype=object))
        xy, ring = shapely.get_coordinates(shapes, return_index=True)
        rings = np.bincount(ring, minlength=len(parcels))
        first = np.concatenate([[0], np.cumsum(rings)])[:-1]
        last = first + rings - 1
        keep = np.ones(len(xy), dtype=np.bool_)
        keep[last] = False                              # the first corner again
        start, end = xy[keep], xy[np.flatnonzero(keep) + 1]
        lot, edges = ring[keep], rings - 1
        self.first = np.concatenate([[0], np.cumsum(edges)])
        run = end - start
        length = np.linalg.norm(run, axis=1)
        self.inward = np.stack([-run[:, 1], run[:, 0]], axis=1) / np.where(length > 0.0, length, 1.0)[:, None]
        after = np.arange(len(start)) + 1
        after[self.first[1:] - 1] = self.first[:-1]
        turn = run[:, 0] * run[after, 1] - run[:, 1] * run[after, 0]
        fine = np.logical_and.reduceat((turn > -tolerance.NOISE * length) & (length > 0.0), self.first[:-1])
        size = counts[lot]                              # pairs: every corner of the block against every edge
        group = np.concatenate([[0], np.cumsum(size)])
        pair = np.repeat(np.arange(len(start)), size)
        vertex = self.starts[lot[pair]] + np.arange(len(pair)) - group[pair]
        distance = ((self.vertices[vertex, :2] - start[pair]) * self.inward[pair]).sum(1)
        self.distance = np.minimum.reduceat(distance, group[:-1])
        self.nearest = vertex[_first(distance <= self.distance[pair] + tolerance.SPLIT_M, group)]
        fine &= np.logical_and.reduceat(self.distance >= 0.0, self.first[:-1])
        fine &= np.array([len(p.edges) for p in parcels]) == edges
        return np.asarray(fine)


def _first(hit: Flags, starts: Whole) -> Whole:
    """Find the number of the first hit in each group; every group has one."""
    hits = np.flatnonzero(hit)
    return hits[np.searchsorted(hits, starts[:-1])]


def _findings(blocks: _Blocks, k: int, design: Building, parcel: Parcel, home: _Home) -> Iterator[Finding]:
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


def _height(blocks: _Blocks, k: int, design: Building, parcel: Parcel, control: Control, ground: float, bound: float
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
    blocks: _Blocks, k: int, design: Building, parcel: Parcel, control: Control, edges: list[int],
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


def _coverage(blocks: _Blocks, k: int, design: Building, parcel: Parcel, control: Control) -> Finding:
    level = float(blocks.ground[k]) + SECTION_HEIGHT_M
    area = float(blocks.area[k]) if blocks.low[k] <= level < blocks.high[k] else 0.0
    site, bound = parcel.area_m2, control.limit or 0.0
    return _made(
        design, parcel, control, bound - area / site, max(tolerance.AREA_M2, tolerance.AREA_RATIO * area) / site,
        say("coverage", area=area, height=SECTION_HEIGHT_M, site=site), value=area / site, limit=bound, unit="",
        where=Where(), elements=False,
        cure=lambda: Cure(action="remove_footprint", amount=up(max(area - bound * site, 0.0), 0.1), unit="m²"))
