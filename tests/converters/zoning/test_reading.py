"""Whole plans: parcel tables in the schemas they come in, and the two scenes."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
import shapely

from converters.zoning.plans import FRAME, ORIGIN, box, layer, plan
from zonebox.errors import FrameError
from zonebox.frame import Frame
from zonebox.model import Authority, Datum, Plan
from zonebox_converters.zoning import PlanSpec, extent, read

LOTS = [box(x=20 * k) for k in range(3)]                # 600 m2 each


def limits(found: Plan, number: str) -> dict[str, float | None]:
    return {c.id.split("/")[1]: c.limit for c in found.controls_of(number)}


def test_hangzhou_table(tmp_path: Path) -> None:
    rows = [
        {"DKBH": "A", "DLDM": "070102", "DLMC": "二类", "MJ": 0.06, "RJL": "≤2.5", "JZMD": "28", "JZGD": "54",
         "LDL": "35", "SJDM": 22.6, "BZ": "限高75.5米（1985国家高程基准）"},
        {"DKBH": "B", "DLDM": "0901", "DLMC": "商业", "MJ": 0.0612, "RJL": "1.5-2.0", "JZMD": "", "JZGD": "0",
         "LDL": "0"},
        {"DKBH": "C", "DLDM": "1401", "DLMC": "公园", "MJ": 0.06, "RJL": "0", "JZMD": "0", "JZGD": "0", "LDL": "65"},
    ]
    found = plan(tmp_path, LOTS, rows)
    assert limits(found, "A") == {"far": 2.5, "coverage": 0.28, "height": 54.0, "height_abs": 75.5, "green": 0.35}
    assert limits(found, "B") == {"far": 2.0, "far_min": 1.5}
    assert limits(found, "C") == {"green": 0.65}
    a, b, c = found.parcels
    assert (a.area_declared_m2, a.design_ground_m, a.buildable) == (600.0, 22.6, True)
    assert (a.land_use, a.land_use_name) == ("070102", "二类")
    assert b.area_declared_m2 == pytest.approx(612.0)
    assert any("states 612.0 m², drawn are 600.0 m²" in note for note in b.notes)
    assert not c.buildable
    assert ("area unit", "MJ is in hectares") in found.understood
    assert any("JZGD = 0 is taken for no limit on B" in note for note in found.notes)


def test_lower_bounds_are_controls(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"DKBH": "A", "RJL": "1.5-2.0", "JZMD": "≥30%", "JZGD": "24-36", "LDL": "≤20%"},
        {"DKBH": "B", "RJL_XX": 1.2, "JZMD_XX": 40, "JZXG_XX": 18.0, "LDL_SX": 20.0, "RJL": 2.5}]
    found = plan(tmp_path, LOTS[:2], rows)
    assert limits(found, "A") == {"far_min": 1.5, "far": 2.0, "coverage_min": 0.3, "height_min": 24.0, "height": 36.0,
                                  "green_max": 0.2}
    assert limits(found, "B") == {"far_min": 1.2, "far": 2.5, "coverage_min": 0.4, "height_min": 18.0, "green_max": 0.2}
    assert not [note for note in found.notes if "not checked" in note]


def test_bounds_that_contradict_are_told(tmp_path: Path) -> None:
    rows = [{"DKBH": "A", "RJL": 2.0, "RJL_XX": 2.5}, {"DKBH": "B", "RJL": "1.0-2.0", "RJL_XX": 1.2}]
    found = plan(tmp_path, LOTS[:2], rows)
    assert any("asks for at least 2.5 and lots.geojson#DKBH=A/RJL for at most 2" in note for note in found.notes)
    assert any("A/RJL_XX" not in note and "B/RJL_XX says 1.2" in note and "1 for the same bound" in note
               for note in found.notes)


def test_elevations_without_a_datum_are_told_and_not_used(tmp_path: Path) -> None:
    found = plan(tmp_path, LOTS[:1], [{"DKBH": "A", "JZGD": "见图则", "BZ": "绝对标高不超过85.0米"}])
    assert limits(found, "A") == {}
    assert any("an elevation without its datum on A (85 m), which is not used" in note for note in found.notes)
    assert any("JZGD refers to another place on A" in note for note in found.notes)


def test_deqing_table(tmp_path: Path) -> None:
    rows = [{"DKBH": n, "YDDM": "0901", "YDXZ": "商业用地", "YDMJ": 600.0, "RJLSX": far, "RJLXX": 0.0, "JZMDSX": 9999.0,
             "JZGDSX": 24.0, "JZGDXX": 0.0, "LDLXX": 20.0, "LDLSX": 9999.0}
            for n, far in (("A", 1.8), ("B", 9999.0), ("C", 2.0))]
    found = plan(tmp_path, LOTS, rows)
    assert limits(found, "A") == {"far": 1.8, "height": 24.0, "green": 0.2}
    assert limits(found, "B") == {"height": 24.0, "green": 0.2}
    assert found.parcels[0].land_use_name == "商业用地"
    assert ("area unit", "YDMJ is in m²") in found.understood


def test_airport_heights_are_elevations(tmp_path: Path) -> None:
    rows = [{"DKBH": "A", "JZGD": 60, "XGLX": "机场限高"}, {"DKBH": "B", "JZGD": 24, "XGLX": ""}]
    found = plan(tmp_path, LOTS[:2], rows)
    control = found.controls_of("A")[0]
    assert (str(control.kind), control.limit, control.datum, control.measure) == (
        "height_abs", 60.0, Datum.ABSOLUTE, "highest")
    assert limits(found, "B") == {"height": 24.0}


def test_who_says_so(tmp_path: Path) -> None:
    row = {"DKBH": "A", "RJL": 2.0}
    named = plan(tmp_path, LOTS[:1], [row], authority=Authority(doc="Plan X", version="3", status="confirmed"))
    authority = named.controls[0].authority
    assert (authority.doc, authority.version, authority.clause, authority.status) == ("Plan X", "3", "RJL", "confirmed")
    assert named.controls[0].source == "lots.geojson#DKBH=A/RJL"
    unnamed = plan(tmp_path, LOTS[:1], [row]).controls[0].authority
    assert (unnamed.doc, unnamed.status) == ("lots.geojson", "unconfirmed")


def test_what_was_understood_is_listed(tmp_path: Path) -> None:
    found = plan(tmp_path, LOTS[:2], [{"DKBH": "A", "RJL": 2.0, "JDCW": 10}, {"DKBH": "B", "RJL": None, "JDCW": 12}])
    assert ("far", "RJL (1 of 2 values)") in found.understood
    assert found.parcels[0].attributes["JDCW"] == "10"


@pytest.mark.parametrize("encoding", ["UTF-8", "GBK"])
@pytest.mark.parametrize("codepage", [True, False])
def test_shapefiles_in_both_encodings(tmp_path: Path, encoding: str, codepage: bool) -> None:
    from pyogrio.raw import write

    shape = shapely.transform(LOTS[0], lambda xy: xy + ORIGIN)
    path = tmp_path / "地块.shp"
    write(path, np.array([shapely.to_wkb(shape)], dtype=object), field_data=[np.array(["甲-01"], dtype=object)],
          fields=["地块号"], driver="ESRI Shapefile", geometry_type="Polygon", crs="EPSG:4548", encoding=encoding)
    if not codepage:
        path.with_suffix(".cpg").unlink()
    assert [p.id for p in read(PlanSpec(parcels=str(path)), FRAME).parcels] == ["甲-01"]


def test_a_layer_of_a_geopackage(tmp_path: Path) -> None:
    from pyogrio.raw import write

    shapes = np.array([shapely.to_wkb(shapely.transform(lot, lambda xy: xy + ORIGIN)) for lot in LOTS], dtype=object)
    path = tmp_path / "plan.gpkg"
    for name, numbers in (("old", ["X", "Y", "Z"]), ("new", ["A", "B", "C"])):
        write(path, shapes, field_data=[np.array(numbers, dtype=object)], fields=["DKBH"], driver="GPKG", layer=name,
              geometry_type="Polygon", crs="EPSG:4548", append=path.exists())
    found = read(PlanSpec(parcels=f"{path}:new"), FRAME)
    assert [p.id for p in found.parcels] == ["A", "B", "C"]


def test_the_user_may_state_the_crs(tmp_path: Path, repository: Path) -> None:
    spec = PlanSpec(parcels=str(repository / "tests/defects/zoning/no_crs.shp"), crs="EPSG:4548")
    assert read(spec, FRAME).parcels[0].shape.area == pytest.approx(1200.0)
    assert extent(spec, "EPSG:4548+5737") == pytest.approx((511700, 4057000, 511740, 4057030))


def test_another_zone_is_brought_into_the_frame(tmp_path: Path) -> None:
    """The same lot in the 117 degree zone with and without its zone prefix."""
    prefixed = tmp_path / "prefixed.geojson"
    text = Path(layer(tmp_path / "plain.geojson", LOTS[:1], [{"parcel": "A"}])).read_text(encoding="utf-8")
    prefixed.write_text(text.replace("4548", "4527").replace("[511", "[39511"), encoding="utf-8")
    spec = PlanSpec(parcels=str(prefixed))
    assert extent(spec, FRAME.crs) == pytest.approx((*ORIGIN, ORIGIN[0] + 20, ORIGIN[1] + 30), abs=1e-4)
    assert read(spec, FRAME).parcels[0].shape.equals_exact(LOTS[0], 1e-4)


def test_a_missing_crs_names_candidates(repository: Path) -> None:
    with pytest.raises(FrameError, match=r"no CRS.*EPSG:4548"):
        extent(PlanSpec(parcels=str(repository / "tests/defects/zoning/no_crs.shp")), FRAME.crs)


def test_riverside(repository: Path) -> None:
    folder = repository / "scenes/riverside_block"
    spec = PlanSpec(parcels=str(folder / "parcels.shp"), rules=(folder / "rules.toml",),
                    roads=str(folder / "roads.geojson"), lines=str(folder / "control_lines.geojson"))
    minx, miny, _, _ = extent(spec, "EPSG:4548+5737")
    found = read(spec, Frame.near("EPSG:4548+5737", (minx, miny)))
    harbour = found.parcel("A-05")
    assert harbour is not None
    assert harbour.design_ground_m == 22.0
    assert {edge.road for edge in harbour.edges if edge.role == "front"} == {"听涛大道", "柳荫街"}
    assert limits(found, "B-07") | {"far": 2.2, "coverage": 0.4, "height": 60.0, "green": 0.3} == limits(found, "B-07")
    assert limits(found, "A-07")["height_abs"] == 52.6
    assert "far" not in limits(found, "A-06")                                # 9999
    assert "green" not in limits(found, "A-08")                              # blank
    assert [p.id for p in found.parcels if not p.buildable] == ["B-04", "B-05"]
    chamfered = found.parcel("A-03")
    assert chamfered is not None
    assert [e.index for e in chamfered.edges if e.role == "street"] == [2]
    assert {line.kind for line in found.lines} == {"蓝线", "紫线", "绿线", "建设控制地带"}
    assert len(found.roads) == 7


@pytest.fixture
def delft(repository: Path) -> Path:
    return repository / "scenes/delft_courtyard"


def test_delft_is_drawn_byte_for_byte_again(delft: Path, tmp_path: Path) -> None:
    drawn = runpy.run_path(str(delft / "make.py"))["write"](tmp_path)
    assert drawn.read_bytes() == (delft / "parcels.geojson").read_bytes()


def test_delft_lots_do_not_overlap(delft: Path) -> None:
    lots = [shapely.Polygon(lot.corners) for lot in runpy.run_path(str(delft / "make.py"))["LOTS"]]
    assert len(lots) >= 8
    assert all(lot.is_valid and lot.exterior.is_ccw for lot in lots)
    assert sum(lot.area for lot in lots) - shapely.union_all(lots).area < 0.01


@pytest.mark.data
def test_delft_on_the_real_streets(delft: Path, shared_data: Path) -> None:
    roads = str(shared_data / "site_delft/bgt/bgt_wegdeel.sqlite")
    spec = PlanSpec(parcels=str(delft / "parcels.geojson"), rules=(delft / "rules.toml",), roads=roads)
    corner = extent(spec, "EPSG:7415")[:2]
    frame = Frame.near("EPSG:7415", corner)
    found = read(spec, frame)
    without_front = [p.id for p in found.parcels if not any(e.role == "front" for e in p.edges)]
    assert without_front == ["D-09"]                                        # the walled garden
    court = found.parcel("D-05")
    assert court is not None
    corners = [(84977.0, 447520.7), (84981.7, 447514.0), (84974.9, 447509.3), (84970.2, 447516.0)]
    tower = shapely.Polygon(frame.local(corners))
    assert court.shape.contains(tower)
    nearest = min(court.edges, key=lambda e: tower.distance(
        shapely.LineString([court.boundary.start[e.index], court.boundary.end[e.index]])))
    assert nearest.role == "side"
    kinds = {str(control.kind) for control in found.controls_of("D-05")}
    assert kinds == {"far", "coverage", "height", "green", "setback"}
    assert limits(found, "D-12")["canal-roofs"] == 11.0
