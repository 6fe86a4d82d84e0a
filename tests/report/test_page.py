"""The page holds everything itself, says everything, and lets no text become markup."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from report.review import GUIDS, HOSTILE, finding, reviewed, scene
from zonebox import checks
from zonebox.model import Report
from zonebox.report.facts import broken
from zonebox.report.page import page, write_page
from zonebox.report.planview import plan_picture
from zonebox.report.section import section_picture
from zonebox.report.sight import camera_of
from zonebox.words import Language

VOID = {"meta", "br", "img", "col", "link", "input", "hr"}


class Outline(HTMLParser):
    """Collects tags and attribute names, and checks that every tag is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_text_becomes_markup_and_nothing_is_fetched(lang: Language) -> None:
    made, report = reviewed()
    html = page(made, report, lang, {finding(report, "/P/height").id: b"png"})
    outline = Outline()
    outline.feed(html)
    assert outline.open == []
    assert "script" not in outline.tags
    assert not [name for name in outline.attributes if name.startswith("on")]
    assert HOSTILE not in html
    assert "&lt;script&gt;" in html
    outside = re.findall(r"""(?:src|href)=["'](?!#|data:)([^"']+)|url\(|@import""", html)
    assert outside == []


def test_it_says_what_a_reviewer_asks() -> None:
    made, report = reviewed()
    html = page(made, report, "en")
    for said in ("15.40 m", "12.00 m", "−3.40 m", "lower the top by 3.4 m", GUIDS[0], "0" * 64, "EPSG:5737", "rear",
                 "-6.640 m", "house/P/height", "25.400"):
        assert said in html, said
    assert html.count("<article") == len(broken(report))
    assert html.count("<svg xmlns") == sum(2 if f.where.point else 1 for f in broken(report))


def test_a_scene_without_faults_has_a_page_too(tmp_path: Path) -> None:
    made, report = reviewed()
    clean = replace(report, findings=tuple(f for f in report.findings if f not in broken(report)))
    assert "No check fails" in write_page(made, clean, tmp_path / "clean.html").read_text(encoding="utf-8")
    empty = page(replace(made, designs=()), Report(findings=()), "zh")
    assert "没有不符合项" in empty


def test_pictures_without_a_closed_solid_or_an_envelope() -> None:
    made = scene()
    opened = replace(made, designs=(replace(made.designs[0], solid=None, solid_note="open"),))
    for case in (opened, replace(made, envelopes=())):
        report = checks.run(case)
        for each in report.findings:
            for drawn in (plan_picture(case, each, "en"), section_picture(case, each, "zh")):
                assert drawn == "" or ET.fromstring(drawn).tag == "{http://www.w3.org/2000/svg}svg"
                assert not re.search(r"\bnan\b", drawn)


def test_section_shows_the_height_over_the_limit_to_scale() -> None:
    made, report = reviewed()
    svg = section_picture(made, finding(report, "/P/height"), "en")
    assert "−3.40 m" in svg
    limit = re.search(r'<path d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)', svg[svg.index('stroke-opacity="0.8"') - 200:])
    assert limit is not None


def test_the_camera_sees_the_worst_point_and_nothing_stands_before_it() -> None:
    made, report = reviewed()
    low, high = made.designs[0].mesh.bounds
    for each in broken(report):
        camera = camera_of(made, each)
        assert camera is not None
        assert np.isclose(np.linalg.norm(camera.direction), 1.0)
        assert abs(camera.direction @ camera.up) < 1e-12
        if each.where.point is None:
            continue
        worst = np.array(each.where.point)
        assert camera.sees(worst)
        between = camera.position + np.linspace(0.0, 0.999, 4000)[:, None] * (worst - camera.position)
        assert not ((between > low + 1e-3) & (between < high - 1e-3)).all(1).any(), each.id
