"""Controls that leave nothing: valid answers with their reason, not errors (domain C9)."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.zoning.plans import box, plan
from zonebox.model.envelope import Emptiness
from zonebox_converters import envelopes

PACK = """[pack]
document = "test"
units = "m"
[[rule]]
id = "r1"
"""


def empty(folder: Path, rule: str, row: dict[str, object], width: float = 20.0) -> Emptiness:
    made = plan(folder, [box(width)], [{"parcel": "L1", **row}], rules=PACK + rule)
    (found,) = envelopes.build(made, None)
    assert found.empty is not None
    return found.empty


def test_a_setback_larger_than_the_lot(tmp_path: Path) -> None:
    why = empty(tmp_path, 'kind = "setback"\ndistance_m = 40.0\n', {"JZGD": 24, "design_ground": 5.0})
    assert why.controls == ("L1/r1",)
    assert why.width_needed_m == pytest.approx(80.0)


def test_a_lot_narrower_than_its_two_side_yards(tmp_path: Path) -> None:
    why = empty(tmp_path, 'kind = "setback"\ndistance_m = 3.0\nedges.index = [1, 3]\n',
                {"JZGD": 24, "design_ground": 5.0}, width=5.0)
    assert why.width_needed_m == pytest.approx(6.0)            # F23


def test_a_cap_below_the_ground(tmp_path: Path) -> None:
    why = empty(tmp_path, 'kind = "height_abs"\nlimit_m = 48.0\n', {"JZGD": 24, "design_ground": 50.0})
    assert "L1/r1" in why.controls
    assert "48" in why.reason
    assert "50" in why.reason
