"""A plan that contradicts itself, read from files, with nobody's design: `zonebox check` says it (domain G3)."""

from __future__ import annotations

from typing import Any

import pytest
import shapely

from converters.zoning.plans import box, layer
from zonebox import pipeline
from zonebox.model import Finding, State

DOC, RULES = "City Plan", "District Rules"
LEVEL = "限高99米（1985国家高程基准）"
LOTS: dict[str, dict[str, Any]] = {
    "FAR": {"RJL": 9.0, "JZMD": 30, "JZGD": 24}, "GROUND": {"JZMD": 60, "LDL": 45, "JZGD": 24},
    "CAP": {"JZGD": 60, "BZ": LEVEL}, "UNDER": {"JZGD": 60, "BZ": LEVEL, "ground": 120.0},
    "RIVER": {"JZGD": 24}, "RANGE": {"RJL": 1.0, "RJL_XX": 2.0, "JZGD": 24},
    "NOWHERE": {"JZGD": 60, "BZ": LEVEL, "ground": None}, "THIN": {"JZGD": 60}, "HALL": {"JZGD": 24},
    "FINE": {"RJL": 1.0, "JZGD": 24, "JZMD": 30, "LDL": 30},
}
SCENE = f"""[scene]
title = "Conflicts"
crs = "EPSG:4548+5737"
vertical_shift_m = -4.0
vertical_shift_source = "survey"
[plan]
parcels = "lots.geojson"
roads = "roads.geojson"
lines = "lines.geojson"
rules = ["rules.toml"]
authority = {{ document = "{DOC}" }}
[plan.fields]
design_ground = "ground"
"""
PACK = f"""[pack]
document = "{RULES}"
units = "m"
[[rule]]
id = "side"
kind = "setback"
distance_m = 3
edges = {{ role = ["side"] }}
[[rule]]
id = "hall"
kind = "no_build"
zone = "紫线"
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Finding]:
    folder = tmp_path_factory.mktemp("conflicts")
    widths = [4.0 if name == "THIN" else 40.0 for name in LOTS]
    left = [sum(widths[:k]) for k in range(len(widths))]
    keys = dict.fromkeys(["ground", *(key for row in LOTS.values() for key in row)])
    rows = [{"DKBH": name, **{key: {"ground": 50.0, **row}.get(key) for key in keys}} for name, row in LOTS.items()]
    layer(folder / "lots.geojson", [box(w, 60, x=x) for w, x in zip(widths, left, strict=True)], rows)
    layer(folder / "roads.geojson", [shapely.box(-50, -20, 500, 0)], [{"name": "South", "width_m": 20}])
    river, hall = left[list(LOTS).index("RIVER")], left[list(LOTS).index("HALL")]
    layer(folder / "lines.geojson", [shapely.LineString([(river, 30), (river + 40, 30)]),
                                     shapely.box(hall + 10, 50, hall + 20, 90)],
          [{"LX": "蓝线", "MC": "小河"}, {"LX": "紫线", "MC": "老屋"}])
    (folder / "rules.toml").write_text(PACK, encoding="utf-8")
    (folder / "scene.toml").write_text(SCENE, encoding="utf-8")
    return {f.id: f for f in pipeline.check(folder).report.findings}


@pytest.mark.parametrize(("number", "state", "value", "limit", "doc"), [
    ("FAR/far", State.MARGINAL, 2.4, 9.0, DOC),                    # 8 storeys of 3 m over 30 %
    ("GROUND/ground", State.MARGINAL, 1.05, 1.0, DOC),
    ("CAP/ceiling", State.MARGINAL, 110.0, 99.0, DOC),             # 11 m lost
    ("UNDER/envelope", State.FAIL, None, None, DOC),               # the ceiling lies in the ground
    ("RIVER/line-0", State.MARGINAL, 39.9, 0.0, None),             # nobody says what holds there
    ("RANGE/range-far", State.FAIL, 2.0, 1.0, DOC),
    ("NOWHERE/ceiling", State.NOT_CHECKED, None, 99.0, DOC),
    ("THIN/envelope", State.FAIL, 4.0, 6.0, RULES),
    ("HALL/hall", State.MARGINAL, 100.0, 0.0, RULES),
])
def test_a_conflict_and_who_governs(
    found: dict[str, Finding], number: str, state: State, value: float | None, limit: float | None, doc: str | None
) -> None:
    finding = found[f"plan/{number}"]
    assert finding.state is state
    assert finding.value == (None if value is None else pytest.approx(value, abs=1e-6))
    assert finding.limit == (None if limit is None else pytest.approx(limit))
    assert (finding.control.authority.doc if finding.control else None) == doc
    assert finding.reason_zh


def test_nothing_else_is_said(found: dict[str, Finding]) -> None:
    assert len(found) == 9
    assert not [f for f in found.values() if f.parcel == "FINE"]
