"""A scene under changes: only the parcels that a change touches are built and checked again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox import checks
from zonebox.checks.containment import check_containment
from zonebox.checks.plan import check_plan
from zonebox.checks.running import FAMILIES
from zonebox.checks.subject import subject_of
from zonebox.errors import InputError
from zonebox.geometry.tin import TinIndex
from zonebox.model import Building, Control, ControlEnvelope, Finding, Kind, Report, Scene, State, Terrain
from zonebox.whatif.changes import Change, Limit, Move, Setback, changed, key_of
from zonebox.whatif.moving import moved

Item = TypeVar("Item")

AROUND_M = 5.0
"""Ground taken along round a parcel: a curb is looked up a hand's breadth outside it."""

AS_BUILT = "as_built"
STALE_ZH = "实测对比基于修改前的指标；请运行导出的场景重新对比"
STALE = "the survey was held against the control before it was changed; run the exported scene to hold it again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What the whole scene adds up to, and one parcel where asked: m³, m², and findings by state."""

    volume_m3: float
    floor_area_m2: float
    states: Mapping[State, int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trial:
    """A scene and its report under some changes.

    ``touched`` names the parcels that the last change built or checked again; ``notes`` say what the answer leaves
    open.
    """

    scene: Scene
    report: Report
    changes: Mapping[tuple[str, str], Change] = field(default_factory=dict)
    touched: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def totals(self, parcel: str = "") -> Totals:
        """Add up envelopes, the floor area they can hold under the plan, and findings; of one parcel where named."""
        chosen = [e for e in self.scene.envelopes if parcel in ("", e.parcel)]
        found = Report(findings=tuple(f for f in self.report.findings if parcel in ("", f.parcel)))
        return Totals(volume_m3=sum(e.volume_m3 for e in chosen), states=found.summary,
                      floor_area_m2=sum(e.capacity.floor_area_m2 for e in chosen if e.capacity is not None))


class Bench:
    """A scene as it was read, indexed so that a change costs what it touches and not what the scene holds."""

    def __init__(self, scene: Scene, report: Report) -> None:
        plan = scene.plan
        self.start = Trial(scene=scene, report=report)
        self._parcel = {p.id: n for n, p in enumerate(plan.parcels)}
        self._control = {c.id: n for n, c in enumerate(plan.controls)}
        self._design = {d.id: n for n, d in enumerate(scene.designs)}
        self._envelope = {e.parcel: n for n, e in enumerate(scene.envelopes)}
        self._of_parcel: dict[str, list[int]] = {}
        for number, control in enumerate(plan.controls):
            self._of_parcel.setdefault(control.parcel, []).append(number)
        self._bounds = shapely.bounds(np.array([p.shape for p in plan.parcels], dtype=object)).reshape(-1, 4)
        self._ground: dict[str, tuple[Terrain | None, TinIndex | None]] = {}
        self._home = {d.id: self._home_of(scene, d) for d in scene.designs}

    def answer(self, before: Trial, change: Change) -> Trial:
        """Apply one change to a trial.

        Raises
        ------
        InputError
            No such control or design, or a number it cannot have.
        """
        changes = {**before.changes, key_of(change): change}
        if isinstance(change, Move):
            scene, touched = self._moved(before.scene, change)
            notes: tuple[str, ...] = ()
            report = self._checked(scene, before.report, touched, also=change.design)
        else:
            scene, touched, notes = self._ruled(before.scene, change)
            report = self._judged(scene, before.report, self.control(scene, change.control))
        return replace(before, scene=scene, changes=changes, touched=touched, notes=notes, report=report)

    def stand(self, scene: Scene) -> None:
        """Take note of where the designs of another trial stand."""
        self._home = {d.id: self._home_of(scene, d) for d in scene.designs}

    def control(self, scene: Scene, name: str) -> Control:
        """Find a control by its id."""
        if name not in self._control:
            raise InputError("what-if", got=f'the control "{name}", which the plan does not have',
                             want="a control's id",
                             then="the ids stand in report.json")
        return scene.plan.controls[self._control[name]]

    def controls_of(self, scene: Scene, parcel: str) -> tuple[Control, ...]:
        """List a parcel's controls, in plan order."""
        return tuple(scene.plan.controls[n] for n in self._of_parcel.get(parcel, ()))

    # -- the two ways a scene changes ---------------------------------------------------------------------------

    def _ruled(self, scene: Scene, change: Limit | Setback) -> tuple[Scene, tuple[str, ...], tuple[str, ...]]:
        """Change a control and build its parcel's envelope anew."""
        old = self.control(scene, change.control)
        new = changed(old, change)
        controls = _with(scene.plan.controls, self._control[old.id], new)
        scene = replace(scene, plan=replace(scene.plan, controls=controls))
        notes = [f"{other.id} had given way to {old.id} with its former number; run the exported scene to weigh them "
                 "again" for other in self.controls_of(scene, old.parcel) if other.superseded_by == old.id]
        return self._rebuilt(scene, old.parcel), (old.parcel,), tuple(notes)

    def _rebuilt(self, scene: Scene, name: str) -> Scene:
        from zonebox_converters import envelopes

        if name not in self._envelope:                       # nothing can be built there, or its ground is not known
            return scene
        parcel = scene.plan.parcels[self._parcel[name]]
        terrain, index = self._ground_of(scene, name)
        turn = scene.frame.convergence_deg(np.asarray(parcel.shape.envelope.centroid.coords[0]))
        made = envelopes.build_one(parcel, self.controls_of(scene, name), index, terrain=terrain, convergence_deg=turn)
        assert made is not None, "the ground is known as before"
        return replace(scene, envelopes=_with(scene.envelopes, self._envelope[name], made))

    def _moved(self, scene: Scene, change: Move) -> tuple[Scene, tuple[str, ...]]:
        """Move a design from where its file puts it; both the parcel it leaves and the one it comes to are touched."""
        if change.design not in self._design:
            raise InputError("what-if", got=f'the design "{change.design}"', want=f"one of {', '.join(self._design)}")
        number = self._design[change.design]
        scene = replace(scene, designs=_with(scene.designs, number, moved(self.start.scene.designs[number], change)))
        left, home = self._home[change.design], self._home_of(scene, scene.designs[number])
        self._home[change.design] = home
        return scene, tuple(dict.fromkeys(p for p in (left, home) if p))

    # -- checking what is touched -------------------------------------------------------------------------------

    def _judged(self, scene: Scene, before: Report, control: Control) -> Report:
        """Check what hangs on one control: its own findings, the envelope as a whole, and the plan on its parcel.

        Every check but that of the whole envelope speaks of one control at a time, so the others' findings stand.
        """
        part = self._cut(scene, (control.parcel,))
        fresh = list(check_plan(part))
        for design in part.designs:
            subject = subject_of(part, design)
            assert subject is not None, "it stands on this parcel"
            alone = replace(subject, controls=(control,))
            for family in FAMILIES:
                fresh += family(subject if family is check_containment else alone)
        kept = [f for f in before.findings if f.parcel != control.parcel or not _hangs_on(f, control)]
        kept = [_stale(f) if f.check == AS_BUILT and f.parcel == control.parcel else f for f in kept]
        return Report(findings=tuple(sorted((*kept, *fresh), key=lambda f: f.id)))

    def _checked(self, scene: Scene, before: Report, touched: Sequence[str], *, also: str = "") -> Report:
        """Check the touched parcels and the designs on them; every other finding stays as it is."""
        names = set(touched)
        part = self._cut(scene, touched, also)
        designs = {d.id for d in part.designs}
        kept = [f for f in before.findings if f.check == AS_BUILT or not (f.parcel in names or f.design in designs)]
        return Report(findings=tuple(sorted((*kept, *checks.run(part).findings), key=lambda f: f.id)))

    def _cut(self, scene: Scene, parcels: Sequence[str], also: str = "") -> Scene:
        """Cut a scene to some parcels with what stands on them, and one more design that may stand on none."""
        rows = sorted(self._parcel[p] for p in parcels)
        plan = replace(scene.plan, parcels=tuple(scene.plan.parcels[r] for r in rows),
                       controls=tuple(c for r in rows for c in self.controls_of(scene, scene.plan.parcels[r].id)))
        on = set(parcels)
        return replace(
            scene, plan=plan, designs=tuple(d for d in scene.designs if self._home[d.id] in on or d.id == also),
            envelopes=tuple(scene.envelopes[self._envelope[p]] for p in parcels if p in self._envelope))

    def _home_of(self, scene: Scene, design: Building) -> str:
        """Parcel that a design stands on, "" for none: asked of the parcels that its plan extent meets."""
        if design.parcel:
            return design.parcel if design.parcel in self._parcel else ""
        if not len(design.mesh):
            return ""
        (x0, y0, _), (x1, y1, _) = design.mesh.bounds
        b = self._bounds
        near = np.flatnonzero((b[:, 0] <= x1) & (b[:, 2] >= x0) & (b[:, 1] <= y1) & (b[:, 3] >= y0))
        parcels = tuple(scene.plan.parcels[n] for n in near)
        nothing: tuple[ControlEnvelope, ...] = ()
        found = subject_of(replace(scene, plan=replace(scene.plan, parcels=parcels, controls=()), envelopes=nothing),
                           design)
        return "" if found is None else found.parcel.id

    def _ground_of(self, scene: Scene, parcel: str) -> tuple[Terrain | None, TinIndex | None]:
        """Cut the terrain to a parcel's surroundings: every question about the parcel has the same answer there."""
        if parcel not in self._ground:
            terrain, index = scene.terrain, None
            if terrain is not None:
                x0, y0, x1, y1 = self._bounds[self._parcel[parcel]] + np.array([-1, -1, 1, 1]) * AROUND_M
                terrain = replace(terrain, mesh=terrain.mesh.part(_meets(terrain.mesh.corners, (x0, y0, x1, y1))))
                index = terrain.index
            self._ground[parcel] = (terrain, index)
        return self._ground[parcel]


def _meets(corners: NDArray[np.float64], box: tuple[float, float, float, float]) -> NDArray[np.bool_]:
    """Triangles (m, 3, 3) whose extent in plan meets a box."""
    low, high = corners[:, :, :2].min(1), corners[:, :, :2].max(1)
    return np.asarray((low[:, 0] <= box[2]) & (high[:, 0] >= box[0]) & (low[:, 1] <= box[3]) & (high[:, 1] >= box[1]))


def _hangs_on(finding: Finding, control: Control) -> bool:
    """Whether a finding on a control's parcel is found anew when the control changes."""
    if finding.check == AS_BUILT:
        return False
    own = finding.control is not None and finding.control.id == control.id
    return own or not finding.design or finding.check == "containment"


def _stale(finding: Finding) -> Finding:
    """Say of a finding against a survey that its control has changed since."""
    return replace(finding, state=State.NOT_CHECKED, reason=STALE, reason_zh=STALE_ZH, margin=None, cure=None)


def _with(items: tuple[Item, ...], number: int, new: Item) -> tuple[Item, ...]:
    return (*items[:number], new, *items[number + 1:])


def far_used(trial: Trial, parcel: str) -> tuple[float | None, float | None]:
    """Floor area ratio that the designs on a parcel use, and the one allowed; None where not known."""
    found = [f for f in trial.report.findings if f.parcel == parcel and f.control is not None
             and f.control.kind is Kind.FAR and f.value is not None and f.design]
    limits = [c.limit for c in trial.scene.plan.controls_of(parcel) if c.kind is Kind.FAR and not c.superseded_by]
    stated = [limit for limit in limits if limit is not None]
    return (max((f.value for f in found if f.value is not None), default=None), min(stated, default=None))
