"""One design against several parcels: the findings of each of them alone, and a gate where it does not stand."""

from __future__ import annotations

from dataclasses import replace

import pytest
import shapely

from checks.scenes import FRAME, one
from lots import AUTHORITY, box_mesh, limit, parcel, rule
from zonebox import checks
from zonebox.checks.against import check_against
from zonebox.errors import InputError
from zonebox.geometry import profile
from zonebox.model import Control, Kind, Plan, Scene, State
from zonebox_converters.envelopes import build


def street(count: int) -> Scene:
    """Lots of 40 m in a row, and a design that stands on the border of the first two."""
    lots, controls = [], []
    for k in range(count):
        lots.append(replace(parcel(shapely.box(40 * k, 0, 40 * k + 40, 30)), id=f"P{k}"))
        controls += [replace(c, id=f"P{k}/{c.id.partition('/')[2]}", parcel=f"P{k}", authority=AUTHORITY)
                     for c in (limit(Kind.HEIGHT, 10.0), rule("all", profile.fixed(4.0)), limit(Kind.COVERAGE, 0.2))]
    made = Plan(source="", parcels=tuple(lots), controls=tuple(controls))
    return Scene(name="street", title="", frame=FRAME, plan=made, terrain=None, context=(),
                 designs=(one(box_mesh((30, 5, 0), (55, 25, 12)), parcel="P1"),), envelopes=build(made, None))


def summary(findings: tuple[object, ...]) -> dict[str, object]:
    return {f.id: (f.state, f.value, f.limit, f.margin, f.cure, f.reason) for f in findings}  # type: ignore[attr-defined]


def test_the_findings_are_those_of_each_parcel_alone() -> None:
    made = street(5)
    (design,) = made.designs
    found = check_against(made, design)
    for k in (0, 1):
        alone = checks.run(replace(made, designs=(replace(design, parcel=f"P{k}"),))).findings
        mine = tuple(f for f in found if f.parcel == f"P{k}")
        assert summary(mine) == summary(tuple(f for f in alone if f.design))
        assert {f.state for f in mine} >= {State.FAIL}
    assert [f.id for f in found if f.parcel in ("P2", "P3", "P4")] == [f"design/P{k}/parcel" for k in (2, 3, 4)]


def test_only_the_parcels_that_are_asked_for() -> None:
    made = street(3)
    assert {f.parcel for f in check_against(made, made.designs[0], ["P1"])} == {"P1"}
    with pytest.raises(InputError, match="P9"):
        check_against(made, made.designs[0], ["P9"])


def test_controls_are_those_of_the_parcel() -> None:
    made = street(2)
    other = Control(id="P0/top", parcel="P0", kind=Kind.HEIGHT_ABSOLUTE, limit=5.0, authority=AUTHORITY)
    made = replace(made, plan=replace(made.plan, controls=(*made.plan.controls, other)))
    assert [f.parcel for f in check_against(made, made.designs[0]) if f.check == "height_abs"] == ["P0"]
