"""The frame against pyproj used directly, and its refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyproj
import pytest

from zonebox.errors import FrameError
from zonebox.frame import Frame, check_scene_crs, crs_label, from_ecef, known_crs


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
