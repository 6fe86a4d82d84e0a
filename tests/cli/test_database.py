"""A scene out of a database and back into it, by the command line: the password stays where it was written."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from zonebox.cli import group

Database = tuple[str, psycopg.Connection]


@pytest.fixture
def scene(database: Database, tmp_path: Path) -> Path:
    url, base = database
    base.execute("CREATE TABLE lots (dkbh text, rjl float, jzgd float, sjdm float, geom geometry(Polygon, 4548))")
    base.execute("INSERT INTO lots SELECT 'P' || i, 2.0, 30, 20, ST_MakeEnvelope(511000 + 30 * i, 4057000, "
                 "511030 + 30 * i, 4057040, 4548) FROM generate_series(1, 3) i")
    (tmp_path / "scene.toml").write_text(f"""[scene]
title = "Lots"
crs = "EPSG:4548+5737"
vertical_shift_m = 8.0
vertical_shift_source = "assumed"
[plan]
parcels = "{url}&table=lots"
""", encoding="utf-8")
    return tmp_path


def test_out_of_a_database_and_back(database: Database, scene: Path) -> None:
    url, base = database
    password = url.partition("://")[2].partition("@")[0].partition(":")[2]
    done = CliRunner().invoke(group, ["envelopes", str(scene), "-o", url], standalone_mode=False)
    assert done.exception is None
    assert "3 envelopes in zonebox_envelopes" in done.stdout
    found = base.execute("SELECT parcel, volume_m3, ST_Area(footprint), ST_ZMin(solid), ST_ZMax(solid) FROM "
                         "zonebox_envelopes ORDER BY parcel").fetchall()
    assert [row[0] for row in found] == ["P1", "P2", "P3"]
    for _, volume, area, low, high in found:
        assert (area, high) == (pytest.approx(1200.0), pytest.approx(50.0))
        assert volume == pytest.approx(1200.0 * (high - low), rel=0.05)
    done = CliRunner().invoke(group, ["check", str(scene), "--json"], standalone_mode=False)
    assert json.loads(done.stdout)["findings"] == []
    told = done.stdout + done.stderr + repr(done.exception)
    for path in scene.rglob("*"):
        if path.is_file() and path.name != "scene.toml":
            assert password.encode() not in path.read_bytes(), path
    assert password not in told


def test_a_change_in_the_database_is_seen(database: Database, scene: Path) -> None:
    """A scene that was built before is not taken as known: a database has no hash."""
    url, base = database
    for height, top in ((30.0, 50.0), (12.0, 32.0)):
        base.execute("UPDATE lots SET jzgd = %s", (height,))
        assert CliRunner().invoke(group, ["envelopes", str(scene), "-o", url], standalone_mode=False).exception is None
        assert base.execute("SELECT max(top_m) FROM zonebox_envelopes").fetchone() == (pytest.approx(top),)


def test_a_database_that_does_not_answer(scene: Path) -> None:
    wrong = "postgresql://me:hunter2@127.0.0.1:1/city"
    done = CliRunner().invoke(group, ["envelopes", str(scene), "-o", wrong], standalone_mode=False)
    assert "postgresql://127.0.0.1:1/city: got no database that can be written to" in str(done.exception)
    assert "hunter2" not in str(done.exception)
