"""One defect per file: each is one sentence that says where, what and what next."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.zoning.plans import FRAME
from zonebox.errors import FrameError, InputError
from zonebox_converters.zoning import PlanSpec, read

LAYERS = {
    "no_features": "no_features.geojson: got a layer without features",
    "points_only": "no polygon (Point only)",
    "not_a_layer": "not_a_layer.geojson: got a file no vector driver can read",
    "no_parcel_field": "no field with the parcel number (fields: RJL, CODE)",
    "parcel_without_number": "#fid=1/DKBH: got a parcel without a number",
    "number_twice": 'the parcel number "A-01" more than once (fid 0, 1)',
    "crossing_boundary": "#DKBH=A-01: got a boundary that crosses itself at E 511720.00 N 4057015.00",
    "no_area": "#DKBH=A-01: got a parcel without area",
    "far_with_comma": '#DKBH=A-01/RJL: got "2,5", want a number or a bound; write 2.5 or set plan.decimal = ","',
    "far_is_a_word": '#DKBH=A-01/RJL: got "high"',
    "height_in_storeys": "#DKBH=A-01/JZGD: got \"12层\", want a number or a bound; give the height in metres",
    "coverage_over_100_percent": '#DKBH=A-01/JZMD: got "350.0", want a share of 0 to 100 %',
    "negative_height": '#DKBH=A-01/JZGD: got "-3.0", want a limit of 0 or more',
    "unknown_edge_role": '#DKBH=A-01/edge_roles: got the edge role "back"',
    "three_roles_for_four_edges": "got 3 edge roles, want 4",
}
CRS = {
    "metres_said_to_be_degrees": "EPSG:4326 in degrees with x 511700.0 to 511740.0",
    "height_in_another_datum": "#DKBH=A-01/BZ: got no exact operation",
}
PACKS = {
    "not_toml": "line 10",
    "no_pack": "got no [pack] table",
    "no_rules": "got a pack without rules",
    "no_document": "#pack, line 1: got no document",
    "no_units": "#pack, line 1: got no units",
    "units_in_yards": '#pack, line 6: got units = "yd"',
    "metres_in_a_pack_in_feet": '#r1, line 12: got the key "distance_m" in a setback rule',
    "unknown_status": '#pack, line 5: got status = "final"',
    "unknown_pack_key": '#pack, line 4: got the key "vresion"',
    "unknown_table": 'the key "rules" at the top of the file',
    "unknown_kind": '#r1, line 10: got kind = "setbak"',
    "unknown_key": '#r1, line 12: got the key "distance" in a setback rule',
    "no_kind": "#r1, line 9: got no kind",
    "no_id": "#rule 1, line 8: got a rule without an id",
    "id_twice": '#r1, line 15: got the rule id "r1" a second time',
    "unknown_role": '#r1, line 13: got role = "sides"',
    "unknown_edge_key": '#r1, line 13: got the key "roles" in edges',
    "edges_on_far": "#r1, line 12: got edges on a far rule",
    "unknown_severity": '#r1, line 13: got severity = "strict"',
    "unknown_datum": '#r1, line 13: got datum = "sea"',
    "datum_on_absolute_height": '#r1, line 12: got datum = "average" on a height_abs rule',
    "coverage_in_percent": "#r1, line 11: got max = 35, want a ratio between 0 and 1",
    "no_limit": "#r1, line 10: got no limit_m",
    "text_for_a_number": '#r1, line 12: got distance_m = "3 m"',
    "negative_distance": "#r1, line 12: got distance_m = -3.0",
    "level_plane": "#r1, line 12: got angle_deg = 0.0",
    "neither_distance_nor_tiers": "got neither distance_m nor tiers",
    "both_distance_and_tiers": "got both distance_m and tiers",
    "tiers_at_one_height": "#r1, line 12: got two tiers that start at one height",
    "tier_without_height": "#r1, line 12: got no from_m",
    "unknown_parcel": '#r1, line 9: got the parcel "A-1", which the plan does not have',
    "edge_that_is_not_there": "#r1, line 9: got edge 4 of parcel A-01, want edges 0 to 3",
}
SUGGESTED = {
    "unknown_kind": "setback", "unknown_key": "distance_m", "unknown_pack_key": "version", "unknown_role": "side",
    "unknown_edge_key": "role", "unknown_parcel": "A-01",
}


@pytest.fixture
def defects(repository: Path) -> Path:
    return repository / "tests/defects/zoning"


def refused(spec: PlanSpec) -> str:
    with pytest.raises(InputError) as caught:
        read(spec, FRAME)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert ": got " in sentence
    assert ", want " in sentence
    return sentence


@pytest.mark.parametrize("name", LAYERS)
def test_layers(defects: Path, name: str) -> None:
    assert LAYERS[name] in refused(PlanSpec(parcels=str(defects / f"{name}.geojson")))


@pytest.mark.parametrize("name", CRS)
def test_reference_systems(defects: Path, name: str) -> None:
    with pytest.raises(FrameError) as caught:
        read(PlanSpec(parcels=str(defects / f"{name}.geojson")), FRAME)
    assert CRS[name] in str(caught.value)


@pytest.mark.parametrize("name", PACKS)
def test_packs(defects: Path, name: str) -> None:
    parcels = str(defects.parent / "zoning" / "one_parcel.geojson")
    sentence = refused(PlanSpec(parcels=parcels, rules=(defects / f"{name}.toml",)))
    assert sentence.startswith(f"{name}.toml")
    assert PACKS[name] in sentence
    if name in SUGGESTED:
        assert f"did you mean {SUGGESTED[name]}" in sentence


def test_every_file_is_tested(defects: Path) -> None:
    names = {path.stem for path in defects.iterdir()}
    assert names == {*LAYERS, *CRS, *PACKS, "no_crs", "one_parcel"}


def test_missing_files(defects: Path, tmp_path: Path) -> None:
    good = str(defects / "one_parcel.geojson")
    assert "no such file" in refused(PlanSpec(parcels=str(tmp_path / "gone.shp")))
    assert "plan.roads" in refused(PlanSpec(parcels=good, roads=str(tmp_path / "gone.shp")))
    assert "plan.lines" in refused(PlanSpec(parcels=good, lines=str(tmp_path / "gone.shp")))
    assert "a rule pack" in refused(PlanSpec(parcels=good, rules=(tmp_path / "gone.toml",)))


def test_a_layer_that_is_not_there(defects: Path) -> None:
    sentence = refused(PlanSpec(parcels=f"{defects / 'one_parcel.geojson'}:lots"))
    assert "one_parcel.geojson:lots: got no such layer, want one of one_parcel" in sentence
