"""Applying the change that a finding names makes its check pass."""

from __future__ import annotations

from dataclasses import replace

import pytest

from report.review import design, finding, moved, scene
from zonebox import checks
from zonebox.model import Building, Finding, Report, Scene, State


def cured(building: Building, broken: Finding) -> Building:
    """The design after the change that the finding names: lowered, or moved."""
    cure = broken.cure
    assert cure is not None
    if cure.action == "lower":
        return moved(building, (0.0, 0.0, -cure.amount))
    assert cure.action == "move"
    assert cure.direction is not None
    return moved(building, (cure.amount * cure.direction[0], cure.amount * cure.direction[1], 0.0))


def rechecked(made: Scene, broken: Finding) -> Report:
    """The report on the scene after the change."""
    changed = tuple(cured(d, broken) if d.id == broken.design else d for d in made.designs)
    return checks.run(replace(made, designs=changed))


@pytest.mark.parametrize("check", ["height", "setback"])
def test_on_a_box(check: str) -> None:
    made = scene()
    broken = next(f for f in checks.run(made).findings if f.check == check and f.state is State.FAIL)
    assert finding(rechecked(made, broken), broken.id).state is State.PASS


@pytest.mark.parametrize("check", ["height", "setback"])
def test_a_hair_less_is_not_enough(check: str) -> None:
    made = scene()
    broken = next(f for f in checks.run(made).findings if f.check == check and f.state is State.FAIL)
    assert broken.cure is not None
    less = replace(broken, cure=replace(broken.cure, amount=broken.cure.amount - 0.002))
    assert finding(rechecked(made, less), broken.id).state is not State.PASS


def test_both_together_leave_nothing_outside_the_envelope() -> None:
    made = scene()
    house = design()
    for broken in [f for f in checks.run(made).findings if f.check in ("height", "setback") and f.state is State.FAIL]:
        house = cured(house, broken)
    report = checks.run(scene(house))
    assert finding(report, "/envelope").state is State.PASS
    assert not [f for f in report.findings if f.state is State.FAIL and f.check != "coverage"]
