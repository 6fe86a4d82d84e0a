"""What has been tried on a scene: the present trial, the way back, and what was kept."""

from __future__ import annotations

from collections.abc import Mapping

from zonebox.errors import InputError
from zonebox.model import Control, Report, Scene
from zonebox.whatif.bench import Bench
from zonebox.whatif.changes import Change, is_adjustable
from zonebox.whatif.trial import Trial


class WhatIf:
    """Tries changes on a scene, one after the other.

    Parameters
    ----------
    scene, report : Scene, Report
        As a run gives them; neither is altered.

    Examples
    --------
    ``tried = WhatIf(scene, report); tried.apply(Limit(control="D-05/height", value=18.0)).report.summary``
    """

    def __init__(self, scene: Scene, report: Report) -> None:
        self._bench = Bench(scene, report)
        self._past: list[Trial] = []
        self._ahead: list[Trial] = []
        self._kept: dict[str, Trial] = {}
        self.now = self._bench.start

    @property
    def start(self) -> Trial:
        """The scene as it was read."""
        return self._bench.start

    @property
    def kept(self) -> Mapping[str, Trial]:
        """Trials that were kept, by name."""
        return self._kept

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is a change that was taken back."""
        return bool(self._ahead)

    def adjustable(self, parcel: str) -> tuple[Control, ...]:
        """List a parcel's controls that can be changed, with their present numbers."""
        return tuple(c for c in self._bench.controls_of(self.now.scene, parcel) if is_adjustable(c))

    def adjustable_first(self, parcel: str) -> tuple[Control, ...]:
        """List a parcel's controls that can be changed, with the numbers of the scene as it was read."""
        return tuple(c for c in self._bench.controls_of(self.start.scene, parcel) if is_adjustable(c))

    def standing_on(self, parcel: str) -> tuple[str, ...]:
        """List the designs that stand on a parcel now."""
        return self._bench.standing_on(parcel)

    def ready(self, parcel: str) -> None:
        """Get a parcel ready, so that its first change answers as fast as the next."""
        self._bench.ready(self.now.scene, parcel)

    def apply(self, change: Change, *, continued: bool = False) -> Trial:
        """Apply a change; ``continued`` joins it to the one before, as while a slider is drawn.

        Raises
        ------
        InputError
            No such control or design, or a number it cannot have; nothing is changed then.
        """
        answered = self._bench.answer(self.now, change)
        if not (continued and self._past):
            self._past.append(self.now)
        self._ahead.clear()
        self.now = answered
        return answered

    def undo(self) -> Trial:
        """Take the last change back; nothing happens at the start."""
        if self._past:
            self._ahead.append(self.now)
            self._go(self._past.pop())
        return self.now

    def redo(self) -> Trial:
        """Apply again what was taken back last."""
        if self._ahead:
            self._past.append(self.now)
            self._go(self._ahead.pop())
        return self.now

    def keep(self, name: str) -> Trial:
        """Keep the present trial under a name.

        Raises
        ------
        InputError
            No name, or one that is taken.
        """
        taken = {d.variant for d in self.start.scene.designs if d.variant} | set(self._kept)
        if not name.strip() or name in taken:
            raise InputError("what-if/keep", got=f'"{name}"', want="a new name",
                             then=f"taken: {', '.join(sorted(taken))}")
        self._kept[name] = self.now
        return self.now

    def switch(self, name: str) -> Trial:
        """Go to a kept trial, or to the start with ""; it can be undone like a change.

        Raises
        ------
        InputError
            Nothing was kept under that name.
        """
        if name and name not in self._kept:
            raise InputError("what-if/switch", got=f'"{name}"', want=f"one of {', '.join(self._kept) or 'none'}")
        self._past.append(self.now)
        self._ahead.clear()
        self._go(self._kept[name] if name else self.start)
        return self.now

    def _go(self, trial: Trial) -> None:
        self._bench.stand(trial.scene)
        self.now = trial
