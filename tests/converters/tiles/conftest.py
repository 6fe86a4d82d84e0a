"""Scenes that several tests of the tiles look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.tiles.real import RealScene, real_scene


@pytest.fixture(scope="session")
def delft(
    request: pytest.FixtureRequest, shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> RealScene:
    """The courtyard in Delft."""
    return real_scene("delft_courtyard", request, tmp_path_factory)
