"""A rule of every kind is reached from a scene file, and its finding carries everything a reviewer signs for."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree as ET

import ifcopenshell
import numpy as np
import pytest

from report import every_rule
from zonebox import pipeline
from zonebox.model import Finding, Kind, Report, Scene, State
from zonebox_converters.zoning.kinds import KEYS

ON_EDGES = {"setback", "setback_class", "proportional", "profile", "sky_exposure", "recession", "road_slant",
            "north_slant"}
SHAPED = ON_EDGES | {"height", "height_abs", "storeys", "no_build", "view_corridor", "obstacle", "fresnel", "solar",
                     "underground"}
"""Kinds whose findings have an offending piece."""
NOWHERE = {"far", "far_min", "coverage", "coverage_min", "green", "green_max", "parking", "use"}
"""Kinds that speak of the whole design."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("every")
    every_rule.write(made)
    return made


@pytest.fixture(scope="module")
def checked(folder: Path) -> tuple[Scene, Report]:
    return pipeline.checked(folder, folder / "out")


@pytest.fixture(scope="module")
def record(checked: tuple[Scene, Report], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    from zonebox.report.records import write_report

    path = write_report(*checked, tmp_path_factory.mktemp("record") / "report.json")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def rows_of(record: dict[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    for row in record["findings"]:
        if row["design"] == "house" and row["control"] and row["control"]["id"] == f"A-1/{kind}" and (
                row["state"] == "FAIL" and row["check"] != "containment"):
            yield row


def test_the_scene_has_a_rule_of_every_kind() -> None:
    assert set(every_rule.RULES) == set(KEYS)
    assert {k.value for k in Kind} <= set(KEYS)


@pytest.mark.parametrize("kind", every_rule.RULES)
def test_a_finding_of_every_kind_field_by_field(kind: str, record: dict[str, Any], folder: Path) -> None:
    rows = list(rows_of(record, kind))
    assert rows
    guids = {e.GlobalId for e in ifcopenshell.open(folder / "house.ifc").by_type("IfcProduct")}
    number = list(every_rule.RULES).index(kind) + 1
    for row in rows:
        assert row["control"]["authority"] == {"doc": "Book of rules", "clause": f"§ {number}", "version": "7",
                                               "status": "confirmed"}
        assert row["control"]["severity"] == ("guidance" if number % 5 == 0 else "mandatory")
        assert row["margin"] < 0.0
        assert row["margin"] == pytest.approx(-abs(row["value"] - row["limit"]), abs=2e-4)
        assert row["reason"]
        assert row["tolerance"] is not None
        assert row["cure"]["amount"] > 0.0
        assert set(row["elements"]) <= guids
        assert bool(row["elements"]) == (kind in SHAPED or kind == "spacing" or row["id"].endswith("/use"))
        _place(kind, row)
        _piece(kind, row)


def _place(kind: str, row: dict[str, Any]) -> None:
    """The worst point lies on the design or its lot, in the scene's coordinates; its storey is the one it lies in."""
    point = row["where"]["point"]
    assert (point is None) == (kind in NOWHERE), row["id"]
    if point is None:
        return
    east, north, up = point
    assert every_rule.EAST - 1e-3 <= east <= every_rule.EAST + 60.001
    assert every_rule.NORTH - 1e-3 <= north <= every_rule.NORTH + 40.001
    assert -5.001 <= up <= 31.001
    if kind in ON_EDGES:
        assert row["where"]["edge"] is not None
        floor = min(int((up - every_rule.GROUND + 1e-3) // every_rule.FLOOR_M) + 1, every_rule.FLOORS)
        assert row["where"]["storey"] == f"{floor}F"
        foot = row["where"]["limit_point"]
        assert np.linalg.norm(np.subtract(foot, point)) > 0.0


def _piece(kind: str, row: dict[str, Any]) -> None:
    """The offending piece lies on the design and is a mesh of its own."""
    piece = row["offending"]
    assert (piece is not None) == (kind in SHAPED), row["id"]
    if piece is None:
        return
    low, high = np.array(piece["bounds"])
    x0, y0, x1, y1 = every_rule.HOUSE
    assert (low >= [every_rule.EAST + x0 - 1e-3, every_rule.NORTH + y0 - 1e-3, -5.001]).all()
    assert (high <= [every_rule.EAST + x1 + 1e-3, every_rule.NORTH + y1 + 1e-3, 31.001]).all()
    assert piece["area"] > 0.0
    if kind == "underground":
        assert high[2] <= every_rule.GROUND + 1e-3
    elif kind == "no_build":
        assert (low[:2] >= [every_rule.EAST + 40 - 1e-3, every_rule.NORTH + 20 - 1e-3]).all()
    else:
        assert low[2] >= every_rule.GROUND - 1e-3
    if piece["mesh"] is not None:
        corners = np.array(piece["mesh"]["vertices"])[np.array(piece["mesh"]["triangles"])]
        area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1).sum() / 2
        assert area == pytest.approx(piece["area"], rel=1e-3, abs=0.05)
        assert len(corners) == piece["triangles"]


CLOSED_FORMS = {
    "setback": (2.0, 5.0), "setback_class": (2.0, 8.0), "proportional": (10.0, 12.0), "profile": (10.0, 12.0),
    "sky_exposure": (2.0, 3.0 + (30.0 - 12.0 - 2.7 * 3.0) / 2.7), "recession": (30.0, 12.5 + 2.0 * np.tan(np.pi / 3)),
    "road_slant": (30.0, 1.25 * 22.0), "height": (30.0, 24.0), "height_abs": (31.0, 29.5), "height_min": (30.0, 40.0),
    "storeys": (30.0, 21.6), "far": (10752 / 2400, 2.5), "coverage": (1344 / 2400, 0.35), "no_build": (100.0, 0.0),
    "obstacle": (31.0, 0.02 * (942.0 + 0.0)), "build_to": (0.8, 0.9), "spacing": (12.0, 20.0), "parking": (7.0, 84.0),
    "access": (10.0, 70.0), "green": (0.065, 0.3),
}
"""Kind -> value and limit by hand: a block of 48 m × 28 m, 30 m high, 2 m inside the lot's south-west corner."""


@pytest.mark.parametrize("kind", CLOSED_FORMS)
def test_values_by_hand(kind: str, record: dict[str, Any]) -> None:
    row = next(rows_of(record, kind))
    assert [row["value"], row["limit"]] == pytest.approx(list(CLOSED_FORMS[kind]), abs=6e-3)


def test_inputs_are_named_with_their_hashes(record: dict[str, Any], folder: Path) -> None:
    named = {row["name"]: row["sha256"] for row in record["inputs"]}
    assert set(named) == {"scene.toml", "parcels.geojson", "roads.geojson", "lines.geojson", "rules.toml", "house.ifc",
                          "neighbour.ifc"}
    for name, digest in named.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_every_finding_speaks_both_languages(checked: tuple[Scene, Report]) -> None:
    for f in checked[1].findings:
        assert f.reason
        assert re.search("[\u4e00-\u9fff]", f.reason_zh), f.id


def test_what_fails_has_a_topic_and_a_camera_that_sees_it(checked: tuple[Scene, Report]) -> None:
    from zonebox.report.facts import broken
    from zonebox.report.sight import camera_of

    for f in broken(checked[1]):
        camera = camera_of(checked[0], f)
        assert camera is not None, f.id
        if f.where.point is not None:
            assert camera.sees(np.array(f.where.point)), f.id


@pytest.mark.parametrize("version", ["3.0", "2.1"])
def test_a_second_reader_finds_each_worst_point_in_its_topics_picture(
    version: Literal["3.0", "2.1"], checked: tuple[Scene, Report], tmp_path: Path
) -> None:
    """Read as plain XML: the camera stands in the scene's coordinates, and a pinhole of its opening holds the point."""
    from zonebox.report.bcf import write_bcf
    from zonebox.report.facts import broken

    scene, report = checked
    places = {f.id: f.where.point for f in broken(report)}
    seen = 0
    with zipfile.ZipFile(write_bcf(scene, report, tmp_path / "findings.bcfzip", version=version)) as archive:
        for name in (n for n in archive.namelist() if n.endswith("markup.bcf")):
            words = ET.fromstring(archive.read(name)).findtext(".//Description") or ""
            point = places.pop(next(line for line in words.splitlines() if line.startswith("id: "))[4:])
            view = ET.fromstring(archive.read(name.replace("markup.bcf", "viewpoint.bcfv")))
            eye, ahead, up = (np.array([float(view.findtext(f".//{tag}/{axis}") or "nan") for axis in "XYZ"])
                              for tag in ("CameraViewPoint", "CameraDirection", "CameraUpVector"))
            tall = np.tan(np.radians(float(view.findtext(".//FieldOfView") or "nan")) / 2.0)
            aspect = float(view.findtext(".//AspectRatio") or 1.6)
            assert np.linalg.norm(ahead) == pytest.approx(1.0, abs=1e-6)
            assert abs(eye[0] - every_rule.EAST) < 500.0
            assert abs(eye[1] - every_rule.NORTH) < 500.0
            if point is None:
                continue
            offset = scene.frame.world(np.array(point)) - eye
            depth = float(offset @ ahead)
            assert depth > 0.0, name
            assert abs(offset @ up) <= depth * tall, name
            assert abs(offset @ np.cross(ahead, up)) <= depth * tall * aspect, name
            seen += 1
    assert places == {}
    assert seen > 20


def zonebox(*words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "zonebox.cli", *words], capture_output=True, check=False,
                          env={**os.environ, "LC_ALL": "C.UTF-8", "SOURCE_DATE_EPOCH": "0"}, timeout=600)


def test_check_exits_1_on_a_fail_0_without_and_2_on_bad_input(folder: Path, tmp_path: Path) -> None:
    """Two runs in processes of their own write the same bytes."""
    outs = [tmp_path / name for name in ("one", "two")]
    done = [zonebox("check", str(folder), "-o", str(out)) for out in outs]
    assert [d.returncode for d in done] == [1, 1], done[0].stderr
    assert (outs[0] / "report.json").read_bytes() == (outs[1] / "report.json").read_bytes()
    clean = tmp_path / "clean"
    clean.mkdir()
    every_rule.write(clean)
    rules = (clean / "rules.toml").read_text(encoding="utf-8")
    kept = rules[:rules.index("[[rule]]")] + rules[rules.index('[[rule]]\nid = "access"'):rules.index(
        '[[rule]]\nid = "use"')].replace("distance_m = 70", "distance_m = 7")
    (clean / "rules.toml").write_text(kept, encoding="utf-8")
    passed = zonebox("check", str(clean), "-o", str(tmp_path / "three"))
    assert passed.returncode == 0, passed.stdout + passed.stderr
    (clean / "rules.toml").write_text(kept.replace("distance_m = 7", "distance_m = -7"), encoding="utf-8")
    assert zonebox("check", str(clean), "-o", str(tmp_path / "four")).returncode == 2


def test_states_follow_margins(checked: tuple[Scene, Report]) -> None:
    def fits(f: Finding) -> bool:
        if f.margin is None or f.design == "" or f.check == "containment":
            return True
        least = -max(f.tolerance or 0.0, f.uncertainty or 0.0)
        return f.state is (State.PASS if f.margin >= 0 else State.MARGINAL if f.margin >= least else State.FAIL)

    assert all(fits(f) for f in checked[1].findings)
