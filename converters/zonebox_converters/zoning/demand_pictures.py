"""Pictures of the rules that demand more than a number: build-to lines, spacing, parking, entrances, uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from zonebox.model import Access, BuildTo, Kind, Parking, Spacing, Uses
from zonebox_converters.zoning.pictures import ALLOWED, FORBIDDEN, LINE, Sheet
from zonebox_converters.zoning.rules import Rule

Corner = tuple[float, float]


def _box(x0: float, y0: float, x1: float, y1: float) -> list[Corner]:
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def _build_to(rule: Rule) -> Sheet:
    """Plan of a line with facades along the share of it that must be built up."""
    demand, share = rule.terms.demand, rule.terms.limit or 0.0
    assert isinstance(demand, BuildTo), f"{rule.id}: drawn from its demand"
    sheet = Sheet((0.0, 60.0), (-6.0, 30.0), even=True)
    sheet.line([(0, 0), (60, 0)], 'fill="none" stroke="#b23030" stroke-width="2"')
    sheet.area(_box(0, 0, 40 * share, 14), ALLOWED)
    sheet.area(_box(60 - 20 * share, 0, 60, 14), ALLOWED)
    sheet.area(_box(40 * share, 0, 60 - 20 * share, 2), FORBIDDEN)
    sheet.text(0, -6, f"{share:.0%} within {demand.tol_m:g} m")
    return sheet


def _spacing(rule: Rule) -> Sheet:
    """Section through two slabs, the sun over the southern one."""
    demand = rule.terms.demand
    assert isinstance(demand, Spacing), f"{rule.id}: drawn from its demand"
    height = 30.0
    apart = max(demand.least_m, demand.coefficient * (height - demand.sill_m), 10.0)
    sheet = Sheet((0.0, apart + 24.0), (0.0, 1.3 * height))
    sheet.area(_box(0, 0, 12, height), ALLOWED)
    sheet.area(_box(12 + apart, 0, 24 + apart, height), ALLOWED)
    sheet.area([(12, 0), (12, height), (12 + apart, demand.sill_m), (12 + apart, 0)], FORBIDDEN)
    sheet.line([(0, 0), (apart + 24, 0)])
    sheet.text(0, height, "south")
    sheet.text(12, 0, f"{demand.coefficient:g} × height" if demand.coefficient else f"{apart:g} m")
    return sheet


def _parking(rule: Rule) -> Sheet:
    """Places beside the floor area that asks for them."""
    demand = rule.terms.demand
    assert isinstance(demand, Parking), f"{rule.id}: drawn from its demand"
    rate = demand.rates[0][1] if demand.rates else (rule.terms.limit or 1.0)
    sheet = Sheet((0.0, 20.0), (0.0, 12.0), even=True)
    sheet.area(_box(0, 4, 20, 12), ALLOWED)
    for k in range(6):
        sheet.line([*_box(k * 3.3, 0, k * 3.3 + 2.6, 3), (k * 3.3, 0)], LINE)
    places = f"{rate:g} place{'' if rate == 1.0 else 's'}"
    sheet.text(0, 8, f"{places} per 100 m²" if demand.rates else places)
    return sheet


def _access(rule: Rule) -> Sheet:
    """Plan of a junction, the stretch of road without entrances, and an entrance beyond it."""
    assert isinstance(rule.terms.demand, Access), f"{rule.id}: drawn from its demand"
    keep = rule.terms.limit or 30.0
    sheet = Sheet((-12.0, 1.8 * keep), (-12.0, 30.0))
    sheet.area(_box(0, 0, 1.8 * keep, 30), ALLOWED)
    sheet.area(_box(0, -2, keep, 2), FORBIDDEN)
    sheet.line([(1.2 * keep, -8), (1.2 * keep, 8)], 'fill="none" stroke="#333333" stroke-width="3"')
    sheet.text(0, 4, f"{keep:g} m")
    sheet.text(1.2 * keep, 8, "entrance")
    return sheet


def _use(rule: Rule) -> Sheet:
    """Section of a building with floors of permitted and of other uses."""
    demand = rule.terms.demand
    assert isinstance(demand, Uses), f"{rule.id}: drawn from its demand"
    sheet = Sheet((0.0, 20.0), (0.0, 12.0), even=True)
    for k in range(4):
        sheet.area(_box(3, 3 * k, 17, 3 * k + 2.8), FORBIDDEN if k == 0 else ALLOWED)
    sheet.text(3, 3, ", ".join(demand.permitted[:2]) or "share")
    sheet.line([(0, 0), (20, 0)])
    return sheet


DRAWN: Final[Mapping[Kind, Callable[[Rule], Sheet]]] = {
    Kind.BUILD_TO: _build_to, Kind.SPACING: _spacing, Kind.PARKING: _parking, Kind.ACCESS: _access, Kind.USE: _use,
}
"""Kind -> what draws it."""
