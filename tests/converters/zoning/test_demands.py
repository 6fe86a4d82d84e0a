"""Rules that demand more than a number, as packs state them."""

from __future__ import annotations

from pathlib import Path

import pytest

from zonebox.errors import InputError
from zonebox.model import Access, BuildTo, Kind, Parking, Projection, Spacing, Uses
from zonebox_converters.zoning.rules import Rule, read_pack

PACK = '[pack]\ndocument = "City rules"\nunits = "m"\n'


def rule(tmp_path: Path, text: str) -> Rule:
    path = tmp_path / "rules.toml"
    path.write_text(f'{PACK}[[rule]]\nid = "r"\n{text}\n', encoding="utf-8")
    return read_pack(path).rules[0]


def test_spacing(tmp_path: Path) -> None:
    read = rule(tmp_path, 'kind = "spacing"\nmin_m = 6\ncoefficient = 1.7\nsill_m = 0.9\nfire_m = [[6, 9], [9, 13]]\n'
                          'azimuth_factors = [[10, 1.0], [90, 0.8]]')
    assert read.kind is Kind.SPACING
    assert read.terms.demand == Spacing(least_m=6, coefficient=1.7, sill_m=0.9, fire_m=((6, 9), (9, 13)),
                                        azimuth=((10, 1.0), (90, 0.8)))


def test_build_to_parking_access_and_use(tmp_path: Path) -> None:
    read = rule(tmp_path, 'kind = "build_to"\nfrom_line = ["贴线"]\nmin = 0.7\ntol_m = 0.5\nto_m = 12')
    assert (read.terms.limit, read.terms.from_line) == (0.7, ("贴线",))
    assert read.terms.demand == BuildTo(tol_m=0.5, high_m=12)
    read = rule(tmp_path, 'kind = "parking"\nrates = [{ use = ["办公"], per_100_m2 = 1.0 }]')
    assert read.terms.demand == Parking(rates=((("办公",), 1.0),))
    read = rule(tmp_path, 'kind = "access"\nfrom_line = ["交叉口"]\ndistance_m = 70')
    assert (read.terms.limit, read.terms.demand) == (70.0, Access())
    read = rule(tmp_path, 'kind = "use"\npermitted = ["0701"]\nmost = [{ use = ["商业"], share = 0.2 }]')
    assert read.terms.demand == Uses(permitted=("0701",), most=((("商业",), 0.2),))


def test_measures_projections_effects_and_lower_bounds(tmp_path: Path) -> None:
    assert rule(tmp_path, 'kind = "height"\nlimit_m = 12\nmeasure = "mean_eave_ridge"').terms.measure == (
        "mean_eave_ridge")
    read = rule(tmp_path, 'kind = "setback"\ndistance_m = 5\n'
                          'projections = [{ what = ["balcony"], depth_m = 1.5, clear_m = 3 }]')
    assert read.terms.projections == (Projection(what=("balcony",), depth_m=1.5, clear_m=3),)
    assert rule(tmp_path, 'kind = "far_min"\nmin = 1.5').terms.limit == 1.5
    assert rule(tmp_path, 'kind = "green_max"\nmax = 0.2').terms.limit == 0.2


@pytest.mark.parametrize("text", [
    'kind = "spacing"', 'kind = "build_to"\nmin = 0.7', 'kind = "parking"', 'kind = "access"\ndistance_m = 70',
    'kind = "use"', 'kind = "height"\nlimit_m = 9\nmeasure = "roof"',
    'kind = "spacing"\nmin_m = 6\nfire_m = [[6, 9]]',
    'kind = "setback"\ndistance_m = 5\nprojections = [{ depth_m = 1 }]'])
def test_what_is_missing_is_one_sentence_with_its_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"rules\.toml#r, line \d+: got .*, want "):
        rule(tmp_path, text)
