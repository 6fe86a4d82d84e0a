"""Every kind of rule becomes a control whose numbers a person can work out (domain B, F7-F13, F25, F33-F35)."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import shapely

from converters.zoning.plans import FRAME, ORIGIN, box, layer, plan
from zonebox.errors import InputError
from zonebox.model import (
    Control,
    Corner,
    Datum,
    FresnelLink,
    Kind,
    ObstacleSurfaces,
    OuterHorizontal,
    Plan,
    SolarFence,
    TakeOffClimb,
    ViewCorridor,
)
from zonebox_converters.zoning import PlanSpec, read
from zonebox_converters.zoning.sun import altitude_azimuth, declination_deg

FOOT = 0.3048
SOUTH = (shapely.box(-100, -30, 200, 0), {"name": "South Street", "width_m": 30.0})
E, N = ORIGIN


def pack(units: str = "m") -> str:
    return f'[pack]\ndocument = "City rules"\nunits = "{units}"\n'


def made(folder: Path, rule: str, *, units: str = "m", lot: shapely.Polygon | None = None) -> Plan:
    text = f'{pack(units)}[[rule]]\nid = "r"\nclause = "1"\n{rule}\n'
    return plan(folder, [lot or box(40, 60)], roads=[SOUTH], rules=text)


def control(folder: Path, rule: str, *, lot: shapely.Polygon | None = None) -> Control:
    return made(folder, rule, lot=lot).controls[0]


def refused(folder: Path, rule: str) -> str:
    with pytest.raises(InputError) as caught:
        made(folder, rule)
    return str(caught.value)


HANGZHOU = """kind = "setback_class"
edges = { role = ["front"] }
classes = { low = 10, multi = 24 }
lookup = { road_width_m = [[14, 20], [20, 40], [40, inf]], class = ["low", "multi", "high"], \
distance_m = [[3, 5, 5], [5, 8, 8], [8, 10, 10]] }
multiplier = { class = "high", by_height_m = [[50, 1.0], [75, 1.2], [100, 1.4], [200, 1.6], [inf, 1.8]] }
"""


def test_setback_classes_of_f25(tmp_path: Path) -> None:
    table = control(tmp_path, HANGZHOU).table
    assert table is not None
    heights = [9, 20, 30, 60, 90, 150]
    assert [table.distance_m(30, h) for h in heights] == pytest.approx([5, 8, 8.0, 9.6, 11.2, 12.8])
    assert [table.distance_m(w, 9) for w in (14.5, 20, 20.1, 40, 40.1)] == [3, 3, 5, 5, 8]      # (lower, upper]
    assert table.distance_m(14, 30) == 0.0                       # the table does not speak of such roads
    assert table.classes(30, up_to=100) == ((10, 5), (24, 8), (50, 8), (75, 9.6), (100, 11.2))   # F33


def test_intervals_closed_on_the_left(tmp_path: Path) -> None:
    table = control(tmp_path, HANGZHOU + 'closed = "left"').table
    assert table is not None
    assert [table.distance_m(w, 9) for w in (14, 19.9, 20, 40)] == [3, 3, 5, 8]
    assert [table.distance_m(30, h) for h in (9.99, 10, 24, 50)] == pytest.approx([5, 8, 8, 9.6])


def test_a_road_below_the_table_is_told(tmp_path: Path) -> None:
    narrow = (SOUTH[0], {**SOUTH[1], "width_m": 12.0})
    text = f'{pack()}[[rule]]\nid = "r"\n{HANGZHOU}'
    notes = plan(tmp_path, [box(40, 60)], roads=[narrow], rules=text).notes
    assert any("says nothing about roads up to 14 m wide: L1" in note for note in notes)


@pytest.mark.parametrize(("was", "becomes", "said"), [
    ("[20, 40]", "[18, 40]", "overlapping intervals 14 to 20 and 18 to 40"),
    ("[20, 40]", "[22, 40]", "a gap between the intervals 14 to 20 and 22 to 40"),
    ("[40, inf]", "[40, 60]", "intervals that end at 60"),
    ("[20, 40]", "[20, 20]", "the interval 20 to 20"),
    ("low = 10, multi = 24", "low = 24, multi = 10", "classes up to 24, 10, inf"),
    ("low = 10, multi = 24", "low = 10", 'no upper height for the class "multi"'),
    ("low = 10, multi = 24", "low = 10, multi = 24, high = 90", 'the last class "high" up to 90'),
    ("[[3, 5, 5], [5, 8, 8], [8, 10, 10]]", "[[3, 5, 5], [5, 8, 8]]", "2 rows of distances"),
    ("[inf, 1.8]", "[300, 1.8]", "factors up to 300"),
    ("[75, 1.2]", "[45, 1.2]", "heights 50, 45, 100, 200, inf"),
])
def test_tables_that_do_not_fit_are_refused_with_the_line(tmp_path: Path, was: str, becomes: str, said: str) -> None:
    sentence = refused(tmp_path, HANGZHOU.replace(was, becomes))
    assert said in sentence
    assert "rules.toml#r, line " in sentence


def test_nyc_sky_exposure_in_feet_f7(tmp_path: Path) -> None:
    found = made(tmp_path, 'kind = "sky_exposure"\nh0_ft = 85\nrise = 2.7\ninitial_setback_ft = 20', units="ft")
    profile = found.controls[0].profile
    assert profile is not None
    d = np.array([0, 10, 20, 30, 50, 75, 100]) * FOOT
    assert profile.limit_at(d) / FOOT == pytest.approx([85, 85, 139, 166, 220, 287.5, 355])
    assert profile.limit_at(50 * FOOT) == pytest.approx(67.056)
    assert (found.controls[0].kind, found.controls[0].datum) == (Kind.PROFILE, Datum.CURB)
    assert any("feet" in note for note in found.notes)


def test_rescode_b17_f10(tmp_path: Path) -> None:
    rule = 'kind = "profile"\npoints_m = [[0, 1.0], [3.6, 1.0], [6.9, 1.99]]\nslope = 1.0\ncorner = "radial"'
    found = control(tmp_path, rule)
    assert found.profile is not None
    assert found.profile.distance_at([3.6, 5, 6.9, 9]) == pytest.approx([1.0, 1.42, 1.99, 4.09])
    assert found.corner is Corner.RADIAL


def test_toronto_f9(tmp_path: Path) -> None:
    profile = control(tmp_path, 'kind = "profile"\npoints_m = [[0, 7.5], [10.5, 7.5]]\nslope = 1.0').profile
    assert profile is not None
    assert profile.limit_at([7.5, 10, 15, 17]) == pytest.approx([10.5, 13, 18, 20])


def test_japanese_slants_f8(tmp_path: Path) -> None:
    road = control(tmp_path, 'kind = "road_slant"\nslope = 1.25\nown_setback_m = 2\napplicable_m = 20').slant
    assert road is not None
    assert (road.slope, road.base_m, road.own_setback_m, road.applicable_m) == (1.25, 0.0, 2.0, 20.0)
    north = control(tmp_path, 'kind = "north_slant"\nslope = 1.25\nbase_m = 5').slant
    assert north is not None
    assert north.base_m + north.slope * 3 == 8.75
    adjacent = control(tmp_path, 'kind = "recession"\nh0_m = 20\nslope = 1.25').profile
    assert adjacent is not None
    assert adjacent.limit_at([4.0]) == pytest.approx([25.0])


@pytest.mark.parametrize(("rule", "distances", "limit"), [
    ("distance_m = 3", [3, 3], None),
    ("depth_ratio = 0.7", [0.7, 7], None),
    ("distance_m = 3\ndepth_ratio = 0.7\nz_min_m = -12", [3, 7], -12.0),
])
def test_underground(tmp_path: Path, rule: str, distances: list[float], limit: float | None) -> None:
    found = control(tmp_path, f'kind = "underground"\n{rule}')
    assert found.profile is not None
    assert found.profile.distance_at([1, 10]) == pytest.approx(distances)
    assert found.limit == limit


def test_storeys_and_least_height(tmp_path: Path) -> None:
    storeys = control(tmp_path, 'kind = "storeys"\nlimit = 6\nstorey_height_m = 3.1')
    assert (storeys.limit, storeys.storey_height_m) == (6.0, 3.1)
    assert control(tmp_path, 'kind = "height_min"\nlimit_m = 12').kind is Kind.HEIGHT_MIN
    assert "no storey_height_m" in refused(tmp_path, 'kind = "storeys"\nlimit = 6')


def test_sectors(tmp_path: Path) -> None:
    found = control(tmp_path, 'kind = "setback"\ndistance_m = 3\nedges = { sector_deg = [315, 45] }')
    assert found.edges.sector_deg == (315.0, 45.0)
    assert "two true bearings" in refused(tmp_path, 'kind = "setback"\ndistance_m = 3\nedges = { sector_deg = [90] }')


def test_view_corridor_in_scene_coordinates(tmp_path: Path) -> None:
    rule = (f'kind = "view_corridor"\neye = [[{E}, {N}, 11.6]]\n'
            f"target = [[{E + 1000}, {N}, 60], [{E + 1000}, {N + 9}, 60]]")
    surface = control(tmp_path, rule).surface
    assert isinstance(surface, ViewCorridor)
    assert surface.eye == ((0.0, 0.0, 11.6),)
    assert surface.target == ((1000.0, 0.0, 60.0), (1000.0, 9.0, 60.0))
    sentence = refused(tmp_path, f'kind = "view_corridor"\neye = [[{E}, {N}, 1]]\ntarget = [[{E}, {N + 5}, 1]]')
    assert "one eye and one target" in sentence


def test_obstacle_surfaces_from_named_parameters(tmp_path: Path) -> None:
    rule = (f'kind = "obstacle"\nthresholds = [[{E}, {N}, 4], [{E + 3000}, {N}, 5]]\naerodrome_m = 4.0\n'
            'surfaces = "pack:icao.code4.example#precision"')
    found = control(tmp_path, rule)
    s = found.surface
    assert isinstance(s, ObstacleSurfaces)
    assert s.thresholds == ((0.0, 0.0, 4.0), (3000.0, 0.0, 5.0))
    # F11: 5000 m from the end 95 m above the aerodrome; 6660 m before the threshold 150 m; inner edge 280 m wide
    basin = s.basin
    assert basin is not None
    beyond = 5000 - basin.inner_horizontal_radius_m
    assert basin.inner_horizontal_height_m + basin.conical_slope * beyond == pytest.approx(95.0)
    assert sum(length * slope for length, slope in basin.approach.sections) == pytest.approx(150.0)
    assert basin.approach.inner_width_m + 2 * basin.approach.divergence * 1000 == 580
    assert found.measure == "highest"
    assert "did you mean precision" in refused(tmp_path, rule.replace("#precision", "#precison"))
    assert "no aerodrome_m" in refused(tmp_path, rule.replace("aerodrome_m = 4.0\n", ""))


def test_take_off_and_outer_horizontal_from_the_pack(tmp_path: Path) -> None:
    where = f'kind = "obstacle"\nthresholds = [[{E}, {N}, 4], [{E + 3000}, {N}, 5]]\naerodrome_m = 4.0\n'
    climb = control(tmp_path, where + 'surfaces = "pack:icao.code4.example#take-off"').surface
    assert isinstance(climb, ObstacleSurfaces)
    assert climb.basin is None
    assert climb.take_off == TakeOffClimb(from_end_m=60, inner_width_m=180, divergence=0.125, final_width_m=1800,
                                          length_m=15000, slope=0.02)
    study = control(tmp_path, where + 'surfaces = "pack:icao.code4.example#outer-horizontal"\neffect = "trigger_study"')
    assert isinstance(study.surface, ObstacleSurfaces)
    assert study.surface.outer == OuterHorizontal(height_m=150, above_ground_m=30, radius_m=15000)
    assert study.effect == "trigger_study"
    assert "got no surface, want inner_horizontal" in refused(tmp_path, where)
    assert "no slope" in refused(tmp_path, where + "inner_horizontal = { height_m = 45, radius_m = 4000 }")


def test_a_corridor_with_a_margin(tmp_path: Path) -> None:
    rule = f'kind = "view_corridor"\neye = [[{E}, {N}, 1]]\ntarget = [[{E}, {N + 5}, 1]]\n'
    surface = control(tmp_path, rule + "margin_m = 4").surface
    assert isinstance(surface, ViewCorridor)
    assert surface.margin_m == 4.0
    in_line = rule.replace(f"eye = [[{E}, {N}, 1]]", f"eye = [[{E}, {N}, 1], [{E}, {N - 5}, 2]]")
    assert "eye and target over one line" in refused(tmp_path, in_line)
    same = rule.replace(f"target = [[{E}, {N + 5}, 1]]", f"target = [[{E}, {N}, 9]]")
    assert "a target where the eye is" in refused(tmp_path, same + "margin_m = 4")


@pytest.mark.parametrize(("rule", "datum"), [
    ('kind = "height"\nlimit_m = 9', "boundary_ground"), ('kind = "setback"\ndistance_m = 3', "terrain_following"),
    ('kind = "underground"\ndistance_m = 3', "boundary_ground"),
])
def test_a_datum_that_a_kind_cannot_count_from_is_refused(tmp_path: Path, rule: str, datum: str) -> None:
    assert f'got datum = "{datum}"' in refused(tmp_path, f'{rule}\ndatum = "{datum}"')


def test_radio_link(tmp_path: Path) -> None:
    rule = f'kind = "fresnel"\nends = [[{E}, {N}, 40], [{E + 20000}, {N}, 60]]\nfrequency_ghz = 6'
    link = control(tmp_path, rule).surface
    assert isinstance(link, FresnelLink)
    assert (link.share, link.ends[1]) == (0.6, (20000.0, 0.0, 60.0))


@pytest.mark.parametrize(("latitude", "declination", "altitude"), [       # F12
    (39.9, -20.2, 29.900), (39.9, -23.44, 26.660), (31.23, -20.2, 38.570), (31.23, -23.44, 35.330),
    (23.13, -20.2, 46.670), (23.13, -23.44, 43.430), (45.8, -20.2, 24.000), (45.8, -23.44, 20.760),
])
def test_noon_altitudes(latitude: float, declination: float, altitude: float) -> None:
    found, bearing = altitude_azimuth(latitude, declination, 12.0)
    assert found == pytest.approx(altitude, abs=5e-4)
    assert bearing == pytest.approx(180.0)


@pytest.mark.parametrize(("hour", "altitude", "bearing"), [               # F13
    (8, 7.9610, 124.848), (9, 16.7150, 136.141), (10, 23.7051, 149.170), (11, 28.2913, 163.987), (12, 29.9, 180.0),
])
def test_the_sun_over_beijing(hour: float, altitude: float, bearing: float) -> None:
    for when, expected in ((hour, bearing), (24 - hour, 360 - bearing)):
        found, direction = altitude_azimuth(39.9, -20.2, when)
        assert found == pytest.approx(altitude, abs=6e-5)
        assert direction == pytest.approx(expected, abs=6e-4)


def test_declinations_of_the_base_year() -> None:
    assert declination_deg(1, 20) == pytest.approx(-20.115, abs=6e-4)
    assert declination_deg(12, 22) == pytest.approx(-23.439, abs=6e-4)


def test_solar_fence_true_north_f35(tmp_path: Path) -> None:
    rule = (f'kind = "solar"\nprotect = {{ segments = [[[{E}, {N + 30}, 0], [{E + 20}, {N + 30}, 0]]] }}\n'
            'declination_deg = -23.44\nhours = [12]\nlatitude_deg = 39.9')
    fence = control(tmp_path, rule, lot=box(20, 30)).surface
    assert isinstance(fence, SolarFence)
    assert fence.edges == (((0.0, 30.0, 0.0), (20.0, 30.0, 0.0)),)
    (x, y, z), = fence.suns
    convergence = FRAME.convergence_deg([10.0, 15.0])
    assert abs(convergence) > 0.05
    assert math.degrees(math.atan2(x, y)) % 360 == pytest.approx(180.0 - convergence)       # F28: grid azimuth
    assert 20.0 * z / math.hypot(x, y) == pytest.approx(10.0415, abs=1e-3)
    assert math.hypot(x, y, z) == pytest.approx(1.0)


def test_solar_hours_and_edges(tmp_path: Path) -> None:
    rule = ('kind = "solar"\nprotect = { role = ["rear"], ground_m = 3.5 }\nfence_m = 0.9\nday = "01-20"\n'
            "hours = [8, 16]\nstep_min = 30")
    fence = control(tmp_path, rule).surface
    assert isinstance(fence, SolarFence)
    assert len(fence.suns) == 17
    assert [[p[2] for p in edge] for edge in fence.edges] == [[3.5, 3.5]]
    assert {p[1] for edge in fence.edges for p in edge} == {60.0}
    dark = made(tmp_path, rule.replace(", ground_m = 3.5", ""))
    assert dark.controls == ()
    assert any("the ground at the protected edges is not known" in note for note in dark.notes)
    assert "got both day and declination_deg" in refused(tmp_path, rule + "\ndeclination_deg = -20")
    assert 'day = "02-30"' in refused(tmp_path, rule.replace("01-20", "02-30"))


LINES = [({"type": "蓝线", "name": "River"}, shapely.box(-50, 50, 100, 80)),
         ({"type": "紫线", "name": "Hall"}, shapely.box(0, 0, 10, 10)),
         ({"type": "后退线", "name": "Drawn"}, shapely.LineString([(-10, 5), (100, 5)]))]


def with_lines(folder: Path, rule: str) -> Plan:
    lines = layer(folder / "lines.geojson", [shape for _, shape in LINES], [row for row, _ in LINES])
    lots = [box(40, 60), box(40, 45, x=60)]
    return plan(folder, lots, roads=[SOUTH], rules=f'{pack()}[[rule]]\nid = "r"\n{rule}\n', lines=lines)


def test_setback_from_a_typed_line(tmp_path: Path) -> None:
    found = with_lines(tmp_path, 'kind = "setback"\ndistance_m = 4\nfrom_line = "蓝线"')
    (ruled,) = [c for c in found.controls if c.id.endswith("/r")]
    assert ruled.parcel == "L1"                                            # the river is 5 m from L2
    assert ruled.line is not None
    assert ruled.line.equals(LINES[0][1])
    near = with_lines(tmp_path, 'kind = "setback"\ndistance_m = 6\nfrom_line = ["river", "后退线"]')
    assert [c.parcel for c in near.controls] == ["L1", "L2"]


def test_no_build_zones_are_cut_to_the_parcel(tmp_path: Path) -> None:
    found = with_lines(tmp_path, 'kind = "no_build"\nzone = ["紫线", "蓝线"]')
    (ruled,) = [c for c in found.controls if c.id.endswith("/r")]
    assert ruled.parcel == "L1"
    assert ruled.zone is not None
    assert ruled.zone.area == pytest.approx(100 + 40 * 10)
    wider = with_lines(tmp_path, 'kind = "no_build"\nzone = "蓝线"\nbuffer_m = 10')
    assert [round(c.zone.area) for c in wider.controls if c.id.endswith("/r") and c.zone is not None] == [800, 200]


def test_a_height_zone_covers_a_part(tmp_path: Path) -> None:
    zone = with_lines(tmp_path, 'kind = "height"\nlimit_m = 12\nzone = "紫线"').controls
    held = [c for c in zone if c.id.endswith("/r")]
    assert [(c.parcel, c.zone.area if c.zone else None) for c in held] == [("L1", pytest.approx(100))]
    absent = with_lines(tmp_path, 'kind = "height"\nlimit_m = 12\nzone = "绿线"')
    assert not [c for c in absent.controls if c.id.endswith("/r")]
    assert any("no line or zone 绿线 (it has 后退线, 紫线, 蓝线)" in note for note in absent.notes)


VALID = ('[[rule]]\nid = "old"\nkind = "far"\nmax = 2.0\nvalid_to = 2024-11-13\n'
         '[[rule]]\nid = "new"\nkind = "far"\nmax = 3.0\nvalid_from = "2024-11-13"\noverrides = ["old"]\n')


@pytest.mark.parametrize(("on", "expected"), [
    ("", ["L1/new"]), ("2024-11-12", ["L1/old"]), ("2024-11-13", ["L1/new"]), ("2030-01-01", ["L1/new"]),
])
def test_validity(tmp_path: Path, on: str, expected: list[str]) -> None:
    found = plan(tmp_path, [box()], rules=pack() + VALID, on=on)
    assert [c.id for c in found.controls] == expected
    assert sum("not applied, it h" in note for note in found.notes) == 1


def test_dates_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r'line 8: got valid_to = "13.11.2024"'):
        plan(tmp_path, [box()], rules=pack() + VALID.replace("2024-11-13\n[", '"13.11.2024"\n['))
    with pytest.raises(InputError, match=r"plan\.on"):
        plan(tmp_path, [box()], rules=pack() + VALID, on="today")


def test_shipped_packs_by_name(tmp_path: Path) -> None:
    parcels = layer(tmp_path / "lots.geojson", [box()], [{"parcel": "L1"}])
    found = read(PlanSpec(parcels=parcels, rules=(Path("pack:de.mbo.example"),)), FRAME)
    assert [c.id for c in found.controls] == ["L1/mbo-distance"]
    with pytest.raises(InputError, match=r"did you mean de\.mbo\.example"):
        read(PlanSpec(parcels=parcels, rules=(Path("pack:de.mbo"),)), FRAME)
