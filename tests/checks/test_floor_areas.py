"""Which floor area counts: the figures of F21, by rules read from packs (domain A3)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from shapely.geometry import box

from lots import box_mesh, building, envelope, limit, parcel
from zonebox import checks
from zonebox.errors import InputError
from zonebox.frame import Frame
from zonebox.model import Building, Control, Finding, FloorArea, Kind, Plan, Scene, Space, State, Storey
from zonebox.model.building import AreaSource
from zonebox_converters.zoning.area_rules import with_area_rule
from zonebox_converters.zoning.rules import read_pack

LOCAL = """[pack]
document = "City rules"
units = "m"
[area_rule]
clause = "4.2"
area_rule = "{}"
storey_multiplier = [{{ use = ["dwelling", "住宅"], base_m = 2.7 }}, {{ use = ["office", "hotel"], base_m = 3.3 }},
                     {{ use = ["shop", "商业", "0901"], base_m = 3.9 }}]
exempt = ["架空"]
"""


def pack(folder: Path, text: str) -> Path:
    (folder / "pack.toml").write_text(text, encoding="utf-8")
    return folder / "pack.toml"


def tower() -> Building:
    """F21: ten dwelling floors, a high shop, a low mezzanine, a stilt floor and a basement."""
    rows = [("basement", -4.0, 4.0, 3000.0, "parking"), ("shop", 0.0, 6.5, 1200.0, "Shop"),
            ("mezzanine", 6.5, 2.1, 500.0, "storage"), ("架空层", 8.6, 3.0, 1000.0, "")]
    rows += [(f"L{k}", 11.6 + 3.0 * k, 3.0, 1000.0, "dwelling") for k in range(10)]
    plain = building(box_mesh((0, 0, 0), (50, 20, 41.6)))
    storeys = tuple(Storey(id=name, name=name, elevation_m=z, height_m=h,
                           areas=(FloorArea(source=AreaSource.QUANTITY, value_m2=a),)) for name, z, h, a, _ in rows)
    spaces = tuple(Space(id=name, name=name, use=use, storey=name, area_m2=a) for name, _, _, a, use in rows)
    return replace(plain, storeys=storeys, spaces=spaces)


def far_of(design: Building, *controls: Control, land_use: str = "") -> Finding:
    """What the far check finds on a lot of 10,000 m2."""
    shape = box(0, 0, 100, 100)
    lot = replace(parcel(shape), land_use=land_use)
    cap = limit(Kind.HEIGHT, 60)
    scene = Scene(name="test", title="test", frame=Frame.near("EPSG:7415", (85000, 447000)), terrain=None, context=(),
                  plan=Plan(source="by hand", parcels=(lot,), controls=(cap, *controls)), designs=(design,),
                  envelopes=(envelope(shape, cap),))
    return next(f for f in checks.run(scene).findings if f.check == "far")


@pytest.mark.parametrize(("edition", "ratio"), [("GB/T 50353-2013", 1.265), ("GB 55031-2022", 1.240)])
def test_f21(tmp_path: Path, edition: str, ratio: float) -> None:
    rule = replace(read_pack(pack(tmp_path, LOCAL.format(edition))).area_rule, decimals=3)   # type: ignore[type-var]
    far = replace(limit(Kind.FAR, 1.25), area_rule=rule)
    finding = far_of(tower(), far)
    assert finding.value == pytest.approx(ratio)
    assert finding.state is (State.PASS if ratio < 1.25 else State.FAIL)
    assert f"counted by {edition} and City rules 4.2" in finding.reason
    assert "shop ×2 (6.50 m high)" in finding.reason
    assert "架空层 exempt" in finding.reason


def test_without_a_rule_every_storey_counts_once_and_that_is_said() -> None:
    finding = far_of(tower(), limit(Kind.FAR, 2.0))
    assert finding.value == pytest.approx(1.27)
    assert "as the plan names no area rule" in finding.reason


def test_a_high_storey_of_unknown_use_counts_by_the_strictest(tmp_path: Path) -> None:
    rule = read_pack(pack(tmp_path, LOCAL.format("GB 55031-2022"))).area_rule
    unknown = replace(tower(), spaces=())
    finding = far_of(unknown, replace(limit(Kind.FAR, 2.0), area_rule=rule))
    assert "strictest as its use is not known" in finding.reason             # 6.5 m counts twice for 2.7, 3.3 and 3.9
    finding = far_of(unknown, replace(limit(Kind.FAR, 2.0), area_rule=rule), land_use="0901")
    assert "strictest" not in finding.reason


def test_who_names_the_rule(tmp_path: Path) -> None:
    packed = read_pack(pack(tmp_path, LOCAL.format("GB 55031-2022"))).area_rule
    far, height = limit(Kind.FAR, 2.0), limit(Kind.HEIGHT, 24)
    assert [c.area_rule for c in with_area_rule([far, height], packed, "")] == [packed, None]
    assert [c.area_rule for c in with_area_rule([far], None, "")] == [None]
    changed = with_area_rule([far], packed, "gb/t50353-2013")[0].area_rule
    assert changed is not None
    assert (changed.edition, changed.multipliers) == ("GB/T 50353-2013", packed.multipliers if packed else ())
    rule = '[[rule]]\nid = "far"\nkind = "far"\nmax = 2.0\narea_rule = "GB/T 50353-2013"\ndecimals = 1\n'
    own = read_pack(pack(tmp_path, f'[pack]\ndocument = "d"\nunits = "m"\n{rule}')).rules[0].terms.area_rule
    assert own is not None
    assert (own.edition, own.decimals) == ("GB/T 50353-2013", 1)
    assert with_area_rule([replace(far, area_rule=own)], packed, "")[0].area_rule == own


@pytest.mark.parametrize(("line", "said"), [
    ('area_rule = "GB 12345"', 'the area rule "GB 12345", want one of GB/T 50353-2013'),
    ('exempt = ["x"]', "exemptions without area_rule"),
    ('area_rule = "GB 55031-2022"\nstorey_multiplier = [{ use = ["x"] }]', "no base_m"),
    ('area_rule = "GB 55031-2022"\nmultiplier = 2', 'the key "multiplier"'),
])
def test_bad_area_rules_are_refused(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(InputError, match=r"pack\.toml#area_rule") as caught:
        read_pack(pack(tmp_path, f'[pack]\ndocument = "d"\nunits = "m"\n[area_rule]\n{line}\n'))
    assert said in str(caught.value)
