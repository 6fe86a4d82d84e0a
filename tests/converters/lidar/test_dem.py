"""Elevation rasters to terrain: place, unit, nodata, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.interpolate import LinearNDInterpolator

from converters.lidar.clouds import CRS, FRAME
from zonebox.errors import FrameError, InputError
from zonebox.frame import Frame
from zonebox_converters import lidar


def grid(path: Path, heights: NDArray[np.float64], *, corner: tuple[float, float] = (85000.0, 447000.0),
         step: float = 0.5, where: str = "corner") -> Path:
    """Write an ESRI ASCII grid."""
    rows, columns = heights.shape
    head = [f"ncols {columns}", f"nrows {rows}", f"xll{where} {corner[0]}", f"YLL{where.upper()} {corner[1]}",
            f"cellsize {step}", "NODATA_value -9999"]
    path.write_text("\n".join([*head, *(" ".join(f"{v:.6f}" for v in row) for row in heights)]))
    return path


def ramp(rows: int = 20, columns: int = 30, step: float = 0.5) -> NDArray[np.float64]:
    """Heights of z = 1 + 0.1 east + 0.2 north at the middle of cells, north on top."""
    east, north = np.meshgrid((np.arange(columns) + 0.5) * step, (np.arange(rows)[::-1] + 0.5) * step)
    return np.asarray(1.0 + 0.1 * east + 0.2 * north)


def test_ascii_grid_stands_at_the_middle_of_its_cells(tmp_path: Path) -> None:
    terrain = lidar.read_dem([grid(tmp_path / "a.asc", ramp())], FRAME, crs=CRS)
    assert len(terrain.mesh) == 2
    assert terrain.height_at([[5.0, 5.0], [0.25, 9.75]]) == pytest.approx([2.5, 2.975], abs=1e-6)
    assert np.isnan(terrain.height_at([[0.2, 5.0]])).all()
    centre = lidar.read_dem([grid(tmp_path / "c.asc", ramp(), corner=(85000.25, 447000.25), where="center")], FRAME,
                            crs=CRS)
    assert centre.mesh.vertices == pytest.approx(terrain.mesh.vertices)


def test_cells_without_height_are_bridged_and_counted(tmp_path: Path) -> None:
    heights = ramp()
    heights[5:9, 5:9] = -9999.0
    terrain = lidar.read_dem([grid(tmp_path / "a.asc", heights)], FRAME, crs=CRS)
    assert terrain.ground_points == 584
    assert terrain.notes[-1] == "a.asc: 16 of 600 cells hold no height; they are bridged"
    assert terrain.height_at([[3.5, 6.5]]) == pytest.approx([2.65], abs=1e-6)


def test_tiles_side_by_side_are_one_surface(tmp_path: Path) -> None:
    whole = ramp()
    west = grid(tmp_path / "w.asc", whole[:, :15])
    east = grid(tmp_path / "e.asc", whole[:, 14:], corner=(85007.0, 447000.0))
    both, one = (lidar.read_dem(files, FRAME, crs=CRS) for files in ([west, east], [grid(tmp_path / "a.asc", whole)]))
    assert both.mesh.vertices.tobytes() == one.mesh.vertices.tobytes()
    assert both.ground_points == 600


def waves(rows: int = 120, columns: int = 90) -> NDArray[np.float64]:
    """Heights of a rolling field with a pit, which no coarse surface can carry."""
    x, y = np.meshgrid(np.arange(columns), np.arange(rows))
    return np.asarray(3 * np.sin(x / 9) + 2 * np.cos(y / 7) - np.where(np.hypot(x - 40, y - 60) < 12, 1.5, 0.0))


@pytest.mark.parametrize("memory_mb", [2000.0, 0.2])
def test_a_second_run_reads_no_raster(
    tmp_path: Path, memory_mb: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, cache = [grid(tmp_path / "a.asc", waves())], tmp_path / "cache"
    first = lidar.read_dem(files, FRAME, crs=CRS, cache=cache, memory_mb=memory_mb)
    assert [p.suffix for p in cache.iterdir()] == [".npz"]

    def fails(path: Path) -> None:
        raise AssertionError(path)

    with monkeypatch.context() as patch:
        patch.setattr("zonebox_converters.lidar.dem.read_raster", fails)
        again = lidar.read_dem(files, FRAME, crs=CRS, cache=cache, memory_mb=memory_mb)
        with pytest.raises(AssertionError):
            lidar.read_dem(files, FRAME, crs=CRS, cache=cache, memory_mb=memory_mb, max_error_m=0.2)
    assert again.mesh.vertices.tobytes() == first.mesh.vertices.tobytes()
    assert (again.notes, again.entries, again.rms_error_m) == (first.notes, first.entries, first.rms_error_m)
    grid(files[0], waves() + 1.0)
    other = lidar.read_dem(files, FRAME, crs=CRS, cache=cache, memory_mb=memory_mb)
    assert other.mesh.vertices[:, 2].max() == pytest.approx(first.mesh.vertices[:, 2].max() + 1.0)


def test_rasters_beyond_the_memory_keep_the_bound_and_resume_at_the_raster(tmp_path: Path) -> None:
    heights = waves()
    north = grid(tmp_path / "n.asc", heights[:60], corner=(85000.0, 447030.0))
    south = grid(tmp_path / "s.asc", heights[60:])
    whole = lidar.read_dem([north, south], FRAME, crs=CRS)
    cache = tmp_path / "cache"

    class StopError(Exception):
        pass

    def stop(done: int, total: int) -> None:
        if done == total:
            raise StopError

    with pytest.raises(StopError):
        lidar.read_dem([north, south], FRAME, crs=CRS, memory_mb=0.2, cache=cache, progress=stop)
    seen: list[int] = []
    made = lidar.read_dem([north, south], FRAME, crs=CRS, memory_mb=0.2, cache=cache,
                          progress=lambda done, _: seen.append(done))
    assert seen == [60 * 90]                                            # the second raster only
    east, up = (np.arange(90) + 0.5) * 0.5, (np.arange(120)[::-1] + 0.5) * 0.5
    xy = np.stack(np.meshgrid(east, up), axis=-1).reshape(-1, 2)
    off = np.abs(LinearNDInterpolator(made.mesh.vertices[:, :2], made.mesh.vertices[:, 2])(xy) - heights.ravel())
    assert np.abs(made.height_at(xy) - heights.ravel()).max() <= 0.10 + 1e-6
    assert np.nanquantile(off, 0.99) <= 0.10                            # Delaunay's own edges may differ on circles
    assert made.ground_points == whole.ground_points == heights.size
    assert made.notes == whole.notes


def test_a_grid_takes_its_crs_from_the_file_beside_it(tmp_path: Path) -> None:
    import pyproj

    path = grid(tmp_path / "a.asc", ramp())
    (tmp_path / "a.prj").write_text(pyproj.CRS(28992).to_wkt("WKT1_ESRI"))
    with pytest.raises(FrameError, match=r"a\.asc: got .*without a vertical datum"):
        lidar.read_dem([path], Frame.near("EPSG:32631+5773", (594_000.0, 5_763_000.0)))
    assert len(lidar.read_dem([path], FRAME).mesh) == 2


def test_feet_become_metres_in_plan_and_height(tmp_path: Path) -> None:
    frame = Frame.near("EPSG:26910+5703", (400_000.0, 4_500_000.0))
    east, north = frame.world([[100.0, 100.0]])[0]
    import pyproj

    feet = pyproj.Transformer.from_crs("EPSG:26910", "EPSG:2225", always_xy=True).transform(east, north)
    file = grid(tmp_path / "feet.asc", np.full((5, 5), 328.0833333), corner=feet, step=10.0)
    terrain = lidar.read_dem([file], frame, crs="EPSG:2225+6360")
    assert terrain.mesh.vertices[:, 2] == pytest.approx(100.0, abs=1e-4)
    extent = np.ptp(terrain.mesh.vertices[:, :2], axis=0)
    assert np.hypot(*extent) == pytest.approx(40 * 0.3048 * np.sqrt(2), rel=0.05)


@pytest.mark.data
def test_geotiff_of_delft_speaks_for_itself(shared_data: Path) -> None:
    frame = Frame.near("EPSG:7415", (84975.2, 447519.2))
    path = shared_data / "site_delft" / "delft_dtm_0.5m.tif"
    terrain = lidar.read_dem([path], frame)
    assert terrain.ground_points == 529 * 458
    assert terrain.max_error_m <= 0.10
    with Image.open(path) as image:
        heights = np.array(image)
    x, y = 84808.0 + 200.5 * 0.5, 447641.5 - 100.5 * 0.5                # column 200, row 100
    assert terrain.height_at(frame.local([[x, y]]))[0] == pytest.approx(float(heights[100, 200]), abs=0.1)
    points = lidar.read([shared_data / "site_delft" / f"ahn3_cropped_{k}.laz" for k in (1, 2)], frame, crs="EPSG:7415")
    ask = np.random.default_rng(0).uniform([-180, -580], [60, -360], (5000, 2))
    off = np.abs(points.height_at(ask) - terrain.height_at(ask))
    assert np.nanmedian(off) < 0.05                                     # half a cell of misplacement would show


@pytest.mark.data
def test_degrees_without_a_vertical_datum_are_refused_and_with_one_converted(shared_data: Path) -> None:
    frame = Frame.near("EPSG:32610+5773", (551_000.0, 4_184_000.0))
    tiles = [shared_data / "dem" / f"sf_elevation{k}.tif" for k in (1, 2)]
    with pytest.raises(FrameError, match="WGS 84 in degrees without a vertical datum"):
        lidar.read_dem(tiles, frame)
    terrain = lidar.read_dem(tiles, frame, crs="EPSG:4326+5773", max_error_m=1.0)
    assert terrain.mesh.bounds[:, 2] == pytest.approx([-35.0, 118.0])
    assert terrain.ground_points == 36 * (23 + 23 - 1)      # a row and a column are empty, one is shared


def test_what_is_no_raster_is_refused_in_one_sentence(tmp_path: Path) -> None:
    want = "want a GeoTIFF or an ESRI ASCII grid"
    with pytest.raises(InputError, match=rf"gone\.tif: got no such file, {want}"):
        lidar.read_dem([tmp_path / "gone.tif"], FRAME)
    (tmp_path / "text.asc").write_text("hello world")
    with pytest.raises(InputError, match=r"text\.asc: got no readable raster"):
        lidar.read_dem([tmp_path / "text.asc"], FRAME)
    (tmp_path / "empty.asc").write_bytes(b"")
    with pytest.raises(InputError, match=r"empty\.asc: got no readable raster \(no ncols, nrows, cellsize\)"):
        lidar.read_dem([tmp_path / "empty.asc"], FRAME)
    cut = grid(tmp_path / "cut.asc", ramp())
    cut.write_text(cut.read_text()[:2000])
    with pytest.raises(InputError, match=r"cut\.asc: got \d+ heights of 600, want every height"):
        lidar.read_dem([cut], FRAME, crs=CRS)
    (tmp_path / "broken.tif").write_bytes(b"II*\0" + b"\0" * 40)
    with pytest.raises(InputError, match=r"broken\.tif: got a TIFF"):
        lidar.read_dem([tmp_path / "broken.tif"], FRAME)
    Image.new("RGB", (4, 4)).save(tmp_path / "photo.tif")
    with pytest.raises(InputError, match=r"photo\.tif: got a picture \(RGB\), want one band of heights"):
        lidar.read_dem([tmp_path / "photo.tif"], FRAME)
    Image.new("F", (4, 4)).save(tmp_path / "plain.tif")
    with pytest.raises(InputError, match=r"plain\.tif: got a TIFF without a place"):
        lidar.read_dem([tmp_path / "plain.tif"], FRAME)
    with pytest.raises(InputError, match=r"a\.asc: got no cell with a height"):
        lidar.read_dem([grid(tmp_path / "a.asc", np.full((3, 3), -9999.0))], FRAME, crs=CRS)
    with pytest.raises(FrameError, match=r"b\.asc: got no CRS in the header"):
        lidar.read_dem([grid(tmp_path / "b.asc", ramp())], FRAME)
    with pytest.raises(InputError, match=r"terrain\.dem: got no file"):
        lidar.read_dem([], FRAME)
