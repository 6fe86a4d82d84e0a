"""One design against the rules of several parcels: a project on more than one lot, or a doubt whose lot it is.

What a design is, its solid and its triangles, is worked out once and shared by all parcels. Of a parcel that it does
not touch only that is told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from zonebox.checks.gates import check_gates
from zonebox.checks.running import FAMILIES
from zonebox.checks.subject import Site
from zonebox.errors import InputError
from zonebox.model import Building, Finding, Parcel, Scene


def check_against(
    scene: Scene, design: Building, parcels: Collection[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Finding, ...]:
    """Hold one design against the controls of each of some parcels, whichever it claims.

    Parameters
    ----------
    scene : Scene
        Its envelopes are asked.
    design : Building
        Need not be one of the scene's.
    parcels : collection of str, optional
        Parcel ids; None: every parcel that has an envelope.
    progress : callable, optional
        Told how many parcels are done, of how many.

    Returns
    -------
    tuple of Finding
        Sorted by id; every id names its parcel.

    Raises
    ------
    InputError
        A parcel that the plan does not have.
    """
    site = Site(scene)
    wanted = list(site.envelopes) if parcels is None else list(parcels)
    for missing in (name for name in wanted if name not in site.parcels):
        raise InputError("parcels", got=f'"{missing}"', want="the id of a parcel of the plan",
                         then="check the parcel numbers")
    found: list[Finding] = []
    for done, name in enumerate(wanted, start=1):
        subject = site.subject_on(design, site.parcels[name])
        found += check_gates(subject)
        if _touches(design, subject.parcel):
            for family in FAMILIES:
                found += family(subject)
        if progress is not None:
            progress(done, len(wanted))
    return tuple(sorted(found, key=lambda f: f.id))


def _touches(design: Building, parcel: Parcel) -> bool:
    """Whether the box round a design meets the box round a parcel."""
    if not len(design.mesh):
        return True                                     # the checks say that there is nothing
    (x0, y0, _), (x1, y1, _) = design.mesh.bounds.tolist()
    west, south, east, north = parcel.shape.bounds
    return bool(x0 <= east and west <= x1 and y0 <= north and south <= y1)
