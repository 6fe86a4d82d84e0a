"""What a rule of each kind says: the keys it may have, and the limit, profile, table or surface they make."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from zonebox.geometry import profile as profiles
from zonebox.geometry.profile import Profile
from zonebox.model import AreaRule, Corner, Datum, Demand, Kind, Projection, SetbackTable, Slant, Surface
from zonebox_converters.zoning.area_rules import KEYS as AREA_RULE_KEYS
from zonebox_converters.zoning.area_rules import read_area_rule
from zonebox_converters.zoning.demands import KEYS as DEMAND_KEYS
from zonebox_converters.zoning.demands import read_demand, read_projections
from zonebox_converters.zoning.limits import KEYS as SURFACE_KEYS
from zonebox_converters.zoning.limits import SolarRule, read_surface
from zonebox_converters.zoning.lookups import setback_table
from zonebox_converters.zoning.pack_table import PackTable

SKY_EXPOSURE: Final = "sky_exposure"
"""A word for a profile that begins at a height above the edge and rises over the lot (domain B3)."""
MEASURES: Final = ("parapet", "highest", "eave", "ridge", "mean_eave_ridge", "quarter_rule")

EFFECTS: Final = ("prohibit", "trigger_study")
"""What it means to break a surface from outside the lot (domain D10)."""

_EDGES: Final = ("edges", "corner")
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "setback": (*_EDGES, "datum", "distance_m", "tiers", "from_line", "projections"),
    "setback_class": (*_EDGES, "datum", "lookup", "classes", "multiplier", "closed", "projections"),
    "proportional": (*_EDGES, "datum", "ratio", "min_m", "projections"),
    "profile": (*_EDGES, "datum", "points_m", "slope"),
    SKY_EXPOSURE: (*_EDGES, "datum", "h0_m", "rise", "initial_setback_m"),
    "recession": (*_EDGES, "datum", "h0_m", "angle_deg", "slope", "min_m"),
    "road_slant": (*_EDGES, "datum", "slope", "base_m", "own_setback_m", "applicable_m"),
    "north_slant": (*_EDGES, "datum", "slope", "base_m"),
    "underground": (*_EDGES, "datum", "distance_m", "depth_ratio", "z_min_m"),
    "height": ("datum", "limit_m", "measure", "zone"),
    "height_abs": ("datum", "limit_m", "measure", "zone"),
    "height_min": ("datum", "limit_m", "measure", "zone"),
    "storeys": ("datum", "limit", "storey_height_m", "zone"),
    "far": ("max", *AREA_RULE_KEYS), "coverage": ("max",), "green": ("min",),
    "no_build": ("zone", "buffer_m"),
    "far_min": ("min", *AREA_RULE_KEYS), "coverage_min": ("min",), "green_max": ("max",),
    **{kind: (*keys, "effect") for kind, keys in SURFACE_KEYS.items()},
    **DEMAND_KEYS,
}
"""Kind -> the keys its rules may have, beside those of every rule."""

_BY_EDGE: Final = frozenset({Kind.SETBACK, Kind.PROPORTIONAL, Kind.PROFILE, Kind.RECESSION, Kind.ROAD_SLANT,
                            Kind.NORTH_SLANT})
"""Kinds whose profile may stand on the ground along each edge."""

_SLOPING: Final = frozenset({Datum.BOUNDARY_GROUND, Datum.TERRAIN_FOLLOWING, Datum.ABSOLUTE})
"""Datums that are no one level of a lot."""

BOUNDS: Final[Mapping[Kind, tuple[str, str]]] = {
    Kind.HEIGHT: ("limit_m", "height"), Kind.HEIGHT_ABSOLUTE: ("limit_m", "level"),
    Kind.HEIGHT_MIN: ("limit_m", "height"), Kind.STOREYS: ("limit", "count"), Kind.FAR: ("max", "far"),
    Kind.COVERAGE: ("max", "share"), Kind.GREEN: ("min", "share"),
    Kind.FAR_MIN: ("min", "far"), Kind.COVERAGE_MIN: ("min", "share"), Kind.GREEN_MAX: ("max", "share"),
}
"""Kinds with a single bound: its key and quantity."""

HIGHEST_POINT: Final = frozenset({Kind.HEIGHT_ABSOLUTE, Kind.VIEW_CORRIDOR, Kind.OBSTACLE, Kind.FRESNEL})
"""Kinds that the highest point of anything must keep (GB 55031-2022 3.2.4; domain A5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a rule demands, before it meets parcels; fields as in `zonebox.model.Control`.

    ``from_line`` names typed lines that a setback is measured from, ``zone`` typed zones it holds in, widened by
    ``buffer_m``; ``table_from_m`` is the width of road up to which a lookup table says nothing.
    """

    limit: float | None = None
    storey_height_m: float | None = None
    area_rule: AreaRule | None = None
    profile: Profile | None = None
    table: SetbackTable | None = None
    table_from_m: float = 0.0
    slant: Slant | None = None
    surface: Surface | SolarRule | None = None
    from_line: tuple[str, ...] = ()
    zone: tuple[str, ...] = ()
    buffer_m: float = 0.0
    corner: Corner = Corner.PARALLEL
    datum: Datum = Datum.DESIGN_GROUND
    measure: str = "parapet"
    demand: Demand | None = None
    projections: tuple[Projection, ...] = ()
    effect: str = "prohibit"


def kind_of(word: str) -> Kind:
    """Kind that a word of a pack stands for."""
    return Kind.PROFILE if word == SKY_EXPOSURE else Kind(word)


def read_terms(rule: PackTable, word: str, *, document: str = "") -> Terms:
    """Read what a rule of a kind demands; ``document`` is the pack's.

    Raises
    ------
    InputError
        A missing or unreadable key, with file, rule and line.
    """
    kind = kind_of(word)
    said: dict[str, object] = _READERS[word](rule) if word in _READERS else {}
    if kind in BOUNDS:
        said["limit"] = rule.number(*BOUNDS[kind])
    if kind is Kind.STOREYS:
        said["storey_height_m"] = rule.number("storey_height_m", "height")
    if word in DEMAND_KEYS:
        said |= read_demand(rule, word)
    if kind in (Kind.FAR, Kind.FAR_MIN):
        said["area_rule"] = read_area_rule(rule, source=document)
    if word in SURFACE_KEYS:
        said["surface"] = read_surface(rule, word)
    corner = Corner(rule.choice("corner", tuple(Corner), Corner.PARALLEL))
    return Terms(zone=rule.words("zone"), projections=read_projections(rule),
                 effect=rule.choice("effect", EFFECTS, "prohibit"), corner=corner, datum=_datum(rule, kind, word),
                 measure=rule.choice("measure", MEASURES, "highest" if kind in HIGHEST_POINT else "parapet"),
                 **said)     # type: ignore[arg-type]


def _datum(rule: PackTable, kind: Kind, word: str) -> Datum:
    if kind is not Kind.HEIGHT_ABSOLUTE:
        sloping = ({Datum.TERRAIN_FOLLOWING} if kind in {Kind.HEIGHT, Kind.STOREYS} else
                   {Datum.BOUNDARY_GROUND} if kind in _BY_EDGE and not rule.words("from_line") else set())
        grounds = tuple(d for d in Datum if d in sloping or d not in _SLOPING)
        usual = Datum.CURB if word == SKY_EXPOSURE else Datum.DESIGN_GROUND
        if kind in {Kind.VIEW_CORRIDOR, Kind.OBSTACLE, Kind.FRESNEL, Kind.SOLAR}:
            return Datum.ABSOLUTE
        return Datum(rule.choice("datum", grounds, usual))
    if rule.values.get("datum", Datum.ABSOLUTE) != Datum.ABSOLUTE:
        raise rule.refuse("datum", got=f'datum = "{rule.values["datum"]}" on a height_abs rule',
                          want="no datum: it is an elevation", then='for a height above ground write kind = "height"')
    return Datum.ABSOLUTE


def _setback(rule: PackTable) -> dict[str, object]:
    lines = rule.words("from_line")
    if lines and "edges" in rule.values:
        raise rule.refuse("from_line", got="both from_line and edges", want="one of them",
                          then="a drawn line takes the place of the parcel's edges")
    if ("distance_m" in rule) == ("tiers" in rule):
        one = rule.text.spelled("distance_m")
        got = f"both {one} and tiers" if "tiers" in rule else f"neither {one} nor tiers"
        raise rule.refuse("kind", got=got, want="one of them",
                          then=f"{one} for one distance, tiers for distances that grow with height")
    if "distance_m" in rule:
        return {"profile": profiles.fixed(rule.number("distance_m", "distance")), "from_line": lines}
    tiers = [(step.number("from_m", "level"), step.number("distance_m", "distance"))
             for step in rule.tables("tiers", ("from_m", "distance_m"))]
    if len({start for start, _ in tiers}) < len(tiers):
        raise rule.refuse("tiers", got="two tiers that start at one height", want="a height of its own for each tier")
    return {"profile": profiles.tiers(tuple(sorted(tiers))), "from_line": lines}


def _setback_class(rule: PackTable) -> dict[str, object]:
    table, first = setback_table(rule)
    return {"table": table, "table_from_m": first}


def _proportional(rule: PackTable) -> dict[str, object]:
    return {"profile": profiles.proportional(rule.number("ratio", "ratio"), rule.number("min_m", "distance", 0.0))}


def _points(rule: PackTable) -> dict[str, object]:
    points = [(h, s) for h, s in rule.rows("points_m", ("level", "distance"))]
    if [h for h, _ in points] != sorted(h for h, _ in points):
        raise rule.refuse("points_m", got=f"heights {', '.join(f'{h:g}' for h, _ in points)}",
                          want="[height, distance] rows whose heights rise")
    return {"profile": Profile(points=tuple(points), slope=rule.number("slope", "slope", 0.0))}


def _sky_exposure(rule: PackTable) -> dict[str, object]:
    start, rise = rule.number("h0_m", "level"), rule.number("rise", "ratio")
    least = rule.number("initial_setback_m", "distance", 0.0)
    points = ((start, least), (start + rise * least, least)) if least > 0 else ((start, 0.0),)
    return {"profile": Profile(points=points, slope=1.0 / rise, from_below=False)}


def _recession(rule: PackTable) -> dict[str, object]:
    if ("angle_deg" in rule) == ("slope" in rule):
        raise rule.refuse("kind", got="both angle_deg and slope" if "slope" in rule else "no angle_deg",
                          want="one of angle_deg and slope", then="slope is rise per run")
    angle = (rule.number("angle_deg", "angle") if "angle_deg" in rule
             else math.degrees(math.atan(rule.number("slope", "ratio"))))
    return {"profile": profiles.recession(rule.number("h0_m", "level"), angle, rule.number("min_m", "distance", 0.0))}


def _road_slant(rule: PackTable) -> dict[str, object]:
    return {"slant": Slant(slope=rule.number("slope", "ratio"), base_m=rule.number("base_m", "level", 0.0),
                           own_setback_m=rule.number("own_setback_m", "distance", 0.0),
                           applicable_m=rule.number("applicable_m", "distance", math.inf))}


def _north_slant(rule: PackTable) -> dict[str, object]:
    return {"slant": Slant(slope=rule.number("slope", "ratio"), base_m=rule.number("base_m", "level"))}


def _underground(rule: PackTable) -> dict[str, object]:
    """Distance over depth: fixed, a share of the depth, or the larger of both; the lowest elevation is the limit."""
    if not any(key in rule for key in ("distance_m", "depth_ratio", "z_min_m")):
        raise rule.refuse("kind", got="no distance_m, depth_ratio or z_min_m", want="one of them at least")
    least = rule.number("distance_m", "distance", 0.0)
    made = None
    if "depth_ratio" in rule:
        made = profiles.proportional(rule.number("depth_ratio", "ratio"), least)
    elif "distance_m" in rule:
        made = profiles.fixed(least)
    return {"profile": made, "limit": rule.optional("z_min_m", "level")}


def _no_build(rule: PackTable) -> dict[str, object]:
    if not rule.words("zone"):
        raise rule.refuse("kind", got="no zone", want='types or names of zones and lines of the plan, zone = ["紫线"]')
    return {"buffer_m": rule.number("buffer_m", "distance", 0.0)}


_READERS: Final[Mapping[str, Callable[[PackTable], dict[str, object]]]] = {
    "setback": _setback, "setback_class": _setback_class, "proportional": _proportional, "profile": _points,
    SKY_EXPOSURE: _sky_exposure, "recession": _recession, "road_slant": _road_slant, "north_slant": _north_slant,
    "underground": _underground, "no_build": _no_build,
}
