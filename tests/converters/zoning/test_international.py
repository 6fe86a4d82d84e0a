"""Plans of other countries: real files where there are some, small ones in the same schema where there are none."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyproj
import pytest
import shapely

from converters.zoning.plans import FRAME, box, layer, plan
from zonebox.errors import InputError
from zonebox.frame import Frame
from zonebox.model import Datum, Kind, Plan
from zonebox_converters.zoning import PlanSpec, extent, read
from zonebox_converters.zoning.tables import read_table

TAKEO = Frame.near("EPSG:6670+6695", (-80000.0, 20000.0))       # JGD2011 plane zone II, its heights
TEXAS = Frame.near("EPSG:32614+5703", (621000.0, 3669000.0))
MINNESOTA = Frame.near("EPSG:26915+5703", (479000.0, 4977000.0))
FT = 0.3048
URF = "{https://www.geospatial.jp/iur/urf/2.0}"


def limits(found: Plan, number: str) -> dict[str, float | None]:
    return {c.id.split("/")[1]: c.limit for c in found.controls_of(number) if c.kind is not Kind.SETBACK}


def distances(found: Plan, number: str) -> dict[str, float]:
    return {c.id.split("/")[1]: c.profile.points[0][1] for c in found.controls_of(number)
            if c.kind is Kind.SETBACK and c.profile is not None}


def numbers_of(path: Path, name: str) -> Counter[float]:
    """Values of a property of the use districts, by the standard library alone."""
    return Counter(float(e.text or "nan") for d in ET.parse(path).iter(f"{URF}UseDistrict") for e in d.iter(URF + name))


@pytest.mark.data
def test_plateau_use_districts(shared_data: Path) -> None:
    path = shared_data / "zoning_plateau_jp/takeo_493060_urf_6668_op.gml"
    beside = sorted(path.parent.iterdir())
    found = read(PlanSpec(parcels=str(path)), TAKEO)
    assert len(found.parcels) == 40
    by_kind = {kind: Counter(c.limit for c in found.controls if c.kind is kind)
               for kind in (Kind.FAR, Kind.COVERAGE, Kind.HEIGHT)}
    assert by_kind[Kind.FAR] == numbers_of(path, "floorAreaRate")
    assert by_kind[Kind.COVERAGE] == numbers_of(path, "buildingCoverageRate")
    assert by_kind[Kind.HEIGHT] == Counter({10.0: 8})               # 0 on the other 32 is no limit
    assert numbers_of(path, "buildingHeightLimits") == Counter({0.0: 32, 10.0: 8})
    assert any("buildingHeightLimits = 0 is taken for no limit" in note for note in found.notes)
    # lat-lon-height: Takeo lies at 33.2 N 130.0 E, and the districts are as large as the plan says, in hectares
    low_e, low_n, high_e, high_n = extent(PlanSpec(parcels=str(path)), TAKEO.crs)
    lon, lat = TAKEO.lon_lat(TAKEO.local([[(low_e + high_e) / 2, (low_n + high_n) / 2]]))[0]
    assert (lon, lat) == (pytest.approx(130.0, abs=0.1), pytest.approx(33.2, abs=0.05))
    rings = [np.array((e.text or "").split(), dtype=float).reshape(-1, 3)
             for d in ET.parse(path).iter(f"{URF}UseDistrict") for e in d.iter("{http://www.opengis.net/gml}posList")]
    on_ellipsoid = [pyproj.Geod(ellps="GRS80").polygon_area_perimeter(r[:, 1], r[:, 0])[0] for r in rings]
    assert sum(p.shape.area for p in found.parcels) == pytest.approx(abs(sum(on_ellipsoid)), rel=1e-3)
    assert sorted(path.parent.iterdir()) == beside                 # no .gfs left beside it


@pytest.mark.data
def test_plateau_districts_over_lots(shared_data: Path, tmp_path: Path) -> None:
    """The district's limits hold for the lots in it; a lot across a border is told."""
    path = shared_data / "zoning_plateau_jp/takeo_493060_urf_6668_op.gml"
    district = next(p for p in read(PlanSpec(parcels=str(path)), TAKEO).parcels if limits_height(path, p.id) == 10.0)
    middle = shapely.transform(district.shape.representative_point(), TAKEO.world)
    edge = shapely.transform(shapely.Point(district.shape.exterior.coords[0] if district.shape.geom_type == "Polygon"
                                           else district.shape.geoms[0].exterior.coords[0]), TAKEO.world)
    lots = [shapely.box(p.x - 3, p.y - 3, p.x + 3, p.y + 3) for p in (middle, edge)]
    pyogrio.raw.write(tmp_path / "lots.gpkg", shapely.to_wkb(np.array(lots)),
                      [np.array(["in", "across"], dtype=object)], ["parcel"], driver="GPKG", geometry_type="Polygon",
                      crs="EPSG:6670")
    found = read(PlanSpec(parcels=str(tmp_path / "lots.gpkg"), zones=str(path)), TAKEO)
    assert limits(found, "in")["height"] == 10.0
    assert ("zones", f"{path.name}:UseDistrict: 2 of 2 lots") in found.understood
    assert any("lie in several zones" in note and "(across)" in note for note in found.notes)


