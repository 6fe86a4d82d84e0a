"""`zonebox view` from outside, on a scene of two variants."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli.test_commands import zonebox
from viewer.block import is_signal_red

SCENE = """
[scene]
title = "Two ways to build"
crs = "EPSG:4548+5737"
vertical_shift_m = -6.64
vertical_shift_source = "illustrative"

[plan]
parcels = "{folder}/parcels.shp"
[plan.authority]
document = "plan"
version = "1"
status = "example"

[[design]]
id = "low"
source = "{folder}/harbour_house.ifc"
parcel = "A-05"
variant = "keeps"

[[design]]
id = "high"
source = "{folder}/harbour_house.ifc"
parcel = "A-05"
variant = "breaks"
moved = {{ up_m = 30.0 }}
"""


@pytest.fixture(scope="module")
def scene(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("variants")
    (folder / "scene.toml").write_text(SCENE.format(folder=(repository / "scenes" / "riverside_block").as_posix()),
                                       encoding="utf-8")
    return folder / "scene.toml"


@pytest.mark.render
def test_two_variants_in_one_picture(scene: Path, tmp_path: Path) -> None:
    """What stands too high is red at the right alone, where its variant was asked for."""
    out = tmp_path / "two.png"
    done = zonebox("view", str(scene), "--variant", "keeps", "--compare", "breaks", "--screenshot", str(out),
                   cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(out)]
    with Image.open(out) as image:
        picture = np.asarray(image.convert("RGB"))
    assert picture.shape == (1000, 2000, 3)
    keeps, breaks = (int(is_signal_red(half).sum()) for half in (picture[150:, :998], picture[150:, 1002:]))
    assert breaks > 2000 > keeps


def test_a_comparison_that_cannot_be_made_is_refused_in_a_sentence(scene: Path, tmp_path: Path) -> None:
    done = zonebox("view", str(scene), "--compare", "nowhere", "--screenshot", "x.png", cwd=tmp_path)
    assert done.returncode == 2
    assert "nowhere" in done.stderr
    assert "keeps" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "x.png").exists()
    done = zonebox("view", str(scene), "--compare", "keeps", "--views", "views", cwd=tmp_path)
    assert done.returncode == 2
    assert "--compare goes with" in done.stderr
