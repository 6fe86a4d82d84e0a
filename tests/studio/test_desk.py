"""The application's state: what is selected, tried, cut, measured and lit, and the pictures it makes of it."""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from studio.conftest import Opened
from viewer import block
from whatif import site
from zonebox import checks
from zonebox.errors import InputError, OutputExistsError, RenderError
from zonebox.model import Report, State
from zonebox.studio import Cut, Desk, Sun, album, details
from zonebox.studio.labels import labels, sun_words
from zonebox.studio.tools import SunPosition, measured, sun_over
from zonebox.viewer import Ability, violations
from zonebox.whatif import Limit, Move, WhatIf

SIZE = (480, 320)


@pytest.fixture
def desk(opened: Opened) -> Desk:
    return opened(SIZE)


def pixel(desk: Desk, point: tuple[float, float, float]) -> tuple[float, float]:
    seen, _ = desk.stage.view.project([point], desk.stage.size)
    return float(seen[0, 0]), float(seen[0, 1])


@pytest.mark.render
def test_a_click_on_the_red_part_selects_its_finding(desk: Desk) -> None:
    desk.look("plan")
    top = desk.scene.designs[0].mesh.bounds.mean(0)
    view = desk.pick(*pixel(desk, (float(top[0]), float(top[1]), float(top[2]) + site.TOP_M / 2)))
    assert view is not None
    assert (desk.selected, desk.parcel) == ("tower/A/height", "A")
    assert view.name == "finding:tower/A/height"


@pytest.mark.render
def test_a_click_on_the_ground_selects_the_parcel_and_the_sky_nothing(desk: Desk) -> None:
    desk.look("plan")
    desk.show_layer("envelopes", visible=False)
    desk.pick(*pixel(desk, (130.0, 50.0, 11.0)))
    assert (desk.selected, desk.parcel) == ("", "B")
    assert desk.choose("b") is not None
    assert desk.choose("nowhere") is None
    desk.look("overview")
    assert desk.pick(2.0, SIZE[1] - 2.0) is None


@pytest.mark.render
def test_a_change_turns_the_verdict_and_the_picture(desk: Desk) -> None:
    desk.look("plan")
    before = desk.stage.picture()
    assert block.is_signal_red(before).sum() > 300
    desk.change(Limit(control="A/height", value=25.0))
    finding = desk.finding("tower/A/height")
    assert finding is not None
    assert finding.state is State.PASS
    assert block.is_signal_red(desk.stage.picture()).sum() < 100
    desk.undo()
    assert (desk.stage.picture() == before).all()


@pytest.mark.render
def test_a_kept_trial_is_a_variant(desk: Desk) -> None:
    desk.change(Move(design="tower", up_m=-3.0))
    desk.keep("lower")
    assert desk.variants == ("", "lower")
    desk.switch("")
    assert desk.finding("tower/A/height").state is State.FAIL           # type: ignore[union-attr]
    desk.switch("lower")
    assert desk.finding("tower/A/height").state is State.PASS           # type: ignore[union-attr]
    with pytest.raises(InputError):
        desk.switch("none")


@pytest.mark.render
def test_variants_of_the_scene_show_their_own_designs(able: Ability) -> None:
    scene = site.scene(cells=2)
    tower = scene.designs[0]
    two = replace(scene, designs=(replace(tower, variant="one"), replace(tower, id="other", variant="two")))
    desk = Desk(two, checks.run(two), size=SIZE, ability=able)
    desk.switch("two")
    assert {f.design for f in desk.report.findings} <= {"", "other"}
    assert [d.id for d in desk.scene.designs] == ["other"]
    desk.close()


@pytest.mark.render
def test_measuring_gives_distance_and_height_above_ground(desk: Desk) -> None:
    desk.look("plan")
    roof = desk.scene.designs[0].mesh.bounds[1]
    marked = desk.mark(*pixel(desk, (20.0, 30.0, float(roof[2]))))
    assert marked is not None
    _, above = marked
    ground = 10.0 + 0.01 * 20.0
    assert above == pytest.approx(float(roof[2]) - ground, abs=0.25)
    assert measured((0.0, 0.0, 0.0), (2.0, 3.0, 6.0)).distance_m == 7.0


@pytest.mark.render
def test_cuts_open_the_design_and_close_again(desk: Desk) -> None:
    whole = desk.stage.picture()
    assert [s["id"] for s in desk.storeys()] == [f"tower/s{k}" for k in range(5)]
    desk.cut(Cut(storey="tower/s1"))
    low = desk.stage.picture()
    desk.cut(Cut(direction="north", offset_m=0.0))
    section = desk.stage.picture()
    assert (low != whole).any()
    assert (section != low).any()
    desk.cut(Cut())
    assert (desk.stage.picture() == whole).all()


