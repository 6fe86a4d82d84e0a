"""The earth that the designs move: told, not judged."""

from __future__ import annotations

from collections.abc import Iterator

from zonebox.checks.sentences import say
from zonebox.model import Finding, Scene, State, Where


def earthworks(scene: Scene) -> Iterator[Finding]:
    """Say for each pad what is cut, filled and dug out.

    Yields
    ------
    Finding
        Of check ``earthwork``, one per design with a pad: the earth that is left over (cut and dug out, less fill) as
        its value, m³; below zero it has to be brought. Nothing is judged.
    """
    designs = {design.id: design for design in scene.designs}
    for pad in scene.pads:
        if pad.design not in designs:
            continue
        x, y, _ = designs[pad.design].mesh.bounds.mean(0)
        told = say("earthwork", area=pad.area_m2, level=pad.level_m, cut=pad.cut_m3, fill=pad.fill_m3,
                   dug=pad.excavation_m3)
        yield Finding(
            id=f"earthwork/{pad.design}", check="earthwork", state=State.PASS, parcel=pad.parcel, design=pad.design,
            control=None, value=pad.cut_m3 + pad.excavation_m3 - pad.fill_m3, unit="m³",
            where=Where(point=(float(x), float(y), pad.level_m)), reason=told.en, reason_zh=told.zh,
            figures=(("area_m2", pad.area_m2), ("cut_m3", pad.cut_m3), ("fill_m3", pad.fill_m3),
                     ("excavation_m3", pad.excavation_m3)))
