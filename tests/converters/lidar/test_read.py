"""Point clouds to terrain: closed forms, and what must not change the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from converters.lidar.clouds import CRS, FRAME, plane, write
from zonebox.frame import Frame
from zonebox_converters import lidar

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from zonebox.model.terrain import Terrain


def hills(count: int = 40, seed: int = 2) -> NDArray[np.float64]:
    """Irregular points of two hills and some noise of the instrument."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0, 100, (count * count, 2))
    z = 5 * np.sin(xy[:, 0] / 20) * np.cos(xy[:, 1] / 25) + rng.normal(0, 0.01, len(xy))
    return np.column_stack([85000 + xy[:, 0], 447000 + xy[:, 1], z])


def same(one: Terrain, other: Terrain) -> bool:
    return (one.mesh.vertices.tobytes() == other.mesh.vertices.tobytes()
            and one.mesh.triangles.tobytes() == other.mesh.triangles.tobytes()
            and (one.max_error_m, one.rms_error_m) == (other.max_error_m, other.rms_error_m))


def test_a_plane_needs_two_triangles_and_fits_to_the_scale_of_the_file(tmp_path: Path) -> None:
    terrain = lidar.read([write(tmp_path / "plane.laz", plane())], FRAME, crs=CRS)
    assert len(terrain.mesh) == 2
    assert terrain.max_error_m <= 0.001
    assert terrain.ground_points == 144
    assert terrain.height_at([[4.0, 7.0], [11.0, 11.0]]) == pytest.approx([1.2, 1.55], abs=0.001)


def test_every_point_is_within_the_stated_error_and_triangles_look_up(tmp_path: Path) -> None:
    points = hills()
    terrain = lidar.read([write(tmp_path / "hills.las", points)], FRAME, crs=CRS, max_error_m=0.05)
    local = FRAME.local(np.round(points, 3))
    off = np.abs(terrain.height_at(local[:, :2]) - local[:, 2])
    assert off.max() <= 0.05
    assert terrain.max_error_m == pytest.approx(off.max(), abs=1e-9)
    assert terrain.rms_error_m == pytest.approx(np.sqrt((off**2).mean()), abs=1e-9)
    corners = terrain.mesh.corners
    assert (np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2] > 0).all()


