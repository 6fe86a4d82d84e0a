"""Two variants beside each other: each its own red, one camera, and whatever is done to one is done to both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from PIL import Image

import lots
from studio.conftest import Opened
from viewer import block
from viewer.test_picture import bare
from whatif import site
from zonebox.errors import InputError
from zonebox.model import Plan, Report
from zonebox.studio import Cut, Desk, Sun
from zonebox.studio.compare import Comparison, screenshot, side_of
from zonebox.viewer import Ability
from zonebox.whatif import Limit, Move

pytestmark = pytest.mark.render
SIZE = (900, 450)


@pytest.fixture
def desk(opened: Opened) -> Desk:
    made = opened(SIZE)
    made.change(Move(design="tower", up_m=-4.0))
    made.keep("lower")
    return made


def red(desk: Desk) -> tuple[int, int]:
    """Pixels in the signal's red at the left and at the right."""
    picture = desk.stage.picture()
    middle = picture.shape[1] // 2
    return int(block.is_signal_red(picture[:, :middle]).sum()), int(block.is_signal_red(picture[:, middle:]).sum())


def test_each_side_shows_its_own_red_and_ends_as_it_was(desk: Desk) -> None:
    whole = desk.stage.picture()
    beside = Comparison(desk)
    beside.show("")
    left, right = red(desk)
    assert left < 100
    assert right > 1000
    assert beside.right is not None
    assert (desk.stage.caption, beside.right.caption) == ("lower", "As planned")
    beside.show(None)
    assert (np.abs(desk.stage.picture().astype(int) - whole).max(axis=2) > 40).mean() < 0.005
    with pytest.raises(InputError, match="compare"):
        beside.show("nothing of the kind")


def test_one_camera_for_both_after_an_orbit(desk: Desk) -> None:
    beside = Comparison(desk)
    beside.show("")
    right = beside.right
    assert right is not None
    eye = desk.stage.plotter.camera
    eye.Azimuth(37.0)
    eye.Elevation(8.0)
    desk.stage.at_camera()
    desk.stage.picture()
    assert right.plotter.camera is eye
    assert right.view == desk.stage.view
    assert (right.origin == desk.stage.origin).all()
    points = desk.scene.designs[0].mesh.bounds
    assert (right.view.project(points, right.size)[0] == desk.stage.view.project(points, desk.stage.size)[0]).all()


def test_layers_cuts_light_and_language_go_to_both(desk: Desk) -> None:
    beside = Comparison(desk)
    beside.show("lower")                                     # beside itself: both halves must look alike
    assert beside.right is not None
    desk.show_layer("envelopes", visible=False)
    desk.cut(Cut(storey="tower/s1"))
    desk.shine(Sun(month=12, day=22, hour=10.0))
    desk.colour_by_height(on=True)
    desk.speak("zh")
    assert beside.right.hidden == {"envelopes"}
    beside.right.legend = False
    desk.stage.furnish()
    picture = desk.stage.picture().astype(int)
    middle = picture.shape[1] // 2
    assert (np.abs(picture[:, :middle] - picture[:, middle:]).max(axis=2) > 40).mean() < 0.02
    desk.change(Limit(control="A/height", value=2.0))              # below the cut
    left, right = red(desk)
    assert left > right + 100, "a further trial changes the left alone"


def test_a_click_in_the_right_half_names_its_parcel(desk: Desk) -> None:
    beside = Comparison(desk)
    beside.show("")
    desk.look("plan")
    assert beside.right is not None
    x, y = beside.right.view.project([(130.0, 50.0, 11.0)], beside.right.size)[0][0]
    assert beside.pick(x + SIZE[0] / 2, y) == "B"
    assert beside.pick(x, y) is None


def test_a_picture_of_two(desk: Desk, able: Ability, tmp_path: Path) -> None:
    out = screenshot(side_of(desk, ""), side_of(desk, "lower"), tmp_path / "two.png", size=(1601, 900), ability=able)
    with Image.open(out) as image:
        picture: NDArray[np.uint8] = np.asarray(image)
    assert picture.shape == (900, 1601, 3)
    assert block.is_signal_red(picture[:600, :799]).sum() > 2000
    assert block.is_signal_red(picture[:600, 802:]).sum() < 50, "its legend lies lower and explains the left one too"


@pytest.mark.parametrize("name", ["no design", "no terrain", "no context", "one parcel", "no envelopes", "only terrain",
                                  "only context", "nothing", "empty meshes"])
def test_a_desk_on_a_scene_that_lacks_something(able: Ability, name: str) -> None:
    desk = Desk(bare(block.scene())[name], Report(findings=()), size=(320, 200), ability=able)
    beside = Comparison(desk)
    for view in ("plan", "overview"):
        desk.look(view)
    desk.look(desk.walk())
    desk.look(desk.walk(2.0))
    desk.cut(Cut(direction="east"))
    desk.shine(Sun(month=3, day=21, hour=9.0))
    desk.colour_by_height(on=True)
    desk.cut(Cut())
    desk.look("overview")
    assert desk.stage.picture().std() > 1.0
    beside.show("")
    assert desk.stage.picture().std() > 1.0
    desk.close()


def test_a_plan_of_many_parcels_opens(able: Ability) -> None:
    count, side = 5000, 71
    shapes = [shapely.box(30.0 * (k % side), 30.0 * (k // side), 30.0 * (k % side) + 25.0, 30.0 * (k // side) + 25.0)
              for k in range(count)]
    parcels = tuple(replace(lots.parcel(s, 0.0), id=f"P-{k}") for k, s in enumerate(shapes))
    scene = replace(site.scene(cells=2), plan=Plan(source="drawn", parcels=parcels, controls=()), designs=(),
                    envelopes=(), terrain=None)
    desk = Desk(scene, Report(findings=()), size=SIZE, ability=able)
    desk.look("plan")
    view = desk.choose("p-4321")
    assert view is not None
    assert desk.parcel == "P-4321"
    desk.look(view)
    assert desk.stage.picture().std() > 5.0
    desk.close()