def limits_height(path: Path, number: str) -> float:
    for district in ET.parse(path).iter(f"{URF}UseDistrict"):
        if district.get("{http://www.opengis.net/gml}id") == number:
            return float(district.findtext(f"{URF}buildingHeightLimits") or 0)
    return 0.0


def test_plateau_wall_setbacks_and_units(tmp_path: Path) -> None:
    ring = "35.0 137.0 0 35.0 137.001 0 35.001 137.001 0 35.001 137.0 0 35.0 137.0 0"
    (tmp_path / "urf.gml").write_text(f"""<?xml version="1.0" encoding="UTF-8"?>
<core:CityModel xmlns:core="http://www.opengis.net/citygml/2.0" xmlns:gml="http://www.opengis.net/gml"
 xmlns:urf="https://www.geospatial.jp/iur/urf/2.0"><gml:boundedBy><gml:Envelope srsDimension="3"
 srsName="http://www.opengis.net/def/crs/EPSG/0/6697"><gml:lowerCorner>35 137 0</gml:lowerCorner>
 <gml:upperCorner>35.001 137.001 0</gml:upperCorner></gml:Envelope></gml:boundedBy>
<core:cityObjectMember><urf:UseDistrict gml:id="d1"><urf:function>1</urf:function><urf:lod1MultiSurface>
<gml:MultiSurface><gml:surfaceMember><gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>{ring}</gml:posList>
</gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember></gml:MultiSurface></urf:lod1MultiSurface>
<urf:floorAreaRate>0.8</urf:floorAreaRate><urf:wallSetbackDistance uom="m">1.5</urf:wallSetbackDistance>
<urf:buildingHeightLimits uom="m">10</urf:buildingHeightLimits></urf:UseDistrict></core:cityObjectMember>
</core:CityModel>""", encoding="utf-8")
    found = read(PlanSpec(parcels=str(tmp_path / "urf.gml")), Frame.near("EPSG:6675+6695", (0.0, -110000.0)))
    assert limits(found, "d1") == {"far": 0.8, "height": 10.0}
    assert distances(found, "d1") == {"setback": 1.5}
    assert found.parcels[0].land_use_name == "第一種低層住居専用地域"
    assert found.parcels[0].shape.area == pytest.approx(91.25 * 110.94, rel=2e-3)     # m in 0.001° at 35 N
    with pytest.raises(InputError, match=r"urf\.gml: got no Zone, want a type it has: UseDistrict \(1\)"):
        read(PlanSpec(parcels=f"{tmp_path / 'urf.gml'}:Zone"), FRAME)
    (tmp_path / "urf.gml").write_text((tmp_path / "urf.gml").read_text(encoding="utf-8")[:-40], encoding="utf-8")
    with pytest.raises(InputError, match=r"urf\.gml: got broken XML"):
        read(PlanSpec(parcels=str(tmp_path / "urf.gml")), FRAME)


