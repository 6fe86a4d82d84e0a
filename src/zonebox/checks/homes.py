"""What a parcel asks of simple blocks: bounds of heights, distances from edges in steps, and coverage."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np

from zonebox.checks.heights import measure_of
from zonebox.checks.subject import Site
from zonebox.geometry.edgewise import Corner
from zonebox.geometry.mesh import Mesh
from zonebox.geometry.profile import Profile
from zonebox.model import CapConstraint, Control, ControlEnvelope, Datum, EdgeConstraint, Kind, Parcel

KINDS: Final = (Kind.HEIGHT, Kind.HEIGHT_ABSOLUTE, Kind.STOREYS, Kind.SETBACK, Kind.COVERAGE)


@dataclass(slots=True)
class Home:
    """What a parcel asks of the blocks on it: heights as (control, ground, bound), setbacks as (control, edge, tiers).

    ``simple`` is False where one of its controls needs more than that.
    """

    simple: bool
    heights: list[tuple[Control, float, float]] = field(default_factory=list)
    setbacks: list[tuple[Control, dict[int, list[int]], tuple[tuple[float, float], ...]]] = field(default_factory=list)
    coverages: list[Control] = field(default_factory=list)


def home_of(site: Site, parcel: Parcel) -> Home:
    """Read the controls of a parcel."""
    home = Home(simple=parcel.design_ground_m is not None and parcel.shape.geom_type == "Polygon"
                 and not parcel.shape.interiors)
    ground = parcel.design_ground_m or 0.0
    for c in site.controls.get(parcel.id, ()):
        if c.superseded_by or c.kind not in KINDS:
            continue
        home.simple &= c.zone is None and c.effect == "prohibit" and (c.limit is not None or c.kind is Kind.SETBACK)
        if c.kind is Kind.COVERAGE:
            home.coverages.append(c)
        elif c.kind is Kind.SETBACK:
            tiers = _tiers(c)
            if tiers is None:
                home.simple = False
                continue
            home.setbacks.append((c, runs_of(parcel, c), tiers))
        elif c.kind is Kind.HEIGHT_ABSOLUTE:
            home.simple &= measure_of(c) == "highest"
            home.heights.append((c, 0.0, c.limit or 0.0))
        else:
            home.simple &= c.datum is Datum.DESIGN_GROUND and c.measure in ("parapet", "highest")
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


def runs_of(parcel: Parcel, control: Control) -> dict[int, list[int]]:
    """Edges that a control names, by the run they belong to."""
    chosen = control.edges
    runs: dict[int, list[int]] = {}
    for e in parcel.edges:
        if not (chosen.roles or chosen.indices) or e.role in chosen.roles or e.index in chosen.indices:
            runs.setdefault(e.chain, []).append(e.index)
    return runs


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
                                     corner=c.corner) for run in runs_of(parcel, c).values() for e in run]
    return ControlEnvelope(
        parcel=parcel.id, shape=parcel.shape, boundary=lot, solid=Mesh.empty(),
        face_control=np.zeros(0, dtype=np.int32), face_names=(), edge_constraints=tuple(rules), caps=tuple(caps),
        ground_m=ground, ground_source="stated by the plan", base_m=ground, top_m=ground, footprint_m2=0.0,
        volume_m3=0.0)
