"""Every output is read back by somebody else's reader, says the same, and comes out in the same bytes."""

from __future__ import annotations

import base64
import json
import sqlite3
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from browser.clients import need, read_bcf
from report.review import HOSTILE, finding, reviewed
from zonebox.report import FILES, write_all
from zonebox.report.facts import broken

PICTURE = b"\x89PNG\r\n\x1a\n" + b"not really a picture"


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The review pack of the small scene, with a picture of the height finding."""
    scene, report = reviewed()
    folder = tmp_path_factory.mktemp("pack")
    return write_all(scene, report, folder, pictures={finding(report, "/P/height").id: PICTURE})


def test_the_same_report_gives_the_same_bytes(pack: dict[str, Path], tmp_path: Path,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    scene, report = reviewed()
    again = write_all(scene, report, tmp_path, pictures={finding(report, "/P/height").id: PICTURE})
    assert set(again) == set(FILES)
    for name, path in again.items():
        assert path.name == FILES[name]
        assert path.read_bytes() == pack[name].read_bytes(), name
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    dated = write_all(scene, report, tmp_path / "dated")
    assert dated["geopackage"].read_bytes() != pack["geopackage"].read_bytes()


def test_record_names_inputs_severity_and_uncertainty(pack: dict[str, Path]) -> None:
    record = json.loads(pack["report"].read_text(encoding="utf-8"))
    assert record["inputs"] == [{"name": HOSTILE, "sha256": "0" * 64}]
    assert {"uncertainty", "tolerance"} <= set(record["findings"][0])
    assert {f["control"]["severity"] for f in record["findings"] if f["control"]} == {"mandatory", "guidance"}


def test_geopackage(pack: dict[str, Path]) -> None:
    import pyogrio.raw

    scene, report = reviewed()
    names = [name for name, _ in pyogrio.list_layers(pack["geopackage"])]
    assert names == ["parcels", "footprints", "lines", "points", "layer_styles"]
    for layer in names[:4]:
        assert pyogrio.read_info(pack["geopackage"], layer=layer)["crs"] == "EPSG:4548"
    info, _, geometry, columns = pyogrio.raw.read(pack["geopackage"], layer="points")
    rows = dict(zip(info["fields"], columns, strict=True))
    high = finding(report, "/P/height")
    at = list(rows["id"]).index(high.id)
    assert rows["margin"][at] == pytest.approx(-3.4)
    assert rows["state"][at] == "FAIL"
    assert rows["clause"][at] == HOSTILE
    import shapely

    point = shapely.from_wkb(geometry[at])
    assert high.where.point is not None
    assert np.allclose([point.x, point.y, point.z], scene.frame.world(high.where.point), atol=1e-3)


def test_geopackage_styles_are_whole_and_in_the_colours_of_the_states(pack: dict[str, Path]) -> None:
    base = sqlite3.connect(pack["geopackage"])
    rows = base.execute("SELECT f_table_name, f_geometry_column, styleQML, useAsDefault FROM layer_styles").fetchall()
    geometry = dict(base.execute("SELECT table_name, column_name FROM gpkg_geometry_columns"))
    base.close()
    assert {name for name, *_ in rows} == {"parcels", "footprints", "lines", "points"}
    for name, column, qml, default in rows:
        root = ET.fromstring(qml)
        assert column == geometry[name]
        assert default == 1
        assert root.tag == "qgis"
        assert len(root.findall(".//symbol")) == len(root.findall(".//category"))
        assert "214,16,36" in qml


def test_parcels_carry_verdict_and_utilisation(pack: dict[str, Path]) -> None:
    import pyogrio.raw

    info, _, _, columns = pyogrio.raw.read(pack["geopackage"], layer="parcels")
    rows = dict(zip(info["fields"], columns, strict=True))
    assert list(rows["parcel"]) == ["P", "Q"]
    assert list(rows["verdict"]) == ["FAIL", ""] or rows["verdict"][1] is None
    assert rows["height_used"][0] == pytest.approx(15.4 / 12.0, abs=1e-4)


def test_footprints_show_only_what_is_beyond(pack: dict[str, Path]) -> None:
    import pyogrio.raw
    import shapely

    info, _, geometry, columns = pyogrio.raw.read(pack["geopackage"], layer="footprints")
    rows = dict(zip(info["fields"], columns, strict=True))
    areas = {check: shapely.from_wkb(g).area for check, g in zip(rows["check"], geometry, strict=True)}
    assert areas["height"] == pytest.approx(26.0 * 18.0, rel=0.02)      # the whole roof
    assert areas["setback"] == pytest.approx(1.0 * 18.0, rel=0.2)       # a strip of a metre


def test_workbook(pack: dict[str, Path]) -> None:
    import openpyxl

    book = openpyxl.load_workbook(pack["workbook"])
    assert book.sheetnames == ["findings", "parcels", "provenance"]
    sheet = book["findings"]
    heads = {cell.value: cell.column for cell in sheet[1]}
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref is not None
    _, report = reviewed()
    assert sheet.max_row == 1 + len(report.findings)
    row = next(r for r in range(2, sheet.max_row + 1) if sheet.cell(r, heads["id"]).value == "house/P/height")
    assert sheet.cell(row, heads["margin"]).value == pytest.approx(-3.4)
    assert sheet.cell(row, heads["margin"]).number_format.startswith("+")
    assert sheet.cell(row, heads["verdict"]).fill.start_color.rgb == "FFD61024"
    assert sheet.cell(row, heads["clause"]).value == HOSTILE
    assert [c.value for c in book["parcels"]["A"]][-1] == "Q"
    assert any(c.value and "0" * 64 in str(c.value) for c in book["provenance"]["B"])


def test_text_never_becomes_a_formula(tmp_path: Path) -> None:
    from dataclasses import replace

    import openpyxl

    from zonebox.report import write_workbook

    scene, report = reviewed()
    evil = replace(report, findings=(replace(report.findings[0], reason="=1+1", design="=HYPERLINK(\"http://x\")"),))
    book = openpyxl.load_workbook(write_workbook(scene, evil, tmp_path / "evil.xlsx"))
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds


@pytest.mark.parametrize(("name", "version"), [("bcf", "3.0"), ("bcf21", "2.1")])
def test_bcf_is_read_back_by_ifcopenshells_library(pack: dict[str, Path], name: str, version: str) -> None:
    from bcf.bcfxml import load

    scene, report = reviewed()
    expected = broken(report)
    with load(pack[name]) as book:
        assert book.version.version_id == version
        assert len(book.topics) == len(expected) >= 3
        by_title = {topic.topic.title: topic for topic in book.topics.values()}
        topic = next(t for title, t in by_title.items() if "height" in title)
        assert topic.topic.priority == "high"
        assert "lower the top by 3.4 m" in topic.topic.description
        view = topic.viewpoints["viewpoint.bcfv"]
        assert view.snapshot == PICTURE
        selected = {c.ifc_guid for c in view.visualization_info.components.selection.component}
        assert selected == set(finding(report, "/P/height").elements)
        assert view.visualization_info.components.visibility.default_visibility is True
        camera = view.visualization_info.perspective_camera
        place = np.array([getattr(camera.camera_view_point, axis) for axis in "xyz"])
        ahead = np.array([getattr(camera.camera_direction, axis) for axis in "xyz"])
        worst = scene.frame.world(np.array(finding(report, "/P/height").where.point))
        assert (worst - place) @ ahead / np.linalg.norm(worst - place) > 0.99
        assert 45.0 <= camera.field_of_view <= 60.0
        beyond = topic.viewpoints["viewpoint-1.bcfv"].visualization_info.clipping_planes.clipping_plane[0]
        assert beyond.location.z == pytest.approx(22.0)
        assert beyond.direction.z == -1.0


@pytest.mark.parametrize(("name", "version"), [("bcf", "3.0"), ("bcf21", "2.1")])
def test_bcf_is_read_back_by_an_independent_library(pack: dict[str, Path], name: str, version: str) -> None:
    need(module="@parametricos/bcf-js")
    scene, report = reviewed()
    rows = read_bcf(pack[name], version)
    assert len(rows) == len(broken(report))
    high = finding(report, "/P/height")
    row = next(row for row in rows if "height" in row["topic"]["title"])
    assert row["topic"]["priority"] == "high"
    assert "lower the top by 3.4 m" in row["topic"]["description"]
    view = row["views"][0]
    assert set(view["selected"]) == set(high.elements)
    assert base64.b64decode(view["snapshot"].rpartition(",")[2]) == PICTURE
    place, ahead = (np.array([float(view["camera"][key][axis]) for axis in "xyz"])
                    for key in ("camera_view_point", "camera_direction"))
    worst = scene.frame.world(np.array(high.where.point))
    assert (worst - place) @ ahead / np.linalg.norm(worst - place) > 0.99


@pytest.mark.parametrize("name", ["bcf", "bcf21"])
def test_bcf_keeps_to_the_form(pack: dict[str, Path], name: str) -> None:
    with zipfile.ZipFile(pack[name]) as archive:
        names = archive.namelist()
        assert names == sorted(names)
        assert {i.date_time for i in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        for entry in (n for n in names if n.endswith("markup.bcf")):
            root = ET.fromstring(archive.read(entry))
            topic = root.find("Topic")
            assert topic is not None
            assert topic.get("Guid") == entry.split("/")[0]
            order = [child.tag for child in topic]
            assert order == sorted(order, key=["Title", "Priority", "Labels", "CreationDate", "CreationAuthor",
                                               "Description", "Viewpoints"].index)
            for view in root.iter("Viewpoint"):
                assert view.text is None or f"{entry.split('/')[0]}/{view.text}" in names or not view.text.strip()