@pytest.mark.data
def test_open_zoning_feed_of_paradise(shared_data: Path) -> None:
    folder = shared_data / "zoning_paradise_tx"
    found = read(PlanSpec(parcels=str(folder / "Paradise.parcel"), zones=str(folder / "Paradise.zoning")), TEXAS)
    assert len(found.parcels) == 421
    assert ("zones", "Paradise.zoning: 421 of 421 lots") in found.understood
    assert dict(found.understood)["area unit"] == "lot_area is in acres"
    single = [p for p in found.parcels if p.land_use == "R-1"]
    assert single
    for parcel in single:
        assert limits(found, parcel.id) == {"coverage": 0.5, "height": pytest.approx(35 * FT)}
        assert distances(found, parcel.id) == {
            "setback_front": pytest.approx(35 * FT), "setback_side": pytest.approx(10 * FT),
            "setback_side_street": pytest.approx(15 * FT), "setback_rear": pytest.approx(25 * FT)}
    assert any("setback_front in R-1 is 25 or 35 by condition; the strictest, 35, is taken" in n for n in found.notes)
    assert any("170 of 421 lots have edges of unknown side" in note for note in found.notes)
    labelled = [p for p in found.parcels if any("labelled" in edge.reason for edge in p.edges)]
    assert len(labelled) == 251
    drawn = {p.id: p.shape.area for p in found.parcels}
    gap = [abs(p.area_declared_m2 / drawn[p.id] - 1) for p in found.parcels if p.area_declared_m2]
    assert np.median(gap) < 0.005


@pytest.mark.data
def test_edges_keep_the_names_of_the_feed(shared_data: Path) -> None:
    """Total length by role is that of the file's own lines."""
    path = shared_data / "zoning_paradise_tx/Paradise.parcel"
    found = read(PlanSpec(parcels=str(path)), TEXAS)
    wanted: dict[str, float] = defaultdict(float)
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    words = {"front": "front", "rear": "rear", "interior side": "side", "exterior side": "street_side"}
    for feature in features:
        side = feature["properties"].get("side")
        if side in words:
            line = shapely.from_geojson(json.dumps(feature["geometry"]))
            moved = TEXAS.enter(shapely.get_coordinates(line), "OGC:CRS84")
            wanted[words[side]] += shapely.LineString(moved).length
    got: dict[str, float] = defaultdict(float)
    for parcel in found.parcels:
        edges = parcel.boundary
        for edge, length in zip(parcel.edges, np.hypot(*(edges.end - edges.start).T), strict=True):
            if "labelled" in edge.reason:
                got[str(edge.role)] += float(length)
    assert dict(got) == {role: pytest.approx(length, rel=0.005) for role, length in wanted.items()}


@pytest.mark.data
def test_minneapolis_districts_and_rules(shared_data: Path) -> None:
    """Parcels, districts by place, the rules of one district by its code: JSON with comments and missing commas."""
    folder = shared_data / "zoning_minneapolis"
    rules = folder / "rules/Minneapolis_2040_BFI3_0.0.9.json"
    found = read(PlanSpec(parcels=str(folder / "Minn_parcels_sample.geojson"),
                          zones=str(folder / "2_minn_built_form.geojson"), table=str(rules),
                          table_on="ZONE_CODE = zone"), MINNESOTA)
    codes = Counter(p.land_use for p in found.parcels)
    assert codes == {"BFI3": 147, "BFI2": 55, "BFC6": 36, "BFC4": 21}
    lot = next(p for p in found.parcels if p.land_use == "BFI3")
    assert limits(found, lot.id) == {"far": 0.5, "coverage": 0.6, "height": pytest.approx(28 * FT)}
    assert distances(found, lot.id) == {"setback_front": pytest.approx(20 * FT), "setback_rear": pytest.approx(5 * FT),
                                        "setback_side": pytest.approx(5 * FT),
                                        "setback_side_street": pytest.approx(8 * FT)}
    assert any("missing commas put in" in note for note in found.notes)
    assert any("far is 0.5, 0.6, 0.7, 1.4, 1.6 by type of building; the strictest, 0.5" in n for n in found.notes)
    assert any("112 of 259 lots have no row in" in note for note in found.notes)


@pytest.mark.data
def test_rules_that_are_broken_beyond_mending(shared_data: Path) -> None:
    path = shared_data / "zoning_minneapolis/rules/Minneapolis_superDistrict_0.0.9_07212022.json"
    with pytest.raises(InputError, match=r"0\.0\.9_07212022\.json, line 27: got broken JSON \(extra data\)"):
        read_table(str(path))


@pytest.mark.data
def test_labelled_edges_from_a_layer_of_their_own(shared_data: Path) -> None:
    folder = shared_data / "zoning_minneapolis"
    found = read(PlanSpec(parcels=str(folder / "minn_parcels_alldistricts_corner_sample.gpkg"),
                          edges=str(folder / "minn_parcel_edges_corner_sample.gpkg")), MINNESOTA)
    roles = Counter(str(edge.role) for edge in found.parcels[0].edges)
    assert roles == {"front": 2, "side": 3}         # a corner lot; one of its two sides is drawn in two pieces


