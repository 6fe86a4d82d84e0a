"""A control: one rule of a plan as data, with the document that makes it binding."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum

from shapely.geometry.base import BaseGeometry

from zonebox.geometry.edgewise import Corner
from zonebox.geometry.profile import Profile
from zonebox.model.area_rule import AreaRule
from zonebox.model.demand import Demand, Projection
from zonebox.model.surface import Surface


class Kind(StrEnum):
    """What a control limits."""

    SETBACK = "setback"
    """Distance from chosen edges or from a drawn line, fixed or in tiers over height."""
    SETBACK_CLASS = "setback_class"
    """Distance of the whole building, by the class of its total height (domain C4, A7a)."""
    PROPORTIONAL = "proportional"
    """Distance from chosen edges that grows with height."""
    PROFILE = "profile"
    """Distance over height as a polyline: sky exposure planes, ResCode and the like."""
    RECESSION = "recession"
    """Inclined plane rising inward from chosen edges."""
    ROAD_SLANT = "road_slant"
    """Inclined plane from the far side of the road, up to an applicable distance (domain B5)."""
    NORTH_SLANT = "north_slant"
    """Inclined plane whose distance is measured due true north (domain B5)."""
    UNDERGROUND = "underground"
    """Distance from chosen edges below the ground, and the lowest elevation."""
    HEIGHT = "height"
    """Height above a ground reference."""
    HEIGHT_ABSOLUTE = "height_abs"
    """Elevation in the scene's vertical datum."""
    HEIGHT_MIN = "height_min"
    """Least height above a ground reference."""
    STOREYS = "storeys"
    """Number of storeys, at a stated storey height."""
    FAR = "far"
    """Floor area ratio 容积率: counted floor area / parcel area, upper bound."""
    COVERAGE = "coverage"
    """Building density 建筑密度: footprint / parcel area, upper bound."""
    GREEN = "green"
    """Green ratio 绿地率: weighted green area / parcel area, lower bound."""
    NO_BUILD = "no_build"
    """Ground on which nothing may stand: 四线, farmland, ecological redline, easements."""
    VIEW_CORRIDOR = "view_corridor"
    """Space to keep clear between an eye and what it shall see (domain A12, C11)."""
    OBSTACLE = "obstacle"
    """Obstacle limitation surfaces of an aerodrome (domain B13)."""
    FRESNEL = "fresnel"
    """Tube to keep clear round a radio link (domain A15)."""
    SOLAR = "solar"
    """Space in which a building would shade a protected edge at the stated hours (domain B10, C11)."""
    FAR_MIN = "far_min"
    """Floor area ratio, lower bound."""
    COVERAGE_MIN = "coverage_min"
    """Building density, lower bound."""
    GREEN_MAX = "green_max"
    """Green ratio, upper bound, as industry has it (domain A6)."""
    BUILD_TO = "build_to"
    """Build-to ratio 贴线率: share of a line along which facades stand, lower bound (domain A10)."""
    SPACING = "spacing"
    """Distance between buildings 建筑间距 (domain A8)."""
    PARKING = "parking"
    """Parking places, lower bound (domain A18)."""
    ACCESS = "access"
    """Where the site may be entered 出入口 (domain A17)."""
    USE = "use"
    """Uses that may be housed (domain D13)."""


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
    CURB = "curb"
    """The street at the middle of the front."""
    BOUNDARY_GROUND = "boundary_ground"
    """The ground along each edge, sloping with it."""
    TERRAIN_FOLLOWING = "terrain_following"
    """The ground under each point."""
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
    """Which edges of a parcel a control speaks of; empty means every edge.

    ``sector_deg`` picks edges by the true bearing of their outward normal, clockwise from north, from the first bound
    up to but not including the second: (315, 45) is north. Several conditions widen the choice, but a sector narrows
    it.
    """

    roles: tuple[str, ...] = ()
    indices: tuple[int, ...] = ()
    sector_deg: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetbackTable:
    """Setback of a whole building by road width and class of total height (domain A7a, F25).

    Parameters
    ----------
    road_widths : tuple of float
        Upper bounds of the width classes, rising, ``inf`` last; a width belongs to the first bound that is not below
        it. One bound, ``inf``, where the width does not matter.
    heights : tuple of float
        Upper bounds of the height classes, likewise.
    distances_m : tuple of tuple
        One row per width class, one distance per height class.
    multipliers : tuple of (class number, ((up to height, factor), ...))
        Factors on the distance of a height class, by total height.

    Examples
    --------
    >>> table = SetbackTable(road_widths=(20, 40, float("inf")), heights=(10, 24, float("inf")),
    ...     distances_m=((3, 5, 5), (5, 8, 8), (8, 10, 10)),
    ...     multipliers=((2, ((50, 1.0), (75, 1.2), (100, 1.4), (200, 1.6), (float("inf"), 1.8))),))
    >>> [table.distance_m(30, h) for h in (9, 20, 30, 60, 90, 150)]
    [5.0, 8.0, 8.0, 9.6, 11.2, 12.8]
    >>> table.classes(30, up_to=100)
    ((10.0, 5.0), (24.0, 8.0), (50.0, 8.0), (75.0, 9.6), (100.0, 11.2))
    """

    road_widths: tuple[float, ...]
    heights: tuple[float, ...]
    distances_m: tuple[tuple[float, ...], ...]
    multipliers: tuple[tuple[int, tuple[tuple[float, float], ...]], ...] = ()

    def distance_m(self, road_width_m: float, height_m: float) -> float:
        """Look up the setback of a building of this total height at a road of this width."""
        row = next(i for i, bound in enumerate(self.road_widths) if road_width_m <= bound)
        column = next(i for i, bound in enumerate(self.heights) if height_m <= bound)
        steps = dict(self.multipliers).get(column, ((math.inf, 1.0),))
        factor = next(f for bound, f in steps if height_m <= bound)
        return round(self.distances_m[row][column] * factor, 9)

    def classes(self, road_width_m: float, *, up_to: float) -> tuple[tuple[float, float], ...]:
        """List (total height, setback) of every class up to a height, which ends the last one."""
        bounds = {float(b) for b in self.heights} | {float(b) for _, steps in self.multipliers for b, _ in steps}
        tops = sorted({b for b in bounds if b < up_to} | {float(up_to)})
        return tuple((top, self.distance_m(road_width_m, top)) for top in tops)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slant:
    """A Japanese slant plane: z ≤ base + slope × (what lies before it + distance into the lot) (domain B5).

    ``own_setback_m`` is the building's own setback, by which the road's far side moves out; ``applicable_m`` the
    distance from the far side beyond which the plane no longer holds.
    """

    slope: float
    base_m: float = 0.0
    own_setback_m: float = 0.0
    applicable_m: float = math.inf


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
        The bound of heights (m), storeys, far, coverage and green (ratios 0–1 but FAR); None for edge rules.
    storey_height_m : float or None
        For storeys.
    area_rule : AreaRule or None
        Which floor area counts, for far; None where neither plan nor rule pack names one.
    profile : Profile or None
        Required distance over height, for setback, recession, proportional and profile; over depth for underground.
    table : SetbackTable or None
        For setback_class.
    slant : Slant or None
        For road_slant and north_slant.
    surface : Surface or None
        Geometry of view corridors, obstacle surfaces, links and solar fences, in the frame.
    zone : geometry or None
        Part of the plan in which the control holds, in the frame; None: the whole parcel. Required by no_build.
    line : geometry or None
        Drawn line that a setback is measured from instead of the parcel's edges, in the frame.
    edges : EdgeSelector
        The edges that edge rules act on.
    corner : Corner
        How edge rules go round corners.
    datum : Datum
        Ground reference of heights.
    measure : str
        The top that counts (domain A5, D1): ``parapet`` (roof plant of at most a quarter of the roof left out),
        ``highest``, ``eave``, ``ridge``, ``mean_eave_ridge`` or ``quarter_rule``.
    demand : Demand or None
        What build_to, spacing, parking, access and use demand beside the limit.
    projections : tuple of Projection
        What may stand in a setback.
    effect : str
        ``prohibit``, or ``trigger_study``: what breaks the control is for its authority to study (domain D10).
    severity : Severity
        Mandatory or guidance.
    overrides : tuple of str
        Rule ids that this control replaces on its parcel; they are kept and listed as superseded.
    superseded_by : str
        Id of the control that replaces this one; such a control limits nothing.
    authority : Authority
        Who says so.
    source : str
        Where the value was read: ``parcels.shp#DKBH=A-05/JZGD`` or ``rules.toml#street-setback``.
    """

    id: str
    parcel: str
    kind: Kind
    limit: float | None = None
    storey_height_m: float | None = None
    area_rule: AreaRule | None = None
    profile: Profile | None = None
    table: SetbackTable | None = None
    slant: Slant | None = None
    surface: Surface | None = None
    zone: BaseGeometry | None = None
    line: BaseGeometry | None = None
    edges: EdgeSelector = field(default_factory=EdgeSelector)
    corner: Corner = Corner.PARALLEL
    datum: Datum = Datum.DESIGN_GROUND
    measure: str = "parapet"
    demand: Demand | None = None
    projections: tuple[Projection, ...] = ()
    effect: str = "prohibit"
    severity: Severity = Severity.MANDATORY
    overrides: tuple[str, ...] = ()
    superseded_by: str = ""
    authority: Authority
    source: str = ""
