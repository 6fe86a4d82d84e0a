"""What the tests of the application share: the machine's ability to draw, and desks that are closed at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from whatif import site
from zonebox import checks
from zonebox.studio import Desk
from zonebox.viewer import Ability, probe

Opened = Callable[[tuple[int, int]], Desk]


@pytest.fixture(scope="session")
def able() -> Ability:
    return probe()


@pytest.fixture
def opened(able: Ability) -> Iterator[Opened]:
    """Open the tower on its lot on a desk with a picture of a size."""
    desks: list[Desk] = []

    def one(size: tuple[int, int]) -> Desk:
        scene = site.scene(cells=2)
        desks.append(Desk(scene, checks.run(scene), size=size, ability=able))
        return desks[-1]

    yield one
    for desk in desks:
        desk.close()
