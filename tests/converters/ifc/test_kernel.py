"""A product that crashes or hangs its process is named; all others arrive."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zonebox.frame import Frame
from zonebox_converters.ifc import Placement, isolation, kernel, read

House = Callable[..., Path]

POISON = """
import json, os, sys, time
sys.path[:] = json.loads(sys.argv[1])
from zonebox_converters.ifc import worker
answer = worker._answer
def poisoned(shape, send, sent):
    if shape.name == {name!r}:
        {deed}
    answer(shape, send, sent)
worker._answer = poisoned
worker.main()
"""


def _poison(monkeypatch: pytest.MonkeyPatch, name: str, deed: str) -> None:
    monkeypatch.setattr(isolation, "BOOT", POISON.format(name=name, deed=deed))


def _groups(path: Path) -> list[kernel.Group]:
    import ifcopenshell

    model = ifcopenshell.open(str(path))
    return [(thing.id(), 0) for kind in ("IfcWall", "IfcSlab") for thing in model.by_type(kind)]


def test_a_crash_loses_only_its_product(
    house: House, rd: Frame, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = house()
    _poison(monkeypatch, "roof", "os.abort()")
    place = Placement(easting=84975, northing=447519, elevation=1)
    building = read(path, rd, id="h", placement=place, cache=tmp_path / "cache")
    roof = next(i for i, e in enumerate(building.elements) if e.name == "roof")
    assert roof not in building.triangle_element
    assert set(range(11)) - {roof} == set(building.triangle_element.tolist())
    assert building.notes[0] == "1 of 13 products have no shape and are left out"
    guid = building.elements[roof].id
    assert building.notes[1] == f"{guid} (IfcSlab) is left out: the geometry kernel crashed on it"


def test_a_hang_loses_only_its_product(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    path = house()
    _poison(monkeypatch, "roof", "time.sleep(600)")
    monkeypatch.setattr(kernel, "BATCH_LIMIT_S", 20.0)
    done: list[tuple[int, int]] = []
    shapes = kernel.shape(path, _groups(path), batch_limit_s=6.0, product_limit_s=3.0,
                          progress=lambda *now: done.append(now))
    assert list(shapes.failures.values()) == ["it took longer than 3 s"]
    assert len(shapes.arrays["product"]) == 10
    assert done[-1] == (11, 11)


def test_a_killed_worker_loses_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    path = house()
    children: list[isolation.Child] = []

    class Watched(isolation.Child):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            children.append(self)

    monkeypatch.setattr(kernel, "Child", Watched)
    monkeypatch.setattr(kernel, "PRODUCTS_PER_WORKER", 5)
    shapes = kernel.shape(path, _groups(path), workers=2, progress=lambda *_: children[0].process.kill())
    assert not shapes.failures
    assert len(shapes.arrays["product"]) == 11


def test_processes_share_the_work_by_geometry() -> None:
    products = [(1, 70), (2, 70), (3, 70), (4, 0), (5, 0), (6, 0)]
    assert kernel._shares(products, 2) == [[1, 2, 3], [4, 5, 6]]


def test_a_worker_that_cannot_start_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "BOOT", "raise SystemExit(3)")
    messages, trouble = isolation.ask({"task": "solid"}, limit_s=20.0)
    assert not messages
    assert trouble == "the process died"
    assert sys.executable
