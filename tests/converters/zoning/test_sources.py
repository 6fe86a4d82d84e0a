"""Every kind of file that a plan comes in, written by another library or by hand, read to the same numbers."""

from __future__ import annotations

import json
import sqlite3
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapefile
import shapely

from converters.zoning.plans import FRAME, ORIGIN, box
from zonebox.errors import InputError
from zonebox.model import Plan
from zonebox_converters.zoning import PlanSpec, extent, read
from zonebox_converters.zoning.vector import read_layer, slices

LOTS = [shapely.transform(box(x=25 * k), lambda xy: xy + ORIGIN) for k in range(2)]
ROWS = (("甲-01", "二类居住用地", 2.5, 35.0, 54.0), ("甲-02", "商业用地", 4.0, 50.0, 80.0))
FIELDS = ("DKBH", "DLMC", "RJL", "JZMD", "JZGD")
WKT = (
    'PROJCS["CGCS2000 / 3-degree Gauss-Kruger CM 117E",GEOGCS["China Geodetic Coordinate System 2000",'
    'DATUM["China_2000",SPHEROID["CGCS2000",6378137,298.257222101]],PRIMEM["Greenwich",0],'
    'UNIT["degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],'
    'PARAMETER["central_meridian",117],PARAMETER["scale_factor",1],PARAMETER["false_easting",500000],'
    'PARAMETER["false_northing",0],UNIT["metre",1],AUTHORITY["EPSG","4548"]]'
)


def with_pyshp(path: Path, encoding: str, *, codepage: str = "", prj: bool = True) -> str:
    """A shapefile as pyshp writes it: no .cpg, no .prj but what is asked for."""
    with shapefile.Writer(str(path), shapeType=shapefile.POLYGON, encoding=encoding) as writer:
        for name in FIELDS[:2]:
            writer.field(name, "C", size=40)
        for name in FIELDS[2:]:
            writer.field(name, "N", size=12, decimal=3)
        for lot, row in zip(LOTS, ROWS, strict=True):
            writer.poly([list(shapely.orient_polygons(lot, exterior_cw=True).exterior.coords)])
            writer.record(*row)
    if prj:
        path.with_suffix(".prj").write_text(WKT, encoding="ascii")
    if codepage:
        path.with_suffix(".cpg").write_text(codepage, encoding="ascii")
    return str(path)


def with_gdal(path: Path, driver: str, *, layer: str = "lots", append: bool = False) -> str:
    columns = [np.array(cells, dtype=object if k < 2 else float)
               for k, cells in enumerate(zip(*ROWS, strict=True))]
    pyogrio.raw.write(str(path), shapely.to_wkb(np.array(LOTS)), columns, list(FIELDS), driver=driver,
                      geometry_type="Polygon", crs="EPSG:4548", layer=layer, append=append)
    return str(path)


def by_hand(path: Path) -> str:
    features = [{"type": "Feature", "properties": dict(zip(FIELDS, row, strict=True)),
                 "geometry": json.loads(shapely.to_geojson(lot))} for lot, row in zip(LOTS, ROWS, strict=True)]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4548"}}
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}), encoding="utf-8")
    return str(path)


def spatialite_blob(lot: shapely.Polygon) -> bytes:
    """A polygon as SpatiaLite stores it: bounding box, ring, end mark."""
    ring = np.asarray(lot.exterior.coords)
    return (struct.pack("<BBi4dB", 0, 1, 4548, *lot.bounds, 0x7C) + struct.pack("<III", 3, 1, len(ring))
            + ring.astype("<f8").tobytes() + b"\xfe")


def spatialite(path: Path) -> str:
    """A SpatiaLite database made with nothing but SQL."""
    with sqlite3.connect(path) as base:
        base.executescript("""
            CREATE TABLE spatial_ref_sys (srid INTEGER PRIMARY KEY, auth_name TEXT, auth_srid INTEGER,
                                          ref_sys_name TEXT, proj4text TEXT, srtext TEXT);
            CREATE TABLE geometry_columns (f_table_name TEXT, f_geometry_column TEXT, geometry_type INTEGER,
                                           coord_dimension INTEGER, srid INTEGER, spatial_index_enabled INTEGER);
            CREATE TABLE lots (id INTEGER PRIMARY KEY, DKBH TEXT, DLMC TEXT, RJL REAL, JZMD REAL, JZGD REAL, geom BLOB);
            INSERT INTO geometry_columns VALUES ('lots', 'geom', 3, 2, 4548, 0);""")
        base.execute("INSERT INTO spatial_ref_sys VALUES (4548, 'epsg', 4548, 'CGCS2000 / CM 117E', '', ?)", (WKT,))
        for lot, row in zip(LOTS, ROWS, strict=True):
            base.execute("INSERT INTO lots (DKBH, DLMC, RJL, JZMD, JZGD, geom) VALUES (?, ?, ?, ?, ?, ?)",
                         (*row, spatialite_blob(lot)))
    base.close()
    return str(path)


