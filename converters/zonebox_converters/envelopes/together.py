"""Many plain lots at once, as `cutting.cut` would return them one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from zonebox import tolerance
from zonebox_converters.envelopes.cutting import Cut
from zonebox_converters.envelopes.faces import attribute
from zonebox_converters.envelopes.plain import PlainLot
from zonebox_converters.envelopes.tiered import Raised, raise_all


def cut_plain(lots: Sequence[PlainLot], *, account: bool = True) -> list[Cut]:
    """Cut plain lots and name what made each face; ``account`` finds out who took what."""
    raised = raise_all(lots, account=account)
    named = attribute(lots, [r.mesh for r in raised])
    cuts = []
    for lot, made, (names, faces) in zip(lots, raised, named, strict=True):
        task = lot.task
        area_at = _area_at(lot, made)
        cuts.append(Cut(
            solid=made.mesh.moved([*lot.middle, 0.0]), left=made.body, area_at=area_at, middle=lot.middle,
            face_control=faces, face_names=names, volume_m3=made.volume_m3,
            footprint_m2=area_at(task.ground + tolerance.SPLIT_M) if task.base < task.ground < task.top else 0.0,
            removed_m3=made.removed_m3))
    return cuts


def _area_at(lot: PlainLot, made: Raised) -> Callable[[float], float]:
    """Plan area at an elevation: of the solid where planes cut it, else of the tier."""
    if made.body is not None:
        body = made.body
        return lambda z: float(body.slice(z).area())
    areas, bottoms, top = made.areas_m2, np.array(lot.bottoms), lot.tops[-1]

    def area_at(z: float) -> float:
        tier = int(np.searchsorted(bottoms, z, side="right")) - 1
        return float(areas[tier]) if tier >= 0 and z < top else 0.0

    return area_at
