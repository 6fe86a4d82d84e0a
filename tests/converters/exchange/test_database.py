"""Envelopes and findings in PostGIS, read back by PostGIS itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import psycopg
import pytest

from zonebox import checks
from zonebox.errors import InputError, OutputExistsError
from zonebox.model import Report, Scene
from zonebox_converters.exchange import is_database, table_rows, write_database
from zonebox_converters.exchange.database import ENVELOPES, FINDINGS

Database = tuple[str, psycopg.Connection]


@pytest.fixture(scope="module")
def report(scene: Scene) -> Report:
    return checks.run(scene)


def test_envelopes_as_the_database_sees_them(database: Database, scene: Scene, report: Report) -> None:
    url, base = database
    said = write_database(scene, report, url)
    rows = {row["parcel"]: row for row in table_rows(scene)}
    found = base.execute(
        f"SELECT parcel, volume_m3, top_m, ST_Area(footprint), ST_SRID(footprint), ST_NumGeometries(solid), "
        f"ST_ZMax(solid), ST_IsClosed(solid), ST_XMin(solid) FROM {ENVELOPES} WHERE scene = 'block'").fetchall()
    assert {row[0] for row in found} == set(rows)
    for parcel, volume, top, area, srid, triangles, z_max, closed, x_min in found:
        assert volume == pytest.approx(rows[parcel]["volume_m3"])
        envelope = scene.envelope(parcel)
        if envelope is None or not len(envelope.solid):
            continue
        corners = scene.frame.world(envelope.solid.corners)
        assert (srid, triangles, closed) == (4548, len(envelope.solid), True)
        assert z_max == pytest.approx(top, abs=0.006)
        assert x_min == pytest.approx(float(corners[..., 0].min()))
        assert area == pytest.approx(rows[parcel]["footprint_m2"], rel=1e-3)
    assert base.execute(f"SELECT count(*) FROM {FINDINGS}").fetchone() == (len(report.findings),)
    assert f"{len(rows)} envelopes in {ENVELOPES}, {len(report.findings)} findings in {FINDINGS}" in said


def test_findings_keep_their_verdict_and_place(database: Database, scene: Scene, report: Report) -> None:
    url, base = database
    write_database(scene, report, url)
    found = {row[0]: row[1:] for row in base.execute(
        f"SELECT id, state, margin, ST_X(place), ST_Z(place) FROM {FINDINGS}").fetchall()}
    for finding in report.findings:
        state, margin, x, z = found[finding.id]
        assert (state, margin) == (str(finding.state), finding.margin)
        if finding.where.point is not None:
            east, _, height = scene.frame.world(np.array([finding.where.point]))[0]
            assert (x, z) == (pytest.approx(east), pytest.approx(height))


def test_a_rerun_replaces_its_rows_and_leaves_other_scenes(database: Database, scene: Scene, report: Report) -> None:
    url, base = database
    for written in (scene, replace(scene, name="other"), scene):
        write_database(written, report, url)
    count = base.execute(f"SELECT scene, count(*) FROM {ENVELOPES} GROUP BY scene ORDER BY scene").fetchall()
    assert count == [("block", len(table_rows(scene))), ("other", len(table_rows(scene)))]


def test_a_foreign_table_is_left_alone(database: Database, scene: Scene, report: Report) -> None:
    url, base = database
    base.execute(f"CREATE TABLE {FINDINGS} (mine text)")
    base.execute(f"INSERT INTO {FINDINGS} VALUES ('keep')")
    with pytest.raises(OutputExistsError, match=f"table {FINDINGS}: got a table that zonebox did not write"):
        write_database(scene, report, url)
    assert base.execute(f"SELECT mine FROM {FINDINGS}").fetchone() == ("keep",)
    assert base.execute("SELECT to_regclass(%s)", (ENVELOPES,)).fetchone() == (None,)     # all or nothing
    write_database(scene, report, url, force=True)
    assert base.execute(f"SELECT count(*) FROM {FINDINGS}").fetchone() == (len(report.findings),)


def test_no_password_in_messages(database: Database, scene: Scene, report: Report) -> None:
    url = database[0]
    password = url.partition("://")[2].partition("@")[0].partition(":")[2]
    host = url.partition("@")[2].partition("/")[0]
    assert password not in write_database(scene, report, url)
    for wrong in (url.replace(password, "hunter2"), url.replace(host, "127.0.0.1:1"), url.replace("/city", "/nowhere")):
        with pytest.raises(InputError) as caught:
            write_database(scene, report, wrong)
        assert password not in str(caught.value)
        assert "hunter2" not in str(caught.value)
        assert "\n" not in str(caught.value)


def test_what_is_a_database() -> None:
    assert is_database("postgresql://host/city")
    assert is_database("postgres://host/city")
    assert not is_database("C:/envelopes.ifc")
