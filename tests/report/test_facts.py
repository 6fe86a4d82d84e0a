"""What is said about a finding is what was measured."""

from __future__ import annotations

from dataclasses import replace

import pytest

from report.review import finding, reviewed
from zonebox.model import State
from zonebox.report.facts import broken, facts_of, utilisation
from zonebox.report.limits import limit_plane, shown_part
from zonebox.report.topics import priority_of


def test_place_is_in_the_scenes_own_coordinates() -> None:
    scene, report = reviewed()
    facts = facts_of(scene, finding(report, "/P/height"), "en")
    assert facts.place is not None
    assert facts.foot is not None
    east, north, height = facts.place
    assert 512000 <= east <= 512040
    assert 4057000 <= north <= 4057030
    assert height == pytest.approx(25.4)
    assert facts.foot[2] == pytest.approx(22.0)


def test_words_and_numbers_in_both_languages() -> None:
    scene, report = reviewed()
    high = finding(report, "/P/height")
    english, chinese = (facts_of(scene, high, lang) for lang in ("en", "zh"))
    assert (english.value, english.limit, english.margin) == ("15.40 m", "12.00 m", "−3.40 m")
    assert english.cure == "lower the top by 3.4 m"
    assert chinese.cure == "顶部降低 3.4 m"
    assert english.datum.startswith("design ground 10.00 m (EPSG:5737")
    side = facts_of(scene, next(f for f in broken(report) if f.check == "setback"), "zh")
    assert side.edge.endswith("(侧界)")
    assert "向东移动 1 m" in side.cure


def test_an_id_stays_the_same_and_belongs_to_its_scene() -> None:
    scene, report = reviewed()
    one = facts_of(scene, report.findings[0], "en").uuid
    assert one == facts_of(scene, report.findings[0], "zh").uuid
    assert one != facts_of(replace(scene, name="other"), report.findings[0], "en").uuid


def test_utilisation_of_upper_and_lower_bounds() -> None:
    _, report = reviewed()
    assert utilisation(finding(report, "/P/height")) == pytest.approx(15.4 / 12.0)
    side = next(f for f in broken(report) if f.check == "setback")
    assert utilisation(side) == pytest.approx(5.0 / 4.0)


def test_priority_falls_with_severity_and_state() -> None:
    _, report = reviewed()
    high, cover = finding(report, "/P/height"), finding(report, "/P/coverage")
    assert [priority_of(high), priority_of(replace(high, state=State.MARGINAL))] == ["high", "normal"]
    assert priority_of(replace(cover, state=State.MARGINAL)) == "low"


def test_the_limits_plane_cuts_the_part_down_to_what_is_beyond() -> None:
    scene, report = reviewed()
    side = next(f for f in broken(report) if f.check == "setback")
    plane = limit_plane(scene, side)
    assert plane is not None
    assert plane.forbidden == pytest.approx([-1.0, 0.0, 0.0])
    assert plane.point[0] == pytest.approx(5.0)
    shown = shown_part(scene, side).part
    assert shown is not None
    assert side.part is not None
    assert shown.bounds[1][0] <= 5.0
    assert side.part.bounds[1][0] <= 5.0 + 1e-9         # the check itself cuts its part off at the limit
