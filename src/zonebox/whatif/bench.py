"""A scene indexed for trying: a change builds and checks what it touches, whatever else the scene holds.

The checks themselves are those of a run, asked of the touched parcels and designs alone, in the whole scene: what
stands on the next parcel counts as it does in a run. What is known of a design (its solid, its outlines, its triangles
by storey) stays known while the design stays where it is, and goes with it when it moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.checks.containment import check_containment
from zonebox.checks.plan import check_parcels
from zonebox.checks.running import FAMILIES, check_design
from zonebox.checks.soundness import Body
from zonebox.checks.spacing import check_spacing, reach_m
from zonebox.checks.subject import Site
from zonebox.errors import InputError
from zonebox.geometry.tin import TinIndex
from zonebox.model import Building, Control, ControlEnvelope, Finding, Report, Scene, Spacing, State, Terrain
from zonebox.whatif.changes import Change, Limit, Move, Setback, changed, key_of
from zonebox.whatif.moving import moved, moved_body
from zonebox.whatif.trial import Trial

if TYPE_CHECKING:
    from zonebox_converters.envelopes.again import Again

Item = TypeVar("Item")

AROUND_M: Final = 5.0
"""Ground taken along round a parcel: a curb is looked up a hand's breadth outside it."""

AS_BUILT: Final = "as_built"
EARTH: Final = "earthwork"
"""Findings that a run adds to the checks from files that are not looked at again here."""

GRADED: Final = "the ground is graded for the design where the file puts it; run the exported scene to grade it again"

STALE: Final[Mapping[str, tuple[str, str]]] = {
    AS_BUILT: ("the survey was held against the control before it was changed; run the exported scene to hold it again",
               "实测对比基于修改前的指标；请运行导出的场景重新对比"),
    EARTH: ("the earth was counted where the file puts the design; run the exported scene to count it again",
            "土方量按文件中的设计位置计算；请运行导出的场景重新计算"),
}


