"""Everything about one place, in one frame."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from zonebox.errors import InputError
from zonebox.frame import Entry, Frame
from zonebox.model.building import Building
from zonebox.model.envelope import ControlEnvelope
from zonebox.model.plan import Disagreement, Plan
from zonebox.model.terrain import Pad, Terrain


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An input file of a run: its name as the scene writes it and the SHA-256 of its bytes."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """A place with its plan, ground, buildings and envelopes.

    Readers fill it, envelopes are built from the plan and the terrain, and everything that checks, draws or writes
    takes a whole `Scene`.
    """

    name: str
    title: str
    title_zh: str = ""
    frame: Frame
    plan: Plan
    terrain: Terrain | None
    context: tuple[Building, ...]
    designs: tuple[Building, ...]
    envelopes: tuple[ControlEnvelope, ...]
    sources: tuple[Source, ...] = ()
    entries: tuple[tuple[str, Entry], ...] = ()
    """How files came into the frame that neither the plan, nor the terrain, nor a building tells of."""
    disagreements: tuple[Disagreement, ...] = ()
    """Terrain, context or designs that seem to stand in another datum than the plan."""
    graded: Terrain | None = None
    """The ground as the designs would leave it; rules are measured on ``terrain``, the ground as it is."""
    pads: tuple[Pad, ...] = ()
    demolished: tuple[Building, ...] = ()
    """Buildings of the context that go: they are neither shown nor checked, and the ground closes over them."""
    _envelope_of: dict[str, ControlEnvelope] = field(default_factory=dict, init=False, repr=False)
    """Envelopes by parcel number, filled when first asked for."""

    @property
    def surface(self) -> Terrain | None:
        """The ground to be shown: graded for the designs where it is, else as it was measured."""
        return self.terrain if self.graded is None else self.graded

    @property
    def groundless(self) -> tuple[str, ...]:
        """Buildable parcels without an envelope: no ground is known to stand it on."""
        built = {e.parcel for e in self.envelopes}
        return tuple(p.id for p in self.plan.parcels if p.buildable and p.id not in built)

    def envelope(self, parcel_id: str) -> ControlEnvelope | None:
        """Find the envelope of a parcel."""
        if not self._envelope_of:
            self._envelope_of.update((e.parcel, e) for e in reversed(self.envelopes))
        return self._envelope_of.get(parcel_id)

    def variant(self, name: str) -> Scene:
        """Return the scene with only the designs of one variant, and those that belong to every variant.

        Raises
        ------
        InputError
            No design belongs to this variant.
        """
        names = sorted({d.variant for d in self.designs if d.variant})
        if name not in names:
            raise InputError(f"{self.name}/variant", got=f'"{name}"', want=f"one of {', '.join(names) or 'none'}")
        return replace(self, designs=tuple(d for d in self.designs if d.variant in ("", name)))
