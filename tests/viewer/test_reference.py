"""Pictures are what they were when somebody last looked at them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from viewer import reference
from zonebox.model import Report, Scene
from zonebox.viewer import Ability, screenshot


@pytest.mark.render
@pytest.mark.parametrize("view", reference.VIEWS)
def test_a_view_looks_as_it_did(scene: Scene, report: Report, ability: Ability, tmp_path: Path, view: str) -> None:
    drawn = reference.reduced(screenshot(scene, report, tmp_path / "now.png", size=reference.SIZE, ability=ability,
                                         view=view))
    with Image.open(reference.file_of(view)) as image:
        known = np.asarray(image.convert("RGB"), dtype=np.int16)
    mean, share = reference.difference(drawn, known)
    assert mean < reference.MEAN
    assert share < reference.SHARE


@pytest.mark.render
def test_two_variants_beside_each_other_look_as_they_did(ability: Ability, tmp_path: Path) -> None:
    drawn = reference.reduced(reference.beside(tmp_path / "two.png", ability))
    with Image.open(reference.file_of(reference.BESIDE)) as image:
        known = np.asarray(image.convert("RGB"), dtype=np.int16)
    mean, share = reference.difference(drawn, known)
    assert mean < reference.MEAN
    assert share < reference.SHARE


def test_the_tolerance_notices_a_missing_part() -> None:
    """A red roof that turns grey, over a thirtieth of the picture, is beyond the tolerance."""
    with Image.open(reference.file_of("overview")) as image:
        known = np.asarray(image.convert("RGB"), dtype=np.int16)
    other = known.copy()
    rows, columns = (n // 5 for n in known.shape[:2])
    other[:rows, :columns] = 255 - other[:rows, :columns]
    assert reference.difference(known, other)[1] > reference.SHARE