WRITERS = {
    "shapefile in GBK, no .cpg": lambda f: with_pyshp(f / "lots.shp", "gbk"),
    "shapefile in UTF-8, no .cpg": lambda f: with_pyshp(f / "lots.shp", "utf-8"),
    "shapefile in UTF-8": lambda f: with_pyshp(f / "lots.shp", "utf-8", codepage="UTF-8"),
    "shapefile in GBK, .cpg says UTF-8": lambda f: with_pyshp(f / "lots.shp", "gbk", codepage="UTF-8"),
    "shapefile in GBK, .cpg says 936": lambda f: with_pyshp(f / "lots.shp", "gbk", codepage="936"),
    "GeoPackage": lambda f: with_gdal(f / "lots.gpkg", "GPKG"),
    "FileGDB": lambda f: with_gdal(f / "lots.gdb", "OpenFileGDB"),
    "FlatGeobuf": lambda f: with_gdal(f / "lots.fgb", "FlatGeobuf"),
    "GML": lambda f: with_gdal(f / "lots.gml", "GML"),
    "GeoJSON": lambda f: by_hand(f / "lots.geojson"),
    "SpatiaLite": lambda f: spatialite(f / "lots.sqlite"),
}


def agrees(found: Plan) -> None:
    parcels = sorted(found.parcels, key=lambda parcel: parcel.id)          # FlatGeobuf sorts by place
    assert [parcel.id for parcel in parcels] == [row[0] for row in ROWS]
    assert [parcel.land_use_name for parcel in parcels] == [row[1] for row in ROWS]
    for parcel, lot, (_, _, far, density, height) in zip(parcels, LOTS, ROWS, strict=True):
        limits = {str(c.kind): c.limit for c in found.controls_of(parcel.id)}
        assert limits == {"far": far, "coverage": density / 100, "height": height}
        back = shapely.transform(parcel.shape, FRAME.world)
        assert shapely.symmetric_difference(back, lot).area < 1e-6


@pytest.mark.parametrize("kind", WRITERS)
def test_the_same_plan_from_every_kind_of_file(kind: str, tmp_path: Path) -> None:
    source = WRITERS[kind](tmp_path)
    before = sorted(path.name for path in tmp_path.iterdir())
    agrees(read(PlanSpec(parcels=source), FRAME))
    assert extent(PlanSpec(parcels=source), "EPSG:4548+5737") == pytest.approx(
        tuple(shapely.total_bounds(LOTS)), abs=1e-6)
    assert sorted(path.name for path in tmp_path.iterdir()) == before       # reading leaves nothing behind


def test_a_wrong_codepage_is_told(tmp_path: Path) -> None:
    found = read(PlanSpec(parcels=with_pyshp(tmp_path / "lots.shp", "gbk", codepage="UTF-8")), FRAME)
    assert "lots.shp: its .cpg says UTF-8, its text is GB18030" in found.notes


def test_a_shapefile_without_prj_says_what_its_coordinates_look_like(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"lots\.shp: got no CRS.*EPSG:4534 to EPSG:4554"):
        read(PlanSpec(parcels=with_pyshp(tmp_path / "lots.shp", "utf-8", prj=False)), FRAME)


def test_two_layers_of_parcels_must_be_chosen_from(tmp_path: Path) -> None:
    source = with_gdal(tmp_path / "city.gpkg", "GPKG", layer="north")
    with_gdal(tmp_path / "city.gpkg", "GPKG", layer="south", append=True)
    with pytest.raises(InputError, match=r"city\.gpkg: got 2 layers and none chosen, want one of north, south; "
                                         r'write plan\.parcels = "city\.gpkg:north"'):
        read(PlanSpec(parcels=source), FRAME)
    agrees(read(PlanSpec(parcels=f"{source}:south"), FRAME))


def test_the_one_layer_of_areas_is_meant(tmp_path: Path) -> None:
    source = with_gdal(tmp_path / "city.gpkg", "GPKG")
    pyogrio.raw.write(source, shapely.to_wkb(np.array([shapely.Point(ORIGIN)])), [np.array(["tree"], dtype=object)],
                      ["name"], driver="GPKG", geometry_type="Point", crs="EPSG:4548", layer="trees", append=True)
    agrees(read(PlanSpec(parcels=source), FRAME))


@pytest.mark.parametrize(("kind", "ending"), [("GeoPackage", ".gpkg"), ("FlatGeobuf", ".fgb"), ("GeoJSON", ".geojson"),
                                              ("shapefile in UTF-8", ".shp"), ("SpatiaLite", ".sqlite")])
