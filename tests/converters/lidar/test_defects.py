"""Every defective file is refused with one sentence: where, what was found, what is wanted, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from converters.lidar.clouds import CRS, FRAME
from converters.lidar.make_defects import FOLDER, make
from zonebox.errors import FrameError, InputError
from zonebox_converters import lidar

if TYPE_CHECKING:
    from pathlib import Path

FETCH = "fetch the file again"
AROUND = "give the tiles around the site as well"

TABLE = {
    "empty_file.las": (
        InputError, f"empty_file.las: got an empty file (0 bytes), want a LAS, LAZ or COPC file; {FETCH}"),
    "text_file.las": (InputError, (
        "text_file.las: got no readable LAS header (Invalid file signature \"b'x,y,'\"), "
        f"want a LAS, LAZ or COPC file; check that this is a point cloud, or {FETCH}")),
    "no_points.las": (
        InputError, "no_points.las: got a header and 0 points, want points; leave the file out of the scene"),
    "one_point.las": (InputError, f"one_point.las: got 1 ground point, want at least three; {AROUND}"),
    "points_in_one_line.las": (InputError, (
        "points_in_one_line.las: got 8 ground points in one line, want points that span a surface; "
        f"{AROUND}")),
    "cut_off.laz": (InputError, (
        "cut_off.laz: got a cut-off or damaged file (0 of 1,600 points readable), "
        f"want every point its header promises; {FETCH}")),
    "cut_off.las": (InputError, (
        "cut_off.las: got a cut-off or damaged file (0 of 400 points readable), "
        f"want every point its header promises; {FETCH}")),
    "scale_is_no_number.las": (InputError, (
        "scale_is_no_number.las: got scale, offset or extent that is not a number in the header, "
        "want finite numbers; export the file again")),
    "no_crs.las": (FrameError, (
        "no_crs.las: got no CRS in the header, want the reference of its coordinates; "
        'write [terrain] crs = "EPSG:…" in the scene, e.g. crs = "EPSG:7415"; they look like EPSG:28992 '
        "(Amersfoort / RD New)")),
    "unknown_crs.las": (FrameError, (
        'unknown_crs.las: got "EPSG:29999", want a CRS that PROJ knows; '
        'write an EPSG code such as "EPSG:4548+5737"')),
    "no_vertical_datum.las": (FrameError, (
        "no_vertical_datum.las: got EPSG:28991 Amersfoort / RD Old without a vertical datum, "
        'want heights that can be brought to NAP height; write [terrain] crs = "EPSG:horizontal+vertical", '
        "or reproject the file to the scene's CRS")),
    "degrees.las": (FrameError, (
        "degrees.las: got EPSG:4326 WGS 84 in degrees without a vertical datum, "
        'want heights that can be brought to NAP height; write [terrain] crs = "EPSG:horizontal+vertical", '
        "or reproject the file to the scene's CRS")),
    "absurd_coordinates.las": (FrameError, (
        "absurd_coordinates.las: got coordinates around (985,004, -452,996), 1,273 km from the scene, "
        "want a cloud of the scene's place in EPSG:28992 Amersfoort / RD New; "
        "check the file's CRS, its units and the order of its axes")),
    "axes_swapped.las": (FrameError, (
        "axes_swapped.las: got coordinates around (447,004, 85,004), 512 km from the scene, "
        "want a cloud of the scene's place in EPSG:28992 Amersfoort / RD New; "
        "check the file's CRS, its units and the order of its axes")),
    "no_ground.las": (InputError, (
        "no_ground.las: got points of class 5 high vegetation (20), 6 building (44), none of them unclassified, "
        f"want ground, class 2, or unclassified points; {AROUND}")),
    "all_one_class.las": (InputError, (
        "all_one_class.las: got points of class 1 unclassified (36), 36 of them unclassified, too few to find ground "
        f"among, want ground, class 2, or unclassified points; {AROUND}")),
    "two_crs_in_one_header.las": (FrameError, (
        "two_crs_in_one_header.las: got two CRS in the header, EPSG:28991 Amersfoort / RD Old as text and "
        "EPSG:28992 Amersfoort / RD New as GeoTIFF keys, want one reference; "
        "find out which is right and correct the header")),
    "all_noise.las": (InputError, (
        "all_noise.las: got points of class 7 low noise (64), none of them unclassified, "
        f"want ground, class 2, or unclassified points; {AROUND}")),
}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_defect_is_refused_in_one_sentence(name: str) -> None:
    kind, sentence = TABLE[name]
    with pytest.raises(InputError) as caught:
        lidar.read([FOLDER / name], FRAME)
    assert str(caught.value) == sentence
    assert type(caught.value) is kind


def test_header_that_contradicts_the_scene() -> None:
    with pytest.raises(FrameError) as caught:
        lidar.read([FOLDER / "header_contradicts_scene.las"], FRAME, crs=CRS)
    assert str(caught.value) == (
        "header_contradicts_scene.las: got EPSG:28991 Amersfoort / RD Old in the header and EPSG:7415 Amersfoort / "
        "RD New + NAP height in the scene, 488,256.08 m apart, want one reference; "
        "remove [terrain] crs if the header is right, else correct the header")


def test_missing_file_empty_folder_and_senseless_tolerance(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.laz: got no such file"):
        lidar.read([tmp_path / "gone.laz"], FRAME)
    with pytest.raises(InputError, match=r"got a folder without \.las or \.laz"):
        lidar.read([tmp_path], FRAME)
    with pytest.raises(InputError, match=r"terrain\.points: got no file"):
        lidar.read([], FRAME)
    with pytest.raises(InputError, match=r"terrain\.max_error_m: got nan, want a height above 0 m"):
        lidar.read([FOLDER / "no_crs.las"], FRAME, max_error_m=float("nan"))


def test_one_bad_tile_among_good_ones_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.las").write_bytes((FOLDER / "no_crs.las").read_bytes())
    (tmp_path / "b.laz").write_bytes((FOLDER / "cut_off.laz").read_bytes())
    with pytest.raises(InputError, match=r"^b\.laz: got a cut-off"):
        lidar.read([tmp_path], FRAME, crs=CRS)


def test_files_are_what_the_generator_writes(tmp_path: Path) -> None:
    make(tmp_path)
    names = sorted(path.name for path in FOLDER.iterdir())
    assert names == sorted(path.name for path in tmp_path.iterdir())
    assert {*TABLE, "header_contradicts_scene.las"} == set(names)
    for name in names:
        assert (FOLDER / name).read_bytes() == (tmp_path / name).read_bytes(), name
        assert (FOLDER / name).stat().st_size <= 20_000
