"""Views frame what they should: everything inside, and something at the rim."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from whatif import site
from zonebox.frame import Frame
from zonebox.viewer import camera, overlay
from zonebox.viewer.camera import Insets
from zonebox.viewer.stage import Stage

SIZE = (1600, 1000)
ASPECT = SIZE[0] / SIZE[1]
BOX = camera.corners([[[0.0, 0.0, 10.0], [200.0, 120.0, 60.0]]])
TIGHT = Insets(left=0.10, right=0.05, top=0.12, bottom=0.02)


def share(view: camera.View, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places in the picture as shares of its width and height."""
    pixels, depth = view.project(points, SIZE)
    assert (depth > 0.0).all()
    return pixels / SIZE


@pytest.mark.parametrize("view", [
    camera.overview(BOX, ASPECT, TIGHT), camera.plan(BOX, ASPECT, TIGHT),
    *(camera.oblique(name, BOX, ASPECT, TIGHT) for name in camera.OBLIQUES),
], ids=lambda view: view.name)
def test_all_points_stand_in_the_free_part_and_touch_it(view: camera.View) -> None:
    seen = share(view, BOX)
    low, high = seen.min(0), seen.max(0)
    assert low[0] >= TIGHT.left - 1e-9
    assert low[1] >= TIGHT.bottom - 1e-9
    assert high[0] <= 1 - TIGHT.right + 1e-9
    assert high[1] <= 1 - TIGHT.top + 1e-9
    room = np.array([low[0] - TIGHT.left + 1 - TIGHT.right - high[0], low[1] - TIGHT.bottom + 1 - TIGHT.top - high[1]])
    assert room.min() < 1e-6


coordinate = st.floats(-500.0, 500.0)


@given(points=st.lists(st.tuples(coordinate, coordinate, st.floats(-20.0, 300.0)), min_size=1, max_size=12),
       heading=st.floats(0.0, 360.0), pitch=st.floats(5.0, 85.0), aspect=st.floats(0.4, 3.0))
def test_any_points_fit_any_direction(
    points: list[tuple[float, float, float]], heading: float, pitch: float, aspect: float
) -> None:
    cloud = np.array(points)
    view = camera.fit(cloud, name="x", heading_deg=heading, pitch_deg=pitch, aspect=aspect)
    size = (round(1000 * aspect), 1000)
    pixels, depth = view.project(cloud, size)
    assert (depth > 0.5).all()
    assert (pixels >= -1.0).all()
    assert (pixels <= np.array(size) + 1.0).all()


def test_the_overview_looks_north_from_the_south() -> None:
    view = camera.overview(BOX, ASPECT)
    assert view.position[1] < 0.0
    assert view.position[2] > 60.0
    assert view.axes()[2][1] > 0.0


def test_the_plan_has_north_up_and_one_scale() -> None:
    view = camera.plan(BOX, ASPECT)
    right, up, forward = view.axes()
    assert np.allclose([right, up, forward], [[1, 0, 0], [0, 1, 0], [0, 0, -1]])
    scales = [view.pixels_per_m(point, SIZE) for point in BOX]
    assert np.ptp(scales) < 1e-9


@pytest.mark.parametrize(("name", "side"), [("south-west", (-1, -1)), ("south-east", (1, -1)), ("north-east", (1, 1)),
                                            ("north-west", (-1, 1))])
def test_obliques_stand_where_they_say(name: str, side: tuple[int, int]) -> None:
    view = camera.oblique(name, BOX, ASPECT)
    assert np.sign(np.subtract(view.position, BOX.mean(0)))[:2].tolist() == list(side)


def test_a_finding_is_seen_from_outside_its_building() -> None:
    place = np.array([[50.0, 0.0, 30.0]])
    view = camera.at_finding("f", place, (0.0, 0.0), ASPECT)
    assert view.position[0] > 60.0
    assert np.allclose(share(view, place), 0.5, atol=0.1)


def test_a_level_dimension_is_seen_from_the_side() -> None:
    place = np.array([[0.0, -20.0, 5.0], [0.0, -20.0, 5.0], [0.0, -26.0, 5.0]])
    pixels, _ = camera.at_finding("f", place, (0.0, 0.0), ASPECT).project(place[1:], SIZE)
    assert np.linalg.norm(pixels[1] - pixels[0]) > 80.0


def test_a_moved_view_sees_a_moved_scene_alike() -> None:
    view = camera.overview(BOX, ASPECT)
    offset = np.array([1000.0, -500.0, 3.0])
    assert np.allclose(view.project(BOX, SIZE)[0], view.moved(offset).project(BOX + offset, SIZE)[0])


@pytest.mark.parametrize(("crs", "origin"), [
    ("EPSG:4548+5737", (700_000.0, 4_400_000.0)), ("EPSG:3413+5773", (1_500_000.0, -900_000.0)),
    ("EPSG:28992+5709", (84_000.0, 447_000.0)),
])
def test_the_compass_points_to_true_north(crs: str, origin: tuple[float, float]) -> None:
    """On a plan its needle goes where a point a little to the north lies, also on a grid turned by tens of degrees."""
    scene = replace(site.scene(cells=2), frame=Frame(crs=crs, origin=origin), envelopes=(), terrain=None)
    stage = Stage((), scene, None, lang="en", size=SIZE)
    stage.look(stage.named_view("plan"))
    lon, lat = pyproj.Transformer.from_crs(crs.partition("+")[0], "EPSG:4326", always_xy=True).transform(*origin)
    ahead = pyproj.Transformer.from_crs("EPSG:4326", crs.partition("+")[0], always_xy=True).transform(lon, lat + 1e-3)
    step = np.subtract(ahead, origin)
    sheet = overlay.Sheet()
    overlay.north(sheet, stage.view, SIZE, "en", stage._north)
    ring, tip = sheet.fills[0][0], sheet.fills[2][0][0]
    needle = tip - ring.mean(0)
    stage.close()
    assert needle / np.linalg.norm(needle) == pytest.approx(step / np.linalg.norm(step), abs=2e-3)


@pytest.mark.parametrize("heading", [0.0, 60.0, 200.0])
def test_from_the_ground_the_compass_is_no_line(heading: float) -> None:
    sheet = overlay.Sheet()
    overlay.north(sheet, camera.eye_level(0.0, 0.0, 0.0, heading_deg=heading), SIZE, "en")
    ring = sheet.fills[0][0]
    assert np.ptp(ring, axis=0).min() > 15.0
