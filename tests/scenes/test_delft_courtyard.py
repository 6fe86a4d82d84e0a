"""The courtyard in Delft end to end: real LiDAR, topography, city model and an IFC that contradicts itself."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import shapely

from zonebox import pipeline
from zonebox.model import Report, Scene, State


@pytest.fixture(scope="module")
def delft(tmp_path_factory: pytest.TempPathFactory, repository: Path, shared_data: Path) -> tuple[Scene, Report, Path]:
    assert shared_data.is_dir()
    out = tmp_path_factory.mktemp("delft")
    result = pipeline.check(repository / "scenes" / "delft_courtyard", out)
    return result.scene, result.report, out


def test_the_tower_stands_where_its_map_conversion_says(delft: tuple[Scene, Report, Path]) -> None:
    scene, _, _ = delft
    (tower,) = scene.designs
    corners = scene.frame.world(tower.mesh.vertices)
    assert corners[:, 2].max() == pytest.approx(17.6, abs=1e-3)
    middle = (corners[:, :2].min(0) + corners[:, :2].max(0)) / 2
    assert np.abs(middle - [84975.2, 447519.2]).max() < 12.0
    used = [note for note in tower.georeference if note.used]
    assert [note.kind for note in used] == ["epset"] or "MapConversion" in used[0].text
    boston = [note for note in tower.georeference if not note.used and (note.conflict_m or 0) > 5e6]
    assert len(boston) == 1


def test_the_terrain_keeps_its_error_bound(delft: tuple[Scene, Report, Path]) -> None:
    terrain = delft[0].terrain
    assert terrain is not None
    assert terrain.ground_points > 280_000
    assert terrain.max_error_m <= 0.10
    assert terrain.rms_error_m < terrain.max_error_m


def test_the_city_model_is_the_honest_one(delft: tuple[Scene, Report, Path]) -> None:
    assert len(delft[0].context) == 160


def test_edge_roles_come_from_the_roads(delft: tuple[Scene, Report, Path]) -> None:
    plan = delft[0].plan
    assert len(plan.parcels) >= 8
    roles = {edge.role.value for parcel in plan.parcels for edge in parcel.edges}
    assert {"front", "side", "rear"} <= roles
    assert all(edge.reason for parcel in plan.parcels for edge in parcel.edges)


def test_envelopes_stay_on_their_lots_and_one_is_empty(delft: tuple[Scene, Report, Path]) -> None:
    scene = delft[0]
    empty = [e for e in scene.envelopes if e.empty is not None]
    assert len(empty) == 1
    for envelope in scene.envelopes:
        if envelope.empty is None:
            lot = envelope.shape.buffer(1e-6)
            assert shapely.covers(lot, shapely.multipoints(envelope.solid.vertices[:, :2]))


def test_every_kind_of_verdict_appears_and_the_tower_breaks_height_and_setback(
    delft: tuple[Scene, Report, Path]
) -> None:
    report = delft[1]
    broken = {f.check for f in report.findings if f.state is State.FAIL and f.design == "tower"}
    assert {"height", "setback", "containment"} <= broken
    summary = report.summary
    assert summary[State.PASS] > 0
    assert summary[State.NOT_CHECKED] > 0
    height = next(f for f in report.findings if f.check == "height" and f.design == "tower")
    assert height.value is not None
    assert height.limit == 15.0
    assert height.margin == pytest.approx(15.0 - height.value)
    assert height.elements


def test_findings_lie_on_the_tower_in_rd_and_nap(delft: tuple[Scene, Report, Path]) -> None:
    findings = json.loads((delft[2] / "report.json").read_text(encoding="utf-8"))["findings"]
    height = next(f for f in findings if f["check"] == "height")
    east, north, up = height["where"]["point"]
    assert abs(east - 84975.2) < 15
    assert abs(north - 447519.2) < 15
    assert up == pytest.approx(17.6, abs=1e-3)
    run = json.loads((delft[2] / "run.json").read_text(encoding="utf-8"))
    assert run["vertical_shift"]["shift_m"] == pytest.approx(43.5, abs=0.05)
    assert "NAP" in run["vertical_shift"]["operation"]