class Bench:
    """A scene as it was read, indexed so that a change costs what it touches and not what the scene holds."""

    def __init__(self, scene: Scene, report: Report) -> None:
        plan = scene.plan
        self.start = Trial(scene=scene, report=report)
        self._site = Site(scene)
        self._parcel = {p.id: n for n, p in enumerate(plan.parcels)}
        self._control = {c.id: n for n, c in enumerate(plan.controls)}
        self._design = {d.id: n for n, d in enumerate(scene.designs)}
        self._envelope = {e.parcel: n for n, e in enumerate(scene.envelopes)}
        self._of_parcel: dict[str, list[int]] = {}
        for number, control in enumerate(plan.controls):
            self._of_parcel.setdefault(control.parcel, []).append(number)
        self._bounds = shapely.bounds(np.array([p.shape for p in plan.parcels], dtype=object)).reshape(-1, 4)
        self._index: TinIndex | None = None
        self._lots: dict[str, Again] = {}
        self._added = {f.id: f for f in report.findings if f.check in STALE}
        self._bodies: dict[str, Body] = {}                   # of designs where their files put them
        self._home = {d.id: self._home_of(d) for d in scene.designs}

    def answer(self, before: Trial, change: Change) -> Trial:
        """Apply one change to a trial.

        Raises
        ------
        InputError
            No such control or design, or a number it cannot have.
        """
        changes = {**before.changes, key_of(change): change}
        if isinstance(change, Move):
            scene, report, touched = self._moved(before, change)
            notes = tuple(GRADED for pad in scene.pads if pad.design == change.design)
            return replace(before, scene=scene, report=report, changes=changes, touched=touched, notes=notes)
        scene, report, notes = self._ruled(before, change)
        return replace(before, scene=scene, report=report, changes=changes, notes=notes,
                       touched=(self.control(scene, change.control).parcel,))

    def stand(self, scene: Scene) -> None:
        """Take note of another trial's controls, and of where its designs stand."""
        self._site = self._site.after(scene)
        self._home = {d.id: self._home_of(d) for d in scene.designs}

    def ready(self, scene: Scene, parcel: str) -> None:
        """Get a parcel and what stands on it ready, so that its first change answers as fast as the next."""
        if parcel not in self._envelope:
            return
        self._lot(parcel).build(self.controls_of(scene, parcel))
        for design in scene.designs:
            if self._home[design.id] == parcel:
                self._site.body(design)

    def standing_on(self, parcel: str) -> tuple[str, ...]:
        """List the designs whose home a parcel is, in the scene's order."""
        return tuple(design for design, home in self._home.items() if home == parcel)

    def control(self, scene: Scene, name: str) -> Control:
        """Find a control by its id."""
        if name not in self._control:
            raise InputError("what-if", got=f'the control "{name}", which the plan does not have',
                             want="a control's id", then="the ids stand in report.json")
        return scene.plan.controls[self._control[name]]

    def controls_of(self, scene: Scene, parcel: str) -> tuple[Control, ...]:
        """List a parcel's controls, in plan order."""
        return tuple(scene.plan.controls[n] for n in self._of_parcel.get(parcel, ()))

    # -- another number for a control ---------------------------------------------------------------------------

    def _ruled(self, before: Trial, change: Limit | Setback) -> tuple[Scene, Report, tuple[str, ...]]:
        """Change a control, build its parcel's envelope anew, and check what hangs on either."""
        scene = before.scene
        old = self.control(scene, change.control)
        new = changed(old, change)
        name = new.parcel
        scene = replace(scene, plan=replace(scene.plan, controls=_with(
            scene.plan.controls, self._control[old.id], new)))
        own = self.controls_of(scene, name)
        envelopes, stood = self._site.envelopes, self._site.envelopes.get(name)
        made = stood
        if name in self._envelope:                          # else nothing can be built there, or its ground is unknown
            made = self._lot(name).build(own, stood, self._site.controls.get(name, ()))
            assert made is not None, "the ground is known as before"
            scene = replace(scene, envelopes=_with(scene.envelopes, self._envelope[name], made))
            envelopes = {**envelopes, name: made}
        site = self._site.after(scene, controls={**self._site.controls, name: own}, envelopes=envelopes)
        report = self._judged(site, before.report, new, stood, made)
        self._site = site
        return scene, report, tuple(
            f"{other.id} had given way to {old.id} with its former number; run the exported scene to weigh them again"
            for other in own if other.superseded_by == old.id)

    def _still(self, finding: Finding, *, same: bool) -> Finding:
        """Return a finding of a run as it was at first where all is as at first; else say that it is stale."""
        first = self._added.get(finding.id, finding)
        if same:
            return first
        reason, reason_zh = STALE[finding.check]
        return replace(first, state=State.NOT_CHECKED, reason=reason, reason_zh=reason_zh, margin=None, cure=None)

    def _judged(
        self, site: Site, before: Report, control: Control, stood: ControlEnvelope | None, made: ControlEnvelope | None
    ) -> Report:
        """Check a control, those that its change shifted, the plan on its parcel, and the envelope where it changed."""
        name = control.parcel
        body_changed = stood is None or made is None or stood.solid is not made.solid
        names = {control.id, *_shifted(stood, made)}
        fresh = list(check_parcels(site, (site.parcels[name],), set(self._home.values())))
        for design in site.scene.designs:
            if self._home[design.id] != name:
                continue
            subject = site.subject(design)
            assert subject is not None, "it stands on this parcel"
            alone = replace(subject, controls=tuple(c for c in subject.controls if c.id in names))
            for family in FAMILIES:
                if family is not check_containment:
                    fresh += family(alone)
                elif body_changed:
                    fresh += family(subject)

        def again(f: Finding) -> bool:
            """Whether a finding on the parcel is found anew."""
            if f.check in STALE:
                return False
            return not f.design or (f.control is not None and f.check != "containment" and f.control.id in names) or (
                f.check == "containment" and body_changed)

        kept = [f for f in before.findings if f.parcel != name or not again(f)]
        same = all((now.limit, now.profile) == (then.limit, then.profile) for now, then in zip(
            site.controls.get(name, ()), self.controls_of(self.start.scene, name), strict=True))
        kept = [self._still(f, same=same) if f.check == AS_BUILT and f.parcel == name else f for f in kept]
        return Report(findings=tuple(sorted((*kept, *fresh), key=lambda f: f.id)))

    def _lot(self, name: str) -> Again:
        """Find the place where a parcel's envelope is built again."""
        from zonebox_converters.envelopes.again import Again

        if name not in self._lots:
            scene = self.start.scene
            parcel, terrain = scene.plan.parcels[self._parcel[name]], scene.terrain
            if terrain is not None and self._index is None:
                self._index = terrain.index
            turn = scene.frame.convergence_deg(np.asarray(parcel.shape.envelope.centroid.coords[0]))
            self._lots[name] = Again(parcel, self._around(terrain, name), self._index, convergence_deg=turn)
        return self._lots[name]

    def _around(self, terrain: Terrain | None, parcel: str) -> Terrain | None:
        """Cut the terrain to a parcel's surroundings: every question about the parcel has the same answer there."""
        if terrain is None:
            return None
        x0, y0, x1, y1 = self._bounds[self._parcel[parcel]] + np.array([-1, -1, 1, 1]) * AROUND_M
        return replace(terrain, mesh=terrain.mesh.part(_meets(terrain.mesh.corners, (x0, y0, x1, y1))))

    # -- another place for a design -----------------------------------------------------------------------------

    def _moved(self, before: Trial, change: Move) -> tuple[Scene, Report, tuple[str, ...]]:
        """Move a design from where its file puts it; the parcel it leaves and the one it comes to are touched."""
        if change.design not in self._design:
            raise InputError("what-if", got=f'the design "{change.design}"', want=f"one of {', '.join(self._design)}")
        number = self._design[change.design]
        first, old = self.start.scene.designs[number], before.scene.designs[number]
        new = moved(first, change)
        if first.id not in self._bodies:
            self._bodies[first.id] = self._site.body(first)
        known = moved_body(first, new, change, self._bodies[first.id])
        scene = replace(before.scene, designs=_with(before.scene.designs, number, new))
        site = self._site.after(scene, controls=self._site.controls, envelopes=self._site.envelopes)
        if known is not None:
            site.learn(new, known)
        self._site = site
        left, home = self._home[change.design], self._home_of(new)
        self._home[change.design] = home
        touched = tuple(dict.fromkeys(p for p in (left, home) if p))
        fresh = list(check_parcels(site, [site.parcels[p] for p in touched], set(self._home.values())))
        fresh += check_design(site, new)
        beside = list(self._beside(site, old, new))
        for design in beside:
            subject = site.subject(design)
            assert subject is not None
            fresh += check_spacing(subject)
        others = {design.id for design in beside}
        kept = [self._still(f, same=new is first) if f.check == EARTH and f.design == new.id else f
                for f in before.report.findings if f.check in STALE or not (
                    f.design == new.id or (not f.design and f.parcel in touched) or (
                    f.check == "spacing" and f.design in others))]
        return scene, Report(findings=tuple(sorted((*kept, *fresh), key=lambda f: f.id))), touched

    def _beside(self, site: Site, old: Building, new: Building) -> Iterator[Building]:
        """Other designs that must keep a distance from this one, from where it stood or from where it stands now."""
        for design in site.scene.designs:
            if design is new or not len(design.mesh) or not len(new.mesh):
                continue
            home = self._home[design.id]
            rules = [c.demand for c in site.controls.get(home, ()) if isinstance(c.demand, Spacing)
                     and not c.superseded_by]
            if rules and any(_apart(design, place) <= _reach(rules, design, place, site.envelopes.get(home))
                             for place in (old, new)):
                yield design

    def _home_of(self, design: Building) -> str:
        """Parcel that a design stands on, "" for none."""
        if not design.parcel and not len(design.mesh):
            return ""
        parcel = self._site.parcel_of(design)
        return "" if parcel is None else parcel.id


