"""Zone, overlay, parcel: which rule replaces which; nothing is dropped (domain C10, G1)."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from converters.zoning.plans import box, layer, plan
from zonebox.errors import InputError
from zonebox.model import Control, Plan

STREET = (shapely.box(-100, -12, 100, 0), {"name": "South Street", "width_m": 12.0})
HEAD = '[pack]\ndocument = "City rules"\nunits = "m"\n'


def rule(name: str, text: str) -> str:
    return f'[[rule]]\nid = "{name}"\n{text}\n'


def made(folder: Path, *rules: str, zone: shapely.Polygon | None = None, **columns: float) -> Plan:
    spec = {}
    if zone is not None:
        spec["lines"] = layer(folder / "lines.geojson", [zone], [{"type": "overlay", "name": "Old Town"}])
    return plan(folder, [box()], [{"parcel": "L1", **columns}], roads=[STREET], rules=HEAD + "".join(rules), **spec)


def active(found: Plan) -> dict[str, Control]:
    return {c.id: c for c in found.controls if not c.superseded_by}


def replaced(found: Plan) -> dict[str, str]:
    return {c.id: c.superseded_by for c in found.controls if c.superseded_by}


ZONE = rule("zone-height", 'kind = "height"\nlimit_m = 24')


@pytest.mark.parametrize(("mode", "limit", "left"), [
    ("replace", 36, "overlay"), ("replace", 12, "overlay"), ("min", 36, "zone-height"), ("min", 12, "overlay"),
    ("max", 36, "overlay"), ("max", 12, "zone-height"),
])
def test_modes_of_a_number(tmp_path: Path, mode: str, limit: float, left: str) -> None:
    over = rule("overlay", f'kind = "height"\nlimit_m = {limit}\nlevel = "overlay"\nmode = "{mode}"')
    found = made(tmp_path, over, ZONE)
    gone = {"overlay", "zone-height"} - {left}
    assert set(active(found)) == {f"L1/{left}"}
    assert replaced(found) == {f"L1/{gone.pop()}": f"L1/{left}"}


def test_without_a_mode_both_hold(tmp_path: Path) -> None:
    found = made(tmp_path, ZONE, rule("overlay", 'kind = "height"\nlimit_m = 12\nlevel = "overlay"'))
    assert set(active(found)) == {"L1/zone-height", "L1/overlay"}


def test_other_kinds_and_equal_levels_are_left_alone(tmp_path: Path) -> None:
    found = made(tmp_path, ZONE, rule("far", 'kind = "far"\nmax = 2'),
                 rule("first", 'kind = "height"\nlimit_m = 9\nlevel = "overlay"'),
                 rule("second", 'kind = "height"\nlimit_m = 12\nlevel = "overlay"\nmode = "replace"'))
    assert replaced(found) == {"L1/zone-height": "L1/second"}


def test_a_parcel_goes_before_an_overlay(tmp_path: Path) -> None:
    found = made(tmp_path, rule("lot", 'kind = "height"\nlimit_m = 30\nlevel = "parcel"\nmode = "replace"'),
                 rule("over", 'kind = "height"\nlimit_m = 12\nlevel = "overlay"\nmode = "replace"'), ZONE)
    assert set(active(found)) == {"L1/lot"}
    assert replaced(found) == {"L1/over": "L1/lot", "L1/zone-height": "L1/over"}


def test_an_overlay_over_a_part_splits_the_parcel(tmp_path: Path) -> None:
    over = rule("over", 'kind = "height"\nlimit_m = 12\nlevel = "overlay"\nmode = "replace"\n'
                'applies = { zone = "old town" }')
    found = made(tmp_path, ZONE, over, zone=shapely.box(-5, -5, 8, 100))
    left = active(found)
    assert {name: c.zone.area for name, c in left.items() if c.zone is not None} == pytest.approx(
        {"L1/zone-height": 360, "L1/over": 240})
    gone, = (c for c in found.controls if c.superseded_by)
    assert (gone.id, gone.superseded_by) == ("L1/zone-height@over", "L1/over")
    assert gone.zone is not None
    assert gone.zone.area == pytest.approx(240)
    assert len({c.id for c in found.controls}) == len(found.controls)


def test_an_overlay_over_the_whole_parcel_needs_no_split(tmp_path: Path) -> None:
    over = rule("over", 'kind = "height"\nlimit_m = 12\nlevel = "overlay"\nmode = "replace"\nzone = "overlay"')
    found = made(tmp_path, ZONE, over, zone=shapely.box(-5, -5, 100, 100))
    assert [c.zone for c in found.controls] == [None, None]
    assert replaced(found) == {"L1/zone-height": "L1/over"}


def test_setbacks_are_replaced_on_their_edges_only(tmp_path: Path) -> None:
    every = rule("every", 'kind = "setback"\ndistance_m = 3')
    front = rule("front", 'kind = "setback"\ndistance_m = 1\nedges = { role = ["front"] }\n'
                 'level = "overlay"\nmode = "replace"')
    found = made(tmp_path, every, front)
    assert active(found)["L1/every"].edges.indices == (1, 2, 3)
    assert {c.id: c.edges.indices for c in found.controls if c.superseded_by} == {"L1/every@front": (0,)}


@pytest.mark.parametrize(("mode", "distance", "left"), [
    ("min", 2, {"L1/over"}), ("min", 5, {"L1/every"}), ("max", 5, {"L1/over"}), ("max", 2, {"L1/every"}),
])
def test_modes_of_a_distance(tmp_path: Path, mode: str, distance: float, left: set[str]) -> None:
    found = made(tmp_path, rule("every", 'kind = "setback"\ndistance_m = 3'),
                 rule("over", f'kind = "setback"\ndistance_m = {distance}\nlevel = "overlay"\nmode = "{mode}"'))
    assert set(active(found)) == left


def test_distances_that_cross(tmp_path: Path) -> None:
    low = rule("low", 'kind = "setback"\ntiers = [ { from_m = 0, distance_m = 5 }, { from_m = 30, distance_m = 6 } ]')
    high = ('kind = "setback"\ntiers = [ {{ from_m = 0, distance_m = 3 }}, {{ from_m = 12, distance_m = 9 }} ]\n'
            'level = "overlay"\nmode = "{}"')
    assert set(active(made(tmp_path, low, rule("high", high.format("max"))))) == {"L1/low", "L1/high"}
    with pytest.raises(InputError, match='mode = "min" against L1/low, whose distances cross'):
        made(tmp_path, low, rule("high", high.format("min")))


def test_modes_need_one_datum_and_a_number(tmp_path: Path) -> None:
    over = 'kind = "height"\nlimit_m = 12\ndatum = "lowest"\nlevel = "overlay"\nmode = "min"'
    with pytest.raises(InputError, match="another datum or measure"):
        made(tmp_path, ZONE, rule("over", over))
    with pytest.raises(InputError, match="on the lowest level"):
        made(tmp_path, rule("over", 'kind = "height"\nlimit_m = 12\nmode = "min"'))
    slant = 'kind = "north_slant"\nslope = 1.25\nbase_m = {}\nlevel = "{}"\nmode = "{}"'
    with pytest.raises(InputError, match="on a north_slant rule"):
        made(tmp_path, rule("a", slant.format(5, "zone", "add")), rule("b", slant.format(10, "overlay", "max")))


def test_overrides_keep_what_they_replace(tmp_path: Path) -> None:
    found = made(tmp_path, ZONE, rule("drawing", 'kind = "height"\nlimit_m = 40\noverrides = ["zone-height", "far"]'),
                 RJL=2.5, JZGD=18)
    assert set(active(found)) == {"L1/drawing", "L1/height"}
    assert replaced(found) == {"L1/zone-height": "L1/drawing", "L1/far": "L1/drawing"}


def test_overrides_that_make_no_sense(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r'overrides "zone-hight".*did you mean zone-height'):
        made(tmp_path, ZONE, rule("b", 'kind = "far"\nmax = 2\noverrides = ["zone-hight"]'))
    with pytest.raises(InputError, match='overrides that lead back to "a"'):
        made(tmp_path, rule("a", 'kind = "far"\nmax = 2\noverrides = ["b"]'),
             rule("b", 'kind = "far"\nmax = 2\noverrides = ["a"]'))
