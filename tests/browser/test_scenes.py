"""The scenes of the repository in CesiumJS: nothing fails to load, and what is picked says what it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from browser.clients import cesium, need, validate_gltf
from converters.tiles.real import RealScene, real_scene

pytestmark = [pytest.mark.browser, pytest.mark.data]


@pytest.fixture(scope="session", params=["riverside_block", "delft_courtyard"])
def real(request: pytest.FixtureRequest, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> RealScene:
    return real_scene(request.param, request, tmp_path_factory)


def test_gltf_validator_finds_no_error(real: RealScene) -> None:
    need(module="gltf-validator")
    files = sorted(real.tiles.rglob("*.glb"))
    assert len(files) >= 5
    assert [row for row in validate_gltf(files) if row["errors"] or row["warnings"]] == []


def test_cesium_picks_the_top_of_a_design(real: RealScene, tmp_path: Path) -> None:
    """The highest roof is drawn where pyproj's grids put it, and answers with its GlobalId."""
    need(module="cesium", browser=True)
    tower = max(real.scene.designs, key=lambda b: float(b.mesh.bounds[1, 2]))
    middle = tower.mesh.vertices[tower.mesh.triangles].mean(axis=1)
    highest = int(np.argmax(middle[:, 2]))
    element = tower.elements[tower.triangle_element[highest]]
    (target,) = real.scene.frame.to_ecef(middle[[highest]])
    with cesium(real.tiles, range=0.6) as client:
        client.look(target, 90.0)
        (tmp_path / "scene.png").write_bytes(client.picture())
        behind = client.drill(client.screen(target))
        assert (client.errors, client.outside) == ([], [])
    assert element.id in [feature.get("globalId") for feature in behind]
    assert (tmp_path / "scene.png").stat().st_size > 30_000
