"""The frame against pyproj used directly, and its refusals."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyproj
import pytest

from zonebox.errors import FrameError
from zonebox.frame import Frame, check_scene_crs, crs_label, from_ecef, known_crs, lon_lat_of, metric_crs_at


def delft(shared_data: Path) -> Frame:
    return Frame.near("EPSG:7415", (84975.2, 447519.2), grid_folders=[shared_data / "geoid"])


def test_gauss_krueger_coordinates_of_a_worked_example() -> None:
    # (116.4 E, 39.9 N) in EPSG:4548 is E 448688.856, N 4418598.001; convergence -0.38488 degrees
    frame = Frame.near("EPSG:4548+5737", (448688.856, 4418598.001), vertical_shift_m=-9.92, vertical_shift_source="x")
    place = frame.world(frame.enter([[116.4, 39.9]], "EPSG:4490"))[0]
    assert place.tolist() == pytest.approx([448688.856, 4418598.001], abs=2e-3)
    assert frame.convergence_deg(frame.local([448688.856, 4418598.001])) == pytest.approx(-0.38488, abs=1e-5)
    lon, lat, height = frame.to_geographic(frame.local([[448688.856, 4418598.001, 45.0]]))[0]
    assert (lon, lat) == (pytest.approx(116.4, abs=1e-8), pytest.approx(39.9, abs=1e-8))
    assert height == pytest.approx(35.08, abs=1e-9)


def test_nap_heights_leave_through_the_geoid(shared_data: Path) -> None:
    frame = delft(shared_data)
    point = frame.local([[84975.2, 447519.2, 17.6]])
    ours = frame.to_ecef(point)[0].tolist()             # PROJ knows the grids from here on
    direct = pyproj.Transformer.from_crs("EPSG:7415", "EPSG:4978", always_xy=True, only_best=True, allow_ballpark=False)
    assert ours == pytest.approx(direct.transform(84975.2, 447519.2, 17.6), abs=1e-6)
    shift = frame.height_shift(point[0])
    assert shift.shift_m == pytest.approx(43.50, abs=0.02)      # quasi-geoid over Delft
    assert "NAP" in shift.operation
    # RD inverts its grid by iteration
    back = pyproj.Transformer.from_crs("EPSG:4978", "EPSG:7415", always_xy=True, only_best=True)
    assert back.transform(*frame.to_ecef(point)[0]) == pytest.approx((84975.2, 447519.2, 17.6), abs=5e-4)
    assert from_ecef(frame.to_ecef(point)).tolist() == [pytest.approx(frame.to_geographic(point)[0].tolist())]


def test_a_constant_shift_is_added_and_told() -> None:
    frame = Frame.near("EPSG:4548+5737", (512000, 4057000), vertical_shift_m=-6.64, vertical_shift_source="levelling")
    shift = frame.height_shift((0.0, 0.0))
    assert shift.shift_m == pytest.approx(-6.64)
    assert shift.source == "levelling"


def test_wgs84_reaches_a_frame_on_another_realisation_of_the_itrf() -> None:
    frame = Frame.near("EPSG:4548+5737", (512000, 4057000), vertical_shift_m=-6.64)
    assert np.allclose(frame.enter([[117.1, 36.6]], "EPSG:4326"), frame.enter([[117.1, 36.6]], "EPSG:4490"))


def test_the_origin_is_a_whole_kilometre_and_comes_back() -> None:
    frame = Frame.near("EPSG:7415", (84975.2, 447519.2))
    points = np.array([[84975.2, 447519.2, 1.0], [85000.0, 447000.0, -2.0]])
    assert frame.origin == (85000.0, 448000.0)
    assert frame.world(frame.local(points)).tolist() == points.tolist()


@pytest.mark.parametrize(("crs", "wanted"), [
    ("EPSG:28992", ["without a vertical datum", "EPSG:28992+5709"]),
    ("EPSG:4326+5773", ["degrees", "projected"]),
    ("EPSG:2263+6360", ["US survey foot", "metr"]),
    ("EPSG:1", ["EPSG code"]),
])
def test_a_scene_crs_that_cannot_serve_is_refused(crs: str, wanted: list[str]) -> None:
    with pytest.raises(FrameError) as caught:
        check_scene_crs(crs, where="scene.toml scene.crs")
    for word in ("scene.toml scene.crs", *wanted):
        assert word in str(caught.value)


def test_a_missing_geoid_is_an_error_not_zero_metres() -> None:
    frame = Frame.near("EPSG:4548+5737", (512000, 4057000))
    with pytest.raises(FrameError, match="vertical_shift_m"):
        frame.to_ecef([[0.0, 0.0, 0.0]])


def test_heights_of_another_datum_do_not_enter_by_guess(shared_data: Path) -> None:
    frame = Frame.near("EPSG:4548+5737", (512000, 4057000), vertical_shift_m=-6.64)
    with pytest.raises(FrameError, match="no exact operation"):
        frame.enter([[512000.0, 4057000.0, 20.0]], "EPSG:4548+5736", where="old.laz")
    assert shared_data.exists()


@pytest.mark.parametrize("text", [
    "urn:ogc:def:crs:EPSG::7415", "https://www.opengis.net/def/crs/EPSG/0/7415", "epsg:7415",
])
def test_names_of_a_crs_are_understood(text: str) -> None:
    assert known_crs(text, where="x") == "EPSG:7415"
    assert crs_label(text) == "EPSG:7415 Amersfoort / RD New + NAP height"


def test_a_missing_grid_is_an_error_not_infinity() -> None:
    """EPSG:7415 has several operations, of which PROJ picks by place: without grids it answers inf, and only then."""
    program = """
