"""Every version of LAS, feet, degrees with heights, and headers whose numbers are wrong."""

from __future__ import annotations

from pathlib import Path

import laspy
import numpy as np
import pytest
from numpy.typing import NDArray

from converters.lidar.clouds import CRS, FRAME, plane, write
from zonebox.errors import FrameError, InputError
from zonebox.frame import Frame
from zonebox_converters import lidar

FOOT_M = 0.3048


def written(path: Path, version: str, point_format: int, points: NDArray[np.float64]) -> Path:
    header = laspy.LasHeader(version=version, point_format=point_format)
    header.scales, header.offsets = np.full(3, 0.001), np.zeros(3)
    cloud = laspy.LasData(header)
    cloud.x, cloud.y, cloud.z = points.T
    cloud.classification = np.full(len(points), 2, dtype=np.uint8)
    cloud.write(str(path))
    return path


@pytest.mark.parametrize(("version", "point_format", "ending"), [
    ("1.2", 0, "las"), ("1.2", 0, "laz"), ("1.2", 3, "laz"), ("1.3", 4, "las"), ("1.4", 1, "laz"), ("1.4", 6, "las"),
    ("1.4", 6, "laz"), ("1.4", 8, "laz")])
def test_versions_and_point_formats(tmp_path: Path, version: str, point_format: int, ending: str) -> None:
    terrain = lidar.read([written(tmp_path / f"p.{ending}", version, point_format, plane())], FRAME, crs=CRS)
    assert terrain.ground_points == 144
    assert terrain.height_at([[4.0, 7.0]]) == pytest.approx([1.2], abs=0.001)


@pytest.mark.parametrize("minor", [0, 1])
def test_the_two_oldest_versions(tmp_path: Path, minor: int) -> None:
    raw = bytearray(written(tmp_path / "p.las", "1.2", 0, plane()).read_bytes())
    raw[25] = minor                                                     # version minor, LAS 1.0 and 1.1: same layout
    (tmp_path / "old.las").write_bytes(raw)
    terrain = lidar.read([tmp_path / "old.las"], FRAME, crs=CRS)
    assert terrain.ground_points == 144


def test_feet_in_plan_and_height_become_metres(tmp_path: Path) -> None:
    frame = Frame.near("EPSG:26910+5703", (490_000.0, 4_870_000.0))
    metres = plane(at=(490_000.0, 4_870_000.0))
    from pyproj import Transformer

    to_feet = Transformer.from_crs("EPSG:26910", "EPSG:2992", always_xy=True)       # Oregon Lambert, international feet
    x, y = to_feet.transform(metres[:, 0], metres[:, 1])
    feet = np.column_stack([x, y, metres[:, 2] / FOOT_M])
    terrain = lidar.read([written(tmp_path / "feet.las", "1.2", 0, feet)], frame, crs="EPSG:2992+8228")
    assert terrain.height_at([[4.0, 7.0]]) == pytest.approx([1.2], abs=0.002)
    assert terrain.mesh.bounds[1, :2] == pytest.approx([11.0, 11.0], abs=0.01)


def test_extent_in_the_header_may_lie(tmp_path: Path) -> None:
    raw = bytearray(write(tmp_path / "p.las", plane()).read_bytes())
    raw[179:187] = np.float64(85_001.0).tobytes()                       # largest x; the points reach to 85 011
    (tmp_path / "lie.las").write_bytes(raw)
    honest = lidar.read([tmp_path / "p.las"], FRAME, crs=CRS)
    for memory in (2000.0, 0.01):
        lied = lidar.read([tmp_path / "lie.las"], FRAME, crs=CRS, memory_mb=memory)
        assert lied.mesh.bounds.tolist() == honest.mesh.bounds.tolist()


def test_more_points_promised_than_there_are(tmp_path: Path) -> None:
    raw = bytearray(write(tmp_path / "p.las", plane()).read_bytes())
    raw[107:111] = np.uint32(200).tobytes()                             # number of point records
    (tmp_path / "lie.las").write_bytes(raw)
    with pytest.raises(InputError, match=r"lie\.las: got a cut-off or damaged file \(144 of 200 points readable\)"):
        lidar.read([tmp_path / "lie.las"], FRAME, crs=CRS)


def test_tiles_of_two_references_meet_in_one_frame(tmp_path: Path) -> None:
    points = plane(40)
    west, east = points[points[:, 0] <= 85_020], points[points[:, 0] >= 85_020]
    old = east - np.array([155_000.0, 463_000.0, 0.0])
    files = [write(tmp_path / "new.las", west, horizontal=28992, vertical=5709),
             write(tmp_path / "old.las", old, horizontal=28991, vertical=5709)]
    terrain = lidar.read(files, FRAME)
    assert terrain.height_at([[10.0, 20.0], [30.0, 20.0]]) == pytest.approx([1.5, 2.5], abs=0.01)
    assert terrain.max_error_m < 0.01


