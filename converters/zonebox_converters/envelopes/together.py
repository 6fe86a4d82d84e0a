"""Many plain lots at once, as `cutting.cut` would return them one by one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

import numpy as np

from zonebox.geometry import levels
from zonebox_converters.envelopes.cutting import Cut
from zonebox_converters.envelopes.faces import attribute
from zonebox_converters.envelopes.plain import PlainLots
from zonebox_converters.envelopes.tiered import Raised, raise_all


def cut_plain(lots: PlainLots, *, account: bool = True) -> list[Cut]:
    """Cut plain lots, find out who took what, and name what made each face.

    Without ``account`` it is left open who took what: that takes a cut of the whole body for each control.
    """
    if not len(lots):
        return []
    made = raise_all(lots, account=account)
    faces = attribute(lots, made.solids)
    order: list[list[str]] = [[] for _ in range(len(lots))]
    for (lot, _), name in sorted(lots.cut_name().items()):
        order[lot].append(name)
    cuts = []
    for k, own in enumerate(order):
        some, number = np.unique(faces[made.solids.triangle_start[k]:made.solids.triangle_start[k + 1]],
                                 return_inverse=True)
        ceiling = lots.names[lots.ceiling[k]]
        names = tuple(dict.fromkeys(["", *own, *([ceiling] if ceiling else [])]))
        table = np.array([names.index(lots.names[n]) for n in some.tolist()], dtype=np.int32)
        cuts.append(Cut(
            solid=made.solids.mesh(k).moved([*lots.middle[k], 0.0]), left=None, middle=lots.middle[k],
            area_at=_area_at(made, k), face_control=table[number], face_names=names,
            volume_m3=float(made.volume_m3[k]), footprint_m2=float(made.footprint_m2[k]),
            removed_m3=dict(zip(own, made.removed_m3[k].tolist(), strict=False))))
    return cuts


def _area_at(made: Raised, lot: int) -> Callable[[float], float]:
    """Plan area at an elevation: of the solid where planes cut it, else of the tier."""
    if made.sloped[lot]:
        corners = made.solids.mesh(lot).corners
        owner = np.zeros(len(corners), dtype=np.int64)
        return lambda z: float(levels.above(corners, np.full(len(corners), z), owner, 1)[1][0])
    own = slice(int(made.figures.first[lot]), int(made.figures.first[lot + 1]))
    areas, bottoms = made.areas_m2[own].tolist(), made.figures.bottom[own].tolist()
    top = float(made.figures.top[own][-1])

    def area_at(z: float) -> float:
        tier = bisect_right(bottoms, z) - 1                     # asked for storey by storey: a list answers sooner
        return areas[tier] if tier >= 0 and z < top else 0.0

    return area_at