def test_pluto_in_feet(tmp_path: Path) -> None:
    """A lot of 100 by 100 ft in EPSG:2263; allowed ratios by use; what is built is no limit; LandUse is no code."""
    lots = [shapely.box(987000 + 100 * k, 211000, 987100 + 100 * k, 211100) for k in range(2)]
    rows: dict[str, list[Any]] = {"BBL": [1000010001, 1000010002], "ZoneDist1": ["R6", "C6-4"], "LandUse": ["02", "05"],
            "LotArea": [10000.0, 10000.0], "NumFloors": [5.0, 40.0], "BuiltFAR": [4.9, 12.0],
            "ResidFAR": [2.43, 10.0], "CommFAR": [0.0, 10.0], "FacilFAR": [4.8, 10.0]}
    columns = [np.array(cells, dtype=object if isinstance(cells[0], str) else None) for cells in rows.values()]
    pyogrio.raw.write(tmp_path / "pluto.shp", shapely.to_wkb(np.array(lots)), columns, list(rows),
                      driver="ESRI Shapefile", geometry_type="Polygon", crs="EPSG:2263")
    frame = Frame.near("EPSG:32618+5703", (584000.0, 4511000.0))
    found = read(PlanSpec(parcels=str(tmp_path / "pluto.shp")), frame)
    assert limits(found, "1000010001") == {"far": 4.8}
    assert limits(found, "1000010002") == {"far": 10.0}
    assert [p.land_use for p in found.parcels] == ["R6", "C6-4"]
    assert all(p.buildable for p in found.parcels)
    us_foot = 1200 / 3937
    assert found.parcels[0].shape.area == pytest.approx((100 * us_foot) ** 2, rel=1e-3)
    assert dict(found.understood)["area unit"] == "LotArea is in square feet"
    assert any("hold for one use each; the largest is checked" in note and "differ on 1 of 2 lots" in note
               for note in found.notes)
    chosen = read(PlanSpec(parcels=str(tmp_path / "pluto.shp"), fields={"far": "ResidFAR"}), frame)
    assert limits(chosen, "1000010001") == {"far": 2.43}


def test_heights_without_a_unit_in_a_layer_in_feet(tmp_path: Path) -> None:
    pyogrio.raw.write(tmp_path / "lots.shp", shapely.to_wkb(np.array([shapely.box(987000, 211000, 987100, 211100)])),
                      [np.array(["1"], dtype=object), np.array([60.0])], ["BBL", "height"], driver="ESRI Shapefile",
                      geometry_type="Polygon", crs="EPSG:2263")
    frame = Frame.near("EPSG:32618+5703", (584000.0, 4511000.0))
    with pytest.raises(InputError, match=r'lots\.shp/height: got lengths without a unit in a layer drawn in feet.*'
                                         r'plan\.height_unit = "ft"'):
        read(PlanSpec(parcels=str(tmp_path / "lots.shp")), frame)
    found = read(PlanSpec(parcels=str(tmp_path / "lots.shp"), height_unit="ft"), frame)
    assert limits(found, "1") == {"height": pytest.approx(60 * FT)}


def test_ground_without_a_unit_in_a_layer_in_feet(tmp_path: Path) -> None:
    pyogrio.raw.write(tmp_path / "lots.shp", shapely.to_wkb(np.array([shapely.box(987000, 211000, 987100, 211100)])),
                      [np.array(["1"], dtype=object), np.array([20.0])], ["BBL", "SJDM"], driver="ESRI Shapefile",
                      geometry_type="Polygon", crs="EPSG:2263")
    frame = Frame.near("EPSG:32618+5703", (584000.0, 4511000.0))
    with pytest.raises(InputError, match=r"lots\.shp/SJDM: got lengths without a unit in a layer drawn in feet"):
        read(PlanSpec(parcels=str(tmp_path / "lots.shp")), frame)
    found = read(PlanSpec(parcels=str(tmp_path / "lots.shp"), height_unit="ft"), frame)
    assert found.parcels[0].design_ground_m == pytest.approx(20 * FT)


