"""The changes named for the ferry terrace of the riverside block cure what they are named for."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from report.test_cures import rechecked
from zonebox import pipeline
from zonebox.model import Finding, Report, Scene, State


@pytest.fixture(scope="module")
def ferry(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Scene, Report]:
    """The ferry terrace alone on its block, without terrain: the plan states the design ground."""
    folder = tmp_path_factory.mktemp("block")
    for path in (repository / "scenes" / "riverside_block").iterdir():
        if path.is_file() and path.suffix not in {".laz", ".py", ".md"}:
            shutil.copy(path, folder)
    text = (folder / "scene.toml").read_text(encoding="utf-8")
    plan, ferry = text.split("[terrain]")[0], text[text.rindex("[[design]]"):]
    (folder / "scene.toml").write_text(plan + ferry, encoding="utf-8")
    return pipeline.checked(folder)


def broken_of(report: Report, *checks: str) -> list[Finding]:
    """Findings of these checks that fail or are marginal."""
    return [f for f in report.findings if f.check in checks and f.state in (State.FAIL, State.MARGINAL) and f.design]


def test_what_is_broken(ferry: tuple[Scene, Report]) -> None:
    _, report = ferry
    amounts = {f.id.split("/", 2)[2]: f.cure.amount for f in broken_of(report, "height", "setback") if f.cure}
    assert amounts["height"] == pytest.approx(3.42, abs=1e-3)
    assert amounts["street-setback/edge-3"] == pytest.approx(0.60, abs=2e-3)


@pytest.mark.parametrize("end", ["height", "street-setback/edge-3", "tower-stepback/edge-0", "tower-stepback/edge-3"])
def test_applying_the_cure_passes(ferry: tuple[Scene, Report], end: str) -> None:
    scene, report = ferry
    broken = next(f for f in broken_of(report, "height", "setback") if f.id.endswith(end))
    after = next(f for f in rechecked(scene, broken).findings if f.id == broken.id)
    assert after.state is State.PASS, (broken.cure, after.margin)
