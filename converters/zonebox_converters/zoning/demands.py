"""What build-to, spacing, parking, access and use rules of a pack demand, and what may project into a setback."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from zonebox.model import Access, BuildTo, Demand, Parking, Projection, Spacing, Uses
from zonebox.model.demand import AZIMUTH_FACTORS
from zonebox_converters.zoning.pack_table import PackTable

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "build_to": ("edges", "from_line", "min", "tol_m", "from_m", "to_m", "angle_deg", "offset_m", "exempt_m"),
    "spacing": ("min_m", "coefficient", "azimuth_factors", "sill_m", "fire_m", "high_from_m", "facing_deg"),
    "parking": ("min_places", "rates", "places"),
    "access": ("from_line", "distance_m", "entrances"),
    "use": ("permitted", "most"),
}
"""Kind -> the keys its rules may have, beside those of every rule."""


def read_demand(rule: PackTable, word: str) -> dict[str, object]:
    """Read what a rule of one of these kinds demands, as fields of its terms.

    Raises
    ------
    InputError
        A missing or unreadable key, with file, rule and line.
    """
    return _READERS[word](rule)


def read_projections(rule: PackTable) -> tuple[Projection, ...]:
    """Read what may project into a setback: ``[{ what = ["balcony"], depth_m = 1.5, clear_m = 3.0 }]``."""
    if "projections" not in rule.values:
        return ()
    found = []
    for table in rule.tables("projections", ("what", rule.text.spelled("depth_m"), rule.text.spelled("clear_m"))):
        what = table.words("what")
        if not what:
            raise rule.refuse("projections", got="a projection without what",
                              want='what = ["balcony"], classes or words of names')
        found.append(Projection(what=what, depth_m=table.number("depth_m", "distance"),
                                clear_m=table.number("clear_m", "distance", 0.0)))
    return tuple(found)


def _build_to(rule: PackTable) -> dict[str, object]:
    demand: Demand = BuildTo(
        tol_m=rule.number("tol_m", "distance", 0.5), low_m=rule.number("from_m", "distance", 0.0),
        high_m=rule.number("to_m", "distance", math.inf), angle_deg=rule.number("angle_deg", "angle", 30.0),
        offset_m=rule.number("offset_m", "distance", 0.0), exempt_m=rule.number("exempt_m", "distance", 0.0)
    )
    lines = rule.words("from_line")
    if lines and "edges" in rule.values:
        raise rule.refuse("from_line", got="both from_line and edges", want="one of them")
    if not lines and "edges" not in rule.values:
        raise rule.refuse("kind", got="neither from_line nor edges", want="one of them",
                          then='name the drawn line, from_line = ["贴线"], or edges = { role = ["front"] }')
    return {"limit": rule.number("min", "share"), "from_line": lines, "demand": demand}


def _spacing(rule: PackTable) -> dict[str, object]:
    if not any(key in rule for key in ("min_m", "coefficient", "fire_m")):
        raise rule.refuse("kind", got="no min_m, coefficient or fire_m", want="one of them at least")
    factors = (tuple((bound, f) for bound, f in rule.rows("azimuth_factors", ("bearing", "ratio")))
               if "azimuth_factors" in rule else AZIMUTH_FACTORS)
    if [b for b, _ in factors] != sorted(b for b, _ in factors):
        raise rule.refuse("azimuth_factors", got="bounds that do not rise", want="rows [up to degrees, factor]")
    fire = None
    if "fire_m" in rule:
        rows = rule.rows("fire_m", ("distance", "distance"))
        if len(rows) != 2:
            raise rule.refuse("fire_m", got=f"{len(rows)} rows", want="[[low-low, low-high], [high-low, high-high]]")
        fire = ((rows[0][0], rows[0][1]), (rows[1][0], rows[1][1]))
    demand: Demand = Spacing(
        least_m=rule.number("min_m", "distance", 0.0), coefficient=rule.number("coefficient", "slope", 0.0),
        azimuth=factors, sill_m=rule.number("sill_m", "distance", 0.0), fire_m=fire,
        high_from_m=rule.number("high_from_m", "height", 24.0),
        facing_deg=rule.number("facing_deg", "angle", 60.0))
    return {"demand": demand}


def _parking(rule: PackTable) -> dict[str, object]:
    tables = rule.tables("rates", ("use", "per_100_m2")) if "rates" in rule else ()
    rates = [(table.words("use"), table.number("per_100_m2", "ratio")) for table in tables]
    least = rule.optional("min_places", "places")
    if not rates and least is None:
        raise rule.refuse("kind", got="neither rates nor min_places", want="one of them",
                          then='rates = [{ use = ["办公"], per_100_m2 = 1.0 }], places per 100 m² of floor')
    words = rule.words("places")
    return {"limit": least, "demand": Parking(rates=tuple(rates), places=words) if words else Parking(
        rates=tuple(rates))}


def _access(rule: PackTable) -> dict[str, object]:
    lines = rule.words("from_line")
    if not lines:
        raise rule.refuse("kind", got="no from_line", want="types or names of the lines that entrances keep from",
                          then='from_line = ["禁止开口线"]; with distance_m a distance, without it none on the line')
    words = rule.words("entrances")
    return {"limit": rule.optional("distance_m", "distance"), "from_line": lines,
            "demand": Access(entrances=words) if words else Access()}


def _use(rule: PackTable) -> dict[str, object]:
    most = []
    if "most" in rule:
        for table in rule.tables("most", ("use", "share")):
            if not table.words("use"):
                raise rule.refuse("most", got="a share without a use", want='{ use = ["商业"], share = 0.2 }')
            most.append((table.words("use"), table.number("share", "share")))
    permitted = rule.words("permitted")
    if not permitted and not most:
        raise rule.refuse("kind", got="neither permitted nor most", want="one of them",
                          then='permitted = ["070102", "住宅"], words or land-use codes')
    return {"demand": Uses(permitted=permitted, most=tuple(most))}


_READERS: Final[Mapping[str, Callable[[PackTable], dict[str, object]]]] = {
    "build_to": _build_to, "spacing": _spacing, "parking": _parking, "access": _access, "use": _use,
}
