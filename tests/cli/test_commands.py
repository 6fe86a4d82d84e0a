"""The command line from outside: outputs, exit codes, and one sentence for bad input."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import processor_seconds

RIVERSIDE = "scenes/riverside_block"


def zonebox(*words: str, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "zonebox.cli", *words], capture_output=True, text=True, check=False,
                          cwd=cwd, env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})}, timeout=3600)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """One whole run of the riverside block, used by many tests."""
    out = tmp_path_factory.mktemp("riverside")
    return out, zonebox("run", RIVERSIDE, "-o", str(out), "-v", cwd=repository)


def test_run_makes_everything_and_says_what_it_understood(
    built: tuple[Path, subprocess.CompletedProcess[str]]
) -> None:
    out, done = built
    assert done.returncode == 0, done.stderr
    for name in ("report.json", "report.html", "findings.gpkg", "findings.xlsx", "findings.bcfzip",
                 "findings-2.1.bcfzip", "envelopes.ifc", "run.json", "scene.png", "tiles/tileset.json"):
        assert (out / name).stat().st_size > 0
    for words in ("EPSG:4548", "EPSG:5737", "-6.640 m", "far = RJL", "front", "harbour-house", "peak MB"):
        assert words in " ".join(done.stderr.split()), words
    for words in ("A-05", "B-07", "-3.42 m", "not checked", "FAIL", "marginal"):
        assert words in done.stdout, words


def test_report_keeps_its_contract(built: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    report = json.loads((built[0] / "report.json").read_text(encoding="utf-8"))
    assert {"zonebox", "scene", "inputs", "summary", "findings", "pads"} == set(report)
    assert all(report["summary"][state] > 0 for state in ("PASS", "MARGINAL", "FAIL", "NOT_CHECKED"))
    assert sum(report["summary"].values()) == len(report["findings"])
    ids = [f["id"] for f in report["findings"]]
    assert ids == sorted(set(ids))
    for f in report["findings"]:
        assert {"id", "check", "state", "parcel", "design", "control", "value", "limit", "margin", "unit", "where",
                "elements", "cure", "reason"} <= set(f)
        assert f["state"] != "NOT_CHECKED" or f["reason"]
        assert f["state"] != "FAIL" or f["margin"] < 0


def test_riverside_shows_what_it_was_made_to_show(built: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    findings = {f["id"]: f for f in json.loads((built[0] / "report.json").read_text(encoding="utf-8"))["findings"]}
    height = findings["ferry-terrace/B-07/height"]
    assert height["margin"] == pytest.approx(-3.42, abs=1e-3)
    assert (height["cure"]["action"], height["cure"]["unit"], height["cure"]["direction"]) == ("lower", "m", None)
    assert height["cure"]["amount"] == pytest.approx(3.42, abs=0.0011)
    assert len(height["elements"]) > 10
    assert all(len(guid) == 22 for guid in height["elements"])
    east, north, up = height["where"]["point"]
    assert 511900 < east < 512300
    assert 4056800 < north < 4057300
    assert up == pytest.approx(20.3 + 63.42, abs=1e-3)
    assert height["control"]["authority"]["clause"] == "JZGD"
    setback = findings["ferry-terrace/B-07/street-setback/edge-3"]
    assert setback["value"] == pytest.approx(5.4, abs=2e-3)
    assert findings["ferry-terrace/B-07/far"]["value"] == pytest.approx(2.32)
    assert findings["ferry-terrace/B-07/green"]["state"] == "NOT_CHECKED"
    assert findings["plan/A-04/envelope"]["state"] == "FAIL"
    stepback = findings["ferry-terrace/B-07/tower-stepback/edge-0"]
    assert (stepback["state"], stepback["value"]) == ("MARGINAL", pytest.approx(9.97, abs=2e-3))
    harbour = [f for f in findings.values() if f["design"] == "harbour-house"]
    assert {f["state"] for f in harbour} == {"PASS", "NOT_CHECKED"}
    assert findings["harbour-house/A-05/height"]["value"] == pytest.approx(50.70, abs=1e-3)
    assert findings["harbour-house/A-05/far"]["value"] == pytest.approx(2.43)


def test_a_rerun_gives_the_same_bytes_and_is_fast(
    built: tuple[Path, subprocess.CompletedProcess[str]], repository: Path
) -> None:
    out, _ = built
    files = [p for p in sorted(out.rglob("*")) if p.is_file() and p.name != "run.json" and "cache" not in p.parts]
    before = {p: p.read_bytes() for p in files}
    start = processor_seconds()
    done = zonebox("run", RIVERSIDE, "-o", str(out), cwd=repository)
    assert done.returncode == 0, done.stderr
    assert processor_seconds() - start < 40             # half a minute of wall time on two cores
    assert {p: p.read_bytes() for p in files} == before


def test_check_exits_one_on_fail_and_prints_json(
    built: tuple[Path, subprocess.CompletedProcess[str]], repository: Path
) -> None:
    done = zonebox("check", RIVERSIDE, "-o", str(built[0]), "--json", "-q", cwd=repository)
    assert done.returncode == 1
    assert json.loads(done.stdout)["summary"]["FAIL"] > 0
    assert done.stderr == ""


def test_run_records_where_it_came_from(built: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    run = json.loads((built[0] / "run.json").read_text(encoding="utf-8"))
    assert run["vertical_shift"]["shift_m"] == pytest.approx(-6.64)
    assert "EGM96" in run["vertical_shift"]["source"]
    assert all(len(row["sha256"]) == 64 for row in run["inputs"])
    assert {row["name"] for row in run["inputs"]} >= {"scene.toml", "parcels.shp", "harbour_house.ifc", "ground.laz"}


def test_a_foreign_file_is_not_overwritten(tmp_path: Path, repository: Path) -> None:
    (tmp_path / "report.json").write_text("mine", encoding="utf-8")
    done = zonebox("check", RIVERSIDE, "-o", str(tmp_path), cwd=repository)
    assert done.returncode == 2
    assert "report.json" in done.stderr
    assert "--force" in done.stderr
    assert (tmp_path / "report.json").read_text(encoding="utf-8") == "mine"


def test_without_a_driver_everything_but_the_picture_is_made(
    built: tuple[Path, subprocess.CompletedProcess[str]], repository: Path, tmp_path: Path
) -> None:
    shutil.copytree(built[0] / "cache", tmp_path / "out" / "cache")
    done = zonebox("run", RIVERSIDE, "-o", str(tmp_path / "out"), cwd=repository,
                   env={"VTK_DEFAULT_OPENGL_WINDOW": "vtkOSOpenGLRenderWindow"})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "tiles" / "tileset.json").exists()
    assert not (tmp_path / "out" / "scene.png").exists()
    assert "libegl1" in done.stderr


def scene_with(tmp_path: Path, repository: Path, change: tuple[str, str]) -> Path:
    folder = tmp_path / "riverside_block"
    shutil.copytree(repository / RIVERSIDE, folder, ignore=shutil.ignore_patterns("out", "*.py", "__pycache__"))
    scene = folder / "scene.toml"
    text = scene.read_text(encoding="utf-8")
    assert change[0] in text, change
    scene.write_text(text.replace(*change), encoding="utf-8")
    return folder


BAD_SCENES = {
    "a missing file": (('"ground.laz"', '"grund.laz"'),
                       ["scene.toml:", "terrain.points", '"grund.laz"', "does not exist"]),
    "an unknown field": (("[plan.authority]", '[plan.fields]\nfar = "RJLL"\n[plan.authority]'), ["RJLL", "RJL"]),
    "no vertical datum": (("EPSG:4548+5737", "EPSG:4548"), ["scene.crs", "vertical", "EPSG:4548+5737"]),
    "an unknown CRS": (("EPSG:4548+5737", "EPSG:999999"), ["scene.crs", "EPSG:999999"]),
    "a misspelt key": (("vertical_shift_m", "vertical_shft_m"), ["vertical_shft_m", 'did you mean "vertical_shift_m"']),
    "broken TOML": (("[scene]", "[scene"), ["scene.toml", "TOML", "line"]),
    "a wrong type": (("vertical_shift_m = -6.64", 'vertical_shift_m = "-6.64"'), ["vertical_shift_m", "a number"]),
    "two designs of one name": (('id = "ferry-terrace"', 'id = "harbour-house"'), ["harbour-house", "different id"]),
    "no geoid and no constant": (("vertical_shift_m = -6.64", "# none"), ["Yellow Sea 1985", "vertical_shift_m"]),
}


@pytest.mark.parametrize("defect", BAD_SCENES)
def test_a_bad_scene_gets_one_sentence(defect: str, tmp_path: Path, repository: Path) -> None:
    change, wanted = BAD_SCENES[defect]
    folder = scene_with(tmp_path, repository, change)
    out = tmp_path / "out"
    out.mkdir()
    (out / "precious.txt").write_text("keep", encoding="utf-8")
    done = zonebox("check" if defect != "no geoid and no constant" else "tiles", str(folder), "-o", str(out), "-q",
                   cwd=repository)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    for word in wanted:
        assert word in done.stderr, done.stderr
    assert (out / "precious.txt").read_text(encoding="utf-8") == "keep"


@pytest.mark.parametrize(("words", "wanted"), [
    (["run", "nowhere"], ["nowhere", "no such file"]),
    (["run"], ["Missing argument"]),
    (["fly"], ["No such command"]),
])
def test_bad_usage_exits_two(words: list[str], wanted: list[str], repository: Path) -> None:
    done = zonebox(*words, cwd=repository)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for word in wanted:
        assert word in done.stderr


def test_chinese_interface(built: tuple[Path, subprocess.CompletedProcess[str]], repository: Path) -> None:
    done = zonebox("check", RIVERSIDE, "-o", str(built[0]), "--lang", "zh", cwd=repository)
    for words in ("检查结果", "建筑高度", "不符合", "余量"):
        assert words in done.stdout
    assert "平面坐标系" in done.stderr
