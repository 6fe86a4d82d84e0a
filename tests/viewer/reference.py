"""Reference pictures of the drawn block: ``python tests/viewer/reference.py`` writes them anew, small and reduced.

They were drawn in software (llvmpipe). Other drivers round edges otherwise, so a picture is compared after reduction,
within a tolerance on the mean difference and on the share of pixels that differ clearly.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from zonebox.viewer import Ability

FOLDER: Final = Path(__file__).with_name("reference")
VIEWS: Final = ("overview", "plan", "south-west", "finding:A-02/height")
SIZE: Final = (1280, 800)
BESIDE: Final = "beside"
"""Two variants side by side: the block as planned, and without its designs."""

BESIDE_SIZE: Final = (783, 500)
"""Halves so narrow that the counts of findings take two rows."""

REDUCED: Final = 4
MEAN: Final = 2.0
"""Largest mean difference of a channel, of 255."""

CLEAR: Final = 40
SHARE: Final = 0.02
"""Largest share of pixels in which a channel differs by more than ``CLEAR``."""


def file_of(view: str) -> Path:
    return FOLDER / f"{view.replace(':', '-').replace('/', '-')}.png"


def reduced(path: Path) -> NDArray[np.int16]:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB").reduce(REDUCED), dtype=np.int16)


def difference(one: NDArray[np.int16], two: NDArray[np.int16]) -> tuple[float, float]:
    """Mean difference, and share of clearly different pixels."""
    gap = np.abs(one - two)
    return float(gap.mean()), float((gap.max(2) > CLEAR).mean())


def beside(file: Path, ability: Ability | None = None) -> Path:
    """Draw the block as planned beside the block without its designs."""
    from viewer import block
    from zonebox.model import Report
    from zonebox.studio import compare

    scene, report = block.scene(), block.report()
    emptied = replace(scene, designs=())
    bare = Report(findings=tuple(f for f in report.findings if not f.design))
    return compare.screenshot(
        compare.Side(title="As planned", scene=scene, report=report),
        compare.Side(title="Cleared, all that is on the block taken away and nothing new", scene=emptied, report=bare),
        file, size=BESIDE_SIZE, ability=ability)


def write() -> None:
    """Draw every reference picture."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from viewer import block
    from zonebox.viewer import screenshot

    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for view in VIEWS:
            drawn = screenshot(block.scene(), block.report(), Path(folder) / "one.png", size=SIZE, view=view)
            Image.fromarray(reduced(drawn).astype(np.uint8)).save(file_of(view), optimize=True)
        drawn = beside(Path(folder) / "two.png")
        Image.fromarray(reduced(drawn).astype(np.uint8)).save(file_of(BESIDE), optimize=True)


if __name__ == "__main__":
    write()
