"""A scene of many designs is checked together where it can be, with the same verdicts as one design at a time."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from bench.bench_checks import city
from checks.scenes import gable, one
from checks.test_agreement import turned
from lots import AUTHORITY, box_mesh
from zonebox import checks
from zonebox.checks import running
from zonebox.model import Control, Finding, Kind, Scene, State
from zonebox_converters import envelopes


def crowded() -> Scene:
    """A city in which some designs are no simple blocks, some lots ask for more, and some have no envelope."""
    made = city(80)
    odd = [turned(box_mesh((-6, -4, 9), (6, 4, 18)), 0.3, 20, 15),              # reaches below the ground
           gable(8, 8, 30, 20, 15, 21, bottom=10.0), box_mesh((-2, 5, 10), (20, 20, 20)),
           box_mesh((10, 10, 22), (20, 20, 30)),                                # hangs in the air
           box_mesh((3, 5, 10), (20, 20, 34)), box_mesh((3, 5, 10), (20, 20, 21))]  # just keeps every limit
    extra = tuple(one(m.moved([45.0 * (k % 9), 35.0 * (k // 9), 0]), f"odd{k}", parcel=f"L{k}")
                  for k, m in enumerate(odd))
    far = tuple(Control(id=f"L{k}/far", parcel=f"L{k}", kind=Kind.FAR, limit=2.0, authority=AUTHORITY)
                for k in range(0, 40, 3))
    top = Control(id="L7/top", parcel="L7", kind=Kind.HEIGHT_ABSOLUTE, limit=25.0, authority=AUTHORITY)
    made = replace(made, designs=(*made.designs, *extra, one(odd[4].moved([0, 9000, 0]), "lost", parcel="Z")),
                   plan=replace(made.plan, controls=(*made.plan.controls, *far, top)))
    return replace(made, envelopes=tuple(e for e in envelopes.build(made.plan, None) if e.parcel != "L11"))


def numbers(f: Finding) -> tuple[object, ...]:
    """What must be the same; of several equally tight places of a setback another may be named."""
    said = "" if f.check == "setback" else (f.reason, f.reason_zh)
    cure = None if f.cure is None else (f.cure.action, f.cure.amount)
    return (f.id, f.check, f.state, f.parcel, f.design, f.control, f.unit, f.where.edge, f.elements, said, cure,
            f.part is None)


def test_together_is_the_same_as_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    made = crowded()
    together = {f.id: f for f in checks.run(made).findings}
    monkeypatch.setattr(running, "TOGETHER_FROM", math.inf)
    singly = {f.id: f for f in checks.run(made).findings}
    assert together.keys() == singly.keys()
    for key, f in together.items():
        other = singly[key]
        assert numbers(f) == numbers(other)
        rows = [[x.value, x.limit, x.margin] for x in (f, other)]
        assert rows[0] == pytest.approx(rows[1], abs=1e-6), key
        if f.where.foot is not None and f.where.point is not None and f.check in ("setback", "height"):
            assert math.dist(f.where.point, f.where.foot) == pytest.approx(
                abs((f.value or 0.0) - ((f.limit or 0.0) if f.check == "height" else 0.0)), abs=1e-6)
    assert {f.state for f in together.values()} == set(State)


def test_most_blocks_are_settled_together(monkeypatch: pytest.MonkeyPatch) -> None:
    from zonebox.checks.settling import settled
    from zonebox.checks.subject import Site

    made = crowded()
    known = settled(Site(made))
    assert sum(k.contained for k in known.values()) > 0.7 * len(made.designs)
    assert not any(id(d) in known for d in made.designs if d.parcel == "L11" or d.id in ("odd0", "odd1", "odd2"))
    assert np.isfinite([f.value or 0.0 for k in known.values() for f in k.findings]).all()