def test_a_looser_bound_needs_fewer_triangles(tmp_path: Path) -> None:
    file = write(tmp_path / "hills.las", hills())
    counts = [len(lidar.read([file], FRAME, crs=CRS, max_error_m=e).mesh) for e in (0.02, 0.1, 0.5, 20.0)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > 10 * counts[2]


def test_nothing_beyond_the_convex_hull_and_no_hole_inside(tmp_path: Path) -> None:
    points = hills()
    inner = (np.abs(points[:, :2] - (85050, 447050)) < 30).all(1)       # a big building without ground under it
    terrain = lidar.read([write(tmp_path / "ring.las", points[~inner])], FRAME, crs=CRS)
    assert np.isfinite(terrain.height_at([[50.0, 50.0], [30.0, 70.0]])).all()
    assert np.isnan(terrain.height_at([[-1.0, 50.0], [50.0, 101.0]])).all()


def test_order_and_tiling_leave_no_trace(tmp_path: Path) -> None:
    points = hills()
    whole = lidar.read([write(tmp_path / "whole.las", points)], FRAME, crs=CRS)
    west = points[:, 0] <= 85055
    east = points[:, 0] >= 85045                                        # the tiles overlap by ten metres
    tiles = [write(tmp_path / "west.laz", points[west][::-1]), write(tmp_path / "east.las", points[east])]
    assert same(whole, lidar.read(tiles, FRAME, crs=CRS))
    assert same(whole, lidar.read(tiles[::-1], FRAME, crs=CRS))
    folder = tmp_path / "tiles"
    folder.mkdir()
    for tile in tiles:
        tile.rename(folder / tile.name)
    assert same(whole, lidar.read([folder], FRAME, crs=CRS))


def test_only_ground_counts_and_of_two_points_at_one_place_the_lower(tmp_path: Path) -> None:
    ground = plane()
    up = np.array([0.0, 0.0, 1.0])
    twin, tree, low_noise, high_noise = (ground[66:67] + 3 * up, ground[5:9] + 8 * up, ground[:9] - 40 * up,
                                         ground[20:30] + 300 * up)
    points = np.concatenate([ground, twin, tree, low_noise, high_noise])
    kind = np.repeat([2, 2, 5, 7, 18], [144, 1, 4, 9, 10])
    terrain = lidar.read([write(tmp_path / "mixed.las", points, kind)], FRAME, crs=CRS)
    assert len(terrain.mesh) == 2
    assert terrain.notes == (
        "145 of 168 points are ground: 2 ground (145), 5 high vegetation (4), 7 low noise (9), 18 high noise (10)",
        "1 ground point stood at the place of another; the lower one was kept")


def test_header_alone_says_where_by_keys_or_by_text(tmp_path: Path) -> None:
    stated = lidar.read([write(tmp_path / "none.las", plane())], FRAME, crs=CRS)
    keys = lidar.read([write(tmp_path / "keys.las", plane(), horizontal=28992, vertical=5709)], FRAME)
    text = lidar.read([write(tmp_path / "text.laz", plane(), wkt=CRS, version="1.4")], FRAME)
    flat = lidar.read([write(tmp_path / "flat.las", plane(), horizontal=28992)], FRAME)
    assert same(stated, keys)
    assert same(stated, text)
    assert same(stated, flat)
    assert flat.notes[0] == ("flat.las: EPSG:28992 Amersfoort / RD New says nothing about heights; "
                             "they are taken as NAP height, the scene's datum")
    assert len(keys.notes) == len(text.notes) == 1


def test_another_grid_of_the_same_datum_is_converted_on_entry(tmp_path: Path) -> None:
    shifted = plane() - np.array([155_000.0, 463_000.0, 0.0])
    terrain = lidar.read([write(tmp_path / "old.las", shifted)], FRAME, crs="EPSG:28991+5709")
    np.testing.assert_allclose(terrain.mesh.bounds[0], [0.0, 0.0, 1.0], atol=0.01)


def test_progress_counts_decoded_points(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    tiles = [write(tmp_path / f"{k}.laz", plane(at=(85000.0 + 20 * k, 447000.0))) for k in range(3)]
    lidar.read(tiles, FRAME, crs=CRS, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(144, 432), (288, 432), (432, 432)]


def test_cache_answers_the_same_and_survives_damage(tmp_path: Path) -> None:
    file, cache = write(tmp_path / "hills.las", hills()), tmp_path / "cache"
    fresh = lidar.read([file], FRAME, crs=CRS, cache=cache)
    (kept,) = cache.iterdir()
    seen: list[int] = []
    again = lidar.read([file], FRAME, crs=CRS, cache=cache, progress=lambda done, _: seen.append(done))
    assert same(fresh, again)
    assert (again.notes, again.source, again.ground_points) == (fresh.notes, fresh.source, fresh.ground_points)
    assert not seen                                                     # nothing was decoded
    whole = kept.read_bytes()
    for damage in (b"", b"no archive", whole[:-300], whole[:200] + b"\0" * 50 + whole[250:]):
        kept.write_bytes(damage)
        assert same(fresh, lidar.read([file], FRAME, crs=CRS, cache=cache))
        assert kept.read_bytes() == whole                               # rebuilt, to the same bytes


def test_cache_is_missed_when_anything_differs(tmp_path: Path) -> None:
    file, cache = write(tmp_path / "hills.las", hills()), tmp_path / "cache"
    lidar.read([file], FRAME, crs=CRS, cache=cache)
    lidar.read([file], FRAME, crs=CRS, cache=cache, max_error_m=0.2)
    lidar.read([file], Frame.near(CRS, (90000.0, 447000.0)), crs=CRS, cache=cache)
    write(file, hills(seed=3))
    lidar.read([file], FRAME, crs=CRS, cache=cache)
    assert len(list(cache.iterdir())) == 4


def test_a_cache_that_cannot_be_written_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert len(lidar.read([write(tmp_path / "p.las", plane())], FRAME, crs=CRS, cache=tmp_path / "cache").mesh) == 2