HEIGHT = ("<xplan:hoehenangabe><xplan:XP_Hoehenangabe><xplan:hoehenbezug>{}</xplan:hoehenbezug><xplan:bezugspunkt>{}"
          '</xplan:bezugspunkt><xplan:{}  uom="m">{}</xplan:{}></xplan:XP_Hoehenangabe></xplan:hoehenangabe>')


def xplan(path: Path, *heights: tuple[int, int, str, float], more: str = "", lines: str = "") -> str:
    """One building area of 40 by 30 m at 565000, 5930000 (ETRS89 / UTM 32)."""
    said = "".join(HEIGHT.format(reference, point, key, value, key) for reference, point, key, value in heights)
    ring = "565000 5930000 565040 5930000 565040 5930030 565000 5930030 565000 5930000"
    path.write_text(f"""<?xml version="1.0" encoding="UTF-8"?>
<xplan:XPlanAuszug xmlns:xplan="http://www.xplanung.de/xplangml/6/0" xmlns:gml="http://www.opengis.net/gml/3.2"
 gml:id="G0"><gml:boundedBy><gml:Envelope srsName="EPSG:25832"><gml:lowerCorner>565000 5930000</gml:lowerCorner>
<gml:upperCorner>565040 5930030</gml:upperCorner></gml:Envelope></gml:boundedBy>
<gml:featureMember><xplan:BP_Plan gml:id="P1"><xplan:name>B-Plan 1</xplan:name></xplan:BP_Plan></gml:featureMember>
<gml:featureMember><xplan:BP_BaugebietsTeilFlaeche gml:id="B1">{said}<xplan:position><gml:Polygon gml:id="g1"
 srsName="EPSG:25832"><gml:exterior><gml:LinearRing><gml:posList>{ring}</gml:posList></gml:LinearRing></gml:exterior>
</gml:Polygon></xplan:position>{more}</xplan:BP_BaugebietsTeilFlaeche></gml:featureMember>{lines}
</xplan:XPlanAuszug>""", encoding="utf-8")
    return str(path)


GERMANY = Frame.near("EPSG:25832+7837", (565000.0, 5930000.0))


def test_xplan_indicators(tmp_path: Path) -> None:
    more = ("<xplan:besondereArtDerBaulNutzung>1700</xplan:besondereArtDerBaulNutzung><xplan:GFZ>1.2</xplan:GFZ>"
            "<xplan:GRZ>0.4</xplan:GRZ><xplan:Z>4</xplan:Z>")
    found = read(PlanSpec(parcels=xplan(tmp_path / "plan.gml", more=more), storey_height_m=3.0), GERMANY)
    assert limits(found, "B1") == {"far": 1.2, "coverage": 0.4, "storeys": 4.0}
    assert found.parcels[0].land_use_name == "Gewerbegebiet (GE)"
    assert found.parcels[0].buildable
    assert found.parcels[0].shape.area == pytest.approx(1200.0)
    assert not list(tmp_path.glob("*.gfs"))


@pytest.mark.parametrize(("reference", "point", "control"), [
    (1000, 3000, (Kind.HEIGHT_ABSOLUTE, 45.5, Datum.ABSOLUTE, "highest")),
    (1000, 2000, (Kind.HEIGHT_ABSOLUTE, 45.5, Datum.ABSOLUTE, "highest")),
    (2000, 2000, (Kind.HEIGHT, 45.5, Datum.AVERAGE, "highest")),
    (3500, 5000, (Kind.HEIGHT, 45.5, Datum.CURB, "highest")),
    (4000, 6000, (Kind.HEIGHT, 45.5, Datum.DESIGN_GROUND, "highest")),
])
def test_xplan_heights_are_a_reference_and_a_point(
    reference: int, point: int, control: tuple[Kind, float, Datum, str], tmp_path: Path
) -> None:
    found = read(PlanSpec(parcels=xplan(tmp_path / "plan.gml", (reference, point, "hMax", 45.5))), GERMANY)
    assert [(c.kind, c.limit, c.datum, c.measure) for c in found.controls] == [control]


