"""Leaving triangles out by groups changes no answer: the oracle looks at every triangle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon

from zonebox.geometry import clearance, clearances
from zonebox.geometry.boundary import boundary
from zonebox.geometry.clearance import edge_clearance
from zonebox.geometry.clearances import Pile, edge_rooms
from zonebox.geometry.edgewise import Corner, EdgeRule
from zonebox.geometry.mesh import area_m2
from zonebox.geometry.profile import Profile, fixed, proportional, recession, tiers
from zonebox.geometry.soup import Soup

LOT = Polygon([(0, 0), (40, 0), (40, 8), (60, 8), (60, 52), (40, 52), (46, 63), (0, 60), (0, 52), (-6, 50), (-6, 8),
               (0, 8)])
PROFILES = (fixed(5.0), fixed(0.0), proportional(0.5, 3.0), recession(2.0, 60.0), tiers(((0.0, 3.0), (9.0, 8.0))),
            Profile(points=((0.0, 6.0), (7.0, 2.0)), slope=0.0))


def crumbs(seed: int, count: int) -> Soup:
    """Small triangles over a slab of space, some of them outside the lot."""
    rng = np.random.default_rng(seed)
    low = rng.uniform((0, 5, 0), (25, 25, 4))
    middle = rng.uniform(low, low + rng.uniform((3, 3, 3), (40, 35, 25)), size=(count, 3))
    return Soup(corners=middle[:, None] + rng.normal(0.0, 0.7, (count, 3, 3)), origin=np.arange(count))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), edge=st.integers(0, 11), profile=st.sampled_from(PROFILES),
       corner=st.sampled_from(list(Corner)), ground=st.tuples(st.floats(-2.0, 2.0), st.floats(-2.0, 2.0)),
       level=st.booleans())
def test_groups_change_no_answer(
    seed: int, edge: int, profile: Profile, corner: Corner, ground: tuple[float, float], level: bool
) -> None:
    """Point, distance and what is asked agree to the last digit, with the broken part, of one body and of three."""
    lot, soup = boundary(LOT), crumbs(seed, 700)
    rule = EdgeRule(edge=edge, profile=profile, corner=corner, ground_m=(ground[0],) * 2 if level else ground)
    height = soup.corners[:, 0, 2]
    third = np.quantile(height, [1 / 3, 2 / 3])
    parts = [soup.where(keep) for keep in (height < third[0], (height >= third[0]) & (height < third[1]),
                                           height >= third[1])]
    answers = []
    for worth in (1, 10**9):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clearance, "WORTH", worth)
            patch.setattr(clearances, "WORTH", worth)
            answers.append((edge_clearance(soup, lot, LOT, rule), edge_rooms(Pile(parts), lot, LOT, rule)))
    (one, rooms), (two, all_rooms) = answers
    assert (one is None) == (two is None)
    if one is not None and two is not None:
        assert (one.distance_m, one.required_m, one.point, one.foot) == (
            two.distance_m, two.required_m, two.point, two.foot)
        assert area_m2(one.part.mesh()) == pytest.approx(area_m2(two.part.mesh()), abs=1e-9)
    for mine, theirs in zip(rooms, all_rooms, strict=True):
        assert (mine is None) == (theirs is None)
        if mine is not None and theirs is not None and theirs.margin_m >= 0.0:
            assert mine == theirs
        elif mine is not None and theirs is not None:
            assert mine.margin_m == pytest.approx(theirs.margin_m, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), edge=st.integers(0, 11), profile=st.sampled_from(PROFILES))
def test_the_room_of_a_whole_body_is_its_clearance(seed: int, edge: int, profile: Profile) -> None:
    """Two ways to the same place: a body alone, and as one of a pile."""
    lot, soup = boundary(LOT), crumbs(seed, 1_300)
    rule = EdgeRule(edge=edge, profile=profile, ground_m=(0.0, 0.0))
    clear = edge_clearance(soup, lot, LOT, rule)
    room = edge_rooms(Pile([crumbs(seed + 1, 50), soup]), lot, LOT, rule)[1]
    assert (clear is None) == (room is None)
    if clear is not None and room is not None:
        assert room.margin_m == pytest.approx(clear.margin_m, abs=1e-12)
        assert room.foot == pytest.approx(clear.foot, abs=1e-9)
