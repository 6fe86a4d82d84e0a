"""Ground of clouds without classes, and water."""

from __future__ import annotations

from pathlib import Path

import laspy
import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from converters.lidar.clouds import CRS, FRAME, write
from zonebox.errors import FrameError, InputError
from zonebox.frame import Frame
from zonebox.geometry.mesh import Mesh
from zonebox.model.terrain import Terrain
from zonebox_converters import lidar
from zonebox_converters.lidar import unclassified, water

AT = np.array([85000.0, 447000.0, 0.0])


def town(seed: int = 1) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Scan a slope with four houses and a few trees; the second value tells the ground."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0, 100, (40_000, 2))
    z = 0.05 * xy[:, 0] + rng.normal(0, 0.02, len(xy))
    ground = np.ones(len(xy), dtype=np.bool_)
    for x, y in ((20, 20), (70, 25), (25, 70), (70, 70)):
        house = (np.abs(xy - (x, y)) < (9, 6)).all(1)
        z[house] += 8.0
        ground &= ~house
    tree = (np.hypot(*(xy - (48, 48)).T) < 4) & (rng.uniform(size=len(xy)) < 0.7)
    z[tree] += rng.uniform(2, 9, int(tree.sum()))
    return np.column_stack([xy, z]), ground & ~tree


def edges_once_or_twice(mesh: Mesh) -> bool:
    t = np.sort(np.concatenate([mesh.triangles[:, :2], mesh.triangles[:, 1:], mesh.triangles[:, ::2]]), axis=1)
    return bool(np.unique(t, axis=0, return_counts=True)[1].max() <= 2)


def test_ground_is_found_under_houses_and_trees() -> None:
    points, ground = town()
    found = unclassified.ground_among(points)
    assert (ground & ~found).sum() < 0.02 * ground.sum()
    assert (found & ~ground).sum() < 0.02 * (~ground).sum()


def test_lonely_points_are_noise(capfd: pytest.CaptureFixture[str]) -> None:
    points, _ = town()
    low = np.array([[50.0, 20.0, -30.0], [10.0, 90.0, -12.0], [60.0, 60.0, 80.0]])
    both = np.concatenate([points, low])
    assert unclassified.lonely(both)[-3:].all()
    assert not unclassified.ground_among(both)[-3:].any()
    assert capfd.readouterr().out == ""                                 # the library's chatter stays out of the report


def test_a_cloud_without_classes_becomes_ground_and_says_so(tmp_path: Path) -> None:
    points, ground = town()
    whole = lidar.read([write(tmp_path / "known.laz", points + AT, np.where(ground, 2, 1))], FRAME, crs=CRS)
    bare = lidar.read([write(tmp_path / "bare.laz", points + AT, 1)], FRAME, crs=CRS)
    xy = np.random.default_rng(9).uniform(2, 98, (4000, 2))
    off = bare.height_at(xy) - whole.height_at(xy)
    assert float(np.sqrt((off**2).mean())) < 0.08
    assert np.abs(off).max() < 0.5                                      # no house stands up in it
    assert any("of 40,000 unclassified points are taken as ground" in note for note in bare.notes)


def test_only_the_tiles_without_ground_are_classified(tmp_path: Path) -> None:
    points, ground = town()
    west = points[:, 0] < 50
    files = [write(tmp_path / "a.laz", points[west] + AT, np.where(ground[west], 2, 6)),
             write(tmp_path / "b.laz", points[~west] + AT, 0)]
    terrain = lidar.read(files, FRAME, crs=CRS)
    assert any(f"of {(~west).sum():,} unclassified points" in note for note in terrain.notes)
    assert terrain.ground_points > 0.95 * ground.sum()


def test_block_by_block_the_cloth_finds_the_same(tmp_path: Path) -> None:
    points, _ = town()
    files = [write(tmp_path / f"{k}.laz", points[part] + AT, 1)
             for k, part in enumerate((points[:, 0] < 50, points[:, 0] >= 50))]
    memory = lidar.read(files, FRAME, crs=CRS)
    blocks = lidar.read(files, FRAME, crs=CRS, memory_mb=4.0)
    assert abs(blocks.ground_points - memory.ground_points) < 0.01 * memory.ground_points
    xy = np.random.default_rng(9).uniform(2, 98, (4000, 2))
    assert np.abs(blocks.height_at(xy) - memory.height_at(xy)).max() < 0.5