def test_xplan_heights_that_are_no_cap_are_told(tmp_path: Path) -> None:
    source = xplan(tmp_path / "plan.gml", (2000, 1000, "hMax", 9), (3000, 3000, "hMax", 12), (2000, 2000, "hMin", 6),
                   (2000, 3000, "hZwingend", 14), (2000, 2000, "hMax", 11))
    found = read(PlanSpec(parcels=source), GERMANY)
    assert limits(found, "B1") == {"height": 11.0}
    told = " ".join(found.notes)
    for sentence in ("the height of TH (eaves) over Geländeoberkante is no cap on the whole building",
                     "the height of OK over Bezugshöhe des Plans cannot be placed",
                     "the height of FH over Geländeoberkante has a lower bound, which is not checked",
                     "the height of OK over Geländeoberkante is mandatory; it is checked as an upper bound"):
        assert sentence in told


def test_xplan_heights_in_another_datum_are_refused_or_brought(tmp_path: Path) -> None:
    source = xplan(tmp_path / "plan.gml", (1000, 3000, "hMax", 45.5))
    with pytest.raises(InputError, match=r"plan\.gml.*#gml_id=B1/height_abs: got no exact operation"):
        read(PlanSpec(parcels=source), Frame.near("EPSG:25832+5709", (565000.0, 5930000.0)))


def _line(kind: str, number: str, points: str) -> str:
    return (f'<gml:featureMember><xplan:{kind} gml:id="{number}"><xplan:position><gml:LineString gml:id="g{number}" '
            f'srsName="EPSG:25832"><gml:posList>{points}</gml:posList></gml:LineString></xplan:position></xplan:{kind}>'
            "</gml:featureMember>")


def test_xplan_build_limits(tmp_path: Path) -> None:
    """A Baugrenze on three sides and a Baulinie on the fourth: outside them nothing may stand."""
    lines = (_line("BP_BauGrenze", "L1", "565035 5930005 565035 5930025 565005 5930025 565005 5930005")
             + _line("BP_BauLinie", "L2", "565005 5930005 565035 5930005"))
    source = xplan(tmp_path / "plan.gml", lines=lines)
    found = read(PlanSpec(parcels=source, lines=source), GERMANY)
    control = next(c for c in found.controls if c.kind is Kind.NO_BUILD)
    assert control.zone is not None
    assert control.zone.area == pytest.approx(40 * 30 - 30 * 20)
    assert {line.kind for line in found.lines} == {"Baugrenze", "Baulinie"}
    build_to = next(c for c in found.controls if c.kind is Kind.BUILD_TO)
    assert build_to.line is not None
    assert build_to.line.length == pytest.approx(30.0)
    assert build_to.limit == pytest.approx(1 / 30, abs=1e-6)       # a metre of facade, whatever the Bauweise
    assert any("at least 1 m of facade must stand on the Baulinie on B1" in note for note in found.notes)


def test_xplan_build_limits_that_do_not_close_are_told(tmp_path: Path) -> None:
    source = xplan(tmp_path / "plan.gml", lines=_line("BP_BauGrenze", "L1", "565000 5930005 565040 5930005"))
    found = read(PlanSpec(parcels=source, lines=source), GERMANY)
    assert not found.controls
    assert any("the Baugrenze on B1 closes to no area and is not checked" in note for note in found.notes)


def test_an_arcgis_urban_zone_table(tmp_path: Path) -> None:
    table = tmp_path / "zones.csv"
    table.write_text("Label,HeightMax,FARMax,CoverageMax,Tiers\n"
                     'RM-4,45,1.45,0.5,"[{""StartHeight"": 30}]"\nC-2,120,6,0.9,\n', encoding="utf-8")
    parcels = layer(tmp_path / "lots.geojson", [box(), box(x=20)],
                    [{"parcel": "A", "ZoneLabel": "RM-4"}, {"parcel": "B", "ZoneLabel": "C-2"}])
    found = read(PlanSpec(parcels=parcels, table=str(table), table_on="ZoneLabel = Label", height_unit="ft"), FRAME)
    assert limits(found, "A") == {"far": 1.45, "coverage": 0.5, "height": pytest.approx(45 * FT)}
    assert limits(found, "B") == {"far": 6.0, "coverage": 0.9, "height": pytest.approx(120 * FT)}
    assert any("Tiers" in note and "not read" in note for note in found.notes)


def test_lots_far_from_every_zone(tmp_path: Path) -> None:
    zones = layer(tmp_path / "zones.geojson", [box(x=300)], [{"zone": "R1", "far": 1.0}])
    with pytest.raises(InputError, match=r"zones\.geojson: got no zone under any lot of lots\.geojson"):
        plan(tmp_path, [box()], zones=zones)
