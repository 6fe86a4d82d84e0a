"""A control: one rule of a plan as data, with the document that makes it binding."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from zonebox.geometry.profile import Profile


class Kind(StrEnum):
    """What a control limits."""

    SETBACK = "setback"
    """Distance from chosen edges, fixed or in tiers over height."""
    RECESSION = "recession"
    """Inclined plane rising inward from chosen edges."""
    PROPORTIONAL = "proportional"
    """Distance from chosen edges that grows with height."""
    HEIGHT = "height"
    """Height above a ground reference."""
    HEIGHT_ABSOLUTE = "height_abs"
    """Elevation in the scene's vertical datum."""
    FAR = "far"
    """Floor area ratio 容积率: counted floor area / parcel area, upper bound."""
    COVERAGE = "coverage"
    """Building density 建筑密度: footprint / parcel area, upper bound."""
    GREEN = "green"
    """Green ratio 绿地率: weighted green area / parcel area, lower bound."""


class Severity(StrEnum):
    """How strictly a control binds."""

    MANDATORY = "mandatory"
    """规定性."""
    GUIDANCE = "guidance"
    """引导性."""


class Datum(StrEnum):
    """From which ground a height counts (domain C5)."""

    DESIGN_GROUND = "design_ground"
    AVERAGE = "average"
    LOWEST = "lowest"
    HIGHEST = "highest"
    BOUNDARY_GROUND = "boundary_ground"
    ABSOLUTE = "absolute"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """The document that makes a control binding. Nothing is enforced without one."""

    doc: str
    clause: str = ""
    version: str = ""
    status: str = "example"
    valid_from: str = ""
    valid_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSelector:
    """Which edges of a parcel a control speaks of; empty means every edge."""

    roles: tuple[str, ...] = ()
    indices: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One rule on one parcel.

    Parameters
    ----------
    id : str
        Stable name, unique in its parcel, e.g. ``A-05/height`` or ``A-05/street-setback``.
    parcel : str
        Parcel number.
    kind : Kind
        What it limits.
    limit : float or None
        The bound of height (m), height_abs (m), far, coverage and green (ratios 0–1 but FAR); None for edge rules.
    profile : Profile or None
        Required distance over height, for setback, recession and proportional.
    edges : EdgeSelector
        The edges that edge rules act on.
    datum : Datum
        Ground reference of heights.
    measure : str
        The top that counts: ``parapet`` (roof plant of at most a quarter of the roof left out) or ``highest``.
    severity : Severity
        Mandatory or guidance.
    authority : Authority
        Who says so.
    source : str
        Where the value was read: ``parcels.shp#DKBH=A-05/JZGD`` or ``rules.toml#street-setback``.
    """

    id: str
    parcel: str
    kind: Kind
    limit: float | None = None
    profile: Profile | None = None
    edges: EdgeSelector = field(default_factory=EdgeSelector)
    datum: Datum = Datum.DESIGN_GROUND
    measure: str = "parapet"
    severity: Severity = Severity.MANDATORY
    authority: Authority
    source: str = ""