from zonebox.frame import Frame
frame = Frame.near("EPSG:7415", (85_000, 447_500))
for call, point in ((frame.to_geographic, [[0, 0, 0]]), (frame.to_ecef, [[0, 0, 0]]), (frame.height_shift, (0, 0))):
    try:
        print("no error:", call(point))
    except Exception as error:
        print(type(error).__name__, error)
"""         # in a process of its own: PROJ keeps every grid folder that a process has named
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert len(said.splitlines()) == 3
    for line in said.splitlines():
        assert line.startswith("FrameError scene.crs"), line
        assert "nl_nsgi_nlgeo2018" in line
        assert "scene.grids" in line


@pytest.mark.parametrize(("crs", "easting", "northing", "code"), [
    ("EPSG:4548", 512_000, 4_057_000, "EPSG:4548"), ("EPSG:28992", 85_000, 447_500, "EPSG:32631"),
    ("EPSG:2926", 1_200_000, 200_000, "EPSG:32610"),
])
def test_a_metric_zone_is_found_for_any_place(crs: str, easting: float, northing: float, code: str) -> None:
    lon, lat = lon_lat_of([[easting, northing]], crs)[0]
    assert metric_crs_at(float(lon), float(lat)) == code
    back = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, lat)
    np.testing.assert_allclose(back, (easting, northing), atol=3.0)


@pytest.mark.parametrize("code", [4548, 4527, 4509, 28992, 4490])
def test_a_wkt_is_what_its_authority_names(code: int) -> None:
    """WKT 1 as LAS headers have it, without AXIS: PROJ matches EPSG:4548 to EPSG:4509 by its parameters."""
    wkt = re.sub(r",AXIS\[[^\]]*\]", "", pyproj.CRS.from_epsg(code).to_wkt("WKT1_GDAL"))
    assert known_crs(wkt, where="x") == f"EPSG:{code}"
    heights = pyproj.CRS.from_epsg(5737).to_wkt("WKT1_GDAL")
    if code != 4490:
        assert known_crs(f'COMPD_CS["both",{wkt},{heights}]', where="x") == f"EPSG:{code}+5737"


def test_an_authority_that_its_parameters_contradict_is_not_believed() -> None:
    wkt = pyproj.CRS.from_epsg(4547).to_wkt("WKT1_GDAL").replace('"4547"', '"4548"')
    assert "CM 114E" in known_crs(wkt, where="x")


def test_ellipsoidal_heights_come_in_by_the_constant_that_the_scene_states() -> None:
    here = Frame.near("EPSG:4548+5737", (511000.0, 4057000.0), vertical_shift_m=-4.2, vertical_shift_source="survey")
    lon, lat = here.lon_lat([[10.0, 20.0]])[0]
    assert here.enter([[lon, lat, 30.0]], "EPSG:4979")[0] == pytest.approx([10.0, 20.0, 34.2], abs=1e-3)
    entry = here.entry("EPSG:4979", [lon, lat, 30.0])
    assert entry.operation == "constant stated in the scene"
    assert entry.height_shift_m == pytest.approx(4.2)
    silent = Frame.near("EPSG:4548+5737", (511000.0, 4057000.0))
    with pytest.raises(FrameError, match="no exact operation"):
        silent.enter([[lon, lat, 30.0]], "EPSG:4979")


@pytest.mark.data
@pytest.mark.parametrize(("scene", "source", "place", "shift"), [
    ("EPSG:7415", "EPSG:4979", (4.9, 52.37), -42.989), ("EPSG:25833+7837", "EPSG:4979", (13.4, 52.52), -39.268),
    ("EPSG:2154+5720", "EPSG:4979", (2.35, 48.85), -43.8),
])
def test_entries_record_operation_accuracy_and_shift(
    shared_data: Path, scene: str, source: str, place: tuple[float, float], shift: float
) -> None:
    frame = Frame.near(scene, (0.0, 0.0), grid_folders=[shared_data / "geoid"])
    entry = frame.entry(source, [*place, 50.0])
    assert entry.height_shift_m == pytest.approx(shift, abs=0.1)
    assert entry.operation
    assert entry.accuracy_m is None or 0 < entry.accuracy_m <= 2.0


@pytest.mark.parametrize(("scene", "source", "place", "said"), [
    ("EPSG:26915+5703", "EPSG:4979", (-93.2, 44.9, 250.0), "get the grid us_noaa_"),
    ("EPSG:7415", "EPSG:28992+7837", (85000.0, 447000.0, 3.0), "de_bkg_gcg2016.tif"),
    ("EPSG:4548+5737", "EPSG:4979", (117.1, 36.6, 30.0), "state scene.vertical_shift_m with its source"),
    ("EPSG:4548+5737", "EPSG:4548+5736", (511000.0, 4057000.0, 30.0), "give the data in the scene's CRS"),
])
def test_heights_without_a_grid_are_refused_with_its_name(
    scene: str, source: str, place: tuple[float, float, float], said: str
) -> None:
    """In a process of its own: PROJ keeps the grid folders that other tests have named."""
    code = (f"from zonebox.frame import Frame\nfrom zonebox.errors import FrameError\n"
            f"try:\n    Frame.near({scene!r}, (0, 0)).enter([{place!r}], {source!r}, where='site.las')\n"
            f"except FrameError as problem:\n    print(problem)\n")
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("site.las: got ")
    assert said in run.stdout
