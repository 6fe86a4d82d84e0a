"""One closed solid for the checks: united in a child process, with a measured bound where it is not airtight."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from zonebox.geometry.mesh import Mesh
from zonebox_converters.ifc import facing, isolation, union
from zonebox_converters.ifc.isolation import Message
from zonebox_converters.ifc.kernel import Shapes
from zonebox_converters.ifc.stated import Vector

SECTION_M: Final = 1.0
"""A storey's area is measured on a cut this far above its floor (domain D5)."""

LIMIT_S: Final = 1800.0
"""Uniting all shells of a file may take this long."""

MOST_TRIES: Final = 60
TRY_LIMIT_S: Final = 300.0
"""So many times, and so long each, parts of a file are united to find out what the kernel fails on."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Massing:
    """The solid in the file's coordinates less the anchor; outlines (m²) for each height asked for; how it went.

    ``outdoor`` are the step ids of spaces with nothing above them: roof terraces and gardens, no floor area. ``roof``
    holds the heights of `zonebox_converters.ifc.roof.heights`, in the coordinates of the solid. ``dropped`` are the
    step ids of products on which the solid kernel crashed or hung; ``bound_m`` is how far its surface may lie from
    where it is, 0 where it is exact.
    """

    solid: Mesh | None
    note: str
    bound_m: float = 0.0
    outlines: tuple[tuple[float, float], ...] = ()
    outdoor: tuple[int, ...] = ()
    roof: Mapping[str, float | None] = field(default_factory=dict)
    dropped: tuple[int, ...] = ()


def standby() -> isolation.Ready:
    """Start the child that unites shapes later; meanwhile it loads its libraries."""
    return isolation.Ready("zonebox_converters.ifc.union")


def solid(
    shapes: Shapes,
    *,
    spaces: Collection[int],
    anchor: Vector,
    levels: Sequence[float],
    limit_s: float | None = None,
    ready: isolation.Ready | None = None,
) -> Massing:
    """Unite shapes into one closed solid.

    Parameters
    ----------
    shapes : Shapes
        Elements and spaces of a file.
    spaces : collection of int
        Step ids of the spaces among them: they fill the rooms, and count neither as closed nor as open.
    anchor : (x, y, z)
        Point of the file's coordinates near the building.
    levels : sequence of float
        Storey heights in the file's coordinates, metres.
    limit_s : float, optional
        How long the union may take.
    ready : Ready, optional
        A child from `standby`, which has its libraries loaded by now.
    """
    limit_s = LIMIT_S if limit_s is None else limit_s
    floors = sorted({round(z, 4) for z in levels})
    matrix = shapes.arrays["matrix"].copy()
    matrix[:, :3, 3] -= anchor
    turn = facing.turn_rad({**shapes.arrays, "matrix": matrix})     # along its own axes walls meet without cracks
    matrix = facing.turned(matrix, -turn)
    space = np.isin(shapes.arrays["product"], np.array(sorted(spaces), dtype=np.int64))
    rows = np.arange(len(space))
    job: dict[str, Any] = {"task": "solid", "sections": [z - anchor[2] + SECTION_M for z in floors],
           "slabs": [z - anchor[2] for z in floors]}
    with tempfile.TemporaryDirectory(prefix="zonebox-solid-", ignore_cleanup_errors=True) as folder:
        stored = Path(folder) / "shapes.npz"
        names = ("geometry", "vertex_start", "triangle_start", "vertices", "triangles")
        np.savez(stored, allow_pickle=False, matrix=matrix, space=space, **{n: shapes.arrays[n] for n in names})
        job["shapes"] = str(stored)
        answer, trouble = _asked({**job, "without": []}, limit_s, ready)
        bad: list[int] = []
        if answer is None:
            bad = sorted(_Culprits(stored, limit_s).among(rows[np.argsort(matrix[:, 2, 3])].tolist()))
        if bad:
            answer, trouble = _asked({**job, "without": bad}, limit_s)
    dropped = tuple(int(shapes.arrays["product"][row]) for row in bad)
    if answer is None:
        return Massing(solid=None, note=f"no solid could be made: {trouble or 'the process gave no answer'}",
                       dropped=dropped)
    facts = answer.fields
    if not answer.arrays:
        return Massing(solid=None, note=f"no solid: {len(rows):,} elements with {facts['triangles']:,} triangles, "
                       f"simplified, are more than the {union.MOST_TRIANGLES:,} that are united, so the surface is "
                       "checked as it is; leave fittings and furniture out of the export for a solid")
    outlines = tuple((z, area) for z, area in zip(floors, facts["outlines_m2"], strict=True) if area is not None)
    outdoor = tuple(int(shapes.arrays["product"][row]) for row in facts["outdoor"])
    if not len(answer.arrays["triangles"]):
        return Massing(solid=None, note=f"no solid: none of {facts['elements']} elements is closed", outlines=outlines)
    vertices = answer.arrays["vertices"]
    mesh = Mesh(vertices=vertices @ facing.about_vertical(turn)[:3, :3].T if turn else vertices,
                triangles=answer.arrays["triangles"])
    made = (f"union of {facts['closed']} closed elements of {facts['elements']}"
            + (f" and {indoor} spaces" if (indoor := int(space.sum()) - len(outdoor)) else "")
            + f", {facts['filled_m3']:,.1f} m³ of rooms and cavities filled, "
            f"{facts['open_share']:.1%} of the surface left out as open")
    if facts["bound_m"]:
        made += (f", parts of it simplified to {facts['triangles']:,} triangles by up to {facts['bound_m']:.3f} m, so "
                 "that only the surface as it is, is checked against envelopes")
    if bad:
        made += f", {len(bad)} elements left out on which the solid kernel fails"
    return Massing(solid=mesh, note=made + _bound(floors, facts["outlines_m2"], facts["slabs_m3"]), outlines=outlines,
                   outdoor=outdoor, roof=facts["roof"], dropped=dropped, bound_m=facts["bound_m"])


def _asked(job: Mapping[str, Any], limit_s: float,
           ready: isolation.Ready | None = None) -> tuple[Message | None, str]:
    """Have shapes united; the answer, and why there is none."""
    messages, trouble = isolation.ask(job, limit_s=limit_s, ready=ready)
    return next((m for m in messages if m.fields["kind"] == "solid"), None), trouble


class _Culprits:
    """Find the products that take the solid kernel down by halving, storey by storey since they come in by height."""

    def __init__(self, stored: Path, limit_s: float) -> None:
        self._stored, self._limit_s = stored, limit_s
        self._tries = MOST_TRIES

    def among(self, rows: Sequence[int]) -> list[int]:
        """Return those that fail on their own; none where only a pair fails, or it takes too many tries."""
        if not len(rows) or self._tries <= 0 or self._unites(rows):
            return []
        if len(rows) == 1:
            return list(rows)
        middle = len(rows) // 2
        return [*self.among(rows[:middle]), *self.among(rows[middle:])]

    def _unites(self, rows: Sequence[int]) -> bool:
        self._tries -= 1
        job = {"task": "solid", "shapes": str(self._stored), "rows": list(rows)}
        return not isolation.ask(job, limit_s=min(self._limit_s, TRY_LIMIT_S))[1]


def _bound(floors: Sequence[float], outlines: Sequence[float | None], slabs: Sequence[float | None]) -> str:
    """Compare the solid with its outlines, storey by storey below the top one, and say what is missing."""
    heights = np.diff(floors)
    rows = [(area * height, slab) for area, height, slab in zip(outlines[:-1], heights, slabs, strict=True)
            if area and slab is not None]
    if not rows:
        return ""
    enclosed, held = (float(sum(column)) for column in zip(*rows, strict=True))
    if held >= union.AIRTIGHT * enclosed:
        return f"; airtight within {max(0.0, 1 - held / enclosed):.1%} of its storey outlines"
    return (f"; not airtight: between the storeys it holds {held:,.0f} m³ of the {enclosed:,.0f} m³ that its outlines "
            f"enclose, so volumes may be up to {enclosed - held:,.0f} m³ too small")