def test_degrees_with_heights_are_converted(tmp_path: Path) -> None:
    lon, lat = np.meshgrid(4.36 + np.arange(12) * 1e-5, 52.01 + np.arange(12) * 1e-5)
    file = tmp_path / "degrees.las"
    header = laspy.LasHeader(version="1.2", point_format=0)
    header.scales, header.offsets = np.array([1e-8, 1e-8, 1e-3]), np.array([4.0, 52.0, 0.0])
    cloud = laspy.LasData(header)
    cloud.x, cloud.y, cloud.z = lon.ravel(), lat.ravel(), np.full(144, 2.5)
    cloud.classification = np.full(144, 2, dtype=np.uint8)
    cloud.write(str(file))
    terrain = lidar.read([file], FRAME, crs="EPSG:4258+5709")           # ETRS89 and NAP
    size = terrain.mesh.bounds[1] - terrain.mesh.bounds[0]
    east, north = 11e-5 * 111_320 * np.cos(np.radians(52.01)), 11e-5 * 111_250      # the grid turns by 0.8 degrees
    assert size[:2] == pytest.approx([east, north], rel=0.03)
    assert terrain.mesh.bounds[:, 2].tolist() == pytest.approx([2.5, 2.5], abs=0.002)
    with pytest.raises(FrameError, match="in degrees without a vertical datum"):
        lidar.read([file], FRAME, crs="EPSG:4258")


def patched(path: Path, at: int, value: bytes) -> Path:
    """Write a whole file with other bytes in its header."""
    raw = bytearray(written(path, "1.2", 3, plane()).read_bytes())
    raw[at:at + len(value)] = value
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize(("at", "value", "said"), [
    (24, bytes([2, 0]), "got LAS 2.0, want LAS 1.0 to 1.4; export the file in one of these"),
    (24, bytes([1, 5]), "got LAS 1.5, want LAS 1.0 to 1.4; export the file in one of these"),
    (107, np.uint32(100).tobytes(), (
        "got 100 points by its header and room for 144, want a header that counts all of them; repair the header, or "
        "export the file again")),
    (107, np.uint32(4_000_000_000).tobytes(), (
        "got a cut-off or damaged file (144 of 4,000,000,000 points readable), want every point its header promises; "
        "fetch the file again")),
    (131, np.float64(0.0).tobytes(), (
        "got a scale of 0 in the header, want the size of a step of its coordinates; export the file again"))])
def test_headers_with_wrong_numbers_lose_no_point_in_silence(tmp_path: Path, at: int, value: bytes, said: str) -> None:
    with pytest.raises(InputError) as caught:
        lidar.read([patched(tmp_path / "p.las", at, value)], FRAME, crs=CRS)
    assert str(caught.value) == f"p.las: {said}"


def test_a_ground_that_no_land_has_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "p.las", "1.2", 0, plane() + np.array([0, 0, 50_000.0]))
    with pytest.raises(FrameError) as caught:
        lidar.read([path], FRAME, crs=CRS)
    assert str(caught.value) == (
        "p.las: got ground at 50,001 m, want heights in EPSG:7415 Amersfoort / RD New + NAP height; "
        "check the unit of the heights, and write [terrain] crs")


@pytest.mark.parametrize("memory_mb", [2000.0, 0.02])
def test_stray_points_far_away_do_not_stretch_the_ground(tmp_path: Path, memory_mb: float) -> None:
    stray = np.array([[90_000_000.0, 447_000.0, 5.0], [85_000.0, -8_000_000.0, 3.0]])
    points = np.concatenate([plane(40), stray])
    header = laspy.LasHeader(version="1.2", point_format=0)
    header.scales, header.offsets = np.full(3, 0.05), np.zeros(3)
    cloud = laspy.LasData(header)
    cloud.x, cloud.y, cloud.z = points.T
    cloud.classification = np.full(len(points), 2, dtype=np.uint8)
    cloud.write(str(tmp_path / "p.las"))
    terrain = lidar.read([tmp_path / "p.las"], FRAME, crs=CRS, memory_mb=memory_mb)
    assert terrain.ground_points == 1600
    assert terrain.mesh.bounds[:, :2] == pytest.approx(np.array([[0.0, 0.0], [39.0, 39.0]]))
    assert terrain.notes[0] == ("p.las: its box reaches 90,311 km from the scene; points farther than 100 km are left "
                                "out")
