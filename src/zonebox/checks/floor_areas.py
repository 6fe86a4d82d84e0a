"""Floor area of a design as it counts towards the floor area ratio (domain A3, D5, F21)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from zonebox.checks.subject import Subject
from zonebox.model import AreaRule, Storey
from zonebox.model.building import AreaSource


@dataclass(frozen=True, slots=True, kw_only=True)
class GrossFloorArea:
    """Floor area above ground: the value, the source used, the other sources' values, and how it was counted."""

    value_m2: float
    source: AreaSource
    others: tuple[tuple[AreaSource, float], ...]
    counted: str = ""

    @property
    def spread(self) -> float:
        """Largest relative difference of another source from the one used."""
        return max((abs(v - self.value_m2) / self.value_m2 for _, v in self.others if self.value_m2 > 0), default=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreyWeight:
    """How often a storey counts, and why where that is not once."""

    weight: float
    why: str = ""


def gross_floor_area(subject: Subject, rule: AreaRule | None = None) -> GrossFloorArea | None:
    """Sum the floor areas of the storeys above ground, by the best source that covers them all.

    Parameters
    ----------
    subject : Subject
        The design on its parcel.
    rule : AreaRule or None
        How storeys count; None: each once.

    Returns
    -------
    GrossFloorArea or None
        None where no source gives an area for any storey.
    """
    storeys = [s for s in subject.storeys_above_ground() if s.areas]
    weights = {s.id: storey_weight(subject, s, rule) for s in storeys}
    sums: list[tuple[AreaSource, float]] = []
    for source in AreaSource:
        found = [weights[s.id].weight * a.value_m2 for s in storeys for a in s.areas if a.source is source]
        if found and len(found) >= 0.5 * len(storeys):
            sums.append((source, math.fsum(found)))
    if not sums:
        return None
    source, value = sums[0]
    return GrossFloorArea(value_m2=value, source=source, others=tuple(sums[1:]),
                          counted="; ".join(f"{s.name or s.id} {weights[s.id].why}"
                                            for s in storeys if weights[s.id].why))


def storey_weight(subject: Subject, storey: Storey, rule: AreaRule | None) -> StoreyWeight:
    """Weight of a storey above ground: base weight × storey multiplier × exemption (domain A3)."""
    if rule is None:
        return StoreyWeight(weight=1.0)
    use = use_of(subject, storey)
    if rule.exempts(storey.name, use):
        return StoreyWeight(weight=0.0, why="exempt")
    height = storey.height_m
    if height is None:
        height = float(subject.design.mesh.vertices[:, 2].max()) - storey.elevation_m
    weight = rule.base_weight(height)
    if storey.height_m is None and weight < 1.0 and {a.source for a in storey.areas} == {AreaSource.SECTION}:
        return StoreyWeight(weight=0.0, why="is the roof")
    if weight < 1.0:
        return StoreyWeight(weight=weight, why=f"×{weight:g} (only {height:.2f} m high)")
    factor, known = rule.multiplier(height, use or subject.parcel.land_use_name, subject.parcel.land_use)
    if factor == 1:
        return StoreyWeight(weight=1.0)
    doubt = "" if known else ", strictest as its use is not known"
    return StoreyWeight(weight=float(factor), why=f"×{factor} ({height:.2f} m high{doubt})")


def use_of(subject: Subject, storey: Storey) -> str:
    """Use of most of a storey's rooms, as the model names it; "" where it has none with a use."""
    area: dict[str, float] = {}
    for space in subject.design.spaces:
        if space.storey == storey.id and space.use:
            area[space.use] = area.get(space.use, 0.0) + (space.area_m2 or 0.0)
    return max(area, key=lambda use: (area[use], use), default="")
