"""What every viewer test needs: the block, and the machine's ability to draw it."""

from __future__ import annotations

import pytest

from conftest import unavailable
from viewer import block
from zonebox.model import Report, Scene
from zonebox.viewer import Ability, probe


@pytest.fixture(scope="session")
def ability() -> Ability:
    found = probe()
    if not found.pictures:
        unavailable("no pictures", found.sentence)
    return found


@pytest.fixture(scope="session")
def scene() -> Scene:
    return block.scene()


@pytest.fixture(scope="session")
def report() -> Report:
    return block.report()
