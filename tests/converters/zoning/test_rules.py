"""Rule packs become controls."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from converters.zoning.plans import FRAME, box, layer, plan
from zonebox.errors import InputError
from zonebox.model import Control, Datum, Plan, Severity
from zonebox_converters.zoning import PlanSpec, read

PACK = ('[pack]\nid = "p"\ndocument = "City rules"\nversion = "2026"\nstatus = "draft"\nunits = "m"\n'
        "valid_from = 2026-01-01\n")
ROAD = (shapely.box(-100, -12, 100, 0), {"name": "South Street", "width_m": 12.0})
ROWS = [{"parcel": "A", "land_use": "070102"}, {"parcel": "B", "land_use": "0901"}, {"parcel": "C", "land_use": "1401"}]


def controls(folder: Path, rule: str) -> Plan:
    lots = [box(x=20 * k) for k in range(3)]
    return plan(folder, lots, ROWS, roads=[ROAD], rules=f'{PACK}[[rule]]\nid = "r"\nclause = "3.1"\n{rule}\n')


def only(folder: Path, rule: str) -> Control:
    return controls(folder, rule).controls_of("A")[0]


@pytest.mark.parametrize(("rule", "heights", "distances"), [
    ('kind = "setback"\ndistance_m = 3.0', [0, 50], [3, 3]),
    ('kind = "setback"\ntiers = [ { from_m = 24.0, distance_m = 13.0 }, { from_m = 0.0, distance_m = 8.0 } ]',
     [0, 23.9, 24, 80], [8, 8, 13, 13]),
    ('kind = "recession"\nh0_m = 2.5\nangle_deg = 45.0', [2.5, 8.0], [0, 5.5]),
    ('kind = "recession"\nh0_m = 2.5\nangle_deg = 45.0\nmin_m = 2.0', [0, 4.5, 8.0], [2, 2, 5.5]),
    ('kind = "proportional"\nratio = 0.4\nmin_m = 3', [0, 7.5, 30], [3, 3, 12]),
])
def test_profiles(tmp_path: Path, rule: str, heights: list[float], distances: list[float]) -> None:
    control = only(tmp_path, rule)
    assert control.limit is None
    assert control.profile is not None
    assert control.profile.distance_at(heights).tolist() == pytest.approx(distances)


@pytest.mark.parametrize(("rule", "kind", "limit", "datum", "measure"), [
    ('kind = "height"\nlimit_m = 24', "height", 24.0, Datum.DESIGN_GROUND, "parapet"),
    ('kind = "height"\nlimit_m = 24\nmeasure = "highest"\ndatum = "average"', "height", 24.0, Datum.AVERAGE, "highest"),
    ('kind = "height_abs"\nlimit_m = 51.7', "height_abs", 51.7, Datum.ABSOLUTE, "highest"),
    ('kind = "far"\nmax = 2.5', "far", 2.5, Datum.DESIGN_GROUND, "parapet"),
    ('kind = "coverage"\nmax = 0.35', "coverage", 0.35, Datum.DESIGN_GROUND, "parapet"),
    ('kind = "green"\nmin = 0.3', "green", 0.3, Datum.DESIGN_GROUND, "parapet"),
])
def test_limits(tmp_path: Path, rule: str, kind: str, limit: float, datum: Datum, measure: str) -> None:
    control = only(tmp_path, rule)
    assert (str(control.kind), control.limit, control.datum, control.measure) == (kind, limit, datum, measure)


def test_a_control_says_who_and_where(tmp_path: Path) -> None:
    control = only(tmp_path, 'kind = "far"\nmax = 2.5\nseverity = "guidance"')
    assert (control.id, control.parcel, control.source) == ("A/r", "A", "rules.toml#r")
    assert control.severity is Severity.GUIDANCE
    authority = control.authority
    assert (authority.doc, authority.clause, authority.version) == ("City rules", "3.1", "2026")
    assert (authority.status, authority.valid_from) == ("draft", "2026-01-01")


@pytest.mark.parametrize(("applies", "expected"), [
    ("", ["A", "B"]),                                                    # C is a park
    ('applies = { land_use = ["07"] }', ["A"]),
    ('applies = { land_use = ["0701", "09"] }', ["A", "B"]),
    ('applies = { parcels = ["B", "C"] }', ["B", "C"]),                  # named, so even the park
    ('applies = { except_parcels = ["A"] }', ["B"]),
    ('applies = { land_use = ["07"], parcels = ["A", "B"] }', ["A"]),
])
def test_on_which_parcels(tmp_path: Path, applies: str, expected: list[str]) -> None:
    found = controls(tmp_path, f'kind = "far"\nmax = 2.5\n{applies}')
    assert [c.parcel for c in found.controls] == expected


def test_edge_selectors_stay_symbolic(tmp_path: Path) -> None:
    by_role = only(tmp_path, 'kind = "setback"\ndistance_m = 3.0\nedges = { role = ["side", "rear"] }')
    assert (by_role.edges.roles, by_role.edges.indices) == (("side", "rear"), ())
    by_index = only(tmp_path, 'kind = "setback"\ndistance_m = 3.0\nedges = { index = [0, 2] }')
    assert (by_index.edges.roles, by_index.edges.indices) == ((), (0, 2))


def test_a_rule_that_finds_no_edge_is_told(tmp_path: Path) -> None:
    found = controls(tmp_path, 'kind = "setback"\ndistance_m = 3.0\nedges = { role = ["interior"] }')
    assert any("rules.toml#r" in note and "no interior edge on A, B" in note for note in found.notes)


def test_a_rule_that_finds_no_parcel_is_told(tmp_path: Path) -> None:
    found = controls(tmp_path, 'kind = "far"\nmax = 2.0\napplies = { land_use = ["13"] }')
    assert any("holds on no parcel" in note for note in found.notes)


def test_one_id_in_two_packs(tmp_path: Path) -> None:
    rule = '[[rule]]\nid = "r"\nkind = "far"\nmax = 2.0\n'
    paths = (tmp_path / "one.toml", tmp_path / "two.toml")
    for path in paths:
        path.write_text(PACK + rule, encoding="utf-8")
    with pytest.raises(InputError, match=r'two.toml#r, line 9: got the rule id "r" of one.toml#r, line 9 again'):
        read(PlanSpec(parcels=layer(tmp_path / "lots.geojson", [box()], [ROWS[0]]), rules=paths), FRAME)
