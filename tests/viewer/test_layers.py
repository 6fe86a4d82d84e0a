"""Layers say what the scene says: which drawables, which words, which subjects."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from shapely.geometry import Polygon

from viewer import block
from zonebox.geometry.mesh import Mesh, area_m2
from zonebox.geometry.solids import mesh_of, prism
from zonebox.model import Control, Finding, Kind, Report, Scene, State
from zonebox.viewer import layers, palette, violations
from zonebox.viewer.drawable import Layer, Material
from zonebox.viewer.ground import clipped, ground_of
from zonebox.viewer.outline import creases
from zonebox.viewer.words import say


def layer(made: tuple[Layer, ...], name: str) -> Layer:
    return next(one for one in made if one.name == name)


@pytest.fixture(scope="module")
def made(scene: Scene, report: Report) -> tuple[Layer, ...]:
    return layers.build(scene, report, "en")


def test_layers_come_in_a_stable_order(made: tuple[Layer, ...]) -> None:
    assert [one.name for one in made] == ["terrain", "lines", "context", "design", "parcels", "envelopes", "findings"]


def test_every_triangle_has_a_colour_and_a_subject(made: tuple[Layer, ...]) -> None:
    for one in made:
        for surface in one.surfaces:
            assert len(surface.colors) == len(surface.mesh)
            if surface.subjects:
                assert len(surface.triangle_subject) == len(surface.mesh)
                assert surface.triangle_subject.max() < len(surface.subjects)


def test_a_picked_triangle_of_a_design_leads_to_its_element(made: tuple[Layer, ...], scene: Scene) -> None:
    for surface in layer(made, "design").surfaces:
        for number in (0, len(surface.mesh) - 1):
            subject = surface.subjects[surface.triangle_subject[number]]
            glass = surface.material is Material.GLASS
            assert subject.startswith("element:tower/glass-" if glass else "element:tower/") or not glass


def test_only_glass_is_translucent(made: tuple[Layer, ...]) -> None:
    for one in made:
        for surface in one.surfaces:
            assert (surface.colors[:, 3] < 255).all() if surface.material is Material.GLASS else (
                surface.colors[:, 3] == 255).all()


def test_edges_have_the_colour_of_their_role(made: tuple[Layer, ...]) -> None:
    drawn = {tuple(color[:3].tolist()) for lines in layer(made, "parcels").lines for color in lines.colors}
    roles = {edge.role for parcel in block.plan().parcels for edge in parcel.edges}
    assert drawn == {palette.ROLE[role] for role in roles}


def test_tones_of_envelopes(report: Report) -> None:
    by = {f.id: f for f in report.findings}
    assert layers.tone_of([]) == "envelope"
    assert layers.tone_of([by["A-02/height"], by["B-01/height"]]) == "envelope"
    assert layers.tone_of([by["B-01/height"]]) == "envelope_warning"
    assert layers.tone_of([by["B-03/green"]]) == "envelope_unchecked"
    assert layers.tone_of([by["B-03/green"], by["A-01/height"]]) == "envelope"


def test_a_guidance_that_fails_is_amber(report: Report) -> None:
    finding = next(f for f in report.findings if f.id == "A-02/height")
    guidance = replace(finding, control=block.control("A-02", Kind.HEIGHT, "", 24.0, guidance=True))
    assert violations.is_violation(finding)
    assert not violations.is_violation(guidance)
    assert violations.color_of(guidance) == palette.STATE[State.MARGINAL]


def finding(control: Control | None, *, check: str, value: float | None, limit: float | None, margin: float | None,
            unit: str = "m") -> Finding:
    return Finding(id="x", check=check, state=State.FAIL, parcel="P", design="d", control=control, value=value,
                   limit=limit, margin=margin, unit=unit)


HEIGHT = block.control("P", Kind.HEIGHT, "表3-2", 24.0)
SETBACK = block.control("P", Kind.SETBACK, "", None)
GREEN = block.control("P", Kind.GREEN, "", 0.35)


@pytest.mark.parametrize(("one", "en", "zh"), [
    (finding(HEIGHT, check="height", value=27.42, limit=24.0, margin=-3.42),
     "+3.42 m over 24.00 m, 表3-2", "超出 3.42 m（限 24.00 m），表3-2"),
    (finding(SETBACK, check="setback", value=2.6, limit=5.0, margin=-2.4), "−2.40 m short of 5.00 m",
     "不足 2.40 m（应 5.00 m）"),
    (finding(GREEN, check="green", value=0.30, limit=0.35, margin=-0.05, unit=""), "−5.0 % short of 35.0 %",
     "不足 5.0 %（应 35.0 %）"),
    (finding(None, check="containment", value=179.16, limit=0.0, margin=-179.16, unit="m3"),
     "179.2 m³ outside the envelope", "盒外 179.2 m³"),
    (finding(None, check="height", value=None, limit=None, margin=None), "fail", "不符合"),
])
def test_measurements_in_words(one: Finding, en: str, zh: str) -> None:
    assert violations.text_of(one, "en")[-1] == en
    assert violations.text_of(one, "zh")[-1] == zh


def test_without_a_chinese_font_no_chinese_is_written(scene: Scene, report: Report) -> None:
    plain = layers.build(scene, report, "en", latin_only=True)
    assert all(ord(c) < 0x2E80 for one in plain for note in one.callouts for line in note.lines for c in line)


def test_notes_keep_to_the_worst_of_each_parcel(scene: Scene, report: Report) -> None:
    many = [replace(f, id=f"{f.id}/{n}") for n in range(6) for f in report.findings if f.parcel == "A-02"]
    notes = violations.callouts(scene, Report(findings=tuple(many)), "en")
    assert len(notes) == violations.CALLOUTS_PER_PARCEL
    assert any("15 more" in note.lines[0] for note in notes)


def test_the_volume_outside_is_not_drawn_over_single_parts(report: Report) -> None:
    height = next(f for f in report.findings if f.id == "A-02/height")
    outside = replace(height, id="A-02/envelope", check="containment")
    (surface,) = violations.parts([height, outside])
    assert surface.subjects == ("finding:A-02/height",)
    assert violations.parts([outside])[0].subjects == ("finding:A-02/envelope",)


def test_clipping_keeps_the_area_and_the_plane() -> None:
    terrain = block.terrain().mesh
    box = (-33.3, -17.7, 101.1, 88.8)
    cut = clipped(terrain, box)
    flat = Mesh(vertices=cut.vertices * (1.0, 1.0, 0.0), triangles=cut.triangles)
    assert area_m2(flat) == pytest.approx((box[2] - box[0]) * (box[3] - box[1]))
    assert np.allclose(cut.bounds[:, :2], [box[:2], box[2:]])


def test_lines_lie_on_the_ground(scene: Scene) -> None:
    ground = ground_of(scene)
    segments, owner = ground.drape([np.array([[0.0, 0.0], [50.0, 30.0]]), np.zeros((1, 2)),
                                    np.array([[5.0, 5.0], [9.0, 5.0]])], lift=0.0)
    points = segments.reshape(-1, 3)
    assert scene.terrain is not None
    assert np.allclose(points[:, 2], scene.terrain.height_at(points[:, :2]))
    assert set(owner.tolist()) == {0, 2}


def test_creases_of_a_box_are_its_twelve_edges() -> None:
    solid = block.cuboid(0.0, 0.0, 0.0, 3.0, 2.0, 5.0)
    assert len(creases(solid, borders=False)) == 12
    soup = Mesh(vertices=solid.corners.reshape(-1, 3), triangles=np.arange(36, dtype=np.int32).reshape(-1, 3))
    assert len(creases(soup, borders=False)) == 12


def test_a_round_wall_shows_no_facets() -> None:
    turn = np.linspace(0.0, np.pi / 2, 24)
    shape = Polygon([(0.0, 0.0), *(3.0 * np.column_stack([np.cos(turn), np.sin(turn)])).tolist()])
    upright = creases(mesh_of(prism(shape, 0.0, 5.0)), borders=False)
    upright = upright[np.abs(upright[:, 0, 2] - upright[:, 1, 2]) > 1.0]
    assert len(upright) == 3


def test_words_exist_in_both_languages_and_fall_back() -> None:
    assert say("north", "zh") == "北"
    assert say("PASS", "zh") == "符合"
    assert say("front", "en") == "front"
    assert say("a name", "zh") == "a name"


@pytest.mark.parametrize(("value", "limit", "unit", "words"), [
    (27.42, 24.0, "m", "+3.42 m over 24.00 m"), (5.4, 6.0, "m", "−0.60 m short of 6.00 m"),
    (1287.97, 0.0, "m²", "1288.0 m² overlap"),
    (5537297.75, 1.0, "m", "+5537 km over 1.00 m"), (0.5, 0.0, "m", "+0.50 m over 0.00 m")])
def test_a_finding_is_measured_in_words(value: float, limit: float, unit: str, words: str) -> None:
    margin = limit - value if value > limit else value - limit
    broken = Finding(id="x", check="any", state=State.FAIL, parcel="P", design="", control=None, value=value,
                     limit=limit, margin=margin, unit=unit)
    assert violations.measure_of(broken, "en") == words
