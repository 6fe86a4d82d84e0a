"""Parcels and roads out of PostGIS."""

from __future__ import annotations

import psycopg
import pytest
import shapely

from converters.zoning.plans import FRAME, ORIGIN, box
from zonebox.errors import InputError
from zonebox_converters.zoning import PlanSpec, extent, read
from zonebox_converters.zoning.vector import read_layer

Database = tuple[str, psycopg.Connection]
LOTS = [shapely.transform(box(x=25 * k), lambda xy: xy + ORIGIN) for k in range(2)]


@pytest.fixture
def parcels(database: Database) -> Database:
    """Two lots as PostGIS itself stores them."""
    _, base = database
    base.execute("CREATE TABLE lots (id serial, \"DKBH\" text, rjl numeric(4,2), jzmd integer, jzgd double precision, "
                 "pfsj date, geom geometry(MultiPolygon, 4548))")
    for lot, row in zip(LOTS, (("甲-01", 2.5, 35, 54.0, "2025-03-01"), ("甲-02", None, 50, 80.5, None)), strict=True):
        base.execute("INSERT INTO lots (\"DKBH\", rjl, jzmd, jzgd, pfsj, geom) VALUES (%s, %s, %s, %s, %s, "
                     "ST_Multi(ST_GeomFromText(%s, 4548)))", (*row, lot.wkt))
    return database


def test_a_plan_out_of_a_database(parcels: Database) -> None:
    url = f"{parcels[0]}&table=lots"
    found = read(PlanSpec(parcels=url), FRAME)
    assert [p.id for p in found.parcels] == ["甲-01", "甲-02"]
    limits = [{str(c.kind): c.limit for c in found.controls_of(p.id)} for p in found.parcels]
    assert limits == [{"far": 2.5, "coverage": 0.35, "height": 54.0}, {"coverage": 0.5, "height": 80.5}]
    assert [p.shape.area for p in found.parcels] == pytest.approx([600.0, 600.0])
    assert extent(PlanSpec(parcels=url), "EPSG:4548+5737") == pytest.approx(tuple(shapely.total_bounds(LOTS)), abs=1e-6)


def test_a_condition_chooses_rows(parcels: Database) -> None:
    url = f"{parcels[0]}&table=lots"
    assert [p.id for p in read(PlanSpec(parcels=url, where="jzgd > 60 AND \"DKBH\" LIKE '甲%'"), FRAME).parcels] == [
        "甲-02"]
    with pytest.raises(InputError, match=r'plan\.where = "heigth > 1".*SQL on id, DKBH, rjl'):
        read(PlanSpec(parcels=url, where="heigth > 1"), FRAME)


def test_only_what_lies_near_is_fetched(parcels: Database) -> None:
    near = read_layer(f"{parcels[0]}&table=lots", near=(FRAME, (-5.0, -5.0, 5.0, 5.0)))
    assert near.columns["DKBH"].tolist() == ["甲-01"]


def test_no_user_no_password_in_anything(parcels: Database) -> None:
    url = f"{parcels[0]}&table=lots"
    password = url.partition("://")[2].partition("@")[0].partition(":")[2]
    found = read(PlanSpec(parcels=url), FRAME)
    assert password not in repr(found)
    assert "zonebox:" not in found.source
    host = parcels[0].partition("@")[2].partition("?")[0]
    assert found.source == f"postgresql://{host}:{parcels[0].partition('search_path%3D')[2].partition(',')[0]}.lots"
    for wrong in (f"{parcels[0]}&table=plots", parcels[0], url.replace(password, "hunter2"), url + "&geom=shape",
                  url.replace(f"@{host}", "@127.0.0.1:1/city")):
        with pytest.raises(InputError) as caught:
            read(PlanSpec(parcels=wrong), FRAME)
        assert password not in str(caught.value)
        assert "hunter2" not in str(caught.value)
        assert "\n" not in str(caught.value)


def test_what_is_wrong_with_a_database_is_said(parcels: Database) -> None:
    base = parcels[1]
    url = parcels[0]
    with pytest.raises(InputError, match=r'no table "plots", want one of its tables with geometry: .*lots'):
        read(PlanSpec(parcels=f"{url}&table=plots"), FRAME)
    with pytest.raises(InputError, match=r"a database and no table, want \?table=NAME"):
        read(PlanSpec(parcels=url), FRAME)
    base.execute("CREATE TABLE two (\"DKBH\" text, a geometry(Polygon, 4548), b geometry(Polygon, 4548))")
    with pytest.raises(InputError, match=r"2 geometry columns, want one of: a, b; name it in the URL: &geom=NAME"):
        read(PlanSpec(parcels=f"{url}&table=two"), FRAME)
    base.execute("CREATE TABLE bare (\"DKBH\" text, geom geometry(Polygon))")
    base.execute("INSERT INTO bare VALUES ('A', ST_GeomFromText(%s))", (LOTS[0].wkt,))
    with pytest.raises(InputError, match=r"got no CRS.*EPSG:4534 to EPSG:4554"):
        read(PlanSpec(parcels=f"{url}&table=bare"), FRAME)
    assert len(read(PlanSpec(parcels=f"{url}&table=bare", crs="EPSG:4548"), FRAME).parcels) == 1
    base.execute("CREATE TABLE nothing (\"DKBH\" text, geom geometry(Polygon, 4548))")
    with pytest.raises(InputError, match=r"got a table without rows"):
        read(PlanSpec(parcels=f"{url}&table=nothing"), FRAME)
