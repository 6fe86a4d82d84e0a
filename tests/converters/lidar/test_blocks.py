"""Clouds that do not fit into the memory they are given: same bound, no seams, and interruptions that cost one tile."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from converters.lidar.clouds import CRS, FRAME, write
from converters.lidar.make_defects import FOLDER
from zonebox.errors import InputError
from zonebox.geometry.tin import tin_index
from zonebox_converters import lidar

SMALL_MB = 0.2


def hills(count: int = 8000, seed: int = 4) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0, 200, (count, 2))
    z = 5 * np.sin(xy[:, 0] / 20) * np.cos(xy[:, 1] / 25) + rng.normal(0, 0.02, count)
    return np.round(np.column_stack([85000 + xy[:, 0], 447000 + xy[:, 1], z]), 3)


def tiles(folder: Path, points: NDArray[np.float64]) -> list[Path]:
    """Write two tiles that overlap by ten metres."""
    west, east = points[points[:, 0] <= 85105], points[points[:, 0] >= 85095]
    return [write(folder / "a.laz", west), write(folder / "b.laz", east)]


def test_bound_holds_over_all_blocks_and_the_hull_is_covered_once(tmp_path: Path) -> None:
    points = hills()
    files = tiles(tmp_path, points)
    terrain = lidar.read(files, FRAME, crs=CRS, memory_mb=SMALL_MB)
    whole = lidar.read(files, FRAME, crs=CRS)
    local = FRAME.local(points)
    off = np.abs(tin_index(terrain.mesh).height_at(local[:, :2]) - local[:, 2])
    assert off.max() <= 0.10 + 1e-9
    assert terrain.max_error_m == pytest.approx(off.max(), abs=1e-9)
    assert terrain.rms_error_m == pytest.approx(np.sqrt((off**2).mean()), abs=1e-4)
    assert terrain.ground_points == whole.ground_points
    assert terrain.notes == whole.notes
    covered = shapely.area(shapely.polygons(terrain.mesh.corners[:, :, :2])).sum()
    assert covered == pytest.approx(shapely.convex_hull(shapely.multipoints(local[:, :2])).area, rel=1e-9)
    assert len(terrain.mesh) < 2 * len(whole.mesh)


@pytest.mark.parametrize("memory_mb", [2000.0, SMALL_MB])
def test_seams_between_tiles_and_blocks_are_closed_by_shared_vertices(tmp_path: Path, memory_mb: float) -> None:
    """Every edge belongs to two triangles but those of the convex hull, which are one ring: no gap, no T-junction."""
    points = hills()
    mesh = lidar.read(tiles(tmp_path, points), FRAME, crs=CRS, memory_mb=memory_mb).mesh
    edges = np.sort(mesh.triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    edge, count = np.unique(edges, axis=0, return_counts=True)
    assert set(count.tolist()) == {1, 2}
    rim = edge[count == 1]
    assert (np.unique(rim, return_counts=True)[1] == 2).all()
    ring = shapely.line_merge(shapely.multilinestrings(list(mesh.vertices[rim][:, :, :2])))
    hull = shapely.convex_hull(shapely.multipoints(mesh.vertices[:, :2]))
    assert shapely.get_num_geometries(ring) == 1
    assert ring.length == pytest.approx(hull.length)
    east = FRAME.world(mesh.vertices)[mesh.triangles][:, :, 0]
    assert ((east.min(1) < 85100) & (east.max(1) > 85100)).sum() > 10   # triangles cross from one tile to the other
    assert len(np.unique(np.rint(mesh.vertices[:, :2] * 1000), axis=0)) == len(mesh.vertices)


def test_interrupted_run_goes_on_at_the_tile(tmp_path: Path) -> None:
    files, cache = tiles(tmp_path, hills()), tmp_path / "cache"

    class StopError(Exception):
        pass

    def stop(done: int, total: int) -> None:
        if done == total:
            raise StopError

    with pytest.raises(StopError):
        lidar.read(files, FRAME, crs=CRS, memory_mb=SMALL_MB, cache=cache, progress=stop)
    seen: list[int] = []
    resumed = lidar.read(files, FRAME, crs=CRS, memory_mb=SMALL_MB, cache=cache,
                         progress=lambda done, _: seen.append(done))
    assert len(seen) == 1                                               # the second tile only
    fresh = lidar.read(files, FRAME, crs=CRS, memory_mb=SMALL_MB)
    assert resumed.mesh.vertices.tobytes() == fresh.mesh.vertices.tobytes()
    assert resumed.mesh.triangles.tobytes() == fresh.mesh.triangles.tobytes()
    assert resumed.notes == fresh.notes
    assert [p.suffix for p in cache.iterdir()] == [".npz"]              # the blocks are gone


@pytest.mark.parametrize("name", ["no_ground.las", "points_in_one_line.las", "cut_off.laz"])
def test_defects_are_refused_with_the_same_words(name: str) -> None:
    with pytest.raises(InputError) as plain:
        lidar.read([FOLDER / name], FRAME)
    with pytest.raises(InputError) as blocked:
        lidar.read([FOLDER / name], FRAME, memory_mb=1e-6)
    assert str(blocked.value) == str(plain.value)
