"""Profiles against the closed forms of zoning codes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zonebox.errors import GeometryError
from zonebox.geometry import profile


def test_proportional_distances_of_a_worked_example() -> None:
    # 30 x 30 lot, s = max(3, 0.4 z): the distances at five heights
    p = profile.proportional(0.4, 3.0)
    assert p.distance_at([6, 7.5, 9, 12, 15]).tolist() == pytest.approx([3.0, 3.0, 3.6, 4.8, 6.0])


def test_sky_exposure_plane_limits() -> None:
    # narrow street: 85 ft wall, initial setback 20 ft, 2.7:1 above
    p = profile.Profile(points=((85.0, 0.0), (85.0, 20.0), (139.0, 20.0)), slope=1 / 2.7, from_below=False)
    assert p.limit_at([0, 10, 20, 30, 50, 75, 100]).tolist() == pytest.approx([85, 85, 139, 166, 220, 287.5, 355])


def test_a_jump_belongs_to_the_upper_tier() -> None:
    p = profile.tiers(((0.0, 5.0), (12.0, 11.0)))
    assert p.distance_at([0, 11.999, 12, 50]).tolist() == [5.0, 5.0, 11.0, 11.0]
    assert p.limit_at([4.9, 5.0, 10.9, 11.0]).tolist() == [-np.inf, 12.0, 12.0, np.inf]


def test_a_recession_plane_allows_its_foot() -> None:
    p = profile.recession(2.5, 45.0)
    assert p.limit_at([0.0, 10.0]).tolist() == pytest.approx([2.5, 12.5])
    assert p.distance_at([0.0, 2.5, 12.5]).tolist() == pytest.approx([0.0, 0.0, 10.0])


@pytest.mark.parametrize("make", [
    lambda: profile.recession(2.0, 90.0), lambda: profile.recession(2.0, 0.0), lambda: profile.proportional(0.0),
    lambda: profile.Profile(points=()), lambda: profile.Profile(points=((5.0, 1.0), (3.0, 2.0))),
])
def test_nonsense_is_refused(make) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(GeometryError):
        make()


heights = st.floats(0.0, 100.0)
profiles = st.one_of(
    st.builds(profile.fixed, st.floats(0.5, 20.0)),
    st.builds(profile.recession, st.floats(0.0, 20.0), st.floats(10.0, 80.0)),
    st.builds(profile.proportional, st.floats(0.1, 1.5), st.floats(0.0, 10.0)),
    st.builds(lambda a, b, h: profile.tiers(((0.0, a), (h, b))), st.floats(0.5, 10.0), st.floats(0.5, 20.0),
              st.floats(1.0, 50.0)),
)


@given(p=profiles, h=heights, d=st.floats(0.0, 40.0))
def test_distance_and_limit_are_two_views_of_one_rule(p: profile.Profile, h: float, d: float) -> None:
    required, top = float(p.distance_at(h)), float(p.limit_at(d))
    if abs(d - required) > 1e-6 and abs(h - top) > 1e-6:
        assert (d > required) == (h < top)


@given(p=profiles, low=heights, high=heights)
def test_required_distance_never_shrinks_with_height(p: profile.Profile, low: float, high: float) -> None:
    low, high = sorted((low, high))
    assert p.distance_at(low) <= p.distance_at(high) + 1e-9


@given(p=profiles, top=st.floats(1.0, 80.0))
def test_the_section_has_the_area_under_the_distance(p: profile.Profile, top: float) -> None:
    section = p.section(0.0, top)
    h = (np.arange(20000) + 0.5) / 20000 * top
    expected = float(p.distance_at(h).mean() * top)
    x, y = (section[:, 0], section[:, 1]) if len(section) else (np.zeros(1), np.zeros(1))
    area = 0.5 * float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))
    assert area == pytest.approx(expected, rel=1e-3, abs=1e-3 * max(1.0, float(p.distance_at(top))))