def _reach(rules: Sequence[Spacing], one: Building, other: Building, envelope: ControlEnvelope | None) -> float:
    """Distance beyond which no rule asks anything of two buildings."""
    ends = np.concatenate([one.mesh.bounds[:, 2], other.mesh.bounds[:, 2],
                           [] if envelope is None else [envelope.ground_m]])
    return max(reach_m(rule, float(np.ptp(ends))) for rule in rules)


def _apart(one: Building, other: Building) -> float:
    """Distance between the plan extents of two buildings, metres: never more than between the buildings."""
    a, b = one.mesh.bounds[:, :2], other.mesh.bounds[:, :2]
    return float(np.hypot(*np.maximum(np.maximum(a[0] - b[1], b[0] - a[1]), 0.0)))


def _shifted(stood: ControlEnvelope | None, made: ControlEnvelope | None) -> set[str]:
    """Name the controls whose constraints in an envelope changed: a lower cap ends a setback by class earlier."""
    if stood is None or made is None or stood is made:
        return set()
    names = {cap.control for cap in set(stood.caps) ^ set(made.caps)}
    names |= {rule.control for rule in set(stood.edge_constraints) ^ set(made.edge_constraints)}
    return names


def _meets(corners: NDArray[np.float64], box: tuple[float, float, float, float]) -> NDArray[np.bool_]:
    """Triangles (m, 3, 3) whose extent in plan meets a box."""
    low, high = corners[:, :, :2].min(1), corners[:, :, :2].max(1)
    return np.asarray((low[:, 0] <= box[2]) & (high[:, 0] >= box[0]) & (low[:, 1] <= box[3]) & (high[:, 1] >= box[1]))


def _with(items: tuple[Item, ...], number: int, new: Item) -> tuple[Item, ...]:
    return (*items[:number], new, *items[number + 1:])
