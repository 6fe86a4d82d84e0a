"""`zonebox info` and `zonebox new`: what is said of files, and a scene that runs from what was said."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
import shapely
from click.testing import CliRunner

from zonebox import scenefile
from zonebox.cli.info import command as info
from zonebox.cli.new import command as new
from zonebox.errors import InputError, OutputExistsError

RIVERSIDE = Path(__file__).resolve().parents[2] / "scenes" / "riverside_block"
GIVEN = ("parcels.shp", "roads.geojson", "control_lines.geojson", "rules.toml", "ground.laz", "existing.city.json",
         "harbour_house.ifc")


def told(*files: object) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(info, ["--json", *map(str, files)], standalone_mode=False, catch_exceptions=False)
    return done.return_value, json.loads(done.stdout)


def written(folder: Path, *words: object) -> dict[str, Any]:
    CliRunner().invoke(new, [str(folder), *map(str, words)], standalone_mode=False, catch_exceptions=False)
    return tomllib.loads((folder / "scene.toml").read_text(encoding="utf-8"))


def geojson(path: Path, rows: list[dict[str, Any]], crs: str | None) -> Path:
    lots = [{"type": "Feature", "properties": row, "geometry": json.loads(shapely.to_geojson(
        shapely.box(512000 + 30 * k, 4057000, 512020 + 30 * k, 4057040)))} for k, row in enumerate(rows)]
    head: dict[str, Any] = {"type": "FeatureCollection", "features": lots}
    if crs:
        head["crs"] = {"type": "name", "properties": {"name": crs}}
    path.write_text(json.dumps(head, ensure_ascii=False), encoding="utf-8")
    return path


def test_every_file_of_a_scene_is_recognised() -> None:
    code, said = told(*(RIVERSIDE / name for name in GIVEN))
    assert code == 0
    files = {Path(f["source"]).name: f for f in said["files"]}
    assert [files[name]["kind"] for name in GIVEN] == [
        "parcels", "roads", "lines", "rules", "points", "city_model", "ifc"]
    parcels = files["parcels.shp"]
    assert parcels["crs"] == "EPSG:4548"
    assert parcels["rows"]["area unit"] == "MJ is in hectares"
    uses = {use["concept"]: use for use in parcels["fields"] if use["concept"]}
    assert (uses["far"]["name"], uses["far"]["low"], uses["far"]["high"]) == ("RJL", 0.6, 2.8)
    assert (uses["parking"]["name"], uses["parking"]["high"]) == ("JDCW", 260.0)
    roads = {use["name"]: use["concept"] for use in files["roads.geojson"]["fields"]}
    assert roads == {"name": "name", "name_en": "", "class": "class", "width_m": "width"}
    assert "RJL is 0 in 2 rows" in parcels["oddities"][0]
    assert files["ground.laz"]["crs"] == "EPSG:4548+5737"
    assert files["ground.laz"]["rows"]["points"] == "399,797"
    assert "65 points are noise" in files["ground.laz"]["oddities"][0]
    assert files["harbour_house.ifc"]["rows"]["length unit"] == "1 m"
    assert files["harbour_house.ifc"]["heights"] == "EPSG:5737 Yellow Sea 1985 height"


def test_real_files_show_their_traps(shared_data: Path) -> None:
    code, said = told(shared_data / "lidar" / "epsg_4326.las", shared_data / "site_delft" / "ahn3_cropped_1.laz",
                      shared_data / "dem" / "sf_elevation2.tif", shared_data / "zoning_plateau_jp")
    assert code == 2
    assert "a folder without a tileset or point clouds" in said["errors"][0]
    degrees, silent, raster = said["files"]
    assert any("in degrees" in o for o in degrees["oddities"])
    assert any("names no CRS" in o for o in silent["oddities"])
    assert raster["kind"] == "raster"
    assert raster["extent"][0] < raster["extent"][2]


def test_a_table_without_a_reference_is_told_with_candidates(tmp_path: Path) -> None:
    path = geojson(tmp_path / "lots.geojson", [{"地块编号": "A", "容积率": "abc"}], None)
    path.write_text(path.read_text().replace("512", "39512"), encoding="utf-8")
    code, said = told(path)
    assert code == 0
    (lots,) = said["files"]
    assert lots["kind"] == "parcels"
    assert any('"abc"' in oddity for oddity in lots["oddities"])
    assert any("plan.crs" in oddity for oddity in lots["oddities"])


def test_a_missing_file_does_not_hide_the_others(tmp_path: Path) -> None:
    code, said = told(tmp_path / "nothing.shp", RIVERSIDE / "roads.geojson")
    assert code == 2
    assert len(said["files"]) == 1
    assert "no such file" in said["errors"][0]


def test_the_screen_names_fields_and_oddities() -> None:
    done = CliRunner().invoke(info, [str(RIVERSIDE / "parcels.shp"), "--lang", "zh"], standalone_mode=False)
    for text in ("地块", "DKBH", "land_use", "EPSG:4548", "MJ is in hectares", "! parcels.shp: RJL is 0"):
        assert text in done.stdout


def test_a_new_scene_is_read_as_it_was_meant(tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(RIVERSIDE, site, ignore=shutil.ignore_patterns("scene.toml", "out", "*.py", "*.png"))
    scene = written(site, *(site / name for name in GIVEN), "--title", '滨河 "1"')
    assert scene["scene"] == {"title": '滨河 "1"', "crs": "EPSG:4548+5737"}
    assert scene["plan"]["parcels"] == "parcels.shp"
    assert (scene["plan"]["roads"], scene["plan"]["lines"]) == ("roads.geojson", "control_lines.geojson")
    assert scene["plan"]["rules"] == ["rules.toml"]
    assert scene["terrain"] == {"points": ["ground.laz"]}
    assert scene["context"] == [{"source": "existing.city.json"}]
    assert scene["design"] == [{"id": "harbour_house", "source": "harbour_house.ifc"}]
    text = (site / "scene.toml").read_text(encoding="utf-8")
    assert text.count("\n# ?") == 1                                   # nobody but the user knows the geoid here
    assert "vertical_shift_m" in text.partition("\n# ?")[2].splitlines()[1]
    assert '# far = "RJL"' in text
    spec = scenefile.read(site)
    assert spec.designs[0].id == "harbour_house"


def test_what_nobody_said_is_asked(tmp_path: Path) -> None:
    lots = geojson(tmp_path / "lots.geojson", [{"parcel": "A", "FAR": 2.0, "zone_txt": "x"}], "EPSG:4548")
    done = CliRunner().invoke(new, [str(tmp_path / "s"), "--parcels", str(lots)], standalone_mode=False)
    asked = done.stderr
    for text in ("datum", "streets", "setbacks", "coverage, height, green"):
        assert text in asked, text
    scene = tomllib.loads((tmp_path / "s" / "scene.toml").read_text(encoding="utf-8"))
    assert "crs" not in scene["scene"]                              # half a reference is not filled in
    assert scene["plan"]["parcels"] == "../lots.geojson"


def test_parcels_in_degrees_get_a_zone(tmp_path: Path) -> None:
    lots = geojson(tmp_path / "lots.geojson", [{"parcel": "A"}], None)
    turned = shapely.to_geojson(shapely.box(117.0, 36.0, 117.001, 36.001))
    head = json.loads(lots.read_text())
    head["features"][0]["geometry"] = json.loads(turned)
    lots.write_text(json.dumps(head), encoding="utf-8")
    scene = written(tmp_path / "s", lots, "--crs", "EPSG:4548+5737")
    assert scene["scene"]["crs"] == "EPSG:4548+5737"
    other = CliRunner().invoke(new, [str(tmp_path / "t"), str(lots)], standalone_mode=False, catch_exceptions=False)
    assert "datum" in other.stderr
    assert "EPSG:4548+" in (tmp_path / "t" / "scene.toml").read_text(encoding="utf-8")


def test_a_scene_that_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "scene.toml").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputExistsError, match="--force"):
        written(tmp_path, RIVERSIDE / "parcels.shp")
    assert (tmp_path / "scene.toml").read_text(encoding="utf-8") == "mine"


def test_no_parcels_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="0 layers of parcels"):
        written(tmp_path / "s", RIVERSIDE / "roads.geojson")
    assert not (tmp_path / "s").exists()