@pytest.mark.data
def test_errors_on_a_real_survey(shared_data: Path) -> None:
    cloud = laspy.read(shared_data / "site_delft" / "ahn3_cropped_2.laz")
    kind, found = np.asarray(cloud.classification), unclassified.ground_among(cloud.xyz)
    ground, other = kind == 2, ~np.isin(kind, [2, 7, 9, 17, 18, 26])
    assert (ground & ~found).sum() / ground.sum() < 0.06                # type I
    assert (other & found).sum() / other.sum() < 0.04                   # type II


def test_water_points_become_level(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    xy = rng.uniform(0, 80, (12_000, 2))
    wet = np.hypot(*(xy - 40).T) < 20
    z = np.where(wet, -0.4 + rng.normal(0, 0.05, len(xy)), 1.0)
    terrain = lidar.read([write(tmp_path / "pond.laz", np.column_stack([xy, z]) + AT, np.where(wet, 9, 2))], FRAME,
                         crs=CRS)
    turn = np.linspace(0, 2 * np.pi, 50)
    heights = terrain.height_at(np.column_stack([40 + 15 * np.cos(turn), 40 + 15 * np.sin(turn)]))
    assert np.ptp(heights) < 1e-9
    assert heights[0] == pytest.approx(-0.4, abs=0.01)
    assert terrain.ground_points == (~wet).sum()


def test_a_river_that_runs_downhill_is_left_alone() -> None:
    river = np.column_stack([np.arange(0, 400, 2.0), np.zeros(200), np.arange(0, 400, 2.0) * 0.01])
    np.testing.assert_array_equal(water.levelled(river), river)


def test_outline_of_water_is_laid_level_at_its_low_shore(tmp_path: Path) -> None:
    ground = Terrain(mesh=Mesh(vertices=np.array([[0, 0, 2.0], [60, 0, 2], [60, 60, 5], [0, 60, 5]]),
                               triangles=np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32)),
                     source="t", max_error_m=0.0, rms_error_m=0.0, ground_points=4)
    made = lidar.flattened(ground, [shapely.box(20, 20, 40, 40), shapely.box(200, 0, 210, 9)])
    level = made.height_at([[21, 21], [30, 30], [39, 39]])
    assert np.ptp(level) < 1e-9
    assert 3.0 <= level[0] < 3.1                                        # the south shore is the lowest, at 3 m
    assert made.height_at([[10, 10]]) == pytest.approx([2.5])
    assert edges_once_or_twice(made.mesh)
    assert made.notes[-2:] == (f"water 1: 400 m² laid level at {level[0]:.2f} m",
                               "water 2: the terrain does not reach it; it is not flattened")


@pytest.mark.data
def test_canals_of_delft(shared_data: Path) -> None:
    frame = Frame.near("EPSG:7415", (84975.2, 447519.2))
    folder = shared_data / "site_delft"
    terrain = lidar.read([folder / "ahn3_cropped_1.laz", folder / "ahn3_cropped_2.laz"], frame, crs="EPSG:7415")
    outlines = lidar.read_outlines(str(folder / "bgt" / "bgt_waterdeel.sqlite"), "", frame)
    made = lidar.flattened(terrain, outlines)
    largest = max(outlines, key=lambda body: body.area)
    low, high = made.index.range_over(largest.buffer(-0.1).intersection(shapely.box(*terrain.mesh.bounds[:, :2].ravel())
                                                                        .buffer(-1)))
    assert low == pytest.approx(high, abs=1e-6)
    assert low == pytest.approx(-0.448, abs=0.10)                       # median of the water points
    assert edges_once_or_twice(made.mesh)


def test_outlines_that_are_none(tmp_path: Path) -> None:
    file = tmp_path / "lines.geojson"
    file.write_text('{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": '
                    '{"type": "LineString", "coordinates": [[4.36, 52.0], [4.37, 52.0]]}}]}')
    with pytest.raises(InputError, match=r"lines\.geojson: got no polygon, want polygons of water"):
        lidar.read_outlines(str(file), "", FRAME)
    with pytest.raises(InputError, match=r"gone\.gpkg: got no layer that can be read"):
        lidar.read_outlines(str(tmp_path / "gone.gpkg"), "", FRAME)
    assert issubclass(FrameError, InputError)
