"""Parcels alone, without a ground: what is missing is said, and one number is enough to have envelopes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.test_commands import zonebox
from zonebox.loading import load

SCENE = """
[scene]
title = "lots"
crs = "EPSG:4548+5737"
vertical_shift_m = -3.0
vertical_shift_source = "test"

[plan]
parcels = "lots.geojson"
{more}

[plan.fields]
parcel = "number"
"""
ODD = ("[/red]", "[bold]A\\", "C")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Three lots of 30 m × 40 m, 12 m high at most; the numbers of two read as markup of a terminal."""
    lots = [{"type": "Feature", "properties": {"number": number, "height": 12.0},
             "geometry": {"type": "Polygon", "coordinates": [[[500000 + 100 * i + x, 4060000 + y] for x, y in
                          ((0, 0), (30, 0), (30, 40), (0, 40), (0, 0))]]}} for i, number in enumerate(ODD)]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4548"}}
    (tmp_path / "lots.geojson").write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": lots}),
                                           encoding="utf-8")
    return tmp_path / "scene.toml"


@pytest.mark.parametrize("words", [("check",), ("tiles",), ("envelopes", "-o", "x.glb")])
def test_lots_without_ground_have_no_envelope_and_that_is_said(site: Path, words: tuple[str, ...]) -> None:
    site.write_text(SCENE.format(more=""), encoding="utf-8")
    done = zonebox(words[0], str(site), *words[1:], cwd=site.parent)
    assert done.returncode == 0, done.stderr
    told = " ".join(done.stderr.split())
    assert "3 of 3 buildable parcels have no envelope" in told
    assert all(number in told for number in ODD)
    assert "design_ground_m" in told


def test_a_stated_ground_is_enough(site: Path) -> None:
    """F1's rule of a plain box: 30 m × 40 m × 12 m from 3.5 m up."""
    site.write_text(SCENE.format(more="design_ground_m = 3.5"), encoding="utf-8")
    scene = load(site)
    assert scene.groundless == ()
    for envelope in scene.envelopes:
        assert envelope.volume_m3 == pytest.approx(30.0 * 40.0 * 12.0)
        assert (envelope.ground_m, envelope.top_m) == pytest.approx((3.5, 15.5))
    done = zonebox("check", str(site), cwd=site.parent)
    assert done.returncode == 0, done.stderr
    assert "no envelope" not in done.stderr