@pytest.mark.render
def test_the_sun_moves_the_shadow(desk: Desk) -> None:
    desk.look("plan")
    noon = desk.shine(Sun(month=12, day=22, hour=12.0))
    first = desk.stage.picture()
    morning = desk.shine(Sun(month=12, day=22, hour=9.0))
    assert (desk.stage.picture() != first).any()
    assert noon.bearing_deg == pytest.approx(180.0, abs=0.01)
    assert morning.bearing_deg < 150.0
    assert desk.shine(Sun(month=12, day=22, hour=1.0)).altitude_deg < 0.0
    with pytest.raises(InputError):
        desk.shine(Sun(month=2, day=30, hour=12.0))


@pytest.mark.render
def test_shadows_go_with_the_design(desk: Desk) -> None:
    """The map printed after a move is that of a scene that stands there; a held slider leaves it until let go."""
    def printed() -> np.ndarray[Any, Any]:
        texture = next(layer for layer in desk.stage.layers if layer.name == "terrain").surfaces[0].texture
        assert texture is not None
        return texture

    home = printed()
    desk.change(Move(design="tower", east_m=30.0), held=True)
    assert printed() is home
    desk.settle()
    away = printed()
    assert (away != home).any()
    desk.undo()
    assert np.array_equal(printed(), home)
    desk.change(Move(design="tower", east_m=30.0))
    assert np.array_equal(printed(), away)
    desk.undo()


def test_noon_altitude_in_closed_form() -> None:
    """At true noon the sun stands 90° − latitude + declination high: 23.44° and −23.44° at the solstices."""
    scene = site.scene(cells=2)
    latitude = float(scene.frame.lon_lat(np.zeros((1, 2)))[0][1])
    for month, day, declination in ((6, 21, 23.44), (12, 22, -23.44)):
        at = sun_over(scene.frame, (0.0, 0.0, 0.0), Sun(month=month, day=day, hour=12.0))
        assert at.altitude_deg == pytest.approx(90.0 - latitude + declination, abs=0.03)
        assert np.linalg.norm(at.toward) == pytest.approx(1.0)


@pytest.mark.render
def test_a_flight_begins_here_and_ends_there(desk: Desk) -> None:
    end = desk.select("tower/A/height")
    views = list(desk.flight(end))
    assert views[-1] == end
    path = np.array([v.position for v in views])
    assert (np.diff(np.linalg.norm(path - end.position, axis=1)) < 0.0).all()


