"""Real surveys: Delft (AHN3, two tiles, no CRS in the header) and Charente-Maritime (LiDAR HD, LAS 1.4 with WKT)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import laspy
import numpy as np
import pytest
from PIL.TiffImagePlugin import TiffImageFile

from zonebox.errors import FrameError, InputError
from zonebox.frame import Frame
from zonebox_converters import lidar
from zonebox_converters.lidar.ground import thinned
from zonebox_converters.lidar.refine import fitted

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from zonebox.model.terrain import Terrain

pytestmark = pytest.mark.data

FRAME = Frame.near("EPSG:7415", (84975.2, 447519.2))


@pytest.fixture(scope="module")
def tiles(shared_data: Path) -> list[Path]:
    return [shared_data / "site_delft" / f"ahn3_cropped_{k}.laz" for k in (1, 2)]


@pytest.fixture(scope="module")
def delft(tiles: list[Path]) -> Terrain:
    return lidar.read(tiles, FRAME, crs="EPSG:7415")


@pytest.fixture(scope="module")
def ground(tiles: list[Path]) -> NDArray[np.float64]:
    """All ground points, read another way."""
    clouds = [laspy.read(tile) for tile in tiles]
    return FRAME.local(np.concatenate([cloud.xyz[cloud.classification == 2] for cloud in clouds]))


def test_delft_is_within_a_decimetre_of_every_ground_point(delft: Terrain, ground: NDArray[np.float64]) -> None:
    off = np.sort(np.abs(delft.height_at(ground[:, :2]) - ground[:, 2]))
    assert len(ground) == 283_118
    assert delft.ground_points == 283_116                               # two stand at the place of another
    assert off[-3] <= 0.10
    assert delft.max_error_m <= 0.10
    assert delft.rms_error_m == pytest.approx(float(np.sqrt((off[:-2] ** 2).mean())), abs=1e-4)
    assert len(delft.mesh) < 29_000                                     # of 566,000 with every point


def test_delft_agrees_with_a_terrain_model_made_elsewhere(delft: Terrain, shared_data: Path) -> None:
    with TiffImageFile(shared_data / "site_delft" / "delft_dtm_0.5m.tif") as picture:
        want, step, corner = np.array(picture), picture.tag_v2[33550], picture.tag_v2[33922][3:5]
    row, column = (k.ravel() for k in np.indices(want.shape))
    place = np.column_stack([corner[0] + (column + 0.5) * step[0], corner[1] - (row + 0.5) * step[1]])
    off = np.abs(delft.height_at(FRAME.local(place)) - want.ravel())
    assert np.isfinite(off).mean() > 0.98
    assert np.nanmedian(off) < 0.03
    assert np.nanpercentile(off, 90) < 0.10                             # canals apart: it holds them at water level


def test_half_of_the_points_predicts_the_other_half(ground: NDArray[np.float64]) -> None:
    points = thinned(ground)
    from zonebox.geometry.tin import tin_index

    off = tin_index(fitted(points[::2], 0.10).mesh).height_at(points[1::2, :2]) - points[1::2, 2]
    assert float(np.sqrt(np.nanmean(off**2))) < 0.06


def test_lidar_hd_header_speaks_for_itself(shared_data: Path) -> None:
    frame = Frame.near("EPSG:2154+5720", (382600.0, 6564500.0))
    terrain = lidar.read([shared_data / "lidar" / "ign_0382_6565_cropped.laz"], frame)
    assert terrain.ground_points == 109_483
    assert terrain.max_error_m <= 0.10
    assert terrain.notes[0].endswith("they are taken as NGF-IGN69 height, the scene's datum")


def test_survey_in_feet_that_calls_itself_metres_is_found_out(shared_data: Path) -> None:
    frame = Frame.near("EPSG:32610+5703", (494_000.0, 4_878_000.0))
    with pytest.raises(FrameError, match="km from the scene, want a cloud of the scene's place in EPSG:2991"):
        lidar.read([shared_data / "lidar" / "1.2-with-color.copc.laz"], frame)


def test_survey_in_feet_with_unknown_heights_is_refused_by_name(shared_data: Path) -> None:
    frame = Frame.near("EPSG:32610+5703", (494_000.0, 4_878_000.0))
    with pytest.raises(FrameError, match="got NAD_1983_HARN_Lambert_Conformal_Conic without a vertical datum"):
        lidar.read([shared_data / "lidar" / "autzen_trim.las"], frame)


def test_empty_survey(shared_data: Path) -> None:
    with pytest.raises(InputError, match=r"empty\.las: got a header and 0 points"):
        lidar.read([shared_data / "lidar" / "empty.las"], FRAME)
