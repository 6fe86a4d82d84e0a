"""What is said about each envelope, whatever the file: its controls in words and numbers, and its row in the table."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon

from zonebox import __version__, tolerance
from zonebox.geometry import solids
from zonebox.model import Control, ControlEnvelope, Kind, Parcel, Scene

COLUMNS: Final = ("parcel", "volume_m3", "footprint_m2", "base_m", "top_m", "far_max", "empty", "binding")
"""Columns of the table of envelopes; other programs rely on them."""

Row = dict[str, str | float | None]

SYSTEM: Final = f"zonebox {__version__}"
"""Who wrote a file."""

COLOR: Final = (70, 156, 226, 90)
"""RGBA of an envelope: one can see the building inside."""

_DIGITS: Final = 6
_UNITS: Final = {Kind.HEIGHT: "m", Kind.HEIGHT_ABSOLUTE: "m", Kind.HEIGHT_MIN: "m", Kind.STOREYS: "storeys"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One control as a reader of the file meets it; ``name`` is its id without the parcel."""

    name: str
    control: Control
    removed_m3: float | None

    @property
    def text(self) -> str:
        """The control in one phrase: kind, limit, what it replaced or what replaced it."""
        phrase = f"{self.control.kind}: {limit_text(self.control)}"
        if self.control.superseded_by:
            phrase += f" (superseded by {self.control.superseded_by})"
        return phrase

    @property
    def clause(self) -> str:
        """Document, clause, version and status of the authority."""
        said = self.control.authority
        parts = (said.doc, said.clause, said.version, f"[{said.status}]" if said.status else "")
        return " ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sheet:
    """An envelope with its parcel and all controls on that parcel, those that shape nothing included."""

    parcel: Parcel
    envelope: ControlEnvelope
    rules: tuple[Rule, ...]

    def limit(self, kind: Kind) -> float | None:
        """Strictest upper bound of a kind in force, None where there is none."""
        found = [r.control.limit for r in self.rules if r.control.kind is kind and not r.control.superseded_by]
        return min((value for value in found if value is not None), default=None)

    @property
    def buildable_m2(self) -> float:
        """What may be built over: the envelope's footprint, or less where a coverage ratio says so."""
        coverage = self.limit(Kind.COVERAGE)
        footprint = self.envelope.footprint_m2
        return footprint if coverage is None else min(footprint, coverage * self.parcel.area_m2)

    @property
    def height_m(self) -> float | None:
        """Lowest ceiling above the ground reference, None where no control caps the height."""
        return min((cap.top_m - self.envelope.ground_m for cap in self.envelope.caps), default=None)


def sheets(scene: Scene) -> tuple[Sheet, ...]:
    """One sheet for each envelope of a scene, in its order."""
    made = []
    for envelope in scene.envelopes:
        parcel = scene.plan.parcel(envelope.parcel)
        assert parcel is not None, envelope.parcel
        rules = tuple(
            Rule(name=c.id.removeprefix(f"{c.parcel}/"), control=c, removed_m3=envelope.removed_m3.get(c.id))
            for c in scene.plan.controls_of(parcel.id))
        made.append(Sheet(parcel=parcel, envelope=envelope, rules=rules))
    return tuple(made)


def limit_text(control: Control) -> str:
    """Say in words how much a control allows.

    Examples
    --------
    >>> from zonebox.geometry.profile import tiers
    >>> from zonebox.model import Authority
    >>> said = {"id": "A/x", "parcel": "A", "authority": Authority(doc="plan")}
    >>> limit_text(Control(kind=Kind.HEIGHT, limit=24.0, **said))
    '24 m'
    >>> limit_text(Control(kind=Kind.SETBACK, profile=tiers(((0.0, 5.0), (12.0, 11.0))), **said))
    'distance 5 m at 0 m, 5 m at 12 m, 11 m at 12 m'
    """
    if control.limit is not None:
        return f"{control.limit:g} {_UNITS.get(control.kind, '')}".strip()
    if control.profile is not None:
        steps = ", ".join(f"{distance:g} m at {height:g} m" for height, distance in control.profile.points)
        rising = f", then {control.profile.slope:g} m more per metre" if control.profile.slope else ""
        return f"distance {steps}{rising}"
    if control.slant is not None:
        return f"slope {control.slant.slope:g} from {control.slant.base_m:g} m"
    if control.table is not None:
        return "distance by road width and class of height"
    return "as drawn"


def table_rows(scene: Scene) -> list[Row]:
    """Rows of the table of envelopes, one a parcel, in plan order; a parcel that may not be built on has one too."""
    return [_row(scene, parcel) for parcel in scene.plan.parcels]


def _row(scene: Scene, parcel: Parcel) -> Row:
    envelope = scene.envelope(parcel.id)
    if envelope is None:
        why = "no ground reference" if parcel.buildable else f"land use {parcel.land_use} admits no buildings"
        values: Sequence[str | float | None] = (parcel.id, 0.0, 0.0, None, None, None, why, "")
    else:
        why = "" if envelope.empty is None else envelope.empty.reason
        measures = (envelope.volume_m3, envelope.footprint_m2, envelope.base_m, envelope.top_m)
        room = envelope.capacity
        far_max, binding = (None, "") if room is None else (round(room.far_max, _DIGITS), room.binding)
        values = (parcel.id, *(round(m, _DIGITS) for m in measures), far_max, why, binding)
    return dict(zip(COLUMNS, values, strict=True))


def footprint(envelope: ControlEnvelope) -> MultiPolygon:
    """Plan shape of an envelope at its ground reference, in the frame; empty where the envelope is.

    Its area is `ControlEnvelope.footprint_m2`.
    """
    if not len(envelope.solid):
        return MultiPolygon()
    middle = np.append(np.round(np.asarray(envelope.shape.envelope.centroid.coords[0])), 0.0)
    solid = solids.solid_of(envelope.solid.moved(-middle))
    rings = [Polygon(ring + middle[:2]) for ring in solids.outlines(solid, envelope.ground_m + tolerance.SPLIT_M)]
    rings.sort(key=lambda ring: ring.area, reverse=True)
    whole = functools.reduce(shapely.symmetric_difference, rings, Polygon())
    parts = [part for part in shapely.get_parts(whole) if part.geom_type == "Polygon" and not part.is_empty]
    return MultiPolygon([shapely.orient_polygons(part) for part in parts])


def place_text(scene: Scene, *, origin: bool) -> str:
    """State the coordinates of a file in one sentence: reference, axes, and the origin where one was taken off."""
    frame = scene.frame
    east, north = frame.origin
    axes = f"x east, y north, z up, metres, in {frame.horizontal} ({frame.horizontal_label})"
    shifted = f"; add E {east:.3f} N {north:.3f} to x and y" if origin else ""
    return f"{axes}{shifted}; heights in {frame.vertical} ({frame.vertical_label})"