@pytest.mark.render
def test_moving_is_lighter_and_resting_is_whole(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from zonebox.viewer import bodies

    monkeypatch.setattr(bodies, "COARSE_TRIANGLES", 20)
    monkeypatch.setattr(bodies, "COARSE_CELLS", 2)
    whole = desk.stage.picture()
    desk.stage.hurry(moving=True)
    light = sum(a.mapper.dataset.n_cells for a in desk.stage.actors["findings"])
    desk.stage.hurry(moving=False)
    assert light < sum(a.mapper.dataset.n_cells for a in desk.stage.actors["findings"])
    desk.stage.furnish()
    assert (desk.stage.picture() == whole).all()


@pytest.mark.render
def test_both_languages(desk: Desk) -> None:
    english = desk.stage.picture()
    desk.speak("zh")
    if desk.stage.font is not None:
        assert (desk.stage.picture() != english).any()
        assert desk.lang == "zh"
    assert labels("zh").keys() == labels("en").keys()


def test_details_name_rule_numbers_elements_and_what_binds() -> None:
    scene = site.scene(cells=2)
    from zonebox.whatif import Trial

    trial = Trial(scene=scene, report=checks.run(scene))
    listed = details.rows(scene, trial.report, "en")
    assert listed[0]["kind"] == "FAIL"
    assert [row["kind"] for row in listed].count("FAIL") == trial.report.summary[State.FAIL]
    finding = next(f for f in trial.report.findings if f.id == "tower/A/height")
    told = details.finding_detail(scene, finding, "en")
    lines = {line["name"]: line["text"] for line in told["lines"]}
    assert (lines["Value"], lines["Limit"], lines["Margin"]) == ("20.00 m", "18.00 m", "−2.00 m")
    assert lines["Clause"].startswith("Site 1")
    assert told["elements"] == ["box"]
    parcel = scene.plan.parcel("A")
    assert parcel is not None
    shown = details.parcel_detail(trial, parcel, "en")
    assert shown["far"]["share"] == pytest.approx(100.0 * shown["far"]["used"] / 1.0)
    assert len(shown["binding"]) == 1 + 12
    assert shown["binding"][0]["control"] == "A/height"
    assert {one["text"] for one in shown["binding"][1:]} == {"5.00 m"}
    assert len(details.sliders(tuple(c for c in scene.plan.controls if c.parcel == "A"), "zh")) == 5


def test_a_slider_keeps_its_range_while_it_is_pulled_to_its_end() -> None:
    scene = site.scene(cells=2)
    tried = WhatIf(scene, checks.run(scene))

    def height() -> tuple[float, float, float]:
        shown = details.sliders(tried.adjustable("A"), "en", tried.adjustable_first("A"))
        one = next(s for s in shown if s["id"] == "A/height")
        return one["min"], one["value"], one["max"]

    low, value, high = height()
    assert (value, high) == (site.LIMIT_M, 2.0 * site.LIMIT_M)
    for pulled in (high, low, high):
        tried.apply(Limit(control="A/height", value=pulled))
        assert height() == (low, pulled, high)
    tried.apply(Limit(control="A/height", value=50.0))                       # typed beyond the range: it can be shown
    assert height() == (low, 50.0, 50.0)
    while tried.can_undo:
        tried.undo()
    assert tried.now is tried.start


def test_the_sun_is_told_in_words_of_the_language() -> None:
    north = SunPosition(altitude_deg=79.54, bearing_deg=359.99, toward=(0.0, 0.0, 1.0))
    assert sun_words(None, "en") == ""
    assert sun_words(north, "en") == "altitude 79.5°, bearing 0.0°"
    assert sun_words(north, "zh") == "高度角 79.5°，方位角 0.0°"
    assert sun_words(replace(north, altitude_deg=-11.7), "zh") == "太阳在地平线以下"


@pytest.mark.render
def test_the_sun_changes_its_language_with_the_desk(desk: Desk) -> None:
    desk.shine(Sun(month=6, day=21, hour=12.0))
    assert desk.sun_text.startswith("altitude")
    desk.speak("zh")
    assert desk.sun_text.startswith("高度角")


@pytest.mark.render
def test_a_sun_below_the_horizon_lights_nothing_from_below(desk: Desk) -> None:
    """At midnight the lights of the sky are left, and the picture is darker than at noon."""
    lights = []
    for hour in (12.0, 0.0):
        position = desk.shine(Sun(month=6, day=21, hour=hour))
        lights.append([light.position[2] for light in desk.stage.plotter.renderer.lights])
        assert (position.altitude_deg > 0.0) == (hour == 12.0)
        desk.stage.look(desk.stage.named_view("south-west"))
        lights.append([float(desk.stage.picture().mean())])
    (noon, bright, midnight, dark) = lights
    assert len(noon) == len(midnight) + 1
    assert min(*noon, *midnight) > 0.0
    assert dark[0] < bright[0]


@pytest.mark.render
def test_an_album_has_every_view_and_a_picture_a_finding(able: Ability, tmp_path: Path) -> None:
    scene = site.scene(cells=2)
    report = checks.run(scene)
    files = album.views(scene, report, tmp_path / "views", size=(160, 100), ability=able)
    names = {f.stem for f in files}
    assert {"overview", "plan", "south-west", "south-east", "north-east", "north-west"} < names
    assert len(names) == 6 + report.summary[State.FAIL] + report.summary[State.MARGINAL]
    (tmp_path / "views" / "mine.txt").write_text("x")
    with pytest.raises(OutputExistsError):
        album.views(scene, report, tmp_path / "views", size=(160, 100), ability=able)


@pytest.mark.render
def test_a_turn_is_the_same_every_time(able: Ability, tmp_path: Path) -> None:
    scene = site.scene(cells=2)
    films = [album.turntable(scene, Report(findings=()), tmp_path / name, size=(96, 64), frames=4, ability=able)
             for name in ("a.gif", "b.gif")]
    assert films[0].read_bytes() == films[1].read_bytes()
    with Image.open(films[0]) as film:
        assert getattr(film, "n_frames", 1) == 4
    with pytest.raises(InputError, match=r"\.mp4 or \.gif"):
        album.turntable(scene, Report(findings=()), tmp_path / "a.avi", ability=able)


@pytest.mark.render
def test_a_film_for_players(able: Ability, tmp_path: Path) -> None:
    if shutil.which("ffmpeg") is None and importlib.util.find_spec("imageio_ffmpeg") is None:
        with pytest.raises(RenderError, match=r"choose \.gif"):
            album.encoder_path()
        return
    scene = site.scene(cells=2)
    films = [album.turntable(scene, Report(findings=()), tmp_path / name, size=(96, 64), frames=4, ability=able)
             for name in ("a.mp4", "b.mp4")]
    assert films[0].read_bytes() == films[1].read_bytes()
    assert films[0].read_bytes()[4:8] == b"ftyp"


@pytest.mark.render
def test_what_is_measured_on_a_red_part_is_the_design_and_not_its_skin(desk: Desk) -> None:
    """The red skin stands out by 6 cm: a height read from it would be wrong by as much."""
    roof = float(desk.scene.designs[0].mesh.bounds[1, 2])
    desk.look("plan")
    at = pixel(desk, (20.0, 30.0, roof))
    assert desk.stage.pick(*at)[0].startswith("finding:")
    marked = desk.mark(*at)
    assert marked is not None
    assert marked[0][2] == pytest.approx(roof, abs=1e-3)
    assert marked[1] == pytest.approx(roof - (10.0 + 0.01 * marked[0][0]), abs=1e-3)
    assert desk.stage.pick(*at)[0].startswith("finding:"), "and a click finds the red part as before"


@pytest.mark.render
def test_a_cut_above_a_storey_leaves_the_neighbours_whole(able: Ability) -> None:
    """A second tower on the next parcel keeps its roof, while the first is open above its second storey."""
    scene = site.scene(cells=4)
    level = scene.designs[0].mesh.bounds[0, 2]
    second = replace(site.tower(98.0, 18.0, float(level), cells=4, parcel="B"), id="second")
    both = replace(scene, designs=(*scene.designs, second))
    desk = Desk(both, checks.run(both), size=SIZE, ability=able)
    desk.look("plan")
    desk.cut(Cut(storey="tower/s1"))
    desk.show_layer("envelopes", visible=False)
    desk.show_layer("findings", visible=False)
    roof = float(level) + site.TOP_M
    _, seen = desk.stage.pick(*pixel(desk, (110.0, 30.0, roof)))
    assert seen is not None
    assert seen[2] == pytest.approx(roof, abs=0.02)
    subject, opened = desk.stage.pick(*pixel(desk, (24.0, 30.0, roof)))
    assert opened is not None
    assert opened[2] < float(level) + 8.0 - 0.04, f"nothing above the second storey, saw {subject}"
    for name, own in (("design", desk.stage.actors["design"]), ("findings", desk.stage.actors["findings"])):
        for actor in own:
            low, high = np.array(actor.mapper.dataset.bounds).reshape(3, 2)[2] + desk.stage.origin[2]
            assert name != "findings" or high <= roof + 0.1
            assert low >= float(level) - 0.1
    desk.close()


@pytest.mark.render
def test_who_walks_stops_where_the_ground_ends(desk: Desk) -> None:
    for _ in range(400):
        desk.look(desk.walk(2.0))
        x, y, z = desk.stage.view.position
        assert 1.6 <= z - (10.0 + 0.01 * x) <= 1.7
    x0, y0, x1, y1 = desk.ground.box
    assert x0 <= x <= x1
    assert y0 <= y <= y1


@pytest.mark.render
def test_a_parcel_is_found_by_part_of_its_number(able: Ability) -> None:
    scene = site.scene(cells=2)
    named = {"A": "甲-01", "B": "甲-02"}
    parcels = tuple(replace(p, id=named[p.id]) for p in scene.plan.parcels)
    renamed = replace(scene, plan=replace(scene.plan, parcels=parcels, controls=()), designs=(), envelopes=())
    desk = Desk(renamed, Report(findings=()), size=SIZE, ability=able)
    for typed, found in (("甲-01", "甲-01"), ("甲－０２", "甲-02"), ("02", "甲-02"), (" 1 ", "甲-01")):
        assert desk.choose(typed) is not None
        assert desk.parcel == found
    assert desk.choose("甲") is None
    assert desk.meant("甲") == ("甲-01", "甲-02")
    assert desk.choose("") is None
    assert desk.choose("乙") is None
    desk.close()


@pytest.mark.render
def test_a_finding_that_is_looked_at_has_its_own_note(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many notes a parcel are written; the picture of a finding beyond them is about that finding."""
    monkeypatch.setattr(violations, "CALLOUTS_PER_PARCEL", 1)
    desk = opened(SIZE)
    noted = {note.subject for layer in desk.stage.layers for note in layer.callouts}
    left = [f for f in desk.report.findings if f.state is State.FAIL and f"finding:{f.id}" not in noted]
    assert left
    desk.look(desk.select(left[0].id))
    told = [note.lines for note in desk.stage.notes_now()]
    assert told == [violations.text_of(left[0], "en", parcel=left[0].parcel)]
