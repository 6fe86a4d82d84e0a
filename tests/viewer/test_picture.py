"""Pictures: right size, not blank, red only where something is broken, the same every time."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from viewer import block
from zonebox.errors import InputError
from zonebox.geometry.mesh import Mesh
from zonebox.model import Plan, Report, Scene, State
from zonebox.viewer import Ability, overlay, palette, screenshot
from zonebox.viewer.show import staged

pytestmark = pytest.mark.render
SIZE = (640, 400)


def pixels(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def test_a_picture_has_its_size_and_shows_what_is_broken(
    scene: Scene, report: Report, ability: Ability, tmp_path: Path
) -> None:
    out = screenshot(scene, report, tmp_path / "deep" / "scene.png", size=SIZE, ability=ability)
    image = pixels(out)
    assert image.shape == (400, 640, 3)
    assert image.std() > 15.0
    assert block.is_signal_red(image).sum() > 500
    assert [path.name for path in out.parent.iterdir()] == ["scene.png"]


def test_red_means_a_violation(scene: Scene, report: Report, ability: Ability, tmp_path: Path) -> None:
    kept = Report(findings=tuple(f for f in report.findings if f.state is not State.FAIL))
    image = pixels(screenshot(scene, kept, tmp_path / "kept.png", size=SIZE, ability=ability))
    assert not block.is_signal_red(image).any()


def test_the_same_scene_gives_the_same_bytes(scene: Scene, report: Report, ability: Ability, tmp_path: Path) -> None:
    first = screenshot(scene, report, tmp_path / "a.png", size=SIZE, ability=ability)
    second = screenshot(scene, report, tmp_path / "b.png", size=SIZE, ability=ability)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("view", ["plan", "north-east", "finding:A-02/height", "finding:A-02/setback",
                                  "finding:A-02/far"])
def test_other_views(scene: Scene, report: Report, ability: Ability, tmp_path: Path, view: str) -> None:
    image = pixels(screenshot(scene, report, tmp_path / "view.png", size=SIZE, ability=ability, view=view))
    assert block.is_signal_red(image).sum() > 300


def test_chinese_words(scene: Scene, report: Report, ability: Ability, tmp_path: Path) -> None:
    english = pixels(screenshot(scene, report, tmp_path / "en.png", size=SIZE, ability=ability))
    chinese = pixels(screenshot(scene, report, tmp_path / "zh.png", size=SIZE, ability=ability, lang="zh"))
    assert (english != chinese).any()


def bare(scene: Scene) -> dict[str, Scene]:
    nothing = Plan(source="none", parcels=(), controls=())
    return {
        "no design": replace(scene, designs=()),
        "no terrain": replace(scene, terrain=None),
        "no context": replace(scene, context=()),
        "one parcel": block.only(scene, "A-02"),
        "no envelopes": replace(scene, envelopes=()),
        "only terrain": replace(scene, plan=nothing, designs=(), context=(), envelopes=()),
        "only context": replace(scene, plan=nothing, designs=(), terrain=None, envelopes=()),
        "nothing": replace(scene, plan=nothing, designs=(), context=(), envelopes=(), terrain=None),
        "empty meshes": replace(scene, designs=tuple(replace(
            d, mesh=Mesh.empty(), triangle_element=np.zeros(0, dtype=np.int32),
            triangle_color=np.zeros((0, 4), dtype=np.uint8), solid=None) for d in scene.designs)),
    }


@pytest.mark.parametrize("name", ["no design", "no terrain", "no context", "one parcel", "no envelopes", "only terrain",
                                  "only context", "nothing", "empty meshes"])
@pytest.mark.parametrize("checked", [True, False], ids=["findings", "no findings"])
def test_scenes_that_lack_something(
    scene: Scene, report: Report, ability: Ability, tmp_path: Path, name: str, *, checked: bool
) -> None:
    out = screenshot(bare(scene)[name], report if checked else None, tmp_path / "bare.png", size=(320, 200),
                     ability=ability)
    assert pixels(out).std() > 1.0


def test_a_view_that_is_not_there(scene: Scene, report: Report, ability: Ability, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="want overview, plan"):
        screenshot(scene, report, tmp_path / "x.png", size=SIZE, ability=ability, view="finding:none")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("size", [(0, 100), (100, 99999), (10, 10)])
def test_an_impossible_size(
    scene: Scene, report: Report, ability: Ability, tmp_path: Path, size: tuple[int, int]
) -> None:
    with pytest.raises(InputError, match="pixels a side"):
        screenshot(scene, report, tmp_path / "x.png", size=size, ability=ability)


def test_counts_take_as_many_rows_as_a_narrow_picture_needs() -> None:
    """Nothing of the title block is written past the right margin, and no two texts lie over each other."""
    def measure(text: str, size_px: float) -> tuple[float, float]:
        return 0.6 * size_px * len(text), size_px

    counts = [("fail", 13, palette.INK), ("marginal", 7, palette.INK), ("not checked", 121, palette.INK),
              ("pass", 345, palette.INK)]
    for wide, rows in ((900, 1), (330, 2), (190, 4)):
        sheet = overlay.Sheet()
        cover = overlay.title(sheet, (wide, 500), measure, text="A long title of a block by the river", counts=counts)
        head, *said = sheet.texts
        assert [t.text for t in said] == ["13 fail", "7 marginal", "121 not checked", "345 pass"]
        assert len({t.y for t in said}) == rows
        assert all(t.x + measure(t.text, t.size_px)[0] <= wide - overlay.MARGIN for t in sheet.texts)
        assert all(cover.y0 < t.y < cover.y1 for t in sheet.texts)
        assert head.text.endswith("…") is (wide < 900)
        spans = sorted((t.y, t.x, t.x + measure(t.text, t.size_px)[0]) for t in said)
        assert all(a[0] != b[0] or a[2] < b[1] for a, b in itertools.pairwise(spans))


@pytest.mark.parametrize("size", [(540, 750), (770, 750), (1280, 800)])
def test_the_legend_leaves_the_finding_that_is_looked_at(
    size: tuple[int, int], scene: Scene, report: Report, ability: Ability, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, boxes = overlay.legend, []

    def kept(*given: Any) -> overlay.Rect:
        boxes.append(drawn(*given))
        return boxes[-1]

    monkeypatch.setattr(overlay, "legend", kept)
    stage = staged(scene, report, ability, lang="en", size=size)
    try:
        for finding in report.findings:
            if finding.state is not State.PASS:
                stage.look(stage.named_view(f"finding:{finding.id}"))
                x, y = stage.view.project([stage.notes_now()[0].anchor], size)[0][0]
                assert not (boxes[-1].x0 < x < boxes[-1].x1 and boxes[-1].y0 < y < boxes[-1].y1), finding.id
    finally:
        stage.close()