def test_a_file_that_breaks_off_is_one_sentence(kind: str, ending: str, tmp_path: Path) -> None:
    whole = Path(WRITERS[kind](tmp_path))
    data = whole.read_bytes()
    whole.write_bytes(data[:len(data) // 3])
    with pytest.raises(InputError) as caught:
        read(PlanSpec(parcels=str(whole)), FRAME)
    assert str(caught.value).startswith(f"lots{ending}")
    assert "\n" not in str(caught.value)


def test_a_condition_chooses_parcels(tmp_path: Path) -> None:
    source = with_gdal(tmp_path / "lots.gpkg", "GPKG")
    assert [p.id for p in read(PlanSpec(parcels=source, where="RJL > 3"), FRAME).parcels] == ["甲-02"]
    low = extent(PlanSpec(parcels=source, where="RJL > 3"), "EPSG:4548+5737")
    assert low == pytest.approx(LOTS[1].bounds, abs=1e-6)
    with pytest.raises(InputError, match=r'plan\.where = "RJL >< 3".*SQL on DKBH, DLMC, RJL'):
        read(PlanSpec(parcels=source, where="RJL >< 3"), FRAME)


def test_only_what_lies_near_is_read(tmp_path: Path) -> None:
    far = [shapely.transform(box(x=20000.0 * k), lambda xy: xy + ORIGIN) for k in range(50)]
    pyogrio.raw.write(tmp_path / "roads.gpkg", shapely.to_wkb(np.array(far)), [np.arange(50)], ["n"], driver="GPKG",
                      geometry_type="Polygon", crs="EPSG:4548")
    near = read_layer(str(tmp_path / "roads.gpkg"), concept="plan.roads", near=(FRAME, (-100.0, -100.0, 100.0, 100.0)))
    assert near.columns["n"].tolist() == [0]


def test_a_plan_is_the_part_of_a_large_layer_within_given_areas(tmp_path: Path) -> None:
    n = np.arange(400)
    lots = [box(x=25.0 * (k % 20), y=35.0 * (k // 20)) for k in n]
    write(tmp_path / "city.gpkg", lots, [f"L{k}" for k in n])
    site = shapely.Polygon([(20, 30), (130, 30), (130, 110), (80, 110), (80, 70), (20, 70)])      # an L
    write(tmp_path / "site.geojson", [site], ["site"])
    spec = PlanSpec(parcels=str(tmp_path / "city.gpkg"), within=str(tmp_path / "site.geojson"))
    found = read(spec, FRAME)
    expected = [f"L{k}" for k in n if site.contains(lots[k].centroid)]
    assert [p.id for p in found.parcels] == expected
    assert 0 < len(expected) < 10
    assert dict(found.understood)["within"] == f"{len(expected)} of the lots lie in site.geojson"
    assert extent(spec, "EPSG:4548+5737") == pytest.approx(
        tuple(np.array(site.bounds) + np.tile(ORIGIN[:2], 2)), abs=1e-3)
    write(tmp_path / "far.gpkg", [box(x=9000.0)], ["far"])
    with pytest.raises(InputError, match=r"city\.gpkg.*no lot in far\.gpkg"):
        read(replace(spec, within=str(tmp_path / "far.gpkg")), FRAME)


def write(path: Path, shapes: list[shapely.Polygon], numbers: list[str]) -> None:
    moved = [shapely.transform(shape, lambda xy: xy + ORIGIN) for shape in shapes]
    pyogrio.raw.write(path, shapely.to_wkb(moved), [np.array(numbers, dtype=object)], ["DKBH"],
                      geometry_type="Polygon", crs="EPSG:4548")


def test_a_file_is_read_in_slices(tmp_path: Path) -> None:
    source = with_gdal(tmp_path / "lots.gpkg", "GPKG")
    parts = list(slices(source, size=1))
    assert [columns["DKBH"].tolist() for _, columns in parts] == [["甲-01"], ["甲-02"]]
    assert [float(shapes[0].area) for shapes, _ in parts] == pytest.approx([600.0, 600.0])


def test_a_large_file_is_described_without_being_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from zonebox_converters.zoning import about, vector

    source = with_gdal(tmp_path / "lots.gpkg", "GPKG")
    small = about.about(source)
    monkeypatch.setattr(vector, "_LARGE_BYTES", 1)
    monkeypatch.setattr(about, "_FIRST", 1)
    large = about.about(source)
    assert large.extent == pytest.approx(small.extent)
    assert (large.kind, large.crs) == (small.kind, small.crs)
    facts = dict(large.rows)
    assert (facts["features"], facts["looked at"]) == ("2", "the first 1: 1 Polygon")


def test_a_city_model_in_gml_is_sent_where_it_belongs(shared_data: Path) -> None:
    from zonebox_converters.zoning.about import about

    with pytest.raises(InputError, match=r"city model.*citygml-tools"):
        about(str(shared_data / "zoning_plateau_jp" / "haneda_53392642_bldg_6697_op2.gml"))
