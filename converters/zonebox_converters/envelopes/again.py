"""One lot built again and again under changed controls, as while somebody tries limits: only what changed is redone."""

from __future__ import annotations

from dataclasses import replace

from zonebox.geometry import solids
from zonebox.geometry.tin import TinIndex
from zonebox.model import Control, ControlEnvelope, Parcel, Terrain
from zonebox_converters.envelopes.building import Built, envelope_of, exactly, task_on
from zonebox_converters.envelopes.cutting import Cut
from zonebox_converters.envelopes.figures import steps_of_rules
from zonebox_converters.envelopes.filling import fill
from zonebox_converters.envelopes.grounds import grounds_of
from zonebox_converters.envelopes.plain import Reading, Task
from zonebox_converters.envelopes.resolve import Lot, shapes
from zonebox_converters.envelopes.together import cut_plain


class Again:
    """A lot whose grounds are found once.

    Parameters
    ----------
    parcel : Parcel
        The lot.
    terrain, index : Terrain, TinIndex or None
        The ground, at least under the lot and a curb's breadth round it.
    convergence_deg : float
        Grid convergence there.
    """

    def __init__(
        self, parcel: Parcel, terrain: Terrain | None, index: TinIndex | None, *, convergence_deg: float = 0.0
    ) -> None:
        edges = parcel.boundary
        self._lot = Lot(parcel=parcel, boundary=edges, grounds=grounds_of(parcel, edges, index),
                        terrain=None if terrain is None else terrain.mesh, convergence_deg=convergence_deg)

    def build(
        self, controls: tuple[Control, ...], stood: ControlEnvelope | None = None, under: tuple[Control, ...] = ()
    ) -> ControlEnvelope | None:
        """Build the envelope under some controls; None where no ground reference is known to stand it on.

        Parameters
        ----------
        stood : ControlEnvelope, optional
            An envelope of this lot under the controls ``under``. Where only controls differ that shape nothing (floor
            area ratio, density, green), its body is kept, the same object, and what it can hold is counted anew.
        """
        task = task_on(self._lot, controls)
        if task is None:
            return None
        if stood is None or not _shaped_alike(controls, under):
            return envelope_of(Built(task=task, cut=_cut(task)), controls)
        if stood.empty is not None:
            return stood
        body = solids.solid_of(stood.solid)
        capacity = fill(lambda z: float(body.slice(z).area()), self._lot.parcel, controls,
                        ground=task.ground, top=task.top)
        return replace(stood, capacity=capacity)


def _cut(task: Task) -> Cut:
    """Cut a lot in plan where its controls are steps and planes, which takes a tenth of the time; else by solids.

    Who took what is counted where all are steps: nobody asks it of a trial, and planes would be cut once a control.
    """
    easy = Reading()
    if not easy.add(task):
        return exactly(task)
    lots = easy.lots()
    return cut_plain(lots, account=not steps_of_rules(lots).sloped[lots.rule_profile].any())[0]


def _shaped_alike(one: tuple[Control, ...], other: tuple[Control, ...]) -> bool:
    """Whether two sets of controls differ at most in such as shape nothing."""
    return len(one) == len(other) and all(
        a is b or (a.id == b.id and a.superseded_by == b.superseded_by and a.kind is b.kind and not shapes(a.kind))
        for a, b in zip(one, other, strict=True))
