"""Cast shadows against closed forms: length and direction by the sun, on level and sloping ground (domain F12, F13)."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from viewer import block
from whatif import site
from zonebox.geometry.mesh import Mesh
from zonebox.viewer.ground import ground_of
from zonebox.viewer.groundmap import GroundMap
from zonebox.viewer.shadows import Relief, Toward, cast, mask

BEIJING_8H, BEIJING_NOON = (7.9610, 124.848), (29.9, 180.0)


def toward(altitude_deg: float, bearing_deg: float) -> Toward:
    a, b = math.radians(altitude_deg), math.radians(bearing_deg)
    return math.sin(b) * math.cos(a), math.cos(b) * math.cos(a), math.sin(a)


def relief(slope_x: float, slope_y: float) -> Relief:
    """A plane z = 20 + slope_x x + slope_y y over a square of 600 m."""
    found = object.__new__(Relief)
    found.box = (-300.0, -300.0, 300.0, 300.0)
    x, y = np.meshgrid(np.linspace(-300, 300, 257), np.linspace(-300, 300, 257))
    found.z = 20.0 + slope_x * x + slope_y * y
    return found


@pytest.mark.parametrize(("sun", "length"), [
    (BEIJING_NOON, 52.172), (BEIJING_8H, 30.0 / math.tan(math.radians(7.961)))])
def test_thirty_metres_on_level_ground(sun: tuple[float, float], length: float) -> None:
    (x, y), = cast(np.array([[10.0, -20.0, 50.0]]), relief(0.0, 0.0), toward(*sun)) - (10.0, -20.0)
    assert math.hypot(x, y) == pytest.approx(length, abs=2e-3)
    away = math.radians(sun[1] + 180.0)
    assert (x / length, y / length) == pytest.approx((math.sin(away), math.cos(away)), abs=1e-4)


@pytest.mark.parametrize("slope", [-0.25, -0.1, 0.1, 0.25, 0.4])
def test_on_a_slope_the_shadow_is_longer_downhill_and_shorter_uphill(slope: float) -> None:
    """At noon over a plane that rises north by ``slope``: h / (tan a + slope)."""
    level = 20.0 + slope * -20.0
    (x, y), = cast(np.array([[0.0, -20.0, level + 30.0]]), relief(0.0, slope), toward(*BEIJING_NOON)) - (0.0, -20.0)
    assert x == pytest.approx(0.0, abs=1e-9)
    assert y == pytest.approx(30.0 / (math.tan(math.radians(29.9)) + slope), rel=2e-3)


def test_what_lies_below_the_ground_throws_no_shadow() -> None:
    below = np.array([[5.0, 6.0, 12.0]])
    assert np.array_equal(cast(below, relief(0.0, 0.0), toward(*BEIJING_NOON)), below[:, :2])


@pytest.mark.parametrize("cells", [1, 6, 60])
def test_a_box_shades_the_same_however_finely_it_is_meshed(cells: int) -> None:
    """24 × 24 × 20 m at noon: 24 × 20 / tan 29.9° and its own plan; 43,200 triangles as well as 12."""
    tower = site.tower(-12.0, -100.0, 20.0, cells=cells)
    for body in (tower, replace(tower, solid=None)):
        drawn = mask([body], relief(0.0, 0.0), toward(*BEIJING_NOON), (1200, 1200))
        area = (drawn > 0).sum() * 0.25
        assert area == pytest.approx(24.0 * (24.0 + 20.0 / math.tan(math.radians(29.9))), rel=0.04)


def test_an_l_shaped_body_of_many_triangles_is_not_shaded_as_its_bounding_box() -> None:
    """A slab of 60 × 60 × 3 m under a tower of 10 × 10 × 40 m, the slab of 50,000 triangles."""
    slab, high = site.tower(-30.0, -100.0, 20.0, cells=65, side=60.0), site.tower(-5.0, -75.0, 20.0, side=10.0)
    flat = Mesh(vertices=(slab.mesh.vertices - (0.0, 0.0, 20.0)) * (1.0, 1.0, 0.15) + (0.0, 0.0, 20.0),
                triangles=slab.mesh.triangles)
    tall = Mesh(vertices=(high.mesh.vertices - (0.0, 0.0, 20.0)) * (1.0, 1.0, 2.0) + (0.0, 0.0, 20.0),
                triangles=high.mesh.triangles)
    assert len(flat) > 30_000
    drawn = mask([replace(slab, mesh=flat, solid=None), replace(high, mesh=tall, solid=None)], relief(0.0, 0.0),
                 toward(*BEIJING_NOON), (1200, 1200))
    cot = 1.0 / math.tan(math.radians(29.9))
    beyond = 10.0 * (-65.0 + 40.0 * cot - (-40.0 + 3.0 * cot))            # of the tower, north of the slab's shadow
    assert (drawn > 0).sum() * 0.25 == pytest.approx(60.0 * (60.0 + 3.0 * cot) + beyond, rel=0.04)


def test_the_map_follows_a_design_and_keeps_what_stands() -> None:
    scene = block.scene()
    printer = GroundMap(ground_of(scene), 512)
    first = printer.draw(scene)
    bare = printer.draw(replace(scene, designs=()))
    assert (first != bare).any()
    assert np.array_equal(printer.draw(scene), first)
    assert np.array_equal(GroundMap(ground_of(scene), 512).draw(replace(scene, designs=())), bare)
