"""`[outputs]` of a scene file, and what run.json says of every file that was read."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import psycopg
import pytest
import shapely

from converters.zoning.plans import box, layer
from zonebox import inputs, loading, pipeline, scenefile
from zonebox.errors import InputError
from zonebox.report import provenance

SCENE = """[scene]
title = "Outputs"
crs = "EPSG:4548+5737"
vertical_shift_m = -4.0
vertical_shift_source = "survey"
[plan]
parcels = "lots.geojson"
roads = "roads.geojson"
lines = "lines.geojson"
zones = "zones.geojson"
table = "table.csv"
"""


def written(folder: Path, more: str = "") -> Path:
    layer(folder / "lots.geojson", [box(), box(x=20)], [{"parcel": n, "design_ground": 5.0} for n in ("A", "B")])
    layer(folder / "roads.geojson", [shapely.box(-50, -12, 90, 0)], [{"name": "South"}])
    layer(folder / "lines.geojson", [shapely.LineString([(-5, 4), (45, 4)])], [{"LX": "后退线"}])
    layer(folder / "zones.geojson", [shapely.box(-9, -9, 90, 90)], [{"zone": "R1"}])
    (folder / "table.csv").write_text("parcel,FAR,height\nA,9,12\nB,1.0,12\n", encoding="utf-8")
    (folder / "scene.toml").write_text(SCENE + more, encoding="utf-8")
    return folder / "scene.toml"


def test_run_json_names_every_layer_with_its_hash(tmp_path: Path) -> None:
    scene = loading.load(written(tmp_path))
    run = json.loads(provenance.write_run(scene, (), tmp_path / "run.json").read_text(encoding="utf-8"))
    names = ["lots.geojson", "zones.geojson", "roads.geojson", "lines.geojson"]
    assert [source["name"] for source in run["sources"]] == names
    for source in run["sources"]:
        assert source["sha256"] == hashlib.sha256((tmp_path / source["name"]).read_bytes()).hexdigest()
        assert (source["crs"], source["accuracy_m"]) == ("EPSG:4548", 0.0)
    assert {row["name"] for row in run["inputs"]} == {"scene.toml", "table.csv", *names}


def test_what_belongs_to_a_file_is_hashed_with_it(tmp_path: Path) -> None:
    import pyogrio

    made = written(tmp_path)
    meta, _, shapes, columns = pyogrio.raw.read(tmp_path / "lots.geojson")
    pyogrio.raw.write(tmp_path / "lots.shp", shapes, columns[:1], meta["fields"][:1], geometry_type="Polygon",
                      crs="EPSG:4548")
    made.write_text(made.read_text(encoding="utf-8").replace("lots.geojson", "lots.shp"), encoding="utf-8")
    before = {s.name: s.sha256 for s in inputs.sources(scenefile.read(made))}
    assert {"lots.shp", "lots.dbf", "lots.prj"} <= set(before)
    with (tmp_path / "lots.dbf").open("r+b") as table:
        table.seek(-3, 2)
        table.write(b"9")
    after = {s.name: s.sha256 for s in inputs.sources(scenefile.read(made))}
    assert {name for name in after if after[name] != before[name]} == {"lots.dbf"}


def test_a_folder_is_hashed_by_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "city.gdb").mkdir()
    (tmp_path / "city.gdb" / "a.gdbtable").write_bytes(b"1")
    one = inputs.digest(tmp_path / "city.gdb")
    (tmp_path / "city.gdb" / "host.sr.lock").write_bytes(b"")
    assert inputs.digest(tmp_path / "city.gdb") == one
    (tmp_path / "city.gdb" / "a.gdbtable").write_bytes(b"2")
    assert inputs.digest(tmp_path / "city.gdb") != one


def test_a_check_writes_findings_where_the_scene_says(database: tuple[str, psycopg.Connection], tmp_path: Path) -> None:
    url, base = database
    made = written(tmp_path, f'[outputs]\ndatabase = "{url}"\nenvelopes = ["boxes.gpkg", "boxes.csv"]\n')
    result = pipeline.check(made, tmp_path / "out")
    rows = base.execute("SELECT id, state, reason, ST_X(place) FROM zonebox_findings WHERE scene = %s ORDER BY id",
                        (tmp_path.name,)).fetchall()
    assert [row[0] for row in rows] == [f.id for f in result.report.findings]
    assert "plan/A/far" in {row[0] for row in rows}                 # no design: the plan's own conflicts
    assert base.execute("SELECT count(*) FROM zonebox_envelopes WHERE scene = %s", (tmp_path.name,)).fetchone() == (2,)
    assert {p.name for p in (tmp_path / "out").glob("boxes.*")} == {"boxes.gpkg", "boxes.csv"}
    assert "2 envelopes in zonebox_envelopes" in result.delivered["database"]
    pipeline.check(made, tmp_path / "out")
    again = base.execute("SELECT count(*) FROM zonebox_findings WHERE scene = %s", (tmp_path.name,)).fetchone()
    assert again == (len(rows),)


@pytest.mark.parametrize(("more", "said"), [
    ('database = "mysql://me@host/city"', 'outputs.database: got "mysql://me@host/city"'),
    ('database = "postgresql://me:secret@127.0.0.1:9/city"', "no database that can be written to"),
    ('envelopes = ["boxes.skp"]', 'got the ending ".skp"'),
    ('envelopes = ["../boxes.dxf"]', "want the name of a file in the output folder"),
    ("page = true", 'the unknown key "page"'),
])
def test_outputs_that_cannot_be_written_are_refused_first(tmp_path: Path, more: str, said: str) -> None:
    made = written(tmp_path, f"[outputs]\n{more}\n")
    (tmp_path / "lots.geojson").write_text("{}", encoding="utf-8")      # nothing is read before
    with pytest.raises(InputError) as caught:
        pipeline.check(made, tmp_path / "out")
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)
